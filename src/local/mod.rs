//! An AWS account in a folder: S3 and CloudFront over loopback HTTP, and an edge that serves.

mod account;
mod acm;
mod blobs;
mod cloudfront;
mod columns;
mod db;
mod dns;
pub mod edge;
mod iam;
pub mod model;
mod query;
mod refusal;
mod resources;
mod route53;
mod s3;
mod server;
mod sts;
mod xml;

use jiff::Timestamp;

use crate::setup::observed::{AccessControl, Distribution};

pub use account::Account;
pub use acm::Certificate;
pub use dns::DnsServer;
pub use server::{ACCESS_KEY_ID, ApiServer, REGION, SECRET_ACCESS_KEY};

/// The number of every local account.
pub const ACCOUNT_NUMBER: &str = "000000000000";

/// Why a piece of work on the account failed; each protocol answers it in its own words.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// S3 refuses.
    #[error("{}: {}", .0.code().as_str(), .0.message().unwrap_or("no message"))]
    S3(#[from] s3s::S3Error),
    /// A service refuses.
    #[error(transparent)]
    Refused(#[from] refusal::Refusal),
    /// The index failed.
    #[error("the account's index failed: {0}")]
    Index(#[from] rusqlite::Error),
    /// A blob could not be read or written.
    #[error("the account's files failed: {0}")]
    Files(#[from] std::io::Error),
    /// The work itself broke off.
    #[error("the work broke off: {0}")]
    Broken(#[from] tokio::task::JoinError),
}

/// Seconds since 1970: S3 tells times to the second.
pub(crate) fn now_seconds() -> i64 {
    Timestamp::now().as_second()
}

/// The time of a row.
pub(crate) fn from_seconds(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap_or_default()
}

/// `length` random letters of `alphabet`.
pub(crate) fn random_id(alphabet: &[u8], length: usize) -> String {
    (0..length).map(|_| char::from(alphabet[fastrand::usize(..alphabet.len())])).collect()
}

impl edge::Origin for Account {
    fn distributions(&self) -> crate::Result<Vec<Distribution>> {
        Account::distributions(self)
    }

    fn object(&self, bucket: &str, key: &str) -> crate::Result<Option<model::StoredObject>> {
        Account::object(self, bucket, key)
    }

    fn bucket(&self, name: &str) -> crate::Result<Option<edge::BucketAccess>> {
        Account::bucket_access(self, name)
    }

    fn access_control(&self, id: &str) -> crate::Result<Option<AccessControl>> {
        Account::access_control(self, id)
    }

    fn function_code(&self, arn: &str) -> crate::Result<Option<String>> {
        Account::function_code(self, arn)
    }

    fn invalidations_after(&self, distribution_id: &str, sequence: u64) -> crate::Result<Vec<edge::InvalidationSeen>> {
        let seen = Account::invalidations_after(self, distribution_id, sequence)?.into_iter();
        Ok(seen.map(|one| edge::InvalidationSeen { sequence: one.sequence, paths: one.paths }).collect())
    }
}
