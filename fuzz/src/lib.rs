//! Everything that is read from outside, tried with any bytes.
//!
//! A target is a plain function of bytes that panics when a promise is broken. `cargo fuzz` runs it with inputs that it finds
//! by coverage; `tests/fuzz` compiles this very file and runs it with the corpus and a bounded number of mutations of it
//! (fuzz/README.md). Only the library's public face is used.

mod aws;
mod configuration;
mod edge;
mod github;
mod paths;
mod patterns;
mod site;
mod state;

/// A target.
pub struct Target {
    /// Its name, that of its folder in the corpus and of its binary.
    pub name: &'static str,
    /// What panics when a promise is broken.
    pub run: fn(&[u8]),
}

/// Every target.
pub const TARGETS: [Target; 18] = [
    Target { name: "access", run: aws::access },
    Target { name: "answers", run: aws::answers },
    Target { name: "authorities", run: aws::authorities },
    Target { name: "caching", run: edge::caching },
    Target { name: "config", run: configuration::config },
    Target { name: "environment", run: configuration::environment },
    Target { name: "exclusions", run: patterns::exclusions },
    Target { name: "lock", run: state::lock },
    Target { name: "manifest", run: state::manifest },
    Target { name: "names", run: site::names },
    Target { name: "origin", run: aws::origin },
    Target { name: "packages", run: site::packages },
    Target { name: "paths", run: paths::paths },
    Target { name: "references", run: site::references },
    Target { name: "routing", run: edge::routing },
    Target { name: "rules", run: patterns::rules },
    Target { name: "runner", run: github::runner },
    Target { name: "secrets", run: site::secrets },
];

/// Runs the target of this name.
pub fn run(name: &str, data: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target of this name");
    (target.run)(data);
}

/// The input as text, where it is.
fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data).ok()
}

/// Whether a person can be shown this: a terminal obeys control characters.
fn is_plain(text: &str) -> bool {
    !text.chars().any(char::is_control)
}
