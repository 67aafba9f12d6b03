//! The certificate: there, in us-east-1, issued, covering every name, not about to end.

use super::{Area, Evidence, finding::Findings};
use crate::setup::{observed::Certificate, site::CERTIFICATE_REGION, wildcard::covers};

const AREA: Area = Area::Certificate;

/// ACM renews 60 days before the end (ACM User Guide, "Managed certificate renewal"): what is nearer than this failed to.
const RENEWED_BEFORE_DAYS: i64 = 45;

pub(super) fn examine(evidence: &Evidence, findings: &mut Findings) {
    if !evidence.was_checked("certificates") {
        return;
    }
    let attached = evidence.distribution.as_ref().and_then(|distribution| distribution.certificate.as_deref());
    match attached {
        Some(arn) => attached_one(evidence, arn, findings),
        None => without_one(evidence, findings),
    }
    for certificate in evidence.certificates.iter().filter(|one| Some(one.arn.as_str()) != attached) {
        pending(evidence, certificate, findings);
    }
}

fn attached_one(evidence: &Evidence, arn: &str, findings: &mut Findings) {
    let Some(certificate) = evidence.certificates.iter().find(|certificate| certificate.arn == arn) else {
        findings.problem(
            AREA,
            "certificate-of-another-site",
            format!("the distribution's certificate {arn} does not name {}", evidence.domain),
            "browsers refuse the site: the certificate is for other names",
            findings.bootstrap(),
        );
        return;
    };
    let aliases = evidence.distribution.iter().flat_map(|distribution| &distribution.aliases);
    let uncovered: Vec<&str> = std::iter::once(evidence.domain.as_str())
        .chain(aliases.map(String::as_str))
        .filter(|name| !certificate.names.iter().any(|covered| covers(covered, name)))
        .collect();
    if certificate.status == "ISSUED" && uncovered.is_empty() {
        findings.sound(AREA, format!("issued, in {}, covers every name", certificate.region));
    }
    if !uncovered.is_empty() {
        findings.problem(
            AREA,
            "certificate-lacks-name",
            format!("the certificate covers {}, but not {}", certificate.names.join(", "), uncovered.join(", ")),
            "CloudFront refuses a name that the certificate does not cover, and browsers do, too",
            findings.bootstrap(),
        );
    }
    ends(evidence, certificate, findings);
    pending(evidence, certificate, findings);
}

fn without_one(evidence: &Evidence, findings: &mut Findings) {
    let usable = evidence.certificates.iter().any(|certificate| certificate.status == "ISSUED");
    let wrong_region = evidence.elsewhere.iter().filter(|certificate| certificate.status == "ISSUED");
    let regions: Vec<&str> = wrong_region.map(|certificate| certificate.region.as_str()).collect();
    if !usable && !regions.is_empty() {
        findings.problem(
            AREA,
            "certificate-in-wrong-region",
            format!(
                "{} has a certificate in {}, and none in {CERTIFICATE_REGION}",
                evidence.domain,
                regions.join(", ")
            ),
            format!(
                "CloudFront takes certificates of {CERTIFICATE_REGION} only; one of another region is not even offered"
            ),
            findings.bootstrap(),
        );
    } else if usable {
        findings.problem(
            AREA,
            "certificate-not-attached",
            format!("a certificate for {} is issued, but the distribution does not use it", evidence.domain),
            "without it the distribution cannot have the domain as an alternate name, and answers it with 403",
            findings.bootstrap(),
        );
    } else if !evidence.certificates.iter().any(|certificate| certificate.status == "PENDING_VALIDATION") {
        findings.problem(
            AREA,
            "no-certificate",
            format!("there is no issued certificate for {} in {CERTIFICATE_REGION}", evidence.domain),
            "without one the distribution cannot have the domain as an alternate name, and https fails",
            findings.bootstrap(),
        );
    }
}

fn ends(evidence: &Evidence, certificate: &Certificate, findings: &mut Findings) {
    let Some(expires) = certificate.expires else { return };
    let days = (expires - evidence.now.as_second()) / 86_400;
    let imported = certificate.kind == "IMPORTED";
    let (hurts, fix) = if imported {
        (
            "an imported certificate is not renewed by AWS",
            "import its successor under the same ARN, or run bootstrap after deleting it from the distribution"
                .to_owned(),
        )
    } else {
        (
            "ACM renews 60 days before the end, so the renewal has failed: most often its validation record is gone",
            findings.bootstrap(),
        )
    };
    if expires <= evidence.now.as_second() {
        let seen = format!("the certificate ended {} days ago", -days);
        findings.problem(AREA, "certificate-expired", seen, format!("browsers refuse the site; {hurts}"), fix);
    } else if days < RENEWED_BEFORE_DAYS {
        let seen = format!("the certificate ends in {days} days");
        let id = "certificate-expires-soon";
        if imported && days > 14 {
            findings.advice(AREA, id, seen, hurts, fix);
        } else {
            findings.problem(AREA, id, seen, hurts, fix);
        }
    }
}

/// Certificates that wait or failed, with what they wait for.
fn pending(evidence: &Evidence, certificate: &Certificate, findings: &mut Findings) {
    match certificate.status.as_str() {
        "PENDING_VALIDATION" => {
            let waits = what_it_waits_for(evidence, certificate);
            findings.problem(
                AREA,
                "certificate-pending",
                format!("a certificate for {} waits to be validated; {waits}", evidence.domain),
                "ACM gives up after 72 hours, and until then no distribution takes the certificate",
                findings.bootstrap(),
            );
        }
        status @ ("FAILED" | "VALIDATION_TIMED_OUT" | "REVOKED" | "EXPIRED") => {
            let used = evidence
                .distribution
                .as_ref()
                .is_some_and(|distribution| distribution.certificate.as_deref() == Some(certificate.arn.as_str()));
            let reason = certificate.failure.as_deref().map(|code| format!(" ({code})")).unwrap_or_default();
            let seen = format!("a certificate for {} is {status}{reason}", evidence.domain);
            let issued = evidence.certificates.iter().any(|other| other.status == "ISSUED");
            let hurts = "it can never be used; a new one must be asked for";
            if used || !issued {
                findings.problem(AREA, "certificate-failed", seen, hurts, findings.bootstrap());
            } else {
                findings.advice(
                    AREA,
                    "certificate-failed",
                    seen,
                    "it is of no use beside the one that is issued",
                    "delete it in the ACM console".to_owned(),
                );
            }
        }
        _ => {}
    }
}

/// Which of a certificate's validation records nobody can see, and why.
fn what_it_waits_for(evidence: &Evidence, certificate: &Certificate) -> String {
    if !evidence.was_checked("public DNS") {
        return "public DNS could not be asked for its validation records".to_owned();
    }
    let is_public = |name: &&str| evidence.proofs.iter().any(|proof| proof.eq_ignore_ascii_case(name));
    let in_zone = |name: &&str| evidence.records.iter().any(|known| known.record.name.eq_ignore_ascii_case(name));
    let records = certificate.validations.iter().filter_map(|validation| validation.record.as_ref());
    let unseen: Vec<&str> = records.map(|(name, _)| name.as_str()).filter(|name| !is_public(name)).collect();
    if unseen.is_empty() {
        return "its validation records are public, so ACM has only to look".to_owned();
    }
    let hidden: Vec<&str> = unseen.iter().copied().filter(in_zone).collect();
    if hidden.len() == unseen.len() {
        return "its validation records are in the hosted zone, which public DNS does not reach, or not yet".to_owned();
    }
    format!("public DNS lacks its validation records {}", unseen.join(", "))
}
