//! Putting one file in place: whole, in parts, or by a copy that only changes its headers.

use std::{
    collections::{BTreeMap, HashMap},
    fs::{File, Metadata},
    io::{Read as _, Seek as _, SeekFrom},
    sync::Arc,
};

use bytes::Bytes;
use futures::{StreamExt, stream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use super::{Event, Prepared, Session, apply::interrupted, observe, pace::Gate};
use crate::{
    aws::multipart::{MultipartUpload, Part},
    error::{Error, ErrorKind, Result},
    plan::{Reason, Stage, Stored, Upload},
    release::ETag,
    site::{ChangeTime, Headers, ObjectKey, Sha256, SiteFile, hash::digest, part_size, walk::unreadable},
};

/// How much may be in memory on its way to S3, in KiB: 64 MiB, four parts.
pub(super) const IN_FLIGHT_KIB: usize = 64 << 10;

/// How many files go up in parts at once. There is no room for the parts of more, and one that has begun has a connection, and something
/// to abort.
pub(super) const FILES_IN_PARTS: usize = 8;

/// CopyObject takes objects up to 5 GiB (S3 API reference).
const COPY_LIMIT: u64 = 5 << 30;

/// What all uploads of a publish share.
pub(super) struct Uploader<'a> {
    pub session: &'a Session,
    pub in_flight: Arc<Semaphore>,
    pub in_parts: Semaphore,
    pub gate: Gate<'a>,
    /// Uploads in parts that a publish before this one left unfinished.
    pub unfinished: HashMap<ObjectKey, MultipartUpload>,
    /// Cancelled when nothing new shall begin: the user stopped, or an upload failed.
    pub halt: CancellationToken,
}

/// Finds the uploads in parts that a publish which was cut off left behind, and aborts those nobody will finish.
/// Where the permission to look is missing, they are left to the bucket's lifecycle rule.
pub(super) async fn unfinished(session: &Session, prepared: &Prepared) -> HashMap<ObjectKey, MultipartUpload> {
    if prepared.observed.left_behind().is_none() {
        return HashMap::new();
    }
    let found = match session.bucket.unfinished_multiparts().await {
        Ok(found) => found,
        Err(error) => {
            session.progress.event(Event::Warning(&format!("parts of a publish that was cut off may remain: {error}")));
            return HashMap::new();
        }
    };
    let wanted = |key: &ObjectKey| {
        let mut uploads = prepared.plan.uploads().iter();
        uploads
            .any(|upload| upload.file.key == *key && !upload.file.parts.is_empty() && upload.reason != Reason::Headers)
    };
    let mut to_finish: HashMap<ObjectKey, MultipartUpload> = HashMap::new();
    for upload in found {
        if wanted(&upload.key) && !to_finish.contains_key(&upload.key) {
            to_finish.insert(upload.key.clone(), upload);
        } else if let Err(error) = session.bucket.abort_multipart(&upload).await {
            session.progress.event(Event::Warning(&error.to_string()));
        }
    }
    to_finish
}

