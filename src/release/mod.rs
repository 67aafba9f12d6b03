//! What a release leaves behind in the bucket: the manifest and the lock, as values.

pub mod lock;
pub mod manifest;
pub mod place;

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use lock::Lock;
pub use manifest::{Manifest, ManifestError, Published, ReleaseMark, Superseded};

/// The name of a release: `20261121T063000Z-4f2a9c01`, its second in UTC and 32 random bits. Sorts by time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReleaseId(String);

impl ReleaseId {
    /// Names a release made at `now`; `random` tells two of the same second apart.
    pub fn new(now: Timestamp, random: u32) -> Self {
        Self(format!("{}-{random:08x}", now.strftime("%Y%m%dT%H%M%SZ")))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReleaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_named_by_its_second() {
        let at: Timestamp = "2026-11-21T06:30:00.7Z".parse().unwrap();
        assert_eq!(ReleaseId::new(at, 0x4f2a_9c01).as_str(), "20261121T063000Z-4f2a9c01");
    }
}
