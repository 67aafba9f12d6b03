//! Hosted zones and their records.

use std::time::Duration;

use aws_sdk_route53::types::{
    Change, ChangeAction, ChangeBatch, HostedZoneConfig, ResourceRecord, ResourceRecordSet, RrType, Vpc, VpcRegion,
};
use cruddur_site::ErrorKind;
use cruddur_site::setup::observed::{Record, RecordData, ZoneRecord};

use crate::on_every_account;
use crate::world::{World, names, tags};

on_every_account!(
    a_zone_is_made_found_and_deleted,
    private_zones_are_left_out,
    records_are_written_read_and_deleted,
    only_the_names_asked_for_are_read,
    a_record_that_was_changed_meanwhile_is_not_deleted,
    routed_records_are_told_apart_and_left_alone,
    zones_are_listed_to_the_last,
);

fn values(name: &str, kind: &str, values: &[&str], ttl: u64) -> Record {
    Record { name: name.into(), kind: kind.into(), data: RecordData::Values { values: names(values), ttl } }
}

fn alias(name: &str, kind: &str) -> Record {
    let (target, zone) = ("d111111abcdef8.cloudfront.net".into(), "Z2FDTNDATAQYW2".into());
    Record { name: name.into(), kind: kind.into(), data: RecordData::Alias { target, zone, evaluate_health: false } }
}

async fn zone(world: &World, name: &str) -> String {
    world.aws.zones().create(name, name, &tags(&[])).await.unwrap().id
}

/// The records of `names` in the zone, sorted.
async fn read(world: &World, zone: &str, wanted: &[&str]) -> Vec<Record> {
    let found = world.aws.zones().records(zone, &names(wanted)).await.unwrap();
    assert!(found.iter().all(|found| found.zone == zone));
    let mut records: Vec<Record> = found.into_iter().map(|ZoneRecord { record, .. }| record).collect();
    records.sort();
    records
}

/// Without the two that every zone has.
fn without_own(mut records: Vec<Record>) -> Vec<Record> {
    records.retain(|record| !["NS", "SOA"].contains(&record.kind.as_str()));
    records
}

async fn a_zone_is_made_found_and_deleted(world: World) {
    let zones = world.aws.zones();
    let tags = tags(&[("cruddur-site", "made.example")]);
    let made = zones.create("made.example", "reference-1", &tags).await.unwrap();
    assert_eq!(made.name, "made.example");
    assert!(!made.id.contains('/'), "{}", made.id);
    assert!(made.name_servers.len() >= 2, "{made:?}");
    assert!(made.name_servers.iter().all(|server| !server.ends_with('.')), "{made:?}");
    assert_eq!((made.delegated, &made.tags), (None, &tags));
    assert_eq!(zones.zone(&made.id).await.unwrap(), made);

    let public = zones.public().await.unwrap();
    let found: Vec<_> = public.iter().filter(|zone| zone.name == "made.example").collect();
    let [found] = found.as_slice() else { panic!("one zone, not {found:?}") };
    assert_eq!((&found.id, found.records), (&made.id, 2));
    assert_eq!((found.name_servers.len(), found.tags.len()), (0, 0), "the list has neither");

    zones.delete(&made.id).await.unwrap();
    zones.delete(&made.id).await.expect("what is gone needs no deletion");
    let gone = zones.zone(&made.id).await.unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::NotFound, "{gone}");
    assert!(!zones.public().await.unwrap().iter().any(|zone| zone.name == "made.example"));
}

async fn private_zones_are_left_out(world: World) {
    let config = HostedZoneConfig::builder().private_zone(true).build();
    let vpc = Vpc::builder().vpc_id("vpc-1a2b3c4d").vpc_region(VpcRegion::UsEast1).build();
    let create = world.route53().create_hosted_zone().name("inner.example").caller_reference("inner");
    create.hosted_zone_config(config).vpc(vpc).send().await.unwrap();
    zone(&world, "outer.example").await;
    let public = world.aws.zones().public().await.unwrap();
    assert!(public.iter().any(|zone| zone.name == "outer.example"));
    assert!(!public.iter().any(|zone| zone.name == "inner.example"));
}

