//! Lifecycle rules: checked and kept. Nothing carries them out: a rehearsal does not last for days.

use std::collections::HashSet;

use s3s::{S3Request, S3Result, dto::*, s3_error};
use serde::{Deserialize, Serialize};

use crate::local::random_id;

use super::{
    LocalS3,
    configuration::{LIFECYCLE, malformed},
};

/// The most rules of a bucket (S3 User Guide, "Managing the lifecycle of objects").
const MAX_RULES: usize = 1000;

/// The longest id of a rule (API reference, LifecycleRule).
const MAX_ID: usize = 255;

/// The most old versions that a rule keeps (S3 User Guide, "Lifecycle configuration elements").
const MAX_NEWER_VERSIONS: i32 = 100;

const SECONDS_A_DAY: i64 = 86_400;

/// The document of [`LIFECYCLE`].
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Lifecycle {
    rules: LifecycleRules,
    transition_default_minimum_object_size: String,
}

/// Checks rules as S3 does and names those that have no id.
fn checked(mut rules: LifecycleRules) -> S3Result<LifecycleRules> {
    if rules.is_empty() || rules.len() > MAX_RULES {
        return Err(malformed());
    }
    if rules.iter().any(|rule| rule.filter.is_some()) && rules.iter().any(|rule| rule.filter.is_none()) {
        return Err(s3_error!(InvalidRequest, "Filter element can only be used in Lifecycle V2."));
    }
    let mut ids = HashSet::new();
    for rule in &mut rules {
        let id = rule.id.get_or_insert_default();
        if id.is_empty() {
            *id = random_id(b"0123456789abcdef", 48);
        }
        if id.len() > MAX_ID {
            return Err(s3_error!(InvalidArgument, "ID length should not exceed allowed limit of {MAX_ID}"));
        }
        if !ids.insert(id.clone()) {
            return Err(s3_error!(
                InvalidArgument,
                "Rule ID must be unique. Found same ID for more than one rule: {id}"
            ));
        }
        check_rule(rule)?;
    }
    Ok(rules)
}

fn check_rule(rule: &LifecycleRule) -> S3Result<()> {
    if ![ExpirationStatus::ENABLED, ExpirationStatus::DISABLED].contains(&rule.status.as_str()) {
        return Err(malformed());
    }
    let selection = match (&rule.filter, &rule.prefix) {
        (Some(filter), None) => Selection::of(filter)?,
        (None, Some(_)) => Selection::default(),
        _ => return Err(malformed()),
    };
    let transitions = rule.transitions.iter().flatten();
    let old_transitions = rule.noncurrent_version_transitions.iter().flatten();
    let idle = rule.expiration.is_none()
        && rule.noncurrent_version_expiration.is_none()
        && rule.abort_incomplete_multipart_upload.is_none()
        && transitions.clone().next().is_none()
        && old_transitions.clone().next().is_none();
    if idle {
        return Err(s3_error!(InvalidRequest, "At least one action needs to be specified in a rule."));
    }
    if let Some(expiration) = &rule.expiration {
        check_expiration(expiration, &selection)?;
        if let Some(days) = expiration.days
            && transitions.clone().any(|transition| transition.days.is_some_and(|moved| moved >= days))
        {
            return Err(s3_error!(
                InvalidArgument,
                "'Days' in the Expiration action must be greater than 'Days' in the Transition action"
            ));
        }
    }
    if let Some(expiration) = &rule.noncurrent_version_expiration {
        check_old_versions(expiration, rule.filter.is_some())?;
    }
    if let Some(abort) = &rule.abort_incomplete_multipart_upload {
        check_abort(abort, &selection)?;
    }
    if transitions.clone().any(|transition| transition.storage_class.is_none())
        || old_transitions.clone().any(|transition| transition.storage_class.is_none())
    {
        return Err(malformed());
    }
    if transitions.filter_map(|transition| transition.days).any(|days| days < 0) {
        return Err(s3_error!(InvalidArgument, "'Days' for Transition action must be nonnegative integer"));
    }
    Ok(())
}

/// What a filter looks at beside the prefix.
#[derive(Default)]
struct Selection {
    by_tag: bool,
    by_size: bool,
}

impl Selection {
    fn of(filter: &LifecycleRuleFilter) -> S3Result<Self> {
        let sizes = [filter.object_size_greater_than, filter.object_size_less_than];
        let criteria = [filter.and.is_some(), filter.prefix.is_some(), filter.tag.is_some()];
        let criteria = criteria.into_iter().chain(sizes.iter().map(Option::is_some));
        if criteria.filter(|given| *given).count() > 1 {
            return Err(malformed());
        }
        let Some(and) = &filter.and else {
            return Ok(Self { by_tag: filter.tag.is_some(), by_size: sizes.iter().any(Option::is_some) });
        };
        let tags = and.tags.as_deref().unwrap_or_default();
        let sizes = [and.object_size_greater_than, and.object_size_less_than].iter().flatten().count();
        if usize::from(and.prefix.is_some()) + tags.len() + sizes < 2 {
            return Err(malformed());
        }
        let keys: HashSet<_> = tags.iter().map(|tag| &tag.key).collect();
        if keys.len() < tags.len() {
            return Err(s3_error!(InvalidRequest, "Duplicate Tag Keys are not allowed."));
        }
        Ok(Self { by_tag: !tags.is_empty(), by_size: sizes > 0 })
    }
}

