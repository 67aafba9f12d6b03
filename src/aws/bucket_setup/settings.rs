//! The settings of a bucket, one call each.

use aws_sdk_s3::{
    error::ProvideErrorMetadata as _,
    types::{
        BucketCannedAcl, BucketVersioningStatus, ObjectOwnership, OwnershipControls, OwnershipControlsRule,
        PublicAccessBlockConfiguration, ServerSideEncryption, ServerSideEncryptionByDefault,
        ServerSideEncryptionConfiguration, ServerSideEncryptionRule, Tag, Tagging, VersioningConfiguration,
    },
};
use serde_json::Value;

use super::{BucketSetup, bug, sent};
use crate::{aws::Action, error::Result, setup::observed::Tags};

impl BucketSetup {
    /// Sets all four public access blocks.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn block_public_access(&self) -> Result<()> {
        let (on, what) = (self.arn(), format!("block public access to bucket {}", self.name));
        let action = Action { iam: "s3:PutBucketPublicAccessBlock", on: &on, what: &what };
        let all = PublicAccessBlockConfiguration::builder()
            .block_public_acls(true)
            .ignore_public_acls(true)
            .block_public_policy(true)
            .restrict_public_buckets(true)
            .build();
        let put = self.client().put_public_access_block().bucket(&self.name).public_access_block_configuration(all);
        sent!(action, put.clone()).map(drop)
    }

    /// Sets object ownership to bucket owner enforced. S3 refuses that while an ACL gives others access: it is reset to
    /// private first then (User Guide, "Prerequisites for disabling ACLs").
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn enforce_ownership(&self) -> Result<()> {
        let (on, what) = (self.arn(), format!("enforce the ownership of bucket {}", self.name));
        let action = Action { iam: "s3:PutBucketOwnershipControls", on: &on, what: &what };
        let rule = OwnershipControlsRule::builder().object_ownership(ObjectOwnership::BucketOwnerEnforced).build();
        let rule = rule.and_then(|rule| OwnershipControls::builder().rules(rule).build());
        let controls = rule.map_err(|error| bug(&what, error))?;
        let client = self.client();
        let put = client.put_bucket_ownership_controls().bucket(&self.name).ownership_controls(controls);
        match put.clone().send().await {
            Ok(_) => return Ok(()),
            Err(error) if error.code() == Some("InvalidBucketAclWithObjectOwnership") => {
                let acl = Action { iam: "s3:PutBucketAcl", ..action };
                sent!(acl, client.put_bucket_acl().bucket(&self.name).acl(BucketCannedAcl::Private))?;
            }
            Err(error) if super::passes(error.code()) => {}
            Err(error) => return Err(action.failed(error)),
        }
        sent!(action, put.clone()).map(drop)
    }

    /// Keeps overwritten and deleted objects as versions.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn enable_versioning(&self) -> Result<()> {
        let (on, what) = (self.arn(), format!("turn on the versioning of bucket {}", self.name));
        let action = Action { iam: "s3:PutBucketVersioning", on: &on, what: &what };
        let enabled = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        let put = self.client().put_bucket_versioning().bucket(&self.name).versioning_configuration(enabled);
        sent!(action, put.clone()).map(drop)
    }

    /// Encrypts new objects with a key of KMS, with a bucket key. What else the encryption rule says stays.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn set_encryption(&self, key: &str) -> Result<()> {
        let (on, what) = (self.arn(), format!("set the encryption of bucket {}", self.name));
        let action = Action { iam: "s3:PutEncryptionConfiguration", on: &on, what: &what };
        let mut rule = match self.encryption_rules().await?.into_iter().next() {
            Some(rule) => rule,
            None => ServerSideEncryptionRule::builder().build(),
        };
        let by_default = ServerSideEncryptionByDefault::builder();
        let by_default = by_default.sse_algorithm(ServerSideEncryption::AwsKms).kms_master_key_id(key).build();
        rule.apply_server_side_encryption_by_default = Some(by_default.map_err(|error| bug(&what, error))?);
        rule.bucket_key_enabled = Some(true);
        let configuration = ServerSideEncryptionConfiguration::builder().rules(rule).build();
        let configuration = configuration.map_err(|error| bug(&what, error))?;
        let put = self.client().put_bucket_encryption().bucket(&self.name);
        let put = put.server_side_encryption_configuration(configuration);
        sent!(action, put.clone()).map(drop)
    }

    /// Adds tags, replacing the values of those the bucket has already; the others stay.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn tag(&self, tags: &Tags) -> Result<()> {
        let (on, what) = (self.arn(), format!("tag bucket {}", self.name));
        let action = Action { iam: "s3:PutBucketTagging", on: &on, what: &what };
        let there = self.tags().await?;
        let mut all = there.clone();
        all.extend(tags.clone());
        if all == there {
            return Ok(());
        }
        let set = all.iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
        let set = set.collect::<Result<Vec<_>, _>>();
        let tagging = set.and_then(|set| Tagging::builder().set_tag_set(Some(set)).build());
        let tagging = tagging.map_err(|error| bug(&what, error))?;
        let put = self.client().put_bucket_tagging().bucket(&self.name).tagging(tagging);
        sent!(action, put.clone()).map(drop)
    }

    /// Replaces the bucket's policy.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn set_policy(&self, policy: &Value) -> Result<()> {
        let (on, what) = (self.arn(), format!("set the policy of bucket {}", self.name));
        let action = Action { iam: "s3:PutBucketPolicy", on: &on, what: &what };
        let put = self.client().put_bucket_policy().bucket(&self.name).policy(policy.to_string());
        sent!(action, put.clone()).map(drop)
    }

    /// Takes the bucket's policy away; that there is none is no error.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn delete_policy(&self) -> Result<()> {
        let (on, what) = (self.arn(), format!("delete the policy of bucket {}", self.name));
        let action = Action { iam: "s3:DeleteBucketPolicy", on: &on, what: &what };
        let delete = self.client().delete_bucket_policy().bucket(&self.name);
        sent!(action, delete.clone()).map(drop)
    }
}