async fn records_are_written_read_and_deleted(world: World) {
    let zones = world.aws.zones();
    let zone = zone(&world, "records.example").await;
    let written = [
        alias("records.example", "A"),
        alias("records.example", "AAAA"),
        values("records.example", "TXT", &["\"v=spf1 -all\"", "\"Second; string\" \"in two parts.\""], 300),
        values("*.records.example", "CNAME", &["target.example.net"], 60),
        values("_token.records.example", "CNAME", &["_value.acm-validations.aws"], 300),
    ];
    let change = zones.change(&zone, &[], &written).await.unwrap();
    assert!(!change.is_empty() && !change.contains('/'), "{change}");
    // Route 53 itself takes up to a minute, and the local account pretends to.
    let in_sync = async {
        while !zones.is_in_sync(&change).await.unwrap() {
            tokio::time::sleep(Duration::from_millis(100)).await
        }
    };
    tokio::time::timeout(Duration::from_secs(60), in_sync).await.expect("a change that arrives");

    let everything = ["records.example", "*.records.example", "_token.records.example"];
    let found = without_own(read(&world, &zone, &everything).await);
    let mut sorted = written.to_vec();
    sorted.sort();
    assert_eq!(found, sorted);

    // Replaced and deleted in one change.
    let moved = values("records.example", "A", &["192.0.2.7"], 60);
    zones.change(&zone, &written[2..4], std::slice::from_ref(&moved)).await.unwrap();
    let found = without_own(read(&world, &zone, &everything).await);
    assert_eq!(found, [written[4].clone(), moved, written[1].clone()]);

    // What is gone already needs no change at all.
    let nothing = zones.change(&zone, &written[2..4], &[]).await.unwrap();
    assert_eq!(nothing, "");
    assert!(zones.is_in_sync(&nothing).await.unwrap());
}

async fn only_the_names_asked_for_are_read(world: World) {
    let zone = zone(&world, "many.example").await;
    let neighbours: Vec<Record> = (0..150)
        .map(|number| values(&format!("n{number:03}.many.example"), "A", &["192.0.2.1"], 60))
        .chain([
            values("n050.many.example", "TXT", &["\"a\""], 60),
            values("x.n050.many.example", "A", &["192.0.2.2"], 60),
        ])
        .collect();
    world.aws.zones().change(&zone, &[], &neighbours).await.unwrap();
    let found = read(&world, &zone, &["n050.many.example", "N050.many.example.", "absent.many.example"]).await;
    let told: Vec<(&str, &str)> = found.iter().map(|record| (record.name.as_str(), record.kind.as_str())).collect();
    assert_eq!(told, [("n050.many.example", "A"), ("n050.many.example", "TXT")]);
}

async fn a_record_that_was_changed_meanwhile_is_not_deleted(world: World) {
    let zones = world.aws.zones();
    let zone = zone(&world, "rival.example").await;
    let (seen, rival) =
        (values("rival.example", "A", &["192.0.2.1"], 60), values("rival.example", "A", &["192.0.2.2"], 60));
    zones.change(&zone, &[], std::slice::from_ref(&rival)).await.unwrap();
    let refused = zones.change(&zone, &[seen], &[alias("rival.example", "AAAA")]).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Rival, "{refused}");
    let found = read(&world, &zone, &["rival.example"]).await;
    assert!(found.contains(&rival) && !found.iter().any(|record| record.kind == "AAAA"), "{found:?}");
}

async fn routed_records_are_told_apart_and_left_alone(world: World) {
    let zones = world.aws.zones();
    let zone = zone(&world, "routed.example").await;
    for (identifier, weight) in [("a", 1), ("b", 3)] {
        let set = ResourceRecordSet::builder().name("routed.example").r#type(RrType::A).ttl(60);
        let set = set.set_identifier(identifier).weight(weight);
        let set = set.resource_records(ResourceRecord::builder().value("192.0.2.1").build().unwrap());
        let change = Change::builder().action(ChangeAction::Create).resource_record_set(set.build().unwrap());
        let batch = ChangeBatch::builder().changes(change.build().unwrap()).build().unwrap();
        let sent = world.route53().change_resource_record_sets().hosted_zone_id(&zone).change_batch(batch);
        sent.send().await.unwrap();
    }
    let found = read(&world, &zone, &["routed.example"]).await;
    let routed = Record { name: "routed.example".into(), kind: "A".into(), data: RecordData::Routed };
    assert_eq!(found.iter().filter(|record| **record == routed).count(), 2, "{found:?}");
    let refused = zones.change(&zone, std::slice::from_ref(&routed), &[]).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Refused, "{refused}");
    let refused = zones.change(&zone, &[], &[routed]).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Refused, "{refused}");
}

async fn zones_are_listed_to_the_last(world: World) {
    for number in 0..101 {
        let name = format!("z{number}.listed.example");
        let create = world.route53().create_hosted_zone().name(&name).caller_reference(&name);
        create.send().await.unwrap();
    }
    let public = world.aws.zones().public().await.unwrap();
    let listed = public.iter().filter(|zone| zone.name.ends_with(".listed.example"));
    assert_eq!(listed.count(), 101);
}
