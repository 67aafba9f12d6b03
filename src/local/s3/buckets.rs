//! Buckets: made, found, listed, configured, removed.

use rusqlite::{Transaction, params};
use s3s::{
    S3Request, S3Result,
    dto::{self, *},
    s3_error,
};

use crate::local::{Fault, now_seconds, resources, server};

use super::{
    LocalS3, access_settings, configuration,
    names::{invalid_location, is_bucket_name, region_of_constraint},
    versions::{self, Versioning, timestamp},
};

/// The account's canonical user, as S3 names owners.
pub(crate) fn owner() -> Owner {
    Owner { display_name: Some("local".to_owned()), id: Some("0".repeat(64)) }
}

/// Names of buckets that other accounts have, each with its region.
const ELSEWHERE: &str = "s3/elsewhere";

/// The region of another account's bucket of this name.
pub(crate) fn elsewhere(tx: &Transaction<'_>, name: &str) -> rusqlite::Result<Option<String>> {
    resources::get(tx, ELSEWHERE, name)
}

/// Lets another account have a bucket of this name.
///
/// # Errors
/// As [`create`].
pub(crate) fn create_elsewhere(tx: &Transaction<'_>, name: &str, region: &str) -> Result<(), Fault> {
    check(tx, name, region)?;
    Ok(resources::put(tx, ELSEWHERE, name, &region.to_owned())?)
}

/// Makes a bucket as CreateBucket does when nothing else is asked for.
///
/// # Errors
/// `InvalidBucketName`, `InvalidLocationConstraint`, `BucketAlreadyOwnedByYou`, `BucketAlreadyExists`.
pub(crate) fn create(tx: &Transaction<'_>, name: &str, region: &str) -> Result<(), Fault> {
    check(tx, name, region)?;
    tx.execute(
        "INSERT INTO buckets (name, region, created) VALUES (?1, ?2, ?3)",
        params![name, region, now_seconds()],
    )?;
    Ok(configuration::set_defaults(tx, name)?)
}

/// Names of buckets are unique among all accounts (S3 User Guide, "General purpose bucket naming rules").
fn check(tx: &Transaction<'_>, name: &str, region: &str) -> Result<(), Fault> {
    if !is_bucket_name(name) {
        return Err(s3_error!(InvalidBucketName, "The specified bucket is not valid.").into());
    }
    region_of_constraint(region)?;
    if versions::Bucket::find(tx, name)?.is_some() {
        return Err(s3_error!(
            BucketAlreadyOwnedByYou,
            "Your previous request to create the named bucket succeeded and you already own it."
        )
        .into());
    }
    if elsewhere(tx, name)?.is_some() {
        return Err(s3_error!(
            BucketAlreadyExists,
            "The requested bucket name is not available. The bucket namespace is shared by all users of the system. \
             Please select a different name and try again."
        )
        .into());
    }
    Ok(())
}

impl LocalS3 {
    /// us-east-1 takes no constraint; elsewhere it names the region of the endpoint (API reference, CreateBucket).
    pub(crate) async fn create_bucket(&self, request: S3Request<CreateBucketInput>) -> S3Result<CreateBucketOutput> {
        let signed_for = request.region.as_ref().map_or(server::REGION, |region| region.as_str()).to_owned();
        let CreateBucketInput { bucket: name, create_bucket_configuration, acl, object_ownership, .. } = request.input;
        let constraint = create_bucket_configuration.as_ref().and_then(|made| made.location_constraint.as_ref());
        let constraint = constraint.map(|constraint| region_of_constraint(constraint.as_str())).transpose()?;
        let region = match constraint {
            None if signed_for == server::REGION => signed_for,
            Some(server::REGION) => return Err(invalid_location()),
            Some(constraint) if constraint == signed_for || signed_for == server::REGION => constraint.to_owned(),
            _ => {
                return Err(s3_error!(
                    IllegalLocationConstraintException,
                    "The location constraint is incompatible for the region specific endpoint this request was sent to."
                ));
            }
        };
        let location = format!("/{name}");
        self.write(move |tx, _| {
            create(tx, &name, &region)?;
            access_settings::set_initial(tx, &name, object_ownership.as_ref(), acl.as_ref())
        })
        .await?;
        Ok(CreateBucketOutput { location: Some(location) })
    }

    pub(crate) async fn head_bucket(&self, request: S3Request<HeadBucketInput>) -> S3Result<HeadBucketOutput> {
        let bucket = self.read(move |tx, _| versions::Bucket::get(tx, &request.input.bucket)).await?;
        Ok(HeadBucketOutput { bucket_region: Some(bucket.region), ..Default::default() })
    }

