//! STS: who the caller is, a query protocol that answers XML, API version 2011-06-15.

use http::{Request, Response};
use hyper::body::Incoming;
use rusqlite::Transaction;
use s3s::Body;

use super::{
    ACCOUNT_NUMBER, Account, Fault,
    query::{self, Form, query_operations},
    xml::Element,
};

static SERVICE: query::Service = query::Service {
    namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
    version: "2011-06-15",
    region: None,
    operations: query_operations! { "GetCallerIdentity": get_caller_identity, },
};

/// The user whose access key the account has.
const USER: &str = "local";
const USER_ID: &str = "AIDALOCALACCOUNT00000";

/// Answers a request signed for the service.
pub(crate) async fn answer(account: &Account, request: Request<Incoming>) -> Response<Body> {
    query::answer(&SERVICE, account, request).await
}

fn get_caller_identity(_: &Transaction<'_>, _: &Form) -> Result<Vec<Element>, Fault> {
    Ok(vec![
        Element::leaf("Arn", format!("arn:aws:iam::{ACCOUNT_NUMBER}:user/{USER}")),
        Element::leaf("UserId", USER_ID),
        Element::leaf("Account", ACCOUNT_NUMBER),
    ])
}
