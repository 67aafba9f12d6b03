//! The plan of a pull request.

use crate::step::Job;
use crate::support::{Folder, gfm};

/// Given a pull request, a dry run changes nothing, its outputs count what would happen, and its summary is the plan of what merging
/// would do.
#[tokio::test]
async fn a_dry_run_tells_what_merging_would_do() {
    let job = Job::new().await.with("GITHUB_EVENT_NAME", "pull_request");
    let build = Folder::site();
    let told = job.publish(&build, &["--dry-run"]).await.ends_with(0);
    assert_eq!(told.output("release"), "");
    assert_eq!(["uploaded", "deleted", "unchanged", "paths"].map(|name| told.output(name)), ["3", "0", "0", "0"]);
    assert_eq!(told.output("bytes"), told.plan()["plan"]["bytesToSend"].to_string());
    assert!(told.plan()["result"].is_null());
    assert_eq!(told.group().1.len(), 3);
    // After the group, where the fold does not hide it.
    let end = told.err.find("::endgroup::").unwrap();
    assert!(told.err[end..].contains("would be published; nothing was changed"), "{}", told.err);
    assert_eq!(told.out, "");
    if let Some(page) = gfm::page(&told.summary) {
        assert_eq!(page.texts("h3"), ["📋 Plan: what merging would do to cruddur.example"]);
        assert_eq!(page.texts("tr").len(), 4);
        assert!(!page.texts("sub")[0].contains("release"), "{}", page.html);
    }

    // Nothing was changed: the same plan again, and then it is published.
    let again = job.publish(&build, &["--dry-run"]).await.ends_with(0);
    assert_eq!(again.output("uploaded"), "3");
    job.publish(&build, &[]).await.ends_with(0);
    let told = job.publish(&build, &["--dry-run"]).await.ends_with(0);
    let site = "[cruddur.example](https://cruddur.example)";
    assert_eq!(told.summary, format!("### ✅ {site} is up to date, merging would change nothing: 3 files\n"));
}

/// Given any other event, nothing is merged.
#[tokio::test]
async fn a_dry_run_elsewhere_tells_what_publishing_would_do() {
    let job = Job::new().await;
    let told = job.publish(&Folder::site(), &["--dry-run"]).await.ends_with(0);
    assert!(told.summary.starts_with("### 📋 Plan: what publishing would do to "), "{}", told.summary);
}
