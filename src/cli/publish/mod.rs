//! `publish`: from arguments to a session, and from its events to words.

mod words;

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use tokio::{sync::oneshot, task::JoinHandle};

use super::{
    actions::Actions, args, ask, ask::Cannot, bars::Bars, descriptors, local, local::Local, report, serve,
    settings::Settings, stop::Stop,
};
use crate::{
    aws::{Aws, Connection, missing_profile},
    config::{Target, layers::nowhere},
    error::{Error, ErrorKind, Result},
    publish::{
        Borders, Identity, Observed, Prepared, Progress, Session, World, interrupted_before, observe, observe_for,
    },
    site::{
        FileClass, ObjectKey, SiteFile,
        read::{Site, missing_references, read_found},
        walk::walk,
    },
};
use words::Planned;

/// Requests under way at once. S3 takes 3,500 uploads a second for each prefix and more where it sees them coming (S3 User Guide,
/// "Optimizing Amazon S3 performance"), and asks to slow down where that is too much: then it gets fewer. A single-page app goes up in
/// one wave.
const CONCURRENCY: usize = 320;

const CANNOT_ASK: Cannot = Cannot {
    what: "--confirm needs a terminal to ask on",
    next: "leave it out where nobody can answer; --dry-run shows the plan",
};

pub(super) async fn run(args: args::Publish, actions: Actions) -> Result<()> {
    let stop = Stop::listen();
    let limit = args.timeout.map(|seconds| stop.after(Duration::from_secs(seconds)));
    run_until(args, actions, stop.clone(), limit).await.map_err(|error| stop.explain(error))
}

async fn run_until(args: args::Publish, actions: Actions, stop: Stop, limit: Option<JoinHandle<()>>) -> Result<()> {
    let started = Instant::now();
    let settings = Settings::resolve(&args)?;
    if let Some(account) = &args.target.local {
        local::keep_out_of(&settings.folder, account)?;
    }
    let bars = Arc::new(Bars::new(args.quiet, args.verbose, actions.clone()));
    let command = Command { bars, args, settings, stop, actions };
    let looked = tokio::select! {
        looked = command.look() => looked,
        // So far nothing is changed, and nobody should have to wait for an answer that does not come.
        () = command.stop.token.cancelled() => Err(interrupted_before()),
    };
    // The build may still be read.
    let (site, session, observed, local) = looked.inspect_err(|_| command.bars.end())?;
    let published = command.publish(&site, &session, observed, started).await;
    command.bars.end();
    if let Some(limit) = limit {
        limit.abort();
    }
    published?;
    match local {
        Some(local) if command.args.target.serve => {
            // Standard output is for the JSON alone.
            let announce = |line: &str| match command.args.json {
                true => errln!("{line}"),
                false => outln!("{line}"),
            };
            let args::Publish { target, verbose, .. } = &command.args;
            serve::serve(local.account, target.port, *verbose, &command.stop.token, announce).await
        }
        _ => Ok(()),
    }
}

struct Command {
    args: args::Publish,
    settings: Settings,
    stop: Stop,
    bars: Arc<Bars>,
    actions: Actions,
}

impl Command {
    /// Reads the build and looks at the bucket, at the same time where the bucket is there already.
    async fn look(&self) -> Result<(Site, Session, Observed, Option<Local>)> {
        let Some(account) = &self.args.target.local else {
            let target = self.settings.layers.require_target()?;
            let connection = self.connection();
            let (found, borders) = oneshot::channel();
            let looked = tokio::try_join!(self.read(found), self.open(&connection, target, borders));
            let (site, (session, observed)) = match looked {
                Err(error) if error.kind() == ErrorKind::Credentials => {
                    return Err(missing_profile(connection.profile.as_deref()).await.unwrap_or(error));
                }
                looked => looked?,
            };
            return Ok((site, session, observed, None));
        };
        let (found, borders) = oneshot::channel();
        let site = self.read(found).await?;
        // Not before it is sure that there is something to publish: this makes the account.
        let local = Local::start(account).await?;
        let target =
            local.prepare(self.settings.layers.target.clone(), self.settings.layers.routing.unwrap_or(site.routing))?;
        let (session, observed) = self.open(&local.connection(), &target, borders).await?;
        Ok((site, session, observed, Some(local)))
    }

    fn connection(&self) -> Connection {
        let layers = &self.settings.layers;
        Connection {
            profile: layers.profile.as_ref().map(ToString::to_string),
            region: layers.region.as_ref().map(ToString::to_string),
            endpoint_url: layers.endpoint_url.as_ref().map(ToString::to_string),
            credentials: None,
        }
    }

    /// Reads the build; `found` gets the borders of its listing before its files are hashed.
    async fn read(&self, found: oneshot::Sender<Borders>) -> Result<Site> {
        let (settings, bars, flag) = (self.settings.clone(), self.bars.clone(), self.stop.flag.clone());
        let reading = tokio::task::spawn_blocking(move || {
            let Settings { folder, walk: options, rules, .. } = &settings;
            let walked = walk(folder, options)?;
            let keys: Vec<&ObjectKey> = walked.files.iter().map(|file| &file.key).collect();
            // Who wants to know them may have failed.
            let _ = found.send(Borders::of(&keys));
            read_found(walked, folder, options, rules, bars.as_ref(), &flag)
        });
        reading.await.map_err(|error| Error::bug("reading the build folder failed", error))?
    }

