//! Progress: bars with rate and time left on a terminal, plain lines elsewhere.

use std::{
    io::IsTerminal,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{
    actions::Actions,
    style::{WARN, bytes, count, paint},
};
use crate::{
    github::command::inert,
    plan::Stage,
    publish::{Event, Progress},
};

/// Shows a publish's events on standard error.
pub struct Bars {
    quiet: bool,
    verbose: bool,
    terminal: bool,
    actions: Actions,
    /// What is drawn; nothing from the end on.
    bar: Mutex<Option<ProgressBar>>,
}

impl Bars {
    /// Bars when standard error is a terminal, lines when it is not, nothing but warnings when `quiet`.
    pub fn new(quiet: bool, verbose: bool, actions: Actions) -> Self {
        let terminal = std::io::stderr().is_terminal();
        Self { quiet, verbose, terminal, actions, bar: Mutex::new(Some(ProgressBar::hidden())) }
    }

    /// Clears what is drawn.
    pub fn clear(&self) {
        self.with(|bar| replace(bar, ProgressBar::hidden()));
    }

    /// Clears what is drawn, and shows nothing any more: what is still under way in other threads has no say once an error is told.
    pub fn end(&self) {
        if let Some(bar) = self.lock().take() {
            bar.finish_and_clear();
        }
    }

    /// Prints a line above the bar.
    pub fn line(&self, text: &str) {
        self.with(|bar| bar.suspend(|| plain_line(text)));
    }

    fn start(&self, what: &str, files: u64, total: u64) {
        self.show(
            || format!("{what}: {} ({})", count(files, "file"), bytes(total)),
            || {
                let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
                let template =
                    "{msg:<19} {bar:18} {percent:>3}% {decimal_bytes:>10} {decimal_bytes_per_sec:>13} {eta:>4}";
                if let Ok(style) = ProgressStyle::with_template(template) {
                    bar.set_style(style.progress_chars("━╸─"));
                }
                bar.set_message(what.to_owned());
                bar
            },
        );
    }

    fn spin(&self, what: &str) {
        self.show(
            || what.to_owned(),
            || {
                let bar = ProgressBar::new_spinner();
                bar.set_message(what.to_owned());
                bar.enable_steady_tick(Duration::from_millis(100));
                bar
            },
        );
    }

    /// Draws a bar where there is a terminal, prints a line where there is none.
    fn show(&self, line: impl FnOnce() -> String, draw: impl FnOnce() -> ProgressBar) {
        if self.quiet {
            return;
        }
        self.with(|bar| match self.terminal {
            false => plain_line(&line()),
            true => {
                // A new bar draws itself at once, so the old one must be gone.
                replace(bar, ProgressBar::hidden());
                replace(bar, draw());
            }
        });
    }

    fn warn(&self, text: &str) {
        self.with(|bar| match self.actions.is_there() {
            true => self.actions.warn("publish", [&text.to_owned()]),
            false => bar.suspend(|| plain_line(&format!("{}: {text}", paint(WARN, "warning")))),
        });
    }

    /// Does it with what is drawn, unless the end has come. Nobody else prints meanwhile.
    fn with(&self, show: impl FnOnce(&mut ProgressBar)) {
        if let Some(bar) = self.lock().as_mut() {
            show(bar);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<ProgressBar>> {
        self.bar.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn replace(bar: &mut ProgressBar, new: ProgressBar) {
    std::mem::replace(bar, new).finish_and_clear();
}

fn plain_line(text: &str) {
    errln!("{}", inert(text));
}

impl Progress for Bars {
    fn event(&self, event: Event<'_>) {
        match event {
            Event::HashingStarts { files, bytes } => self.start("Hashing", files, bytes),
            Event::Hashed(more) | Event::PartStored(more) => self.with(|bar| bar.inc(more)),
            Event::HashingEnds | Event::UploadsEnd | Event::Invalidated | Event::Listed(_) => self.clear(),
            Event::StageStarts(stage, files, bytes) => {
                let what = match stage {
                    Stage::NewFiles => "Uploading new files",
                    Stage::ChangedFiles => "Uploading files",
                    Stage::Pages => "Uploading pages",
                    Stage::Root => "Uploading root page",
                    Stage::Announcements => "Uploading entries",
                };
                self.start(what, files, bytes);
            }
            Event::Stored(key, bytes) => {
                self.with(|bar| bar.inc(bytes));
                if self.verbose {
                    self.line(&format!("  {}", super::report::visible(key.as_str())));
                }
            }
            Event::WaitingForLock(lock) => self.spin(&format!(
                "waiting for the publish of {} on {} (since {:.0})",
                lock.owner, lock.host, lock.started
            )),
            Event::Invalidating(paths) => self.spin(&format!("Invalidating {}", count(paths as u64, "path"))),
            Event::Deleting(objects) => self.spin(&format!("Deleting {}", count(objects as u64, "object"))),
            Event::ManifestIgnored(why) => {
                self.warn(&format!("the stored manifest is damaged ({why}); comparing with the objects themselves"));
            }
            Event::Warning(text) => self.warn(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{env, process::Command};

    use super::*;

    #[test]
    fn nothing_is_shown_after_the_end() {
        const CHILD: &str = "A_PROCESS_THAT_SHOWS_ITS_PROGRESS";
        if env::var_os(CHILD).is_some() {
            let bars = Bars::new(false, true, Actions::default());
            let all = || {
                bars.event(Event::HashingStarts { files: 1, bytes: 1 });
                bars.event(Event::Hashed(1));
                bars.event(Event::Invalidating(1));
                bars.event(Event::Warning("careful"));
                bars.line("a line");
            };
            all();
            bars.end();
            eprintln!("the end");
            all();
            return bars.clear();
        }
        let this = "cli::bars::tests::nothing_is_shown_after_the_end";
        let mut child = Command::new(env::current_exe().unwrap());
        child
            .args(["--exact", this, "--nocapture"])
            .env(CHILD, "yes")
            .env("NO_COLOR", "1")
            .env_remove("CLICOLOR_FORCE");
        let told = String::from_utf8(child.output().unwrap().stderr).unwrap();
        let lines: Vec<&str> = told.lines().collect();
        let words = ["Hashing: 1 file (1 B)", "Invalidating 1 path", "warning: careful", "a line", "the end"];
        assert_eq!(lines, words);
    }
}
