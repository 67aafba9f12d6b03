//! Answers that are lost: what was asked is done, and asked again.

use crate::support::{Folder, faults::Fault};
use crate::world::{LOCK, MANIFEST, World};

crate::on_every_account!(a_lost_answer_is_no_rival);

/// Given a published site, when a write is carried out and its answer is lost, then the second try is not taken for
/// somebody else's, whichever write it is.
async fn a_lost_answer_is_no_rival(world: World) {
    let build = Folder::site();
    world.publish(&build).succeeds().await;
    for (round, (part, key)) in [
        ("lock", LOCK),
        ("manifest", MANIFEST),
        ("record", ""),
        ("page", "live/index.html"),
        ("image", "live/favicon.svg"),
    ]
    .into_iter()
    .enumerate()
    {
        build.write("index.html", format!("<title>{round}</title><script src=/assets/app-BkXq7RzT.js></script>"));
        world.configure(&format!("[[rules]]\nmatch = '*.svg'\ncache-control = 'max-age={round}'"));
        let fault = Fault::lost_write().times(1);
        world.proxy.inject(if key.is_empty() { fault.of("/releases/") } else { fault.at(key) });

        world.calls();
        let published = world.publish(&build).succeeds().await;
        let calls = world.calls();
        let tries = calls.0.iter().filter(|call| {
            call.writes() && if key.is_empty() { call.key.contains("/releases/") } else { call.key == key }
        });
        assert!(tries.count() > 1, "{part} was not tried again");
        world.proxy.clear();
        assert_eq!(
            (&published["plan"]["notes"], &published["result"]["headersChanged"]),
            (&serde_json::json!([]), &1.into())
        );
        assert_eq!(world.object("index.html").await.body, std::fs::read(build.join("index.html")).unwrap(), "{part}");
        assert!(world.lock_has_ended().await, "{part}");
        let again = world.publish(&build).succeeds().await;
        assert_eq!(again["plan"]["empty"], true, "{part}");
    }
}

/// Given a published video in parts, when the answer to the copy that sets its headers is lost, then the second try finds
/// another entity tag and knows it for our own; when it is the answer to the joining of its parts, the upload is gone, and
/// the video there.
///
/// Only in the local account: moto compares no entity tag of a copy's source.
#[tokio::test]
async fn a_lost_answer_to_an_upload_in_parts_is_known_by_the_object() {
    let world = World::local("a_lost_answer_to_an_upload").await;
    let video: Vec<u8> = (0..20u32 << 20).map(|at| (at % 251) as u8 ^ (at >> 20) as u8).collect();
    let build = Folder::site().file("video.mp4", &video);
    world.proxy.inject(Fault::lost("CompleteMultipartUpload").times(1));
    world.publish(&build).succeeds().await;
    let calls = world.calls();
    assert_eq!((calls.count("UploadPart"), calls.count("ListMultipartUploads")), (2, 0));
    assert!(world.object("video.mp4").await.body == video);

    world.configure("[[rules]]\nmatch = '*.mp4'\ncache-control = 'max-age=60'");
    world.proxy.inject(Fault::lost("CopyObject").times(1));
    world.publish(&build).succeeds().await;
    let calls = world.calls();
    assert_eq!((calls.count("CopyObject"), calls.count("UploadPart")), (2, 0));
    assert_eq!(world.object("video.mp4").await.headers.cache_control.as_deref(), Some("max-age=60"));
    assert_eq!(world.publish(&build).succeeds().await["plan"]["empty"], true);
}

/// Given a video, when the answer is lost that would have named its upload, then the upload that nobody knows of is given up; and
/// where nobody may look for it, the publish goes well all the same.
#[tokio::test]
async fn an_upload_whose_name_was_lost_is_given_up() {
    let world = World::local("an_upload_whose_name").await;
    let build = Folder::site();
    for (may_look, left) in [(true, 0), (false, 1)] {
        build.write("video.mp4", vec![u8::from(may_look); 20 << 20]);
        world.proxy.inject(Fault::lost("CreateMultipartUpload").times(1));
        if !may_look {
            world.proxy.inject(Fault::denied("ListMultipartUploads"));
        }
        world.publish(&build).succeeds().await;
        let calls = world.calls();
        assert_eq!((calls.count("CreateMultipartUpload"), calls.count("UploadPart")), (2, 2));
        assert!(world.object("video.mp4").await.body == build.read("video.mp4"));
        let unfinished = world.s3.list_multipart_uploads().bucket(&world.bucket).send().await.unwrap();
        assert_eq!(unfinished.uploads().len(), left, "{may_look}");
        world.proxy.clear();
    }
}
