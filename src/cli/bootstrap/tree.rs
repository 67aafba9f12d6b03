//! A plan as a tree: every part with what happens to it, field by field.

use std::fmt::Write as _;

use crate::{
    cli::{
        report::visible,
        style::{BOLD, DIM, GONE, GOOD, WARN, hang, paint},
    },
    setup::{Change, Part, Plan, Resource, Verdict},
};

/// The column where the names of parts begin.
const NAMES: usize = 4 + 22;

/// What a plan will do, `width` columns wide where there is a terminal.
pub fn plan(plan: &Plan, width: Option<usize>) -> String {
    let mut text = format!("{}\n", paint(BOLD, &plan.site.domain));
    for (at, part) in plan.parts.iter().enumerate() {
        let is_last = at + 1 == plan.parts.len();
        let _ = part_lines(&mut text, part, is_last, width);
    }
    text
}

fn part_lines(text: &mut String, part: &Part, is_last: bool, width: Option<usize>) -> std::fmt::Result {
    let (branch, trunk) = if is_last { ("└─", "  ") } else { ("├─", "│ ") };
    let (mark, style, word) = match part.verdict {
        Verdict::Create => ("+", GOOD, "create"),
        Verdict::Update => ("~", WARN, "update"),
        Verdict::Keep => ("=", DIM, "keep"),
    };
    let title = format!("{:<21}", title(part.resource));
    let title = if part.verdict == Verdict::Keep { paint(DIM, &title) } else { title };
    let name = hang(&format!("{} {}", visible(&part.name), word_of(part, word)), NAMES, width);
    let name = name.replace('\n', &format!("\n{}", paint(DIM, trunk)));
    let name = name.replace(&format!("{}{}", paint(DIM, trunk), " ".repeat(NAMES)), &format!("{}{}", paint(DIM, trunk), " ".repeat(NAMES - 2)));
    writeln!(text, "{}{} {title}{name}", paint(DIM, branch), paint(style, mark))?;
    let is_new = part.verdict == Verdict::Create;
    for change in &part.changes {
        let stem = format!("{}   ", paint(DIM, trunk));
        let line = hang(&field(change, is_new), 5 + 4, width);
        let line = line.replace('\n', &format!("\n{}", paint(DIM, trunk))).replace(&format!("{}         ", paint(DIM, trunk)), &format!("{}       ", paint(DIM, trunk)));
        writeln!(text, "{stem}{line}")?;
    }
    Ok(())
}

fn word_of(part: &Part, word: &str) -> String {
    match part.verdict {
        Verdict::Create => paint(GOOD, word),
        Verdict::Update => paint(WARN, word),
        Verdict::Keep => paint(DIM, word),
    }
}

/// `field: old -> new`; of a new part the new value alone.
fn field(change: &Change, is_new: bool) -> String {
    let Change { field, old, new } = change;
    let shown = |value: &Option<String>| match value {
        Some(value) => visible(value),
        None => "nothing".to_owned(),
    };
    let label = paint(DIM, format!("{field}:"));
    match (old, new) {
        (None, Some(new)) if is_new => format!("{label} {}", visible(new)),
        (old, None) => format!("{label} {} -> {}", paint(GONE, shown(old)), shown(new)),
        (old, new) => format!("{label} {} -> {}", shown(old), paint(GOOD, shown(new))),
    }
}

/// A kind of part, as the tree names it.
pub fn title(resource: Resource) -> &'static str {
    match resource {
        Resource::Zone => "hosted zone",
        Resource::Bucket => "bucket",
        Resource::BucketPolicy => "bucket policy",
        Resource::Certificate => "certificate",
        Resource::AccessControl => "origin access control",
        Resource::Function => "function",
        Resource::Distribution => "distribution",
        Resource::Records => "records",
        Resource::OidcProvider => "identity provider",
        Resource::Role => "role",
    }
}
