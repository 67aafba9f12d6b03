//! What a release leaves behind in the bucket: the manifest and the lock, as values.

pub mod etag;
pub mod lock;
pub mod manifest;
pub mod place;

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use etag::ETag;
pub use lock::Lock;
pub use manifest::{Manifest, ManifestError, Published, ReleaseMark, Superseded};

/// The name of a release: `20261121T063000Z-4f2a9c01`, its second in UTC and 32 random bits. Sorts by time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
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

impl TryFrom<String> for ReleaseId {
    type Error = String;

    /// Takes a stored name. It becomes part of keys, so it must be one that [`ReleaseId::new`] makes.
    fn try_from(name: String) -> Result<Self, String> {
        let form = |byte: u8| if byte.is_ascii_digit() { b'0' } else { byte };
        let is_time = |time: &str| time.bytes().map(form).eq(*b"00000000T000000Z");
        let is_random =
            |random: &str| random.len() == 8 && random.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        match name.split_once('-') {
            Some((time, random)) if is_time(time) && is_random(random) => Ok(Self(name)),
            _ => Err(format!("{name:?} is not the name of a release")),
        }
    }
}

impl From<ReleaseId> for String {
    fn from(id: ReleaseId) -> String {
        id.0
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

    #[test]
    fn only_names_of_releases_are_taken_from_a_bucket() {
        let table = [
            ("20261121T063000Z-4f2a9c01", true),
            ("20261121T063000Z-4F2A9C01", false),
            ("../../lock.json", false),
            ("20261121T063000Z-4f2a9c01/x", false),
            ("", false),
        ];
        for (name, taken) in table {
            assert_eq!(ReleaseId::try_from(name.to_owned()).is_ok(), taken, "{name}");
        }
    }
}
