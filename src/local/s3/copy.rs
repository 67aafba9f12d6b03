//! Objects copied inside the account: the bytes stay where they are, the copy names the same blob.

use s3s::{S3Request, S3Result, dto::*, s3_error};

use crate::local::{Account, Fault};

use super::{
    LocalS3,
    checksum::{Algorithm, Checksum, set_checksum},
    conditions::{Outcome, ReadConditions, WriteConditions, precondition_failed},
    encryption::{Encryption, asked_encryption, set_encryption},
    objects::{StoredHeaders, stored_headers},
    versions::{self, Content, etag},
};

/// A larger object must be copied in parts (API reference, CopyObject): 5 GB.
const MAX_COPY_BYTES: u64 = 5 << 30;

/// Where a copy comes from.
struct Source {
    bucket: String,
    key: String,
    version_id: Option<String>,
    conditions: ReadConditions,
}

impl Source {
    fn new(copied: CopySource, conditions: ReadConditions) -> S3Result<Self> {
        let CopySource::Bucket { bucket, key, version_id } = copied else {
            return Err(s3_error!(NotImplemented, "A local account has no access points."));
        };
        Ok(Self { bucket: bucket.into(), key: key.into(), version_id: version_id.map(Into::into), conditions })
    }
}

impl LocalS3 {
    pub(crate) async fn copy_object(&self, request: S3Request<CopyObjectInput>) -> S3Result<CopyObjectOutput> {
        let mut input = request.input;
        let replaced = match input.metadata_directive.as_ref().map(MetadataDirective::as_str) {
            None | Some(MetadataDirective::COPY) => None,
            Some(MetadataDirective::REPLACE) => Some(stored_headers!(input)?),
            Some(_) => return Err(s3_error!(InvalidArgument, "Unknown metadata directive.")),
        };
        let asked = asked_encryption!(input)?;
        let algorithm = input.checksum_algorithm.as_ref().map(|name| Algorithm::parse(name.as_str())).transpose()?;
        let conditions = ReadConditions {
            if_match: input.copy_source_if_match,
            if_none_match: input.copy_source_if_none_match,
            if_modified_since: input.copy_source_if_modified_since,
            if_unmodified_since: input.copy_source_if_unmodified_since,
        };
        let source = Source::new(input.copy_source, conditions)?;
        let (bucket, key) = (input.bucket, input.key);
        if replaced.is_none()
            && asked.is_none()
            && source.version_id.is_none()
            && (&source.bucket, &source.key) == (&bucket, &key)
        {
            return Err(s3_error!(
                InvalidRequest,
                "This copy request is illegal because it is trying to copy an object to itself without changing the \
                 object's metadata, storage class, website redirect location or encryption attributes."
            ));
        }
        self.write(move |tx, account| {
            let from = versions::Bucket::get(tx, &source.bucket)?;
            let to = versions::Bucket::get(tx, &bucket)?;
            let (version, content) = versions::readable(tx, &from, &source.key, source.version_id.as_deref())?;
            match source.conditions.check(&content.etag, &version.last_modified()) {
                Outcome::Holds => {}
                Outcome::NotModified | Outcome::Failed => return Err(precondition_failed().into()),
            }
            let encryption = Encryption::of(tx, &to, asked.as_ref())?;
            let content = copied(account, content, replaced, algorithm, encryption)?;
            let copy = versions::write(tx, &to, &key, &content, &WriteConditions::default())?;
            let mut result = CopyObjectResult {
                e_tag: Some(etag(&content.etag)),
                last_modified: Some(copy.last_modified()),
                checksum_type: Some(content.checksum.kind()),
                ..Default::default()
            };
            set_checksum!(result, &content.checksum);
            let mut output = CopyObjectOutput {
                copy_object_result: Some(result),
                copy_source_version_id: from.shown(&version.version_id),
                version_id: to.shown(&copy.version_id),
                ..Default::default()
            };
            set_encryption!(output, &content.encryption);
            Ok(output)
        })
        .await
    }
}

/// A copy is written in one piece: it gets the plain MD5 as its entity tag and a checksum of all its bytes, whatever
/// its source had (S3 User Guide, "Checking object integrity").
fn copied(
    account: &Account,
    source: Content,
    replaced: Option<StoredHeaders>,
    algorithm: Option<Algorithm>,
    encryption: Encryption,
) -> Result<Content, Fault> {
    if source.size > MAX_COPY_BYTES {
        return Err(s3_error!(
            InvalidRequest,
            "The specified copy source is larger than the maximum allowable size for a copy source: 5368709120"
        )
        .into());
    }
    let mut content = source;
    let algorithm = algorithm.unwrap_or(content.checksum.algorithm);
    let in_parts = content.etag.contains('-') || content.checksum.composite;
    let reencrypted = content.encryption.is_kms() || encryption.is_kms();
    content.encryption = encryption;
    if in_parts || reencrypted || algorithm != content.checksum.algorithm {
        let mut draft = account.blobs().draft(algorithm)?;
        draft.append(&account.blobs().path(&content.blob))?;
        let blob = draft.finish();
        content.etag = content.encryption.entity_tag(&blob.md5);
        content.checksum = Checksum::whole(algorithm, blob.checksum);
    }
    if let Some(StoredHeaders { headers, expires }) = replaced {
        (content.headers, content.expires) = (headers, expires);
    }
    Ok(content)
}
