//! An account with one site in it, and the publishers of that site.

use std::{
    future::ready,
    mem,
    process::Stdio,
    sync::{Arc, Mutex},
    time::Duration,
};

use aws_credential_types::Credentials;
use aws_sdk_s3::{
    config::Region,
    primitives::ByteStream,
    types::{BucketVersioningStatus, VersioningConfiguration},
};
use cruddur_site::{
    Error,
    aws::{Aws, Connection, Distribution},
    local::{ACCESS_KEY_ID, Account, ApiServer, REGION, SECRET_ACCESS_KEY},
    plan::{Policy, Retention},
    publish::{self, Borders, Event, Identity, Outcome, Progress, Session, observe_for},
    routing::Routing,
    site::Headers,
};
use jiff::SignedDuration;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::{
    bucket::{Model, PREFIX},
    chance::Chance,
    clock::Clock,
    faults::Weather,
    mutants::Mutant,
    site::Build,
    support::proxy::Proxy,
    wire::{Exchange, Wire},
};

/// The domain of the site.
pub const DOMAIN: &str = "cruddur.example";

/// How far a publisher's clock may be from the store's without being corrected, in seconds.
const CLOCKS_APART: u8 = 5;

/// Somebody who changes objects by hand.
#[derive(Clone)]
pub struct Console {
    s3: aws_sdk_s3::Client,
    bucket: String,
}

impl Console {
    fn new(endpoint: &str, bucket: &str) -> Self {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version_latest()
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .credentials_provider(Credentials::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None, None, "console"))
            .region(Region::new(REGION))
            .endpoint_url(endpoint)
            .force_path_style(true)
            .build();
        Self { s3: aws_sdk_s3::Client::from_conf(config), bucket: bucket.to_owned() }
    }

    /// Puts an object.
    pub async fn put(&self, key: &str, body: &[u8], headers: Headers) {
        let put = self.s3.put_object().bucket(&self.bucket).key(key).body(ByteStream::from(body.to_vec()));
        let put = put.set_cache_control(headers.cache_control).set_content_type(headers.content_type);
        put.send().await.unwrap();
    }

    /// Deletes an object.
    pub async fn delete(&self, key: &str) {
        self.s3.delete_object().bucket(&self.bucket).key(key).send().await.unwrap();
    }

    /// Stops keeping old versions.
    async fn suspend_versioning(&self) {
        let suspended = VersioningConfiguration::builder().status(BucketVersioningStatus::Suspended).build();
        let put = self.s3.put_bucket_versioning().bucket(&self.bucket).versioning_configuration(suspended);
        put.send().await.unwrap();
    }

    /// The keys that begin so, without that beginning.
    pub async fn keys(&self, prefix: &str) -> Vec<String> {
        let list = self.s3.list_objects_v2().bucket(&self.bucket).prefix(prefix).send().await.unwrap();
        list.contents().iter().map(|object| object.key().unwrap()[prefix.len()..].to_owned()).collect()
    }
}

/// How a publish ended.
pub enum Ended {
    /// It went well.
    Done(Outcome),
    /// It said what went wrong.
    Failed(Error),
    /// Its process was killed.
    Killed,
}

/// The account, the site, and what all its publishers share.
pub struct World {
    /// What the wires share.
    pub exchange: Arc<Exchange>,
    /// Who changes things by hand.
    pub console: Console,
    /// The time.
    pub clock: Clock,
    server: ApiServer,
    distribution: Distribution,
    retention: Retention,
    chance: Mutex<Chance>,
    folder: TempDir,
}

impl World {
    /// An account with a site that nobody has published yet.
    pub async fn new(seed: u64, retention: Retention, mutant: Option<Mutant>) -> Self {
        let mut chance = Chance::of(seed, 1);
        let folder = tempfile::Builder::new().prefix("never-").tempdir().unwrap();
        let account = Account::open_with_delay(folder.path(), Duration::ZERO).unwrap();
        let routings = [None, Some(Routing::Spa), Some(Routing::Folders), Some(Routing::Files)];
        let id = account.ensure_site(DOMAIN, *chance.pick(&routings)).unwrap().id;
        let server = ApiServer::start(account.clone()).await.unwrap();
        let distribution = connect(server.url()).await.cloudfront().get(&id).await.unwrap();
        let console = Console::new(server.url(), &distribution.origin.bucket);
        if Chance::of(seed, 7).percent(20) {
            console.suspend_versioning().await;
        }
        let clock = Clock::start();
        let model =
            Model::new(account, &distribution.origin.bucket, clock.clone(), (retention.days, retention.releases));
        let exchange = Arc::new(Exchange::new(model, Chance::of(seed, 2), mutant, console.clone()));
        let chance = Mutex::new(chance);
        Self { exchange, console, clock, server, distribution, retention, chance, folder }
    }

    /// Where the account itself answers.
    pub fn endpoint(&self) -> &str {
        self.server.url()
    }

    /// The wire of a publisher, and the proxy at its end.
    pub async fn wire(&self, publisher: usize, build: &Arc<Build>, weather: Weather) -> (Arc<Wire>, Proxy) {
        self.exchange.model.lock().unwrap().builds.insert(publisher, build.clone());
        let wire = Arc::new(Wire::new(self.exchange.clone(), publisher, weather));
        let proxy = Proxy::watched(self.endpoint(), wire.clone()).await;
        (wire, proxy)
    }

