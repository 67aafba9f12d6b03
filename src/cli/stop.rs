//! Ctrl-C: once to stop cleanly, twice to stop at once.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{sync::mpsc, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::error::{Error, ErrorKind};

/// What comes within this time of the first signal is the same wish: a terminal sends Ctrl-C to the program and to whatever wraps it
/// (the npm package, `timeout`), which passes it on.
const ONE_PRESS: Duration = Duration::from_millis(250);

/// What the parts of a run look at to see whether the user wants to stop.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    /// For what waits.
    pub token: CancellationToken,
    /// For what computes.
    pub flag: Arc<AtomicBool>,
    /// Whether it was a limit of time that stopped.
    timed_out: Arc<AtomicBool>,
}

impl Stop {
    /// Listens for Ctrl-C (and, on Unix, for SIGTERM) from now on.
    pub fn listen() -> Self {
        let stop = Self::default();
        let listening = stop.clone();
        // Before anything is printed: who reads of us may send a signal at once.
        let mut signals = Signals::listen();
        let (press, presses) = mpsc::channel(8);
        tokio::spawn(async move {
            loop {
                signals.next().await;
                // More than that mean no more.
                let _ = press.try_send(());
            }
        });
        tokio::spawn(async move {
            listening.obey(presses).await;
            std::process::exit(130);
        });
        stop
    }

    /// Asks for a clean stop at the first signal; returns at the second.
    async fn obey(&self, mut presses: mpsc::Receiver<()>) {
        presses.recv().await;
        errln!("stopping: what is under way is finished first (Ctrl-C again stops at once)");
        self.flag.store(true, Relaxed);
        self.token.cancel();
        tokio::time::sleep(ONE_PRESS).await;
        while presses.try_recv().is_ok() {}
        presses.recv().await;
    }

    /// Stops by itself after a time, unless what is handed out is aborted before.
    pub fn after(&self, limit: Duration) -> JoinHandle<()> {
        let stop = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(limit).await;
            errln!("the time is over: what is under way is finished first");
            stop.timed_out.store(true, Relaxed);
            stop.flag.store(true, Relaxed);
            stop.token.cancel();
        })
    }

    /// The error in the words of who did not press Ctrl-C, where the time was over.
    pub fn explain(&self, error: Error) -> Error {
        if !self.timed_out.load(Relaxed) || error.kind() != ErrorKind::Interrupted {
            return error;
        }
        let what = error.what().trim_start_matches("stopped: ");
        Error::new(
            ErrorKind::Interrupted,
            format!("the time of --timeout is over: {what}"),
            "run the same command again: it goes on where it stopped; or give it more time",
        )
    }
}

/// The signals that ask for a stop. None is missed that comes after this is made.
#[cfg(unix)]
struct Signals([Option<tokio::signal::unix::Signal>; 2]);

#[cfg(unix)]
impl Signals {
    fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        Self([SignalKind::interrupt(), SignalKind::terminate()].map(|kind| signal(kind).ok()))
    }

    async fn next(&mut self) {
        let Self([interrupt, terminate]) = self;
        let comes = async |signal: &mut Option<tokio::signal::unix::Signal>| match signal {
            Some(signal) => drop(signal.recv().await),
            None => std::future::pending().await,
        };
        tokio::select! {
            () = comes(interrupt) => {}
            () = comes(terminate) => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> Self {
        Self
    }

    async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_signal_that_a_wrapper_passes_on_is_no_second_one() {
        let (press, presses) = mpsc::channel(8);
        let stop = Stop::default();
        let urgent = stop.obey(presses);
        tokio::pin!(urgent);
        for (wait, is_urgent) in [(ONE_PRESS, false), (ONE_PRESS / 2, false), (ONE_PRESS * 4, true)] {
            assert!(tokio::time::timeout(wait, &mut urgent).await.is_err(), "nobody has pressed");
            press.try_send(()).unwrap();
            assert_eq!(tokio::time::timeout(Duration::ZERO, &mut urgent).await.is_ok(), is_urgent, "after {wait:?}");
            assert!(stop.token.is_cancelled() && stop.flag.load(Relaxed));
        }
    }
}
