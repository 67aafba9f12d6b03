//! What a publish tells, before and after: words, JSON, and what GitHub Actions takes.

use std::time::Instant;

use serde_json::json;

use super::{Command, terminal_width};
use crate::{
    cli::{actions::outputs::Published, args, json, print_json, report, style},
    error::Result,
    publish::{Outcome, Prepared, Session},
    site::{Framework, read::Site},
};

/// A plan, and all that there is to tell of it.
pub(super) struct Planned<'p> {
    pub site: &'p Site,
    pub session: &'p Session,
    pub prepared: &'p Prepared,
    /// What is surely wrong, though the publish goes on: references that lead nowhere, files that nobody sees.
    pub warnings: Vec<String>,
    pub started: Instant,
}

/// What was done, and in how many seconds.
type Done<'d> = (&'d Outcome, f64);

impl Planned<'_> {
    fn site_name(&self) -> Option<&str> {
        self.session.distribution.as_ref().map(|(_, distribution)| distribution.site_name())
    }
}

impl Command {
    /// Tells what is planned; for a dry run that is all.
    pub(super) fn show(&self, planned: &Planned) -> Result<()> {
        self.bars.clear();
        let notes = self.notes(planned);
        if !self.args.quiet {
            match self.actions.is_there() {
                true => self.show_actions(planned, &notes),
                false => self.show_notes(planned, &notes),
            }
        }
        if !self.args.quiet && !self.args.json {
            self.show_plan(planned);
        }
        if !self.args.dry_run {
            return Ok(());
        }
        self.tell_actions(planned, None, notes);
        if self.args.json { print_json(&self.document(planned, None)) } else { Ok(()) }
    }

    fn show_actions(&self, planned: &Planned, notes: &[String]) {
        self.show_build(planned);
        self.actions.warn("publish", notes.iter().chain(&planned.warnings));
        let plan = &planned.prepared.plan;
        let list = report::list(plan, usize::MAX, true);
        if !list.is_empty() {
            self.actions.fold(&report::changes(plan), &list);
        }
    }

    fn show_notes(&self, planned: &Planned, notes: &[String]) {
        for line in &planned.warnings {
            self.bars.line(&format!("{}: {line}", style::paint(style::WARN, "warning")));
        }
        if !self.args.json {
            self.show_build(planned);
            notes.iter().for_each(|note| self.actions.say(&format!("{} {note}", style::paint(style::WARN, "note:"))));
        }
    }

    fn show_build(&self, planned: &Planned) {
        let (kind, folder, size) = self.build(planned);
        self.actions.say(&format!("{kind} in {folder}: {size}"));
    }

    fn show_plan(&self, planned: &Planned) {
        let plan = &planned.prepared.plan;
        if self.args.verbose {
            for skipped in &planned.site.skipped {
                let text = format!("left out: {} ({})", report::visible(&skipped.path), skipped.reason);
                self.actions.say(&format!("  {}", style::paint(style::DIM, text)));
            }
        }
        if self.args.dry_run || self.args.confirm || self.args.verbose {
            // The list is in the log already.
            let text = match self.actions.is_there() {
                true => report::sums(plan),
                false => report::plan(plan, terminal_width(), self.args.verbose),
            };
            self.actions.say(&text);
        }
        if self.args.dry_run {
            let text = if plan.is_empty() { "is up to date" } else { "would be published; nothing was changed" };
            self.actions.say(&format!("{} {text}", self.place(planned)));
        }
    }

    /// What should be looked at of the build and of where it goes.
    fn notes(&self, planned: &Planned) -> Vec<String> {
        let Planned { site, session, prepared, .. } = planned;
        let distribution = session.distribution.as_ref().map(|(_, distribution)| distribution);
        let routing = distribution.and_then(|distribution| distribution.edge.routing);
        let unreachable = routing.and_then(|routing| report::unreachable(&site.files, routing));
        let served = routing.zip(planned.site_name()).filter(|_| self.settings.layers.routing.is_none());
        let flags = args::account_flags(self.args.target.local.as_deref(), &self.args.connection);
        let misrouted = served.and_then(|(served, domain)| report::misrouted(site.routing, served, domain, &flags));
        let risks = distribution.into_iter().flat_map(report::risks);
        unreachable.into_iter().chain(misrouted).chain(risks).chain(report::notes(&prepared.plan)).collect()
    }

