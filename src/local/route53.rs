//! Route 53: hosted zones and records, REST with XML, API version 2013-04-01.

use http::{Request, Response};
use hyper::body::Incoming;
use s3s::Body;

use super::{Account, cloudfront};

/// Answers a request signed for the service.
pub(crate) async fn answer(_account: &Account, _request: Request<Incoming>) -> Response<Body> {
    cloudfront::refuse(&cloudfront::Refusal::not_implemented("route53"))
}
