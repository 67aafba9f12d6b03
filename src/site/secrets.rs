//! Finds secrets in the text of the build, while it is read for hashing.
//!
//! What is looked for is what has no business in a public file and can be told from ordinary text with near
//! certainty: private keys in PEM form, AWS access key ids, and AWS secret access keys that are assigned by name.
//! Libraries that merely *name* the PEM headers, the documented example keys of AWS (they contain `EXAMPLE`) and
//! placeholders such as `AKIAXXXXXXXXXXXXXXXX` are not secrets.

use std::{fmt, sync::LazyLock};

use regex::bytes::{Captures, Regex};

use super::{ObjectKey, walk::Patterns};
use crate::{Error, ErrorKind, Result};

/// A file with a NUL among its first bytes is not text (as Git and grep decide it).
const SNIFFED: usize = 8 << 10;
/// More than the longest match with what is looked at behind it.
const OVERLAP: usize = 1 << 10;
/// How far behind its header the first line of a private key may be: PGP and encrypted keys have headers of their own.
const KEY_DISTANCE: usize = 400;
/// Findings kept per file: enough to see what it is.
const KEPT: usize = 20;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecretKind {
    /// `-----BEGIN … PRIVATE KEY-----` with a key behind it.
    PrivateKey,
    /// `AKIA…` or `ASIA…` (IAM User Guide, "IAM identifiers", unique id prefixes).
    AwsAccessKeyId,
    /// 40 characters given to something called a secret access key.
    AwsSecretAccessKey,
}

/// A secret found in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Secret {
    /// The line it is on, from 1.
    pub line: u64,
    /// What it is.
    pub kind: SecretKind,
    /// What may be shown of it: the first four characters, never more.
    pub hint: String,
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            SecretKind::PrivateKey => f.write_str("a private key"),
            SecretKind::AwsAccessKeyId => write!(f, "an AWS access key id ({}…)", self.hint),
            SecretKind::AwsSecretAccessKey => write!(f, "an AWS secret access key ({}…)", self.hint),
        }
    }
}

/// Looks at one file as it comes, piece by piece; what is cut in two by the pieces is found all the same.
#[derive(Debug)]
pub struct Scanner {
    /// The end of what came before, the piece at hand behind it.
    window: Vec<u8>,
    /// Where in `window` the bytes begin that no match has started in.
    unseen: usize,
    /// The line of `window[unseen]`.
    line: u64,
    sniffed: usize,
    binary: bool,
    found: Vec<Secret>,
}

impl Default for Scanner {
    fn default() -> Self {
        Self { window: Vec::new(), unseen: 0, line: 1, sniffed: 0, binary: false, found: Vec::new() }
    }
}

impl Scanner {
    /// Looks at the next bytes of the file; with the last ones everything is found.
    pub fn feed(&mut self, piece: &[u8], is_last: bool) {
        let sniff = &piece[..piece.len().min(SNIFFED - self.sniffed)];
        self.sniffed += sniff.len();
        self.binary |= memchr::memchr(0, sniff).is_some();
        if self.binary {
            return;
        }
        // Most files come in one piece, which is not copied.
        let mut window = std::mem::take(&mut self.window);
        if is_last && window.is_empty() {
            self.search(piece, piece.len());
            return;
        }
        window.extend_from_slice(piece);
        // What starts in the last bytes is judged when what follows is there.
        let judged = if is_last { window.len() } else { window.len().saturating_sub(OVERLAP) };
        if judged > self.unseen {
            let counted = self.search(&window, judged);
            self.line += newlines(&window[counted..judged]);
            // Behind us, but for the one byte that tells where a word begins.
            window.drain(..judged - 1);
            self.unseen = 1;
        }
        self.window = window;
    }

    /// Everything found in the file, by line.
    pub fn finish(self) -> Vec<Secret> {
        // Its first bytes may have come in more than one piece, and the NUL in a later one.
        if self.binary { Vec::new() } else { self.found }
    }

    /// Adds what starts in `unseen..judged` of `window`. Lines are counted up to what is returned.
    fn search(&mut self, window: &[u8], judged: usize) -> usize {
        let (mut at, mut counted) = (self.unseen, self.unseen);
        while let Some(captures) = PATTERN.captures_at(window, at) {
            let Some(whole) = captures.get(0).filter(|whole| whole.start() < judged) else { break };
            self.line += newlines(&window[counted..whole.start()]);
            counted = whole.start();
            if let Some((kind, hint)) = judge(window, &captures)
                && self.found.len() < KEPT
            {
                self.found.push(Secret { line: self.line, kind, hint });
            }
            at = whole.start() + 1;
        }
        counted
    }
}