impl Uploader<'_> {
    /// Fails once nothing new shall begin.
    pub fn check(&self) -> Result<()> {
        if self.halt.is_cancelled() { Err(interrupted()) } else { Ok(()) }
    }

    /// Puts the file in place.
    pub async fn upload(&self, upload: &Upload) -> Result<Stored> {
        let file = &upload.file;
        let (stored, unreported) = match (&upload.reason, &upload.replaces) {
            (Reason::Headers, Some(etag)) if file.size <= COPY_LIMIT => (self.headers(file, etag).await?, 0),
            _ => self.bytes(file).await?,
        };
        self.session.progress.event(Event::Stored(&file.key, unreported));
        Ok(stored)
    }

    /// Sends the file, and tells how many of its bytes are not reported as parts.
    async fn bytes(&self, file: &Arc<SiteFile>) -> Result<(Stored, u64)> {
        match file.parts.is_empty() {
            true => Ok((self.whole(file).await?, file.size)),
            false => Ok((self.in_parts(file).await?, 0)),
        }
    }

    /// Sets the headers by a copy, unless the object is no longer what it was and our own copy has not made it so.
    async fn headers(&self, file: &Arc<SiteFile>, etag: &ETag) -> Result<Stored> {
        match self.copy(file, etag).await? {
            Some(stored) => Ok(stored),
            None => Ok(self.bytes(file).await?.0),
        }
    }

    /// Sets the headers by a copy; `None` when the object is no longer what it was and is not what it shall be.
    async fn copy(&self, file: &SiteFile, etag: &ETag) -> Result<Option<Stored>> {
        let turn = self.gate.enter().await;
        if let Some(stored) = self.session.bucket.set_headers(&file.key, etag, &file.headers).await? {
            return Ok(Some(stored));
        }
        drop(turn);
        let arrived = self.arrived_object(file).await?;
        Ok(arrived.filter(|(_, headers)| *headers == *file.headers).map(|(stored, _)| stored))
    }

    /// The object, with its headers, where it has the file's bytes: what an answer would have told that was lost.
    async fn arrived_object(&self, file: &SiteFile) -> Result<Option<(Stored, Headers)>> {
        let Some(head) = self.session.bucket.head(&file.key).await? else { return Ok(None) };
        let same = observe::has_bytes_of(&head, file).await?;
        Ok(same.then_some((Stored { etag: head.etag, version: head.version }, head.headers)))
    }

    async fn room_for(&self, bytes: u64) -> Result<OwnedSemaphorePermit> {
        let kib = usize::try_from(bytes.div_ceil(1024)).unwrap_or(IN_FLIGHT_KIB).clamp(1, IN_FLIGHT_KIB);
        let permit = Arc::clone(&self.in_flight).acquire_many_owned(u32::try_from(kib).unwrap_or(1)).await;
        permit.map_err(|_| interrupted())
    }

    async fn whole(&self, file: &Arc<SiteFile>) -> Result<Stored> {
        let _room = self.room_for(file.size).await?;
        let body = read(file, 0, file.size).await?;
        let _turn = self.gate.enter().await;
        self.session.bucket.put(&file.key, body, &file.sha256, &file.headers).await
    }

    async fn in_parts(&self, file: &Arc<SiteFile>) -> Result<Stored> {
        let _turn = self.in_parts.acquire().await.map_err(|_| interrupted())?;
        self.check()?;
        let bucket = &self.session.bucket;
        let resumed = self.unfinished.get(&file.key);
        let (multipart, arrived) = match resumed {
            Some(multipart) => (multipart.clone(), self.arrived(multipart).await),
            None => (bucket.start_multipart(&file.key, &file.headers).await?, BTreeMap::new()),
        };
        let stored = match self.parts(file, &multipart, arrived).await {
            Ok(parts) => self.complete(file, &multipart, &parts).await,
            Err(error) => Err(error),
        };
        match stored {
            Ok(stored) if resumed.is_some() => self.with_right_headers(file, stored).await,
            Ok(stored) => Ok(stored),
            Err(error) => {
                // The first error is the one to tell; an abort that fails leaves parts to the lifecycle rule.
                let _ = bucket.abort_multipart(&multipart).await;
                Err(error)
            }
        }
    }

    async fn complete(
        &self,
        file: &SiteFile,
        multipart: &MultipartUpload,
        parts: &BTreeMap<i32, Part>,
    ) -> Result<Stored> {
        if let Some(stored) = self.session.bucket.complete_multipart(multipart, parts).await? {
            return Ok(stored);
        }
        match self.arrived_object(file).await? {
            Some((stored, _)) => Ok(stored),
            None => Err(Error::new(
                ErrorKind::Service,
                format!("somebody gave up the upload of {} before it was complete", file.key),
                "run the same command again: it sends that file anew",
            )),
        }
    }

    /// The parts that need not be sent again. Where the permission to look for them is missing, that is none.
    async fn arrived(&self, multipart: &MultipartUpload) -> BTreeMap<i32, Part> {
        self.session.bucket.arrived_parts(multipart).await.unwrap_or_else(|error| {
            self.session.progress.event(Event::Warning(&format!("all of {} is sent again: {error}", multipart.key)));
            BTreeMap::new()
        })
    }

    /// An upload that an earlier publish began has that publish's headers.
    async fn with_right_headers(&self, file: &Arc<SiteFile>, stored: Stored) -> Result<Stored> {
        let bucket = &self.session.bucket;
        match bucket.head(&file.key).await? {
            Some(head) if head.headers != *file.headers && file.size <= COPY_LIMIT => {
                self.copy(file, &stored.etag).await?.ok_or_else(|| {
                    let what = format!("somebody else changed {} while it was being published", file.key);
                    Error::new(ErrorKind::Rival, what, "run the same command again: it starts from what is there now")
                })
            }
            _ => Ok(stored),
        }
    }

    /// Sends the parts that have not arrived, some at a time.
    async fn parts(
        &self,
        file: &Arc<SiteFile>,
        multipart: &MultipartUpload,
        arrived: BTreeMap<i32, Part>,
    ) -> Result<BTreeMap<i32, Part>> {
        let size = part_size(file.size);
        let send = |(number, sha256): (i32, _)| {
            let arrived = arrived.get(&number).cloned();
            async move {
                let offset = (number as u64 - 1) * size;
                let length = size.min(file.size - offset);
                let part = match arrived {
                    Some(part) if part.sha256 == Sha256::base64(sha256) => part,
                    _ => {
                        self.check()?;
                        let _room = self.room_for(length).await?;
                        let body = read(file, offset, length).await?;
                        let _turn = self.gate.enter().await;
                        self.session.bucket.put_part(multipart, number, body, sha256).await?
                    }
                };
                self.session.progress.event(Event::PartStored(length));
                Ok::<_, Error>((number, part))
            }
        };
        let mut results = stream::iter((1..).zip(&file.parts).map(send)).buffer_unordered(8);
        let mut parts = BTreeMap::new();
        while let Some(result) = results.next().await {
            let (number, part) = result?;
            parts.insert(number, part);
        }
        Ok(parts)
    }
}

