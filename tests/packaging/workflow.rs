//! The release workflow: it builds what the rest speaks of, and follows the rules for workflows that hold secrets.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use regex::Regex;
use serde_json::Value;

use crate::homebrew::SYSTEMS;
use crate::release::{TARGETS, output, root};
use crate::support::{node::runs, skip};

fn text() -> String {
    fs::read_to_string(root().join(".github/workflows/release.yml")).unwrap()
}

fn workflow() -> Value {
    serde_saphyr::from_str(&text()).unwrap()
}

fn jobs(workflow: &Value) -> impl Iterator<Item = (&String, &Value)> {
    workflow["jobs"].as_object().unwrap().iter()
}

/// Every `run` of every job.
fn scripts(workflow: &Value) -> Vec<(String, String)> {
    let steps =
        jobs(workflow).flat_map(|(name, job)| job["steps"].as_array().unwrap().iter().map(move |step| (name, step)));
    steps.filter_map(|(name, step)| Some((name.clone(), step["run"].as_str()?.to_owned()))).collect()
}

#[test]
fn it_builds_every_target_and_no_other() {
    let workflow = workflow();
    let matrix = workflow["jobs"]["build"]["strategy"]["matrix"]["include"].as_array().unwrap();
    let built: BTreeSet<_> = matrix.iter().map(|entry| entry["target"].as_str().unwrap()).collect();
    assert_eq!(built, BTreeSet::from(TARGETS));
    // What Homebrew runs on: all but Windows.
    let brewed: BTreeSet<_> = SYSTEMS.iter().map(|(_, _, target)| *target).collect();
    assert_eq!(brewed, TARGETS.into_iter().filter(|target| !target.contains("windows")).collect());
}

/// The tag of the action must not start a release of its own.
#[test]
fn it_starts_for_version_tags_only() {
    let workflow = workflow();
    assert_eq!(workflow["on"], serde_json::json!({ "push": { "tags": ["v[0-9]+.[0-9]+.[0-9]+"] } }));
    let moved = &workflow["jobs"]["release"]["env"]["ACTION_TAG"];
    assert!(Regex::new("^v[0-9]+$").unwrap().is_match(moved.as_str().unwrap()), "{moved}");
}

#[test]
fn each_job_asks_for_the_permissions_it_needs() {
    let workflow = workflow();
    assert_eq!(workflow["permissions"], serde_json::json!({}), "what a job does not ask for is not given");
    for (name, job) in jobs(&workflow) {
        let permissions = job["permissions"].as_object().unwrap_or_else(|| panic!("{name} has all permissions"));
        // One that compiles what others wrote may neither write nor sign.
        if scripts(&workflow)
            .iter()
            .any(|(job, run)| job == name && (run.contains("cargo install") || run.contains("build --release")))
        {
            assert!(permissions.iter().all(|(_, value)| value == "read"), "{name}: {permissions:?}");
        }
        let published =
            permissions.iter().any(|(scope, value)| value == "write" && scope != "attestations" && scope != "id-token");
        assert!(!published || name == "release" || name == "container", "{name} may write: {permissions:?}");
    }
}

#[test]
fn nothing_is_spliced_into_a_script() {
    for (job, run) in scripts(&workflow()) {
        assert!(!run.contains("${{"), "{job}: {run}");
    }
}

#[test]
fn actions_are_pinned_to_commits() {
    let pinned = Regex::new(r"^[\w-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$").unwrap();
    let text = text();
    let uses: Vec<_> =
        text.lines().filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("uses: ")).collect();
    assert!(uses.len() > 10, "{uses:?}");
    for action in &uses {
        assert!(pinned.is_match(action), "{action}");
    }
    // One version of each.
    let versions: BTreeSet<_> = uses.iter().collect();
    let names: BTreeSet<_> = uses.iter().map(|action| action.split('@').next()).collect();
    assert_eq!(versions.len(), names.len(), "{versions:?}");
}

#[test]
fn shellcheck_finds_nothing_in_its_scripts() {
    if !runs("shellcheck") {
        return skip("shellcheck is not installed");
    }
    let folder = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for (number, (job, run)) in scripts(&workflow()).into_iter().enumerate() {
        let file = folder.path().join(format!("{job}-{number}"));
        fs::write(&file, run).unwrap();
        files.push(file);
    }
    let check = ["--shell=bash", "--external-sources", "--source-path", root().to_str().unwrap()];
    output(Command::new("shellcheck").args(check).args(files).current_dir(root()));
}
