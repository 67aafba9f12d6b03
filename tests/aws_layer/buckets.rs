//! Buckets: looked at, made, set, emptied.

use aws_sdk_s3::types::{
    BucketCannedAcl, BucketLocationConstraint, CreateBucketConfiguration, ExpirationStatus, LifecycleExpiration,
    LifecycleRuleAndOperator, LifecycleRuleFilter, ObjectOwnership, Tag, Transition, TransitionStorageClass,
};
use cruddur_site::error::ErrorKind;
use cruddur_site::setup::observed::{LifecycleRule, Tags};
use serde_json::json;

use crate::support::faults::Fault;
use crate::world::{REGION, World};

crate::on_local_accounts!(
    a_bucket_is_made_set_and_seen,
    rules_and_tags_of_others_stay,
    a_bucket_is_emptied_and_deleted,
    a_bucket_in_another_region_is_found,
    a_public_acl_gives_way_to_ownership,
    a_bucket_of_somebody_else_is_told_both_ways,
    a_name_that_is_taken_is_cured_by_another,
    a_busy_bucket_is_asked_again,
    a_region_that_does_not_exist_is_guessed,
);
crate::on_moto!(a_bucket_is_made_set_and_seen, rules_and_tags_of_others_stay, a_bucket_is_emptied_and_deleted);

fn keep_versions() -> LifecycleRule {
    LifecycleRule {
        id: "cruddur-site-old-versions".into(),
        enabled: true,
        prefix: String::new(),
        narrowed: false,
        expire_days: None,
        old_version_days: Some(30),
        keep_old_versions: None,
        abort_upload_days: None,
        expire_delete_markers: true,
    }
}

