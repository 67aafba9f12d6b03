//! What a publish costs for each file: counted in allocations and bytes, never in seconds. Its requests are counted where it is
//! published (`tests/publish/many.rs`, `unchanged.rs`, `changes.rs`).

mod counting;
#[path = "../support/site.rs"]
#[allow(dead_code)]
mod site;

use std::sync::{Arc, atomic::AtomicBool};

use cruddur_site::{
    plan::{self, Inputs, Listed, Plan, Policy, Remote, Stored},
    publish::progress::Silent,
    release::{Manifest, ReleaseId},
    site::{Rules, SiteFile, read::read, walk::WalkOptions},
};
use jiff::Timestamp;

use counting::{Counting, Spent, count};
use site::Folder;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn build(files: usize) -> Folder {
    (1..files).fold(Folder::new().file("index.html", "<title>Many</title>"), |build, n| {
        build.file(format!("{:02}/page-{n:05}.html", n % 50), format!("<title>{n}</title>"))
    })
}

fn files_of(build: &Folder) -> Vec<Arc<SiteFile>> {
    let never = AtomicBool::new(false);
    read(build.path(), &WalkOptions::default(), &Rules::default(), &Silent, &never).unwrap().files
}

fn plan(files: Vec<Arc<SiteFile>>, remote: &Remote) -> Plan {
    let now: Timestamp = "2026-11-21T06:30:00Z".parse().unwrap();
    let policy = Policy::default();
    plan::build(Inputs { files, remote, edge: None, policy: &policy, owed: None, release: ReleaseId::new(now, 7), now })
        .unwrap()
}

/// What the steps of a publish take, by their names: of a first release, and of the same once more.
fn steps(build: &Folder) -> Vec<(&'static str, Spent)> {
    let (files, reading) = count(|| files_of(build));
    let nothing = Remote::default();
    let (first, planning) = count(|| plan(files.clone(), &nothing));
    let stored = first.uploads().iter().map(|upload| {
        let etag = upload.file.sha256.hex()[..32].to_owned();
        (upload.file.key.clone(), Stored { etag: etag.into(), version: None })
    });
    let stored = stored.collect();
    let (bytes, recording) = count(|| first.manifest(&stored).encode());

    let (manifest, remembering) = count(|| Manifest::decode(&bytes).unwrap());
    let listed = manifest.objects.iter().map(|(key, object)| Listed {
        key: key.clone(),
        size: object.size,
        etag: object.etag.clone(),
        modified: None,
    });
    let listing: Vec<Listed> = listed.collect();
    let (again, comparing) = count(|| {
        let remote = Remote::new(listing, Some(manifest), None, false);
        plan(files, &remote)
    });
    assert!(again.is_empty());
    vec![
        ("reading", reading),
        ("planning", planning),
        ("recording", recording),
        ("remembering", remembering),
        ("comparing", comparing),
    ]
}

/// One more file costs no more than this. Where a change makes it cost less, the number here falls with it; where it must cost more,
/// this is the place to say why.
#[test]
fn one_more_file_costs_little() {
    // Allocations, and bytes at the peak.
    let most = [
        ("reading", 18, 750),
        ("planning", 1, 170),
        ("recording", 3, 200),
        ("remembering", 4, 260),
        ("comparing", 1, 80),
    ];
    const FEW: usize = 6_000;
    const MANY: usize = 10_000;
    let (few, many) = (steps(&build(FEW)), steps(&build(MANY)));
    let for_one = |few: u64, many: u64| many.saturating_sub(few) as f64 / (MANY - FEW) as f64;
    let mut too_much = Vec::new();
    for ((few, many), (step, allocations, bytes)) in few.iter().zip(&many).zip(most) {
        assert_eq!((few.0, many.0), (step, step));
        let one = (for_one(few.1.allocations, many.1.allocations), for_one(few.1.peak, many.1.peak));
        println!("{step}: {:.1} allocations, {:.0} bytes", one.0, one.1);
        if one.0 > f64::from(allocations) || one.1 > f64::from(bytes) {
            too_much.push(step);
        }
    }
    assert!(too_much.is_empty(), "one more file costs more than before: {too_much:?}");
}
