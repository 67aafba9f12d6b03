//! The operations but RequestCertificate, and who is called by what name.

use bytes::Bytes;
use jiff::Timestamp;
use rusqlite::Transaction;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::local::{ACCOUNT_NUMBER, Account, route53::public::PublicDns};

use super::{
    Fault, Refusal,
    certificate::{Certificate, validation_record},
    invalid, issue, refusal,
    request::{self, Tag},
};

/// The most certificates of a page (API reference, ListCertificates).
const MAX_ITEMS: usize = 1000;

/// The key algorithms that are listed when nobody says (API reference, `Filters`).
const DEFAULT_KEYS: [&str; 2] = ["RSA_1024", "RSA_2048"];

/// How many names a summary tells (API reference, `CertificateSummary`).
const MAX_SUMMARY_NAMES: usize = 100;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OfCertificate {
    #[serde(default)]
    certificate_arn: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ChangeTags {
    #[serde(default)]
    certificate_arn: String,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListCertificates {
    #[serde(default)]
    certificate_statuses: Vec<String>,
    #[serde(default)]
    includes: Filters,
    next_token: Option<String>,
    max_items: Option<usize>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Filters {
    #[serde(default)]
    key_types: Vec<String>,
}

/// Does what `X-Amz-Target` names.
pub(super) fn route(account: &Account, region: &str, target: &str, body: &Bytes) -> Result<Value, Fault> {
    let db = account.db();
    match target.strip_prefix("CertificateManager.") {
        Some("RequestCertificate") => {
            let request = parse(body)?;
            db.write(|tx| request::request(tx, region, &request, account.delay()))
        }
        Some("DescribeCertificate") => {
            let request: OfCertificate = parse(body)?;
            db.write(|tx| describe(tx, region, &request.certificate_arn))
        }
        Some("ListCertificates") => {
            let request = parse(body)?;
            db.write(|tx| list(tx, region, &request))
        }
        Some("DeleteCertificate") => {
            let request: OfCertificate = parse(body)?;
            db.write(|tx| delete(tx, region, &request.certificate_arn))
        }
        Some("AddTagsToCertificate") => {
            let request: ChangeTags = parse(body)?;
            db.write(|tx| add_tags(tx, region, &request))
        }
        Some("ListTagsForCertificate") => {
            let request: OfCertificate = parse(body)?;
            db.write(|tx| list_tags(tx, region, &request.certificate_arn))
        }
        _ => {
            let message = format!("a local account does not answer {target}");
            Err(refusal("UnknownOperationException", message).into())
        }
    }
}

fn parse<T: DeserializeOwned>(body: &Bytes) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| refusal("SerializationException", error.to_string()))
}

/// The certificate, in the region that was asked only.
fn existing(tx: &Transaction<'_>, region: &str, arn: &str) -> Result<Certificate, Fault> {
    let prefix = format!("arn:aws:acm:{region}:{ACCOUNT_NUMBER}:certificate/");
    if !arn.starts_with("arn:aws:acm:") {
        let constraint =
            "Member must satisfy regular expression pattern: arn:[\\w+=/,.@-]+:acm:[\\w+=/,.@-]*:[0-9]+:...";
        return Err(invalid("certificateArn", arn, constraint).into());
    }
    if !arn.starts_with(&prefix) {
        let message = format!("The certificate {arn} is not of this account and region ({region}).");
        return Err(refusal("InvalidArnException", message).into());
    }
    issue::settle(tx)?;
    let found = issue::current(tx, arn)?;
    let missing = || refusal("ResourceNotFoundException", format!("Could not find certificate {arn}."));
    Ok(found.ok_or_else(missing)?)
}

/// The ARNs of the distributions that name the certificate anywhere in their configuration.
fn used_by(tx: &Transaction<'_>, arn: &str) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT id FROM distributions WHERE instr(configuration, ?1) > 0 ORDER BY id";
    let mut statement = tx.prepare_cached(sql)?;
    let ids = statement.query_map([arn], |row| row.get::<_, String>(0))?;
    ids.map(|id| Ok(format!("arn:aws:cloudfront::{ACCOUNT_NUMBER}:distribution/{}", id?))).collect()
}

/// Seconds since 1970, as the protocol tells times.
fn seconds(milliseconds: i64) -> Value {
    json!(milliseconds as f64 / 1000.0)
}

/// DescribeCertificate.
fn describe(tx: &Transaction<'_>, region: &str, arn: &str) -> Result<Value, Fault> {
    let certificate = existing(tx, region, arn)?;
    let dns = PublicDns::of(tx)?;
    let validations: Vec<_> = certificate.names.iter().map(|name| validation(&certificate, name, &dns)).collect();
    let mut detail = json!({
        "CertificateArn": certificate.arn,
        "DomainName": certificate.names.first(),
        "SubjectAlternativeNames": certificate.names,
        "Status": certificate.status,
        "Type": certificate.kind,
        "KeyAlgorithm": certificate.key_algorithm,
        "Subject": format!("CN={}", certificate.names.first().map_or("", String::as_str)),
        "Issuer": "Amazon",
        "CreatedAt": seconds(certificate.requested),
        "InUseBy": used_by(tx, arn)?,
        "RenewalEligibility": if certificate.status == "ISSUED" { "ELIGIBLE" } else { "INELIGIBLE" },
        "Options": {"CertificateTransparencyLoggingPreference": "ENABLED"},
    });
    if certificate.kind == "AMAZON_ISSUED" {
        detail["DomainValidationOptions"] = json!(validations);
    }
    if let Some(failure) = &certificate.failure {
        detail["FailureReason"] = json!(failure);
    }
    if let Some(issued) = certificate.issued {
        detail["IssuedAt"] = seconds(issued);
        detail["NotBefore"] = seconds(issued);
    }
    if let Some(expires) = certificate.expires {
        detail["NotAfter"] = seconds(expires);
    }
    Ok(json!({"Certificate": detail}))
}

/// `DomainValidation` of one name. The record is made up a while after the certificate was asked for (API reference,
/// DescribeCertificate: "there is a delay of several seconds").
fn validation(certificate: &Certificate, name: &str, dns: &PublicDns) -> Value {
    let status = match certificate.status.as_str() {
        "PENDING_VALIDATION" if issue::name_proved(name, dns).is_some() => "SUCCESS",
        "PENDING_VALIDATION" => "PENDING_VALIDATION",
        "FAILED" | "VALIDATION_TIMED_OUT" => "FAILED",
        _ => "SUCCESS",
    };
    let mut validation = json!({
        "DomainName": name,
        "ValidationDomain": name,
        "ValidationMethod": certificate.method,
        "ValidationStatus": status,
    });
    if certificate.method == "EMAIL" {
        let base = name.strip_prefix("*.").unwrap_or(name);
        let boxes = ["administrator", "hostmaster", "postmaster", "webmaster", "admin"];
        validation["ValidationEmails"] = json!(boxes.map(|name| format!("{name}@{base}")));
    } else if Timestamp::now().as_millisecond() >= certificate.requested.saturating_add(certificate.delay) {
        let (record, value) = validation_record(name);
        validation["ResourceRecord"] = json!({"Name": record, "Type": "CNAME", "Value": value});
    }
    validation
}

/// ListCertificates, by ARN. Without a filter only certificates with short RSA keys are shown.
fn list(tx: &Transaction<'_>, region: &str, request: &ListCertificates) -> Result<Value, Fault> {
    let max_items = request.max_items.unwrap_or(MAX_ITEMS);
    if !(1..=MAX_ITEMS).contains(&max_items) {
        let constraint = "Member must have value from 1 to 1000";
        return Err(invalid("maxItems", &max_items.to_string(), constraint).into());
    }
    issue::settle(tx)?;
    let keys = &request.includes.key_types;
    let is_listed = |certificate: &Certificate| {
        let key = &certificate.key_algorithm;
        certificate.region == region
            && (if keys.is_empty() { DEFAULT_KEYS.contains(&key.as_str()) } else { keys.contains(key) })
            && (request.certificate_statuses.is_empty() || request.certificate_statuses.contains(&certificate.status))
    };
    let mut found: Vec<_> = issue::all_current(tx)?.into_iter().filter(is_listed).collect();
    if let Some(token) = &request.next_token {
        let start = format!("arn:aws:acm:{region}:{ACCOUNT_NUMBER}:certificate/{token}");
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-') {
            return Err(refusal("InvalidArgsException", "The token is not one that was given.").into());
        }
        found.retain(|certificate| certificate.arn >= start);
    }
    let mut document = json!({});
    if let Some(next) = found.get(max_items) {
        document["NextToken"] = json!(next.arn.rsplit('/').next());
        found.truncate(max_items);
    }
    let mut summaries = Vec::new();
    for certificate in &found {
        summaries.push(summary(certificate, !used_by(tx, &certificate.arn)?.is_empty()));
    }
    document["CertificateSummaryList"] = json!(summaries);
    Ok(document)
}

