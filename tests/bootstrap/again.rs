//! The runs after the first.

use crate::world::{World, verdicts};

/// Given a site, a second run keeps every part and does nothing.
#[test]
fn a_second_run_plans_nothing() {
    let world = World::bootstrapped();
    let again = world.bootstrap(&["--dry-run"]).succeeds();
    assert_eq!(again["plan"]["empty"], true, "{again:#}");
    assert!(verdicts(&again).iter().all(|(_, verdict)| verdict == "keep"), "{again:#}");
    assert_eq!(
        world.bootstrap(&[]).succeeds()["plan"]["steps"],
        serde_json::json!([]),
        "nobody has to agree to nothing"
    );
}

/// Given a site, what is asked for beside it is added, and then kept.
#[test]
fn a_wish_is_added_to_what_is_there() {
    let world = World::bootstrapped();
    let flags = ["--api", "/api/*=api.cruddur.localhost", "--price-class", "all", "--yes"];
    let changed = world.bootstrap(&flags).succeeds();
    let updated: Vec<_> = verdicts(&changed).into_iter().filter(|(_, verdict)| verdict != "keep").collect();
    assert_eq!(updated, [("distribution".to_owned(), "update".to_owned())], "{changed:#}");
    assert_eq!(world.bootstrap(&flags[..4]).succeeds()["plan"]["empty"], true);
    // Without a wish what is there stays.
    assert_eq!(world.bootstrap(&[]).succeeds()["plan"]["empty"], true);
}

/// Given another name for the site, certificate, distribution and records learn it.
#[test]
fn an_alias_needs_a_certificate_that_names_it() {
    let world = World::bootstrapped();
    let changed = world.bootstrap(&["--alias", "club.cruddur.localhost", "--yes"]).succeeds();
    let verdicts = verdicts(&changed);
    assert!(verdicts.contains(&("certificate".to_owned(), "create".to_owned())), "{changed:#}");
    assert!(verdicts.contains(&("distribution".to_owned(), "update".to_owned())), "{changed:#}");
    assert_eq!(world.bootstrap(&["--alias", "club.cruddur.localhost"]).succeeds()["plan"]["empty"], true);
}
