//! What people install: archives, packages and the formula, made by the release's own scripts and used as their tools use them.
//!
//! The program inside is a launcher of the one under test, so that nothing of its size is packed here; CI does the same with a static one.
#![cfg(unix)]

mod archive;
mod binstall;
mod container;
mod homebrew;
mod npm;
mod release;
mod scripts;
mod workflow;

#[path = "../support/mod.rs"]
mod support;
