//! Multipart uploads completed: the parts named, checked and joined.

use rusqlite::Transaction;
use s3s::{S3Request, S3Result, dto::*, s3_error};

use crate::local::{Account, Fault, blobs::Blob};

use super::{
    LocalS3,
    checksum::{Algorithm, Checksum, declared_checksum, set_checksum},
    conditions::WriteConditions,
    encryption::set_encryption,
    parts::{self, StoredPart},
    versions::{self, Content, etag},
};

/// Every part but the last has at least this many bytes (S3 User Guide, "Amazon S3 multipart upload limits").
const MIN_PART_BYTES: u64 = 5 << 20;

impl LocalS3 {
    /// The parts are joined before the index is locked, and checked to be the same parts once it is.
    pub(crate) async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<CompleteMultipartUploadOutput> {
        let input = request.input;
        let expected = declared_checksum!(input)?;
        let conditions = WriteConditions { if_match: input.if_match, if_none_match: input.if_none_match };
        let named = input.multipart_upload.and_then(|list| list.parts).unwrap_or_default();
        let (bucket, key, id, size) = (input.bucket, input.key, input.upload_id, input.mpu_object_size);
        let account = self.account.clone();
        let task = tokio::task::spawn_blocking(move || {
            let (upload, chosen) = account.db().read(|tx| {
                versions::Bucket::get(tx, &bucket)?;
                let upload = parts::Upload::get(tx, &bucket, &key, &id)?;
                let chosen = choose(tx, &upload, &named)?;
                Ok::<_, Fault>((upload, chosen))
            })?;
            let blob = join(&account, &upload, &chosen)?;
            let checksum = checksum_of(&upload, &chosen, &blob)?;
            check_whole(expected, size, &checksum, &blob)?;
            account.db().write(|tx| {
                let bucket = versions::Bucket::get(tx, &bucket)?;
                let upload = parts::Upload::get(tx, &bucket.name, &key, &id)?;
                if choose(tx, &upload, &named)?.iter().map(|part| part.blob).ne(chosen.iter().map(|part| part.blob)) {
                    return Err(s3_error!(InvalidPart, "A part was replaced while the upload was completed.").into());
                }
                let content = Content {
                    size: blob.size,
                    etag: etag_of(&chosen)?,
                    blob: blob.sha256,
                    checksum,
                    headers: upload.headers.clone(),
                    expires: upload.expires.clone(),
                    encryption: upload.encryption.clone(),
                };
                let version = versions::write(tx, &bucket, &key, &content, &conditions)?;
                upload.remove(tx)?;
                account.blobs().keep(blob)?;
                let mut output = CompleteMultipartUploadOutput {
                    location: Some(format!("/{}/{key}", bucket.name)),
                    e_tag: Some(etag(&content.etag)),
                    version_id: bucket.shown(&version.version_id),
                    checksum_type: Some(content.checksum.kind()),
                    bucket: Some(bucket.name),
                    key: Some(key),
                    ..Default::default()
                };
                set_checksum!(output, &content.checksum);
                set_encryption!(output, &content.encryption);
                Ok::<_, Fault>(output)
            })
        });
        Ok(task.await.map_err(Fault::from).flatten()?)
    }
}

/// The parts that the client names, checked (API reference, CompleteMultipartUpload).
fn choose(tx: &Transaction<'_>, upload: &parts::Upload, named: &[CompletedPart]) -> Result<Vec<StoredPart>, Fault> {
    if named.is_empty() {
        return Err(s3_error!(MalformedXML, "You must specify at least one part").into());
    }
    if !named.is_sorted_by_key(|part| part.part_number) || has_twins(named) {
        return Err(s3_error!(
            InvalidPartOrder,
            "The list of parts was not in ascending order. The parts list must be specified in order by part number."
        )
        .into());
    }
    let chosen = named.iter().map(|part| choose_one(tx, upload, part)).collect::<Result<Vec<_>, _>>()?;
    let all_but_last = &chosen[..chosen.len() - 1];
    if all_but_last.iter().any(|part| part.size < MIN_PART_BYTES) {
        return Err(s3_error!(EntityTooSmall, "Your proposed upload is smaller than the minimum allowed size").into());
    }
    Ok(chosen)
}

