//! A certificate, as the account keeps it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::Transaction;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{
    local::{ACCOUNT_NUMBER, REGION, random_id, resources},
    setup::wildcard,
};

/// The kind of the documents of certificates; their id is the ARN.
const CERTIFICATE: &str = "acm/certificate";

/// How long ACM's certificates are valid (User Guide, "ACM certificate characteristics and limitations").
const VALID_SECONDS: i64 = 198 * 86_400;

/// A certificate of the local account.
///
/// [`Account::keep_certificate`](crate::local::Account::keep_certificate) writes one as it is, whatever ACM would have
/// made of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// `arn:aws:acm:REGION:ACCOUNT:certificate/UUID`.
    pub arn: String,
    /// Its region.
    pub region: String,
    /// `PENDING_VALIDATION`, `ISSUED`, `FAILED`, ... as it was last written: what holds now follows from the time and from
    /// public DNS.
    pub status: String,
    /// The names it covers; the first is its domain name.
    pub names: Vec<String>,
    /// `RSA_2048` and the like.
    #[serde(default = "default_key")]
    pub key_algorithm: String,
    /// `AMAZON_ISSUED`, `IMPORTED` or `PRIVATE`.
    #[serde(default = "default_kind")]
    pub kind: String,
    /// How it is validated: `DNS` or `EMAIL`.
    #[serde(default = "default_method")]
    pub method: String,
    /// Why it failed: `CAA_ERROR` and the like.
    #[serde(default)]
    pub failure: Option<String>,
    /// When it was asked for, in milliseconds since 1970.
    #[serde(default)]
    pub requested: i64,
    /// How long ACM takes to make up validation records, and again to see them, in milliseconds.
    #[serde(default)]
    pub delay: i64,
    /// When it was issued, in milliseconds since 1970.
    #[serde(default)]
    pub issued: Option<i64>,
    /// When it ends, in milliseconds since 1970.
    #[serde(default)]
    pub expires: Option<i64>,
    /// The token it was asked for with.
    #[serde(default)]
    pub token: Option<String>,
    /// Its tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

fn default_key() -> String {
    "RSA_2048".to_owned()
}

fn default_kind() -> String {
    "AMAZON_ISSUED".to_owned()
}

fn default_method() -> String {
    "DNS".to_owned()
}

impl Certificate {
    /// One that waits for its validation in us-east-1, asked for at this moment.
    pub fn pending<S: AsRef<str>>(names: &[S]) -> Self {
        let mut certificate = Self {
            arn: String::new(),
            region: String::new(),
            status: "PENDING_VALIDATION".to_owned(),
            names: names.iter().map(|name| name.as_ref().to_owned()).collect(),
            key_algorithm: default_key(),
            kind: default_kind(),
            method: default_method(),
            failure: None,
            requested: Timestamp::now().as_millisecond(),
            delay: 0,
            issued: None,
            expires: None,
            token: None,
            tags: BTreeMap::new(),
        };
        certificate.region = REGION.to_owned();
        certificate.arn = new_arn(REGION);
        certificate
    }

    /// One that was issued in us-east-1 at this moment.
    pub fn issued<S: AsRef<str>>(names: &[S]) -> Self {
        let mut certificate = Self::pending(names);
        certificate.issue(certificate.requested);
        certificate
    }

    /// The same in another region, with an ARN of that region.
    #[must_use]
    pub fn in_region(mut self, region: &str) -> Self {
        region.clone_into(&mut self.region);
        self.arn = new_arn(region);
        self
    }

    /// Whether it covers `name`: by itself, or by a wildcard for its first label.
    pub fn covers(&self, name: &str) -> bool {
        self.names.iter().any(|own| wildcard::covers(own, name))
    }

    pub(super) fn issue(&mut self, now: i64) {
        "ISSUED".clone_into(&mut self.status);
        self.issued = Some(now);
        self.expires = Some(now + VALID_SECONDS * 1000);
    }

    pub(super) fn all(tx: &Transaction<'_>) -> rusqlite::Result<Vec<Self>> {
        Ok(resources::all(tx, CERTIFICATE)?.into_iter().map(|(_, certificate)| certificate).collect())
    }

    pub(super) fn find(tx: &Transaction<'_>, arn: &str) -> rusqlite::Result<Option<Self>> {
        resources::get(tx, CERTIFICATE, arn)
    }

    pub(crate) fn keep(&self, tx: &Transaction<'_>) -> rusqlite::Result<()> {
        resources::put(tx, CERTIFICATE, &self.arn, self)
    }

    pub(super) fn delete(&self, tx: &Transaction<'_>) -> rusqlite::Result<()> {
        resources::delete(tx, CERTIFICATE, &self.arn).map(drop)
    }
}

fn new_arn(region: &str) -> String {
    let hex = random_id(b"0123456789abcdef", 32);
    let uuid = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-");
    format!("arn:aws:acm:{region}:{ACCOUNT_NUMBER}:certificate/{uuid}")
}

/// The CNAME record that proves a name: its own name and its value, both with final dots. A name has one record for all
/// certificates of an account, and shares it with its wildcard (User Guide, "DNS validation").
pub(super) fn validation_record(name: &str) -> (String, String) {
    let name = name.strip_prefix("*.").unwrap_or(name).to_ascii_lowercase();
    let digest = hex::encode(Sha256::digest(format!("{ACCOUNT_NUMBER} {name}")));
    let letters: String = digest[54..]
        .bytes()
        .map(|digit| char::from(b'a' + u8::try_from(char::from(digit).to_digit(16).unwrap_or(0)).unwrap_or(0)))
        .collect();
    (format!("_{}.{name}.", &digest[..32]), format!("_{}.{letters}.acm-validations.aws.", &digest[22..54]))
}
