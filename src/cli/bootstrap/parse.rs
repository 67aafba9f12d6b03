//! The values of `bootstrap`'s flags that have a form of their own, and what is told about those that have it not.

use std::net::IpAddr;

use crate::{
    config::{DomainName, InvalidValue},
    error::{Error, ErrorKind, Result},
    setup::request::{Api, Deployer, DeployerScope},
};

/// The branch that publishes where `--github` names neither branch nor environment.
pub const DEFAULT_BRANCH: &str = "main";

/// The longest path pattern of a behavior (Developer Guide, "Quotas").
const LONGEST_PATTERN: usize = 255;

/// A value of a flag, or the flag's name with what is wrong about the value.
pub fn value<T: std::str::FromStr<Err = InvalidValue>>(flag: &str, text: &str) -> Result<T> {
    text.parse().map_err(|error: InvalidValue| wrong(format!("{flag} {}", error.problem), error.next))
}

fn wrong(what: impl Into<String>, next: impl Into<String>) -> Error {
    Error::new(ErrorKind::Input, what, next)
}

/// A domain that somebody can own.
pub fn domain(flag: &str, text: &str) -> Result<DomainName> {
    let host = url::Url::parse(text).ok().and_then(|url| url.host_str().map(str::to_owned));
    if let Some(host) = host.filter(|_| text.contains("://")) {
        return Err(wrong(format!("{flag} is the URL {text:?}"), format!("write the domain alone: {host}")));
    }
    if text.parse::<IpAddr>().is_ok() {
        let next = "write the name that visitors shall type, such as \"cruddur.com\": certificates are for names";
        return Err(wrong(format!("{flag} is the address {text}"), next));
    }
    if let Some(rest) = text.strip_prefix("*.") {
        let next = format!("write {rest}; --wildcard puts *.{rest} on its certificate, too");
        return Err(wrong(format!("{flag} is the wildcard {text:?}"), next));
    }
    let name: DomainName = value(flag, text)?;
    if name.as_str().ends_with(".cloudfront.net") || name.as_str().ends_with(".amazonaws.com") {
        let next = "write a domain of yours; a name of AWS needs no alias records and can have no certificate of yours";
        return Err(wrong(format!("{flag} is {name}, a name of AWS"), next));
    }
    Ok(name)
}

/// `PATH=ORIGIN`.
pub fn api(text: &str) -> Result<Api> {
    const EXAMPLE: &str = "write the path and the host: --api '/api/*=api.internal.cruddur.com'";
    // No path pattern has a `=`, and a URL that was pasted as the origin may have some.
    let Some((path, origin)) = text.split_once('=').filter(|(path, origin)| !path.is_empty() && !origin.is_empty())
    else {
        return Err(wrong(format!("--api is {text:?}, which is not PATH=ORIGIN"), EXAMPLE));
    };
    let path = format!("/{}", path.trim_start_matches('/'));
    // Developer Guide, "Path pattern".
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "_-.*$/~\"'@:+?&".contains(c);
    if path.len() > LONGEST_PATTERN || !path.chars().all(is_allowed) {
        let next = "write a path such as /api/*, of letters, digits and _-.*$/~\"'@:+?&, at most 255 of them";
        return Err(wrong(format!("the path of --api is {path:?}, which CloudFront does not take"), next));
    }
    if path.trim_matches('/').chars().all(|c| c == '*') {
        let next = "name the part of the site that is an API, such as /api/*";
        return Err(wrong(format!("the path of --api is {path:?}, which is the whole site"), next));
    }
    Ok(Api { origin: api_origin(text, &path, origin)?, path })
}

