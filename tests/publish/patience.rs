//! Edges that take longer to forget than a publish waits.

use std::time::Duration;

use cruddur_site::{aws::Aws, error::ErrorKind, publish::Session, release::Lock};

use crate::{
    inside::{connection, files_of, publish, session},
    support::Folder,
    world::{LOCK, World, each},
};

/// A session with the site of a world, distribution included, that looks once whether an invalidation has ended.
async fn impatient(world: &World) -> Session {
    let aws = Aws::connect(&connection(world.proxy.url())).await;
    let cloudfront = aws.cloudfront();
    let distribution = cloudfront.get(&world.distribution).await.unwrap();
    let session = session(world.proxy.url(), &world.bucket, "live", "ann").await;
    assert_eq!(session.invalidation_patience, Duration::ZERO);
    Session { distribution: Some((cloudfront, distribution)), ..session }
}

/// Given a published site, when the edges take too long to forget an old image, then no page is changed and the publish fails; the
/// next one has only the page left to send, and makes the invalidation again.
#[tokio::test]
async fn no_page_is_changed_while_edges_hold_what_it_loads() {
    let world = World::local("no_page_is_changed").await;
    let build = Folder::site();
    world.publish(&build).succeeds().await;
    let old = world.object("index.html").await;
    build.write("favicon.svg", "<svg/>");
    build.edit("index.html", "Cruddur", "New");

    let error = publish(&impatient(&world).await, &files_of(&build)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Service, "{error}");
    assert!(error.what().contains("no page was changed"), "{error}");
    assert_eq!(world.object("index.html").await, old);
    assert_eq!(world.object("favicon.svg").await.body, b"<svg/>");
    let lock = Lock::decode(&world.bytes(LOCK).await).unwrap();
    assert_eq!(lock.owes, ["/", "/favicon.svg", "/index.html"]);

    world.calls();
    let finished = world.publish(&build).flags(["--lock-wait", "0"]).succeeds().await;
    assert_eq!(world.calls().site_keys("PutObject"), ["index.html"]);
    let owed = ["/", "/favicon.svg", "/index.html"];
    assert_eq!(world.invalidated(&finished).await, [owed, owed]);
    assert_eq!(finished["result"]["edgesCurrent"], true, "{finished:#}");
}

/// Given the same, when it is the last round that takes too long, then the release is live and says that edges may be behind; and
/// what it no longer has is deleted by the next publish, not before.
#[tokio::test]
async fn nothing_is_deleted_while_edges_may_hold_pages_that_load_it() {
    let world = World::local("nothing_is_deleted_while").await;
    let build = Folder::site().file("old.svg", "<svg/>");
    world.publish(&build).succeeds().await;
    build.edit("index.html", "Cruddur", "New");
    build.remove("old.svg");

    let outcome = publish(&impatient(&world).await, &files_of(&build)).await.unwrap();
    assert_eq!((outcome.edges_current, outcome.deleted), (false, 0));
    assert_eq!(world.object("index.html").await.body, build.read("index.html"));
    assert!(world.keys("live/").await.contains(&"old.svg".to_owned()));

    let next = world.publish(&build).succeeds().await;
    assert_eq!(each(&next["plan"]["removals"], "key"), ["old.svg"]);
    assert!(!world.keys("live/").await.contains(&"old.svg".to_owned()));
}