fn tags<const N: usize>(pairs: [(&str, &str); N]) -> Tags {
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

/// Given no bucket, when it is made and everything is set, then that is what is seen; and all of it may be done twice.
async fn a_bucket_is_made_set_and_seen(world: World) {
    let name = "made-set-and-seen.example";
    let bucket = world.aws.bucket_setup(name, Some(REGION));
    assert_eq!(bucket.observe("live").await.unwrap(), None);

    let policy = json!({ "Version": "2012-10-17", "Statement": [{
        "Sid": "Site",
        "Effect": "Allow",
        "Principal": { "Service": "cloudfront.amazonaws.com" },
        "Action": "s3:GetObject",
        "Resource": format!("arn:aws:s3:::{name}/live/*"),
        "Condition": { "StringEquals": { "AWS:SourceArn": "arn:aws:cloudfront::000000000000:distribution/E1" } },
    }] });
    for _ in 0..2 {
        bucket.create(REGION).await.unwrap();
        bucket.block_public_access().await.unwrap();
        bucket.enforce_ownership().await.unwrap();
        bucket.enable_versioning().await.unwrap();
        bucket.set_lifecycle(&[keep_versions()], &[]).await.unwrap();
        bucket.set_encryption("arn:aws:kms:us-east-1:000000000000:key/1").await.unwrap();
        bucket.tag(&tags([("cruddur-site", "example.com")])).await.unwrap();
        bucket.set_policy(&policy).await.unwrap();
    }
    let seen = bucket.observe("live").await.unwrap().unwrap();
    assert_eq!((seen.name.as_str(), seen.region.as_str()), (name, REGION));
    assert_eq!(seen.public_access_block, [true; 4]);
    assert_eq!(seen.ownership.as_deref(), Some("BucketOwnerEnforced"));
    assert!(seen.versioning && seen.is_empty && !seen.has_site && !seen.website, "{seen:?}");
    assert_eq!(seen.lifecycle, [keep_versions()]);
    let encryption = seen.encryption.unwrap();
    assert_eq!((encryption.algorithm.as_str(), encryption.bucket_key), ("aws:kms", true));
    assert_eq!(encryption.kms_key.as_deref(), Some("arn:aws:kms:us-east-1:000000000000:key/1"));
    assert_eq!(seen.policy, Some(policy));
    assert_eq!(seen.tags, tags([("cruddur-site", "example.com")]));

    // Our own state is no site.
    let put = |key: &str| world.s3.put_object().bucket(name).key(key).body(b"x".to_vec().into()).send();
    put(".cruddur-site/live/lock.json").await.unwrap();
    let seen = bucket.observe("").await.unwrap().unwrap();
    assert!(!seen.has_site && !seen.is_empty, "{seen:?}");
    put("live/index.html").await.unwrap();
    assert!(bucket.observe("live").await.unwrap().unwrap().has_site);
    assert!(bucket.observe("").await.unwrap().unwrap().has_site);
    assert!(!bucket.observe("previews").await.unwrap().unwrap().has_site);

    bucket.delete_policy().await.unwrap();
    bucket.set_lifecycle(&[], &[keep_versions().id]).await.unwrap();
    let seen = bucket.observe("live").await.unwrap().unwrap();
    assert_eq!((seen.policy, seen.lifecycle), (None, Vec::new()));
}

/// Given rules and tags of others, when ours are set, then the others are as they were, whatever they say.
async fn rules_and_tags_of_others_stay(world: World) {
    let name = "rules-and-tags.example";
    let bucket = world.aws.bucket_setup(name, Some(REGION));
    bucket.create(REGION).await.unwrap();
    let tag = Tag::builder().key("class").value("log").build().unwrap();
    let and = LifecycleRuleAndOperator::builder().prefix("logs/").tags(tag).build();
    let archive = aws_sdk_s3::types::LifecycleRule::builder()
        .id("archive")
        .status(ExpirationStatus::Enabled)
        .filter(LifecycleRuleFilter::builder().and(and).build())
        .transitions(Transition::builder().days(30).storage_class(TransitionStorageClass::Glacier).build())
        .build()
        .unwrap();
    let erase = aws_sdk_s3::types::LifecycleRule::builder()
        .id("erase")
        .status(ExpirationStatus::Enabled)
        .filter(LifecycleRuleFilter::builder().prefix("").build())
        .expiration(LifecycleExpiration::builder().days(21).build())
        .build()
        .unwrap();
    let rules = aws_sdk_s3::types::BucketLifecycleConfiguration::builder().rules(archive).rules(erase).build().unwrap();
    let put = world.s3.put_bucket_lifecycle_configuration().bucket(name).lifecycle_configuration(rules);
    put.send().await.unwrap();
    let there = || async {
        let got = world.s3.get_bucket_lifecycle_configuration().bucket(name).send().await.unwrap();
        got.rules.unwrap()
    };
    let before = there().await;
    bucket.tag(&tags([("team", "web"), ("stage", "old")])).await.unwrap();

    bucket.set_lifecycle(&[keep_versions()], &["erase".to_owned()]).await.unwrap();
    bucket.tag(&tags([("stage", "new"), ("cruddur-site", "example.com")])).await.unwrap();
    let after = there().await;
    assert_eq!(after[0], before[0]);
    let seen = bucket.observe("").await.unwrap().unwrap();
    assert_eq!(seen.lifecycle[1..], [keep_versions()]);
    assert!(seen.lifecycle[0].narrowed);
    assert_eq!(seen.tags, tags([("team", "web"), ("stage", "new"), ("cruddur-site", "example.com")]));
}

/// Given versions, a delete marker and an upload, when the bucket is emptied, then it can be deleted; and twice is as once.
async fn a_bucket_is_emptied_and_deleted(world: World) {
    let name = "emptied-and-deleted.example";
    let bucket = world.aws.bucket_setup(name, Some(REGION));
    bucket.create(REGION).await.unwrap();
    bucket.enable_versioning().await.unwrap();
    for key in ["a", "b", "live/naïve café #1.txt", "a"] {
        world.s3.put_object().bucket(name).key(key).body(b"x".to_vec().into()).send().await.unwrap();
    }
    world.s3.delete_object().bucket(name).key("b").send().await.unwrap();
    world.s3.create_multipart_upload().bucket(name).key("large").send().await.unwrap();

    let refused = bucket.delete().await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Refused, "{refused}");
    assert!(refused.next().contains("--delete-content"), "{refused}");
    bucket.empty().await.unwrap();
    assert!(world.s3.list_multipart_uploads().bucket(name).send().await.unwrap().uploads().is_empty());
    assert!(bucket.observe("live").await.unwrap().unwrap().is_empty);
    bucket.delete().await.unwrap();
    bucket.delete().await.unwrap();
    assert_eq!(bucket.observe("live").await.unwrap(), None);
}

