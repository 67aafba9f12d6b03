//! The bucket: private, readable by this distribution alone and only where the site is, and with nothing in it that
//! would erase the site.

use serde_json::Value;

use super::{Area, Evidence, finding::Findings};
use crate::{
    release::place::state_key,
    setup::{
        observed::{Bucket, Distribution},
        origin::S3Origin,
        policy::{self, Decision, Principal},
    },
};

const AREA: Area = Area::Bucket;

pub(super) fn examine(evidence: &Evidence, findings: &mut Findings) {
    let Some(distribution) = &evidence.distribution else { return };
    let Some(origin) = S3Origin::parse(&distribution.origin.domain, &distribution.origin.path) else { return };
    let Some(bucket) = &evidence.bucket else {
        if evidence.was_checked("bucket") {
            findings.problem(
                AREA,
                "no-bucket",
                format!("the origin's bucket {} does not exist in this account", origin.bucket),
                "every request is a 404 or 403; and whoever makes a bucket of that name serves your domain",
                findings.bootstrap(),
            );
        }
        return;
    };
    let before = findings.problems_of(AREA);
    openness(bucket, findings);
    if !origin.website {
        reading(evidence, bucket, distribution, &origin.prefix, findings);
    }
    keeping(bucket, &origin.prefix, findings);
    if findings.problems_of(AREA) == before {
        findings.sound(AREA, format!("{} is private, and this distribution may read it", bucket.name));
    }
}

fn openness(bucket: &Bucket, findings: &mut Findings) {
    let public: Vec<String> = policy::one_or_many(bucket.policy.as_ref().and_then(|policy| policy.get("Statement")))
        .filter(|statement| policy::is_public(statement))
        .map(|statement| match statement.get("Sid").and_then(Value::as_str) {
            Some(sid) => format!("\"{sid}\""),
            None => "one without a Sid".to_owned(),
        })
        .collect();
    let [block_acls, ignore_acls, block_policy, restrict] = bucket.public_access_block;
    if !public.is_empty() {
        let effect = if restrict {
            "the public access blocks hold it back for now, until somebody takes them off"
        } else {
            "everybody can read the bucket past CloudFront, at your cost, whatever the distribution forbids"
        };
        findings.problem(
            AREA,
            "public-policy",
            format!("the bucket policy opens {} to the world, by its statement {}", bucket.name, public.join(", ")),
            effect,
            findings.bootstrap(),
        );
    }
    let missing: Vec<&str> = [
        (block_acls, "BlockPublicAcls"),
        (ignore_acls, "IgnorePublicAcls"),
        (block_policy, "BlockPublicPolicy"),
        (restrict, "RestrictPublicBuckets"),
    ]
    .into_iter()
    .filter(|(on, _)| !on)
    .map(|(_, name)| name)
    .collect();
    if !missing.is_empty() {
        findings.problem(
            AREA,
            "public-access-not-blocked",
            format!("{} lacks the public access blocks {}", bucket.name, missing.join(", ")),
            "one wrong policy or ACL opens the bucket to the world",
            findings.bootstrap(),
        );
    }
    if bucket.ownership.as_deref() != Some("BucketOwnerEnforced") {
        findings.problem(
            AREA,
            "ownership-not-enforced",
            format!(
                "object ownership of {} is {}",
                bucket.name,
                bucket.ownership.as_deref().unwrap_or("not set, so that ACLs are in force")
            ),
            "an object that another account uploaded is not readable by CloudFront: 403 for that file alone",
            findings.bootstrap(),
        );
    }
    if bucket.website {
        findings.advice(
            AREA,
            "website-hosting",
            format!("website hosting is on for {}", bucket.name),
            "the private bucket does not need it, and it is a second address of the site",
            format!("turn it off: `aws s3api delete-bucket-website --bucket {}`", bucket.name),
        );
    }
}

