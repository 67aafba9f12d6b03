//! How many histories run, and how they are asked for.

use std::{collections::BTreeMap, ops::Range, thread, time::Instant};

use crate::{
    history::{self, Broken, Tally, report},
    mutants::Wrong,
};

/// Runs a history on a thread with the room that a program's main thread has, on a clock that stands still while there
/// is anything to do: futures that are not optimised need some megabytes.
fn alone<T: Send + 'static>(history: impl AsyncFnOnce() -> T + Send + 'static) -> T {
    const ROOM: usize = 16 << 20;
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(Box::pin(history()))
    };
    thread::Builder::new()
        .stack_size(ROOM)
        .spawn(run)
        .unwrap()
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Runs the histories of some seeds, so many at a time, and fails with all that went wrong.
fn run(seeds: Range<u64>) -> Tally {
    let mut broken = BTreeMap::new();
    let mut sum = Tally::default();
    for seed in seeds.clone() {
        match alone(async move || history::run(seed).await) {
            Ok(tally) => {
                sum.publishes += tally.publishes;
                sum.killed += tally.killed;
                sum.failed += tally.failed;
                sum.uploads += tally.uploads;
            }
            Err(one) => drop(broken.insert(seed, one)),
        }
    }
    assert!(broken.is_empty(), "{} of {} histories are broken\n\n{}", broken.len(), seeds.count(), report(&broken));
    sum
}

#[test]
fn histories_from_0() {
    run(0..75);
}

/// One history: that of `NEVER_BROKEN_SEED`.
#[test]
#[ignore = "replays the seed of the environment"]
fn one_history() {
    let seed = number("NEVER_BROKEN_SEED").expect("NEVER_BROKEN_SEED: the seed to replay");
    run(seed..seed + 1);
}

/// So many histories as `NEVER_BROKEN_RUNS` says, from `NEVER_BROKEN_FROM` on.
#[test]
#[ignore = "runs as many histories as the environment says"]
fn any_number() {
    let (from, runs) = (number("NEVER_BROKEN_FROM").unwrap_or(0), number("NEVER_BROKEN_RUNS").unwrap_or(10_000));
    let start = Instant::now();
    let threads = thread::available_parallelism().map_or(1, usize::from) as u64;
    let share = runs.div_ceil(threads);
    let parts: Vec<_> = (0..threads)
        .map(|part| from + part * share..(from + (part + 1) * share).min(from + runs))
        .map(|seeds| thread::spawn(move || collect(seeds)))
        .collect();
    let mut broken: BTreeMap<u64, Broken> = BTreeMap::new();
    for part in parts {
        broken.extend(part.join().unwrap());
    }
    println!("{runs} histories from seed {from} in {:.0} s, {} broken", start.elapsed().as_secs_f64(), broken.len());
    let mut kinds: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for (seed, one) in &broken {
        let digits = regex::Regex::new("[0-9]+").unwrap();
        kinds.entry(digits.replace_all(&one.what, "N").into_owned()).or_default().push(*seed);
    }
    for (kind, seeds) in kinds {
        println!("{} x {kind}: {:?}", seeds.len(), &seeds[..seeds.len().min(5)]);
    }
    assert!(broken.is_empty(), "replay one with NEVER_BROKEN_SEED=… one_history");
}

fn collect(seeds: Range<u64>) -> BTreeMap<u64, Broken> {
    seeds.filter_map(|seed| Some((seed, alone(async move || history::run(seed).await).err()?))).collect()
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// A wrong publish is caught in some of its histories, which are calm: nothing else can be wrong in them.
fn is_caught(wrong: Wrong, expected: &str) {
    let caught = (0..20).filter_map(|seed| alone(async move || history::run_wrong(seed, wrong).await).err());
    let caught: Vec<String> = caught.map(|broken| broken.what).collect();
    assert!(!caught.is_empty(), "{wrong:?} is not caught");
    assert!(caught.iter().any(|what| what.contains(expected)), "{wrong:?}: {caught:#?}");
}

#[test]
fn pages_before_their_assets_are_caught() {
    is_caught(Wrong::PagesFirst, "which is missing");
}

#[test]
fn a_deletion_before_the_wait_is_caught() {
    is_caught(Wrong::DeletionTooEarly, "which is missing");
}

#[test]
fn a_skipped_invalidation_is_caught() {
    is_caught(Wrong::Skipped("changed"), "an edge gives other bytes");
}
