//! Mistakes in zones and at the registrar.

use aws_sdk_route53::types::{
    AliasTarget, Change, ChangeAction, ChangeBatch, ResourceRecord, ResourceRecordSet, RrType,
};
use cruddur_site::{ErrorKind, setup::site::DISTRIBUTION_ZONE};

use crate::{
    certificate::delete_certificate,
    support::Folder,
    world::{DOMAIN, WWW, World, finds, is_sound, mended_by_bootstrap},
};

const OTHERS: [&str; 2] = ["ns1.registrar.example", "ns2.registrar.example"];

/// Makes a public zone for [`DOMAIN`]; its id and its name servers.
pub async fn make_zone(world: &World, reference: &str) -> (String, Vec<String>) {
    let made = world.route53().create_hosted_zone().name(DOMAIN).caller_reference(reference).send().await.unwrap();
    let servers = made.delegation_set.unwrap().name_servers;
    (made.hosted_zone.unwrap().id.trim_start_matches("/hostedzone/").to_owned(), servers)
}

/// The zones of [`DOMAIN`].
async fn zone(world: &World) -> String {
    let listed = world.route53().list_hosted_zones().send().await.unwrap();
    listed.hosted_zones[0].id.trim_start_matches("/hostedzone/").to_owned()
}

/// Writes a record set by hand.
pub async fn change(world: &World, zone: &str, action: ChangeAction, record: ResourceRecordSet) {
    let change = Change::builder().action(action).resource_record_set(record).build().unwrap();
    let batch = ChangeBatch::builder().changes(change).build().unwrap();
    world.route53().change_resource_record_sets().hosted_zone_id(zone).change_batch(batch).send().await.unwrap();
}

/// A record set of one value.
pub fn record(name: &str, kind: RrType, value: &str) -> ResourceRecordSet {
    let value = ResourceRecord::builder().value(value).build().unwrap();
    ResourceRecordSet::builder().name(name).r#type(kind).ttl(1).resource_records(value).build().unwrap()
}

/// An alias of a distribution.
pub fn alias(name: &str, kind: RrType, target: &str) -> ResourceRecordSet {
    let target = AliasTarget::builder().hosted_zone_id(DISTRIBUTION_ZONE).dns_name(target);
    let target = target.evaluate_target_health(false).build().unwrap();
    ResourceRecordSet::builder().name(name).r#type(kind).alias_target(target).build().unwrap()
}

/// The zone is there with all its records, and the registrar asks somebody else's: nothing in it has any effect.
#[tokio::test(flavor = "multi_thread")]
async fn the_registrar_delegates_elsewhere() {
    let world = World::sound().await;
    let listed = world.route53().get_hosted_zone().id(zone(&world).await).send().await.unwrap();
    let servers = listed.delegation_set.unwrap().name_servers;
    world.account.delegate(DOMAIN, &OTHERS).unwrap();
    let report = finds(&world, &["zone-not-delegated", "name-not-found"]).await;
    let finding = report.findings.iter().find(|finding| finding.id == "zone-not-delegated").unwrap();
    assert!(finding.seen.contains(OTHERS[0]), "{}", finding.seen);
    assert!(servers.iter().all(|server| finding.fix.contains(server.as_str())), "{}", finding.fix);
    // Bootstrap cannot reach the registrar, and says the same.
    let plan = world.plan().await;
    assert!(plan.notes.iter().any(|note| note.contains(&servers[0])), "{:?}", plan.notes);
    world.account.delegate(DOMAIN, &servers).unwrap();
    is_sound(&world).await;
}

/// A second zone of the same name, made "to start afresh": only one of them is asked.
#[tokio::test(flavor = "multi_thread")]
async fn there_are_two_zones() {
    let world = World::sound().await;
    let (second, _) = make_zone(&world, "afresh").await;
    finds(&world, &["idle-zone"]).await;
    world.bootstrap().await;
    finds(&world, &["idle-zone"]).await;
    world.route53().delete_hosted_zone().id(second).send().await.unwrap();
    is_sound(&world).await;
}

/// The registrar asks the second zone, and every record is in the first.
#[tokio::test(flavor = "multi_thread")]
async fn the_records_are_in_the_wrong_one_of_two_zones() {
    let world = World::sound().await;
    let (_, servers) = make_zone(&world, "afresh").await;
    world.account.delegate(DOMAIN, &servers).unwrap();
    finds(&world, &["idle-zone", "name-not-found"]).await;
    world.bootstrap().await;
    world.answers(&Folder::site()).await;
    finds(&world, &["idle-zone"]).await;
    assert_eq!(world.plan().await.steps, []);
}

/// From nothing: the certificate was asked for and its records were entered, in a zone that nobody asks. It stays pending.
#[tokio::test(flavor = "multi_thread")]
async fn the_certificate_waits_in_a_zone_that_nobody_asks() {
    let world = World::empty().await;
    let (zone, servers) = make_zone(&world, "first").await;
    world.account.delegate(DOMAIN, &OTHERS).unwrap();
    let acm = aws_sdk_acm::Client::new(&world.console("us-east-1"));
    let request = acm.request_certificate().domain_name(DOMAIN).subject_alternative_names(WWW);
    let arn = request.validation_method(aws_sdk_acm::types::ValidationMethod::Dns).send().await.unwrap();
    let arn = arn.certificate_arn.unwrap();
    prove(&world, &arn, &zone).await;
    finds(&world, &["zone-not-delegated", "certificate-pending", "no-distribution", "root-fails"]).await;
    world.account.delegate(DOMAIN, &servers).unwrap();
    world.bootstrap().await;
    world.publish(&Folder::site(), &[]);
    is_sound(&world).await;
    assert_eq!(world.distribution().certificate.as_deref(), Some(arn.as_str()), "the one that waited is used");
}

