//! ACM: certificates, a protocol of JSON (`X-Amz-Target: CertificateManager.*`).

mod certificate;
mod issue;
mod operations;
mod request;

use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use s3s::Body;
use serde_json::{Value, json};

use super::{Account, Fault, refusal::Refusal, server};

pub use certificate::Certificate;
pub(crate) use issue::{all_current, current, settle};

/// No request of ACM's is near this.
const MAX_BODY_BYTES: usize = 1 << 20;

/// An error as ACM tells it: with one status, whatever it is about.
fn refusal(code: &'static str, message: impl Into<String>) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, code, message)
}

/// A member that breaks the service's model.
fn invalid(member: &str, value: &str, constraint: &str) -> Refusal {
    let message = format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {constraint}"
    );
    refusal("ValidationException", message)
}

/// Answers a request signed for ACM.
pub(crate) async fn answer(account: &Account, request: Request<Incoming>) -> Response<Body> {
    match attempt(account, request).await {
        Ok(document) => respond(StatusCode::OK, &document),
        Err(Fault::Refused(refusal)) => {
            respond(refusal.status, &json!({"__type": refusal.code, "message": refusal.message}))
        }
        Err(other) => respond(
            StatusCode::INTERNAL_SERVER_ERROR,
            &json!({"__type": "InternalFailure", "message": other.to_string()}),
        ),
    }
}

/// An empty answer has no document, not an empty one.
fn respond(status: StatusCode, document: &Value) -> Response<Body> {
    let body = if document.is_null() { String::new() } else { document.to_string() };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("application/x-amz-json-1.1");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

async fn attempt(account: &Account, request: Request<Incoming>) -> Result<Value, Fault> {
    let scope = server::CredentialScope::of(request.headers());
    let Some(scope) = scope.filter(|scope| scope.access_key_id == server::ACCESS_KEY_ID) else {
        let message = "The security token included in the request is invalid.";
        return Err(refusal("UnrecognizedClientException", message).into());
    };
    let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok());
    let target = target.unwrap_or_default().to_owned();
    let body = Limited::new(request.into_body(), MAX_BODY_BYTES)
        .collect()
        .await
        .map_err(|error| refusal("SerializationException", error.to_string()))?
        .to_bytes();
    let account = account.clone();
    tokio::task::spawn_blocking(move || operations::route(&account, &scope.region, &target, &body)).await?
}
