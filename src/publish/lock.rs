//! Holding the site for one publish.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use bytes::Bytes;
use jiff::Timestamp;
use tokio::{sync::OnceCell, task::JoinHandle, time::sleep};
use tokio_util::sync::CancellationToken;

use super::{Event, LOCK, MANIFEST, Prepared, Session, draft::Draft, machine};
use crate::{
    aws::Condition,
    error::{Error, ErrorKind, Result},
    release::{
        ETag, Lock, ReleaseId,
        lock::{LEASE, MAX_BYTES},
    },
};

/// How long before the lease ends we take it for lost, in seconds: others read its end from another clock. Each of the two
/// may be 5 s off before it is corrected, and a `Date` has whole seconds.
const MARGIN: u64 = 12;

/// How long a lease is held for sure, in seconds: nobody takes over a lock that was written so shortly before.
const NEW: u64 = 5;

/// How long to try to give the lock up; it runs out by itself.
const GIVING_UP: Duration = Duration::from_secs(10);

/// The last renewal.
#[derive(Clone)]
struct Lease {
    etag: ETag,
    /// By the clock on the wall: a machine that sleeps stops all others.
    expires: Timestamp,
    /// By a clock that nobody sets.
    since: Instant,
}

impl Lease {
    /// Whether it was renewed within the last [`NEW`] seconds, by either clock.
    fn is_new(&self, now: Timestamp) -> bool {
        let renewed = self.expires.saturating_sub(LEASE);
        let until = renewed.and_then(|renewed| renewed.saturating_add(Duration::from_secs(NEW)));
        self.since.elapsed() < Duration::from_secs(NEW) && until.is_ok_and(|until| now < until)
    }

    fn holds(&self, now: Timestamp) -> bool {
        let margin = Duration::from_secs(MARGIN);
        now.saturating_add(margin).is_ok_and(|soon| soon < self.expires)
            && self.since.elapsed() + margin < LEASE.unsigned_abs()
    }
}

/// The lock, held and renewed until it is released, given up, or taken from us.
pub(super) struct Held {
    session: Session,
    lock: Lock,
    /// The entity tag of the manifest that the plan was made from.
    manifest: Option<ETag>,
    lease: Arc<Mutex<Lease>>,
    lost: CancellationToken,
    tried: OnceCell<()>,
    renewal: Renewal,
}

/// The task that renews; it ends with the publish, also with one that is dropped in the middle.
struct Renewal {
    task: JoinHandle<()>,
    end: CancellationToken,
}

impl Renewal {
    /// Comes once no renewal is under way any more: cut off in the middle, nobody would know which lock is there.
    async fn end(&mut self) {
        self.end.cancel();
        let _ = tokio::time::timeout(GIVING_UP, &mut self.task).await;
    }
}

impl Drop for Renewal {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Held {
    /// Takes the lock for a plan; `None` when somebody else has taken it, or has published, since the plan was made.
    pub async fn take(session: &Session, prepared: &Prepared) -> Result<Option<Self>> {
        let draft = Draft::of(session, prepared);
        let owes = BTreeSet::from_iter(prepared.plan.invalidation().paths().cloned()).into_iter().collect();
        let taking = Self::replacing(session, prepared, prepared.plan.release(), owes);
        let (drafted, held) = draft.write_with(taking).await;
        let Some(held) = held? else {
            draft.delete().await;
            return Ok(None);
        };
        let is_current = match drafted {
            Ok(()) if prepared.observed.vouched && session.bucket.has_conditions() => Ok(true),
            Ok(()) => held.finds_the_manifest().await,
            Err(error) => Err(error),
        };
        match is_current {
            Ok(true) => Ok(Some(held)),
            Ok(false) => {
                if held.hand_back(prepared).await {
                    draft.delete().await;
                }
                Ok(None)
            }
            Err(error) => {
                held.give_up().await;
                Err(error)
            }
        }
    }

    /// Goes on with a publish that was cut off, under its own name: until there is a manifest, that leads whoever comes next to what it
    /// recorded. `None` when somebody else has taken the lock since.
    pub async fn resume(session: &Session, prepared: &Prepared) -> Result<Option<Self>> {
        let Some(cut_off) = prepared.observed.left_behind() else { return Ok(None) };
        Self::replacing(session, prepared, &cut_off.release, cut_off.owes.clone()).await
    }

