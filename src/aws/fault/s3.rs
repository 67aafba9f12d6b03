//! What S3 refuses.

use super::{Action, Answer, Cure};
use crate::error::ErrorKind;

/// What a code of S3 means, and what to do about it (S3 API reference, "Error responses").
pub(super) fn cure(code: &str, _asked: &Action<'_>, answer: &Answer) -> Option<Cure> {
    Some(match code {
        "NoSuchBucket" => (
            ErrorKind::NotFound,
            "there is no such bucket".into(),
            "check the bucket's name, --profile and --endpoint-url; `aws s3 ls` shows the account's buckets".into(),
        ),
        "BadDigest" | "XAmzContentChecksumMismatch" | "XAmzContentSHA256Mismatch" => (
            ErrorKind::Input,
            "the bytes that arrived are not those that were hashed".into(),
            "publish again, once the build has ended: the file changed meanwhile, or its bytes were damaged on the way"
                .into(),
        ),
        _ if answer.is_of_another_region() => (
            ErrorKind::Config,
            "the bucket is in another region".into(),
            match &answer.region {
                Some(region) => format!("use --region {region}, or `region = \"{region}\"` in cruddur-site.toml"),
                None => "name the bucket's region with --region".into(),
            },
        ),
        _ => return None,
    })
}
