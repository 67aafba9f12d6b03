//! How objects are encrypted, which shows in what S3 answers; the local account's files are as they are.

use rusqlite::Transaction;
use s3s::{S3Result, dto::ServerSideEncryption, dto::ServerSideEncryptionRule, s3_error};
use serde::{Deserialize, Serialize};

use crate::local::{ACCOUNT_NUMBER, random_id, resources};

use super::{
    configuration::{self, default_encryption},
    versions::Bucket,
};

/// The account's own key for S3, `aws/s3`.
const DEFAULT_KEY: &str = "00000000-0000-0000-0000-000000000000";

/// How an object is encrypted, or asked to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Encryption {
    /// `AES256`, `aws:kms` or `aws:kms:dsse`.
    pub(crate) algorithm: String,
    /// The key of KMS.
    pub(crate) key: Option<String>,
    /// Whether a bucket key saves requests to KMS.
    pub(crate) bucket_key: bool,
}

impl Default for Encryption {
    /// By S3's own keys.
    fn default() -> Self {
        Self { algorithm: ServerSideEncryption::AES256.to_owned(), key: None, bucket_key: false }
    }
}

impl Encryption {
    /// What a request asks for itself.
    pub(crate) fn asked(
        algorithm: Option<ServerSideEncryption>,
        key: Option<String>,
        bucket_key: Option<bool>,
    ) -> S3Result<Option<Self>> {
        let Some(algorithm) = algorithm else { return Ok(None) };
        match (algorithm.as_str(), &key) {
            (ServerSideEncryption::AWS_KMS | ServerSideEncryption::AWS_KMS_DSSE, _)
            | (ServerSideEncryption::AES256, None) => {}
            (ServerSideEncryption::AES256, Some(_)) => {
                return Err(s3_error!(
                    InvalidArgument,
                    "Server Side Encryption with AWS KMS managed key requires HTTP header \
                     x-amz-server-side-encryption : aws:kms"
                ));
            }
            _ => {
                return Err(s3_error!(
                    InvalidEncryptionAlgorithmError,
                    "The encryption request you specified is not valid. The valid value is AES256."
                ));
            }
        }
        let bucket_key = bucket_key.unwrap_or_default();
        Ok(Some(Self { algorithm: algorithm.as_str().to_owned(), key, bucket_key }))
    }

    /// What an object gets: what its request asked for, or the bucket's default. Keys are told by their ARNs.
    pub(crate) fn of(tx: &Transaction<'_>, bucket: &Bucket, asked: Option<&Self>) -> rusqlite::Result<Self> {
        let mut found = match asked {
            Some(asked) => asked.clone(),
            None => Self::default_of(tx, bucket)?,
        };
        if found.is_kms() {
            let key = found.key.as_deref().unwrap_or(DEFAULT_KEY);
            if !key.starts_with("arn:") {
                let kind = if key.starts_with("alias/") { "" } else { "key/" };
                found.key = Some(format!("arn:aws:kms:{}:{ACCOUNT_NUMBER}:{kind}{key}", bucket.region));
            }
        }
        Ok(found)
    }

    fn default_of(tx: &Transaction<'_>, bucket: &Bucket) -> rusqlite::Result<Self> {
        let rule: Option<ServerSideEncryptionRule> = resources::get(tx, configuration::ENCRYPTION, &bucket.name)?;
        let rule = rule.unwrap_or_else(default_encryption);
        let Some(by_default) = rule.apply_server_side_encryption_by_default else { return Ok(Self::default()) };
        Ok(Self {
            algorithm: by_default.sse_algorithm.as_str().to_owned(),
            key: by_default.kms_master_key_id,
            bucket_key: rule.bucket_key_enabled.unwrap_or_default(),
        })
    }

    /// Whether a key of KMS encrypts.
    pub(crate) fn is_kms(&self) -> bool {
        self.algorithm != ServerSideEncryption::AES256
    }

    /// The entity tag of bytes with this MD5: with a key of KMS it tells nothing of them (API reference, "Object").
    pub(crate) fn entity_tag(&self, md5: &[u8]) -> String {
        if self.is_kms() { random_id(b"0123456789abcdef", 32) } else { hex::encode(md5) }
    }
}

/// What a request asks for; the same fields stand in several inputs.
macro_rules! asked_encryption {
    ($input:expr) => {
        $crate::local::s3::encryption::Encryption::asked(
            $input.server_side_encryption.take(),
            $input.ssekms_key_id.take(),
            $input.bucket_key_enabled,
        )
    };
}
pub(crate) use asked_encryption;

/// Tells an object's encryption; the same fields stand in all outputs.
macro_rules! set_encryption {
    ($output:expr, $encryption:expr) => {{
        let encryption: &$crate::local::s3::encryption::Encryption = $encryption;
        $output.server_side_encryption = Some(s3s::dto::ServerSideEncryption::from(encryption.algorithm.clone()));
        $output.ssekms_key_id = encryption.key.clone();
        $output.bucket_key_enabled = encryption.is_kms().then_some(encryption.bucket_key);
    }};
}
pub(crate) use set_encryption;
