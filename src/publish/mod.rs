//! Publishing: observe, plan, lock, upload, record, invalidate, delete. `docs/ARCHITECTURE.md` tells the life of a file.

mod apply;
mod draft;
mod edges;
mod listing;
mod lock;
mod machine;
mod observe;
mod pace;
pub mod progress;
mod upload;

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

pub use apply::Outcome;
pub(crate) use apply::interrupted_before;
pub use listing::Borders;
pub use observe::{Observed, observe, observe_for};
pub use progress::{Event, Progress};

use crate::{
    aws::{Bucket, CloudFront, Distribution},
    error::{Error, ErrorKind, Result},
    plan::{self, Inputs, Plan, Policy, Refusal},
    release::ReleaseId,
    site::{SiteFile, key::MAX_KEY_BYTES, walk::enumerate},
};

/// The state objects of a site.
pub(crate) const MANIFEST: &str = "manifest.json.gz";
pub(crate) const LOCK: &str = "lock.json";

/// How long a publish that is stopped waits for the answers to what it has sent: some never come.
const GRACE: Duration = Duration::from_secs(10);

pub(crate) fn record(release: &ReleaseId) -> String {
    format!("releases/{release}.json.gz")
}

/// Time and chance, passed in so that a run can be repeated.
#[derive(Clone)]
pub struct World {
    /// The time now.
    pub now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// 32 random bits.
    pub random: Arc<dyn Fn() -> u32 + Send + Sync>,
}

impl Default for World {
    /// The machine's clock and chance.
    fn default() -> Self {
        Self { now: Arc::new(Timestamp::now), random: Arc::new(|| fastrand::u32(..)) }
    }
}

/// Who publishes, for the lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The user.
    pub owner: String,
    /// The machine.
    pub host: String,
    /// The process.
    pub process: u32,
}

/// Everything a publish works with.
#[derive(Clone)]
pub struct Session {
    /// Where to.
    pub bucket: Bucket,
    /// What stands before the bucket.
    pub distribution: Option<(CloudFront, Distribution)>,
    /// What the owner decided.
    pub policy: Policy,
    /// Who publishes.
    pub identity: Identity,
    /// Whether the plan is only to be shown: then nobody has to be waited for.
    pub only_look: bool,
    /// How long to wait for another publish to end; zero fails at once.
    pub lock_patience: Duration,
    /// How long to wait for an invalidation.
    pub invalidation_patience: Duration,
    /// The most requests under way at once.
    pub concurrency: usize,
    /// Time and chance.
    pub world: World,
    /// Who is told how it goes.
    pub progress: Arc<dyn Progress>,
    /// Cancelled when the user wants to stop.
    pub stop: CancellationToken,
}

/// A plan and the state of the bucket it was made for.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// What will be done.
    pub plan: Plan,
    /// What it was planned from.
    pub observed: Observed,
}

impl Session {
    fn now(&self) -> Timestamp {
        (self.world.now)()
    }

    /// Comes when what was under way had [`GRACE`] to end since the user stopped.
    async fn stopped_for_long(&self) {
        self.stop.cancelled().await;
        tokio::time::sleep(GRACE).await;
    }

    /// Compares `files` with what was observed and plans the release.
    ///
    /// # Errors
    /// [`ErrorKind::Input`] when a key is too long below this prefix; [`ErrorKind::Refused`] when too much would be
    /// deleted; as AWS answers when unknown objects are looked at.
    pub async fn prepare(&self, files: Vec<Arc<SiteFile>>, mut observed: Observed) -> Result<Prepared> {
        check_key_lengths(self.bucket.prefix(), &files)?;
        tokio::select! {
            looked = observe::look_at_unknown(self, &files, &mut observed.remote) => looked?,
            // Nothing is changed yet, so nothing has to come to an end first.
            () = self.stop.cancelled() => return Err(apply::interrupted_before()),
        }
        let now = self.now();
        let owed = observed.left_behind().map(|lock| lock.owes.iter().cloned().collect());
        let inputs = Inputs {
            files,
            remote: &observed.remote,
            edge: self.distribution.as_ref().map(|(_, distribution)| &distribution.edge),
            policy: &self.policy,
            owed: owed.as_ref(),
            release: ReleaseId::new(now, (self.world.random)()),
            now,
        };
        let plan = plan::build(inputs).map_err(|refusal| refused(refusal, &self.policy))?;
        Ok(Prepared { plan, observed })
    }

    /// Carries a plan out. A plan that has nothing to do touches nothing. `None` when somebody else began to publish
    /// after the plan was made: then nothing was changed, and it is time to observe and prepare again. So it is once a manifest was
    /// written that a publish which was cut off had recorded, and not written itself.
    ///
    /// # Errors
    /// [`ErrorKind::Rival`] when somebody else took over in the middle. [`ErrorKind::Interrupted`] after
    /// [`Session::stop`]. Otherwise as AWS or the disk answers. Whatever happens, what visitors see is whole, and the
    /// next publish goes on from there.
    pub async fn carry_out(&self, prepared: &Prepared) -> Result<Option<Outcome>> {
        if let Some(record) = &prepared.observed.recovered {
            if let Some(lock) = lock::Held::resume(self, prepared).await? {
                let written = apply::replace_manifest(self, prepared, record.clone()).await;
                lock.give_up().await;
                written?;
            }
            return Ok(None);
        }
        if prepared.plan.is_empty() {
            if prepared.observed.left_behind().is_some() {
                apply::settle_records(self, prepared).await?;
                lock::end(self, prepared).await?;
            }
            return Ok(Some(Outcome { edges_current: true, ..Outcome::default() }));
        }
        // While the lock is taken: the first files then need not wait for them.
        self.bucket.warm(prepared.plan.uploads().len().min(self.concurrency));
        let taken = tokio::select! {
            taken = lock::Held::take(self, prepared) => taken?,
            () = self.stopped_for_long() => return Err(apply::interrupted_before()),
        };
        let Some(lock) = taken else { return Ok(None) };
        let outcome = tokio::select! {
            outcome = apply::apply(self, prepared, &lock) => outcome,
            () = self.stopped_for_long() => Err(apply::interrupted()),
        };
        match &outcome {
            Ok(_) => lock.release().await,
            Err(_) => lock.give_up().await,
        }
        outcome.map(Some)
    }
}

/// The walk has checked the keys alone; the prefix is known only once the target is.
fn check_key_lengths(prefix: &str, files: &[Arc<SiteFile>]) -> Result<()> {
    let too_long: Vec<String> = files
        .iter()
        .map(|file| (file.key.as_str(), prefix.len() + file.key.as_str().len()))
        .filter(|(_, bytes)| *bytes > MAX_KEY_BYTES)
        .map(|(key, bytes)| format!("{}… ({bytes} bytes)", key.chars().take(60).collect::<String>()))
        .collect();
    if too_long.is_empty() {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Input,
        format!(
            "too long for S3, whose keys have at most {MAX_KEY_BYTES} bytes, {prefix} included: {}",
            enumerate(&too_long)
        ),
        "shorten the names, or publish under a shorter prefix",
    ))
}

fn refused(refusal: Refusal, policy: &Policy) -> Error {
    Error::new(
        ErrorKind::Refused,
        format!("{refusal}, more than the {} % that one publish may delete", policy.max_delete_percent),
        "check that this is the right, complete build folder; if it is, run again with --max-delete 100",
    )
}
