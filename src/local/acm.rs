//! ACM: certificates, a protocol of JSON (`X-Amz-Target: CertificateManager.*`).

use http::{Request, Response};
use hyper::body::Incoming;
use s3s::Body;

use super::{Account, cloudfront};

/// Answers a request signed for the service.
pub(crate) async fn answer(_account: &Account, _request: Request<Incoming>) -> Response<Body> {
    cloudfront::refuse(&cloudfront::Refusal::not_implemented("acm"))
}
