//! A runner: it carries out a composite action's steps as GitHub's does (actions/runner, `CompositeActionHandler.cs`), with
//! stand-ins only for actions that need GitHub or AWS.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use serde_json::{Map, Value, json};
use tokio::process::Command;

use crate::{
    files,
    metadata::{Step, action, text},
    templates::{evaluated, holds},
};

/// The machine that a job runs on.
pub struct Machine {
    /// Where everything of it is.
    pub folder: PathBuf,
    /// What every step finds in its environment.
    pub environment: BTreeMap<String, String>,
    /// `runner.os` and `runner.arch`.
    pub system: (String, String),
    /// The folder that GitHub's cache is in: it outlives jobs.
    pub cache: PathBuf,
}

/// What became of an action.
#[derive(Debug, Default)]
pub struct Ran {
    pub succeeded: bool,
    /// What its steps printed.
    pub log: String,
    /// Its outputs.
    pub outputs: BTreeMap<String, String>,
    /// The steps that ran, by their names, with the outputs of each.
    pub steps: Vec<(String, BTreeMap<String, String>)>,
    /// What other actions were asked for: their names and inputs.
    pub used: Vec<(String, BTreeMap<String, String>)>,
    /// The processes that were started for its scripts.
    pub processes: Vec<u32>,
    /// The job summary.
    pub summary: String,
    /// What `GITHUB_PATH` was given, the newest first.
    pub path: Vec<String>,
}

impl Ran {
    /// The annotations of errors, as the runner reads them.
    pub fn errors(&self) -> Vec<String> {
        let lines = self.log.lines().filter_map(|line| line.trim_start().strip_prefix("::error"));
        let messages = lines.map(|rest| rest.split_once("::").expect("the end of the properties").1);
        messages.map(|text| text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")).collect()
    }

    /// The inputs that an action was given.
    pub fn inputs_of(&self, action: &str) -> Option<&BTreeMap<String, String>> {
        self.used.iter().find(|(name, _)| name == action).map(|(_, inputs)| inputs)
    }

    /// Whether a step ran.
    pub fn did(&self, step: &str) -> bool {
        self.steps.iter().any(|(name, _)| name == step)
    }
}

/// The contexts of a composite action's steps.
struct Contexts {
    inputs: Map<String, Value>,
    steps: Map<String, Value>,
    github: Value,
    runner: Value,
}

impl Contexts {
    fn value(&self, environment: &BTreeMap<String, String>) -> Value {
        json!({
            "inputs": self.inputs, "steps": self.steps, "github": self.github, "runner": self.runner, "env": environment,
        })
    }
}

impl Machine {
    pub fn temporary(&self) -> PathBuf {
        self.folder.join("_temp")
    }

    pub fn tools(&self) -> PathBuf {
        self.folder.join("tools")
    }

    pub fn workspace(&self) -> PathBuf {
        self.folder.join("site/site")
    }

    /// Runs the action that was unpacked to `path` with these inputs.
    pub async fn run(&self, path: &Path, inputs: &[(&str, &str)]) -> Ran {
        let action = action();
        assert_eq!(action.runs.using, "composite");
        let mut given = Map::new();
        for (name, input) in &action.inputs {
            given.insert(name.clone(), input.default.clone().into());
        }
        for (name, value) in inputs {
            let known = given.insert((*name).into(), (*value).into());
            assert!(known.is_some(), "{name} is no input");
        }
        let github = json!({ "action_path": path, "server_url": self.environment["GITHUB_SERVER_URL"] });
        let runner = json!({ "os": self.system.0, "arch": self.system.1, "temp": self.temporary() });
        let mut contexts = Contexts { inputs: given, steps: Map::new(), github, runner };

        let mut ran = Ran { succeeded: true, ..Ran::default() };
        for step in &action.runs.steps {
            self.step(step, path, &mut contexts, &mut ran).await;
        }
        let names: Vec<_> = action.outputs.keys().cloned().collect();
        let templates: Vec<_> = action.outputs.values().map(|output| output.value.clone()).collect();
        let values = evaluated(&contexts.value(&self.environment), ran.succeeded, &templates);
        ran.outputs = names.into_iter().zip(values).collect();
        ran
    }

