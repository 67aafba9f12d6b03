//! The build folder as values: which files there are, what they are, and with which headers they are served.

mod change_time;
pub mod class;
pub mod content_type;
mod cores;
pub mod digest;
pub mod framework;
pub mod hash;
pub mod headers;
pub mod key;
mod name_hash;
pub mod precompressed;
pub mod read;
pub mod references;
pub mod rules;
pub mod secrets;
pub mod walk;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

pub use change_time::ChangeTime;
pub use class::FileClass;
pub use digest::Sha256;
pub use framework::Framework;
pub use headers::Headers;
pub use key::{InvalidKey, ObjectKey};
pub use rules::{Rule, Rules};

/// One file of the build, read and classified: what the published object shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteFile {
    /// Its key below the served prefix.
    pub key: ObjectKey,
    /// The build folder it is in.
    pub folder: Arc<Path>,
    /// Its length in bytes when it was hashed.
    pub size: u64,
    /// Its modification time when it was hashed: only to notice a change during the publish, never to compare.
    pub modified: SystemTime,
    /// When the operating system last saw it change, where that tells; like `modified`, for this publish alone.
    pub changed: Option<ChangeTime>,
    /// The SHA-256 of the file; of one that goes up in parts, that of their digests, as S3 has it ([`Sha256::of_parts`]).
    pub sha256: Sha256,
    /// For files that go up in parts: the SHA-256 of each part of [`part_size`] bytes, in order. Else empty.
    pub parts: Vec<Sha256>,
    /// How it may be cached.
    pub class: FileClass,
    /// What it is served with.
    pub headers: Arc<Headers>,
}

impl SiteFile {
    /// Where it is on disk.
    pub fn path(&self) -> PathBuf {
        self.key.below(&self.folder)
    }
}

/// Files above this many bytes go up in parts (16 MiB).
pub const PART_THRESHOLD: u64 = 16 << 20;

/// The size in bytes of every part but the last of a file of `size` bytes: 16 MiB, doubled until 10,000 parts are
/// enough (S3 User Guide, "Amazon S3 multipart upload limits").
pub fn part_size(size: u64) -> u64 {
    let mut part = PART_THRESHOLD;
    while size.div_ceil(part) > 10_000 {
        part *= 2;
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_stay_within_the_limits_of_s3() {
        assert_eq!(part_size(17 << 20), 16 << 20);
        assert_eq!(part_size(10_000 * (16 << 20)), 16 << 20);
        assert_eq!(part_size(10_000 * (16 << 20) + 1), 32 << 20);
        let largest = 5 << 40;
        assert!(largest / part_size(largest) <= 10_000 && part_size(largest) <= 5 << 30);
    }
}
