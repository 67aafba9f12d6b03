//! Listings of objects and versions, page by page, in the order of the keys' bytes.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use s3s::{
    S3Request, S3Result,
    dto::{self, *},
    s3_error,
};

use super::{
    LocalS3,
    buckets::owner,
    page::{Encoding, Entry, Page, Window, after_marker, delimiter, just_after, limit, page},
    versions::{self, Version, etag},
};

/// The objects of a bucket from a key on.
pub(crate) const CURRENT_FROM: &str = "SELECT sequence, key, version_id, is_latest, modified, delete_marker, size, \
     etag, blob, checksum, headers, expires, encryption FROM versions \
     WHERE bucket = ?1 AND key >= ?2 AND is_latest = 1 AND delete_marker = 0 ORDER BY key";

/// The versions of a bucket from a key on, newest first.
pub(crate) const VERSIONS_FROM: &str = "SELECT sequence, key, version_id, is_latest, modified, delete_marker, size, \
     etag, blob, checksum, headers, expires, encryption FROM versions \
     WHERE bucket = ?1 AND key >= ?2 ORDER BY key, sequence DESC";

impl LocalS3 {
    pub(crate) async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<ListObjectsV2Output> {
        let input = request.input;
        let limit = limit(input.max_keys, "max-keys")?;
        let encoding = Encoding::new(input.encoding_type)?;
        let from = match (&input.continuation_token, &input.start_after) {
            (Some(token), _) => read_token(token)?,
            (None, Some(key)) if !key.is_empty() => just_after(key),
            _ => String::new(),
        };
        let window = Window {
            prefix: input.prefix.clone().unwrap_or_default(),
            delimiter: delimiter(input.delimiter.as_ref()),
            from,
            limit,
        };
        let bucket = input.bucket.clone();
        let Page { entries, next } = self
            .read(move |tx, _| {
                let bucket = versions::Bucket::get(tx, &bucket)?;
                Ok(page(tx, CURRENT_FROM, &bucket.name, &window, |row| Version::from_row(row).map(Some))?)
            })
            .await?;
        let next = next.filter(|_| limit > 0);
        let key_count = entries.len();
        let (mut contents, mut common_prefixes) = (Vec::new(), Vec::new());
        for entry in entries {
            match entry {
                Entry::CommonPrefix(prefix) => {
                    common_prefixes.push(CommonPrefix { prefix: Some(encoding.write(prefix)) })
                }
                Entry::Item(version) => contents.extend(object(version, &encoding, input.fetch_owner == Some(true))),
            }
        }
        Ok(ListObjectsV2Output {
            name: Some(input.bucket),
            prefix: Some(encoding.write(input.prefix.unwrap_or_default())),
            delimiter: input.delimiter.map(|text| encoding.write(text)),
            start_after: input.start_after.map(|text| encoding.write(text)),
            encoding_type: encoding.kind(),
            max_keys: Some(limit as i32),
            key_count: Some(key_count as i32),
            is_truncated: Some(next.is_some()),
            continuation_token: input.continuation_token,
            next_continuation_token: next.map(|key| URL_SAFE_NO_PAD.encode(key)),
            contents: Some(contents),
            common_prefixes: Some(common_prefixes),
            request_charged: None,
        })
    }