    pub(crate) async fn list_buckets(&self, request: S3Request<ListBucketsInput>) -> S3Result<ListBucketsOutput> {
        let input = request.input;
        let limit = match input.max_buckets {
            None => 10_000,
            Some(limit @ 1..=10_000) => limit as usize,
            Some(_) => return Err(s3_error!(InvalidArgument, "MaxBuckets must be between 1 and 10000")),
        };
        let prefix = input.prefix.clone().unwrap_or_default();
        let after = input.continuation_token.unwrap_or_default();
        let mut buckets = self
            .read(move |tx, _| {
                let mut statement = tx.prepare_cached(
                    "SELECT name, region, versioning, created FROM buckets WHERE name > ?1 ORDER BY name",
                )?;
                let buckets = statement.query_map([after], versions::Bucket::from_row)?;
                Ok(buckets.collect::<Result<Vec<_>, _>>()?)
            })
            .await?;
        buckets.retain(|bucket| bucket.name.starts_with(&prefix));
        buckets.retain(|bucket| input.bucket_region.as_ref().is_none_or(|region| *region == bucket.region));
        let more = buckets.len() > limit;
        buckets.truncate(limit);
        let continuation_token = more.then(|| buckets.last().map(|bucket| bucket.name.clone())).flatten();
        let buckets = buckets.into_iter().map(|bucket| dto::Bucket {
            bucket_region: Some(bucket.region),
            creation_date: Some(timestamp(bucket.created)),
            name: Some(bucket.name),
        });
        Ok(ListBucketsOutput {
            buckets: Some(buckets.collect()),
            continuation_token,
            owner: Some(owner()),
            prefix: input.prefix,
        })
    }

    /// Versions and delete markers count as contents; uploads in progress end with the bucket.
    pub(crate) async fn delete_bucket(&self, request: S3Request<DeleteBucketInput>) -> S3Result<DeleteBucketOutput> {
        self.write(move |tx, _| {
            let name = versions::Bucket::get(tx, &request.input.bucket)?.name;
            let filled: bool =
                tx.query_row("SELECT EXISTS (SELECT 1 FROM versions WHERE bucket = ?1)", [&name], |row| row.get(0))?;
            if filled {
                return Err(s3_error!(BucketNotEmpty, "The bucket you tried to delete is not empty.").into());
            }
            tx.execute("DELETE FROM uploads WHERE bucket = ?1", [&name])?;
            configuration::remove_all(tx, &name)?;
            tx.execute("DELETE FROM buckets WHERE name = ?1", [&name])?;
            Ok(DeleteBucketOutput {})
        })
        .await
    }

    /// us-east-1 answers an empty constraint (API reference, GetBucketLocation).
    pub(crate) async fn get_bucket_location(
        &self,
        request: S3Request<GetBucketLocationInput>,
    ) -> S3Result<GetBucketLocationOutput> {
        let bucket = self.read(move |tx, _| versions::Bucket::get(tx, &request.input.bucket)).await?;
        let constraint = (bucket.region != server::REGION).then(|| BucketLocationConstraint::from(bucket.region));
        Ok(GetBucketLocationOutput { location_constraint: constraint })
    }

    pub(crate) async fn put_bucket_versioning(
        &self,
        request: S3Request<PutBucketVersioningInput>,
    ) -> S3Result<PutBucketVersioningOutput> {
        let PutBucketVersioningInput { bucket, versioning_configuration, .. } = request.input;
        let versioning = versioning_configuration.status.and_then(|status| Versioning::parse(status.as_str()));
        let Some(versioning) = versioning else {
            return Err(s3_error!(
                IllegalVersioningConfigurationException,
                "The versioning configuration specified in the request is invalid."
            ));
        };
        self.write(move |tx, _| {
            versions::Bucket::get(tx, &bucket)?;
            versioning.set(tx, &bucket)?;
            Ok(PutBucketVersioningOutput {})
        })
        .await
    }

    pub(crate) async fn get_bucket_versioning(
        &self,
        request: S3Request<GetBucketVersioningInput>,
    ) -> S3Result<GetBucketVersioningOutput> {
        let bucket = self.read(move |tx, _| versions::Bucket::get(tx, &request.input.bucket)).await?;
        let status = bucket.versioning.map(|versioning| BucketVersioningStatus::from_static(versioning.name()));
        Ok(GetBucketVersioningOutput { status, mfa_delete: None })
    }
}
