//! A bucket that other tools have filled.

use cruddur_site::site::Headers;

use crate::support::Folder;
use crate::world::{World, each};

crate::on_every_account!(what_another_tool_published_is_taken_over, foreign_objects_go_when_told_so);

/// Given a bucket with the same site put there by another tool, when it is published for the first time, then what is
/// the same is not sent, what has other headers only gets those, and objects of others are left alone.
async fn what_another_tool_published_is_taken_over(world: World) {
    let build = Folder::site().file("about.html", "<title>About</title>");
    let plan = world.publish(&build).flags(["--dry-run"]).succeeds().await;
    for upload in plan["plan"]["uploads"].as_array().unwrap() {
        let key = upload["key"].as_str().unwrap();
        let mut headers: Headers = serde_json::from_value(upload["headers"].clone()).unwrap();
        if key == "about.html" {
            headers.cache_control = Some("max-age=31536000".into());
        }
        world.put(key, &std::fs::read(build.join(key)).unwrap(), &headers).await;
    }
    world.put("wp-login.php", b"<?php", &Headers::default()).await;
    // Of the same length, so that only its digest tells.
    world.put("favicon.svg", &[b'x'; 41], &Headers::default()).await;
    assert_eq!(std::fs::read(build.join("favicon.svg")).unwrap().len(), 41);
    world.calls();

    let published = world.publish(&build).succeeds().await;
    let calls = world.calls();
    assert_eq!(calls.site_keys("PutObject"), ["favicon.svg"]);
    assert_eq!(calls.site_keys("CopyObject"), ["about.html"]);
    assert_eq!(world.object("about.html").await.headers.cache_control.as_deref(), Some("no-cache"));
    assert_eq!(published["plan"]["notes"], serde_json::json!([{ "kind": "foreign", "objects": 1 }]));
    assert_eq!(published["plan"]["removals"], serde_json::json!([]));
    assert_eq!(world.object("wp-login.php").await.body, b"<?php");
    // Edges may hold what the other tool published.
    assert_eq!(world.invalidated(&published).await, [["/favicon.svg"], ["/about.html"]]);
    assert_eq!(world.manifest().await.objects.len(), 4);

    let again = world.publish(&build).succeeds().await;
    assert_eq!(again["plan"]["empty"], true);
    assert_eq!(world.calls().count("HeadObject"), 0);
}

/// Given foreign objects below the prefix, and one beside it, when the publish is told to delete them, then those below go
/// once the guard against mass deletion allows it.
async fn foreign_objects_go_when_told_so(world: World) {
    for key in ["a.php", "b.php", "c/d.php"] {
        world.put(key, b"<?php", &Headers::default()).await;
    }
    world.put_state("livestock.txt", "not below live/").await;
    let build = Folder::site();
    let refused = world.publish(&build).flags(["--delete-foreign"]).fails().await;
    assert_eq!(refused["kind"], "refused", "{refused}");

    let published = world.publish(&build).flags(["--delete-foreign", "--max-delete", "100"]).succeeds().await;
    assert_eq!(each(&published["plan"]["removals"], "key"), ["a.php", "b.php", "c/d.php"]);
    assert_eq!(each(&published["plan"]["removals"], "reason"), ["foreign"; 3]);
    assert_eq!(world.invalidated(&published).await, [["/a.php", "/b.php", "/c/d.php"]]);
    assert_eq!(world.keys("live/").await, ["assets/app-BkXq7RzT.js", "favicon.svg", "index.html"]);
    assert_eq!(world.bytes("livestock.txt").await, b"not below live/");
}
