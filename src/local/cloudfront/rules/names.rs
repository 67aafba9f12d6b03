//! Alternate domain names and the certificate that proves them (Developer Guide, "Use custom URLs by adding alternate
//! domain names" and "Requirements for using SSL/TLS certificates with CloudFront").

use rusqlite::Transaction;

use super::super::Refusal;
use crate::{
    local::{Fault, acm, xml::Element},
    setup::site::CERTIFICATE_REGION,
};

/// The most alternate domain names of a distribution (Developer Guide, "Quotas").
const MOST_NAMES: usize = 100;

/// Checks names and certificate.
///
/// # Errors
/// `InvalidArgument`, `TooManyDistributionCNAMEs`, `InvalidViewerCertificate`, `InvalidMinimumProtocolVersion`.
pub(super) fn check(tx: &Transaction<'_>, config: &Element) -> Result<(), Fault> {
    let names = config.texts_at("Aliases");
    check_names(&names)?;
    let certificate = config.at("ViewerCertificate");
    let text = |name: &str| certificate.map(|certificate| certificate.text_at(name)).unwrap_or_default();
    let (arn, iam) = (text("ACMCertificateArn"), text("IAMCertificateId"));
    if arn.is_empty() && iam.is_empty() {
        let unproven = "To add an alternate domain name (CNAME) to a CloudFront distribution, you must attach a trusted \
                        certificate that validates your authorization to use the domain name.";
        return if names.is_empty() { Ok(()) } else { Err(invalid(unproven).into()) };
    }
    if !arn.is_empty() && !iam.is_empty() {
        return Err(invalid("Only one certificate may be specified.").into());
    }
    check_protocol(text("SSLSupportMethod"), text("MinimumProtocolVersion"))?;
    let found = acm::all_current(tx)?.into_iter().find(|certificate| certificate.arn == arn);
    let usable = found.filter(|found| found.region == CERTIFICATE_REGION && found.status == "ISSUED");
    let found = usable.ok_or_else(|| {
        invalid(
            "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or doesn't include a \
             valid certificate chain.",
        )
    })?;
    if names.iter().all(|name| found.covers(name)) {
        return Ok(());
    }
    Err(invalid(
        "The certificate that is attached to your distribution doesn't cover the alternate domain name (CNAME) that \
         you're trying to add.",
    )
    .into())
}

fn check_names(names: &[String]) -> Result<(), Refusal> {
    if names.len() > MOST_NAMES {
        return Err(Refusal::bad(
            "TooManyDistributionCNAMEs",
            "Your request contains more CNAMEs than are allowed per distribution.",
        ));
    }
    for (index, name) in names.iter().enumerate() {
        let again = names[..index].iter().any(|earlier| earlier.eq_ignore_ascii_case(name));
        if again || !is_host_name(name.strip_prefix("*.").unwrap_or(name)) {
            return Err(Refusal::invalid_argument(format!(
                "The parameter CNAME contains one or more parameters that are not valid: {name}"
            )));
        }
    }
    Ok(())
}

/// Two labels at least, each of letters, digits, hyphens and underscores.
pub(super) fn is_host_name(name: &str) -> bool {
    let is_label = |label: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (1..=63).contains(&label.len()) && label.bytes().all(allowed)
    };
    name.len() <= 253 && name.contains('.') && name.split('.').all(is_label)
}

/// With a certificate of one's own, both must be said (API reference, "ViewerCertificate").
fn check_protocol(support: &str, minimum: &str) -> Result<(), Refusal> {
    if support.is_empty() {
        return Err(invalid("SSLSupportMethod is required with a certificate of ACM or IAM."));
    }
    if support == "sni-only" && minimum == "SSLv3" {
        return Err(Refusal::bad(
            "InvalidMinimumProtocolVersion",
            "The minimum protocol version specified is not valid for sni-only.",
        ));
    }
    Ok(())
}

fn invalid(message: &str) -> Refusal {
    Refusal::bad("InvalidViewerCertificate", message)
}
