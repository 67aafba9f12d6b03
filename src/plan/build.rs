//! Comparing the build with the bucket.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;

use super::{
    Edge, Gone, Note, Plan, Policy, Reason, Remote, Removal, Stage, Tally, Upload, published, retention::HashedNames,
    stale::Stale,
};
use crate::{
    release::{Manifest, Published, ReleaseId, ReleaseMark, Superseded, manifest::RELEASES_REMEMBERED},
    site::{FileClass, ObjectKey, SiteFile},
};

/// Why a plan was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// More of the site would be deleted than the policy allows.
    #[error("{gone} of {of} pages and assets would be deleted")]
    TooManyGone {
        /// Pages and assets that would go.
        gone: usize,
        /// Pages and assets there are.
        of: usize,
    },
}

/// What a plan is made from.
#[derive(Debug, Clone)]
pub struct Inputs<'a> {
    /// What the site is to be.
    pub files: Vec<Arc<SiteFile>>,
    /// What there is.
    pub remote: &'a Remote,
    /// What stands before the bucket, if anything does.
    pub edge: Option<&'a Edge>,
    /// What the owner decided.
    pub policy: &'a Policy,
    /// The invalidation paths that a publish still owes which was cut off, if one was.
    pub owed: Option<&'a BTreeSet<String>>,
    /// The name of the release.
    pub release: ReleaseId,
    /// The time of the release.
    pub now: Timestamp,
}

/// Plans a release.
///
/// # Errors
/// [`Refusal`] when the policy's guard against mass deletion is hit.
pub fn build(inputs: Inputs<'_>) -> Result<Plan, Refusal> {
    let Inputs { mut files, remote, edge, policy, owed, release, now } = inputs;
    files.sort_by(|a, b| a.key.cmp(&b.key));
    let site: BTreeSet<ObjectKey> = files.iter().map(|file| file.key.clone()).collect();
    let mut notes = Vec::new();
    let demoted = demote(&mut files, remote.manifest.as_ref(), &mut notes);
    let root = edge.and_then(|edge| edge.default_root_object.as_deref()).unwrap_or("index.html");
    let changes = becomes_another(&files, remote);
    let Comparison { uploads, unchanged, objects } = compare(files, remote, root);
    let mut leftovers =
        Leftovers { site: &site, remote, policy, edge, release: &release, now, changes, cut_off: owed.is_some() }
            .sort();
    let foreign = remote.objects.iter().filter(|(key, _)| !site.contains(*key) && !remote.owns(key));
    if policy.delete_foreign {
        let foreign = foreign.map(|(key, object)| Removal::new(key, object.size, Gone::Foreign));
        leftovers.removals.extend(foreign);
    } else {
        match foreign.count() {
            0 => {}
            count => notes.push(Note::Foreign(count)),
        }
    }
    guard(&leftovers.removals, remote, policy)?;

    match owed {
        // What differs from the manifest is that publish's own work.
        Some(owed) => notes.push(Note::Resumed(owed.len())),
        None => notes.extend(drift(remote).map(Note::Drift)),
    }
    let invalidation = match edge {
        Some(edge) => Stale { remote, uploads: &uploads, removals: &leftovers.removals, edge }.invalidation(
            owed.unwrap_or(&BTreeSet::new()),
            objects.keys(),
            policy.max_paths,
        ),
        None => super::Invalidation::default(),
    };

    let mut next = Manifest {
        releases: history(remote.manifest.as_ref(), &release, now, changes),
        release,
        published: now,
        objects,
        demoted,
    };
    next.objects.extend(leftovers.superseded);
    let changes_manifest = remote.recovered
        || !remote.adopted.is_empty()
        || remote.manifest.as_ref().is_none_or(|manifest| differ(manifest, &next, remote));
    if let Some(last) = remote.manifest.as_ref().filter(|_| !changes) {
        let superseded = next.objects.values_mut().filter_map(|object| object.superseded.as_mut());
        superseded.filter(|one| one.by == last.release).for_each(|one| one.by = next.release.clone());
    }
    Ok(Plan {
        changes_manifest,
        records_to_drop: forgotten(remote.manifest.as_ref(), &next),
        uploads,
        removals: leftovers.removals,
        unchanged,
        retained: leftovers.retained,
        invalidation,
        notes,
        next,
        adopted: remote.adopted.clone(),
    })
}

