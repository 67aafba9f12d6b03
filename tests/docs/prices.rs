//! docs/COST.md tells the prices that the program reckons with.

use std::path::Path;

use cruddur_site::plan::cost::{FREE_PATHS, Requests};

use crate::{markdown::Page, support::local::cruddur_site};

#[test]
fn the_prices_are_those_of_the_program() {
    let page = Page::read(Path::new("docs/COST.md")).prose();
    let thousand = |writes_and_lists, reads| Requests { writes_and_lists, reads, invalidation_paths: 0 }.s3_dollars();
    let path = Requests { invalidation_paths: 1, ..Requests::default() }.invalidation_dollars();
    let help = cruddur_site().args(["bootstrap", "--help"]).output().unwrap();
    assert!(String::from_utf8_lossy(&help.stdout).contains("($0.50 a month)"));
    for (what, price) in [
        ("S3: uploads, copies, listings", format!("${} per 1,000", thousand(1000, 0))),
        ("S3: downloads by CloudFront", format!("${} per 1,000", thousand(0, 1000))),
        ("CloudFront: invalidated paths", format!("${path} each")),
        ("CloudFront: invalidated paths", format!("{},000", FREE_PATHS / 1000)),
        ("Route 53: hosted zone", "$0.50".to_owned()),
    ] {
        let row = page.lines().find(|line| line.starts_with(&format!("| {what} |"))).expect("a row");
        assert!(row.contains(&price), "{price} is not in {row}");
    }
}

/// The table of examples adds up.
#[test]
fn the_examples_add_up() {
    let page = Page::read(Path::new("docs/COST.md")).prose();
    let row = |name: &str| -> Vec<f64> {
        let line = page.lines().find(|line| line.trim_start_matches(['|', ' ', '*']).starts_with(name)).expect("a row");
        let cells = line.trim_matches('|').split('|').skip(1).map(|cell| cell.trim().trim_matches('*'));
        cells
            .map(|cell| if cell == "free" { 0.0 } else { cell.trim_start_matches('$').parse().expect("a sum") })
            .collect()
    };
    let parts = ["S3 storage", "S3 requests", "transfer", "requests", "function calls", "invalidations", "hosted zone"];
    let parts: Vec<_> = parts.into_iter().map(row).collect();
    for (site, sum) in row("a month").into_iter().enumerate() {
        let added: f64 = parts.iter().map(|part| part[site]).sum();
        assert!((added - sum).abs() < 0.005, "{added} is not {sum}");
    }
}
