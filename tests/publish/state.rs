//! A manifest that cannot be used.

use std::io::Write;

use cruddur_site::release::{Lock, Manifest, lock};
use flate2::{Compression, write::GzEncoder};
use jiff::{SignedDuration, Timestamp};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::inside::session;
use crate::support::{Folder, faults::Fault};
use crate::world::{LOCK, MANIFEST, World, each, lock_of_bob};

crate::on_every_account!(
    a_damaged_manifest_is_made_anew,
    a_record_outlives_the_damage_of_its_manifest,
    a_record_without_its_manifest_is_what_is_there,
    the_manifest_of_a_newer_version_stops_the_publish,
);

/// Given a published site whose manifest is damaged, when it is published again, then the objects themselves are asked,
/// nothing is sent or deleted, and the manifest is whole again.
async fn a_damaged_manifest_is_made_anew(world: World) {
    let build = Folder::site();
    world.publish(&build).succeeds().await;
    let whole = world.manifest().await;
    world.put_state(MANIFEST, "no manifest").await;
    build.remove("favicon.svg");
    world.calls();

    let (status, published, told) = world.publish(&build).run().await;
    assert_eq!(status, Some(0), "{told}");
    assert!(told.contains("manifest is damaged"), "{told}");
    assert_eq!(published["result"]["uploaded"]["files"], 0);
    let calls = world.calls();
    assert_eq!(calls.site_keys("PutObject"), [""; 0]);
    assert_eq!(calls.site_keys("HeadObject").len(), 2);
    assert_eq!(calls.count("DeleteObjects"), 0);
    assert_eq!(calls.count("CreateInvalidation"), 0);

    let anew = world.manifest().await;
    let mut expected = whole.objects;
    expected.retain(|key, _| key.as_str() != "favicon.svg");
    assert_eq!(anew.objects, expected);
    // Nobody can tell any more whose it is.
    assert_eq!(published["plan"]["notes"], serde_json::json!([{ "kind": "foreign", "objects": 1 }]));
}

/// Given a first publish that was cut off between its record and its manifest, when the next one has another page of the same length and
/// is cut off before that, then the one after it sends the page.
async fn a_record_without_its_manifest_is_what_is_there(world: World) {
    let page = |title: &str| format!("<title>{title}</title><script src=/assets/app-BkXq7RzT.js></script>");
    let build = Folder::site().file("index.html", page("One"));
    world.publish(&build).succeeds().await;
    let first = world.manifest().await;
    world.s3.delete_object().bucket(&world.bucket).key(MANIFEST).send().await.unwrap();
    let lock = Lock { release: first.release.clone(), ..lock_of_bob(Timestamp::UNIX_EPOCH, Vec::new()) };
    world.put_state(LOCK, lock.encode()).await;

    build.write("index.html", page("Two"));
    let fault = Fault::s3("PutObject", 403, "AccessDenied", "Access Denied");
    world.proxy.inject(fault.at("live/index.html"));
    world.publish(&build).fails().await;
    world.proxy.clear();
    assert_eq!(world.object("index.html").await.body, page("One").as_bytes());
    let published = world.publish(&build).succeeds().await;
    assert_eq!(each(&published["plan"]["uploads"], "key"), ["index.html"]);
    assert_eq!(world.object("index.html").await.body, page("Two").as_bytes());
    assert_eq!(world.manifest().await.releases.len(), 2);
}

/// Given a damaged manifest, and the lock of the publish that wrote it, when its record is taken in its place, then that record stays
/// what it is.
async fn a_record_outlives_the_damage_of_its_manifest(world: World) {
    let build = Folder::site();
    world.publish(&build).succeeds().await;
    let whole = world.manifest().await;
    let record = format!(".cruddur-site/live/releases/{}.json.gz", whole.release);
    world.put_state(MANIFEST, "no manifest").await;
    let lock = Lock { release: whole.release.clone(), ..lock_of_bob(Timestamp::UNIX_EPOCH, Vec::new()) };
    world.put_state(LOCK, lock.encode()).await;
    build.write("index.html", "<title>New</title>");

    let published = world.publish(&build).succeeds().await;
    assert_eq!(published["result"]["uploaded"]["files"], 1);
    assert_eq!(Manifest::decode(&world.bytes(&record).await), Ok(whole));
}

/// Given a site published by a newer version, when this one would publish, then it stops before it changes anything.
async fn the_manifest_of_a_newer_version_stops_the_publish(world: World) {
    let build = Folder::site();
    world.publish(&build).succeeds().await;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(br#"{"format": 2, "pages": {}}"#).unwrap();
    world.put_state(MANIFEST, gzip.finish().unwrap()).await;
    build.write("index.html", "<title>New</title>");
    let before = world.versions().await;

    let error = world.publish(&build).fails().await;
    assert_eq!(error["kind"], "config", "{error}");
    assert!(error["next"].as_str().unwrap().contains("update cruddur-site"), "{error}");
    assert_eq!(world.versions().await, before);
}

/// Given a lock that is longer than any, though it says that it holds, when the site is published, then it holds nobody back: not all
/// of it is read.
#[tokio::test]
async fn a_lock_that_is_longer_than_any_is_none() {
    let world = World::local("a_lock_that_is_longer").await;
    let build = Folder::site();
    let expires = Timestamp::now() + SignedDuration::from_hours(1);
    let lock = |paths: usize| lock_of_bob(expires, vec![format!("/{}", "x".repeat(1023)); paths]);
    let most = usize::try_from(lock::MAX_BYTES).unwrap() / 1024;
    world.put_state(LOCK, lock(most - 1000).encode()).await;
    let refused = world.publish(&build).flags(["--lock-wait", "0"]).fails().await;
    assert_eq!(refused["kind"], "rival", "{refused}");
    world.put_state(LOCK, lock(most).encode()).await;
    world.publish(&build).flags(["--lock-wait", "0"]).succeeds().await;
}

/// Given an answer without an end and without a length, when a state object is read, then it is read as far as it may be, and the
/// connection ended; an answer with a length that is too long is not read at all.
#[tokio::test]
async fn no_more_of_a_state_object_is_read_than_there_can_be() {
    for head in ["transfer-encoding: chunked", "content-length: 1000000000000"] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let endless = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(stream.read_u8().await.unwrap());
            }
            let head = format!("HTTP/1.1 200 OK\r\netag: \"a\"\r\n{head}\r\n\r\n");
            stream.write_all(head.as_bytes()).await.unwrap();
            let piece = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
            let mut sent = 0;
            while stream.write_all(piece.as_bytes()).await.is_ok() {
                sent += piece.len();
            }
            sent
        });
        let session = session(&url, "bucket", "live", "ann").await;
        let state = session.bucket.read_state("manifest.json.gz", 1 << 20).await.unwrap().unwrap();
        assert_eq!((state.bytes, &*state.etag.to_string()), (None, "a"), "{head}");
        drop(session);
        // What was not read is in the buffers of the connection.
        let sent = endless.await.unwrap();
        assert!(sent < 32 << 20, "{sent} bytes were taken: {head}");
    }
}
