//! Completions and manual pages, in the shells and with the reader of manuals that people have.

#[path = "../support/mod.rs"]
mod support;

mod completions;
mod manual;
mod program;
