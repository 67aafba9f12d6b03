//! CloudFront's control plane: REST with XML, API version 2020-05-31.

pub(super) mod access_controls;
mod aliases;
mod answer;
pub(crate) mod distributions;
mod document;
pub(crate) mod functions;
pub(crate) mod invalidations;
mod paths;
mod query;
mod rules;
mod schema;
pub(crate) mod site;
mod tags;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use s3s::Body;

use super::xml::Element;
use super::{Account, Fault, random_id, server};
use answer::{Answer, check_version};
pub(crate) use answer::{Refusal, refuse};
use query::{Query, paged};

/// The namespace of all its documents, and the version in all its paths.
const NAMESPACE: &str = "http://cloudfront.amazonaws.com/doc/2020-05-31/";
const API_VERSION: &str = "2020-05-31";

/// An invalidation of 3,000 paths of 4,000 characters is the largest request there is.
const MAX_BODY_BYTES: usize = 16 << 20;

/// Ids of distributions, invalidations and configurations: 13 of these behind a letter.
const ID_ALPHABET: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// A new id that starts with `letter`.
pub(crate) fn new_id(letter: char) -> String {
    format!("{letter}{}", random_id(ID_ALPHABET, 13))
}

/// Answers a request signed for CloudFront.
pub(crate) async fn answer(account: &Account, request: Request<Incoming>) -> Response<Body> {
    match attempt(account, request).await {
        Ok(answer) => answer.response(),
        Err(Fault::Refused(refusal)) => refuse(&refusal),
        Err(other) => refuse(&Refusal::internal(&other)),
    }
}

async fn attempt(account: &Account, request: Request<Incoming>) -> Result<Answer, Fault> {
    let scope = server::CredentialScope::of(request.headers());
    if scope.is_none_or(|scope| scope.access_key_id != server::ACCESS_KEY_ID) {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "InvalidClientTokenId",
            "The security token included in the request is invalid.",
        )
        .into());
    }
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, MAX_BODY_BYTES)
        .collect()
        .await
        .map_err(|error| Refusal::invalid_argument(format!("the request's body could not be read: {error}")))?
        .to_bytes();
    let account = account.clone();
    tokio::task::spawn_blocking(move || {
        let if_match = parts.headers.get(header::IF_MATCH).and_then(|value| value.to_str().ok());
        let query = Query::parse(parts.uri.query().unwrap_or_default());
        route(&account, &parts.method, parts.uri.path(), &Call { query, if_match, body: &body })
    })
    .await?
}

/// What a request says besides its method and path.
struct Call<'a> {
    query: Query,
    if_match: Option<&'a str>,
    body: &'a Bytes,
}

impl Call<'_> {
    /// The document that was sent, whose root must be named `name`.
    fn document(&self, name: &str) -> Result<Element, Refusal> {
        if self.body.is_empty() {
            return Err(Refusal::bad(
                "MissingBody",
                "This operation requires a body. Ensure that the body is present.",
            ));
        }
        let text = std::str::from_utf8(self.body).map_err(|error| schema::malformed(error.to_string()))?;
        let document = Element::parse(text).map_err(schema::malformed)?;
        if document.name() != name {
            return Err(schema::malformed(format!("the document must be a {name}, not a {}", document.name())));
        }
        Ok(document)
    }

    /// A parameter of the query that must be there.
    fn required(&self, name: &str) -> Result<String, Refusal> {
        let value = self.query.value(name).filter(|value| !value.is_empty());
        value.ok_or_else(|| Refusal::invalid_argument(format!("The parameter {name} is required.")))
    }
}

/// The operations, by method and path.
fn route(account: &Account, method: &Method, path: &str, call: &Call<'_>) -> Result<Answer, Fault> {
    let path_below = path.trim_matches('/').strip_prefix(API_VERSION).and_then(|rest| rest.strip_prefix('/'));
    let segments: Vec<_> = path_below.unwrap_or_default().split('/').collect();
    let (db, delay) = (account.db(), account.delay());
    let (query, body) = (&call.query, call.body);
    match (method.as_str(), segments.as_slice()) {
        ("GET", ["distribution"]) => db.read(|tx| distributions::list(tx, query, delay)),
        ("POST", ["distribution"]) => db.write(|tx| distributions::create(tx, call, delay)),
        ("GET", ["distribution", id]) => db.read(|tx| distributions::get(tx, id, delay)),
        ("DELETE", ["distribution", id]) => db.write(|tx| distributions::delete(tx, id, call, delay)),
        ("GET", ["distribution", id, "config"]) => db.read(|tx| distributions::get_config(tx, id)),
        ("PUT", ["distribution", id, "config"]) => db.write(|tx| distributions::update(tx, id, call, delay)),
        ("POST", ["distribution", id, "invalidation"]) => db.write(|tx| invalidations::create(tx, id, body, delay)),
        ("GET", ["distribution", id, "invalidation"]) => db.read(|tx| invalidations::list(tx, id, query, delay)),
        ("GET", ["distribution", id, "invalidation", invalidation]) => {
            db.read(|tx| invalidations::get(tx, id, invalidation, delay))
        }
        ("GET", ["conflicting-alias"]) => db.read(|tx| aliases::list_conflicting(tx, call)),
        ("GET", ["tagging"]) => db.read(|tx| tags::list(tx, call)),
        ("POST", ["tagging"]) => db.write(|tx| tags::change(tx, call)),
        ("GET", ["origin-access-control"]) => db.read(|tx| access_controls::list(tx, query)),
        ("POST", ["origin-access-control"]) => db.write(|tx| access_controls::create(tx, call)),
        ("GET", ["origin-access-control", id]) => db.read(|tx| access_controls::get(tx, id)),
        ("DELETE", ["origin-access-control", id]) => db.write(|tx| access_controls::delete(tx, id, call)),
        ("GET", ["origin-access-control", id, "config"]) => db.read(|tx| access_controls::get_config(tx, id)),
        ("PUT", ["origin-access-control", id, "config"]) => db.write(|tx| access_controls::update(tx, id, call)),
        ("GET", ["function"]) => db.read(|tx| functions::calls::list(tx, query, delay)),
        ("POST", ["function"]) => db.write(|tx| functions::calls::create(tx, call, delay)),
        ("GET", ["function", name]) => db.read(|tx| functions::calls::get(tx, name, query)),
        ("PUT", ["function", name]) => db.write(|tx| functions::calls::update(tx, name, call, delay)),
        ("DELETE", ["function", name]) => db.write(|tx| functions::calls::delete(tx, name, call)),
        ("GET", ["function", name, "describe"]) => db.read(|tx| functions::calls::describe(tx, name, query, delay)),
        ("POST", ["function", name, "publish"]) => db.write(|tx| functions::calls::publish(tx, name, call, delay)),
        _ => Err(Refusal::new(
            StatusCode::NOT_IMPLEMENTED,
            "NotImplemented",
            format!("a local account does not answer {method} {path}"),
        )
        .into()),
    }
}
