//! Stories of viewers and an edge, over real HTTP: given distributions and buckets, when requested, then these answers.

mod caching;
mod content;
mod paths;
mod serving;
mod support;
