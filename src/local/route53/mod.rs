//! Route 53: hosted zones and records, REST with XML, API version 2013-04-01.

mod changes;
mod document;
pub(crate) mod model;
pub(crate) mod names;
pub(crate) mod public;
mod tags;
pub(crate) mod values;
mod zones;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use s3s::Body;
use serde::de::DeserializeOwned;

use super::{Account, Fault, random_id, refusal::Refusal, server, xml::Element};

/// The namespace of all its documents, and the version in all its paths.
const NAMESPACE: &str = "https://route53.amazonaws.com/doc/2013-04-01/";
const API_VERSION: &str = "2013-04-01";

/// The hosted zone of every distribution's own name (API reference, `AliasTarget`).
pub(crate) const CLOUDFRONT_ZONE: &str = "Z2FDTNDATAQYW2";

/// A change of 1,000 records with 32,000 characters of values is the largest request there is.
const MAX_BODY_BYTES: usize = 4 << 20;

impl Refusal {
    fn invalid_input(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "InvalidInput", message)
    }

    fn no_such_zone(id: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NoSuchHostedZone", format!("No hosted zone found with ID: {id}"))
    }

    /// What is wrong with a change, all of it at once.
    fn invalid_change(problems: &[String]) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "InvalidChangeBatch", format!("[{}]", problems.join(", ")))
    }
}

/// What an operation answers.
struct Answer {
    status: StatusCode,
    location: Option<String>,
    document: Element,
}

impl Answer {
    fn ok(document: Element) -> Self {
        Self { status: StatusCode::OK, location: None, document }
    }

    fn created(document: Element, location: String) -> Self {
        Self { status: StatusCode::CREATED, location: Some(location), document }
    }
}

/// Answers a request signed for Route 53.
pub(crate) async fn answer(account: &Account, request: Request<Incoming>) -> Response<Body> {
    match attempt(account, request).await {
        Ok(answer) => respond(answer.status, answer.location, &answer.document),
        Err(Fault::Refused(refusal)) => refuse(&refusal),
        Err(other) => refuse(&Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalFailure", other.to_string())),
    }
}

fn refuse(refusal: &Refusal) -> Response<Body> {
    let kind = if refusal.status.is_server_error() { "Receiver" } else { "Sender" };
    let error = Element::new("Error").text("Type", kind).text("Code", refusal.code).text("Message", &refusal.message);
    let document = Element::new("ErrorResponse").child(error).text("RequestId", random_id(b"0123456789abcdef", 32));
    respond(refusal.status, None, &document)
}

fn respond(status: StatusCode, location: Option<String>, document: &Element) -> Response<Body> {
    let mut response = Response::new(Body::from(document.render(NAMESPACE)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    if let Some(location) = location.and_then(|location| HeaderValue::from_str(&location).ok()) {
        headers.insert(header::LOCATION, location);
    }
    response
}

async fn attempt(account: &Account, request: Request<Incoming>) -> Result<Answer, Fault> {
    let scope = server::CredentialScope::of(request.headers());
    if scope.is_none_or(|scope| scope.access_key_id != server::ACCESS_KEY_ID) {
        let message = "The security token included in the request is invalid.";
        return Err(Refusal::new(StatusCode::FORBIDDEN, "InvalidClientTokenId", message).into());
    }
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, MAX_BODY_BYTES)
        .collect()
        .await
        .map_err(|error| Refusal::invalid_input(format!("the request's body could not be read: {error}")))?
        .to_bytes();
    let account = account.clone();
    tokio::task::spawn_blocking(move || {
        let query = Query(parts.uri.query().unwrap_or_default().to_owned());
        route(&account, &parts.method, parts.uri.path(), &query, &body)
    })
    .await?
}

/// The operations, by method and path.
fn route(account: &Account, method: &Method, path: &str, query: &Query, body: &Bytes) -> Result<Answer, Fault> {
    let segments: Vec<_> = path.trim_matches('/').split('/').collect();
    let Some((&API_VERSION, segments)) = segments.split_first() else {
        return Err(unknown(method, path));
    };
    let (db, delay) = (account.db(), account.delay());
    match (method, segments) {
        (&Method::POST, ["hostedzone"]) => db.write(|tx| zones::create(tx, body, delay)),
        (&Method::GET, ["hostedzone"]) => db.read(|tx| zones::list(tx, query)),
        (&Method::GET, ["hostedzonesbyname"]) => db.read(|tx| zones::list_by_name(tx, query)),
        (&Method::GET, ["hostedzone", id]) => db.read(|tx| zones::get(tx, id)),
        (&Method::DELETE, ["hostedzone", id]) => db.write(|tx| zones::delete(tx, id, delay)),
        (&Method::POST, ["hostedzone", id, "rrset"]) => db.write(|tx| changes::change(tx, id, body, delay)),
        (&Method::GET, ["hostedzone", id, "rrset"]) => db.read(|tx| zones::list_records(tx, id, query)),
        (&Method::GET, ["change", id]) => db.read(|tx| changes::get(tx, id)),
        (&Method::POST, ["tags", "hostedzone", id]) => db.write(|tx| tags::change(tx, id, body)),
        (&Method::GET, ["tags", "hostedzone", id]) => db.read(|tx| tags::list(tx, id)),
        (&Method::POST, ["tags", "hostedzone"]) => db.read(|tx| tags::list_many(tx, body)),
        _ => Err(unknown(method, path)),
    }
}

fn unknown(method: &Method, path: &str) -> Fault {
    let message = format!("a local account does not answer {method} {path}");
    Refusal::new(StatusCode::NOT_IMPLEMENTED, "NotImplemented", message).into()
}

/// The parameters of a request.
struct Query(String);

impl Query {
    fn get(&self, name: &str) -> Option<String> {
        let pair = self.0.split('&').find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name))?;
        Some(percent_encoding::percent_decode_str(pair.1).decode_utf8_lossy().into_owned()).filter(|v| !v.is_empty())
    }

    /// How many items a page may have. More than `most` are not an error, as with AWS.
    fn max_items(&self, most: usize) -> Result<usize, Refusal> {
        match self.get("maxitems").map(|text| text.parse::<usize>()) {
            None => Ok(most),
            Some(Ok(count)) if count > 0 => Ok(count.min(most)),
            Some(_) => Err(Refusal::invalid_input("MaxItems must be a whole number above 0")),
        }
    }
}

/// Reads a request's document.
fn parse<T: DeserializeOwned>(body: &Bytes) -> Result<T, Refusal> {
    let malformed = |cause: &dyn std::fmt::Display| {
        Refusal::invalid_input(format!("Invalid XML ; the request's document cannot be read: {cause}"))
    };
    let text = std::str::from_utf8(body).map_err(|error| malformed(&error))?;
    quick_xml::de::from_str(text).map_err(|error| malformed(&error))
}
