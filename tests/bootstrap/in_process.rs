//! A local account in this process, behind a proxy that can go wrong, and the runs of the library against it.

use std::{collections::BTreeMap, fs, path::Path, sync::Arc, thread, time::Duration};

use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use bytes::Bytes;
use cruddur_site::{
    Error, Result,
    aws::{Aws, Connection},
    bootstrap::{Limits, Outcome, Session, carry_out, destroy, observe, progress::Silent, remains},
    config::Region,
    dns::Resolver,
    local::{self, ACCESS_KEY_ID, Account, ApiServer, DnsServer, REGION, SECRET_ACCESS_KEY},
    publish,
    routing::Routing,
    setup::{
        Observed, Plan, Request, desired,
        observed::Certificate,
        plan::plan,
        removal::removals,
        request::{Api, Deployer, DeployerScope, Dns},
    },
    site::{Headers, ObjectKey, Sha256},
};
use futures::{StreamExt as _, stream};
use rusqlite::{Connection as Index, OpenFlags};
use tempfile::TempDir;
use tokio::{
    sync::Notify,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    support::{
        faults::Fault,
        proxy::{Call, Proxy},
    },
    world::DOMAIN,
};

/// Runs a story with the room that a program's main thread has: futures that are not optimised need some megabytes.
pub fn story<F: Future<Output = ()>>(story: impl FnOnce() -> F + Send + 'static) {
    const ROOM: usize = 8 << 20;
    let run = || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(Box::pin(story()));
    };
    if let Err(panic) = thread::Builder::new().stack_size(ROOM).spawn(run).unwrap().join() {
        std::panic::resume_unwind(panic);
    }
}

/// Runs `case` for every number below `count`, some at a time, and fails with all that failed.
pub async fn for_each<F>(count: usize, case: impl Fn(usize) -> F)
where
    F: Future<Output = std::result::Result<(), String>>,
{
    const AT_ONCE: usize = 6;
    let cases = stream::iter(0..count).map(|number| Box::pin(case(number))).buffer_unordered(AT_ONCE);
    let failed: Vec<String> = cases.filter_map(async |ended| ended.err()).collect().await;
    assert!(failed.is_empty(), "{} of {count} failed:\n\n{}", failed.len(), failed.join("\n\n"));
}

/// A request with every wish there is: each makes calls of its own.
pub fn every_wish() -> Request {
    Request {
        www: Some(true),
        wildcard: true,
        kms_key: Some("arn:aws:kms:us-east-1:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab".into()),
        apis: vec![Api { path: "/api/*".into(), origin: "api.cruddur.example".parse().unwrap() }],
        deployer: Some(Deployer {
            owner: "ann".into(),
            repository: "cruddur".into(),
            scope: DeployerScope::Branch("main".into()),
        }),
        ..no_wish()
    }
}

/// A request for [`DOMAIN`] and nothing else.
pub fn no_wish() -> Request {
    Request {
        domain: DOMAIN.parse().unwrap(),
        www: None,
        aliases: Vec::new(),
        wildcard: false,
        distribution: None,
        bucket: None,
        prefix: None,
        region: None,
        kms_key: None,
        retention_days: None,
        routing: None,
        price_class: None,
        dns: Dns::Route53 { create_zone: true },
        apis: Vec::new(),
        deployer: None,
    }
}

/// An account whose changes take no time, and the way to it.
pub struct Rehearsal {
    folder: TempDir,
    pub account: Account,
    pub proxy: Proxy,
    session: Session,
    _services: ApiServer,
    _dns: DnsServer,
}

impl Rehearsal {
    /// An account with nothing in it.
    pub async fn new() -> Self {
        Self::in_folder(tempfile::Builder::new().prefix("cut-").tempdir().unwrap()).await
    }

    /// A copy of an account that nobody has open.
    pub async fn copy(of: &Kept) -> Self {
        let folder = tempfile::Builder::new().prefix("cut-").tempdir().unwrap();
        copy_files(of.0.path(), folder.path());
        Self::in_folder(folder).await
    }

    async fn in_folder(folder: TempDir) -> Self {
        let account = Account::open_with_delay(folder.path(), Duration::ZERO).unwrap();
        let services = ApiServer::start(account.clone()).await.unwrap();
        let dns = DnsServer::start(account.clone()).await.unwrap();
        let proxy = Proxy::to(services.url()).await;
        let connection = Connection {
            region: Some(REGION.into()),
            endpoint_url: Some(proxy.url().into()),
            credentials: Some((ACCESS_KEY_ID.into(), SECRET_ACCESS_KEY.into())),
            ..Connection::default()
        };
        let limit = Duration::from_secs(20);
        let session = Session {
            aws: Aws::connect(&connection).await,
            resolver: Resolver::new(Some(dns.address())),
            limits: Limits { certificate: limit, deployment: limit, records: limit, settling: limit },
            world: publish::World::default(),
            progress: Arc::new(Silent),
            stop: CancellationToken::new(),
        };
        Self { folder, account, proxy, session, _services: services, _dns: dns }
    }

