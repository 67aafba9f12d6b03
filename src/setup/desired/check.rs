//! Wishes that cannot be granted, and why, in words.

use super::Names;
use crate::{
    config::{BucketName, Region},
    error::{Error, ErrorKind, Result},
    setup::{
        Request, S3Origin,
        observed::{Bucket, Distribution},
        region,
        request::Api,
        site::Account,
    },
};

fn refuse<T>(what: impl Into<String>, next: impl Into<String>) -> Result<T> {
    Err(Error::new(ErrorKind::Input, what, next))
}

/// CloudFront in China has its own rules (no ACM, an ICP licence), and GovCloud has no CloudFront.
pub(super) fn partition(account: &Account) -> Result<()> {
    if account.partition == "aws" {
        return Ok(());
    }
    refuse(
        format!(
            "the account {} is in the partition {}, where CloudFront works otherwise or not at all",
            account.id, account.partition
        ),
        "use an account of the commercial regions: is this the right --profile?",
    )
}

/// Names that are asked for twice.
pub(super) fn duplicates(request: &Request) -> Result<()> {
    for (index, alias) in request.aliases.iter().enumerate() {
        if *alias == request.domain {
            return refuse(
                format!("--alias {alias} is the site's domain itself"),
                "leave that --alias away: the domain always serves the site",
            );
        }
        if request.aliases[..index].contains(alias) {
            return refuse(format!("--alias {alias} is given twice"), "give it once");
        }
    }
    Ok(())
}

/// The region of the bucket that exists, or the one that is asked for, or `default`.
pub(super) fn region(request: &Request, bucket: Option<&Bucket>, default: &Region) -> Result<Region> {
    if let Some(bucket) = bucket {
        let here: Region = bucket.region.parse().map_err(super::invalid("the bucket's region"))?;
        return match &request.region {
            Some(wanted) if *wanted != here => refuse(
                format!("the bucket {} is in {here} and cannot move to {wanted}", bucket.name),
                format!("leave --region away, or name another bucket with --bucket to have it in {wanted}"),
            ),
            _ => Ok(here),
        };
    }
    let region = request.region.as_ref().unwrap_or(default);
    region::check(region)?;
    Ok(region.clone())
}

/// S3 User Guide, "General purpose bucket naming rules"; buckets from before those rules are adopted as they are.
pub(super) fn new_bucket(name: &BucketName) -> Result<()> {
    if can_be_made(name.as_str()) {
        return Ok(());
    }
    refuse(
        format!("no bucket can be made with the name {name}"),
        "give --bucket a name of 3 to 63 lower-case letters, digits, dots and dashes, or leave it away",
    )
}

/// Whether S3 takes the name for a new bucket.
pub fn can_be_made(text: &str) -> bool {
    let is_edge = |byte: Option<u8>| byte.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    text.len() <= 63
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-'))
        && is_edge(text.bytes().next())
        && is_edge(text.bytes().next_back())
        && !text.contains("..")
        && !text.split('.').all(|part| part.parse::<u8>().is_ok())
        && !["xn--", "sthree-", "amzn-s3-demo-"].iter().any(|prefix| text.starts_with(prefix))
        && !["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"].iter().any(|suffix| text.ends_with(suffix))
}

/// The key that is asked for, when it can encrypt a bucket of `region` and be named in a policy.
pub(super) fn kms_key(request: &Request, region: &Region) -> Result<Option<String>> {
    const NEXT: &str = "give --kms-key the ARN of the key: arn:aws:kms:REGION:ACCOUNT:key/ID";
    let Some(key) = &request.kms_key else { return Ok(None) };
    let parts: Vec<_> = key.split(':').collect();
    let ["arn", _, "kms", key_region, _, resource] = parts[..] else {
        return refuse(format!("{key:?} is no ARN of a KMS key"), NEXT);
    };
    if !resource.starts_with("key/") {
        return refuse(format!("{key} is the ARN of an alias, which a key policy cannot stand on"), NEXT);
    }
    if key_region != region.as_str() {
        return refuse(
            format!("the KMS key is in {key_region}, and the bucket in {region}"),
            format!("give --kms-key a key of {region}, or make the bucket in {key_region} with --region"),
        );
    }
    Ok(Some(key.clone()))
}

/// Paths that go to other servers (Developer Guide, "Path pattern").
pub(super) fn apis(request: &Request, names: &Names, kept: &[String], existing: Option<&Distribution>) -> Result<()> {
    for (index, Api { path, origin }) in request.apis.iter().enumerate() {
        if !path.starts_with('/') {
            return refuse(format!("--api {path} does not begin with /"), format!("write --api '/{path}={origin}'"));
        }
        if matches!(path.as_str(), "/" | "/*") {
            return refuse(
                format!("--api {path} would take the whole site"),
                "give the path of the API alone, such as --api '/api/*=HOST'",
            );
        }
        let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b"_-.*$/~\"'@:+&?".contains(&b);
        if path.len() > 255 || !path.bytes().all(is_allowed) {
            return refuse(
                format!("--api {path} is no path pattern that CloudFront takes"),
                "write it in at most 255 letters, digits and _ - . * $ / ~ \" ' @ : + & ?",
            );
        }
        if request.apis[..index].iter().any(|other| other.path == *path) {
            return refuse(
                format!("--api {path} is given twice"),
                "give each path once, with the one origin it goes to",
            );
        }
        let is_own = names.all().any(|name| name == origin)
            || kept.iter().any(|alias| alias == origin.as_str())
            || existing.is_some_and(|distribution| distribution.domain_name == origin.as_str());
        if is_own {
            return refuse(
                format!("--api {path}={origin} would send the site's own requests to the site again"),
                "give the host name of the server behind it, such as a load balancer's",
            );
        }
        if S3Origin::parse(origin.as_str(), "").is_some() {
            return refuse(
                format!("--api {path}={origin} names a bucket, which is no API"),
                "publish those files with the site, or give the host name of a server",
            );
        }
    }
    Ok(())
}
