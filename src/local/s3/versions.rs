//! The versions of objects: what is there, what a write adds and what a delete takes away.

use std::time::SystemTime;

use rusqlite::{OptionalExtension as _, Row, Transaction, params};
use s3s::{
    S3Error, S3Result,
    dto::{self, ETag, ETagCondition},
    s3_error,
};

use crate::{
    local::{Fault, columns::Json, from_seconds, now_seconds, random_id},
    site::{Headers, Sha256},
};

use super::{access, buckets, checksum::Checksum, conditions::WriteConditions};

/// The version id of objects written while versioning is not on.
pub(crate) const NULL_VERSION: &str = "null";

const VERSION_ID_ALPHABET: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._";

/// A bucket's versioning; `None` of it when it was never turned on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Versioning {
    /// Every write keeps what was there.
    Enabled,
    /// Writes replace the null version; older versions stay.
    Suspended,
}

impl Versioning {
    /// The name in S3's XML.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Enabled => dto::BucketVersioningStatus::ENABLED,
            Self::Suspended => dto::BucketVersioningStatus::SUSPENDED,
        }
    }

    /// Reads the name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::Enabled, Self::Suspended].into_iter().find(|versioning| versioning.name() == name)
    }
}

/// A row of `buckets`.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    /// Its name.
    pub(crate) name: String,
    /// Its region.
    pub(crate) region: String,
    /// Its versioning, if it was ever turned on.
    pub(crate) versioning: Option<Versioning>,
    /// When it was made, in seconds since 1970.
    pub(crate) created: i64,
}

impl Bucket {
    /// The bucket, if there is one.
    pub(crate) fn find(tx: &Transaction<'_>, name: &str) -> rusqlite::Result<Option<Self>> {
        tx.prepare_cached("SELECT name, region, versioning, created FROM buckets WHERE name = ?1")?
            .query_row([name], Self::from_row)
            .optional()
    }

    /// The bucket, or `NoSuchBucket`; `AccessDenied` where another account has one of this name.
    pub(crate) fn get(tx: &Transaction<'_>, name: &str) -> Result<Self, Fault> {
        if let Some(bucket) = Self::find(tx, name)? {
            return Ok(bucket);
        }
        match buckets::elsewhere(tx, name)? {
            Some(region) => Err(access::denied_in(&region)?.into()),
            None => Err(s3_error!(NoSuchBucket, "The specified bucket does not exist").into()),
        }
    }

    /// From `name, region, versioning, created`.
    pub(crate) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let versioning: Option<String> = row.get(2)?;
        Ok(Self {
            name: row.get(0)?,
            region: row.get(1)?,
            versioning: versioning.as_deref().and_then(Versioning::parse),
            created: row.get(3)?,
        })
    }

    /// The id a new version gets.
    fn new_version_id(&self) -> String {
        match self.versioning {
            Some(Versioning::Enabled) => random_id(VERSION_ID_ALPHABET, 32),
            _ => NULL_VERSION.to_owned(),
        }
    }

    /// What answers tell of a version's id: nothing in a bucket that was never versioned.
    pub(crate) fn shown(&self, version_id: &str) -> Option<String> {
        self.versioning.is_some().then(|| version_id.to_owned())
    }
}

/// What a write stores beside the key.
#[derive(Debug, Clone)]
pub(crate) struct Content {
    /// Length in bytes.
    pub(crate) size: u64,
    /// The entity tag without quotes.
    pub(crate) etag: String,
    /// The blob with the bytes.
    pub(crate) blob: Sha256,
    /// The checksum S3 keeps.
    pub(crate) checksum: Checksum,
    /// System-defined and user-defined metadata.
    pub(crate) headers: Headers,
    /// The `Expires` header.
    pub(crate) expires: Option<String>,
}

/// A row of `versions`.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    /// Higher is newer.
    pub(crate) sequence: i64,
    /// The key.
    pub(crate) key: String,
    /// The id.
    pub(crate) version_id: String,
    /// Whether it is the newest of its key.
    pub(crate) is_latest: bool,
    /// When it was written, in seconds since 1970.
    pub(crate) modified: i64,
    /// What was stored; `None` of a delete marker.
    pub(crate) content: Option<Content>,
}

