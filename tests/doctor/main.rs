//! The mistakes that people make when they set a site up by hand, each made here as they made it: with AWS's own clients,
//! one setting at a time. Doctor names it, what it advises mends it, and the site then answers.

#[path = "../support/mod.rs"]
mod support;

mod world;

mod bucket;
mod certificate;
mod distribution;
mod dns;
mod handmade;
mod release;
mod role;
