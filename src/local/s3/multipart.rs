//! Multipart uploads: begun, filled, listed or aborted; `complete.rs` ends them well.

use s3s::{S3Request, S3Result, dto::*, s3_error};

use crate::local::{now_seconds, random_id};

use super::{
    LocalS3,
    buckets::owner,
    checksum::{Algorithm, Checksum, Declared, declared_checksum, kind_name, set_checksum},
    encryption::{Encryption, asked_encryption, set_encryption},
    objects::stored_headers,
    page::{Encoding, Entry, Page, Window, after_marker, delimiter, limit, page},
    parts::{self, StoredPart},
    versions::{self, etag, timestamp},
};

/// The highest part number (S3 User Guide, "Amazon S3 multipart upload limits").
const MAX_PART_NUMBER: i32 = 10_000;

const UPLOAD_ID_ALPHABET: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._-";

/// The uploads in progress from a key on.
pub(crate) const UPLOADS_FROM: &str = "SELECT upload_id, key, headers, expires, checksum_algorithm, composite, initiated, encryption \
     FROM uploads WHERE bucket = ?1 AND key >= ?2 ORDER BY key, upload_id";

impl LocalS3 {
    pub(crate) async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<CreateMultipartUploadOutput> {
        let mut input = request.input;
        let stored = stored_headers!(input)?;
        let algorithm = input.checksum_algorithm.as_ref().map(|name| Algorithm::parse(name.as_str())).transpose()?;
        let asked = asked_encryption!(input)?;
        let mut upload = parts::Upload {
            id: random_id(UPLOAD_ID_ALPHABET, 96),
            key: input.key,
            headers: stored.headers,
            expires: stored.expires,
            algorithm,
            composite: is_composite(algorithm, input.checksum_type.as_ref())?,
            initiated: now_seconds(),
            encryption: Encryption::default(),
        };
        let bucket = input.bucket;
        self.write(move |tx, _| {
            upload.encryption = Encryption::of(tx, &versions::Bucket::get(tx, &bucket)?, asked.as_ref())?;
            upload.insert(tx, &bucket)?;
            let mut output = CreateMultipartUploadOutput {
                checksum_algorithm: upload.algorithm.map(|named| ChecksumAlgorithm::from_static(named.name())),
                checksum_type: upload.algorithm.map(|_| ChecksumType::from_static(kind_name(upload.composite))),
                bucket: Some(bucket),
                key: Some(upload.key),
                upload_id: Some(upload.id),
                ..Default::default()
            };
            set_encryption!(output, &upload.encryption);
            Ok(output)
        })
        .await
    }

    pub(crate) async fn upload_part(&self, request: S3Request<UploadPartInput>) -> S3Result<UploadPartOutput> {
        let S3Request { input, trailing_headers, .. } = request;
        if !(1..=MAX_PART_NUMBER).contains(&input.part_number) {
            return Err(s3_error!(
                InvalidArgument,
                "Part number must be an integer between 1 and {MAX_PART_NUMBER}, inclusive"
            ));
        }
        let header = declared_checksum!(input)?;
        let named = input.checksum_algorithm;
        let (bucket, key, id, number) = (input.bucket, input.key, input.upload_id, input.part_number);
        let expected = {
            let (bucket, key, id) = (bucket.clone(), key.clone(), id.clone());
            self.read(move |tx, _| {
                versions::Bucket::get(tx, &bucket)?;
                Ok(parts::Upload::get(tx, &bucket, &key, &id)?.algorithm)
            })
            .await?
        };
        let declared = Declared::new(header, named.as_ref(), input.content_md5.as_deref(), trailing_headers)?;
        check_algorithm(expected, &declared)?;
        let algorithm = declared.algorithm;
        let upload = self.receive(input.body, declared).await?;
        self.finish(upload, move |tx, blob| {
            let upload = parts::Upload::get(tx, &bucket, &key, &id)?;
            let part = StoredPart {
                number,
                size: blob.size,
                etag: upload.encryption.entity_tag(&blob.md5),
                blob: blob.sha256,
                checksum: Checksum::whole(algorithm, blob.checksum.clone()),
                modified: now_seconds(),
            };
            part.insert(tx, &upload)?;
            let mut output = UploadPartOutput { e_tag: Some(etag(&part.etag)), ..Default::default() };
            set_checksum!(output, &part.checksum);
            set_encryption!(output, &upload.encryption);
            Ok(output)
        })
        .await
    }

