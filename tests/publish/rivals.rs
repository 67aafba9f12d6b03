//! Two publishes at once.

use std::collections::BTreeMap;

use crate::support::{Folder, faults::Fault, proxy::Call};
use crate::world::{LOCK, PREFIX, Publish, World, each};

crate::on_every_account!(a_plan_that_was_overtaken_is_made_anew, the_lock_tells_whether_a_plan_was_overtaken);

/// A build whose every page and asset says which one it is.
fn build(name: &str) -> Folder {
    let build = Folder::new().file("index.html", format!("<title>{name}</title><script src=/app.js></script>"));
    (0..20).fold(build.file("app.js", name), |build, n| build.file(format!("{n}.html"), format!("{name} {n}")))
}

/// Given a published site, when two processes publish two other builds at the same moment, then the bucket ends as exactly
/// one of the two, and its manifest says so.
///
/// Only in the local account: moto checks a condition and writes in two steps, between which another request may come.
#[tokio::test]
async fn two_publishes_never_mix() {
    let world = World::local("two_publishes_never_mix").await;
    let builds = [build("first"), build("other")];
    for round in 0..5 {
        world.publish(&build(&format!("round {round}"))).succeeds().await;
        let (one, two) = tokio::join!(world.publish(&builds[0]).run(), world.publish(&builds[1]).run());
        for (status, json, told) in [&one, &two] {
            // One may find its place taken for good; it then says so and has changed nothing that stays.
            assert!(*status == Some(0) || json["error"]["kind"] == "rival", "{json:#}\n{told}");
        }
        assert!(one.0 == Some(0) || two.0 == Some(0), "{}\n{}", one.2, two.2);

        let site = world.site().await;
        let bodies: BTreeMap<&str, Vec<u8>> =
            site.iter().map(|(key, object)| (key.as_str(), object.body.clone())).collect();
        let is = |build: &Folder| bodies.iter().all(|(key, body)| std::fs::read(build.join(key)).unwrap() == *body);
        assert_eq!(site.len(), 22);
        assert!(is(&builds[0]) != is(&builds[1]), "round {round} ended with a mixture");
        let manifest = world.manifest().await;
        assert!(manifest.objects.iter().all(|(key, object)| object.etag.to_string() == site[key.as_str()].etag));
        assert!(world.lock_has_ended().await);
    }
}

/// Given a published site, when it is published again, then nothing but its lock is asked whether somebody has published in between;
/// where somebody deleted the lock, and another publish came and went, the manifest tells.
async fn the_lock_tells_whether_a_plan_was_overtaken(world: World) {
    let before = build("before");
    world.publish(&before).succeeds().await;
    before.write("7.html", "after");
    world.calls();
    world.publish(&before).succeeds().await;
    let state = |call: &&Call| call.operation == "HeadObject" && !call.key.starts_with(PREFIX);
    assert_eq!(world.calls().0.iter().filter(state).count(), 0);

    let forget = async || drop(world.s3.delete_object().bucket(&world.bucket).key(LOCK).send().await.unwrap());
    forget().await;
    let other = build("other");
    let meanwhile = async || {
        rival(&world, &other).succeeds().await;
        forget().await;
    };
    is_overtaken(&world, &build("first"), meanwhile).await;
}

/// Publishes straight to the account: what holds up another publish does not hold up this one.
fn rival(world: &World, build: &Folder) -> Publish {
    world.bare_command(build.path()).flags(["--endpoint-url", world.endpoint(), "--domain", &world.domain])
}

/// Publishes a build while a `rival` comes in between its plan and its lock, and sees it be planned again and published.
async fn is_overtaken(world: &World, build: &Folder, rival: impl AsyncFnOnce()) {
    world.calls();
    let (fault, held) = Fault::hold("PutObject");
    world.proxy.inject(fault.at(LOCK).times(1));
    let overtaken = tokio::spawn(world.publish(build).succeeds());
    world.proxy.wait_for("PutObject", LOCK, 1, false).await;
    rival().await;
    held.release();

    let published = overtaken.await.unwrap();
    assert_eq!(each(&published["plan"]["uploads"], "key").len(), 22);
    for (key, object) in world.site().await {
        assert_eq!(object.body, std::fs::read(build.join(&key)).unwrap(), "{key}");
    }
    assert_eq!(world.manifest().await.release.as_str(), published["result"]["release"].as_str().unwrap());
    assert!(world.lock_has_ended().await);
}

/// Given a publish that has made its plan but has not taken the lock, when another one comes in between from its first
/// to its last request, then the first one plans again, from what is there now.
async fn a_plan_that_was_overtaken_is_made_anew(world: World) {
    let before = build("before");
    world.publish(&before).succeeds().await;
    // One page is as it was: to a plan made too early it needs no upload.
    let first = build("first").file("7.html", "before 7");
    let other = build("other");

    let meanwhile = async || {
        let other = rival(&world, &other).succeeds().await;
        assert_eq!(each(&other["plan"]["uploads"], "key").len(), 22);
    };
    is_overtaken(&world, &first, meanwhile).await;
}