/// Given a bucket in Ireland, when it is looked for in Virginia, then it is found, and set where it is.
async fn a_bucket_in_another_region_is_found(world: World) {
    let ireland = CreateBucketConfiguration::builder().location_constraint(BucketLocationConstraint::EuWest1).build();
    let create = world.s3.create_bucket().bucket("ireland").create_bucket_configuration(ireland);
    create.send().await.unwrap();
    let bucket = world.aws.bucket_setup("ireland", None);
    assert_eq!(bucket.observe("live").await.unwrap().unwrap().region, "eu-west-1");
    assert_eq!(bucket.region(), "eu-west-1");
    bucket.enable_versioning().await.unwrap();
    assert!(bucket.observe("live").await.unwrap().unwrap().versioning);
}

/// Given a bucket that an ACL opens to the world, when ownership is enforced, then the ACL is reset first.
async fn a_public_acl_gives_way_to_ownership(world: World) {
    let create = world.s3.create_bucket().bucket("open").object_ownership(ObjectOwnership::ObjectWriter);
    create.send().await.unwrap();
    world.s3.delete_public_access_block().bucket("open").send().await.unwrap();
    world.s3.put_bucket_acl().bucket("open").acl(BucketCannedAcl::PublicRead).send().await.unwrap();
    let bucket = world.aws.bucket_setup("open", Some(REGION));
    bucket.enforce_ownership().await.unwrap();
    assert_eq!(world.count("PutBucketOwnershipControls"), 2);
    let seen = bucket.observe("").await.unwrap().unwrap();
    assert_eq!(seen.ownership.as_deref(), Some("BucketOwnerEnforced"));
}

async fn a_bucket_of_somebody_else_is_told_both_ways(world: World) {
    world.proxy.inject(Fault::answer("HeadBucket", 403, "").header("x-amz-bucket-region", REGION));
    let error = world.aws.bucket_setup("cruddur.com", None).observe("live").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AccessDenied);
    assert!(error.what().contains("somebody else's, or yours and a permission is missing"), "{error}");
    assert!(error.next().contains("--bucket NAME") && error.next().contains("s3:ListBucket"), "{error}");
}

async fn a_name_that_is_taken_is_cured_by_another(world: World) {
    world.proxy.inject(Fault::s3(
        "CreateBucket",
        409,
        "BucketAlreadyExists",
        "The requested bucket name is not available.",
    ));
    let error = world.aws.bucket_setup("cruddur.com", None).create("eu-west-1").await.unwrap_err();
    assert!(error.what().contains("somebody else has a bucket of this name"), "{error}");
    assert!(error.next().contains("--bucket NAME"), "{error}");
}

/// Given that S3 is at work on a bucket of that name, when one is made, then it is made once S3 is done.
async fn a_busy_bucket_is_asked_again(world: World) {
    let busy = |operation| {
        let words = "A conflicting conditional operation is currently in progress against this resource.";
        Fault::s3(operation, 409, "OperationAborted", words).times(1)
    };
    world.proxy.inject(busy("CreateBucket"));
    world.proxy.inject(busy("PutBucketPolicy"));
    let bucket = world.aws.bucket_setup("busy", None);
    bucket.create(REGION).await.unwrap();
    bucket
        .set_policy(&json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::busy/*",
        "Condition": { "Bool": { "aws:SecureTransport": "false" } },
    }] }))
        .await
        .unwrap();
    assert_eq!((world.count("CreateBucket"), world.count("PutBucketPolicy")), (2, 2));
}

async fn a_region_that_does_not_exist_is_guessed(world: World) {
    let words = "The specified location-constraint is not valid";
    world.proxy.inject(Fault::s3("CreateBucket", 400, "InvalidLocationConstraint", words));
    let mistyped = world.aws.bucket_setup("far", None).create("eu-wset-1").await.unwrap_err();
    assert_eq!(mistyped.kind(), ErrorKind::Config);
    assert!(mistyped.next().contains("did you mean --region eu-west-1?"), "{mistyped}");
    let closed = world.aws.bucket_setup("far", None).create("il-central-1").await.unwrap_err();
    assert!(closed.next().contains("enable-region --region-name il-central-1"), "{closed}");
}
