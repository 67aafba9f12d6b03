//! Names that S3 takes: of buckets, and of the regions they are in.

use std::net::Ipv4Addr;

use s3s::{S3Error, S3ErrorCode, S3Result};

/// What names must not begin and end with: AWS keeps them for itself.
const RESERVED_PREFIXES: [&str; 3] = ["xn--", "sthree-", "amzn-s3-demo-"];
const RESERVED_SUFFIXES: [&str; 5] = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];

/// AWS's commercial regions (AWS Regions and Availability Zones, "AWS Regions").
const REGIONS: [&str; 34] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// Whether a bucket may have this name (S3 User Guide, "General purpose bucket naming rules").
pub(crate) fn is_bucket_name(name: &str) -> bool {
    let is_end = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
    (3..=63).contains(&name.len())
        && name.bytes().all(is_inner)
        && is_end(name.as_bytes().first())
        && is_end(name.as_bytes().last())
        && !name.contains("..")
        && name.parse::<Ipv4Addr>().is_err()
        && !RESERVED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        && !RESERVED_SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
}

/// The region that a location constraint names; `EU` is the old name of Ireland's.
///
/// # Errors
/// `InvalidLocationConstraint`.
pub(crate) fn region_of_constraint(constraint: &str) -> S3Result<&'static str> {
    let region = if constraint == "EU" { "eu-west-1" } else { constraint };
    REGIONS.into_iter().find(|known| *known == region).ok_or_else(invalid_location)
}

/// `InvalidLocationConstraint`.
pub(crate) fn invalid_location() -> S3Error {
    S3Error::with_message(S3ErrorCode::InvalidLocationConstraint, "The specified location-constraint is not valid")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_buckets_are_as_s3_wants_them() {
        let (short, long) = ("a".repeat(3), "a".repeat(63));
        for name in [&short, &long, "cruddur.com", "a-b.c-1", "1st", "192.168.1", "xn-a"] {
            assert!(is_bucket_name(name), "{name}");
        }
        let (shorter, longer) = ("a".repeat(2), "a".repeat(64));
        let refused = [
            "",
            &shorter,
            &longer,
            "Bucket",
            "a_b",
            "-ab",
            "ab-",
            ".ab",
            "ab.",
            "a..b",
            "192.168.1.1",
            "xn--ab",
            "sthree-a",
            "amzn-s3-demo-a",
            "a-s3alias",
            "a--ol-s3",
            "a.mrap",
            "a--x-s3",
            "a--table-s3",
            "bücket",
            "a b",
        ];
        for name in refused {
            assert!(!is_bucket_name(name), "{name}");
        }
    }

    #[test]
    fn a_constraint_names_a_region_there_is() {
        assert_eq!(region_of_constraint("eu-west-1").unwrap(), "eu-west-1");
        assert_eq!(region_of_constraint("EU").unwrap(), "eu-west-1");
        for constraint in ["", "mars-north-1", "EU-WEST-1", "eu-west-9"] {
            let refused = region_of_constraint(constraint).unwrap_err();
            assert_eq!(refused.code(), &S3ErrorCode::InvalidLocationConstraint, "{constraint}");
        }
    }
}
