//! A distribution as the console shows it, field by field, and what differs between two of them.

use crate::setup::{
    S3Origin,
    observed::{Behavior, Distribution, Origin},
    site::{ALL_VIEWER_EXCEPT_HOST, CACHING_DISABLED, CACHING_OPTIMIZED, SECURITY_HEADERS},
    step::Change,
};

/// What differs between the distribution that is there and the one that is wanted, in the console's words.
pub fn changes(existing: Option<&Distribution>, wanted: &Distribution) -> Vec<Change> {
    let old = existing.map(fields).unwrap_or_default();
    differences(&old, &fields(wanted))
}

/// The fields that differ, in the order of `new`; those that are gone come last. Empty values count as not set.
pub(crate) fn differences(old: &[(String, String)], new: &[(String, String)]) -> Vec<Change> {
    let get = |fields: &[(String, String)], field: &str| {
        fields.iter().find(|(name, _)| name == field).map(|(_, value)| value.clone()).filter(|value| !value.is_empty())
    };
    let gone = old.iter().filter(|(field, _)| !new.iter().any(|(name, _)| name == field));
    let fields = new.iter().chain(gone).map(|(field, _)| field);
    let changes = fields.map(|field| Change { field: field.clone(), old: get(old, field), new: get(new, field) });
    changes.filter(|change| change.old != change.new).collect()
}

/// Every field that this tool may change. Order within a list does not matter to CloudFront, except that of behaviors.
fn fields(distribution: &Distribution) -> Vec<(String, String)> {
    let mut aliases: Vec<_> = distribution.aliases.iter().map(|alias| alias.to_ascii_lowercase()).collect();
    aliases.sort();
    let on_off = |on: bool| if on { "on" } else { "off" }.to_owned();
    let mut fields = vec![
        ("state".to_owned(), if distribution.enabled { "enabled" } else { "disabled" }.to_owned()),
        ("alternate domain names".to_owned(), aliases.join(", ")),
        ("custom SSL certificate".to_owned(), distribution.certificate.clone().unwrap_or_default()),
        ("security policy".to_owned(), distribution.minimum_tls.clone()),
        ("legacy clients support".to_owned(), distribution.tls_support.clone()),
        ("default root object".to_owned(), distribution.default_root_object.clone()),
    ];
    fields.extend(of_origin("origin", &distribution.origin));
    fields.extend(of_behavior("", &distribution.behavior));
    let patterns: Vec<_> = distribution.behaviors.iter().map(|(path, ..)| path.as_str()).collect();
    fields.push(("behaviors".to_owned(), patterns.join(", ")));
    for (path, behavior, origin) in &distribution.behaviors {
        fields.extend(of_origin(&format!("{path} origin"), origin));
        fields.extend(of_behavior(&format!("{path} "), behavior));
    }
    for response in &distribution.error_responses {
        let answer = match (response.page.as_str(), response.response_code) {
            ("", _) => "no page of its own".to_owned(),
            (page, Some(code)) => format!("{page} with status {code}"),
            (page, None) => page.to_owned(),
        };
        let value = format!("{answer}, kept for {} s", response.minimum_ttl);
        fields.push((format!("error response for {}", response.error_code), value));
    }
    fields.extend([
        ("supported HTTP versions".to_owned(), distribution.http_version.clone()),
        ("IPv6".to_owned(), on_off(distribution.ipv6)),
        ("price class".to_owned(), distribution.price_class.map(|class| class.name().to_owned()).unwrap_or_default()),
        ("description".to_owned(), distribution.comment.clone()),
    ]);
    fields
}

fn of_origin(field: &str, origin: &Origin) -> Vec<(String, String)> {
    let is_website = S3Origin::of(origin).is_some_and(|origin| origin.website);
    let access = if !origin.access_control.is_empty() {
        format!("origin access control {}", origin.access_control)
    } else if !origin.access_identity.is_empty() {
        format!("legacy access identity {}", origin.access_identity)
    } else if is_website || origin.is_s3 {
        "public".to_owned()
    } else {
        String::new()
    };
    let kind = match (is_website, origin.is_s3) {
        (true, _) => " (the bucket's public website endpoint)",
        (false, false) if S3Origin::of(origin).is_some() => " (as a custom origin)",
        _ => "",
    };
    vec![
        (format!("{field} domain"), format!("{}{kind}", origin.domain)),
        (format!("{field} path"), origin.path.clone()),
        (format!("{field} access"), access),
        (format!("{field} protocol"), origin.protocol_policy.clone()),
        (format!("{field} name"), origin.id.clone()),
    ]
}

fn of_behavior(prefix: &str, behavior: &Behavior) -> Vec<(String, String)> {
    let cache = if behavior.cache_policy.is_empty() { "legacy cache settings" } else { policy(&behavior.cache_policy) };
    // A new distribution's fields all come from nothing; the word is for one that is there.
    let cache = if behavior.viewer_protocol.is_empty() { "" } else { cache };
    let mut methods = behavior.methods.clone();
    methods.sort();
    let function = behavior.viewer_request_function.as_str();
    let function = match (function.rsplit_once(":function/"), behavior.viewer_request_lambda) {
        (_, true) if function.is_empty() => "a Lambda@Edge function",
        (Some((_, name)), _) => name,
        (None, _) => function,
    };
    [
        ("viewer protocol policy", behavior.viewer_protocol.as_str()),
        ("allowed HTTP methods", &methods.join(", ")),
        ("cache policy", cache),
        ("origin request policy", policy(&behavior.origin_request_policy)),
        ("response headers policy", policy(&behavior.response_headers_policy)),
        ("compress objects automatically", if behavior.compress { "yes" } else { "no" }),
        ("viewer request function", function),
    ]
    .map(|(field, value)| (format!("{prefix}{field}"), value.to_owned()))
    .to_vec()
}

/// A managed policy by its name, as the console shows it.
fn policy(id: &str) -> &str {
    match id {
        CACHING_OPTIMIZED => "CachingOptimized",
        CACHING_DISABLED => "CachingDisabled",
        ALL_VIEWER_EXCEPT_HOST => "AllViewerExceptHostHeader",
        SECURITY_HEADERS => "SecurityHeadersPolicy",
        "216adef6-5c7f-47e4-b989-5492eafa07d3" => "AllViewer",
        "b2884449-e4de-46a7-ac36-70bc7f1ddd6d" => "CachingOptimizedForUncompressedObjects",
        "83da9c7e-98b4-4e11-a168-04f0df8e2c65" => "UseOriginCacheControlHeaders",
        "4cc15a8a-d715-48a4-82b8-cc0b614638fe" => "UseOriginCacheControlHeaders-QueryStrings",
        other => other,
    }
}
