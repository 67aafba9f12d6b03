//! The distribution as it shall be, made from the one that is there, and what changes between the two.
//!
//! Only what this tool owns is set. Hand-made behaviors, their origins, aliases of others, a web ACL, error responses
//! for other statuses and custom policies stay.

mod fields;

use super::{
    Ids, S3Origin, Site,
    observed::{Behavior, Distribution, ErrorResponse, Origin, Tags},
    request::{Api, SiteRouting},
    site::{
        ALL_VIEWER_EXCEPT_HOST, CACHING_DISABLED, CACHING_OPTIMIZED, MINIMUM_TLS, NOT_FOUND_PAGE, ROOT_OBJECT,
        SECURITY_HEADERS,
    },
};
use crate::routing::Routing;

pub use fields::changes;

/// Stands for an id that comes to be while the plan runs.
pub const MADE: &str = "made by this run";

/// The id of an origin that is made for the bucket.
const ORIGIN: &str = "cruddur-site";

/// Managed cache policies other than "CachingOptimized": made for other origins, or for no caching at all. Some send
/// the viewer's `Host` on, to which S3 answers 403 (Developer Guide, "Use managed cache policies").
const OTHER_CACHE_POLICIES: [&str; 6] = [
    CACHING_DISABLED,
    "b2884449-e4de-46a7-ac36-70bc7f1ddd6d", // CachingOptimizedForUncompressedObjects
    "2e54312d-136d-493c-8eb9-b001f22f67d2", // Amplify
    "08627262-05a9-4f76-9ded-b50ca2e3a84f", // Elemental-MediaPackage
    "83da9c7e-98b4-4e11-a168-04f0df8e2c65", // UseOriginCacheControlHeaders
    "4cc15a8a-d715-48a4-82b8-cc0b614638fe", // UseOriginCacheControlHeaders-QueryStrings
];

/// Managed origin request policies that send the viewer's `Host` on, to which S3 answers 403 (Developer Guide, "Use
/// managed origin request policies").
const HOST_FORWARDING: [&str; 2] = [
    "216adef6-5c7f-47e4-b989-5492eafa07d3", // AllViewer
    "33f36d7e-f396-46d9-90e0-52428a34d9dc", // AllViewerAndCloudFrontHeaders-2022-06
];

/// Security policies that are newer than ours, oldest first (Developer Guide, "Supported protocols and ciphers").
const NEWER_TLS: [&str; 2] = ["TLSv1.2_2025", "TLSv1.3_2025"];

const READ: [&str; 2] = ["GET", "HEAD"];
const EVERY_METHOD: [&str; 7] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

/// How long edges keep an error, in seconds: CloudFront's own default, short enough that a file that was missing is
/// there soon after it was published.
const ERROR_TTL: u64 = 10;

/// The distribution as it shall be. Ids that are not known yet read [`MADE`].
pub fn wanted(site: &Site, ids: &Ids, existing: Option<&Distribution>) -> Distribution {
    let mut wanted = existing.cloned().unwrap_or_else(|| blank(site));
    let id = |id: &Option<String>| id.clone().unwrap_or_else(|| MADE.to_owned());
    wanted.enabled = true;
    for name in site.names() {
        if !wanted.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name.as_str())) {
            wanted.aliases.push(name.to_string());
        }
    }
    if wanted.comment.is_empty() {
        // At most 128 characters (API Reference, `DistributionConfig`).
        wanted.comment = site.domain.as_str().chars().take(128).collect();
    }
    wanted.default_root_object = ROOT_OBJECT.to_owned();
    set_origin(&mut wanted, site, id(&ids.access_control));
    set_behavior(&mut wanted.behavior, site, ids);
    for api in &site.apis {
        set_api(&mut wanted, api);
    }
    wanted.certificate = Some(id(&ids.certificate));
    if !NEWER_TLS.contains(&wanted.minimum_tls.as_str()) {
        wanted.minimum_tls = MINIMUM_TLS.to_owned();
    }
    if wanted.tls_support.is_empty() {
        wanted.tls_support = "sni-only".to_owned();
    }
    wanted.http_version = "http2and3".to_owned();
    wanted.ipv6 = true;
    wanted.price_class = Some(site.price_class);
    set_error_responses(&mut wanted, site);
    wanted
}

fn blank(site: &Site) -> Distribution {
    Distribution {
        id: String::new(),
        arn: String::new(),
        domain_name: String::new(),
        etag: String::new(),
        deployed: false,
        enabled: true,
        aliases: Vec::new(),
        comment: String::new(),
        default_root_object: String::new(),
        origin: Origin {
            id: ORIGIN.to_owned(),
            domain: site.origin_domain(),
            path: site.origin_path(),
            is_s3: true,
            access_control: String::new(),
            access_identity: String::new(),
            protocol_policy: String::new(),
        },
        behavior: Behavior { compress: true, ..blank_behavior(ORIGIN) },
        behaviors: Vec::new(),
        certificate: None,
        minimum_tls: String::new(),
        tls_support: String::new(),
        http_version: String::new(),
        ipv6: true,
        price_class: None,
        error_responses: Vec::new(),
        web_acl: String::new(),
        tags: Tags::new(),
    }
}

