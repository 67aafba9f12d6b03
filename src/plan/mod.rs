//! What a publish will do, as a value: nothing here knows AWS, reads a file or asks the clock.

mod build;
pub mod cost;
pub mod invalidation;
pub mod remote;
pub mod retention;
pub mod stage;
mod stale;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::Serialize;

pub use build::{Inputs, Refusal, build};
pub use cost::Requests;
pub use remote::{Listed, Remote, RemoteObject};
pub use retention::Retention;
pub(crate) use retention::looks_hashed;
pub use stage::Stage;

use crate::{
    release::{ETag, Manifest, Published, ReleaseId},
    routing::Routing,
    site::{FileClass, Framework, ObjectKey, SiteFile, class::classify},
};

/// What the owner of a site may decide about a publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// How long superseded content-hashed files stay.
    pub retention: Retention,
    /// The share of the site's pages and assets, in percent, that one publish may delete.
    pub max_delete_percent: u8,
    /// The most invalidation paths of one publish.
    pub max_paths: usize,
    /// Whether to delete objects that no manifest of ours owns.
    pub delete_foreign: bool,
    /// Whether the publish waits for the edges to have forgotten; if not, what old pages load stays until the next.
    pub wait: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            retention: Retention::default(),
            max_delete_percent: 50,
            max_paths: 50,
            delete_foreign: false,
            wait: true,
        }
    }
}

/// What planning needs to know of the distribution in front of the bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edge {
    /// What its viewer-request function does, where it has one of ours.
    pub routing: Option<Routing>,
    /// The object served for `/`.
    pub default_root_object: Option<String>,
    /// The pages its custom error responses serve, and for how many seconds it keeps them.
    pub error_pages: Vec<(ObjectKey, u64)>,
}

/// Why a file goes up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Reason {
    /// There is no such object.
    New,
    /// Its bytes differ, or are not known to be the same.
    Content,
    /// Only its headers differ: a copy inside S3 sets them.
    Headers,
}

/// One file to put in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// The file.
    pub file: Arc<SiteFile>,
    /// When it goes up.
    pub stage: Stage,
    /// Why it does.
    pub reason: Reason,
    /// The entity tag of the object it replaces.
    pub replaces: Option<ETag>,
}

/// Why an object is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Gone {
    /// The build no longer has it.
    Removed,
    /// A superseded file that nobody can still ask for.
    Expired,
    /// Not ours, deleted because we were told to.
    Foreign,
}

/// One object to delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// Its key.
    pub key: ObjectKey,
    /// Its length in bytes.
    pub size: u64,
    /// Why it goes.
    pub reason: Gone,
    /// Whether it is a page: it goes before what it loads, or an edge could fetch it once more when that is gone.
    pub page: bool,
}

impl Removal {
    /// The removal of `key`, by whose name it is a page or not.
    pub fn new(key: &ObjectKey, size: u64, reason: Gone) -> Self {
        let page = classify(key, Framework::Plain) == FileClass::Page;
        Self { key: key.clone(), size, reason, page }
    }
}

/// Files and their bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// How many.
    pub files: u64,
    /// Bytes together.
    pub bytes: u64,
}

impl Tally {
    /// Counts one more of `bytes` bytes.
    pub fn add(&mut self, bytes: u64) {
        self.files += 1;
        self.bytes += bytes;
    }
}

/// The paths the edges must forget, encoded and within the budget, in the three rounds they are made in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Invalidation {
    /// Once everything that pages load is uploaded, and before a page is: copies of what has changed of it. Later, an
    /// edge would give the new page with an old style sheet.
    pub assets: Vec<String>,
    /// Once everything is uploaded: copies of all else that has changed.
    pub changed: Vec<String>,
    /// Once the removals are done: copies of what is gone. Earlier, an edge could fetch and keep one again.
    pub removed: Vec<String>,
}

impl Invalidation {
    /// How many paths are billed.
    pub fn len(&self) -> usize {
        self.assets.len() + self.changed.len() + self.removed.len()
    }

    /// Whether no edge holds anything that could be wrong.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All paths, in the order of the rounds. What an earlier publish owes may be in two of them.
    pub fn paths(&self) -> impl Iterator<Item = &String> {
        self.assets.iter().chain(&self.changed).chain(&self.removed)
    }
}

/// Something the person should know, though the publish can go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// A published object was changed by somebody else, or is gone; it is put right.
    Drift(ObjectKey),
    /// A name that looks content-hashed changed its bytes: no longer cached for a year.
    Demoted(ObjectKey),
    /// So many objects are below the prefix that no manifest of ours owns; they are left alone.
    Foreign(usize),
    /// An earlier publish was cut off; so many invalidation paths it owed are made now.
    Resumed(usize),
}

