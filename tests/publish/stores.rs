//! Stores that speak S3 and know no conditional writes.

use crate::support::{Folder, faults::Fault, proxy::Proxy};
use crate::turns::{Conditions, Turns};
use crate::world::{LOCK, MANIFEST, World, each};

/// moto's account behind such a store, and a proxy before that.
async fn store(story: &str, conditions: Conditions) -> Option<(World, Turns, Proxy)> {
    let world = World::moto(story).await?;
    let mut turns = Turns::new(world.endpoint(), conditions, 7);
    let proxy = Proxy::to(&turns.url().await).await;
    Some((world, turns, proxy))
}

/// Given a store that refuses or ignores conditions, when a site is published twice, then it is published; and the person is
/// told, once.
#[tokio::test]
async fn a_store_without_conditions_is_published_to() {
    for (name, conditions) in [("refused", Conditions::Refused), ("ignored", Conditions::Ignored)] {
        let Some((world, _turns, proxy)) = store(&format!("conditions_{name}"), conditions).await else { return };
        let build = Folder::site();
        for uploads in [3, 1] {
            let publish = world.bare_command(build.path()).flags(["--endpoint-url", proxy.url()]);
            let (status, published, said) = publish.flags(["--domain", &world.domain]).run().await;
            assert_eq!(status, Some(0), "{name}: {published:#}\n{said}");
            assert_eq!(each(&published["plan"]["uploads"], "key").len(), uploads, "{name}");
            assert_eq!(said.matches("no conditional writes").count(), 1, "{name}: {said}");
            assert!(world.lock_has_ended().await, "{name}");
            build.write("index.html", "<title>New</title><script src=/assets/app-BkXq7RzT.js></script>");
        }
    }
}

/// Given the same, when a rival takes the lock or replaces the manifest in the middle of a publish, then it says so: before it
/// changes a page, or before it writes its own manifest over the other's.
#[tokio::test]
async fn a_rival_is_seen_in_a_store_without_conditions() {
    for (name, conditions) in [("refused", Conditions::Refused), ("ignored", Conditions::Ignored)] {
        let Some((world, _turns, proxy)) = store(&format!("rival_{name}"), conditions).await else { return };
        let build = Folder::site();
        let publish = |build: &Folder| {
            world.bare_command(build.path()).flags(["--endpoint-url", proxy.url(), "--domain", &world.domain])
        };
        publish(&build).succeeds().await;
        for (stolen, held, page_changes) in [(LOCK, "live/favicon.svg", false), (MANIFEST, "live/index.html", true)] {
            let old = world.object("index.html").await;
            build.write("index.html", format!("<title>{stolen}</title>"));
            build.write("favicon.svg", format!("<svg id='{stolen}'/>"));
            proxy.clear();
            let (fault, gate) = Fault::hold("PutObject");
            proxy.inject(fault.at(held));
            let publishing = tokio::spawn(publish(&build).fails());
            proxy.wait_for("PutObject", held, 1, false).await;
            let rivals =
                String::from_utf8_lossy(&world.bytes(LOCK).await).replace("\"release\": \"2", "\"release\": \"3");
            world.put_state(stolen, rivals).await;
            gate.release();

            let error = publishing.await.unwrap();
            assert_eq!(error["kind"], "rival", "{name}: {error}");
            assert_eq!(world.object("index.html").await != old, page_changes, "{name}: {stolen}");
            world.s3.delete_object().bucket(&world.bucket).key(LOCK).send().await.unwrap();
            proxy.clear();
            publish(&build).succeeds().await;
        }
    }
}
