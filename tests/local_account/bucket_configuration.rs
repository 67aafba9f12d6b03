//! What a bucket is besides its objects, and what S3 refuses of it.

use aws_sdk_s3::{
    error::ProvideErrorMetadata,
    types::{
        AbortIncompleteMultipartUpload, BucketCannedAcl, BucketLifecycleConfiguration, BucketLocationConstraint,
        BucketVersioningStatus, CreateBucketConfiguration, Delete, ErrorDocument, ExpirationStatus, IndexDocument,
        LifecycleExpiration, LifecycleRule, LifecycleRuleAndOperator, LifecycleRuleFilter, NoncurrentVersionExpiration,
        ObjectIdentifier, ObjectOwnership, OwnershipControls, OwnershipControlsRule, PublicAccessBlockConfiguration,
        RedirectAllRequestsTo, ServerSideEncryption, ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration,
        ServerSideEncryptionRule, Tag, Tagging, VersioningConfiguration, WebsiteConfiguration,
    },
};
use serde_json::{Value, json};

use crate::{Rehearsal, code};

/// AWS's code and message of a failure.
fn code_and_message<T, E: ProvideErrorMetadata>(outcome: Result<T, E>) -> (String, String) {
    let message = outcome.as_ref().err().and_then(|error| error.message()).unwrap_or("no message").to_owned();
    (code(outcome), message)
}

fn policy(statement: &Value) -> String {
    json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
}

