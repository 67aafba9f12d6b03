//! Skipping aloud.

use std::io::Write as _;

/// Says on standard error that a test is skipped, and why.
///
/// # Panics
/// Where the environment says `CI=true`: a check that silently stopped running is worse than one that fails.
pub fn skip(reason: impl std::fmt::Display) {
    let ci = std::env::var("CI").is_ok_and(|value| value == "true");
    assert!(!ci, "would be skipped, which CI does not allow: {reason}");
    // Not `eprintln!`, whose output the test runner hides when a test passes.
    writeln!(std::io::stderr(), "skipped: {reason}").expect("a standard error");
}