    /// Takes the lock for a release, in place of the one that was observed; `None` when that has changed.
    async fn replacing(
        session: &Session,
        prepared: &Prepared,
        release: &ReleaseId,
        owes: Vec<String>,
    ) -> Result<Option<Self>> {
        let (now, since) = (session.now(), Instant::now());
        let lock = Lock {
            release: release.clone(),
            owner: session.identity.owner.clone(),
            host: session.identity.host.clone(),
            process: session.identity.process,
            instance: machine::instance(session.identity.process),
            started: now,
            expires: now,
            owes,
            ended: false,
        }
        .renewed(now);
        let before = prepared.observed.lock.as_ref().map(|(_, etag)| etag);
        let Some(etag) = write(session, &lock, before).await? else { return Ok(None) };
        let lease = Arc::new(Mutex::new(Lease { etag, expires: lock.expires, since }));
        let (lost, end) = (CancellationToken::new(), CancellationToken::new());
        let renewing = renew(session.clone(), lock.clone(), lease.clone(), lost.clone(), end.clone());
        let renewal = Renewal { task: tokio::spawn(renewing), end };
        let (session, manifest) = (session.clone(), prepared.observed.manifest_etag.clone());
        Ok(Some(Self { session, lock, manifest, lease, lost, tried: OnceCell::new(), renewal }))
    }

    /// Whether the manifest is the one that the plan was made from.
    async fn finds_the_manifest(&self) -> Result<bool> {
        Ok(self.session.bucket.state_etag(MANIFEST).await? == self.manifest)
    }

    /// Finds out, once, whether the store heeds the conditions by which the lock was taken. Where it does not, somebody may have
    /// published since the plan was made.
    pub async fn try_conditions(&self) -> Result<()> {
        let trying = async || {
            let bucket = &self.session.bucket;
            if let Some(etag) = bucket.try_conditions(LOCK, &Bytes::from(self.lock.encode())).await? {
                self.lease.lock().unwrap_or_else(PoisonError::into_inner).etag = etag;
            }
            if bucket.has_conditions() {
                return Ok(());
            }
            self.session.progress.event(Event::Warning(
                "this store has no conditional writes, so the lock is only as good as a look before and after: publish from \
                 one place at a time",
            ));
            if self.finds_the_manifest().await? { Ok(()) } else { Err(overtaken()) }
        };
        self.tried.get_or_try_init(trying).await.copied()
    }

    /// Fails once somebody else has taken the lock, or could have: a machine that slept wakes up without it. Then
    /// nothing more may be changed.
    pub fn check(&self) -> Result<()> {
        let holds = current(&self.lease).holds(self.session.now());
        if !holds || self.lost.is_cancelled() { Err(overtaken()) } else { Ok(()) }
    }

    /// Makes sure that the lock is ours, before pages change and before the manifest does: others may have taken it since the
    /// last renewal, and a store that heeds no conditions lets them. What was renewed just now need not be asked for.
    pub async fn confirm(&self) -> Result<()> {
        self.check()?;
        self.try_conditions().await?;
        if self.session.bucket.has_conditions() && current(&self.lease).is_new(self.session.now()) {
            return Ok(());
        }
        let there = self.session.bucket.read_state(LOCK, MAX_BYTES).await?;
        let there = there.and_then(|state| Lock::decode(&state.bytes?));
        if there.is_none_or(|there| there.release != self.lock.release) {
            self.lost.cancel();
        }
        self.check()
    }

    /// Ends the publish: nothing is owed any more. A lock that does not hear of it expires by itself.
    pub async fn release(mut self) {
        self.renewal.end().await;
        if self.check().is_err() {
            return;
        }
        if let Err(error) = self.replace(&self.lock.ended(self.session.now())).await {
            let text = format!("the lock of this publish remains for a minute: {error}");
            self.session.progress.event(Event::Warning(&text));
        }
    }

    /// Ends a publish that failed: the lock stays as the journal of what is owed, and holds nobody back. Where even
    /// that fails, it expires by itself.
    pub async fn give_up(mut self) {
        self.renewal.end().await;
        let lock = self.lock.given_up(self.session.now());
        let _ = tokio::time::timeout(GIVING_UP, self.replace(&lock)).await;
    }

    /// Puts back what was there before the lock was taken; false when our lock may still be there.
    async fn hand_back(mut self, prepared: &Prepared) -> bool {
        self.renewal.end().await;
        // A lock is never deleted: nobody could tell that there was one.
        let nobodys = || self.lock.ended(self.session.now());
        let before = prepared.observed.lock.as_ref().map_or_else(nobodys, |(before, _)| before.clone());
        matches!(tokio::time::timeout(GIVING_UP, self.replace(&before)).await, Ok(Ok(Some(_))))
    }

