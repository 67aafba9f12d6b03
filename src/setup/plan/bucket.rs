//! The bucket, its policy, and what closes it to the world.

use super::{Piece, names::Records, public_readers};
use crate::setup::{
    Change, Observed, Resource, S3Origin, Site, Step,
    distribution::MADE,
    observed::{Bucket, LifecycleRule},
    policy,
    site::TAG,
};

/// The id of our lifecycle rule for superseded versions.
pub const OLD_VERSIONS: &str = "cruddur-site-old-versions";

/// The id of our lifecycle rule for incomplete uploads.
pub const UPLOADS: &str = "cruddur-site-uploads";

/// Waiting longer than this for visitors' resolvers is left to the next run, in seconds.
const LONGEST_WAIT: u64 = 3600;

/// The lifecycle rules of ours, for the whole bucket: state and previews have old versions and broken uploads, too.
/// Neither ever touches a current object.
pub fn lifecycle_rules(site: &Site) -> Vec<LifecycleRule> {
    let rule = |id: &str| LifecycleRule {
        id: id.to_owned(),
        enabled: true,
        prefix: String::new(),
        narrowed: false,
        expire_days: None,
        old_version_days: None,
        keep_old_versions: None,
        abort_upload_days: None,
        expire_delete_markers: false,
    };
    // S3 takes no fewer than one day (API Reference, `NoncurrentVersionExpiration`).
    let days = site.retention_days.max(1);
    vec![
        LifecycleRule { old_version_days: Some(days), expire_delete_markers: true, ..rule(OLD_VERSIONS) },
        LifecycleRule { abort_upload_days: Some(1), ..rule(UPLOADS) },
    ]
}

/// What is done to the bucket before anything else, and what lets the distribution in.
pub(super) struct Plans {
    pub piece: Piece,
    pub admit: Vec<Step>,
    /// What keeps every edge to the served folder, once all of them have it.
    pub narrow: Vec<Step>,
}

/// `closing` tells whether [`close`] is part of the plan.
pub(super) fn plan(site: &Site, observed: &Observed, closing: bool) -> Plans {
    let mut piece = Piece::default();
    let bucket = bucket_of(site, observed);
    let mut changes = Vec::new();
    if bucket.is_none() {
        piece.steps.push(Step::CreateBucket);
        changes.push(set("region", site.region.as_str()));
    }
    // Nobody reads a bucket without objects, so that one is closed at once.
    if bucket.is_none_or(|bucket| bucket.is_empty) {
        piece.steps.extend(close_bucket(bucket));
    }
    if closing {
        changes.extend(closing_changes(bucket));
    }
    if !bucket.is_some_and(|bucket| bucket.versioning) {
        piece.steps.push(Step::EnableVersioning);
        changes.push(Change { old: bucket.map(|_| "off".to_owned()), ..set("bucket versioning", "on") });
    }
    lifecycle(site, bucket, &mut piece, &mut changes);
    encryption(site, bucket, &mut piece, &mut changes);
    let tag = bucket.and_then(|bucket| bucket.tags.get(TAG)).cloned();
    if tag.as_deref() != Some(site.domain.as_str()) {
        piece.steps.push(Step::TagBucket);
        changes.push(Change { old: tag, ..set(&format!("tag {TAG}"), site.domain.as_str()) });
    }
    piece.part(Resource::Bucket, site.bucket.as_str(), bucket.is_some(), changes);
    let (admit, narrow) = policy(site, observed, closing, &mut piece);
    Plans { piece, admit, narrow }
}

fn bucket_of<'a>(site: &Site, observed: &'a Observed) -> Option<&'a Bucket> {
    observed.bucket.as_ref().filter(|bucket| bucket.name == site.bucket.as_str())
}

fn set(field: &str, new: &str) -> Change {
    Change { field: field.to_owned(), old: None, new: Some(new.to_owned()) }
}

const ENFORCED: &str = "BucketOwnerEnforced";

fn close_bucket(bucket: Option<&Bucket>) -> Vec<Step> {
    let mut steps = Vec::new();
    if bucket.is_none_or(|bucket| bucket.public_access_block != [true; 4]) {
        steps.push(Step::BlockPublicAccess);
    }
    if bucket.is_none_or(|bucket| bucket.ownership.as_deref() != Some(ENFORCED)) {
        steps.push(Step::EnforceOwnership);
    }
    steps
}

