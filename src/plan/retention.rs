//! When an object that is no longer part of the site may go.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::{
    release::{Manifest, Published, ReleaseMark, Superseded},
    site::{FileClass, ObjectKey},
};

/// How long content-hashed files stay after the site stopped naming them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Days since they were superseded.
    pub days: u32,
    /// Releases, the newest included, whose files all stay.
    pub releases: u32,
}

impl Default for Retention {
    /// 30 days and the last 3 releases.
    fn default() -> Self {
        Self { days: 30, releases: 3 }
    }
}

impl Retention {
    /// Whether a content-hashed file may go: none of the last releases names it, and it was superseded long enough
    /// ago. `releases` is the history with the release being made first.
    pub fn is_over(&self, superseded: &Superseded, releases: &[ReleaseMark], now: Timestamp) -> bool {
        // The release before the one that superseded it was the last to name it.
        let last_named = releases.iter().position(|mark| mark.id == superseded.by).map_or(usize::MAX, |at| at + 1);
        let age = now.duration_since(superseded.at);
        // Superseded by a machine whose clock is ahead, it would otherwise be too young for others for some seconds.
        let is_old = self.days == 0 || age >= SignedDuration::from_hours(24 * i64::from(self.days));
        last_named >= self.releases as usize && is_old
    }
}

/// Tells content-hashed files from others where only retention depends on it.
///
/// Caching for a year wants certainty, so a hash that could be a word makes a file an asset. Open tabs may ask for its
/// old chunk all the same, and keeping one too many harms nobody: what looks hashed and stands beside what surely is
/// hashed is kept like it.
pub(super) struct HashedNames<'a> {
    folders: BTreeSet<&'a str>,
}

impl<'a> HashedNames<'a> {
    /// Learns from manifests in which folders there are content-hashed files.
    pub fn of(manifests: impl IntoIterator<Item = &'a Manifest>) -> Self {
        let hashed = |manifest: &'a Manifest| {
            let hashed = manifest.objects.iter().filter(|(_, object)| object.class == FileClass::Immutable);
            hashed.map(|(key, _)| key).chain(&manifest.demoted)
        };
        Self { folders: manifests.into_iter().flat_map(hashed).map(ObjectKey::folder).collect() }
    }

    /// Whether `key` is or may be content-hashed.
    pub fn names(&self, key: &ObjectKey, object: &Published) -> bool {
        match object.class {
            FileClass::Immutable => true,
            FileClass::Asset => self.folders.contains(key.folder()) && looks_hashed(key),
            FileClass::Page | FileClass::Entry => false,
        }
    }
}

/// Whether the name, without its extension, ends in `-` or `.` and a hash of 8 or more characters.
pub(crate) fn looks_hashed(key: &ObjectKey) -> bool {
    let stem = key.file_name().rsplit_once('.').map_or("", |(stem, _)| stem).as_bytes();
    let is_hash = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let marks = stem.iter().enumerate().filter(|(_, byte)| matches!(byte, b'-' | b'.'));
    marks.map(|(at, _)| &stem[at + 1..]).any(|hash| hash.len() >= 8 && hash.iter().all(is_hash))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::ReleaseId;

    #[test]
    fn what_looks_hashed_is_known_by_its_end() {
        let table = [
            ("assets/index-features.js", true),
            ("assets/a-Ab_d-fGh.css", true),
            ("assets/chunk.deadbeef.js", true),
            ("assets/logo.png", false),
            ("assets/index-1.js", false),
            ("assets/longer-words", false),
        ];
        for (name, expected) in table {
            assert_eq!(looks_hashed(&ObjectKey::new(name).unwrap()), expected, "{name}");
        }
    }

    #[test]
    fn a_file_goes_only_when_both_limits_are_past() {
        let day = |n: i64| -> Timestamp {
            "2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(24 * n)
        };
        let mark = |n: i64| ReleaseMark { id: ReleaseId::new(day(n), 0), at: day(n) };
        let superseded = Superseded { by: mark(10).id, at: day(10), hashed: true };
        let keep = Retention { days: 30, releases: 3 };
        let table = [
            // (history, newest first; today; may it go)
            (vec![10], 10, false),
            (vec![10, 5], 100, false),        // the second newest release still names it
            (vec![12, 10, 5], 100, false),    // the third newest does
            (vec![14, 12, 10, 5], 39, false), // none of the three does, but it is too young
            (vec![14, 12, 10, 5], 40, true),
            (vec![50, 49, 48], 60, true), // so long ago that the history forgot
            (vec![5], 39, false),         // by a release that was cut off, so that no history names it
            (vec![5], 40, true),
        ];
        for (history, today, goes) in table {
            let releases: Vec<_> = history.iter().map(|n| mark(*n)).collect();
            assert_eq!(keep.is_over(&superseded, &releases, day(today)), goes, "{history:?} on day {today}");
        }
        let by_releases_alone = Retention { days: 0, ..keep };
        let behind = day(10) - SignedDuration::from_secs(10);
        assert!(
            by_releases_alone.is_over(&superseded, &[mark(5)], behind),
            "by a clock that is behind the one that superseded it"
        );
    }
}