fn has_twins(named: &[CompletedPart]) -> bool {
    named.windows(2).any(|pair| pair[0].part_number == pair[1].part_number)
}

fn choose_one(tx: &Transaction<'_>, upload: &parts::Upload, named: &CompletedPart) -> Result<StoredPart, Fault> {
    let invalid = || {
        s3_error!(
            InvalidPart,
            "One or more of the specified parts could not be found. The part may not have been uploaded, or the \
             specified entity tag may not match the part's entity tag."
        )
    };
    let number = named.part_number.ok_or_else(invalid)?;
    let part = upload.part(tx, number)?.ok_or_else(invalid)?;
    if named.e_tag.as_ref().is_none_or(|tag| tag.value() != part.etag) {
        return Err(invalid().into());
    }
    match declared_checksum!(named)? {
        Some((algorithm, value)) if part.checksum != Checksum::whole(algorithm, value.clone()) => Err(invalid().into()),
        None if upload.composite => Err(s3_error!(
            InvalidRequest,
            "The upload was created using a {} checksum. The complete request must include the checksum for each part. \
             It was missing for part {number} in the request.",
            part.checksum.algorithm.name().to_ascii_lowercase()
        )
        .into()),
        _ => Ok(part),
    }
}

/// One blob of all parts. Blocks for as long as it takes to copy them.
fn join(account: &Account, upload: &parts::Upload, chosen: &[StoredPart]) -> Result<Blob, Fault> {
    let mut draft = account.blobs().draft(upload.algorithm.unwrap_or(Algorithm::Crc64Nvme))?;
    for part in chosen {
        draft.append(&account.blobs().path(&part.blob))?;
    }
    Ok(draft.finish())
}

fn checksum_of(upload: &parts::Upload, chosen: &[StoredPart], blob: &Blob) -> Result<Checksum, Fault> {
    match upload.algorithm {
        Some(algorithm) if upload.composite => {
            let values = chosen.iter().map(|part| part.checksum.value.as_str());
            Checksum::composite(algorithm, values)
                .map_err(|_| s3_error!(InternalError, "a stored part checksum is unreadable").into())
        }
        algorithm => Ok(Checksum::whole(algorithm.unwrap_or(Algorithm::Crc64Nvme), blob.checksum.clone())),
    }
}

/// The MD5 of the parts' entity tags and their number.
fn etag_of(chosen: &[StoredPart]) -> Result<String, Fault> {
    use md5::Digest as _;
    let mut md5 = md5::Md5::new();
    for part in chosen {
        let digest =
            hex::decode(&part.etag).map_err(|_| s3_error!(InternalError, "a stored entity tag is unreadable"))?;
        md5.update(digest);
    }
    Ok(format!("{}-{}", hex::encode(md5.finalize()), chosen.len()))
}

/// What the client says of the whole object must be so.
fn check_whole(
    expected: Option<(Algorithm, String)>,
    size: Option<i64>,
    checksum: &Checksum,
    blob: &Blob,
) -> Result<(), Fault> {
    if let Some((algorithm, value)) = expected {
        let plain = checksum.value.split('-').next();
        if algorithm != checksum.algorithm || (value != checksum.value && Some(value.as_str()) != plain) {
            return Err(s3_error!(
                BadDigest,
                "The {} you specified did not match the calculated checksum.",
                algorithm.name()
            )
            .into());
        }
    }
    match size {
        Some(size) if size.cast_unsigned() != blob.size => Err(s3_error!(
            InvalidRequest,
            "The provided 'x-amz-mp-object-size' header does not match what was computed."
        )
        .into()),
        _ => Ok(()),
    }
}
