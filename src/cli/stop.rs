//! Ctrl-C: once to stop cleanly, twice to stop at once.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio_util::sync::CancellationToken;

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
            tokio::time::sleep(ONE_PRESS).await;
            signal().await;
            std::process::exit(130);
        });
        stop
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
