//! Ctrl-C: once to stop cleanly, twice to stop at once.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::error::{Error, ErrorKind};

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
        tokio::spawn(async move {
            signal().await;
            anstream::eprintln!("stopping: what is under way is finished first (Ctrl-C again stops at once)");
            listening.flag.store(true, Relaxed);
            listening.token.cancel();
            signal().await;
            std::process::exit(130);
        });
        stop
    }

    /// Stops by itself after a time, unless what is handed out is aborted before.
    pub fn after(&self, limit: Duration) -> JoinHandle<()> {
        let stop = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(limit).await;
            anstream::eprintln!("the time is over: what is under way is finished first");
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

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let interrupt = tokio::signal::ctrl_c();
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => drop(interrupt.await),
    }
}

#[cfg(not(unix))]
async fn signal() {
    let _ = tokio::signal::ctrl_c().await;
}
