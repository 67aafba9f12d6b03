//! YAML as a person would write it: block style, members in the order given, CloudFormation's short forms (`!Ref`), and
//! comments.

use std::fmt::{self, Write as _};

use serde_json::Value;

/// A value of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// A text.
    Text(String),
    /// A text of several lines, shown as they are.
    Lines(String),
    /// A number or truth value.
    Plain(String),
    /// An intrinsic function: its name without the `!`, and its argument.
    Call(&'static str, Box<Node>),
    /// A list.
    List(Vec<Node>),
    /// A list in one line.
    Row(Vec<Node>),
    /// Members, each with the comment above it, which may be empty.
    Map(Vec<(String, Node, &'static str)>),
}

impl Node {
    /// What `name` is, where it can be referred to.
    pub fn reference(name: &str) -> Self {
        Self::Call("Ref", Box::new(name.into()))
    }

    /// An attribute of a resource: `Distribution.Id`.
    pub fn attribute(path: &str) -> Self {
        Self::Call("GetAtt", Box::new(path.into()))
    }

    /// A text with `${...}` in it, which CloudFormation fills in; one without is left as it is.
    pub fn filled(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.contains("${") { Self::Call("Sub", Box::new(Self::Text(text))) } else { Self::Text(text) }
    }
}

impl Node {
    /// The same with `new` wherever `old` is.
    #[must_use]
    pub fn replaced(self, old: &Self, new: &Self) -> Self {
        let items = |items: Vec<Self>| items.into_iter().map(|item| item.replaced(old, new)).collect();
        match self {
            found if found == *old => new.clone(),
            Self::List(list) => Self::List(items(list)),
            Self::Row(row) => Self::Row(items(row)),
            Self::Map(members) => {
                let member = |(key, value, comment): (String, Self, _)| (key, value.replaced(old, new), comment);
                Self::Map(members.into_iter().map(member).collect())
            }
            other => other,
        }
    }
}

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Node {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<u32> for Node {
    fn from(number: u32) -> Self {
        Self::Plain(number.to_string())
    }
}

impl From<u64> for Node {
    fn from(number: u64) -> Self {
        Self::Plain(number.to_string())
    }
}

impl From<bool> for Node {
    fn from(flag: bool) -> Self {
        Self::Plain(flag.to_string())
    }
}

impl From<Vec<Node>> for Node {
    fn from(items: Vec<Node>) -> Self {
        Self::List(items)
    }
}

/// A policy document, whose texts are filled in by CloudFormation.
impl From<&Value> for Node {
    fn from(value: &Value) -> Self {
        /// The order that people write policies in.
        const ORDER: [&str; 7] = ["Version", "Sid", "Effect", "Principal", "Action", "Resource", "Condition"];
        match value {
            Value::String(text) => Self::filled(text),
            Value::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            Value::Object(members) => {
                let rank = |key: &str| ORDER.iter().position(|known| *known == key).unwrap_or(ORDER.len());
                let mut members: Vec<_> = members.iter().map(|(key, value)| (key.clone(), value.into(), "")).collect();
                members.sort_by_key(|(key, ..)| rank(key));
                Self::Map(members)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => Self::Plain(value.to_string()),
        }
    }
}

/// Members of a [`Node::Map`].
#[derive(Debug, Default)]
pub struct Members(Vec<(String, Node, &'static str)>);

impl Members {
    /// Adds a member.
    #[must_use]
    pub fn with(self, key: impl Into<String>, value: impl Into<Node>) -> Self {
        self.explained("", key, value)
    }

    /// Adds a member, if there is a value.
    #[must_use]
    pub fn with_some(self, key: &str, value: Option<impl Into<Node>>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    /// Adds a member below a comment.
    #[must_use]
    pub fn explained(mut self, comment: &'static str, key: impl Into<String>, value: impl Into<Node>) -> Self {
        self.0.push((key.into(), value.into(), comment));
        self
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Members> for Node {
    fn from(members: Members) -> Self {
        Self::Map(members.0)
    }
}

/// The document, ending with a line end.
impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        match self {
            Self::Map(members) => write_members(&mut text, members, 0)?,
            other => {
                write_value(&mut text, other, 0)?;
            }
        }
        f.write_str(text.trim_start_matches('\n').trim_start_matches(' '))
    }
}

fn indent(text: &mut String, depth: usize) {
    text.extend(std::iter::repeat_n("  ", depth));
}

fn write_members(text: &mut String, members: &[(String, Node, &'static str)], depth: usize) -> fmt::Result {
    for (number, (key, value, comment)) in members.iter().enumerate() {
        // Sections, and the resources in them, are set apart.
        if depth == 0 || (depth == 1 && number > 0 && matches!(value, Node::Map(_))) {
            text.push('\n');
        }
        for line in comment.lines() {
            indent(text, depth);
            writeln!(text, "# {line}")?;
        }
        indent(text, depth);
        write!(text, "{}:", scalar(key))?;
        write_value(text, value, depth)?;
    }
    Ok(())
}

/// Writes what comes after `key:` or `-`, with the line end.
fn write_value(text: &mut String, value: &Node, depth: usize) -> fmt::Result {
    match value {
        Node::Map(members) if !members.is_empty() => {
            text.push('\n');
            write_members(text, members, depth + 1)
        }
        Node::List(items) if !items.is_empty() => {
            text.push('\n');
            for item in items {
                indent(text, depth + 1);
                text.push('-');
                match item {
                    Node::Map(members) if !members.is_empty() => {
                        // The first member stands beside the dash.
                        let mut inner = String::new();
                        write_members(&mut inner, members, depth + 2)?;
                        let start = inner.trim_start_matches('\n');
                        write!(text, " {}", start.trim_start_matches(' '))?;
                    }
                    other => write_value(text, other, depth + 1)?,
                }
            }
            Ok(())
        }
        Node::Lines(lines) if is_printable(lines) => {
            // The number tells where lines begin, should the first one begin with a space.
            let (lines, end) = lines.strip_suffix('\n').map_or((lines.as_str(), "-"), |lines| (lines, ""));
            writeln!(text, " |2{end}")?;
            for line in lines.split('\n') {
                if !line.is_empty() {
                    indent(text, depth + 1);
                    text.push_str(line);
                }
                text.push('\n');
            }
            Ok(())
        }
        Node::Call(name, argument) if matches!(**argument, Node::List(_) | Node::Map(_)) => {
            write!(text, " !{name}")?;
            write_value(text, argument, depth)
        }
        other => writeln!(text, " {}", inline(other)),
    }
}

/// A value that fits into a line.
fn inline(value: &Node) -> String {
    match value {
        Node::Text(text) | Node::Lines(text) => scalar(text),
        Node::Plain(text) => text.clone(),
        Node::Call(name, argument) => format!("!{name} {}", inline(argument)),
        Node::Row(items) | Node::List(items) => {
            format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", "))
        }
        Node::Map(_) => "{}".to_owned(),
    }
}

/// A text, in quotes unless it is a plain word to every reader of YAML, old ones with their `yes` and `on` included.
fn scalar(text: &str) -> String {
    const WORDS: [&str; 9] = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    let is_plain = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.ends_with(|last: char| last.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:".contains(c))
        && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    // JSON's strings are strings of YAML, too.
    if is_plain { text.to_owned() } else { Value::from(text).to_string() }
}

fn is_printable(text: &str) -> bool {
    !text.is_empty()
        && !text.ends_with("\n\n")
        && text.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{2028}' && c != '\u{2029}')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_written_as_people_write_them() {
        let policy = json!({"Statement": [{"Resource": ["a", "b/${C}"], "Effect": "Allow"}], "Version": "2012-10-17"});
        let document = Members::default().with("Description", "What it is: a site").explained(
            "First line.\nSecond line.",
            "Resources",
            Members::default()
                .with("One", Members::default().with("Flag", true).with("Number", 7u32).with("Word", "yes"))
                .with(
                    "Two",
                    Members::default()
                        .with("Code", Node::Lines("  a\n\nb\n".into()))
                        .with("Ref", Node::reference("One"))
                        .with(
                            "If",
                            Node::Call("If", Box::new(vec![Node::from("C"), Node::attribute("One.Arn")].into())),
                        )
                        .with("Row", Node::Row(vec!["GET".into(), "*".into()]))
                        .with("Policy", &policy)
                        .with("Empty", Vec::new())
                        .with_some("None", None::<Node>),
                ),
        );
        let expected = "\
Description: \"What it is: a site\"

# First line.
# Second line.
Resources:
  One:
    Flag: true
    Number: 7
    Word: \"yes\"

  Two:
    Code: |2
        a

      b
    Ref: !Ref One
    If: !If
      - C
      - !GetAtt One.Arn
    Row: [GET, \"*\"]
    Policy:
      Version: \"2012-10-17\"
      Statement:
        - Effect: Allow
          Resource:
            - a
            - !Sub \"b/${C}\"
    Empty: []
";
        assert_eq!(Node::from(document).to_string(), expected);
    }

    #[test]
    fn texts_that_could_be_something_else_are_quoted() {
        for word in ["cruddur.com", "AWS::S3::Bucket", "index.html", "a-b_c/d", "TLSv1.2_2021"] {
            assert_eq!(scalar(word), word);
        }
        for text in [
            "",
            "yes",
            "No",
            "null",
            "12",
            "1.5",
            "2012-10-17",
            "a: b",
            "a:",
            "#a",
            "*.a",
            "a b",
            "é",
            "\"",
            "/x",
            "- a",
        ] {
            assert_eq!(scalar(text), Value::from(text).to_string(), "{text}");
        }
    }
}
