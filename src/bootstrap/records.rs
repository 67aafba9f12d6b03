//! Records: the zone of each, what public DNS shows of them, and the waiting for it.

use std::{collections::BTreeSet, time::Duration};

use super::{
    Event,
    apply::{Work, out_of_order},
    certificate::is_value,
    observe::is_in,
    wait::{Look, too_long},
};
use crate::{
    dns::{Kind, Resolver},
    error::Result,
    setup::{
        observed::{Record, RecordData, Zone},
        records::manual_records,
    },
};

/// The zone that `name` belongs to: the one of the longest suffix, and of several of one name the delegated one.
pub(super) fn zone_for<'z>(zones: &'z [Zone], name: &str) -> Option<&'z Zone> {
    let name = name.trim_start_matches("*.");
    zones.iter().filter(|zone| is_in(name, &zone.name)).max_by_key(|zone| (zone.name.len(), zone.delegated))
}

/// Whether public DNS shows a record of values; `None` where it cannot be asked.
pub(super) async fn shown_by(resolver: &Resolver, record: &Record) -> Option<bool> {
    let kind = match record.kind.as_str() {
        "CNAME" => Kind::Cname,
        "A" => Kind::A,
        _ => Kind::Aaaa,
    };
    let answer = resolver.lookup(&record.name, kind).await.ok()?;
    Some(answer.values().iter().any(|value| is_value(record, value)))
}

/// Whether public DNS leads `name` to what `target` leads to: by a CNAME, or by addresses in common, for a domain itself
/// can have no CNAME and its provider copies the addresses.
pub(super) async fn leads_to(resolver: &Resolver, name: &str, target: &str) -> bool {
    if let Ok(answer) = resolver.lookup(name, Kind::Cname).await
        && answer.values().iter().any(|value| value.eq_ignore_ascii_case(target))
    {
        return true;
    }
    for kind in [Kind::A, Kind::Aaaa] {
        let (own, its) = tokio::join!(resolver.lookup(name, kind), resolver.lookup(target, kind));
        let (Ok(own), Ok(its)) = (own, its) else { continue };
        if own.values().iter().any(|address| its.values().contains(address)) {
            return true;
        }
    }
    false
}

impl Work<'_> {
    /// Shows the records that the owner makes, and waits until public DNS leads every name to the distribution.
    pub(super) async fn await_records(&mut self) -> Result<()> {
        let target = self.ids.distribution_domain.clone().ok_or_else(|| out_of_order("the distribution"))?;
        let (session, limit) = (self.session, self.session.limits.records);
        let mut missing: BTreeSet<String> = self.site.names().map(ToString::to_string).collect();
        let mut is_shown = false;
        let records = manual_records(self.site, &target);
        let look = async || {
            for name in missing.clone() {
                if leads_to(&session.resolver, &name, &target).await {
                    missing.remove(&name);
                }
            }
            let Some(first) = missing.first() else { return Ok(Look::Here(())) };
            if !is_shown {
                let left: Vec<Record> = records.iter().filter(|record| missing.contains(&record.name)).cloned().collect();
                session.progress.event(Event::MakeRecords(&left));
                is_shown = true;
            }
            Ok(Look::NotYet(format!("{first} does not lead to {target} yet")))
        };
        if session.wait("until public DNS has the records", limit, look).await?.is_some() {
            return Ok(());
        }
        self.outcome.records.extend(records.into_iter().filter(|record| missing.contains(&record.name)));
        let names = missing.into_iter().collect::<Vec<_>>().join(", ");
        let next = format!(
            "make the records that were shown where the domain's DNS is kept, then run the same command again; a proxy \
             of the DNS provider must be off, so that names lead to {target}"
        );
        self.unfinished(format!("public DNS does not lead {names} to the distribution yet"), |what| {
            too_long(what, limit, next)
        })
    }

    /// Waits until resolvers have forgotten the records that were replaced.
    pub(super) async fn await_expiry(&mut self, seconds: u64) -> Result<()> {
        let since = tokio::time::Instant::now();
        let expires = Duration::from_secs(seconds);
        let seen = format!("{seconds} seconds, as the old records said");
        let look = async || match since.elapsed() >= expires {
            true => Ok(Look::Here(())),
            false => Ok(Look::NotYet(seen.clone())),
        };
        // One pause more than needed, so that the last look is after the end.
        let limit = expires + Duration::from_secs(30);
        self.session.wait("until resolvers have forgotten the old records", limit, look).await.map(drop)
    }
}

/// A record's values as they are shown.
pub fn values(record: &Record) -> Vec<String> {
    match &record.data {
        RecordData::Values { values, .. } => values.clone(),
        RecordData::Alias { target, .. } => vec![target.clone()],
        RecordData::Routed => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::observed::Tags;

    #[test]
    fn a_name_belongs_to_the_longest_delegated_zone() {
        let zone = |id: &str, name: &str, delegated| Zone {
            id: id.into(),
            name: name.into(),
            name_servers: Vec::new(),
            delegated,
            records: 2,
            tags: Tags::new(),
        };
        let zones = [
            zone("old", "cruddur.com", Some(false)),
            zone("new", "cruddur.com", Some(true)),
            zone("dev", "dev.cruddur.com", None),
        ];
        let chosen = |name: &str| zone_for(&zones, name).map(|zone| zone.id.as_str());
        let table = [
            ("cruddur.com", Some("new")),
            ("*.cruddur.com", Some("new")),
            ("a.dev.cruddur.com", Some("dev")),
            ("notcruddur.com", None),
        ];
        for (name, expected) in table {
            assert_eq!(chosen(name), expected, "{name}");
        }
    }
}
