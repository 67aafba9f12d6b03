//! Two publishes at once, their requests in one random order after another.

use std::{collections::BTreeMap, time::Duration};

use cruddur_site::error::ErrorKind;

use crate::{
    inside::{files_of, publish, session},
    support::Folder,
    turns::{Bodies, Conditions, Turns},
    world::{LOCK, PREFIX, World},
};

fn build(name: &str) -> Folder {
    let build = Folder::new().file("index.html", format!("<title>{name}</title><script src=/app.js></script>"));
    let build = build.file("app.js", format!("'{name}'")).file("same.txt", "in every build");
    build.file("about.html", format!("<title>About {name}</title>")).file(format!("only-{name}.svg"), "<svg/>")
}

fn bodies_of(build: &Folder) -> Bodies {
    build.keys().into_iter().map(|key| (key.clone(), std::fs::read(build.join(key)).unwrap())).collect()
}

/// Given a published site, when two publish other builds at the same time, then the bucket ends as exactly one of the two
/// and its manifest says so; whoever did not come to publish says that somebody else did, and nobody fails otherwise.
///
/// Replay one order with `CRUDDUR_TEST_SEED`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_publishes_never_mix_in_whatever_order_their_requests_come() {
    let world = World::local("in_whatever_order").await;
    let builds = [build("first"), build("other"), build("third")];
    let files = [files_of(&builds[0]), files_of(&builds[1]), files_of(&builds[2])];
    let seeds = match std::env::var("CRUDDUR_TEST_SEED") {
        Ok(seed) => vec![seed.parse().expect("a number")],
        Err(_) => (0..250).collect(),
    };
    let mut losers = 0;
    for seed in seeds {
        let mut turns = Turns::new(world.endpoint(), Conditions::Heeded, seed);
        // Which two of the three, so that each meets the leftovers of another.
        let pair = [seed as usize % 3, (seed as usize + 1) % 3];
        let (one, two) = (turns.url().await, turns.url().await);
        let (one, two) =
            tokio::join!(session(&one, &world.bucket, "live", "ann"), session(&two, &world.bucket, "live", "bob"),);
        let (one, two) = tokio::time::timeout(Duration::from_secs(60), async {
            tokio::join!(publish(&one, &files[pair[0]]), publish(&two, &files[pair[1]]))
        })
        .await
        .unwrap_or_else(|_| panic!("seed {seed}: no end"));
        drop(turns);

        assert!(one.is_ok() || two.is_ok(), "seed {seed}: {one:?} {two:?}");
        for error in [&one, &two].into_iter().filter_map(|result| result.as_ref().err()) {
            assert_eq!(error.kind(), ErrorKind::Rival, "seed {seed}: {error}");
            losers += 1;
        }
        let site = world.site().await;
        let bodies: BTreeMap<_, _> = site.iter().map(|(key, object)| (key.clone(), object.body.clone())).collect();
        let ends_as = pair.iter().filter(|build| bodies_of(&builds[**build]) == bodies).count();
        assert_eq!(ends_as, 1, "seed {seed}: a mixture {:?}", bodies.keys());
        let manifest = world.manifest().await;
        for (key, object) in &manifest.objects {
            let there = site.get(key.as_str());
            let gone = object.superseded.is_some() && there.is_none();
            assert!(gone || there.is_some_and(|there| there.etag == object.etag), "seed {seed}: {key}");
        }
        assert_eq!(world.keys(LOCK).await, [""; 0], "seed {seed}");
    }
    assert!(losers > 0 || std::env::var_os("CRUDDUR_TEST_SEED").is_some(), "the orders were all alike");
    assert_eq!(world.keys("").await.iter().filter(|key| key.starts_with(PREFIX)).count(), 5);
}
