//! The local name server, asked by the resolver that bootstrap and doctor ask public DNS with.

use aws_sdk_route53::types::{ChangeAction, RrType};
use cruddur_site::{
    dns::{Answer, Kind, Missing, Resolver},
    local::DnsServer,
};
use tokio::net::UdpSocket;

use crate::{
    Rehearsal,
    route53::{CLOUDFRONT, Zone, alias, change},
};

struct Dns {
    rehearsal: Rehearsal,
    resolver: Resolver,
    _server: DnsServer,
}

impl Dns {
    async fn start() -> Self {
        let rehearsal = Rehearsal::start().await;
        let server = DnsServer::start(rehearsal.account.clone()).await.unwrap();
        Self { rehearsal, resolver: Resolver::new(Some(server.address())), _server: server }
    }

    async fn zone(&self, name: &str) -> Zone {
        Zone::create(&self.rehearsal, name).await
    }
}

fn found(values: &[&str]) -> Answer {
    Answer::Found(values.iter().map(|value| (*value).to_owned()).collect())
}

const NO_NAME: Answer = Answer::Missing(Missing::Name);
const NO_RECORDS: Answer = Answer::Missing(Missing::Records);

#[tokio::test]
async fn records_names_and_nothing_are_told_apart() {
    let dns = Dns::start().await;
    let zone = dns.zone("example.com").await;
    zone.upsert("www.example.com", RrType::A, &["192.0.2.2", "192.0.2.1"]).await;
    zone.upsert("www.example.com", RrType::Aaaa, &["2001:db8::1"]).await;
    zone.upsert("deep.below.example.com", RrType::A, &["192.0.2.3"]).await;
    zone.upsert("alias.example.com", RrType::Cname, &["WWW.example.com."]).await;
    zone.upsert("away.example.com", RrType::Cname, &["www.example.net."]).await;
    zone.upsert("round.example.com", RrType::Cname, &["round.example.org."]).await;
    let back = dns.zone("example.org").await;
    back.upsert("round.example.org", RrType::Cname, &["round.example.com."]).await;
    zone.upsert("*.wild.example.com", RrType::A, &["192.0.2.4"]).await;
    zone.upsert("own.wild.example.com", RrType::Aaaa, &["2001:db8::2"]).await;
    zone.upsert("example.com", RrType::Caa, &["0 issue \"amazon.com\"", "128 iodef \"mailto:a@example.com\""]).await;
    let table = [
        ("www.example.com", Kind::A, found(&["192.0.2.1", "192.0.2.2"])),
        ("WWW.Example.com.", Kind::Aaaa, found(&["2001:db8::1"])),
        ("www.example.com", Kind::Caa, NO_RECORDS),
        ("below.example.com", Kind::A, NO_RECORDS),
        ("missing.example.com", Kind::A, NO_NAME),
        ("alias.example.com", Kind::A, found(&["192.0.2.1", "192.0.2.2"])),
        ("alias.example.com", Kind::Cname, found(&["www.example.com"])),
        ("away.example.com", Kind::Cname, found(&["www.example.net"])),
        ("away.example.com", Kind::A, NO_NAME),
        ("any.wild.example.com", Kind::A, found(&["192.0.2.4"])),
        ("any.any.wild.example.com", Kind::A, found(&["192.0.2.4"])),
        ("any.wild.example.com", Kind::Aaaa, NO_RECORDS),
        ("own.wild.example.com", Kind::A, NO_RECORDS),
        ("below.own.wild.example.com", Kind::A, NO_NAME),
        ("example.com", Kind::Caa, found(&["0 issue \"amazon.com\"", "128 iodef \"mailto:a@example.com\""])),
        ("example.net", Kind::A, NO_NAME),
        ("com", Kind::Ns, NO_NAME),
    ];
    for (name, kind, expected) in table {
        assert_eq!(dns.resolver.lookup(name, kind).await, expected, "{name} {kind:?}");
    }
    let round = dns.resolver.lookup("round.example.com", Kind::A).await;
    assert!(matches!(&round, Answer::Unknown(why) if why.contains("erver")), "{round:?}");
}

#[tokio::test]
async fn an_alias_record_has_the_addresses_of_its_target() {
    let dns = Dns::start().await;
    let zone = dns.zone("example.com").await;
    let site = dns.rehearsal.account.ensure_site("example.com", None).unwrap();
    let create = |name: &str, kind: RrType, zone: &str, target: &str| {
        change(ChangeAction::Create, alias(name, kind, zone, target))
    };
    zone.change(vec![
        create("example.com", RrType::A, CLOUDFRONT, &site.domain_name),
        create("example.com", RrType::Aaaa, CLOUDFRONT, &site.domain_name),
        create("www.example.com", RrType::A, &zone.id, "example.com"),
        create("gone.example.com", RrType::A, CLOUDFRONT, "dgone.cloudfront.net"),
    ])
    .await
    .unwrap();
    zone.upsert("cdn.example.com", RrType::Cname, &[&site.domain_name]).await;
    for name in ["example.com", "cdn.example.com", &site.domain_name] {
        assert_eq!(dns.resolver.lookup(name, Kind::A).await, found(&["127.0.0.1"]), "{name}");
        assert_eq!(dns.resolver.lookup(name, Kind::Aaaa).await, found(&["::1"]), "{name}");
    }
    assert_eq!(dns.resolver.lookup("gone.example.com", Kind::A).await, NO_RECORDS);
    assert_eq!(dns.resolver.lookup("dgone.cloudfront.net", Kind::A).await, NO_NAME);
    // An alias of an alias, as Route 53 allows within a zone.
    assert_eq!(dns.resolver.lookup("www.example.com", Kind::A).await, found(&["127.0.0.1"]));
}

