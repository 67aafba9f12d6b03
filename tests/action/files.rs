//! The files that steps talk to the runner with.

use std::collections::BTreeMap;

/// What a step wrote to `GITHUB_OUTPUT`: lines `NAME=VALUE`, and `NAME<<END` before lines up to `END` ("Workflow commands",
/// GitHub Docs).
///
/// # Panics
/// Where the runner would fail the step.
pub fn outputs(text: &str) -> BTreeMap<String, String> {
    let mut outputs = BTreeMap::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.is_empty() {
            continue;
        }
        let (equals, heredoc) = (line.find('='), line.find("<<"));
        match (equals, heredoc) {
            (Some(at), heredoc) if heredoc.is_none_or(|other| at < other) => {
                outputs.insert(line[..at].to_owned(), line[at + 1..].to_owned());
            }
            (_, Some(at)) => {
                let end = &line[at + 2..];
                let mut value = Vec::new();
                loop {
                    match lines.next() {
                        Some(line) if line == end => break,
                        Some(line) => value.push(line),
                        None => panic!("no line {end:?} ends {line:?}"),
                    }
                }
                outputs.insert(line[..at].to_owned(), value.join("\n"));
            }
            _ => panic!("no output: {line:?}"),
        }
    }
    outputs
}