    /// Replaces our lock, and returns the new one's entity tag; `None` where it is no longer ours.
    async fn replace(&self, lock: &Lock) -> Result<Option<ETag>> {
        write(&self.session, lock, Some(&current(&self.lease).etag)).await
    }
}

/// Ends a lock that was left behind with nothing to do, if it is still there: not every store heeds conditions, and this one was not tried.
pub(super) async fn end(session: &Session, prepared: &Prepared) -> Result<()> {
    let Some((lock, etag)) = &prepared.observed.lock else { return Ok(()) };
    if session.bucket.state_etag(LOCK).await?.as_ref() == Some(etag) {
        write(session, &lock.ended(session.now()), Some(etag)).await?;
    }
    Ok(())
}

/// Writes a lock in place of the one with that entity tag, or where there is none, and returns its own; `None` where that has changed.
async fn write(session: &Session, lock: &Lock, before: Option<&ETag>) -> Result<Option<ETag>> {
    let condition = before.map_or(Condition::Absent, |etag| Condition::Matches(etag.clone()));
    session.bucket.write_state(LOCK, Bytes::from(lock.encode()), Some(&condition)).await
}

/// Stands for a lock object that cannot be read: it holds nobody back and owes nothing.
pub(super) fn unreadable(session: &Session) -> Lock {
    let now = session.now();
    let nobody = String::from("unknown");
    Lock {
        release: ReleaseId::new(now, 0),
        owner: nobody.clone(),
        host: nobody,
        process: 0,
        instance: None,
        started: now,
        expires: now,
        owes: Vec::new(),
        ended: false,
    }
}

/// The error of a publish that does not get its turn.
pub(super) fn held_by(lock: &Lock) -> Error {
    Error::new(
        ErrorKind::Rival,
        format!(
            "{} on {} (process {}) is publishing this site since {:.0}",
            lock.owner, lock.host, lock.process, lock.started
        ),
        format!("wait until it has ended; if it was killed, its lock expires at {:.0} by itself", lock.expires),
    )
}

fn overtaken() -> Error {
    Error::new(
        ErrorKind::Rival,
        "somebody else took over while this publish was working",
        "run the command again: it starts from what is there now",
    )
}

async fn renew(
    session: Session,
    lock: Lock,
    lease: Arc<Mutex<Lease>>,
    lost: CancellationToken,
    end: CancellationToken,
) {
    let pause = LEASE.unsigned_abs() / 3;
    loop {
        tokio::select! {
            () = sleep(pause) => {}
            () = end.cancelled() => return,
        }
        let (renewed, since) = (lock.renewed(session.now()), Instant::now());
        match write(&session, &renewed, Some(&current(&lease).etag)).await {
            Ok(Some(etag)) => {
                *lease.lock().unwrap_or_else(PoisonError::into_inner) = Lease { etag, expires: renewed.expires, since };
            }
            Ok(None) => return lost.cancel(),
            // A passing fault: the lease outlasts two of them.
            Err(_) => {}
        }
    }
}

fn current(lease: &Mutex<Lease>) -> Lease {
    lease.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_works_under_a_lock_takes_it_for_lost_before_anybody_takes_it_over() {
        let start: Timestamp = "2026-11-21T06:30:00Z".parse().unwrap();
        let by = |wrong: i64, second: i64| start + jiff::SignedDuration::from_secs(wrong + second);
        for (ours, theirs) in [(0, 0), (-5, 5), (-6, 6), (5, -5)] {
            let (release, owner, host) = (ReleaseId::new(start, 0), String::new(), String::new());
            let (started, expires, owes) = (by(ours, 0), by(ours, 0), Vec::new());
            let lock = Lock { release, owner, host, process: 1, instance: None, started, expires, owes, ended: false }
                .renewed(started);
            let lease = Lease { etag: ETag::default(), expires: lock.expires, since: Instant::now() };
            assert!(lease.holds(by(ours, 40)), "two renewals may fail");
            for second in 0..80 {
                let (we_hold, they_wait) = (lease.holds(by(ours, second)), lock.holds(by(theirs, second)));
                assert!(they_wait || !we_hold, "{ours} and {theirs} s off, second {second}");
            }
        }
    }
}
