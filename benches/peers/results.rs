//! What was measured, as it is kept.

use std::{fmt, fs, path::Path};

use serde::{Deserialize, Serialize};

use super::{
    cases::Case, child::Used, machine::Circumstances, report::requests, server::Seen, tools::Tool, workload::Workload,
};

/// The file of raw results.
pub const FILE: &str = "benchmarks.json";

/// Everything that is kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Results {
    /// By site and round trip.
    pub sites: Vec<SiteResults>,
    /// The bare SDK.
    pub floor: Option<Floor>,
}

/// What was measured of one site, in one run of the program.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SiteResults {
    pub workload: Workload,
    pub files: usize,
    pub bytes: u64,
    /// In milliseconds.
    pub round_trip: u64,
    pub circumstances: Circumstances,
    pub measured: Vec<Measured>,
}

/// What one tool took for one case.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Measured {
    pub case: Case,
    pub tool: Tool,
    /// None where the tool cannot do it.
    pub runs: Vec<Run>,
}

/// How fast the bare SDK puts objects.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Floor {
    pub objects: usize,
    /// Bytes of each.
    pub size: usize,
    /// Requests under way.
    pub at_once: usize,
    /// In milliseconds.
    pub round_trip: u64,
    pub circumstances: Circumstances,
    pub runs: Vec<Run>,
}

/// One time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Run {
    /// What the tool took.
    #[serde(flatten)]
    pub used: Used,
    /// What the server saw.
    pub seen: Seen,
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { used: Used { wall, cpu, peak }, seen } = self;
        write!(f, "{wall:7.2} s wall, {cpu:6.2} s CPU, {:4} MB, {}", peak / 1_000_000, requests(&seen.requests))?;
        write!(f, "; server {:.2} s CPU", seen.cpu)?;
        if !seen.refused.is_empty() {
            write!(f, "; refused: {:?}", seen.refused)?;
        }
        Ok(())
    }
}

/// The middle one of all runs; of an even number the greater of the two in the middle.
pub fn median(runs: &[Run], quantity: impl Fn(&Used) -> f64) -> f64 {
    let mut values: Vec<f64> = runs.iter().map(|run| quantity(&run.used)).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

impl SiteResults {
    /// The runs of a tool, if there are any.
    pub fn runs(&self, case: Case, tool: Tool) -> Option<&[Run]> {
        let found = self.measured.iter().find(|measured| measured.case == case && measured.tool == tool)?;
        Some(&*found.runs).filter(|runs| !runs.is_empty())
    }
}

impl Results {
    /// Those kept in a folder: none, where none are.
    pub fn read(folder: &Path) -> Result<Self, String> {
        let path = folder.join(FILE);
        if !path.exists() {
            return Ok(Self::default());
        }
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// Keeps them in a folder.
    pub fn write(&self, folder: &Path) -> Result<(), String> {
        let path = folder.join(FILE);
        let text = serde_json::to_string_pretty(self).expect("plain values") + "\n";
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// Takes the place of what was measured of the same site over the same round trip: what was measured together stays together.
    pub fn replace(&mut self, site: SiteResults) {
        let key = |site: &SiteResults| (site.workload, site.round_trip);
        self.sites.retain(|other| key(other) != key(&site));
        self.sites.push(site);
        self.sites.sort_by_key(key);
    }
}