/// Takes the year of caching from files whose content-hashed name has proved not to be one, and returns all such.
fn demote(files: &mut [Arc<SiteFile>], manifest: Option<&Manifest>, notes: &mut Vec<Note>) -> BTreeSet<ObjectKey> {
    let Some(manifest) = manifest else { return BTreeSet::new() };
    let mut demoted = manifest.demoted.clone();
    for file in files.iter_mut().filter(|file| file.class == FileClass::Immutable) {
        let changed = |object: &Published| object.class == FileClass::Immutable && object.sha256 != file.sha256;
        if manifest.objects.get(&file.key).is_some_and(changed) && demoted.insert(file.key.clone()) {
            notes.push(Note::Demoted(file.key.clone()));
        }
        if demoted.contains(&file.key) {
            let file = Arc::make_mut(file);
            file.class = FileClass::Asset;
            if file.headers.cache_control.as_deref() == Some(FileClass::Immutable.cache_control()) {
                Arc::make_mut(&mut file.headers).cache_control = Some(FileClass::Asset.cache_control().to_owned());
            }
        }
    }
    demoted
}

struct Comparison {
    uploads: Vec<Upload>,
    unchanged: Tally,
    /// The manifest's entries of what is unchanged.
    objects: BTreeMap<ObjectKey, Published>,
}

fn compare(files: Vec<Arc<SiteFile>>, remote: &Remote, root: &str) -> Comparison {
    let (mut uploads, mut unchanged, mut objects) = (Vec::new(), Tally::default(), Vec::new());
    for file in files {
        let object = remote.objects.get(&file.key);
        let content = object.and_then(|object| object.content.as_ref());
        let reason = match (object, content) {
            (None, _) => Reason::New,
            (Some(_), Some(content)) if content.sha256 == file.sha256 && content.headers == file.headers => {
                let (object, content) = (&remote.objects[&file.key], content.version.clone());
                unchanged.add(file.size);
                objects.push((file.key.clone(), published(&file, &object.etag, content)));
                continue;
            }
            (Some(_), Some(content)) if content.sha256 == file.sha256 => Reason::Headers,
            (Some(_), _) => Reason::Content,
        };
        let replaces = object.map(|object| object.etag.clone());
        uploads.push(Upload { stage: Stage::of(&file, root, replaces.is_some()), file, reason, replaces });
    }
    uploads.sort_by(|a, b| (a.stage, &a.file.key).cmp(&(b.stage, &b.file.key)));
    // Collected, for maps that are filled one by one keep room for more.
    Comparison { uploads, unchanged, objects: objects.into_iter().collect() }
}

/// What our manifests own and the build no longer has.
struct Leftovers<'a> {
    site: &'a BTreeSet<ObjectKey>,
    remote: &'a Remote,
    policy: &'a Policy,
    edge: Option<&'a Edge>,
    release: &'a ReleaseId,
    now: Timestamp,
    /// Whether the site [becomes another](becomes_another).
    changes: bool,
    /// Whether a publish was cut off before this one: edges may not have forgotten what it took out of the site.
    cut_off: bool,
}

#[derive(Default)]
struct Sorted {
    removals: Vec<Removal>,
    retained: Tally,
    /// The manifest's entries of both: a removal that does not come to pass is not forgotten.
    superseded: BTreeMap<ObjectKey, Published>,
}

