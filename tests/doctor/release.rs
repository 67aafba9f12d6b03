//! Mistakes with the files: by hand, after a publish. What publishes them mends them.

use std::time::Duration;

use aws_sdk_s3::{primitives::ByteStream, types::MetadataDirective};

use crate::{
    support::Folder,
    world::{BUCKET, World, finds, is_sound},
};

async fn put(world: &World, key: &str, body: &str, kind: &str) {
    let body = ByteStream::from(body.as_bytes().to_vec());
    world.s3().put_object().bucket(BUCKET).key(key).body(body).content_type(kind).send().await.unwrap();
}

/// Changes the headers of an object and nothing else, as "Edit metadata" does.
async fn edit_metadata(world: &World, key: &str, cache_control: Option<&str>, kind: &str) {
    // S3 tells times by the second, and its clocks may differ by some.
    tokio::time::sleep(Duration::from_secs(4)).await;
    let copy = world.s3().copy_object().bucket(BUCKET).key(key).copy_source(format!("{BUCKET}/{key}"));
    let copy = copy.metadata_directive(MetadataDirective::Replace).content_type(kind);
    copy.set_cache_control(cache_control.map(str::to_owned)).send().await.unwrap();
}

/// Publishes the same build again: whatever it finds is what mends it.
async fn mended_by_publish(world: &World, expected: &[&str], flags: &[&str]) {
    finds(world, expected).await;
    world.publish(&Folder::site(), flags);
    is_sound(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_was_deleted() {
    let world = World::sound().await;
    world.s3().delete_object().bucket(BUCKET).key("live/assets/app-BkXq7RzT.js").send().await.unwrap();
    mended_by_publish(&world, &["objects-missing"], &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_was_changed() {
    let world = World::sound().await;
    put(&world, "live/favicon.svg", "<svg/>", "image/svg+xml").await;
    mended_by_publish(&world, &["objects-changed"], &[]).await;
}

/// The root page was replaced by hand, with the headers that the console gives.
#[tokio::test(flavor = "multi_thread")]
async fn the_root_page_was_replaced() {
    let world = World::sound().await;
    put(&world, "live/index.html", "<!doctype html><title>quick fix</title>", "text/html").await;
    mended_by_publish(&world, &["objects-changed", "root-page-cached"], &[]).await;
}

/// The root page was given to the edges for a day: new releases do not show.
#[tokio::test(flavor = "multi_thread")]
async fn the_root_page_is_cached() {
    let world = World::sound().await;
    edit_metadata(&world, "live/index.html", Some("max-age=86400"), "text/html; charset=utf-8").await;
    mended_by_publish(&world, &["objects-changed", "root-page-cached"], &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_root_page_is_downloaded() {
    let world = World::sound().await;
    edit_metadata(&world, "live/index.html", Some("no-cache"), "application/octet-stream").await;
    mended_by_publish(&world, &["objects-changed", "root-page-type", "root-is-no-page"], &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn source_maps_are_served() {
    let world = World::sound().await;
    let build = Folder::site().file("assets/app-BkXq7RzT.js.map", r#"{"version":3,"sources":["src/app.tsx"]}"#);
    world.publish(&build, &["--source-maps"]);
    mended_by_publish(&world, &["source-maps-served"], &[]).await;
}

/// Something was uploaded beside the site: it is served, and no publish touches it unless told to.
#[tokio::test(flavor = "multi_thread")]
async fn something_was_put_beside_the_site() {
    let world = World::sound().await;
    put(&world, "live/press-kit.pdf", "%PDF", "application/pdf").await;
    finds(&world, &["foreign-objects"]).await;
    world.publish(&Folder::site(), &[]);
    finds(&world, &["foreign-objects"]).await;
    mended_by_publish(&world, &["foreign-objects"], &["--delete-foreign", "--max-delete", "100"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_was_deleted() {
    let world = World::sound().await;
    for key in Folder::site().keys() {
        world.s3().delete_object().bucket(BUCKET).key(format!("live/{key}")).send().await.unwrap();
    }
    mended_by_publish(&world, &["nothing-published", "nothing-below-origin-path", "root-fails"], &[]).await;
}
