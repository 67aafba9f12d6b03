//! Comparing the build with the bucket.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;

use super::{
    Edge, Gone, Note, Plan, Policy, Reason, Remote, RemoteObject, Removal, Stage, Tally, Upload,
    retention::HashedNames, stale::Stale,
};
use crate::{
    ascending::Ascending,
    release::{Manifest, Published, ReleaseId, ReleaseMark, Superseded, manifest::RELEASES_REMEMBERED},
    site::{FileClass, ObjectKey, SiteFile},
};

/// What the site is to be, by key.
type Site = BTreeMap<ObjectKey, Arc<SiteFile>>;

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
    let Inputs { files, remote, edge, policy, owed, release, now } = inputs;
    let mut site: Site = files.into_iter().map(|file| (file.key.clone(), file)).collect();
    let mut notes = Vec::new();
    let demoted = demote(&mut site, remote.manifest.as_ref(), &mut notes);
    let root = edge.and_then(|edge| edge.default_root_object.as_deref()).unwrap_or("index.html");
    let changes = becomes_another(&site, remote);
    let Comparison { uploads, unchanged, objects } = compare(&site, remote, root);
    let mut leftovers =
        Leftovers { site: &site, remote, policy, edge, release: &release, now, changes, cut_off: owed.is_some() }
            .sort();
    let foreign = foreign(&site, remote);
    if policy.delete_foreign {
        let foreign = foreign.into_iter().map(|(key, object)| Removal::new(key, object.size, Gone::Foreign));
        leftovers.removals.extend(foreign);
    } else if !foreign.is_empty() {
        notes.push(Note::Foreign(foreign.len()));
    }
    guard(&leftovers.removals, remote, policy)?;

    match owed {
        // What differs from the manifest is that publish's own work.
        Some(owed) => notes.push(Note::Resumed(owed.len())),
        None => notes.extend(drift(remote).into_iter().map(Note::Drift)),
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
    let changes_manifest =
        !remote.adopted.is_empty() || remote.manifest.as_ref().is_none_or(|manifest| differ(manifest, &next, remote));
    if let Some(last) = remote.manifest.as_ref().filter(|_| !changes) {
        for object in next.objects.values_mut() {
            if let Some(superseded) = object.superseded.as_ref().filter(|one| one.by == last.release) {
                let renamed = Superseded { by: next.release.clone(), ..Superseded::clone(superseded) };
                Arc::make_mut(object).superseded = Some(Box::new(renamed));
            }
        }
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
fn demote(site: &mut Site, manifest: Option<&Manifest>, notes: &mut Vec<Note>) -> BTreeSet<ObjectKey> {
    let Some(manifest) = manifest else { return BTreeSet::new() };
    let mut demoted = manifest.demoted.clone();
    for file in site.values_mut().filter(|file| file.class == FileClass::Immutable) {
        let changed = |object: &Arc<Published>| object.class == FileClass::Immutable && object.sha256 != file.sha256;
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
    objects: BTreeMap<ObjectKey, Arc<Published>>,
}

fn compare(site: &Site, remote: &Remote, root: &str) -> Comparison {
    let (mut uploads, mut unchanged, mut objects) = (Vec::new(), Tally::default(), Vec::new());
    let mut there = Ascending::new(&remote.objects);
    for (key, file) in site {
        let object = there.get(key);
        let known = object.and_then(|object| object.known.as_ref());
        let reason = match (object, known) {
            (None, _) => Reason::New,
            (Some(_), Some(known)) if known.sha256 == file.sha256 && known.headers == file.headers => {
                let mut known = known.clone();
                if known.class != file.class {
                    Arc::make_mut(&mut known).class = file.class;
                }
                unchanged.add(file.size);
                objects.push((key.clone(), known));
                continue;
            }
            (Some(_), Some(known)) if known.sha256 == file.sha256 => Reason::Headers,
            (Some(_), _) => Reason::Content,
        };
        let replaces = object.map(|object| object.etag.clone());
        let stage = Stage::of(file, root, replaces.is_some());
        uploads.push(Upload { stage, file: file.clone(), reason, replaces });
    }
    uploads.sort_by(|a, b| (a.stage, &a.file.key).cmp(&(b.stage, &b.file.key)));
    // Collected, for maps that are filled one by one keep room for more.
    Comparison { uploads, unchanged, objects: objects.into_iter().collect() }
}

/// What is there, is not ours, and the build does not have.
fn foreign<'a>(site: &Site, remote: &'a Remote) -> Vec<(&'a ObjectKey, &'a RemoteObject)> {
    let mut wanted = Ascending::new(site);
    let mut owned = remote.manifest.as_ref().map(|manifest| Ascending::new(&manifest.objects));
    let mut is_owned = |key: &ObjectKey| owned.as_mut().is_some_and(|owned| owned.contains(key));
    remote.objects.iter().filter(|(key, _)| !wanted.contains(key) && !is_owned(key)).collect()
}

/// What our manifests own and the build no longer has.
struct Leftovers<'a> {
    site: &'a Site,
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
    superseded: BTreeMap<ObjectKey, Arc<Published>>,
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
        let (mut wanted, mut there) = (Ascending::new(self.site), Ascending::new(&self.remote.objects));
        for (key, object) in &manifest.objects {
            if wanted.contains(key) || !there.contains(key) {
                continue;
            }
            let by_this =
                || Superseded { by: self.release.clone(), at: self.now, hashed: hashed.names(key, object) }.into();
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
            let mut object = object.clone();
            if object.superseded.is_none() {
                Arc::make_mut(&mut object).superseded = Some(superseded);
            }
            sorted.superseded.insert(key.clone(), object);
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
fn drift(remote: &Remote) -> Vec<ObjectKey> {
    let mut objects = Ascending::new(&remote.objects);
    let mut is_other =
        |(key, object): &(&ObjectKey, &Arc<Published>)| objects.get(key).is_none_or(|there| there.etag != object.etag);
    remote.published().filter(|one| is_other(one)).map(|(key, _)| key.clone()).collect()
}

/// Whether the site becomes another than the manifest says, in bytes or headers. A publish that only mends what somebody
/// changed, or undoes what one that was cut off had begun, leaves it the same.
fn becomes_another(site: &Site, remote: &Remote) -> bool {
    let published = remote.published().map(|(key, object)| (key, &object.sha256, &object.headers));
    !published.eq(site.iter().map(|(key, file)| (key, &file.sha256, &file.headers)))
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
    let present = |(key, object): &(&ObjectKey, &Arc<Published>)| {
        object.superseded.is_none() || next.objects.contains_key(*key) || remote.objects.contains_key(*key)
    };
    before.demoted != next.demoted || !before.objects.iter().filter(present).eq(next.objects.iter())
}
