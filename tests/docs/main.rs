//! The documentation held to what is so: every command in it is run, every configuration read, every link followed.

// Documented commands are for a shell, and what stands before them is written in Bash.
#![cfg(unix)]

mod commands;
mod formats;
mod links;
mod markdown;
mod names;
mod prices;
mod session;
mod stage;

#[path = "../support/mod.rs"]
mod support;