/// What CloudFront needs to read one prefix.
fn for_cloudfront() -> Value {
    json!({
        "Sid": "CloudFront",
        "Effect": "Allow",
        "Principal": { "Service": "cloudfront.amazonaws.com" },
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::bucket/live/*",
        "Condition": { "StringEquals": { "AWS:SourceArn": "arn:aws:cloudfront::000000000000:distribution/E1" } },
    })
}

fn for_everybody() -> Value {
    json!({ "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*" })
}

fn with(mut statement: Value, member: &str, value: Value) -> Value {
    statement[member] = value;
    statement
}

fn without(mut statement: Value, member: &str) -> Value {
    statement.as_object_mut().unwrap().remove(member).unwrap();
    statement
}

fn block(on: bool) -> PublicAccessBlockConfiguration {
    PublicAccessBlockConfiguration::builder()
        .block_public_acls(on)
        .ignore_public_acls(on)
        .block_public_policy(on)
        .restrict_public_buckets(on)
        .build()
}

fn ownership(ownership: ObjectOwnership) -> OwnershipControls {
    let rule = OwnershipControlsRule::builder().object_ownership(ownership).build().unwrap();
    OwnershipControls::builder().rules(rule).build().unwrap()
}

impl Rehearsal {
    async fn put_policy(&self, policy: &str) -> Result<(), aws_sdk_s3::Error> {
        let put = self.s3.put_bucket_policy().bucket("bucket").policy(policy).send().await;
        put.map(|_| ()).map_err(aws_sdk_s3::Error::from)
    }

    async fn put_rules(&self, rules: Vec<LifecycleRule>) -> Result<(), aws_sdk_s3::Error> {
        let configuration = BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build().unwrap();
        let put = self.s3.put_bucket_lifecycle_configuration().bucket("bucket").lifecycle_configuration(configuration);
        put.send().await.map(|_| ()).map_err(aws_sdk_s3::Error::from)
    }

    async fn put_block(&self, on: bool) {
        let put = self.s3.put_public_access_block().bucket("bucket").public_access_block_configuration(block(on));
        put.send().await.unwrap();
    }

    async fn put_ownership(&self, wanted: ObjectOwnership) -> Result<(), aws_sdk_s3::Error> {
        let put = self.s3.put_bucket_ownership_controls().bucket("bucket").ownership_controls(ownership(wanted));
        put.send().await.map(|_| ()).map_err(aws_sdk_s3::Error::from)
    }

    async fn put_tags(&self, tags: &[(&str, &str)]) -> Result<(), aws_sdk_s3::Error> {
        let tags = tags.iter().map(|(key, value)| Tag::builder().key(*key).value(*value).build().unwrap());
        let tagging = Tagging::builder().set_tag_set(Some(tags.collect())).build().unwrap();
        let put = self.s3.put_bucket_tagging().bucket("bucket").tagging(tagging).send().await;
        put.map(|_| ()).map_err(aws_sdk_s3::Error::from)
    }

    async fn put_website(&self, website: WebsiteConfiguration) -> Result<(), aws_sdk_s3::Error> {
        let put = self.s3.put_bucket_website().bucket("bucket").website_configuration(website).send().await;
        put.map(|_| ()).map_err(aws_sdk_s3::Error::from)
    }

    async fn put_encryption(
        &self,
        algorithm: ServerSideEncryption,
        key: Option<&str>,
    ) -> Result<(), aws_sdk_s3::Error> {
        let by_default = ServerSideEncryptionByDefault::builder()
            .sse_algorithm(algorithm)
            .set_kms_master_key_id(key.map(str::to_owned))
            .build()
            .unwrap();
        let rule = ServerSideEncryptionRule::builder()
            .apply_server_side_encryption_by_default(by_default)
            .bucket_key_enabled(true)
            .build();
        let configuration = ServerSideEncryptionConfiguration::builder().rules(rule).build().unwrap();
        let put = self.s3.put_bucket_encryption().bucket("bucket").server_side_encryption_configuration(configuration);
        put.send().await.map(|_| ()).map_err(aws_sdk_s3::Error::from)
    }

    async fn default_encryption(&self) -> (String, Option<String>) {
        let got = self.s3.get_bucket_encryption().bucket("bucket").send().await.unwrap();
        let rule = got.server_side_encryption_configuration.unwrap().rules.remove(0);
        let by_default = rule.apply_server_side_encryption_by_default.unwrap();
        (by_default.sse_algorithm.as_str().to_owned(), by_default.kms_master_key_id)
    }
}

#[tokio::test]
async fn a_new_bucket_is_closed_and_has_nothing_else() {
    let rehearsal = Rehearsal::with_bucket().await;
    rehearsal.account.create_bucket("by-hand", "us-east-1").unwrap();
    rehearsal.account.ensure_bucket("ensured").unwrap();
    for bucket in ["bucket", "by-hand", "ensured"] {
        let s3 = &rehearsal.s3;
        let got = s3.get_public_access_block().bucket(bucket).send().await.unwrap();
        assert_eq!(got.public_access_block_configuration, Some(block(true)), "{bucket}");
        let got = s3.get_bucket_ownership_controls().bucket(bucket).send().await.unwrap();
        assert_eq!(got.ownership_controls, Some(ownership(ObjectOwnership::BucketOwnerEnforced)), "{bucket}");
        let acl = s3.get_bucket_acl().bucket(bucket).send().await.unwrap();
        assert_eq!(acl.grants().len(), 1);
        assert_eq!(acl.grants()[0].grantee().unwrap().id(), acl.owner().unwrap().id());
        let nothing = [
            (code(s3.get_bucket_policy().bucket(bucket).send().await), "NoSuchBucketPolicy"),
            (code(s3.get_bucket_policy_status().bucket(bucket).send().await), "NoSuchBucketPolicy"),
            (code(s3.get_bucket_lifecycle_configuration().bucket(bucket).send().await), "NoSuchLifecycleConfiguration"),
            (code(s3.get_bucket_tagging().bucket(bucket).send().await), "NoSuchTagSet"),
            (code(s3.get_bucket_website().bucket(bucket).send().await), "NoSuchWebsiteConfiguration"),
        ];
        for (told, expected) in nothing {
            assert_eq!(told, expected, "{bucket}");
        }
    }
    assert_eq!(rehearsal.default_encryption().await, ("AES256".to_owned(), None));
}

#[tokio::test]
async fn a_policy_is_kept_as_it_was_written() {
    let rehearsal = Rehearsal::with_bucket().await;
    let s3 = &rehearsal.s3;
    let text = format!(" {}\n", policy(&for_cloudfront()));
    rehearsal.put_policy(&text).await.unwrap();
    let got = s3.get_bucket_policy().bucket("bucket").send().await.unwrap();
    assert_eq!(got.policy(), Some(text.as_str()));
    let status = s3.get_bucket_policy_status().bucket("bucket").send().await.unwrap();
    assert_eq!(status.policy_status().unwrap().is_public(), Some(false));
    s3.delete_bucket_policy().bucket("bucket").send().await.unwrap();
    s3.delete_bucket_policy().bucket("bucket").send().await.unwrap();
    assert_eq!(code(s3.get_bucket_policy().bucket("bucket").send().await), "NoSuchBucketPolicy");
}

#[tokio::test]
async fn a_policy_s3_does_not_take_is_malformed() {
    let rehearsal = Rehearsal::with_bucket().await;
    let good = for_cloudfront;
    let statements = [
        (without(good(), "Effect"), "Missing required field Effect"),
        (with(good(), "Effect", json!("allow")), "Invalid effect: allow"),
        (without(good(), "Principal"), "Missing required field Principal"),
        (with(good(), "Principal", json!("cloudfront.amazonaws.com")), "Invalid principal in policy"),
        (with(good(), "Principal", json!({ "Service": "cloudfront" })), "Invalid principal in policy"),
        (with(good(), "Principal", json!({ "AWS": "somebody" })), "Invalid principal in policy"),
        (without(good(), "Action"), "Missing required field Action"),
        (with(good(), "Action", json!("GetObject")), "Policy has invalid action"),
        (with(good(), "Action", json!("iam:PassRole")), "Policy has invalid action"),
        (without(good(), "Resource"), "Missing required field Resource"),
        (with(good(), "Resource", json!("*")), "Policy has invalid resource"),
        (with(good(), "Resource", json!("arn:aws:s3:::other/*")), "Policy has invalid resource"),
        (with(good(), "Resource", json!("arn:aws:s3:::bucket-2/*")), "Policy has invalid resource"),
        (
            with(good(), "Resource", json!("arn:aws:s3:::bucket")),
            "Action does not apply to any resource(s) in statement",
        ),
        (
            with(good(), "Action", json!(["s3:GetObject", "s3:ListBucket"])),
            "Action does not apply to any resource(s) in statement",
        ),
        (with(good(), "Condition", json!(["StringEquals"])), "Policy has an invalid condition"),
        (with(good(), "Resources", json!("*")), "Unknown field Resources"),
    ];
    let mut table: Vec<_> = statements.iter().map(|(statement, told)| (policy(statement), *told)).collect();
    table.push(("[]".to_owned(), "Policies must be valid JSON and the first byte must be '{'"));
    table.push(("{\"Version\":".to_owned(), "This policy contains invalid Json"));
    table.push((json!({ "Version": "2012-10-17" }).to_string(), "Missing required field Statement"));
    let wrong_version = json!({ "Version": "2020-01-01", "Statement": [good()] }).to_string();
    table.push((wrong_version, "The policy must contain a valid version string"));
    for (text, told) in table {
        let refused = rehearsal.put_policy(&text).await;
        let (code, message) = code_and_message(refused);
        assert_eq!((code.as_str(), message.as_str()), ("MalformedPolicy", told), "{text}");
    }
    let list = json!({
        "Effect": "Allow",
        "Principal": { "Service": "cloudfront.amazonaws.com" },
        "Action": ["s3:ListBucket", "s3:GetObject"],
        "Resource": ["arn:aws:s3:::bucket", "arn:aws:s3:::bucket/live/*"],
    });
    assert_eq!(code(rehearsal.put_policy(&policy(&list)).await), "succeeded");
}

#[tokio::test]
async fn a_public_policy_is_refused_until_the_block_is_off() {
    let rehearsal = Rehearsal::with_bucket().await;
    let s3 = &rehearsal.s3;
    let public = policy(&for_everybody());
    let restricted = with(for_everybody(), "Condition", json!({ "StringEquals": { "aws:SourceVpc": "vpc-1" } }));
    let denied = with(for_everybody(), "Effect", json!("Deny"));
    let of_all = with(for_everybody(), "Principal", json!({ "AWS": ["000000000000", "*"] }));
    let vague = with(for_everybody(), "Condition", json!({ "StringLike": { "aws:Referer": "https://cruddur.com/*" } }));
    for (statement, expected) in [
        (for_everybody(), "AccessDenied"),
        (of_all, "AccessDenied"),
        (vague, "AccessDenied"),
        (restricted, "succeeded"),
        (denied, "succeeded"),
    ] {
        assert_eq!(code(rehearsal.put_policy(&policy(&statement)).await), expected, "{statement}");
    }
    rehearsal.put_block(false).await;
    rehearsal.put_policy(&public).await.unwrap();
    let status = s3.get_bucket_policy_status().bucket("bucket").send().await.unwrap();
    assert_eq!(status.policy_status().unwrap().is_public(), Some(true));

    s3.delete_public_access_block().bucket("bucket").send().await.unwrap();
    let got = s3.get_public_access_block().bucket("bucket").send().await;
    assert_eq!(code(got), "NoSuchPublicAccessBlockConfiguration");
    rehearsal.put_policy(&public).await.unwrap();
    // Switched on again, the block does not take back what is there.
    rehearsal.put_block(true).await;
    assert!(s3.get_bucket_policy().bucket("bucket").send().await.is_ok());
    assert_eq!(code(rehearsal.put_policy(&public).await), "AccessDenied");
}

#[tokio::test]
async fn access_control_lists_are_off_until_ownership_says_otherwise() {
    let rehearsal = Rehearsal::with_bucket().await;
    let s3 = &rehearsal.s3;
    let put = async |acl: BucketCannedAcl| code(s3.put_bucket_acl().bucket("bucket").acl(acl).send().await);
    assert_eq!(put(BucketCannedAcl::Private).await, "AccessControlListNotSupported");
    rehearsal.put_ownership(ObjectOwnership::BucketOwnerPreferred).await.unwrap();
    assert_eq!(put(BucketCannedAcl::PublicRead).await, "AccessDenied");
    rehearsal.put_block(false).await;
    assert_eq!(put(BucketCannedAcl::PublicRead).await, "succeeded");
    let acl = s3.get_bucket_acl().bucket("bucket").send().await.unwrap();
    assert_eq!(acl.grants()[1].grantee().unwrap().uri(), Some("http://acs.amazonaws.com/groups/global/AllUsers"));
    let enforced = rehearsal.put_ownership(ObjectOwnership::BucketOwnerEnforced).await;
    assert_eq!(code(enforced), "InvalidBucketAclWithObjectOwnership");
    assert_eq!(put(BucketCannedAcl::Private).await, "succeeded");
    rehearsal.put_ownership(ObjectOwnership::BucketOwnerEnforced).await.unwrap();

    s3.delete_bucket_ownership_controls().bucket("bucket").send().await.unwrap();
    let got = s3.get_bucket_ownership_controls().bucket("bucket").send().await;
    assert_eq!(code(got), "OwnershipControlsNotFoundError");
    assert_eq!(code(rehearsal.put_ownership(ObjectOwnership::from("Mine")).await), "MalformedXML");
}

#[tokio::test]
async fn a_bucket_is_not_made_with_grants_to_others() {
    let rehearsal = Rehearsal::start().await;
    let create = || rehearsal.s3.create_bucket().bucket("bucket").acl(BucketCannedAcl::PublicRead);
    assert_eq!(code(create().send().await), "InvalidBucketAclWithObjectOwnership");
    let written = create().object_ownership(ObjectOwnership::ObjectWriter);
    assert_eq!(code(written.send().await), "InvalidBucketAclWithBlockPublicAccessError");
    assert_eq!(code(rehearsal.s3.head_bucket().bucket("bucket").send().await), "NotFound");
    let create = rehearsal.s3.create_bucket().bucket("bucket").object_ownership(ObjectOwnership::ObjectWriter);
    create.send().await.unwrap();
    let got = rehearsal.s3.get_bucket_ownership_controls().bucket("bucket").send().await.unwrap();
    assert_eq!(got.ownership_controls, Some(ownership(ObjectOwnership::ObjectWriter)));
}

fn prefix_filter() -> LifecycleRuleFilter {
    LifecycleRuleFilter::builder().prefix("live/").build()
}

/// A rule with an id and a filter, to which the table adds one thing.
fn rule() -> aws_sdk_s3::types::builders::LifecycleRuleBuilder {
    LifecycleRule::builder().id("rule").status(ExpirationStatus::Enabled).filter(prefix_filter())
}

fn expiry(days: i32) -> LifecycleExpiration {
    LifecycleExpiration::builder().days(days).build()
}

fn old_versions(days: Option<i32>, kept: Option<i32>) -> NoncurrentVersionExpiration {
    NoncurrentVersionExpiration::builder().set_noncurrent_days(days).set_newer_noncurrent_versions(kept).build()
}

fn abort(days: i32) -> AbortIncompleteMultipartUpload {
    AbortIncompleteMultipartUpload::builder().days_after_initiation(days).build()
}

#[tokio::test]
async fn lifecycle_rules_come_back_as_they_were_put() {
    let rehearsal = Rehearsal::with_bucket().await;
    let tag = aws_sdk_s3::types::Tag::builder().key("kind").value("log").build().unwrap();
    let and = LifecycleRuleAndOperator::builder().prefix("logs/").tags(tag).build();
    let rules = vec![
        rule().noncurrent_version_expiration(old_versions(Some(90), Some(5))).build().unwrap(),
        rule().id("uploads").abort_incomplete_multipart_upload(abort(1)).build().unwrap(),
        rule()
            .id("logs")
            .status(ExpirationStatus::Disabled)
            .filter(LifecycleRuleFilter::builder().and(and).build())
            .expiration(expiry(30))
            .build()
            .unwrap(),
        rule()
            .id("markers")
            .filter(LifecycleRuleFilter::builder().build())
            .expiration(LifecycleExpiration::builder().expired_object_delete_marker(true).build())
            .build()
            .unwrap(),
    ];
    rehearsal.put_rules(rules.clone()).await.unwrap();
    let got = rehearsal.s3.get_bucket_lifecycle_configuration().bucket("bucket").send().await.unwrap();
    assert_eq!(got.rules(), rules);

    let nameless = rule().set_id(None).expiration(expiry(1)).build().unwrap();
    rehearsal.put_rules(vec![nameless]).await.unwrap();
    let got = rehearsal.s3.get_bucket_lifecycle_configuration().bucket("bucket").send().await.unwrap();
    assert!(got.rules()[0].id().is_some_and(|id| !id.is_empty()));
    rehearsal.s3.delete_bucket_lifecycle().bucket("bucket").send().await.unwrap();
    let got = rehearsal.s3.get_bucket_lifecycle_configuration().bucket("bucket").send().await;
    assert_eq!(code(got), "NoSuchLifecycleConfiguration");
}

#[tokio::test]
async fn lifecycle_rules_s3_does_not_take_are_refused() {
    let rehearsal = Rehearsal::with_bucket().await;
    let tag = || aws_sdk_s3::types::Tag::builder().key("kind").value("log").build().unwrap();
    let tagged = || LifecycleRuleFilter::builder().tag(tag()).build();
    let marker = LifecycleExpiration::builder().expired_object_delete_marker(true).build();
    let two = LifecycleExpiration::builder().days(1).expired_object_delete_marker(true).build();
    let lonely = LifecycleRuleAndOperator::builder().prefix("a").build();
    #[allow(deprecated)]
    let with_both = rule().prefix("live/").expiration(expiry(1));
    let table = [
        (rule(), "InvalidRequest"),
        (rule().expiration(expiry(0)), "InvalidArgument"),
        (rule().expiration(expiry(-1)), "InvalidArgument"),
        (rule().expiration(two), "MalformedXML"),
        (rule().expiration(marker).filter(tagged()), "InvalidRequest"),
        (rule().noncurrent_version_expiration(old_versions(Some(0), None)), "InvalidArgument"),
        (rule().noncurrent_version_expiration(old_versions(None, Some(3))), "MalformedXML"),
        (rule().noncurrent_version_expiration(old_versions(Some(1), Some(101))), "InvalidArgument"),
        (rule().abort_incomplete_multipart_upload(abort(0)), "InvalidArgument"),
        (rule().abort_incomplete_multipart_upload(abort(1)).filter(tagged()), "InvalidRequest"),
        (rule().expiration(expiry(1)).status(ExpirationStatus::from("On")), "MalformedXML"),
        (rule().expiration(expiry(1)).id("i".repeat(256)), "InvalidArgument"),
        (rule().expiration(expiry(1)).set_filter(None), "MalformedXML"),
        (with_both, "MalformedXML"),
        (rule().expiration(expiry(1)).filter(LifecycleRuleFilter::builder().and(lonely).build()), "MalformedXML"),
    ];
    for (wrong, expected) in table {
        let wrong = wrong.build().unwrap();
        let told = code(rehearsal.put_rules(vec![wrong.clone()]).await);
        assert_eq!(told, expected, "{wrong:?}");
    }
    let fine = |id: usize| rule().id(id.to_string()).expiration(expiry(1)).build().unwrap();
    assert_eq!(code(rehearsal.put_rules(vec![fine(1), fine(1)]).await), "InvalidArgument");
    assert_eq!(code(rehearsal.put_rules((0..1001).map(fine).collect()).await), "MalformedXML");
    assert_eq!(code(rehearsal.put_rules((0..1000).map(fine).collect()).await), "succeeded");
}

#[tokio::test]
async fn encryption_tags_and_website_are_kept_and_reset() {
    let rehearsal = Rehearsal::with_bucket().await;
    let s3 = &rehearsal.s3;
    let key = "arn:aws:kms:us-east-1:000000000000:key/1";
    rehearsal.put_encryption(ServerSideEncryption::AwsKms, Some(key)).await.unwrap();
    assert_eq!(rehearsal.default_encryption().await, ("aws:kms".to_owned(), Some(key.to_owned())));
    assert_eq!(code(rehearsal.put_encryption(ServerSideEncryption::Aes256, Some(key)).await), "InvalidArgument");
    assert_eq!(code(rehearsal.put_encryption(ServerSideEncryption::from("rot13"), None).await), "MalformedXML");
    s3.delete_bucket_encryption().bucket("bucket").send().await.unwrap();
    assert_eq!(rehearsal.default_encryption().await, ("AES256".to_owned(), None));

    rehearsal.put_tags(&[("site", "cruddur.com"), ("by", "hand")]).await.unwrap();
    let got = s3.get_bucket_tagging().bucket("bucket").send().await.unwrap();
    let tags: Vec<_> = got.tag_set().iter().map(|tag| (tag.key(), tag.value())).collect();
    assert_eq!(tags, [("by", "hand"), ("site", "cruddur.com")]);
    let (long_key, long_value) = ("k".repeat(129), "v".repeat(257));
    for tags in [
        [("a", "1"), ("a", "2")],
        [("a", "1"), ("aws:b", "2")],
        [("a", "1"), (&long_key, "")],
        [("a", "1"), ("b", &long_value)],
    ] {
        assert_eq!(code(rehearsal.put_tags(&tags).await), "InvalidTag", "{tags:?}");
    }
    let names: Vec<_> = (0..51).map(|number| number.to_string()).collect();
    let many: Vec<_> = names.iter().map(|name| (name.as_str(), "")).collect();
    assert_eq!(code(rehearsal.put_tags(&many).await), "BadRequest");
    s3.delete_bucket_tagging().bucket("bucket").send().await.unwrap();
    assert_eq!(code(s3.get_bucket_tagging().bucket("bucket").send().await), "NoSuchTagSet");

    let index = |suffix: &str| IndexDocument::builder().suffix(suffix).build().unwrap();
    let error = ErrorDocument::builder().key("404.html").build().unwrap();
    let website = WebsiteConfiguration::builder().index_document(index("index.html")).error_document(error).build();
    rehearsal.put_website(website).await.unwrap();
    let got = s3.get_bucket_website().bucket("bucket").send().await.unwrap();
    assert_eq!(got.index_document().unwrap().suffix(), "index.html");
    assert_eq!(got.error_document().unwrap().key(), "404.html");
    let redirect = || RedirectAllRequestsTo::builder().host_name("cruddur.com").build().unwrap();
    for wrong in [
        WebsiteConfiguration::builder().build(),
        WebsiteConfiguration::builder().index_document(index("a/index.html")).build(),
        WebsiteConfiguration::builder()
            .index_document(index("index.html"))
            .redirect_all_requests_to(redirect())
            .build(),
    ] {
        assert_eq!(code(rehearsal.put_website(wrong.clone()).await), "InvalidArgument", "{wrong:?}");
    }
    let www = WebsiteConfiguration::builder().redirect_all_requests_to(redirect()).build();
    rehearsal.put_website(www).await.unwrap();
    let got = s3.get_bucket_website().bucket("bucket").send().await.unwrap();
    assert_eq!((got.redirect_all_requests_to(), got.index_document()), (Some(&redirect()), None));
    s3.delete_bucket_website().bucket("bucket").send().await.unwrap();
    assert_eq!(code(s3.get_bucket_website().bucket("bucket").send().await), "NoSuchWebsiteConfiguration");
}

#[tokio::test]
async fn a_bucket_emptied_of_every_version_goes_with_its_configuration() {
    let rehearsal = Rehearsal::with_bucket().await;
    let s3 = &rehearsal.s3;
    let enabled = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    s3.put_bucket_versioning().bucket("bucket").versioning_configuration(enabled).send().await.unwrap();
    for key in ["a", "b", "a"] {
        rehearsal.put(key, key).await;
    }
    s3.delete_object().bucket("bucket").key("b").send().await.unwrap();
    rehearsal.put_policy(&policy(&for_cloudfront())).await.unwrap();
    rehearsal.put_tags(&[("site", "cruddur.com")]).await.unwrap();
    assert_eq!(code(s3.delete_bucket().bucket("bucket").send().await), "BucketNotEmpty");

    let page = s3.list_object_versions().bucket("bucket").send().await.unwrap();
    let versions = page.versions().iter().map(|version| (version.key(), version.version_id()));
    let markers = page.delete_markers().iter().map(|marker| (marker.key(), marker.version_id()));
    let doomed = versions
        .chain(markers)
        .map(|(key, id)| ObjectIdentifier::builder().key(key.unwrap()).version_id(id.unwrap()).build().unwrap());
    let delete = Delete::builder().set_objects(Some(doomed.collect())).build().unwrap();
    assert_eq!(delete.objects().len(), 4);
    let deleted = s3.delete_objects().bucket("bucket").delete(delete).send().await.unwrap();
    assert_eq!((deleted.deleted().len(), deleted.errors().len()), (4, 0));
    s3.delete_bucket().bucket("bucket").send().await.unwrap();
    assert_eq!(code(s3.get_bucket_policy().bucket("bucket").send().await), "NoSuchBucket");

    s3.create_bucket().bucket("bucket").send().await.unwrap();
    assert_eq!(code(s3.get_bucket_policy().bucket("bucket").send().await), "NoSuchBucketPolicy");
    assert_eq!(code(s3.get_bucket_tagging().bucket("bucket").send().await), "NoSuchTagSet");
}

#[tokio::test]
async fn a_bucket_of_another_account_is_not_ours_to_see_or_make() {
    let rehearsal = Rehearsal::with_bucket().await;
    let s3 = &rehearsal.s3;
    rehearsal.account.create_bucket_elsewhere("taken", "us-east-1").unwrap();
    rehearsal.account.create_bucket_elsewhere("far", "eu-west-1").unwrap();
    let head = s3.head_bucket().bucket("taken").send().await.unwrap_err();
    let response = head.raw_response().unwrap();
    assert_eq!(response.status().as_u16(), 403);
    assert_eq!(response.headers().get("x-amz-bucket-region"), Some("us-east-1"));
    let far = s3.head_bucket().bucket("far").send().await.unwrap_err();
    assert_eq!(far.raw_response().unwrap().status().as_u16(), 301);
    assert_eq!(code(s3.create_bucket().bucket("taken").send().await), "BucketAlreadyExists");
    assert_eq!(code(s3.list_objects_v2().bucket("taken").send().await), "AccessDenied");
    assert_eq!(code(s3.get_bucket_policy().bucket("taken").send().await), "AccessDenied");
    assert_eq!(code(s3.get_bucket_location().bucket("taken").send().await), "AccessDenied");
    assert!(rehearsal.account.ensure_bucket("taken").is_err());
    assert!(rehearsal.account.create_bucket_elsewhere("bucket", "us-east-1").is_err());
    let listed = s3.list_buckets().send().await.unwrap();
    assert_eq!(listed.buckets().len(), 1);
}

#[tokio::test]
async fn there_are_only_so_many_regions() {
    let rehearsal = Rehearsal::start().await;
    let create = |constraint: &str| {
        let constraint = BucketLocationConstraint::from(constraint);
        let configuration = CreateBucketConfiguration::builder().location_constraint(constraint).build();
        rehearsal.s3.create_bucket().bucket("bucket").create_bucket_configuration(configuration).send()
    };
    for constraint in ["mars-north-1", "us-east-1", "eu"] {
        assert_eq!(code(create(constraint).await), "InvalidLocationConstraint", "{constraint}");
    }
    assert!(rehearsal.account.create_bucket("bucket", "mars-north-1").is_err());
    create("EU").await.unwrap();
    let location = rehearsal.s3.get_bucket_location().bucket("bucket").send().await.unwrap();
    assert_eq!(location.location_constraint(), Some(&BucketLocationConstraint::EuWest1));
}
