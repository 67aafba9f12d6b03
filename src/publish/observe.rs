//! Looking at the bucket: the manifest, the lock and the listing, then what those leave open.

use std::{future::ready, sync::Arc};

use bytes::Bytes;
use futures::{FutureExt, StreamExt, TryStreamExt, future::OptionFuture, stream};
use tokio::time::{Duration, Instant, sleep};
use tokio_util::task::AbortOnDropHandle;

use super::{
    Event, LOCK, MANIFEST, Session, draft, interrupted_before, listing,
    listing::{Beginning, Borders},
    machine,
};
use crate::{
    ascending::Ascending,
    aws::{Bucket, Head, State},
    error::{Error, ErrorKind, Result},
    plan::{Listed, Remote},
    release::{ETag, Lock, Manifest, ManifestError, Published, ReleaseId, lock, manifest},
    site::{ObjectKey, SiteFile, hash, part_size},
};

/// What is in the bucket.
#[derive(Debug, Clone)]
pub struct Observed {
    /// The objects and the manifest.
    pub remote: Remote,
    /// The entity tag of the stored manifest, readable or not.
    pub manifest_etag: Option<ETag>,
    /// The lock, with its entity tag.
    pub lock: Option<(Lock, ETag)>,
    /// Whether the lock is that of the publish that wrote the manifest, ended, or there is neither: who takes it as it was seen then
    /// knows that nobody has published since.
    pub vouched: bool,
    /// The release of that publish, where it never came to be and left a draft.
    pub drafted: Option<ReleaseId>,
    /// The record of that publish, where there is no manifest that can be read: the record is as good as one.
    pub recovered: Option<Bytes>,
    /// The release that is live and its manifest, where it was cut off before its record was surely written.
    pub unrecorded: Option<(ReleaseId, Bytes)>,
}

impl Observed {
    /// The lock of a publish that was cut off.
    pub fn left_behind(&self) -> Option<&Lock> {
        left_behind(self.lock.as_ref())
    }
}

fn left_behind(lock: Option<&(Lock, ETag)>) -> Option<&Lock> {
    lock.map(|(lock, _)| lock).filter(|lock| !lock.ended)
}

/// Observes the bucket, once nobody else is publishing to it.
///
/// # Errors
/// As [`observe_for`].
pub async fn observe(session: &Session) -> Result<Observed> {
    observe_for(session, ready(Borders::default())).await
}

/// Observes the bucket for a build whose `borders` will be known soon: a round trip less for a bucket that holds more than a page of it.
///
/// # Errors
/// [`ErrorKind::Rival`] when another publish goes on for longer than we wait; [`ErrorKind::Interrupted`] after
/// [`Session::stop`]; [`ErrorKind::Config`] when a newer version of the tool has published; else as AWS answers.
pub async fn observe_for(session: &Session, borders: impl Future<Output = Borders>) -> Result<Observed> {
    // Nothing is changed here, so nothing has to come to an end first.
    tokio::select! {
        observed = look(session, borders) => observed,
        () = session.stop.cancelled() => Err(interrupted_before()),
    }
}

async fn look(session: &Session, borders: impl Future<Output = Borders>) -> Result<Observed> {
    let since = Instant::now();
    let mut told = None;
    let mut borders = Some(borders);
    loop {
        let (bucket, began) = (&session.bucket, std::time::Instant::now());
        // Once: to wait for another publish, a page is enough.
        let borders = OptionFuture::from(borders.take()).map(Option::unwrap_or_default);
        let (manifest, lock, listed) = tokio::join!(
            read_manifest(bucket),
            bucket.read_state(LOCK, lock::MAX_BYTES),
            listing::begin(session, borders),
        );
        // In this order, so that of several errors the same is told each time.
        let (manifest, lock, mut listed) = (manifest?, lock?, listed?);
        // A listing older than the manifest or the lock may know nothing of what a rival did in between, and nothing would
        // tell. What it did afterwards is found out when the lock is taken.
        let may_be_newer = |state: &State| state.modified.is_none_or(|written| !bucket.was_before(written, began));
        let manifest_state = manifest.as_ref().map(|(state, _)| state);
        let is_old = manifest_state.into_iter().chain(&lock).any(may_be_newer);
        let lock = lock.map(|State { bytes, etag, .. }| {
            // What is no lock holds nobody back; it only has to be replaced.
            let lock = bytes.and_then(|bytes| Lock::decode(&bytes));
            (lock.unwrap_or_else(|| super::lock::unreadable(session)), etag)
        });
        if let Some((lock, _)) = &lock
            && lock.holds(session.now())
            && !session.only_look
            && !machine::is_gone(lock)
        {
            wait_for(session, lock, since, &mut told).await?;
            continue;
        }
        if is_old || left_behind(lock.as_ref()).is_some() {
            listed = Beginning::nothing();
        }
        return whole(session, manifest, lock, listed).await;
    }
}

