//! What a publish leaves for the next one, should it be cut off: the objects that only it knows of, where the record of its
//! release will be.

use bytes::Bytes;

use super::{Prepared, Session, record};
use crate::{
    error::Result,
    release::{Manifest, ReleaseId, manifest::MAX_STORED_BYTES},
};

/// The draft of a plan, if it has one.
pub(super) struct Draft<'a> {
    session: &'a Session,
    name: String,
    body: Option<Bytes>,
    /// Whether it has objects of a publish that was cut off before.
    adopts: bool,
}

impl<'a> Draft<'a> {
    pub fn of(session: &'a Session, prepared: &Prepared) -> Self {
        let plan = &prepared.plan;
        let body = plan.draft().map(|draft| Bytes::from(draft.encode()));
        Self { session, name: record(plan.release()), body, adopts: plan.adopts() }
    }

    /// Writes it while the lock that names it is `written`; before that where it adopts: the lock that is replaced names the draft
    /// that it adopts from.
    pub async fn write_with<T>(&self, written: impl Future<Output = Result<T>>) -> (Result<()>, Result<T>) {
        if !self.adopts {
            return tokio::join!(self.write(), written);
        }
        match self.write().await {
            Ok(()) => (Ok(()), written.await),
            Err(error) => (Ok(()), Err(error)),
        }
    }

    async fn write(&self) -> Result<()> {
        match &self.body {
            Some(body) => self.session.bucket.write_state(&self.name, body.clone(), None).await.map(drop),
            None => Ok(()),
        }
    }

    /// Deletes it, when no lock names it. One that stays is in nobody's way.
    pub async fn delete(&self) {
        if self.body.is_some() {
            let _ = self.session.bucket.delete_state(&self.name).await;
        }
    }
}

/// Reads the draft of a release that was cut off, and its bytes, unless that release is one of the manifest's. One that was cut off
/// in the very moment in which it was recorded has its record there. What cannot be read says nothing.
pub(super) async fn read(
    session: &Session,
    cut_off: &ReleaseId,
    manifest: Option<&Manifest>,
) -> Result<Option<(Manifest, Bytes)>> {
    if manifest.is_some_and(|manifest| manifest.releases.iter().any(|mark| mark.id == *cut_off)) {
        return Ok(None);
    }
    let state = session.bucket.read_state(&record(cut_off), MAX_STORED_BYTES).await?;
    let bytes = state.and_then(|state| state.bytes);
    let draft = bytes.and_then(|bytes| Manifest::decode(&bytes).ok().zip(Some(bytes)));
    Ok(draft.filter(|(draft, _)| draft.release == *cut_off))
}
