//! Histories of releases against a bucket kept in memory: what planning promises, whatever the builds are.

mod drafts;
mod held;
mod retained;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
    time::SystemTime,
};

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::site::{FileClass, Headers, Sha256};

fn day(n: i64) -> Timestamp {
    "2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(24 * n)
}

fn key(name: &str) -> ObjectKey {
    ObjectKey::new(name).unwrap()
}

/// A file of a few bytes; `headers` tells variants of its headers apart.
fn file(name: &str, class: FileClass, content: u8, headers: u8) -> Arc<SiteFile> {
    let language = (headers > 0).then(|| format!("x{headers}"));
    Arc::new(SiteFile {
        key: key(name),
        folder: Path::new("build").into(),
        size: 1 + u64::from(content % 3),
        modified: SystemTime::UNIX_EPOCH,
        changed: None,
        sha256: Sha256::of(&[content]),
        parts: Vec::new(),
        class,
        headers: Arc::new(Headers {
            cache_control: Some(class.cache_control().to_owned()),
            content_language: language,
            ..Headers::default()
        }),
    })
}

fn page(name: &str, content: u8) -> Arc<SiteFile> {
    file(name, FileClass::Page, content, 0)
}

/// A bucket as S3 would keep it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Bucket {
    objects: BTreeMap<ObjectKey, (u64, Sha256, Arc<Headers>)>,
    manifest: Option<Manifest>,
    /// What a publish left that was cut off.
    draft: Option<Manifest>,
}

fn etag(sha256: &Sha256) -> ETag {
    sha256.hex()[..32].into()
}

impl Bucket {
    fn remote(&self, files: &[Arc<SiteFile>]) -> Remote {
        let listing = self.objects.iter().map(|(key, (size, sha256, _))| Listed {
            key: key.clone(),
            size: *size,
            etag: etag(sha256),
            modified: None,
        });
        let mut remote = Remote::new(listing, self.manifest.clone(), None, false);
        self.draft.iter().for_each(|draft| remote.adopt(draft.clone()));
        for file in remote.clone().worth_asking(files) {
            let (_, sha256, headers) = &self.objects[&file.key];
            if *sha256 == file.sha256 {
                let there = Published { headers: headers.clone(), ..Published::new(file, etag(sha256), None) };
                remote.learn(&file.key, there);
            }
        }
        remote
    }

    fn plan(&self, files: &[Arc<SiteFile>], edge: &Edge, policy: &Policy, at: i64) -> Result<Plan, Refusal> {
        self.plan_owing(files, edge, policy, at, None)
    }

    fn plan_owing(
        &self,
        files: &[Arc<SiteFile>],
        edge: &Edge,
        policy: &Policy,
        at: i64,
        owed: Option<&BTreeSet<String>>,
    ) -> Result<Plan, Refusal> {
        let inputs = Inputs {
            files: files.to_vec(),
            remote: &self.remote(files),
            edge: Some(edge),
            policy,
            owed,
            release: ReleaseId::new(day(at), 0),
            now: day(at),
        };
        build(inputs)
    }

    /// An upload that no manifest came to know of.
    fn put(&mut self, file: &Arc<SiteFile>) {
        self.objects.insert(file.key.clone(), (file.size, file.sha256, file.headers.clone()));
    }

    fn apply(&mut self, plan: &Plan) {
        for Upload { file, .. } in plan.uploads() {
            self.objects.insert(file.key.clone(), (file.size, file.sha256, file.headers.clone()));
        }
        for removal in plan.removals() {
            self.objects.remove(&removal.key);
        }
        if !plan.is_empty() {
            self.manifest = Some(manifest_of(plan));
        }
        self.draft = None;
    }
}

/// The manifest of a plan whose uploads are all there.
fn manifest_of(plan: &Plan) -> Manifest {
    let stored = |Upload { file, .. }: &Upload| (file.key.clone(), Stored { etag: etag(&file.sha256), version: None });
    plan.manifest(&plan.uploads().iter().map(stored).collect())
}

fn published(files: &[Arc<SiteFile>]) -> Bucket {
    let mut bucket = Bucket::default();
    let plan = bucket.plan(files, &Edge::default(), &Policy::default(), 0).unwrap();
    bucket.apply(&plan);
    bucket
}

#[test]
fn what_is_learned_keeps_the_entity_tag_of_the_listing() {
    let file = page("index.html", 1);
    let listed = Listed { key: file.key.clone(), size: file.size, etag: "as listed".into(), modified: None };
    let mut remote = Remote::new([listed], None, None, false);
    remote.learn(&file.key, Published::new(&file, "as asked".into(), None));
    assert!(remote.objects[&file.key].known.as_ref().is_some_and(|known| known.etag == "as listed".into()));
}

