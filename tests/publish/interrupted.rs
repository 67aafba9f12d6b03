//! A publish that was cut off, and the next one.

use cruddur_site::release::{Lock, ReleaseId};
use jiff::{SignedDuration, Timestamp};

use crate::support::{Folder, faults::Fault};
use crate::world::{LOCK, World, each};

crate::on_every_account!(
    a_failed_publish_is_finished_by_the_next,
    what_a_killed_publish_owed_is_made_good,
    a_lock_that_holds_keeps_others_away,
);

/// Given a published site, when a publish fails at its root page, then visitors still have the old page; and the next
/// publish sends that page alone and makes the invalidation the first one owed.
async fn a_failed_publish_is_finished_by_the_next(world: World) {
    let build = Folder::site();
    world.publish(&build).succeeds().await;
    let old = world.object("index.html").await;
    build.write("index.html", "<title>New</title><script src=/assets/app-CvWx2LqM.js></script>");
    build.write("assets/app-CvWx2LqM.js", "console.log('new')");
    build.write("favicon.svg", "<svg/>");

    world.proxy.inject(Fault::s3("PutObject", 403, "AccessDenied", "Access Denied").at("live/index.html"));
    let failed = world.publish(&build).fails().await;
    assert_eq!(failed["kind"], "access-denied", "{failed}");
    assert_eq!(world.object("index.html").await, old);
    let lock = Lock::decode(&world.bytes(LOCK).await).expect("the journal of what is owed");
    assert_eq!(lock.owes, ["/", "/favicon.svg", "/index.html"]);
    assert!(!lock.holds(Timestamp::now()));

    world.proxy.clear();
    let finished = world.publish(&build).succeeds().await;
    assert_eq!(world.calls().site_keys("PutObject"), ["index.html"]);
    // It does not know whether the first one had come to its pages, nor which of the paths are pages.
    let owed = ["/", "/favicon.svg", "/index.html"];
    assert_eq!(world.invalidated(&finished).await, [owed, owed]);
    assert!(
        finished["plan"]["notes"].as_array().unwrap().contains(&serde_json::json!({ "kind": "resumed", "paths": 3 }))
    );
    assert!(world.lock_has_ended().await);
    assert_eq!(world.object("index.html").await.body, std::fs::read(build.join("index.html")).unwrap());
}

fn lock_until(expires: Timestamp, owes: &[&str]) -> Lock {
    Lock {
        ended: false,
        release: ReleaseId::new(expires, 1),
        owner: "ann".into(),
        host: "laptop".into(),
        process: 1,
        instance: None,
        started: expires - SignedDuration::from_secs(90),
        expires,
        owes: owes.iter().map(|path| (*path).to_owned()).collect(),
    }
}

/// Given the lock of a publish that was killed after its last upload, when the same build is published, then nothing goes
/// up again, yet the edges forget what that publish owed. Once.
async fn what_a_killed_publish_owed_is_made_good(world: World) {
    let build = Folder::site();
    world.publish(&build).succeeds().await;
    build.write("favicon.svg", "<svg/>");
    let headers = world.object("favicon.svg").await.headers;
    world.put("favicon.svg", b"<svg/>", &headers).await;
    let a_minute_ago = Timestamp::now() - SignedDuration::from_secs(60);
    world.put_state(LOCK, lock_until(a_minute_ago, &["/favicon.svg", "/gone.svg"]).encode()).await;
    world.calls();

    let finished = world.publish(&build).succeeds().await;
    let calls = world.calls();
    assert_eq!(calls.site_keys("PutObject"), [""; 0]);
    // All were written within the seconds of the manifest, so after a publish that was cut off none is taken for known.
    let mut looked_at = calls.site_keys("HeadObject");
    looked_at.sort_unstable();
    assert_eq!(looked_at, ["assets/app-BkXq7RzT.js", "favicon.svg", "index.html"]);
    assert_eq!(world.invalidated(&finished).await, [["/favicon.svg", "/gone.svg"]]);
    assert!(world.lock_has_ended().await);

    let again = world.publish(&build).succeeds().await;
    assert_eq!(again["plan"]["empty"], true);
    assert_eq!(world.calls().writes().len(), 0);
}

/// Given a lock that still holds, when somebody else publishes and does not want to wait, then they are told who is at
/// work, and nothing is changed.
async fn a_lock_that_holds_keeps_others_away(world: World) {
    let build = Folder::site();
    let in_an_hour = Timestamp::now() + SignedDuration::from_hours(1);
    world.put_state(LOCK, lock_until(in_an_hour, &[]).encode()).await;
    let before = world.versions().await;

    let told = world.publish(&build).flags(["--lock-wait", "0"]).fails().await;
    assert_eq!(told["kind"], "rival", "{told}");
    assert!(told["what"].as_str().unwrap().contains("ann on laptop"), "{told}");
    assert_eq!(world.versions().await, before);

    let garbage = "neither a lock nor JSON";
    world.put_state(LOCK, garbage).await;
    let published = world.publish(&build).flags(["--lock-wait", "0"]).succeeds().await;
    assert_eq!(each(&published["plan"]["uploads"], "key").len(), 3);
    assert!(world.lock_has_ended().await);
}