fn check_expiration(expiration: &LifecycleExpiration, selection: &Selection) -> S3Result<()> {
    let LifecycleExpiration { date, days, expired_object_delete_marker: marker } = expiration;
    if [date.is_some(), days.is_some(), marker.is_some()].into_iter().filter(|given| *given).count() != 1 {
        return Err(malformed());
    }
    if days.is_some_and(|days| days <= 0) {
        return Err(s3_error!(InvalidArgument, "'Days' for Expiration action must be a positive integer"));
    }
    if date.as_ref().is_some_and(|date| !is_midnight(date)) {
        return Err(s3_error!(InvalidArgument, "'Date' must be at midnight GMT"));
    }
    if marker.is_some() && selection.by_tag {
        return Err(s3_error!(InvalidRequest, "ExpiredObjectDeleteMarker cannot be specified with Tags."));
    }
    if marker.is_some() && selection.by_size {
        return Err(s3_error!(InvalidRequest, "ExpiredObjectDeleteMarker cannot be specified with Object Size."));
    }
    Ok(())
}

fn is_midnight(date: &Timestamp) -> bool {
    let time = time_of(date);
    time.as_second() % SECONDS_A_DAY == 0 && time.subsec_nanosecond() == 0
}

/// A time outside of what this program can tell is no day's midnight.
fn time_of(date: &Timestamp) -> jiff::Timestamp {
    let mut text = Vec::new();
    let formatted = date.format(TimestampFormat::DateTime, &mut text);
    let text = formatted.ok().and_then(|()| String::from_utf8(text).ok()).unwrap_or_default();
    text.parse().unwrap_or(jiff::Timestamp::MAX)
}

fn check_old_versions(expiration: &NoncurrentVersionExpiration, has_filter: bool) -> S3Result<()> {
    match expiration.noncurrent_days {
        None => return Err(malformed()),
        Some(..=0) => {
            return Err(s3_error!(
                InvalidArgument,
                "'NoncurrentDays' for NoncurrentVersionExpiration action must be a positive integer"
            ));
        }
        Some(_) => {}
    }
    match expiration.newer_noncurrent_versions {
        None => Ok(()),
        Some(1..=MAX_NEWER_VERSIONS) if has_filter => Ok(()),
        Some(1..=MAX_NEWER_VERSIONS) => Err(s3_error!(
            InvalidRequest,
            "NewerNoncurrentVersions can only be used in a rule that has a Filter element."
        )),
        Some(_) => Err(s3_error!(
            InvalidArgument,
            "'NewerNoncurrentVersions' must be a positive integer not greater than {MAX_NEWER_VERSIONS}"
        )),
    }
}

fn check_abort(abort: &AbortIncompleteMultipartUpload, selection: &Selection) -> S3Result<()> {
    match abort.days_after_initiation {
        None => return Err(malformed()),
        Some(..=0) => {
            return Err(s3_error!(
                InvalidArgument,
                "'DaysAfterInitiation' for AbortIncompleteMultipartUpload action must be a positive integer"
            ));
        }
        Some(_) => {}
    }
    if selection.by_tag {
        return Err(s3_error!(InvalidRequest, "AbortIncompleteMultipartUpload cannot be specified with Tags"));
    }
    if selection.by_size {
        return Err(s3_error!(InvalidRequest, "AbortIncompleteMultipartUpload cannot be specified with Object Size"));
    }
    Ok(())
}

impl LocalS3 {
    /// Replaces all rules.
    pub(crate) async fn put_bucket_lifecycle_configuration(
        &self,
        request: S3Request<PutBucketLifecycleConfigurationInput>,
    ) -> S3Result<PutBucketLifecycleConfigurationOutput> {
        let input = request.input;
        let size = input.transition_default_minimum_object_size.unwrap_or_else(|| {
            TransitionDefaultMinimumObjectSize::from_static(
                TransitionDefaultMinimumObjectSize::ALL_STORAGE_CLASSES_128K,
            )
        });
        let rules = checked(input.lifecycle_configuration.ok_or_else(malformed)?.rules)?;
        let lifecycle = Lifecycle { rules, transition_default_minimum_object_size: size.as_str().to_owned() };
        self.configure(LIFECYCLE, input.bucket, lifecycle, |_, _, _| Ok(())).await?;
        Ok(PutBucketLifecycleConfigurationOutput { transition_default_minimum_object_size: Some(size) })
    }

    pub(crate) async fn get_bucket_lifecycle_configuration(
        &self,
        request: S3Request<GetBucketLifecycleConfigurationInput>,
    ) -> S3Result<GetBucketLifecycleConfigurationOutput> {
        let lifecycle: Option<Lifecycle> = self.configuration(LIFECYCLE, request.input.bucket).await?;
        let lifecycle = lifecycle
            .ok_or_else(|| s3_error!(NoSuchLifecycleConfiguration, "The lifecycle configuration does not exist"))?;
        Ok(GetBucketLifecycleConfigurationOutput {
            rules: Some(lifecycle.rules),
            transition_default_minimum_object_size: Some(lifecycle.transition_default_minimum_object_size.into()),
        })
    }

    pub(crate) async fn delete_bucket_lifecycle(
        &self,
        request: S3Request<DeleteBucketLifecycleInput>,
    ) -> S3Result<DeleteBucketLifecycleOutput> {
        self.unconfigure(LIFECYCLE, request.input.bucket).await?;
        Ok(DeleteBucketLifecycleOutput {})
    }
}
