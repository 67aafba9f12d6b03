//! The command line: arguments in, words out. What a command does is in the rooms it calls.

mod actions;
mod args;
mod ask;
mod bars;
mod bootstrap;
mod completions;
mod destroy;
mod doctor;
mod json;
mod local;
mod man;
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
        Err(error) => return refuse(&error, &actions),
    };
    let (command, json) = match &cli.command {
        Command::Publish(args) => ("publish", args.json),
        Command::Bootstrap(args) => ("bootstrap", args.json),
        Command::Doctor(args) => ("doctor", args.json),
        Command::Destroy(args) => ("destroy", args.json),
        Command::Serve(_) => ("serve", false),
        Command::Completions(_) => ("completions", false),
        Command::Man(_) => ("man", false),
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
        Command::Completions(args) => completions::run(&args)?,
        Command::Man(args) => man::run(&args)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| {
        Error::new(ErrorKind::Io, "cannot start", "check this process's limits (`ulimit -a`)").because(error)
    })
}

/// Ends a run whose arguments are none of ours, or ask for help: what clap says of it goes where it always goes, a program
/// that asked for JSON gets the error as a document, too, and a run of GitHub Actions an annotation.
fn refuse(error: &clap::Error, actions: &Actions) -> ExitCode {
    if error.use_stderr() && std::env::args_os().any(|argument| argument == "--json") {
        let _ = print_json(&json::error(&json::wrong_arguments(error)));
    }
    if error.use_stderr() && actions.is_there() {
        let told = error.render().to_string();
        eprint!("{}", inert(&told));
        actions.refused(&told);
        return ExitCode::from(2);
    }
    error.exit()
}

/// Prints one JSON document on standard output.
fn print_json(value: &serde_json::Value) -> Result<()> {
    let next = "check where standard output goes; whatever was published stays published";
    print(&(json::text(value, true) + "\n"))
        .map_err(|error| Error::new(ErrorKind::Io, "the JSON could not be written", next).because(error))
}

/// Prints a text whole on standard output.
fn print(text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // A reader that has gone away is nothing to complain about.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
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
