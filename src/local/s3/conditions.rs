//! Conditional requests: when a write, a delete or a read goes ahead.

use s3s::{
    S3Error, S3Result,
    dto::{self, ETagCondition},
    s3_error,
};

use super::versions::{Content, no_such_key};

/// `PreconditionFailed`.
pub(crate) fn precondition_failed() -> S3Error {
    s3_error!(PreconditionFailed, "At least one of the pre-conditions you specified did not hold")
}

/// What must be so for a write to go ahead (S3 User Guide, "How to prevent object overwrites with conditional writes").
#[derive(Debug, Clone, Default)]
pub(crate) struct WriteConditions {
    /// `If-Match`.
    pub(crate) if_match: Option<ETagCondition>,
    /// `If-None-Match`: S3 takes `*` only.
    pub(crate) if_none_match: Option<ETagCondition>,
}

impl WriteConditions {
    /// Checks them against what is there.
    pub(crate) fn check(&self, current: Option<&Content>) -> S3Result<()> {
        match &self.if_none_match {
            Some(ETagCondition::Any) if current.is_some() => return Err(precondition_failed()),
            Some(ETagCondition::ETag(_)) => {
                return Err(s3_error!(
                    NotImplemented,
                    "A header you provided implies functionality that is not implemented"
                ));
            }
            _ => {}
        }
        match (&self.if_match, current) {
            (None, _) | (Some(ETagCondition::Any), Some(_)) => Ok(()),
            (Some(ETagCondition::Any), None) => Err(precondition_failed()),
            (Some(_), None) => Err(no_such_key()),
            (Some(ETagCondition::ETag(expected)), Some(content)) if expected.value() == content.etag => Ok(()),
            (Some(_), Some(_)) => Err(precondition_failed()),
        }
    }
}

/// What must be so for a read (RFC 9110, section 13; S3 User Guide, "Conditional reads").
#[derive(Debug, Clone, Default)]
pub(crate) struct ReadConditions {
    /// `If-Match`.
    pub(crate) if_match: Option<ETagCondition>,
    /// `If-None-Match`.
    pub(crate) if_none_match: Option<ETagCondition>,
    /// `If-Modified-Since`.
    pub(crate) if_modified_since: Option<dto::Timestamp>,
    /// `If-Unmodified-Since`.
    pub(crate) if_unmodified_since: Option<dto::Timestamp>,
}

/// How [`ReadConditions`] came out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Go ahead.
    Holds,
    /// The reader has it already.
    NotModified,
    /// A condition does not hold.
    Failed,
}

impl ReadConditions {
    /// Checks them against an object.
    pub(crate) fn check(&self, etag: &str, modified: &dto::Timestamp) -> Outcome {
        let matches = |condition: &ETagCondition| match condition {
            ETagCondition::Any => true,
            ETagCondition::ETag(expected) => expected.value() == etag,
        };
        let precondition = match (&self.if_match, &self.if_unmodified_since) {
            (Some(condition), _) => matches(condition),
            (None, Some(since)) => modified <= since,
            (None, None) => true,
        };
        let changed = match (&self.if_none_match, &self.if_modified_since) {
            (Some(condition), _) => !matches(condition),
            (None, Some(since)) => modified > since,
            (None, None) => true,
        };
        match (precondition, changed) {
            (false, _) => Outcome::Failed,
            (true, false) => Outcome::NotModified,
            (true, true) => Outcome::Holds,
        }
    }
}
