//! What the local account keeps, as plain values.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::site::Headers;

/// The bucket that an origin's domain name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketEndpoint {
    /// The bucket's name.
    pub bucket: String,
    /// Its region, where the name tells.
    pub region: Option<String>,
    /// Whether it is the bucket's website endpoint and not the REST one.
    pub website: bool,
}

impl BucketEndpoint {
    /// Reads an origin's domain name; `None` when it is not S3's (S3 User Guide, "Methods for accessing a bucket" and
    /// "Website endpoints").
    pub fn parse(domain: &str) -> Option<Self> {
        let host = domain.strip_suffix(".amazonaws.com").or_else(|| domain.strip_suffix(".amazonaws.com.cn"))?;
        let endpoint = |bucket: &str, region: &str, website| {
            let region = (!region.is_empty()).then(|| region.to_owned());
            (!bucket.is_empty()).then(|| Self { bucket: bucket.to_owned(), region, website })
        };
        for marker in [".s3-website-", ".s3-website."] {
            if let Some((bucket, region)) = host.rsplit_once(marker) {
                return endpoint(bucket, region, true);
            }
        }
        if let Some(bucket) = host.strip_suffix(".s3") {
            return endpoint(bucket, "", false);
        }
        [".s3.dualstack.", ".s3.", ".s3-"]
            .into_iter()
            .find_map(|marker| host.rsplit_once(marker))
            .and_then(|(bucket, region)| endpoint(bucket, region, false))
    }
}

/// A certificate as the account's ACM keeps it, one document of the kind `acm/certificate` under its ARN.
///
/// CloudFront reads the first four fields; the others are ACM's own, and absent where nobody asked for them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StoredCertificate {
    /// Its ARN.
    pub arn: String,
    /// Its region.
    pub region: String,
    /// `ISSUED`, `PENDING_VALIDATION`, `FAILED`, ...
    pub status: String,
    /// Every name it covers, its domain name first; wildcards as `*.example.com`.
    pub names: Vec<String>,
    /// Everything else that ACM tells of it.
    #[serde(flatten)]
    pub more: serde_json::Map<String, serde_json::Value>,
}

impl StoredCertificate {
    /// The kind of its document.
    pub const KIND: &str = "acm/certificate";

    /// Whether it covers `name`: by itself, or by a wildcard for its first label (RFC 6125, section 6.4.3). An alternate
    /// domain name that is a wildcard is covered by the same wildcard only.
    pub fn covers(&self, name: &str) -> bool {
        let parent = name.split_once('.').filter(|(first, _)| *first != "*").map(|(_, parent)| parent);
        self.names.iter().any(|own| {
            let wildcard = own.strip_prefix("*.").zip(parent);
            own.eq_ignore_ascii_case(name) || wildcard.is_some_and(|(own, name)| own.eq_ignore_ascii_case(name))
        })
    }
}

/// An object as the origin answers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredObject {
    /// Its headers.
    pub headers: Headers,
    /// Its entity tag with the quotes.
    pub etag: String,
    /// When this version was written.
    pub last_modified: Timestamp,
    /// Its length in bytes.
    pub size: u64,
    /// The file with its bytes; content-addressed, so it never changes.
    pub path: std::path::PathBuf,
}

/// Whether an invalidation has reached every edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidationStatus {
    /// Some edge may still answer what it kept.
    InProgress,
    /// No edge does.
    Completed,
}

/// An invalidation of a distribution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalidation {
    /// Its place among all invalidations of the account: higher is later.
    pub sequence: u64,
    /// `I` and 13 capital letters and digits.
    pub id: String,
    /// What the client calls it: the same reference again is the same invalidation.
    pub caller_reference: String,
    /// The paths, percent-encoded, each with a leading `/`; a `*` at the end stands for any rest.
    pub paths: Vec<String>,
    /// When it was asked for.
    pub created: Timestamp,
    /// How far it is, at the time of reading.
    pub status: InvalidationStatus,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bucket_endpoints_are_told_from_other_hosts() {
        let rest = |bucket: &str, region: Option<&str>| Some((bucket.to_owned(), region.map(str::to_owned), false));
        let table = [
            ("cruddur.com.s3.eu-west-1.amazonaws.com", rest("cruddur.com", Some("eu-west-1"))),
            ("b.s3.amazonaws.com", rest("b", None)),
            ("b.s3-us-west-2.amazonaws.com", rest("b", Some("us-west-2"))),
            ("b.s3.dualstack.us-east-1.amazonaws.com", rest("b", Some("us-east-1"))),
            ("b.s3-website-us-east-1.amazonaws.com", Some(("b".into(), Some("us-east-1".into()), true))),
            ("b.s3-website.eu-central-1.amazonaws.com", Some(("b".into(), Some("eu-central-1".into()), true))),
            ("alb-1.us-east-1.elb.amazonaws.com", None),
            ("example.com", None),
        ];
        for (domain, expected) in table {
            let parsed = BucketEndpoint::parse(domain).map(|found| (found.bucket, found.region, found.website));
            assert_eq!(parsed, expected, "{domain}");
        }
    }

    #[test]
    fn certificates_cover_names_and_one_label_of_a_wildcard() {
        let names = ["cruddur.com".to_owned(), "*.cruddur.com".to_owned(), "*.wild.example".to_owned()];
        let certificate = StoredCertificate { names: names.to_vec(), ..StoredCertificate::default() };
        for covered in ["cruddur.com", "WWW.cruddur.com", "*.cruddur.com", "a.wild.example"] {
            assert!(certificate.covers(covered), "{covered}");
        }
        for uncovered in ["a.b.cruddur.com", "*.a.cruddur.com", "wild.example", "com", "cruddur.org", ""] {
            assert!(!certificate.covers(uncovered), "{uncovered}");
        }
    }
}