/// What the policy lets this distribution do, asked as S3 would ask it.
fn reading(evidence: &Evidence, bucket: &Bucket, distribution: &Distribution, prefix: &str, findings: &mut Findings) {
    if !evidence.was_checked("bucket policy") {
        return;
    }
    let below = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
    let partition = distribution.arn.split(':').nth(1).unwrap_or("aws");
    let bucket_arn = format!("arn:{partition}:s3:::{}", bucket.name);
    // With a legacy identity CloudFront asks as that one (Developer Guide, "Use an origin access identity").
    let identity = distribution.origin.access_identity.rsplit('/').next().filter(|id| !id.is_empty());
    let identity =
        identity.map(|id| format!("arn:{partition}:iam::cloudfront:user/CloudFront Origin Access Identity {id}"));
    let principal = identity.as_deref().map_or(Principal::Service(policy::CLOUDFRONT), Principal::Aws);
    let may = |action: &str, resource: &str, key: &str| {
        let context = [("aws:SourceArn", distribution.arn.as_str()), ("s3:prefix", key)];
        let decide = |document| policy::allows(&[document], principal, action, resource, &context);
        bucket.policy.as_ref().is_some_and(|document| decide(document) == Decision::Allowed)
    };
    let page = format!("{below}index.html");
    if !may("s3:GetObject", &format!("{bucket_arn}/{page}"), &page) {
        let others = named_distributions(bucket, &distribution.arn);
        let seen = if others.is_empty() {
            format!("the policy of {} does not let {} read {page}", bucket.name, distribution.id)
        } else {
            format!("the policy of {} lets {} read it, not {}", bucket.name, others.join(", "), distribution.id)
        };
        findings.problem(
            AREA,
            "policy-does-not-match",
            seen,
            "S3 answers every request of CloudFront with 403",
            findings.bootstrap(),
        );
        return;
    }
    let missing = format!("{below}missing.js");
    if !may("s3:ListBucket", &bucket_arn, &missing) {
        findings.advice(
            AREA,
            "missing-is-forbidden",
            "CloudFront may not list the served prefix".to_owned(),
            "S3 then answers 403 instead of 404 for what is missing, and everybody looks for a mistake in the policy",
            findings.bootstrap(),
        );
    }
    let state = &state_key(prefix, "manifest.json.gz");
    if may("s3:GetObject", &format!("{bucket_arn}/{state}"), state) {
        findings.problem(
            AREA,
            "state-is-readable",
            "the policy lets CloudFront read .cruddur-site/, where releases are remembered".to_owned(),
            "with an origin path that is empty, or a behavior added by hand, everybody can read it",
            findings.bootstrap(),
        );
    }
    if let Some(encryption) = bucket.encryption.as_ref().filter(|one| one.algorithm.starts_with("aws:kms")) {
        match &encryption.kms_key {
            None => findings.problem(
                AREA,
                "aws-managed-kms-key",
                format!("{} is encrypted with the key aws/s3 of AWS", bucket.name),
                "its key policy cannot be changed, so CloudFront can never decrypt: 403 for every file",
                "make a key of your own, and run bootstrap with --kms-key ARN; then publish again",
            ),
            Some(key) => findings.advice(
                AREA,
                "kms-key-policy",
                format!("{} is encrypted with {key}; its key policy was not looked at", bucket.name),
                "it must let cloudfront.amazonaws.com decrypt for this distribution, or every file is a 403",
                format!("compare it with the statement that {} prints", evidence.command("bootstrap", "--dry-run")),
            ),
        }
    }
}

/// The ids of other distributions that the policy names.
fn named_distributions(bucket: &Bucket, own: &str) -> Vec<String> {
    let text = bucket.policy.as_ref().map(Value::to_string).unwrap_or_default();
    let ids = text
        .split(":distribution/")
        .skip(1)
        .map(|rest| rest.chars().take_while(char::is_ascii_alphanumeric).collect::<String>());
    let mut ids: Vec<String> = ids.filter(|id| !id.is_empty() && !own.ends_with(&format!("/{id}"))).collect();
    ids.dedup();
    ids
}

/// Rules that erase the site, and what a rollback needs.
fn keeping(bucket: &Bucket, prefix: &str, findings: &mut Findings) {
    let served = |rule_prefix: &str| prefix.starts_with(rule_prefix) || rule_prefix.starts_with(prefix);
    for rule in &bucket.lifecycle {
        let Some(days) = rule.expire_days.filter(|_| rule.enabled && served(&rule.prefix)) else { continue };
        findings.problem(
            AREA,
            "lifecycle-erases-site",
            format!("the lifecycle rule \"{}\" deletes objects of the live site {days} days after they were uploaded", rule.id),
            "unchanged files are not uploaded again: they go while pages still name them, and the site breaks by itself",
            findings.bootstrap(),
        );
    }
    if !bucket.versioning {
        findings.advice(
            AREA,
            "no-versioning",
            format!("{} keeps no versions", bucket.name),
            "what was overwritten is gone: no way back to an earlier release",
            findings.bootstrap(),
        );
    }
    if !bucket.lifecycle.iter().any(|rule| rule.enabled && rule.abort_upload_days.is_some()) {
        findings.advice(
            AREA,
            "uploads-never-end",
            format!("nothing ends incomplete multipart uploads in {}", bucket.name),
            "parts of uploads that were cut off are stored, and paid for, for ever",
            findings.bootstrap(),
        );
    }
}