fn api_origin(text: &str, path: &str, origin: &str) -> Result<DomainName> {
    let url = if origin.contains("://") { origin.to_owned() } else { format!("https://{origin}") };
    let url = url::Url::parse(&url).ok().filter(|url| url.has_host());
    let Some(url) = url else {
        let next = "write the server's host name alone, such as api.internal.cruddur.com";
        return Err(wrong(format!("the origin of --api {text:?} is {origin:?}, which is no host name"), next));
    };
    let host = url.host_str().unwrap_or_default();
    let has_path = !matches!(url.path(), "" | "/") || url.query().is_some();
    if has_path {
        let next = format!(
            "write the host alone: --api '{path}={host}'; CloudFront asks it for the path that the visitor asked for, \
             with nothing put before it, so let the server answer {path} itself"
        );
        let more = if url.query().is_some() { "query" } else { "path" };
        return Err(wrong(format!("the origin of --api is {origin:?}, a URL with a {more}"), next));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let next = format!(
            "write the host alone: --api '{path}={host}'; what the server shall know of visitors, the app sends"
        );
        return Err(wrong("the origin of --api has a user's name or password in it", next));
    }
    if url.scheme() == "http" {
        let next = format!(
            "write the host alone, --api '{path}={host}', and give the server a certificate: passwords and cookies \
             would travel unencrypted otherwise"
        );
        return Err(wrong(format!("the origin of --api is {origin:?}, and CloudFront asks it by https only"), next));
    }
    if origin.contains("://") || origin.ends_with('/') {
        let next = format!("write the host alone: --api '{path}={host}'");
        return Err(wrong(format!("the origin of --api is the URL {origin:?}"), next));
    }
    if let Some(port) = url.port() {
        let next = format!("let the server listen on 443, and write --api '{path}={host}'");
        return Err(wrong(format!("the origin of --api names port {port}, and CloudFront asks it on 443"), next));
    }
    if matches!(url.host(), Some(url::Host::Ipv4(_) | url::Host::Ipv6(_))) {
        let next = "write a DNS name for it, which its certificate must have, too: CloudFront takes no addresses";
        return Err(wrong(format!("the origin of --api is the address {host}"), next));
    }
    if !host.contains('.') {
        let next = "write its whole name in public DNS, such as api.internal.cruddur.com: the edges know no short ones";
        return Err(wrong(format!("the origin of --api is {origin:?}, which is no domain name"), next));
    }
    value("the origin of --api", origin)
}

/// `OWNER/REPO[@branch|:environment]`.
pub fn deployer(text: &str) -> Result<Deployer> {
    const FORM: &str = "write OWNER/REPO, OWNER/REPO@BRANCH or OWNER/REPO:ENVIRONMENT";
    if let Some(rest) = ["https://github.com/", "http://github.com/", "git@github.com:", "github.com/"]
        .into_iter()
        .find_map(|prefix| text.strip_prefix(prefix))
    {
        let parts: Vec<&str> = rest.split(['/', '?', '#']).filter(|part| !part.is_empty()).take(2).collect();
        let name = parts.join("/");
        return Err(match parts.len() {
            2 => wrong(
                format!("--github is the URL {text:?}"),
                format!("write --github {}", name.trim_end_matches(".git")),
            ),
            _ => wrong(format!("--github is the URL {text:?}, which names no repository"), FORM),
        });
    }
    let not_that = || wrong(format!("--github is {text:?}, which names no repository"), FORM);
    let (owner, rest) = text.split_once('/').ok_or_else(not_that)?;
    let end = rest.find(['@', ':']).unwrap_or(rest.len());
    let (repository, scope) = rest.split_at(end);
    if scope.contains('@') && scope.contains(':') {
        let next = "give one of them: a run in an environment is known to AWS by the environment, whatever its branch; which \
                    branches it takes is a setting of the environment at GitHub";
        return Err(wrong(format!("--github {text:?} names a branch and an environment"), next));
    }
    // GitHub's own limits, as its forms tell them.
    let is_owner = (1..=39).contains(&owner.len())
        && owner.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && !owner.starts_with('-');
    let is_repository = (1..=100).contains(&repository.len())
        && repository.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    if !is_owner || !is_repository {
        return Err(not_that());
    }
    let scope = match scope.split_at_checked(1) {
        None => DeployerScope::Branch(DEFAULT_BRANCH.to_owned()),
        Some(("@", branch)) => DeployerScope::Branch(narrow(text, "branch", branch)?),
        Some((_, environment)) => DeployerScope::Environment(narrow(text, "environment", environment)?),
    };
    Ok(Deployer { owner: owner.to_owned(), repository: repository.to_owned(), scope })
}

/// A branch or environment that is one: with a wildcard the role would trust more than was meant.
fn narrow(text: &str, what: &str, name: &str) -> Result<String> {
    let next =
        format!("write the name of one {what}, such as {}", if what == "branch" { "@main" } else { ":production" });
    if name.is_empty() {
        return Err(wrong(format!("--github {text:?} has an empty {what}"), next));
    }
    if let Some(odd) = name.chars().find(|c| "*?:".contains(*c) || c.is_control() || c.is_whitespace()) {
        return Err(wrong(format!("the {what} of --github {text:?} has {odd:?} in its name"), next));
    }
    if what == "branch" && name.starts_with("refs/") {
        let short = name.trim_start_matches("refs/heads/");
        return Err(wrong(format!("the branch of --github {text:?} is a whole reference"), format!("write @{short}")));
    }
    Ok(name.to_owned())
}

