//! What the local account keeps, as plain values.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{routing::Routing, site::Headers};

/// A distribution of the local account: the part of CloudFront's `DistributionConfig` that its edge obeys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Distribution {
    /// `E` and 13 capital letters and digits.
    pub id: String,
    /// `NAME.cloudfront.net`.
    pub domain_name: String,
    /// Alternate domain names.
    pub aliases: Vec<String>,
    /// The object served for `/`, without a leading `/`.
    pub default_root_object: Option<String>,
    /// The bucket it reads.
    pub origin: Origin,
    /// Custom error responses.
    pub error_responses: Vec<ErrorResponse>,
    /// The viewer-request function of the default behavior, by what it does.
    pub router: Option<Routing>,
    /// Whether the edge compresses (cache behavior `Compress`).
    pub compress: bool,
    /// When the configuration last changed.
    pub last_modified: Timestamp,
}

/// An S3 REST origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The bucket's name.
    pub bucket: String,
    /// The bucket's region.
    pub region: String,
    /// The origin path: empty, or with a leading and without a trailing `/`.
    pub path: String,
}

impl Origin {
    /// `BUCKET.s3.REGION.amazonaws.com`, as CloudFront wants a REST origin (Developer Guide, "Use an S3 origin").
    pub fn domain_name(&self) -> String {
        format!("{}.s3.{}.amazonaws.com", self.bucket, self.region)
    }
}

/// One custom error response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorResponse {
    /// The status the origin answered.
    pub error_code: u16,
    /// The page served instead, with a leading `/`.
    pub response_page_path: Option<String>,
    /// The status the viewer gets.
    pub response_code: Option<u16>,
    /// Seconds the edge keeps the error.
    pub caching_min_ttl: u64,
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

/// What a new distribution is made of; the account adds id, domain name and dates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDistribution {
    /// Alternate domain names; no two distributions share one.
    pub aliases: Vec<String>,
    /// The object served for `/`, without a leading `/`.
    pub default_root_object: Option<String>,
    /// The bucket it reads.
    pub origin: Origin,
    /// Custom error responses.
    pub error_responses: Vec<ErrorResponse>,
    /// The viewer-request function of the default behavior, by what it does.
    pub router: Option<Routing>,
    /// Whether the edge compresses.
    pub compress: bool,
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
