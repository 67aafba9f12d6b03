//! Reading a build folder into the site it shall become.

use std::{
    collections::{BTreeSet, HashSet},
    fs,
    path::Path,
    sync::{Arc, atomic::AtomicBool},
};

use super::{
    Framework, Headers, ObjectKey, Rules, SiteFile,
    class::classify_among,
    cores::on_all_cores,
    framework,
    hash::{HashedFile, hash_all},
    references::{self, MissingReference},
    secrets,
    walk::{FoundFile, Skipped, WalkOptions, Walked, walk},
};
use crate::{
    error::{Error, ErrorKind, Result},
    publish::{Event, Progress},
    routing::Routing,
};

/// A build folder, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// What built it.
    pub framework: Framework,
    /// How its pages are named.
    pub routing: Routing,
    /// Its files, by key.
    pub files: Vec<Arc<SiteFile>>,
    /// What was left out.
    pub skipped: Vec<Skipped>,
}

/// Finds, hashes and classifies the files of `folder`.
///
/// # Errors
/// As [`walk`] and [`read_found`].
pub fn read(
    folder: &Path,
    options: &WalkOptions,
    rules: &Rules,
    progress: &dyn Progress,
    cancelled: &AtomicBool,
) -> Result<Site> {
    read_found(walk(folder, options)?, folder, options, rules, progress, cancelled)
}

/// Hashes and classifies the files that were found in `folder`.
///
/// # Errors
/// As [`hash_all`] and [`secrets::refuse`]; [`ErrorKind::Config`] when a rule cannot be applied.
pub fn read_found(
    walked: Walked,
    folder: &Path,
    options: &WalkOptions,
    rules: &Rules,
    progress: &dyn Progress,
    cancelled: &AtomicBool,
) -> Result<Site> {
    let keys: BTreeSet<ObjectKey> = walked.files.iter().map(|file| file.key.clone()).collect();
    let index = fs::read_to_string(folder.join("index.html")).ok();
    let framework = framework::detect(&keys, index.as_deref());

    let bytes = walked.files.iter().map(|file| file.size).sum();
    progress.event(Event::HashingStarts { files: walked.files.len() as u64, bytes });
    let take = |shared: &mut _, mut hashed: HashedFile| {
        let secrets = std::mem::take(&mut hashed.secrets);
        Ok((describe(hashed, framework, &keys, rules, shared)?, secrets))
    };
    let on_progress = |more| progress.event(Event::Hashed(more));
    let hashed = hash_all(&walked.files, &on_progress, cancelled, HashSet::new, take)?;
    progress.event(Event::HashingEnds);
    secrets::refuse(hashed.iter().map(|(file, secrets)| (&file.key, secrets.as_slice())), &options.allow)?;
    let files = hashed.into_iter().map(|(file, _)| file).collect();
    Ok(Site { framework, routing: Routing::detect(&keys), files, skipped: walked.skipped })
}

/// `shared` has the headers so far: few differ.
fn describe(
    hashed: HashedFile,
    framework: Framework,
    keys: &BTreeSet<ObjectKey>,
    rules: &Rules,
    shared: &mut HashSet<Arc<Headers>>,
) -> Result<Arc<SiteFile>> {
    let HashedFile { file, changed, sha256, parts, .. } = hashed;
    let FoundFile { key, folder, size, modified, .. } = file;
    let class = rules.class(&key).unwrap_or_else(|| classify_among(&key, framework, keys));
    let headers = rules.apply(&key, Headers::default_for(&key, class, keys))?;
    let headers = shared.get(&headers).cloned().unwrap_or_else(|| Arc::new(headers));
    shared.insert(headers.clone());
    Ok(Arc::new(SiteFile { key, folder, size, modified, changed, sha256, parts, class, headers }))
}

/// The same-site files that `pages` name and the build of `keys` does not have. URLs of `own_hosts` count as the
/// site's own.
///
/// # Errors
/// [`ErrorKind::Io`] when a page cannot be read.
pub fn missing_references(
    pages: &[&Arc<SiteFile>],
    keys: &BTreeSet<ObjectKey>,
    own_hosts: &[String],
) -> Result<Vec<MissingReference>> {
    let lost = on_all_cores(pages, || (), |(), page| lost_by(page, keys, own_hosts))
        .into_iter()
        .collect::<Result<Vec<_>>>()?;
    Ok(references::missing(pages.iter().zip(&lost).map(|(page, lost)| (&page.key, lost.as_slice())), keys))
}

/// What a page names in vain. The rest is let go of at once: the pages of a large site name millions of files.
fn lost_by(page: &SiteFile, keys: &BTreeSet<ObjectKey>, own_hosts: &[String]) -> Result<Vec<references::Reference>> {
    let html = fs::read(page.path()).map_err(|error| {
        let what = format!("cannot read {}", page.path().display());
        Error::new(ErrorKind::Io, what, "wait until the build has ended, then publish again").because(error)
    })?;
    let mut named = references::references(&page.key, &html, own_hosts);
    named.retain(|reference| !references::is_there(&reference.target, keys));
    named.shrink_to_fit();
    Ok(named)
}
