//! Globs of rules and lines of ignore files, against a matcher that is slow and simple.

use std::path::Path;

use cruddur_site::{
    Error,
    site::{Headers, ObjectKey, Rule, Rules, walk::Patterns},
};

use super::{is_plain, text};

/// The first line is a rule's glob, the others are keys.
pub fn rules(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let (pattern, keys) = text.split_once('\n').unwrap_or((text, ""));
    let rule = Rule { pattern: pattern.to_owned(), cache_control: Some("no-store".to_owned()), ..Rule::default() };
    match Rules::compile(vec![rule]) {
        Ok(rules) => {
            for key in keys.lines().take(50).filter_map(|key| ObjectKey::new(key).ok()) {
                let matched = rules.apply(&key, Headers::default()).expect("one short header").cache_control.is_some();
                if let Some(expected) = slow_rule(pattern, key.as_str()) {
                    assert_eq!(matched, expected, "{pattern:?} and {key:?}");
                }
            }
        }
        Err(invalid) => {
            let error = Error::from(invalid);
            assert!(!error.next().is_empty() && is_plain(&error.to_string()), "{error:?}");
        }
    }
}

/// Lines of an ignore file, an empty one, then paths of files.
pub fn exclusions(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let (lines, paths) = text.split_once("\n\n").unwrap_or((text, ""));
    let lines: Vec<_> = lines.lines().collect();
    match Patterns::new(&lines) {
        Ok(patterns) => {
            for path in paths.lines().take(50).filter(|path| is_normal(path)) {
                let matched = patterns.matches(Path::new(path), false);
                if let Some(expected) = slow_exclusion(&lines, path) {
                    assert_eq!(matched, expected, "{lines:?} and {path:?}");
                }
            }
        }
        Err(error) => assert!(!error.next().is_empty() && is_plain(&error.to_string()), "{error:?}"),
    }
}

/// As the walk makes paths.
fn is_normal(path: &str) -> bool {
    !path.split('/').any(|part| matches!(part, "" | "." | ".."))
}

/// Whether this matcher knows every character of a pattern; `**` only where it stands for folders.
fn is_simple(pattern: &str) -> bool {
    pattern.split('/').all(|part| part == "**" || !part.contains("**"))
        && !pattern.contains(['[', ']', '{', '}', '\\', ',', '!', '#'])
        && !pattern.contains("**/**")
        && !pattern.contains("//")
        && pattern.matches('*').count() <= 6
        && is_plain(pattern)
        && pattern.is_ascii()
}

fn slow_rule(pattern: &str, key: &str) -> Option<bool> {
    if !is_simple(pattern) || !is_normal(key) || !key.is_ascii() {
        return None;
    }
    let whole = match pattern.strip_prefix('/') {
        Some(rooted) => rooted.to_owned(),
        None if pattern.contains('/') => pattern.to_owned(),
        None => format!("**/{pattern}"),
    };
    let whole = if whole.ends_with('/') { whole + "**" } else { whole };
    let (pattern, key): (Vec<_>, Vec<_>) = (whole.split('/').collect(), key.split('/').collect());
    Some(path_matches(&pattern, &key))
}

/// gitignore(5), "PATTERN FORMAT": the last line that matches decides, for the file or for a folder it is in.
fn slow_exclusion(lines: &[&str], path: &str) -> Option<bool> {
    let simple = |line: &&str| is_simple(line.strip_prefix('!').unwrap_or(line)) && !line.contains(' ');
    if !lines.iter().all(simple) || !path.is_ascii() {
        return None;
    }
    let parts: Vec<_> = path.split('/').collect();
    // From the file outwards, as `Patterns` has it: the first one that any line speaks of decides.
    for length in (1..=parts.len()).rev() {
        let is_folder = length < parts.len();
        if let Some(line) = lines.iter().rev().find(|line| line_matches(line, &parts[..length], is_folder)) {
            return Some(!line.starts_with('!'));
        }
    }
    Some(false)
}

fn line_matches(line: &str, path: &[&str], is_folder: bool) -> bool {
    let line = line.strip_prefix('!').unwrap_or(line);
    let (line, only_folders) = line.strip_suffix('/').map_or((line, false), |line| (line, true));
    if line.is_empty() || (only_folders && !is_folder) {
        return false;
    }
    let whole = match line.strip_prefix('/') {
        Some(rooted) => rooted.to_owned(),
        None if line.contains('/') => line.to_owned(),
        None => format!("**/{line}"),
    };
    path_matches(&whole.split('/').collect::<Vec<_>>(), path)
}

fn path_matches(pattern: &[&str], path: &[&str]) -> bool {
    match pattern {
        [] => path.is_empty(),
        // What is in a folder, but not the folder itself.
        ["**"] => !path.is_empty(),
        ["**", rest @ ..] => (0..=path.len()).any(|skipped| path_matches(rest, &path[skipped..])),
        [first, rest @ ..] => path
            .split_first()
            .is_some_and(|(name, below)| name_matches(first.as_bytes(), name.as_bytes()) && path_matches(rest, below)),
    }
}

fn name_matches(pattern: &[u8], name: &[u8]) -> bool {
    match pattern {
        [] => name.is_empty(),
        [b'*', rest @ ..] => (0..=name.len()).any(|taken| name_matches(rest, &name[taken..])),
        [one, rest @ ..] => name
            .split_first()
            .is_some_and(|(first, behind)| (*one == b'?' || one == first) && name_matches(rest, behind)),
    }
}
