//! The account's index: one SQLite file that several processes may use at once.

use std::{
    path::{Path, PathBuf},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

/// Marks a SQLite file as a local account (`PRAGMA application_id`): "CRUD".
pub(crate) const APPLICATION_ID: i32 = 0x4352_5544;

/// The layout below; a file with another number was written by another version of this program.
pub(crate) const SCHEMA_VERSION: i32 = 2;

/// How long a process waits for another one's write. Writes take well under a millisecond, so this is a hang.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// Keys compare as BINARY, which for UTF-8 is S3's listing order. `current_objects` holds exactly what a listing
/// shows, so a page of a listing is a range scan of that index whatever the size of the bucket.
const SCHEMA: &str = "
CREATE TABLE buckets (
    name TEXT PRIMARY KEY,
    region TEXT NOT NULL,
    versioning TEXT,
    created INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE versions (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    bucket TEXT NOT NULL REFERENCES buckets (name),
    key TEXT NOT NULL,
    version_id TEXT NOT NULL,
    is_latest INTEGER NOT NULL,
    delete_marker INTEGER NOT NULL,
    size INTEGER NOT NULL,
    etag TEXT NOT NULL,
    blob TEXT,
    checksum TEXT,
    headers TEXT,
    expires TEXT,
    modified INTEGER NOT NULL
);
CREATE INDEX versions_by_key ON versions (bucket, key, sequence DESC);
CREATE UNIQUE INDEX versions_by_id ON versions (bucket, key, version_id);
CREATE UNIQUE INDEX latest_versions ON versions (bucket, key) WHERE is_latest = 1;
CREATE INDEX current_objects ON versions (bucket, key) WHERE is_latest = 1 AND delete_marker = 0;
CREATE INDEX versions_by_blob ON versions (blob);

CREATE TABLE uploads (
    upload_id TEXT PRIMARY KEY,
    bucket TEXT NOT NULL REFERENCES buckets (name),
    key TEXT NOT NULL,
    headers TEXT NOT NULL,
    expires TEXT,
    checksum_algorithm TEXT NOT NULL,
    composite INTEGER NOT NULL,
    initiated INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX uploads_by_key ON uploads (bucket, key, upload_id);

CREATE TABLE parts (
    upload_id TEXT NOT NULL REFERENCES uploads (upload_id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    size INTEGER NOT NULL,
    etag TEXT NOT NULL,
    blob TEXT NOT NULL,
    checksum TEXT NOT NULL,
    modified INTEGER NOT NULL,
    PRIMARY KEY (upload_id, number)
) WITHOUT ROWID;
CREATE INDEX parts_by_blob ON parts (blob);

CREATE TABLE garbage (
    blob TEXT PRIMARY KEY,
    since INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TRIGGER version_leaves_blob AFTER DELETE ON versions WHEN OLD.blob IS NOT NULL BEGIN
    INSERT OR REPLACE INTO garbage VALUES (OLD.blob, unixepoch());
END;
CREATE TRIGGER part_leaves_blob AFTER DELETE ON parts BEGIN
    INSERT OR REPLACE INTO garbage VALUES (OLD.blob, unixepoch());
END;

CREATE TABLE distributions (
    id TEXT PRIMARY KEY,
    domain_name TEXT NOT NULL,
    caller_reference TEXT NOT NULL UNIQUE,
    configuration TEXT NOT NULL,
    etag TEXT NOT NULL,
    modified INTEGER NOT NULL,
    tags TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE aliases (
    name TEXT PRIMARY KEY,
    distribution_id TEXT NOT NULL REFERENCES distributions (id) ON DELETE CASCADE
) WITHOUT ROWID;

CREATE TABLE resources (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (kind, id)
) WITHOUT ROWID;

CREATE TABLE invalidations (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    distribution_id TEXT NOT NULL REFERENCES distributions (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    caller_reference TEXT NOT NULL,
    paths TEXT NOT NULL,
    created INTEGER NOT NULL
);
CREATE UNIQUE INDEX invalidations_by_id ON invalidations (distribution_id, id);
CREATE UNIQUE INDEX invalidations_by_reference ON invalidations (distribution_id, caller_reference);
CREATE INDEX invalidations_by_sequence ON invalidations (distribution_id, sequence);
";

/// Why a file is not the index of a local account.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// A SQLite file of some other program.
    #[error("its account.db belongs to another program")]
    Foreign,
    /// Written by an older version of this program, in a layout that is not read any more.
    #[error("its layout is number {0}, this version reads {SCHEMA_VERSION}")]
    Older(i32),
    /// Written by a newer version of this program.
    #[error("its layout is number {0}, this version knows {SCHEMA_VERSION}")]
    Newer(i32),
    /// SQLite could not open or read it.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

/// Connections to the index: one that writes, and as many readers as are busy at once.
pub(crate) struct Database {
    path: PathBuf,
    writer: Mutex<Connection>,
    readers: Mutex<Readers>,
    reader_is_back: Condvar,
}

/// The most connections that read at once. Each holds files open, and a snapshot takes microseconds.
const MAX_READERS: usize = 8;

#[derive(Default)]
struct Readers {
    idle: Vec<Connection>,
    busy: usize,
}

impl Database {
    /// Opens the index, or makes it where there is none.
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        let mut writer = Connection::open(path)?;
        writer.busy_timeout(BUSY_TIMEOUT)?;
        if is_foreign(&mut writer)? {
            return Err(OpenError::Foreign);
        }
        configure(&writer)?;
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        match transaction.pragma_query_value(None, "user_version", |row| row.get::<_, i32>(0))? {
            0 => {
                transaction.execute_batch(SCHEMA)?;
                transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
                transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
            }
            SCHEMA_VERSION => {}
            older if older < SCHEMA_VERSION => return Err(OpenError::Older(older)),
            newer => return Err(OpenError::Newer(newer)),
        }
        transaction.commit()?;
        Ok(Self {
            path: path.to_owned(),
            writer: Mutex::new(writer),
            readers: Mutex::default(),
            reader_is_back: Condvar::new(),
        })
    }

    /// Runs `work` on one consistent snapshot.
    pub(crate) fn read<T, E: From<rusqlite::Error>>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut lent = self.borrow_reader();
        let reader = match &mut lent.connection {
            Some(reader) => reader,
            none => none.insert(self.open_reader()?),
        };
        work(&reader.transaction()?)
    }

    /// Runs `work` alone among all processes; what it wrote stays only when it succeeds.
    pub(crate) fn write<T, E: From<rusqlite::Error>>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut writer = lock(&self.writer);
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let outcome = work(&transaction)?;
        transaction.commit()?;
        Ok(outcome)
    }

    /// Waits until fewer than [`MAX_READERS`] are busy.
    fn borrow_reader(&self) -> LentReader<'_> {
        let readers = lock(&self.readers);
        let waited = self.reader_is_back.wait_while(readers, |readers| readers.busy == MAX_READERS);
        let mut readers = waited.unwrap_or_else(PoisonError::into_inner);
        readers.busy += 1;
        LentReader { db: self, connection: readers.idle.pop() }
    }

    fn open_reader(&self) -> rusqlite::Result<Connection> {
        let reader = Connection::open_with_flags(
            &self.path,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        reader.busy_timeout(BUSY_TIMEOUT)?;
        reader.set_prepared_statement_cache_capacity(64);
        Ok(reader)
    }
}

/// A reader that goes back when dropped; without a connection until it needs one.
struct LentReader<'a> {
    db: &'a Database,
    connection: Option<Connection>,
}

impl Drop for LentReader<'_> {
    fn drop(&mut self) {
        let mut readers = lock(&self.db.readers);
        readers.busy -= 1;
        readers.idle.extend(self.connection.take());
        self.db.reader_is_back.notify_one();
    }
}

/// Whether another program made the file; an empty one is anybody's. Both answers are of one moment: another process may be
/// making the account between them.
fn is_foreign(connection: &mut Connection) -> rusqlite::Result<bool> {
    let snapshot = connection.transaction()?;
    let application: i32 = snapshot.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 = snapshot.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(application != APPLICATION_ID && tables > 0)
}

/// Write-ahead logging lets readers and a writer of other processes go on at once. With `NORMAL` a power cut may lose
/// the last writes but never the file, which is right for an account that can be published again.
fn configure(connection: &Connection) -> rusqlite::Result<()> {
    switch_to_wal(connection)?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "recursive_triggers", true)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

/// SQLite does not wait for the lock that this switch needs, so two processes making one account at once must retry.
fn switch_to_wal(connection: &Connection) -> rusqlite::Result<()> {
    let mut attempts = 0;
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(error) if is_busy(&error) && attempts < 200 => {
                attempts += 1;
                std::thread::sleep(Duration::from_millis(10));
            }
            outcome => return outcome,
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked))
}

