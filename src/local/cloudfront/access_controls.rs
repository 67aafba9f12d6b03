//! Origin access controls: how CloudFront signs what it asks an origin.

use rusqlite::Transaction;
use serde::{Deserialize, Serialize};

use super::new_id;
use crate::local::{Fault, resources};

/// The kind of its documents.
const KIND: &str = "cloudfront/origin-access-control";

/// An origin access control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AccessControl {
    pub(crate) id: String,
    pub(crate) etag: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) signing_protocol: String,
    pub(crate) signing_behavior: String,
    pub(crate) origin_type: String,
}

/// The one named `name`; where there is none, one that signs everything for S3 is made.
pub(crate) fn ensure(tx: &Transaction<'_>, name: &str) -> Result<AccessControl, Fault> {
    if let Some(found) = all(tx)?.into_iter().find(|control| control.name == name) {
        return Ok(found);
    }
    let control = AccessControl {
        id: new_id('E'),
        etag: new_id('E'),
        name: name.to_owned(),
        description: None,
        signing_protocol: "sigv4".to_owned(),
        signing_behavior: "always".to_owned(),
        origin_type: "s3".to_owned(),
    };
    resources::put(tx, KIND, &control.id, &control)?;
    Ok(control)
}

/// Every one, by id.
pub(crate) fn all(tx: &Transaction<'_>) -> Result<Vec<AccessControl>, Fault> {
    Ok(resources::all(tx, KIND)?.into_iter().map(|(_, control)| control).collect())
}
