//! The certificate: its proofs written where the DNS is, and waited for; and why it does not come.

use std::collections::BTreeSet;

use super::{
    Event, Session,
    apply::{Work, out_of_order},
    observe::is_delegated,
    records::{shown_by, zone_for},
    wait::{Look, too_long},
};
use crate::{
    aws::Certificates,
    dns::Kind,
    error::{Error, ErrorKind, Result},
    setup::{
        Resource,
        observed::{Certificate, Record, RecordData},
        records::validation_records,
        request::Dns,
        site::CERTIFICATE_REGION,
    },
};

/// How long ACM takes to make up its validation records: seconds, by experience.
const MADE_UP_WITHIN: std::time::Duration = std::time::Duration::from_secs(120);

/// The names in a CAA record that let Amazon issue (ACM User Guide, "Troubleshoot problems with CAA").
const AMAZON: [&str; 4] = ["amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"];

impl Work<'_> {
    fn certificates(&self) -> Certificates {
        self.session.aws.certificates(CERTIFICATE_REGION)
    }

    fn certificate_arn(&self) -> Result<String> {
        self.ids.certificate.clone().ok_or_else(|| out_of_order("the certificate"))
    }

    /// Writes the validation records of the certificate into their zones, or shows them where the DNS is elsewhere.
    pub(super) async fn prove_certificate(&mut self) -> Result<()> {
        let (certificates, arn) = (self.certificates(), self.certificate_arn()?);
        let limit = self.session.limits.settling.max(MADE_UP_WITHIN);
        let look = async || {
            let certificate = certificates.describe(&arn).await?;
            let is_told = |record: &Option<(String, String)>| record.is_some();
            let all_told = certificate.validations.iter().all(|validation| is_told(&validation.record));
            Ok(match !certificate.validations.is_empty() && all_told || certificate.status != "PENDING_VALIDATION" {
                true => Look::Here(certificate),
                false => Look::NotYet(String::new()),
            })
        };
        let told = self.session.wait("for the certificate's validation records", limit, look).await?;
        let certificate = told.ok_or_else(|| {
            too_long("ACM has not told the certificate's validation records yet", limit, "run the same command again")
        })?;
        let records = validation_records(&certificate);
        if self.site.dns == Dns::Manual {
            return self.show_missing(records).await;
        }
        let mut changes = Vec::new();
        for zone in self.zones.clone() {
            let is_its = |record: &&Record| zone_for(&self.zones, &record.name).is_some_and(|one| one.id == zone.id);
            let upsert: Vec<Record> = records.iter().filter(is_its).cloned().collect();
            if !upsert.is_empty() {
                let zones = self.zones_of_aws();
                let change = async || zones.change(&zone.id, &[], &upsert).await;
                changes.push(self.session.settled(&self.young, change).await?);
            }
        }
        if let Some(record) = records.iter().find(|record| zone_for(&self.zones, &record.name).is_none()) {
            return Err(no_zone(&record.name));
        }
        self.await_sync(&changes).await
    }

    /// Shows those of the records that public DNS does not have yet.
    async fn show_missing(&mut self, records: Vec<Record>) -> Result<()> {
        let mut missing = Vec::new();
        for record in records {
            if shown_by(&self.session.resolver, &record).await != Some(true) {
                missing.push(record);
            }
        }
        if !missing.is_empty() {
            self.session.progress.event(Event::MakeRecords(&missing));
            self.outcome.records.extend(missing);
        }
        Ok(())
    }

    /// Waits until the certificate is issued, and tells meanwhile what public DNS shows of its records.
    pub(super) async fn await_certificate(&mut self) -> Result<()> {
        let (certificates, arn, limit) =
            (self.certificates(), self.certificate_arn()?, self.session.limits.certificate);
        let session = self.session;
        let mut last = None;
        let look = async || {
            let certificate = certificates.describe(&arn).await?;
            let look = match certificate.status.as_str() {
                "ISSUED" => Look::Here(()),
                "PENDING_VALIDATION" => Look::NotYet(seen(session, &certificate).await),
                _ => return Err(failed(session, &certificate).await),
            };
            last = Some(certificate);
            Ok(look)
        };
        let issued = session.wait("for the certificate", limit, look).await?;
        if issued.is_some() {
            self.young.insert(Resource::Certificate);
            return Ok(());
        }
        let why = match &last {
            Some(certificate) => self.why_pending(certificate).await,
            None => "run the same command again: it goes on from here".to_owned(),
        };
        Err(too_long("the certificate is not issued yet", limit, why))
    }

    /// What may hold a certificate up, and what to do.
    async fn why_pending(&self, certificate: &Certificate) -> String {
        const AGAIN: &str = "then run the same command again: it goes on from here";
        let records = validation_records(certificate);
        if self.site.dns == Dns::Manual {
            let names: Vec<&str> = records.iter().map(|record| record.name.as_str()).collect();
            return format!("make the CNAME records {} where the domain's DNS is kept, {AGAIN}", names.join(", "));
        }
        for zone in &self.zones {
            if is_delegated(self.session, zone).await == Some(false) {
                let servers = zone.name_servers.join(", ");
                return format!("tell {}'s registrar these name servers: {servers}, {AGAIN}", zone.name);
            }
        }
        format!("it mostly takes minutes once public DNS has the records; {AGAIN}")
    }
}

