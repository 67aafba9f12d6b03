//! A site as the tutorials of its time had it: a public bucket's website endpoint behind a distribution.

use aws_config::SdkConfig;
use aws_sdk_cloudfront::types::{
    Aliases, CustomOriginConfig, DefaultCacheBehavior, DistributionConfig, MinimumProtocolVersion, Origin,
    OriginProtocolPolicy, Origins, SslSupportMethod, ViewerCertificate, ViewerProtocolPolicy,
};
use aws_sdk_route53::types::{AliasTarget, Change, ChangeAction, ChangeBatch, ResourceRecordSet, RrType};
use aws_sdk_s3::{
    primitives::ByteStream,
    types::{IndexDocument, WebsiteConfiguration},
};
use cruddur_site::{
    local::{self, Account},
    setup::site::{CACHING_OPTIMIZED, DISTRIBUTION_ZONE},
};
use serde_json::json;

/// Makes the site of `domain` by hand, in the account that `console` leads to: a bucket that the world reads, a distribution in
/// front of its website endpoint, a certificate for the domain alone, a zone with its record.
pub async fn make(console: &SdkConfig, account: &Account, domain: &str) {
    bucket(console, domain).await;
    let target = distribution(console, account, domain).await;
    zone(console, domain, &target).await;
}

async fn bucket(console: &SdkConfig, domain: &str) {
    let config = aws_sdk_s3::config::Builder::from(console).force_path_style(true).build();
    let s3 = aws_sdk_s3::Client::from_conf(config);
    s3.create_bucket().bucket(domain).send().await.unwrap();
    let page = ByteStream::from_static(b"<title>Cruddur</title>");
    s3.put_object().bucket(domain).key("index.html").content_type("text/html").body(page).send().await.unwrap();
    s3.delete_public_access_block().bucket(domain).send().await.unwrap();
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "PublicRead",
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": format!("arn:aws:s3:::{domain}/*"),
        }],
    });
    s3.put_bucket_policy().bucket(domain).policy(policy.to_string()).send().await.unwrap();
    let website = IndexDocument::builder().suffix("index.html").build().unwrap();
    let website = WebsiteConfiguration::builder().index_document(website).build();
    s3.put_bucket_website().bucket(domain).website_configuration(website).send().await.unwrap();
}

async fn distribution(console: &SdkConfig, account: &Account, domain: &str) -> String {
    const ORIGIN: &str = "website";
    let certificate = local::Certificate::issued(&[domain]);
    account.keep_certificate(&certificate).unwrap();
    let custom = CustomOriginConfig::builder().http_port(80).https_port(443);
    let origin = Origin::builder()
        .id(ORIGIN)
        .domain_name(format!("{domain}.s3-website-us-east-1.amazonaws.com"))
        .custom_origin_config(custom.origin_protocol_policy(OriginProtocolPolicy::HttpOnly).build().unwrap());
    let behavior = DefaultCacheBehavior::builder()
        .target_origin_id(ORIGIN)
        .viewer_protocol_policy(ViewerProtocolPolicy::AllowAll)
        .cache_policy_id(CACHING_OPTIMIZED)
        .compress(true);
    let viewer = ViewerCertificate::builder().acm_certificate_arn(&certificate.arn);
    let viewer = viewer.ssl_support_method(SslSupportMethod::SniOnly);
    let form = DistributionConfig::builder()
        .caller_reference("by hand")
        .comment("")
        .enabled(true)
        .origins(Origins::builder().quantity(1).items(origin.build().unwrap()).build().unwrap())
        .default_cache_behavior(behavior.build().unwrap())
        .aliases(Aliases::builder().quantity(1).items(domain).build().unwrap())
        .viewer_certificate(viewer.minimum_protocol_version(MinimumProtocolVersion::TlSv122021).build())
        .build()
        .unwrap();
    let cloudfront = aws_sdk_cloudfront::Client::new(console);
    let made = cloudfront.create_distribution().distribution_config(form).send().await.unwrap();
    made.distribution.unwrap().domain_name
}

async fn zone(console: &SdkConfig, domain: &str, target: &str) {
    let route53 = aws_sdk_route53::Client::new(console);
    let made = route53.create_hosted_zone().name(domain).caller_reference("by hand").send().await.unwrap();
    let alias = AliasTarget::builder().dns_name(target).hosted_zone_id(DISTRIBUTION_ZONE).evaluate_target_health(false);
    let set = ResourceRecordSet::builder().name(domain).r#type(RrType::A).alias_target(alias.build().unwrap());
    let change = Change::builder().action(ChangeAction::Create).resource_record_set(set.build().unwrap());
    let batch = ChangeBatch::builder().changes(change.build().unwrap()).build().unwrap();
    let id = made.hosted_zone.unwrap().id;
    route53.change_resource_record_sets().hosted_zone_id(id).change_batch(batch).send().await.unwrap();
}
