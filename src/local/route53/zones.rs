//! Hosted zones: made, listed, deleted, and what is in them.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use jiff::Timestamp;
use rusqlite::Transaction;
use serde::Deserialize;

use crate::local::{acm, xml::Element};

use super::{
    Answer, Fault, Query, Refusal,
    changes::Change,
    document::{record_set, zone_element},
    model::Zone,
    names::{canonical, shown, sort_key},
    parse,
};

/// The most zones or record sets of a page (API reference, ListHostedZones and ListResourceRecordSets).
const MAX_ZONES: usize = 100;
const MAX_RECORDS: usize = 300;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateHostedZoneRequest {
    #[serde(default)]
    name: String,
    #[serde(default)]
    caller_reference: String,
    hosted_zone_config: Option<HostedZoneConfig>,
    #[serde(rename = "VPC")]
    vpc: Option<Vpc>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HostedZoneConfig {
    #[serde(default)]
    comment: String,
    #[serde(default)]
    private_zone: bool,
}

#[derive(Debug, Deserialize)]
struct Vpc {
    #[serde(rename = "VPCRegion", default)]
    region: String,
    #[serde(rename = "VPCId", default)]
    id: String,
}

/// CreateHostedZone. Several zones may have one name; each gets name servers of its own.
pub(super) fn create(tx: &Transaction<'_>, body: &Bytes, delay: Duration) -> Result<Answer, Fault> {
    let request: CreateHostedZoneRequest = parse(body)?;
    let name = canonical(&request.name).map_err(|_| {
        let message = format!("{} is not a valid domain name", request.name);
        Refusal::new(StatusCode::BAD_REQUEST, "InvalidDomainName", message)
    })?;
    if request.caller_reference.is_empty() || request.caller_reference.len() > 128 {
        return Err(Refusal::invalid_input("CallerReference must have 1 to 128 characters").into());
    }
    let others = Zone::all(tx)?;
    if others.iter().any(|zone| zone.reference == request.caller_reference) {
        let message = format!(
            "A hosted zone has already been created with the specified caller reference: {}",
            request.caller_reference
        );
        return Err(Refusal::new(StatusCode::CONFLICT, "HostedZoneAlreadyExists", message).into());
    }
    let config = request.hosted_zone_config.unwrap_or(HostedZoneConfig { comment: String::new(), private_zone: false });
    if config.private_zone && request.vpc.is_none() {
        let message = "When you're creating a private hosted zone (when you specify true for PrivateZone), you must \
                       also specify values for VPCId and VPCRegion.";
        return Err(Refusal::invalid_input(message).into());
    }
    let sequence = others.iter().map(|zone| zone.sequence + 1).max().unwrap_or_default();
    let now = Timestamp::now();
    let mut zone = Zone::new(sequence, &name, &request.caller_reference, now.as_millisecond());
    zone.comment = config.comment;
    zone.vpc = request.vpc.map(|vpc| (vpc.region, vpc.id));
    zone.keep(tx)?;
    let change = Change::begin(tx, "", delay)?;
    let document = with_servers(Element::new("CreateHostedZoneResponse").child(zone_element(&zone)), &zone);
    let location = format!("https://route53.amazonaws.com/2013-04-01/hostedzone/{}", zone.id);
    Ok(Answer::created(document.child(change.element()), location))
}

/// Private zones tell their VPC in place of name servers.
fn with_servers(document: Element, zone: &Zone) -> Element {
    if let Some((region, id)) = &zone.vpc {
        let vpc = Element::new("VPC").text("VPCRegion", region).text("VPCId", id);
        return document.child(Element::new("VPCs").child(vpc));
    }
    let servers = zone.name_servers.iter().map(|server| Element::leaf("NameServer", server));
    let servers = servers.fold(Element::new("NameServers"), Element::child);
    document.child(Element::new("DelegationSet").child(servers))
}

pub(super) fn existing(tx: &Transaction<'_>, id: &str) -> Result<Zone, Fault> {
    Ok(Zone::find(tx, id)?.ok_or_else(|| Refusal::no_such_zone(id))?)
}

/// GetHostedZone.
pub(super) fn get(tx: &Transaction<'_>, id: &str) -> Result<Answer, Fault> {
    let zone = existing(tx, id)?;
    Ok(Answer::ok(with_servers(Element::new("GetHostedZoneResponse").child(zone_element(&zone)), &zone)))
}

/// DeleteHostedZone: only what every zone has may be left in it.
pub(super) fn delete(tx: &Transaction<'_>, id: &str, delay: Duration) -> Result<Answer, Fault> {
    let zone = existing(tx, id)?;
    if zone.records.iter().any(|set| set.name != zone.name || !matches!(&*set.kind, "NS" | "SOA")) {
        let message = "The specified hosted zone contains non-required resource record sets and so cannot be deleted.";
        return Err(Refusal::new(StatusCode::BAD_REQUEST, "HostedZoneNotEmpty", message).into());
    }
    acm::settle(tx)?;
    zone.delete(tx)?;
    let change = Change::begin(tx, "", delay)?;
    Ok(Answer::ok(Element::new("DeleteHostedZoneResponse").child(change.element())))
}

/// ListHostedZones, by id.
pub(super) fn list(tx: &Transaction<'_>, query: &Query) -> Result<Answer, Fault> {
    let max_items = query.max_items(MAX_ZONES)?;
    let mut zones = Zone::all(tx)?;
    let marker = query.get("marker");
    if let Some(marker) = &marker {
        if zones.iter().all(|zone| zone.id != *marker) {
            return Err(Refusal::no_such_zone(marker).into());
        }
        zones.retain(|zone| zone.id >= *marker);
    }
    if query.get("hostedzonetype").as_deref() == Some("PrivateHostedZone") {
        zones.retain(|zone| !zone.is_public());
    }
    let mut document = Element::new("ListHostedZonesResponse").child(zone_list(&zones, max_items));
    if let Some(marker) = marker {
        document = document.text("Marker", marker);
    }
    document = document.text("IsTruncated", zones.len() > max_items);
    if let Some(next) = zones.get(max_items) {
        document = document.text("NextMarker", &next.id);
    }
    Ok(Answer::ok(document.text("MaxItems", max_items)))
}

/// ListHostedZonesByName, from a name (and the id of one of its zones) on.
pub(super) fn list_by_name(tx: &Transaction<'_>, query: &Query) -> Result<Answer, Fault> {
    let max_items = query.max_items(MAX_ZONES)?;
    let mut zones = Zone::all(tx)?;
    zones.sort_by_cached_key(|zone| (sort_key(&zone.name), zone.id.clone()));
    let (name, id) = (query.get("dnsname"), query.get("hostedzoneid"));
    let mut document = Element::new("ListHostedZonesByNameResponse");
    if let Some(name) = &name {
        let start =
            canonical(name).map_err(|invalid| Refusal::new(StatusCode::BAD_REQUEST, "InvalidDomainName", invalid.0))?;
        let start = (sort_key(&start), id.clone().unwrap_or_default());
        zones.retain(|zone| (sort_key(&zone.name), zone.id.clone()) >= start);
        document = document.text("DNSName", name);
    } else if id.is_some() {
        return Err(Refusal::invalid_input("HostedZoneId needs a DNSName").into());
    }
    if let Some(id) = &id {
        document = document.text("HostedZoneId", id);
    }
    document = document.child(zone_list(&zones, max_items)).text("IsTruncated", zones.len() > max_items);
    if let Some(next) = zones.get(max_items) {
        document = document.text("NextDNSName", shown(&next.name)).text("NextHostedZoneId", &next.id);
    }
    Ok(Answer::ok(document.text("MaxItems", max_items)))
}

fn zone_list(zones: &[Zone], max_items: usize) -> Element {
    zones.iter().take(max_items).map(zone_element).fold(Element::new("HostedZones"), Element::child)
}

/// ListResourceRecordSets, from a name and type on.
pub(super) fn list_records(tx: &Transaction<'_>, id: &str, query: &Query) -> Result<Answer, Fault> {
    let zone = existing(tx, id)?;
    let max_items = query.max_items(MAX_RECORDS)?;
    let (name, kind, identifier) = (query.get("name"), query.get("type"), query.get("identifier"));
    if name.is_none() && kind.is_some() {
        return Err(Refusal::invalid_input("The input is not valid: a type needs a name to start from").into());
    }
    if kind.is_none() && identifier.is_some() {
        return Err(Refusal::invalid_input("The input is not valid: an identifier needs a type to start from").into());
    }
    let start = match name {
        Some(name) => {
            let name = canonical(&name).map_err(|invalid| Refusal::invalid_input(invalid.0))?;
            (sort_key(&name), kind.unwrap_or_default(), identifier.unwrap_or_default())
        }
        None => Default::default(),
    };
    let sets: Vec<_> = zone.records.iter().filter(|set| set.sort_key() >= start).collect();
    let list = sets.iter().take(max_items).map(|set| record_set(set));
    let mut document = Element::new("ListResourceRecordSetsResponse")
        .child(list.fold(Element::new("ResourceRecordSets"), Element::child))
        .text("IsTruncated", sets.len() > max_items);
    if let Some(next) = sets.get(max_items) {
        document = document.text("NextRecordName", shown(&next.name)).text("NextRecordType", &next.kind);
        if let Some(policy) = &next.policy {
            document = document.text("NextRecordIdentifier", &policy.set_identifier);
        }
    }
    Ok(Answer::ok(document.text("MaxItems", max_items)))
}
