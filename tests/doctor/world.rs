//! A local account, the console's clients for it, and doctor and bootstrap as the program runs them.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    path::Path,
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_sdk_cloudfront::types::DistributionConfig;
use cruddur_site::{
    Result,
    aws::{Aws, Connection},
    bootstrap::{self, Event, Limits, Outcome, Progress, Session, carry_out, observe},
    dns::Resolver,
    doctor::{Examination, Report, examine, gather},
    local::{ACCESS_KEY_ID, Account, ApiServer, DnsServer, REGION, SECRET_ACCESS_KEY, edge::Edge},
    publish,
    routing::Routing,
    setup::{
        self, Plan, Request,
        observed::Distribution,
        request::{Deployer, DeployerScope, Dns},
    },
};
use reqwest::header::HOST;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::support::{Folder, local::cruddur_site};

/// Browsers look for names below `.localhost` on this machine only.
pub const DOMAIN: &str = "cruddur.localhost";

/// The other name, which redirects.
pub const WWW: &str = "www.cruddur.localhost";

/// The name of the bucket that a bootstrap makes.
pub const BUCKET: &str = "cruddur-localhost-000000000000";

/// A folder with an account in which [`DOMAIN`] was bootstrapped and [`Folder::site`] published. Never written again.
static SOUND: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::Builder::new().prefix("sound-").tempdir().unwrap();
    run(folder.path(), &["bootstrap", DOMAIN, "--yes", "--json"]);
    publish(folder.path(), &Folder::site(), &[]);
    folder
});

/// Runs the program on the account in `folder`.
fn run(folder: &Path, arguments: &[&str]) {
    let mut command = cruddur_site();
    command.current_dir(folder).args(arguments).arg("--local").arg(folder.join("account"));
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {}: {said}", output.status);
}

fn publish(folder: &Path, build: &Folder, more: &[&str]) {
    let build = build.path().display().to_string();
    let arguments = ["publish", &build, "--domain", DOMAIN, "--json"];
    run(folder, &[&arguments, more].concat());
}

/// An account, and everything that talks to it.
pub struct World {
    folder: TempDir,
    pub account: Account,
    server: ApiServer,
    dns: DnsServer,
    http: reqwest::Client,
}

impl World {
    /// An account with nothing in it.
    pub async fn empty() -> Self {
        Self::of(tempfile::Builder::new().prefix("mistakes-").tempdir().unwrap()).await
    }

    /// An account with a sound site: bootstrapped, and published.
    pub async fn sound() -> Self {
        let folder = tempfile::Builder::new().prefix("mistakes-").tempdir().unwrap();
        for entry in walkdir::WalkDir::new(SOUND.path()).min_depth(1) {
            let entry = entry.unwrap();
            let to = folder.path().join(entry.path().strip_prefix(SOUND.path()).unwrap());
            if entry.file_type().is_dir() {
                std::fs::create_dir(to).unwrap();
            } else {
                std::fs::copy(entry.path(), to).unwrap();
            }
        }
        Self::of(folder).await
    }

    async fn of(folder: TempDir) -> Self {
        let account = Account::open(&folder.path().join("account")).unwrap();
        let server = ApiServer::start(account.clone()).await.unwrap();
        let dns = DnsServer::start(account.clone()).await.unwrap();
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
        Self { folder, account, server, dns, http: http.build().unwrap() }
    }