    pub(crate) async fn list_object_versions(
        &self,
        request: S3Request<ListObjectVersionsInput>,
    ) -> S3Result<ListObjectVersionsOutput> {
        let input = request.input;
        let limit = limit(input.max_keys, "max-keys")?;
        let encoding = Encoding::new(input.encoding_type)?;
        let key_marker = input.key_marker.clone().unwrap_or_default();
        let id_marker = input.version_id_marker.clone().filter(|id| !id.is_empty());
        if id_marker.is_some() && key_marker.is_empty() {
            return Err(s3_error!(InvalidArgument, "A version-id marker cannot be specified without a key marker."));
        }
        let (bucket, prefix, delimiter) =
            (input.bucket.clone(), input.prefix.clone().unwrap_or_default(), delimiter(input.delimiter.as_ref()));
        let marker = key_marker.clone();
        let (Page { entries, next }, last) = self
            .read(move |tx, _| {
                let bucket = versions::Bucket::get(tx, &bucket)?;
                let older_than = match &id_marker {
                    Some(id) => Some(
                        versions::by_id(tx, &bucket.name, &marker, id)?
                            .ok_or_else(|| s3_error!(InvalidArgument, "Invalid version id specified"))?
                            .sequence,
                    ),
                    None => None,
                };
                let from = match (older_than, marker.is_empty()) {
                    (Some(_), _) => marker.clone(),
                    (None, false) => after_marker(&marker, &prefix, delimiter.as_deref()),
                    (None, true) => String::new(),
                };
                let window = Window { prefix, delimiter, from, limit };
                let page = page(tx, VERSIONS_FROM, &bucket.name, &window, |row| {
                    let version = Version::from_row(row)?;
                    let shown = older_than.is_some_and(|marked| version.key == marker && version.sequence >= marked);
                    Ok((!shown).then_some(version))
                })?;
                let last = page.entries.last().map(|entry| match entry {
                    Entry::Item(version) => (version.key.clone(), Some(version.version_id.clone())),
                    Entry::CommonPrefix(prefix) => (prefix.clone(), None),
                });
                Ok((page, last))
            })
            .await?;
        let next = next.and(last);
        let mut output = ListObjectVersionsOutput {
            name: Some(input.bucket),
            prefix: Some(encoding.write(input.prefix.unwrap_or_default())),
            delimiter: input.delimiter.map(|text| encoding.write(text)),
            encoding_type: encoding.kind(),
            key_marker: Some(encoding.write(key_marker)),
            version_id_marker: input.version_id_marker,
            max_keys: Some(limit as i32),
            is_truncated: Some(next.is_some()),
            ..Default::default()
        };
        (output.next_key_marker, output.next_version_id_marker) =
            next.map_or((None, None), |(key, id)| (Some(encoding.write(key)), id));
        let (mut shown, mut markers, mut prefixes) = (Vec::new(), Vec::new(), Vec::new());
        for entry in entries {
            match entry {
                Entry::CommonPrefix(prefix) => prefixes.push(CommonPrefix { prefix: Some(encoding.write(prefix)) }),
                Entry::Item(version) if version.content.is_none() => markers.push(delete_marker(version, &encoding)),
                Entry::Item(version) => shown.extend(object_version(version, &encoding)),
            }
        }
        (output.versions, output.delete_markers, output.common_prefixes) = (Some(shown), Some(markers), Some(prefixes));
        Ok(output)
    }
}

fn read_token(token: &str) -> S3Result<String> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok();
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| s3_error!(InvalidArgument, "The continuation token provided is incorrect"))
}

fn object(version: Version, encoding: &Encoding, with_owner: bool) -> Option<Object> {
    let last_modified = version.last_modified();
    let content = version.content?;
    Some(Object {
        key: Some(encoding.write(version.key)),
        e_tag: Some(etag(&content.etag)),
        size: Some(content.size.cast_signed()),
        last_modified: Some(last_modified),
        checksum_algorithm: Some(vec![ChecksumAlgorithm::from_static(content.checksum.algorithm.name())]),
        checksum_type: Some(content.checksum.kind()),
        storage_class: Some(ObjectStorageClass::from_static(ObjectStorageClass::STANDARD)),
        owner: with_owner.then(owner),
        restore_status: None,
    })
}

fn object_version(version: Version, encoding: &Encoding) -> Option<dto::ObjectVersion> {
    let last_modified = version.last_modified();
    let content = version.content?;
    Some(dto::ObjectVersion {
        key: Some(encoding.write(version.key)),
        version_id: Some(version.version_id),
        is_latest: Some(version.is_latest),
        e_tag: Some(etag(&content.etag)),
        size: Some(content.size.cast_signed()),
        last_modified: Some(last_modified),
        checksum_algorithm: Some(vec![ChecksumAlgorithm::from_static(content.checksum.algorithm.name())]),
        checksum_type: Some(content.checksum.kind()),
        storage_class: Some(ObjectVersionStorageClass::from_static(ObjectVersionStorageClass::STANDARD)),
        owner: Some(owner()),
        restore_status: None,
    })
}

fn delete_marker(version: Version, encoding: &Encoding) -> DeleteMarkerEntry {
    DeleteMarkerEntry {
        last_modified: Some(version.last_modified()),
        key: Some(encoding.write(version.key)),
        version_id: Some(version.version_id),
        is_latest: Some(version.is_latest),
        owner: Some(owner()),
    }
}