    /// Ends the account's services and keeps its files.
    pub async fn keep(self) -> Kept {
        let Self { folder, account, proxy, session, _services, _dns } = self;
        drop((account, proxy, session, _services, _dns));
        // Whoever closes the index last takes its log with him (SQLite, "Write-Ahead Logging"): a request may still be at it.
        let log = folder.path().join("account.db-wal");
        let closed = async {
            while log.exists() {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(Duration::from_secs(20), closed).await.expect("nobody has the account open any more");
        Kept(folder)
    }

    /// How the SDK reaches the account for what is made by hand.
    pub fn console(&self) -> SdkConfig {
        let credentials = Credentials::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None, None, "console");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(aws_config::Region::new(REGION))
            .endpoint_url(self.proxy.url())
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build()
    }

    /// Makes what is somebody else's: another site, with a bucket, functions and a zone of its own.
    pub fn make_others(&self) {
        self.account.ensure_site("other.localhost", Some(Routing::Spa)).unwrap();
        self.account.ensure_bucket("cruddur-backups").unwrap();
        self.account.keep_certificate(&local::Certificate::issued(&["other.localhost"])).unwrap();
    }

    /// Puts objects into the site's bucket, one version each.
    pub async fn publish_by_hand(&self, keys: &[&str]) {
        let bucket = self.session.aws.bucket("cruddur-localhost-000000000000", "", None);
        for key in keys {
            let body = Bytes::from_static(b"<title>Cruddur</title>");
            let (key, sha256) = (ObjectKey::new(*key).unwrap(), Sha256::of(&body));
            bucket.put(&key, body, &sha256, &Headers::default()).await.unwrap();
        }
        self.proxy.clear();
    }

    /// What is there.
    pub async fn observed(&self, request: &Request) -> Result<Observed> {
        observe(&self.session, request, Routing::Spa).await
    }

    fn planned(request: &Request, observed: &Observed) -> Result<Plan> {
        let region: Region = REGION.parse().unwrap();
        plan(desired::site(request, observed, Routing::Spa, &region)?, observed)
    }

    /// A whole bootstrap.
    pub async fn bootstrap(&self, request: &Request) -> Result<Outcome> {
        let observed = self.observed(request).await?;
        carry_out(&self.session, &Self::planned(request, &observed)?, &observed).await
    }

    /// A whole destroy, files included.
    pub async fn destroy(&self, request: &Request) -> Result<()> {
        let remains = remains(&self.session, request).await?;
        destroy(&self.session, &removals(&remains, true)).await
    }

    /// What a destroy would still delete.
    pub async fn left_to_destroy(&self, request: &Request) -> Vec<String> {
        let remains = remains(&self.session, request).await.unwrap();
        removals(&remains, true).steps.iter().map(ToString::to_string).collect()
    }

    /// The steps that another bootstrap would take, and what it looked at.
    pub async fn left_to_do(&self, request: &Request) -> (Vec<String>, Observed) {
        let observed = self.observed(request).await.unwrap();
        let plan = Self::planned(request, &observed).unwrap();
        (plan.steps.iter().map(|step| format!("{step:?}")).collect(), observed)
    }

    /// Runs `run` into a cut of the writing call after the first `after`: what it ends with, or `None` where its process was killed at the cut.
    pub async fn cut<T>(&self, cut: Cut, after: usize, run: impl Future<Output = Result<T>>) -> Option<Result<T>> {
        let killed = Arc::new(Notify::new());
        self.proxy.inject(cut.fault(after, &killed));
        let ended = tokio::select! {
            ended = run => Some(ended),
            () = killed.notified() => None,
        };
        self.proxy.clear();
        ended
    }

    /// The writing calls since they were last taken.
    pub fn writes(&self) -> Vec<Call> {
        self.proxy.take_calls().into_iter().filter(Call::writes).collect()
    }

    /// Everything the account keeps, but for the log of changes: by table or kind, id and content.
    pub fn everything(&self) -> BTreeMap<String, String> {
        let index = Index::open_with_flags(self.folder.path().join("account.db"), OpenFlags::SQLITE_OPEN_READ_ONLY);
        let index = index.unwrap();
        let mut all = BTreeMap::new();
        for (table, id, content) in [
            ("buckets", "name", "region"),
            ("versions", "bucket || '/' || key || '@' || version_id", "etag"),
            ("distributions", "id", "configuration"),
            ("aliases", "name", "distribution_id"),
            ("resources", "kind || ' ' || id", "document"),
        ] {
            let mut select = index.prepare(&format!("SELECT {id}, {content} FROM {table}")).unwrap();
            let rows = select.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))).unwrap();
            for row in rows {
                let (id, content) = row.unwrap();
                if !id.starts_with("route53/change ") {
                    all.insert(format!("{table}: {id}"), content);
                }
            }
        }
        all
    }

    /// How many there are of each kind.
    pub fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for id in self.everything().into_keys() {
            let (table, id) = id.split_once(": ").unwrap();
            let kind = if table == "resources" { id.split(' ').next().unwrap() } else { table };
            *counts.entry(kind.to_owned()).or_default() += 1;
        }
        counts
    }
}

