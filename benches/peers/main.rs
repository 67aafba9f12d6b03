//! Measures cruddur-site beside the tools its users could take instead: the same sites, the same server, the same run.
//! `benches/README.md` tells how to use it, `docs/BENCHMARKS.md` what came of it.
//!
//! `cargo bench` measures. `cargo test` runs the same on a handful of files and looks at what comes of it.

// What a child process used is asked of `wait4`.
#[cfg(unix)]
#[path = "program.rs"]
mod program;

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    program::run()
}

#[cfg(not(unix))]
fn main() {
    println!("skipped: what a program used is only known on Unix");
}
