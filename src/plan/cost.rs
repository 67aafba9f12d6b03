//! What a publish costs, in requests and dollars.

use serde::Serialize;

/// Requests of one publish, by the way S3 and CloudFront bill them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Requests {
    /// PUT, COPY, POST and LIST requests: S3 bills them alike.
    pub writes_and_lists: u64,
    /// GET and HEAD requests.
    pub reads: u64,
    /// Invalidation paths; a wildcard is one.
    pub invalidation_paths: u64,
}

/// Invalidation paths free each month, per account (CloudFront pricing, "Invalidation requests").
pub const FREE_PATHS: u64 = 1_000;

impl Requests {
    /// S3's part in US dollars: $0.005 per 1,000 writes and lists, $0.0004 per 1,000 reads (S3 pricing, Standard,
    /// us-east-1).
    pub fn s3_dollars(&self) -> f64 {
        self.writes_and_lists as f64 * 0.005 / 1000.0 + self.reads as f64 * 0.0004 / 1000.0
    }

    /// What the invalidation costs in US dollars once the month's free paths are used up: $0.005 a path.
    pub fn invalidation_dollars(&self) -> f64 {
        self.invalidation_paths as f64 * 0.005
    }
}
