//! Asking on the terminal.

use std::io::{IsTerminal as _, Write as _};

use tokio_util::sync::CancellationToken;

use crate::{
    error::{Error, ErrorKind, Result},
    publish::interrupted_before,
};

/// Asks a question that is answered by yes or, by default, no.
///
/// # Errors
/// [`ErrorKind::Input`] with the words of `cannot` where nobody can be asked; [`ErrorKind::Interrupted`] after `stop`.
pub async fn yes(question: &str, cannot: &str, stop: &CancellationToken) -> Result<bool> {
    let answer = line(&format!("{question} [y/N] "), cannot, stop).await?;
    Ok(matches!(answer.as_str(), "y" | "Y" | "yes"))
}

/// Asks for a line.
///
/// # Errors
/// As [`yes`].
pub async fn line(question: &str, cannot: &str, stop: &CancellationToken) -> Result<String> {
    let cannot_ask = || {
        let next = "look at the plan with --dry-run, then run the command with --yes";
        Error::new(ErrorKind::Input, cannot, next)
    };
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
