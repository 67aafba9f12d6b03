//! The promises, asked for after every call that changed something.

use std::collections::{BTreeSet, VecDeque};

use cruddur_site::site::FileClass;
use jiff::SignedDuration;

use crate::{
    bucket::{By, Model, Object, url},
    edge::urls,
    site::{Build, File},
};

/// What is judged late is judged by clocks that are this far apart: a release is dated when it is planned.
const SLACK: SignedDuration = SignedDuration::from_mins(30);

/// Every page that some edge may give loads completely, whatever edges its files come from: each file is there, and of
/// the page's release or a later one.
pub fn whole_pages(model: &mut Model) {
    if let Some(what) = first_broken_page(model) {
        model.fail(what);
    }
}

fn first_broken_page(model: &Model) -> Option<String> {
    let pages: BTreeSet<&String> = model
        .releases
        .iter()
        .flat_map(|release| release.build.files.iter())
        .filter(|(_, file)| {
            !file.names.is_empty() && file.class != FileClass::Asset && file.class != FileClass::Immutable
        })
        .map(|(key, _)| key)
        .filter(|key| !model.strays.contains(*key))
        .collect();
    for key in pages {
        for url in urls(key) {
            for page in model.given(&url, key).flatten() {
                if let Some(what) = broken(model, key, page) {
                    return Some(format!("{url} {what}"));
                }
            }
        }
    }
    None
}

/// What is wrong with a page, if anything is.
fn broken(model: &Model, key: &str, page: &Object) -> Option<String> {
    let By::Release(number) = page.by else { return None };
    let Some(file) = bytes_of(model, number, key, page) else {
        return Some(format!("of release {number} has bytes that are not the build's"));
    };
    // What a service worker lists must be there; of which release is the worker's own affair.
    let fresh = file.class == FileClass::Page && !model.hasty;
    let mut asked: BTreeSet<&str> = BTreeSet::new();
    let mut to_load: VecDeque<(&str, &str, usize)> =
        file.names.iter().map(|name| (name.as_str(), key, number)).collect();
    while let Some((name, named_by, of)) = to_load.pop_front() {
        if !asked.insert(name) {
            continue;
        }
        for given in model.given(&url(name), name) {
            let story = |what: &str| Some(format!("of release {number} loads {name} (named by {named_by}), {what}"));
            match given {
                None if model.by_hand.contains(name) => {}
                None => return story("which is missing"),
                Some(Object { by: By::Hand, .. }) if model.by_hand.contains(name) => {}
                Some(Object { by: By::Hand, .. }) => return story("which somebody else put there"),
                Some(object) => match model.is_of(name, object, number) {
                    Some(of) => {
                        let more = &model.releases[of].build.files[name].names;
                        to_load.extend(more.iter().map(|more| (more.as_str(), name, of)));
                    }
                    None if fresh && !model.may_be_old(name, number, of) => {
                        return story("which is of an earlier release");
                    }
                    None => {}
                },
            }
        }
    }
    None
}

/// The file of a release, where the object has its bytes.
fn bytes_of<'m>(model: &'m Model, number: usize, key: &str, object: &Object) -> Option<&'m File> {
    model.releases[number].build.files.get(key).filter(|file| file.is(&object.etag))
}

/// What open tabs of the last releases may still ask for is there.
pub fn kept_promises(model: &mut Model) {
    let (days, releases) = model.retention;
    let since = model.now() - SignedDuration::from_hours(24 * i64::from(days)) + SLACK;
    let recorded = &model.recorded;
    let mut gone = None;
    for (at, (build, _)) in recorded.iter().enumerate() {
        // When the next release was recorded, what it does not have was superseded.
        let young = recorded.get(at + 1).is_none_or(|(_, superseded)| *superseded > since);
        let counted = at >= model.forgotten && recorded.len() - at <= releases as usize;
        if !young && !counted {
            continue;
        }
        let chunks = build.files.iter().filter(|(key, file)| is_chunk(key, file));
        for (key, file) in chunks {
            let there = model.objects.get(key);
            if there.is_none_or(|object| !file.is(&object.etag)) && !model.by_hand.contains(key) {
                gone = Some(format!("open tabs of build {} ask for {key}, which is gone", build.number));
            }
        }
    }
    if let Some(what) = gone {
        model.fail(what);
    }
}

fn is_chunk(key: &str, file: &File) -> bool {
    file.class == FileClass::Immutable && !key.contains("/vendor-")
}

/// Every edge gives exactly a build, and nothing else that a page could take for its own is there: but for what old pages
/// load, where the publish did not wait for the edges.
pub fn exactly(model: &mut Model, build: &Build, waited: bool) {
    if let Some(what) = first_difference(model, build, waited) {
        model.fail(format!("after the publish of build {} {what}", build.number));
    }
}

fn first_difference(model: &Model, build: &Build, waited: bool) -> Option<String> {
    for (key, file) in &build.files {
        for url in urls(key) {
            for given in model.given(&url, key) {
                let Some(object) = given else { return Some(format!("{url} is missing")) };
                if !file.is(&object.etag) {
                    return Some(format!("an edge gives other bytes of {url}, put there by {:?}", object.by));
                }
                // Its year of caching is taken from it when it turns out not to be content-hashed.
                if object.headers != file.headers && !key.contains("/vendor-") {
                    return Some(format!("an edge gives {url} with {:?} and not {:?}", object.headers, file.headers));
                }
            }
        }
    }
    let earlier = model.releases.iter().flat_map(|release| release.build.files.keys()).collect::<BTreeSet<_>>();
    let may_stay = |key: &str| key.starts_with("assets/") || !waited && !key.ends_with(".html");
    for key in earlier.into_iter().filter(|key| !build.files.contains_key(*key) && !may_stay(key)) {
        if model.given(&url(key), key).flatten().any(|object| model.shall_go(key, object)) {
            return Some(format!("an edge still gives {key}"));
        }
    }
    None
}

impl Model {
    /// Whether a file that a page of one release loads may be older than the page: the page's release does not have it, and
    /// what names it has come before its pages, with another release.
    fn may_be_old(&self, name: &str, page: usize, named_by: usize) -> bool {
        !self.releases[page].build.files.contains_key(name)
            && !self.releases[named_by..].iter().any(|release| release.shown)
    }

    /// Whether an object came with a release, recorded or not: the next release that does not have it deletes it. But for what
    /// a lost manifest knew of, and what somebody changed by hand before anybody else knew of it.
    fn shall_go(&self, key: &str, object: &Object) -> bool {
        object.by != By::Hand && !self.forgetful && !self.by_hand.contains(key)
    }

    /// Whether an object that is in no build any more may stay: chunks for open tabs, and what nobody can know of.
    pub fn may_stay(&self, key: &str) -> bool {
        key.starts_with("assets/") || self.objects.get(key).is_none_or(|object| !self.shall_go(key, object))
    }
}
