//! The change time of a file.

use std::{
    fs::Metadata,
    time::{Duration, SystemTime},
};

/// How far apart two changes are that a file system may date alike: a tick of a slow kernel clock (10 ms at 100 Hz), twice.
const TICK: Duration = Duration::from_millis(20);

/// When the operating system last saw a file change, its name and permissions included. Unlike the modification time nobody can
/// set it, so a file that still has it has the same bytes; one that has another may have them, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangeTime {
    seconds: i64,
    nanoseconds: i64,
}

impl ChangeTime {
    /// The change time, where the operating system has one.
    pub fn of(metadata: &Metadata) -> Option<Self> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            Some(Self { seconds: metadata.ctime(), nanoseconds: metadata.ctime_nsec() })
        }
        #[cfg(not(unix))]
        {
            let _ = metadata;
            None
        }
    }

    /// Whether a change at `moment` or later would be dated later.
    pub fn is_settled(&self, moment: SystemTime) -> bool {
        let since = moment.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let age = since.as_nanos().cast_signed() - self.nanoseconds_since_1970();
        age > TICK.as_nanos().cast_signed()
    }

    fn nanoseconds_since_1970(&self) -> i128 {
        i128::from(self.seconds) * 1_000_000_000 + i128::from(self.nanoseconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_just_now_may_change_again_within_the_tick() {
        let at = ChangeTime { seconds: 1_000, nanoseconds: 500_000_000 };
        let after = |ms: u64| SystemTime::UNIX_EPOCH + Duration::from_millis(1_000_500 + ms);
        for (moment, settled) in [(after(0), false), (after(20), false), (after(21), true), (after(3_600_000), true)] {
            assert_eq!(at.is_settled(moment), settled, "{moment:?}");
        }
        assert!(!at.is_settled(SystemTime::UNIX_EPOCH), "a clock that was set back");
    }
}
