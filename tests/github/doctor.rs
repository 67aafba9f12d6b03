//! Doctor in a step.

use serde_json::Value;

use crate::step::Job;
use crate::support::local::{DOMAIN, LocalAccount};

/// Given a site with faults, each problem is an error and each piece of advice a warning; the document says the same.
#[tokio::test]
async fn findings_are_annotations() {
    let account = LocalAccount::new();
    account.publish(crate::support::Folder::site().path());
    let job = Job::new().await;
    let account = account.path();
    let arguments = ["doctor", DOMAIN, "--local", account.to_str().unwrap(), "--no-visit", "--json"];
    let told = job.run(&arguments).await;
    let document: Value = serde_json::from_str(&told.out).unwrap();
    let findings = document["findings"].as_array().unwrap();
    assert!(!findings.is_empty(), "{document:#}");
    for finding in findings {
        let name = if finding["severity"] == "problem" { "error" } else { "warning" };
        let title = format!("cruddur-site doctor: {}", finding["id"].as_str().unwrap());
        let annotation = told.commands_of(name).into_iter().find(|one| one.property("title") == title);
        let annotation = annotation.unwrap_or_else(|| panic!("no {title} in {}", told.err));
        for part in ["seen", "hurts", "fix"] {
            assert!(annotation.data.contains(finding[part].as_str().unwrap()), "{annotation:?}");
        }
    }
    assert_eq!(told.commands().len(), findings.len());
}
