//! What CloudFront refuses.

use super::{Action, Answer, Cure};
use crate::error::ErrorKind;

/// What a code of CloudFront means, and what to do about it (CloudFront API reference, "Errors" of each action).
pub(super) fn cure(code: &str, _asked: &Action<'_>, _answer: &Answer) -> Option<Cure> {
    Some(match code {
        "NoSuchDistribution" => (
            ErrorKind::NotFound,
            "there is no such distribution in this account".into(),
            "check --distribution and --profile; `aws cloudfront list-distributions` shows those of the account".into(),
        ),
        "TooManyInvalidationsInProgress" => (
            ErrorKind::Service,
            "too many invalidations are in progress".into(),
            "wait a few minutes and publish again: only the invalidation is left to do".into(),
        ),
        _ => return None,
    })
}
