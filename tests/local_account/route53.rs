//! Route 53's answers, read by the SDK that bootstrap reads them with.

use std::time::Duration;

use aws_sdk_route53::{
    Client,
    types::{
        AliasTarget, Change, ChangeAction, ChangeBatch, ChangeStatus, ResourceRecord, ResourceRecordSet, RrType, Tag,
        TagResourceType,
    },
};
use cruddur_site::local::Account;

use crate::{Rehearsal, code, route53_client};

/// A zone of a test.
pub struct Zone {
    client: Client,
    pub id: String,
    pub name_servers: Vec<String>,
}

impl Zone {
    pub async fn create(rehearsal: &Rehearsal, name: &str) -> Self {
        Self::referred(rehearsal, name, &format!("{name} {}", fastrand::u64(..))).await
    }

    async fn referred(rehearsal: &Rehearsal, name: &str, reference: &str) -> Self {
        let client = route53_client(rehearsal.server.url());
        let created = client.create_hosted_zone().name(name).caller_reference(reference).send().await.unwrap();
        let id = created.hosted_zone().unwrap().id().trim_start_matches("/hostedzone/").to_owned();
        let name_servers = created.delegation_set().unwrap().name_servers().to_vec();
        assert!(created.location().ends_with(&id));
        Self { client, id, name_servers }
    }

    /// Does all of it in one batch; the id of the change, or what Route 53 says against it.
    pub async fn change(&self, changes: Vec<Change>) -> Result<String, String> {
        let batch = ChangeBatch::builder().set_changes(Some(changes)).build().unwrap();
        let changed =
            self.client.change_resource_record_sets().hosted_zone_id(&self.id).change_batch(batch).send().await;
        let changed = changed.map_err(|error| {
            let error = error.into_service_error();
            format!("{}: {}", error.meta().code().unwrap(), error.meta().message().unwrap())
        })?;
        Ok(changed.change_info().unwrap().id().to_owned())
    }

    pub async fn upsert(&self, name: &str, kind: RrType, values: &[&str]) {
        self.change(vec![change(ChangeAction::Upsert, set(name, kind, values))]).await.unwrap();
    }

    /// The record sets, as `name type`.
    async fn records(&self) -> Vec<String> {
        let list = self.client.list_resource_record_sets().hosted_zone_id(&self.id).send().await.unwrap();
        list.resource_record_sets().iter().map(told).collect()
    }
}

