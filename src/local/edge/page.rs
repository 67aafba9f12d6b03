//! The error bodies of S3 and of CloudFront itself.

use http::{HeaderValue, Response, StatusCode, header};
use quick_xml::escape::escape;

use super::{
    fetch::Representation,
    host,
    respond::{Content, ERROR, X_CACHE},
};
use crate::{
    setup::observed::{Behavior, Distribution},
    site::walk::enumerate,
};

/// S3's answer for an object it does not give, as the origin sends it.
pub(super) fn s3_error(status: StatusCode, code: &str, message: &str, key: &str) -> Representation {
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code><Message>{}</Message><Key>{}</Key></Error>",
        escape(code),
        escape(message),
        escape(key)
    );
    let mut representation = Representation::of_text(status, text);
    let headers = &mut representation.headers;
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    headers.insert(header::SERVER, HeaderValue::from_static("AmazonS3"));
    representation
}

/// The error page of a bucket's website (S3 User Guide, "Configuring a custom error document").
pub(super) fn website_error(status: StatusCode, code: &str, message: &str, key: &str) -> Representation {
    let reason = status.canonical_reason().unwrap_or_default();
    let title = format!("{} {reason}", status.as_u16());
    let text = format!(
        "<html>\n<head><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n<ul>\n<li>Code: {code}</li>\n\
         <li>Message: {}</li>\n<li>Key: {}</li>\n</ul>\n<hr/>\n</body>\n</html>\n",
        escape(message),
        escape(key)
    );
    let mut representation = Representation::of_text(status, text);
    let headers = &mut representation.headers;
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::SERVER, HeaderValue::from_static("AmazonS3"));
    representation
}

/// A request that no key can be read from: CloudFront answers it itself.
pub(super) fn bad_request() -> Response<Content> {
    cloudfront(StatusCode::BAD_REQUEST, "Bad request: the path is not valid percent-encoded UTF-8.", "")
}

/// A method that the behavior does not allow: CloudFront refuses it with 403 (Developer Guide, "HTTP 403 status code
/// (Permission denied)").
pub(super) fn method_not_allowed(behavior: &Behavior) -> Response<Content> {
    let what = format!(
        "This distribution is not configured for the HTTP method of this request; it answers {}.",
        enumerate(&behavior.methods)
    );
    cloudfront(StatusCode::FORBIDDEN, &what, "")
}

/// A bucket that is asked to be written: no policy of a site lets CloudFront do so.
pub(super) fn bucket_only_reads() -> Response<Content> {
    cloudfront(StatusCode::FORBIDDEN, "The bucket behind this path is only read: it answers GET and HEAD.", "")
}

/// A distribution that is switched off.
pub(super) fn disabled(distribution: &Distribution) -> Response<Content> {
    let what = format!("The distribution {} is disabled. Enable it, and it answers again.", distribution.id);
    cloudfront(StatusCode::FORBIDDEN, &what, "")
}

/// The viewer-request function could not be run (Developer Guide, "HTTP 503 status code (function execution error)").
pub(super) fn function_failed(arn: &str, reason: &str) -> Response<Content> {
    let what = "The CloudFront function associated with the CloudFront distribution is invalid or could not run.";
    cloudfront(StatusCode::SERVICE_UNAVAILABLE, what, &paragraph(&format!("{}: {reason}", function_name(arn))))
}

/// The viewer-request function returned what is neither a request nor a response.
pub(super) fn function_invalid(arn: &str, reason: &str) -> Response<Content> {
    let what = "The CloudFront function returned an invalid value.";
    cloudfront(StatusCode::BAD_GATEWAY, what, &paragraph(&format!("{}: {reason}", function_name(arn))))
}

fn function_name(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// An origin that cannot be asked or does not answer.
pub(super) fn origin_failed(status: StatusCode, what: &str) -> Response<Content> {
    cloudfront(status, what, "")
}

/// The local account itself could not be read.
pub(super) fn account_unreadable(error: &crate::Error) -> Response<Content> {
    cloudfront(StatusCode::BAD_GATEWAY, "The local account could not be read.", &paragraph(&error.to_string()))
}

/// A host that is no alternate domain name: CloudFront's bare 403, but with the way out.
pub(super) fn no_such_site(distributions: &[Distribution], host: &str, port: Option<&str>) -> Response<Content> {
    let port = port.map_or_else(String::new, |port| format!(":{port}"));
    let sites: String = distributions
        .iter()
        .flat_map(host::names)
        .map(|name| {
            let shown = escape(name);
            format!("<LI><A HREF=\"http://{shown}.localhost{port}/\">{shown}</A></LI>\n")
        })
        .collect();
    let more = if sites.is_empty() {
        paragraph("This local account has no site yet; publish one with --local")
    } else {
        format!("{}<UL>\n{sites}</UL>\n", paragraph("The sites here are:"))
    };
    let name = host::without_localhost(host);
    let what = format!(
        "No distribution has the alternate domain name (CNAME) \"{name}\". Add it to those of its site: cruddur-site \
         bootstrap --local does."
    );
    cloudfront(StatusCode::FORBIDDEN, &what, &more)
}

fn paragraph(text: &str) -> String {
    format!("<P>{}</P>\n", escape(text))
}

/// An error page of the edge; `more` is HTML.
fn cloudfront(status: StatusCode, what: &str, more: &str) -> Response<Content> {
    let title = format!("{} ERROR", status.as_u16());
    let page = format!(
        "<!DOCTYPE HTML>\n<HTML><HEAD><TITLE>{title}</TITLE></HEAD><BODY>\n<H1>{title}</H1>\n\
         <H2>The request could not be satisfied.</H2>\n{}{more}<P>Generated by cloudfront (CloudFront)</P>\n\
         </BODY></HTML>\n",
        paragraph(what)
    );
    let mut response = Response::new(Content::Memory(page.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::SERVER, HeaderValue::from_static("CloudFront"));
    headers.insert(X_CACHE, HeaderValue::from_static(ERROR));
    response
}
