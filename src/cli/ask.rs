//! Asking on the terminal.

use std::io::{IsTerminal as _, Write as _};

use tokio_util::sync::CancellationToken;

use crate::{
    error::{Error, ErrorKind, Result},
    publish::interrupted_before,
};

/// What to say where nobody can be asked.
#[derive(Clone, Copy)]
pub struct Cannot {
    /// What cannot be.
    pub what: &'static str,
    /// What to do instead.
    pub next: &'static str,
}

impl Cannot {
    /// With the words `what`, of a command that `--yes` answers for.
    pub const fn without_yes(what: &'static str) -> Self {
        Self { what, next: "look at the plan with --dry-run, then run the command with --yes" }
    }
}

/// Asks a question that is answered by yes or, by default, no.
///
/// # Errors
/// [`ErrorKind::Input`] with the words of `cannot` where nobody can be asked; [`ErrorKind::Interrupted`] after `stop`.
pub async fn yes(question: &str, cannot: Cannot, stop: &CancellationToken) -> Result<bool> {
    let answer = line(&format!("{question} [y/N] "), cannot, stop).await?;
    Ok(matches!(answer.as_str(), "y" | "Y" | "yes"))
}

/// Asks for a line.
///
/// # Errors
/// As [`yes`].
pub async fn line(question: &str, cannot: Cannot, stop: &CancellationToken) -> Result<String> {
    let cannot_ask = || Error::new(ErrorKind::Input, cannot.what, cannot.next);
    if !std::io::stdin().is_terminal() {
        return Err(cannot_ask());
    }
    out!("{question}");
    std::io::stdout().flush().map_err(|error| cannot_ask().because(error))?;
    let read = tokio::task::spawn_blocking(|| {
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).map(|_| answer.trim().to_owned())
    });
    tokio::select! {
        read = read => read.map_err(std::io::Error::other).flatten().map_err(|error| cannot_ask().because(error)),
        // The reading ends with the process.
        () = stop.cancelled() => Err(interrupted_before()),
    }
}