    pub(crate) async fn list_parts(&self, request: S3Request<ListPartsInput>) -> S3Result<ListPartsOutput> {
        let input = request.input;
        let limit = limit(input.max_parts, "max-parts")?;
        let after = input.part_number_marker.unwrap_or(0);
        let (bucket, key, id) = (input.bucket.clone(), input.key.clone(), input.upload_id.clone());
        let (upload, mut stored) = self
            .read(move |tx, _| {
                versions::Bucket::get(tx, &bucket)?;
                let upload = parts::Upload::get(tx, &bucket, &key, &id)?;
                let stored = upload.parts(tx, after, limit as i64 + 1)?;
                Ok((upload, stored))
            })
            .await?;
        let more = limit > 0 && stored.len() > limit;
        stored.truncate(limit);
        Ok(ListPartsOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(input.upload_id),
            checksum_algorithm: upload.algorithm.map(|named| ChecksumAlgorithm::from_static(named.name())),
            checksum_type: upload.algorithm.map(|_| ChecksumType::from_static(kind_name(upload.composite))),
            initiator: Some(initiator()),
            owner: Some(owner()),
            is_truncated: Some(more),
            max_parts: Some(limit as i32),
            part_number_marker: Some(after),
            next_part_number_marker: stored.last().map(|part| part.number),
            parts: Some(stored.into_iter().map(listed_part).collect()),
            storage_class: Some(StorageClass::from_static(StorageClass::STANDARD)),
            ..Default::default()
        })
    }

    pub(crate) async fn list_multipart_uploads(
        &self,
        request: S3Request<ListMultipartUploadsInput>,
    ) -> S3Result<ListMultipartUploadsOutput> {
        let input = request.input;
        let limit = limit(input.max_uploads, "max-uploads")?;
        let encoding = Encoding::new(input.encoding_type)?;
        let key_marker = input.key_marker.unwrap_or_default();
        let id_marker = input.upload_id_marker.filter(|id| !id.is_empty() && !key_marker.is_empty());
        let prefix = input.prefix.clone().unwrap_or_default();
        let delimiter = delimiter(input.delimiter.as_ref());
        let from = match (&id_marker, key_marker.is_empty()) {
            (_, true) => String::new(),
            (Some(_), false) => key_marker.clone(),
            (None, false) => after_marker(&key_marker, &prefix, delimiter.as_deref()),
        };
        let window = Window { prefix, delimiter, from, limit };
        let (bucket, after_key, after_id) = (input.bucket.clone(), key_marker.clone(), id_marker.clone());
        let Page { entries, next } = self
            .read(move |tx, _| {
                let bucket = versions::Bucket::get(tx, &bucket)?;
                let page = page(tx, UPLOADS_FROM, &bucket.name, &window, |row| {
                    let upload = parts::Upload::from_row(row)?;
                    let shown = after_id.as_ref().is_some_and(|id| upload.key == after_key && upload.id <= *id);
                    Ok((!shown).then_some(upload))
                })?;
                Ok(page)
            })
            .await?;
        let last = next.and(entries.last()).map(|entry| match entry {
            Entry::Item(upload) => (upload.key.clone(), Some(upload.id.clone())),
            Entry::CommonPrefix(prefix) => (prefix.clone(), None),
        });
        let (mut uploads, mut prefixes) = (Vec::new(), Vec::new());
        for entry in entries {
            match entry {
                Entry::Item(upload) => uploads.push(listed_upload(upload, &encoding)),
                Entry::CommonPrefix(prefix) => prefixes.push(CommonPrefix { prefix: Some(encoding.write(prefix)) }),
            }
        }
        let is_truncated = last.is_some();
        let (next_key_marker, next_upload_id_marker) = last.unzip();
        Ok(ListMultipartUploadsOutput {
            bucket: Some(input.bucket),
            prefix: Some(encoding.write(input.prefix.unwrap_or_default())),
            delimiter: input.delimiter.map(|text| encoding.write(text)),
            encoding_type: encoding.kind(),
            key_marker: Some(encoding.write(key_marker)),
            upload_id_marker: id_marker,
            is_truncated: Some(is_truncated),
            max_uploads: Some(limit as i32),
            next_key_marker: next_key_marker.map(|key| encoding.write(key)),
            next_upload_id_marker: next_upload_id_marker.flatten(),
            uploads: Some(uploads),
            common_prefixes: Some(prefixes),
            request_charged: None,
        })
    }

    pub(crate) async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<AbortMultipartUploadOutput> {
        let AbortMultipartUploadInput { bucket, key, upload_id, .. } = request.input;
        self.write(move |tx, _| {
            versions::Bucket::get(tx, &bucket)?;
            parts::Upload::get(tx, &bucket, &key, &upload_id)?.remove(tx)?;
            Ok(AbortMultipartUploadOutput::default())
        })
        .await
    }
}