/// Everything a publish will do. Only [`build`] makes one, so uploads are always in the order of their stages and
/// nothing is deleted that is uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    uploads: Vec<Upload>,
    removals: Vec<Removal>,
    unchanged: Tally,
    retained: Tally,
    invalidation: Invalidation,
    notes: Vec<Note>,
    next: Manifest,
    adopted: BTreeSet<ObjectKey>,
    records_to_drop: Vec<ReleaseId>,
    changes_manifest: bool,
}

impl Plan {
    /// The release this plan makes.
    pub fn release(&self) -> &ReleaseId {
        &self.next.release
    }

    /// The files to put in place, by stage and then by key.
    pub fn uploads(&self) -> &[Upload] {
        &self.uploads
    }

    /// The objects to delete at the end.
    pub fn removals(&self) -> &[Removal] {
        &self.removals
    }

    /// The files whose objects are as they should be.
    pub fn unchanged(&self) -> Tally {
        self.unchanged
    }

    /// The superseded files that stay for old pages.
    pub fn retained(&self) -> Tally {
        self.retained
    }

    /// The paths the edges must forget.
    pub fn invalidation(&self) -> &Invalidation {
        &self.invalidation
    }

    /// What the person should know.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// Release records that the history no longer reaches.
    pub fn records_to_drop(&self) -> &[ReleaseId] {
        &self.records_to_drop
    }

    /// Whether the bucket and the edges are already as the build wants them.
    pub fn is_empty(&self) -> bool {
        self.uploads.is_empty() && self.removals.is_empty() && self.invalidation.is_empty() && !self.changes_manifest
    }

    /// Bytes to send.
    pub fn bytes_to_send(&self) -> u64 {
        self.uploads.iter().filter(|upload| upload.reason != Reason::Headers).map(|upload| upload.file.size).sum()
    }

    /// The requests that carrying the plan out will make, the lock and the manifest included.
    pub fn requests(&self) -> Requests {
        if self.is_empty() {
            return Requests::default();
        }
        let part_requests = |upload: &Upload| match upload.file.parts.len() as u64 {
            0 => 1,
            parts => parts + 2,
        };
        let uploads: u64 = self.uploads.iter().map(part_requests).sum();
        // The lock twice, release record, manifest, and the draft where there is one; S3 does not bill deletions. A look at the
        // manifest, where the lock does not vouch for it.
        let drafts = self.adopts() || self.uploads.iter().any(|upload| self.is_in_draft(upload));
        let writes_and_lists = uploads + 4 + u64::from(drafts);
        Requests { writes_and_lists, reads: 1, invalidation_paths: self.invalidation.len() as u64 }
    }

    /// Whether it takes over objects of a publish that was cut off.
    pub fn adopts(&self) -> bool {
        !self.adopted.is_empty()
    }

    /// What the next publish must know to [adopt](Remote::adopt) what this one has sent, should it be cut off: the objects that
    /// no manifest has. Those that are not there yet have no entity tag. None where there are no such objects.
    pub fn draft(&self) -> Option<Manifest> {
        let mut draft = Manifest::empty(self.next.release.clone(), self.next.published);
        let adopted = self.adopted.iter().filter_map(|key| self.next.objects.get_key_value(key));
        draft.objects.extend(adopted.map(|(key, object)| (key.clone(), object.clone())));
        for upload in self.uploads.iter().filter(|upload| self.is_in_draft(upload)) {
            let (file, etag) = (&upload.file, upload.replaces.clone().unwrap_or_default());
            draft.objects.insert(file.key.clone(), Arc::new(Published::new(file, etag, None)));
        }
        draft.demoted.clone_from(&self.next.demoted);
        (!draft.objects.is_empty()).then_some(draft)
    }

    fn is_in_draft(&self, upload: &Upload) -> bool {
        upload.reason == Reason::New || self.adopted.contains(&upload.file.key)
    }

    /// The manifest to write once every upload has `stored` its object.
    pub fn manifest(&self, stored: &BTreeMap<ObjectKey, Stored>) -> Manifest {
        let mut manifest = self.next.clone();
        for upload in &self.uploads {
            if let Some(stored) = stored.get(&upload.file.key) {
                let (file, Stored { etag, version }) = (&upload.file, stored.clone());
                manifest.objects.insert(file.key.clone(), Arc::new(Published::new(file, etag, version)));
            }
        }
        manifest
    }
}

/// What S3 answered to an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The entity tag.
    pub etag: ETag,
    /// The version, in a bucket with versioning.
    pub version: Option<String>,
}
