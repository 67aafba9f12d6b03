//! The program with an account that it reaches by `--endpoint-url`, as it reaches AWS; everything it asks is recorded.

use std::process::Stdio;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use cruddur_site::local::{self, ApiServer, DnsServer};
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    support::{
        Folder,
        dns::NameServer,
        moto::MotoServer,
        proxy::{Call, Proxy},
    },
    world::Told,
};

/// An account, public DNS, and a place to run the program from.
pub struct Remote {
    /// Everything the program asks of the account passes here.
    pub proxy: Proxy,
    /// What public DNS says; of the local account's zones its own server tells.
    pub dns: NameServer,
    resolver: String,
    credentials: Credentials,
    folder: TempDir,
    _local: Option<(ApiServer, DnsServer)>,
}

impl Remote {
    /// In the account of moto's server.
    pub async fn moto(server: &MotoServer) -> Self {
        let credentials = Credentials::new("testing", "testing", None, None, "story");
        Self::at(server.endpoint(), credentials).await
    }

    /// In a local account of its own.
    pub async fn local() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let account = local::Account::open(&folder.path().join("account")).unwrap();
        let server = ApiServer::start(account.clone()).await.unwrap();
        let dns = DnsServer::start(account).await.unwrap();
        let credentials = Credentials::new(local::ACCESS_KEY_ID, local::SECRET_ACCESS_KEY, None, None, "story");
        let remote = Self::at(server.url(), credentials).await;
        Self { resolver: dns.address().to_string(), folder, _local: Some((server, dns)), ..remote }
    }

    async fn at(endpoint: &str, credentials: Credentials) -> Self {
        let dns = NameServer::start().await;
        Self {
            proxy: Proxy::to(endpoint).await,
            resolver: dns.address().to_string(),
            dns,
            credentials,
            folder: tempfile::tempdir().unwrap(),
            _local: None,
        }
    }

    /// Clients that go straight to the account: what a story does itself is not recorded.
    pub fn config(&self) -> SdkConfig {
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .credentials_provider(SharedCredentialsProvider::new(self.credentials.clone()))
            .region(Region::new(local::REGION))
            .endpoint_url(self.proxy.endpoint())
            .build()
    }

    /// S3, with the bucket in the path.
    pub fn s3(&self) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::config::Builder::from(&self.config()).force_path_style(true);
        aws_sdk_s3::Client::from_conf(config.build())
    }

    /// The program's credentials.
    pub fn credentials(&self) -> Credentials {
        self.credentials.clone()
    }

    /// From now on the program has these credentials.
    pub fn becomes(&mut self, credentials: Credentials) {
        self.credentials = credentials;
    }

    /// Writes `cruddur-site.toml` where the program runs.
    pub fn configure(&self, text: &str) {
        std::fs::write(self.folder.path().join("cruddur-site.toml"), text).unwrap();
    }

    /// Runs the program with these arguments, and `--json`.
    pub async fn run(&self, arguments: &[&str]) -> Told {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_cruddur-site"));
        command.args(arguments).args(["--json", "--endpoint-url", self.proxy.url()]).current_dir(self.folder.path());
        if arguments[0] == "bootstrap" || arguments[0] == "doctor" {
            command.args(["--resolver", &self.resolver]);
        }
        // Neither configuration nor credentials of this machine may leak in.
        for (name, _) in std::env::vars_os() {
            if name
                .to_str()
                .is_some_and(|name| ["CRUDDUR_SITE_", "AWS_", "GITHUB_"].iter().any(|own| name.starts_with(own)))
            {
                command.env_remove(name);
            }
        }
        command.env("HOME", self.folder.path()).env("AWS_EC2_METADATA_DISABLED", "true");
        command.env("AWS_REGION", local::REGION);
        command.env("AWS_ACCESS_KEY_ID", self.credentials.access_key_id());
        command.env("AWS_SECRET_ACCESS_KEY", self.credentials.secret_access_key());
        command.envs(self.credentials.session_token().map(|token| ("AWS_SESSION_TOKEN", token)));
        command.stdin(Stdio::null()).kill_on_drop(true);
        Told(command.output().await.unwrap())
    }

    /// `bootstrap DOMAIN`.
    pub async fn bootstrap(&self, domain: &str, more: &[&str]) -> Told {
        self.run(&[&["bootstrap", domain], more].concat()).await
    }

    /// `publish DIR --domain DOMAIN`.
    pub async fn publish(&self, build: &Folder, domain: &str, more: &[&str]) -> Told {
        self.run(&[&["publish", &build.path().display().to_string(), "--domain", domain], more].concat()).await
    }

    /// What the program asked since this was last called.
    pub fn calls(&self) -> Vec<Call> {
        self.proxy.take_calls()
    }
}

/// The parts of a plan that do not stay as they are, with their fields that change.
pub fn changes(document: &Value) -> Vec<(String, Vec<String>)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let parts = document["plan"]["parts"].as_array().unwrap().iter().filter(|part| part["verdict"] != "keep");
    let fields =
        |part: &Value| part["changes"].as_array().unwrap().iter().map(|change| text(&change["field"])).collect();
    parts.map(|part| (text(&part["kind"]), fields(part))).collect()
}
