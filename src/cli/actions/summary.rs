//! A command's part of the job's summary, in Markdown.

use super::outputs::Published;
use crate::{
    cli::{
        complaint,
        report::{self, Row},
        style::{count, grouped, hang},
    },
    error::Error,
    github::markdown::{block, code, fold, site, within},
    plan::Plan,
};

/// Changes of a list before it is folded away.
const OPEN: usize = 20;
/// Bytes of the list of changes. All lists together stay far below what GitHub takes, so that a step may publish more than one
/// site.
const CHANGES: usize = 128 * 1024;
/// Bytes of the list of invalidated paths.
const PATHS: usize = 16 * 1024;
/// Bytes of the warnings.
const WARNINGS: usize = 16 * 1024;
/// Columns before GitHub would have to scroll.
const WIDTH: usize = 100;

/// What was published, or would be.
pub fn published(published: &Published, is_before_merge: bool) -> String {
    let plan = published.plan;
    let outcome = published.done.map(|(outcome, _)| outcome);
    let place = match published.site {
        // A site of the local account has no address while nobody serves it.
        Some(name) if published.place.starts_with("https://") => site(name),
        _ => code(&published.place),
    };
    let files = count(plan.unchanged().files, "file");
    let how = if is_before_merge { "merging" } else { "publishing" };
    let (title, sums) = match outcome {
        Some(outcome) if outcome.release.is_none() => (format!("### ✅ {place} is up to date: {files}"), None),
        Some(outcome) => {
            let forgotten = report::forgotten(outcome).map(|text| format!("; {text}")).unwrap_or_default();
            (format!("### ✅ Published {place}"), Some(report::done(plan, outcome) + &forgotten))
        }
        None if plan.is_empty() => (format!("### ✅ {place} is up to date, {how} would change nothing: {files}"), None),
        None => (format!("### 📋 Plan: what {how} would do to {place}"), Some(report::changes(plan))),
    };
    let warnings = warnings(published.warnings);
    let Some(sums) = sums else { return format!("{title}\n{warnings}") };
    let changes = changes(plan);
    format!("{title}\n\n{sums}\n{warnings}\n{changes}{}\n{}", paths(plan), facts(published))
}

/// An error, and what to do next.
pub fn failed(command: &str, error: &Error) -> String {
    let told = complaint(error, Some(WIDTH));
    format!("### ❌ cruddur-site {command} failed\n\n{}", block(&anstream::adapter::strip_str(&told).to_string()))
}

fn warnings(warnings: &[String]) -> String {
    if warnings.is_empty() {
        return String::new();
    }
    let lines = warnings.iter().map(|text| hang(&report::visible(text), 2, Some(WIDTH)));
    let (mut text, more) = within(WARNINGS, lines);
    if more > 0 {
        text.push_str(&format!("… and {more} more"));
    }
    format!("\n⚠️ {}\n\n{}", count(warnings.len() as u64, "warning"), block(&text))
}

/// The table of changes.
fn changes(plan: &Plan) -> String {
    let rows = report::rows(plan);
    let all = rows.len();
    let row = |Row { mark, key, why, size, class, .. }: Row| {
        format!("| {mark} | {} | {why} | {size} | {class} |", code(&key))
    };
    let (lines, more) = within(CHANGES, rows.map(row));
    if all == 0 {
        return String::new();
    }
    let mut table = format!("| | File | Why | Size | Class |\n|:-:|---|---|--:|---|\n{lines}");
    if more > 0 {
        table.push_str(&format!("\n… and {} more: the log has them all\n", grouped(more as u64)));
    }
    if all > OPEN { fold(&count(all as u64, "change"), &table) } else { table }
}

/// The paths whose copies edges must forget.
fn paths(plan: &Plan) -> String {
    let invalidation = plan.invalidation();
    if invalidation.is_empty() {
        return String::new();
    }
    let (mut lines, more) = within(PATHS, invalidation.paths().map(|path| report::visible(path)));
    if more > 0 {
        lines.push_str(&format!("… and {more} more"));
    }
    format!("\n{}", fold(&count(invalidation.len() as u64, "invalidated path"), &block(&lines)))
}

/// What is the same for every publish.
fn facts(published: &Published) -> String {
    let (kind, folder, size) = &published.build;
    let mut facts = vec![format!("{kind} in {}: {size}", code(&report::visible(folder)))];
    if let Some((outcome, seconds)) = published.done {
        facts.extend(outcome.release.as_ref().map(|release| format!("release {}", code(&release.to_string()))));
        facts.push(format!("{seconds:.1} s"));
    }
    facts.push(format!("costs {}", report::cost(published.plan).join("; ")));
    format!("<sub>{}</sub>\n", facts.join(" · "))
}
