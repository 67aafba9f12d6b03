//! What GitHub Actions tells a step, and what the runner reads of what the step says.

use std::path::PathBuf;

use cruddur_site::github::{
    Runner,
    command::{Annotation, inert},
    markdown::{block, code},
    output::outputs,
};

use super::text;

/// `NAME=value`, line by line, is the environment. What is said in these words is words to the runner, not commands, outputs or
/// Markdown.
pub fn runner(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let variable = |name: &str| {
        let mut lines = text.lines().filter_map(|line| line.split_once('='));
        lines.find(|(key, _)| *key == name).map(|(_, value)| value)
    };
    let runner = Runner::from_environment(|name| variable(name).map(Into::into));
    assert_eq!(runner.is_some(), variable("GITHUB_ACTIONS") == Some("true"));
    if let Some(runner) = runner {
        let path = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        assert_eq!(runner.outputs, path("GITHUB_OUTPUT"));
        assert_eq!(runner.summary, path("GITHUB_STEP_SUMMARY"));
        assert_eq!(runner.workspace, path("GITHUB_WORKSPACE"));
    }

    let said = inert(text);
    assert_eq!(inert(&said), said, "said again");
    are_no_commands(&said);
    let annotation = Annotation::error(text, text).to_string();
    let (title, message) =
        annotation.strip_prefix("::error title=").and_then(|rest| rest.split_once("::")).expect("one");
    assert!(!annotation.contains(['\n', '\r']), "{annotation:?}");
    assert_eq!(unescaped(title), text);
    are_no_commands(&unescaped(message));

    let mut chance = 0;
    let file = outputs([("first", text.to_owned()), ("second", "2".to_owned())], || {
        chance += 1;
        chance
    });
    assert_eq!(set_by(&file), [("first", text), ("second", "2")]);

    let inline = code(text);
    let inside = inline.strip_prefix('`').and_then(|code| code.strip_suffix('`')).expect("code");
    assert!(!inside.contains(['`', '|', '\n', '\r']), "{inline:?}");
    let block = block(text);
    let (fence, rest) = block.split_once("text\n").expect("a fence");
    let (inside, end) = rest.strip_suffix('\n').and_then(|rest| rest.rsplit_once('\n')).expect("a fence");
    assert_eq!(end, fence);
    assert!(!inside.contains(fence), "{block:?}");
}

/// Whether the runner would take a line for more than text (ActionCommand.cs).
fn are_no_commands(text: &str) {
    let lines = text.split(['\n', '\r']);
    assert!(lines.clone().all(|line| !line.trim_start().starts_with("::") && !line.contains("##[")), "{text:?}");
}

/// As the runner reads properties and data (ActionCommand.cs, `UnescapeProperty`).
fn unescaped(text: &str) -> String {
    let pairs = [("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")];
    pairs.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// As the runner reads the file (FileCommandManager.cs, `EnvFileKeyValuePairs`).
fn set_by(file: &str) -> Vec<(&str, &str)> {
    let mut set = Vec::new();
    let mut rest = file;
    while let Some((line, after)) = rest.split_once('\n') {
        let (name, delimiter) = line.split_once("<<").expect("an output");
        let end = format!("\n{delimiter}\n");
        let (value, after) = after.split_once(&end).expect("an end");
        set.push((name, value));
        rest = after;
    }
    set
}
