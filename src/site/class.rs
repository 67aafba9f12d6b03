//! What kind of file an object is: what decides its caching.

use serde::{Deserialize, Serialize};

/// How an object may be cached, and so when it must be uploaded and invalidated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileClass {
    /// A content-hashed name in a framework's asset folder: its bytes never change, browsers keep it for a year.
    Immutable,
    /// Everything else that pages use: the edge keeps it until it is invalidated, browsers ask every time.
    Asset,
    /// An HTML page.
    Page,
    /// A file that tells browsers about new releases: service workers, web manifests, version files.
    Entry,
}
