//! What the build no longer has.

use cruddur_site::site::ObjectKey;

use crate::support::Folder;
use crate::world::{World, each};

crate::on_every_account!(
    what_is_gone_goes_after_the_edges_forgot_who_names_it,
    without_waiting_what_pages_load_stays,
    chunks_go_when_their_time_is_over,
);

/// A site of five files, whose root page names all others.
fn build() -> Folder {
    Folder::site()
        .file("index.html", "<script src=/assets/app-BkXq7RzT.js></script><a href=/old.html><img src=/old.svg>")
        .file("old.html", "<title>Old</title>")
        .file("old.svg", "<svg/>")
}

/// The next build: another chunk, and neither the page nor the image.
fn rebuild(build: &Folder) {
    build.write("index.html", "<script src=/assets/app-CvWx2LqM.js></script>");
    build.write("assets/app-CvWx2LqM.js", "console.log('new')");
    build.remove("assets/app-BkXq7RzT.js");
    build.remove("old.html");
    build.remove("old.svg");
}

/// Given a published site, when a build without a page, an image and a chunk is published, then the page is deleted before
/// the edges forget it and what named the image, and the image after that. The chunk stays for open tabs.
async fn what_is_gone_goes_after_the_edges_forgot_who_names_it(world: World) {
    let build = build();
    world.publish(&build).succeeds().await;
    world.calls();

    rebuild(&build);
    let published = world.publish(&build).succeeds().await;
    let calls = world.calls();
    let writes: Vec<_> = calls.writes().iter().map(|call| call.operation).collect();
    let end = ["DeleteObjects", "CreateInvalidation", "DeleteObjects", "CreateInvalidation", "PutObject"];
    assert!(writes.ends_with(&end), "{writes:?}");
    assert_eq!(calls.site_keys("PutObject"), ["assets/app-CvWx2LqM.js", "index.html"]);
    let [changed, removed] = &world.invalidated(&published).await[..] else { panic!("two invalidations: {published}") };
    assert_eq!(changed, &["/", "/index.html", "/old.html"]);
    assert_eq!(removed, &["/old.svg"]);
    assert_eq!(each(&published["plan"]["removals"], "reason"), ["removed", "removed"]);
    assert_eq!(published["result"]["deleted"], 2);
    assert_eq!(published["plan"]["retained"]["files"], 1);

    let left = ["assets/app-BkXq7RzT.js", "assets/app-CvWx2LqM.js", "favicon.svg", "index.html"];
    assert_eq!(world.keys("live/").await, left);
    let manifest = world.manifest().await;
    let chunk = &manifest.objects[&ObjectKey::new(left[0]).unwrap()];
    let superseded = chunk.superseded.as_ref().expect("a mark at the old chunk");
    assert_eq!((&superseded.by, superseded.hashed), (&manifest.release, true));
    assert!(manifest.objects[&ObjectKey::new(left[1]).unwrap()].superseded.is_none());

    let again = world.publish(&build).succeeds().await;
    assert_eq!(again["plan"]["empty"], true, "{again:#}");
    assert_eq!(world.keys("live/").await, left);
}

/// Given a published site, when the publish does not wait for the edges, then the image that an old page at an edge may
/// still load stays, until the next publish deletes it. The page goes at once, for nothing is broken without it.
async fn without_waiting_what_pages_load_stays(world: World) {
    let build = build();
    world.publish(&build).succeeds().await;
    world.calls();

    rebuild(&build);
    let published = world.publish(&build).flags(["--no-wait"]).succeeds().await;
    assert_eq!(published["result"]["edgesCurrent"], false);
    assert_eq!(each(&published["plan"]["removals"], "key"), ["old.html"]);
    assert_eq!(world.calls().count("GetInvalidation"), 0);
    assert!(world.keys("live/").await.contains(&"old.svg".to_owned()));

    let next = world.publish(&build).succeeds().await;
    assert_eq!(each(&next["plan"]["removals"], "key"), ["old.svg"]);
    assert_eq!(each(&next["plan"]["removals"], "reason"), ["removed"]);
    assert_eq!(world.invalidated(&next).await, [["/old.svg"]]);
    assert!(!world.keys("live/").await.contains(&"old.svg".to_owned()));
}

/// Given a site whose owner keeps superseded chunks for no time and no release, when a chunk has been superseded, then the
/// publish that supersedes it deletes it; no path is invalidated for it, since only old pages ask for it.
async fn chunks_go_when_their_time_is_over(world: World) {
    world.configure("[retention]\ndays = 0\nreleases = 1");
    let build = build();
    world.publish(&build).succeeds().await;
    build.write("index.html", "<script src=/assets/app-CvWx2LqM.js></script>");
    build.write("assets/app-CvWx2LqM.js", "console.log('new')");
    build.remove("assets/app-BkXq7RzT.js");

    let published = world.publish(&build).succeeds().await;
    assert_eq!(each(&published["plan"]["removals"], "key"), ["assets/app-BkXq7RzT.js"]);
    assert_eq!(world.invalidated(&published).await, [["/", "/index.html"]]);
    assert!(!world.keys("live/").await.contains(&"assets/app-BkXq7RzT.js".to_owned()));
}
