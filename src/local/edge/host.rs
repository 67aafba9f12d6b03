//! Which distribution a request is for.

use http::{HeaderMap, Uri, header};

use crate::setup::observed::Distribution;

/// The suffix under which browsers reach every site on this machine (RFC 6761, section 6.3).
const LOCALHOST: &str = ".localhost";

/// The host a viewer asks for, lower case and without port: of the request line if it names one, else of `Host`.
pub(super) fn requested(uri: &Uri, headers: &HeaderMap) -> String {
    let authority = uri.authority().map(http::uri::Authority::as_str);
    let authority = authority.or_else(|| headers.get(header::HOST)?.to_str().ok()).unwrap_or_default();
    let host = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => authority.split(':').next().unwrap_or_default(),
    };
    host.trim_end_matches('.').to_ascii_lowercase()
}

/// The distribution for `host`: by alternate domain name, an exact one before a wildcard (CloudFront Developer Guide,
/// "Use custom URLs by adding alternate domain names"), or by its own domain name, each with or without `.localhost`.
/// A distribution that is alone answers for every host.
pub(super) fn pick<'a>(distributions: &'a [Distribution], host: &str) -> Option<&'a Distribution> {
    let host = host.strip_suffix(LOCALHOST).unwrap_or(host);
    let exact = |distribution: &&Distribution| {
        names(distribution).any(|name| name.eq_ignore_ascii_case(host) || localhost_of(name) == Some(host))
    };
    let wildcard = |distribution: &&Distribution| distribution.aliases.iter().any(|alias| covers(alias, host));
    let only = || <&[Distribution; 1]>::try_from(distributions).ok().map(|[only]| only);
    distributions.iter().find(exact).or_else(|| distributions.iter().find(wildcard)).or_else(only)
}

/// The names people may put into a browser, for the page that says which sites there are.
pub(super) fn names(distribution: &Distribution) -> impl Iterator<Item = &str> {
    distribution.aliases.iter().map(String::as_str).chain([distribution.domain_name.as_str()])
}

fn localhost_of(name: &str) -> Option<&str> {
    name.strip_suffix(LOCALHOST)
}

/// Whether `*.example.com` covers `host`: one more label, as a certificate's wildcard does.
fn covers(alias: &str, host: &str) -> bool {
    let Some(parent) = alias.strip_prefix("*.") else { return false };
    host.split_once('.').is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(parent))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::setup::observed::{Behavior, Origin};

    fn distribution(id: &str, aliases: &[&str]) -> Distribution {
        Distribution {
            id: id.to_owned(),
            arn: String::new(),
            domain_name: format!("{}.cloudfront.net", id.to_lowercase()),
            etag: String::new(),
            deployed: true,
            enabled: true,
            aliases: aliases.iter().map(ToString::to_string).collect(),
            comment: String::new(),
            default_root_object: String::new(),
            origin: Origin {
                id: "o".into(),
                domain: "b.s3.eu-central-1.amazonaws.com".into(),
                path: String::new(),
                is_s3: true,
                access_control: String::new(),
                access_identity: String::new(),
                protocol_policy: String::new(),
            },
            behavior: Behavior {
                origin: "o".into(),
                viewer_protocol: "allow-all".into(),
                methods: vec!["GET".into(), "HEAD".into()],
                cache_policy: String::new(),
                origin_request_policy: String::new(),
                response_headers_policy: String::new(),
                compress: true,
                viewer_request_function: String::new(),
                viewer_request_lambda: false,
            },
            behaviors: Vec::new(),
            certificate: None,
            minimum_tls: String::new(),
            tls_support: String::new(),
            http_version: "http2".into(),
            ipv6: true,
            price_class: None,
            error_responses: Vec::new(),
            web_acl: String::new(),
            tags: BTreeMap::new(),
        }
    }

    #[test]
    fn hosts_find_their_distribution() {
        let two = [distribution("E1", &["one.example", "*.one.example"]), distribution("E2", &["www.one.example"])];
        let table = [
            ("one.example", Some("E1")),
            ("one.example.localhost", Some("E1")),
            ("www.one.example", Some("E2")),
            ("pr-7.one.example.localhost", Some("E1")),
            ("a.b.one.example", None),
            ("e2.cloudfront.net", Some("E2")),
            ("e2.cloudfront.net.localhost", Some("E2")),
            ("localhost", None),
            ("", None),
        ];
        for (host, expected) in table {
            assert_eq!(pick(&two, host).map(|found| found.id.as_str()), expected, "{host}");
            assert_eq!(pick(&two[..1], host).map(|found| found.id.as_str()), Some("E1"), "alone: {host}");
        }
        assert!(pick(&[], "one.example").is_none());
    }

    #[test]
    fn hosts_are_read_without_port_and_case() {
        let table = [
            ("Cruddur.com:8080", "cruddur.com"),
            ("cruddur.com.", "cruddur.com"),
            ("[::1]:8080", "::1"),
            ("127.0.0.1:80", "127.0.0.1"),
        ];
        for (value, expected) in table {
            let headers: HeaderMap = [(header::HOST, value.parse().unwrap())].into_iter().collect();
            assert_eq!(requested(&Uri::from_static("/x"), &headers), expected);
            assert_eq!(requested(&"http://other.example:1/x".parse().unwrap(), &headers), "other.example");
        }
    }
}
