//! The action, without GitHub: its steps are carried out as the runner does, against the local account, and every file
//! that GitHub reads is looked at by the linters of its users.
#![cfg(unix)]

#[path = "../support/mod.rs"]
mod support;

mod arguments;
mod examples;
mod files;
mod installing;
mod linters;
mod machine;
mod metadata;
mod publishing;
mod releases;
mod templates;
mod world;
