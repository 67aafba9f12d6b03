//! GitHub's own Markdown parser (cmark-gfm), with raw HTML left in: what its sanitizer takes away must not be there at all.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde::Deserialize;

use super::{skip, venv};

const REQUIREMENTS: &str = include_str!("gfm-requirements.txt");
const RENDER: &str = include_str!("gfm.py");

/// A page, taken apart.
#[derive(Debug, Deserialize)]
pub struct Page {
    /// As HTML.
    pub html: String,
    /// Every element but the void ones: its name, its attributes, its text.
    pub elements: Vec<Element>,
}

#[derive(Debug, Deserialize)]
pub struct Element {
    pub name: String,
    /// The names of the elements around it, the outermost first.
    pub within: Vec<String>,
    pub attributes: Vec<(String, Option<String>)>,
    /// All text in it.
    pub text: String,
    /// The text that is in no element inside of it.
    pub own: String,
}

impl Page {
    /// The texts of elements of that name.
    pub fn texts(&self, name: &str) -> Vec<&str> {
        self.elements.iter().filter(|one| one.name == name).map(|one| one.text.as_str()).collect()
    }
}

/// Reads Markdown as GitHub does. `None` where the parser cannot run: the test is then skipped.
///
/// # Panics
/// When it does not run to its end.
pub fn page(markdown: &str) -> Option<Page> {
    let python = match venv::python("gfm", REQUIREMENTS) {
        Ok(python) => python,
        Err(reason) => {
            skip(format!("cmarkgfm: {reason}"));
            return None;
        }
    };
    let mut render =
        Command::new(python).args(["-X", "utf8", "-c", RENDER]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let render = render.as_mut().expect("cmarkgfm");
    render.stdin.take().expect("its input").write_all(markdown.as_bytes()).expect("a reader");
    let mut printed = Vec::new();
    std::io::Read::read_to_end(&mut render.stdout.take().expect("its output"), &mut printed).expect("its output");
    assert!(render.wait().expect("its end").success());
    Some(serde_json::from_slice(&printed).expect("a page"))
}