/// What the bucket is, by its manifest and lock and the beginning of its listing.
async fn whole(
    session: &Session,
    manifest: Option<(State, Decoded)>,
    lock: Option<(Lock, ETag)>,
    listed: Beginning,
) -> Result<Observed> {
    let left_behind = left_behind(lock.as_ref());
    let (mut state, decoded) = manifest.unzip();
    let manifest = decoded.map(|decoded| usable(session, decoded)).transpose()?.flatten();
    if left_behind.is_none()
        && let Some(state) = &mut state
    {
        // Only a record that may be missing is made of them, and of a large site they are megabytes.
        state.bytes = None;
    }
    let draft = match left_behind {
        Some(lock) => draft::read(session, &lock.release, manifest.as_ref()).await?,
        None => None,
    };
    let vouched = match (&lock, &manifest) {
        (Some((lock, _)), Some(manifest)) => lock.ended && lock.release == manifest.release,
        (None, None) => state.is_none(),
        _ => false,
    };
    let (manifest, recovered, draft) = match (manifest, draft) {
        (None, Some((record, bytes))) if !record.releases.is_empty() => (Some(record), Some(bytes), None),
        (manifest, draft) => (manifest, None, draft.map(|(draft, _)| draft)),
    };

    let listing = listing::complete(session, listed, manifest.as_ref()).await?;
    let listing = without_other_sites(session, listing, manifest.as_ref()).await?;
    session.progress.event(Event::Listed(listing.len()));

    let written = state.as_ref().and_then(|state| state.modified);
    let mut remote = Remote::new(listing, manifest, written, left_behind.is_some());
    let live = remote.manifest.as_ref().map(|manifest| manifest.release.clone());
    // A manifest that is damaged is nobody's record, least of all that of the release which was recovered.
    let is_its_own = |live: &ReleaseId| left_behind.is_some_and(|lock| lock.release == *live);
    let unrecorded = live.filter(|live| recovered.is_none() && is_its_own(live));
    let drafted = draft.as_ref().map(|draft| draft.release.clone());
    draft.into_iter().for_each(|draft| remote.adopt(draft));
    let (manifest_etag, bytes) = state.map_or((None, None), |state| (Some(state.etag), state.bytes));
    Ok(Observed { remote, manifest_etag, lock, vouched, drafted, recovered, unrecorded: unrecorded.zip(bytes) })
}

/// What a manifest turned out to be.
type Decoded = std::result::Result<Manifest, ManifestError>;

/// Reads the manifest, if there is one, and decodes it in a task of its own: that takes longer than to read a page of the listing.
async fn read_manifest(bucket: &Bucket) -> Result<Option<(State, Decoded)>> {
    let Some(state) = bucket.read_state(MANIFEST, manifest::MAX_STORED_BYTES).await? else { return Ok(None) };
    let bytes = state.bytes.clone();
    let decoding = tokio::spawn(async move {
        // What is too long was not read.
        let too_long = || ManifestError::Corrupt(format!("it is longer than {} bytes", manifest::MAX_STORED_BYTES));
        Manifest::decode(&bytes.ok_or_else(too_long)?)
    });
    let decoded = AbortOnDropHandle::new(decoding).await;
    Ok(Some((state, decoded.map_err(|gone| Error::bug("reading the manifest failed", gone))?)))
}

/// The manifest, unless it is damaged: then there is as good as none.
fn usable(session: &Session, decoded: Decoded) -> Result<Option<Manifest>> {
    match decoded {
        Ok(manifest) => Ok(Some(manifest)),
        Err(ManifestError::Corrupt(why)) => {
            session.progress.event(Event::ManifestIgnored(&why));
            Ok(None)
        }
        Err(error @ ManifestError::Newer(_)) => Err(Error::new(
            ErrorKind::Config,
            format!("a newer version of cruddur-site has published this site: {error}"),
            "update cruddur-site, then publish again",
        )),
    }
}

