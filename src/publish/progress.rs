//! How a publish tells what it is doing.

use crate::{plan::Stage, release::Lock, site::ObjectKey};

/// Something that happened.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// So many files are to be hashed, with so many bytes together.
    HashingStarts {
        /// Files.
        files: u64,
        /// Bytes.
        bytes: u64,
    },
    /// So many more bytes are hashed.
    Hashed(u64),
    /// All files are hashed.
    HashingEnds,
    /// The bucket was listed.
    Listed(usize),
    /// The stored manifest was not readable and is left out of account.
    ManifestIgnored(&'a str),
    /// Another publish holds the lock; we wait for it.
    WaitingForLock(&'a Lock),
    /// A stage of uploads begins.
    StageStarts(Stage, u64, u64),
    /// So many bytes of a file in parts have arrived.
    PartStored(u64),
    /// A file is in place, and so many of its bytes are not yet reported as parts.
    Stored(&'a ObjectKey, u64),
    /// All uploads are done.
    UploadsEnd,
    /// The edges were asked to forget so many paths.
    Invalidating(usize),
    /// Every edge has forgotten.
    Invalidated,
    /// So many objects are being deleted.
    Deleting(usize),
    /// Something that does not stop the publish.
    Warning(&'a str),
}

/// Who is told.
pub trait Progress: Send + Sync {
    /// Takes one event; called from many tasks, so it must be quick.
    fn event(&self, event: Event<'_>);
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn event(&self, _: Event<'_>) {}
}