/// The ARN of a key of KMS.
pub fn kms_key(text: &str) -> Result<String> {
    let parts: Vec<&str> = text.split(':').collect();
    let next = "write the key's ARN, arn:aws:kms:REGION:ACCOUNT:key/ID: `aws kms describe-key --key-id ID_OR_ALIAS --query \
                KeyMetadata.Arn` prints it";
    match parts.as_slice() {
        ["arn", _, "kms", region, account, resource] if !region.is_empty() && account.len() == 12 => {
            if resource.starts_with("alias/") {
                let what = format!("--kms-key is the alias {text:?}, which may come to mean another key");
                return Err(wrong(what, next));
            }
            if resource.strip_prefix("key/").is_some_and(|id| !id.is_empty()) {
                return Ok(text.to_owned());
            }
            Err(wrong(format!("--kms-key is {text:?}, which is no key"), next))
        }
        _ => Err(wrong(format!("--kms-key is {text:?}, which is no ARN of a key"), next)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_domain_is_told_what_to_write() {
        let table = [
            ("https://cruddur.com/x", "write the domain alone: cruddur.com"),
            ("cruddur", "the whole name"),
            ("cruddur.com/blog", "the domain alone"),
            ("192.0.2.7", "the name that visitors shall type"),
            ("*.cruddur.com", "--wildcard"),
            ("d111111abcdef8.cloudfront.net", "a domain of yours"),
            ("bücher.de", "xn--"),
            ("-a.com", "the domain alone"),
        ];
        for (text, next) in table {
            let error = domain("DOMAIN", text).unwrap_err();
            assert!(error.next().contains(next), "{text}: {error}");
        }
        for text in ["cruddur.com", "www.cruddur.co.uk", "cruddur.localhost", "a.b.example"] {
            assert_eq!(domain("DOMAIN", text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn an_api_is_a_path_and_a_host() {
        let good = [
            ("/api/*=api.internal.cruddur.com", ("/api/*", "api.internal.cruddur.com")),
            ("api/*=API.cruddur.com", ("/api/*", "api.cruddur.com")),
            ("/v?/health=a.b", ("/v?/health", "a.b")),
        ];
        for (text, (path, origin)) in good {
            let api = api(text).unwrap();
            assert_eq!((api.path.as_str(), api.origin.as_str()), (path, origin), "{text}");
        }
        let bad = [
            ("/api/*", "write the path and the host"),
            ("=api.cruddur.com", "write the path and the host"),
            ("/*=api.cruddur.com", "name the part"),
            ("*=api.cruddur.com", "name the part"),
            ("/a b=api.cruddur.com", "a path such as /api/*"),
            ("/api/*=https://api.cruddur.com/v1", "--api '/api/*=api.cruddur.com'; CloudFront asks"),
            ("/api/*=api.cruddur.com/v1", "answer /api/* itself"),
            ("/api/*=api.cruddur.com?stage=prod", "write the host alone"),
            ("/api/*=ann:secret@api.cruddur.com", "write the host alone"),
            ("/api/*=https://api.cruddur.com", "write the host alone: --api '/api/*=api.cruddur.com'"),
            ("/api/*=http://api.cruddur.com", "certificate"),
            ("/api/*=api.cruddur.com:8443", "listen on 443"),
            ("/api/*=10.0.0.7", "DNS name"),
            ("/api/*=localhost", "whole name"),
        ];
        for (text, next) in bad {
            let error = api(text).unwrap_err();
            assert!(error.next().contains(next), "{text}: {error}");
        }
    }

    #[test]
    fn a_deployer_is_one_branch_or_environment_of_one_repository() {
        let subject = |text: &str| deployer(text).unwrap().subject();
        assert_eq!(subject("ann/cruddur"), "repo:ann/cruddur:ref:refs/heads/main");
        assert_eq!(subject("ann/cruddur.com@feature/x"), "repo:ann/cruddur.com:ref:refs/heads/feature/x");
        assert_eq!(subject("ann/cruddur:live-eu"), "repo:ann/cruddur:environment:live-eu");
        let bad = [
            ("cruddur", "write OWNER/REPO"),
            ("ann/", "write OWNER/REPO"),
            ("/cruddur", "write OWNER/REPO"),
            ("ann/crud dur", "write OWNER/REPO"),
            ("ann/*", "write OWNER/REPO"),
            ("ann/cruddur@", "one branch"),
            ("ann/cruddur@*", "one branch"),
            ("ann/cruddur:", "one environment"),
            ("ann/cruddur:live@main", "give one of them"),
            ("ann/cruddur:pro?", "one environment"),
            ("ann/cruddur@refs/heads/main", "write @main"),
            ("https://github.com/ann/cruddur.git", "write --github ann/cruddur"),
        ];
        for (text, next) in bad {
            let error = deployer(text).unwrap_err();
            assert!(error.next().contains(next), "{text}: {error}");
        }
    }

    #[test]
    fn a_key_is_named_by_its_arn() {
        let key = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
        assert_eq!(kms_key(key).unwrap(), key);
        for text in ["alias/site", "1234abcd", "arn:aws:kms:eu-central-1:123456789012:alias/site", "arn:aws:s3:::x"] {
            assert!(kms_key(text).unwrap_err().next().contains("key/ID"), "{text}");
        }
    }
}
