//! Origins (API reference, "Origin", "CustomOriginConfig" and "OriginAccessControlConfig").

use rusqlite::Transaction;

use super::{
    super::{Refusal, access_controls},
    names::is_host_name,
    number,
};
use crate::{
    local::{Fault, xml::Element},
    setup::S3Origin,
};

/// The most origins of a distribution (Developer Guide, "Quotas").
const MOST: usize = 25;

/// The longest origin path (API reference, "Origin").
const LONGEST_PATH: usize = 255;

/// How a legacy origin access identity is named (API reference, "S3OriginConfig").
const IDENTITY: &str = "origin-access-identity/cloudfront/";

/// Checks every origin.
///
/// # Errors
/// `InvalidOrigin`, `InvalidArgument`, `TooManyOrigins`, and those of origin access controls.
pub(super) fn check(tx: &Transaction<'_>, config: &Element) -> Result<(), Fault> {
    let origins = config.items_at("Origins");
    if origins.is_empty() {
        return Err(Refusal::invalid_argument("The parameter Origins must have at least one origin.").into());
    }
    if origins.len() > MOST {
        return Err(Refusal::bad("TooManyOrigins", "You cannot create more origins for the distribution.").into());
    }
    for (index, origin) in origins.iter().enumerate() {
        let id = origin.text_at("Id");
        if id.is_empty() || origins[..index].iter().any(|earlier| earlier.text_at("Id") == id) {
            return Err(Refusal::invalid_argument("The Id of an origin must be there and unique.").into());
        }
        check_place(origin)?;
        check_kind(origin)?;
        check_access(tx, origin)?;
    }
    Ok(())
}

fn check_place(origin: &Element) -> Result<(), Refusal> {
    let (domain, path) = (origin.text_at("DomainName"), origin.text_at("OriginPath"));
    let is_address = domain.split('.').all(|part| part.parse::<u8>().is_ok());
    if !is_host_name(domain) || is_address {
        return Err(Refusal::invalid_argument("The parameter origin name must be a domain name."));
    }
    if !path.is_empty() && (!path.starts_with('/') || path.ends_with('/') || path.len() > LONGEST_PATH) {
        return Err(Refusal::invalid_argument(
            "The parameter OriginPath must be empty, or begin with a slash (/) and not end with one.",
        ));
    }
    let within = |name: &str, range: std::ops::RangeInclusive<i64>| {
        number(origin, name).is_none_or(|value| range.contains(&value))
    };
    if !within("ConnectionAttempts", 1..=3) || !within("ConnectionTimeout", 1..=10) {
        return Err(Refusal::invalid_argument("ConnectionAttempts must be 1 to 3, ConnectionTimeout 1 to 10."));
    }
    Ok(())
}

fn check_kind(origin: &Element) -> Result<(), Refusal> {
    let kinds = ["S3OriginConfig", "CustomOriginConfig", "VpcOriginConfig"].map(|name| origin.at(name));
    let [bucket, custom, _] = kinds;
    if kinds.into_iter().flatten().count() != 1 {
        return Err(Refusal::bad(
            "InvalidOrigin",
            "The Amazon S3 origin server specified does not refer to a valid Amazon S3 bucket.",
        ));
    }
    if let Some(bucket) = bucket {
        let endpoint = S3Origin::parse(origin.text_at("DomainName"), "");
        if endpoint.is_none_or(|endpoint| endpoint.website) {
            return Err(Refusal::invalid_argument(
                "The parameter Origin DomainName does not refer to a valid S3 bucket.",
            ));
        }
        let identity = bucket.text_at("OriginAccessIdentity");
        if !identity.is_empty() && !identity.starts_with(IDENTITY) {
            return Err(Refusal::bad(
                "InvalidOriginAccessIdentity",
                "The origin access identity is not valid or doesn't exist.",
            ));
        }
    }
    custom.map_or(Ok(()), check_custom)
}

fn check_custom(custom: &Element) -> Result<(), Refusal> {
    let is_port = |name: &str| number(custom, name).is_some_and(|port| matches!(port, 80 | 443 | 1024..=65535));
    if !is_port("HTTPPort") || !is_port("HTTPSPort") {
        return Err(Refusal::invalid_argument("A port of an origin must be 80, 443, or between 1024 and 65535."));
    }
    let in_time = |name: &str| number(custom, name).is_none_or(|seconds| (1..=120).contains(&seconds));
    if !in_time("OriginReadTimeout") {
        return Err(Refusal::bad(
            "InvalidOriginReadTimeout",
            "The read timeout specified for the origin is not valid.",
        ));
    }
    if !in_time("OriginKeepaliveTimeout") {
        return Err(Refusal::bad(
            "InvalidOriginKeepaliveTimeout",
            "The keep alive timeout specified for the origin is not valid.",
        ));
    }
    Ok(())
}

fn check_access(tx: &Transaction<'_>, origin: &Element) -> Result<(), Fault> {
    let id = origin.text_at("OriginAccessControlId");
    if id.is_empty() {
        return Ok(());
    }
    let control = access_controls::find(tx, id)?
        .ok_or_else(|| Refusal::bad("InvalidOriginAccessControl", "The origin access control is not valid."))?;
    if !origin.text_at("S3OriginConfig/OriginAccessIdentity").is_empty() {
        return Err(illegal(
            "An origin cannot contain both an origin access control (OAC) and an origin access identity \
                            (OAI).",
        )
        .into());
    }
    if (control.origin_type == "s3") != origin.at("S3OriginConfig").is_some() {
        return Err(illegal("Illegal configuration: The origin type and OAC origin type differ.").into());
    }
    let suffix = match control.origin_type.as_str() {
        "lambda" => ".on.aws",
        "mediastore" | "mediapackagev2" => ".amazonaws.com",
        _ => "",
    };
    if !origin.text_at("DomainName").ends_with(suffix) {
        return Err(Refusal::bad(
            "InvalidDomainNameForOriginAccessControl",
            "An origin access control is associated with an origin whose domain name is not supported.",
        )
        .into());
    }
    Ok(())
}

fn illegal(message: &str) -> Refusal {
    Refusal::bad("IllegalOriginAccessConfiguration", message)
}
