//! The plan and the result, for people.

use std::{fmt::Write as _, sync::Arc};

use anstyle::Style;

pub(crate) use crate::error::plain as visible;

use super::style::{BOLD, DIM, GONE, GOOD, WARN, bytes, count, dollars, fit, grouped, paint};
use crate::{
    aws::{Bucket, Distribution},
    plan::{Gone, Note, Plan, Reason, cost::FREE_PATHS},
    publish::Outcome,
    routing::{Routed, Routing},
    site::{FileClass, SiteFile, references::MissingReference},
};

/// Lines of a list before the rest is only counted.
const LINES: usize = 40;

/// One change, in the words of a list.
pub struct Row {
    /// What becomes of the object, in one character.
    pub mark: &'static str,
    style: Style,
    /// Its key, as it can be shown.
    pub key: String,
    /// Why it changes.
    pub why: &'static str,
    /// How large it is, where that is sent or deleted.
    pub size: String,
    /// What kind of file it is; empty where it goes.
    pub class: &'static str,
}

/// Every change of a plan, in the order in which it is made.
pub fn rows(plan: &Plan) -> impl ExactSizeIterator<Item = Row> {
    let uploads = plan.uploads().iter().map(|upload| {
        let (mark, style, why) = match upload.reason {
            Reason::New => ("+", GOOD, "new"),
            Reason::Content => ("~", WARN, "content"),
            Reason::Headers => ("h", WARN, "headers"),
        };
        let size = if upload.reason == Reason::Headers { "-".into() } else { bytes(upload.file.size) };
        Row { mark, style, key: visible(upload.file.key.as_str()), why, size, class: class(upload.file.class) }
    });
    let removals = plan.removals().iter().map(|removal| {
        let why = match removal.reason {
            Gone::Removed => "removed",
            Gone::Expired => "expired",
            Gone::Foreign => "foreign",
        };
        let key = visible(removal.key.as_str());
        Row { mark: "-", style: GONE, key, why, size: bytes(removal.size), class: "" }
    });
    uploads.chain(removals).collect::<Vec<_>>().into_iter()
}

/// What a plan will do: every change with its reason, then the sums and the cost.
pub fn plan(plan: &Plan, width: usize, all: bool) -> String {
    let list = list(plan, width, all);
    let gap = if list.is_empty() { "" } else { "\n" };
    format!("{list}{gap}{}", sums(plan))
}

/// Every change of a plan with its reason, one line each; the first 40 unless `all` are wanted.
pub fn list(plan: &Plan, width: usize, all: bool) -> String {
    // mark, name, why, size, class: 2 + 2 + name + 2 + 8 + 1 + 8 + 2 + 9
    let name = width.saturating_sub(34).clamp(20, 90);
    let rows = rows(plan);
    let more = if all { 0 } else { rows.len().saturating_sub(LINES) };
    let mut text = String::new();
    for Row { mark, style, key, why, size, class } in rows.take(if all { usize::MAX } else { LINES }) {
        let class = if class.is_empty() { String::new() } else { format!("  {}", paint(DIM, class)) };
        let _ = writeln!(text, "  {} {}  {why:<8} {size:>8}{class}", paint(style, mark), fit(&key, name));
    }
    if more > 0 {
        let _ = writeln!(text, "  {}", paint(DIM, format!("… and {} more (-v shows them)", grouped(more as u64))));
    }
    text
}

/// What a plan will do, in numbers, and what it costs.
pub fn sums(plan: &Plan) -> String {
    let mut text = format!("  {}\n", changes(plan));
    let paths: Vec<_> = plan.invalidation().paths().map(String::as_str).collect();
    let more = paths.len().saturating_sub(4);
    if more > 0 {
        let _ = writeln!(text, "  invalidates {}  … and {} more", paths[..4].join("  "), grouped(more as u64));
    } else if !paths.is_empty() {
        let _ = writeln!(text, "  invalidates {}", paths.join("  "));
    }
    let _ = writeln!(text, "{}", paint(DIM, format!("  costs {}", cost(plan).join("\n        "))));
    text
}

