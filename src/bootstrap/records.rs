//! Records: the zone of each, what public DNS shows of them, and the waiting for it.

use std::{collections::BTreeSet, time::Duration};

use super::{
    Event,
    apply::{Work, out_of_order},
    wait::{Look, too_long},
};
use crate::{
    dns::{Answer, Kind, Resolver},
    error::Result,
    setup::{
        observed::{Record, RecordData, Zone},
        records::{manual_records, zone_for},
    },
};

/// The id of the zone that `name` belongs to, where it is known.
pub(super) fn zone_id<'z>(zones: &'z [Zone], name: &str) -> Option<&'z str> {
    zone_for(name, zones).map(|zone| zone.id.as_str())
}

/// Whether public DNS shows a record of a name, a CNAME; `None` where it cannot be asked.
pub(super) async fn shows(resolver: &Resolver, record: &Record) -> Option<bool> {
    let RecordData::Values { values, .. } = &record.data else { return None };
    match resolver.lookup(&record.name, Kind::Cname).await {
        Answer::Found(names) => {
            Some(names.iter().any(|name| values.iter().any(|value| value.eq_ignore_ascii_case(name))))
        }
        Answer::Missing(_) => Some(false),
        Answer::Unknown(_) => None,
    }
}

/// Whether public DNS leads `name` to what `target` leads to: by a CNAME, or by addresses in common, for a domain itself
/// can have no CNAME and its provider copies the addresses.
pub(super) async fn leads_to(resolver: &Resolver, name: &str, target: &str) -> bool {
    let names = resolver.lookup(name, Kind::Cname).await.found().unwrap_or_default();
    if names.iter().any(|found| found.eq_ignore_ascii_case(target)) {
        return true;
    }
    for kind in [Kind::A, Kind::Aaaa] {
        let (own, its) = tokio::join!(resolver.lookup(name, kind), resolver.lookup(target, kind));
        let (own, its) = (own.found().unwrap_or_default(), its.found().unwrap_or_default());
        if own.iter().any(|address| its.contains(address)) {
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
                let left: Vec<Record> =
                    records.iter().filter(|record| missing.contains(&record.name)).cloned().collect();
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
