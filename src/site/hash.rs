//! Reads every file of the build once: its digests, and the secrets in it.

use std::{
    fs::{self, File, Metadata},
    io::{self, Read as _},
    path::Path,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::SystemTime,
};

use md5::Md5;
use sha2::{Digest as _, Sha256 as Hasher};

use super::{
    ChangeTime, PART_THRESHOLD, Sha256,
    cores::on_all_cores,
    part_size,
    secrets::{Scanner, Secret},
    walk::{FoundFile, Identity, unreadable},
};
use crate::{Error, ErrorKind, Result};

/// Bytes read at a time: large enough that system calls cost nothing, small enough for the second-level cache.
const BUFFER: usize = 512 << 10;

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashedFile {
    /// The file as it was found, and still was after it was read.
    pub file: FoundFile,
    /// When the operating system last saw it change: none where that cannot tell whether it changes from now on.
    pub changed: Option<ChangeTime>,
    /// The SHA-256 of the file; of one in parts, that of their digests.
    pub sha256: Sha256,
    /// For files above [`PART_THRESHOLD`] bytes: the SHA-256 of each part of [`part_size`] bytes, in order. Else empty.
    pub parts: Vec<Sha256>,
    /// What [`crate::site::secrets`] found in it; [`refuse`](crate::site::secrets::refuse) judges.
    pub secrets: Vec<Secret>,
}

/// Hashes `files` on all cores and has `take` make something of each, with a `tool` of each core: returned in the order the files
/// came. `on_progress` is called from any thread with the number of bytes read since its last call.
///
/// # Errors
/// - [`Io`](ErrorKind::Io): a file cannot be read, or is not as it was found: it changed, grew, shrank or vanished.
/// - [`Interrupted`](ErrorKind::Interrupted): `cancelled` became true.
/// - What `take` says.
///
/// Where several files are in trouble, the first known is told, and no further file is begun.
pub fn hash_all<T, R: Send>(
    files: &[FoundFile],
    on_progress: &(dyn Fn(u64) + Sync),
    cancelled: &AtomicBool,
    tool: impl Fn() -> T + Sync,
    take: impl Fn(&mut T, HashedFile) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    // The largest first, so that no core is left with a long file when the others are done.
    let mut order: Vec<usize> = (0..files.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(files[*index].size));
    let failed = AtomicBool::new(false);
    let work = |(buffer, tool): &mut (Vec<u8>, T), index: &usize| {
        if failed.load(Relaxed) {
            return None;
        }
        let hashed = hash_file(&files[*index], buffer, on_progress, cancelled);
        let taken = hashed.and_then(|hashed| take(tool, hashed));
        failed.fetch_or(taken.is_err(), Relaxed);
        Some((*index, taken))
    };
    let mut results: Vec<_> = on_all_cores(&order, || (vec![0; BUFFER], tool()), work).into_iter().flatten().collect();
    results.sort_unstable_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, taken)| taken).collect()
}

fn hash_file(
    file: &FoundFile,
    buffer: &mut [u8],
    on_progress: &dyn Fn(u64),
    cancelled: &AtomicBool,
) -> Result<HashedFile> {
    let told = |error: io::Error| unreadable(file.key.as_str(), &error);
    let path = file.path();
    let began = SystemTime::now();
    let mut open = File::open(&path).map_err(told)?;
    let (mut parts, mut scanner) = (Parts::of(file.size), Scanner::default());
    let mut left = file.size;
    while left > 0 {
        if cancelled.load(Relaxed) {
            return Err(interrupted());
        }
        let most = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let piece = match open.read(&mut buffer[..most]) {
            Ok(0) => break, // It shrinks: said below.
            Ok(length) => &buffer[..length],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(told(error)),
        };
        left -= piece.len() as u64;
        parts.update(piece);
        scanner.feed(piece, left == 0);
        on_progress(piece.len() as u64);
    }
    // Who takes the name from a file changes it, too, so that a file that has not changed has its name: to look that up takes longer.
    let open = open.metadata().map_err(told)?;
    let vouched = ChangeTime::of(&open).filter(|at| file.changed == Some(*at) && at.is_settled(began));
    let now = if vouched.is_some() { open } else { fs::metadata(&path).map_err(told)? };
    unchanged(file, &now)?;
    if left > 0 {
        return Err(changed(file, "it was rewritten meanwhile"));
    }
    let (sha256, parts) = parts.finish();
    Ok(HashedFile { file: file.clone(), changed: vouched, sha256, parts, secrets: scanner.finish() })
}

/// The digests of the parts that a file goes up in: small ones in one.
struct Parts {
    /// The size of each but the last.
    size: u64,
    left: u64,
    hasher: Hasher,
    done: Vec<Sha256>,
}

impl Parts {
    fn of(file_size: u64) -> Self {
        let size = if file_size > PART_THRESHOLD { part_size(file_size) } else { u64::MAX };
        Self { size, left: size, hasher: Hasher::new(), done: Vec::new() }
    }

    fn update(&mut self, mut piece: &[u8]) {
        while !piece.is_empty() {
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

    /// The digest of the file, and those of its parts if it goes up in parts.
    fn finish(mut self) -> (Sha256, Vec<Sha256>) {
        if self.size == u64::MAX {
            return (Sha256(self.hasher.finalize().into()), Vec::new());
        }
        if self.left < self.size {
            self.end_part();
        }
        (Sha256::of_parts(&self.done), self.done)
    }
}

/// The digest of a file that has `bytes`.
pub fn digest(bytes: &[u8]) -> Sha256 {
    let mut parts = Parts::of(bytes.len() as u64);
    parts.update(bytes);
    parts.finish().0
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
    if Identity::of(now) != file.identity {
        return Err(changed(file, "it was replaced meanwhile"));
    }
    Ok(())
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
