//! Workflow commands: lines that the runner takes for more than text.
//!
//! It knows two forms (ActionCommand.cs). `::NAME KEY=VALUE,…::DATA` must begin its line, white space aside. The old
//! `##[NAME KEY=VALUE;…]DATA` may stand anywhere in a line. Both are looked for on standard output and on standard error.

use std::{borrow::Cow, fmt};

/// How much an annotation matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Something went wrong.
    Error,
    /// Something to look at.
    Warning,
}

/// A place in a file of the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, from the workspace on.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
}

/// A note that GitHub shows above the log, on the pull request, and, where it has a place, beside that line of the file.
/// Written out it is one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// How much it matters.
    pub level: Level,
    /// What it is about. The log leaves it out.
    pub title: String,
    /// Where.
    pub place: Option<Place>,
    /// What there is to say. The runner cuts it at 4,096 characters.
    pub message: String,
}

impl Annotation {
    /// A warning about nothing in the repository.
    pub fn warning(title: impl Into<String>, message: impl Into<String>) -> Self {
        Self { level: Level::Warning, title: title.into(), place: None, message: message.into() }
    }

    /// An error about nothing in the repository.
    pub fn error(title: impl Into<String>, message: impl Into<String>) -> Self {
        Self { level: Level::Error, ..Self::warning(title, message) }
    }

    /// About a place in a file.
    #[must_use]
    pub fn at(self, place: Option<Place>) -> Self {
        Self { place, ..self }
    }
}

impl fmt::Display for Annotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.level {
            Level::Error => "error",
            Level::Warning => "warning",
        };
        write!(f, "::{name} title={}", property(&self.title))?;
        if let Some(Place { file, line, column }) = &self.place {
            write!(f, ",file={},line={line},col={column}", property(file))?;
        }
        // The message comes back into the log as lines of the runner's own.
        write!(f, "::{}", data(&inert(&self.message)))
    }
}

/// The line that begins a group: what follows is folded under the title, up to [`END_GROUP`].
pub fn group(title: &str) -> String {
    format!("::group::{}", data(&inert(title)))
}

/// The line that ends a group.
pub const END_GROUP: &str = "::endgroup::";

/// What the data of a command may not hold (toolkit, packages/core/src/command.ts, `escapeData`).
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// What a property may not hold (`escapeProperty`).
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Whole lines without anything that the runner would take for a command, whoever chose the names in them: the character
/// that would make it one is written out as `\u{…}`.
///
/// `::stop-commands::` is made for this. But the runner reads standard output and standard error apart, so that no line of one is
/// surely before a line of the other; and a program that is killed would leave the commands of the whole step stopped.
pub fn inert(text: &str) -> Cow<'_, str> {
    let begins = |line: &str| line.trim_start().starts_with("::");
    if !text.contains("##[") && !text.split(LINE_ENDS).any(begins) {
        return Cow::Borrowed(text);
    }
    let line = |line: &str| match begins(line) {
        true => line.replacen(':', r"\u{3a}", 1),
        false => line.to_owned(),
    };
    Cow::Owned(text.split_inclusive(LINE_ENDS).map(line).collect::<String>().replace("##[", r"##\u{5b}"))
}

/// What ends a line for the runner (.NET, `StreamReader.ReadLine`).
const LINE_ENDS: [char; 2] = ['\n', '\r'];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_annotation_is_one_line() {
        let place = Place { file: "a,b:c%.toml".into(), line: 3, column: 8 };
        let table = [
            (Annotation::warning("t", "m"), "::warning title=t::m"),
            (
                Annotation::error("50 %, or: so", "a\nb\r\nc: 1,2 %0A"),
                "::error title=50 %25%2C or%3A so::a%0Ab%0D%0Ac: 1,2 %250A",
            ),
            (Annotation::error("t", "m").at(Some(place)), "::error title=t,file=a%2Cb%3Ac%25.toml,line=3,col=8::m"),
            (
                Annotation::error("a::b", "::error::x\n##[error]y"),
                r"::error title=a%3A%3Ab::\u{3a}:error::x%0A##\u{5b}error]y",
            ),
        ];
        for (annotation, line) in table {
            assert_eq!(annotation.to_string(), line);
        }
        assert_eq!(group("5 changes\n::error::"), r"::group::5 changes%0A\u{3a}:error::");
    }

    #[test]
    fn commands_are_made_text() {
        let table = [
            ("a::b", "a::b"),
            ("  ##", "  ##"),
            ("# ##[", r"# ##\u{5b}"),
            ("::error::x", r"\u{3a}:error::x"),
            (" \u{3000}\t::error::x", " \u{3000}\t\\u{3a}:error::x"),
            ("a\n::error::x\n::b", "a\n\\u{3a}:error::x\n\\u{3a}:b"),
            ("a\r::error::x", "a\r\\u{3a}:error::x"),
            ("a ##[error]x ###[b]", r"a ##\u{5b}error]x ###\u{5b}b]"),
        ];
        for (text, expected) in table {
            assert_eq!(inert(text), expected, "{text:?}");
            assert_eq!(inert(expected), expected, "once is enough: {text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_a_command(text in "[:# \\[\\]\n\ra\u{3000}]{0,16}") {
            let inert = inert(&text);
            prop_assert!(!inert.contains("##["));
            prop_assert!(!inert.split(LINE_ENDS).any(|line| line.trim_start().starts_with("::")));
            prop_assert_eq!(inert.replace(r"\u{3a}", ":").replace(r"\u{5b}", "["), text);
        }

        /// The runner's own way back: it replaces one escape after the other, `%25` last.
        #[test]
        fn the_runner_reads_what_was_meant(text in "[%0ADC25:,\r\na]{0,16}") {
            let read = property(&text).replace("%0D", "\r").replace("%0A", "\n").replace("%3A", ":").replace("%2C", ",");
            prop_assert_eq!(read.replace("%25", "%"), text.as_str());
            prop_assert_eq!(data(&text).replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%"), text);
        }
    }
}
