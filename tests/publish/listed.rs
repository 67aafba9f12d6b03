//! Listing a bucket in pages that are asked for at once, before anything is known of it.

use std::{
    future::{pending, ready},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use cruddur_site::{
    error::ErrorKind,
    publish::{Borders, Event, Progress, Session, observe, observe_for},
    site::ObjectKey,
};
use futures::StreamExt as _;

use crate::inside::{files_of, publish, session};
use crate::support::{Folder, faults::Fault};
use crate::world::World;

crate::on_every_account!(
    wherever_a_listing_is_cut_it_is_the_whole_bucket,
    pages_are_asked_for_beside_the_manifest,
    what_a_rival_publishes_after_the_listing_is_seen,
    a_page_full_of_state_is_not_the_whole_listing,
);

/// Counts what is listed: in a map, an object that was found twice would not be seen.
#[derive(Default)]
struct Count(AtomicUsize);

impl Progress for Count {
    fn event(&self, event: Event<'_>) {
        if let Event::Listed(objects) = event {
            self.0.store(objects, Ordering::Relaxed);
        }
    }
}

fn keys(names: impl IntoIterator<Item = impl AsRef<str>>) -> Vec<ObjectKey> {
    names.into_iter().map(|name| ObjectKey::new(name.as_ref().to_owned()).unwrap()).collect()
}

fn every(files: usize, keys: &[ObjectKey]) -> Borders {
    Borders::every(files, &keys.iter().collect::<Vec<_>>())
}

async fn put_all(world: &World, keys: impl Iterator<Item = String>) {
    let put = |key: String| world.s3.put_object().bucket(&world.bucket).key(key).send();
    futures::stream::iter(keys.map(put)).buffer_unordered(32).for_each(async |put| drop(put.unwrap())).await;
}

/// A session whose requests pass the world's proxy.
async fn watched(world: &World) -> Session {
    session(world.proxy.url(), &world.bucket, "live", "ann").await
}

/// Given a bucket of 1,100 objects, when it is listed in ranges between keys of some build, be they many or few, in the bucket or not,
/// near each other or far apart, then every object is found once, as by a listing from page to page.
async fn wherever_a_listing_is_cut_it_is_the_whole_bucket(world: World) {
    put_all(&world, (0..1100).map(|n| format!("live/{n:04}.html"))).await;
    let count = Arc::new(Count::default());
    let mut session = watched(&world).await;
    session.progress = count.clone();
    let whole = observe(&session).await.unwrap().remote.objects;
    assert_eq!(whole.len(), 1100);
    let numbered = |numbers: &mut dyn Iterator<Item = usize>| keys(numbers.map(|n| format!("{n:04}.html")));
    let builds = [
        ("as the bucket is", 530, numbered(&mut (0..1100))),
        ("a page and the rest", 1000, numbered(&mut (0..1100))),
        ("a page and one", 1001, numbered(&mut (0..1100))),
        ("half of it", 500, numbered(&mut (0..1100).step_by(2))),
        ("more borders than are asked for at once", 3, numbered(&mut (0..100))),
        ("only the first", 1, keys(["0000.html"])),
        ("only the last", 1, keys(["1099.html"])),
        ("what is not there", 1, keys(["!", "0999.html!", "0999.html\"", "zzz"])),
    ];
    for (what, files, keys) in &builds {
        let observed = observe_for(&session, ready(every(*files, keys))).await.unwrap();
        assert_eq!(observed.remote.objects, whole, "{what}");
        assert_eq!(count.0.load(Ordering::Relaxed), 1100, "{what}");
    }
    let still_being_read = observe_for(&session, pending()).await.unwrap();
    assert_eq!(still_being_read.remote.objects, whole);
}

/// Given a manifest and a lock that keep us waiting, when the build tells its borders, then all ranges between them are asked for.
async fn pages_are_asked_for_beside_the_manifest(world: World) {
    let (fault, held) = Fault::hold("GetObject");
    world.proxy.inject(fault);
    let session = watched(&world).await;
    let keys = keys(["a", "b", "c"]);
    let observing = observe_for(&session, ready(every(1, &keys)));
    let meanwhile = async {
        for border in ["a", "b", "c"] {
            world.proxy.wait_for("ListObjectsV2", &format!("start-after=live%2F{border}"), 1, true).await;
        }
        held.release();
    };
    let (observed, ()) = tokio::join!(observing, meanwhile);
    observed.unwrap();
    assert_eq!(world.proxy.seen("ListObjectsV2", "").len(), 4);
}

/// Given a publish that has listed the bucket but has yet to see the manifest and the lock, when somebody else publishes, then what they
/// sent is seen.
async fn what_a_rival_publishes_after_the_listing_is_seen(world: World) {
    let build = Folder::site();
    let bob = session(world.endpoint(), &world.bucket, "live", "bob").await;
    publish(&bob, &files_of(&build)).await.unwrap();
    world.long_after().await;

    let (fault, held) = Fault::hold("GetObject");
    world.proxy.inject(fault);
    let ann = watched(&world).await;
    let ours = keys(["assets/app-BkXq7RzT.js", "favicon.svg", "index.html"]);
    let observing = observe_for(&ann, ready(every(1, &ours)));
    let rival = async {
        world.proxy.wait_for("ListObjectsV2", "", 4, true).await;
        build.write("bobs.html", "<title>Bob's</title>");
        publish(&bob, &files_of(&build)).await.unwrap();
        held.release();
    };
    // Without optimisation both together are too large for a thread's stack.
    let (observed, ()) = tokio::join!(Box::pin(observing), Box::pin(rival));
    let there: Vec<_> = observed.unwrap().remote.objects.into_keys().map(|key| key.to_string()).collect();
    assert_eq!(there, ["assets/app-BkXq7RzT.js", "bobs.html", "favicon.svg", "index.html"]);
}

/// Given a site at the root of a bucket with more state objects of other sites than a listing page holds, when it is published again,
/// then it is known as it is, though no object of its own is on the first page.
async fn a_page_full_of_state_is_not_the_whole_listing(world: World) {
    put_all(&world, (0..1001).map(|n| format!(".cruddur-site/previews%2F{n}/lock.json"))).await;
    let session = session(world.endpoint(), &world.bucket, "", "ann").await;
    let build = Folder::site();
    publish(&session, &files_of(&build)).await.unwrap();
    let observed = observe(&session).await.unwrap();
    let known = observed.remote.objects.iter().map(|(key, object)| (key.as_str(), object.known.is_some()));
    let known: Vec<_> = known.collect();
    assert_eq!(known, [("assets/app-BkXq7RzT.js", true), ("favicon.svg", true), ("index.html", true)]);
}

/// A page of a listing: what is on it, and what comes after it.
fn page(objects: &[&str], more: &str) -> String {
    let objects = objects.iter().map(|key| {
        let rest = "<LastModified>2026-11-21T06:30:00.000Z</LastModified><ETag>&quot;0123456789abcdef0123456789abcdef&quot;</ETag>";
        format!("<Contents><Key>live/{key}</Key>{rest}<Size>1</Size></Contents>")
    });
    let (objects, truncated) = (objects.collect::<String>(), !more.is_empty());
    format!("<ListBucketResult><IsTruncated>{truncated}</IsTruncated>{more}{objects}</ListBucketResult>")
}

/// Given a bucket in which so much was deleted that a page of its listing is empty, when it is observed, then what is on the page after
/// that is seen.
#[tokio::test]
async fn an_empty_page_is_not_the_last() {
    let world = World::local("an_empty_page").await;
    let token = "<NextContinuationToken>on</NextContinuationToken>";
    world.proxy.inject(Fault::answer("ListObjectsV2", 200, page(&[], token)).times(2));
    world.proxy.inject(Fault::answer("ListObjectsV2", 200, page(&["a.html"], "")));
    let objects = observe(&watched(&world).await).await.unwrap().remote.objects;
    assert_eq!(objects.into_keys().map(|key| key.to_string()).collect::<Vec<_>>(), ["a.html"]);
    let tokens = world.proxy.seen("ListObjectsV2", "continuation-token=on").len();
    assert_eq!((tokens, world.proxy.seen("ListObjectsV2", "prefix=live").len()), (2, 3));
}

/// Given a store that begins anew with every page of a listing, when it is observed, then that is an error, not a publish without end.
#[tokio::test]
async fn a_store_that_lists_in_a_circle_is_told() {
    let world = World::local("in_a_circle").await;
    let token = "<NextContinuationToken>on</NextContinuationToken>";
    world.proxy.inject(Fault::answer("ListObjectsV2", 200, page(&["a.html", "b.html"], token)));
    let error = observe(&watched(&world).await).await.unwrap_err();
    assert_eq!((error.kind(), error.what().ends_with("in a circle")), (ErrorKind::Service, true), "{error}");
}
