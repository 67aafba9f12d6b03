//! A local account that holds a site, and what is in it.

use std::{
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use aws_credential_types::Credentials;
use aws_sdk_s3::{Client, config::Region};
use cruddur_site::{
    aws::{Aws, Connection},
    local::{ACCESS_KEY_ID, Account, ApiServer, REGION, SECRET_ACCESS_KEY},
    plan::Policy,
    publish::{Identity, Session, World, progress::Silent},
    release::Lock,
    site::{Rules, SiteFile, read::read, walk::WalkOptions},
};
use tempfile::TempDir;

use crate::{
    program::{Program, Told},
    support::{Folder, proxy::Proxy},
};

pub const DOMAIN: &str = "cruddur.com";
const STATE: &str = ".cruddur-site/live";

/// The account behind a proxy, with the site of one domain.
pub struct Rehearsal {
    pub account: TempDir,
    pub s3: Client,
    pub proxy: Proxy,
    pub program: Program,
    library: Account,
    _server: ApiServer,
}

/// Everything a publish could change.
#[derive(Debug, PartialEq, Eq)]
pub struct State {
    /// Key, version, and whether it is a deletion.
    versions: Vec<(String, String, bool)>,
    uploads: Vec<String>,
    invalidations: u64,
}

impl Rehearsal {
    /// With an empty bucket.
    pub async fn start() -> Self {
        let account = tempfile::tempdir().unwrap();
        let library = Account::open_with_delay(account.path(), Duration::from_millis(20)).unwrap();
        library.ensure_site(DOMAIN, None).unwrap();
        let server = ApiServer::start(library.clone()).await.unwrap();
        let proxy = Proxy::to(server.url()).await;
        let program = Program::new()
            .with("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID)
            .with("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY)
            .with("AWS_REGION", REGION)
            .with("AWS_ENDPOINT_URL", proxy.url());
        Self { s3: client(server.url()), account, proxy, program, library, _server: server }
    }

    /// With one release of [`Folder::site`].
    pub async fn published() -> Self {
        let rehearsal = Self::start().await;
        rehearsal.publish(&Folder::site(), &[]).await.is_success();
        rehearsal.proxy.clear();
        rehearsal
    }

    /// What `publish` gets to reach the site through the proxy, as it would reach AWS.
    pub fn arguments(build: &Folder, more: &[&str]) -> Vec<String> {
        let build = build.path().display().to_string();
        let first = ["publish", &build, "--json", "--domain", DOMAIN].map(str::to_owned);
        first.into_iter().chain(more.iter().map(|one| (*one).to_owned())).collect()
    }

    pub async fn publish(&self, build: &Folder, more: &[&str]) -> Told {
        self.program.run(&Self::arguments(build, more)).await
    }

    pub async fn state(&self) -> State {
        let listed = self.s3.list_object_versions().bucket(DOMAIN).send().await.unwrap();
        assert_ne!(listed.is_truncated(), Some(true));
        let versions = listed.versions().iter().map(|v| (v.key(), v.version_id(), false));
        let deletions = listed.delete_markers().iter().map(|d| (d.key(), d.version_id(), true));
        let text = |text: Option<&str>| text.unwrap().to_owned();
        let mut versions: Vec<_> =
            versions.chain(deletions).map(|(key, version, gone)| (text(key), text(version), gone)).collect();
        versions.sort();
        State { versions, uploads: self.uploads().await, invalidations: self.library.latest_invalidation().unwrap() }
    }

    /// The uploads in parts that are neither completed nor aborted.
    pub async fn uploads(&self) -> Vec<String> {
        let listed = self.s3.list_multipart_uploads().bucket(DOMAIN).send().await.unwrap();
        listed.uploads().iter().map(|upload| upload.key().unwrap().to_owned()).collect()
    }

    /// The served objects with their entity tags and Cache-Control.
    pub async fn site(&self) -> Vec<(String, String, Option<String>)> {
        let listed = self.s3.list_objects_v2().bucket(DOMAIN).prefix("live/").send().await.unwrap();
        let mut site = Vec::new();
        for object in listed.contents() {
            let key = object.key().unwrap();
            let head = self.s3.head_object().bucket(DOMAIN).key(key).send().await.unwrap();
            let cache_control = head.cache_control().map(str::to_owned);
            site.push((key.to_owned(), object.e_tag().unwrap().to_owned(), cache_control));
        }
        site
    }

    pub async fn read_state(&self, name: &str) -> Option<Vec<u8>> {
        let got = self.s3.get_object().bucket(DOMAIN).key(format!("{STATE}/{name}")).send().await.ok()?;
        Some(got.body.collect().await.unwrap().to_vec())
    }

    /// Whether the last publish has ended and owes nothing.
    pub async fn lock_has_ended(&self) -> bool {
        let lock = self.read_state("lock.json").await.and_then(|lock| Lock::decode(&lock));
        lock.is_some_and(|lock| lock.ended && lock.owes.is_empty())
    }

    pub async fn write_state(&self, name: &str, body: Vec<u8>) {
        let put = self.s3.put_object().bucket(DOMAIN).key(format!("{STATE}/{name}")).body(body.into());
        put.send().await.unwrap();
    }
}

/// The library's own session with a bucket of a local account that nobody stands before.
pub async fn session(url: &str, bucket: &str) -> Session {
    let connection = Connection {
        profile: None,
        region: Some(REGION.into()),
        endpoint_url: Some(url.into()),
        credentials: Some((ACCESS_KEY_ID.into(), SECRET_ACCESS_KEY.into())),
    };
    Session {
        bucket: Aws::connect(&connection).await.bucket(bucket, "live", None),
        distribution: None,
        policy: Policy::default(),
        identity: Identity { owner: "ann".into(), host: "laptop".into(), process: 1 },
        only_look: false,
        lock_patience: Duration::ZERO,
        invalidation_patience: Duration::ZERO,
        concurrency: 8,
        world: World::default(),
        progress: Arc::new(Silent),
        stop: tokio_util::sync::CancellationToken::new(),
    }
}

/// A build as the library reads it.
pub fn files_of(build: &Folder) -> Vec<Arc<SiteFile>> {
    let options = (WalkOptions::default(), Rules::default());
    read(build.path(), &options.0, &options.1, &Silent, &AtomicBool::new(false)).unwrap().files
}

fn client(url: &str) -> Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version_latest()
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .credentials_provider(Credentials::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None, None, "test"))
        .region(Region::new(REGION))
        .endpoint_url(url)
        .force_path_style(true)
        .build();
    Client::from_conf(config)
}
