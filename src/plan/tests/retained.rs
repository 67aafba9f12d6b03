//! How long what is content-hashed stays for open tabs.

use super::*;

fn chunk(n: u8) -> Arc<SiteFile> {
    file(&format!("static/js/{n}.0a1b2c3{n}.js"), FileClass::Immutable, n, 0)
}

/// A page and the chunk that it names.
fn release(n: u8) -> [Arc<SiteFile>; 2] {
    [page("index.html", n), chunk(n)]
}

/// Only the number of releases decides.
fn keeping_two() -> Policy {
    Policy { retention: Retention { days: 0, releases: 2 }, ..Policy::default() }
}

/// A site in its second release: the chunk of the first stays for open tabs.
fn in_its_second_release() -> Bucket {
    let mut bucket = published(&release(1));
    let plan = bucket.plan(&release(2), &Edge::default(), &keeping_two(), 1).unwrap();
    bucket.apply(&plan);
    assert!(bucket.objects.contains_key(&chunk(1).key));
    bucket
}

#[test]
fn content_hashed_files_outlive_the_release_that_named_them() {
    let mut bucket = published(&release(1));
    let mut deleted = Vec::new();
    for (n, at) in [(2, 10), (3, 20), (4, 30), (5, 60)] {
        let plan = bucket.plan(&release(n), &Edge::default(), &Policy::default(), at).unwrap();
        deleted.extend(plan.removals().iter().map(|removal| (at, removal.key.to_string(), removal.reason)));
        bucket.apply(&plan);
    }
    // Chunk 1 was superseded on day 10, chunk 2 on day 20, chunk 3 on day 30 but the release before the last named it.
    let gone = |n: u8| (60, chunk(n).key.to_string(), Gone::Expired);
    assert_eq!(deleted, [gone(1), gone(2)]);
}

#[test]
fn ending_a_publish_that_was_cut_off_ages_nothing() {
    let mut bucket = published(&release(1));
    let files = release(2);
    let policy = keeping_two();
    let owed = BTreeSet::from(["/index.html".to_owned()]);
    for at in 1..5 {
        let plan = bucket.plan_owing(&files, &Edge::default(), &policy, at, Some(&owed)).unwrap();
        assert_eq!((plan.removals().len(), plan.retained().files), (0, 1));
        assert_eq!(manifest_of(&plan).releases.len(), 2);
        bucket.apply(&plan);
    }
}

#[test]
fn only_a_site_that_becomes_another_is_a_release() {
    let reworded = [file("index.html", FileClass::Page, 2, 1), chunk(2)];
    // What has happened to the site since its second release, what is published now, and whether that is a third.
    type Row<'a> = (&'a str, fn(&mut Bucket), &'a [Arc<SiteFile>], bool);
    let table: [Row<'_>; 9] = [
        ("nothing", |_| {}, &release(3), true),
        ("only headers change", |_| {}, &reworded, true),
        ("a return", |_| {}, &release(1), true),
        ("a file less", |_| {}, &release(2)[..1], true),
        (
            "cut off before its manifest",
            |bucket| release(3).iter().for_each(|file| bucket.put(file)),
            &release(3),
            true,
        ),
        ("cut off, then given up", |bucket| release(3).iter().for_each(|file| bucket.put(file)), &release(2), false),
        ("a return that was cut off, given up", |bucket| bucket.put(&page("index.html", 1)), &release(2), false),
        ("edited by hand", |bucket| bucket.put(&page("index.html", 9)), &release(2), false),
        ("deleted by hand", |bucket| drop(bucket.objects.remove(&key("index.html"))), &release(2), false),
    ];
    for (what, happens, files, is_one) in table {
        let mut bucket = in_its_second_release();
        happens(&mut bucket);
        let plan = bucket.plan(files, &Edge::default(), &keeping_two(), 2).unwrap();
        assert!(!plan.is_empty(), "{what}");
        assert_eq!(manifest_of(&plan).releases.len(), if is_one { 3 } else { 2 }, "{what}");
        // The third release is the second without the chunk of the first, unless it is that.
        let goes = is_one && files != release(1);
        assert_eq!(plan.removals().iter().any(|removal| removal.key == chunk(1).key), goes, "{what}");
    }
}

#[test]
fn a_lost_manifest_begins_the_history_anew_and_takes_nothing_away() {
    let mut bucket = in_its_second_release();
    bucket.manifest = None;
    let plan = bucket.plan(&release(2), &Edge::default(), &keeping_two(), 2).unwrap();
    assert_eq!((manifest_of(&plan).releases.len(), plan.removals().len(), plan.uploads().len()), (1, 0, 0));
    assert!(!plan.is_empty());
}
