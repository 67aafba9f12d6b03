//! Publish static sites and React apps to a private S3 bucket behind CloudFront.
//!
//! The folders follow the steps of a publish; `docs/ARCHITECTURE.md` is the map of the house.
#![warn(missing_docs)]

mod ascending;
pub mod aws;
pub mod bootstrap;
pub mod cli;
pub mod config;
pub mod dns;
pub mod doctor;
pub mod error;
pub mod github;
pub mod local;
pub mod plan;
pub mod publish;
pub mod release;
pub mod routing;
pub mod setup;
pub mod site;

pub use error::{Error, ErrorKind, Result};
