//! What edges may hold while a publish goes on, and when it is cut off.

use super::*;

#[test]
fn an_edge_forgets_a_changed_asset_before_the_page_that_loads_it_changes() {
    let style = |content| file("style.css", FileClass::Asset, content, 0);
    let bucket = published(&[page("index.html", 1), style(1), file("sw.js", FileClass::Entry, 1, 0)]);
    let worker = |content| file("sw.js", FileClass::Entry, content, 0);
    let owed = BTreeSet::from(["/logo.png".to_owned()]);
    let (style_changes, page_changes) = (["/style.css"], ["/", "/index.html"]);
    // What changes, what is owed, and the rounds before and after the pages.
    type Row<'a> = (Vec<Arc<SiteFile>>, Option<&'a BTreeSet<String>>, Vec<&'a str>, Vec<&'a str>);
    let table: [Row<'_>; 7] = [
        (vec![page("index.html", 2), style(2), worker(1)], None, style_changes.into(), page_changes.into()),
        // Without a page there is nothing that it could be wrong for.
        (vec![page("index.html", 1), style(2), worker(1)], None, vec![], style_changes.into()),
        (vec![page("index.html", 2), style(1), worker(1)], None, vec![], page_changes.into()),
        // A service worker loads files too, and tells browsers to.
        (vec![page("index.html", 1), style(2), worker(2)], None, style_changes.into(), vec!["/sw.js"]),
        // What is new is held nowhere.
        (vec![page("new.html", 2), page("index.html", 1), style(1), worker(1)], None, vec![], vec![]),
        // What is owed may be an asset or a page.
        (
            vec![page("index.html", 2), style(1), worker(1)],
            Some(&owed),
            vec!["/logo.png"],
            vec!["/", "/index.html", "/logo.png"],
        ),
        (vec![page("index.html", 1), style(1), worker(1)], Some(&owed), vec![], vec!["/logo.png"]),
    ];
    for (files, owed, assets, changed) in table {
        let plan = bucket.plan_owing(&files, &Edge::default(), &Policy::default(), 1, owed).unwrap();
        assert_eq!(
            (&plan.invalidation().assets, &plan.invalidation().changed),
            (&own(&assets), &own(&changed)),
            "{files:?}"
        );
    }
}

fn own(paths: &[&str]) -> Vec<String> {
    paths.iter().map(|path| (*path).to_owned()).collect()
}

/// What any edge may hold, by key: every form that was there since it was last told to forget.
#[derive(Default)]
struct Edges(BTreeMap<ObjectKey, BTreeSet<(Sha256, Arc<Headers>)>>);

/// One thing that a publish does, in its order.
enum Step<'p> {
    Put(&'p Upload),
    Forget(&'p [String]),
    WriteManifest,
    Delete(&'p Removal),
}

fn steps(plan: &Plan) -> Vec<Step<'_>> {
    let Invalidation { assets, changed, removed } = plan.invalidation();
    let (before, pages): (Vec<_>, Vec<_>) = plan.uploads().iter().partition(|upload| upload.stage < Stage::Pages);
    let mut steps: Vec<_> = before.into_iter().map(Step::Put).collect();
    steps.push(Step::Forget(assets));
    steps.extend(pages.into_iter().map(Step::Put));
    let (pages, others): (Vec<_>, Vec<_>) = plan.removals().iter().partition(|removal| removal.page);
    steps.push(Step::WriteManifest);
    steps.extend(pages.into_iter().map(Step::Delete));
    steps.push(Step::Forget(changed));
    steps.extend(others.into_iter().map(Step::Delete));
    steps.push(Step::Forget(removed));
    steps
}

impl Edges {
    /// Any edge may ask for what is there now.
    fn may_ask(&mut self, bucket: &Bucket) {
        for (key, (_, sha256, headers)) in &bucket.objects {
            self.0.entry(key.clone()).or_default().insert((*sha256, headers.clone()));
        }
    }

    fn forget(&mut self, paths: &[String], bucket: &Bucket) {
        let covers = |path: &String| {
            paths.iter().any(|item| match item.strip_suffix('*') {
                Some(prefix) => path.starts_with(prefix),
                None => item == path,
            })
        };
        self.0.retain(|key, _| !invalidation::encode(&format!("/{key}")).iter().all(covers));
        self.may_ask(bucket);
    }
}

proptest! {
    /// Whatever was published, cut off, edited and deleted by hand before. But for content-hashed names that lie once they
    /// are forgotten: browsers, too, keep those for a year.
    #[test]
    fn when_a_page_changes_no_edge_holds_anything_else_of_what_it_loads(
        history in prop::collection::vec((builds(), prop::option::of(0usize..20), meddlings()), 1..7),
        max_paths in 1usize..8,
    ) {
        let policy = Policy { max_delete_percent: 100, max_paths, ..Policy::default() };
        let (mut bucket, mut edges, mut owed) = (Bucket::default(), Edges::default(), None);
        for (at, (files, cut, meddling)) in history.into_iter().enumerate() {
            let plan = bucket.plan_owing(&files, &Edge::default(), &policy, at as i64, owed.as_ref()).unwrap();
            owed = Some(plan.invalidation().paths().cloned().collect());
            bucket.draft = plan.draft();
            let steps = steps(&plan);
            let done = cut.unwrap_or(steps.len());
            for step in steps.iter().take(done) {
                match step {
                    Step::Put(Upload { file, stage, .. }) => {
                        bucket.objects.insert(file.key.clone(), (file.size, file.sha256, file.headers.clone()));
                        edges.may_ask(&bucket);
                        if *stage >= Stage::Pages {
                            let loaded = files.iter().filter(|file| {
                                Stage::of(file, "index.html", true) < Stage::Pages && file.class != FileClass::Immutable
                            });
                            for file in loaded {
                                let held = &edges.0[&file.key];
                                let right = held.iter().all(|(sha256, _)| *sha256 == file.sha256);
                                prop_assert!(right, "release {at}: {} {:?}", file.key, plan.invalidation());
                            }
                        }
                    }
                    Step::Forget(paths) => edges.forget(paths, &bucket),
                    Step::Delete(removal) => drop(bucket.objects.remove(&removal.key)),
                    Step::WriteManifest if plan.is_empty() => {}
                    Step::WriteManifest => (bucket.manifest, bucket.draft) = (Some(manifest_of(&plan)), None),
                }
            }
            if done >= steps.len() {
                (owed, bucket.draft) = (None, None);
                // Of what is deleted by hand nobody can tell when the manifest does not know it, or is lost too.
                let manifest = bucket.manifest.iter().flat_map(|manifest| manifest.objects.keys());
                let all_known = manifest.filter(|key| bucket.objects.contains_key(*key)).count() == bucket.objects.len();
                if all_known && !matches!(meddling, Meddling::LoseManifest) {
                    meddle(&mut bucket, &meddling);
                    edges.may_ask(&bucket);
                }
            }
        }
    }
}
