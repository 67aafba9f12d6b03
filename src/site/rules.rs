//! The user's own rules: which headers and which class the files of a pattern shall have.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use globset::{GlobBuilder, GlobSet};
use serde::Deserialize;

use super::{FileClass, Headers, ObjectKey};
use crate::error::{Error, ErrorKind, Result};

/// S3's limit in bytes, for all user-defined metadata of an object and likewise for all system-defined metadata, each
/// the sum of names and values (S3 User Guide, "Working with object metadata").
pub const MAX_METADATA_BYTES: usize = 2 * 1024;

/// One `[[rules]]` entry as it is written. A header that is not named is left as it was; an empty one is removed.
// The comments of the fields are the reference for users, too, as those of `config::Config` are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Rule {
    /// A glob. Without `/` it matches the file's name in any folder (`"*.pdf"`), with one the whole path (`"docs/*.pdf"`,
    /// `"/robots.txt"`). `*` stays within a folder, `**` does not, `"docs/"` is everything below `docs`.
    #[serde(rename = "match")]
    #[cfg_attr(test, schemars(example = &"*.pdf", example = &"papers/**/*.pdf", example = &"/robots.txt"))]
    pub pattern: String,
    /// `"immutable"`, `"asset"`, `"page"` or `"entry"` instead of what the name tells; it brings that class's Cache-Control.
    pub class: Option<FileClass>,
    /// Such as `"public, max-age=3600"`.
    #[cfg_attr(test, schemars(example = &"public, max-age=3600"))]
    pub cache_control: Option<String>,
    /// Such as `"text/plain; charset=utf-8"`; it cannot be removed.
    #[cfg_attr(test, schemars(example = &"text/plain; charset=utf-8"))]
    pub content_type: Option<String>,
    /// Such as `"gzip"`, for files that are compressed already.
    #[cfg_attr(test, schemars(example = &"gzip"))]
    pub content_encoding: Option<String>,
    /// Such as `"de"`.
    #[cfg_attr(test, schemars(example = &"de"))]
    pub content_language: Option<String>,
    /// Such as `"attachment"`.
    #[cfg_attr(test, schemars(example = &"attachment"))]
    pub content_disposition: Option<String>,
    /// A table served as `x-amz-meta-NAME`; names are in lower case, 2 KB at most in all.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
}

/// Why a [`Rule`] cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidRule {
    /// Which rule, counted from 0.
    pub index: usize,
    /// The way to the wrong value within the rule: `["metadata", "Owner"]`.
    pub field: Vec<String>,
    /// What is wrong with it, as a phrase that follows the field's name.
    pub problem: String,
    /// What to write instead.
    pub next: String,
}

impl fmt::Display for InvalidRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\" in rule {} {}", self.field.join("."), self.index + 1, self.problem)
    }
}

impl From<InvalidRule> for Error {
    fn from(invalid: InvalidRule) -> Self {
        Self::new(ErrorKind::Config, invalid.to_string(), invalid.next)
    }
}

/// All rules, checked and ready to match. Of the rules that match a key the last one wins, for each header on its own.
#[derive(Debug, Clone, Default)]
pub struct Rules(Vec<Compiled>);

#[derive(Debug, Clone)]
struct Compiled {
    matcher: GlobSet,
    rule: Rule,
}

impl Rules {
    /// Checks and compiles `rules`.
    ///
    /// # Errors
    /// The first rule whose pattern is no glob, or that has a header or metadata S3 would refuse.
    pub fn compile(rules: Vec<Rule>) -> std::result::Result<Self, InvalidRule> {
        let compile = |(index, rule)| {
            compile_rule(rule).map_err(|Problem { field, problem, next }| InvalidRule { index, field, problem, next })
        };
        rules.into_iter().enumerate().map(compile).collect::<std::result::Result<_, _>>().map(Self)
    }

    /// The class a rule gives `key`, if one does.
    pub fn class(&self, key: &ObjectKey) -> Option<FileClass> {
        self.matching(key).filter_map(|rule| rule.class).last()
    }

