//! What is read from outside, tried with many inputs: the corpus, and mutations of it. fuzz/README.md tells how to look for more.

mod mutate;
mod quoted;
#[path = "../../fuzz/src/lib.rs"]
mod targets;

use std::{fs, panic, path::PathBuf};

use mutate::Mutator;
use targets::TARGETS;

/// So many mutations of its corpus each target gets; `FUZZ_ROUNDS` says otherwise.
const ROUNDS: u64 = 4_000;

/// What the mutations are drawn from; `FUZZ_SEED` says otherwise.
const SEED: u64 = 5;

fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    let read = |path: PathBuf| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap());
    files.into_iter().map(read).collect()
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{variable} is {value:?}")))
}

fn fuzz(target: &str) {
    let corpus = corpus(target);
    assert!(corpus.len() > 1, "a corpus of {target}");
    for (name, input) in &corpus {
        survives(target, input, &format!("fuzz/corpus/{target}/{name}"));
    }
    let (seed, rounds) = (number("FUZZ_SEED").unwrap_or(SEED), number("FUZZ_ROUNDS").unwrap_or(ROUNDS));
    let mut mutator = Mutator::new(corpus.into_iter().map(|(_, input)| input).collect(), seed);
    for round in 0..rounds {
        survives(target, &mutator.next(), &format!("FUZZ_SEED={seed}, round {round}"));
    }
}

fn survives(target: &str, input: &[u8], origin: &str) {
    if panic::catch_unwind(|| targets::run(target, input)).is_err() {
        // To be copied into the corpus, once it is understood.
        let kept = std::env::temp_dir().join(format!("fuzz-{target}-{:08x}", fingerprint(input)));
        fs::write(&kept, input).unwrap();
        panic!(
            "{target} broke on {:?}\n{origin}; the input is kept in {}",
            String::from_utf8_lossy(input),
            kept.display()
        );
    }
}

/// A number for the name of a file.
fn fingerprint(input: &[u8]) -> u32 {
    input.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

macro_rules! every {
    ($($target:ident),* $(,)?) => {
        $(#[test] fn $target() { fuzz(stringify!($target)); })*

        #[test]
        fn every_target_is_run() {
            assert_eq!(TARGETS.map(|target| target.name), [$(stringify!($target)),*]);
        }
    };
}

every!(
    access,
    answers,
    authorities,
    caching,
    config,
    environment,
    exclusions,
    lock,
    manifest,
    names,
    origin,
    packages,
    paths,
    references,
    routing,
    rules,
    runner,
    secrets,
);
