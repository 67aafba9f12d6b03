//! How a certificate that was asked for comes to its end: issued, failed or timed out.

use jiff::Timestamp;
use rusqlite::Transaction;

use crate::{
    dns::caa,
    local::{
        Fault,
        route53::{
            names::{canonical, parent},
            public::{Outcome, PublicDns},
        },
    },
};

use super::certificate::{Certificate, validation_record};

/// How long ACM waits for the validation of all names (User Guide, "DNS validation").
const TIMEOUT_MILLISECONDS: i64 = 72 * 3_600_000;

/// The certificate with this ARN as it is at this moment: issued as soon as public DNS has had its validation records
/// for a short while, expired as soon as it has ended.
pub(crate) fn current(tx: &Transaction<'_>, arn: &str) -> Result<Option<Certificate>, Fault> {
    let Some(certificate) = Certificate::find(tx, arn)? else { return Ok(None) };
    let dns = PublicDns::of(tx)?;
    Ok(Some(at(certificate, &dns, Timestamp::now().as_millisecond())))
}

/// Like [`current`], of all of them.
pub(crate) fn all_current(tx: &Transaction<'_>) -> Result<Vec<Certificate>, Fault> {
    let dns = PublicDns::of(tx)?;
    let now = Timestamp::now().as_millisecond();
    Ok(Certificate::all(tx)?.into_iter().map(|certificate| at(certificate, &dns, now)).collect())
}

/// Writes what has become of pending certificates: what was issued stays so when its records go away.
pub(crate) fn settle(tx: &Transaction<'_>) -> Result<(), Fault> {
    for before in Certificate::all(tx)?.iter().filter(|certificate| certificate.status == "PENDING_VALIDATION") {
        if let Some(now) = current(tx, &before.arn)?.filter(|now| now != before) {
            now.keep(tx)?;
        }
    }
    Ok(())
}

fn at(mut certificate: Certificate, dns: &PublicDns, now: i64) -> Certificate {
    if certificate.status == "PENDING_VALIDATION" {
        let seen = (certificate.method == "DNS").then(|| proved(&certificate, dns)).flatten();
        let issuable = seen.map(|seen| seen.max(certificate.requested).saturating_add(certificate.delay));
        let timeout = certificate.requested + TIMEOUT_MILLISECONDS;
        match issuable.filter(|moment| *moment <= now) {
            Some(_) if !certificate.names.iter().all(|name| is_permitted(name, dns)) => {
                "FAILED".clone_into(&mut certificate.status);
                certificate.failure = Some("CAA_ERROR".to_owned());
            }
            Some(moment) if moment < timeout => certificate.issue(moment),
            _ if timeout <= now => "VALIDATION_TIMED_OUT".clone_into(&mut certificate.status),
            _ => {}
        }
    }
    if certificate.status == "ISSUED" && certificate.expires.is_some_and(|expires| expires <= now) {
        "EXPIRED".clone_into(&mut certificate.status);
    }
    certificate
}

/// Since when public DNS has had the validation records of all names.
fn proved(certificate: &Certificate, dns: &PublicDns) -> Option<i64> {
    certificate.names.iter().map(|name| name_proved(name, dns)).try_fold(0, |latest, since| Some(since?.max(latest)))
}

/// Since when public DNS has had the validation record of one name.
pub(super) fn name_proved(name: &str, dns: &PublicDns) -> Option<i64> {
    let (record, value) = validation_record(name);
    let answer = dns.resolve(&canonical(&record).ok()?, "CNAME");
    let wanted = canonical(&value);
    let found = answer.records.iter().find(|record| record.kind == "CNAME" && canonical(&record.value) == wanted)?;
    Some(found.changed)
}

/// Whether the CAA records that hold for a name let Amazon issue (User Guide, "Configure a CAA record"): those of the
/// closest name at or above it that has any (RFC 8659).
fn is_permitted(name: &str, dns: &PublicDns) -> bool {
    let (wildcard, name) = match name.strip_prefix("*.") {
        Some(base) => (true, base),
        None => (false, name),
    };
    let found = std::iter::successors(Some(name), |name| parent(name)).find_map(|name| {
        let answer = dns.resolve(name, "CAA");
        (answer.outcome == Outcome::Found).then_some(answer.records)
    });
    let values: Vec<_> =
        found.unwrap_or_default().into_iter().filter(|one| one.kind == "CAA").map(|one| one.value).collect();
    caa::permits_amazon(&values, wildcard)
}
