//! What a command tells GitHub Actions that started it, beside its words: groups and annotations in the log, a step's outputs,
//! its part of the job's summary.

pub mod outputs;
pub mod summary;

use std::{path::PathBuf, sync::Arc};

use super::style;
use crate::{
    error::Error,
    github::{
        ANNOTATIONS, Runner, SUMMARY_LIMIT, append,
        command::{Annotation, END_GROUP, Level, Place, group, inert},
        output,
    },
};
use outputs::Published;

/// The runner of GitHub Actions that started this process; or none, and then everything is told as anywhere else.
#[derive(Debug, Clone, Default)]
pub struct Actions(Option<Arc<Runner>>);

impl Actions {
    /// What the environment says.
    pub fn of_this_process() -> Self {
        Self(Runner::from_environment(|name| std::env::var_os(name)).map(Arc::new))
    }

    /// Whether there is one.
    pub fn is_there(&self) -> bool {
        self.0.is_some()
    }

    /// Prints words for people, on standard output. The runner reads the two streams apart and may change the order of their
    /// lines, so that some would be folded away in a group: to it everything goes by standard error.
    pub fn say(&self, text: &str) {
        let text = inert(text.trim_end_matches('\n'));
        if self.is_there() { errln!("{text}") } else { outln!("{text}") }
    }

    /// Prints lines of the log that are folded under a title.
    pub fn fold(&self, title: &str, lines: &str) {
        if self.is_there() {
            errln!("{}\n{}\n{END_GROUP}", group(title), inert(lines.trim_end_matches('\n')));
        }
    }

    /// Prints annotations. The runner shows the first ten of each level, and has the others in the log: where there are more,
    /// the tenth says so.
    pub fn annotate(&self, annotations: &[Annotation]) {
        if !self.is_there() {
            return;
        }
        for level in [Level::Error, Level::Warning] {
            let of_level: Vec<_> = annotations.iter().filter(|one| one.level == level).collect();
            for (at, annotation) in of_level.iter().enumerate() {
                let more = of_level.len() - at;
                if at + 1 == ANNOTATIONS && more > 1 {
                    let message = format!("… and {} more: the log has them", style::grouped(more as u64));
                    errln!("{}", Annotation { message, ..(*annotation).clone() });
                }
                errln!("{annotation}");
            }
        }
    }

    /// Annotates what should be looked at, though the command goes on. All at once, for the runner counts.
    pub fn warn<'w>(&self, command: &str, warnings: impl IntoIterator<Item = &'w String>) {
        let title = format!("cruddur-site {command}");
        self.annotate(&warnings.into_iter().map(|text| Annotation::warning(&title, text)).collect::<Vec<_>>());
    }

    /// Annotates an error that ends a command, and adds it to the summary.
    pub fn failed(&self, command: &str, error: &Error) {
        let Some(runner) = &self.0 else { return };
        let place = error
            .location()
            .and_then(|at| Some(Place { file: runner.in_workspace(&at.file)?, line: at.line, column: at.column }));
        // A place that the annotation cannot have is told in words.
        let told = error.location().filter(|_| place.is_none()).map(|at| format!("{at}: ")).unwrap_or_default();
        let why = error.cause().map(|cause| format!("why: {cause}\n")).unwrap_or_default();
        let text = format!("{told}{}\n{why}next: {}", error.what(), error.next());
        self.annotate(&[Annotation::error(format!("cruddur-site {command} failed"), text).at(place)]);
        self.add("the summary", runner.summary.as_ref(), SUMMARY_LIMIT, || summary::failed(command, error));
    }

    /// Annotates wrong arguments.
    pub fn refused(&self, told: &str) {
        // After the first paragraphs comes how the command is used, which is in the log.
        let text = told.split("\n\nUsage:").next().unwrap_or(told);
        let text = text.strip_prefix("error: ").unwrap_or(text).trim_end();
        self.annotate(&[Annotation::error("cruddur-site: wrong arguments", text)]);
    }

    /// Sets the outputs and adds to the summary what was published, or would be. The site is live by now: what cannot be
    /// written is only worth a warning.
    pub fn published<'p>(&self, published: impl FnOnce() -> Published<'p>) {
        let Some(runner) = &self.0 else { return };
        if runner.outputs.is_none() && runner.summary.is_none() {
            return;
        }
        let published = published();
        let set = || output::outputs(outputs::of(&published), || fastrand::u64(..));
        self.add("the outputs", runner.outputs.as_ref(), u64::MAX, set);
        let sum_up = || summary::published(&published, runner.is_before_merge);
        self.add("the summary", runner.summary.as_ref(), SUMMARY_LIMIT, sum_up);
    }

    fn add(&self, what: &str, file: Option<&PathBuf>, limit: u64, text: impl FnOnce() -> String) {
        let Some(file) = file else { return };
        if let Err(error) = append(file, &text(), limit) {
            let message = format!("{what} of this step could not be written: {error} ({})", file.display());
            self.annotate(&[Annotation::warning("cruddur-site", message)]);
        }
    }
}
