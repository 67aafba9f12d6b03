//! The time of a history: the runtime's, which a test may stop, and what is leapt over.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering::Relaxed},
};

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// A clock that all of a history share.
#[derive(Clone)]
pub struct Clock {
    base: Timestamp,
    start: Instant,
    leapt: Arc<AtomicI64>,
}

impl Clock {
    /// Starts at the machine's time.
    pub fn start() -> Self {
        Self { base: Timestamp::now(), start: Instant::now(), leapt: Arc::default() }
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        self.base
            + SignedDuration::try_from(self.start.elapsed()).unwrap()
            + SignedDuration::from_secs(self.leapt.load(Relaxed))
    }

    /// Seconds since the start.
    pub fn seconds(&self) -> f64 {
        self.now().duration_since(self.base).as_secs_f64()
    }

    /// Lets seconds pass at once.
    pub fn leap(&self, seconds: i64) {
        self.leapt.fetch_add(seconds, Relaxed);
    }
}
