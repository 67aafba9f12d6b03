//! What the runner reads (github.com/actions/runner, src/Runner.Common/ActionCommand.cs and
//! src/Runner.Worker/{ActionCommandManager,FileCommandManager}.cs).

use std::collections::BTreeMap;

/// Every command that the runner knows.
const COMMANDS: [&str; 16] = [
    "stop-commands",
    "internal-set-repo-path",
    "set-env",
    "set-output",
    "save-state",
    "add-mask",
    "add-path",
    "add-matcher",
    "remove-matcher",
    "debug",
    "warning",
    "error",
    "notice",
    "group",
    "endgroup",
    "echo",
];

/// A command, its escapes undone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Command {
    pub name: String,
    pub properties: BTreeMap<String, String>,
    pub data: String,
}

impl Command {
    /// A property; empty for none.
    pub fn property(&self, name: &str) -> &str {
        self.properties.get(name).map(String::as_str).unwrap_or_default()
    }
}

/// A log, line by line: commands, and what is text.
pub fn read_log(log: &str) -> Vec<Result<Command, String>> {
    // StreamReader.ReadLine ends lines at CR, too.
    let lines = log.split(['\n', '\r']).filter(|line| !line.is_empty());
    lines.map(|line| command(line).or_else(|| old_command(line)).ok_or_else(|| line.to_owned())).collect()
}

/// `::NAME KEY=VALUE,KEY=VALUE::DATA`.
fn command(line: &str) -> Option<Command> {
    let (info, data) = line.trim_start().strip_prefix("::")?.split_once("::")?;
    let unescape = |text: &str| text.replace("%0D", "\r").replace("%0A", "\n");
    let property = |text: &str| unescape(text).replace("%3A", ":").replace("%2C", ",").replace("%25", "%");
    Some(Command { data: unescape(data).replace("%25", "%"), ..named(info, ',', property)? })
}

/// `##[NAME KEY=VALUE;KEY=VALUE]DATA`, anywhere in a line.
fn old_command(line: &str) -> Option<Command> {
    let (info, data) = line.split_once("##[")?.1.split_once(']')?;
    let unescape = |text: &str| {
        let text = text.replace("%3B", ";").replace("%0D", "\r").replace("%0A", "\n");
        text.replace("%5D", "]").replace("%25", "%")
    };
    Some(Command { data: unescape(data), ..named(info, ';', unescape)? })
}

fn named(info: &str, between: char, unescape: impl Fn(&str) -> String) -> Option<Command> {
    let (name, properties) = info.split_once(' ').unwrap_or((info, ""));
    let name = name.to_ascii_lowercase();
    if !COMMANDS.contains(&name.as_str()) {
        return None;
    }
    let pairs = properties.trim().split(between).filter_map(|pair| pair.split_once('='));
    let properties = pairs.filter(|(_, value)| !value.is_empty()).map(|(key, value)| (key.to_owned(), unescape(value)));
    Some(Command { name, properties: properties.collect(), data: String::new() })
}

/// The outputs in a file: the last one of a name wins.
pub fn read_outputs(file: &str) -> BTreeMap<String, String> {
    let mut outputs = BTreeMap::new();
    let mut lines = file.split_inclusive('\n');
    while let Some(line) = lines.next() {
        let line = line.trim_end_matches('\n');
        if line.is_empty() {
            continue;
        }
        let (equals, heredoc) = (line.find('='), line.find("<<"));
        match (equals, heredoc) {
            (Some(at), here) if here.is_none_or(|here| at < here) => {
                outputs.insert(line[..at].to_owned(), line[at + 1..].to_owned());
            }
            (_, Some(at)) => {
                let (name, delimiter) = (&line[..at], &line[at + 2..]);
                assert!(!name.is_empty() && !delimiter.is_empty(), "{line}");
                let mut value = String::new();
                loop {
                    let next = lines.next().unwrap_or_else(|| panic!("Matching delimiter not found '{delimiter}'"));
                    if next.trim_end_matches('\n') == delimiter {
                        break;
                    }
                    assert!(next.ends_with('\n'), "EOF marker missing new line");
                    value.push_str(next);
                }
                outputs.insert(name.to_owned(), value.strip_suffix('\n').unwrap_or(&value).to_owned());
            }
            _ => panic!("Invalid format '{line}'"),
        }
    }
    outputs
}

#[test]
fn the_runner_reads_as_the_real_one() {
    let [Ok(first), Ok(second), Err(third), Err(fourth)] =
        &read_log("  ::error file=a%2Cb,line=3::50%25%0Aoff\ntext ##[Warning code=7]x%5D\n::unknown::x\n+ ::error::x")
            [..]
    else {
        panic!("two commands and two lines");
    };
    assert_eq!((first.property("file"), first.property("line"), &*first.data), ("a,b", "3", "50%\noff"));
    assert_eq!((&*second.name, second.property("code"), &*second.data), ("warning", "7", "x]"));
    assert_eq!((&**third, &**fourth), ("::unknown::x", "+ ::error::x"));

    let outputs = read_outputs("a=b<<c\n\nd<<E\n1\n\n2\nE\nf<<G\n\nG\nh<<I\nI\n");
    let expected = [("a", "b<<c"), ("d", "1\n\n2"), ("f", ""), ("h", "")];
    assert_eq!(outputs, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
}
