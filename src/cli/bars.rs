//! Progress: bars with rate and time left on a terminal, plain lines elsewhere.

use std::{
    io::IsTerminal,
    sync::{Mutex, PoisonError},
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
    bar: Mutex<ProgressBar>,
}

impl Bars {
    /// Bars when standard error is a terminal, lines when it is not, nothing but warnings when `quiet`.
    pub fn new(quiet: bool, verbose: bool, actions: Actions) -> Self {
        let terminal = std::io::stderr().is_terminal();
        Self { quiet, verbose, terminal, actions, bar: Mutex::new(ProgressBar::hidden()) }
    }

    fn start(&self, what: &str, files: u64, total: u64) {
        if self.quiet {
            return;
        }
        if !self.terminal {
            return plain_line(&format!("{what}: {} ({})", count(files, "file"), bytes(total)));
        }
        // A new bar draws itself at once, so the old one must be gone.
        self.clear();
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
        let template = "{msg:<19} {bar:18} {percent:>3}% {decimal_bytes:>10} {decimal_bytes_per_sec:>13} {eta:>4}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("━╸─"));
        }
        bar.set_message(what.to_owned());
        self.replace(bar);
    }

    fn spin(&self, what: String) {
        if self.quiet {
            return;
        }
        if !self.terminal {
            return plain_line(&what);
        }
        self.clear();
        let bar = ProgressBar::new_spinner();
        bar.set_message(what);
        bar.enable_steady_tick(Duration::from_millis(100));
        self.replace(bar);
    }

    fn replace(&self, bar: ProgressBar) {
        std::mem::replace(&mut *self.lock(), bar).finish_and_clear();
    }

    /// Clears what is drawn.
    pub fn clear(&self) {
        self.replace(ProgressBar::hidden());
    }

    /// Prints a line above the bar.
    pub fn line(&self, text: &str) {
        self.lock().suspend(|| plain_line(text));
    }

    fn warn(&self, text: &str) {
        match self.actions.is_there() {
            true => self.actions.warn("publish", [&text.to_owned()]),
            false => self.line(&format!("{}: {text}", paint(WARN, "warning"))),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, ProgressBar> {
        self.bar.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn plain_line(text: &str) {
    errln!("{}", inert(text));
}

impl Progress for Bars {
    fn event(&self, event: Event<'_>) {
        match event {
            Event::HashingStarts { files, bytes } => self.start("Hashing", files, bytes),
            Event::Hashed(more) | Event::PartStored(more) => self.lock().inc(more),
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
                self.lock().inc(bytes);
                if self.verbose {
                    self.line(&format!("  {}", super::report::visible(key.as_str())));
                }
            }
            Event::WaitingForLock(lock) => self.spin(format!(
                "waiting for the publish of {} on {} (since {:.0})",
                lock.owner, lock.host, lock.started
            )),
            Event::Invalidating(paths) => self.spin(format!("Invalidating {}", count(paths as u64, "path"))),
            Event::Deleting(objects) => self.spin(format!("Deleting {}", count(objects as u64, "object"))),
            Event::ManifestIgnored(why) => {
                self.warn(&format!("the stored manifest is damaged ({why}); comparing with the objects themselves"));
            }
            Event::Warning(text) => self.warn(text),
        }
    }
}
