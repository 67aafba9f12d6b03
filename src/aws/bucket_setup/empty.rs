//! The end of a bucket: everything in it, then itself.

use aws_sdk_s3::{
    error::ProvideErrorMetadata as _,
    types::{Delete, ObjectIdentifier},
};

use super::{BucketSetup, bug, sent};
use crate::{aws::Action, error::Result};

impl BucketSetup {
    /// Deletes every version of every object and every delete marker, 1,000 a request, and aborts every upload that is
    /// under way.
    ///
    /// # Errors
    /// As AWS answers, for the first that could not be deleted.
    pub async fn empty(&self) -> Result<()> {
        let (on, what) = (self.arn(), format!("empty bucket {}", self.name));
        let listing = Action { iam: "s3:ListBucketVersions", on: &on, what: &what };
        let client = self.client();
        let (mut key, mut version) = (None, None);
        loop {
            let list = client.list_object_versions().bucket(&self.name);
            let page = list.set_key_marker(key).set_version_id_marker(version).send().await;
            let page = page.map_err(|error| listing.failed(error))?;
            let versions = page.versions().iter().map(|one| (one.key(), one.version_id()));
            let markers = page.delete_markers().iter().map(|one| (one.key(), one.version_id()));
            let identifiers = versions.chain(markers).map(|(key, version)| {
                let identifier = ObjectIdentifier::builder().key(key.unwrap_or_default());
                identifier.set_version_id(version.map(str::to_owned)).build()
            });
            let identifiers = identifiers.collect::<Result<Vec<_>, _>>().map_err(|error| bug(&what, error))?;
            self.delete_versions(&client, identifiers, &what).await?;
            if page.is_truncated() != Some(true) {
                break;
            }
            (key, version) = (page.next_key_marker, page.next_version_id_marker);
        }
        self.abort_uploads(&client, &what).await
    }

    async fn delete_versions(
        &self,
        client: &aws_sdk_s3::Client,
        identifiers: Vec<ObjectIdentifier>,
        what: &str,
    ) -> Result<()> {
        if identifiers.is_empty() {
            return Ok(());
        }
        let on = format!("{}/*", self.arn());
        let action = Action { iam: "s3:DeleteObjectVersion", on: &on, what };
        let delete = Delete::builder().set_objects(Some(identifiers)).quiet(true).build();
        let delete = client.delete_objects().bucket(&self.name).delete(delete.map_err(|error| bug(what, error))?);
        let answer = delete.send().await.map_err(|error| action.failed(error))?;
        match answer.errors().first() {
            None => Ok(()),
            Some(error) => {
                let (on, what) = (
                    format!("{}/{}", self.arn(), error.key().unwrap_or("*")),
                    format!("delete {} from bucket {}", error.key().unwrap_or("an object"), self.name),
                );
                let action = Action { iam: "s3:DeleteObjectVersion", on: &on, what: &what };
                Err(action.partly_failed(error.code(), error.message()))
            }
        }
    }

    async fn abort_uploads(&self, client: &aws_sdk_s3::Client, what: &str) -> Result<()> {
        let on = self.arn();
        let listing = Action { iam: "s3:ListBucketMultipartUploads", on: &on, what };
        let objects = format!("{on}/*");
        let aborting = Action { iam: "s3:AbortMultipartUpload", on: &objects, what };
        let (mut key, mut id) = (None, None);
        loop {
            let list = client.list_multipart_uploads().bucket(&self.name);
            let page = list.set_key_marker(key).set_upload_id_marker(id).send().await;
            let page = page.map_err(|error| listing.failed(error))?;
            for upload in page.uploads() {
                let (Some(key), Some(id)) = (upload.key(), upload.upload_id()) else { continue };
                match client.abort_multipart_upload().bucket(&self.name).key(key).upload_id(id).send().await {
                    Ok(_) => {}
                    // It was completed or aborted meanwhile.
                    Err(error) if error.code() == Some("NoSuchUpload") => {}
                    Err(error) => return Err(aborting.failed(error)),
                }
            }
            if page.is_truncated() != Some(true) {
                return Ok(());
            }
            (key, id) = (page.next_key_marker, page.next_upload_id_marker);
        }
    }

    /// Deletes the bucket, which must be empty; that there is none is no error.
    ///
    /// # Errors
    /// As AWS answers: `BucketNotEmpty` while there is anything in it.
    pub async fn delete(&self) -> Result<()> {
        let (on, what) = (self.arn(), format!("delete bucket {}", self.name));
        let action = Action { iam: "s3:DeleteBucket", on: &on, what: &what };
        let client = self.client();
        match client.delete_bucket().bucket(&self.name).send().await {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("NoSuchBucket") => Ok(()),
            Err(error) if error.code() == Some("OperationAborted") => {
                sent!(action, client.delete_bucket().bucket(&self.name)).map(drop)
            }
            Err(error) => Err(action.failed(error)),
        }
    }
}
