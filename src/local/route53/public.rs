//! Public DNS as the account's zones make it: which zones are delegated to, and what they answer.

use std::collections::BTreeMap;

use rusqlite::Transaction;

use crate::local::{Fault, cloudfront::distributions};

use super::{
    CLOUDFRONT_ZONE,
    model::{Alias, RecordSet, Zone, delegations},
    names::{canonical, is_within, parent},
};

/// How many aliases in a row are followed before they count as a loop.
const MAX_CHAIN: usize = 8;

/// Seconds that the addresses of distributions may be kept.
const DISTRIBUTION_TTL: u32 = 60;

/// A snapshot of public DNS.
#[derive(Debug)]
pub(crate) struct PublicDns {
    /// The zones that are delegated to.
    zones: Vec<Zone>,
    /// Names that are delegated to servers of somebody else.
    elsewhere: BTreeMap<String, Vec<String>>,
    /// The names of the distributions, and whether each has IPv6 addresses.
    distributions: BTreeMap<String, bool>,
}

/// One record of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    /// Whose it is, in the form of `names::canonical`.
    pub(crate) name: String,
    /// `A`, `CNAME`...
    pub(crate) kind: String,
    /// Seconds.
    pub(crate) ttl: u32,
    /// What it says, as Route 53 writes it.
    pub(crate) value: String,
    /// When it was written, in milliseconds since 1970.
    pub(crate) changed: i64,
}

/// How a question ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// There are records.
    Found,
    /// The name exists, without such records.
    NoData,
    /// There is no such name.
    NoName,
    /// The aliases run in a circle.
    Loop,
}

/// An answer: the aliases on the way, then the records, if any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) outcome: Outcome,
    pub(crate) records: Vec<Record>,
    /// The SOA record of the zone that says there is nothing.
    pub(crate) authority: Option<Record>,
}

/// What one name says to one question.
enum Said {
    Records(Vec<Record>),
    SeeAlso(Record),
    Nothing(Outcome, Option<Record>),
}

impl PublicDns {
    /// Public DNS at this moment.
    pub(crate) fn of(tx: &Transaction<'_>) -> Result<Self, Fault> {
        let told = delegations(tx)?;
        let mut zones: Vec<_> = Zone::all(tx)?.into_iter().filter(Zone::is_public).collect();
        // Parents before children, so that whether a child is delegated can be read in its parent.
        zones.sort_by_key(|zone| (zone.name.matches('.').count(), zone.sequence));
        let mut delegated: Vec<Zone> = Vec::new();
        for zone in zones {
            if is_delegated(&zone, &delegated, &told) {
                delegated.push(zone);
            }
        }
        let elsewhere = told.into_iter().filter(|(name, _)| delegated.iter().all(|zone| zone.name != *name)).collect();
        let all = distributions::from_id(tx, "", i64::MAX)?.into_iter();
        let distributions = all.map(|one| (one.domain_name, one.config.text_at("IsIPV6Enabled") == "true")).collect();
        Ok(Self { zones: delegated, elsewhere, distributions })
    }

    /// Answers a question like a resolver does, that is with aliases followed as far as the account knows.
    pub(crate) fn resolve(&self, name: &str, kind: &str) -> Answer {
        let mut records = Vec::new();
        let mut name = name.to_owned();
        for _ in 0..MAX_CHAIN {
            match self.ask(&name, kind) {
                Said::Records(found) => {
                    records.extend(found);
                    return Answer { outcome: Outcome::Found, records, authority: None };
                }
                Said::Nothing(outcome, authority) => return Answer { outcome, records, authority },
                Said::SeeAlso(alias) => {
                    let target = canonical(&alias.value);
                    records.push(alias);
                    let Ok(target) = target else { break };
                    name = target;
                }
            }
        }
        Answer { outcome: Outcome::Loop, records, authority: None }
    }

    fn ask(&self, name: &str, kind: &str) -> Said {
        if let Some(&ipv6) = self.distributions.get(name) {
            return distribution(name, kind, ipv6);
        }
        let zone = self.zones.iter().filter(|zone| is_within(name, &zone.name)).max_by_key(|zone| zone.name.len());
        let elsewhere = self.elsewhere.iter().filter(|(cut, _)| is_within(name, cut)).max_by_key(|(cut, _)| cut.len());
        match (zone, elsewhere) {
            (zone, Some((cut, servers))) if zone.is_none_or(|zone| zone.name.len() < cut.len()) => {
                foreign(name, kind, cut, servers)
            }
            (Some(zone), _) => self.ask_zone(zone, name, kind, MAX_CHAIN),
            (None, _) => Said::Nothing(Outcome::NoName, None),
        }
    }

    /// `depth` is how many alias records in a row are followed yet.
    fn ask_zone(&self, zone: &Zone, name: &str, kind: &str, depth: usize) -> Said {
        if let Some(cut) = cut_above(zone, name) {
            let servers: Vec<_> = at(zone, cut).flat_map(|set| &set.values).cloned().collect();
            return foreign(name, kind, cut, &servers);
        }
        let sets: Vec<_> = match at(zone, name).collect::<Vec<_>>() {
            none if none.is_empty() => match wildcard(zone, name) {
                Ok(sets) => sets,
                Err(outcome) => return Said::Nothing(outcome, authority(zone)),
            },
            sets => sets,
        };
        if let Some(set) = sets.iter().find(|set| set.kind == kind) {
            let records = self.records(zone, set, name, depth);
            return if records.is_empty() {
                Said::Nothing(Outcome::NoData, authority(zone))
            } else {
                Said::Records(records)
            };
        }
        let alias = sets.iter().find(|set| set.kind == "CNAME");
        match alias.and_then(|set| self.records(zone, set, name, depth).pop()) {
            Some(alias) => Said::SeeAlso(alias),
            None => Said::Nothing(Outcome::NoData, authority(zone)),
        }
    }

