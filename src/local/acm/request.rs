//! RequestCertificate: what ACM checks, and what it makes.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use rusqlite::Transaction;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Fault, Refusal, certificate::Certificate, invalid, refusal};

/// How many names a certificate may have before AWS raises the quota (User Guide, "Quotas").
const MAX_NAMES: usize = 10;

/// The longest domain name, the common name of the certificate, and the longest other one (API reference,
/// RequestCertificate).
const MAX_DOMAIN: usize = 64;
const MAX_NAME: usize = 253;

/// How long a token names the same request (same page).
const TOKEN_MILLISECONDS: i64 = 3_600_000;

/// The most tags of a certificate (User Guide, "Tag restrictions").
const MAX_TAGS: usize = 50;

/// The pattern of a domain name, as ACM's errors tell it.
const DOMAIN_PATTERN: &str = "Member must satisfy regular expression pattern: \
    (\\*\\.)?(((?!-)[A-Za-z0-9-]{0,62}[A-Za-z0-9])\\.)+((?!-)[A-Za-z0-9-]{1,62}[A-Za-z0-9])";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RequestCertificate {
    #[serde(default)]
    domain_name: String,
    #[serde(default)]
    subject_alternative_names: Vec<String>,
    validation_method: Option<String>,
    idempotency_token: Option<String>,
    #[serde(default)]
    domain_validation_options: Vec<DomainValidationOption>,
    key_algorithm: Option<String>,
    certificate_authority_arn: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DomainValidationOption {
    domain_name: String,
    validation_domain: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tag {
    #[serde(default)]
    key: String,
    #[serde(default)]
    value: Option<String>,
}

/// RequestCertificate.
pub(super) fn request(
    tx: &Transaction<'_>,
    region: &str,
    request: &RequestCertificate,
    delay: Duration,
) -> Result<Value, Fault> {
    let names = names(request)?;
    check_validation(request, &names)?;
    let now = Timestamp::now().as_millisecond();
    if let Some(token) = &request.idempotency_token {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if !(1..=32).contains(&token.len()) || !token.bytes().all(is_word) {
            let constraint = "Member must have length from 1 to 32 and satisfy regular expression pattern: \\w+";
            return Err(invalid("idempotencyToken", token, constraint).into());
        }
        let is_same = |other: &Certificate| {
            other.region == region && other.token.as_ref() == Some(token) && now - other.requested < TOKEN_MILLISECONDS
        };
        if let Some(earlier) = Certificate::all(tx)?.into_iter().find(is_same) {
            return Ok(json!({"CertificateArn": earlier.arn}));
        }
    }
    let mut certificate = Certificate::pending(&names).in_region(region);
    certificate.requested = now;
    certificate.delay = i64::try_from(delay.as_millis()).unwrap_or(i64::MAX);
    certificate.token.clone_from(&request.idempotency_token);
    // E-mail is what ACM takes when nobody says (API reference, RequestCertificate).
    certificate.method = request.validation_method.clone().unwrap_or_else(|| "EMAIL".to_owned());
    if let Some(key) = &request.key_algorithm {
        certificate.key_algorithm.clone_from(key);
    }
    add_tags(&mut certificate.tags, &request.tags)?;
    certificate.keep(tx)?;
    Ok(json!({"CertificateArn": certificate.arn}))
}

/// The names, the domain name first, each once.
fn names(request: &RequestCertificate) -> Result<Vec<String>, Refusal> {
    check_name("domainName", &request.domain_name)?;
    if request.domain_name.len() > MAX_DOMAIN {
        return Err(refusal(
            "InvalidDomainValidationOptionsException",
            format!("The first domain name can be no longer than {MAX_DOMAIN} characters."),
        ));
    }
    let mut names = vec![request.domain_name.to_ascii_lowercase()];
    for name in &request.subject_alternative_names {
        check_name("subjectAlternativeNames", name)?;
        let name = name.to_ascii_lowercase();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.len() > MAX_NAMES {
        let message = format!(
            "Your request exceeds the number of domain names per certificate: {} names, where {MAX_NAMES} are allowed.",
            names.len()
        );
        return Err(refusal("LimitExceededException", message));
    }
    Ok(names)
}

fn check_name(member: &str, name: &str) -> Result<(), Refusal> {
    let plain = name.strip_prefix("*.").unwrap_or(name);
    let labels: Vec<_> = plain.split('.').collect();
    let is_label = |label: &&str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let top_is_long_enough = labels.last().is_some_and(|label| label.len() > 1);
    if labels.len() < 2 || name.len() > MAX_NAME || !labels.iter().all(is_label) || !top_is_long_enough {
        return Err(invalid(member, name, DOMAIN_PATTERN));
    }
    Ok(())
}

fn check_validation(request: &RequestCertificate, names: &[String]) -> Result<(), Refusal> {
    if request.certificate_authority_arn.is_some() {
        return Err(refusal("InvalidArnException", "a local account has no private certificate authority"));
    }
    match request.validation_method.as_deref() {
        None | Some("DNS" | "EMAIL") => {}
        Some("HTTP") => {
            let message = "HTTP validation is for certificates that CloudFront manages.";
            return Err(refusal("InvalidParameterException", message));
        }
        Some(other) => {
            let constraint = "Member must satisfy enum value set: [DNS, EMAIL, HTTP]";
            return Err(invalid("validationMethod", other, constraint));
        }
    }
    if let Some(key) = request.key_algorithm.as_deref()
        && !matches!(key, "RSA_2048" | "EC_prime256v1" | "EC_secp384r1")
    {
        // The other algorithms are for imported and private certificates (User Guide, "Key algorithms").
        let message = format!("{key} is not a key algorithm of public certificates.");
        return Err(refusal("InvalidParameterException", message));
    }
    for option in &request.domain_validation_options {
        let (name, base) = (option.domain_name.to_ascii_lowercase(), option.validation_domain.to_ascii_lowercase());
        let is_above = name.strip_suffix(&base).is_some_and(|front| front.is_empty() || front.ends_with('.'));
        if !names.contains(&name) || !is_above {
            let message = format!("The validation domain {base} is none of {name}, or that is not requested.");
            return Err(refusal("InvalidDomainValidationOptionsException", message));
        }
    }
    Ok(())
}

/// Adds tags to what there are, within the limits.
pub(super) fn add_tags(tags: &mut BTreeMap<String, String>, added: &[Tag]) -> Result<(), Refusal> {
    for tag in added {
        let value = tag.value.clone().unwrap_or_default();
        if !(1..=128).contains(&tag.key.chars().count()) || value.chars().count() > 256 {
            let constraint = "Member must have a key of 1 to 128 and a value of at most 256 characters";
            return Err(invalid("tags", &tag.key, constraint));
        }
        if tag.key.starts_with("aws:") {
            return Err(refusal("InvalidTagException", "aws: prefixed tag key names are not allowed."));
        }
        tags.insert(tag.key.clone(), value);
    }
    if tags.len() > MAX_TAGS {
        return Err(refusal("TooManyTagsException", format!("A certificate has at most {MAX_TAGS} tags.")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_label_by_label() {
        let long = format!("{}.example.com", "a".repeat(64));
        for name in ["example.com", "*.example.com", "a-b.c1.example.com", "xn--caf-dma.example.com"] {
            assert!(check_name("domainName", name).is_ok(), "{name}");
        }
        let bad = [
            "",
            "com",
            "*.com.",
            "-a.example.com",
            "a-.example.com",
            "a_b.example.com",
            "*.*.example.com",
            "x.y",
            &long,
        ];
        for name in bad {
            assert!(check_name("domainName", name).is_err(), "{name}");
        }
    }
}
