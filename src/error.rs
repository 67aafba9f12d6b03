//! The one error a person ever reads: what happened, why, and what to do next.
//!
//! [`Error::new`] demands the next step, so an error without a cure cannot be written.

use std::{fmt, path::PathBuf};

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
    /// This program's own fault.
    Bug,
}

/// A place in a text file a person wrote, as editors and annotations of CI services count.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// The file, as it was named to us.
    pub file: PathBuf,
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file.display(), self.line, self.column)
    }
}

/// An error in the words of the user's site.
#[derive(Debug, Clone)]
pub struct Error {
    kind: ErrorKind,
    location: Option<Box<Location>>,
    what: String,
    because: Option<String>,
    next: String,
}

/// The crate's result type.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What to do about [`ErrorKind::Bug`].
const BUG: &str =
    concat!("report this text at ", env!("CARGO_PKG_REPOSITORY"), "/issues, then run the same command again");

impl Error {
    /// `what` went wrong, and what to do `next`; both are whole phrases without a final stop.
    pub fn new(kind: ErrorKind, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { kind, location: None, what: plain(&what.into()), because: None, next: plain(&next.into()) }
    }

    /// What only a mistake in this program explains.
    pub fn bug(what: impl Into<String>, cause: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Bug, what, BUG).because(cause)
    }

    /// Adds the cause underneath: AWS's own code and message, or the operating system's.
    #[must_use]
    pub fn because(mut self, cause: impl fmt::Display) -> Self {
        self.because = Some(plain(&cause.to_string()));
        self
    }

    /// Adds the place in a file of the user that is wrong.
    #[must_use]
    pub fn at(mut self, location: Location) -> Self {
        self.location = Some(Box::new(location));
        self
    }

    /// The place in a file of the user that is wrong, where there is one.
    pub fn location(&self) -> Option<&Location> {
        self.location.as_deref()
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

    /// AWS's code for what it refused (`NoSuchBucket`), where the cause is an answer of AWS: those are written
    /// `AWS: CODE` or `AWS: CODE: message`.
    pub fn aws_code(&self) -> Option<&str> {
        let code = self.cause()?.strip_prefix("AWS: ")?.split(':').next()?;
        (!code.contains(' ')).then_some(code)
    }

    /// What to do next.
    pub fn next(&self) -> &str {
        &self.next
    }
}

/// The text as it can be shown: terminals obey control characters, and CI services take what begins a line for commands.
/// They may come from anywhere: a file's name, a key of the configuration, what somebody put into the bucket.
pub(crate) fn plain(text: &str) -> String {
    // Beside control characters those that turn the direction of writing, or end a line for some readers.
    let turns =
        |c: char| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || turns(c) { plain.extend(c.escape_unicode()) } else { plain.push(c) }
    }
    plain
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(location) = &self.location {
            write!(f, "{location}: ")?;
        }
        write!(f, "{}", self.what)?;
        if let Some(because) = &self.because {
            write!(f, " ({because})")?;
        }
        write!(f, "; {}", self.next)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_tells_where_what_why_and_what_next() {
        let bare = Error::new(ErrorKind::Input, "no index page", "build the site first");
        assert_eq!(bare.to_string(), "no index page; build the site first");
        let full = bare.because("os error 2").at(Location { file: PathBuf::from("site.toml"), line: 3, column: 8 });
        assert_eq!(full.to_string(), "site.toml:3:8: no index page (os error 2); build the site first");
        assert_eq!(full.location().map(|at| (at.line, at.column)), Some((3, 8)));
    }

    #[test]
    fn no_terminal_is_commanded_by_an_error() {
        let error = Error::new(ErrorKind::Config, "unknown key \u{1b}[31m", "drop\u{202e} it").because("\n::error::x");
        assert_eq!(error.to_string(), r"unknown key \u{1b}[31m (\u{a}::error::x); drop\u{202e} it");
    }

    #[test]
    fn the_code_of_aws_is_told_from_other_causes() {
        let table = [
            ("AWS: NoSuchBucket: The specified bucket does not exist", Some("NoSuchBucket")),
            ("AWS: AccessDenied", Some("AccessDenied")),
            ("AWS: HTTP status 503", None),
            ("os error 2", None),
        ];
        for (cause, code) in table {
            let error = Error::new(ErrorKind::Service, "refused", "try again").because(cause);
            assert_eq!(error.aws_code(), code, "{cause}");
        }
    }
}