/// The columns that [`Version::from_row`] reads.
pub(crate) const COLUMNS: &str =
    "sequence, key, version_id, is_latest, modified, delete_marker, size, etag, blob, checksum, headers, expires";

impl Version {
    /// From [`COLUMNS`].
    pub(crate) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let delete_marker: bool = row.get(5)?;
        let content = if delete_marker { None } else { Some(content_from_row(row)?) };
        Ok(Self {
            sequence: row.get(0)?,
            key: row.get(1)?,
            version_id: row.get(2)?,
            is_latest: row.get(3)?,
            modified: row.get(4)?,
            content,
        })
    }

    /// When it was written.
    pub(crate) fn last_modified(&self) -> dto::Timestamp {
        timestamp(self.modified)
    }
}

fn content_from_row(row: &Row<'_>) -> rusqlite::Result<Content> {
    let (Json(checksum), Json(headers)) = (row.get(9)?, row.get(10)?);
    Ok(Content {
        size: row.get::<_, i64>(6)?.cast_unsigned(),
        etag: row.get(7)?,
        blob: row.get(8)?,
        checksum,
        headers,
        expires: row.get(11)?,
    })
}

/// A row's time as S3 tells it.
pub(crate) fn timestamp(seconds: i64) -> dto::Timestamp {
    SystemTime::from(from_seconds(seconds)).into()
}

/// The newest version of a key, which may be a delete marker.
pub(crate) fn latest(tx: &Transaction<'_>, bucket: &str, key: &str) -> rusqlite::Result<Option<Version>> {
    let sql = format!("SELECT {COLUMNS} FROM versions WHERE bucket = ?1 AND key = ?2 AND is_latest = 1");
    tx.prepare_cached(&sql)?.query_row([bucket, key], Version::from_row).optional()
}

/// One version of a key.
pub(crate) fn by_id(tx: &Transaction<'_>, bucket: &str, key: &str, id: &str) -> rusqlite::Result<Option<Version>> {
    let sql = format!("SELECT {COLUMNS} FROM versions WHERE bucket = ?1 AND key = ?2 AND version_id = ?3");
    tx.prepare_cached(&sql)?.query_row([bucket, key, id], Version::from_row).optional()
}

/// The version a read asks for with what it stores.
///
/// # Errors
/// `NoSuchKey` and `NoSuchVersion`; for delete markers what S3 User Guide, "Working with delete markers" says.
pub(crate) fn readable(
    tx: &Transaction<'_>,
    bucket: &Bucket,
    key: &str,
    version_id: Option<&str>,
) -> Result<(Version, Content), Fault> {
    let version = match version_id {
        Some(id) => by_id(tx, &bucket.name, key, id)?.ok_or_else(no_such_version)?,
        None => latest(tx, &bucket.name, key)?.ok_or_else(no_such_key)?,
    };
    match version.content.clone() {
        Some(content) => Ok((version, content)),
        None => {
            let mut error = match version_id {
                Some(_) => s3_error!(MethodNotAllowed, "The specified method is not allowed against this resource."),
                None => no_such_key(),
            };
            error.set_headers(delete_marker_headers(&version)?);
            Err(error.into())
        }
    }
}

fn delete_marker_headers(version: &Version) -> S3Result<http::HeaderMap> {
    let mut headers = http::HeaderMap::new();
    headers.insert("x-amz-delete-marker", http::HeaderValue::from_static("true"));
    let id = http::HeaderValue::from_str(&version.version_id).map_err(S3Error::internal_error)?;
    headers.insert("x-amz-version-id", id);
    Ok(headers)
}

/// `NoSuchKey`.
pub(crate) fn no_such_key() -> S3Error {
    s3_error!(NoSuchKey, "The specified key does not exist.")
}

/// `NoSuchVersion`.
pub(crate) fn no_such_version() -> S3Error {
    s3_error!(NoSuchVersion, "The specified version does not exist.")
}

/// Writes a new version and returns its id.
pub(crate) fn write(
    tx: &Transaction<'_>,
    bucket: &Bucket,
    key: &str,
    content: &Content,
    conditions: &WriteConditions,
) -> Result<Version, Fault> {
    let current = latest(tx, &bucket.name, key)?;
    conditions.check(current.and_then(|version| version.content).as_ref())?;
    Ok(add(tx, bucket, key, Some(content))?)
}