fn told(set: &ResourceRecordSet) -> String {
    format!("{} {}", set.name(), set.r#type())
}

pub fn set(name: &str, kind: RrType, values: &[&str]) -> ResourceRecordSet {
    let values = values.iter().map(|value| ResourceRecord::builder().value(*value).build().unwrap()).collect();
    ResourceRecordSet::builder().name(name).r#type(kind).ttl(300).set_resource_records(Some(values)).build().unwrap()
}

pub fn alias(name: &str, kind: RrType, zone: &str, target: &str) -> ResourceRecordSet {
    let target = AliasTarget::builder().hosted_zone_id(zone).dns_name(target).evaluate_target_health(false).build();
    ResourceRecordSet::builder().name(name).r#type(kind).alias_target(target.unwrap()).build().unwrap()
}

pub fn change(action: ChangeAction, set: ResourceRecordSet) -> Change {
    Change::builder().action(action).resource_record_set(set).build().unwrap()
}

pub const CLOUDFRONT: &str = "Z2FDTNDATAQYW2";

#[tokio::test]
async fn a_zone_is_made_once_for_a_reference() {
    let rehearsal = Rehearsal::start().await;
    let zone = Zone::referred(&rehearsal, "Example.com", "first").await;
    assert!(zone.id.starts_with('Z') && zone.id.len() > 12, "{}", zone.id);
    assert_eq!(zone.name_servers.len(), 4);
    let again = zone.client.create_hosted_zone().name("example.com").caller_reference("first").send().await;
    assert_eq!(code(again), "HostedZoneAlreadyExists");
    let second = Zone::referred(&rehearsal, "example.com.", "second").await;
    assert_ne!(zone.name_servers, second.name_servers);
    for name in ["", "a..b", "."] {
        let refused = zone.client.create_hosted_zone().name(name).caller_reference("third").send().await;
        assert_eq!(code(refused), "InvalidDomainName", "{name}");
    }

    let got = zone.client.get_hosted_zone().id(&zone.id).send().await.unwrap();
    let told = got.hosted_zone().unwrap();
    assert_eq!((told.name(), told.resource_record_set_count()), ("example.com.", Some(2)));
    assert_eq!(told.config().map(|config| config.private_zone()), Some(false));
    assert_eq!(got.delegation_set().unwrap().name_servers(), zone.name_servers);
    assert_eq!(zone.records().await, ["example.com. NS", "example.com. SOA"]);
    assert_eq!(code(zone.client.get_hosted_zone().id("Z0").send().await), "NoSuchHostedZone");
}

#[tokio::test]
async fn zones_are_listed_in_pages_and_by_name() {
    let rehearsal = Rehearsal::start().await;
    let names = ["zulu.example", "b.example.com", "example.com", "example.com", "a.example.org"];
    let mut ids = Vec::new();
    for name in names {
        ids.push(Zone::create(&rehearsal, name).await.id);
    }
    let client = route53_client(rehearsal.server.url());
    let (mut marker, mut found, mut pages) = (None, Vec::new(), 0);
    loop {
        let page = client.list_hosted_zones().max_items(2).set_marker(marker).send().await.unwrap();
        found.extend(page.hosted_zones().iter().map(|zone| zone.id().trim_start_matches("/hostedzone/").to_owned()));
        pages += 1;
        if !page.is_truncated() {
            break;
        }
        marker = page.next_marker().map(ToOwned::to_owned);
    }
    ids.sort();
    assert_eq!((found, pages), (ids, 3));
    assert_eq!(code(client.list_hosted_zones().marker("Z0").send().await), "NoSuchHostedZone");

    let page = client.list_hosted_zones_by_name().dns_name("b.example.com").max_items(2).send().await.unwrap();
    let listed: Vec<_> = page.hosted_zones().iter().map(|zone| zone.name()).collect();
    assert_eq!(listed, ["b.example.com.", "zulu.example."]);
    assert_eq!(page.next_dns_name(), Some("a.example.org."));
    let page = client.list_hosted_zones_by_name().dns_name("example.com").max_items(1).send().await.unwrap();
    let next = client.list_hosted_zones_by_name().set_dns_name(page.next_dns_name.clone());
    let next = next.set_hosted_zone_id(page.next_hosted_zone_id.clone()).max_items(1).send().await.unwrap();
    assert_eq!((page.hosted_zones()[0].name(), next.hosted_zones()[0].name()), ("example.com.", "example.com."));
    assert_ne!(page.hosted_zones()[0].id(), next.hosted_zones()[0].id());
}

#[tokio::test]
async fn only_an_empty_zone_is_deleted() {
    let rehearsal = Rehearsal::start().await;
    let zone = Zone::create(&rehearsal, "example.com").await;
    let record = set("www.example.com", RrType::A, &["192.0.2.1"]);
    zone.change(vec![change(ChangeAction::Create, record.clone())]).await.unwrap();
    let delete = || zone.client.delete_hosted_zone().id(&zone.id).send();
    assert_eq!(code(delete().await), "HostedZoneNotEmpty");
    zone.change(vec![change(ChangeAction::Delete, record)]).await.unwrap();
    delete().await.unwrap();
    assert_eq!(code(delete().await), "NoSuchHostedZone");
}

#[tokio::test]
async fn a_change_is_pending_for_a_while() {
    let records = vec![change(ChangeAction::Create, set("www.example.com", RrType::A, &["192.0.2.1"]))];
    for (delay, status) in [(Duration::from_secs(3600), ChangeStatus::Pending), (Duration::ZERO, ChangeStatus::Insync)]
    {
        let rehearsal = Rehearsal::with_delay(delay).await;
        let zone = Zone::create(&rehearsal, "example.com").await;
        let id = zone.change(records.clone()).await.unwrap();
        let got = zone.client.get_change().id(&id).send().await.unwrap();
        assert_eq!(got.change_info().unwrap().status(), &status);
        assert_eq!(code(zone.client.get_change().id("C0").send().await), "NoSuchChange");
    }
}

#[tokio::test]
async fn records_are_listed_from_the_right_and_in_pages() {
    let rehearsal = Rehearsal::start().await;
    let zone = Zone::create(&rehearsal, "example.com").await;
    for (name, kind, value) in [
        ("www.example.com", RrType::A, "192.0.2.1"),
        ("*.example.com", RrType::A, "192.0.2.1"),
        ("a.www.example.com", RrType::Aaaa, "2001:db8::1"),
        ("example.com", RrType::Txt, "\"v=spf1 -all\""),
        ("b.example.com", RrType::Cname, "www.example.com"),
    ] {
        zone.upsert(name, kind, &[value]).await;
    }
    let sorted = [
        "example.com. NS",
        "example.com. SOA",
        "example.com. TXT",
        "\\052.example.com. A",
        "b.example.com. CNAME",
        "www.example.com. A",
        "a.www.example.com. AAAA",
    ];
    assert_eq!(zone.records().await, sorted);

    let list = || zone.client.list_resource_record_sets().hosted_zone_id(&zone.id);
    let (mut name, mut kind, mut found) = (None, None, Vec::new());
    loop {
        let page = list().set_start_record_name(name).set_start_record_type(kind).max_items(3).send().await.unwrap();
        found.extend(page.resource_record_sets().iter().map(told));
        if !page.is_truncated() {
            break;
        }
        (name, kind) = (page.next_record_name, page.next_record_type);
    }
    assert_eq!(found, sorted);
    for start in ["*.example.com", "\\052.EXAMPLE.com."] {
        let from = list().start_record_name(start).start_record_type(RrType::A).max_items(1).send().await.unwrap();
        assert_eq!(told(&from.resource_record_sets()[0]), "\\052.example.com. A");
    }
    assert_eq!(code(list().start_record_type(RrType::A).send().await), "InvalidInput");
}

#[tokio::test]
async fn a_batch_is_done_whole_or_not_at_all() {
    let rehearsal = Rehearsal::start().await;
    let zone = Zone::create(&rehearsal, "example.com").await;
    let old = set("www.example.com", RrType::Cname, &["elsewhere.example.net"]);
    zone.change(vec![change(ChangeAction::Create, old.clone())]).await.unwrap();

    let target = "d111111abcdef8.cloudfront.net";
    let [ipv4, ipv6] = [RrType::A, RrType::Aaaa].map(|kind| alias("www.example.com", kind, CLOUDFRONT, target));
    let create = || [&ipv4, &ipv6].map(|set| change(ChangeAction::Create, set.clone())).to_vec();
    // The name has a CNAME record until it is deleted, be that in the same batch.
    let refused = zone.change(create()).await.unwrap_err();
    assert!(refused.contains("type A") && refused.contains("type AAAA"), "every problem is told: {refused}");
    assert_eq!(zone.records().await, ["example.com. NS", "example.com. SOA", "www.example.com. CNAME"]);
    let batch = [vec![change(ChangeAction::Delete, old)], create()].concat();
    zone.change(batch).await.unwrap();
    let list = zone.client.list_resource_record_sets().hosted_zone_id(&zone.id).send().await.unwrap();
    let told = list.resource_record_sets().iter().find(|set| set.r#type() == &RrType::A).unwrap();
    let told = told.alias_target().unwrap();
    assert_eq!((told.hosted_zone_id(), told.dns_name()), (CLOUDFRONT, "d111111abcdef8.cloudfront.net."));
}

#[tokio::test]
async fn what_route_53_would_not_write_is_refused_in_its_words() {
    use ChangeAction::{Create, Delete, Upsert};
    let rehearsal = Rehearsal::start().await;
    let zone = Zone::create(&rehearsal, "example.com").await;
    zone.upsert("a.example.com", RrType::A, &["192.0.2.1", "192.0.2.2"]).await;
    zone.upsert("c.example.com", RrType::Cname, &["a.example.com"]).await;
    let mut health = alias("h.example.com", RrType::A, CLOUDFRONT, "d1.cloudfront.net");
    health.alias_target.as_mut().unwrap().evaluate_target_health = true;
    let mut both = set("both.example.com", RrType::A, &["192.0.2.1"]);
    both.alias_target = health.alias_target.clone();
    let bare = ResourceRecordSet::builder().name("bare.example.com").r#type(RrType::A).build().unwrap();
    let a = |name: &str| set(name, RrType::A, &["192.0.2.1"]);
    let cname = |name: &str| set(name, RrType::Cname, &["x.example.net"]);
    let zone_ns: Vec<_> = zone.name_servers.iter().map(|server| format!("{server}.")).collect();
    let zone_ns: Vec<_> = zone_ns.iter().map(String::as_str).collect();
    let mut apex_ns = set("example.com", RrType::Ns, &zone_ns);
    apex_ns.ttl = Some(172_800);
    let table = [
        (
            Create,
            cname("example.com"),
            "RRSet of type CNAME with DNS name example.com. is not permitted at apex in zone",
        ),
        (Create, cname("a.example.com"), "is not permitted as it conflicts with other records with the same DNS name"),
        (Create, a("c.example.com"), "not permitted because a conflicting RRSet of type CNAME with the same DNS name"),
        (Create, a("a.example.com"), "[name='a.example.com.', type='A'] but it already exists]"),
        (Delete, a("b.example.com"), "[name='b.example.com.', type='A'] but it was not found]"),
        (Delete, a("a.example.com"), "but the values provided do not match the current values]"),
        (Upsert, a("example.org"), "RRSet with DNS name example.org. is not permitted in zone example.com."),
        (Upsert, a("badexample.com"), "is not permitted in zone example.com."),
        (Upsert, set("t.example.com", RrType::Txt, &["bare"]), "should be enclosed in quotation marks"),
        (Upsert, set("t.example.com", RrType::A, &["::1"]), "Value is not a valid IPv4 address"),
        (Upsert, set("t.example.com", RrType::Cname, &["x.example", "y.example"]), "one value"),
        (Upsert, alias("t.example.com", RrType::A, CLOUDFRONT, "x.example.net"), "not lie within the target zone"),
        (Upsert, alias("t.example.com", RrType::A, "Z0", "d1.cloudfront.net"), "not lie within the target zone"),
        (Upsert, alias("t.example.com", RrType::Txt, CLOUDFRONT, "d1.cloudfront.net"), "that target was not found"),
        (Upsert, alias("t.example.com", RrType::A, &zone.id, "u.example.com"), "that target was not found"),
        (Upsert, health, "EvaluateTargetHealth"),
        (Upsert, both, "but found more than one in Change with [Action=UPSERT, Name=both.example.com, Type=A"),
        (Upsert, bare, "but found none in Change with [Action=UPSERT, Name=bare.example.com, Type=A"),
        (Delete, apex_ns, "at least one NS record for the zone itself"),
    ];
    let before = zone.records().await;
    for (action, set, words) in table {
        let refused = zone.change(vec![change(action, set)]).await.unwrap_err();
        let code = if words.starts_with("but found") { "InvalidInput: " } else { "InvalidChangeBatch: [" };
        assert!(refused.starts_with(code) && refused.contains(words), "{words}\n{refused}");
    }
    let twice = vec![change(Upsert, a("d.example.com")), change(Upsert, a("d.example.com"))];
    assert!(zone.change(twice).await.unwrap_err().contains("invalid set of changes"));
    let round = [("d", "e"), ("e", "d")].map(|(name, target)| {
        let [name, target] = [name, target].map(|label| format!("{label}.example.com"));
        change(Upsert, alias(&name, RrType::A, &zone.id, &target))
    });
    assert!(zone.change(round.to_vec()).await.unwrap_err().contains("creates a CNAME or alias loop in the zone"));
    let itself = change(Upsert, set("d.example.com", RrType::Cname, &["D.example.com."]));
    assert!(zone.change(vec![itself]).await.unwrap_err().contains("loop"));
    assert_eq!(zone.records().await, before);
    // The order of values is none of DNS.
    let reversed = set("a.example.com", RrType::A, &["192.0.2.2", "192.0.2.1"]);
    zone.change(vec![change(Delete, reversed)]).await.unwrap();
}

#[tokio::test]
async fn weighted_records_stand_beside_each_other() {
    let rehearsal = Rehearsal::start().await;
    let zone = Zone::create(&rehearsal, "example.com").await;
    let weighted = |identifier: &str, weight| {
        let mut set = set("www.example.com", RrType::A, &["192.0.2.1"]);
        (set.set_identifier, set.weight) = (Some(identifier.to_owned()), Some(weight));
        set
    };
    let both = [weighted("blue", 10), weighted("green", 0)].map(|set| change(ChangeAction::Create, set)).to_vec();
    zone.change(both).await.unwrap();
    let list = zone.client.list_resource_record_sets().hosted_zone_id(&zone.id).send().await.unwrap();
    let told: Vec<_> =
        list.resource_record_sets()[2..].iter().map(|set| (set.set_identifier(), set.weight())).collect();
    assert_eq!(told, [(Some("blue"), Some(10)), (Some("green"), Some(0))]);
    let simple = change(ChangeAction::Create, set("www.example.com", RrType::A, &["192.0.2.1"]));
    assert!(zone.change(vec![simple]).await.unwrap_err().contains("another routing policy"));
}

#[tokio::test]
async fn zones_have_tags() {
    let rehearsal = Rehearsal::start().await;
    let zone = Zone::create(&rehearsal, "example.com").await;
    let change =
        || zone.client.change_tags_for_resource().resource_type(TagResourceType::Hostedzone).resource_id(&zone.id);
    let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();
    change().add_tags(tag("cruddur-site", "example.com")).add_tags(tag("owner", "me & you")).send().await.unwrap();
    change().add_tags(tag("stage", "live")).remove_tag_keys("owner").send().await.unwrap();
    let list = zone.client.list_tags_for_resource().resource_type(TagResourceType::Hostedzone);
    let got = list.clone().resource_id(&zone.id).send().await.unwrap();
    let tags: Vec<_> = got.resource_tag_set().unwrap().tags().iter().map(|tag| (tag.key(), tag.value())).collect();
    assert_eq!(tags, [(Some("cruddur-site"), Some("example.com")), (Some("stage"), Some("live"))]);
    assert_eq!(code(list.resource_id("Z0").send().await), "NoSuchHostedZone");
    let many = (0..11).map(|number| tag(&number.to_string(), "")).collect();
    assert_eq!(code(change().set_add_tags(Some(many)).send().await), "InvalidInput");
}

#[tokio::test]
async fn zones_outlive_the_process() {
    let rehearsal = Rehearsal::start().await;
    let zone = Zone::create(&rehearsal, "example.com").await;
    let again = Account::open(rehearsal.account.folder()).unwrap();
    let server = cruddur_site::local::ApiServer::start(again).await.unwrap();
    let got = route53_client(server.url()).get_hosted_zone().id(&zone.id).send().await.unwrap();
    assert_eq!(got.delegation_set().unwrap().name_servers(), zone.name_servers);
}
