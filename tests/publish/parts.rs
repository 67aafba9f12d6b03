//! A file too large for one request.

use crate::support::Folder;
use crate::world::{World, each};

crate::on_every_account!(a_large_file_goes_up_in_parts);

const MIB: usize = 1 << 20;

/// Given a file of 20 MiB, when it is published, then it goes up in two parts that S3 joins; published again it is known by
/// its entity tag and costs nothing; other headers are a copy.
async fn a_large_file_goes_up_in_parts(world: World) {
    let mut random = fastrand::Rng::with_seed(20);
    let bytes: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(20 * MIB).collect();
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
