//! The rows of multipart uploads and their parts.

use rusqlite::{OptionalExtension as _, Row, Transaction, params};
use s3s::{dto, s3_error};

use crate::{
    local::{Fault, columns::Json},
    site::{Headers, Sha256},
};

use super::{
    checksum::{Algorithm, Checksum},
    encryption::Encryption,
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
    /// How it will be encrypted.
    pub(crate) encryption: Encryption,
}

/// The columns that [`Upload::from_row`] reads.
pub(crate) const UPLOAD_COLUMNS: &str = "upload_id, key, headers, expires, checksum_algorithm, composite, initiated, \
     encryption";

impl Upload {
    /// The upload, or `NoSuchUpload`.
    pub(crate) fn get(tx: &Transaction<'_>, bucket: &str, key: &str, id: &str) -> Result<Self, Fault> {
        let sql = format!("SELECT {UPLOAD_COLUMNS} FROM uploads WHERE upload_id = ?1 AND bucket = ?2 AND key = ?3");
        let found = tx.prepare_cached(&sql)?.query_row([id, bucket, key], Self::from_row).optional()?;
        Ok(found.ok_or_else(|| {
            s3_error!(
                NoSuchUpload,
                "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted \
                 or completed."
            )
        })?)
    }

    /// From [`UPLOAD_COLUMNS`].
    pub(crate) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let (Json(headers), Json(algorithm), Json(encryption)) = (row.get(2)?, row.get(4)?, row.get(7)?);
        Ok(Self {
            id: row.get(0)?,
            key: row.get(1)?,
            headers,
            expires: row.get(3)?,
            algorithm,
            composite: row.get(5)?,
            initiated: row.get(6)?,
            encryption,
        })
    }

    /// Adds it.
    pub(crate) fn insert(&self, tx: &Transaction<'_>, bucket: &str) -> rusqlite::Result<()> {
        let row = params![
            self.id,
            bucket,
            self.key,
            Json(&self.headers),
            self.expires,
            Json(self.algorithm),
            self.composite,
            self.initiated,
            Json(&self.encryption)
        ];
        tx.prepare_cached("INSERT INTO uploads VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?.execute(row).map(|_| ())
    }

    /// Ends it, and its parts with it.
    pub(crate) fn remove(&self, tx: &Transaction<'_>) -> rusqlite::Result<()> {
        tx.prepare_cached("DELETE FROM uploads WHERE upload_id = ?1")?.execute([&self.id]).map(|_| ())
    }

    /// One of its parts, if it has arrived.
    pub(crate) fn part(&self, tx: &Transaction<'_>, number: i32) -> rusqlite::Result<Option<StoredPart>> {
        let sql = format!("SELECT {PART_COLUMNS} FROM parts WHERE upload_id = ?1 AND number = ?2");
        tx.prepare_cached(&sql)?.query_row(params![self.id, number], StoredPart::from_row).optional()
    }

    /// Its parts with numbers above `after`, in order, at most `limit`.
    pub(crate) fn parts(&self, tx: &Transaction<'_>, after: i32, limit: i64) -> rusqlite::Result<Vec<StoredPart>> {
        let sql =
            format!("SELECT {PART_COLUMNS} FROM parts WHERE upload_id = ?1 AND number > ?2 ORDER BY number LIMIT ?3");
        tx.prepare_cached(&sql)?.query_map(params![self.id, after, limit], StoredPart::from_row)?.collect()
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
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let Json(checksum) = row.get(4)?;
        Ok(Self {
            number: row.get(0)?,
            size: row.get::<_, i64>(1)?.cast_unsigned(),
            etag: row.get(2)?,
            blob: row.get(3)?,
            checksum,
            modified: row.get(5)?,
        })
    }

    /// Adds it; a part of the same number is replaced.
    pub(crate) fn insert(&self, tx: &Transaction<'_>, upload: &Upload) -> rusqlite::Result<()> {
        let row = params![
            upload.id,
            self.number,
            self.size.cast_signed(),
            self.etag,
            self.blob,
            Json(&self.checksum),
            self.modified
        ];
        tx.prepare_cached("INSERT OR REPLACE INTO parts VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?.execute(row).map(|_| ())
    }

    /// When it arrived.
    pub(crate) fn last_modified(&self) -> dto::Timestamp {
        timestamp(self.modified)
    }
}
