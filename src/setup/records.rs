//! The records of a site: in which zone they belong, what they say, and how they are written for a zone kept elsewhere.

pub mod manual;
#[cfg(test)]
mod tests;
mod zone;

use std::collections::BTreeSet;

use super::{
    Observed, RecordChange, S3Origin, Site,
    observed::{Certificate, Record, RecordData, ZoneRecord},
    request::Dns,
    site::DISTRIBUTION_ZONE,
    step::Change,
};
use crate::error::{Error, ErrorKind, Result};

pub use manual::{manual_records, table, zone_file};
pub use zone::{Choice, choose, zone_for, zone_of};

/// Seconds that validation records may be kept: ACM's own example.
const TTL: u64 = 300;

/// Every record name that planning and doctor want to know about: of the site, and of the proofs of its certificates.
pub fn names_of_interest(names: &[String], certificates: &[Certificate]) -> BTreeSet<String> {
    let proofs = certificates.iter().flat_map(validation_records).map(|record| record.name);
    names.iter().map(|name| name.to_ascii_lowercase()).chain(proofs).collect()
}

/// The A and AAAA records that lead `name` to the distribution `target`, whose IPv6 is on.
pub fn aliases(name: &str, target: &str) -> [Record; 2] {
    ["A", "AAAA"].map(|kind| Record {
        name: name.to_ascii_lowercase(),
        kind: kind.to_owned(),
        data: RecordData::Alias {
            target: target.to_ascii_lowercase(),
            zone: DISTRIBUTION_ZONE.to_owned(),
            evaluate_health: false,
        },
    })
}

/// The records that prove the names of a certificate, each once: a name and its wildcard share one.
pub fn validation_records(certificate: &Certificate) -> Vec<Record> {
    let by_dns = certificate.validations.iter().filter(|validation| validation.method != "EMAIL");
    let records = by_dns.filter_map(|validation| validation.record.as_ref());
    let records: BTreeSet<_> = records
        .map(|(name, value)| Record {
            name: plain(name),
            kind: "CNAME".to_owned(),
            data: RecordData::Values { values: vec![plain(value)], ttl: TTL },
        })
        .collect();
    records.into_iter().collect()
}

fn plain(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

/// What has to be done to the zones so that they say what they should.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// The changes of each zone.
    pub zones: Vec<RecordChange>,
    /// The same, as they are shown.
    pub shown: Vec<Change>,
    /// Record sets that stop being what they were.
    pub replaced: Vec<Record>,
    /// Records of names that are in no zone of the account.
    pub by_hand: Vec<Record>,
    /// What the owner should know.
    pub notes: Vec<String>,
}

/// What leads the site's names to the distribution `target` (empty where it is not made yet).
///
/// # Errors
/// [`ErrorKind::NotFound`] without a zone, [`ErrorKind::Refused`] for a zone that is not delegated and for record sets
/// with a routing policy.
pub fn alias_changes(site: &Site, observed: &Observed, target: &str) -> Result<Changes> {
    let mut changes = Changes::default();
    for name in site.names() {
        let choice = zone_of(name.as_str(), site, observed)?;
        changes.note(choice.note());
        let here = records_of(name.as_str(), choice.id(), &observed.records);
        if let Some(routed) = here.iter().find(|record| in_the_way(record) && record.data == RecordData::Routed) {
            return Err(routed_record(routed, choice.name()));
        }
        let wanted = aliases(name.as_str(), target);
        let delete: Vec<_> =
            here.iter().filter(|record| record.kind == "CNAME").map(|record| (*record).clone()).collect();
        let upsert: Vec<_> = wanted.iter().filter(|record| !here.contains(record)).cloned().collect();
        changes.add(&choice, &here, delete, upsert);
    }
    Ok(changes)
}