fn summary(certificate: &Certificate, in_use: bool) -> Value {
    let mut summary = json!({
        "CertificateArn": certificate.arn,
        "DomainName": certificate.names.first(),
        "SubjectAlternativeNameSummaries": certificate.names.iter().take(MAX_SUMMARY_NAMES).collect::<Vec<_>>(),
        "HasAdditionalSubjectAlternativeNames": certificate.names.len() > MAX_SUMMARY_NAMES,
        "Status": certificate.status,
        "Type": certificate.kind,
        "KeyAlgorithm": certificate.key_algorithm,
        "InUse": in_use,
        "CreatedAt": seconds(certificate.requested),
    });
    if let Some(issued) = certificate.issued {
        summary["IssuedAt"] = seconds(issued);
        summary["NotBefore"] = seconds(issued);
    }
    if let Some(expires) = certificate.expires {
        summary["NotAfter"] = seconds(expires);
    }
    summary
}

/// DeleteCertificate.
fn delete(tx: &Transaction<'_>, region: &str, arn: &str) -> Result<Value, Fault> {
    let certificate = existing(tx, region, arn)?;
    refuse_used(tx, arn)?;
    certificate.delete(tx)?;
    Ok(Value::Null)
}

fn refuse_used(tx: &Transaction<'_>, arn: &str) -> Result<(), Fault> {
    if used_by(tx, arn)?.is_empty() {
        return Ok(());
    }
    let message = format!("Certificate {arn} in account {ACCOUNT_NUMBER} is in use.");
    Err(refusal("ResourceInUseException", message).into())
}

