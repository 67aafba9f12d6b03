//! Clocks that are wrong, buckets that keep no versions, and much that is not ours.

use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use cruddur_site::{aws::Aws, error::ErrorKind, publish::observe};
use futures::StreamExt as _;
use jiff::{SignedDuration, Timestamp};
use std::{sync::Arc, time::Duration};

use crate::{
    inside::{connection, session},
    support::Folder,
    world::{LOCK, MANIFEST, World, each, lock_of_bob},
};

crate::on_every_account!(
    a_bucket_with_suspended_versions_is_published_to,
    a_manifest_that_was_deleted_is_made_anew,
    foreign_objects_beside_the_prefix_are_not_even_listed,
);

/// Given a lock of somebody whose clock is right, when our clock is an hour ahead or behind, then the lock holds as long as
/// it holds, by the clock of the store.
#[tokio::test]
async fn a_lock_is_judged_by_the_clock_of_the_store() {
    let world = World::local("a_lock_is_judged").await;
    let lock = |seconds: i64| lock_of_bob(Timestamp::now() + SignedDuration::from_secs(seconds), Vec::new());
    for hours in [-1, 0, 1] {
        let aws = Aws::connect(&connection(world.endpoint())).await;
        let mut session = session(world.endpoint(), &world.bucket, "live", "ann").await;
        session.bucket = aws.bucket(&world.bucket, "live", None);
        session.lock_patience = Duration::ZERO;
        session.world.now = Arc::new(aws.clock(move || Timestamp::now() + SignedDuration::from_hours(hours)));
        for (left, holds) in [(40, true), (-20, false)] {
            world.put_state(LOCK, lock(left).encode()).await;
            let observed = observe(&session).await;
            let refused = observed.as_ref().err().map(|error| error.kind());
            assert_eq!(refused, holds.then_some(ErrorKind::Rival), "{hours} h, {left} s left");
        }
    }
}

/// Given a bucket whose versioning is suspended, when a site is published, changed and cut down, then all is as in any other.
async fn a_bucket_with_suspended_versions_is_published_to(world: World) {
    let suspended = VersioningConfiguration::builder().status(BucketVersioningStatus::Suspended).build();
    let suspend = world.s3.put_bucket_versioning().bucket(&world.bucket).versioning_configuration(suspended);
    suspend.send().await.unwrap();
    let build = Folder::site().file("old.html", "<title>Old</title>");
    world.publish(&build).succeeds().await;
    build.write("index.html", "<title>New</title><script src=/assets/app-BkXq7RzT.js></script>");
    build.remove("old.html");
    let changed = world.publish(&build).succeeds().await;
    assert_eq!(each(&changed["plan"]["uploads"], "key"), ["index.html"]);
    assert_eq!(world.keys("live/").await, ["assets/app-BkXq7RzT.js", "favicon.svg", "index.html"]);
    assert_eq!(world.publish(&build).succeeds().await["plan"]["empty"], true);
}

/// Given a published site whose manifest somebody deleted, when it is published again, then nothing is sent or deleted, and
/// there is a manifest again.
async fn a_manifest_that_was_deleted_is_made_anew(world: World) {
    let build = Folder::site();
    world.publish(&build).succeeds().await;
    let whole = world.manifest().await;
    world.s3.delete_object().bucket(&world.bucket).key(MANIFEST).send().await.unwrap();
    world.calls();
    let again = world.publish(&build).succeeds().await;
    assert_eq!(again["result"]["uploaded"]["files"], 0);
    let calls = world.calls();
    assert_eq!((calls.site_keys("PutObject").len(), calls.count("DeleteObjects")), (0, 0));
    assert_eq!(world.manifest().await.objects, whole.objects);
}

/// Puts so many objects of others beside the site.
async fn crowd(world: &World, objects: usize) {
    let put = |n: usize| {
        let put = world.s3.put_object().bucket(&world.bucket).key(format!("logs/{n}")).body(Vec::new().into());
        async move { drop(put.send().await.unwrap()) }
    };
    futures::stream::iter((0..objects).map(put)).buffer_unordered(32).collect::<Vec<()>>().await;
}

/// Checks that a publish among the objects that `crowd` puts beside the site asks what it would ask without them.
async fn published_in_a_crowd(world: &World, crowd: impl AsyncFnOnce()) {
    let build = Folder::site().file("about.html", "<title>About</title>");
    world.publish(&build).succeeds().await;
    let asked = async |text: &str| {
        build.write("about.html", text);
        world.long_after().await;
        world.calls();
        world.publish(&build).flags(["--delete-foreign"]).succeeds().await;
        let calls = world.calls();
        let mut counts = calls.counts();
        // As often as the edges take their time.
        counts.remove("GetInvalidation");
        (calls, counts)
    };
    let (_, alone) = asked("<title>Alone</title>").await;
    crowd().await;
    let (calls, among_others) = asked("<title>Not alone</title>").await;
    assert_eq!(among_others, alone);
    let lists: Vec<_> = calls.0.iter().filter(|call| call.operation == "ListObjectsV2").collect();
    assert!(lists.iter().all(|list| list.path.contains("prefix=live%2F")), "{lists:?}");
}

/// Given a bucket with more objects of others beside the served prefix than a listing page holds, when the site is published,
/// then they are neither listed nor touched.
async fn foreign_objects_beside_the_prefix_are_not_even_listed(world: World) {
    published_in_a_crowd(&world, async || crowd(&world, 1200).await).await;
    assert_eq!(world.keys("logs/").await.len(), 1200);
}

/// As above, with 100,000 before the prefix in the order of keys and as many behind it, written into the account's index.
#[tokio::test]
async fn a_hundred_thousand_foreign_objects_are_not_even_listed() {
    let world = World::local("a_hundred_thousand").await;
    let index = world.account.as_ref().unwrap().folder().join("account.db");
    let index = rusqlite::Connection::open(index).unwrap();
    index.busy_timeout(Duration::from_secs(30)).unwrap();
    // Their number, and what changes with each write.
    let theirs = || {
        let select = "SELECT count(*), sum(sequence), sum(is_latest) FROM versions WHERE key GLOB 'archive/*' OR key GLOB 'logs/*'";
        let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        index.query_row::<(i64, i64, i64), _, _>(select, [], row).unwrap()
    };
    let mut before = None;
    published_in_a_crowd(&world, async || {
        for folder in ["archive", "logs"] {
            let key = format!("{folder}/0");
            world.put_state(&key, "somebody else's").await;
            let copies = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 99999) \
                 INSERT INTO versions (bucket, key, version_id, is_latest, delete_marker, size, etag, blob, checksum, headers, \
                 expires, modified, encryption) SELECT bucket, rtrim(key, '0') || n, version_id || n, is_latest, delete_marker, \
                 size, etag, blob, checksum, headers, expires, modified, encryption FROM versions, numbers WHERE key = ?1";
            assert_eq!(index.execute(copies, [&key]).unwrap(), 99_999);
        }
        before = Some(theirs());
    })
    .await;
    let list = world.s3.list_objects_v2().bucket(&world.bucket).prefix("logs/").start_after("logs/99998").send().await;
    assert_eq!(list.unwrap().contents().iter().map(|object| object.key().unwrap()).collect::<Vec<_>>(), ["logs/99999"]);
    assert_eq!(before, Some(theirs()));
    assert_eq!(theirs().0, 200_000);
}
