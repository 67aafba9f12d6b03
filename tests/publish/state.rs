//! A manifest that cannot be used.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};

use crate::support::Folder;
use crate::world::{MANIFEST, World};

crate::on_every_account!(a_damaged_manifest_is_made_anew, the_manifest_of_a_newer_version_stops_the_publish);

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
