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

/// Given another name in a zone of its own, a run that does not ask for it again finds its records, and the way back
/// takes them away.
#[test]
fn a_kept_alias_is_looked_at_in_its_own_zone() {
    let world = World::new();
    world.run(&["bootstrap", "al.com", "--alias", "alt.org", "--yes", "--json"]).succeeds();
    let again = world.run(&["bootstrap", "al.com", "--yes", "--json"]).succeeds();
    assert_eq!(again["plan"]["empty"], true, "{again:#}");
    let gone = world.run(&["destroy", "al.com", "--yes", "--json"]).succeeds()["plan"]["deletes"].to_string();
    for expected in ["alt.org A,", "alt.org AAAA", "alt.org CNAME", "hosted zone alt.org"] {
        assert!(gone.contains(expected), "{expected}: {gone}");
    }
}

/// Given a zone that was made for another site, a name in it is kept too, and the way back leaves only what was there.
#[test]
fn a_kept_alias_may_be_in_the_zone_of_another_site() {
    let world = World::new();
    world.run(&["bootstrap", "alt.org", "--yes", "--json"]).succeeds();
    world.run(&["bootstrap", "al.com", "--alias", "club.alt.org", "--yes", "--json"]).succeeds();
    let again = world.run(&["bootstrap", "al.com", "--yes", "--json"]).succeeds();
    assert_eq!(again["plan"]["empty"], true, "{again:#}");
    let gone = world.run(&["destroy", "al.com", "--yes", "--json"]).succeeds()["plan"]["deletes"].to_string();
    for expected in ["club.alt.org A,", "club.alt.org AAAA", "club.alt.org CNAME"] {
        assert!(gone.contains(expected), "{expected}: {gone}");
    }
    assert!(!gone.contains("hosted zone alt.org"), "{gone}");
    let other = world.run(&["bootstrap", "alt.org", "--json"]).succeeds();
    assert_eq!(other["plan"]["empty"], true, "{other:#}");
}

/// Given a site without its other name, it stays without until that is asked for.
#[test]
fn the_other_name_stays_away() {
    let world = World::new();
    world.bootstrap(&["--no-www", "--yes"]).succeeds();
    assert_eq!(world.bootstrap(&[]).succeeds()["plan"]["empty"], true);
    world.bootstrap(&["--www", "--yes"]).succeeds();
    assert_eq!(world.bootstrap(&[]).succeeds()["plan"]["empty"], true);
}
