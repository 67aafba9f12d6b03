//! CloudFront's control plane: REST with XML, API version 2020-05-31.

mod access_controls;
pub(crate) mod distributions;
mod document;
pub(crate) mod functions;
pub(crate) mod invalidations;
mod paths;
mod schema;
pub(crate) mod site;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use s3s::Body;

use super::xml::Element;
use super::{Account, Fault, random_id, server};

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

/// An error as CloudFront tells it.
#[derive(Debug, thiserror::Error)]
#[error("{code}: {message}")]
pub(crate) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl Refusal {
    /// With AWS's code for it.
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    /// `InvalidArgument`.
    pub(crate) fn invalid_argument(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "InvalidArgument", message)
    }

    /// A service that the local account does not have.
    pub(crate) fn not_implemented(service: &str) -> Self {
        Self::new(
            StatusCode::NOT_IMPLEMENTED,
            "NotImplemented",
            format!("a local account has no service named {service}"),
        )
    }

    /// A failure of the account itself.
    pub(crate) fn internal(cause: &dyn std::fmt::Display) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", cause.to_string())
    }
}

/// What an operation answers.
struct Answer {
    status: StatusCode,
    headers: Vec<(header::HeaderName, String)>,
    document: Element,
}

impl Answer {
    fn ok(document: Element) -> Self {
        Self { status: StatusCode::OK, headers: Vec::new(), document }
    }

    fn created(document: Element, location: String) -> Self {
        Self { status: StatusCode::CREATED, headers: vec![(header::LOCATION, location)], document }
    }

    fn with_etag(mut self, etag: String) -> Self {
        self.headers.push((header::ETAG, etag));
        self
    }
}

/// Answers a request signed for CloudFront.
pub(crate) async fn answer(account: &Account, request: Request<Incoming>) -> Response<Body> {
    match attempt(account, request).await {
        Ok(answer) => respond(answer.status, answer.headers, &answer.document),
        Err(Fault::CloudFront(refusal)) => refuse(&refusal),
        Err(other) => refuse(&Refusal::internal(&other)),
    }
}

/// An error document.
pub(crate) fn refuse(refusal: &Refusal) -> Response<Body> {
    let kind = if refusal.status.is_server_error() { "Receiver" } else { "Sender" };
    let error = Element::new("Error").text("Type", kind).text("Code", refusal.code).text("Message", &refusal.message);
    let document = Element::new("ErrorResponse").child(error).text("RequestId", request_id());
    respond(refusal.status, Vec::new(), &document)
}

fn respond(status: StatusCode, headers: Vec<(header::HeaderName, String)>, document: &Element) -> Response<Body> {
    let mut response = Response::new(Body::from(document.render(NAMESPACE)));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    let headers = headers.into_iter().chain([(header::HeaderName::from_static("x-amzn-requestid"), request_id())]);
    for (name, value) in headers {
        // All values are ids, and locations made of ids.
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn request_id() -> String {
    let hex = random_id(b"0123456789abcdef", 32);
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
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
        let query = Query::parse(parts.uri.query().unwrap_or_default());
        route(&account, &parts.method, parts.uri.path(), &query, &body)
    })
    .await?
}

/// The operations, by method and path.
fn route(account: &Account, method: &Method, path: &str, query: &Query, body: &Bytes) -> Result<Answer, Fault> {
    let mut segments = path.trim_matches('/').split('/');
    let version = segments.next();
    let segments: Vec<_> = segments.collect();
    let delay = account.delay();
    match (version, method, segments.as_slice()) {
        (Some(API_VERSION), &Method::GET, ["distribution"]) => {
            account.db().read(|tx| distributions::list(tx, query, delay))
        }
        (Some(API_VERSION), &Method::GET, ["distribution", id]) => {
            account.db().read(|tx| distributions::get(tx, id, delay))
        }
        (Some(API_VERSION), &Method::GET, ["distribution", id, "config"]) => {
            account.db().read(|tx| distributions::get_config(tx, id))
        }
        (Some(API_VERSION), &Method::POST, ["distribution", id, "invalidation"]) => {
            account.db().write(|tx| invalidations::create(tx, id, body, delay))
        }
        (Some(API_VERSION), &Method::GET, ["distribution", id, "invalidation"]) => {
            account.db().read(|tx| invalidations::list(tx, id, query, delay))
        }
        (Some(API_VERSION), &Method::GET, ["distribution", id, "invalidation", invalidation]) => {
            account.db().read(|tx| invalidations::get(tx, id, invalidation, delay))
        }
        _ => Err(Refusal::new(
            StatusCode::NOT_IMPLEMENTED,
            "NotImplemented",
            format!("a local account does not answer {method} {path}"),
        )
        .into()),
    }
}

/// The paging parameters of the list operations.
struct Query {
    marker: String,
    max_items: Option<String>,
}

impl Query {
    /// The most items of one page, and how many there are when nobody says (API reference, ListDistributions).
    const MAX_ITEMS: usize = 100;

    fn parse(query: &str) -> Self {
        let value = |name: &str| {
            let pair = query.split('&').find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name))?;
            Some(percent_encoding::percent_decode_str(pair.1).decode_utf8_lossy().into_owned())
        };
        Self { marker: value("Marker").unwrap_or_default(), max_items: value("MaxItems") }
    }

    /// How many to look up: one more than a page, to see whether there is another.
    fn fetched(&self) -> Result<i64, Refusal> {
        Ok(self.max_items()? as i64 + 1)
    }

    fn max_items(&self) -> Result<usize, Refusal> {
        match self.max_items.as_deref().map(str::parse::<usize>) {
            None => Ok(Self::MAX_ITEMS),
            Some(Ok(count @ 1..=Self::MAX_ITEMS)) => Ok(count),
            Some(_) => Err(Refusal::invalid_argument(format!("MaxItems must be between 1 and {}", Self::MAX_ITEMS))),
        }
    }
}

/// A list with its paging, as all of CloudFront's lists look. `items` holds one more than a page when there are more.
fn paged<T>(
    name: &'static str,
    query: &Query,
    mut items: Vec<T>,
    id: impl Fn(&T) -> &str,
    render: impl Fn(&T) -> Element,
) -> Result<Element, Refusal> {
    let max_items = query.max_items()?;
    let more = items.len() > max_items;
    items.truncate(max_items);
    let next = items.last().filter(|_| more).map(|item| id(item).to_owned());
    let mut list = Element::new(name).text("Marker", &query.marker);
    if let Some(next) = next {
        list = list.text("NextMarker", next);
    }
    list = list.text("MaxItems", max_items).text("IsTruncated", more).text("Quantity", items.len());
    if !items.is_empty() {
        list = list.child(items.iter().map(render).fold(Element::new("Items"), Element::child));
    }
    Ok(list)
}
