//! What the local account keeps, as plain values.

use jiff::Timestamp;

use crate::site::Headers;

/// An object as the origin answers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredObject {
    /// Its headers.
    pub headers: Headers,
    /// Its entity tag with the quotes.
    pub etag: String,
    /// When this version was written.
    pub last_modified: Timestamp,
    /// Its length in bytes.
    pub size: u64,
    /// The file with its bytes; content-addressed, so it never changes.
    pub path: std::path::PathBuf,
}

/// Whether an invalidation has reached every edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidationStatus {
    /// Some edge may still answer what it kept.
    InProgress,
    /// No edge does.
    Completed,
}

/// An invalidation of a distribution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalidation {
    /// Its place among all invalidations of the account: higher is later.
    pub sequence: u64,
    /// `I` and 13 capital letters and digits.
    pub id: String,
    /// What the client calls it: the same reference again is the same invalidation.
    pub caller_reference: String,
    /// The paths, percent-encoded, each with a leading `/`; a `*` at the end stands for any rest.
    pub paths: Vec<String>,
    /// When it was asked for.
    pub created: Timestamp,
    /// How far it is, at the time of reading.
    pub status: InvalidationStatus,
}
