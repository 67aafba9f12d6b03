//! What the services of names and identities refuse: ACM, Route 53, IAM and STS.

use super::{Action, Answer, Cure};

/// What a code of theirs means, and what to do about it.
pub(super) fn cure(_code: &str, _asked: &Action<'_>, _answer: &Answer) -> Option<Cure> {
    None
}
