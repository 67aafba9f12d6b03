//! The only home of AWS SDK types: connections, a bucket, a distribution, and AWS's errors in our words.

pub mod acm;
pub mod bucket;
pub mod bucket_setup;
pub mod cloudfront;
mod fault;
mod head;
mod http;
pub mod iam;
pub mod multipart;
mod renewal;
mod retry;
pub mod route53;
mod signing;
mod state;
mod sts;
mod watch;

use std::{fmt, sync::OnceLock};

use aws_config::{
    BehaviorVersion, Region, SdkConfig, identity::IdentityCache, profile::ProfileFileCredentialsProvider,
    provider_config::ProviderConfig,
};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_http_client::tls;
use aws_smithy_types::retry::RetryConfig;
use jiff::Timestamp;

pub use acm::Certificates;
pub use bucket::{Bucket, Head, ListPage};
pub use bucket_setup::BucketSetup;
pub use cloudfront::{CloudFront, Distribution};
pub(crate) use fault::Action;
pub use fault::why_failed;
pub use iam::Identities;
pub use route53::Zones;
pub use state::{Condition, State};

use self::{
    http::Http,
    renewal::{ExpiredTokens, Renewing},
    retry::RefusedConnections,
    watch::Watch,
};
use crate::{
    error::{Error, ErrorKind, Result},
    setup::site::Account,
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
    watch: Watch,
    /// What the credentials are taken from; none where there are none at all.
    credentials: Option<Renewing>,
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
        let credentials = config.credentials_provider().map(Renewing::new);
        if let Some(credentials) = &credentials {
            let provider = SharedCredentialsProvider::new(credentials.clone());
            // It keeps them itself, to be able to let go of them.
            config =
                config.into_builder().credentials_provider(provider).identity_cache(IdentityCache::no_cache()).build();
        }
        Self { config, path_style, watch: Watch::default(), credentials }
    }

    /// The time by the clock of the store, as far as its answers tell; `machine` is this machine's clock.
    pub fn clock<F: Fn() -> Timestamp>(&self, machine: F) -> impl Fn() -> Timestamp + use<F> {
        let (watch, offset) = (self.watch.clone(), OnceLock::new());
        move || {
            let now = machine();
            let known = || watch.store_time().map(|store| *offset.get_or_init(|| watch::offset(store, now)));
            let offset = offset.get().copied().or_else(known).unwrap_or_default();
            now.saturating_add(offset).unwrap_or(now)
        }
    }

    /// The bucket `name`, below `prefix`; `region` is where the bucket is known to be, and wins over the configured.
    pub fn bucket(&self, name: &str, prefix: &str, region: Option<&str>) -> Bucket {
        let http = Http::new();
        let client = self.s3(region, Some(&http));
        Bucket::new(client, http, name, prefix, self.watch.clone(), !self.path_style)
    }

    /// The bucket `name` with its configuration, to be looked for first in `region`, or else in the configured one.
    pub fn bucket_setup(&self, name: &str, region: Option<&str>) -> BucketSetup {
        let configured = self.config.region().map_or("us-east-1", |region| region.as_ref());
        BucketSetup::new(self.clone(), name, region.unwrap_or(configured))
    }

    /// S3 in a region, or else in the configured one; over `http`, where that is given.
    fn s3(&self, region: Option<&str>, http: Option<&Http>) -> aws_sdk_s3::Client {
        let mut config = aws_sdk_s3::config::Builder::from(&self.config)
            .force_path_style(self.path_style)
            .interceptor(self.watch.clone())
            .interceptor(signing::SignByChecksum)
            .retry_classifier(RefusedConnections);
        if let Some(credentials) = &self.credentials {
            config = config.retry_classifier(ExpiredTokens(credentials.clone()));
        }
        if let Some(region) = region {
            config = config.region(Region::new(region.to_owned()));
        }
        if let Some(http) = http {
            config = config.http_client(http.clone());
        }
        aws_sdk_s3::Client::from_conf(config.build())
    }

    /// CloudFront, a service without regions (it is reached in us-east-1).
    pub fn cloudfront(&self) -> CloudFront {
        let config = aws_sdk_cloudfront::config::Builder::from(&self.config)
            .region(Region::from_static("us-east-1"))
            .retry_classifier(RefusedConnections);
        let config = match &self.credentials {
            Some(credentials) => config.retry_classifier(ExpiredTokens(credentials.clone())),
            None => config,
        };
        CloudFront::new(aws_sdk_cloudfront::Client::from_conf(config.build()))
    }

    /// The region that new buckets are made in: the configured one.
    pub fn region(&self) -> String {
        self.config.region().map(ToString::to_string).unwrap_or_default()
    }

    /// The account of the credentials.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn account(&self) -> Result<Account> {
        let config = aws_sdk_sts::config::Builder::from(&self.config).retry_classifier(RefusedConnections);
        sts::account(&aws_sdk_sts::Client::from_conf(config.build())).await
    }

    /// The certificates of `region`; CloudFront takes only those of us-east-1.
    pub fn certificates(&self, region: &str) -> Certificates {
        let config = aws_sdk_acm::config::Builder::from(&self.config)
            .region(Region::new(region.to_owned()))
            .retry_classifier(RefusedConnections)
            .retry_classifier(acm::Quotas);
        Certificates::new(aws_sdk_acm::Client::from_conf(config.build()), region)
    }

    /// Route 53, a service without regions. It takes five requests a second from the whole account (Route 53 Developer
    /// Guide, "Quotas") and one change of a zone at a time, so these requests are tried more often than others.
    pub fn zones(&self) -> Zones {
        let config = aws_sdk_route53::config::Builder::from(&self.config)
            .region(self.global_region())
            .retry_config(RetryConfig::standard().with_max_attempts(10))
            .retry_classifier(RefusedConnections);
        Zones::new(aws_sdk_route53::Client::from_conf(config.build()))
    }

    /// IAM, a service without regions.
    pub fn identities(&self) -> Identities {
        let config = aws_sdk_iam::config::Builder::from(&self.config)
            .region(self.global_region())
            .retry_classifier(RefusedConnections);
        Identities::new(aws_sdk_iam::Client::from_conf(config.build()))
    }

    /// The region by which services without regions are reached: us-east-1, but for the partitions of their own, where
    /// every region leads to the partition's endpoint.
    fn global_region(&self) -> Region {
        let configured = self.config.region().filter(|region| {
            let name = region.as_ref();
            name.starts_with("cn-") || name.starts_with("us-gov-")
        });
        configured.cloned().unwrap_or(Region::from_static("us-east-1"))
    }
}

/// The SDK demands what was not given.
fn bug(what: &str, error: impl fmt::Display) -> Error {
    Error::bug(format!("cannot {what}"), error)
}

/// The error for an answer that lacks what AWS promises, or a request that cannot be built of what we were given.
fn incomplete(what: &str, cause: impl fmt::Display) -> Error {
    let next = "run the command again; if it fails again, report it as a bug";
    Error::new(ErrorKind::Service, format!("cannot {what}: the request or its answer is not complete"), next)
        .because(cause)
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
