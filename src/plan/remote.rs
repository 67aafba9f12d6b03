//! What is in the bucket, as far as the manifest, the listing and a few questions tell.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::retention::HashedNames;
use crate::{
    ascending::Ascending,
    release::{ETag, Manifest, Published, Superseded},
    site::{ObjectKey, SiteFile},
};

/// One object of a bucket listing, its key below the served prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The key.
    pub key: ObjectKey,
    /// The length in bytes.
    pub size: u64,
    /// The entity tag.
    pub etag: ETag,
    /// When it was written, in seconds since 1970, where the listing tells.
    pub modified: Option<i64>,
}

/// How far apart two clocks of S3 may be, in seconds.
const SKEW: i64 = 2;

/// An object in the bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteObject {
    /// The length in bytes.
    pub size: u64,
    /// The entity tag.
    pub etag: ETag,
    /// What it is, where that is known for certain.
    pub known: Option<Arc<Published>>,
}

/// The observed state of the bucket below the served prefix.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remote {
    /// Every object there is.
    pub objects: BTreeMap<ObjectKey, RemoteObject>,
    /// What the last publish wrote, and what was [adopted](Self::adopt).
    pub manifest: Option<Manifest>,
    /// The objects of a publish that was cut off, which no manifest has yet.
    pub adopted: BTreeSet<ObjectKey>,
}

impl Remote {
    /// Joins a listing with the manifest, which was `written` then: an object whose entity tag and size are as the
    /// manifest says is known, if it is part of the site. One that was written after the manifest is not, whatever its entity tag: a change of
    /// headers by hand copies the same bytes over themselves. Where a publish was `cut_off`, it may have done so within the
    /// same seconds.
    pub fn new(
        listing: impl IntoIterator<Item = Listed>,
        manifest: Option<Manifest>,
        written: Option<i64>,
        cut_off: bool,
    ) -> Self {
        let trusted = written.map(|at| if cut_off { at - SKEW } else { at + SKEW });
        let is_later =
            |listed: &Listed| matches!((listed.modified, trusted), (Some(at), Some(trusted)) if at > trusted);
        let mut published = manifest.as_ref().map(|manifest| Ascending::new(&manifest.objects));
        let mut known = |listed: &Listed| {
            // What is only kept for old pages may be deleted at any moment, by a publish that ends while we look.
            let published = published.as_mut()?.get(&listed.key).filter(|object| object.superseded.is_none())?;
            let is_same = published.etag == listed.etag && published.size == listed.size && !is_later(listed);
            is_same.then(|| published.clone())
        };
        let objects = listing
            .into_iter()
            .map(|listed| {
                let known = known(&listed);
                (listed.key, RemoteObject { size: listed.size, etag: listed.etag, known })
            })
            .collect();
        Self { objects, manifest, adopted: BTreeSet::new() }
    }

    /// Makes ours what a publish that was cut off has sent, by its [draft](super::Plan::draft): the manifest has it from now on, as
    /// superseded by that release. What the draft gives no entity tag is only ours once it has arrived, by its size.
    pub fn adopt(&mut self, draft: Manifest) {
        let names = HashedNames::of(self.manifest.iter().chain([&draft]));
        let (by, at) = (&draft.release, draft.published);
        let adopt = |(key, object): (&ObjectKey, &Arc<Published>)| {
            let there = self.objects.get(key).filter(|there| !object.etag.is_empty() || there.size == object.size)?;
            let superseded = || Superseded { by: by.clone(), at, hashed: names.names(key, object) }.into();
            let superseded = Some(object.superseded.clone().unwrap_or_else(superseded));
            let (size, etag) = (there.size, there.etag.clone());
            Some((key.clone(), Arc::new(Published { size, etag, superseded, ..Published::clone(object) })))
        };
        let found: Vec<_> = draft.objects.iter().filter(|(key, _)| !self.owns(key)).filter_map(adopt).collect();
        if found.is_empty() {
            return;
        }
        self.adopted.extend(found.iter().map(|(key, _)| key.clone()));
        let Manifest { release, published, demoted, .. } = draft;
        let manifest = self.manifest.get_or_insert_with(|| Manifest::empty(release, published));
        manifest.objects.extend(found);
        manifest.demoted.extend(demoted);
    }

    /// Whether a manifest of ours owns `key`.
    pub fn owns(&self, key: &ObjectKey) -> bool {
        self.manifest.as_ref().is_some_and(|manifest| manifest.objects.contains_key(key))
    }

    /// What the manifest says the site is: its objects without those that are only kept for old pages.
    pub fn published(&self) -> impl Iterator<Item = (&ObjectKey, &Arc<Published>)> {
        let objects = self.manifest.iter().flat_map(|manifest| &manifest.objects);
        objects.filter(|(_, object)| object.superseded.is_none())
    }

    /// The files whose remote object could be the same but is not known: each is worth a question to S3.
    pub fn worth_asking<'a>(&self, files: &'a [Arc<SiteFile>]) -> Vec<&'a Arc<SiteFile>> {
        let mut objects = Ascending::new(&self.objects);
        let ask = |file: &&Arc<SiteFile>| {
            objects.get(&file.key).is_some_and(|object| object.known.is_none() && object.size == file.size)
        };
        files.iter().filter(ask).collect()
    }

    /// Takes the answer to such a question. The entity tag stays that of the listing, with which the next publish compares it: there are
    /// stores that answer another one when they are asked for the object.
    pub fn learn(&mut self, key: &ObjectKey, known: Published) {
        if let Some(object) = self.objects.get_mut(key) {
            object.known = Some(Arc::new(Published { etag: object.etag.clone(), ..known }));
        }
    }
}
