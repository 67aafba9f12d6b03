//! Uploads in parts: started, filled, completed, and found again after a publish that was cut off.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};

use aws_sdk_s3::{
    error::ProvideErrorMetadata as _,
    primitives::ByteStream,
    types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart},
};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{Intercept, context::BeforeTransmitInterceptorContextRef},
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::ConfigBag;
use bytes::Bytes;

use super::{
    Action,
    bucket::{Bucket, bare, with_headers},
};
use crate::{
    error::Result,
    plan::Stored,
    site::{Headers, ObjectKey, Sha256},
};

/// An upload in parts that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MultipartUpload {
    /// The object it will become.
    pub key: ObjectKey,
    /// S3's name for it.
    pub id: String,
}

/// A part that has arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its entity tag with the quotes, as S3 wants it back.
    pub etag: String,
    /// Its SHA-256 in base64.
    pub sha256: String,
}

/// How often a request is tried.
#[derive(Debug, Clone, Default)]
struct Tries(Arc<AtomicU32>);

impl Intercept for Tries {
    fn name(&self) -> &'static str {
        "tries"
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.fetch_add(1, Relaxed);
        Ok(())
    }
}

impl Bucket {
    /// Starts an upload in parts. Where that was tried more than once, an upload may be there whose answer was lost, and whose
    /// name nobody knows: it is given up.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn start_multipart(&self, key: &ObjectKey, headers: &Headers) -> Result<MultipartUpload> {
        let full = self.full_key(key);
        let (on, what) = (self.arn(&full), format!("start the upload of {key}"));
        let action = Action { iam: "s3:PutObject", on: &on, what: &what };
        let create = self.client.create_multipart_upload().bucket(&self.name).key(&full);
        let create = with_headers!(create.checksum_algorithm(ChecksumAlgorithm::Sha256), headers);
        let tries = Tries::default();
        let sent = create.customize().interceptor(tries.clone()).send().await;
        let answer = sent.map_err(|error| action.failed(error))?;
        let begun = MultipartUpload { key: key.clone(), id: answer.upload_id().unwrap_or_default().to_owned() };
        if tries.0.load(Relaxed) > 1 {
            // Where it cannot be looked for, the bucket's lifecycle rule ends it.
            for lost in self.unfinished_below(&full).await.unwrap_or_default() {
                if lost.key == begun.key && lost.id != begun.id {
                    let _ = self.abort_multipart(&lost).await;
                }
            }
        }
        Ok(begun)
    }

    /// Sends part `number` (from 1); S3 refuses it unless its bytes have the SHA-256.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn put_part(&self, upload: &MultipartUpload, number: i32, body: Bytes, sha256: &Sha256) -> Result<Part> {
        let full = self.full_key(&upload.key);
        let (on, what) = (self.arn(&full), format!("upload part {number} of {}", upload.key));
        let action = Action { iam: "s3:PutObject", on: &on, what: &what };
        let put = self.client.upload_part().bucket(&self.name).key(&full).upload_id(&upload.id).part_number(number);
        let put = put.checksum_sha256(sha256.base64()).body(ByteStream::from(body));
        let answer = put.send().await.map_err(|error| action.failed(error))?;
        Ok(Part { etag: answer.e_tag().unwrap_or_default().to_owned(), sha256: sha256.base64() })
    }

    /// Makes the parts one object. `None` where S3 knows the upload no more: it was aborted, or is complete, and it was the
    /// answer that was lost.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn complete_multipart(
        &self,
        upload: &MultipartUpload,
        parts: &BTreeMap<i32, Part>,
    ) -> Result<Option<Stored>> {
        let full = self.full_key(&upload.key);
        let (on, what) = (self.arn(&full), format!("complete the upload of {}", upload.key));
        let action = Action { iam: "s3:PutObject", on: &on, what: &what };
        let completed = |(number, part): (&i32, &Part)| {
            CompletedPart::builder().part_number(*number).e_tag(&part.etag).checksum_sha256(&part.sha256).build()
        };
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts.iter().map(completed).collect())).build();
        let complete = self.client.complete_multipart_upload().bucket(&self.name).key(&full).upload_id(&upload.id);
        match complete.multipart_upload(parts).send().await {
            Ok(answer) => {
                Ok(Some(Stored { etag: bare(answer.e_tag()).into(), version: answer.version_id().map(str::to_owned) }))
            }
            Err(error) if error.code() == Some("NoSuchUpload") => Ok(None),
            Err(error) => Err(action.failed(error)),
        }
    }

    /// Gives up an upload: S3 forgets its parts.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn abort_multipart(&self, upload: &MultipartUpload) -> Result<()> {
        let full = self.full_key(&upload.key);
        let (on, what) = (self.arn(&full), format!("give up the upload of {}", upload.key));
        let action = Action { iam: "s3:AbortMultipartUpload", on: &on, what: &what };
        let abort = self.client.abort_multipart_upload().bucket(&self.name).key(&full).upload_id(&upload.id);
        abort.send().await.map(drop).map_err(|error| action.failed(error))
    }

    /// The uploads below the served prefix that were started and neither completed nor aborted.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn unfinished_multiparts(&self) -> Result<Vec<MultipartUpload>> {
        self.unfinished_below(self.prefix()).await
    }

    async fn unfinished_below(&self, prefix: &str) -> Result<Vec<MultipartUpload>> {
        let (on, what) = (format!("arn:aws:s3:::{}", self.name), "look for uploads that were cut off");
        let action = Action { iam: "s3:ListBucketMultipartUploads", on: &on, what };
        let mut found = Vec::new();
        let (mut key_marker, mut id_marker) = (None, None);
        loop {
            let list = self.client.list_multipart_uploads().bucket(&self.name).prefix(prefix);
            let list = list.set_key_marker(key_marker).set_upload_id_marker(id_marker);
            let page = list.send().await.map_err(|error| action.failed(error))?;
            found.extend(page.uploads().iter().filter_map(|upload| {
                let key = ObjectKey::new(upload.key()?.strip_prefix(self.prefix())?).ok()?;
                Some(MultipartUpload { key, id: upload.upload_id()?.to_owned() })
            }));
            if page.is_truncated() != Some(true) {
                return Ok(found);
            }
            key_marker = page.next_key_marker().map(str::to_owned);
            id_marker = page.next_upload_id_marker().map(str::to_owned);
        }
    }

    /// The parts of an upload that have arrived with a SHA-256, by number.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn arrived_parts(&self, upload: &MultipartUpload) -> Result<BTreeMap<i32, Part>> {
        let full = self.full_key(&upload.key);
        let (on, what) = (self.arn(&full), format!("look for the parts of {}", upload.key));
        let action = Action { iam: "s3:ListMultipartUploadParts", on: &on, what: &what };
        let mut found = BTreeMap::new();
        let mut marker = None;
        loop {
            let list = self.client.list_parts().bucket(&self.name).key(&full).upload_id(&upload.id);
            let page = list.set_part_number_marker(marker).send().await.map_err(|error| action.failed(error))?;
            found.extend(page.parts().iter().filter_map(|part| {
                let (etag, sha256) = (part.e_tag()?.to_owned(), part.checksum_sha256()?.to_owned());
                Some((part.part_number()?, Part { etag, sha256 }))
            }));
            if page.is_truncated() != Some(true) {
                return Ok(found);
            }
            marker = page.next_part_number_marker().map(str::to_owned);
        }
    }
}
