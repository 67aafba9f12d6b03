//! What happens to a site, each tool in turn.

use std::{path::Path, thread, time::Duration};

use serde::{Deserialize, Serialize};

use super::{
    Asked, child,
    machine::Circumstances,
    results::{Measured, Run, SiteResults},
    server::Server,
    tools::{Installed, Job, Tool},
    workload::Workload,
};

/// What is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Case {
    /// Everything, into an empty bucket
    First,
    /// The same again
    Unchanged,
    /// The same, but that every file has the present time, as after a checkout
    Fresh,
    /// The same, but for 1 % of the files
    Changed,
    /// The same, but that pages shall have another Cache-Control
    Headers,
}

impl Case {
    /// What tables call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::First => "first publish",
            Self::Unchanged => "nothing changed",
            Self::Fresh => "fresh checkout",
            Self::Changed => "1 % changed",
            Self::Headers => "headers of pages changed",
        }
    }
}

/// Times of files and of objects are compared by whole seconds: what happens before and after a change is further apart.
const APART: Duration = Duration::from_millis(1100);

/// Measures one site.
pub fn measure(workload: Workload, asked: &Asked) -> Result<SiteResults, String> {
    let told = |error: std::io::Error| format!("the site could not be written: {error}");
    let scratch = tempfile::tempdir().map_err(told)?;
    let (folder, home) = (scratch.path().join("site"), scratch.path().join("home"));
    std::fs::create_dir_all(&home).map_err(told)?;
    let mut site = workload.site(0, asked.divide);
    let bytes = site.write(&folder).map_err(told)?;
    let mut bench = Bench::new(asked, &folder, &home)?;
    for run in 1..=asked.runs {
        site.make_old(&folder).map_err(told)?;
        bench.clear()?;
        for case in [Case::First, Case::Unchanged, Case::Fresh, Case::Changed, Case::Headers] {
            if case != Case::First && !asked.cases.contains(&case) {
                continue;
            }
            eprintln!("{}, {}, run {run} of {}", workload.name(), case.name(), asked.runs);
            match case {
                Case::Fresh => site.touch(&folder).map_err(told)?,
                Case::Changed => {
                    let changed = workload.site(run, asked.divide);
                    changed.rewrite(&site, &folder).map_err(told)?;
                    site = changed;
                }
                _ => {}
            }
            thread::sleep(APART);
            bench.run(case)?;
            let paths: Vec<&str> = site.paths().collect();
            bench.check(&paths, case)?;
            thread::sleep(APART);
        }
    }
    bench.measured.retain(|measured| asked.cases.contains(&measured.case));
    Ok(SiteResults {
        workload,
        files: site.paths().count(),
        bytes,
        round_trip: asked.round_trip,
        circumstances: Circumstances::now(&bench.tools, bench.missing),
        measured: bench.measured,
    })
}

struct Bench<'a> {
    server: Server,
    tools: Vec<Installed>,
    /// Tools that cannot be had, and why.
    missing: Vec<(String, String)>,
    folder: &'a Path,
    home: &'a Path,
    measured: Vec<Measured>,
}

impl<'a> Bench<'a> {
    fn new(asked: &Asked, folder: &'a Path, home: &'a Path) -> Result<Self, String> {
        let (mut tools, mut missing) = (Vec::new(), Vec::new());
        for tool in &asked.tools {
            match tool.install(asked.program.as_deref()) {
                Ok(installed) => tools.push(installed),
                Err(why) if *tool == Tool::CruddurSite => return Err(why),
                Err(why) => {
                    eprintln!("{} is left out: {why}", tool.name());
                    missing.push((tool.name().to_owned(), why));
                }
            }
        }
        let server = Server::start(asked.round_trip)?;
        Ok(Self { server, tools, missing, folder, home, measured: Vec::new() })
    }

    fn clear(&mut self) -> Result<(), String> {
        self.tools.iter().try_for_each(|tool| self.server.clear(tool.bucket()))
    }

    /// Lets each tool publish once.
    fn run(&mut self, case: Case) -> Result<(), String> {
        for number in 0..self.tools.len() {
            let tool = &self.tools[number];
            if !tool.tool.can(case) {
                self.results(case, number);
                continue;
            }
            let url = self.server.url().to_owned();
            let job = Job { site: self.folder, url: &url, home: self.home, headers_changed: case == Case::Headers };
            let mut command = tool.command(&job)?;
            self.server.take()?;
            let run = Run { used: child::run(&mut command)?, seen: self.server.take()? };
            eprintln!("  {:12} {run}", tool.tool.name());
            self.results(case, number).runs.push(run);
        }
        Ok(())
    }

    fn results(&mut self, case: Case, number: usize) -> &mut Measured {
        let tool = self.tools[number].tool;
        let found = self.measured.iter().position(|measured| measured.case == case && measured.tool == tool);
        let found = found.unwrap_or_else(|| {
            self.measured.push(Measured { case, tool, runs: Vec::new() });
            self.measured.len() - 1
        });
        &mut self.measured[found]
    }

    /// Whether each tool has put every file in place: who leaves files out is fast.
    fn check(&mut self, paths: &[&str], case: Case) -> Result<(), String> {
        for tool in self.tools.iter().filter(|tool| tool.tool.can(case)) {
            let keys = self.server.keys(tool.bucket())?;
            if let Some(path) = paths.iter().find(|path| keys.binary_search_by(|key| (**key).cmp(path)).is_err()) {
                return Err(format!("{}: {path} is not there after the {}", tool.tool.name(), case.name()));
            }
        }
        Ok(())
    }
}
