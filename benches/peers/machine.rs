//! Where and when was measured, and with what.

use std::{collections::BTreeMap, fs, process::Command, thread};

use serde::{Deserialize, Serialize};

use super::tools::Installed;

/// What a number is worth nothing without.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Circumstances {
    /// The day, UTC.
    pub date: String,
    /// The processor, as it calls itself.
    pub cpu: String,
    /// How many of its cores this program may use.
    pub cores: usize,
    /// Name and release of the kernel.
    pub kernel: String,
    /// The version of each tool.
    pub versions: BTreeMap<String, String>,
    /// Tools that could not be had, and why.
    pub missing: Vec<(String, String)>,
}

impl Circumstances {
    /// Those of this machine.
    pub fn now(tools: &[Installed], missing: Vec<(String, String)>) -> Self {
        let cpu = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
            let line = text.lines().find_map(|line| line.strip_prefix("model name"))?;
            Some(line.trim_start_matches([' ', '\t', ':']).to_owned())
        });
        let kernel = Command::new("uname").arg("-sr").output().ok();
        let kernel = kernel.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
        Self {
            date: jiff::Timestamp::now().strftime("%Y-%m-%d").to_string(),
            cpu: cpu.unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
            cores: thread::available_parallelism().map_or(1, usize::from),
            kernel: kernel.unwrap_or_else(|| std::env::consts::OS.to_owned()),
            versions: tools.iter().map(|tool| (tool.tool.name().to_owned(), tool.version.clone())).collect(),
            missing,
        }
    }
}