/// Everything worth a closer look. Each branch starts with letters the regex crate can search for quickly; the letter
/// before them is left to [`judge`], since upper and lower case would double the branches.
static PATTERN: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = concat!(
        r"-----BEGIN (?:[A-Z0-9]{1,16} ){0,3}PRIVATE KEY(?: BLOCK)?-----(?<pem>)",
        r"|(?<id>(?:AKIA|ASIA)[A-Z0-9]{16})",
        r"|(?:ecretAccessKey|ecret_access_key|ECRET_ACCESS_KEY|ecret-access-key|ecretaccesskey)",
        r#"(?:["'`\]\\\s]{0,6}(?:=>|=|:|,)["'`\\\s]{0,6}|</?[a-z]{1,12}>\s{0,8})(?<secret>[A-Za-z0-9/+]{40})"#,
    );
    // In ASCII, what comes in is bytes; the pattern is constant and every test of this module compiles it.
    regex::bytes::RegexBuilder::new(pattern).unicode(false).build().expect("the pattern is well-formed")
});

/// The second look at a match: is it a secret, and what may be shown of it?
fn judge(window: &[u8], captures: &Captures<'_>) -> Option<(SecretKind, String)> {
    let whole = captures.get(0)?;
    if captures.name("pem").is_some() {
        let behind = &window[whole.end()..window.len().min(whole.end() + KEY_DISTANCE)];
        return holds_key_material(behind).then(|| (SecretKind::PrivateKey, String::new()));
    }
    let (kind, part) = match captures.name("id") {
        Some(id) => (SecretKind::AwsAccessKeyId, id),
        None => (SecretKind::AwsSecretAccessKey, captures.name("secret")?),
    };
    let more = |byte: &u8| match kind {
        SecretKind::AwsSecretAccessKey => byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'+' | b'='),
        _ => byte.is_ascii_alphanumeric(),
    };
    let begins = part.start() == 0 || !more(&window[part.start() - 1]) || kind == SecretKind::AwsSecretAccessKey;
    let ends = !window.get(part.end()).is_some_and(more);
    if !begins || !ends || memchr::memmem::find(part.as_bytes(), b"EXAMPLE").is_some() || is_filler(part.as_bytes()) {
        return None;
    }
    Some((kind, String::from_utf8_lossy(&part.as_bytes()[..4]).into_owned()))
}

/// The first line of a key is at least this long in every format; prose and program text have no such word.
fn holds_key_material(behind: &[u8]) -> bool {
    const FIRST_LINE: usize = 40;
    let end = memchr::memmem::find(behind, b"-----END ").unwrap_or(behind.len());
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    behind[..end].split(|byte| !is_base64(byte)).any(|run| run.len() >= FIRST_LINE && !is_filler(run))
}

/// `XXXXXXXX`, `00000000`: made by hand to be replaced. The prefix of a key id has up to three letters of its own.
fn is_filler(text: &[u8]) -> bool {
    let mut seen = [false; 256];
    for byte in text {
        seen[usize::from(*byte)] = true;
    }
    seen.iter().filter(|seen| **seen).count() < 6
}

fn newlines(text: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', text).count() as u64
}

/// Refuses to publish files in which secrets were found, unless they are allowed. Tells of all such files at once.
///
/// # Errors
/// [`Refused`](ErrorKind::Refused) names file, line and kind, and the first four characters at most.
pub fn refuse<'a>(files: impl IntoIterator<Item = (&'a ObjectKey, &'a [Secret])>, allow: &Patterns) -> Result<()> {
    let found = files.into_iter().filter(|(_, secrets)| !secrets.is_empty());
    let refused = found.filter(|(key, _)| !allow.matches(key.as_str().as_ref(), false));
    let places: Vec<String> =
        refused.flat_map(|(key, secrets)| secrets.iter().map(|secret| place(key, secret))).collect();
    if places.is_empty() {
        return Ok(());
    }
    let count = if places.len() == 1 { "a secret".to_owned() } else { format!("{} secrets", places.len()) };
    Err(Error::new(
        ErrorKind::Refused,
        format!("the build holds {count}: {}", super::walk::enumerate(&places)),
        "take it out of the build and revoke it if it was ever published; if it is meant to be public, name the file with --allow PATTERN",
    ))
}

fn place(key: &ObjectKey, secret: &Secret) -> String {
    format!("{secret} in {key} line {}", secret.line)
}

#[cfg(test)]
mod tests;