fn reasons(plan: &Plan) -> Vec<(&str, Reason)> {
    plan.uploads().iter().map(|upload| (upload.file.key.as_str(), upload.reason)).collect()
}

#[test]
fn the_first_publish_uploads_pages_last_and_the_root_page_after_them() {
    let files = [
        page("index.html", 1),
        page("about/index.html", 2),
        file("service-worker.js", FileClass::Entry, 3, 0),
        file("site.webmanifest", FileClass::Entry, 4, 0),
        file("version.json", FileClass::Entry, 4, 0),
        file("zebra.png", FileClass::Asset, 5, 0),
        file("static/js/main.0a1b2c3d.js", FileClass::Immutable, 6, 0),
    ];
    let plan = Bucket::default().plan(&files, &Edge::default(), &Policy::default(), 0).unwrap();
    let order: Vec<_> = plan.uploads().iter().map(|upload| upload.file.key.as_str()).collect();
    let expected = [
        "site.webmanifest",
        "static/js/main.0a1b2c3d.js",
        "zebra.png",
        "about/index.html",
        "index.html",
        "service-worker.js",
        "version.json",
    ];
    assert_eq!(order, expected);
    assert!(plan.invalidation().is_empty(), "no edge holds anything yet");
}

#[test]
fn only_what_differs_is_done_again() {
    let bucket = published(&[page("index.html", 1), page("same.html", 1), file("logo.png", FileClass::Asset, 1, 0)]);
    let files = [page("index.html", 2), page("same.html", 1), file("logo.png", FileClass::Asset, 1, 1)];
    let plan = bucket.plan(&files, &Edge::default(), &Policy::default(), 1).unwrap();
    assert_eq!(reasons(&plan), [("logo.png", Reason::Headers), ("index.html", Reason::Content)]);
    assert_eq!(plan.unchanged().files, 1);
    let Invalidation { assets, changed, removed } = plan.invalidation();
    assert_eq!(
        (&assets[..], &changed[..], &removed[..]),
        (&["/logo.png".into()][..], &["/".into(), "/index.html".into()][..], &[][..])
    );
}

#[test]
fn a_hashed_name_that_changes_its_bytes_is_no_longer_trusted() {
    let name = "static/js/main.0a1b2c3d.js";
    let mut bucket = published(&[page("index.html", 1), file(name, FileClass::Immutable, 1, 0)]);
    for content in [2, 2, 3] {
        let files = [page("index.html", 1), file(name, FileClass::Immutable, content, 0)];
        let plan = bucket.plan(&files, &Edge::default(), &Policy::default(), 1).unwrap();
        if let Some(upload) = plan.uploads().first() {
            assert_eq!(upload.file.class, FileClass::Asset);
            assert_eq!(upload.file.headers.cache_control.as_deref(), Some(FileClass::Asset.cache_control()));
            assert_eq!(plan.invalidation().changed, [format!("/{name}")]);
        }
        bucket.apply(&plan);
    }
    assert_eq!(bucket.objects[&key(name)].1, Sha256::of(&[3]));
}

#[test]
fn deleting_most_of_a_site_needs_consent() {
    let pages: Vec<_> = (0..10).map(|n| page(&format!("{n}/index.html"), n)).collect();
    let bucket = published(&[vec![page("index.html", 1)], pages].concat());
    let files = [page("index.html", 1)];
    let refusal = bucket.plan(&files, &Edge::default(), &Policy::default(), 1).unwrap_err();
    assert_eq!(refusal, Refusal::TooManyGone { gone: 10, of: 11 });
    let policy = Policy { max_delete_percent: 100, ..Policy::default() };
    assert_eq!(bucket.plan(&files, &Edge::default(), &policy, 1).unwrap().removals().len(), 10);

    // Every release has other chunks.
    let chunk = |n: u8| file(&format!("static/js/{n}.0a1b2c3{n}.js"), FileClass::Immutable, n, 0);
    let bucket = published(&[page("index.html", 1), chunk(1), chunk(2)]);
    let policy = Policy { retention: Retention { days: 0, releases: 1 }, ..Policy::default() };
    let plan = bucket.plan(&[page("index.html", 2), chunk(3)], &Edge::default(), &policy, 1).unwrap();
    assert_eq!(plan.removals().len(), 2);
}

