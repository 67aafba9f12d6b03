//! STS: who the caller is, a query protocol that answers XML, API version 2011-06-15.

use http::{Request, Response};
use hyper::body::Incoming;
use s3s::Body;

use super::{Account, cloudfront};

/// Answers a request signed for the service.
pub(crate) async fn answer(_account: &Account, _request: Request<Incoming>) -> Response<Body> {
    cloudfront::refuse(&cloudfront::Refusal::not_implemented("sts"))
}
