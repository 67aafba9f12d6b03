//! Lifecycle rules. S3 takes them only all together, so those of others are sent back as they came.

use aws_sdk_s3::{
    error::{BuildError, ProvideErrorMetadata as _},
    types::{
        AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, ExpirationStatus, LifecycleExpiration,
        LifecycleRule, LifecycleRuleFilter, NoncurrentVersionExpiration, TransitionDefaultMinimumObjectSize,
    },
};

use super::{BucketSetup, bug, sent};
use crate::{aws::Action, error::Result, setup::observed};

/// What is set, as the SDK gives it.
#[derive(Debug, Default)]
pub(super) struct Lifecycle {
    pub rules: Vec<LifecycleRule>,
    smallest_transition: Option<TransitionDefaultMinimumObjectSize>,
}

impl BucketSetup {
    pub(super) async fn lifecycle_rules(&self) -> Result<Lifecycle> {
        let (on, what) = (self.arn(), format!("read the lifecycle rules of bucket {}", self.name));
        let action = Action { iam: "s3:GetLifecycleConfiguration", on: &on, what: &what };
        match self.client().get_bucket_lifecycle_configuration().bucket(&self.name).send().await {
            Ok(answer) => Ok(Lifecycle {
                smallest_transition: answer.transition_default_minimum_object_size,
                rules: answer.rules.unwrap_or_default(),
            }),
            Err(error) if error.code() == Some("NoSuchLifecycleConfiguration") => Ok(Lifecycle::default()),
            Err(error) => Err(action.failed(error)),
        }
    }

    /// Writes lifecycle rules in place of those of the same ids, takes away those whose ids are in `remove`, and keeps
    /// all others.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn set_lifecycle(&self, rules: &[observed::LifecycleRule], remove: &[String]) -> Result<()> {
        let (on, what) = (self.arn(), format!("set the lifecycle rules of bucket {}", self.name));
        let action = Action { iam: "s3:PutLifecycleConfiguration", on: &on, what: &what };
        let there = self.lifecycle_rules().await?;
        let rules = merged(there.rules, rules, remove).map_err(|error| bug(&what, error))?;
        let client = self.client();
        if rules.is_empty() {
            // S3 takes no configuration without rules.
            return sent!(action, client.delete_bucket_lifecycle().bucket(&self.name)).map(drop);
        }
        let configuration = BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build();
        let configuration = configuration.map_err(|error| bug(&what, error))?;
        let put = client.put_bucket_lifecycle_configuration().bucket(&self.name);
        let put = put.set_transition_default_minimum_object_size(there.smallest_transition);
        let put = put.lifecycle_configuration(configuration);
        sent!(action, put.clone()).map(drop)
    }
}

/// The rules of others, then ours.
///
/// S3 knows two notations of a rule's prefix, and refuses one configuration in both ("Filter element can only be used in
/// Lifecycle V2"); ours need the newer one, for the versions they keep. Rules of others in the older one are then written in
/// the newer one, where they say the same.
fn merged(
    there: Vec<LifecycleRule>,
    ours: &[observed::LifecycleRule],
    remove: &[String],
) -> Result<Vec<LifecycleRule>, BuildError> {
    let stays = |rule: &LifecycleRule| {
        let id = rule.id().unwrap_or_default();
        !ours.iter().any(|own| own.id == id) && !remove.iter().any(|gone| gone == id)
    };
    let mut rules: Vec<LifecycleRule> = there.into_iter().filter(stays).collect();
    if !ours.is_empty() || rules.iter().any(|rule| rule.filter.is_some()) {
        rules.iter_mut().for_each(renew);
    }
    for own in ours {
        rules.push(written(own)?);
    }
    Ok(rules)
}

#[expect(deprecated, reason = "the older notation is what this is about")]
fn renew(rule: &mut LifecycleRule) {
    if rule.filter.is_none() {
        let prefix = rule.prefix.take().unwrap_or_default();
        rule.filter = Some(LifecycleRuleFilter::builder().prefix(prefix).build());
    }
}

fn written(own: &observed::LifecycleRule) -> Result<LifecycleRule, BuildError> {
    let days = |days: u32| i32::try_from(days).unwrap_or(i32::MAX);
    let expiration = (own.expire_days.is_some() || own.expire_delete_markers).then(|| {
        // S3 wants one or the other; to expire objects expires their delete markers as well (User Guide, "Lifecycle
        // configuration elements").
        let marker = own.expire_days.is_none().then_some(true);
        let expiration = LifecycleExpiration::builder().set_days(own.expire_days.map(days));
        expiration.set_expired_object_delete_marker(marker).build()
    });
    let versions = own.old_version_days.map(|after| {
        let versions = NoncurrentVersionExpiration::builder().noncurrent_days(days(after));
        versions.set_newer_noncurrent_versions(own.keep_old_versions.map(days)).build()
    });
    let uploads =
        own.abort_upload_days.map(|after| AbortIncompleteMultipartUpload::builder().days_after_initiation(days(after)));
    LifecycleRule::builder()
        .id(&own.id)
        .status(if own.enabled { ExpirationStatus::Enabled } else { ExpirationStatus::Disabled })
        .filter(LifecycleRuleFilter::builder().prefix(&own.prefix).build())
        .set_expiration(expiration)
        .set_noncurrent_version_expiration(versions)
        .set_abort_incomplete_multipart_upload(uploads.map(|uploads| uploads.build()))
        .build()
}