    /// `headers` as the rules that match `key` change them.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when several rules together give `key` more metadata than S3 takes.
    pub fn apply(&self, key: &ObjectKey, mut headers: Headers) -> Result<Headers> {
        for rule in self.matching(key) {
            for ((_, value), header) in rule.named_headers().into_iter().zip(headers.slots()) {
                if let Some(value) = value {
                    *header = (!value.is_empty()).then(|| value.clone());
                }
            }
            for (name, value) in &rule.metadata {
                if value.is_empty() {
                    headers.metadata.remove(name);
                } else {
                    headers.metadata.insert(name.clone(), value.clone());
                }
            }
        }
        check_sizes(key, &mut headers)?;
        Ok(headers)
    }

    fn matching<'r>(&'r self, key: &'r ObjectKey) -> impl Iterator<Item = &'r Rule> {
        self.0.iter().filter(|compiled| compiled.matcher.is_match(key.as_str())).map(|compiled| &compiled.rule)
    }
}

impl Rule {
    /// The headers in the order of [`Headers::slots`], with the names they have in a rule.
    fn named_headers(&self) -> [(&'static str, &Option<String>); 5] {
        [
            ("cache-control", &self.cache_control),
            ("content-type", &self.content_type),
            ("content-encoding", &self.content_encoding),
            ("content-language", &self.content_language),
            ("content-disposition", &self.content_disposition),
        ]
    }
}

impl Headers {
    /// The system-defined headers in the order of [`Rule::named_headers`].
    fn slots(&mut self) -> [&mut Option<String>; 5] {
        [
            &mut self.cache_control,
            &mut self.content_type,
            &mut self.content_encoding,
            &mut self.content_language,
            &mut self.content_disposition,
        ]
    }
}

/// An [`InvalidRule`] that does not know its place yet.
struct Problem {
    field: Vec<String>,
    problem: String,
    next: String,
}

impl Problem {
    fn new(field: &[&str], problem: impl Into<String>, next: impl Into<String>) -> Self {
        let field = field.iter().map(|&part| part.to_owned()).collect();
        Self { field, problem: problem.into(), next: next.into() }
    }
}

fn compile_rule(mut rule: Rule) -> std::result::Result<Compiled, Problem> {
    let matcher = compile_pattern(&rule.pattern)?;
    for (name, value) in rule.named_headers() {
        if let Some(value) = value {
            check_value(&[name], value)?;
        }
    }
    if let Some(value) = &rule.content_type {
        check_content_type(value)?;
    }
    rule.metadata = check_metadata(&rule.metadata)?;
    for header in [
        &mut rule.cache_control,
        &mut rule.content_type,
        &mut rule.content_encoding,
        &mut rule.content_language,
        &mut rule.content_disposition,
    ] {
        // HTTP strips the spaces around a value, so an object would never be as published.
        *header = header.as_deref().map(|value| value.trim_matches(' ').to_owned());
    }
    Ok(Compiled { matcher, rule })
}

/// Patterns read as in a `.gitignore`, but a key is always matched whole.
fn compile_pattern(pattern: &str) -> std::result::Result<GlobSet, Problem> {
    if pattern.trim_matches('/').is_empty() {
        return Err(Problem::new(
            &["match"],
            "is empty",
            "write which files it is for, such as \"*.pdf\" or \"docs/**\"",
        ));
    }
    let anchored = match pattern.strip_prefix('/') {
        Some(rooted) => rooted.to_owned(),
        None if pattern.contains('/') => pattern.to_owned(),
        None => format!("**/{pattern}"),
    };
    let whole = if anchored.ends_with('/') { format!("{anchored}**") } else { anchored };
    GlobBuilder::new(&whole)
        .literal_separator(true)
        .backslash_escape(true)
        .build()
        // A matcher of one glob would panic where its braces are nested too deep; a set of one says so.
        .and_then(|glob| GlobSet::new([glob]))
        .map_err(|error| {
            let problem = match error.kind() {
                // Its text is the whole expression that the glob was turned into.
                globset::ErrorKind::Regex(_) => "is nested too deep, or too long".to_owned(),
                kind => format!("is not a glob: {kind}"),
            };
            Problem::new(&["match"], problem, "correct it; a special character is taken literally after a backslash")
        })
}

/// S3 and HTTP take visible ASCII and spaces (RFC 9110, 5.5; S3 User Guide, "Working with object metadata").
fn check_value(field: &[&str], value: &str) -> std::result::Result<(), Problem> {
    if let Some(wrong) = value.chars().find(|c| c.is_ascii_control()) {
        return Err(Problem::new(field, format!("has the control character {wrong:?}"), "remove it"));
    }
    if let Some(wrong) = value.chars().find(|c| !c.is_ascii()) {
        let next = "write it in ASCII; a file name in content-disposition as filename*=UTF-8''NAME, percent-encoded";
        return Err(Problem::new(field, format!("has {wrong:?}, which is not ASCII"), next));
    }
    if value.len() > MAX_METADATA_BYTES {
        return Err(Problem::new(
            field,
            format!("has {} bytes, more than the {MAX_METADATA_BYTES} S3 takes", value.len()),
            "shorten it",
        ));
    }
    Ok(())
}

fn check_content_type(value: &str) -> std::result::Result<(), Problem> {
    let essence = value.split(';').next().unwrap_or_default().trim_matches(' ');
    let valid = essence.split_once('/').is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype));
    if valid {
        return Ok(());
    }
    let next = "write a media type such as \"text/plain; charset=utf-8\"";
    // S3 stores binary/octet-stream for an object without a type, so none cannot be had.
    let problem = if essence.is_empty() { "is empty, but S3 gives every object a type" } else { "is not a media type" };
    Err(Problem::new(&["content-type"], problem, next))
}

