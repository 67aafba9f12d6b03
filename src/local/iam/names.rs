//! What IAM takes as names, paths and tags.

use std::collections::BTreeMap;

use crate::local::{
    query::{Form, Refusal},
    xml::Element,
};

use super::{invalid_input, limit_exceeded};

/// Tags by key.
pub(super) type Tags = BTreeMap<String, String>;

/// The most tags (IAM User Guide, "IAM and AWS STS quotas").
const MAX_TAGS: usize = 50;
const MAX_TAG_KEY: usize = 128;
const MAX_TAG_VALUE: usize = 256;

/// The characters of names: `[\w+=,.@-]`.
fn is_name_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || "_+=,.@-".contains(character)
}

/// A name of at most `longest` characters.
pub(super) fn name<'a>(form: &'a Form, parameter: &str, longest: usize) -> Result<&'a str, Refusal> {
    let name = form.required(parameter)?;
    let refused = |constraint: &str| Err(Refusal::invalid(Some(name), parameter, constraint));
    if name.is_empty() {
        return refused("have length greater than or equal to 1");
    }
    if name.chars().count() > longest {
        return refused(&format!("have length less than or equal to {longest}"));
    }
    if !name.chars().all(is_name_character) {
        return refused(r"satisfy regular expression pattern: [\w+=,.@-]+");
    }
    Ok(name)
}

/// The path of a role or policy: `/` unless it is given.
pub(super) fn path(form: &Form) -> Result<&str, Refusal> {
    let path = form.get("Path").unwrap_or("/");
    let is_printable = path.bytes().all(|byte| (0x21..0x7f).contains(&byte));
    if path.starts_with('/') && path.ends_with('/') && is_printable && path.len() <= 512 {
        return Ok(path);
    }
    Err(Refusal::invalid(Some(path), "Path", "begin and end with / and contain only alphanumeric characters and/or /"))
}

/// The tags of a request, added to those there are.
pub(super) fn add_tags(form: &Form, tags: &mut Tags) -> Result<(), Refusal> {
    let (keys, values) = (form.members("Tags", "Key"), form.members("Tags", "Value"));
    let mut seen: Vec<String> = Vec::new();
    for (key, value) in keys.iter().zip(&values) {
        check_tag(key, value)?;
        let lower = key.to_lowercase();
        if seen.contains(&lower) {
            return Err(invalid_input("Duplicate tag keys found. Please note that Tag keys are case insensitive."));
        }
        seen.push(lower);
        tags.retain(|known, _| !known.eq_ignore_ascii_case(key));
        tags.insert((*key).to_owned(), (*value).to_owned());
    }
    if keys.len() != values.len() {
        return Err(Refusal::invalid(None, "Tags", "not be null"));
    }
    if tags.len() > MAX_TAGS {
        return Err(limit_exceeded(format!("The number of tags has reached the maximum limit: {MAX_TAGS}")));
    }
    Ok(())
}

fn check_tag(key: &str, value: &str) -> Result<(), Refusal> {
    let is_allowed = |character: char| character.is_alphanumeric() || " _.:/=+-@".contains(character);
    if key.is_empty() || key.chars().count() > MAX_TAG_KEY || !key.chars().all(is_allowed) {
        return Err(Refusal::invalid(
            Some(key),
            "Tags.key",
            r"satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+",
        ));
    }
    if value.chars().count() > MAX_TAG_VALUE || !value.chars().all(is_allowed) {
        let constraint = r"satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]*";
        return Err(Refusal::invalid(Some(value), "Tags.value", constraint));
    }
    if key.to_ascii_lowercase().starts_with("aws:") {
        return Err(invalid_input("Caller is an end user and not allowed to mutate system tags."));
    }
    Ok(())
}

/// The list of tags, where there are any.
pub(super) fn tag_list(tags: &Tags) -> Option<Element> {
    (!tags.is_empty()).then(|| tags.iter().map(tag).fold(Element::new("Tags"), Element::child))
}

/// One tag.
pub(super) fn tag((key, value): (&String, &String)) -> Element {
    Element::new("member").text("Key", key).text("Value", value)
}
