//! What is kept elsewhere: the DNS, and the right to publish.

use crate::world::{DOMAIN, World, verdicts};

/// Given a repository, its role trusts that branch alone, and the workflow names the role.
#[test]
fn a_repository_may_publish() {
    let world = World::bootstrapped();
    let made = world.bootstrap(&["--github", "ann/cruddur@release", "--yes"]).succeeds();
    let created: Vec<_> = verdicts(&made).into_iter().filter(|(_, verdict)| verdict == "create").collect();
    assert_eq!(created.len(), 2, "provider and role: {made:#}");
    assert_eq!(made["site"]["subject"], "repo:ann/cruddur:ref:refs/heads/release");
    let role = made["result"]["role"].as_str().unwrap();
    assert!(role.starts_with("arn:aws:iam::000000000000:role/"), "{role}");
    let workflow = made["result"]["workflow"].as_str().unwrap();
    let domain = format!("domain: {DOMAIN}");
    for part in ["id-token: write", role, "branches: [\"release\"]", "uses: cruddur/cruddur-site@v1", &domain] {
        assert!(workflow.contains(part), "{part} is not in\n{workflow}");
    }
    assert_eq!(world.bootstrap(&["--github", "ann/cruddur@release"]).succeeds()["plan"]["empty"], true);
}

/// Given a domain whose DNS is elsewhere, the records that prove it are shown, and the run stops where they are needed.
#[test]
fn records_are_shown_where_the_dns_is_elsewhere() {
    let world = World::new();
    let error = world.bootstrap(&["--dns", "manual", "--no-wait", "--yes"]).fails();
    assert!(error["what"].as_str().unwrap().contains("certificate"), "{error}");
    let next = error["next"].as_str().unwrap();
    assert!(next.contains("CNAME") && next.contains(DOMAIN), "{error}");
    let planned = world.bootstrap(&["--dns", "manual", "--dry-run"]).succeeds();
    assert!(!verdicts(&planned).iter().any(|(kind, _)| kind == "zone"), "{planned:#}");
}