fn blank_behavior(origin: &str) -> Behavior {
    Behavior {
        origin: origin.to_owned(),
        viewer_protocol: String::new(),
        methods: Vec::new(),
        cache_policy: String::new(),
        origin_request_policy: String::new(),
        response_headers_policy: String::new(),
        compress: false,
        viewer_request_function: String::new(),
        viewer_request_lambda: false,
    }
}

/// The bucket's REST endpoint, signed for by the access control. The origin that is there is mended in place, together
/// with the behaviors that share it; only where those still need what it was (another server, another folder of the
/// bucket) the site gets an origin of its own, and the old one stays.
fn set_origin(wanted: &mut Distribution, site: &Site, access_control: String) {
    let old = wanted.origin.clone();
    let is_same = S3Origin::of(&old)
        .is_some_and(|origin| origin.bucket == site.bucket.as_str() && origin.prefix == site.prefix.as_str());
    let is_shared = wanted.behaviors.iter().any(|(_, behavior, _)| behavior.origin == old.id);
    let id = if is_same || !is_shared { old.id.clone() } else { free_id(wanted, ORIGIN) };
    let origin = Origin {
        id,
        domain: site.origin_domain(),
        path: site.origin_path(),
        is_s3: true,
        access_control,
        access_identity: String::new(),
        protocol_policy: String::new(),
    };
    for (_, behavior, shared) in &mut wanted.behaviors {
        if behavior.origin == origin.id {
            *shared = origin.clone();
        }
    }
    wanted.behavior.origin.clone_from(&origin.id);
    wanted.origin = origin;
}

/// `base`, or `base-2` and so on where origins have that id.
fn free_id(distribution: &Distribution, base: &str) -> String {
    let is_used =
        |id: &str| distribution.origin.id == id || distribution.behaviors.iter().any(|(_, _, origin)| origin.id == id);
    let numbered = (2..).map(|number| format!("{base}-{number}"));
    std::iter::once(base.to_owned()).chain(numbered).find(|id| !is_used(id)).unwrap_or_default()
}

fn set_behavior(behavior: &mut Behavior, site: &Site, ids: &Ids) {
    encrypt(behavior);
    allow(behavior, &READ);
    if behavior.cache_policy.is_empty() || OTHER_CACHE_POLICIES.contains(&behavior.cache_policy.as_str()) {
        behavior.cache_policy = CACHING_OPTIMIZED.to_owned();
    }
    if HOST_FORWARDING.contains(&behavior.origin_request_policy.as_str()) {
        behavior.origin_request_policy.clear();
    }
    if behavior.response_headers_policy.is_empty() {
        behavior.response_headers_policy = SECURITY_HEADERS.to_owned();
    }
    behavior.compress = true;
    match site.routing {
        SiteRouting::Function(_) => {
            behavior.viewer_request_function = ids.function.clone().unwrap_or_else(|| MADE.to_owned());
        }
        SiteRouting::ErrorPages if is_ours(&behavior.viewer_request_function) => {
            behavior.viewer_request_function.clear();
        }
        SiteRouting::ErrorPages => {}
    }
}

/// Whether the function of this ARN is one of this tool.
pub fn is_ours(function: &str) -> bool {
    let name = function.rsplit('/').next().unwrap_or_default();
    Routing::of_function(name).is_some() || name.starts_with("cruddur-site-redirect-")
}

/// Whether this cache policy is somebody's own.
pub fn is_custom_cache_policy(id: &str) -> bool {
    !id.is_empty() && id != CACHING_OPTIMIZED && !OTHER_CACHE_POLICIES.contains(&id)
}

fn encrypt(behavior: &mut Behavior) {
    if behavior.viewer_protocol != "https-only" {
        behavior.viewer_protocol = "redirect-to-https".to_owned();
    }
}

fn allow(behavior: &mut Behavior, methods: &[&str]) {
    for method in methods {
        if !behavior.methods.iter().any(|allowed| allowed == method) {
            behavior.methods.push((*method).to_owned());
        }
    }
    behavior.methods.sort();
}

/// A behavior that passes everything on and keeps nothing. `Host` alone is not passed on: API Gateway and load balancers
/// with certificates of their own names know only those (Developer Guide, "Use managed origin request policies").
fn set_api(wanted: &mut Distribution, api: &Api) {
    let position = wanted.behaviors.iter().position(|(path, ..)| *path == api.path);
    let index = position.unwrap_or_else(|| {
        let shadowing = wanted.behaviors.iter().position(|(path, ..)| covers(path, &api.path));
        shadowing.unwrap_or(wanted.behaviors.len())
    });
    let current = position.map(|index| wanted.behaviors[index].2.clone());
    let origin = api_origin(wanted, api, current);
    if position.is_none() {
        wanted.behaviors.insert(index, (api.path.clone(), blank_behavior(&origin.id), origin.clone()));
    }
    let (_, behavior, behind) = &mut wanted.behaviors[index];
    behavior.origin.clone_from(&origin.id);
    *behind = origin;
    encrypt(behavior);
    allow(behavior, &EVERY_METHOD);
    behavior.cache_policy = CACHING_DISABLED.to_owned();
    behavior.origin_request_policy = ALL_VIEWER_EXCEPT_HOST.to_owned();
}

