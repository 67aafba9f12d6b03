//! A TOML text whose every part knows its place, so that errors can point at it.

use std::{cell::Cell, ops::Range, path::Path};

use serde::{Deserializer, de::DeserializeOwned, de::Visitor};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::names::BETWEEN;
use crate::error::{Error, ErrorKind, Location, Result};

/// A parsed TOML file.
pub(super) struct Document<'t> {
    file: &'t Path,
    text: &'t str,
    root: Spanned<DeTable<'t>>,
}

/// A step on the way to a value: the key of a table or the index of an array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

impl<'t> Document<'t> {
    /// # Errors
    /// [`ErrorKind::Config`] at the place where `text` is not TOML.
    pub(super) fn parse(file: &'t Path, text: &'t str) -> Result<Self> {
        let root = DeTable::parse(text).map_err(|error| {
            let next = "correct it there; TOML is described at https://toml.io";
            let wrong = Error::new(ErrorKind::Config, "this is not valid TOML", next).because(error.message());
            wrong.at(locate(file, text, error.span().map_or(0, |span| span.start)))
        })?;
        Ok(Self { file, text, root })
    }

    /// Reads the whole document as a `T`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] that names the key and its place.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T> {
        toml::from_str(self.text).map_err(|error| self.explain(error.message(), error.span().unwrap_or(0..0)))
    }

    /// Refuses keys of the table at `path` (or of each table in the array there) that are not fields of `T`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] with the unknown key and the nearest known one.
    pub(super) fn refuse_unknown_keys<T: DeserializeOwned>(&self, path: Option<&str>) -> Result<()> {
        let root = self.root.get_ref();
        let Some(path) = path else { return self.refuse_keys(root, field_names::<T>(), "") };
        match root.get(path).map(Spanned::get_ref) {
            Some(DeValue::Table(table)) => self.refuse_keys(table, field_names::<T>(), &format!(" in [{path}]")),
            Some(DeValue::Array(array)) => array
                .iter()
                .filter_map(|item| item.get_ref().as_table())
                .try_for_each(|table| self.refuse_keys(table, field_names::<T>(), &format!(" in [[{path}]]"))),
            _ => Ok(()),
        }
    }

    fn refuse_keys(&self, table: &DeTable<'_>, known: &[&str], within: &str) -> Result<()> {
        let Some(key) = table.keys().find(|key| !known.contains(&key.get_ref().as_ref())) else { return Ok(()) };
        let next = match nearest(key.get_ref(), known) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("the keys there are {}", known.join(", ")),
        };
        let what = format!("unknown key \"{}\"{within}", key.get_ref());
        Err(Error::new(ErrorKind::Config, what, next).at(locate(self.file, self.text, key.span().start)))
    }

    /// The place of the value at `path`, or of the nearest table or array above it that is there.
    pub(super) fn location(&self, path: &[Step]) -> Location {
        let mut at = self.root.span().start;
        let mut table = Some(self.root.get_ref());
        let mut array = None;
        for step in path {
            let value = match step {
                Step::Key(key) => table.and_then(|table| table.get(key.as_str())),
                Step::Index(index) => array.and_then(|array: &toml::de::DeArray<'_>| array.get(*index)),
            };
            let Some(value) = value else { break };
            at = value.span().start;
            (table, array) = (value.get_ref().as_table(), value.get_ref().as_array());
        }
        locate(self.file, self.text, at)
    }

    /// Turns serde's message about the value at `span` into words for the one who wrote it.
    fn explain(&self, message: &str, span: Range<usize>) -> Error {
        let name = self.name_at(span.start);
        let (what, next) = if let Some((problem, next)) = message.split_once(BETWEEN) {
            (format!("{name} {problem}"), next.to_owned())
        } else if let Some((found, expected)) = message.rsplit_once(", expected ") {
            (describe(&name, found), advise(found, expected))
        } else {
            (format!("{name}: {message}"), "see docs/CONFIGURATION.md".to_owned())
        };
        let missing = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
        let (what, next) = match missing {
            Some(field) => (format!("{name} has no \"{field}\""), format!("add {field} = \"...\" there")),
            None => (what, next),
        };
        Error::new(ErrorKind::Config, what, next).at(locate(self.file, self.text, span.start))
    }

    /// The name of what is at byte `at`: `"days" in [retention]`, or the file.
    fn name_at(&self, at: usize) -> String {
        let mut path = Vec::new();
        key_path(self.root.get_ref(), at, &mut path);
        match path.as_slice() {
            [] => "the file".to_owned(),
            [key] if key == "rules" => "[[rules]]".to_owned(),
            [key] => format!("\"{key}\""),
            [table, .., key] if table == "rules" => format!("\"{key}\" in [[rules]]"),
            [table, .., key] => format!("\"{key}\" in [{table}]"),
        }
    }
}