    /// Tells what was done.
    pub(super) fn sum_up(&self, planned: &Planned, outcome: &Outcome) -> Result<()> {
        let seconds = planned.started.elapsed().as_secs_f64();
        let done = Some((outcome, seconds));
        self.tell_actions(planned, done, self.notes(planned));
        if self.args.json {
            return print_json(&self.document(planned, done));
        }
        let place = self.place(planned);
        if self.args.quiet {
            outln!("{place}");
            return Ok(());
        }
        self.actions.say(&report::summary(&planned.prepared.plan, outcome, &place, seconds));
        let served = planned.session.distribution.is_some() && !self.args.target.serve;
        if let Some(folder) = self.args.target.local.as_ref().filter(|_| served) {
            let is_default = folder.as_os_str() == ".cruddur-local";
            let hint = if is_default { String::new() } else { format!(" --local {}", folder.display()) };
            self.actions.say(&format!("  look at it: cruddur-site serve{hint}"));
        }
        Ok(())
    }

    fn tell_actions(&self, planned: &Planned, done: Option<Done>, notes: Vec<String>) {
        let warnings: Vec<String> = notes.into_iter().chain(planned.warnings.iter().cloned()).collect();
        self.actions.published(|| Published {
            site: planned.site_name(),
            place: self.place(planned),
            build: self.build(planned),
            plan: &planned.prepared.plan,
            done,
            warnings: &warnings,
            document: self.document(planned, done),
        });
    }

    /// What is published: the kind of build, its folder, its size.
    fn build(&self, planned: &Planned) -> (&'static str, String, String) {
        let Planned { site, session, .. } = planned;
        let kind = match site.framework {
            Framework::Plain => "Site",
            framework => framework.name(),
        };
        let files = style::count(site.files.len() as u64, "file");
        let bytes = style::bytes(site.files.iter().map(|file| file.size).sum());
        let routing = session.distribution.as_ref().and_then(|(_, distribution)| distribution.edge.routing);
        let served = routing.map(|routing| format!(", {}", report::routing(routing))).unwrap_or_default();
        (kind, self.settings.folder.display().to_string(), format!("{files}, {bytes}{served}"))
    }

    /// What was published to, in the fewest words: the site's URL, or a bucket. A local site has a URL only once it
    /// is served.
    fn place(&self, planned: &Planned) -> String {
        let bucket = &planned.session.bucket;
        match planned.site_name() {
            Some(name) if self.args.target.local.is_some() => format!("{name} (local account)"),
            Some(name) => format!("https://{name}"),
            None => format!("s3://{}/{}", bucket.name(), bucket.prefix()),
        }
    }

    fn document(&self, planned: &Planned, done: Option<Done>) -> serde_json::Value {
        let Planned { site, session, prepared, .. } = planned;
        json!({
            "version": json::VERSION,
            "command": "publish",
            "dryRun": self.args.dry_run,
            "build": {
                "folder": self.settings.folder,
                "framework": site.framework.name(),
                "routing": site.routing,
                "files": site.files.len(),
                "bytes": site.files.iter().map(|file| file.size).sum::<u64>(),
            },
            "target": {
                "bucket": session.bucket.name(),
                "prefix": session.bucket.prefix(),
                "distribution": session.distribution.as_ref().map(|(_, distribution)| &distribution.id),
                "routing": session.distribution.as_ref().map(|(_, distribution)| distribution.edge.routing),
                "domain": planned.site_name(),
            },
            "plan": json::plan(&prepared.plan),
            "result": done.map(|(outcome, seconds)| json::outcome(outcome, seconds)),
        })
    }
}
