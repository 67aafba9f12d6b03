//! What a publish that was cut off had sent, and the next one.

use super::*;

fn chunk() -> Arc<SiteFile> {
    file("static/js/2.0a1b2c3e.js", FileClass::Immutable, 2, 0)
}

fn image() -> Arc<SiteFile> {
    file("new.png", FileClass::Asset, 2, 0)
}

fn site() -> Vec<Arc<SiteFile>> {
    vec![page("index.html", 1), page("a.html", 1)]
}

/// The site with a page more, and what that loads.
fn with_more() -> Vec<Arc<SiteFile>> {
    [site(), vec![page("new.html", 2), image(), chunk()]].concat()
}

/// A published site, of whose next release `arrived` had been sent when it was cut off.
fn cut_off(arrived: &[Arc<SiteFile>]) -> Bucket {
    let mut bucket = published(&site());
    bucket.draft = bucket.plan(&with_more(), &Edge::default(), &Policy::default(), 1).unwrap().draft();
    arrived.iter().for_each(|file| bucket.put(file));
    bucket
}

fn keys(plan: &Plan) -> Vec<&str> {
    plan.removals().iter().map(|removal| removal.key.as_str()).collect()
}

#[test]
fn what_no_later_build_has_goes_as_if_it_had_been_published() {
    let mut bucket = cut_off(&with_more());
    let plan = bucket.plan(&site(), &Edge::default(), &Policy::default(), 2).unwrap();
    assert_eq!((keys(&plan), plan.retained().files, plan.notes()), (vec!["new.html", "new.png"], 1, &[][..]));
    assert_eq!(
        (&plan.invalidation().changed[..], &plan.invalidation().removed[..]),
        (&["/new.html".to_owned()][..], &["/new.png".to_owned()][..])
    );
    // The site is the one that is published: that is no release.
    assert_eq!(manifest_of(&plan).releases.len(), 1);
    bucket.apply(&plan);
    // 30 days after the release that was cut off.
    for (at, gone) in [(30, vec![]), (31, vec![chunk().key.to_string()])] {
        let plan = bucket.plan(&site(), &Edge::default(), &Policy::default(), at).unwrap();
        assert_eq!(keys(&plan), gone, "day {at}");
    }
}

#[test]
fn without_waiting_what_a_page_of_it_loads_stays_until_the_next_publish() {
    let mut bucket = cut_off(&with_more());
    let policy = Policy { wait: false, retention: Retention { days: 0, releases: 1 }, ..Policy::default() };
    for gone in [vec!["new.html"], vec!["new.png", "static/js/2.0a1b2c3e.js"]] {
        let plan = bucket.plan(&site(), &Edge::default(), &policy, 2).unwrap();
        assert_eq!(keys(&plan), gone);
        bucket.apply(&plan);
    }
}

#[test]
fn only_what_has_arrived_becomes_ours() {
    let mut bucket = cut_off(&[]);
    assert!(bucket.plan(&site(), &Edge::default(), &Policy::default(), 2).unwrap().is_empty());
    // Of another length: somebody else's.
    bucket.objects.insert(image().key.clone(), (9, Sha256::of(b"?"), Arc::default()));
    let plan = bucket.plan(&site(), &Edge::default(), &Policy::default(), 2).unwrap();
    assert_eq!((plan.removals(), plan.notes()), (&[][..], &[Note::Foreign(1)][..]));
}

#[test]
fn a_first_release_that_was_cut_off_is_nobodys_site() {
    let mut bucket = Bucket::default();
    bucket.draft = bucket.plan(&with_more(), &Edge::default(), &Policy::default(), 0).unwrap().draft();
    with_more().iter().for_each(|file| bucket.put(file));
    let files = [page("index.html", 1)];
    let plan = bucket.plan(&files, &Edge::default(), &Policy::default(), 1).unwrap();
    assert_eq!((keys(&plan), plan.uploads(), plan.notes()), (vec!["a.html", "new.html", "new.png"], &[][..], &[][..]));
    assert_eq!(manifest_of(&plan).releases.len(), 1);
    assert!(manifest_of(&plan).objects[&key("index.html")].superseded.is_none());
}

#[test]
fn a_publish_that_is_cut_off_as_well_passes_it_on() {
    let mut bucket = cut_off(&with_more());
    // It has the page with another length, and is cut off before it sends that.
    let files = [site(), vec![page("new.html", 3), page("other.html", 1)]].concat();
    let plan = bucket.plan(&files, &Edge::default(), &Policy::default(), 2).unwrap();
    assert_ne!(page("new.html", 3).size, page("new.html", 2).size);
    bucket.draft = plan.draft();
    bucket.put(&page("other.html", 1));
    let plan = bucket.plan(&site(), &Edge::default(), &Policy::default(), 3).unwrap();
    assert_eq!((keys(&plan), plan.retained().files), (vec!["new.html", "new.png", "other.html"], 1));
    assert_eq!(plan.notes(), []);
}

#[test]
fn what_changes_only_what_is_published_leaves_no_draft() {
    let bucket = published(&site());
    for files in [site(), vec![page("index.html", 2), page("a.html", 1)], vec![page("index.html", 2)]] {
        let plan = bucket.plan(&files, &Edge::default(), &Policy::default(), 1).unwrap();
        assert_eq!(plan.draft(), None);
    }
    let plan = bucket.plan(&with_more(), &Edge::default(), &Policy::default(), 1).unwrap();
    assert_eq!(plan.requests().writes_and_lists, 4 + 4);
}

proptest! {
    #[test]
    fn wherever_releases_were_cut_off_the_next_whole_one_is_all_there_is(
        history in prop::collection::vec((builds(), 0usize..12), 1..7),
        last in builds(),
    ) {
        let retention = Retention { days: 0, releases: 1 };
        let policy = Policy { max_delete_percent: 100, retention, ..Policy::default() };
        let (mut bucket, mut owed) = (Bucket::default(), None);
        for (at, (files, sent)) in (0..).zip(&history) {
            let plan = bucket.plan_owing(files, &Edge::default(), &policy, at, owed.as_ref()).unwrap();
            if *sent > plan.uploads().len() {
                bucket.apply(&plan);
                (bucket.draft, owed) = (None, None);
                continue;
            }
            plan.uploads().iter().take(*sent).for_each(|upload| bucket.put(&upload.file));
            owed = Some(plan.invalidation().paths().cloned().collect());
            bucket.draft = plan.draft();
        }
        let plan = bucket.plan_owing(&last, &Edge::default(), &policy, 99, owed.as_ref()).unwrap();
        bucket.apply(&plan);
        let wanted: BTreeSet<_> = last.iter().map(|file| &file.key).collect();
        prop_assert_eq!(bucket.objects.keys().collect::<BTreeSet<_>>(), wanted);
    }
}