/// The files of an account that nobody has open.
pub struct Kept(TempDir);

fn copy_files(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap().map(std::result::Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&target).unwrap();
            copy_files(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// How a run is disturbed at a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The call is refused, as to somebody without the permission, and the run ends. It leaves what a process leaves that
    /// was killed before the call.
    Denied,
    /// The call is carried out, and the process is killed before it hears so.
    Killed,
    /// The service fails for a moment, or asks to slow down.
    Passing,
    /// The call is carried out and its answer lost; the process lives on.
    Lost,
}

impl Cut {
    fn fault(self, after: usize, killed: &Arc<Notify>) -> Fault {
        let fault = match self {
            Self::Denied => Fault::refused_write(403, "AccessDenied"),
            Self::Killed => Fault::killed_write(true, killed.clone()),
            Self::Passing if after.is_multiple_of(2) => Fault::refused_write(500, "InternalError"),
            Self::Passing => Fault::refused_write(503, "Throttling"),
            Self::Lost => Fault::lost_write(),
        };
        fault.after(after).times(1)
    }

    /// Whether a run is to get over it by itself.
    pub fn passes(self) -> bool {
        matches!(self, Self::Passing | Self::Lost)
    }
}

/// What is told of an account, without what is different in every one: generated ids and times.
pub fn normal(observed: &Observed) -> String {
    let mut observed = observed.clone();
    let mut words: Vec<(String, String)> = Vec::new();
    let mut know = |word: &str, name: String| {
        if !word.is_empty() {
            words.push((word.to_owned(), name));
        }
    };
    observed.certificates.iter_mut().for_each(|certificate| certificate.names.sort());
    observed.certificates.sort_by(|a, b| a.names.cmp(&b.names));
    for (at, certificate) in observed.certificates.iter_mut().enumerate() {
        know(&certificate.arn, format!("CERTIFICATE-{at}"));
        let Certificate { requested, expires, .. } = certificate;
        (*requested, *expires) = (requested.map(|_| 0), expires.map(|_| 0));
        certificate.validations.sort_by(|a, b| a.domain.cmp(&b.domain));
        for validation in &certificate.validations {
            let (name, value) = validation.record.as_ref().expect("a validation record");
            know(name, format!("PROOF-OF-{}", validation.domain.trim_start_matches("*.")));
            know(value, format!("TOLD-OF-{}", validation.domain.trim_start_matches("*.")));
        }
    }
    if let Some(distribution) = &mut observed.distribution {
        know(&distribution.domain_name, "DISTRIBUTION-DOMAIN".into());
        know(&distribution.id, "DISTRIBUTION".into());
        distribution.etag.clear();
    }
    for (at, control) in observed.access_controls.iter_mut().enumerate() {
        know(&control.id, format!("ACCESS-CONTROL-{at}"));
        control.etag.clear();
    }
    for zone in &observed.zones {
        know(&zone.id, format!("ZONE-OF-{}", zone.name));
        zone.name_servers.iter().for_each(|server| know(server, "A-NAME-SERVER".into()));
    }
    if let Some(function) = &mut observed.function {
        function.etag.clear();
    }
    let records: Vec<_> = std::mem::take(&mut observed.records).iter().map(|record| format!("{record:#?}")).collect();
    // Longer words first: some are parts of others.
    words.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
    let named = |text: &str| words.iter().fold(text.to_owned(), |text, (word, name)| text.replace(word, name));
    let mut records: Vec<String> = records.iter().map(|record| named(record)).collect();
    records.sort();
    format!("{}\n{}", named(&format!("{observed:#?}")), records.join("\n"))
}

/// The lines that are different; `None` where none are.
pub fn difference(got: &str, expected: &str) -> Option<String> {
    if got == expected {
        return None;
    }
    let without = |lines: &str, others: &str, sign: &str| {
        let left = lines.lines().filter(|line| !others.lines().any(|other| other == *line));
        left.map(|line| format!("{sign} {line}\n")).collect::<String>()
    };
    Some(format!("{}{}", without(expected, got, "-"), without(got, expected, "+")))
}

/// All words of an error.
pub fn told(error: &Error) -> String {
    format!("{error}; {}; {}", error.next(), error.cause().unwrap_or_default())
}
