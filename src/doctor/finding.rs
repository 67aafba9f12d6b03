//! One thing that is wrong, told so that it can be mended.

use serde::Serialize;

use super::{Evidence, Unchecked};

/// Where something was looked at, in the order in which a request meets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Area {
    /// Zones, delegation and records.
    Dns,
    /// The certificate.
    Certificate,
    /// The distribution.
    Distribution,
    /// The bucket.
    Bucket,
    /// What was published, against what is in the bucket.
    Release,
    /// What visitors get.
    Live,
    /// The roles that publish from GitHub Actions.
    Role,
}

impl Area {
    /// Every area.
    pub const ALL: [Self; 7] =
        [Self::Dns, Self::Certificate, Self::Distribution, Self::Bucket, Self::Release, Self::Live, Self::Role];

    /// Its title in a report.
    pub fn title(self) -> &'static str {
        match self {
            Self::Dns => "DNS",
            Self::Certificate => "Certificate",
            Self::Distribution => "Distribution",
            Self::Bucket => "Bucket",
            Self::Release => "Published release",
            Self::Live => "Live site",
            Self::Role => "Deploy role",
        }
    }
}

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The site does not work, is open to the world, or is about to break.
    Problem,
    /// It works, but worse than it could.
    Advice,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Its stable name: `no-root-object`.
    pub id: &'static str,
    /// Where.
    pub area: Area,
    /// How much it matters.
    pub severity: Severity,
    /// What was seen.
    pub seen: String,
    /// Why that hurts.
    pub hurts: String,
    /// The command or the step in the console that mends it.
    pub fix: String,
}

/// The result of an examination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// What is wrong, by area.
    pub findings: Vec<Finding>,
    /// What was found in order, by area: short phrases.
    pub sound: Vec<(Area, String)>,
    /// What could not be looked at, and why.
    pub unchecked: Vec<Unchecked>,
}

impl Report {
    /// Whether anything must be mended.
    pub fn has_problems(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Problem)
    }
}

/// Findings as they are collected.
pub(super) struct Findings {
    bootstrap: String,
    findings: Vec<Finding>,
    sound: Vec<(Area, String)>,
}

impl Findings {
    pub(super) fn new(evidence: &Evidence) -> Self {
        Self { bootstrap: evidence.command("bootstrap", ""), findings: Vec::new(), sound: Vec::new() }
    }

    /// The command that mends what bootstrap owns.
    pub(super) fn bootstrap(&self) -> String {
        format!("run {}", self.bootstrap)
    }

    /// Something that must be mended.
    pub(super) fn problem(
        &mut self,
        area: Area,
        id: &'static str,
        seen: impl Into<String>,
        hurts: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.add(Severity::Problem, area, id, [seen.into(), hurts.into(), fix.into()]);
    }

    /// Something that could be better.
    pub(super) fn advice(
        &mut self,
        area: Area,
        id: &'static str,
        seen: impl Into<String>,
        hurts: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.add(Severity::Advice, area, id, [seen.into(), hurts.into(), fix.into()]);
    }

    fn add(&mut self, severity: Severity, area: Area, id: &'static str, [seen, hurts, fix]: [String; 3]) {
        self.findings.push(Finding { id, area, severity, seen, hurts, fix });
    }

    /// Something that is in order.
    pub(super) fn sound(&mut self, area: Area, phrase: impl Into<String>) {
        self.sound.push((area, phrase.into()));
    }

    /// How many problems an area has so far.
    pub(super) fn problems_of(&self, area: Area) -> usize {
        self.findings.iter().filter(|one| one.area == area && one.severity == Severity::Problem).count()
    }

    pub(super) fn report(self, unchecked: &[Unchecked]) -> Report {
        Report { findings: self.findings, sound: self.sound, unchecked: unchecked.to_vec() }
    }
}