/// A panic in another thread leaves SQLite's connection usable: its transaction was rolled back on the way out.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(db: &Database, sql: &str) -> String {
        db.read(|tx| {
            let mut statement = tx.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
            let rows = statement.query_map(["b", "k"], |row| row.get::<_, String>(3))?;
            rows.collect::<rusqlite::Result<Vec<_>>>().map(|lines| lines.join("; "))
        })
        .unwrap()
    }

    #[test]
    fn many_openers_make_one_account() {
        // A race is not lost in every round.
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("account.db");
            let openers: Vec<_> = (0..8)
                .map(|_| {
                    let path = path.clone();
                    std::thread::spawn(move || Database::open(&path).map(|_| ()))
                })
                .collect();
            for opener in openers {
                opener.join().unwrap().unwrap();
            }
        }
    }

    #[test]
    fn other_files_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("account.db");
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
        assert!(matches!(Database::open(&path), Err(OpenError::Foreign)));

        let path = folder.path().join("newer.db");
        drop(Database::open(&path).unwrap());
        Connection::open(&path).unwrap().pragma_update(None, "user_version", 9).unwrap();
        assert!(matches!(Database::open(&path), Err(OpenError::Newer(9))));
        Connection::open(&path).unwrap().pragma_update(None, "user_version", 1).unwrap();
        assert!(matches!(Database::open(&path), Err(OpenError::Older(1))));
    }

    #[test]
    fn a_page_of_a_listing_is_a_range_scan() {
        let folder = tempfile::tempdir().unwrap();
        let db = Database::open(&folder.path().join("account.db")).unwrap();
        let objects = plan(&db, crate::local::s3::listing::CURRENT_FROM);
        assert_eq!(objects, "SEARCH versions USING INDEX current_objects (bucket=? AND key>?)");
        let versions = plan(&db, crate::local::s3::listing::VERSIONS_FROM);
        assert_eq!(versions, "SEARCH versions USING INDEX versions_by_key (bucket=? AND key>?)");
        let uploads = plan(&db, crate::local::s3::multipart::UPLOADS_FROM);
        assert_eq!(uploads, "SEARCH uploads USING INDEX uploads_by_key (bucket=? AND key>?)");
    }

    #[test]
    fn what_a_failed_write_did_is_undone() {
        let folder = tempfile::tempdir().unwrap();
        let db = Database::open(&folder.path().join("account.db")).unwrap();
        let outcome = db.write(|tx| {
            tx.execute("INSERT INTO buckets VALUES ('b', 'us-east-1', NULL, 0)", [])?;
            tx.execute("INSERT INTO nonsense VALUES (1)", [])
        });
        assert!(outcome.is_err());
        let count: i64 = db.read(|tx| tx.query_row("SELECT count(*) FROM buckets", [], |row| row.get(0))).unwrap();
        assert_eq!(count, 0);
    }
}
