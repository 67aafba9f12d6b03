//! `action.yml` and workflows, as values. What these types do not know, they refuse.

use std::{collections::BTreeMap, fs, path::Path};

use serde::Deserialize;
use serde_json::Value;

/// An action's metadata ("Metadata syntax reference", GitHub Docs).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "they are known, and not looked at")]
pub struct Action {
    pub name: String,
    pub author: String,
    pub description: String,
    pub branding: Branding,
    pub inputs: BTreeMap<String, Input>,
    pub outputs: BTreeMap<String, Output>,
    pub runs: Composite,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "they are known, and not looked at")]
pub struct Branding {
    pub icon: String,
    pub color: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    pub description: String,
    pub default: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    pub description: String,
    pub value: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Composite {
    pub using: String,
    pub steps: Vec<Step>,
}

/// A step of an action or of a job.
#[derive(Debug, Clone, Deserialize)]
pub struct Step {
    pub name: Option<String>,
    pub id: Option<String>,
    #[serde(rename = "if")]
    pub condition: Option<String>,
    pub uses: Option<String>,
    #[serde(default)]
    pub with: BTreeMap<String, Value>,
    pub shell: Option<String>,
    #[serde(default)]
    pub env: BTreeMap<String, Value>,
    pub run: Option<String>,
    /// What else it says.
    #[serde(flatten)]
    pub more: BTreeMap<String, Value>,
}

/// Of a workflow, what its steps are.
#[derive(Debug, Deserialize)]
pub struct Workflow {
    pub permissions: Option<BTreeMap<String, String>>,
    pub jobs: BTreeMap<String, Job>,
}

#[derive(Debug, Deserialize)]
pub struct Job {
    pub permissions: Option<BTreeMap<String, String>>,
    /// None where it calls another workflow.
    pub steps: Option<Vec<Step>>,
}

/// The action of this repository.
pub fn action() -> Action {
    read("action.yml")
}

/// A workflow of this repository.
pub fn workflow(path: &str) -> Workflow {
    read(path)
}

/// A workflow in a file.
pub fn workflow_at(path: &Path) -> Workflow {
    read(path.to_str().unwrap())
}

fn read<T: for<'a> Deserialize<'a>>(path: &str) -> T {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A scalar as GitHub hands it to a step: `true` and `"true"` are the same text.
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Null => String::new(),
        other => panic!("no scalar: {other}"),
    }
}
