//! What a page's commands find: an account behind the URL that the AWS SDKs are told of, a project, the program.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    time::Duration,
};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_sdk_s3::{primitives::ByteStream, types::CreateBucketConfiguration};
use cruddur_site::local::{ACCESS_KEY_ID, Account, ApiServer, DnsServer, SECRET_ACCESS_KEY};
use tempfile::TempDir;

use crate::{
    markdown::ROOT,
    support::{Folder, handmade},
};

/// The domain of the pages.
pub const DOMAIN: &str = "cruddur.com";

const REGION: &str = "eu-central-1";

/// What a page supposes to be there before its first command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// A hosted zone of the domain.
    Domain,
    /// A site that bootstrap made, published to.
    Site,
    /// A site that somebody made by hand.
    Handmade,
}

/// An account, and folders to run commands in.
pub struct Stage {
    folder: TempDir,
    services: ApiServer,
    dns: DnsServer,
}

impl Stage {
    /// Sets up what is there `before` a page's commands.
    pub async fn new(before: Before) -> Self {
        let folder = tempfile::Builder::new().prefix("docs-").tempdir().unwrap();
        let account = Account::open_with_delay(&folder.path().join("account"), Duration::ZERO).unwrap();
        let services = ApiServer::start(account.clone()).await.unwrap();
        let dns = DnsServer::start(account.clone()).await.unwrap();
        let stage = Self { folder, services, dns };
        stage.install();
        let console = stage.console();
        match before {
            Before::Handmade => {
                handmade::make(&console, &account, DOMAIN).await;
                let config = aws_sdk_s3::config::Builder::from(&console).force_path_style(true).build();
                let old = aws_sdk_s3::Client::from_conf(config).put_object().bucket(DOMAIN).key("old/index.html");
                old.body(ByteStream::from_static(b"<title>Old</title>")).send().await.unwrap();
                // It was made long ago: its distribution is deployed, to programs that open the account by its folder, too.
                tokio::time::sleep(Account::DELAY).await;
            }
            Before::Domain | Before::Site => {
                let zones = aws_sdk_route53::Client::new(&console);
                zones.create_hosted_zone().name(DOMAIN).caller_reference("registrar").send().await.unwrap();
            }
        }
        // A bucket without a distribution.
        let config = aws_sdk_s3::config::Builder::from(&console).region(Region::new(REGION)).force_path_style(true);
        let there = CreateBucketConfiguration::builder().location_constraint(REGION.into()).build();
        let create = aws_sdk_s3::Client::from_conf(config.build()).create_bucket().bucket("my-bucket");
        create.create_bucket_configuration(there).send().await.unwrap();
        if before == Before::Site {
            let project = stage.project("before");
            for command in ["cruddur-site bootstrap cruddur.com", "cruddur-site publish"] {
                let output = stage.run(&project, command).await;
                assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            }
        }
        stage
    }

    /// Puts the programs that stand before others where they can be executed.
    fn install(&self) {
        let programs = self.path("programs");
        fs::create_dir(&programs).unwrap();
        for name in ["cruddur-site", "cargo", "curl"] {
            let to = programs.join(name);
            fs::copy(Path::new(ROOT).join("tests/docs/programs").join(name), &to).unwrap();
            // A package does not keep who may execute a file.
            fs::set_permissions(to, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// How the owner reaches the account by hand.
    fn console(&self) -> SdkConfig {
        let credentials = Credentials::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None, None, "console");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(self.services.url())
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build()
    }

    /// A new folder with what every page supposes: this repository's examples, and a Create React App project with its build.
    pub fn project(&self, name: &str) -> PathBuf {
        let project = self.path("projects").join(name);
        let build = Folder::new()
            .file("index.html", r#"<!doctype html><title>Cruddur</title><script defer src="/static/js/main.0a1b2c3d.js"></script><link href="/static/css/main.5e6f7a8b.css" rel="stylesheet">"#)
            .file("static/js/main.0a1b2c3d.js", "console.log('cruddur')\n".repeat(2000))
            .file("static/css/main.5e6f7a8b.css", "body { margin: 0 }\n".repeat(200))
            .file("asset-manifest.json", "{}")
            .file("downloads/handbook.pdf", "%PDF-1.7")
            .file("favicon.ico", "icon")
            .file("robots.txt", "User-agent: *\n");
        copy(build.path(), &project.join("build"));
        fs::write(project.join("package.json"), r#"{ "dependencies": { "react-scripts": "5.0.1" } }"#).unwrap();
        copy(&Path::new(ROOT).join("examples/site"), &project.join("examples/site"));
        project
    }

    /// Runs a script in a folder, as somebody does whose machine knows the account as AWS.
    pub async fn run(&self, folder: &Path, script: &str) -> Output {
        let mut bash = tokio::process::Command::new("bash");
        bash.args(["-euo", "pipefail", "-c", script]).current_dir(folder);
        for (name, _) in std::env::vars_os() {
            let leaks = ["CRUDDUR_SITE_", "AWS_", "GITHUB_", "DOCS_"];
            if name.to_str().is_some_and(|name| leaks.iter().any(|prefix| name.starts_with(prefix))) {
                bash.env_remove(name);
            }
        }
        let path = std::env::var("PATH").unwrap();
        fs::create_dir_all(self.path("home/.local/bin")).unwrap();
        bash.env("PATH", format!("{}:{path}", self.path("programs").display()));
        bash.env("HOME", self.path("home")).env("AWS_EC2_METADATA_DISABLED", "true");
        bash.env("AWS_ENDPOINT_URL", self.services.url()).env("AWS_REGION", REGION);
        bash.env("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID).env("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY);
        bash.env("DOCS_PROGRAM", env!("CARGO_BIN_EXE_cruddur-site")).env("DOCS_ACCOUNT", self.path("account"));
        bash.env("DOCS_RESOLVER", self.dns.address().to_string());
        bash.env("DOCS_REPOSITORY", env!("CARGO_PKG_REPOSITORY")).env("DOCS_RELEASES", self.path("releases"));
        bash.stdin(Stdio::null()).kill_on_drop(true).output().await.unwrap()
    }

    /// What a command printed in `folder`, as it would have told Ann, whose account and project are real.
    pub fn as_told(&self, printed: &str, folder: &Path) -> String {
        let added = format!(" --local {}", self.path("account").display());
        let printed = printed.replace(&added, "").replace(&folder.display().to_string(), "/home/ann/cruddur");
        printed.replace("000000000000", "123456789012")
    }

    /// Packs the release that the pages speak of, as the release workflow does.
    pub async fn release(&self) {
        let script = format!(
            "export SOURCE_DATE_EPOCH=0; {ROOT}/packaging/archive/pack.sh \"$DOCS_PROGRAM\" x86_64-unknown-linux-musl \"$DOCS_RELEASES/v{}\"",
            env!("CARGO_PKG_VERSION")
        );
        let output = self.run(Path::new(ROOT), &script).await;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.unwrap();
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            fs::create_dir_all(target).unwrap();
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
