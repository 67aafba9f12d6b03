//! `${{ }}`, evaluated by GitHub's own library `@actions/expressions`.

use std::{
    io::Write as _,
    path::PathBuf,
    process::{Command, Stdio},
    sync::OnceLock,
};

use serde_json::{Value, json};

use crate::support::{node, skip};

/// A folder with the packages of `tests/action/npm` and its scripts. `None` where there is no npm: the test is then skipped.
pub fn packages() -> Option<PathBuf> {
    static INSTALLED: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let installed = INSTALLED.get_or_init(|| node::installed("tests/action/npm"));
    installed.as_ref().map_err(|reason| skip(format!("npm's packages: {reason}"))).ok().cloned()
}

/// What templates become in these contexts, in a job that has succeeded so far or has not.
///
/// # Panics
/// When one of them is wrong, or asks for a context or function that is not there.
pub fn evaluated(contexts: &Value, succeeded: bool, templates: &[String]) -> Vec<String> {
    if !templates.iter().any(|template| template.contains("${{")) {
        return templates.to_vec();
    }
    let packages = packages().expect("looked for before");
    let mut node = Command::new("node");
    node.arg(packages.join("evaluate.mjs")).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut node = node.spawn().unwrap();
    let question = json!({ "contexts": contexts, "succeeded": succeeded, "templates": templates });
    node.stdin.take().unwrap().write_all(question.to_string().as_bytes()).unwrap();
    let answer = node.wait_with_output().unwrap();
    assert!(answer.status.success(), "{templates:?}: {}", String::from_utf8_lossy(&answer.stderr));
    serde_json::from_slice(&answer.stdout).unwrap()
}

/// Whether a step runs: its condition is joined to `success()`, unless it asks for the job's status itself ("Status check
/// functions", GitHub Docs).
pub fn holds(contexts: &Value, succeeded: bool, condition: Option<&str>) -> bool {
    let Some(condition) = condition else { return succeeded };
    let condition = condition.strip_prefix("${{").and_then(|rest| rest.strip_suffix("}}")).unwrap_or(condition);
    let asks = ["success(", "failure(", "always(", "cancelled("].iter().any(|function| condition.contains(function));
    let whole = if asks { condition.to_owned() } else { format!("success() && ({condition})") };
    // As true and false are the texts of the answer, anything else that counts as true is asked for twice.
    evaluated(contexts, succeeded, &[format!("${{{{ !!({whole}) }}}}")]) == ["true"]
}