#[test]
fn what_we_did_not_put_there_stays_unless_told_otherwise() {
    let mut bucket = Bucket::default();
    bucket.objects.insert(key("theirs.txt"), (1, Sha256::of(b"?"), Arc::default()));
    let files = [page("index.html", 1), page("a.html", 1)];
    let plan = bucket.plan(&files, &Edge::default(), &Policy::default(), 0).unwrap();
    assert_eq!((plan.removals(), plan.notes()), (&[][..], &[Note::Foreign(1)][..]));
    let policy = Policy { delete_foreign: true, max_delete_percent: 100, ..Policy::default() };
    let plan = bucket.plan(&files, &Edge::default(), &policy, 0).unwrap();
    assert_eq!(plan.removals(), [Removal::new(&key("theirs.txt"), 1, Gone::Foreign)]);
}

#[test]
fn without_waiting_assets_of_old_pages_stay_until_the_next_publish() {
    let mut bucket = published(&[page("index.html", 1), page("a.html", 1), file("old.css", FileClass::Asset, 1, 0)]);
    let files = [page("index.html", 2), page("a.html", 1)];
    let policy = Policy { wait: false, ..Policy::default() };
    let plan = bucket.plan(&files, &Edge::default(), &policy, 1).unwrap();
    assert_eq!((plan.removals().len(), plan.retained().files), (0, 1));
    bucket.apply(&plan);
    // Had that publish been cut off, edges could still have what it owes.
    let owed = BTreeSet::from(["/index.html".to_owned()]);
    let plan = bucket.plan_owing(&files, &Edge::default(), &policy, 2, Some(&owed)).unwrap();
    assert_eq!((plan.removals().len(), plan.retained().files), (0, 1));
    let plan = bucket.plan(&files, &Edge::default(), &policy, 2).unwrap();
    assert_eq!(plan.removals(), [Removal::new(&key("old.css"), 2, Gone::Removed)]);
    assert_eq!(plan.invalidation().removed, ["/old.css"]);

    // So do content-hashed files that nobody wants kept.
    let bucket = published(&[page("index.html", 1), file("static/js/1.0a1b2c3d.js", FileClass::Immutable, 1, 0)]);
    let policy = Policy { retention: Retention { days: 0, releases: 1 }, ..policy };
    let plan = bucket.plan(&files, &Edge::default(), &policy, 1).unwrap();
    assert_eq!((plan.removals().len(), plan.retained().files), (0, 1));
}

#[test]
fn what_a_publish_that_was_cut_off_owes_is_paid() {
    let bucket = published(&[page("index.html", 1)]);
    let files = [page("index.html", 1)];
    let owed = BTreeSet::from(["/style.css".to_owned()]);
    let plan = bucket.plan_owing(&files, &Edge::default(), &Policy::default(), 1, Some(&owed)).unwrap();
    assert!(!plan.is_empty());
    assert_eq!(plan.invalidation().changed, ["/style.css"]);
}

#[test]
fn an_error_page_that_edges_keep_long_takes_everything_with_it() {
    let bucket = published(&[page("index.html", 1)]);
    for (seconds, expected) in [(10, vec!["/", "/index.html"]), (300, vec!["/*"])] {
        let edge = Edge { error_pages: vec![(key("index.html"), seconds)], ..Edge::default() };
        let plan = bucket.plan(&[page("index.html", 2)], &edge, &Policy::default(), 1).unwrap();
        assert_eq!(plan.invalidation().changed, expected);
    }
}

/// A build: some of these files, each with some content and headers.
fn builds() -> impl Strategy<Value = Vec<Arc<SiteFile>>> {
    const POOL: [(&str, FileClass); 9] = [
        ("index.html", FileClass::Page),
        ("about/index.html", FileClass::Page),
        ("a b+c.html", FileClass::Page),
        ("logo.png", FileClass::Asset),
        ("images/ü.svg", FileClass::Asset),
        ("sw.js", FileClass::Entry),
        ("static/js/1.0a1b2c3d.js", FileClass::Immutable),
        ("static/js/2.0a1b2c3e.js", FileClass::Immutable),
        ("static/css/1.0a1b2c3f.css", FileClass::Immutable),
    ];
    let one = prop::option::of((0u8..4, 0u8..2));
    prop::collection::vec(one, POOL.len()).prop_map(|states| {
        let files = POOL.iter().zip(states);
        files.filter_map(|((name, class), state)| state.map(|(c, h)| file(name, *class, c, h))).collect()
    })
}

