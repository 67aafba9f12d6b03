//! The lock: who is publishing, and what a publish that was cut off still owes.
//!
//! One small object does it all. While a publish works it keeps others away. When a publish dies, the lock it leaves
//! is its journal: the invalidation it had planned, which the next publish then makes even where the bucket
//! already holds everything. When a publish ends, its lock stays, and says so: no two are alike, so that whoever takes it as they saw
//! it knows that nobody has published since.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::ReleaseId;
use crate::error::plain;

/// How long a lock holds without being renewed.
pub const LEASE: SignedDuration = SignedDuration::from_secs(60);

/// No lock is longer, in bytes (16 MiB): it owes at most the 3,000 paths that CloudFront takes at once, of at most 4,000
/// characters each (Developer Guide, "Quotas" and "What you need to know when invalidating files").
pub const MAX_BYTES: u64 = 16 << 20;

/// The lock object's content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// The release being published.
    pub release: ReleaseId,
    /// The user who publishes, as the machine knows them.
    pub owner: String,
    /// The machine's name.
    pub host: String,
    /// The process on that machine.
    pub process: u32,
    /// What tells that process from every other one that has been or will be, where the machine can tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// When the publish took the lock.
    pub started: Timestamp,
    /// Until when it holds; a publish at work moves this on.
    pub expires: Timestamp,
    /// The invalidation paths this publish owes once it has changed its first object.
    pub owes: Vec<String>,
    /// Whether the publish came to its end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ended: bool,
}

impl Lock {
    /// Whether somebody may still be at work under this lock.
    pub fn holds(&self, now: Timestamp) -> bool {
        !self.ended && now < self.expires
    }

    /// The same lock, held for another [`LEASE`] from `now`.
    #[must_use]
    pub fn renewed(&self, now: Timestamp) -> Self {
        Self { expires: now.saturating_add(LEASE).unwrap_or(now), ..self.clone() }
    }

    /// The same lock, given up at `now`: only the journal of what is owed remains.
    #[must_use]
    pub fn given_up(&self, now: Timestamp) -> Self {
        Self { expires: now, ..self.clone() }
    }

    /// The same lock once its publish has come to its end at `now`: it owes nothing.
    #[must_use]
    pub fn ended(&self, now: Timestamp) -> Self {
        Self { owes: Vec::new(), ended: true, ..self.given_up(now) }
    }

    /// The bytes to store.
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(self).expect("a lock has only strings, numbers and lists")
    }

    /// Reads a stored lock; `None` when it is not one (then it holds nobody back and owes nothing).
    ///
    /// Names become such as can be shown. A path that CloudFront would refuse, and with it every later publish, becomes all
    /// paths.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut lock: Self = serde_json::from_slice(bytes).ok()?;
        (lock.owner, lock.host) = (plain(&lock.owner), plain(&lock.host));
        for path in &mut lock.owes {
            // A `*` is the last character or none, of at most 4,000 (CloudFront Developer Guide, "What you need to know when
            // invalidating files").
            let is_one_wildcard = path.find('*').is_none_or(|at| at + 1 == path.len());
            let is_graphic = path.bytes().all(|byte| byte.is_ascii_graphic());
            if !path.starts_with('/') || !is_graphic || !is_one_wildcard || path.len() > 4000 {
                "/*".clone_into(path);
            }
        }
        Some(lock)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_holds_until_it_expires_or_is_given_up() {
        let now: Timestamp = "2026-11-21T06:30:00Z".parse().unwrap();
        let lock = Lock {
            release: ReleaseId::new(now, 1),
            owner: "ann".into(),
            host: "laptop".into(),
            process: 7,
            instance: None,
            started: now,
            expires: now,
            owes: vec!["/*".into()],
            ended: false,
        }
        .renewed(now);
        assert!(lock.holds(now));
        assert!(!lock.holds(now + LEASE));
        assert!(!lock.given_up(now).holds(now));
        let (ended, before) = (lock.ended(now), now - LEASE);
        assert_eq!(
            (ended.holds(before), ended.owes.len(), ended.ended),
            (false, 0, true),
            "whatever the reader's clock"
        );
        assert_eq!(Lock::decode(&ended.encode()), Some(ended));
        assert_eq!(Lock::decode(&lock.encode()), Some(lock));
        assert_eq!(Lock::decode(b"{"), None);
    }

    #[test]
    fn what_somebody_wrote_into_a_lock_can_be_shown_and_asked_for() {
        let now: Timestamp = "2026-11-21T06:30:00Z".parse().unwrap();
        let written = Lock {
            release: ReleaseId::new(now, 1),
            owner: "\u{1b}[31mann".into(),
            host: "a\nb".into(),
            process: 7,
            instance: None,
            started: now,
            expires: now,
            owes: ["/a%20b*", "a", "", "/a b", "/ü", "/a*b", &format!("/{}", "x".repeat(4000))]
                .map(String::from)
                .into(),
            ended: false,
        };
        let read = Lock::decode(&written.encode()).unwrap();
        assert_eq!((read.owner.as_str(), read.host.as_str()), (r"\u{1b}[31mann", r"a\u{a}b"));
        assert_eq!(read.owes, ["/a%20b*", "/*", "/*", "/*", "/*", "/*", "/*"]);
    }
}
