//! What doctor looked at, as plain values.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::Serialize;

use super::Area;
use crate::{
    config::DomainName,
    setup::observed::{AccessControl, Bucket, Certificate, Distribution, Function, Role, Zone, ZoneRecord},
};

/// Everything that was looked at for one site. `None` and empty mean that there is none; what could not be looked at is
/// in `unchecked`, and the checks that need it are left out.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// The site.
    pub domain: DomainName,
    /// The flags that lead any command to the same account: ` --local`, ` --profile shop`, or nothing.
    pub flags: String,
    /// The distribution that was named, because the domain does not lead to it.
    pub named: Option<String>,
    /// When it was looked at.
    pub now: Timestamp,
    /// The site's distribution.
    pub distribution: Option<Distribution>,
    /// Distributions that could be meant where none has the domain: id and what it serves.
    pub candidates: Vec<(String, String)>,
    /// The origin access control of its default origin.
    pub access_control: Option<AccessControl>,
    /// Its viewer-request function.
    pub function: Option<Function>,
    /// The certificates of us-east-1 that name the domain.
    pub certificates: Vec<Certificate>,
    /// Certificates of other regions that name it.
    pub elsewhere: Vec<Certificate>,
    /// The bucket of the default origin.
    pub bucket: Option<Bucket>,
    /// The account's public zones that the domain is in.
    pub zones: Vec<Zone>,
    /// The records of the domain's names in them.
    pub records: Vec<ZoneRecord>,
    /// The validation records of certificates that public DNS has.
    pub proofs: Vec<String>,
    /// What public DNS says of each alternate domain name, the domain first.
    pub names: Vec<NameSeen>,
    /// What public DNS says of the distribution's own name.
    pub distribution_addresses: Vec<IpAddr>,
    /// The CAA records that hold for the domain, as `0 issue "amazon.com"`; `None` where there is none.
    pub authorities: Option<Vec<String>>,
    /// The name servers that the domain's parent delegates to.
    pub delegated_to: Vec<String>,
    /// Roles that trust GitHub's tokens and have to do with this site (or with nothing at all).
    pub roles: Vec<Role>,
    /// What was published.
    pub release: Option<ReleaseSeen>,
    /// What visitors get, URL by URL.
    pub probes: Vec<Probed>,
    /// What could not be looked at.
    pub unchecked: Vec<Unchecked>,
}

impl Evidence {
    /// A command for this site: `cruddur-site bootstrap cruddur.com --local`.
    pub(super) fn command(&self, verb: &str, more: &str) -> String {
        let named = self.named.as_ref().map(|id| format!("--distribution {id}"));
        let mut words = vec![format!("cruddur-site {verb}")];
        match verb {
            "publish" => words.push(named.unwrap_or_else(|| format!("--domain {}", self.domain))),
            _ => words.extend([self.domain.to_string()].into_iter().chain(named)),
        }
        // Without a zone here the records are kept elsewhere, and bootstrap has to know.
        let elsewhere = verb == "bootstrap" && self.zones.is_empty() && self.was_checked("hosted zones");
        words.extend(elsewhere.then(|| "--dns manual".to_owned()));
        words.extend((!more.is_empty()).then(|| more.to_owned()));
        format!("`{}{}`", words.join(" "), self.flags)
    }

    /// Whether public DNS knows an address of the domain.
    pub(super) fn was_found(&self) -> bool {
        self.names.iter().any(|seen| seen.name == self.domain.as_str() && seen.has_address())
    }

    /// Whether something could be looked at.
    pub(super) fn was_checked(&self, what: &str) -> bool {
        !self.unchecked.iter().any(|unchecked| unchecked.what == what)
    }
}

/// Something that could not be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unchecked {
    /// Where.
    pub area: Area,
    /// What: a phrase such as `bucket policy`.
    pub what: String,
    /// Why not, and what would let it be looked at.
    pub why: String,
}

/// What public DNS says of one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameSeen {
    /// The name.
    pub name: String,
    /// Where it points by CNAME.
    pub cname: Option<String>,
    /// Its addresses of IPv4.
    pub v4: Vec<IpAddr>,
    /// Its addresses of IPv6.
    pub v6: Vec<IpAddr>,
}

impl NameSeen {
    /// Whether it has any address.
    pub(super) fn has_address(&self) -> bool {
        !self.v4.is_empty() || !self.v6.is_empty()
    }
}

/// The published manifest, against the bucket.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReleaseSeen {
    /// Whether there is a manifest.
    pub published: bool,
    /// Keys of the manifest that are not in the bucket.
    pub missing: Vec<String>,
    /// Keys whose object is not the one that was published.
    pub changed: Vec<String>,
    /// Keys below the prefix that no release of ours put there.
    pub foreign: usize,
    /// Source maps below the prefix.
    pub source_maps: Vec<String>,
    /// Objects below the prefix.
    pub objects: usize,
    /// A publish that was cut off: who began it, and when.
    pub left_behind: Option<String>,
    /// The root page's object.
    pub root: Option<PageSeen>,
}

/// How an object is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageSeen {
    /// Its `Cache-Control`.
    pub cache_control: Option<String>,
    /// Its `Content-Type`.
    pub content_type: Option<String>,
}

/// One URL as a visitor got it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probed {
    /// What was asked for.
    pub purpose: Purpose,
    /// The URL asked for.
    pub url: String,
    /// The redirects on the way: status, and where to.
    pub redirects: Vec<(u16, String)>,
    /// The last answer's status; `None` where nobody answered.
    pub status: Option<u16>,
    /// Why nobody answered.
    pub error: Option<String>,
    /// The last answer's headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The length of its body in bytes.
    pub length: u64,
    /// The first bytes of its body, as text.
    pub beginning: String,
}

impl Probed {
    /// The last answer's header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether the body is a page.
    pub fn is_html(&self) -> bool {
        self.header("content-type").is_some_and(|value| value.starts_with("text/html"))
    }
}

/// Why a URL was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// The root page.
    Root,
    /// The root page without TLS: it must redirect.
    PlainHttp,
    /// Another alternate domain name.
    OtherName,
    /// A script that does not exist: it must be a 404.
    MissingScript,
    /// What is kept of releases: it must not be served.
    State,
}