/// What proves `certificate`'s names. Names without a zone in the account are proved by hand.
///
/// # Errors
/// [`ErrorKind::Refused`] where something else is in the way.
pub fn validation_changes(site: &Site, observed: &Observed, certificate: &Certificate) -> Result<Changes> {
    let mut changes = Changes::default();
    for record in validation_records(certificate) {
        let choice = if site.dns == Dns::Manual { None } else { zone_of(&record.name, site, observed).ok() };
        let choice = choice.filter(|choice| choice.id().is_some() || is_made(choice.name(), site, observed));
        let Some(choice) = choice else {
            changes.by_hand.push(record);
            continue;
        };
        let here = records_of(&record.name, choice.id(), &observed.records);
        if let Some(routed) = here.iter().find(|record| record.data == RecordData::Routed) {
            return Err(routed_record(routed, choice.name()));
        }
        // Whatever time to live somebody gave it, it proves the name.
        let is_there = here.iter().any(|old| match (&old.data, &record.data) {
            (RecordData::Values { values: old, .. }, RecordData::Values { values: new, .. }) => old == new,
            _ => false,
        });
        if !is_there {
            changes.add(&choice, &here, Vec::new(), vec![record]);
        }
    }
    Ok(changes)
}

/// Whether the zone of this name is made for one of the site's names. For those that the distribution merely keeps, none
/// is.
fn is_made(zone: &str, site: &Site, observed: &Observed) -> bool {
    site.names().any(|name| zone_of(name.as_str(), site, observed).is_ok_and(|choice| choice.name() == zone))
}

fn in_the_way(record: &Record) -> bool {
    matches!(record.kind.as_str(), "A" | "AAAA" | "CNAME")
}

fn records_of<'a>(name: &str, zone: Option<&str>, records: &'a [ZoneRecord]) -> Vec<&'a Record> {
    let of_zone = records.iter().filter(|record| Some(record.zone.as_str()) == zone);
    of_zone.map(|record| &record.record).filter(|record| record.name.eq_ignore_ascii_case(name)).collect()
}

fn routed_record(record: &Record, zone: &str) -> Error {
    Error::new(
        ErrorKind::Refused,
        format!(
            "{} has {} records with a routing policy in the zone {zone}, which are somebody's design",
            record.name, record.kind
        ),
        "delete them in the Route 53 console if the site shall answer there, or keep them and point them to the \
         distribution yourself with --dns manual",
    )
}

impl Changes {
    fn note(&mut self, note: Option<String>) {
        self.notes.extend(note.filter(|note| !self.notes.contains(note)));
    }

    fn add(&mut self, choice: &Choice<'_>, here: &[&Record], delete: Vec<Record>, upsert: Vec<Record>) {
        for record in &upsert {
            let old = here.iter().find(|old| old.kind == record.kind);
            self.replaced.extend(old.map(|old| (*old).clone()));
            self.shown.push(Change {
                field: format!("{} {}", record.name, record.kind),
                old: old.map(|old| describe(old)),
                new: Some(describe(record)),
            });
        }
        for record in &delete {
            self.replaced.push(record.clone());
            let field = format!("{} {}", record.name, record.kind);
            self.shown.push(Change { field, old: Some(describe(record)), new: None });
        }
        if delete.is_empty() && upsert.is_empty() {
            return;
        }
        let same =
            |change: &&mut RecordChange| change.zone == choice.name() && change.zone_id.as_deref() == choice.id();
        match self.zones.iter_mut().find(same) {
            Some(change) => {
                change.delete.extend(delete);
                change.upsert.extend(upsert);
            }
            None => self.zones.push(RecordChange {
                zone: choice.name().to_owned(),
                zone_id: choice.id().map(str::to_owned),
                delete,
                upsert,
            }),
        }
    }

    /// How long visitors may still be led to the bucket itself by what is replaced, in seconds; `None` where nothing led
    /// there. An alias to a website endpoint is answered with that endpoint's few seconds.
    pub fn public_bucket_ttl(&self) -> Option<u64> {
        const ALIAS: u64 = 60;
        let is_bucket = |name: &str| S3Origin::parse(name, "").is_some() || name.starts_with("s3-website");
        let ttl = |record: &Record| match &record.data {
            RecordData::Values { values, ttl } => values.iter().any(|value| is_bucket(value)).then_some(*ttl),
            RecordData::Alias { target, .. } => is_bucket(target).then_some(ALIAS),
            RecordData::Routed => None,
        };
        self.replaced.iter().filter_map(ttl).max()
    }
}

/// What a record says, in few words.
pub fn describe(record: &Record) -> String {
    match &record.data {
        RecordData::Values { values, .. } => values.join(", "),
        RecordData::Alias { target, .. } if target.is_empty() => {
            "alias of the distribution made by this run".to_owned()
        }
        RecordData::Alias { target, .. } => format!("alias of {target}"),
        RecordData::Routed => "several, by a routing policy".to_owned(),
    }
}
