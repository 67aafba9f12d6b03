//! The recorded session that README begins with.

use std::{path::Path, process::Command};

use regex::Regex;

use crate::{
    markdown::{Page, ROOT},
    support::{skip, venv},
};

const RECORDED: &str = include_str!("../../docs/session.svg");

/// Given the recorded session, when it is recorded again, then it says the same but for how long things took.
#[test]
fn the_recorded_session_is_what_happens() {
    let python = match venv::python("record", include_str!("../../docs/record-requirements.txt")) {
        Ok(python) => python,
        Err(reason) => return skip(format!("docs/record.py: {reason}")),
    };
    let folder = tempfile::tempdir().unwrap();
    let again = folder.path().join("session.svg");
    let mut record = Command::new(python);
    record.arg(Path::new(ROOT).join("docs/record.py")).arg(env!("CARGO_BIN_EXE_cruddur-site")).arg(&again);
    let output = record.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let again = std::fs::read_to_string(again).unwrap();
    let (recorded, again) = (lines(RECORDED), lines(&again));
    assert!(recorded.iter().any(|line| line.contains("kept for open tabs")), "{recorded:#?}");
    assert_eq!(again, recorded, "docs/session.svg is out of date: docs/record.py says how to make it anew");
}

/// README shows it, and says what it shows to whoever cannot see it.
#[test]
fn the_readme_begins_with_it() {
    let prose = Page::read(Path::new("README.md")).prose();
    let first: Vec<&str> = prose.lines().take(12).collect();
    let shown = Regex::new(
        r#"<img [^>]*src="docs/session\.svg"[^>]*alt="[^"]{40,}"|<img [^>]*alt="[^"]{40,}"[^>]*src="docs/session\.svg""#,
    );
    assert!(shown.unwrap().is_match(&first.join("\n")), "{first:#?}");
}

/// The texts of a picture of a terminal, line by line, without times.
fn lines(svg: &str) -> Vec<String> {
    let text = Regex::new(r#"(?s)<text class="session-r\d+"[^>]* y="([\d.]+)"[^>]*>(.*?)</text>"#).unwrap();
    let time = Regex::new(r"in \d+\.\d s").unwrap();
    let mut lines: Vec<(String, String)> = Vec::new();
    for found in text.captures_iter(svg) {
        match lines.last_mut() {
            Some((y, line)) if *y == found[1] => line.push_str(&found[2]),
            _ => lines.push((found[1].to_owned(), found[2].to_owned())),
        }
    }
    assert!(lines.len() > 15, "{lines:#?}");
    lines.iter().map(|(_, line)| time.replace(&line.replace("&#160;", " "), "in TIME").trim_end().to_owned()).collect()
}
