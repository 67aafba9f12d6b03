//! The command line: arguments in, words out. What a command does is in the rooms it calls.

#[macro_use]
mod lines;

mod actions;
mod args;
mod ask;
mod bars;
mod bootstrap;
mod completions;
mod descriptors;
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

use std::{
    panic,
    process::{self, ExitCode},
};

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
/// user stopped it. A panic of any thread, be it for one request that `serve` answers, ends the process as an error: this is for
/// programs, not for a process that has other things to do.
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
    let runner = actions.clone();
    let tell = move |error: &Error| {
        if json {
            // The error itself is told below; a second one would only hide it.
            let _ = print_json(&json::error(error));
        }
        let width = console::Term::stderr().size_checked().map(|(_, columns)| usize::from(columns));
        errln!("{}", inert(&complaint(error, width)));
        runner.failed(command, error);
    };
    on_panic(tell.clone());
    let ran = runtime().and_then(|runtime| {
        let ran = runtime.block_on(dispatch(cli.command, actions));
        // Somebody who was asked and pressed Ctrl-C instead of answering is not waited for.
        runtime.shutdown_background();
        ran
    });
    match ran {
        Ok(status) => status,
        Err(error) => {
            tell(&error);
            ExitCode::from(if error.kind() == ErrorKind::Interrupted { 130 } else { 1 })
        }
    }
}

/// Ends the process when any thread panics, and tells it as an error: the released program has no code to go on after a panic. For
/// a publish that is the end that can come at any moment.
fn on_panic(tell: impl Fn(&Error) + Send + Sync + 'static) {
    let trace = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if std::env::var_os("RUST_BACKTRACE").is_some() {
            trace(panic);
        }
        let why = panic.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        tell(&Error::bug("cruddur-site itself has failed", why));
        process::exit(1);
    }));
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
        errln!("{}", inert(told.trim_end_matches('\n')));
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
    let mut out = anstream::stdout().lock();
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

#[cfg(test)]
mod tests {
    use std::{env, process::Command, thread};

    use super::*;

    #[test]
    fn a_panic_of_any_thread_is_told_as_a_bug_and_ends_the_process() {
        const CHILD: &str = "A_PROCESS_TO_PANIC_IN";
        if env::var_os(CHILD).is_some() {
            on_panic(|error| eprintln!("{error}, {:?}", error.kind()));
            let _ = thread::spawn(|| panic!("one\ntwo")).join();
            unreachable!("it goes on");
        }
        let this = "cli::tests::a_panic_of_any_thread_is_told_as_a_bug_and_ends_the_process";
        let mut child = Command::new(env::current_exe().unwrap());
        let ended = child.args(["--exact", this, "--nocapture"]).env(CHILD, "yes").output().unwrap();
        let told = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(1), "{told}");
        let words =
            ["cruddur-site itself has failed (panicked at src", ": one two)", "/issues, then run", "again, Bug"];
        assert!(words.iter().all(|words| told.contains(words)), "{told}");
    }
}
