//! When an object that is no longer part of the site may go.

use jiff::{SignedDuration, Timestamp};

use crate::release::{ReleaseMark, Superseded};

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
        last_named >= self.releases as usize && age >= SignedDuration::from_hours(24 * i64::from(self.days))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::ReleaseId;

    #[test]
    fn a_file_goes_only_when_both_limits_are_past() {
        let day = |n: i64| -> Timestamp {
            "2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(24 * n)
        };
        let mark = |n: i64| ReleaseMark { id: ReleaseId::new(day(n), 0), at: day(n) };
        let superseded = Superseded { by: mark(10).id, at: day(10) };
        let keep = Retention { days: 30, releases: 3 };
        let table = [
            // (history, newest first; today; may it go)
            (vec![10], 10, false),
            (vec![10, 5], 100, false),        // the second newest release still names it
            (vec![12, 10, 5], 100, false),    // the third newest does
            (vec![14, 12, 10, 5], 39, false), // none of the three does, but it is too young
            (vec![14, 12, 10, 5], 40, true),
            (vec![50, 49, 48], 60, true), // so long ago that the history forgot
        ];
        for (history, today, goes) in table {
            let releases: Vec<_> = history.iter().map(|n| mark(*n)).collect();
            assert_eq!(keep.is_over(&superseded, &releases, day(today)), goes, "{history:?} on day {today}");
        }
    }
}
