//! How many histories run, and how they are asked for.

use std::{collections::BTreeMap, ops::AddAssign, thread, time::Instant};

use regex::Regex;

use crate::{
    history::{self, Broken, Tally, report},
    killed,
    mutants::Wrong,
};

/// Whether a history waits for a clock.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Time {
    /// It is leapt over as soon as nothing is left to do: waiting costs nothing.
    Leaps,
    /// It passes, for another process cannot leap.
    Passes,
}

/// Runs a history on a thread with the room that a program's main thread has: futures that are not optimised need some
/// megabytes. All of it, account and proxy too, is on one thread, so that a seed tells the same history again.
fn alone<T: Send + 'static>(time: Time, history: impl AsyncFnOnce() -> T + Send + 'static) -> T {
    const ROOM: usize = 16 << 20;
    let run = move || {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().start_paused(time == Time::Leaps).build().unwrap();
        runtime.block_on(Box::pin(history()))
    };
    let ended = thread::Builder::new().stack_size(ROOM).spawn(run).unwrap().join();
    ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.publishes += other.publishes;
        self.killed += other.killed;
        self.failed += other.failed;
        self.uploads += other.uploads;
    }
}

/// Runs the histories of some seeds: what they came to, and those that are broken, which are told at once.
fn run(seeds: impl IntoIterator<Item = u64>) -> (Tally, BTreeMap<u64, Broken>) {
    let (mut sum, mut broken) = (Tally::default(), BTreeMap::new());
    for seed in seeds {
        match alone(Time::Leaps, async move || history::run(seed).await) {
            Ok(tally) => sum += tally,
            Err(one) => {
                println!("seed {seed}: {}", one.what);
                broken.insert(seed, one);
            }
        }
    }
    (sum, broken)
}

fn are_whole(seeds: impl IntoIterator<Item = u64>) {
    let (sum, broken) = run(seeds);
    assert!(broken.is_empty(), "{} histories are broken\n\n{}", broken.len(), report(&broken));
    println!("{sum:?}");
}

// Some tests of some histories each, so that they run beside each other.

#[test]
fn histories_from_0() {
    are_whole(0..50);
}

#[test]
fn histories_from_50() {
    are_whole(50..100);
}

#[test]
fn histories_from_100() {
    are_whole(100..150);
}

#[test]
fn histories_from_150() {
    are_whole(150..200);
}

/// These once broke: each is of a fault that was mended, or of a limit that is stated since.
#[test]
fn histories_that_were_broken_once() {
    are_whole([255, 305, 324, 366, 477, 540, 1144, 2631, 2744, 2792, 2964, 10061, 10097, 15049, 15128, 15247]);
}

/// Given releases whose program is killed with SIGKILL at some request, then no page is broken all the while, and each is
/// finished by the next publish.
#[test]
#[cfg(unix)]
fn a_killed_program_leaves_whole_pages() {
    let mut killed = 0;
    for seed in 0..6 {
        match alone(Time::Passes, async move || killed::run(seed).await) {
            Ok(times) => killed += times,
            Err(Broken { what, story }) => panic!("seed {seed}: {what}\n{story}"),
        }
    }
    assert!(killed >= 6, "killed only {killed} times");
}

/// One history: that of `NEVER_BROKEN_SEED`.
#[test]
#[ignore = "replays the seed of the environment"]
fn one_history() {
    let seed = number("NEVER_BROKEN_SEED").expect("NEVER_BROKEN_SEED: the seed to replay");
    are_whole([seed]);
}

/// So many histories as `NEVER_BROKEN_RUNS` says (10,000), from the seed `NEVER_BROKEN_FROM` on (0).
#[test]
#[ignore = "runs as many histories as the environment says"]
fn any_number() {
    let (from, runs) = (number("NEVER_BROKEN_FROM").unwrap_or(0), number("NEVER_BROKEN_RUNS").unwrap_or(10_000));
    let start = Instant::now();
    let threads = thread::available_parallelism().map_or(1, usize::from) as u64;
    let share = runs.div_ceil(threads);
    let shares = (0..threads).map(|part| from + part * share..(from + (part + 1) * share).min(from + runs));
    let parts: Vec<_> = shares.map(|seeds| thread::spawn(move || run(seeds))).collect();
    let (mut sum, mut broken) = (Tally::default(), BTreeMap::new());
    for part in parts {
        let (tally, more) = part.join().unwrap();
        sum += tally;
        broken.extend(more);
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("{runs} histories from seed {from} in {seconds:.0} s, {} broken, the others: {sum:?}", broken.len());
    let digits = Regex::new("[0-9]+").unwrap();
    let mut kinds: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for (seed, one) in &broken {
        kinds.entry(digits.replace_all(&one.what, "N").into_owned()).or_default().push(*seed);
    }
    for (kind, seeds) in kinds {
        println!("{} times {kind}: {:?}", seeds.len(), &seeds[..seeds.len().min(5)]);
    }
    assert!(broken.is_empty(), "NEVER_BROKEN_SEED=… and the test one_history tell one of them again");
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// A wrong publish is caught in some of its histories, which are calm: nothing else can be wrong in them.
fn is_caught(wrong: Wrong, expected: &str) {
    let history = |seed| alone(Time::Leaps, async move || history::run_wrong(seed, wrong).await);
    let caught: Vec<String> = (0..12).filter_map(|seed| history(seed).err()).map(|broken| broken.what).collect();
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
fn a_page_before_the_edges_forgot_what_it_loads_is_caught() {
    is_caught(Wrong::Skipped("assets"), "which is of an earlier release");
}

#[test]
fn a_skipped_invalidation_is_caught() {
    is_caught(Wrong::Skipped("changed"), "an edge gives other bytes");
}
