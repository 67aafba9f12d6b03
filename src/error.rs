//! The one error a person ever reads: what happened, why, and what to do next.
//!
//! [`Error::new`] demands the next step, so an error without a cure cannot be written.

use std::fmt;

/// What a caller may want to act on; the person reads [`Error`]'s text instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The build folder, a flag or an argument is not usable as given.
    Input,
    /// `cruddur-site.toml` or an environment variable is wrong.
    Config,
    /// A guard refused: secrets in the build, too much would be deleted, no index page.
    Refused,
    /// No credentials, or credentials AWS no longer takes.
    Credentials,
    /// AWS (or the store) refused for want of a permission.
    AccessDenied,
    /// A bucket, distribution or object that should be there is not.
    NotFound,
    /// Another publish holds the lock or replaced the manifest.
    Rival,
    /// The user, or a signal, stopped the run.
    Interrupted,
    /// Reading or writing local files failed.
    Io,
    /// Any other answer of AWS or of the network.
    Service,
}

/// An error in the words of the user's site.
#[derive(Debug, Clone)]
pub struct Error {
    kind: ErrorKind,
    what: String,
    because: Option<String>,
    next: String,
}

/// The crate's result type.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// `what` went wrong, and what to do `next`; both are whole phrases without a final stop.
    pub fn new(kind: ErrorKind, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { kind, what: what.into(), because: None, next: next.into() }
    }

    /// Adds the cause underneath: AWS's own code and message, or the operating system's.
    #[must_use]
    pub fn because(mut self, cause: impl fmt::Display) -> Self {
        self.because = Some(cause.to_string());
        self
    }

    /// What a caller may act on.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What went wrong, in one phrase.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// The cause as AWS or the operating system told it.
    pub fn cause(&self) -> Option<&str> {
        self.because.as_deref()
    }

    /// What to do next.
    pub fn next(&self) -> &str {
        &self.next
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.what)?;
        if let Some(because) = &self.because {
            write!(f, " ({because})")?;
        }
        write!(f, "; {}", self.next)
    }
}

impl std::error::Error for Error {}
