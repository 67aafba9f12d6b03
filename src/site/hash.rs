//! Reads every file of the build once: its digests, and the secrets in it.

use std::{
    fs::{self, File, Metadata},
    io::{self, Read as _},
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    thread,
};

use md5::Md5;
use sha2::{Digest as _, Sha256 as Hasher};

use super::{
    PART_THRESHOLD, Sha256, part_size,
    secrets::{Scanner, Secret},
    walk::{FoundFile, unreadable},
};
use crate::{Error, ErrorKind, Result};

/// Bytes read at a time: large enough that system calls cost nothing, small enough for the second-level cache.
const BUFFER: usize = 512 << 10;

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashedFile {
    /// The file as it was found, and still was after it was read.
    pub file: FoundFile,
    /// The SHA-256 of the whole file.
    pub sha256: Sha256,
    /// For files above [`PART_THRESHOLD`] bytes: the SHA-256 of each part of [`part_size`] bytes, in order. Else empty.
    pub parts: Vec<Sha256>,
    /// What [`crate::site::secrets`] found in it; [`refuse`](crate::site::secrets::refuse) judges.
    pub secrets: Vec<Secret>,
}

/// Hashes `files` on all cores and returns them in the order they came. `on_progress` is called from any thread with
/// the number of bytes read since its last call.
///
/// # Errors
/// - [`Io`](ErrorKind::Io): a file cannot be read, or is not as it was found: it changed, grew, shrank or vanished.
/// - [`Interrupted`](ErrorKind::Interrupted): `cancelled` became true.
///
/// Where several files are in trouble, the first known is told, and no further file is begun.
pub fn hash_all(
    files: Vec<FoundFile>,
    on_progress: &(dyn Fn(u64) + Sync),
    cancelled: &AtomicBool,
) -> Result<Vec<HashedFile>> {
    // The largest first, so that no core is left with a long file when the others are done.
    let mut order: Vec<usize> = (0..files.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(files[*index].size));
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let results = Mutex::new(Vec::with_capacity(files.len()));
    let work = || {
        let mut buffer = vec![0; BUFFER];
        while let Some(&index) = order.get(next.fetch_add(1, Relaxed))
            && !failed.load(Relaxed)
        {
            let hashed = hash_file(&files[index], &mut buffer, on_progress, cancelled);
            failed.fetch_or(hashed.is_err(), Relaxed);
            // A panic of another thread is passed on by the scope; the results are whole all the same.
            results.lock().unwrap_or_else(PoisonError::into_inner).push((index, hashed));
        }
    };
    let cores = thread::available_parallelism().map_or(1, usize::from).min(files.len());
    thread::scope(|scope| {
        for _ in 1..cores {
            scope.spawn(work);
        }
        work();
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(index, _)| *index);
    let digests = results.into_iter().map(|(_, hashed)| hashed).collect::<Result<Vec<_>>>()?;
    Ok(files.into_iter().zip(digests).map(|(file, digests)| digests.of(file)).collect())
}

/// What one reading of a file tells.
struct Digests {
    sha256: Sha256,
    parts: Vec<Sha256>,
    secrets: Vec<Secret>,
}

impl Digests {
    fn of(self, file: FoundFile) -> HashedFile {
        HashedFile { file, sha256: self.sha256, parts: self.parts, secrets: self.secrets }
    }
}

fn hash_file(
    file: &FoundFile,
    buffer: &mut [u8],
    on_progress: &dyn Fn(u64),
    cancelled: &AtomicBool,
) -> Result<Digests> {
    let told = |error: io::Error| unreadable(file.key.as_str(), &error);
    let mut open = File::open(&file.path).map_err(told)?;
    let opened = open.metadata().map_err(told)?;
    unchanged(file, &opened)?;
    let (mut whole, mut parts, mut scanner) = (Hasher::new(), Parts::of(file.size), Scanner::default());
    let mut read = 0;
    loop {
        if cancelled.load(Relaxed) {
            return Err(interrupted());
        }
        let piece = match open.read(buffer) {
            Ok(0) => break,
            Ok(length) => &buffer[..length],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(told(error)),
        };
        read += piece.len() as u64;
        if read > file.size {
            break; // It grows: said below, and not read to an end that may never come.
        }
        whole.update(piece);
        parts.update(piece);
        scanner.feed(piece);
        on_progress(piece.len() as u64);
    }
    let now = fs::metadata(&file.path).map_err(told)?;
    unchanged(file, &now)?;
    if read != file.size || !same_file(&opened, &now) {
        return Err(changed(file, "it was replaced or rewritten meanwhile"));
    }
    Ok(Digests { sha256: Sha256(whole.finalize().into()), parts: parts.finish(), secrets: scanner.finish() })
}

/// The digests of the parts a large file goes up in.
struct Parts {
    /// 0 for a file that goes up whole.
    size: u64,
    left: u64,
    hasher: Hasher,
    done: Vec<Sha256>,
}

impl Parts {
    fn of(file_size: u64) -> Self {
        let size = if file_size > PART_THRESHOLD { part_size(file_size) } else { 0 };
        Self { size, left: size, hasher: Hasher::new(), done: Vec::new() }
    }

    fn update(&mut self, mut piece: &[u8]) {
        while self.size > 0 && !piece.is_empty() {
            let take = usize::try_from(self.left).map_or(piece.len(), |left| left.min(piece.len()));
            let (this, rest) = piece.split_at(take);
            self.hasher.update(this);
            self.left -= take as u64;
            piece = rest;
            if self.left == 0 {
                self.end_part();
            }
        }
    }

    fn end_part(&mut self) {
        self.done.push(Sha256(self.hasher.finalize_reset().into()));
        self.left = self.size;
    }

    fn finish(mut self) -> Vec<Sha256> {
        if self.left < self.size {
            self.end_part();
        }
        self.done
    }
}

/// Whether the file is still as it was found.
fn unchanged(file: &FoundFile, now: &Metadata) -> Result<()> {
    let size = now.len();
    if size != file.size {
        let verb = if size > file.size { "grew" } else { "shrank" };
        return Err(changed(file, &format!("it {verb} from {} to {size} bytes", file.size)));
    }
    if now.modified().is_ok_and(|modified| modified != file.modified) {
        return Err(changed(file, "its modification time is another"));
    }
    Ok(())
}

/// Whether two looks at a path saw the same file, where the operating system can tell.
#[cfg(unix)]
fn same_file(a: &Metadata, b: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

/// Whether two looks at a path saw the same file, where the operating system can tell.
#[cfg(not(unix))]
fn same_file(_: &Metadata, _: &Metadata) -> bool {
    true
}

fn changed(file: &FoundFile, how: &str) -> Error {
    Error::new(
        ErrorKind::Io,
        format!("{} changed while the build was read", file.key),
        "let the build finish, stop whatever rebuilds on change, then publish again",
    )
    .because(how)
}

fn interrupted() -> Error {
    Error::new(ErrorKind::Interrupted, "stopped while reading the build", "nothing was changed; publish again")
}

/// The MD5 of a file in lower-case hexadecimal: the ETag, without its quotes, of an object uploaded in one piece and
/// not encrypted with SSE-KMS or SSE-C (S3 API Reference, "Object", `ETag`).
///
/// # Errors
/// [`Io`](ErrorKind::Io) when the file cannot be read.
pub fn md5_hex(path: &Path) -> Result<String> {
    let mut whole = Md5::new();
    read_all(path, |piece| whole.update(piece))?;
    Ok(hex::encode(whole.finalize()))
}

/// The ETag, without its quotes, of an object that another tool uploaded in parts of `part_size` bytes: the MD5 of
/// the parts' MD5s, `-`, and how many they are (S3 User Guide, "Checking object integrity", multipart ETags).
///
/// # Errors
/// [`Io`](ErrorKind::Io) when the file cannot be read; [`Input`](ErrorKind::Input) when `part_size` is 0.
pub fn multipart_etag(path: &Path, part_size: u64) -> Result<String> {
    if part_size == 0 {
        return Err(Error::new(
            ErrorKind::Input,
            "a part cannot have 0 bytes",
            "give the size the parts were uploaded with",
        ));
    }
    let (mut outer, mut part, mut left, mut count) = (Md5::new(), Md5::new(), part_size, 0_u64);
    read_all(path, |mut piece| {
        while !piece.is_empty() {
            let take = usize::try_from(left).map_or(piece.len(), |left| left.min(piece.len()));
            part.update(&piece[..take]);
            piece = &piece[take..];
            left -= take as u64;
            if left == 0 {
                outer.update(part.finalize_reset());
                (left, count) = (part_size, count + 1);
            }
        }
    })?;
    // An empty file is one empty part.
    if left < part_size || count == 0 {
        outer.update(part.finalize());
        count += 1;
    }
    Ok(format!("{}-{count}", hex::encode(outer.finalize())))
}

fn read_all(path: &Path, mut take: impl FnMut(&[u8])) -> Result<()> {
    let told = |error: io::Error| unreadable(&path.display().to_string(), &error);
    let mut file = File::open(path).map_err(told)?;
    let mut buffer = vec![0; BUFFER];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(length) => take(&buffer[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(told(error)),
        }
    }
}

#[cfg(test)]
mod tests;
