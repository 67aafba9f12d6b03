//! The certificate: one that is there and covers every name, one that is waited for, or a new one.

use super::Piece;
use crate::{
    error::Result,
    setup::{
        Change, Observed, Resource, Site, Step,
        observed::Certificate,
        records,
        site::{CERTIFICATE_REGION, TAG},
        wildcard,
    },
};

/// Key types that CloudFront takes no certificate of (Developer Guide, "Requirements for using SSL/TLS certificates
/// with CloudFront": RSA up to 4,096 bits, and ECDSA with 256).
const REFUSED_KEYS: [&str; 2] = ["EC_secp384r1", "EC_secp521r1"];

/// The certificate that the site uses: an issued one, or else a pending one, whoever asked for it. One that is attached
/// already is preferred, then one of ours, then the one that ends last.
pub fn choose<'a>(site: &Site, observed: &'a Observed) -> Option<&'a Certificate> {
    let names = site.certificate_names();
    let fits = |certificate: &&Certificate| {
        certificate.region == CERTIFICATE_REGION
            && matches!(certificate.kind.as_str(), "AMAZON_ISSUED" | "IMPORTED")
            && !REFUSED_KEYS.contains(&certificate.key_algorithm.as_str())
            && names.iter().all(|name| covers(certificate, name))
    };
    let attached = observed.distribution.as_ref().and_then(|distribution| distribution.certificate.as_ref());
    let rank = |certificate: &&Certificate| {
        let (is_attached, is_ours) = (attached == Some(&certificate.arn), is_ours(site, certificate));
        (is_attached, is_ours, certificate.expires, certificate.requested, certificate.arn.clone())
    };
    let fitting = || observed.certificates.iter().filter(fits);
    let issued = fitting().filter(|certificate| certificate.status == "ISSUED").max_by_key(rank);
    issued.or_else(|| {
        let pending = fitting().filter(|certificate| certificate.status == "PENDING_VALIDATION");
        pending.filter(|certificate| !by_mail(certificate)).max_by_key(rank)
    })
}

fn is_ours(site: &Site, certificate: &Certificate) -> bool {
    certificate.tags.get(TAG).map(String::as_str) == Some(site.domain.as_str())
}

fn by_mail(certificate: &Certificate) -> bool {
    certificate.validations.iter().any(|validation| validation.method == "EMAIL")
}

/// Whether the certificate is good for `name`.
pub fn covers(certificate: &Certificate, name: &str) -> bool {
    certificate.names.iter().any(|covered| wildcard::covers(covered, name))
}

pub(super) struct Plans {
    pub piece: Piece,
}

impl Plans {
    /// What is asked for early, and the wait for it, which comes late: other things can be made meanwhile.
    pub fn split(&self) -> (Vec<Step>, Vec<Step>) {
        self.piece.steps.iter().cloned().partition(|step| *step != Step::AwaitCertificate)
    }
}

pub(super) fn plan(site: &Site, observed: &Observed) -> Result<Plans> {
    let mut piece = Piece::default();
    let names = site.certificate_names().join(", ");
    let Some(certificate) = choose(site, observed) else {
        piece.steps = vec![Step::RequestCertificate, Step::ProveCertificate, Step::AwaitCertificate];
        let change = Change { field: "names".to_owned(), old: None, new: Some(names.clone()) };
        piece.part(Resource::Certificate, names, false, vec![change]);
        piece.notes.extend(unusable(site, observed));
        piece.notes.extend(proofs_by_hand(site, observed));
        return Ok(Plans { piece });
    };
    let is_pending = certificate.status != "ISSUED";
    let proofs = records::validation_changes(site, observed, certificate)?;
    let has_told = certificate.validations.iter().all(|validation| validation.record.is_some());
    let mut changes = Vec::new();
    // ACM renews a certificate of its own as long as it finds the records (ACM User Guide, "Managed renewal").
    let renews = certificate.kind == "AMAZON_ISSUED" && is_ours(site, certificate) && !proofs.zones.is_empty();
    if is_pending && (!has_told || !proofs.zones.is_empty() || !proofs.by_hand.is_empty()) || renews {
        piece.steps.push(Step::ProveCertificate);
        changes.extend(proofs.shown);
        piece.notes.extend(proofs.notes);
    }
    if is_pending {
        piece.steps.push(Step::AwaitCertificate);
        changes.push(Change {
            field: "status".to_owned(),
            old: Some("pending validation".to_owned()),
            new: Some("issued".to_owned()),
        });
        piece.notes.extend(proofs_by_hand(site, observed));
    }
    if certificate.kind == "IMPORTED" {
        piece.notes.push(format!("the certificate {} was imported, so AWS does not renew it", certificate.arn));
    }
    piece.part(Resource::Certificate, certificate.arn.as_str(), true, changes);
    Ok(Plans { piece })
}

/// Why certificates that cover the names are of no use.
fn unusable(site: &Site, observed: &Observed) -> Vec<String> {
    let names = site.certificate_names();
    let covering =
        observed.certificates.iter().filter(|certificate| names.iter().all(|name| covers(certificate, name)));
    let reasons = covering.filter_map(|certificate| {
        let failure = certificate.failure.as_deref();
        let why = match certificate.status.as_str() {
            "FAILED" if failure == Some("CAA_ERROR") => {
                "failed: a CAA record of the domain does not name Amazon; add `0 issue \"amazon.com\"` before the new one is asked for".to_owned()
            }
            "FAILED" => format!("failed ({})", failure.unwrap_or("no reason is told")),
            "VALIDATION_TIMED_OUT" => "timed out: its validation records were not seen in public DNS within 72 hours".to_owned(),
            "EXPIRED" => "has expired".to_owned(),
            "REVOKED" => "was revoked".to_owned(),
            "PENDING_VALIDATION" => "is pending, and was asked for by somebody else".to_owned(),
            _ if certificate.region != CERTIFICATE_REGION => {
                format!("is in {}, and CloudFront takes only those of {CERTIFICATE_REGION}", certificate.region)
            }
            _ if REFUSED_KEYS.contains(&certificate.key_algorithm.as_str()) => {
                format!("has a key of the type {}, which CloudFront does not take", certificate.key_algorithm)
            }
            _ if certificate.kind == "PRIVATE" => "is of a private authority, which browsers do not trust".to_owned(),
            _ => return None,
        };
        Some(format!("the certificate {} {why}; a new one is asked for", certificate.arn))
    });
    reasons.collect()
}

/// Names of the certificate whose zones are not in this account.
fn proofs_by_hand(site: &Site, observed: &Observed) -> Option<String> {
    if site.dns == crate::setup::request::Dns::Manual {
        return None;
    }
    let is_lost = |name: &&String| records::zone_of(name.trim_start_matches("*."), site, observed).is_err();
    let lost: Vec<_> = site.kept_aliases.iter().filter(is_lost).cloned().collect();
    (!lost.is_empty()).then(|| {
        format!(
            "the distribution also has {}, whose DNS is kept elsewhere: its validation record is shown, and must be made there \
             before the certificate is issued",
            lost.join(", ")
        )
    })
}