/// Reads a rule in either notation.
#[expect(deprecated, reason = "owners still have the older notation")]
pub(super) fn read(rule: &LifecycleRule) -> observed::LifecycleRule {
    let filter = rule.filter();
    let and = filter.and_then(|filter| filter.and());
    let prefix = filter.and_then(|filter| filter.prefix()).or_else(|| and?.prefix()).or_else(|| rule.prefix());
    let narrowed = filter.is_some_and(|filter| {
        filter.tag().is_some()
            || filter.object_size_greater_than().is_some()
            || filter.object_size_less_than().is_some()
    }) || and.is_some_and(|and| {
        !and.tags().is_empty() || and.object_size_greater_than().is_some() || and.object_size_less_than().is_some()
    });
    let days = |days: i32| u32::try_from(days).unwrap_or(0);
    let expiration = rule.expiration();
    let by_date = expiration.and_then(|expiration| expiration.date()).map(|_| 0);
    let versions = rule.noncurrent_version_expiration();
    observed::LifecycleRule {
        id: rule.id().unwrap_or_default().to_owned(),
        enabled: *rule.status() == ExpirationStatus::Enabled,
        prefix: prefix.unwrap_or_default().to_owned(),
        narrowed,
        expire_days: expiration.and_then(|expiration| expiration.days()).map(days).or(by_date),
        old_version_days: versions.and_then(|versions| versions.noncurrent_days()).map(days),
        keep_old_versions: versions.and_then(|versions| versions.newer_noncurrent_versions()).map(days),
        abort_upload_days: rule
            .abort_incomplete_multipart_upload()
            .and_then(|uploads| uploads.days_after_initiation())
            .map(days),
        expire_delete_markers: expiration.and_then(|it| it.expired_object_delete_marker()).unwrap_or(false),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::types::{LifecycleRuleAndOperator, Tag, Transition, TransitionStorageClass};
    use proptest::{option, prelude::*};

    use super::*;

    fn rule(id: &str) -> aws_sdk_s3::types::builders::LifecycleRuleBuilder {
        LifecycleRule::builder().id(id).status(ExpirationStatus::Enabled)
    }

    fn own(id: &str) -> observed::LifecycleRule {
        observed::LifecycleRule {
            id: id.to_owned(),
            enabled: true,
            prefix: String::new(),
            narrowed: false,
            expire_days: None,
            old_version_days: Some(30),
            keep_old_versions: Some(3),
            abort_upload_days: None,
            expire_delete_markers: false,
        }
    }

    /// A rule with members that no value of ours has.
    fn archive() -> LifecycleRule {
        let tag = Tag::builder().key("class").value("log").build().unwrap();
        let and = LifecycleRuleAndOperator::builder().prefix("logs/").tags(tag).object_size_greater_than(1).build();
        let glacier = Transition::builder().days(30).storage_class(TransitionStorageClass::Glacier).build();
        rule("archive").filter(LifecycleRuleFilter::builder().and(and).build()).transitions(glacier).build().unwrap()
    }

    #[test]
    fn rules_of_others_stay_bit_for_bit() {
        let there = vec![archive(), written(&own("ours")).unwrap(), rule("three-weeks").build().unwrap()];
        let changed = observed::LifecycleRule { old_version_days: Some(90), ..own("ours") };
        let merged = merged(there, std::slice::from_ref(&changed), &["three-weeks".to_owned()]).unwrap();
        assert_eq!(merged[0], archive());
        assert_eq!(merged[1..].iter().map(read).collect::<Vec<_>>(), [changed]);
    }

    #[test]
    #[expect(deprecated, reason = "the older notation is what this is about")]
    fn the_older_notation_gives_way_to_the_newer_one_with_the_same_meaning() {
        let old =
            rule("old").prefix("tmp/").expiration(LifecycleExpiration::builder().days(7).build()).build().unwrap();
        let merged = merged(vec![old.clone()], &[own("ours")], &[]).unwrap();
        assert_eq!(read(&merged[0]), read(&old));
        assert_eq!((merged[0].prefix(), merged[0].filter().unwrap().prefix()), (None, Some("tmp/")));
        // Where nothing needs the newer one, nothing changes.
        let alone = super::merged(vec![old.clone(), archive()], &[], &["archive".to_owned()]).unwrap();
        assert_eq!(alone, [old]);
    }

    #[test]
    fn what_narrows_a_rule_is_seen() {
        let archive = read(&archive());
        assert_eq!((archive.prefix.as_str(), archive.narrowed), ("logs/", true));
        assert!(!read(&written(&own("ours")).unwrap()).narrowed);
        let date = aws_sdk_s3::primitives::DateTime::from_secs(0);
        let dated = rule("dated").expiration(LifecycleExpiration::builder().date(date).build()).build().unwrap();
        assert_eq!(read(&dated).expire_days, Some(0));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            enabled in any::<bool>(),
            prefix in "[a-z/]{0,6}",
            expire_days in option::of(1..5000u32),
            old in option::of((1..5000u32, option::of(1..100u32))),
            abort_upload_days in option::of(1..99u32),
            markers in any::<bool>(),
        ) {
            let rule = observed::LifecycleRule {
                id: "ours".to_owned(),
                enabled,
                prefix,
                narrowed: false,
                expire_days,
                old_version_days: old.map(|(days, _)| days),
                keep_old_versions: old.and_then(|(_, keep)| keep),
                abort_upload_days,
                expire_delete_markers: markers && expire_days.is_none(),
            };
            prop_assert_eq!(read(&written(&rule).unwrap()), rule);
        }
    }
}
