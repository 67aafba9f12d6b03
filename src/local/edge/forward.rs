//! Origins that are no buckets: servers on this machine, asked over HTTP.

use std::{net::IpAddr, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, header, uri::Authority};
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

use super::{behavior::Target, page, respond::Content};
use crate::setup::site::ALL_VIEWER_EXCEPT_HOST;

/// The managed origin request policy "AllViewer" (CloudFront Developer Guide, "Use managed origin request policies").
const ALL_VIEWER: &str = "216adef6-5c7f-47e4-b989-5492eafa07d3";

/// How long an origin may take to begin its answer (CloudFront Developer Guide, "Response timeout", the default).
const MOST_TIME: Duration = Duration::from_secs(30);

/// Headers of one connection, which no proxy hands on (RFC 9110, section 7.6.1).
const OF_CONNECTION: [&str; 8] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// What an origin is told of a viewer where no origin request policy says more: nothing but what the body is.
const OF_BODY: [HeaderName; 3] = [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::CONTENT_ENCODING];

/// Asks origins.
#[derive(Debug, Clone)]
pub(super) struct Forwarder {
    client: Client<HttpConnector, Incoming>,
}

impl Default for Forwarder {
    fn default() -> Self {
        Self { client: Client::builder(TokioExecutor::new()).build_http() }
    }
}

/// A request as the origin shall get it, but for its body.
#[derive(Debug)]
pub(super) struct Forward {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    domain: String,
    /// What is added to the answer.
    pub(super) answer_headers: HeaderMap,
}

impl Forward {
    /// The request for `uri` and `query` to the target's origin.
    ///
    /// # Errors
    /// The 502 for an origin that is not on this machine, or a 400 for a path that is no path.
    pub(super) fn new<B>(
        target: Target<'_>,
        request: &Request<B>,
        uri: &str,
        query: Option<&str>,
        answer_headers: HeaderMap,
    ) -> Result<Self, Box<Response<Content>>> {
        let domain = &target.origin.domain;
        if !is_loopback(domain) {
            let what = format!(
                "The local account reaches origins on this machine only, as 127.0.0.1:PORT or localhost:PORT, and not {domain}."
            );
            return Err(page::origin_failed(StatusCode::BAD_GATEWAY, &what).into());
        }
        let policy = target.behavior.origin_request_policy.as_str();
        let tells_all = matches!(policy, ALL_VIEWER | ALL_VIEWER_EXCEPT_HOST);
        let query = query.filter(|_| tells_all).map(|query| format!("?{query}")).unwrap_or_default();
        let uri = format!("http://{domain}{}{uri}{query}", target.origin.path)
            .parse()
            .map_err(|_| Box::new(page::bad_request()))?;
        let mut headers = request.headers().clone();
        for name in OF_CONNECTION {
            headers.remove(name);
        }
        if !tells_all {
            headers = OF_BODY.iter().filter_map(|name| Some((name.clone(), headers.remove(name)?))).collect();
            headers.insert(header::USER_AGENT, HeaderValue::from_static("Amazon CloudFront"));
        }
        if policy != ALL_VIEWER {
            let host = HeaderValue::try_from(domain.as_str()).map_err(|_| Box::new(page::bad_request()))?;
            headers.insert(header::HOST, host);
        }
        headers.insert("x-forwarded-for", HeaderValue::from_static("127.0.0.1"));
        headers.insert(header::VIA, HeaderValue::from_static("1.1 localhost.cloudfront.net (CloudFront)"));
        Ok(Self { method: request.method().clone(), uri, headers, domain: domain.clone(), answer_headers })
    }
}

impl Forwarder {
    /// Sends it with the viewer's body and gives the origin's answer, its body as it comes.
    ///
    /// # Errors
    /// The 502 for an origin that does not answer, or the 504 for one that takes too long.
    pub(super) async fn send(
        &self,
        forward: Forward,
        body: Incoming,
    ) -> Result<Response<Incoming>, Box<Response<Content>>> {
        let mut request = Request::new(body);
        *request.method_mut() = forward.method;
        *request.uri_mut() = forward.uri;
        *request.headers_mut() = forward.headers;
        let sent = tokio::time::timeout(MOST_TIME, self.client.request(request)).await;
        let Ok(sent) = sent else {
            let what = format!("The origin {} did not begin to answer within 30 seconds.", forward.domain);
            return Err(page::origin_failed(StatusCode::GATEWAY_TIMEOUT, &what).into());
        };
        let mut response = sent.map_err(|error| {
            let what = format!("The origin {} does not answer: is it running? ({error})", forward.domain);
            Box::new(page::origin_failed(StatusCode::BAD_GATEWAY, &what))
        })?;
        for name in OF_CONNECTION {
            response.headers_mut().remove(name);
        }
        // What the response headers policy says overrides what the origin does.
        for (name, value) in &forward.answer_headers {
            response.headers_mut().insert(name, value.clone());
        }
        Ok(response)
    }
}

/// Whether a host, with a port or without, is this machine.
fn is_loopback(domain: &str) -> bool {
    let Ok(authority) = domain.parse::<Authority>() else { return false };
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_reached() {
        for (domain, expected) in [
            ("127.0.0.1:3000", true),
            ("127.0.0.1", true),
            ("localhost:3000", true),
            ("[::1]:3000", true),
            ("api.cruddur.com", false),
            ("localhost.example:3000", false),
            ("10.0.0.1:3000", false),
            ("user@evil.example", false),
            ("", false),
        ] {
            assert_eq!(is_loopback(domain), expected, "{domain}");
        }
    }
}