/// Collects the keys on the way to the innermost value that spans byte `at`.
fn key_path(table: &DeTable<'_>, at: usize, path: &mut Vec<String>) {
    let inner = table.iter().find(|(key, value)| key.span().contains(&at) || spans(value, at));
    let Some((key, value)) = inner else { return };
    path.push(key.get_ref().to_string());
    match value.get_ref() {
        DeValue::Table(table) => key_path(table, at, path),
        DeValue::Array(array) => {
            if let Some(table) = array.iter().filter(|item| spans(item, at)).find_map(|item| item.get_ref().as_table())
            {
                key_path(table, at, path);
            }
        }
        _ => {}
    }
}

/// Whether `value` or anything within it covers byte `at`: the span of a table under a header is only the header.
fn spans(value: &Spanned<DeValue<'_>>, at: usize) -> bool {
    value.span().contains(&at)
        || match value.get_ref() {
            DeValue::Table(table) => table.iter().any(|(key, value)| key.span().contains(&at) || spans(value, at)),
            DeValue::Array(array) => array.iter().any(|item| spans(item, at)),
            _ => false,
        }
}

fn describe(name: &str, found: &str) -> String {
    let found = ["invalid type: ", "invalid value: "]
        .into_iter()
        .find_map(|prefix| found.strip_prefix(prefix))
        .unwrap_or(found);
    match found.strip_prefix("unknown variant `") {
        Some(variant) => format!("{name} is \"{}\"", variant.trim_end_matches('`')),
        None => format!("{name} is {}", found.replace('`', "")),
    }
}

fn advise(found: &str, expected: &str) -> String {
    if let Some(variant) = found.strip_prefix("unknown variant `") {
        let known: Vec<_> = expected.split('`').skip(1).step_by(2).collect();
        let quoted: Vec<_> = known.iter().map(|known| format!("\"{known}\"")).collect();
        let list = quoted.join(", ");
        return match nearest(variant.trim_end_matches('`'), &known) {
            Some(near) => format!("did you mean \"{near}\"? It can be {list}"),
            None => format!("it can be {list}"),
        };
    }
    match expected {
        "a boolean" => "write true or false".to_owned(),
        "a string" => "write a text in quotes".to_owned(),
        "a sequence" => "write a list in square brackets".to_owned(),
        "i64" => "write a whole number without quotes".to_owned(),
        expected if expected.starts_with("struct ") || expected == "a map" => "write a table".to_owned(),
        expected => format!("write {expected}"),
    }
}

/// The name among `known` that `typed` most likely stands for.
pub(super) fn nearest<'k>(typed: &str, known: &[&'k str]) -> Option<&'k str> {
    let typed = typed.to_lowercase().replace('_', "-");
    known
        .iter()
        .map(|known| (strsim::damerau_levenshtein(&typed, known), *known))
        .filter(|(distance, known)| *distance <= (known.len() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// Line and column of byte `at`.
fn locate(file: &Path, text: &str, at: usize) -> Location {
    let before: &str = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Location {
        file: file.to_owned(),
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
    }
}

/// The names serde knows the fields of `T` by: asked of the type itself, so that no list can fall behind it.
pub(super) fn field_names<T: DeserializeOwned>() -> &'static [&'static str] {
    let fields = Cell::new(&[] as &'static [&'static str]);
    // The probe always answers with an error; what counts is what it was asked for.
    let _ = T::deserialize(Probe(&fields));
    fields.get()
}

struct Probe<'c>(&'c Cell<&'static [&'static str]>);

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = serde::de::value::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.0.set(fields);
        Err(serde::de::Error::custom("asked"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Self::Error> {
        Err(serde::de::Error::custom("not a struct"))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_lines_and_characters() {
        let file = Path::new("f");
        for (text, at, line, column) in [("", 0, 1, 1), ("a\nbü=1", 5, 2, 3), ("a\r\nb", 3, 2, 1), ("a", 99, 1, 2)] {
            let location = locate(file, text, at);
            assert_eq!((location.line, location.column), (line, column), "{text:?} {at}");
        }
    }

    #[test]
    fn the_nearest_name_is_near() {
        let known = ["cache-control", "content-type", "match", "wait"];
        let table = [
            ("cache_contol", Some("cache-control")),
            ("Content_Type", Some("content-type")),
            ("mtach", Some("match")),
            ("wiat", Some("wait")),
            ("colour", None),
        ];
        for (typed, expected) in table {
            assert_eq!(nearest(typed, &known), expected, "{typed}");
        }
    }
}
