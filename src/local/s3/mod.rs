//! S3: the protocol is the `s3s` crate's, the behaviour is the files' of this folder.

mod access;
mod access_settings;
mod body;
mod bucket_policy;
mod bucket_settings;
pub(crate) mod buckets;
pub(crate) mod checksum;
mod complete;
pub(crate) mod conditions;
pub(crate) mod configuration;
mod copy;
mod delete;
mod lifecycle;
pub(crate) mod listing;
pub(crate) mod multipart;
mod names;
mod objects;
mod page;
mod parts;
pub(crate) mod versions;

use rusqlite::Transaction;
use s3s::{
    S3, S3Error, S3ErrorCode, S3Request, S3Response, S3Result,
    dto::*,
    service::{S3Service, S3ServiceBuilder},
};

use super::{Account, Fault};

/// The service that answers S3 requests out of `account`.
pub(crate) fn service(account: Account) -> S3Service {
    let mut builder = S3ServiceBuilder::new(LocalS3 { account: account.clone() });
    builder.set_auth(access::LocalKey);
    builder.set_access(access::RegionCheck::new(account));
    builder.build()
}

/// S3 on top of an account.
#[derive(Clone)]
struct LocalS3 {
    account: Account,
}

impl LocalS3 {
    /// Runs `work` on a snapshot of the index, off the asynchronous threads.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>, &Account) -> Result<T, Fault> + Send + 'static,
    ) -> S3Result<T> {
        let account = self.account.clone();
        let task = tokio::task::spawn_blocking(move || account.db().read(|tx| work(tx, &account)));
        task.await.map_err(Fault::from).flatten().map_err(S3Error::from)
    }

    /// Runs `work` alone, off the asynchronous threads; it takes effect as a whole or not at all.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>, &Account) -> Result<T, Fault> + Send + 'static,
    ) -> S3Result<T> {
        let account = self.account.clone();
        let task = tokio::task::spawn_blocking(move || account.db().write(|tx| work(tx, &account)));
        task.await.map_err(Fault::from).flatten().map_err(S3Error::from)
    }
}

impl From<Fault> for S3Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::S3(error) => error,
            other => S3Error::with_message(S3ErrorCode::InternalError, other.to_string()),
        }
    }
}

/// Names the operations served, each with the method that serves it.
macro_rules! operations {
    ($($operation:ident: $input:ty => $output:ty;)*) => {
        #[async_trait::async_trait]
        impl S3 for LocalS3 {
            $(async fn $operation(&self, request: S3Request<$input>) -> S3Result<S3Response<$output>> {
                self.$operation(request).await.map(S3Response::new)
            })*
        }
    };
}

operations! {
    create_bucket: CreateBucketInput => CreateBucketOutput;
    head_bucket: HeadBucketInput => HeadBucketOutput;
    list_buckets: ListBucketsInput => ListBucketsOutput;
    delete_bucket: DeleteBucketInput => DeleteBucketOutput;
    get_bucket_location: GetBucketLocationInput => GetBucketLocationOutput;
    put_bucket_versioning: PutBucketVersioningInput => PutBucketVersioningOutput;
    get_bucket_versioning: GetBucketVersioningInput => GetBucketVersioningOutput;
    put_bucket_policy: PutBucketPolicyInput => PutBucketPolicyOutput;
    get_bucket_policy: GetBucketPolicyInput => GetBucketPolicyOutput;
    delete_bucket_policy: DeleteBucketPolicyInput => DeleteBucketPolicyOutput;
    get_bucket_policy_status: GetBucketPolicyStatusInput => GetBucketPolicyStatusOutput;
    put_public_access_block: PutPublicAccessBlockInput => PutPublicAccessBlockOutput;
    get_public_access_block: GetPublicAccessBlockInput => GetPublicAccessBlockOutput;
    delete_public_access_block: DeletePublicAccessBlockInput => DeletePublicAccessBlockOutput;
    put_bucket_ownership_controls: PutBucketOwnershipControlsInput => PutBucketOwnershipControlsOutput;
    get_bucket_ownership_controls: GetBucketOwnershipControlsInput => GetBucketOwnershipControlsOutput;
    delete_bucket_ownership_controls: DeleteBucketOwnershipControlsInput => DeleteBucketOwnershipControlsOutput;
    put_bucket_acl: PutBucketAclInput => PutBucketAclOutput;
    get_bucket_acl: GetBucketAclInput => GetBucketAclOutput;
    put_bucket_lifecycle_configuration: PutBucketLifecycleConfigurationInput => PutBucketLifecycleConfigurationOutput;
    get_bucket_lifecycle_configuration: GetBucketLifecycleConfigurationInput => GetBucketLifecycleConfigurationOutput;
    delete_bucket_lifecycle: DeleteBucketLifecycleInput => DeleteBucketLifecycleOutput;
    put_bucket_encryption: PutBucketEncryptionInput => PutBucketEncryptionOutput;
    get_bucket_encryption: GetBucketEncryptionInput => GetBucketEncryptionOutput;
    delete_bucket_encryption: DeleteBucketEncryptionInput => DeleteBucketEncryptionOutput;
    put_bucket_tagging: PutBucketTaggingInput => PutBucketTaggingOutput;
    get_bucket_tagging: GetBucketTaggingInput => GetBucketTaggingOutput;
    delete_bucket_tagging: DeleteBucketTaggingInput => DeleteBucketTaggingOutput;
    put_bucket_website: PutBucketWebsiteInput => PutBucketWebsiteOutput;
    get_bucket_website: GetBucketWebsiteInput => GetBucketWebsiteOutput;
    delete_bucket_website: DeleteBucketWebsiteInput => DeleteBucketWebsiteOutput;
    list_objects_v2: ListObjectsV2Input => ListObjectsV2Output;
    list_object_versions: ListObjectVersionsInput => ListObjectVersionsOutput;
    get_object: GetObjectInput => GetObjectOutput;
    head_object: HeadObjectInput => HeadObjectOutput;
    put_object: PutObjectInput => PutObjectOutput;
    copy_object: CopyObjectInput => CopyObjectOutput;
    delete_object: DeleteObjectInput => DeleteObjectOutput;
    delete_objects: DeleteObjectsInput => DeleteObjectsOutput;
    create_multipart_upload: CreateMultipartUploadInput => CreateMultipartUploadOutput;
    upload_part: UploadPartInput => UploadPartOutput;
    list_parts: ListPartsInput => ListPartsOutput;
    complete_multipart_upload: CompleteMultipartUploadInput => CompleteMultipartUploadOutput;
    abort_multipart_upload: AbortMultipartUploadInput => AbortMultipartUploadOutput;
    list_multipart_uploads: ListMultipartUploadsInput => ListMultipartUploadsOutput;
}
