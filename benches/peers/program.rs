//! What the program is asked for.

use std::{
    ffi::OsString,
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Parser, Subcommand, ValueEnum as _};

mod cases;
mod child;
mod delay;
mod floor;
mod machine;
mod plot;
mod report;
mod results;
mod s3;
mod server;
mod smoke;
mod store;
mod text;
mod tools;
mod workload;

#[path = "../../tests/support/mod.rs"]
mod support;

use cases::Case;
use results::Results;
use tools::Tool;
use workload::Workload;

/// Measure cruddur-site beside other tools
#[derive(Parser)]
#[command(name = "peers", bin_name = "cargo bench --bench peers --")]
struct Arguments {
    #[command(subcommand)]
    mode: Option<Mode>,

    #[command(flatten)]
    asked: Asked,

    /// Given by `cargo bench`
    #[arg(long, hide = true, global = true)]
    bench: bool,
}

/// What is measured.
#[derive(clap::Args, Clone)]
pub struct Asked {
    /// The sites
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Workload::value_variants().to_vec())]
    pub workloads: Vec<Workload>,

    /// What happens to them; the first publish is made in any case, as the others need it
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Case::value_variants().to_vec())]
    pub cases: Vec<Case>,

    /// Who publishes
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Tool::value_variants().to_vec())]
    pub tools: Vec<Tool>,

    /// How often each is measured
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub runs: u32,

    /// Milliseconds from a request to its answer, beside what the server takes
    #[arg(long, default_value_t = 50, value_name = "MS")]
    pub round_trip: u64,

    /// Divides the number of files, for a quick look; not to be kept
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "out")]
    pub divide: u32,

    /// The cruddur-site to measure [default: the one that `cargo bench` has built]
    #[arg(long, value_name = "FILE")]
    pub program: Option<PathBuf>,

    /// Keep results in this folder (`docs` for the published ones): those of the same site and round trip are replaced
    #[arg(long, value_name = "DIR", global = true)]
    pub out: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Mode {
    /// Measure how fast the bare SDK puts 10,000 objects of 8 KiB: nobody who uses it is faster
    Floor,
    /// Write table and plot anew from the results that are there
    Report,
    /// The server, in a process of its own
    #[command(hide = true)]
    Serve {
        /// Milliseconds
        round_trip: u64,
    },
    /// A program, measured by a process of its own
    #[command(hide = true)]
    Measure {
        /// Where what it says goes
        said: PathBuf,
        /// The program and its arguments
        #[arg(last = true)]
        command: Vec<OsString>,
    },
    /// What `floor` measures, in a process of its own
    #[command(hide = true)]
    Put {
        /// The server
        url: String,
        /// How many objects
        objects: usize,
        /// How many requests are under way at once
        at_once: usize,
    },
}

/// Does what the command line asks for.
pub fn run() -> ExitCode {
    // `cargo test` gives no such flag, and has its own ones, which are no concern of ours.
    let is_measured = std::env::args().any(|argument| argument == "--bench");
    let is_child = matches!(std::env::args().nth(1).as_deref(), Some("serve" | "measure" | "put"));
    if !is_measured && !is_child {
        smoke::run();
        return ExitCode::SUCCESS;
    }
    match carry_out(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn carry_out(arguments: Arguments) -> Result<(), String> {
    let Arguments { mode, asked, .. } = arguments;
    let out = asked.out.clone().map(|folder| Path::new(env!("CARGO_MANIFEST_DIR")).join(folder));
    if let Some(folder) = &out {
        std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let mut results = match &out {
        Some(folder) => Results::read(folder)?,
        None => Results::default(),
    };
    match mode {
        Some(Mode::Serve { round_trip }) => return server::serve(round_trip),
        Some(Mode::Measure { said, command }) => return child::measure(&said, &command),
        Some(Mode::Put { url, objects, at_once }) => return floor::put(&url, objects, at_once),
        Some(Mode::Floor) => {
            results.floor = Some(floor::measure(&asked)?);
            keep(&results, out.as_deref())?;
        }
        Some(Mode::Report) if out.is_none() => return Err("say with --out where the results are".to_owned()),
        Some(Mode::Report) => {}
        None => {
            for workload in &asked.workloads {
                results.replace(cases::measure(*workload, &asked)?);
                // What is measured is kept even if the next site fails.
                keep(&results, out.as_deref())?;
            }
        }
    }
    if out.is_none() {
        // Who asked may have read enough.
        let _ = writeln!(std::io::stdout(), "\n{}", report::text(&results));
        return Ok(());
    }
    keep(&results, out.as_deref())
}

fn keep(results: &Results, out: Option<&Path>) -> Result<(), String> {
    let Some(folder) = out else { return Ok(()) };
    results.write(folder)?;
    report::write(results, folder)
}
