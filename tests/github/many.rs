//! A site of tens of thousands of files.

use crate::step::Job;
use crate::support::{Folder, gfm};

/// Given 20,000 new files with long names, the log lists them all, the summary stays far below what GitHub takes, and so does the
/// plan.
#[tokio::test]
async fn a_large_plan_is_shortened() {
    let job = Job::new().await;
    let folder = "a-rather-long-name-of-a-folder/and-another-one";
    let build = (0..20_000).fold(Folder::site(), |build, number| build.file(format!("{folder}/{number:05}.txt"), "x"));
    let told = job.publish(&build, &["--dry-run"]).await.ends_with(0);

    assert_eq!(told.output("uploaded"), "20003");
    assert!(told.output("plan").len() < 4096, "{}", told.output("plan").len());
    let plan = told.plan();
    assert_eq!(plan["shortened"], true);
    assert_eq!(plan["plan"]["uploads"], serde_json::Value::Null);
    assert_eq!(plan["plan"]["bytesToSend"].to_string(), told.output("bytes"));

    assert_eq!(told.group().1.len(), 20_003);
    assert!(told.summary.len() < 256 * 1024, "{}", told.summary.len());
    let Some(page) = gfm::page(&told.summary) else { return };
    assert_eq!(page.texts("summary"), ["20,003 changes"]);
    let rows = page.texts("tr").len() - 1;
    assert!(rows > 500, "{rows}");
    let more = (20_003 - rows).to_string();
    let more = format!("… and {},{} more: the log has them all", &more[..2], &more[2..]);
    assert!(page.texts("p").contains(&&*more), "{more}: {:?}", page.texts("p"));
}
