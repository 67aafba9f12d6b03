//! A step of a workflow, in an account with one site.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use cruddur_site::local::{self, ApiServer};
use serde_json::Value;
use tempfile::TempDir;

use crate::runner::{Command, read_log, read_outputs};
use crate::support::Folder;

/// The site's domain.
pub const DOMAIN: &str = "cruddur.example";

/// An account, and a job in it: a workspace with the repository.
pub struct Job {
    place: TempDir,
    server: ApiServer,
    variables: Vec<(&'static str, String)>,
}

impl Job {
    /// A job for a push.
    pub async fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        let account = local::Account::open(&place.path().join("account")).unwrap();
        account.ensure_site(DOMAIN, None).unwrap();
        let server = ApiServer::start(account).await.unwrap();
        fs::create_dir(place.path().join("workspace")).unwrap();
        let job = Self { place, server, variables: Vec::new() };
        job.with("GITHUB_EVENT_NAME", "push")
    }

    /// With a variable of the environment; an empty value takes it away.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.to_owned()));
        self
    }

    /// Where the repository is.
    pub fn workspace(&self) -> PathBuf {
        self.place.path().join("workspace")
    }

    /// The file that a variable of the runner names.
    pub fn file(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    /// `publish BUILD --domain DOMAIN` in the workspace.
    pub async fn publish(&self, build: &Folder, flags: &[&str]) -> Told {
        let build = build.path().to_str().unwrap();
        self.run(&[&["publish", build][..], &self.target(), flags].concat()).await
    }

    /// The flags that name the site.
    pub fn target(&self) -> [&str; 4] {
        ["--domain", DOMAIN, "--endpoint-url", self.server.url()]
    }

    /// A command in the workspace.
    pub async fn run(&self, arguments: &[&str]) -> Told {
        self.run_in(&self.workspace(), arguments).await
    }

    /// A command as a step runs it, in new files for outputs and summary.
    pub async fn run_in(&self, folder: &Path, arguments: &[&str]) -> Told {
        let (output, summary) = (self.file("output"), self.file("summary"));
        for file in [&output, &summary] {
            // Something a story put in its way stays.
            if !file.is_dir() {
                fs::write(file, "").unwrap();
            }
        }
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_cruddur-site"));
        command.args(arguments).current_dir(folder).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", self.place.path());
        command.env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_REGION", local::REGION);
        command.env("AWS_ACCESS_KEY_ID", local::ACCESS_KEY_ID).env("AWS_SECRET_ACCESS_KEY", local::SECRET_ACCESS_KEY);
        command.env("CI", "true").env("GITHUB_ACTIONS", "true").env("GITHUB_WORKSPACE", self.workspace());
        command.env("GITHUB_OUTPUT", &output).env("GITHUB_STEP_SUMMARY", &summary).env("GITHUB_ACTOR", "octocat");
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let ended = command.spawn().unwrap().wait_with_output().await.unwrap();
        let read = |file: &Path| fs::read_to_string(file).unwrap_or_default();
        Told {
            status: ended.status.code(),
            out: String::from_utf8(ended.stdout).unwrap(),
            err: String::from_utf8(ended.stderr).unwrap(),
            outputs: read_outputs(&read(&output)),
            summary: read(&summary),
        }
    }
}

/// What a step told the runner.
#[derive(Debug)]
pub struct Told {
    pub status: Option<i32>,
    pub out: String,
    pub err: String,
    pub outputs: BTreeMap<String, String>,
    pub summary: String,
}

impl Told {
    pub fn ends_with(self, status: i32) -> Self {
        assert_eq!(self.status, Some(status), "{}\n{}", self.out, self.err);
        // Whatever a command is good for, standard output is for the JSON alone.
        assert!(read_log(&self.out).iter().all(Result::is_err), "{}", self.out);
        self
    }

    /// An output that must be there.
    pub fn output(&self, name: &str) -> &str {
        self.outputs.get(name).unwrap_or_else(|| panic!("no output {name}: {:?}", self.outputs))
    }

    /// The output `plan`.
    pub fn plan(&self) -> Value {
        serde_json::from_str(self.output("plan")).unwrap()
    }

    /// The commands in the log.
    pub fn commands(&self) -> Vec<Command> {
        read_log(&self.err).into_iter().filter_map(Result::ok).collect()
    }

    /// The commands of a name.
    pub fn commands_of(&self, name: &str) -> Vec<Command> {
        self.commands().into_iter().filter(|one| one.name == name).collect()
    }

    /// The title of the log's one group, and its lines.
    pub fn group(&self) -> (String, Vec<String>) {
        let mut lines = read_log(&self.err).into_iter();
        let title = lines.find_map(|line| line.ok().filter(|one| one.name == "group")).expect("a group").data;
        let folded: Vec<_> = lines.by_ref().map_while(Result::err).collect();
        assert_eq!(self.commands_of("group").len(), 1);
        assert_eq!(self.commands_of("endgroup").len(), 1);
        (title, folded)
    }
}
