//! What every answer of S3 tells beside what was asked: the time, and whether the requests come too fast.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{Intercept, context::BeforeDeserializationInterceptorContextRef},
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::ConfigBag;
use jiff::{SignedDuration, Timestamp};

/// Clocks that are so near to each other are taken for right: a date has whole seconds, and an answer takes its time.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(5);

/// Sees every answer, also those that lead to another try.
#[derive(Debug, Clone, Default)]
pub(super) struct Watch(Arc<Seen>);

#[derive(Debug, Default)]
struct Seen {
    /// The date of the first answer, and when it came.
    date: Mutex<Option<(Timestamp, Instant)>>,
    slowed: AtomicU64,
}

impl Watch {
    /// The time now by S3's clock.
    pub fn store_time(&self) -> Option<Timestamp> {
        self.store_time_at(Instant::now())
    }

    /// The time at `moment` by S3's clock, or up to a second before it: answers are dated in whole seconds.
    pub fn store_time_at(&self, moment: Instant) -> Option<Timestamp> {
        let (date, at) = (*self.0.date.lock().unwrap_or_else(PoisonError::into_inner))?;
        let later = date.saturating_add(moment.saturating_duration_since(at)).ok()?;
        later.saturating_sub(at.saturating_duration_since(moment)).ok()
    }

    /// Answers so far that asked for fewer requests.
    pub fn slowed(&self) -> u64 {
        self.0.slowed.load(Relaxed)
    }
}

/// What must be added to this machine's time `now` so that it is the store's.
pub(super) fn offset(store: Timestamp, now: Timestamp) -> SignedDuration {
    let offset = store.duration_since(now);
    if offset.abs() > TOLERANCE { offset } else { SignedDuration::ZERO }
}

impl Intercept for Watch {
    fn name(&self) -> &'static str {
        "watch"
    }

    fn read_after_transmit(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        // S3 says 503 SlowDown (S3 User Guide, "Optimizing Amazon S3 performance"); other stores say 429, too.
        if matches!(response.status().as_u16(), 429 | 503) {
            self.0.slowed.fetch_add(1, Relaxed);
        }
        let mut date = self.0.date.lock().unwrap_or_else(PoisonError::into_inner);
        if date.is_none() {
            let told = response.headers().get("date").and_then(|date| httpdate::parse_http_date(date).ok());
            *date = told.and_then(|date| Timestamp::try_from(date).ok()).map(|date| (date, Instant::now()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_corrected_when_it_is_far_from_the_store_s() {
        let store: Timestamp = "2026-11-21T06:30:00Z".parse().unwrap();
        for (ahead, expected) in [(0, 0), (4, 0), (-5, 0), (6, -6), (3600, -3600), (-3600, 3600)] {
            let now = store + SignedDuration::from_secs(ahead);
            assert_eq!(offset(store, now), SignedDuration::from_secs(expected), "{ahead} s ahead");
        }
    }
}
