//! Doctor as a program: what it prints, and the exit status that tells problems from none.

use serde_json::Value;

use crate::{
    support::Folder,
    world::{DOMAIN, World},
};

fn ids(report: &Value) -> Vec<&str> {
    report["findings"].as_array().unwrap().iter().map(|finding| finding["id"].as_str().unwrap()).collect()
}

/// Given a sound site, doctor finds nothing and says what it looked at.
#[test]
fn a_sound_site_has_no_findings() {
    let world = World::bootstrapped();
    world.publish(&Folder::site());
    let report = world.run(&["doctor", "--json"]).succeeds();
    assert_eq!(ids(&report), [""; 0], "{report:#}");
    assert_eq!(
        (&report["unchecked"], &report["problems"]),
        (&serde_json::json!([]), &Value::Bool(false)),
        "{report:#}"
    );
    let text = world.run(&["doctor"]).tells();
    for part in [DOMAIN, "Certificate", "Live site", "no problems"] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

/// Given a site that nothing was published to, the exit status is 3 and the finding says what to run.
#[test]
fn a_problem_is_an_exit_status_of_its_own() {
    let world = World::bootstrapped();
    let report = world.run(&["doctor", "--json"]).exits_with(3);
    assert!(ids(&report).contains(&"nothing-published"), "{report:#}");
    let finding = &report["findings"][0];
    assert!(finding["fix"].as_str().unwrap().contains("cruddur-site publish"), "{finding:#}");
}

/// Given a domain that nothing answers for, doctor says so instead of failing.
#[test]
fn a_domain_without_anything_is_a_finding() {
    let world = World::bootstrapped();
    let report = world.run(&["doctor", "nowhere.localhost", "--json"]).exits_with(3);
    assert!(ids(&report).contains(&"no-distribution"), "{report:#}");
}

/// Given a site whose repository may publish, doctor of another domain does not speak of that role.
#[test]
fn another_site_s_role_is_not_its_business() {
    let world = World::new();
    world.bootstrap(&["--yes", "--github", "ann/cruddur"]).succeeds();
    let about_role = |report: &Value| report.to_string().contains("cruddur-site-publish-");
    assert!(about_role(&world.run(&["doctor", "--json"]).exits_with(3)));
    assert!(!about_role(&world.run(&["doctor", "nowhere.localhost", "--json"]).exits_with(3)));
}