    async fn step(&self, step: &Step, action: &Path, contexts: &mut Contexts, ran: &mut Ran) {
        assert!(step.more.is_empty(), "nobody here knows what this means: {:?}", step.more);
        let before = contexts.value(&self.environment);
        if !holds(&before, ran.succeeded, step.condition.as_deref()) {
            return;
        }
        let names = step.env.keys().chain(step.with.keys());
        let templates: Vec<_> = step.env.values().chain(step.with.values()).map(text).collect();
        let mut values =
            names.cloned().zip(evaluated(&before, ran.succeeded, &templates)).collect::<Vec<_>>().into_iter();
        let env: BTreeMap<_, _> = values.by_ref().take(step.env.len()).collect();
        let with: BTreeMap<_, _> = values.collect();

        let (succeeded, outputs) = match (&step.run, &step.uses) {
            (Some(script), None) => {
                assert_eq!(step.shell.as_deref(), Some("bash"), "a composite action names its shell");
                assert!(!script.contains("${{"), "{script}");
                self.script(script, action, &env, ran).await
            }
            (None, Some(uses)) => {
                let (name, _) = uses.split_once('@').expect("a version");
                let outputs = self.stand_in(name, &with);
                ran.used.push((name.to_owned(), with));
                (true, outputs)
            }
            _ => panic!("a step either runs or uses: {step:?}"),
        };
        ran.succeeded &= succeeded;
        ran.steps.push((step.name.clone().expect("a name"), outputs.clone()));
        if let Some(id) = &step.id {
            contexts.steps.insert(id.clone(), json!({ "outputs": outputs }));
        }
    }

    /// `shell: bash`, as the runner starts it ("Workflow syntax: jobs.<job_id>.steps[*].shell", GitHub Docs).
    async fn script(
        &self,
        script: &str,
        action: &Path,
        env: &BTreeMap<String, String>,
        ran: &mut Ran,
    ) -> (bool, BTreeMap<String, String>) {
        let folder = tempfile::Builder::new().prefix("commands-").tempdir_in(self.temporary()).unwrap();
        let file = |name: &str| {
            let path = folder.path().join(name);
            fs::write(&path, "").unwrap();
            path
        };
        let (outputs, paths, variables, summary) = (file("output"), file("path"), file("env"), file("summary"));
        let text = file("script.sh");
        fs::write(&text, script).unwrap();

        let path = ran.path.iter().chain([&self.environment["PATH"]]).cloned().collect::<Vec<_>>().join(":");
        let mut bash = Command::new("bash");
        bash.args(["--noprofile", "--norc", "-e", "-o", "pipefail"]).arg(&text).current_dir(self.workspace());
        bash.env_clear().envs(&self.environment).env("PATH", path).env("GITHUB_ACTION_PATH", action).envs(env);
        bash.env("GITHUB_OUTPUT", &outputs).env("GITHUB_PATH", &paths).env("GITHUB_ENV", &variables);
        bash.env("GITHUB_STEP_SUMMARY", &summary).stdin(Stdio::null()).kill_on_drop(true);
        let bash = bash.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        ran.processes.push(bash.id().unwrap());
        let output = bash.wait_with_output().await.unwrap();

        ran.log += &String::from_utf8_lossy(&[output.stdout, output.stderr].concat());
        ran.summary += &fs::read_to_string(&summary).unwrap();
        for line in fs::read_to_string(&paths).unwrap().lines() {
            ran.path.insert(0, line.to_owned());
        }
        assert_eq!(fs::read_to_string(&variables).unwrap(), "", "the environment of later steps is the user's");
        (output.status.success(), files::outputs(&fs::read_to_string(&outputs).unwrap()))
    }

    /// What GitHub's cache and AWS's action do, as far as other steps notice.
    fn stand_in(&self, action: &str, with: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let copy = |from: &Path, to: &Path| {
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            let copied = std::process::Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
            assert!(copied.success());
        };
        match action {
            "actions/cache/restore" => {
                let (kept, folder) = (self.cache.join(&with["key"]), Path::new(&with["path"]));
                if kept.exists() {
                    copy(&kept, folder);
                }
                [("cache-hit".into(), kept.exists().to_string())].into()
            }
            "actions/cache/save" => {
                // A key is never written again.
                let kept = self.cache.join(&with["key"]);
                assert!(!with["key"].contains([',', '/']), "no key for actions/cache: {}", with["key"]);
                if !kept.exists() {
                    copy(Path::new(&with["path"]), &kept);
                }
                BTreeMap::new()
            }
            "aws-actions/configure-aws-credentials" => BTreeMap::new(),
            other => panic!("nobody stands in for {other}"),
        }
    }
}
