//! What a bucket answers to an origin request, by its policy and its website.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::setup::policy::{CLOUDFRONT, Decision, Principal, allows, opens_to_the_world};

/// The part of a bucket's configuration that decides who reads it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BucketAccess {
    /// Its region.
    pub region: String,
    /// Its policy.
    pub policy: Option<Value>,
    /// Its `RestrictPublicBuckets`: a public policy then lets in nobody but services and the account itself (S3 User
    /// Guide, "Blocking public access to your Amazon S3 storage").
    pub restricts_public: bool,
    /// Its website, where hosting is on.
    pub website: Option<Website>,
}

/// A bucket's website.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Website {
    /// The object that answers for a folder: `index.html`.
    pub index_document: Option<String>,
    /// The key of the page for errors.
    pub error_document: Option<String>,
}

/// As whom the edge asks the bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reader {
    /// CloudFront itself, for the distribution of this ARN: by an origin access control that signs.
    Distribution(String),
    /// A legacy origin access identity, by its id.
    Identity(String),
    /// Nobody: nothing is signed.
    Anonymous,
}

impl BucketAccess {
    /// Whether `reader` may do `action` on `resource` (an ARN); `key` is the condition key `s3:prefix` of listings.
    pub(super) fn lets(&self, reader: &Reader, action: &str, resource: &str, key: Option<&str>, secure: bool) -> bool {
        let identity;
        let principal = match reader {
            Reader::Distribution(_) => Principal::Service(CLOUDFRONT),
            Reader::Identity(id) => {
                identity = format!("arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity {id}");
                Principal::Aws(&identity)
            }
            Reader::Anonymous => Principal::Anonymous,
        };
        let mut context = vec![("aws:SecureTransport", if secure { "true" } else { "false" })];
        if let Reader::Distribution(arn) = reader {
            context.push(("aws:SourceArn", arn));
            context.push(("aws:SourceAccount", arn.split(':').nth(4).unwrap_or_default()));
        }
        context.extend(key.map(|key| ("s3:prefix", key)));
        let Some(policy) = &self.policy else { return false };
        let shut = self.restricts_public && !matches!(reader, Reader::Distribution(_)) && opens_to_the_world(policy);
        !shut && allows(&[policy], principal, action, resource, &context) == Decision::Allowed
    }

    /// Whether `reader` may read the object `key` of `bucket`.
    pub(super) fn lets_read(&self, reader: &Reader, bucket: &str, key: &str, secure: bool) -> bool {
        self.lets(reader, "s3:GetObject", &format!("arn:aws:s3:::{bucket}/{key}"), None, secure)
    }

    /// Whether `reader` may know that `bucket` has no object `key`, or, where `key` is empty, what it has.
    pub(super) fn lets_list(&self, reader: &Reader, bucket: &str, key: &str, secure: bool) -> bool {
        let key = Some(key).filter(|key| !key.is_empty());
        self.lets(reader, "s3:ListBucket", &format!("arn:aws:s3:::{bucket}"), key, secure)
    }
}
