//! IAM: identity providers, roles and policies, a query protocol that answers XML, API version 2010-05-08.

use http::{Request, Response};
use hyper::body::Incoming;
use s3s::Body;

use super::{Account, cloudfront};

/// Answers a request signed for the service.
pub(crate) async fn answer(_account: &Account, _request: Request<Incoming>) -> Response<Body> {
    cloudfront::refuse(&cloudfront::Refusal::not_implemented("iam"))
}