/// Fails when any file is no longer what was hashed: as far as its size and modification time tell, and, of what visitors
/// see and is yet to be sent, its change time or else its bytes. Later S3 would refuse the one page, and others would have
/// changed already.
pub(super) async fn still_as_hashed(uploads: &[Upload]) -> Result<()> {
    let is_sent = |upload: &Upload| upload.stage < Stage::Pages || upload.reason == Reason::Headers;
    let files: Vec<_> = uploads.iter().map(|upload| (upload.file.clone(), !is_sent(upload))).collect();
    let is_same = |file: &SiteFile, is_page_to_send: bool| {
        let now = std::fs::metadata(file.path())?;
        if !looks_the_same(file, &now) {
            return Ok::<_, std::io::Error>(false);
        }
        if is_page_to_send && (file.changed.is_none() || file.changed != ChangeTime::of(&now)) {
            return Ok(digest(&std::fs::read(file.path())?) == file.sha256);
        }
        Ok(true)
    };
    let checked = tokio::task::spawn_blocking(move || {
        files.into_iter().find_map(|(file, is_page_to_send)| match is_same(&file, is_page_to_send) {
            Ok(true) => None,
            Ok(false) => Some(changed(&file)),
            Err(error) => Some(changed(&file).because(error)),
        })
    });
    match checked.await {
        Ok(None) => Ok(()),
        Ok(Some(error)) => Err(error),
        Err(_) => Err(interrupted()),
    }
}

/// Whether a file is still the one that was hashed, as far as its size and modification time tell.
fn looks_the_same(file: &SiteFile, now: &Metadata) -> bool {
    now.len() == file.size && now.modified().is_ok_and(|modified| modified == file.modified)
}

/// Pieces up to this many bytes are read where they are sent from: they were hashed a moment ago, so they are in memory, and to
/// hand them to another thread and back takes longer than to copy them.
const READ_HERE: u64 = 128 << 10;

/// Reads a piece of a file that must still be what was hashed.
async fn read(file: &Arc<SiteFile>, offset: u64, length: u64) -> Result<Bytes> {
    let bytes = match length {
        ..=READ_HERE => read_piece(file, offset, length),
        _ => {
            let file = file.clone();
            let read = tokio::task::spawn_blocking(move || read_piece(&file, offset, length)).await;
            read.map_err(std::io::Error::other).and_then(|read| read)
        }
    };
    match bytes {
        Ok(Some(bytes)) => Ok(Bytes::from(bytes)),
        Ok(None) => Err(changed(file)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(changed(file).because(error)),
        Err(error) => Err(unreadable(file.key.as_str(), &error)),
    }
}

/// The piece; none where the file is not what was hashed.
fn read_piece(file: &SiteFile, offset: u64, length: u64) -> std::io::Result<Option<Vec<u8>>> {
    let mut open = File::open(file.path())?;
    if !looks_the_same(file, &open.metadata()?) {
        return Ok(None);
    }
    if offset > 0 {
        open.seek(SeekFrom::Start(offset))?;
    }
    let mut bytes = vec![0; usize::try_from(length).map_err(std::io::Error::other)?];
    match open.read_exact(&mut bytes) {
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    Ok(looks_the_same(file, &open.metadata()?).then_some(bytes))
}

fn changed(file: &SiteFile) -> Error {
    Error::new(
        ErrorKind::Input,
        format!("{} changed while it was being published", file.path().display()),
        "wait until the build has ended, then publish again",
    )
}
