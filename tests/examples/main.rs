//! The examples, published by the command and served by it, asked for file by file and opened in a browser.

mod react;
mod serving;
mod site;

#[path = "../support/mod.rs"]
mod support;
