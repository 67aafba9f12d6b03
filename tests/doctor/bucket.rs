//! Mistakes in the bucket's tabs.

use aws_sdk_s3::types::{
    BucketLifecycleConfiguration, ExpirationStatus, LifecycleExpiration, LifecycleRule, LifecycleRuleFilter,
    ObjectOwnership, OwnershipControls, OwnershipControlsRule,
};
use serde_json::{Value, json};

use crate::{
    support::Folder,
    world::{BUCKET, World, finds, is_sound, mended_by_bootstrap},
};

/// A policy document of these statements.
pub fn policy<const N: usize>(statements: [Value; N]) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements.to_vec() })
}

/// Everybody may read everything.
pub fn public_statement(bucket: &str) -> Value {
    json!({
        "Sid": "PublicRead",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": format!("arn:aws:s3:::{bucket}/*"),
    })
}

/// Writes a bucket policy.
pub async fn set_policy(world: &World, bucket: &str, document: &Value) {
    world.s3().put_bucket_policy().bucket(bucket).policy(document.to_string()).send().await.unwrap();
}

async fn read_policy(world: &World) -> Value {
    let read = world.s3().get_bucket_policy().bucket(BUCKET).send().await.unwrap();
    serde_json::from_str(read.policy().unwrap()).unwrap()
}

/// The policy was copied from another site, and names its distribution.
#[tokio::test(flavor = "multi_thread")]
async fn the_policy_is_for_another_distribution() {
    let world = World::sound().await;
    let text = read_policy(&world).await.to_string().replace(&world.distribution().id, "E2QWRUHAPOMQZL");
    set_policy(&world, BUCKET, &serde_json::from_str(&text).unwrap()).await;
    let report = finds(&world, &["policy-does-not-match", "root-fails"]).await;
    let seen = &report.findings.iter().find(|finding| finding.id == "policy-does-not-match").unwrap().seen;
    assert!(seen.contains("E2QWRUHAPOMQZL") && seen.contains(&world.distribution().id), "{seen}");
    world.bootstrap().await;
    is_sound(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_no_policy() {
    let world = World::sound().await;
    world.s3().delete_bucket_policy().bucket(BUCKET).send().await.unwrap();
    mended_by_bootstrap(&world, &["policy-does-not-match", "root-fails"]).await;
}

/// The policy that the console offers to copy: it lets CloudFront read every object, and list none.
#[tokio::test(flavor = "multi_thread")]
async fn the_policy_is_the_one_the_console_offers() {
    let world = World::sound().await;
    let read = json!({
        "Sid": "AllowCloudFrontServicePrincipal",
        "Effect": "Allow",
        "Principal": { "Service": "cloudfront.amazonaws.com" },
        "Action": "s3:GetObject",
        "Resource": format!("arn:aws:s3:::{BUCKET}/*"),
        "Condition": { "StringEquals": { "AWS:SourceArn": world.distribution().arn } },
    });
    set_policy(&world, BUCKET, &policy([read])).await;
    mended_by_bootstrap(&world, &["missing-is-forbidden", "state-is-readable"]).await;
}

/// "It only worked once the bucket was public."
#[tokio::test(flavor = "multi_thread")]
async fn the_bucket_is_open_to_the_world() {
    let world = World::sound().await;
    world.s3().delete_public_access_block().bucket(BUCKET).send().await.unwrap();
    let mut document = read_policy(&world).await;
    document["Statement"].as_array_mut().unwrap().push(public_statement(BUCKET));
    set_policy(&world, BUCKET, &document).await;
    mended_by_bootstrap(&world, &["public-policy", "public-access-not-blocked"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn acls_are_in_force() {
    let world = World::sound().await;
    let rule = OwnershipControlsRule::builder().object_ownership(ObjectOwnership::ObjectWriter).build().unwrap();
    let controls = OwnershipControls::builder().rules(rule).build().unwrap();
    world.s3().put_bucket_ownership_controls().bucket(BUCKET).ownership_controls(controls).send().await.unwrap();
    mended_by_bootstrap(&world, &["ownership-not-enforced"]).await;
}

/// "Delete everything after 21 days", to keep the bucket tidy: when CI breaks, the site is gone after three weeks.
#[tokio::test(flavor = "multi_thread")]
async fn a_rule_erases_the_site() {
    let world = World::sound().await;
    let rule = LifecycleRule::builder()
        .id("tidy")
        .status(ExpirationStatus::Enabled)
        .filter(LifecycleRuleFilter::builder().prefix("").build())
        .expiration(LifecycleExpiration::builder().days(21).build())
        .build()
        .unwrap();
    let rules = BucketLifecycleConfiguration::builder().rules(rule).build().unwrap();
    let put = world.s3().put_bucket_lifecycle_configuration().bucket(BUCKET).lifecycle_configuration(rules);
    put.send().await.unwrap();
    // The rules that were replaced are missed, too.
    mended_by_bootstrap(&world, &["lifecycle-erases-site", "uploads-never-end"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_versions_are_kept() {
    use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
    let world = World::sound().await;
    let suspended = VersioningConfiguration::builder().status(BucketVersioningStatus::Suspended).build();
    world.s3().put_bucket_versioning().bucket(BUCKET).versioning_configuration(suspended).send().await.unwrap();
    mended_by_bootstrap(&world, &["no-versioning"]).await;
}

/// Website hosting is left on, though nothing needs it any more: that is for the owner to turn off.
#[tokio::test(flavor = "multi_thread")]
async fn website_hosting_is_left_on() {
    let world = World::sound().await;
    host_website(&world, BUCKET).await;
    finds(&world, &["website-hosting"]).await;
    world.bootstrap().await;
    world.answers(&Folder::site()).await;
    world.s3().delete_bucket_website().bucket(BUCKET).send().await.unwrap();
    is_sound(&world).await;
}

/// Turns website hosting on.
pub async fn host_website(world: &World, bucket: &str) {
    use aws_sdk_s3::types::{IndexDocument, WebsiteConfiguration};
    let index = IndexDocument::builder().suffix("index.html").build().unwrap();
    let website = WebsiteConfiguration::builder().index_document(index).build();
    world.s3().put_bucket_website().bucket(bucket).website_configuration(website).send().await.unwrap();
}
