//! Stories of viewers and an edge, over real HTTP: given distributions and buckets, when requested, then these answers.

mod access;
mod apis;
mod caching;
mod content;
mod functions;
mod paths;
mod serving;
mod support;
mod websites;
