//! The zones and the records that lead to the distribution.

use std::collections::BTreeSet;

use super::Piece;
use crate::{
    error::Result,
    setup::{
        Change, Ids, Observed, Part, Resource, Site, Step,
        observed::Record,
        records::{self, Choice, manual},
        request::Dns,
        site::TAG,
    },
};

/// The zones that the site's names are in. Elsewhere is nothing to look at.
pub(super) fn zones(site: &Site, observed: &Observed) -> Result<Piece> {
    let mut piece = Piece::default();
    if site.dns == Dns::Manual {
        return Ok(piece);
    }
    let mut seen = BTreeSet::new();
    for name in site.names() {
        let choice = records::zone_of(name.as_str(), site, observed)?;
        if !seen.insert(choice.name().to_owned()) {
            continue;
        }
        match &choice {
            Choice::Zone(zone, _) => {
                let tag = (zone.is_ours && !zone.tags.contains_key(TAG)).then(|| {
                    piece.steps.push(Step::TagZone(zone.id.clone()));
                    Change { field: format!("tag {TAG}"), old: None, new: Some(site.domain.to_string()) }
                });
                piece.part(Resource::Zone, zone.name.as_str(), true, tag.into_iter().collect());
            }
            Choice::New(zone) => {
                piece.steps.push(Step::CreateZone(zone.clone()));
                piece.part(Resource::Zone, zone.as_str(), false, Vec::new());
            }
        }
    }
    Ok(piece)
}

/// How long resolvers may keep records that are kept elsewhere, in seconds. Nobody tells; it is what most providers set.
const USUAL_TTL: u64 = 300;

#[derive(Debug, Default)]
pub(super) struct Records {
    pub parts: Vec<Part>,
    pub steps: Vec<Step>,
    pub notes: Vec<String>,
    pub replaced: Vec<Record>,
    /// See [`records::Changes::public_bucket_ttl`].
    pub public_bucket_ttl: Option<u64>,
}

pub(super) fn records(site: &Site, observed: &Observed, ids: &Ids) -> Result<Records> {
    let mut piece = Piece::default();
    let names: Vec<_> = site.names().map(ToString::to_string).collect();
    let target = ids.distribution_domain.clone().unwrap_or_default();
    if site.dns == Dns::Manual {
        let missing: Vec<_> = manual::manual_records(site, &target)
            .into_iter()
            .filter(|record| target.is_empty() || !observed.resolved.contains(&record.name))
            .collect();
        let changes = missing.iter().map(|record| Change {
            field: format!("{} {}", record.name, record.kind),
            old: None,
            new: Some(records::describe(record))
                .filter(|value| !value.is_empty())
                .or_else(|| Some("the distribution made by this run".to_owned())),
        });
        let changes: Vec<_> = changes.collect();
        let exists = missing.len() < names.len();
        if !missing.is_empty() {
            piece.steps.push(Step::AwaitRecords);
        }
        piece.part(Resource::Records, names.join(", "), exists, changes);
        let is_website = observed.bucket.as_ref().is_some_and(|bucket| bucket.website);
        let public_bucket_ttl = (is_website && !missing.is_empty()).then_some(USUAL_TTL);
        return Ok(Records { parts: piece.parts, steps: piece.steps, public_bucket_ttl, ..Records::default() });
    }
    let changes = records::alias_changes(site, observed, &target)?;
    let public_bucket_ttl = changes.public_bucket_ttl();
    let exists = !changes.replaced.is_empty() || changes.zones.is_empty();
    if !changes.zones.is_empty() {
        piece.steps.push(Step::ChangeRecords(changes.zones));
    }
    piece.part(Resource::Records, names.join(", "), exists, changes.shown);
    Ok(Records {
        parts: piece.parts,
        steps: piece.steps,
        notes: changes.notes,
        replaced: changes.replaced,
        public_bucket_ttl,
    })
}
