//! What the story tests stand on: build folders, independent implementations of AWS, real build tools, a real browser.
//!
//! A test binary takes this in with `mod support;`. Whatever a machine lacks is skipped aloud, and never under CI: see
//! [`skip`](fn@skip).

// Every test binary compiles this module for itself and uses its own part of it.
#![allow(dead_code, unused_imports)]

pub mod browser;
pub mod cfn_lint;
pub mod dns;
pub mod faults;
pub mod gfm;
pub mod handmade;
pub mod jsonschema;
pub mod local;
pub mod moto;
pub mod node;
pub mod once;
pub mod operations;
pub mod proxy;
pub mod site;
mod skip;
mod upstream;
pub mod venv;

pub use site::Folder;
pub use skip::skip;
