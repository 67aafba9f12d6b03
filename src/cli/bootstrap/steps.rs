//! How a bootstrap goes: a line for every step that is done, and what is waited for, since when.

use std::{
    io::IsTerminal,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::{
    bootstrap::{Event, Progress},
    cli::style::{BOLD, DIM, GOOD, WARN, hang, paint},
    setup::{
        Step,
        observed::Record,
        records::{table, zone_file},
    },
};

/// Shows a bootstrap's events on standard error.
pub struct Steps {
    terminal: bool,
    shown: Mutex<Shown>,
}

struct Shown {
    bar: ProgressBar,
    /// What is waited for, since when, and what was told of it last.
    waiting: Option<(String, Instant, String)>,
}

impl Steps {
    /// A line that moves when standard error is a terminal, and lines that stay when it is not.
    pub fn new() -> Self {
        let shown = Shown { bar: ProgressBar::hidden(), waiting: None };
        Self { terminal: std::io::stderr().is_terminal(), shown: Mutex::new(shown) }
    }

    fn shown(&self) -> std::sync::MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows what is under way, until the next or [`Steps::clear`].
    pub fn under_way(&self, what: &str) {
        if !self.terminal {
            return;
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg} {elapsed:>5}") {
            bar.set_style(style);
        }
        let mut shown = self.shown();
        std::mem::replace(&mut shown.bar, ProgressBar::hidden()).finish_and_clear();
        bar.set_message(what.to_owned());
        bar.enable_steady_tick(Duration::from_millis(100));
        shown.bar = bar;
    }

    /// Clears what is drawn.
    pub fn clear(&self) {
        let mut shown = self.shown();
        std::mem::replace(&mut shown.bar, ProgressBar::hidden()).finish_and_clear();
        shown.waiting = None;
    }

    /// Prints lines above what is drawn.
    pub fn line(&self, text: &str) {
        self.shown().bar.suspend(|| errln!("{text}"));
    }

    fn done(&self, what: &str) {
        self.clear();
        let width = console::Term::stderr().size_checked().map(|(_, columns)| usize::from(columns));
        self.line(&format!("{} {}", paint(GOOD, "✓"), hang(what, 2, width)));
    }

    fn waiting(&self, what: &str, seen: &str) {
        let since = match &self.shown().waiting {
            Some((waited, since, _)) if waited == what => Some(*since),
            _ => None,
        };
        let more = if seen.is_empty() { String::new() } else { format!(": {seen}") };
        let text = format!("waiting {what}{more}");
        match (since, self.terminal) {
            (Some(_), true) => self.shown().bar.set_message(text),
            (None, true) => self.under_way(&text),
            (Some(since), false) => self.line(&format!("{text} ({})", elapsed(since.elapsed()))),
            (None, false) => self.line(&text),
        }
        self.shown().waiting = Some((what.to_owned(), since.unwrap_or_else(Instant::now), seen.to_owned()));
    }

    fn waited(&self) {
        let waited = self.shown().waiting.take();
        if let Some((what, since, _)) = waited.filter(|(_, since, _)| since.elapsed() >= Duration::from_secs(1)) {
            self.clear();
            self.line(&paint(DIM, format!("  waited {} {what}", elapsed(since.elapsed()))));
        }
    }
}

impl Progress for Steps {
    fn event(&self, event: Event<'_>) {
        match event {
            Event::Begins(step) => self.under_way(doing(step)),
            // What is waited for is told by the waiting.
            Event::Done(step) if is_wait(step) => self.clear(),
            Event::Done(step) => self.done(doing(step)),
            Event::Waiting { what, seen } => self.waiting(what, seen),
            Event::Waited => self.waited(),
            Event::MakeRecords(missing) => self.line(&records(missing)),
            Event::Delegate(zone, servers) => self.line(&delegate(zone, servers)),
            Event::Removing(what) => self.under_way(what),
            Event::Removed(what) => self.done(what),
            Event::Warning(text) => self.line(&format!("{}: {text}", paint(WARN, "warning"))),
        }
    }
}

