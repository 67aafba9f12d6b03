//! What the stories of CloudFront's configuration start from.

use std::time::Duration;

use aws_sdk_cloudfront::types::{
    Aliases, DefaultCacheBehavior, DistributionConfig, Origin, OriginAccessControlConfig,
    OriginAccessControlOriginTypes, OriginAccessControlSigningBehaviors, OriginAccessControlSigningProtocols, Origins,
    S3OriginConfig, SslSupportMethod, ViewerCertificate, ViewerProtocolPolicy,
};
use cruddur_site::{local::Account, setup::site::CACHING_OPTIMIZED};

use crate::Rehearsal;

/// Longer than any test runs: what is asked for stays in progress.
pub const NEVER: Duration = Duration::from_secs(3600);

impl Rehearsal {
    pub async fn with_delay(delay: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::of(Account::open_with_delay(folder.path(), delay).unwrap(), folder).await
    }

    /// Puts a certificate where ACM keeps it.
    pub fn certificate(&self, region: &str, status: &str, names: &[&str]) -> String {
        let arn = format!("arn:aws:acm:{region}:000000000000:certificate/{status}-{}", names.join("-"));
        let document = serde_json::json!({ "arn": arn, "region": region, "status": status, "names": names });
        let index = rusqlite::Connection::open(self.account.folder().join("account.db")).unwrap();
        index.busy_timeout(Duration::from_secs(30)).unwrap();
        let row = ["acm/certificate", &arn, &document.to_string()];
        index.execute("INSERT OR REPLACE INTO resources VALUES (?1, ?2, ?3)", row).unwrap();
        arn
    }

    /// Creates an origin access control and tells its id.
    pub async fn access_control(&self, name: &str, kind: OriginAccessControlOriginTypes) -> String {
        let config = access_control_config(name, kind);
        let created = self.cloudfront.create_origin_access_control().origin_access_control_config(config);
        created.send().await.unwrap().origin_access_control.unwrap().id
    }

    /// Creates a distribution of a configuration that is taken, and tells its id and ETag.
    pub async fn create(&self, config: DistributionConfig) -> (String, String) {
        let created = self.cloudfront.create_distribution().distribution_config(config).send().await.unwrap();
        (created.distribution.unwrap().id, created.e_tag.unwrap())
    }
}

pub fn access_control_config(name: &str, kind: OriginAccessControlOriginTypes) -> OriginAccessControlConfig {
    OriginAccessControlConfig::builder()
        .name(name)
        .signing_protocol(OriginAccessControlSigningProtocols::Sigv4)
        .signing_behavior(OriginAccessControlSigningBehaviors::Always)
        .origin_access_control_origin_type(kind)
        .build()
        .unwrap()
}

/// The least that CloudFront takes: one bucket, one behavior.
pub fn config(reference: &str) -> DistributionConfig {
    let origin = Origin::builder()
        .id("bucket")
        .domain_name("bucket.s3.eu-central-1.amazonaws.com")
        .s3_origin_config(S3OriginConfig::builder().origin_access_identity("").build())
        .build()
        .unwrap();
    let behavior = DefaultCacheBehavior::builder()
        .target_origin_id("bucket")
        .viewer_protocol_policy(ViewerProtocolPolicy::RedirectToHttps)
        .cache_policy_id(CACHING_OPTIMIZED)
        .build()
        .unwrap();
    DistributionConfig::builder()
        .caller_reference(reference)
        .comment("")
        .enabled(true)
        .origins(Origins::builder().quantity(1).items(origin).build().unwrap())
        .default_cache_behavior(behavior)
        .build()
        .unwrap()
}

pub fn aliases(names: &[&str]) -> Option<Aliases> {
    let items = names.iter().map(|name| (*name).to_owned()).collect();
    Some(Aliases::builder().quantity(names.len() as i32).set_items(Some(items)).build().unwrap())
}

pub fn viewer_certificate(arn: &str) -> Option<ViewerCertificate> {
    Some(
        ViewerCertificate::builder()
            .acm_certificate_arn(arn)
            .ssl_support_method(SslSupportMethod::SniOnly)
            .minimum_protocol_version(aws_sdk_cloudfront::types::MinimumProtocolVersion::TlSv122021)
            .build(),
    )
}
