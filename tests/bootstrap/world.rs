//! A local account, and the program that bootstraps a domain in it.

use std::{
    path::{Path, PathBuf},
    process::Output,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{
    Folder,
    local::{ServedSite, cruddur_site},
};

/// Browsers look for names below `.localhost` on this machine only.
pub const DOMAIN: &str = "cruddur.localhost";

/// A local account, and a project's folder to run the program from.
pub struct World {
    folder: TempDir,
}

impl World {
    /// An account with nothing in it.
    pub fn new() -> Self {
        Self { folder: tempfile::Builder::new().prefix("bootstrap-").tempdir().unwrap() }
    }

    /// An account in which [`DOMAIN`] was bootstrapped.
    pub fn bootstrapped() -> Self {
        let world = Self::new();
        world.bootstrap(&["--yes"]).succeeds();
        world
    }

    /// The project's folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Where the account is kept.
    pub fn account(&self) -> PathBuf {
        self.path().join("account")
    }

    /// Runs the program with these arguments and `--local`.
    pub fn run(&self, arguments: &[&str]) -> Told {
        let mut command = cruddur_site();
        command.current_dir(self.path()).args(arguments).arg("--local").arg(self.account());
        Told(command.output().unwrap())
    }

    /// `bootstrap DOMAIN --json`.
    pub fn bootstrap(&self, more: &[&str]) -> Told {
        let arguments: Vec<&str> = ["bootstrap", DOMAIN, "--json"].into_iter().chain(more.iter().copied()).collect();
        self.run(&arguments)
    }

    /// Publishes a build, with what `cruddur-site.toml` says of where to.
    pub fn publish(&self, build: &Folder) -> Value {
        let build = build.path().display().to_string();
        self.run(&["publish", &build, "--json"]).succeeds()
    }

    /// Serves the account.
    pub fn serve(&self) -> ServedSite {
        let mut serve = cruddur_site();
        serve.current_dir(self.path()).arg("serve").arg("--local").arg(self.account()).args(["--port", "0"]);
        ServedSite::start(serve)
    }
}

/// What the program said, and how it ended.
pub struct Told(pub Output);

impl Told {
    /// What it printed for people.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    /// Everything that it said.
    pub fn said(&self) -> String {
        format!("{}{}", self.text(), String::from_utf8_lossy(&self.0.stderr))
    }

    /// The JSON of a run that went well.
    pub fn succeeds(&self) -> Value {
        assert!(self.0.status.success(), "{}: {}", self.0.status, self.said());
        serde_json::from_slice(&self.0.stdout).unwrap_or_else(|error| panic!("{error} in {}", self.said()))
    }

    /// The JSON of a run that ended with this status.
    pub fn exits_with(&self, status: i32) -> Value {
        assert_eq!(self.0.status.code(), Some(status), "{}", self.said());
        serde_json::from_slice(&self.0.stdout).unwrap_or_else(|error| panic!("{error} in {}", self.said()))
    }

    /// The text of a run that went well.
    pub fn tells(&self) -> String {
        assert!(self.0.status.success(), "{}: {}", self.0.status, self.said());
        self.text()
    }

    /// The error of one that did not.
    pub fn fails(&self) -> Value {
        assert_eq!(self.0.status.code(), Some(1), "{}", self.said());
        let document: Value = serde_json::from_slice(&self.0.stdout).unwrap_or_else(|_| panic!("{}", self.said()));
        document["error"].clone()
    }
}

/// What happens to each kind of part of a plan.
pub fn verdicts(document: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let parts = document["plan"]["parts"].as_array().unwrap();
    parts.iter().map(|part| (text(&part["kind"]), text(&part["verdict"]))).collect()
}