fn closing_changes(bucket: Option<&Bucket>) -> Vec<Change> {
    let names = ["block public ACLs", "ignore public ACLs", "block public policies", "restrict public buckets"];
    let blocks = bucket.map(|bucket| bucket.public_access_block);
    let mut changes: Vec<_> = names
        .iter()
        .enumerate()
        .filter(|(index, _)| blocks.is_none_or(|blocks| !blocks[*index]))
        .map(|(_, name)| Change { old: blocks.map(|_| "off".to_owned()), ..set(name, "on") })
        .collect();
    let ownership = bucket.and_then(|bucket| bucket.ownership.clone());
    if ownership.as_deref() != Some(ENFORCED) {
        let old = ownership.or_else(|| bucket.map(|_| "ACLs enabled".to_owned()));
        changes.push(Change { old, ..set("object ownership", ENFORCED) });
    }
    changes
}

fn lifecycle(site: &Site, bucket: Option<&Bucket>, piece: &mut Piece, changes: &mut Vec<Change>) {
    let current = bucket.map(|bucket| bucket.lifecycle.as_slice()).unwrap_or_default();
    let rules = lifecycle_rules(site);
    let is_ours = |rule: &LifecycleRule| rules.iter().any(|ours| ours.id == rule.id);
    let mut remove = Vec::new();
    for rule in current.iter().filter(|rule| !is_ours(rule) && rule.enabled && rule.expire_days.is_some()) {
        match erases(rule, site.prefix.as_str()) {
            Erases::Everything => remove.push(rule.id.clone()),
            Erases::Some => piece.notes.push(format!(
                "the lifecycle rule {} of the bucket deletes some current objects of the site {}: {}",
                rule.id,
                after(rule),
                "it stays, since it is narrowed; see that it takes no page"
            )),
            Erases::Nothing => {}
        }
    }
    for id in &remove {
        let rule = current.iter().find(|rule| rule.id == *id);
        let old = rule.map(|rule| format!("deletes the live site {}", after(rule)));
        changes.push(Change { field: format!("lifecycle rule {id}"), old, new: None });
    }
    let differing: Vec<_> = rules.iter().filter(|rule| !current.contains(rule)).collect();
    for rule in &differing {
        let old = current.iter().find(|old| old.id == rule.id).map(describe);
        changes.push(Change { field: format!("lifecycle rule {}", rule.id), old, new: Some(describe(rule)) });
    }
    if !differing.is_empty() || !remove.is_empty() {
        piece.steps.push(Step::SetLifecycle { rules, remove });
    }
}

enum Erases {
    Nothing,
    Some,
    Everything,
}

/// What a rule that deletes current objects does to the site in `prefix` and to the state beside it.
fn erases(rule: &LifecycleRule, prefix: &str) -> Erases {
    let served = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
    let folders = [served.as_str(), ".cruddur-site/"];
    if folders.iter().any(|folder| folder.starts_with(&rule.prefix)) {
        return if rule.narrowed { Erases::Some } else { Erases::Everything };
    }
    if rule.prefix.starts_with(&served) { Erases::Some } else { Erases::Nothing }
}

fn after(rule: &LifecycleRule) -> String {
    match rule.expire_days {
        None | Some(0) => "on a date".to_owned(),
        Some(1) => "after 1 day".to_owned(),
        Some(days) => format!("after {days} days"),
    }
}

fn describe(rule: &LifecycleRule) -> String {
    let days = |days: u32| if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
    let mut words = Vec::new();
    if !rule.enabled {
        words.push("disabled".to_owned());
    }
    if !rule.prefix.is_empty() {
        words.push(format!("for {}", rule.prefix));
    }
    if rule.narrowed {
        words.push("for some objects".to_owned());
    }
    if rule.expire_days.is_some() {
        words.push(format!("current objects expire {}", after(rule)));
    }
    if let Some(old) = rule.old_version_days {
        words.push(format!("old versions expire after {}", days(old)));
    }
    if let Some(keep) = rule.keep_old_versions {
        words.push(format!("the newest {keep} old versions stay"));
    }
    if let Some(abort) = rule.abort_upload_days {
        words.push(format!("incomplete uploads end after {}", days(abort)));
    }
    if rule.expire_delete_markers {
        words.push("so do delete markers that hide nothing".to_owned());
    }
    words.join(", ")
}

