//! The rows of multipart uploads and their parts.

use rusqlite::{OptionalExtension as _, Row, Transaction, params};
use s3s::{dto, s3_error};

use crate::{
    local::Fault,
    site::{Headers, Sha256},
};

use super::{
    checksum::{Algorithm, Checksum},
    versions::timestamp,
};

/// A row of `uploads`.
pub(crate) struct Upload {
    /// Its id.
    pub(crate) id: String,
    /// The key it will have.
    pub(crate) key: String,
    /// The headers it will have.
    pub(crate) headers: Headers,
    /// The `Expires` header it will have.
    pub(crate) expires: Option<String>,
    /// The checksum algorithm named when it began.
    pub(crate) algorithm: Option<Algorithm>,
    /// Whether the object gets the checksum of its parts' checksums.
    pub(crate) composite: bool,
    /// When it began, in seconds since 1970.
    pub(crate) initiated: i64,
}

/// The columns that [`Upload::from_row`] reads.
pub(crate) const UPLOAD_COLUMNS: &str =
    "upload_id, key, headers, expires, checksum_algorithm, checksum_type, initiated";

impl Upload {
    /// The upload, or `NoSuchUpload`.
    pub(crate) fn get(tx: &Transaction<'_>, bucket: &str, key: &str, id: &str) -> Result<Self, Fault> {
        let sql = format!("SELECT {UPLOAD_COLUMNS} FROM uploads WHERE upload_id = ?1 AND bucket = ?2 AND key = ?3");
        let mut statement = tx.prepare_cached(&sql)?;
        let mut rows = statement.query([id, bucket, key])?;
        match rows.next()? {
            Some(row) => Self::from_row(row),
            None => Err(s3_error!(
                NoSuchUpload,
                "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted \
                 or completed."
            )
            .into()),
        }
    }

    /// From [`UPLOAD_COLUMNS`].
    pub(crate) fn from_row(row: &Row<'_>) -> Result<Self, Fault> {
        let algorithm: Option<String> = row.get(4)?;
        let kind: Option<String> = row.get(5)?;
        Ok(Self {
            id: row.get(0)?,
            key: row.get(1)?,
            headers: serde_json::from_str(row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?)?,
            expires: row.get(3)?,
            algorithm: algorithm.as_deref().map(Algorithm::parse).transpose()?,
            composite: kind.as_deref() == Some(dto::ChecksumType::COMPOSITE),
            initiated: row.get(6)?,
        })
    }

    /// Adds it.
    pub(crate) fn insert(&self, tx: &Transaction<'_>, bucket: &str) -> Result<(), Fault> {
        tx.prepare_cached("INSERT INTO uploads VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?.execute(params![
            self.id,
            bucket,
            self.key,
            serde_json::to_string(&self.headers)?,
            self.expires,
            self.algorithm.map(Algorithm::name),
            self.algorithm.map(|_| super::checksum::kind_name(self.composite)),
            self.initiated,
        ])?;
        Ok(())
    }

    /// Ends it, and its parts with it.
    pub(crate) fn remove(&self, tx: &Transaction<'_>) -> rusqlite::Result<()> {
        tx.prepare_cached("DELETE FROM uploads WHERE upload_id = ?1")?.execute([&self.id]).map(|_| ())
    }

    /// One of its parts, if it has arrived.
    pub(crate) fn part(&self, tx: &Transaction<'_>, number: i32) -> Result<Option<StoredPart>, Fault> {
        let sql = format!("SELECT {PART_COLUMNS} FROM parts WHERE upload_id = ?1 AND number = ?2");
        let mut statement = tx.prepare_cached(&sql)?;
        statement.query_row(params![self.id, number], |row| Ok(StoredPart::from_row(row))).optional()?.transpose()
    }

    /// Its parts with numbers above `after`, in order, at most `limit`.
    pub(crate) fn parts(&self, tx: &Transaction<'_>, after: i32, limit: i64) -> Result<Vec<StoredPart>, Fault> {
        let sql =
            format!("SELECT {PART_COLUMNS} FROM parts WHERE upload_id = ?1 AND number > ?2 ORDER BY number LIMIT ?3");
        let mut statement = tx.prepare_cached(&sql)?;
        let rows = statement.query_map(params![self.id, after, limit], |row| Ok(StoredPart::from_row(row)))?;
        rows.map(|row| row.map_err(Fault::from).flatten()).collect()
    }
}

/// A row of `parts`.
pub(crate) struct StoredPart {
    /// 1 to 10,000.
    pub(crate) number: i32,
    /// Length in bytes.
    pub(crate) size: u64,
    /// MD5 in hexadecimal.
    pub(crate) etag: String,
    /// The blob with the bytes.
    pub(crate) blob: Sha256,
    /// The checksum S3 keeps.
    pub(crate) checksum: Checksum,
    /// When it arrived, in seconds since 1970.
    pub(crate) modified: i64,
}

const PART_COLUMNS: &str = "number, size, etag, blob, checksum, modified";

impl StoredPart {
    fn from_row(row: &Row<'_>) -> Result<Self, Fault> {
        let blob: String = row.get(3)?;
        Ok(Self {
            number: row.get(0)?,
            size: row.get::<_, i64>(1)?.cast_unsigned(),
            etag: row.get(2)?,
            blob: Sha256::from_hex(&blob).ok_or(rusqlite::Error::InvalidColumnName(blob))?,
            checksum: serde_json::from_str(row.get_ref(4)?.as_str().map_err(rusqlite::Error::from)?)?,
            modified: row.get(5)?,
        })
    }

    /// Adds it; a part of the same number is replaced.
    pub(crate) fn insert(&self, tx: &Transaction<'_>, upload: &Upload) -> Result<(), Fault> {
        tx.prepare_cached("INSERT OR REPLACE INTO parts VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?.execute(params![
            upload.id,
            self.number,
            self.size.cast_signed(),
            self.etag,
            self.blob.hex(),
            serde_json::to_string(&self.checksum)?,
            self.modified,
        ])?;
        Ok(())
    }

    /// When it arrived.
    pub(crate) fn last_modified(&self) -> dto::Timestamp {
        timestamp(self.modified)
    }
}
