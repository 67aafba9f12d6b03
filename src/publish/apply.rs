//! Carrying a plan out, stage by stage.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use futures::{StreamExt, TryFutureExt, stream};
use tokio::sync::Semaphore;

use super::{
    Event, MANIFEST, Prepared, Session,
    edges::Edges,
    lock::Held,
    pace::Gate,
    upload::{self, FILES_IN_PARTS, IN_FLIGHT_KIB, Uploader},
};
use crate::{
    aws::Condition,
    error::{Error, ErrorKind, Result},
    plan::{Reason, Stage, Stored, Tally, Upload},
    release::ReleaseId,
    site::ObjectKey,
};

/// What a publish did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The release it made; none when there was nothing to do.
    pub release: Option<ReleaseId>,
    /// Files sent, and their bytes.
    pub uploaded: Tally,
    /// Files of which only the headers changed.
    pub headers_changed: u64,
    /// Objects deleted.
    pub deleted: u64,
    /// The invalidations made.
    pub invalidations: Vec<String>,
    /// The paths in them.
    pub paths: usize,
    /// Whether every edge has forgotten what it had to; false when we did not wait or waited too long.
    pub edges_current: bool,
}

pub(super) async fn apply(session: &Session, prepared: &Prepared, lock: &Held) -> Result<Outcome> {
    let plan = &prepared.plan;
    let mut outcome = Outcome { release: Some(plan.release().clone()), edges_current: true, ..Outcome::default() };
    let edges = Edges { session, plan };
    settle_records(session, prepared).await?;
    let stored = upload_all(session, prepared, lock, &edges, &mut outcome).await?;
    for upload in plan.uploads() {
        match upload.reason {
            Reason::Headers => outcome.headers_changed += 1,
            Reason::New | Reason::Content => outcome.uploaded.add(upload.file.size),
        }
    }

    lock.confirm().await?;
    write_manifest(session, prepared, &stored).await?;

    // Pages go before the edges forget them, and what they load goes when no edge can give them any more.
    delete(session, prepared, true, &mut outcome).await?;
    if edges.forget_changed(&mut outcome).await? || !session.policy.wait {
        delete(session, prepared, false, &mut outcome).await?;
        edges.forget_removed(&mut outcome).await?;
    } else if plan.removals().iter().any(|removal| !removal.page) {
        session.progress.event(Event::Warning("what the build no longer has is deleted by the next publish"));
    }
    Ok(outcome)
}

async fn upload_all(
    session: &Session,
    prepared: &Prepared,
    lock: &Held,
    edges: &Edges<'_>,
    outcome: &mut Outcome,
) -> Result<BTreeMap<ObjectKey, Stored>> {
    let uploads = prepared.plan.uploads();
    let uploader = Uploader {
        session,
        in_flight: Arc::new(Semaphore::new(IN_FLIGHT_KIB)),
        in_parts: Semaphore::new(FILES_IN_PARTS),
        gate: Gate::new(session.concurrency, || session.bucket.slowed()),
        unfinished: upload::unfinished(session, prepared).await,
        halt: session.stop.child_token(),
    };
    let mut stored = BTreeMap::new();
    let mut pages_may_change = false;
    // The plan has them in the order of their stages.
    for of_stage in uploads.chunk_by(|one, next| one.stage == next.stage) {
        let stage = of_stage[0].stage;
        let bytes = of_stage.iter().filter(|upload| upload.reason != Reason::Headers).map(|u| u.file.size).sum();
        lock.check()?;
        if stage > Stage::NewFiles {
            lock.try_conditions().await?;
        }
        if stage >= Stage::Pages && !pages_may_change {
            // From here on visitors see the new release: with what it loads, and as it was planned.
            edges.forget_assets(outcome).await?;
            upload::still_as_hashed(uploads).await?;
            lock.confirm().await?;
            pages_may_change = true;
        }
        session.progress.event(Event::StageStarts(stage, of_stage.len() as u64, bytes));
        let trying = lock.try_conditions().inspect_err(|_| uploader.halt.cancel());
        let (tried, uploaded) = tokio::join!(trying, upload_stage(&uploader, of_stage, lock, &mut stored));
        tried.and(uploaded)?;
    }
    session.progress.event(Event::UploadsEnd);
    Ok(stored)
}

