//! Object bytes as content-addressed files: `blobs/ab/<sha256>`.
//!
//! A blob is written beside its place and renamed into it, so whoever finds one finds all of it. A blob is named in the
//! index before anybody may read it, and outlives its last mention there by [`GRACE`].

use std::{
    fs::{self, File},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use md5::Digest as _;
use tempfile::{NamedTempFile, TempPath};

use crate::site::Sha256;

use super::{
    db::Database,
    s3::checksum::{Algorithm, Hasher},
};

/// How long a blob that no object names any more stays for those who were handed its path.
const GRACE: Duration = Duration::from_secs(60 * 60);

/// How long an unfinished file may lie about: longer than any upload takes.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

/// The two folders of blobs.
pub(crate) struct Blobs {
    kept: PathBuf,
    incoming: PathBuf,
}

impl Blobs {
    /// Makes the folders where they are missing.
    pub(crate) fn open(account: &Path) -> io::Result<Self> {
        let blobs = Self { kept: account.join("blobs"), incoming: account.join("incoming") };
        fs::create_dir_all(&blobs.kept)?;
        fs::create_dir_all(&blobs.incoming)?;
        Ok(blobs)
    }

    /// Where the blob with this digest is.
    pub(crate) fn path(&self, digest: &Sha256) -> PathBuf {
        let name = digest.hex();
        self.kept.join(&name[..2]).join(name)
    }

    /// A new blob to be written, hashed by `algorithm` too.
    pub(crate) fn draft(&self, algorithm: Algorithm) -> io::Result<Draft> {
        Ok(Draft {
            file: NamedTempFile::new_in(&self.incoming)?,
            size: 0,
            md5: md5::Md5::new(),
            sha256: sha2::Sha256::default(),
            checksum: Hasher::new(algorithm),
        })
    }

    /// Puts a finished blob in its place.
    ///
    /// To be called within the write transaction that names it: that keeps [`Blobs::sweep`] of any process away.
    pub(crate) fn keep(&self, blob: Blob) -> io::Result<()> {
        let path = self.path(&blob.sha256);
        let Err(error) = blob.file.persist(&path) else { return Ok(()) };
        if let (io::ErrorKind::NotFound, Some(folder)) = (error.error.kind(), path.parent()) {
            fs::create_dir_all(folder)?;
            return error.path.persist(&path).map_err(|error| error.error);
        }
        Err(error.error)
    }

    /// Deletes blobs that nothing has named for [`GRACE`], and what killed processes left half-written.
    pub(crate) fn sweep(&self, db: &Database) -> Result<(), super::Fault> {
        self.sweep_incoming()?;
        let before = super::now_seconds() - GRACE.as_secs().cast_signed();
        db.write(|tx| {
            let mut statement = tx.prepare("SELECT blob FROM garbage WHERE since < ?1")?;
            let due = statement.query_map([before], |row| row.get::<_, Sha256>(0))?;
            for blob in due.collect::<Result<Vec<_>, _>>()? {
                let named: bool = tx.query_row(
                    "SELECT EXISTS (SELECT 1 FROM versions WHERE blob = ?1) OR EXISTS (SELECT 1 FROM parts WHERE blob = ?1)",
                    [&blob],
                    |row| row.get(0),
                )?;
                if !named {
                    remove_if_there(&self.path(&blob))?;
                }
                tx.execute("DELETE FROM garbage WHERE blob = ?1", [&blob])?;
            }
            Ok(())
        })
    }

    fn sweep_incoming(&self) -> io::Result<()> {
        let now = SystemTime::now();
        for entry in fs::read_dir(&self.incoming)? {
            let entry = entry?;
            // Another process may finish or drop its file while this one looks at it.
            let Ok(modified) = entry.metadata().and_then(|metadata| metadata.modified()) else { continue };
            if now.duration_since(modified).is_ok_and(|age| age > ABANDONED) {
                remove_if_there(&entry.path())?;
            }
        }
        Ok(())
    }
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}

/// A blob being written; dropped unfinished, it leaves nothing behind.
pub(crate) struct Draft {
    file: NamedTempFile,
    size: u64,
    md5: md5::Md5,
    sha256: sha2::Sha256,
    checksum: Hasher,
}

impl Draft {
    /// Appends bytes.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.md5.update(bytes);
        self.sha256.update(bytes);
        self.checksum.update(bytes);
        self.size += bytes.len() as u64;
        self.file.write_all(bytes)
    }

    /// Appends the whole file at `path`.
    pub(crate) fn append(&mut self, path: &Path) -> io::Result<()> {
        let mut file = File::open(path)?;
        let mut buffer = vec![0; 256 << 10];
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(()),
                count => self.write(&buffer[..count])?,
            }
        }
    }

    /// Ends the blob.
    pub(crate) fn finish(self) -> Blob {
        let sha256 = Sha256(self.sha256.finalize().into());
        Blob {
            file: self.file.into_temp_path(),
            size: self.size,
            md5: self.md5.finalize().into(),
            sha256,
            checksum: self.checksum.finish(&sha256),
        }
    }
}