/// What a plan will do, in one line of numbers.
pub fn changes(plan: &Plan) -> String {
    let headers = plan.uploads().iter().filter(|upload| upload.reason == Reason::Headers).count();
    let mut parts = vec![format!(
        "{} to upload ({})",
        grouped((plan.uploads().len() - headers) as u64),
        bytes(plan.bytes_to_send())
    )];
    if headers > 0 {
        parts.push(count(headers as u64, "header change"));
    }
    if !plan.removals().is_empty() {
        parts.push(format!("{} to delete", grouped(plan.removals().len() as u64)));
    }
    parts.extend(what_stays(plan));
    parts.join(", ")
}

/// What a plan costs: prices, and for what.
pub fn cost(plan: &Plan) -> Vec<String> {
    let requests = plan.requests();
    let calls = count(requests.writes_and_lists + requests.reads, "request");
    let mut prices = vec![format!("{} for {calls}", dollars(requests.s3_dollars()))];
    if requests.invalidation_paths > 0 {
        let paths = count(requests.invalidation_paths, "path");
        let beyond = dollars(requests.invalidation_dollars());
        prices.push(format!("nothing for {paths} within {} a month, else {beyond}", grouped(FREE_PATHS)));
    }
    prices
}

/// What a plan leaves as it is.
fn what_stays(plan: &Plan) -> impl Iterator<Item = String> {
    let stays = [(plan.unchanged(), "unchanged"), (plan.retained(), "kept for open tabs")];
    stays.into_iter().filter(|(tally, _)| tally.files > 0).map(|(tally, why)| format!("{} {why}", grouped(tally.files)))
}

/// A plan's notes, one line each.
pub fn notes(plan: &Plan) -> Vec<String> {
    let mut lines = Vec::new();
    let drifted: Vec<_> = plan
        .notes()
        .iter()
        .filter_map(|note| if let Note::Drift(key) = note { Some(key.as_str()) } else { None })
        .collect();
    if let Some(first) = drifted.first() {
        let others =
            if drifted.len() > 1 { format!(" and {} more", grouped(drifted.len() as u64 - 1)) } else { String::new() };
        lines.push(format!("changed or deleted in the bucket by hand: {}{others}; published again", visible(first)));
    }
    for note in plan.notes() {
        match note {
            Note::Drift(_) => {}
            Note::Demoted(key) => lines.push(format!(
                "{} has a content-hashed name but changed its bytes: no longer cached for a year",
                visible(key.as_str())
            )),
            Note::Foreign(objects) => lines.push(format!(
                "{} below the prefix that cruddur-site did not put there: left alone (--delete-foreign deletes)",
                count(*objects as u64, "object")
            )),
            Note::Resumed(_) => lines.push("an earlier publish was cut off: this one finishes its work".into()),
        }
    }
    lines
}

/// That visitors of the distribution do not get what is put into the bucket.
pub fn elsewhere(distribution: &Distribution, bucket: &Bucket) -> Option<String> {
    let origin = &distribution.origin;
    if origin.bucket == bucket.name() && origin.prefix == bucket.prefix().trim_end_matches('/') {
        return None;
    }
    Some(format!(
        "visitors do not see this publish: distribution {} reads {}/{}, and the files go to {}/{}; leave --bucket and \
         --prefix out, and they are read from the distribution",
        distribution.id,
        origin.bucket,
        origin.prefix,
        bucket.name(),
        bucket.prefix()
    ))
}

/// What is not as it should be about a distribution that somebody set up by hand, though a publish can go on.
pub fn risks(distribution: &Distribution) -> Vec<String> {
    let mut risks = Vec::new();
    if distribution.origin.website {
        risks.push(format!(
            "distribution {} reads the bucket's website endpoint, so the bucket is open to everyone; a REST origin \
             with origin access control keeps it private",
            distribution.id
        ));
    }
    if distribution.origin.prefix.is_empty() {
        risks.push(
            "the whole bucket is served, what cruddur-site remembers in /.cruddur-site/ too, unless the bucket's policy \
             denies it as bootstrap's does; an origin path (for example /live) keeps it apart"
                .to_owned(),
        );
    }
    risks
}

/// How a site's URLs become its pages, in words.
pub fn routing(routing: Routing) -> &'static str {
    match routing {
        Routing::Spa => "single-page app",
        Routing::Folders => "a folder for each page",
        Routing::Files => "a file for each page",
    }
}

