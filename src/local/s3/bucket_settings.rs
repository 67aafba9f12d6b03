//! Default encryption, tags and the website of a bucket.

use std::collections::BTreeMap;

use http::StatusCode;
use s3s::{S3Error, S3ErrorCode, S3Request, S3Result, dto::*, s3_error};
use serde::{Deserialize, Serialize};

use super::{
    LocalS3,
    configuration::{ENCRYPTION, TAGS, WEBSITE, default_encryption, malformed, refused},
};

/// What a tag may be (S3 User Guide, "Using cost allocation S3 bucket tags").
const MAX_TAGS: usize = 50;
const MAX_TAG_KEY: usize = 128;
const MAX_TAG_VALUE: usize = 256;

/// The document of [`WEBSITE`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Website {
    /// The object's name that stands for a folder.
    index_document: Option<String>,
    /// The page for errors.
    error_document: Option<String>,
    /// Where every request is sent on to instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    redirect_all_requests_to: Option<RedirectAllRequestsTo>,
    /// Redirects of some requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    routing_rules: Option<RoutingRules>,
}

impl Website {
    fn new(configuration: WebsiteConfiguration) -> S3Result<Self> {
        let WebsiteConfiguration { error_document, index_document, redirect_all_requests_to, routing_rules } =
            configuration;
        match (&index_document, &redirect_all_requests_to) {
            (None, None) => {
                return Err(s3_error!(
                    InvalidArgument,
                    "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty"
                ));
            }
            (index, Some(_)) if index.is_some() || error_document.is_some() || routing_rules.is_some() => {
                return Err(s3_error!(
                    InvalidArgument,
                    "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules."
                ));
            }
            (Some(index), _) if index.suffix.is_empty() || index.suffix.contains('/') => {
                return Err(s3_error!(InvalidArgument, "The IndexDocument Suffix is not well formed"));
            }
            _ => {}
        }
        Ok(Self {
            index_document: index_document.map(|index| index.suffix),
            error_document: error_document.map(|error| error.key),
            redirect_all_requests_to,
            routing_rules,
        })
    }
}

fn check_encryption(rule: &ServerSideEncryptionRule) -> S3Result<()> {
    let by_default = rule.apply_server_side_encryption_by_default.as_ref().ok_or_else(malformed)?;
    match (by_default.sse_algorithm.as_str(), &by_default.kms_master_key_id) {
        (ServerSideEncryption::AES256, Some(_)) => Err(s3_error!(
            InvalidArgument,
            "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse"
        )),
        (ServerSideEncryption::AES256 | ServerSideEncryption::AWS_KMS | ServerSideEncryption::AWS_KMS_DSSE, _) => {
            Ok(())
        }
        _ => Err(malformed()),
    }
}

fn invalid_tag(message: &'static str) -> S3Error {
    S3Error::with_message(S3ErrorCode::InvalidTag, message)
}

/// Tags by key, when S3 takes them.
fn tags(set: TagSet) -> S3Result<BTreeMap<String, String>> {
    if set.len() > MAX_TAGS {
        let message = format!("Bucket tag count cannot be greater than {MAX_TAGS}");
        return Err(refused(StatusCode::BAD_REQUEST, "BadRequest", message));
    }
    let mut tags = BTreeMap::new();
    for Tag { key, value } in set {
        let (key, value) = (key.ok_or_else(malformed)?, value.ok_or_else(malformed)?);
        if key.is_empty() || key.chars().count() > MAX_TAG_KEY {
            return Err(invalid_tag("The TagKey you have provided is invalid"));
        }
        if value.chars().count() > MAX_TAG_VALUE {
            return Err(invalid_tag("The TagValue you have provided is invalid"));
        }
        if key.starts_with("aws:") {
            return Err(invalid_tag("System tags cannot be added/updated by requester"));
        }
        if tags.insert(key, value).is_some() {
            return Err(invalid_tag("Cannot provide multiple Tags with the same key"));
        }
    }
    Ok(tags)
}

impl LocalS3 {
    pub(crate) async fn put_bucket_encryption(
        &self,
        request: S3Request<PutBucketEncryptionInput>,
    ) -> S3Result<PutBucketEncryptionOutput> {
        let PutBucketEncryptionInput { bucket, server_side_encryption_configuration, .. } = request.input;
        let mut rules = server_side_encryption_configuration.rules.into_iter();
        let (Some(mut rule), None) = (rules.next(), rules.next()) else { return Err(malformed()) };
        check_encryption(&rule)?;
        rule.bucket_key_enabled.get_or_insert(false);
        self.configure(ENCRYPTION, bucket, rule, |_, _, _| Ok(())).await?;
        Ok(PutBucketEncryptionOutput {})
    }

