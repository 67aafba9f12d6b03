//! Zones that are chosen, and records as they are written elsewhere.

use super::*;
use crate::setup::{
    observed::Zone,
    plan::messes::{empty, request, zone},
};

#[test]
fn the_zone_is_the_longest_one_that_public_dns_asks() {
    let apex = |id, delegated| zone(id, "cruddur.com", delegated);
    let deep = |delegated| zone("D", "app.cruddur.com", delegated);
    let (yes, no) = (Some(true), Some(false));
    type Row = (&'static str, Vec<Zone>, bool, std::result::Result<&'static str, &'static str>);
    let table: [Row; 12] = [
        ("app.cruddur.com", vec![apex("A", yes)], false, Ok("A")),
        ("app.cruddur.com", vec![apex("A", yes), deep(yes)], false, Ok("D")),
        ("app.cruddur.com", vec![apex("A", yes), deep(no)], false, Ok("A")),
        ("notcruddur.com", vec![apex("A", yes)], false, Err("no public hosted zone for notcruddur.com")),
        ("cruddur.com", vec![apex("A", no), apex("B", yes)], false, Ok("B")),
        ("cruddur.com", vec![apex("A", no), apex("B", None)], false, Ok("B")),
        ("cruddur.com", vec![apex("A", None), apex("B", None)], false, Err("several public hosted zones (A, B)")),
        ("cruddur.com", vec![apex("A", no)], false, Err("enter these at the registrar: ns-a.awsdns-1.com")),
        ("cruddur.com", vec![apex("A", no)], true, Ok("A")),
        ("cruddur.com", vec![apex("A", no), apex("B", no)], true, Err("(zone A), or ns-b")),
        ("a.b.example.co.uk", vec![], true, Ok("new example.co.uk")),
        ("a.b.example.co.uk", vec![], false, Err("--create-zone")),
    ];
    for (name, zones, create, expected) in table {
        let chosen = choose(name, &zones, &[], create);
        match (chosen, expected) {
            (Ok(Choice::Zone(zone, _)), Ok(id)) => assert_eq!(zone.id, id, "{name}"),
            (Ok(Choice::New(zone)), Ok(expected)) => assert_eq!(format!("new {zone}"), expected),
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
            (chosen, expected) => panic!("{name}: {chosen:?}, not {expected:?}"),
        }
    }
}

#[test]
fn doubts_about_a_zone_are_told() {
    let note = |zones: &[Zone]| match choose("cruddur.com", zones, &[], true) {
        Ok(choice) => choice.note().unwrap_or_default(),
        Err(error) => panic!("{error}"),
    };
    let apex = |id, delegated| zone(id, "cruddur.com", delegated);
    assert_eq!(note(&[apex("A", Some(true))]), "");
    assert!(note(&[apex("A", None)]).contains("could not be asked"));
    assert!(note(&[apex("A", Some(true)), apex("B", Some(false))]).contains("nobody asks B"));
    assert!(note(&[apex("A", Some(false))]).contains("enter these name servers at the registrar of cruddur.com"));
    assert!(note(&[]).contains("its name servers, which are shown"));
}

/// A certificate that waits for one record, which proves all of its names.
fn pending(names: &[&str], proof: &str) -> Certificate {
    let validation = |name: &&str| crate::setup::observed::Validation {
        domain: (*name).to_owned(),
        method: "DNS".into(),
        status: "PENDING_VALIDATION".into(),
        record: Some((proof.to_owned(), "_b2.acm-validations.aws.".into())),
    };
    Certificate {
        arn: "arn".into(),
        region: "us-east-1".into(),
        status: "PENDING_VALIDATION".into(),
        failure: None,
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        kind: "AMAZON_ISSUED".into(),
        key_algorithm: "RSA_2048".into(),
        requested: None,
        expires: None,
        validations: names.iter().map(validation).collect(),
        used_by: Vec::new(),
        tags: crate::setup::observed::Tags::new(),
    }
}

#[test]
fn a_name_and_its_wildcard_are_proved_by_one_record() {
    let certificate = pending(&["cruddur.com", "*.cruddur.com"], "_A1.cruddur.com.");
    let records = validation_records(&certificate);
    assert_eq!(zone_file(&records), "_a1.cruddur.com. 300 IN CNAME _b2.acm-validations.aws.\n");
    let interest = names_of_interest(&["WWW.cruddur.com".to_owned()], &[certificate]);
    assert_eq!(interest.into_iter().collect::<Vec<_>>(), ["_a1.cruddur.com", "www.cruddur.com"]);
}

#[test]
fn records_kept_elsewhere_are_a_table_and_a_zone_file() {
    let region = "us-east-1".parse().unwrap();
    let site =
        crate::setup::desired::site(&request("cruddur.com"), &empty(), crate::routing::Routing::Spa, &region).unwrap();
    let records = manual_records(&site, "d1.cloudfront.net");
    let rows = [["cruddur.com", "ALIAS", "d1.cloudfront.net"], ["www.cruddur.com", "CNAME", "d1.cloudfront.net"]];
    assert_eq!(table(&records), rows.map(|row| row.map(str::to_owned)));
    let file = zone_file(&records);
    let lines: Vec<_> = file.lines().filter(|line| !line.starts_with(';')).collect();
    assert_eq!(lines, ["www.cruddur.com. 300 IN CNAME d1.cloudfront.net."]);
    assert!(file.starts_with("; cruddur.com. ALIAS d1.cloudfront.net.\n"), "{file}");
}

#[test]
fn a_kept_alias_without_a_zone_is_proved_by_hand() {
    let (region, dns) = ("us-east-1".parse().unwrap(), Dns::Route53 { create_zone: true });
    let request = crate::setup::Request { dns, ..request("cruddur.com") };
    let site = crate::setup::desired::site(&request, &empty(), crate::routing::Routing::Spa, &region).unwrap();
    let changed = |proof: &str| validation_changes(&site, &empty(), &pending(&["cruddur.com"], proof)).unwrap();
    let (own, kept) = (changed("_a1.cruddur.com"), changed("_a1.alt.org"));
    assert_eq!((own.zones.len(), own.by_hand.len()), (1, 0), "its zone is made first");
    assert_eq!((kept.zones.len(), kept.by_hand.len()), (0, 1));
}