    /// Finds the target and observes it, for the build of those `borders`.
    async fn open(
        &self,
        connection: &Connection,
        target: &Target,
        borders: oneshot::Receiver<Borders>,
    ) -> Result<(Session, Observed)> {
        let aws = Aws::connect(connection).await;
        let distribution = match (&target.distribution, &target.domain) {
            (Some(id), _) => Some(aws.cloudfront().get(id.as_str()).await?),
            (None, Some(domain)) => Some(aws.cloudfront().find(domain.as_str()).await?),
            (None, None) => None,
        };
        let bucket = match (&target.bucket, distribution.as_ref().map(|distribution| &distribution.origin)) {
            (Some(bucket), _) => {
                let prefix = bucket.prefix.as_ref().map(|prefix| prefix.as_str()).unwrap_or_default();
                aws.bucket(bucket.name.as_str(), prefix, None)
            }
            (None, Some(origin)) => {
                // The owner's word wins: an origin of the old form names no region, and a bucket may have moved.
                let told = self.settings.layers.region.as_ref().map(ToString::to_string);
                aws.bucket(&origin.bucket, &origin.prefix, told.as_deref().or(origin.region.as_deref()))
            }
            (None, None) => return Err(nowhere()),
        };
        let distribution = distribution.map(|distribution| (aws.cloudfront(), distribution));
        let progress: Arc<dyn Progress> = self.bars.clone();
        let session = Session {
            bucket,
            distribution,
            policy: self.settings.policy.clone(),
            identity: identity(),
            only_look: self.args.dry_run,
            lock_patience: Duration::from_secs(self.args.lock_wait),
            invalidation_patience: Duration::from_secs(15 * 60),
            concurrency: descriptors::room_for(CONCURRENCY),
            world: World { now: Arc::new(aws.clock(Timestamp::now)), ..World::default() },
            progress,
            stop: self.stop.token.clone(),
        };
        let observed = observe_for(&session, async { borders.await.unwrap_or_default() }).await?;
        Ok((session, observed))
    }

    /// Plans, shows, asks, and carries out; once more from the start where another publish came in between.
    async fn publish(&self, site: &Site, session: &Session, observed: Observed, started: Instant) -> Result<()> {
        let mut observed = observed;
        loop {
            let prepared = session.prepare(site.files.clone(), observed).await?;
            let mut warnings = self.missing(site, session, &prepared)?;
            let distribution = session.distribution.as_ref().map(|(_, distribution)| distribution);
            warnings.extend(distribution.and_then(|distribution| report::elsewhere(distribution, &session.bucket)));
            let planned = Planned { site, session, prepared: &prepared, warnings, started };
            self.show(&planned)?;
            if self.args.dry_run {
                return Ok(());
            }
            if self.args.confirm
                && !prepared.plan.is_empty()
                && !ask::yes("Publish this?", CANNOT_ASK, &session.stop).await?
            {
                return Err(Error::new(ErrorKind::Interrupted, "not published", "nothing was changed"));
            }
            if let Some(outcome) = session.carry_out(&prepared).await? {
                self.bars.clear();
                return self.sum_up(&planned, &outcome);
            }
            observed = observe(session).await?;
        }
    }
}

impl Command {
    /// The files that pages name and the build does not have; with `--strict` that is an error. Pages that are as
    /// published were looked at when they were, unless files have gone since.
    fn missing(&self, site: &Site, session: &Session, prepared: &Prepared) -> Result<Vec<String>> {
        let changed = prepared.plan.uploads().iter().map(|upload| &upload.file);
        let looked_at: Vec<&Arc<SiteFile>> =
            if prepared.plan.removals().is_empty() { changed.collect() } else { site.files.iter().collect() };
        let pages: Vec<_> = looked_at.into_iter().filter(|file| file.class == FileClass::Page).collect();
        if pages.is_empty() {
            return Ok(Vec::new());
        }
        let keys: BTreeSet<ObjectKey> = site.files.iter().map(|file| file.key.clone()).collect();
        let own_hosts = session.distribution.iter().flat_map(|(_, distribution)| distribution.aliases.clone());
        let missing = missing_references(&pages, &keys, &own_hosts.collect::<Vec<_>>())?;
        let told = report::missing(&missing);
        if self.settings.layers.strict && !missing.is_empty() {
            let many = match missing.len() {
                1 => "1 reference leads".into(),
                more => format!("{more} references lead"),
            };
            return Err(Error::new(
                ErrorKind::Refused,
                format!("{many} nowhere: {}", told.join("; ")),
                "put the files into the build, or publish without --strict",
            ));
        }
        Ok(told)
    }
}

fn identity() -> Identity {
    let first =
        |names: &[&str]| names.iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    let host = || std::fs::read_to_string("/etc/hostname").ok().map(|name| name.trim().to_owned());
    Identity {
        owner: first(&["GITHUB_ACTOR", "USER", "USERNAME"]).unwrap_or_else(|| "somebody".into()),
        host: first(&["HOSTNAME", "COMPUTERNAME"]).or_else(host).unwrap_or_else(|| "some machine".into()),
        process: std::process::id(),
    }
}

fn terminal_width() -> usize {
    console::Term::stdout().size_checked().map_or(100, |(_, columns)| usize::from(columns))
}
