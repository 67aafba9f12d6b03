//! The promise that no page is ever broken, tried with random histories: sites, releases, faults and rivals from a seed.
//!
//! A publish of the library talks over HTTP with the local account, through a proxy where everything goes wrong that can.
//! After every request that got through, [`check`] asks whether each page that some edge could give loads completely.
//! A history runs on a stopped clock, so that waiting costs nothing and a seed tells the same history again.

#[path = "../support/mod.rs"]
mod support;

mod bucket;
mod chance;
mod check;
mod clock;
mod edge;
mod faults;
mod history;
mod killed;
mod mutants;
mod runs;
mod site;
mod wire;
mod world;