/// The metadata with its names as S3 stores them, in lower case.
fn check_metadata(metadata: &BTreeMap<String, String>) -> std::result::Result<BTreeMap<String, String>, Problem> {
    let mut checked = BTreeMap::new();
    let mut names = BTreeSet::new();
    for (name, value) in metadata {
        let field = ["metadata", name.as_str()];
        let lower = name.to_ascii_lowercase();
        if !is_token(name) {
            return Err(Problem::new(&field, "is not a header name", "use letters, digits and dashes"));
        }
        if lower.starts_with("x-amz-meta-") {
            return Err(Problem::new(&field, "has the prefix S3 adds by itself", "leave out \"x-amz-meta-\""));
        }
        if !names.insert(lower.clone()) {
            let next = "keep one of them: names of metadata are the same in upper and lower case";
            return Err(Problem::new(&field, "is there twice", next));
        }
        check_value(&field, value)?;
        checked.insert(lower, value.trim_matches(' ').to_owned());
    }
    let bytes = metadata_bytes(&checked);
    if bytes > MAX_METADATA_BYTES {
        let problem = format!("has {bytes} bytes, more than the {MAX_METADATA_BYTES} S3 takes");
        return Err(Problem::new(&["metadata"], problem, "shorten it"));
    }
    Ok(checked)
}

/// RFC 9110, 5.6.2.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

fn metadata_bytes(metadata: &BTreeMap<String, String>) -> usize {
    metadata.iter().map(|(name, value)| name.len() + value.len()).sum()
}

fn check_sizes(key: &ObjectKey, headers: &mut Headers) -> Result<()> {
    const NAMES: [&str; 5] =
        ["cache-control", "content-type", "content-encoding", "content-language", "content-disposition"];
    let user = metadata_bytes(&headers.metadata);
    let named = headers.slots().into_iter().zip(NAMES);
    let system: usize = named.filter_map(|(value, name)| value.as_ref().map(|value| name.len() + value.len())).sum();
    for (what, bytes) in [("metadata", user), ("headers", system)] {
        if bytes > MAX_METADATA_BYTES {
            let what = format!("the rules give {key} {bytes} bytes of {what}");
            return Err(Error::new(ErrorKind::Config, what, "shorten them in [[rules]]")
                .because(format!("S3 takes {MAX_METADATA_BYTES}")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
