//! Two publishes at once, their requests in one random order after another.

use std::{collections::BTreeMap, sync::Arc, thread, time::Duration};

use cruddur_site::{
    error::{Error, ErrorKind},
    publish::World as Circumstances,
};
use jiff::Timestamp;

use crate::{
    inside::{files_of, publish, session},
    support::Folder,
    turns::{Bodies, Conditions, Turns},
    world::World,
};

fn build(name: &str) -> Folder {
    let build = Folder::new().file("index.html", format!("<title>{name}</title><script src=/app.js></script>"));
    let build = build.file("app.js", format!("'{name}'")).file("same.txt", "in every build");
    build.file("about.html", format!("<title>About {name}</title>")).file(format!("only-{name}.svg"), "<svg/>")
}

fn bodies_of(build: &Folder) -> Bodies {
    build.keys().into_iter().map(|key| (key.clone(), std::fs::read(build.join(key)).unwrap())).collect()
}

/// What became of two publishes at once.
#[derive(Debug, PartialEq, Eq)]
struct Ended {
    /// Which build the bucket has.
    build: usize,
    /// How many publishes said that somebody else was there.
    losers: usize,
    /// The requests, in the order in which they passed.
    order: Vec<String>,
}

/// Two publishes at once over a third one, in the order of a seed.
async fn at_once(seed: u64) -> Ended {
    let world = World::local("at_once").await;
    let builds = [build("first"), build("other"), build("third")];
    // It stands still: releases are named by it.
    let now: Timestamp = "2026-11-21T06:30:00Z".parse().unwrap();
    let chance = |program: u64| {
        let random = std::sync::Mutex::new(fastrand::Rng::with_seed(seed << 2 | program));
        Arc::new(move || random.lock().unwrap().u32(..))
    };
    let mut turns = Turns::new(world.endpoint(), Conditions::Heeded, seed);
    let urls = [turns.url().await, turns.url().await, turns.url().await];
    let mut sessions = Vec::new();
    for (program, who) in (0..).zip(["cat", "ann", "bob"]) {
        let mut session = session(&urls[program as usize], &world.bucket, "live", who).await;
        session.world = Circumstances { now: Arc::new(move || now), random: chance(program) };
        sessions.push(session);
    }
    publish(&sessions[0], &files_of(&builds[2])).await.unwrap();
    let (files, other) = (files_of(&builds[0]), files_of(&builds[1]));
    let both = async { tokio::join!(publish(&sessions[1], &files), publish(&sessions[2], &other)) };
    let both = tokio::time::timeout(Duration::from_secs(600), both).await;
    let (one, two) = both.unwrap_or_else(|_| panic!("seed {seed}: no end after {:#?}", turns.order()));

    assert!(one.is_ok() || two.is_ok(), "seed {seed}: {one:?} {two:?}");
    let errors: Vec<&Error> = [&one, &two].into_iter().filter_map(|result| result.as_ref().err()).collect();
    assert!(errors.iter().all(|error| error.kind() == ErrorKind::Rival), "seed {seed}: {errors:?}");
    let site = world.site().await;
    let bodies: BTreeMap<_, _> = site.iter().map(|(key, object)| (key.clone(), object.body.clone())).collect();
    let build = (0..2).find(|build| bodies_of(&builds[*build]) == bodies);
    let build =
        build.unwrap_or_else(|| panic!("seed {seed}: a mixture {:?} after {:#?}", bodies.keys(), turns.order()));
    let manifest = world.manifest().await;
    for (key, object) in &manifest.objects {
        let there = site.get(key.as_str());
        let gone = object.superseded.is_some() && there.is_none();
        assert!(gone || there.is_some_and(|there| object.etag.to_string() == there.etag), "seed {seed}: {key}");
    }
    assert!(world.lock_has_ended().await, "seed {seed}");
    Ended { build, losers: errors.len(), order: turns.order() }
}

/// All of it is on one thread, whose time passes only when all that is left to do is to wait: the same seed is the same order.
fn alone(seed: u64) -> Ended {
    let run = move || {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_all().start_paused(true).build().unwrap().block_on(Box::pin(at_once(seed)))
    };
    // Futures that are not optimised need some megabytes.
    let ended = thread::Builder::new().stack_size(16 << 20).spawn(run).unwrap().join();
    ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Given a published site, when two publish other builds at the same time, then the bucket ends as exactly one of the two
/// and its manifest says so; whoever did not come to publish says that somebody else did, and nobody fails otherwise.
///
/// Replay one order with `CRUDDUR_TEST_SEED`.
fn never_mix(seeds: std::ops::Range<u64>) {
    let ended: Vec<_> = match std::env::var("CRUDDUR_TEST_SEED") {
        Ok(seed) => return println!("{:#?}", alone(seed.parse().expect("a number"))),
        Err(_) => seeds.map(alone).collect(),
    };
    assert!((0..2).all(|build| ended.iter().any(|one| one.build == build)), "the same one wins always");
    assert!((0..2).all(|losers| ended.iter().any(|one| one.losers == losers)), "the orders were all alike");
}

#[test]
fn two_publishes_never_mix_in_125_orders() {
    never_mix(0..125);
}

#[test]
fn two_publishes_never_mix_in_another_125_orders() {
    never_mix(125..250);
}

/// Given a seed, when it is run again, then every request passes in the same order.
#[test]
fn a_seed_is_one_order() {
    let mut orders = Vec::new();
    for seed in 250..260 {
        let (once, again) = (alone(seed), alone(seed));
        let differ = once.order.iter().zip(&again.order).position(|(one, other)| one != other);
        assert_eq!(differ, None, "seed {seed}: {:#?} {:#?}", once.order, again.order);
        assert_eq!(again, once, "seed {seed}");
        orders.push(once.order);
    }
    orders.dedup();
    assert_eq!(orders.len(), 10, "the orders were all alike");
}
