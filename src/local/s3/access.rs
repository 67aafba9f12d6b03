//! Who may ask, and whether they ask in the bucket's region.

use http::{HeaderMap, HeaderName, HeaderValue};
use s3s::{
    S3Error, S3Result,
    access::{S3Access, S3AccessContext},
    auth::{S3Auth, SecretKey},
    s3_error,
};

use crate::local::{
    Account, Fault,
    server::{ACCESS_KEY_ID, CredentialScope, SECRET_ACCESS_KEY},
};

use super::{buckets, versions::Bucket};

/// The account's one key.
pub(crate) struct LocalKey;

#[async_trait::async_trait]
impl S3Auth for LocalKey {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        if access_key == ACCESS_KEY_ID {
            Ok(SecretKey::from(SECRET_ACCESS_KEY))
        } else {
            Err(s3_error!(InvalidAccessKeyId, "The AWS Access Key Id you provided does not exist in our records."))
        }
    }
}

/// Operations that S3 answers whatever region they are signed for.
const OF_ANY_REGION: [&str; 3] = ["ListBuckets", "CreateBucket", "GetBucketLocation"];

/// Lets signed requests pass that are signed for the bucket's region.
///
/// AWS has an endpoint for each region, this account one for all: the region a request is signed for stands for the
/// endpoint it was sent to. A wrong one answers as S3 User Guide, "Making requests using the REST API" describes:
/// 301 with the right region in a header.
pub(crate) struct RegionCheck {
    account: Account,
}

impl RegionCheck {
    pub(crate) fn new(account: Account) -> Self {
        Self { account }
    }

    async fn region_of(&self, bucket: &str) -> S3Result<Option<String>> {
        let (account, bucket) = (self.account.clone(), bucket.to_owned());
        let task = tokio::task::spawn_blocking(move || {
            account.db().read(|tx| match Bucket::find(tx, &bucket)? {
                Some(bucket) => Ok(Some(bucket.region)),
                None => buckets::elsewhere(tx, &bucket),
            })
        });
        Ok(task.await.map_err(Fault::from)?.map_err(Fault::from)?)
    }
}

#[async_trait::async_trait]
impl S3Access for RegionCheck {
    async fn check(&self, context: &mut S3AccessContext<'_>) -> S3Result<()> {
        if context.credentials().is_none() {
            return Err(s3_error!(AccessDenied, "Access Denied"));
        }
        if OF_ANY_REGION.contains(&context.s3_op().name()) {
            return Ok(());
        }
        let Some(bucket) = context.s3_path().get_bucket_name() else { return Ok(()) };
        let Some(scope) = CredentialScope::of(context.headers()) else { return Ok(()) };
        match self.region_of(bucket).await? {
            Some(region) if region != scope.region => Err(permanent_redirect(&region)?),
            _ => Ok(()),
        }
    }
}

fn permanent_redirect(region: &str) -> S3Result<S3Error> {
    let mut error = s3_error!(
        PermanentRedirect,
        "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all \
         future requests to this endpoint."
    );
    error.set_headers(region_header(region)?);
    Ok(error)
}

/// A bucket of another account: it tells where it is all the same (API reference, HeadBucket).
pub(crate) fn denied_in(region: &str) -> S3Result<S3Error> {
    let mut error = s3_error!(AccessDenied, "Access Denied");
    error.set_headers(region_header(region)?);
    Ok(error)
}

fn region_header(region: &str) -> S3Result<HeaderMap> {
    let region = HeaderValue::from_str(region).map_err(S3Error::internal_error)?;
    Ok(HeaderMap::from_iter([(HeaderName::from_static("x-amz-bucket-region"), region)]))
}
