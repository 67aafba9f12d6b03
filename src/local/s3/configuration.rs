//! A bucket's configuration: one document of each kind by the bucket's name, gone with the bucket.

use std::borrow::Cow;

use http::StatusCode;
use rusqlite::Transaction;
use s3s::{
    S3Error, S3ErrorCode, S3Result,
    dto::{ObjectOwnership, ServerSideEncryption, ServerSideEncryptionByDefault, ServerSideEncryptionRule},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::local::{Fault, resources};

use super::{
    LocalS3,
    access_settings::PublicAccessBlock,
    versions::{self, Versioning},
};

/// The policy: its text as it was given.
pub(crate) const POLICY: &str = "s3/policy";
/// The four settings of [`PublicAccessBlock`].
pub(crate) const PUBLIC_ACCESS_BLOCK: &str = "s3/public-access-block";
/// The name of the object ownership.
pub(crate) const OWNERSHIP: &str = "s3/ownership";
/// The grants of the access control list; none where only the owner has any.
pub(crate) const ACL: &str = "s3/acl";
/// The lifecycle rules.
pub(crate) const LIFECYCLE: &str = "s3/lifecycle";
/// The rule of the default encryption.
pub(crate) const ENCRYPTION: &str = "s3/encryption";
/// Tags by key.
pub(crate) const TAGS: &str = "s3/tags";
/// The website: `index_document`, `error_document` and what else it does.
pub(crate) const WEBSITE: &str = "s3/website";

const KINDS: [&str; 8] = [POLICY, PUBLIC_ACCESS_BLOCK, OWNERSHIP, ACL, LIFECYCLE, ENCRYPTION, TAGS, WEBSITE];

/// Configures a bucket as S3 makes them since April 2023 (S3 User Guide, "Default settings for new S3 buckets"): closed to
/// the public, without access control lists, encrypted with S3's own keys.
pub(crate) fn set_defaults(tx: &Transaction<'_>, bucket: &str) -> rusqlite::Result<()> {
    resources::put(tx, PUBLIC_ACCESS_BLOCK, bucket, &PublicAccessBlock::CLOSED)?;
    resources::put(tx, OWNERSHIP, bucket, &ObjectOwnership::BUCKET_OWNER_ENFORCED.to_owned())?;
    resources::put(tx, ENCRYPTION, bucket, &default_encryption())
}

/// S3's own keys.
pub(crate) fn default_encryption() -> ServerSideEncryptionRule {
    let by_default = ServerSideEncryptionByDefault {
        kms_master_key_id: None,
        sse_algorithm: ServerSideEncryption::from_static(ServerSideEncryption::AES256),
    };
    ServerSideEncryptionRule {
        apply_server_side_encryption_by_default: Some(by_default),
        bucket_key_enabled: Some(false),
        ..Default::default()
    }
}

/// Forgets the configuration of a bucket that is removed.
pub(crate) fn remove_all(tx: &Transaction<'_>, bucket: &str) -> rusqlite::Result<()> {
    KINDS.iter().try_for_each(|kind| resources::delete(tx, kind, bucket).map(|_| ()))
}

impl Versioning {
    /// Turns a bucket's versioning to this.
    pub(crate) fn set(self, tx: &Transaction<'_>, bucket: &str) -> rusqlite::Result<()> {
        tx.execute("UPDATE buckets SET versioning = ?2 WHERE name = ?1", [bucket, self.name()]).map(|_| ())
    }
}

/// An error whose code the protocol's crate does not know.
pub(crate) fn refused(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> S3Error {
    let mut error = S3Error::with_message(S3ErrorCode::Custom(code.into()), message.into());
    error.set_status_code(status);
    error
}

/// What S3 says of documents that are well-formed XML and yet not what it takes.
pub(crate) fn malformed() -> S3Error {
    s3s::s3_error!(
        MalformedXML,
        "The XML you provided was not well-formed or did not validate against our published schema"
    )
}

/// A policy that S3 does not take.
pub(crate) fn malformed_policy(message: impl Into<Cow<'static, str>>) -> S3Error {
    S3Error::with_message(S3ErrorCode::MalformedPolicy, message.into())
}

impl LocalS3 {
    /// A bucket's document of one kind.
    pub(crate) async fn configuration<T>(&self, kind: &'static str, bucket: String) -> S3Result<Option<T>>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
    {
        self.read(move |tx, _| {
            versions::Bucket::get(tx, &bucket)?;
            Ok(resources::get(tx, kind, &bucket)?)
        })
        .await
    }

    /// Writes a bucket's document of one kind when `check` allows it.
    pub(crate) async fn configure<T>(
        &self,
        kind: &'static str,
        bucket: String,
        document: T,
        check: impl FnOnce(&Transaction<'_>, &str, &T) -> Result<(), Fault> + Send + 'static,
    ) -> S3Result<()>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
    {
        self.write(move |tx, _| {
            versions::Bucket::get(tx, &bucket)?;
            check(tx, &bucket, &document)?;
            Ok(resources::put(tx, kind, &bucket, &document)?)
        })
        .await
    }

    /// Removes a bucket's document of one kind; there need not be one.
    pub(crate) async fn unconfigure(&self, kind: &'static str, bucket: String) -> S3Result<()> {
        self.write(move |tx, _| {
            versions::Bucket::get(tx, &bucket)?;
            resources::delete(tx, kind, &bucket)?;
            Ok(())
        })
        .await
    }
}
