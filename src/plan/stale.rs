//! Which copies an edge may hold that are no longer right.

use std::collections::BTreeSet;

use super::{
    Edge, Invalidation, Remote, Removal, Stage, Upload,
    invalidation::{collapse, encode},
};
use crate::{
    release::Published,
    routing,
    site::{FileClass, ObjectKey},
};

/// A custom error page kept no longer than CloudFront's default (Developer Guide, "Control how long CloudFront
/// caches errors") mends itself; one kept longer needs an invalidation of every path, for it may stand anywhere.
const ERROR_PAGE_SECONDS: u64 = 10;

/// Finds the paths to invalidate.
pub struct Stale<'a> {
    /// What there was.
    pub remote: &'a Remote,
    /// What goes up.
    pub uploads: &'a [Upload],
    /// What goes away.
    pub removals: &'a [Removal],
    /// What stands before the bucket.
    pub edge: &'a Edge,
}

impl Stale<'_> {
    /// The paths, the `owed` ones among them, brought down to at most `max` for all rounds together where that is
    /// possible; `unchanged` are the objects that a wildcard would evict for nothing.
    pub fn invalidation<'k>(
        &self,
        owed: &BTreeSet<String>,
        unchanged: impl Iterator<Item = &'k ObjectKey>,
        max: usize,
    ) -> Invalidation {
        let (mut assets, mut changed) = (BTreeSet::new(), BTreeSet::new());
        let pages_change = self.uploads.iter().any(|upload| upload.stage >= Stage::Pages);
        for upload in self.uploads.iter().filter(|upload| self.may_be_held(&upload.file.key)) {
            let before_pages = pages_change && upload.stage < Stage::Pages;
            let round = if before_pages { &mut assets } else { &mut changed };
            round.extend(self.paths(&upload.file.key));
        }
        // What is owed does not tell assets from pages, so it may be needed both before and after the pages.
        if pages_change {
            assets.extend(owed.iter().cloned());
        }
        changed.extend(owed.iter().cloned());
        if self.a_lasting_error_page_changes() {
            changed = ["/*".to_owned()].into();
        }
        let (pages, others): (Vec<_>, Vec<_>) = self.removals.iter().partition(|removal| removal.page);
        // No edge may hold a page when what it loads is deleted.
        changed.extend(pages.into_iter().flat_map(|page| self.paths(&page.key)));
        let removed_keys = others.into_iter().map(|removal| &removal.key).chain(self.lost());
        let removed_keys = removed_keys.filter(|key| self.may_be_held(key) && !self.is_immutable(key));
        let removed: BTreeSet<String> = removed_keys.flat_map(|key| self.paths(key)).collect();
        if assets.len() + changed.len() + removed.len() <= max {
            let [assets, changed, removed] = [assets, changed, removed].map(|paths| paths.into_iter().collect());
            return Invalidation { assets, changed, removed };
        }
        // Each round leaves to the next ones what it does not need of its share.
        let unchanged: Vec<String> = unchanged.flat_map(|key| encode(&format!("/{key}"))).collect();
        let within = |paths, max: usize| collapse(paths, unchanged.iter().cloned(), max.max(1));
        let removed = within(removed, max / 3);
        let left = max.saturating_sub(removed.len());
        let assets = within(assets, left / 2);
        let changed = within(changed, left.saturating_sub(assets.len()));
        Invalidation { assets, changed, removed }
    }

    /// What somebody deleted by hand and the build does not bring back: an edge may hold it for a year, and it may come
    /// back with other bytes.
    fn lost(&self) -> impl Iterator<Item = &ObjectKey> {
        let missing = self.remote.published().filter(|(key, _)| !self.remote.objects.contains_key(*key));
        let back: BTreeSet<&ObjectKey> = self.uploads.iter().map(|upload| &upload.file.key).collect();
        missing.map(|(key, _)| key).filter(move |key| !back.contains(key))
    }

    /// Whether an edge may hold a copy of what was published under `key`. `no-store` keeps none from it: where a cache
    /// policy's minimum TTL is above 0, as CachingOptimized's is, CloudFront keeps even that for so long (Developer Guide,
    /// "Manage how long content stays in the cache (expiration)").
    fn may_be_held(&self, key: &ObjectKey) -> bool {
        self.published(key).is_some() || self.remote.objects.contains_key(key)
    }

    /// Whether a copy that stays would be wrong for nobody: only pages that want exactly its bytes ask for it.
    fn is_immutable(&self, key: &ObjectKey) -> bool {
        self.published(key).is_some_and(|object| object.class == FileClass::Immutable)
    }

    fn published(&self, key: &ObjectKey) -> Option<&Published> {
        self.remote.manifest.as_ref()?.objects.get(key).map(|object| &**object)
    }

    fn paths(&self, key: &ObjectKey) -> impl Iterator<Item = String> {
        let raw = routing::viewer_paths(key, self.edge.routing, self.edge.default_root_object.as_deref());
        raw.into_iter().flat_map(|path| encode(&path))
    }

    fn a_lasting_error_page_changes(&self) -> bool {
        let lasting = self.edge.error_pages.iter().filter(|(_, seconds)| *seconds > ERROR_PAGE_SECONDS);
        let mut pages = lasting.map(|(key, _)| key);
        pages.any(|page| self.may_be_held(page) && self.uploads.iter().any(|upload| upload.file.key == *page))
    }
}
