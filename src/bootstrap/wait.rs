//! Waiting for what AWS and the DNS do on their own: looked at with growing pauses, told with what is seen, limited.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Event, Session, stopped};
use crate::error::{Error, ErrorKind, Result};

/// The pause after the first look, and the longest one.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(10));

/// How many looks in a row may fail before the wait does: a network that is gone for a moment ends no wait of an hour.
const FAILURES: u32 = 5;

/// What one look saw.
pub(super) enum Look<T> {
    /// It has come.
    Here(T),
    /// It has not; and what there is to tell of it, if anything.
    NotYet(String),
}

impl Session {
    /// Looks until it has come; `None` once the limit is passed. What is made stays whatever happens here.
    ///
    /// # Errors
    /// [`ErrorKind::Interrupted`] after [`Session::stop`]; what `look` fails with, unless it is AWS or the network that
    /// fails only for a while.
    pub(super) async fn wait<T>(
        &self,
        what: &str,
        limit: Duration,
        mut look: impl AsyncFnMut() -> Result<Look<T>>,
    ) -> Result<Option<T>> {
        let since = Instant::now();
        let (mut pause, longest) = PAUSES;
        let mut failures = 0;
        let mut told: Option<String> = None;
        let waited = loop {
            let seen = tokio::select! {
                seen = look() => seen,
                () = self.stop.cancelled() => break Err(stopped()),
            };
            match seen {
                Ok(Look::Here(value)) => break Ok(Some(value)),
                Ok(Look::NotYet(seen)) => {
                    failures = 0;
                    if told.as_deref() != Some(&*seen) {
                        self.progress.event(Event::Waiting { what, seen: &seen });
                        told = Some(seen);
                    }
                }
                Err(error) if error.kind() == ErrorKind::Service && failures < FAILURES => failures += 1,
                Err(error) => break Err(error),
            }
            if since.elapsed() + pause > limit {
                break Ok(None);
            }
            tokio::select! {
                () = sleep(pause) => {}
                () = self.stop.cancelled() => break Err(stopped()),
            }
            pause = (pause * 3 / 2).min(longest);
        };
        if told.is_some() {
            self.progress.event(Event::Waited);
        }
        waited
    }
}

/// The error of a wait that has taken too long: what is missing, and what may be behind it.
pub(super) fn too_long(what: &str, limit: Duration, next: impl Into<String>) -> Error {
    let waited = match limit.as_secs() {
        0 => "not waited for".to_owned(),
        seconds if seconds < 120 => format!("waited {seconds} seconds"),
        seconds => format!("waited {} minutes", seconds / 60),
    };
    Error::new(ErrorKind::Service, format!("{what} ({waited}); what is made stays"), next)
}