/// Uploads the files of one stage. After the first failure nothing new begins, but what is under way ends.
async fn upload_stage(
    uploader: &Uploader<'_>,
    uploads: &[Upload],
    lock: &Held,
    stored: &mut BTreeMap<ObjectKey, Stored>,
) -> Result<()> {
    let start = async |upload: &Upload| {
        uploader.check()?;
        lock.check()?;
        uploader.upload(upload).await.map(|stored| (upload.file.key.clone(), stored))
    };
    let mut results = stream::iter(uploads.iter().map(start)).buffer_unordered(uploader.session.concurrency);
    let mut failure = None;
    while let Some(result) = results.next().await {
        match result {
            Ok((key, object)) => {
                stored.insert(key, object);
            }
            Err(error) => {
                uploader.halt.cancel();
                failure.get_or_insert(error);
            }
        }
    }
    failure.map_or(Ok(()), Err)
}

/// The error of a publish that the user stopped.
pub(super) fn interrupted() -> Error {
    Error::new(
        ErrorKind::Interrupted,
        "stopped: what visitors see is whole, the release is not finished",
        "run the same command again: it goes on where it stopped",
    )
}

/// The error of a publish that the user stopped before it changed anything.
pub(crate) fn interrupted_before() -> Error {
    Error::new(ErrorKind::Interrupted, "stopped: nothing was changed", "run the same command again when you want to")
}

async fn write_manifest(session: &Session, prepared: &Prepared, stored: &BTreeMap<ObjectKey, Stored>) -> Result<()> {
    let bucket = &session.bucket;
    let (record, body) = (super::record(prepared.plan.release()), Bytes::from(prepared.plan.manifest(stored).encode()));
    // Until here the record's place is the draft's. Cut off between the two, the lock that stays tells the next publish that one
    // of them is missing.
    let (recorded, replaced) = tokio::join!(
        bucket.write_state(&record, body.clone(), None),
        replace_manifest(session, prepared, body.clone()),
    );
    if !replaced? {
        return Err(Error::new(
            ErrorKind::Rival,
            "somebody else replaced the manifest while this publish was working",
            "run the command again: it puts the site in order, from what is there now",
        ));
    }
    recorded?;
    for release in prepared.plan.records_to_drop() {
        bucket.delete_state(&super::record(release)).await?;
    }
    Ok(())
}

/// Writes the manifest in place of the one that was observed; false where that has changed.
pub(super) async fn replace_manifest(session: &Session, prepared: &Prepared, body: Bytes) -> Result<bool> {
    let condition = match &prepared.observed.manifest_etag {
        Some(etag) => Condition::Matches(etag.clone()),
        None => Condition::Absent,
    };
    Ok(session.bucket.write_state(MANIFEST, body, Some(&condition)).await?.is_some())
}

/// Writes the record of the release that is live, where the publish that made it was cut off before it surely had; or deletes the
/// draft of the one that was cut off, which is in ours.
pub(super) async fn settle_records(session: &Session, prepared: &Prepared) -> Result<()> {
    if let Some(release) = &prepared.observed.drafted {
        // One that stays is in nobody's way.
        let _ = session.bucket.delete_state(&super::record(release)).await;
    }
    match &prepared.observed.unrecorded {
        Some((release, manifest)) => {
            session.bucket.write_state(&super::record(release), manifest.clone(), None).await.map(drop)
        }
        None => Ok(()),
    }
}

/// Deletes the removed pages, or everything else that is to go.
async fn delete(session: &Session, prepared: &Prepared, pages: bool, outcome: &mut Outcome) -> Result<()> {
    let removals = prepared.plan.removals().iter().filter(|removal| removal.page == pages);
    let keys: Vec<_> = removals.map(|removal| removal.key.clone()).collect();
    if !keys.is_empty() {
        session.progress.event(Event::Deleting(keys.len()));
    }
    for thousand in keys.chunks(1000) {
        session.bucket.delete(thousand).await?;
        outcome.deleted += thousand.len() as u64;
    }
    Ok(())
}