fn encryption(site: &Site, bucket: Option<&Bucket>, piece: &mut Piece, changes: &mut Vec<Change>) {
    let current = bucket.and_then(|bucket| bucket.encryption.as_ref());
    let is_kms = current.is_some_and(|encryption| encryption.algorithm.starts_with("aws:kms"));
    let Some(key) = &site.kms_key else {
        if is_kms {
            piece.notes.push(format!(
                "the bucket {} encrypts with {}, whose policy cannot be made to let CloudFront in, so what is published \
                 would answer 403: give --kms-key the ARN of a key of your own, or set the bucket's default encryption to SSE-S3",
                site.bucket,
                current.and_then(|encryption| encryption.kms_key.as_deref()).unwrap_or("AWS's own key aws/s3")
            ));
        }
        return;
    };
    piece.notes.push(format!(
        "the policy of the KMS key {key} must let cloudfront.amazonaws.com decrypt for this distribution; add the statement \
         that is shown at the end by hand"
    ));
    let has_key = current.and_then(|encryption| encryption.kms_key.as_ref()) == Some(key);
    if !(is_kms && has_key) {
        piece.steps.push(Step::SetEncryption);
        let old = current.map(|encryption| match &encryption.kms_key {
            Some(key) => format!("{} with {key}", encryption.algorithm),
            None => encryption.algorithm.clone(),
        });
        changes.push(Change { old, ..set("default encryption", &format!("aws:kms with {key}")) });
    }
}

/// The ARN of the distribution, or a stand-in for the comparison of policies.
fn distribution_arn(site: &Site, observed: &Observed) -> String {
    let arn = observed.distribution.as_ref().map(|distribution| distribution.arn.clone());
    arn.unwrap_or_else(|| site.distribution_arn(MADE))
}

/// Folders that edges may read until the distribution is deployed, and that a policy of ours lets them: nothing else
/// takes away what they have.
fn former(site: &Site, observed: &Observed) -> Vec<String> {
    let policy = bucket_of(site, observed).and_then(|bucket| bucket.policy.as_ref());
    let (Some(distribution), Some(policy)) = (&observed.distribution, policy) else { return Vec::new() };
    let prefix = site.prefix.as_str();
    let is_there = S3Origin::of(&distribution.origin)
        .is_some_and(|origin| origin.bucket == site.bucket.as_str() && origin.prefix == prefix);
    // A root that is served contains every folder.
    if prefix.is_empty() || is_there && distribution.deployed {
        return Vec::new();
    }
    let readable = policy::readable(&site.bucket_arn(), policy).filter(|(arn, _)| *arn == distribution.arn);
    let folders = readable.map(|(_, folders)| folders).unwrap_or_default();
    folders.into_iter().filter(|folder| folder != prefix).collect()
}