    pub(crate) async fn get_bucket_encryption(
        &self,
        request: S3Request<GetBucketEncryptionInput>,
    ) -> S3Result<GetBucketEncryptionOutput> {
        let rule = self.configuration(ENCRYPTION, request.input.bucket).await?.unwrap_or_else(default_encryption);
        let configuration = ServerSideEncryptionConfiguration { rules: vec![rule] };
        Ok(GetBucketEncryptionOutput { server_side_encryption_configuration: Some(configuration) })
    }

    /// The default encryption cannot be turned off: it goes back to S3's own keys (API reference,
    /// DeleteBucketEncryption).
    pub(crate) async fn delete_bucket_encryption(
        &self,
        request: S3Request<DeleteBucketEncryptionInput>,
    ) -> S3Result<DeleteBucketEncryptionOutput> {
        self.configure(ENCRYPTION, request.input.bucket, default_encryption(), |_, _, _| Ok(())).await?;
        Ok(DeleteBucketEncryptionOutput {})
    }

    /// Replaces all tags.
    pub(crate) async fn put_bucket_tagging(
        &self,
        request: S3Request<PutBucketTaggingInput>,
    ) -> S3Result<PutBucketTaggingOutput> {
        let PutBucketTaggingInput { bucket, tagging, .. } = request.input;
        self.configure(TAGS, bucket, tags(tagging.tag_set)?, |_, _, _| Ok(())).await?;
        Ok(PutBucketTaggingOutput {})
    }

    pub(crate) async fn get_bucket_tagging(
        &self,
        request: S3Request<GetBucketTaggingInput>,
    ) -> S3Result<GetBucketTaggingOutput> {
        let tags: Option<BTreeMap<String, String>> = self.configuration(TAGS, request.input.bucket).await?;
        let tags =
            tags.filter(|tags| !tags.is_empty()).ok_or_else(|| s3_error!(NoSuchTagSet, "The TagSet does not exist"))?;
        let tag_set = tags.into_iter().map(|(key, value)| Tag { key: Some(key), value: Some(value) }).collect();
        Ok(GetBucketTaggingOutput { tag_set })
    }

    pub(crate) async fn delete_bucket_tagging(
        &self,
        request: S3Request<DeleteBucketTaggingInput>,
    ) -> S3Result<DeleteBucketTaggingOutput> {
        self.unconfigure(TAGS, request.input.bucket).await?;
        Ok(DeleteBucketTaggingOutput {})
    }

    pub(crate) async fn put_bucket_website(
        &self,
        request: S3Request<PutBucketWebsiteInput>,
    ) -> S3Result<PutBucketWebsiteOutput> {
        let PutBucketWebsiteInput { bucket, website_configuration, .. } = request.input;
        self.configure(WEBSITE, bucket, Website::new(website_configuration)?, |_, _, _| Ok(())).await?;
        Ok(PutBucketWebsiteOutput {})
    }

    pub(crate) async fn get_bucket_website(
        &self,
        request: S3Request<GetBucketWebsiteInput>,
    ) -> S3Result<GetBucketWebsiteOutput> {
        let website: Option<Website> = self.configuration(WEBSITE, request.input.bucket).await?;
        let website = website.ok_or_else(|| {
            s3_error!(NoSuchWebsiteConfiguration, "The specified bucket does not have a website configuration")
        })?;
        Ok(GetBucketWebsiteOutput {
            error_document: website.error_document.map(|key| ErrorDocument { key }),
            index_document: website.index_document.map(|suffix| IndexDocument { suffix }),
            redirect_all_requests_to: website.redirect_all_requests_to,
            routing_rules: website.routing_rules,
        })
    }

    pub(crate) async fn delete_bucket_website(
        &self,
        request: S3Request<DeleteBucketWebsiteInput>,
    ) -> S3Result<DeleteBucketWebsiteOutput> {
        self.unconfigure(WEBSITE, request.input.bucket).await?;
        Ok(DeleteBucketWebsiteOutput {})
    }
}