impl Leftovers<'_> {
    fn sort(&self) -> Sorted {
        let mut sorted = Sorted::default();
        let Some(manifest) = &self.remote.manifest else { return sorted };
        let releases = match self.changes {
            true => history(Some(manifest), self.release, self.now, true),
            false => manifest.releases.clone(),
        };
        let hashed = HashedNames::of([manifest]);
        for (key, object) in &manifest.objects {
            if self.site.contains(key) || !self.remote.objects.contains_key(key) {
                continue;
            }
            let by_this = || Superseded { by: self.release.clone(), at: self.now, hashed: hashed.names(key, object) };
            let superseded = object.superseded.clone().unwrap_or_else(by_this);
            // Without waiting, edges may still give out a page that loads it, be it for a publish that was cut off.
            let in_no_page = object.superseded.is_some() && !self.cut_off && !self.remote.adopted.contains(key);
            let unloaded = self.policy.wait || self.edge.is_none() || in_no_page;
            let may_go = match object.class {
                FileClass::Page => true,
                _ if superseded.hashed => unloaded && self.policy.retention.is_over(&superseded, &releases, self.now),
                FileClass::Immutable | FileClass::Asset | FileClass::Entry => unloaded,
            };
            if may_go {
                let reason = if superseded.hashed { Gone::Expired } else { Gone::Removed };
                let page = object.class == FileClass::Page;
                sorted.removals.push(Removal { page, ..Removal::new(key, object.size, reason) });
            } else {
                sorted.retained.add(object.size);
            }
            sorted.superseded.insert(key.clone(), Published { superseded: Some(superseded), ..object.clone() });
        }
        sorted
    }
}

/// Stops a publish that would take away too much: an empty or wrong build folder, most of the time.
fn guard(removals: &[Removal], remote: &Remote, policy: &Policy) -> Result<(), Refusal> {
    let taken: BTreeSet<_> = removals.iter().map(|removal| &removal.key).collect();
    let counted = || remote.published().filter(|(_, object)| object.class != FileClass::Immutable).map(|(key, _)| key);
    let foreign = removals.iter().filter(|removal| removal.reason == Gone::Foreign).count();
    let (gone, of) = (foreign + counted().filter(|key| taken.contains(key)).count(), foreign + counted().count());
    if gone * 100 > of * usize::from(policy.max_delete_percent) {
        return Err(Refusal::TooManyGone { gone, of });
    }
    Ok(())
}

/// The published objects that somebody else has changed or deleted.
fn drift(remote: &Remote) -> impl Iterator<Item = ObjectKey> {
    remote
        .published()
        .filter(|(key, object)| remote.objects.get(*key).is_none_or(|there| there.etag != object.etag))
        .map(|(key, _)| key.clone())
}

/// Whether the site becomes another than the manifest says, in bytes or headers: `files` are sorted by key. A publish that
/// only mends what somebody changed, or undoes what one that was cut off had begun, leaves it the same.
fn becomes_another(files: &[Arc<SiteFile>], remote: &Remote) -> bool {
    let published = remote.published().map(|(key, object)| (key, &object.sha256, &object.headers));
    !published.eq(files.iter().map(|file| (&file.key, &file.sha256, &file.headers)))
}

/// The releases to remember: the new one and those before it. One that `changes` nothing takes the place of the last: it
/// must not age what open tabs of that still ask for.
fn history(manifest: Option<&Manifest>, release: &ReleaseId, now: Timestamp, changes: bool) -> Vec<ReleaseMark> {
    let this = ReleaseMark { id: release.clone(), at: now };
    let earlier = manifest.iter().flat_map(|manifest| manifest.releases.iter().cloned());
    let earlier = earlier.skip(if changes { 0 } else { 1 });
    std::iter::once(this).chain(earlier).take(RELEASES_REMEMBERED).collect()
}

/// The releases whose records nothing will remember.
fn forgotten(before: Option<&Manifest>, next: &Manifest) -> Vec<ReleaseId> {
    let marks = before.iter().flat_map(|manifest| &manifest.releases);
    marks.filter(|mark| !next.releases.contains(mark)).map(|mark| mark.id.clone()).collect()
}

/// Whether the manifest must be written again, apart from forgetting what has been deleted since.
fn differ(before: &Manifest, next: &Manifest, remote: &Remote) -> bool {
    let present = |(key, object): &(&ObjectKey, &Published)| {
        object.superseded.is_none() || next.objects.contains_key(*key) || remote.objects.contains_key(*key)
    };
    before.demoted != next.demoted || !before.objects.iter().filter(present).eq(next.objects.iter())
}
