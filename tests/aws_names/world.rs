//! An account to tell stories to.

use aws_config::Region;
use aws_credential_types::Credentials;
use cruddur_site::aws::{Aws, Connection};
use cruddur_site::local::{self, ApiServer};
use cruddur_site::setup::observed::Tags;
use tempfile::TempDir;

use crate::support::moto;

/// The region of every world.
pub const REGION: &str = "us-east-1";

/// An account, as the program sees it, and straight to it: for what the program itself never does.
pub struct World {
    pub aws: Aws,
    /// The account's number.
    pub account: &'static str,
    config: aws_config::SdkConfig,
    _local: Option<(ApiServer, TempDir)>,
}

impl World {
    /// An account of its own, kept in a temporary folder.
    pub async fn local() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = ApiServer::start(local::Account::open(folder.path()).unwrap()).await.unwrap();
        let key = (local::ACCESS_KEY_ID, local::SECRET_ACCESS_KEY);
        let world = Self::at(server.url(), key, local::ACCOUNT_NUMBER).await;
        Self { _local: Some((server, folder)), ..world }
    }

    /// The account of moto's server, which all stories share; `None` where that does not run.
    pub async fn moto() -> Option<Self> {
        let server = moto::server()?;
        Some(Self::at(server.endpoint(), ("testing", "testing"), "123456789012").await)
    }

    /// Where an account answers.
    pub async fn at(endpoint: &str, key: (&str, &str), account: &'static str) -> Self {
        let credentials = Credentials::new(key.0, key.1, None, None, "story");
        let config = aws_config::SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(credentials))
            .region(Region::new(REGION))
            .endpoint_url(endpoint)
            .build();
        let connection = Connection {
            region: Some(REGION.to_owned()),
            endpoint_url: Some(endpoint.to_owned()),
            credentials: Some((key.0.to_owned(), key.1.to_owned())),
            ..Connection::default()
        };
        Self { aws: Aws::connect(&connection).await, account, config, _local: None }
    }

    pub fn route53(&self) -> aws_sdk_route53::Client {
        aws_sdk_route53::Client::new(&self.config)
    }

    pub fn iam(&self) -> aws_sdk_iam::Client {
        aws_sdk_iam::Client::new(&self.config)
    }

    pub fn acm(&self) -> aws_sdk_acm::Client {
        aws_sdk_acm::Client::new(&self.config)
    }
}

/// Tags as the program makes them.
pub fn tags(pairs: &[(&str, &str)]) -> Tags {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// Owned names.
pub fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}