    /// The console of one region.
    pub fn console(&self, region: &str) -> SdkConfig {
        let credentials = Credentials::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None, None, "console");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .region(Region::new(region.to_owned()))
            .endpoint_url(self.server.url())
            .build()
    }

    pub fn s3(&self) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::config::Builder::from(&self.console(REGION)).force_path_style(true);
        aws_sdk_s3::Client::from_conf(config.build())
    }

    pub fn cloudfront(&self) -> aws_sdk_cloudfront::Client {
        aws_sdk_cloudfront::Client::new(&self.console(REGION))
    }

    pub fn route53(&self) -> aws_sdk_route53::Client {
        aws_sdk_route53::Client::new(&self.console(REGION))
    }

    pub fn iam(&self) -> aws_sdk_iam::Client {
        aws_sdk_iam::Client::new(&self.console(REGION))
    }

    /// The site's distribution.
    pub fn distribution(&self) -> Distribution {
        let all = self.account.distributions().unwrap();
        let reads = |one: &Distribution| one.origin.domain.contains(BUCKET) || one.aliases.contains(&DOMAIN.to_owned());
        all.into_iter().find(reads).expect("the site's distribution")
    }

    /// Edits the site's distribution, as the console's form does.
    pub async fn edit(&self, change: impl FnOnce(&mut DistributionConfig)) {
        self.edit_of(&self.distribution().id, change).await;
    }

    /// Edits a distribution.
    pub async fn edit_of(&self, id: &str, change: impl FnOnce(&mut DistributionConfig)) {
        let cloudfront = self.cloudfront();
        let read = cloudfront.get_distribution_config().id(id).send().await.unwrap();
        let (etag, mut config) = (read.e_tag.unwrap(), read.distribution_config.unwrap());
        change(&mut config);
        let update = cloudfront.update_distribution().id(id).if_match(etag).distribution_config(config);
        update.send().await.unwrap();
        self.deployed(id).await;
    }

    /// Waits until the edges have a distribution's last change.
    pub async fn deployed(&self, id: &str) {
        let cloudfront = self.cloudfront();
        while cloudfront.get_distribution().id(id).send().await.unwrap().distribution.unwrap().status != "Deployed" {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Publishes a build by the program.
    pub fn publish(&self, build: &Folder, more: &[&str]) {
        publish(self.folder.path(), build, more);
    }

    async fn session(&self, progress: Arc<dyn Progress>) -> Session {
        let connection = Connection {
            profile: None,
            region: Some(REGION.to_owned()),
            endpoint_url: Some(self.server.url().to_owned()),
            credentials: Some((ACCESS_KEY_ID.to_owned(), SECRET_ACCESS_KEY.to_owned())),
        };
        let limit = Duration::from_secs(30);
        Session {
            aws: Aws::connect(&connection).await,
            resolver: Resolver::new(Some(self.dns.address())),
            limits: Limits { certificate: limit, deployment: limit, records: limit, settling: limit },
            world: publish::World::default(),
            progress,
            stop: CancellationToken::new(),
        }
    }

    /// What doctor says, visits to the site included.
    pub async fn examine(&self) -> Report {
        let session = self.session(Arc::new(bootstrap::progress::Silent)).await;
        let edge = Edge::bind(self.account.clone(), Some(0)).await.unwrap();
        let request = Request::only_look(DOMAIN.parse().unwrap());
        let rehearsal = Some(SocketAddr::from(([127, 0, 0, 1], edge.port())));
        let (session, request) = (&session, &request);
        let examination = Examination { session, request, flags: String::new(), visit: true, rehearsal };
        // Boxed here and below: a test's thread has a small stack, and these futures are large.
        examine(&Box::pin(gather(&examination)).await.unwrap())
    }

    /// `bootstrap DOMAIN --yes`, perhaps with more flags; every moment of it is watched where the site works now.
    ///
    /// # Panics
    /// When a site that answers 200 before does not do so after any of the steps.
    pub async fn try_bootstrap(&self, ask: impl FnOnce(&mut Request)) -> Result<Outcome> {
        let mut request = Request {
            wildcard: false,
            dns: Dns::Route53 { create_zone: true },
            ..Request::only_look(DOMAIN.parse().unwrap())
        };
        ask(&mut request);
        let before = self.visit(DOMAIN, "/").await;
        let watched = (before.status == 200).then(|| before.body.clone());
        let watch =
            Arc::new(Watch { account: self.account.clone(), http: self.http.clone(), broken: Mutex::default() });
        let progress: Arc<dyn Progress> = match watched {
            Some(_) => watch.clone(),
            None => Arc::new(bootstrap::progress::Silent),
        };
        let session = self.session(progress).await;
        let observed = Box::pin(observe(&session, &request, Routing::Spa)).await?;
        let site = setup::desired::site(&request, &observed, Routing::Spa, &REGION.parse().unwrap())?;
        let plan = setup::plan::plan(site, &observed)?;
        let outcome = Box::pin(carry_out(&session, &plan, &observed)).await;
        assert_eq!(*watch.broken.lock().unwrap(), Vec::<String>::new(), "a page that worked did not any more");
        outcome
    }

    /// As [`World::try_bootstrap`], without more flags and with success.
    pub async fn bootstrap(&self) -> Outcome {
        self.try_bootstrap(|_| ()).await.unwrap_or_else(|error| panic!("{error:?}"))
    }

    /// What a bootstrap would do now.
    pub async fn plan(&self) -> Plan {
        let session = self.session(Arc::new(bootstrap::progress::Silent)).await;
        let request = Request {
            wildcard: false,
            dns: Dns::Route53 { create_zone: true },
            ..Request::only_look(DOMAIN.parse().unwrap())
        };
        let observed = Box::pin(observe(&session, &request, Routing::Spa)).await.unwrap();
        let site = setup::desired::site(&request, &observed, Routing::Spa, &REGION.parse().unwrap()).unwrap();
        setup::plan::plan(site, &observed).unwrap()
    }

    /// Asks an edge that has nothing in its cache.
    pub async fn visit(&self, host: &str, path: &str) -> Visited {
        visit(&self.account, &self.http, host, path).await
    }

    /// Panics unless the site answers as it should: the page, its script, no page for a script that is missing, the other
    /// name's redirect.
    pub async fn answers(&self, build: &Folder) {
        let page = self.visit(DOMAIN, "/").await;
        assert_eq!((page.status, page.body), (200, build.read("index.html")), "the root page");
        let page = self.visit(DOMAIN, "/profile/7").await;
        assert_eq!((page.status, page.body), (200, build.read("index.html")), "a page of the app");
        let script = self.visit(DOMAIN, "/assets/app-BkXq7RzT.js").await;
        assert_eq!((script.status, script.body), (200, build.read("assets/app-BkXq7RzT.js")), "its script");
        assert_eq!(self.visit(DOMAIN, "/assets/gone.js").await.status, 404, "what is missing");
        assert!([403, 404].contains(&self.visit(DOMAIN, "/.cruddur-site/live/manifest.json.gz").await.status));
        let other = self.visit(WWW, "/profile/7").await;
        assert_eq!(other.status, 301, "the other name");
        assert!(other.location.contains(&format!("//{DOMAIN}")) && other.location.ends_with("/profile/7"));
    }
}

/// What a visitor got.
#[derive(Debug)]
pub struct Visited {
    pub status: u16,
    pub location: String,
    pub body: Vec<u8>,
}

async fn visit(account: &Account, http: &reqwest::Client, host: &str, path: &str) -> Visited {
    let edge = Edge::bind(account.clone(), Some(0)).await.unwrap();
    let port = edge.port();
    let request = http.get(format!("http://127.0.0.1:{port}{path}")).header(HOST, format!("{host}:{port}"));
    let response = request.send().await.unwrap_or_else(|error| panic!("{path}: {error:?}"));
    let location = response.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
    Visited {
        status: response.status().as_u16(),
        location: location.unwrap_or_default(),
        body: response.bytes().await.unwrap().to_vec(),
    }
}

/// Visits the site after every step.
struct Watch {
    account: Account,
    http: reqwest::Client,
    broken: Mutex<Vec<String>>,
}

impl Progress for Watch {
    fn event(&self, event: Event<'_>) {
        let Event::Done(step) = event else { return };
        let looking = visit(&self.account, &self.http, DOMAIN, "/");
        let seen = tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(looking));
        if seen.status != 200 {
            self.broken.lock().unwrap().push(format!("{} after {step:?}", seen.status));
        }
    }
}

