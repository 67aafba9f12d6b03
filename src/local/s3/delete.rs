//! Objects deleted, one or many.

use rusqlite::Transaction;
use s3s::{
    S3Error, S3Request, S3Result,
    dto::{self, *},
    s3_error,
};

use crate::local::Fault;

use super::{
    LocalS3,
    versions::{self, Deleted},
};

/// The most keys of one request (API reference, DeleteObjects).
const MAX_OBJECTS: usize = 1000;

fn delete(
    tx: &Transaction<'_>,
    bucket: &versions::Bucket,
    key: &str,
    version_id: Option<&str>,
    if_match: Option<&ETagCondition>,
) -> Result<Option<Deleted>, Fault> {
    match version_id {
        Some(id) => versions::delete_version(tx, bucket, key, id, if_match),
        None => versions::delete(tx, bucket, key, if_match),
    }
}

impl LocalS3 {
    pub(crate) async fn delete_object(&self, request: S3Request<DeleteObjectInput>) -> S3Result<DeleteObjectOutput> {
        let DeleteObjectInput { bucket, key, version_id, if_match, .. } = request.input;
        self.write(move |tx, _| {
            let bucket = versions::Bucket::get(tx, &bucket)?;
            let deleted = delete(tx, &bucket, &key, version_id.as_deref(), if_match.as_ref())?;
            Ok(DeleteObjectOutput {
                delete_marker: deleted.as_ref().filter(|deleted| deleted.delete_marker).map(|_| true),
                version_id: deleted.and_then(|deleted| bucket.shown(&deleted.version_id)),
                request_charged: None,
            })
        })
        .await
    }

    /// Each key succeeds or fails by itself.
    pub(crate) async fn delete_objects(&self, request: S3Request<DeleteObjectsInput>) -> S3Result<DeleteObjectsOutput> {
        let DeleteObjectsInput { bucket, delete: Delete { objects, quiet }, .. } = request.input;
        if objects.is_empty() || objects.len() > MAX_OBJECTS {
            return Err(s3_error!(
                MalformedXML,
                "The XML you provided was not well-formed or did not validate against our published schema"
            ));
        }
        let (deleted, errors) = self
            .write(move |tx, _| {
                let bucket = versions::Bucket::get(tx, &bucket)?;
                let (mut deleted, mut errors) = (Vec::new(), Vec::new());
                for object in objects {
                    let if_match = object.e_tag.clone().map(ETagCondition::ETag);
                    match delete(tx, &bucket, &object.key, object.version_id.as_deref(), if_match.as_ref()) {
                        Ok(outcome) => deleted.push(answer(object, outcome)),
                        Err(Fault::S3(error)) => errors.push(refusal(object, &error)),
                        Err(other) => return Err(other),
                    }
                }
                Ok((deleted, errors))
            })
            .await?;
        let deleted = if quiet == Some(true) { Vec::new() } else { deleted };
        Ok(DeleteObjectsOutput { deleted: Some(deleted), errors: Some(errors), request_charged: None })
    }
}

fn answer(object: ObjectIdentifier, outcome: Option<Deleted>) -> DeletedObject {
    let marker = outcome.filter(|deleted| deleted.delete_marker);
    DeletedObject {
        key: Some(object.key),
        version_id: object.version_id,
        delete_marker: marker.as_ref().map(|_| true),
        delete_marker_version_id: marker.map(|deleted| deleted.version_id),
    }
}

fn refusal(object: ObjectIdentifier, error: &S3Error) -> dto::Error {
    dto::Error {
        code: Some(error.code().as_str().to_owned()),
        key: Some(object.key),
        message: error.message().map(str::to_owned),
        version_id: object.version_id,
    }
}
