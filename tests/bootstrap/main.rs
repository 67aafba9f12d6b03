//! What a bootstrap promises, told as stories: the program itself against a local account of its own, or
//! moto's server.

#[path = "../support/mod.rs"]
mod support;

mod in_process;
mod permissions;
mod remote;
mod world;

mod again;
mod apart;
mod browser;
mod cut_off;
mod examined;
mod first;
mod following;
mod least_privilege;
mod moto;
mod owner;
mod removed;
mod stopped;