/// Which kinds of checksum each algorithm may have (S3 User Guide, "Checking object integrity").
fn is_composite(algorithm: Option<Algorithm>, asked: Option<&ChecksumType>) -> S3Result<bool> {
    let composite = match (algorithm, asked.map(ChecksumType::as_str)) {
        (None, None) => return Ok(false),
        (Some(algorithm), None) => return Ok(algorithm.composite_by_default()),
        (_, Some(kind)) => kind == ChecksumType::COMPOSITE,
    };
    let possible = match algorithm {
        None => false,
        Some(Algorithm::Crc64Nvme) => !composite,
        Some(Algorithm::Sha1 | Algorithm::Sha256) => composite,
        Some(Algorithm::Crc32 | Algorithm::Crc32c) => true,
    };
    if possible {
        Ok(composite)
    } else {
        Err(s3_error!(InvalidRequest, "The checksum type cannot be used with the checksum algorithm of the upload."))
    }
}

/// A part's checksum must be by the algorithm its upload began with.
fn check_algorithm(expected: Option<Algorithm>, declared: &Declared) -> S3Result<()> {
    match expected {
        Some(expected) if !declared.named || declared.algorithm != expected => Err(s3_error!(
            InvalidRequest,
            "Checksum Type mismatch occurred, expected checksum Type: {}, actual checksum Type: {}",
            expected.name().to_ascii_lowercase(),
            if declared.named { declared.algorithm.name().to_ascii_lowercase() } else { "null".to_owned() }
        )),
        _ => Ok(()),
    }
}

fn initiator() -> Initiator {
    let Owner { display_name, id } = owner();
    Initiator { display_name, id }
}

fn listed_part(part: StoredPart) -> Part {
    let mut listed = Part {
        part_number: Some(part.number),
        size: Some(part.size.cast_signed()),
        e_tag: Some(etag(&part.etag)),
        last_modified: Some(part.last_modified()),
        ..Default::default()
    };
    set_checksum!(listed, &part.checksum);
    listed
}

fn listed_upload(upload: parts::Upload, encoding: &Encoding) -> MultipartUpload {
    MultipartUpload {
        checksum_algorithm: upload.algorithm.map(|named| ChecksumAlgorithm::from_static(named.name())),
        checksum_type: upload.algorithm.map(|_| ChecksumType::from_static(kind_name(upload.composite))),
        initiated: Some(timestamp(upload.initiated)),
        initiator: Some(initiator()),
        key: Some(encoding.write(upload.key)),
        owner: Some(owner()),
        storage_class: Some(StorageClass::from_static(StorageClass::STANDARD)),
        upload_id: Some(upload.id),
    }
}