/// What lets the distribution in, and what takes away what it no longer reads. Statements that open the bucket to the
/// world go in [`close`], but where nobody reads.
fn policy(site: &Site, observed: &Observed, closing: bool, piece: &mut Piece) -> (Vec<Step>, Vec<Step>) {
    let bucket = bucket_of(site, observed);
    let arn = distribution_arn(site, observed);
    let current = bucket.and_then(|bucket| bucket.policy.as_ref());
    let former = former(site, observed);
    let open = policy::moving_policy(site, &former, &arn, current, false);
    let closed = policy::moving_policy(site, &former, &arn, current, true);
    let mut changes = Vec::new();
    let mut admit = Vec::new();
    let mut narrow = Vec::new();
    let admits = current.is_some_and(|current| policy::is_same(current, &open));
    // S3 refuses to write a policy with a public statement where those are blocked, even one that is there already
    // (S3 User Guide, "Blocking public access to your Amazon S3 storage"): then the one without it is written at the end.
    let is_refused = policy::opens_to_the_world(&open) && bucket.is_some_and(|bucket| bucket.public_access_block[2]);
    if (!admits || !former.is_empty()) && (closing || !is_refused) {
        let who = observed.distribution.as_ref().map_or(MADE, |distribution| &distribution.id);
        let new = reads(who, &[site.prefix.to_string()]);
        let old = current.and_then(|current| policy::readable(&site.bucket_arn(), current));
        let old = old.map(|(arn, folders)| reads(arn.rsplit('/').next().unwrap_or_default(), &folders));
        changes.push(Change { old: old.filter(|old| *old != new), ..set("read access", &new) });
    }
    if open != closed && closing {
        let old = Some("everyone reads the bucket".to_owned());
        changes.push(Change { field: "public statements".to_owned(), old, new: None });
    }
    let closes_now = open == closed || bucket.is_none_or(|bucket| bucket.is_empty);
    if closes_now {
        if !current.is_some_and(|current| policy::is_same(current, &closed)) {
            admit.push(Step::SetBucketPolicy { closing: true, former: former.clone() });
        }
    } else if !admits && !is_refused {
        admit.push(Step::SetBucketPolicy { closing: false, former: former.clone() });
    }
    // The policy that closes the bucket is for the served folder alone as well.
    if !former.is_empty() && (closes_now || !closing && !is_refused) {
        narrow.push(Step::SetBucketPolicy { closing: closes_now, former: Vec::new() });
    }
    piece.part(Resource::BucketPolicy, site.bucket.as_str(), current.is_some(), changes);
    (admit, narrow)
}

/// Whom a policy of ours lets in, and where.
fn reads(distribution: &str, folders: &[String]) -> String {
    let paths = folders.iter().map(|folder| if folder.is_empty() { "/".to_owned() } else { format!("/{folder}/") });
    format!("distribution {distribution} reads {}", paths.collect::<Vec<_>>().join(", "))
}

/// Why a bucket that is open to the world stays so for now: somebody's working page needs it.
pub(super) fn withheld(site: &Site, observed: &Observed, records: &Records) -> Option<String> {
    let bucket = bucket_of(site, observed).filter(|bucket| !bucket.is_empty)?;
    if closing_steps(site, observed, bucket).is_empty() {
        return None;
    }
    let distribution = observed.distribution.as_ref();
    let readers = distribution.map(|distribution| public_readers(site, distribution)).unwrap_or_default();
    if !readers.is_empty() {
        return Some(format!(
            "the bucket {} stays open to the world, because the behavior {} reads it that way: give its origin an origin \
             access control in the CloudFront console and let the bucket policy allow its folder, then run bootstrap again",
            site.bucket,
            readers.join(", ")
        ));
    }
    let seconds = records.public_bucket_ttl.filter(|seconds| *seconds > LONGEST_WAIT)?;
    Some(format!(
        "the bucket {} stays open to the world, because its old records may lead visitors straight to it for another {}: \
         run bootstrap again after that to close it",
        site.bucket,
        duration(seconds)
    ))
}

fn closing_steps(site: &Site, observed: &Observed, bucket: &Bucket) -> Vec<Step> {
    let arn = distribution_arn(site, observed);
    let current = bucket.policy.as_ref();
    let opens = policy::bucket_policy(site, &arn, current, false) != policy::bucket_policy(site, &arn, current, true);
    let policy = opens.then(|| Step::SetBucketPolicy { closing: true, former: Vec::new() });
    policy.into_iter().chain(close_bucket(Some(bucket))).collect()
}

/// What closes a bucket that is open today, at the very end: the website endpoint, public statements and public ACLs
/// are what works there now.
pub(super) fn close(site: &Site, observed: &Observed, records: &Records) -> Piece {
    let mut piece = Piece::default();
    let Some(bucket) = bucket_of(site, observed).filter(|bucket| !bucket.is_empty) else { return piece };
    let steps = closing_steps(site, observed, bucket);
    if steps.is_empty() {
        return piece;
    }
    if let Some(seconds) = records.public_bucket_ttl {
        piece.steps.push(Step::AwaitExpiry { seconds });
    }
    piece.notes.push(format!(
        "the bucket {} is closed to the world at the end: links to its S3 address, and other distributions that read it, \
         stop working then",
        site.bucket
    ));
    piece.steps.extend(steps);
    piece
}

fn duration(seconds: u64) -> String {
    let hours = seconds.div_ceil(3600);
    if hours == 1 { "hour".to_owned() } else { format!("{hours} hours") }
}
