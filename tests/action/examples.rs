//! The metadata of the action, and the workflows that use it.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::{Value, json};

use crate::{
    linters,
    metadata::{action, text, workflow, workflow_at},
    support::local::cruddur_site,
    templates,
    world::{DOMAIN, REPOSITORY},
};

const EXAMPLES: [&str; 3] = ["publish", "plan", "approve"];

/// Every input and output says what it is, in words without an expression: GitHub would evaluate it.
#[test]
fn everything_is_described() {
    let action = action();
    let expected = [
        "args",
        "aws-region",
        "bucket",
        "config",
        "directory",
        "distribution",
        "domain",
        "dry-run",
        "prefix",
        "role-to-assume",
        "version",
        "wait",
    ];
    assert_eq!(action.inputs.keys().collect::<Vec<_>>(), expected.iter().collect::<Vec<_>>());
    let inputs = action.inputs.values().map(|input| &input.description);
    for description in inputs.chain(action.outputs.values().map(|output| &output.description)) {
        assert!(description.len() > 15 && description.ends_with('.') && !description.contains("${{"), "{description}");
    }
    for (name, output) in &action.outputs {
        assert_eq!(output.value, format!("${{{{ steps.publish.outputs.{name} }}}}"));
    }
    // What the Marketplace takes.
    assert!(action.description.len() < 125, "{}", action.description.len());
}

/// Every example names our action by its tag, and only inputs that it has.
#[test]
fn examples_use_what_there_is() {
    let inputs = action().inputs;
    for name in EXAMPLES {
        let workflow = workflow(&format!("examples/workflows/{name}.yml"));
        let steps = workflow.jobs.values().flat_map(|job| job.steps.iter().flatten());
        let ours: Vec<_> = steps.filter(|step| step.uses.as_deref() == Some(&format!("{REPOSITORY}@v1"))).collect();
        assert!(!ours.is_empty(), "{name}");
        for step in ours {
            assert!(step.with.keys().all(|input| inputs.contains_key(input)), "{name}: {:?}", step.with);
            assert!(step.with.contains_key("role-to-assume"), "{name}");
        }
    }
}

/// No job may do more than read, and ask for the token that its role is given for.
#[test]
fn jobs_may_do_little() {
    let little = |permissions: &BTreeMap<String, String>| {
        permissions
            .iter()
            .all(|(what, how)| matches!((what.as_str(), how.as_str()), ("contents", "read") | ("id-token", "write")))
    };
    for path in EXAMPLES
        .map(|name| format!("examples/workflows/{name}.yml"))
        .iter()
        .chain([&".github/workflows/ci.yml".to_owned()])
    {
        let workflow = workflow(path);
        let whole = workflow.permissions.expect("permissions");
        assert!(little(&whole), "{path}");
        for (name, job) in &workflow.jobs {
            assert!(job.permissions.as_ref().is_none_or(little), "{path}: {name}");
            // Whoever takes on a role may ask for the token.
            let takes_role = job.steps.iter().flatten().any(|step| step.with.contains_key("role-to-assume"));
            let asks = job.permissions.as_ref().unwrap_or(&whole).contains_key("id-token");
            assert_eq!(takes_role, asks, "{path}: {name}");
        }
    }
}

/// A plan is a dry run; every other step of ours publishes.
#[test]
fn plans_change_nothing() {
    if templates::packages().is_none() {
        return;
    }
    for name in EXAMPLES {
        for (job, content) in workflow(&format!("examples/workflows/{name}.yml")).jobs {
            for step in content.steps.iter().flatten().filter(|step| step.with.contains_key("role-to-assume")) {
                let dry_run = step.with.get("dry-run").map(text).unwrap_or_default();
                let github = json!({ "github": { "event_name": "pull_request" } });
                let dry_run = templates::evaluated(&github, true, &[dry_run]);
                assert_eq!(dry_run == ["true"], job == "plan", "{name}: {job}");
            }
        }
    }
}

/// What a step runs is there.
#[test]
fn the_scripts_are_where_the_action_looks() {
    for step in action().runs.steps {
        let Some(run) = step.run else { continue };
        let (_, script) = run.split_once("$GITHUB_ACTION_PATH/").expect("a script of the action");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(script.trim_end_matches('"'));
        assert!(path.is_file(), "{}", path.display());
    }
}

/// What `bootstrap --github` prints is a workflow like the examples: linters have nothing to say, and its step has only
/// inputs that there are.
#[test]
fn the_printed_workflow_is_an_example() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("dist")).unwrap();
    fs::write(folder.path().join("dist/index.html"), "<!doctype html><title>Here</title>").unwrap();
    let package = r#"{ "scripts": { "build": "vite build" }, "devDependencies": { "vite": "^8.0.0" } }"#;
    fs::write(folder.path().join("package.json"), package).unwrap();
    fs::write(folder.path().join("package-lock.json"), "{}").unwrap();
    for (github, environment) in
        [("ann/cruddur", false), ("ann/cruddur@release", false), ("ann/cruddur:production", true)]
    {
        let mut bootstrap = cruddur_site();
        bootstrap.args(["bootstrap", DOMAIN, "--local", "--yes", "--json", "--github", github]).current_dir(&folder);
        let output = bootstrap.output().unwrap();
        let made: Value = serde_json::from_slice(&output.stdout).unwrap();
        let printed = made["result"]["workflow"].as_str().unwrap_or_else(|| panic!("{made:#}"));
        let path = folder.path().join("publish.yml");
        fs::write(&path, printed).unwrap();
        linters::approve(&path);

        let steps = workflow_at(&path).jobs.remove("publish").unwrap().steps.unwrap();
        let (last, inputs) = (steps.last().unwrap(), action().inputs);
        assert_eq!(last.uses.as_deref(), Some("cruddur/cruddur-site@v1"));
        assert!(last.with.keys().all(|input| inputs.contains_key(input)), "{printed}");
        assert_eq!((&last.with["domain"], &last.with["directory"]), (&json!(DOMAIN), &json!("dist")));
        assert_eq!(printed.contains("environment: \"production\""), environment, "{printed}");
    }
}
