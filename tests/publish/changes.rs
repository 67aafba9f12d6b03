//! A change of content, and a change of headers.

use crate::support::Folder;
use crate::world::{World, each};

crate::on_every_account!(
    a_changed_page_is_one_upload,
    a_page_changes_after_the_copies_of_what_it_loads,
    a_changed_rule_is_a_copy_without_bytes,
    a_hash_that_lies_is_no_longer_trusted,
);

/// Given a published site, when its root page changes, then that page alone goes up and the edges forget exactly the
/// two paths it is known by.
async fn a_changed_page_is_one_upload(world: World) {
    let build = Folder::site().file("about/index.html", "<title>About</title>");
    world.publish(&build).succeeds().await;
    world.calls();

    build.write("index.html", "<!doctype html><title>New</title><script src=/assets/app-BkXq7RzT.js></script>");
    let changed = world.publish(&build).succeeds().await;
    let calls = world.calls();
    assert_eq!(calls.site_keys("PutObject"), ["index.html"]);
    assert_eq!(world.invalidated(&changed).await, [["/", "/index.html"]]);
    assert_eq!((&changed["result"]["paths"], &changed["result"]["edgesCurrent"]), (&2.into(), &true.into()));
    assert_eq!(changed["plan"]["uploads"][0]["reason"], "content");

    // Lock, a try whether conditions are heeded (not of AWS), page, record and manifest; the edges; the lock again.
    let writes: Vec<_> = calls.writes().iter().map(|call| call.operation).collect();
    let put = "PutObject";
    assert_eq!(writes, [put, put, put, put, put, "CreateInvalidation", put]);
    assert_eq!(world.object("index.html").await.body, std::fs::read(build.join("index.html")).unwrap());

    // Without a routing function the edges know a folder's page by three names.
    build.write("about/index.html", "<title>About us</title>");
    let changed = world.publish(&build).succeeds().await;
    assert_eq!(world.invalidated(&changed).await, [["/about", "/about/", "/about/index.html"]]);
}

/// Given a published site, when a page changes together with the image that it loads, then the image goes up first, the edges
/// forget it, and only when they have does the page change. Without waiting, the order is the same.
async fn a_page_changes_after_the_copies_of_what_it_loads(world: World) {
    for flags in [&[][..], &["--no-wait"]] {
        let build = Folder::site();
        world.publish(&build).succeeds().await;
        world.calls();
        build.write(
            "index.html",
            "<title>New</title><script src=/assets/app-BkXq7RzT.js></script><img src=/favicon.svg>",
        );
        build.write("favicon.svg", "<svg/>");
        let changed = world.publish(&build).flags(flags.iter().copied()).succeeds().await;

        let calls = world.calls();
        let order: Vec<_> = calls.0.iter().map(|call| (call.operation, call.key.rsplit('/').next().unwrap())).collect();
        let at = |step: (&str, &str)| {
            order.iter().position(|call| *call == step).unwrap_or_else(|| panic!("{step:?}: {order:?}"))
        };
        let invalidation = ("CreateInvalidation", "invalidation");
        assert!(at(("PutObject", "favicon.svg")) < at(invalidation), "{order:?}");
        assert!(at(invalidation) < at(("PutObject", "index.html")), "{order:?}");
        let waits =
            order[at(invalidation)..at(("PutObject", "index.html"))].iter().any(|(name, _)| *name == "GetInvalidation");
        assert_eq!(waits, flags.is_empty(), "{order:?}");
        assert_eq!(
            changed["plan"]["invalidation"],
            serde_json::json!({
                "assets": ["/favicon.svg"], "changed": ["/", "/index.html"], "removed": [],
            })
        );
        let told = world.invalidated(&changed).await;
        assert_eq!(told, [vec!["/favicon.svg"], vec!["/", "/index.html"]]);
        assert_eq!(
            (&changed["result"]["paths"], &changed["result"]["edgesCurrent"]),
            (&3.into(), &flags.is_empty().into())
        );
    }
}

/// Given a published site, when only a rule for headers changes, then a copy inside S3 sets them, no byte is sent, and the
/// edges forget the copies with the old ones.
async fn a_changed_rule_is_a_copy_without_bytes(world: World) {
    let build = Folder::site();
    world.publish(&build).succeeds().await;
    let before = world.object("favicon.svg").await;
    world.calls();

    world.configure(
        "[[rules]]\nmatch = '*.svg'\ncache-control = 'public, max-age=60'\ncontent-disposition = 'inline'\n\
         metadata = { owner = 'editors' }",
    );
    let changed = world.publish(&build).succeeds().await;
    assert_eq!(changed["result"]["headersChanged"], 1);
    assert_eq!(
        (&changed["plan"]["uploads"][0]["reason"], &changed["plan"]["bytesToSend"]),
        (&"headers".into(), &0.into())
    );
    let calls = world.calls();
    assert_eq!(calls.site_keys("CopyObject"), ["favicon.svg"]);
    assert_eq!(calls.site_keys("PutObject"), [""; 0]);
    assert_eq!(world.invalidated(&changed).await, [["/favicon.svg"]]);

    let after = world.object("favicon.svg").await;
    assert_eq!(after.body, before.body);
    assert_eq!(after.headers.cache_control.as_deref(), Some("public, max-age=60"));
    assert_eq!(after.headers.content_disposition.as_deref(), Some("inline"));
    assert_eq!(after.headers.content_type, before.headers.content_type);
    assert_eq!(after.headers.metadata.get("owner").map(String::as_str), Some("editors"));

    let again = world.publish(&build).succeeds().await;
    assert_eq!(each(&again["plan"]["uploads"], "key"), [""; 0]);
    assert_eq!(world.calls().writes().len(), 0);
}

/// Given a published site, when a file of content-hashed name changes its bytes, then browsers are no longer told to keep
/// it for a year, now and ever after, and the edges forget it.
async fn a_hash_that_lies_is_no_longer_trusted(world: World) {
    const CHUNK: &str = "assets/app-BkXq7RzT.js";
    let build = Folder::site();
    world.publish(&build).succeeds().await;
    let before = world.object(CHUNK).await.headers.cache_control;
    assert_eq!(before.as_deref(), Some("public, max-age=31536000, immutable"));

    for (content, notes) in [("'patched'", 1), ("'patched again'", 0)] {
        build.write(CHUNK, content);
        let changed = world.publish(&build).succeeds().await;
        assert_eq!(changed["plan"]["notes"].as_array().unwrap().len(), notes, "{changed:#}");
        assert_eq!(world.invalidated(&changed).await, [[format!("/{CHUNK}")]]);
        let stored = world.object(CHUNK).await;
        assert_eq!(stored.body, content.as_bytes());
        let asset = "public, max-age=0, s-maxage=31536000, must-revalidate";
        assert_eq!(stored.headers.cache_control.as_deref(), Some(asset));
    }
}