/// What public DNS shows of a pending certificate's records, in a phrase.
async fn seen(session: &Session, certificate: &Certificate) -> String {
    let mut missing = BTreeSet::new();
    for record in validation_records(certificate) {
        if shown_by(&session.resolver, &record).await == Some(false) {
            missing.insert(record.name);
        }
    }
    match missing.first() {
        None => String::new(),
        Some(first) if missing.len() == 1 => format!("public DNS does not have {first} yet"),
        Some(first) => format!("public DNS does not have {first} and {} more yet", missing.len() - 1),
    }
}

/// The error of a certificate that will never be issued.
async fn failed(session: &Session, certificate: &Certificate) -> Error {
    let names = certificate.names.join(", ");
    let (why, next) = match certificate.status.as_str() {
        "VALIDATION_TIMED_OUT" => (
            "its validation records were not public within 72 hours".to_owned(),
            "run the same command again: it asks for a new one; if the records are missing then too, look whether the \
             registrar names the zone's name servers"
                .to_owned(),
        ),
        "FAILED" => crate::aws::why_failed(certificate),
        "REVOKED" => (
            "it was revoked".to_owned(),
            "run the same command again: it asks for a new one".to_owned(),
        ),
        status => (
            format!("its status is {status}"),
            "run the same command again: it asks for a new one".to_owned(),
        ),
    };
    let error = Error::new(ErrorKind::Refused, format!("the certificate of {names} was not issued: {why}"), next);
    match excluded_by(session, certificate).await {
        Some(caa) => error.because(caa),
        None => error.because(format!("AWS: {}", certificate.failure.as_deref().unwrap_or(&certificate.status))),
    }
}

/// The CAA record that keeps Amazon from issuing, if one does: the nearest one at or above each name counts (RFC 8659,
/// section 3).
async fn excluded_by(session: &Session, certificate: &Certificate) -> Option<String> {
    if certificate.failure.as_deref() != Some("CAA_ERROR") {
        return None;
    }
    for name in &certificate.names {
        let mut at = name.trim_start_matches("*.");
        loop {
            let values = session.resolver.lookup(at, Kind::Caa).await.map(|answer| answer.values().to_vec());
            let values = values.unwrap_or_default();
            if !values.is_empty() {
                let allows = values.iter().any(|value| AMAZON.iter().any(|amazon| value.contains(amazon)));
                if allows {
                    break;
                }
                return Some(format!("the CAA record of {at} says {}", values.join("; ")));
            }
            match at.split_once('.') {
                Some((_, above)) if above.contains('.') => at = above,
                _ => break,
            }
        }
    }
    None
}

fn no_zone(name: &str) -> Error {
    Error::new(
        ErrorKind::Input,
        format!("no public hosted zone of this account is for {name}, which proves the certificate"),
        "run the same command with --create-zone, or with --dns manual where the DNS is kept elsewhere",
    )
}

/// A record of one value.
pub(super) fn is_value(record: &Record, value: &str) -> bool {
    matches!(&record.data, RecordData::Values { values, .. } if values.iter().any(|one| one.eq_ignore_ascii_case(value)))
}