/// Enters the validation records of a certificate, as "Create records in Route 53" does.
pub async fn prove(world: &World, arn: &str, zone: &str) {
    let acm = aws_sdk_acm::Client::new(&world.console(arn.split(':').nth(3).unwrap()));
    loop {
        let told = acm.describe_certificate().certificate_arn(arn).send().await.unwrap().certificate.unwrap();
        let options = told.domain_validation_options();
        let records: Vec<_> = options.iter().filter_map(|option| option.resource_record()).collect();
        if !options.is_empty() && records.len() == options.len() {
            for one in records {
                change(world, zone, ChangeAction::Upsert, record(one.name(), RrType::Cname, one.value())).await;
            }
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// The domain's CAA records let only another authority issue: nothing fails until the certificate has to be renewed.
#[tokio::test(flavor = "multi_thread")]
async fn caa_records_exclude_amazon() {
    let world = World::sound().await;
    let zone = zone(&world).await;
    let caa = record(DOMAIN, RrType::Caa, "0 issue \"letsencrypt.org\"");
    change(&world, &zone, ChangeAction::Upsert, caa.clone()).await;
    finds(&world, &["caa-excludes-amazon"]).await;
    change(&world, &zone, ChangeAction::Delete, caa).await;
    is_sound(&world).await;
}

/// The same, from nothing: the certificate fails, and a new one has to be asked for.
#[tokio::test(flavor = "multi_thread")]
async fn caa_records_make_the_certificate_fail() {
    let world = World::empty().await;
    let (zone, _) = make_zone(&world, "first").await;
    let caa = record(DOMAIN, RrType::Caa, "0 issue \"letsencrypt.org\"");
    change(&world, &zone, ChangeAction::Upsert, caa.clone()).await;
    let error = world.try_bootstrap(|_| ()).await.unwrap_err();
    assert!(format!("{error:?}").contains("CAA"), "{error:?}");
    let expected = ["caa-excludes-amazon", "no-certificate", "certificate-failed", "no-distribution", "root-fails"];
    finds(&world, &expected).await;
    change(&world, &zone, ChangeAction::Upsert, record(DOMAIN, RrType::Caa, "0 issue \"amazon.com\"")).await;
    world.bootstrap().await;
    world.publish(&Folder::site(), &[]);
    // The one that failed is of no use to anybody.
    let report = finds(&world, &["certificate-failed"]).await;
    assert!(!report.has_problems(), "{report:#?}");
    delete_certificate(&world, "FAILED").await;
    is_sound(&world).await;
}

/// The old server's address is still there; visitors with IPv6 alone would get the new site.
#[tokio::test(flavor = "multi_thread")]
async fn a_record_leads_to_the_old_server() {
    let world = World::sound().await;
    change(&world, &zone(&world).await, ChangeAction::Upsert, record(DOMAIN, RrType::A, "192.0.2.10")).await;
    let report = finds(&world, &["name-leads-elsewhere"]).await;
    assert!(report.findings[0].seen.contains("192.0.2.10"), "{report:#?}");
    world.bootstrap().await;
    is_sound(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_no_record_for_ipv6() {
    let world = World::sound().await;
    let target = world.distribution().domain_name;
    change(&world, &zone(&world).await, ChangeAction::Delete, alias(DOMAIN, RrType::Aaaa, &target)).await;
    mended_by_bootstrap(&world, &["no-ipv6-record"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_names_have_no_records() {
    let world = World::sound().await;
    let (target, zone) = (world.distribution().domain_name, zone(&world).await);
    for name in [DOMAIN, WWW] {
        for kind in [RrType::A, RrType::Aaaa] {
            change(&world, &zone, ChangeAction::Delete, alias(name, kind, &target)).await;
        }
    }
    mended_by_bootstrap(&world, &["name-not-found"]).await;
}

/// A second bucket, just to redirect `www`: without https, and with a name of its own.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_bucket_redirects_www() {
    let world = World::sound().await;
    let (target, zone) = (world.distribution().domain_name, zone(&world).await);
    for kind in [RrType::A, RrType::Aaaa] {
        change(&world, &zone, ChangeAction::Delete, alias(WWW, kind, &target)).await;
    }
    let endpoint = format!("{WWW}.s3-website-us-east-1.amazonaws.com");
    change(&world, &zone, ChangeAction::Upsert, record(WWW, RrType::Cname, &endpoint)).await;
    let report = finds(&world, &["name-leads-elsewhere"]).await;
    assert!(report.findings[0].seen.contains(&endpoint), "{report:#?}");
    world.bootstrap().await;
    is_sound(&world).await;
}

/// A record with a routing policy is somebody's design: bootstrap leaves it, and says so.
#[tokio::test(flavor = "multi_thread")]
async fn a_routing_policy_is_left_to_its_owner() {
    let world = World::sound().await;
    let (target, zone) = (world.distribution().domain_name, zone(&world).await);
    change(&world, &zone, ChangeAction::Delete, alias(DOMAIN, RrType::A, &target)).await;
    let mut weighted = record(DOMAIN, RrType::A, "192.0.2.10");
    weighted.set_identifier = Some("old".to_owned());
    weighted.weight = Some(10);
    change(&world, &zone, ChangeAction::Create, weighted).await;
    let error = world.try_bootstrap(|_| ()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(error.to_string().contains("routing policy"), "{error:?}");
}