fn is_wait(step: &Step) -> bool {
    matches!(step, Step::AwaitCertificate | Step::AwaitDeployment | Step::AwaitRecords | Step::AwaitExpiry { .. })
}

/// `7 s`, `3 min 20 s`.
fn elapsed(time: Duration) -> String {
    match time.as_secs() {
        seconds if seconds < 60 => format!("{seconds} s"),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

/// A step, as a phrase.
pub fn doing(step: &Step) -> &'static str {
    match step {
        Step::CreateZone(_) => "make the hosted zone",
        Step::TagZone(_) => "tag the hosted zone",
        Step::CreateBucket => "make the bucket",
        Step::BlockPublicAccess => "block public access to the bucket",
        Step::EnforceOwnership => "let the bucket's owner own its objects, without ACLs",
        Step::EnableVersioning => "keep old versions in the bucket",
        Step::SetLifecycle { .. } => "let old versions and broken uploads expire",
        Step::SetEncryption => "encrypt the bucket with the key",
        Step::TagBucket => "tag the bucket",
        Step::SetBucketPolicy { former, .. } if !former.is_empty() => {
            "let the distribution read the new folder of the bucket beside the old one"
        }
        Step::SetBucketPolicy { closing: false, .. } => "let the distribution read the bucket",
        Step::SetBucketPolicy { closing: true, .. } => "let nobody but the distribution read the bucket",
        Step::RequestCertificate => "request the certificate",
        Step::ProveCertificate => "get the certificate's validation records",
        Step::AwaitCertificate => "wait for the certificate",
        Step::CreateAccessControl => "make the origin access control",
        Step::UpdateAccessControl => "let the origin access control sign for S3",
        Step::CreateFunction => "make the function",
        Step::UpdateFunction => "replace the function's code",
        Step::PublishFunction => "publish the function",
        Step::CreateDistribution => "make the distribution",
        Step::UpdateDistribution => "update the distribution",
        Step::TagDistribution => "tag the distribution",
        Step::AwaitDeployment => "wait until every edge has the distribution",
        Step::ChangeRecords(_) => "write the records",
        Step::AwaitRecords => "wait until public DNS has the records",
        Step::AwaitExpiry { .. } => "wait until resolvers have forgotten the old records",
        Step::CreateProvider => "make the identity provider for GitHub",
        Step::AddAudience => "let the identity provider take tokens for AWS",
        Step::CreateRole => "make the role",
        Step::SetTrust => "narrow who may take on the role",
        Step::SetRolePolicy => "allow the role what a publish needs",
        Step::TagRole => "tag the role",
    }
}

/// Records for the owner to make: as a table, and as lines of a zone file.
fn records(records: &[Record]) -> String {
    let rows = table(records);
    let widest = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or_default();
    let (name, kind) = (widest(0).max(4), widest(1).max(4));
    let mut text = format!("{}\n\n", paint(BOLD, "Make these records where the domain's DNS is kept:"));
    text.push_str(&paint(DIM, format!("  {:<name$}  {:<kind$}  value", "name", "kind")));
    text.push('\n');
    for [own, its, value] in &rows {
        text.push_str(&format!("  {own:<name$}  {its:<kind$}  {value}\n"));
    }
    text.push_str(&format!("\n{}\n\n", paint(DIM, "the same as lines of a zone file:")));
    for line in zone_file(records).lines() {
        text.push_str(&format!("  {line}\n"));
    }
    text
}

/// What the registrar must be told of a zone that was made.
fn delegate(zone: &str, servers: &[String]) -> String {
    let first = format!("Tell {zone}'s registrar these name servers, or nobody finds what the zone says:");
    let lines = servers.iter().map(|server| format!("\n  {server}"));
    std::iter::once(paint(BOLD, hang(&first, 0, None))).chain(lines).collect()
}
