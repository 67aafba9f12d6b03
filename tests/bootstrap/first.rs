//! The first run: everything is made, and the site answers.

use crate::{
    support::Folder,
    world::{DOMAIN, World, verdicts},
};

/// Given an empty account, one run makes a zone, a bucket, a certificate, a function, a distribution and records; what is
/// published then answers, and `www` redirects.
#[tokio::test]
async fn a_site_is_made_published_and_served() {
    let world = World::new();
    let made = world.bootstrap(&["--yes"]).succeeds();
    assert!(verdicts(&made).iter().all(|(_, verdict)| verdict == "create"), "{made:#}");
    assert!(made["result"]["distribution"].is_string(), "{made:#}");
    assert_eq!(made["result"]["unfinished"], serde_json::json!([]));

    let published = world.publish(&Folder::site());
    assert_eq!(published["target"]["domain"], DOMAIN);
    assert_eq!(published["target"]["routing"], "spa");

    let site = world.serve();
    let page = site.get("/").await;
    assert_eq!((page.status, page.cache_control.as_str()), (200, "no-cache"));
    assert_eq!(site.get("/profile/7").await.body, page.body, "every navigation is the app");
    assert_eq!(site.get("/assets/gone.js").await.status, 404, "a missing script is no page");

    let moved = site.get_as(&format!("www.{DOMAIN}"), "/profile/7?tab=1").await;
    assert_eq!(moved.status, 301);
    let served_at = site.url().trim_end_matches('/').replace("www.", "");
    assert_eq!(moved.location, format!("{served_at}/profile/7?tab=1"));
}

/// Given `--dry-run`, the plan is told and nothing is made.
#[test]
fn a_dry_run_changes_nothing() {
    let world = World::new();
    let planned = world.bootstrap(&["--dry-run"]).succeeds();
    assert_eq!(planned["result"], serde_json::Value::Null);
    assert!(!planned["plan"]["steps"].as_array().unwrap().is_empty());
    assert!(!world.path().join("cruddur-site.toml").exists());
    let again = world.bootstrap(&["--dry-run"]).succeeds();
    assert_eq!(planned["plan"], again["plan"]);
}

/// Given nobody who could answer, nothing is made without `--yes`.
#[test]
fn nobody_is_asked_where_nobody_can_answer() {
    let world = World::new();
    let error = world.bootstrap(&[]).fails();
    assert!(error["next"].as_str().unwrap().contains("--yes"), "{error}");
    assert!(verdicts(&world.bootstrap(&["--dry-run"]).succeeds()).iter().all(|(_, verdict)| verdict == "create"));
}

/// The tree for people fits a terminal, and says what it costs.
#[test]
fn the_plan_reads_as_a_tree() {
    let world = World::new();
    let text = world.run(&["bootstrap", DOMAIN, "--dry-run"]).tells();
    for part in ["create bucket", "create certificate", "create distribution", "└─", "$0.50"] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}
