//! IAM: identity providers, roles and policies, a query protocol that answers XML, API version 2010-05-08.

mod documents;
mod inline;
mod managed;
mod names;
mod providers;
mod roles;

use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use s3s::Body;

use super::{
    Account,
    query::{self, Form, Refusal, query_operations},
    server::REGION,
    xml::Element,
};

/// IAM is global: every request is signed for us-east-1 (AWS General Reference, "IAM endpoints and quotas").
static SERVICE: query::Service = query::Service {
    namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
    version: "2010-05-08",
    region: Some(REGION),
    operations: query_operations! {
        "CreateOpenIDConnectProvider": providers::create,
        "GetOpenIDConnectProvider": providers::get,
        "ListOpenIDConnectProviders": providers::list,
        "AddClientIDToOpenIDConnectProvider": providers::add_client,
        "TagOpenIDConnectProvider": providers::tag,
        "DeleteOpenIDConnectProvider": providers::delete,
        "CreateRole": roles::create,
        "GetRole": roles::get,
        "ListRoles": roles::list,
        "UpdateAssumeRolePolicy": roles::update_trust,
        "TagRole": roles::tag,
        "UntagRole": roles::untag,
        "ListRoleTags": roles::list_tags,
        "DeleteRole": roles::delete,
        "PutRolePolicy": inline::put,
        "GetRolePolicy": inline::get,
        "ListRolePolicies": inline::list,
        "DeleteRolePolicy": inline::delete,
        "CreatePolicy": managed::create,
        "GetPolicy": managed::get,
        "GetPolicyVersion": managed::get_version,
        "DeletePolicy": managed::delete,
        "AttachRolePolicy": managed::attach,
        "DetachRolePolicy": managed::detach,
        "ListAttachedRolePolicies": managed::list_attached,
    },
};

/// How many items a page of a list has, at most and when nobody says (API reference, ListRoles).
const MAX_ITEMS: u64 = 1000;
const DEFAULT_ITEMS: u64 = 100;

/// Answers a request signed for the service.
pub(crate) async fn answer(account: &Account, request: Request<Incoming>) -> Response<Body> {
    query::answer(&SERVICE, account, request).await
}

/// `NoSuchEntity`.
fn no_such_entity(message: String) -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "NoSuchEntity", message)
}

/// `EntityAlreadyExists`.
fn already_exists(message: String) -> Refusal {
    Refusal::new(StatusCode::CONFLICT, "EntityAlreadyExists", message)
}

/// `LimitExceeded`.
fn limit_exceeded(message: String) -> Refusal {
    Refusal::new(StatusCode::CONFLICT, "LimitExceeded", message)
}

/// `InvalidInput`.
fn invalid_input(message: impl Into<String>) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, "InvalidInput", message)
}

/// A new id of 21 characters, of which the first four tell what it is of (IAM User Guide, "IAM identifiers").
fn new_id(kind: &str) -> String {
    format!("{kind}{}", super::random_id(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 17))
}

/// A time as IAM writes it.
fn date(seconds: i64) -> String {
    super::from_seconds(seconds).to_string()
}

/// The page that is asked for of items in the order of their keys: its list, and how to go on.
fn page<T>(
    form: &Form,
    name: &'static str,
    items: impl IntoIterator<Item = T>,
    key: impl Fn(&T) -> String,
    render: impl Fn(T) -> Element,
) -> Result<Vec<Element>, Refusal> {
    let limit = match form.number("MaxItems")? {
        None => DEFAULT_ITEMS,
        Some(limit @ 1..=MAX_ITEMS) => limit,
        Some(limit) => {
            let constraint = format!("have value between 1 and {MAX_ITEMS}");
            return Err(Refusal::invalid(Some(&limit.to_string()), "MaxItems", &constraint));
        }
    };
    let after = form.get("Marker").unwrap_or_default();
    let mut items = items.into_iter().filter(|item| key(item).as_str() > after).peekable();
    let (mut list, mut marker) = (Element::new(name), String::new());
    for item in items.by_ref().take(usize::try_from(limit).unwrap_or(usize::MAX)) {
        marker = key(&item);
        list = list.child(render(item).named("member"));
    }
    let more = items.peek().is_some();
    let mut told = vec![list, Element::leaf("IsTruncated", more)];
    if more {
        told.push(Element::leaf("Marker", marker));
    }
    Ok(told)
}