/// AddTagsToCertificate.
fn add_tags(tx: &Transaction<'_>, region: &str, request: &ChangeTags) -> Result<Value, Fault> {
    let mut certificate = existing(tx, region, &request.certificate_arn)?;
    if request.tags.is_empty() {
        return Err(invalid("tags", "[]", "Member must have length greater than or equal to 1").into());
    }
    request::add_tags(&mut certificate.tags, &request.tags)?;
    certificate.keep(tx)?;
    Ok(Value::Null)
}

/// ListTagsForCertificate.
fn list_tags(tx: &Transaction<'_>, region: &str, arn: &str) -> Result<Value, Fault> {
    let certificate = existing(tx, region, arn)?;
    let tags: Vec<_> = certificate.tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
    Ok(json!({"Tags": tags}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_that_a_distribution_names_is_in_use() {
        let folder = tempfile::tempdir().unwrap();
        let account = Account::open(folder.path()).unwrap();
        let [used, free] = [Certificate::issued(&["a.example.com"]), Certificate::issued(&["b.example.com"])];
        for certificate in [&used, &free] {
            account.keep_certificate(certificate).unwrap();
        }
        let site = account.ensure_site("a.example.com", None).unwrap();
        let configuration = json!({"certificate": {"arn": used.arn}}).to_string();
        let sql = "UPDATE distributions SET configuration = ?1 WHERE id = ?2";
        account.db().write(|tx| tx.execute(sql, [&configuration, &site.id])).unwrap();

        let read = |arn: &str| account.db().read(|tx| used_by(tx, arn)).unwrap();
        assert_eq!(read(&used.arn), [format!("arn:aws:cloudfront::{ACCOUNT_NUMBER}:distribution/{}", site.id)]);
        assert!(read(&free.arn).is_empty());
        let delete = |arn: &str| account.db().write(|tx| refuse_used(tx, arn)).map_err(|error| error.to_string());
        assert!(delete(&used.arn).unwrap_err().starts_with("ResourceInUseException"));
        assert_eq!(delete(&free.arn), Ok(()));
    }
}
