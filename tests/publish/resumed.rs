//! A publish that is cut off at every point there is.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use cruddur_site::release::Lock;
use jiff::Timestamp;
use tokio::sync::Notify;

use crate::{
    inside::{files_of, publish, session},
    support::{Folder, faults::Fault},
    world::World,
};

/// Given a build of so many files, when its publish is killed at its first, second, third ... request that writes, once
/// before that request reaches S3 and once after, then the next publish sends nothing that had arrived, and the bucket is
/// as if the first had never been killed.
async fn cut_off_everywhere(story: &str, files: usize) {
    let world = World::local(story).await;
    let page = |n: usize| format!("<title>{n}</title><img src=/{n}.svg>");
    let build = (1..files / 2).fold(Folder::new().file("index.html", page(0)).file("0.svg", "<svg/>"), |build, n| {
        build.file(format!("{n}.html"), page(n)).file(format!("{n}.svg"), format!("<svg id='{n}'/>"))
    });
    let files = files_of(&build);
    let expected: BTreeMap<String, String> =
        files.iter().map(|file| (file.key.to_string(), file.sha256.base64())).collect();
    // The lock, the files, the record, the manifest, the lock again.
    let last = files.len() + 3;
    let mut points = BTreeSet::new();
    for at in 0..=last {
        for reaches in [false, true] {
            let prefix = format!("{at}-{reaches}");
            let mut session = session(world.proxy.url(), &world.bucket, &prefix, "ann").await;
            session.concurrency = 1;
            let killed = Arc::new(Notify::new());
            world.proxy.inject(Fault::killed_write(reaches, killed.clone()).after(at).times(1));
            tokio::select! {
                // In one task, so that all of it is dropped.
                ended = publish(&session, &files) => panic!("{prefix} was not killed: {ended:?}"),
                () = killed.notified() => {}
            }
            world.proxy.clear();
            give_up_for_the_dead(&world, &prefix).await;

            let arrived = world.keys(&format!("{prefix}/")).await;
            points.insert(arrived.len());
            let again = publish(&session, &files).await.unwrap_or_else(|error| panic!("{prefix}: {error}"));
            let calls = world.calls();
            let sent = calls.0.iter().filter(|call| call.operation == "PutObject");
            let sent: BTreeSet<_> = sent.filter_map(|call| call.key.strip_prefix(&format!("{prefix}/"))).collect();
            let both: Vec<_> = arrived.iter().filter(|key| sent.contains(key.as_str())).collect();
            assert_eq!((both, sent.len()), (vec![], files.len() - arrived.len()), "{prefix}");
            assert_eq!(again.uploaded.files as usize, sent.len(), "{prefix}");
            assert_eq!(stored(&world, &prefix).await, expected, "{prefix}");
            let state = world.keys(&format!(".cruddur-site/{}/", prefix.replace('-', "%2D"))).await;
            assert!(state.contains(&"manifest.json.gz".to_owned()), "{prefix}: {state:?}");
            assert!(!state.contains(&"lock.json".to_owned()), "{prefix}: {state:?}");
        }
    }
    assert_eq!(points, (0..=files.len()).collect());
}

/// A lock runs out by itself; the test moves the clock for it.
async fn give_up_for_the_dead(world: &World, prefix: &str) {
    let key = format!(".cruddur-site/{}/lock.json", prefix.replace('-', "%2D"));
    if world.keys(&key).await == [""] {
        let lock = Lock::decode(&world.bytes(&key).await).unwrap();
        world.put_state(&key, lock.given_up(Timestamp::now()).encode()).await;
    }
}

/// What is stored below a prefix: each object once, with its SHA-256.
async fn stored(world: &World, prefix: &str) -> BTreeMap<String, String> {
    let folder = format!("{prefix}/");
    let list = world.s3.list_object_versions().bucket(&world.bucket).prefix(&folder).send().await.unwrap();
    assert_eq!(list.delete_markers(), []);
    let mut stored = BTreeMap::new();
    for version in list.versions() {
        let key = version.key().unwrap();
        let head = world.s3.head_object().bucket(&world.bucket).key(key);
        let head = head.checksum_mode(aws_sdk_s3::types::ChecksumMode::Enabled).send().await.unwrap();
        let twice = stored.insert(key[folder.len()..].to_owned(), head.checksum_sha256.unwrap());
        assert_eq!(twice, None, "{key} was written twice");
    }
    stored
}

#[tokio::test]
async fn nothing_is_sent_twice_wherever_a_publish_was_cut_off() {
    cut_off_everywhere("nothing_is_sent_twice", 20).await;
}

/// As above, for 200 files: minutes.
#[tokio::test]
#[ignore = "takes minutes"]
async fn nothing_is_sent_twice_wherever_a_publish_of_200_files_was_cut_off() {
    cut_off_everywhere("nothing_of_200_is_sent_twice", 200).await;
}