/// A whole blob that is not in its place yet.
pub(crate) struct Blob {
    file: TempPath,
    /// Its length in bytes.
    pub(crate) size: u64,
    /// Its MD5.
    pub(crate) md5: [u8; 16],
    /// Its SHA-256, which is its name.
    pub(crate) sha256: Sha256,
    /// Its checksum by the algorithm asked for, in base64.
    pub(crate) checksum: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        local::{
            Fault,
            s3::{
                buckets,
                checksum::Checksum,
                conditions::WriteConditions,
                encryption::Encryption,
                versions::{self, Bucket, Content},
            },
        },
        site::Headers,
    };

    #[test]
    fn a_blob_appears_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path()).unwrap();
        let files = || {
            walkdir::WalkDir::new(folder.path())
                .into_iter()
                .filter(|e| e.as_ref().unwrap().file_type().is_file())
                .count()
        };

        let mut dropped = blobs.draft(Algorithm::Crc32).unwrap();
        dropped.write(b"half").unwrap();
        drop(dropped);
        assert_eq!(files(), 0);

        for _ in 0..2 {
            let mut draft = blobs.draft(Algorithm::Sha256).unwrap();
            draft.write(b"hello ").unwrap();
            draft.write(b"world").unwrap();
            let blob = draft.finish();
            assert_eq!((blob.size, blob.sha256), (11, Sha256::of(b"hello world")));
            assert_eq!(blob.checksum, Sha256::of(b"hello world").base64());
            assert_eq!(hex::encode(blob.md5), "5eb63bbbe01eeed093cb22bb8f5acdc3");
            blobs.keep(blob).unwrap();
        }
        assert_eq!(fs::read(blobs.path(&Sha256::of(b"hello world"))).unwrap(), b"hello world");
        assert_eq!(files(), 1);
    }

    fn put(db: &Database, blobs: &Blobs, keys: &[&str], body: &[u8]) -> PathBuf {
        let mut draft = blobs.draft(Algorithm::Sha256).unwrap();
        draft.write(body).unwrap();
        let blob = draft.finish();
        let path = blobs.path(&blob.sha256);
        let content = Content {
            size: blob.size,
            etag: hex::encode(blob.md5),
            blob: blob.sha256,
            checksum: Checksum::whole(Algorithm::Sha256, blob.checksum.clone()),
            headers: Headers::default(),
            expires: None,
            encryption: Encryption::default(),
        };
        db.write(|tx| {
            let bucket = Bucket::get(tx, "bucket")?;
            for key in keys {
                versions::write(tx, &bucket, key, &content, &WriteConditions::default())?;
            }
            Ok::<_, Fault>(blobs.keep(blob)?)
        })
        .unwrap();
        path
    }

    #[test]
    fn a_blob_goes_when_nothing_has_named_it_for_long() {
        let folder = tempfile::tempdir().unwrap();
        let db = Database::open(&folder.path().join("account.db")).unwrap();
        let blobs = Blobs::open(folder.path()).unwrap();
        db.write(|tx| buckets::create(tx, "bucket", "us-east-1")).unwrap();
        let old = put(&db, &blobs, &["old"], b"named by nothing");
        let shared = put(&db, &blobs, &["shared", "copy"], b"named by its copy");
        let delete = |key: &str| {
            db.write(|tx| versions::delete(tx, &Bucket::get(tx, "bucket")?, key, None).map(|_| ())).unwrap();
        };
        delete("old");
        delete("shared");
        let long_ago = crate::local::now_seconds() - GRACE.as_secs().cast_signed() - 1;
        db.write(|tx| tx.execute("UPDATE garbage SET since = ?1", [long_ago])).unwrap();
        let fresh = put(&db, &blobs, &["fresh"], b"named until now");
        delete("fresh");

        blobs.sweep(&db).unwrap();
        assert_eq!((old.exists(), shared.exists(), fresh.exists()), (false, true, true));
    }
}
