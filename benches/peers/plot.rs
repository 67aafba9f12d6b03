//! Wall times as bars, each group on a scale of its own: a picture to be read in light and in dark, and without colours.

use std::fmt::Write as _;

use super::{
    cases::Case,
    report::title,
    results::{Results, SiteResults, median},
    tools::Tool,
};

const WIDTH: usize = 830;
const COLUMN: usize = WIDTH / 2;
/// Where bars begin in a column, and how long the longest is.
const BARS: usize = 96;
const LONGEST: f64 = 240.0;
const LINE: usize = 18;

const STYLE: &str = "\
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.site { font-size: 15px; font-weight: 600 }
.case { font-weight: 600 }
.own { fill: #0969da }
.peer { fill: #8c959f }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .own { fill: #4493f8 }
  .peer { fill: #6e7681 }
}
";

/// The picture.
pub fn svg(results: &Results) -> String {
    let (mut body, mut y) = (String::new(), 0);
    for site in &results.sites {
        y += 28;
        let _ = writeln!(body, "<text class=\"site\" x=\"0\" y=\"{y}\">{}</text>", title(site));
        let groups: Vec<_> = [Case::First, Case::Unchanged, Case::Fresh, Case::Changed]
            .into_iter()
            .map(|case| (case, bars(site, case)))
            .filter(|(_, bars)| !bars.is_empty())
            .collect();
        for row in groups.chunks(2) {
            for (column, (case, bars)) in row.iter().enumerate() {
                group(&mut body, column * COLUMN, y, *case, bars);
            }
            y += 34 + LINE * row.iter().map(|(_, bars)| bars.len()).max().unwrap_or(0);
        }
    }
    let height = y + 8;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" \
         role=\"img\">\n<title>Wall time in seconds, by site, case and tool; shorter is better</title>\n\
         <style>\n{STYLE}</style>\n{body}</svg>\n"
    )
}

/// The tools that did it, with their seconds.
fn bars(site: &SiteResults, case: Case) -> Vec<(Tool, f64)> {
    let tools = [Tool::CruddurSite, Tool::S5cmd, Tool::Aws, Tool::Hugo];
    tools.into_iter().filter_map(|tool| Some((tool, median(site.runs(case, tool)?, |used| used.wall)))).collect()
}

fn group(body: &mut String, x: usize, top: usize, case: Case, bars: &[(Tool, f64)]) {
    let _ = writeln!(body, "<text class=\"case\" x=\"{x}\" y=\"{}\">{}</text>", top + 22, case.name());
    let longest = bars.iter().map(|(_, seconds)| *seconds).fold(f64::MIN_POSITIVE, f64::max);
    for (line, (tool, seconds)) in bars.iter().enumerate() {
        let (y, length) = (top + 30 + line * LINE, (seconds / longest * LONGEST).max(1.0));
        let class = if *tool == Tool::CruddurSite { "own" } else { "peer" };
        let (name, bar, base) = (tool.name(), x + BARS, y + 12);
        let _ = writeln!(body, "<text x=\"{x}\" y=\"{base}\">{name}</text>");
        let _ = writeln!(
            body,
            "<rect class=\"{class}\" x=\"{bar}\" y=\"{}\" width=\"{length:.1}\" height=\"12\" rx=\"2\"/>",
            y + 2
        );
        let _ = writeln!(body, "<text x=\"{:.1}\" y=\"{base}\">{seconds:.2} s</text>", bar as f64 + length + 6.0);
    }
}