/// An origin that is that server, spoken to by https only: the one that is there, or one of our own. Origins of others
/// are never changed, since other behaviors may need them as they are.
fn api_origin(distribution: &Distribution, api: &Api, current: Option<Origin>) -> Origin {
    let fits = |origin: &Origin| {
        !origin.is_s3
            && origin.domain.eq_ignore_ascii_case(api.origin.as_str())
            && origin.path.is_empty()
            && origin.protocol_policy == "https-only"
    };
    let others = distribution.behaviors.iter().map(|(_, _, origin)| origin.clone());
    current.into_iter().chain(others).find(fits).unwrap_or_else(|| Origin {
        // At most 128 characters (API Reference, `Origin`).
        id: free_id(distribution, &format!("{ORIGIN}-{}", api.origin).chars().take(120).collect::<String>()),
        domain: api.origin.to_string(),
        path: String::new(),
        is_s3: false,
        access_control: String::new(),
        access_identity: String::new(),
        protocol_policy: "https-only".to_owned(),
    })
}

/// Whether the path pattern `wide` takes every path that `narrow` takes: then `narrow` has to come first.
fn covers(wide: &str, narrow: &str) -> bool {
    fn matches(wide: &[u8], narrow: &[u8]) -> bool {
        match (wide, narrow) {
            ([], []) => true,
            ([b'*', rest @ ..], _) => {
                matches(rest, narrow) || narrow.split_first().is_some_and(|(_, narrow)| matches(wide, narrow))
            }
            // A star of the narrow one stands for any text, which one letter of the wide one cannot.
            ([b'?', wide @ ..], [letter, narrow @ ..]) => *letter != b'*' && matches(wide, narrow),
            ([a, wide @ ..], [b, narrow @ ..]) => a == b && matches(wide, narrow),
            _ => false,
        }
    }
    // CloudFront reads a pattern with and without its leading slash alike.
    matches(wide.trim_start_matches('/').as_bytes(), narrow.trim_start_matches('/').as_bytes())
}

/// Whether it turns what is missing into a page with a good status, as single-page apps are often made to work.
pub fn is_fallback(response: &ErrorResponse) -> bool {
    matches!(response.error_code, 403 | 404)
        && !response.page.is_empty()
        && response.response_code.is_some_and(|code| (200..300).contains(&code))
}

/// Whether requests go to servers that have error answers of their own, which error pages would replace.
pub fn has_apis(site: &Site, existing: Option<&Distribution>) -> bool {
    let behaviors = existing.map(|distribution| distribution.behaviors.as_slice()).unwrap_or_default();
    !site.apis.is_empty() || behaviors.iter().any(|(_, _, origin)| S3Origin::of(origin).is_none())
}

/// Error responses are for the whole distribution (Developer Guide, "Configure error response behavior"), so there is none
/// with APIs behind it, and none that makes a page of a missing script where a function does the routing.
fn set_error_responses(wanted: &mut Distribution, site: &Site) {
    let has_apis = has_apis(site, Some(wanted));
    let ours = |page: &str, status| ErrorResponse {
        error_code: 404,
        page: page.to_owned(),
        response_code: Some(status),
        minimum_ttl: ERROR_TTL,
    };
    let response = match site.routing {
        SiteRouting::ErrorPages => Some(ours(&format!("/{ROOT_OBJECT}"), 200)),
        SiteRouting::Function(Routing::Spa) => None,
        SiteRouting::Function(_) if has_apis => None,
        SiteRouting::Function(_) => Some(ours(NOT_FOUND_PAGE, 404)),
    };
    let responses = &mut wanted.error_responses;
    match site.routing {
        SiteRouting::ErrorPages => {
            responses.retain(|response| {
                response.error_code != 404 || is_fallback(response) && response.page == format!("/{ROOT_OBJECT}")
            });
        }
        SiteRouting::Function(_) => {
            let is_our_page = |response: &ErrorResponse| response.error_code == 404 && response.page == NOT_FOUND_PAGE;
            responses.retain(|response| !is_fallback(response) && !(has_apis && is_our_page(response)));
            // One without a page only says how long edges keep the error.
            if response.is_some() {
                responses.retain(|response| response.error_code != 404 || !response.page.is_empty());
            }
        }
    }
    if let Some(response) = response.filter(|_| !responses.iter().any(|response| response.error_code == 404)) {
        responses.push(response);
    }
    responses.sort_by_key(|response| response.error_code);
}