    /// What a record set says in the name of `name`. Of record sets with a routing policy one is as good as another.
    fn records(&self, zone: &Zone, set: &RecordSet, name: &str, depth: usize) -> Vec<Record> {
        let own = |value: &String| Record {
            name: name.to_owned(),
            kind: set.kind.clone(),
            ttl: set.ttl.unwrap_or(DISTRIBUTION_TTL),
            value: value.clone(),
            changed: set.changed,
        };
        let Some(alias) = &set.alias else { return set.values.iter().map(own).collect() };
        let distribution_of = |alias: &Alias| {
            let known = self.distributions.get_key_value(&alias.target);
            known.filter(|_| alias.zone == CLOUDFRONT_ZONE)
        };
        let target = if let Some((target, &ipv6)) = distribution_of(alias) {
            distribution(target, &set.kind, ipv6)
        } else if alias.zone == zone.id && depth > 0 {
            self.ask_zone(zone, &alias.target, &set.kind, depth - 1)
        } else {
            return Vec::new();
        };
        match target {
            Said::Records(records) => {
                records.into_iter().map(|record| Record { name: name.to_owned(), ..record }).collect()
            }
            Said::SeeAlso(_) | Said::Nothing(..) => Vec::new(),
        }
    }
}

/// Whether the world finds this zone: its name is delegated to one of its servers, by whoever was told to, by the zone
/// above it in the account, or, where there is none, because it is the first of its name.
fn is_delegated(zone: &Zone, above: &[Zone], told: &BTreeMap<String, Vec<String>>) -> bool {
    let is_own = |server: &String| zone.name_servers.iter().any(|own| canonical(server).as_ref() == Ok(own));
    if let Some(servers) = told.get(&zone.name) {
        return servers.iter().any(is_own);
    }
    let parents = above.iter().filter(|other| other.name != zone.name && is_within(&zone.name, &other.name));
    let parent = parents.max_by_key(|other| other.name.len());
    let foreign = told.keys().filter(|name| is_within(&zone.name, name)).max_by_key(|name| name.len());
    match (parent, foreign) {
        (parent, Some(foreign)) if parent.is_none_or(|parent| parent.name.len() < foreign.len()) => false,
        (Some(parent), _) => at(parent, &zone.name).any(|set| set.kind == "NS" && set.values.iter().any(is_own)),
        (None, _) => above.iter().all(|other| other.name != zone.name),
    }
}

/// The record sets of exactly this name.
fn at<'a>(zone: &'a Zone, name: &str) -> impl Iterator<Item = &'a RecordSet> {
    let name = name.to_owned();
    zone.records.iter().filter(move |set| set.name == name)
}

/// The name at or above `name`, below the zone's own, that the zone delegates away.
fn cut_above<'a>(zone: &Zone, name: &'a str) -> Option<&'a str> {
    std::iter::successors(Some(name), |name| parent(name))
        .take_while(|name| name.len() > zone.name.len())
        .find(|name| at(zone, name).any(|set| set.kind == "NS"))
}

/// The record sets of the wildcard that stands for a name without any (RFC 4592): only the closest name above that
/// exists may have one. A name with others below it exists, too.
fn wildcard<'a>(zone: &'a Zone, name: &str) -> Result<Vec<&'a RecordSet>, Outcome> {
    let exists = |name: &str| zone.records.iter().any(|set| is_within(&set.name, name));
    if exists(name) {
        return Err(Outcome::NoData);
    }
    let mut above = std::iter::successors(parent(name), |name| parent(name));
    let closest = above.find(|name| exists(name)).unwrap_or(&zone.name);
    let sets: Vec<_> = at(zone, &format!("*.{closest}")).collect();
    if sets.is_empty() { Err(Outcome::NoName) } else { Ok(sets) }
}

fn authority(zone: &Zone) -> Option<Record> {
    let set = at(zone, &zone.name).find(|set| set.kind == "SOA")?;
    Some(Record {
        name: zone.name.clone(),
        kind: set.kind.clone(),
        ttl: set.ttl?,
        value: set.values.first()?.clone(),
        changed: set.changed,
    })
}

/// What is known of a name that others serve: that it is there, and who serves it.
fn foreign(name: &str, kind: &str, cut: &str, servers: &[String]) -> Said {
    match (name == cut, kind) {
        (true, "NS") if !servers.is_empty() => {
            let record = |server: &String| Record {
                name: cut.to_owned(),
                kind: kind.to_owned(),
                ttl: 172_800,
                value: server.clone(),
                changed: 0,
            };
            Said::Records(servers.iter().map(record).collect())
        }
        (true, _) => Said::Nothing(Outcome::NoData, None),
        (false, _) => Said::Nothing(Outcome::NoName, None),
    }
}

/// A distribution is served on this machine only.
fn distribution(name: &str, kind: &str, ipv6: bool) -> Said {
    let value = match kind {
        "A" => "127.0.0.1",
        "AAAA" if ipv6 => "::1",
        _ => return Said::Nothing(Outcome::NoData, None),
    };
    Said::Records(vec![Record {
        name: name.to_owned(),
        kind: kind.to_owned(),
        ttl: DISTRIBUTION_TTL,
        value: value.to_owned(),
        changed: 0,
    }])
}
