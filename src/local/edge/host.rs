//! Which distribution a request is for.

use http::{HeaderMap, Uri, header};

use crate::setup::{observed::Distribution, wildcard::covers};

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

/// The distribution for `host` and the name of its own that `host` stands for: by alternate domain name, an exact one
/// before a wildcard (CloudFront Developer Guide, "Use custom URLs by adding alternate domain names"), or by its own domain
/// name, each with or without `.localhost`. By address, or as `localhost`, a distribution that is alone is reached.
pub(super) fn pick<'a>(distributions: &'a [Distribution], host: &str) -> Option<(&'a Distribution, String)> {
    let bare = without_localhost(host);
    let exact = |distribution: &'a Distribution| {
        let is_it = |name: &&str| name.eq_ignore_ascii_case(bare) || localhost_is(name, bare);
        names(distribution).find(is_it).map(|name| (distribution, name.to_ascii_lowercase()))
    };
    let wildcard = |distribution: &&Distribution| distribution.aliases.iter().any(|alias| covers(alias, bare));
    let by_wildcard = || distributions.iter().find(wildcard).map(|distribution| (distribution, bare.to_owned()));
    let only = || match distributions {
        [only] if is_this_machine(host) => names(only).next().map(|name| (only, name.to_owned())),
        _ => None,
    };
    distributions.iter().find_map(exact).or_else(by_wildcard).or_else(only)
}

/// The name that a host on this machine stands for.
pub(super) fn without_localhost(host: &str) -> &str {
    host.strip_suffix(LOCALHOST).unwrap_or(host)
}

/// Where a browser on this machine finds what CloudFront would answer under `https://HOST`, if that is a site of the
/// account: host and port.
pub(super) fn here(distributions: &[Distribution], host: &str, port: &str) -> Option<String> {
    let host = host.to_ascii_lowercase();
    let is_site = distributions.len() > 1 || !is_this_machine(&host);
    let found = is_site && pick(distributions, &host).is_some();
    let suffix = if host.ends_with(LOCALHOST) { "" } else { LOCALHOST };
    found.then(|| format!("{host}{suffix}:{port}"))
}

/// Whether `name` is `bare` with `.localhost` after it.
fn localhost_is(name: &str, bare: &str) -> bool {
    name.to_ascii_lowercase().strip_suffix(LOCALHOST) == Some(bare)
}

fn is_this_machine(host: &str) -> bool {
    host.is_empty() || host == "localhost" || host.parse::<std::net::IpAddr>().is_ok()
}

/// The names people may put into a browser, for the page that says which sites there are.
pub(super) fn names(distribution: &Distribution) -> impl Iterator<Item = &str> {
    distribution.aliases.iter().map(String::as_str).chain([distribution.domain_name.as_str()])
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
            ("other.example", None),
            ("localhost", None),
            ("127.0.0.1", None),
            ("::1", None),
            ("", None),
        ];
        for (host, expected) in table {
            assert_eq!(pick(&two, host).map(|(found, _)| found.id.as_str()), expected, "{host}");
        }
        for (host, expected) in
            [("localhost", true), ("127.0.0.1", true), ("::1", true), ("", true), ("other.example.localhost", false)]
        {
            assert_eq!(
                pick(&two[..1], host).map(|(_, name)| name),
                expected.then(|| "one.example".to_owned()),
                "{host}"
            );
        }
        assert!(pick(&[], "one.example").is_none());
    }

    #[test]
    fn a_host_stands_for_a_name() {
        let local = [distribution("E1", &["*.one.example", "Cruddur.localhost", "www.one.example"])];
        let table = [
            ("www.one.example.localhost", "www.one.example"),
            ("pr-7.one.example.localhost", "pr-7.one.example"),
            ("cruddur.localhost", "cruddur.localhost"),
            ("cruddur", "cruddur.localhost"),
            ("127.0.0.1", "*.one.example"),
        ];
        for (host, name) in table {
            assert_eq!(pick(&local, host).map(|(_, name)| name).as_deref(), Some(name), "{host}");
        }
        assert_eq!(here(&local, "www.one.example", "80").as_deref(), Some("www.one.example.localhost:80"));
        assert_eq!(here(&local, "CRUDDUR.localhost", "80").as_deref(), Some("cruddur.localhost:80"));
        assert_eq!(here(&local, "elsewhere.example", "80"), None);
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
