//! Bad input, and bad days of AWS: each is told clearly, with what to do next, and changes nothing it should not.
//!
//! The program itself runs, in an environment of its own, against a local account that holds one release.

#[path = "../support/mod.rs"]
mod support;

mod account;
mod answers;
mod arguments;
mod bootstrap;
mod builds;
mod denials;
#[cfg(unix)]
mod interruptions;
mod neighbours;
mod program;
mod rehearsal;
mod trust;
mod wishes;
