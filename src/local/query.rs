//! AWS's query protocol, which IAM and STS speak: a form in, XML out.

use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use rusqlite::Transaction;
use s3s::Body;

pub(crate) use super::refusal::Refusal;
use super::{
    Account, Fault, random_id,
    server::{ACCESS_KEY_ID, CredentialScope},
    xml::Element,
};

/// A policy of 6,144 characters, percent-encoded, with 50 tags is the largest request there is.
const MAX_BODY_BYTES: usize = 1 << 20;

/// A service that speaks the protocol.
pub(crate) struct Service {
    /// The namespace of its documents.
    pub(crate) namespace: &'static str,
    /// The version that requests name.
    pub(crate) version: &'static str,
    /// The one region its requests are signed for; `None` where any will do.
    pub(crate) region: Option<&'static str>,
    /// What it does.
    pub(crate) operations: &'static [Operation],
}

/// One operation.
pub(crate) struct Operation {
    /// Its name.
    pub(crate) name: &'static str,
    /// The root of its answer: `NAMEResponse`.
    pub(crate) response: &'static str,
    /// What holds what it tells: `NAMEResult`.
    pub(crate) result: &'static str,
    /// Does it; the elements are what it tells.
    pub(crate) run: fn(&Transaction<'_>, &Form) -> Result<Vec<Element>, Fault>,
}

/// The table of a service's operations: `Name: function`.
macro_rules! query_operations {
    ($($name:literal: $run:path,)*) => {
        &[$($crate::local::query::Operation {
            name: $name,
            response: concat!($name, "Response"),
            result: concat!($name, "Result"),
            run: $run,
        }),*]
    };
}
pub(crate) use query_operations;

impl Refusal {
    /// `ValidationError`: a parameter that is not as the API reference has it.
    pub(crate) fn invalid(value: Option<&str>, parameter: &str, constraint: &str) -> Self {
        let value = value.map_or_else(|| "null".to_owned(), |value| format!("'{value}'"));
        let mut name = parameter.to_owned();
        if let Some(first) = name.get_mut(..1) {
            first.make_ascii_lowercase();
        }
        let message = format!(
            "1 validation error detected: Value {value} at '{name}' failed to satisfy constraint: Member must {constraint}"
        );
        Self::new(StatusCode::BAD_REQUEST, "ValidationError", message)
    }
}

/// The parameters of a request.
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    fn parse(body: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(body).into_owned().collect())
    }

    /// A parameter, if it was given.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A parameter that must be given.
    pub(crate) fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name).ok_or_else(|| Refusal::invalid(None, name, "not be null"))
    }

    /// A number, if it was given.
    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>, Refusal> {
        let parse = |text: &str| text.parse().map_err(|_| Refusal::invalid(Some(text), name, "be a number"));
        self.get(name).map(parse).transpose()
    }

    /// The items of a list, `NAME.member.1` and so on, each by what stands behind its number.
    pub(crate) fn members<'a>(&'a self, name: &str, field: &str) -> Vec<&'a str> {
        let find = |number: usize| {
            let behind = if field.is_empty() { String::new() } else { format!(".{field}") };
            self.get(&format!("{name}.member.{number}{behind}"))
        };
        (1..).map_while(find).collect()
    }
}

/// Answers a request signed for the service.
pub(crate) async fn answer(service: &'static Service, account: &Account, request: Request<Incoming>) -> Response<Body> {
    match attempt(service, account, request).await {
        Ok(document) => respond(StatusCode::OK, &document, service.namespace),
        Err(Fault::Refused(refusal)) => refuse(service, &refusal),
        Err(other) => {
            refuse(service, &Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "ServiceFailure", other.to_string()))
        }
    }
}

async fn attempt(service: &'static Service, account: &Account, request: Request<Incoming>) -> Result<Element, Fault> {
    check_signature(service, request.headers())?;
    let body = Limited::new(request.into_body(), MAX_BODY_BYTES).collect().await;
    let body = body
        .map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, "MalformedQueryString", error.to_string()))?
        .to_bytes();
    let account = account.clone();
    tokio::task::spawn_blocking(move || {
        let form = Form::parse(&body);
        let (name, version) = (form.get("Action").unwrap_or_default(), form.get("Version").unwrap_or_default());
        let operation = service.operations.iter().find(|operation| operation.name == name);
        let operation = operation.filter(|_| version == service.version).ok_or_else(|| {
            let message = format!("Could not find operation {name} for version {version}");
            Refusal::new(StatusCode::BAD_REQUEST, "InvalidAction", message)
        })?;
        let told = account.db().write(|tx| (operation.run)(tx, &form))?;
        let mut document = Element::new(operation.response);
        if !told.is_empty() {
            document = document.child(told.into_iter().fold(Element::new(operation.result), Element::child));
        }
        Ok(document.child(Element::new("ResponseMetadata").text("RequestId", request_id())))
    })
    .await?
}

fn check_signature(service: &Service, headers: &http::HeaderMap) -> Result<(), Refusal> {
    let scope = CredentialScope::of(headers).filter(|scope| scope.access_key_id == ACCESS_KEY_ID);
    let scope = scope.ok_or_else(|| {
        let message = "The security token included in the request is invalid.";
        Refusal::new(StatusCode::FORBIDDEN, "InvalidClientTokenId", message)
    })?;
    match service.region {
        Some(region) if region != scope.region => {
            let message = format!("Credential should be scoped to a valid region, not '{}'.", scope.region);
            Err(Refusal::new(StatusCode::FORBIDDEN, "SignatureDoesNotMatch", message))
        }
        _ => Ok(()),
    }
}

fn refuse(service: &Service, refusal: &Refusal) -> Response<Body> {
    let kind = if refusal.status.is_server_error() { "Receiver" } else { "Sender" };
    let error = Element::new("Error").text("Type", kind).text("Code", refusal.code).text("Message", &refusal.message);
    let document = Element::new("ErrorResponse").child(error).text("RequestId", request_id());
    respond(refusal.status, &document, service.namespace)
}

fn respond(status: StatusCode, document: &Element, namespace: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(document.render(namespace)));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    response
}

fn request_id() -> String {
    let hex = random_id(b"0123456789abcdef", 32);
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_tells_its_parameters_numbers_and_lists() {
        let form = Form::parse(b"A=x%20y+z&N=7&Tags.member.1.Key=k&Tags.member.2.Key=l&L.member.1=m&L.member.3=lost");
        assert_eq!((form.get("A"), form.get("B")), (Some("x y z"), None));
        assert_eq!(form.required("B").unwrap_err().code, "ValidationError");
        assert_eq!((form.number("N").unwrap(), form.number("B").unwrap()), (Some(7), None));
        assert_eq!(form.number("A").unwrap_err().code, "ValidationError");
        assert_eq!(form.members("Tags", "Key"), ["k", "l"]);
        assert_eq!(form.members("L", ""), ["m"]);
    }
}