/// Waits a little; the first time for each lock that is `told`.
async fn wait_for(session: &Session, lock: &Lock, since: Instant, told: &mut Option<ReleaseId>) -> Result<()> {
    if since.elapsed() >= session.lock_patience {
        return Err(super::lock::held_by(lock));
    }
    if told.as_ref() != Some(&lock.release) {
        session.progress.event(Event::WaitingForLock(lock));
        *told = Some(lock.release.clone());
    }
    sleep(Duration::from_secs(1)).await;
    Ok(())
}

/// Leaves out what belongs to other sites of the bucket: a site at its root would take them for its own leftovers.
async fn without_other_sites(
    session: &Session,
    mut listing: Vec<Listed>,
    manifest: Option<&Manifest>,
) -> Result<Vec<Listed>> {
    let mut owned = manifest.map(|manifest| Ascending::new(&manifest.objects));
    let ours = |object: &Listed| owned.as_mut().is_some_and(|owned| owned.contains(&object.key));
    if listing.iter().all(ours) {
        return Ok(listing);
    }
    let own = session.bucket.prefix().len();
    let others = session.bucket.sites_below().await?;
    listing.retain(|object| !others.iter().any(|prefix| object.key.as_str().starts_with(&prefix[own..])));
    Ok(listing)
}

/// Asks S3 about the objects that could already be what we want but that no manifest vouches for.
pub(super) async fn look_at_unknown(session: &Session, files: &[Arc<SiteFile>], remote: &mut Remote) -> Result<()> {
    let questions: Vec<_> = remote.worth_asking(files).into_iter().map(|file| look_at(session, file.clone())).collect();
    let answers: Vec<_> = stream::iter(questions).buffer_unordered(session.concurrency).try_collect().await?;
    for (key, known) in answers.into_iter().flatten() {
        remote.learn(&key, known);
    }
    Ok(())
}

async fn look_at(session: &Session, file: Arc<SiteFile>) -> Result<Option<(ObjectKey, Published)>> {
    let Some(head) = session.bucket.head(&file.key).await? else { return Ok(None) };
    let same = has_bytes_of(&head, &file).await?;
    let Head { etag, headers, version, .. } = head;
    let there = || Published { headers: Arc::new(headers), ..Published::new(&file, etag, version) };
    Ok(same.then(|| (file.key.clone(), there())))
}

/// Whether an object has a file's bytes.
pub(super) async fn has_bytes_of(object: &Head, file: &SiteFile) -> Result<bool> {
    match &object.sha256 {
        Some(stored) if *stored == expected_checksum(file) || *stored == file.sha256.base64() => Ok(true),
        // Of an object in parts other stores keep other checksums.
        _ => {
            let (path, size, etag) = (file.path(), file.size, object.etag.clone());
            tokio::task::spawn_blocking(move || has_etag(&path, size, &etag.to_string())).await.unwrap_or(Ok(false))
        }
    }
}

/// The SHA-256 as S3 keeps it: of a file in parts, the digest of the parts' digests, with their number.
fn expected_checksum(file: &SiteFile) -> String {
    match file.parts.len() {
        0 => file.sha256.base64(),
        parts => format!("{}-{parts}", file.sha256.base64()),
    }
}

/// The sizes of parts that other tools are known to use, in MiB: aws-cli's, the smallest, s5cmd's, rclone's, s3cmd's.
const PART_MIBS: [u64; 6] = [8, 5, 50, 64, 15, 100];

/// Whether a file has an object's entity tag: the MD5 of its bytes, or of the MD5s of its parts (S3 User Guide,
/// "Checking object integrity").
fn has_etag(path: &std::path::Path, size: u64, etag: &str) -> Result<bool> {
    let Some((_, count)) = etag.rsplit_once('-') else { return Ok(hash::md5_hex(path)? == etag) };
    let Ok(count) = count.parse::<u64>() else { return Ok(false) };
    for part_size in PART_MIBS.map(|mib| mib << 20).into_iter().chain([part_size(size)]) {
        if size.div_ceil(part_size) == count && hash::multipart_etag(path, part_size)? == etag {
            return Ok(true);
        }
    }
    Ok(false)
}