/// What a delete did.
pub(crate) struct Deleted {
    /// The version that was removed for good, or the delete marker that was added.
    pub(crate) version_id: String,
    /// Whether that version is a delete marker.
    pub(crate) delete_marker: bool,
}

/// Deletes without naming a version: for good, or by a delete marker where versions are kept.
///
/// Deleting what is not there succeeds, unless `if_match` demands that it is.
pub(crate) fn delete(
    tx: &Transaction<'_>,
    bucket: &Bucket,
    key: &str,
    if_match: Option<&ETagCondition>,
) -> Result<Option<Deleted>, Fault> {
    check_delete(tx, bucket, key, if_match)?;
    if bucket.versioning.is_none() {
        tx.prepare_cached("DELETE FROM versions WHERE bucket = ?1 AND key = ?2")?.execute([&bucket.name, key])?;
        return Ok(None);
    }
    let marker = add(tx, bucket, key, None)?;
    Ok(Some(Deleted { version_id: marker.version_id, delete_marker: true }))
}

/// Conditions of deletes look at the newest version only (S3 User Guide, "How to perform conditional deletes").
fn check_delete(
    tx: &Transaction<'_>,
    bucket: &Bucket,
    key: &str,
    if_match: Option<&ETagCondition>,
) -> Result<(), Fault> {
    if if_match.is_none() {
        return Ok(());
    }
    let current = latest(tx, &bucket.name, key)?.and_then(|version| version.content);
    let conditions = WriteConditions { if_match: if_match.cloned(), if_none_match: None };
    Ok(conditions.check(current.as_ref())?)
}

/// Removes one version for good; the next older one becomes the newest.
pub(crate) fn delete_version(
    tx: &Transaction<'_>,
    bucket: &Bucket,
    key: &str,
    id: &str,
    if_match: Option<&ETagCondition>,
) -> Result<Option<Deleted>, Fault> {
    check_delete(tx, bucket, key, if_match)?;
    let Some(version) = by_id(tx, &bucket.name, key, id)? else { return Ok(None) };
    tx.prepare_cached("DELETE FROM versions WHERE sequence = ?1")?.execute([version.sequence])?;
    if version.is_latest {
        tx.prepare_cached(
            "UPDATE versions SET is_latest = 1 WHERE sequence =
                (SELECT sequence FROM versions WHERE bucket = ?1 AND key = ?2 ORDER BY sequence DESC LIMIT 1)",
        )?
        .execute([&bucket.name, key])?;
    }
    Ok(Some(Deleted { version_id: version.version_id, delete_marker: version.content.is_none() }))
}

/// Adds a version, or a delete marker for no content, as the newest; one with the same id is replaced.
fn add(tx: &Transaction<'_>, bucket: &Bucket, key: &str, content: Option<&Content>) -> rusqlite::Result<Version> {
    let version_id = bucket.new_version_id();
    if version_id == NULL_VERSION {
        tx.prepare_cached("DELETE FROM versions WHERE bucket = ?1 AND key = ?2 AND version_id = ?3")?.execute([
            &bucket.name,
            key,
            NULL_VERSION,
        ])?;
    }
    tx.prepare_cached("UPDATE versions SET is_latest = 0 WHERE bucket = ?1 AND key = ?2 AND is_latest = 1")?
        .execute([&bucket.name, key])?;
    let modified = now_seconds();
    let sequence = tx
        .prepare_cached(
            "INSERT INTO versions (bucket, key, version_id, is_latest, modified, delete_marker, size, etag, blob,
                checksum, headers, expires) VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .insert(params![
            bucket.name,
            key,
            version_id,
            modified,
            content.is_none(),
            content.map_or(0, |content| content.size.cast_signed()),
            content.map_or("", |content| &content.etag),
            content.map(|content| content.blob),
            content.map(|content| Json(&content.checksum)),
            content.map(|content| Json(&content.headers)),
            content.and_then(|content| content.expires.as_deref()),
        ])?;
    Ok(Version { sequence, key: key.to_owned(), version_id, is_latest: true, modified, content: content.cloned() })
}

/// An entity tag as S3 tells it.
pub(crate) fn etag(value: &str) -> ETag {
    ETag::Strong(value.to_owned())
}
