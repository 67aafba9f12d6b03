//! An account to tell stories to.

use aws_credential_types::Credentials;
use cruddur_site::aws::{Aws, Connection};
use cruddur_site::local::{self, ApiServer};
use tempfile::TempDir;

use crate::support::{moto, proxy::Proxy};

/// The region of every world.
pub const REGION: &str = "us-east-1";

/// An account, as the program sees it.
pub struct World {
    pub aws: Aws,
    /// What the program asks passes here.
    pub proxy: Proxy,
    /// Straight to the account: for what the program itself never does.
    pub s3: aws_sdk_s3::Client,
    _local: Option<(ApiServer, TempDir)>,
}

impl World {
    /// An account of its own, kept in a temporary folder.
    pub async fn local() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = ApiServer::start(local::Account::open(folder.path()).unwrap()).await.unwrap();
        let world = Self::at(server.url(), (local::ACCESS_KEY_ID, local::SECRET_ACCESS_KEY)).await;
        Self { _local: Some((server, folder)), ..world }
    }

    /// The account of moto's server, which all stories share; `None` where that does not run.
    pub async fn moto() -> Option<Self> {
        let server = moto::server()?;
        Some(Self::at(server.endpoint(), ("testing", "testing")).await)
    }

    async fn at(endpoint: &str, (id, secret): (&str, &str)) -> Self {
        let proxy = Proxy::to(endpoint).await;
        let connection = Connection {
            region: Some(REGION.to_owned()),
            endpoint_url: Some(proxy.url().to_owned()),
            credentials: Some((id.to_owned(), secret.to_owned())),
            ..Connection::default()
        };
        let s3 = aws_sdk_s3::Config::builder()
            .behavior_version_latest()
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .credentials_provider(Credentials::new(id, secret, None, None, "story"))
            .region(aws_sdk_s3::config::Region::new(REGION))
            .endpoint_url(endpoint)
            .force_path_style(true)
            .build();
        let s3 = aws_sdk_s3::Client::from_conf(s3);
        Self { aws: Aws::connect(&connection).await, proxy, s3, _local: None }
    }

    /// How often an operation was called.
    pub fn count(&self, operation: &str) -> usize {
        self.proxy.seen(operation, "").len()
    }
}
