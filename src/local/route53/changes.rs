//! Changes: what a batch does to a zone's record sets, and how long Route 53 says it takes.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use jiff::Timestamp;
use rusqlite::Transaction;
use serde::{Deserialize, Serialize};

use crate::local::{acm, random_id, resources, xml::Element};

use super::{
    Answer, CLOUDFRONT_ZONE, Fault, Refusal,
    document::ChangeRequest,
    model::{RecordSet, Zone},
    names::{canonical, is_within, shown, sort_key},
    parse, values,
    zones::existing,
};

/// The kind of the documents of changes; their id is the change's.
const CHANGE: &str = "route53/change";

/// The most changes, and the most values, of one batch (Developer Guide, "Quotas", maximums on API requests).
const MAX_CHANGES: usize = 1000;
const MAX_VALUES: usize = 1000;

/// A change that was made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Change {
    id: String,
    comment: String,
    /// Both in milliseconds since 1970.
    submitted: i64,
    in_sync: i64,
}

impl Change {
    /// Notes that a change was made, which stays pending for `delay`.
    pub(super) fn begin(tx: &Transaction<'_>, comment: &str, delay: Duration) -> rusqlite::Result<Self> {
        let submitted = Timestamp::now().as_millisecond();
        let change = Self {
            id: format!("C{}", random_id(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", 20)),
            comment: comment.to_owned(),
            submitted,
            in_sync: submitted.saturating_add(i64::try_from(delay.as_millis()).unwrap_or(i64::MAX)),
        };
        resources::put(tx, CHANGE, &change.id, &change)?;
        Ok(change)
    }

    /// `ChangeInfo`.
    pub(super) fn element(&self) -> Element {
        let pending = Timestamp::now().as_millisecond() < self.in_sync;
        let submitted = Timestamp::from_millisecond(self.submitted).unwrap_or_default();
        let element = Element::new("ChangeInfo")
            .text("Id", format!("/change/{}", self.id))
            .text("Status", if pending { "PENDING" } else { "INSYNC" })
            .text("SubmittedAt", submitted);
        if self.comment.is_empty() { element } else { element.text("Comment", &self.comment) }
    }
}

/// GetChange.
pub(super) fn get(tx: &Transaction<'_>, id: &str) -> Result<Answer, Fault> {
    let change: Option<Change> = resources::get(tx, CHANGE, id)?;
    let change = change.ok_or_else(|| {
        Refusal::new(StatusCode::NOT_FOUND, "NoSuchChange", format!("Could not find resource with ID: {id}"))
    })?;
    Ok(Answer::ok(Element::new("GetChangeResponse").child(change.element())))
}

/// ChangeResourceRecordSets: all of the batch, or nothing and every reason why.
pub(super) fn change(tx: &Transaction<'_>, id: &str, body: &Bytes, delay: Duration) -> Result<Answer, Fault> {
    let request: ChangeRequest = parse(body)?;
    let zone = existing(tx, id)?;
    let batch = request.change_batch;
    let requested = batch.changes.change;
    if requested.is_empty() || requested.len() > MAX_CHANGES {
        return Err(Refusal::invalid_input(format!("a batch must have 1 to {MAX_CHANGES} changes")).into());
    }
    let now = Timestamp::now().as_millisecond();
    let mut steps = Vec::new();
    for change in &requested {
        let action = Action::of(&change.action)
            .ok_or_else(|| Refusal::invalid_input(format!("{} is not an action", change.action)))?;
        // Route 53 says `InvalidInput` for members that do not go together, before it looks at what they say.
        steps.push((action, change.record_set(now).map_err(Refusal::invalid_input)?));
    }
    // An upsert counts as two (same page of the quotas).
    let values: usize =
        steps.iter().map(|(action, set)| set.values.len() * (1 + usize::from(*action == Action::Upsert))).sum();
    if values > MAX_VALUES {
        return Err(Refusal::invalid_change(&[format!("Number of records limit of {MAX_VALUES} exceeded.")]).into());
    }
    let records = apply(&zone, &steps).map_err(|problems| Refusal::invalid_change(&problems))?;
    // What the records that go away have proved stays proved.
    acm::settle(tx)?;
    Zone { records, ..zone }.keep(tx)?;
    let change = Change::begin(tx, &batch.comment, delay)?;
    Ok(Answer::ok(Element::new("ChangeResourceRecordSetsResponse").child(change.element())))
}

/// What a change does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Create,
    Delete,
    Upsert,
}

impl Action {
    fn of(name: &str) -> Option<Self> {
        match name {
            "CREATE" => Some(Self::Create),
            "DELETE" => Some(Self::Delete),
            "UPSERT" => Some(Self::Upsert),
            _ => None,
        }
    }
}

impl RecordSet {
    /// What record sets are listed by.
    pub(super) fn sort_key(&self) -> (String, String, String) {
        let identifier = self.policy.as_ref().map(|policy| policy.set_identifier.clone()).unwrap_or_default();
        (sort_key(&self.name), self.kind.clone(), identifier)
    }