/// The names of a report's findings.
pub fn ids(report: &Report) -> BTreeSet<&'static str> {
    report.findings.iter().map(|finding| finding.id).collect()
}

/// Panics unless doctor finds exactly these.
pub async fn finds(world: &World, expected: &[&str]) -> Report {
    let report = world.examine().await;
    let expected: BTreeSet<&str> = expected.iter().copied().collect();
    assert_eq!(ids(&report), expected, "{report:#?}");
    assert!(report.unchecked.is_empty(), "{:#?}", report.unchecked);
    report
}

/// A sound site is broken, doctor finds exactly `expected`, a bootstrap mends it, the site answers, and neither doctor nor
/// bootstrap finds anything left to do.
pub async fn mended_by_bootstrap(world: &World, expected: &[&str]) {
    finds(world, expected).await;
    world.bootstrap().await;
    is_sound(world).await;
}

/// Panics unless nothing is wrong any more.
pub async fn is_sound(world: &World) {
    world.answers(&Folder::site()).await;
    finds(world, &[]).await;
    assert_eq!(world.plan().await.steps, [], "a bootstrap has nothing left to do");
}

/// A repository's main branch.
pub fn repository(owner: &str, repository: &str) -> Deployer {
    let scope = DeployerScope::Branch("main".to_owned());
    Deployer { owner: owner.to_owned(), repository: repository.to_owned(), scope }
}
