//! A file too large for one request.

use aws_sdk_s3::types::ChecksumAlgorithm;
use cruddur_site::site::Sha256;

use crate::support::{Folder, faults::Fault};
use crate::world::{LOCK, World, each};

crate::on_every_account!(a_large_file_goes_up_in_parts, parts_that_cannot_be_looked_for_are_sent_again);

const MIB: usize = 1 << 20;

/// 20 MiB that nothing could compress.
fn video() -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(20);
    std::iter::repeat_with(|| random.u8(..)).take(20 * MIB).collect()
}

/// Given a file of 20 MiB, when it is published, then it goes up in two parts that S3 joins; published again it is known by
/// its entity tag and costs nothing; other headers are a copy.
async fn a_large_file_goes_up_in_parts(world: World) {
    let bytes = video();
    let build = Folder::site().file("video.mp4", &bytes);
    world.publish(&build).succeeds().await;

    let calls = world.calls();
    assert_eq!(calls.site_keys("CreateMultipartUpload"), ["video.mp4"]);
    assert_eq!(calls.site_keys("CompleteMultipartUpload"), ["video.mp4"]);
    assert!(!calls.site_keys("PutObject").contains(&"video.mp4"));
    // A part may be sent with its digest behind it, in a body that is a little longer.
    let mut parts: Vec<_> = calls.0.iter().filter(|call| call.operation == "UploadPart").collect();
    parts.sort_by_key(|part| part.length);
    let sizes: Vec<_> = parts.iter().map(|part| part.length as usize / MIB).collect();
    assert_eq!(sizes, [4, 16]);
    let stored = world.object("video.mp4").await;
    assert!(stored.body == bytes, "the video has other bytes");
    assert!(stored.etag.ends_with("-2"), "{}", stored.etag);
    assert_eq!(stored.headers.content_type.as_deref(), Some("video/mp4"));

    let again = world.publish(&build).succeeds().await;
    assert_eq!(again["plan"]["empty"], true);
    assert_eq!(world.calls().writes().len(), 0);

    world.configure("[[rules]]\nmatch = '*.mp4'\ncache-control = 'public, max-age=60'");
    let changed = world.publish(&build).succeeds().await;
    assert_eq!(each(&changed["plan"]["uploads"], "reason"), ["headers"]);
    let calls = world.calls();
    assert_eq!(calls.site_keys("CopyObject"), ["video.mp4"]);
    assert_eq!(calls.count("UploadPart"), 0);
    let stored = world.object("video.mp4").await;
    assert!(stored.body == bytes, "the copy has other bytes");
    assert_eq!(stored.headers.cache_control.as_deref(), Some("public, max-age=60"));

    // The copy may have another entity tag, being made in one piece.
    let again = world.publish(&build).succeeds().await;
    assert_eq!(again["plan"]["empty"], true, "{again:#}");
}

/// A publish of `video.mp4` that was killed between two parts, and another upload of its that nobody wants any more.
async fn killed_between_parts(world: &World, bytes: &[u8]) {
    let start = |key: &str| {
        let create = world.s3.create_multipart_upload().bucket(&world.bucket).key(format!("live/{key}"));
        // What the killed publish said of it is not what is to be said now.
        create.checksum_algorithm(ChecksumAlgorithm::Sha256).content_type("text/plain").send()
    };
    start("gone.mp4").await.unwrap();
    let begun = start("video.mp4").await.unwrap().upload_id.unwrap();
    let first = &bytes[..16 * MIB];
    let part = world.s3.upload_part().bucket(&world.bucket).key("live/video.mp4").upload_id(begun).part_number(1);
    let part = part.checksum_sha256(Sha256::of(first).base64()).body(first.to_vec().into());
    part.send().await.unwrap();
    world.put_state(LOCK, "what is no lock holds nobody back").await;
}

/// Checks that the video is there as the build has it, and nothing else of it.
async fn is_whole(world: &World, build: &Folder, bytes: &[u8]) {
    let stored = world.object("video.mp4").await;
    assert!(stored.body == bytes, "the video has other bytes");
    assert_eq!(stored.headers.content_type.as_deref(), Some("video/mp4"));
    let unfinished = world.s3.list_multipart_uploads().bucket(&world.bucket).send().await.unwrap();
    assert_eq!(unfinished.uploads(), []);

    let again = world.publish(build).succeeds().await;
    assert_eq!(again["plan"]["empty"], true, "{again:#}");
}

/// Given a publish that was killed between two parts, when the build is published, then only the missing part is sent, and
/// nothing unfinished is left.
///
/// Only in the local account: moto does not tell the digests of parts.
#[tokio::test]
async fn parts_that_had_arrived_are_not_sent_again() {
    let world = World::local("parts_that_had_arrived_are_not_sent_again").await;
    let bytes = video();
    let build = Folder::site().file("video.mp4", &bytes);
    killed_between_parts(&world, &bytes).await;

    world.publish(&build).succeeds().await;
    let calls = world.calls();
    let sent = calls.0.iter().filter(|call| call.operation == "UploadPart").map(|call| call.length as usize / MIB);
    assert_eq!(sent.collect::<Vec<_>>(), [4]);
    assert_eq!(calls.site_keys("AbortMultipartUpload"), ["gone.mp4"]);
    is_whole(&world, &build, &bytes).await;
}

/// Given the same, when the permission to look for parts is missing, then all of them are sent again.
async fn parts_that_cannot_be_looked_for_are_sent_again(world: World) {
    let bytes = video();
    let build = Folder::site().file("video.mp4", &bytes);
    killed_between_parts(&world, &bytes).await;
    world.proxy.inject(Fault::s3("ListParts", 403, "AccessDenied", "Access Denied"));

    let (status, published, told) = world.publish(&build).run().await;
    assert_eq!(status, Some(0), "{published:#}\n{told}");
    assert!(told.contains("s3:ListMultipartUploadParts"), "{told}");
    assert_eq!(world.calls().count("UploadPart"), 2);
    is_whole(&world, &build, &bytes).await;
}

/// Given more large files than go up at once, when their parts are held, then no more than eight files have begun: each that waited for
/// room would hold a connection, and be something to abort.
#[tokio::test]
async fn no_more_files_begin_than_there_is_room_for() {
    let world = World::local("no_more_files_begin").await;
    let films = (0..12).map(|n| format!("film-{n:02}.mp4"));
    // Of as little that is on a disk as a file system allows.
    let build = films.clone().fold(Folder::site(), |build, film| build.file(film, ""));
    for film in films {
        std::fs::File::options().write(true).open(build.join(film)).unwrap().set_len(17 * MIB as u64).unwrap();
    }
    let (fault, held) = Fault::hold("UploadPart");
    world.proxy.inject(fault);
    let begun = async {
        world.proxy.wait_for("UploadPart", "", 4, false).await;
        world.proxy.wait_for("CreateMultipartUpload", "", 8, true).await;
        let begun = world.proxy.seen("CreateMultipartUpload", "").len();
        held.release();
        begun
    };
    let (_, begun) = tokio::join!(world.publish(&build).succeeds(), begun);
    assert_eq!((begun, world.calls().count("CompleteMultipartUpload")), (8, 12));
}
