//! Results as tables, in the page that explains them.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use super::{
    cases::Case,
    child::Used,
    machine::Circumstances,
    plot,
    results::{FILE, Floor, Results, Run, SiteResults, median},
    tools::Tool,
};

/// The page, and what stands around its generated part.
const PAGE: &str = "BENCHMARKS.md";
const BEGIN: &str = "<!-- written by `cargo bench --bench peers`: begin -->";
const END: &str = "<!-- written by `cargo bench --bench peers`: end -->";

/// The plot.
const PLOT: &str = "benchmarks.svg";

/// Writes page and plot into a folder. What stands in the page around the generated part stays.
pub fn write(results: &Results, folder: &Path) -> Result<(), String> {
    let path = folder.join(PAGE);
    let page = fs::read_to_string(&path).unwrap_or_else(|_| empty("", "\n"));
    let parts = page.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let (before, after) = parts.ok_or_else(|| format!("{}: no {BEGIN} ... {END}", path.display()))?;
    let plot = format!("![Wall time of each tool, by site and case]({PLOT})");
    let (raw, tables) = (format!("Every run is in [{FILE}]({FILE})."), text(results));
    let page = format!("{before}{BEGIN}\n\n{plot}\n\n{raw}\n\n{tables}\n{END}{after}");
    fs::write(&path, page).map_err(|error| format!("{}: {error}", path.display()))?;
    let path = folder.join(PLOT);
    fs::write(&path, plot::svg(results)).map_err(|error| format!("{}: {error}", path.display()))
}

/// A page without results.
pub fn empty(before: &str, after: &str) -> String {
    format!("{before}{BEGIN}\n{END}{after}")
}

/// All results, in Markdown.
pub fn text(results: &Results) -> String {
    let parts = results.sites.iter().map(site).chain(results.floor.iter().map(floor));
    parts.collect::<Vec<_>>().join("\n")
}

fn site(site: &SiteResults) -> String {
    let mut text = format!("### {}\n\n", title(site));
    let _ = writeln!(
        text,
        "{} files, {}; {}.\n",
        grouped(site.files as u64),
        bytes(site.bytes as f64),
        circumstances(&site.circumstances, site.measured.iter().map(|measured| measured.runs.len()).max().unwrap_or(0))
    );
    text.push_str("| case | tool | wall | × | CPU | × | memory | requests | sent |\n");
    text.push_str("|---|---|--:|--:|--:|--:|--:|---|--:|\n");
    for measured in site.measured.iter().filter(|measured| !measured.runs.is_empty()) {
        let own = site.runs(measured.case, Tool::CruddurSite).filter(|_| measured.tool != Tool::CruddurSite);
        let (case, tool) = (measured.case.name(), measured.tool.name());
        let _ = writeln!(text, "| {case} | {tool} | {}", cells(&measured.runs, own));
    }
    let cannot = site.measured.iter().filter(|measured| measured.runs.is_empty());
    let cannot: Vec<&str> = cannot.map(|measured| measured.tool.name()).collect();
    if !cannot.is_empty() {
        let _ = writeln!(text, "| {} | {} | cannot | | | | | | |", Case::Headers.name(), cannot.join(", "));
    }
    for (tool, why) in &site.circumstances.missing {
        let _ = writeln!(text, "| all | {tool} | left out: {} | | | | | | |", why.lines().next().unwrap_or_default());
    }
    text
}

/// What was measured, each time with how many times `own` it is.
fn cells(runs: &[Run], own: Option<&[Run]>) -> String {
    let time = |quantity: fn(&Used) -> f64| {
        let time = median(runs, quantity);
        let times = own.map(|own| format!("{:.1}", time / median(own, quantity)));
        format!("{time:.2} s | {}", times.unwrap_or_default())
    };
    let (wall, cpu) = (time(|used| used.wall), time(|used| used.cpu));
    let peak = bytes(median(runs, |used| used.peak as f64));
    // Requests hardly differ between runs; those of the last one are told.
    let seen = &runs[runs.len() - 1].seen;
    format!("{wall} | {cpu} | {peak} | {} | {} |", requests(&seen.requests), bytes(seen.received as f64))
}

fn floor(floor: &Floor) -> String {
    let mut text = format!("### bare SDK, {} ms\n\n", floor.round_trip);
    let _ = writeln!(
        text,
        "{} objects of {} KiB, {} requests at once; {}.\n",
        grouped(floor.objects as u64),
        floor.size >> 10,
        floor.at_once,
        circumstances(&floor.circumstances, floor.runs.len())
    );
    text.push_str("| wall | CPU | memory |\n|--:|--:|--:|\n");
    let of = |quantity: fn(&Used) -> f64| median(&floor.runs, quantity);
    let (wall, cpu, peak) = (of(|used| used.wall), of(|used| used.cpu), of(|used| used.peak as f64));
    let _ = writeln!(text, "| {wall:.2} s | {cpu:.2} s | {} |", bytes(peak));
    text
}

/// What a site's section and its part of the plot are called.
pub fn title(site: &SiteResults) -> String {
    format!("{}, {} ms", site.workload.name(), site.round_trip)
}

fn circumstances(around: &Circumstances, runs: usize) -> String {
    let versions = around.versions.iter().map(|(tool, version)| format!(", {tool} {version}"));
    let times = if runs == 1 { "1 run".to_owned() } else { format!("medians of {runs} runs") };
    let Circumstances { date, cpu, cores, kernel, .. } = around;
    format!("{times} on {date}; {cpu}, {cores} cores, {kernel}{}", versions.collect::<String>())
}

/// Requests by what they are, the most frequent first.
pub fn requests(requests: &BTreeMap<String, u64>) -> String {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for (operation, count) in requests {
        *counts.entry(short(operation)).or_default() += count;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let counts = counts.into_iter().map(|(name, count)| format!("{} {name}", grouped(count)));
    counts.collect::<Vec<_>>().join(", ")
}

fn short(operation: &str) -> &str {
    match operation {
        "PutObject" => "PUT",
        "GetObject" => "GET",
        "HeadObject" | "HeadBucket" => "HEAD",
        "ListObjectsV2" | "ListObjects" => "list",
        "CopyObject" => "copy",
        "DeleteObject" | "DeleteObjects" => "delete",
        "UploadPart" => "part",
        "CreateMultipartUpload" | "CompleteMultipartUpload" => "begin or end of parts",
        other => other,
    }
}

/// A number with commas.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).expect("digits"));
    groups.collect::<Vec<_>>().join(",")
}

/// A size with its unit, in powers of 1,000.
fn bytes(bytes: f64) -> String {
    match bytes {
        ..1e5 => format!("{:.0} kB", (bytes / 1e3).ceil()),
        ..1e7 => format!("{:.1} MB", bytes / 1e6),
        _ => format!("{:.0} MB", bytes / 1e6),
    }
}
