//! Everything the account keeps that is neither an object nor a distribution: one JSON document each.

use rusqlite::{OptionalExtension as _, Transaction, params};
use serde::{Serialize, de::DeserializeOwned};

use super::columns::Json;

/// Reads the document of `kind` (`acm/certificate`) that has this id.
pub(crate) fn get<T: Serialize + DeserializeOwned>(
    tx: &Transaction<'_>,
    kind: &str,
    id: &str,
) -> rusqlite::Result<Option<T>> {
    let mut statement = tx.prepare_cached("SELECT document FROM resources WHERE kind = ?1 AND id = ?2")?;
    Ok(statement.query_row([kind, id], |row| row.get(0)).optional()?.map(|Json(document)| document))
}

/// Every document of `kind`, by id.
pub(crate) fn all<T: Serialize + DeserializeOwned>(
    tx: &Transaction<'_>,
    kind: &str,
) -> rusqlite::Result<Vec<(String, T)>> {
    let mut statement = tx.prepare_cached("SELECT id, document FROM resources WHERE kind = ?1 ORDER BY id")?;
    let rows = statement.query_map([kind], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.map(|row| row.map(|(id, Json(document))| (id, document))).collect()
}

/// Writes a document, over the one that has this id.
pub(crate) fn put<T: Serialize + DeserializeOwned>(
    tx: &Transaction<'_>,
    kind: &str,
    id: &str,
    document: &T,
) -> rusqlite::Result<()> {
    tx.execute("INSERT OR REPLACE INTO resources VALUES (?1, ?2, ?3)", params![kind, id, Json(document)])?;
    Ok(())
}

/// Deletes a document; tells whether there was one.
pub(crate) fn delete(tx: &Transaction<'_>, kind: &str, id: &str) -> rusqlite::Result<bool> {
    Ok(tx.execute("DELETE FROM resources WHERE kind = ?1 AND id = ?2", [kind, id])? > 0)
}
