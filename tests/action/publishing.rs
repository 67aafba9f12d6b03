//! What the action publishes, and what it tells the workflow.

use std::fs;

use crate::releases::{LINUX, VERSION};
use crate::world::REPOSITORY;
use crate::world::{DOMAIN, World};

/// Given a site that `bootstrap` made, a push publishes the build, and the workflow learns what happened.
#[tokio::test(flavor = "multi_thread")]
async fn publishes_a_build() {
    let Some(world) = World::new().await else { return };
    let world = world.with_site().await;
    world.releases.release(REPOSITORY, VERSION, LINUX);

    let first = world.run(&[("directory", "dist"), ("domain", DOMAIN)]).await;
    assert!(first.succeeded, "{}", first.log);
    assert_eq!(first.errors(), Vec::<String>::new());
    assert_eq!(
        first.used.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        ["actions/cache/restore", "actions/cache/save"]
    );
    assert!(first.outputs["url"].contains(DOMAIN), "{:?}", first.outputs);
    assert_ne!(first.outputs["release"], "");
    let files = walkdir::WalkDir::new(world.machine.workspace().join("dist")).into_iter().map(Result::unwrap);
    assert_eq!(first.outputs["uploaded"], files.filter(|entry| entry.file_type().is_file()).count().to_string());
    let plan: serde_json::Value = serde_json::from_str(&first.outputs["plan"]).unwrap();
    assert_eq!(plan["command"], "publish");
    assert!(first.summary.contains(DOMAIN), "{}", first.summary);

    // One page changes: one file goes up, and its copies are invalidated.
    fs::write(world.machine.workspace().join("dist/404.html"), "<!doctype html><title>Lost</title>").unwrap();
    let second = world.run(&[("directory", "dist"), ("domain", DOMAIN)]).await;
    assert!(second.succeeded, "{}", second.log);
    assert_eq!(second.outputs["uploaded"], "1");
    assert_ne!(second.outputs["invalidation-id"], "");
    assert_ne!(second.outputs["paths"], "0");

    // Nothing changes: nothing goes up.
    let third = world.run(&[("directory", "dist"), ("domain", DOMAIN)]).await;
    assert_eq!([&third.outputs["uploaded"], &third.outputs["release"]], ["0", ""], "{}", third.log);
}

/// On a pull request nothing changes, and the outputs tell what merging would do.
#[tokio::test(flavor = "multi_thread")]
async fn plans_on_a_pull_request() {
    let Some(world) = World::new().await else { return };
    let mut world = world.with_site().await;
    world.releases.release(REPOSITORY, VERSION, LINUX);
    world.set("GITHUB_EVENT_NAME", "pull_request");

    for _ in 0..2 {
        let planned = world.run(&[("directory", "dist"), ("domain", DOMAIN), ("dry-run", "True")]).await;
        assert!(planned.succeeded, "{}", planned.log);
        assert_eq!(planned.outputs["release"], "");
        assert_ne!(planned.outputs["uploaded"], "0");
        assert_ne!(planned.summary, "");
    }
}

/// A build folder may have any name, and what is wrong with it is an annotation of the run.
#[tokio::test(flavor = "multi_thread")]
async fn any_folder_is_a_folder() {
    let Some(world) = World::new().await else { return };
    let world = world.with_site().await;
    world.releases.release(REPOSITORY, VERSION, LINUX);
    let odd = "-n $(touch pwned) 'naïve'";
    fs::rename(world.machine.workspace().join("dist"), world.machine.workspace().join(odd)).unwrap();

    let published = world.run(&[("directory", odd), ("domain", DOMAIN)]).await;
    assert!(published.succeeded, "{}", published.log);
    assert_ne!(published.outputs["release"], "");

    let missing = world.run(&[("directory", "dist"), ("domain", DOMAIN)]).await;
    assert!(!missing.succeeded, "{}", missing.log);
    assert!(missing.errors().iter().any(|error| error.contains("dist")), "{}", missing.log);
    assert_eq!(missing.outputs["url"], "");
    assert!(!world.files().iter().any(|path| path.ends_with("pwned")));
}