    /// One publish from its first request to its end, whatever that is.
    pub async fn publish(&self, publisher: usize, build: &Arc<Build>, weather: Weather, wait: bool) -> Ended {
        let (wire, proxy) = self.wire(publisher, build, weather).await;
        let session = self.session(publisher, connect(proxy.url()).await, wait);
        let ended = tokio::select! {
            ended = run(&session, build) => ended.map_or_else(Ended::Failed, Ended::Done),
            () = wire.killed.notified() => Ended::Killed,
        };
        self.ends(publisher, &wire, &ended).await;
        ended
    }

    /// One publish by the program, whose process is killed with SIGKILL where the weather says so.
    pub async fn publish_by_program(&self, publisher: usize, build: &Arc<Build>, weather: Weather) -> Ended {
        let (wire, proxy) = self.wire(publisher, build, weather).await;
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_cruddur-site"));
        // No configuration of this machine may leak in, and the program may not look for credentials elsewhere.
        command.env_clear().env("HOME", self.folder.path()).current_dir(self.folder.path());
        command.env("AWS_EC2_METADATA_DISABLED", "true");
        command.env("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID).env("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY);
        command.arg("publish").arg(build.folder.path()).args(["--domain", DOMAIN, "--endpoint-url", proxy.url()]);
        command.args(["--max-delete", "100"]).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let running = command.spawn().unwrap().wait_with_output();
        let ended = tokio::select! {
            output = running => {
                let output = output.unwrap();
                assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
                Ended::Done(Outcome { edges_current: true, ..Outcome::default() })
            }
            // Dropped, the process is killed.
            () = wire.killed.notified() => Ended::Killed,
        };
        self.ends(publisher, &wire, &ended).await;
        ended
    }

    async fn ends(&self, publisher: usize, wire: &Wire, ended: &Ended) {
        // What the library left running dies with the process.
        wire.die();
        self.exchange.settle().await;
        let mut model = self.exchange.model.lock().unwrap();
        match ended {
            Ended::Done(outcome) => {
                let edges = if outcome.edges_current { "" } else { ", edges not waited for" };
                model.tell(format_args!(
                    "{publisher} is done: {}{edges}",
                    outcome.release.as_ref().map_or("nothing to do", |id| id.as_str())
                ));
            }
            Ended::Failed(error) => {
                let cause = error.cause().unwrap_or_default();
                model.tell(format_args!("{publisher} failed: {error}; {cause}"));
            }
            Ended::Killed => model.tell(format_args!("{publisher} was killed")),
        }
    }

    fn session(&self, publisher: usize, aws: Aws, wait: bool) -> Session {
        let clock = self.clock.clone();
        let (max_paths, concurrency, chance, wrong) = {
            let mut chance = self.chance.lock().unwrap();
            let drawn = (*chance.pick(&[50, 50, 3, 1]), *chance.pick(&[1, 3, 16]), chance.bits());
            let own = |part| Chance::of(drawn.2.into(), part);
            let wrong = own(9).below(2 * usize::from(CLOCKS_APART) + 1) as i64 - i64::from(CLOCKS_APART);
            (drawn.0, drawn.1, Mutex::new(own(3)), SignedDuration::from_secs(wrong))
        };
        Session {
            bucket: aws.bucket(&self.distribution.origin.bucket, PREFIX, None),
            distribution: Some((aws.cloudfront(), self.distribution.clone())),
            policy: Policy { retention: self.retention, max_delete_percent: 100, max_paths, wait, ..Policy::default() },
            identity: Identity { owner: format!("ann {publisher}"), host: "laptop".into(), process: 1 },
            only_look: false,
            lock_patience: Duration::from_secs(600),
            invalidation_patience: Duration::from_secs(15 * 60),
            concurrency,
            world: publish::World {
                now: Arc::new(move || clock.now() + wrong),
                random: Arc::new(move || chance.lock().unwrap().bits()),
            },
            progress: Arc::new(Told { exchange: self.exchange.clone(), publisher }),
            stop: CancellationToken::new(),
        }
    }
}

/// What the command does: plan, carry out, and again from the start where another publish came in between.
async fn run(session: &Session, build: &Build) -> Result<Outcome, Error> {
    // In ranges, as a large site is listed; shortly after another publish all is listed anew.
    let files = build.read();
    let mut borders = Borders::every(3, &files.iter().map(|file| &file.key).collect::<Vec<_>>());
    loop {
        let observed = observe_for(session, ready(mem::take(&mut borders))).await?;
        let prepared = session.prepare(files.clone(), observed).await?;
        if let Some(outcome) = session.carry_out(&prepared).await? {
            return Ok(outcome);
        }
    }
}

async fn connect(endpoint: &str) -> Aws {
    let connection = Connection {
        region: Some(REGION.into()),
        endpoint_url: Some(endpoint.to_owned()),
        credentials: Some((ACCESS_KEY_ID.into(), SECRET_ACCESS_KEY.into())),
        ..Connection::default()
    };
    Aws::connect(&connection).await
}

/// Writes what a publish tells people into the story.
struct Told {
    exchange: Arc<Exchange>,
    publisher: usize,
}

impl Progress for Told {
    fn event(&self, event: Event<'_>) {
        let text = match event {
            Event::StageStarts(stage, files, _) => format!("stage {stage:?}: {files} files"),
            Event::Warning(text) => format!("warns: {text}"),
            Event::WaitingForLock(lock) => format!("waits for {}", lock.owner),
            Event::ManifestIgnored(why) => format!("ignores the manifest: {why}"),
            _ => return,
        };
        let publisher = self.publisher;
        self.exchange.model.lock().unwrap().tell(format_args!("{publisher} {text}"));
    }
}