#[tokio::test]
async fn the_first_zone_of_a_name_is_delegated_unless_told_otherwise() {
    let dns = Dns::start().await;
    let (first, second) = (dns.zone("example.com").await, dns.zone("example.com").await);
    first.upsert("www.example.com", RrType::A, &["192.0.2.1"]).await;
    second.upsert("www.example.com", RrType::A, &["192.0.2.2"]).await;
    let sorted = |zone: &Zone| {
        let mut servers = zone.name_servers.clone();
        servers.sort();
        servers
    };
    let servers = async |name: &str| {
        let delegation = dns.resolver.delegation(name).await.found().unwrap();
        assert_eq!(delegation.zone, "example.com");
        delegation.name_servers
    };
    assert_eq!(servers("a.www.example.com").await, sorted(&first));
    assert_eq!(dns.resolver.lookup("www.example.com", Kind::A).await, found(&["192.0.2.1"]));

    dns.rehearsal.account.delegate("Example.com.", &second.name_servers).unwrap();
    assert_eq!(servers("*.example.com").await, sorted(&second));
    assert_eq!(dns.resolver.lookup("www.example.com", Kind::A).await, found(&["192.0.2.2"]));

    dns.rehearsal.account.delegate("example.com", &["ada.ns.example.net", "bob.ns.example.net"]).unwrap();
    assert_eq!(servers("www.example.com").await, ["ada.ns.example.net", "bob.ns.example.net"]);
    assert_eq!(dns.resolver.lookup("www.example.com", Kind::A).await, NO_NAME);
    assert!(dns.rehearsal.account.delegate("a..b", &["ns.example.net"]).is_err());
    assert_eq!(dns.resolver.delegation("example.org").await, Answer::Missing(Missing::Name));
}

#[tokio::test]
async fn a_zone_below_another_is_delegated_by_that_one() {
    let dns = Dns::start().await;
    let (parent, child) = (dns.zone("example.com").await, dns.zone("app.example.com").await);
    child.upsert("app.example.com", RrType::A, &["192.0.2.1"]).await;
    let zone = async || dns.resolver.delegation("app.example.com").await.found().unwrap().zone;
    assert_eq!(zone().await, "example.com");
    assert_eq!(dns.resolver.lookup("app.example.com", Kind::A).await, NO_NAME);
    let servers: Vec<_> = child.name_servers.iter().map(|server| format!("{server}.")).collect();
    let servers: Vec<_> = servers.iter().map(String::as_str).collect();
    parent.upsert("app.example.com", RrType::Ns, &servers).await;
    assert_eq!(zone().await, "app.example.com");
    assert_eq!(dns.resolver.lookup("app.example.com", Kind::A).await, found(&["192.0.2.1"]));

    parent.upsert("app.example.com", RrType::Ns, &["ns.example.net."]).await;
    assert_eq!(dns.resolver.lookup("app.example.com", Kind::Ns).await, found(&["ns.example.net"]));
    assert_eq!(dns.resolver.lookup("www.app.example.com", Kind::A).await, NO_NAME);
}

#[tokio::test]
async fn names_below_localhost_are_asked_for_like_any_other() {
    let dns = Dns::start().await;
    assert_eq!(dns.resolver.lookup("cruddur.localhost", Kind::A).await, NO_NAME);
    let zone = dns.zone("cruddur.localhost").await;
    zone.upsert("_x.cruddur.localhost", RrType::Cname, &["_y.acm-validations.aws."]).await;
    assert_eq!(dns.resolver.lookup("_x.cruddur.localhost", Kind::Cname).await, found(&["_y.acm-validations.aws"]));
    let delegation = dns.resolver.delegation("www.cruddur.localhost").await.found().unwrap();
    assert_eq!(delegation.zone, "cruddur.localhost");
}

#[tokio::test]
async fn caa_records_hold_for_the_names_below() {
    let dns = Dns::start().await;
    let zone = dns.zone("example.com").await;
    assert_eq!(dns.resolver.caa("www.example.com").await, NO_RECORDS);
    zone.upsert("example.com", RrType::Caa, &["0 issue \"letsencrypt.org\""]).await;
    assert_eq!(dns.resolver.caa("a.b.example.com").await, found(&["0 issue \"letsencrypt.org\""]));
    zone.upsert("b.example.com", RrType::Caa, &["0 issue \"amazon.com\""]).await;
    assert_eq!(dns.resolver.caa("*.b.example.com").await, found(&["0 issue \"amazon.com\""]));
}

#[tokio::test]
async fn answers_too_long_for_a_datagram_come_whole() {
    let dns = Dns::start().await;
    let zone = dns.zone("example.com").await;
    let records: Vec<_> = (100..200).map(|number| format!("0 issue \"ca{number}.example.net\"")).collect();
    zone.upsert("example.com", RrType::Caa, &records.iter().map(String::as_str).collect::<Vec<_>>()).await;
    assert_eq!(dns.resolver.lookup("example.com", Kind::Caa).await, Answer::Found(records));
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_no_missing_record() {
    // A port where nobody listens, and one where somebody listens and says nothing.
    let gone = UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    for server in [gone, silent.local_addr().unwrap()] {
        let answer = Resolver::new(Some(server)).lookup("example.com", Kind::A).await;
        assert!(matches!(&answer, Answer::Unknown(why) if why.contains(&server.to_string())), "{answer:?}");
    }
    assert!(matches!(Resolver::new(Some(gone)).delegation("example.com").await, Answer::Unknown(_)));
    let nonsense = Resolver::new(Some(gone)).lookup("a..b", Kind::A).await;
    assert!(matches!(&nonsense, Answer::Unknown(why) if why.contains("no domain name")), "{nonsense:?}");
}
