//! DNS: the zone is the one the world asks, every name leads to the distribution, Amazon may issue the certificate.

use std::net::IpAddr;

use super::{Area, Evidence, NameSeen, finding::Findings};
use crate::{
    dns::caa,
    setup::observed::{Distribution, RecordData, Zone},
};

const AREA: Area = Area::Dns;

pub(super) fn examine(evidence: &Evidence, findings: &mut Findings) {
    zone(evidence, findings);
    authorities(evidence, findings);
    if !evidence.was_checked("public DNS") {
        return;
    }
    for name in &evidence.names {
        one_name(evidence, name, findings);
    }
}

/// Zones of this account that nobody asks, because the registrar sends them elsewhere.
fn zone(evidence: &Evidence, findings: &mut Findings) {
    let delegated = evidence.zones.iter().any(|zone| zone.delegated == Some(true));
    let idle: Vec<&Zone> = evidence.zones.iter().filter(|zone| zone.delegated == Some(false)).collect();
    if delegated {
        findings.sound(AREA, "the hosted zone is the one public DNS asks");
        if let [zone, ..] = idle.as_slice() {
            findings.advice(
                AREA,
                "idle-zone",
                format!("there is a second hosted zone for {} ({}), which public DNS does not ask", zone.name, zone.id),
                "records that are put there by mistake have no effect, and it costs $0.50 a month",
                "delete it in the Route 53 console, once nothing of value is in it",
            );
        }
    } else if let [zone, ..] = idle.as_slice() {
        let elsewhere =
            if evidence.delegated_to.is_empty() { "nowhere".to_owned() } else { evidence.delegated_to.join(", ") };
        findings.problem(
            AREA,
            "zone-not-delegated",
            format!(
                "the hosted zone {} ({}) is not the one public DNS asks: that is sent to {elsewhere}",
                zone.name, zone.id
            ),
            "records in this zone have no effect: the certificate waits for ever and the site is not found",
            format!(
                "enter these name servers at the registrar of {}: {}; or keep the records where they are and run \
                 bootstrap with --dns manual",
                zone.name,
                zone.name_servers.join(", ")
            ),
        );
    }
}

fn authorities(evidence: &Evidence, findings: &mut Findings) {
    let Some(records) = &evidence.authorities else { return };
    if caa::permits_amazon(records, false) {
        findings.sound(AREA, "its CAA records let Amazon issue certificates");
        return;
    }
    findings.problem(
        AREA,
        "caa-excludes-amazon",
        format!("the CAA records of {} do not let Amazon issue certificates: {}", evidence.domain, records.join(", ")),
        "ACM cannot issue or renew the certificate: it fails with CAA_ERROR",
        format!("add the record: {} CAA 0 issue \"amazon.com\"", evidence.domain),
    );
}

fn one_name(evidence: &Evidence, seen: &NameSeen, findings: &mut Findings) {
    let name = &seen.name;
    let Some(distribution) = &evidence.distribution else { return };
    let is_alias = distribution.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name));
    let leads_nowhere = !seen.has_address() && seen.cname.is_none();
    if leads_nowhere && !is_alias && *name != evidence.domain.as_str() {
        findings.advice(
            AREA,
            "other-name-missing",
            format!("{name} leads nowhere"),
            "whoever types it gets \"server not found\"",
            format!("{}, which lets it redirect; or leave it, with --no-www", findings.bootstrap()),
        );
        return;
    }
    if leads_nowhere {
        let why = if is_alias {
            ""
        } else {
            "; Route 53 offers the distribution as a target only once the name is among its alternate names"
        };
        findings.problem(
            AREA,
            "name-not-found",
            format!("public DNS knows no address of {name}"),
            format!("visitors get \"server not found\"{why}"),
            findings.bootstrap(),
        );
        return;
    }
    if let Some(target) = elsewhere(evidence, distribution, seen) {
        findings.problem(
            AREA,
            "name-leads-elsewhere",
            format!("{name} leads to {target}, not to {}", distribution.domain_name),
            "visitors do not get this distribution, whatever is published",
            findings.bootstrap(),
        );
        return;
    }
    if distribution.ipv6 && seen.v6.is_empty() {
        findings.advice(
            AREA,
            "no-ipv6-record",
            format!("{name} has no AAAA record, though the distribution has IPv6"),
            "visitors with IPv6 alone do not reach it",
            findings.bootstrap(),
        );
    } else {
        findings.sound(AREA, format!("{name} leads to the distribution"));
    }
}

/// What a name leads to where that is not the distribution: by the records of its zone, every one of them, for a visitor
/// may ask for any; or by what public DNS says where the zone is not to be seen.
fn elsewhere(evidence: &Evidence, distribution: &Distribution, seen: &NameSeen) -> Option<String> {
    let known = &evidence.distribution_addresses;
    let is_here = |target: &str| target.eq_ignore_ascii_case(&distribution.domain_name);
    let is_known = |address: &IpAddr| known.is_empty() || known.contains(address);
    let is_idle = |id: &str| evidence.zones.iter().any(|zone| zone.id == id && zone.delegated == Some(false));
    let of_name = evidence.records.iter().filter(|one| one.record.name == seen.name && !is_idle(&one.zone));
    let leading: Vec<_> = of_name.filter(|one| matches!(one.record.kind.as_str(), "A" | "AAAA" | "CNAME")).collect();
    if leading.is_empty() {
        let addresses = || seen.v4.iter().chain(&seen.v6);
        return match &seen.cname {
            Some(cname) => (!is_here(cname)).then(|| cname.clone()),
            None if addresses().any(is_known) => None,
            None => Some(addresses().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
        };
    }
    leading.into_iter().find_map(|one| match &one.record.data {
        RecordData::Alias { target, .. } => (!is_here(target)).then(|| target.clone()),
        RecordData::Values { values, .. } => {
            let leads = |value: &String| is_here(value) || value.parse().is_ok_and(|address| is_known(&address));
            (!values.iter().all(leads)).then(|| values.join(", "))
        }
        // Somebody's design, of which the answer seen is one.
        RecordData::Routed => None,
    })
}
