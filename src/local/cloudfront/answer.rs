//! What CloudFront answers: documents, code, nothing, or a refusal.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use s3s::Body;

use super::{NAMESPACE, random_id};
pub(crate) use crate::local::refusal::Refusal;
use crate::local::xml::Element;

impl Refusal {
    /// A request that is wrong in itself: 400.
    pub(crate) fn bad(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// Something that is not there: 404.
    pub(crate) fn missing(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    /// Something that is in the way: 409.
    pub(crate) fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    /// `InvalidArgument`.
    pub(crate) fn invalid_argument(message: impl Into<String>) -> Self {
        Self::bad("InvalidArgument", message)
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

/// Checks the version that a change is made for.
///
/// # Errors
/// `InvalidIfMatchVersion` where none is named or it cannot be one, `PreconditionFailed` where it is not the current one.
pub(super) fn check_version(if_match: Option<&str>, etag: &str) -> Result<(), Refusal> {
    let is_version = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let Some(version) = if_match.map(|text| text.trim_matches('"')).filter(is_version) else {
        return Err(Refusal::bad(
            "InvalidIfMatchVersion",
            "The If-Match version is missing or not valid for the resource.",
        ));
    };
    if version == etag {
        return Ok(());
    }
    Err(Refusal::new(
        StatusCode::PRECONDITION_FAILED,
        "PreconditionFailed",
        "The request failed because it didn't meet the preconditions in one or more request-header fields.",
    ))
}

/// What an operation answers.
pub(super) struct Answer {
    status: StatusCode,
    headers: Vec<(HeaderName, String)>,
    payload: Payload,
}

enum Payload {
    Document(Element),
    Code(Vec<u8>),
    Nothing,
}

impl Answer {
    pub(super) fn ok(document: Element) -> Self {
        Self { status: StatusCode::OK, headers: Vec::new(), payload: Payload::Document(document) }
    }

    /// 201, with the path of the new resource below the API's.
    pub(super) fn created(document: Element, path: &str) -> Self {
        let location = format!("https://cloudfront.amazonaws.com/{}/{path}", super::API_VERSION);
        Self { status: StatusCode::CREATED, headers: vec![(header::LOCATION, location)], ..Self::ok(document) }
    }

    pub(super) fn code(code: Vec<u8>) -> Self {
        Self { status: StatusCode::OK, headers: Vec::new(), payload: Payload::Code(code) }
    }

    pub(super) fn nothing() -> Self {
        Self { status: StatusCode::NO_CONTENT, headers: Vec::new(), payload: Payload::Nothing }
    }

    pub(super) fn with_etag(self, etag: &str) -> Self {
        self.with(header::ETAG, etag)
    }

    pub(super) fn with(mut self, name: HeaderName, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(super) fn response(self) -> Response<Body> {
        let (kind, body) = match self.payload {
            Payload::Document(document) => ("text/xml", Body::from(document.render(NAMESPACE))),
            Payload::Code(code) => ("application/octet-stream", Body::from(Bytes::from(code))),
            Payload::Nothing => ("text/xml", Body::empty()),
        };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        let request_id = (HeaderName::from_static("x-amzn-requestid"), uuid());
        for (name, value) in self.headers.into_iter().chain([request_id]) {
            // All values are ids, and locations made of ids.
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

/// An error document.
pub(crate) fn refuse(refusal: &Refusal) -> Response<Body> {
    let kind = if refusal.status.is_server_error() { "Receiver" } else { "Sender" };
    let error = Element::new("Error").text("Type", kind).text("Code", refusal.code).text("Message", &refusal.message);
    let document = Element::new("ErrorResponse").child(error).text("RequestId", uuid());
    Answer { status: refusal.status, headers: Vec::new(), payload: Payload::Document(document) }.response()
}

/// A random id in the form of a UUID.
pub(super) fn uuid() -> String {
    let hex = random_id(b"0123456789abcdef", 32);
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}
