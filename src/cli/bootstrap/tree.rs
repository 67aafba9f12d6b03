//! A plan as a tree: every part with what happens to it, field by field.

use crate::{
    cli::{
        report::visible,
        style::{BOLD, DIM, GONE, GOOD, WARN, hang, paint},
    },
    setup::{Change, Part, Plan, Resource, Verdict},
};

/// Columns before the name of a part: the branch, the mark, and what it is.
const NAME: usize = 2 + 1 + 1 + 1 + 29;

/// Columns before the second line of a field; its first is four to the left.
const FIELD: usize = 9;

/// What a plan will do, `width` columns wide where there is a terminal.
pub fn plan(plan: &Plan, width: Option<usize>) -> String {
    let mut text = format!("{}\n", paint(BOLD, &plan.site.domain));
    for (at, part) in plan.parts.iter().enumerate() {
        text.push_str(&part_lines(part, at + 1 == plan.parts.len(), width));
    }
    text
}

fn part_lines(part: &Part, is_last: bool, width: Option<usize>) -> String {
    let (branch, trunk) = if is_last { ("└─", "  ") } else { ("├─", "│ ") };
    let (mark, style, word) = match part.verdict {
        Verdict::Create => ("+", GOOD, "create"),
        Verdict::Update => ("~", WARN, "update"),
        Verdict::Keep => ("=", DIM, "keep"),
    };
    let title = format!("{word} {}", title(part.resource));
    let head = format!("{} {} {}", paint(DIM, branch), paint(style, mark), paint(style, format!("{title:<29}")));
    let name = visible(&part.name);
    let widest = name.split(' ').map(console::measure_text_width).max().unwrap_or_default();
    let mut lines = match width {
        // A name that is cut at the edge is hard to read, and to copy.
        Some(width) if NAME + widest > width => {
            vec![head, format!("{}   {}", paint(DIM, trunk), under(trunk, &hang(&name, FIELD - 4, Some(width))))]
        }
        _ => vec![format!("{head}{}", under(trunk, &hang(&name, NAME, width)))],
    };
    let is_new = part.verdict == Verdict::Create;
    for change in &part.changes {
        lines.push(format!("{}   {}", paint(DIM, trunk), under(trunk, &hang(&field(change, is_new), FIELD, width))));
    }
    lines.iter().fold(String::new(), |text, line| text + line.trim_end() + "\n")
}

/// The trunk of the tree at the beginning of every further line.
fn under(trunk: &str, text: &str) -> String {
    text.replace("\n  ", &format!("\n{}", paint(DIM, trunk)))
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