    /// How messages tell which it is.
    fn told(&self) -> String {
        let identifier = match &self.policy {
            Some(policy) => format!(", set-identifier='{}'", policy.set_identifier),
            None => String::new(),
        };
        format!("[name='{}', type='{}'{identifier}]", shown(&self.name), self.kind)
    }

    /// Whether they say the same; the order of values is none of DNS.
    fn says_the_same(&self, other: &Self) -> bool {
        let sorted = |set: &Self| {
            let mut values = set.values.clone();
            values.sort();
            values
        };
        sorted(self) == sorted(other)
            && (self.ttl, &self.alias, &self.policy) == (other.ttl, &other.alias, &other.policy)
    }
}

/// The record sets after the batch, or everything that is wrong with it.
pub(super) fn apply(zone: &Zone, steps: &[(Action, RecordSet)]) -> Result<Vec<RecordSet>, Vec<String>> {
    let mut problems = Vec::new();
    let mut records = zone.records.clone();
    let mut written = Vec::new();
    for (action, set) in steps {
        if !is_within(&set.name, &zone.name) {
            problems.push(format!(
                "RRSet with DNS name {} is not permitted in zone {}",
                shown(&set.name),
                shown(&zone.name)
            ));
            continue;
        }
        let place = records.iter().position(|other| other.sort_key() == set.sort_key());
        if *action != Action::Delete {
            problems.extend(values::problems(set));
            if written.contains(&set.sort_key()) {
                let name = shown(&set.name);
                problems.push(format!(
                    "The request contains an invalid set of changes for a resource record set '{} {name}'",
                    set.kind
                ));
            }
            written.push(set.sort_key());
        }
        match (action, place) {
            (Action::Create, Some(_)) => {
                problems.push(format!("Tried to create resource record set {} but it already exists", set.told()));
            }
            (Action::Upsert, Some(place)) => records[place] = set.clone(),
            (Action::Create | Action::Upsert, None) => records.push(set.clone()),
            (Action::Delete, None) => {
                problems.push(format!("Tried to delete resource record set {} but it was not found", set.told()));
            }
            (Action::Delete, Some(place)) if !records[place].says_the_same(set) => problems.push(format!(
                "Tried to delete resource record set {} but the values provided do not match the current values",
                set.told()
            )),
            (Action::Delete, Some(place)) => drop(records.remove(place)),
        }
    }
    for (_, set) in steps.iter().filter(|(action, _)| *action != Action::Delete) {
        problems.extend(conflict(zone, &records, set));
        problems.extend(wrong_target(zone, &records, set));
        if is_loop(zone, &records, set) {
            problems.push(format!(
                "RRSet of type {} with DNS name {} is not permitted as it creates a CNAME or alias loop in the zone.",
                set.kind,
                shown(&set.name)
            ));
        }
    }
    let at_apex = |kind: &str| records.iter().any(|set| set.name == zone.name && set.kind == kind);
    if !at_apex("SOA") {
        problems.push("A HostedZone must contain exactly one SOA record.".to_owned());
    }
    if !at_apex("NS") {
        problems.push("A HostedZone must contain at least one NS record for the zone itself.".to_owned());
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    records.sort_by_cached_key(RecordSet::sort_key);
    Ok(records)
}

/// Why a record set cannot be beside the others of its name.
fn conflict(zone: &Zone, records: &[RecordSet], set: &RecordSet) -> Option<String> {
    let (name, kind, zone_name) = (shown(&set.name), &set.kind, shown(&zone.name));
    let others = || records.iter().filter(|other| other.name == set.name);
    if kind == "CNAME" && set.name == zone.name {
        return Some(format!("RRSet of type CNAME with DNS name {name} is not permitted at apex in zone {zone_name}"));
    }
    if kind == "CNAME" && others().any(|other| other.kind != "CNAME") {
        return Some(format!(
            "RRSet of type CNAME with DNS name {name} is not permitted as it conflicts with other records with the same \
             DNS name in zone {zone_name}"
        ));
    }
    if kind != "CNAME" && others().any(|other| other.kind == "CNAME") {
        return Some(format!(
            "RRSet of type {kind} with DNS name {name} is not permitted because a conflicting RRSet of type CNAME with \
             the same DNS name already exists in zone {zone_name}"
        ));
    }
    if kind == "SOA" && set.name != zone.name {
        return Some(format!("RRSet of type SOA with DNS name {name} is not permitted in zone {zone_name}"));
    }
    let element = |set: &RecordSet| set.policy.as_ref().map(|policy| policy.element.clone());
    let mixed = others().any(|other| other.kind == *kind && element(other) != element(set));
    mixed.then(|| {
        format!(
            "RRSet with DNS name {name}, type {kind} cannot be created as other RRSets exist with the same name and type \
             and another routing policy"
        )
    })
}

/// Whether following a record set within its zone leads back to it.
fn is_loop(zone: &Zone, records: &[RecordSet], set: &RecordSet) -> bool {
    let target = |set: &RecordSet| match &set.alias {
        Some(alias) => (alias.zone == zone.id).then(|| alias.target.clone()),
        None if set.kind == "CNAME" => canonical(set.values.first()?).ok(),
        None => None,
    };
    let next = |set: &&RecordSet| {
        let target = target(set)?;
        records.iter().find(|other| other.name == target && (other.kind == set.kind || other.kind == "CNAME"))
    };
    // A loop that the record set is not part of ends by the number of record sets.
    let mut chain = std::iter::successors(Some(set), |set| next(set)).skip(1).take(records.len());
    chain.any(|other| other.sort_key() == set.sort_key())
}

/// Why a record set cannot be an alias of its target (API reference, `AliasTarget`).
fn wrong_target(zone: &Zone, records: &[RecordSet], set: &RecordSet) -> Option<String> {
    let alias = set.alias.as_ref()?;
    let tried = format!(
        "Tried to create an alias that targets {}, type {} in zone {}, but",
        shown(&alias.target),
        set.kind,
        alias.zone
    );
    if alias.zone == zone.id {
        if !is_within(&alias.target, &zone.name) {
            return Some(format!("{tried} the alias target name does not lie within the target zone"));
        }
        let found = records.iter().any(|other| other.name == alias.target && other.kind == set.kind);
        return (!found).then(|| format!("{tried} that target was not found"));
    }
    if alias.zone == CLOUDFRONT_ZONE {
        if !alias.target.ends_with(".cloudfront.net") {
            return Some(format!("{tried} the alias target name does not lie within the target zone"));
        }
        if !matches!(&*set.kind, "A" | "AAAA" | "HTTPS") {
            return Some(format!("{tried} that target was not found"));
        }
        return alias.evaluate_health.then(|| {
            format!("EvaluateTargetHealth cannot be true for the alias {}, which targets a distribution", set.told())
        });
    }
    alias
        .target
        .ends_with(".cloudfront.net")
        .then(|| format!("{tried} the alias target name does not lie within the target zone"))
}
