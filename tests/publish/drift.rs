//! Objects that somebody changed by hand.

use cruddur_site::site::Headers;

use crate::support::Folder;
use crate::world::{World, each};

crate::on_every_account!(what_was_changed_by_hand_is_put_right, a_dry_run_changes_nothing);

/// Given a published site, when somebody edits one object and deletes another, then the next publish tells of both, puts
/// them right, and makes the edges forget what they may have picked up.
async fn what_was_changed_by_hand_is_put_right(world: World) {
    let build = Folder::site().file("about.html", "<title>About</title>").file("robots.txt", "User-agent: *");
    world.publish(&build).succeeds().await;
    let whole = world.site().await;
    world.put("robots.txt", b"User-agent: ?", &Headers::default()).await;
    world.delete("about.html").await;
    world.calls();

    let published = world.publish(&build).succeeds().await;
    let drift = |key: &str| serde_json::json!({ "kind": "drift", "key": key });
    assert_eq!(published["plan"]["notes"], serde_json::json!([drift("about.html"), drift("robots.txt")]));
    assert_eq!(each(&published["plan"]["uploads"], "key"), ["robots.txt", "about.html"]);
    assert_eq!(each(&published["plan"]["uploads"], "reason"), ["content", "new"]);
    assert_eq!(world.site().await, whole);
    assert_eq!(world.invalidated(&published).await, [["/robots.txt"], ["/about.html"]]);

    let again = world.publish(&build).succeeds().await;
    assert_eq!((&again["plan"]["empty"], &again["plan"]["notes"]), (&true.into(), &serde_json::json!([])));
}

/// Given a published site and a build that differs in every way, when the publish is a dry run, then it tells all of it
/// and writes nothing.
async fn a_dry_run_changes_nothing(world: World) {
    let build = Folder::site().file("old.html", "<title>Old</title>");
    world.publish(&build).succeeds().await;
    build.write("index.html", "<title>New</title><script src=/assets/app-BkXq7RzT.js></script>");
    build.write("new.html", "<title>New</title>");
    build.remove("old.html");
    world.configure("[[rules]]\nmatch = '*.svg'\ncache-control = 'no-store'");
    let before = world.versions().await;
    world.calls();

    let told = world.publish(&build).flags(["--dry-run"]).succeeds().await;
    assert_eq!((&told["dryRun"], &told["result"]), (&true.into(), &serde_json::Value::Null));
    assert_eq!(each(&told["plan"]["uploads"], "key"), ["favicon.svg", "new.html", "index.html"]);
    assert_eq!(each(&told["plan"]["uploads"], "reason"), ["headers", "new", "content"]);
    assert_eq!(each(&told["plan"]["removals"], "key"), ["old.html"]);
    assert_eq!(world.calls().writes(), Vec::<&crate::support::proxy::Call>::new());
    assert_eq!(world.versions().await, before);

    // It told the truth.
    let done = world.publish(&build).succeeds().await;
    for part in ["uploads", "removals", "invalidation", "cost"] {
        assert_eq!(done["plan"][part], told["plan"][part]);
    }
}
