//! The program as a step of a GitHub workflow, told as stories: what the runner makes of its log, its outputs and its
//! summary. The runner here follows the rules of the real one's source and owes nothing to the program.

#[path = "../support/mod.rs"]
mod support;

mod runner;
mod step;

mod doctor;
mod errors;
#[cfg(unix)]
mod hostile;
mod many;
mod published;
mod pull_request;
