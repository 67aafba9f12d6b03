//! The bucket and its policy.

use super::{
    BUCKET, Draft, tags,
    yaml::{Members, Node},
};
use crate::setup::{observed::LifecycleRule, plan, policy};

impl Draft<'_> {
    pub(super) fn storage(&self, resources: Members) -> Members {
        let public_access = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"];
        let public_access = public_access.into_iter().fold(Members::default(), |all, block| all.with(block, true));
        let ownership = Members::default().with("ObjectOwnership", "BucketOwnerEnforced");
        let rules = plan::lifecycle_rules(self.site).iter().map(lifecycle_rule).collect::<Vec<_>>();
        let properties = Members::default()
            .with("BucketName", self.site.bucket.as_str())
            .with("PublicAccessBlockConfiguration", public_access)
            .with("OwnershipControls", Members::default().with("Rules", vec![ownership.into()]))
            .explained(
                "Rolling back needs the versions.",
                "VersioningConfiguration",
                Members::default().with("Status", "Enabled"),
            )
            .with("LifecycleConfiguration", Members::default().with("Rules", rules))
            .with_some("BucketEncryption", self.site.kms_key.as_deref().map(encryption))
            .with("Tags", tags(&self.site.tags(false)));
        let bucket = Members::default()
            .with("Type", "AWS::S3::Bucket")
            .with("DeletionPolicy", "Retain")
            .with("UpdateReplacePolicy", "Retain")
            .with("Properties", properties);
        let distribution = self.portable.distribution_arn("${Distribution}");
        let document = policy::bucket_policy(&self.portable, &distribution, None, true);
        let properties = Members::default().with("Bucket", Node::reference(BUCKET)).with("PolicyDocument", &document);
        let bucket_policy = Members::default().with("Type", "AWS::S3::BucketPolicy").with("Properties", properties);
        resources.explained("Private, and kept when the stack is deleted.", BUCKET, bucket).explained(
            "This distribution alone reads the served folders, and nobody through CloudFront the state beside them.",
            "BucketPolicy",
            bucket_policy,
        )
    }
}

fn lifecycle_rule(rule: &LifecycleRule) -> Node {
    let old_versions = rule.old_version_days.map(|days| {
        Members::default().with("NoncurrentDays", days).with_some("NewerNoncurrentVersions", rule.keep_old_versions)
    });
    let uploads = rule.abort_upload_days.map(|days| Members::default().with("DaysAfterInitiation", days));
    Members::default()
        .with("Id", rule.id.as_str())
        .with("Status", if rule.enabled { "Enabled" } else { "Disabled" })
        .with_some("Prefix", (!rule.prefix.is_empty()).then_some(rule.prefix.as_str()))
        .with_some("ExpirationInDays", rule.expire_days)
        .with_some("NoncurrentVersionExpiration", old_versions)
        .with_some("ExpiredObjectDeleteMarker", rule.expire_delete_markers.then_some(true))
        .with_some("AbortIncompleteMultipartUpload", uploads)
        .into()
}

fn encryption(key: &str) -> Node {
    let by_default = Members::default().with("SSEAlgorithm", "aws:kms").with("KMSMasterKeyID", key);
    let rule = Members::default().with("BucketKeyEnabled", true).with("ServerSideEncryptionByDefault", by_default);
    Members::default().with("ServerSideEncryptionConfiguration", vec![rule.into()]).into()
}
