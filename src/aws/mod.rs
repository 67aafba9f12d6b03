//! The only home of AWS SDK types: connections, a bucket, a distribution, and AWS's errors in our words.

pub mod bucket;
pub mod bucket_setup;
pub mod cloudfront;
mod fault;
pub mod multipart;
mod retry;

use aws_config::{
    BehaviorVersion, Region, SdkConfig, profile::ProfileFileCredentialsProvider, provider_config::ProviderConfig,
};
use aws_credential_types::Credentials;
use aws_smithy_http_client::tls;
use aws_smithy_types::retry::RetryConfig;

pub use bucket::{Bucket, Condition, Head, ListPage};
pub use bucket_setup::BucketSetup;
pub use cloudfront::{CloudFront, Distribution};
pub(crate) use fault::Action;

use self::retry::RefusedConnections;
use crate::{
    error::{Error, ErrorKind},
    site::walk::enumerate,
};

/// How to reach AWS: everything else is as every AWS tool has it (environment, profiles, SSO, roles).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Connection {
    /// A profile of the shared configuration files.
    pub profile: Option<String>,
    /// The region of the bucket.
    pub region: Option<String>,
    /// One endpoint for every service: an S3-compatible store, or the local account.
    pub endpoint_url: Option<String>,
    /// Fixed credentials (access key id, secret): the local account's.
    pub credentials: Option<(String, String)>,
}

/// The clients of one run.
#[derive(Debug, Clone)]
pub struct Aws {
    config: SdkConfig,
    path_style: bool,
}

impl Aws {
    /// Reads the AWS configuration of this machine. Talks to nobody yet.
    pub async fn connect(connection: &Connection) -> Self {
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
            .build_https();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http.clone())
            .retry_config(RetryConfig::standard().with_max_attempts(5));
        if let Some(profile) = &connection.profile {
            // A profile that is asked for by name wins over keys in the environment, as with the aws command.
            let provider = ProviderConfig::default().with_http_client(http.clone());
            let provider = provider.with_region(connection.region.clone().map(Region::new));
            let profile_file = ProfileFileCredentialsProvider::builder().configure(&provider).profile_name(profile);
            loader = loader.profile_name(profile).credentials_provider(profile_file.build());
        }
        if let Some(region) = &connection.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(url) = &connection.endpoint_url {
            loader = loader.endpoint_url(url);
        }
        if let Some((id, secret)) = &connection.credentials {
            loader = loader.credentials_provider(Credentials::new(id, secret, None, None, "local"));
        }
        let mut config = loader.load().await;
        if config.region().is_none() {
            config = config.into_builder().region(Region::from_static("us-east-1")).build();
        }
        let own_endpoint = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let path_style = config.endpoint_url().is_some() || own_endpoint("AWS_ENDPOINT_URL_S3");
        Self { config, path_style }
    }

    /// The bucket `name`, below `prefix`; `region` is where the bucket is known to be, and wins over the configured.
    pub fn bucket(&self, name: &str, prefix: &str, region: Option<&str>) -> Bucket {
        Bucket::new(self.s3(region), name, prefix)
    }

    /// The bucket `name` with its configuration, to be looked for first in `region`, or else in the configured one.
    pub fn bucket_setup(&self, name: &str, region: Option<&str>) -> BucketSetup {
        let configured = self.config.region().map_or("us-east-1", |region| region.as_ref());
        BucketSetup::new(self.clone(), name, region.unwrap_or(configured))
    }

    /// S3 in a region, or else in the configured one.
    fn s3(&self, region: Option<&str>) -> aws_sdk_s3::Client {
        let mut config = aws_sdk_s3::config::Builder::from(&self.config)
            .force_path_style(self.path_style)
            .retry_classifier(RefusedConnections);
        if let Some(region) = region {
            config = config.region(Region::new(region.to_owned()));
        }
        aws_sdk_s3::Client::from_conf(config.build())
    }

    /// CloudFront, a service without regions (it is reached in us-east-1).
    pub fn cloudfront(&self) -> CloudFront {
        let config = aws_sdk_cloudfront::config::Builder::from(&self.config)
            .region(Region::from_static("us-east-1"))
            .retry_classifier(RefusedConnections);
        CloudFront::new(aws_sdk_cloudfront::Client::from_conf(config.build()))
    }
}

/// The error for a profile that is named (by us, or in `AWS_PROFILE`) and is not there. The SDK does not tell it from
/// one that gives no credentials; and it is none where the environment has credentials, which win.
pub async fn missing_profile(named: Option<&str>) -> Option<Error> {
    let named = named.map(|name| name.to_owned().into());
    let real = (&Default::default(), &Default::default(), &Default::default());
    let profiles = aws_config::profile::load(real.0, real.1, real.2, named).await.ok()?;
    let name = profiles.selected_profile();
    if name == "default" || profiles.get_profile(name).is_some() {
        return None;
    }
    let mut known: Vec<String> = profiles.profiles().map(str::to_owned).collect();
    known.sort();
    let next = if known.is_empty() {
        format!("make it with `aws configure sso --profile {name}` or `aws configure --profile {name}`")
    } else {
        format!("use one of those there are with --profile or AWS_PROFILE: {}", enumerate(&known))
    };
    let what = format!("there is no profile {name} in the AWS configuration (~/.aws/config, ~/.aws/credentials)");
    Some(Error::new(ErrorKind::Credentials, what, next))
}