/// What visitors meet of a build whose pages are not named as the distribution routes, and what mends it in the same account. A file for each page also serves
/// folders.
pub fn misrouted(build: Routing, served: Routing, domain: &str, account_flags: &str) -> Option<String> {
    if build == served || (build, served) == (Routing::Folders, Routing::Files) {
        return None;
    }
    let name = match build {
        Routing::Spa => "spa",
        Routing::Folders => "folders",
        Routing::Files => "files",
    };
    Some(format!(
        "the build looks like {}, and the distribution routes for {}, so some pages will not be found: run `cruddur-site \
         bootstrap {domain}{account_flags} --routing {name}`",
        routing(build),
        routing(served)
    ))
}

/// The files that no URL leads to, because routing takes names without an extension for pages.
pub fn unreachable(files: &[Arc<SiteFile>], routing: Routing) -> Option<String> {
    let is_lost = |file: &&Arc<SiteFile>| {
        let is_page = match routing.route(&format!("/{}", file.key)) {
            Routed::Serve(path) => path.ends_with(".html"),
            Routed::Redirect(_) => true,
        };
        file.class != FileClass::Page && file.key.extension().is_none() && is_page
    };
    let lost: Vec<_> = files.iter().filter(is_lost).map(|file| visible(file.key.as_str())).collect();
    let others = match lost.len() {
        0 => return None,
        1 => String::new(),
        more => format!(" and {} more", more - 1),
    };
    Some(format!("no URL leads to {}{others}: names without an extension are taken for pages", lost[0]))
}

/// References of pages that lead nowhere, one line each, the first ten.
pub fn missing(missing: &[MissingReference]) -> Vec<String> {
    const SHOWN: usize = 10;
    let mut lines: Vec<_> = missing.iter().take(SHOWN).map(|one| visible(&one.to_string())).collect();
    if missing.len() > SHOWN {
        lines.push(format!("… and {} more references that lead nowhere", grouped((missing.len() - SHOWN) as u64)));
    }
    lines
}

/// What was done, in a few lines.
pub fn summary(plan: &Plan, outcome: &Outcome, place: &str, seconds: f64) -> String {
    if outcome.release.is_none() {
        return format!("{} {place} is up to date: {}\n", paint(GOOD, "✓"), count(plan.unchanged().files, "file"));
    }
    let mut text =
        format!("{} published {} in {seconds:.1} s\n  {}\n", paint(GOOD, "✓"), paint(BOLD, place), done(plan, outcome));
    if let Some(forgotten) = forgotten(outcome) {
        let _ = writeln!(text, "  {forgotten}");
    }
    text
}

/// What was done, in one line of numbers.
pub fn done(plan: &Plan, outcome: &Outcome) -> String {
    let mut parts = vec![format!("{} uploaded ({})", grouped(outcome.uploaded.files), bytes(outcome.uploaded.bytes))];
    if outcome.headers_changed > 0 {
        parts.push(count(outcome.headers_changed, "header change"));
    }
    if outcome.deleted > 0 {
        parts.push(format!("{} deleted", grouped(outcome.deleted)));
    }
    parts.extend(what_stays(plan));
    parts.join(", ")
}

/// What the edges have forgotten, where they had to.
pub fn forgotten(outcome: &Outcome) -> Option<String> {
    let state = if outcome.edges_current { "no edge holds an old copy" } else { "edges are still forgetting" };
    (outcome.paths > 0).then(|| format!("{} invalidated, {state}", count(outcome.paths as u64, "path")))
}

fn class(class: FileClass) -> &'static str {
    match class {
        FileClass::Immutable => "immutable",
        FileClass::Asset => "asset",
        FileClass::Page => "page",
        FileClass::Entry => "entry",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_that_is_routed_otherwise_is_told() {
        use Routing::{Files, Folders, Spa};
        let told = |build, served| misrouted(build, served, "cruddur.com", " --local");
        for (build, served) in [(Spa, Spa), (Folders, Folders), (Files, Files), (Folders, Files)] {
            assert_eq!(told(build, served), None, "{build:?} {served:?}");
        }
        for (build, served, flag) in [(Files, Folders, "files"), (Spa, Folders, "spa"), (Folders, Spa, "folders")] {
            let cure = format!("`cruddur-site bootstrap cruddur.com --local --routing {flag}`");
            assert!(told(build, served).unwrap().contains(&cure), "{build:?} {served:?}");
        }
    }
}