/// What somebody else does to the bucket between two releases.
#[derive(Debug, Clone)]
enum Meddling {
    Nothing,
    Delete(usize),
    Edit(usize, u8),
    LoseManifest,
}

fn meddlings() -> impl Strategy<Value = Meddling> {
    prop_oneof![
        4 => Just(Meddling::Nothing),
        1 => (0usize..9).prop_map(Meddling::Delete),
        1 => (0usize..9, 0u8..4).prop_map(|(at, content)| Meddling::Edit(at, content)),
        1 => Just(Meddling::LoseManifest),
    ]
}

fn meddle(bucket: &mut Bucket, meddling: &Meddling) {
    let nth = |bucket: &Bucket, at: usize| bucket.objects.keys().nth(at).cloned();
    match meddling {
        Meddling::Nothing => {}
        Meddling::LoseManifest => bucket.manifest = None,
        Meddling::Delete(at) => {
            if let Some(key) = nth(bucket, *at) {
                bucket.objects.remove(&key);
            }
        }
        Meddling::Edit(at, content) => {
            if let Some(key) = nth(bucket, *at) {
                let object = (1, Sha256::of(&[*content, 1]), Arc::default());
                bucket.objects.insert(key, object);
            }
        }
    }
}

fn covered(plan: &Plan, path: &str) -> bool {
    plan.invalidation().paths().any(|item| match item.strip_suffix('*') {
        Some(prefix) => path.starts_with(prefix),
        None => item == path,
    })
}

proptest! {
    #[test]
    fn every_history_ends_with_exactly_the_last_build(
        history in prop::collection::vec((builds(), meddlings(), 0i64..40), 1..6),
        max_paths in 1usize..8,
        wait: bool,
    ) {
        let policy = Policy { max_delete_percent: 100, max_paths, wait, ..Policy::default() };
        let edge = Edge::default();
        let mut bucket = Bucket::default();
        let mut at = 0;
        for (files, meddling, days) in history {
            at += days + 1;
            let before = bucket.clone();
            let plan = bucket.plan(&files, &edge, &policy, at).unwrap();

            let stages: Vec<_> = plan.uploads().iter().map(|upload| upload.stage).collect();
            prop_assert!(stages.is_sorted(), "no page goes up before its assets");
            let page_at = plan.uploads().iter().position(|upload| upload.file.class == FileClass::Page);
            let asset_at = plan.uploads().iter().rposition(|upload| {
                matches!(upload.file.class, FileClass::Asset | FileClass::Immutable)
            });
            prop_assert!(page_at.zip(asset_at).is_none_or(|(page, asset)| asset < page));

            bucket.apply(&plan);
            for wanted in &files {
                let (_, sha256, headers) = &bucket.objects[&wanted.key];
                prop_assert_eq!(sha256, &wanted.sha256);
                let demoted = plan.uploads().iter().any(|u| u.file.key == wanted.key && u.file.class != wanted.class)
                    || bucket.manifest.as_ref().is_some_and(|m| m.demoted.contains(&wanted.key));
                prop_assert!(demoted || headers == &wanted.headers);
            }

            let owned = before.manifest.as_ref().map(|manifest| &manifest.objects);
            for (gone, _) in before.objects.iter().filter(|(key, _)| !bucket.objects.contains_key(*key)) {
                prop_assert!(owned.is_some_and(|owned| owned.contains_key(gone)), "{} was not ours", gone);
            }

            for (name, held) in owned.into_iter().flatten() {
                let now = bucket.objects.get(name).map(|(_, sha256, headers)| (sha256, headers));
                let stale = now != Some((&held.sha256, &held.headers));
                let immutable_gone = now.is_none() && held.class == FileClass::Immutable && held.superseded.is_some();
                // What somebody deleted or edited by hand and no build names is theirs to answer for.
                let theirs = before.objects.get(name).map(|(_, sha256, _)| sha256) != Some(&held.sha256);
                let lost = theirs && !files.iter().any(|file| file.key == *name);
                if stale && !immutable_gone && !lost {
                    let paths = invalidation::encode(&format!("/{name}"));
                    prop_assert!(paths.iter().all(|path| covered(&plan, path)), "{name} in {:?}", plan.invalidation());
                }
            }
            prop_assert!(plan.invalidation().len() <= max_paths.max(3));

            let again = bucket.plan(&files, &edge, &policy, at).unwrap();
            let only_deferred = again.uploads().is_empty() && !wait;
            prop_assert!(again.is_empty() || only_deferred, "a second plan does nothing: {again:?}");
            meddle(&mut bucket, &meddling);
        }
    }
}
