//! What a bootstrap promises, told as stories: the program itself against a local account of its own.

#[path = "../support/mod.rs"]
mod support;

mod world;

mod in_process;

mod again;
mod apart;
mod cut_off;
mod first;
mod following;
mod removed;
