//! The command line: arguments in, words out. What a command does is in the rooms it calls.

mod actions;
mod args;
mod ask;
mod bars;
mod bootstrap;
mod destroy;
mod doctor;
mod json;
mod local;
mod publish;
mod report;
mod serve;
mod settings;
mod stop;
mod style;

use std::process::ExitCode;

use clap::Parser as _;

use crate::{
    error::{Error, ErrorKind, Result},
    github::command::inert,
};
use actions::Actions;
use args::{Cli, Command};

/// Runs the program with the arguments of this process.
///
/// The exit status is 0 for success, 1 for an error, 2 for wrong arguments, 3 when doctor found problems and 130 when the
/// user stopped it.
pub fn run() -> ExitCode {
    let actions = Actions::of_this_process();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() && actions.is_there() => {
            let told = error.render().to_string();
            eprint!("{}", inert(&told));
            actions.refused(&told);
            return ExitCode::from(2);
        }
        Err(error) => error.exit(),
    };
    let (command, json) = match &cli.command {
        Command::Publish(args) => ("publish", args.json),
        Command::Bootstrap(args) => ("bootstrap", args.json),
        Command::Doctor(args) => ("doctor", args.json),
        Command::Destroy(args) => ("destroy", args.json),
        Command::Serve(_) => ("serve", false),
    };
    let ran = runtime().and_then(|runtime| {
        let ran = runtime.block_on(dispatch(cli.command, actions.clone()));
        // Somebody who was asked and pressed Ctrl-C instead of answering is not waited for.
        runtime.shutdown_background();
        ran
    });
    match ran {
        Ok(status) => status,
        Err(error) => {
            if json {
                // The error itself is told below; a second one would only hide it.
                let _ = print_json(&json::error(&error));
            }
            let width = console::Term::stderr().size_checked().map(|(_, columns)| usize::from(columns));
            anstream::eprintln!("{}", inert(&complaint(&error, width)));
            actions.failed(command, &error);
            ExitCode::from(if error.kind() == ErrorKind::Interrupted { 130 } else { 1 })
        }
    }
}

async fn dispatch(command: Command, actions: Actions) -> Result<ExitCode> {
    match command {
        Command::Publish(args) => publish::run(*args, actions).await?,
        Command::Bootstrap(args) => bootstrap::run(*args).await?,
        Command::Doctor(args) => return doctor::run(*args, &actions).await,
        Command::Serve(args) => serve::run(args).await?,
        Command::Destroy(args) => destroy::run(*args).await?,
    }
    Ok(ExitCode::SUCCESS)
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| {
        Error::new(ErrorKind::Io, "cannot start", "check this process's limits (`ulimit -a`)").because(error)
    })
}

/// Prints one JSON document on standard output.
fn print_json(value: &serde_json::Value) -> Result<()> {
    use std::io::Write as _;
    match writeln!(std::io::stdout(), "{}", json::text(value, true)) {
        // A reader that has gone away is nothing to complain about.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            let next = "check where standard output goes; whatever was published stays published";
            Err(Error::new(ErrorKind::Io, "the JSON could not be written", next).because(error))
        }
        _ => Ok(()),
    }
}

/// An error as a person reads it: what, why, and what to do next, wrapped to `width` where there is one.
fn complaint(error: &Error, width: Option<usize>) -> String {
    let place = error.location().map(|location| format!("{location}: ")).unwrap_or_default();
    let mut lines = vec![("error: ", style::BAD, format!("{place}{}", error.what()))];
    lines.extend(error.cause().map(|cause| ("  why:  ", style::DIM, cause.to_owned())));
    lines.push(("  next: ", style::BOLD, error.next().to_owned()));
    let line = |(label, look, text): (&str, _, String)| {
        format!("{}{}", style::paint(look, label), style::hang(&text, label.len(), width))
    };
    lines.into_iter().map(line).collect::<Vec<_>>().join("\n")
}
