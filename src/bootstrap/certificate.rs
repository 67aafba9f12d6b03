//! The certificate: its proofs written where the DNS is, and waited for; and why it does not come.

use std::collections::BTreeSet;

use super::{
    Event, Session,
    apply::{Work, out_of_order},
    observe,
    records::shows,
    wait::{Look, too_long},
};
use crate::{
    aws::{Certificates, why_failed},
    dns::caa,
    error::{Error, ErrorKind, Result},
    setup::{
        Resource,
        observed::{Certificate, Record},
        records::{validation_changes, validation_records},
        request::Dns,
        site::CERTIFICATE_REGION,
    },
};

/// How long ACM takes to make up its validation records: seconds, by experience.
const MADE_UP_WITHIN: std::time::Duration = std::time::Duration::from_secs(120);

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
        let names: Vec<String> = validation_records(&certificate).into_iter().map(|record| record.name).collect();
        self.observed.records.extend(observe::records(self.session, &self.observed.zones, &names).await?);
        let changes = validation_changes(self.site, &self.observed, &certificate)?;
        self.show_missing(changes.by_hand).await;
        self.change_records(&changes.zones).await
    }

    /// Shows those of the records that public DNS does not have yet.
    async fn show_missing(&mut self, records: Vec<Record>) {
        let mut missing = Vec::new();
        for record in records {
            if shows(&self.session.resolver, &record).await != Some(true) {
                missing.push(record);
            }
        }
        if !missing.is_empty() {
            self.session.progress.event(Event::MakeRecords(&missing));
            self.outcome.records.extend(missing);
        }
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
            return format!(
                "make the CNAME records that are shown above, {}, where the domain's DNS is kept; {AGAIN}",
                names.join(" and ")
            );
        }
        for zone in &self.observed.zones {
            if observe::is_delegated(self.session, zone).await == Some(false) {
                let servers = zone.name_servers.join(", ");
                return format!("tell {}'s registrar these name servers: {servers}; {AGAIN}", zone.name);
            }
        }
        format!("it mostly takes minutes once public DNS has the records; {AGAIN}")
    }
}

/// What public DNS shows of a pending certificate's records, in a phrase.
async fn seen(session: &Session, certificate: &Certificate) -> String {
    let mut missing = BTreeSet::new();
    for record in validation_records(certificate) {
        if shows(&session.resolver, &record).await == Some(false) {
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
    let reason = certificate.failure.as_deref().unwrap_or(&certificate.status);
    let (why, next) = why_failed(reason);
    let what = format!("the certificate of {} was not issued: {why}", certificate.names.join(", "));
    let error = Error::new(ErrorKind::Refused, what, next);
    match excluded_by(session, certificate).await {
        Some(records) if reason == "CAA_ERROR" => error.because(records),
        _ => error.because(format!("AWS: {reason}: {}", certificate.arn)),
    }
}

/// The CAA records that keep Amazon from issuing, where some do.
async fn excluded_by(session: &Session, certificate: &Certificate) -> Option<String> {
    for name in &certificate.names {
        let (plain, is_wildcard) = match name.strip_prefix("*.") {
            Some(plain) => (plain, true),
            None => (name.as_str(), false),
        };
        if let Some(records) = session.resolver.caa(plain).await.found()
            && !caa::permits_amazon(&records, is_wildcard)
        {
            return Some(format!("the CAA records for {name} are {}", records.join(", ")));
        }
    }
    None
}
