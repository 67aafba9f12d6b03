//! CloudFront Functions: code in two stages.

pub(super) mod calls;

use jiff::Timestamp;
use rusqlite::Transaction;
use serde::{Deserialize, Serialize};

use crate::{
    local::{ACCOUNT_NUMBER, Fault, resources},
    routing::javascript::RUNTIME,
    setup::observed::Tags,
};

/// The kind of its documents, which are kept under the function's name.
const KIND: &str = "cloudfront/function";

/// A function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Function {
    pub(crate) name: String,
    /// When it was made.
    pub(crate) created: Timestamp,
    /// The stage that is written.
    pub(crate) development: Stage,
    /// The stage that runs, once it was published.
    pub(crate) live: Option<Stage>,
    pub(crate) tags: Tags,
}

impl Function {
    /// Makes the development stage the one that runs.
    pub(crate) fn publish(&mut self) {
        let (etag, modified) = (super::new_id('E'), Timestamp::now());
        self.live = Some(Stage { etag, modified, ..self.development.clone() });
    }
}

/// One stage of a function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stage {
    pub(crate) etag: String,
    pub(crate) comment: String,
    /// `cloudfront-js-2.0` or `-1.0`.
    pub(crate) runtime: String,
    /// The ARNs of its key value stores.
    pub(crate) key_value_stores: Vec<String>,
    /// The code, in base64: nobody promises that it is text.
    pub(crate) code: String,
    /// When it last changed.
    pub(crate) modified: Timestamp,
}

impl Stage {
    /// The code.
    pub(crate) fn source(&self) -> Vec<u8> {
        use base64::{Engine as _, prelude::BASE64_STANDARD};
        BASE64_STANDARD.decode(&self.code).unwrap_or_default()
    }
}

/// The ARN of the function `name`.
pub(crate) fn arn(name: &str) -> String {
    format!("arn:aws:cloudfront::{ACCOUNT_NUMBER}:function/{name}")
}

/// The function with this ARN, if the account has it.
pub(crate) fn by_arn(tx: &Transaction<'_>, arn: &str) -> Result<Option<Function>, Fault> {
    arn.strip_prefix(&self::arn("")).map_or(Ok(None), |name| find(tx, name))
}

/// The function of this name, if the account has it.
pub(super) fn find(tx: &Transaction<'_>, name: &str) -> Result<Option<Function>, Fault> {
    Ok(resources::get(tx, KIND, name)?)
}

/// Keeps a function.
pub(super) fn keep(tx: &Transaction<'_>, function: &Function) -> Result<(), Fault> {
    Ok(resources::put(tx, KIND, &function.name, function)?)
}

/// Makes the function `name`, or replaces its code, and publishes it.
pub(crate) fn ensure(tx: &Transaction<'_>, name: &str, comment: &str, code: &str) -> Result<(), Fault> {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    let code = BASE64_STANDARD.encode(code);
    let existing = find(tx, name)?;
    if existing.as_ref().and_then(|function| function.live.as_ref()).is_some_and(|live| live.code == code) {
        return Ok(());
    }
    let now = Timestamp::now();
    let development = Stage {
        etag: super::new_id('E'),
        comment: comment.to_owned(),
        runtime: RUNTIME.to_owned(),
        key_value_stores: Vec::new(),
        code,
        modified: now,
    };
    let (created, tags) = existing.map_or_else(|| (now, Tags::default()), |function| (function.created, function.tags));
    let mut function = Function { name: name.to_owned(), created, development, live: None, tags };
    function.publish();
    keep(tx, &function)
}
