//! Conditional requests: whether the viewer has the object already (RFC 9110, section 13).

use http::{HeaderMap, HeaderName, header};

/// Whether a viewer that sent `request` already has the representation with these `entity` headers: then the answer
/// is 304.
///
/// Entity tags are compared weakly, for compression at the edge makes strong tags weak, and `If-Modified-Since` counts
/// only where there is no `If-None-Match`.
pub(super) fn not_modified(request: &HeaderMap, entity: &HeaderMap) -> bool {
    if request.contains_key(header::IF_NONE_MATCH) {
        let etag = text(entity, header::ETAG);
        return request.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok()).any(|list| {
            list.trim() == "*" || etag.is_some_and(|etag| tags(list).any(|tag| opaque(tag) == opaque(etag)))
        });
    }
    match (date(request, header::IF_MODIFIED_SINCE), date(entity, header::LAST_MODIFIED)) {
        (Some(since), Some(modified)) => modified <= since,
        _ => false,
    }
}

/// Whether a `Range` may be answered in parts: `If-Range` is absent, or names exactly this representation. A weak tag
/// never does.
pub(super) fn range_applies(request: &HeaderMap, entity: &HeaderMap) -> bool {
    let Some(wanted) = text(request, header::IF_RANGE) else {
        return !request.contains_key(header::IF_RANGE);
    };
    if wanted.starts_with('"') {
        return text(entity, header::ETAG) == Some(wanted);
    }
    match (date(request, header::IF_RANGE), date(entity, header::LAST_MODIFIED)) {
        (Some(wanted), Some(modified)) => wanted == modified,
        _ => false,
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn date(headers: &HeaderMap, name: HeaderName) -> Option<std::time::SystemTime> {
    httpdate::parse_http_date(text(headers, name)?).ok()
}

/// The tags of a list. Quoted text may hold commas, so they are no separators there.
fn tags(list: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    list.split(move |character| {
        quoted ^= character == '"';
        character == ',' && !quoted
    })
    .map(str::trim)
}

fn opaque(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODIFIED: &str = "Sun, 01 Nov 2026 10:00:00 GMT";

    fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    fn entity(etag: &str) -> HeaderMap {
        headers(&[(header::ETAG, etag), (header::LAST_MODIFIED, MODIFIED)])
    }

    #[test]
    fn what_the_viewer_has_is_not_sent_again() {
        let none_match = header::IF_NONE_MATCH;
        let since = header::IF_MODIFIED_SINCE;
        let table: [(&[(HeaderName, &str)], bool); 12] = [
            (&[], false),
            (&[(none_match.clone(), "\"a\"")], true),
            (&[(none_match.clone(), "W/\"a\"")], true),
            (&[(none_match.clone(), "\"b\"")], false),
            (&[(none_match.clone(), "\"b,\", W/\"a\"")], true),
            (&[(none_match.clone(), "*")], true),
            (&[(none_match.clone(), "a")], false),
            (&[(since.clone(), MODIFIED)], true),
            (&[(since.clone(), "Sun, 01 Nov 2026 09:59:59 GMT")], false),
            (&[(since.clone(), "Mon, 02 Nov 2026 10:00:00 GMT")], true),
            (&[(since.clone(), "yesterday")], false),
            (&[(none_match, "\"b\""), (since, MODIFIED)], false),
        ];
        for (request, expected) in table {
            assert_eq!(not_modified(&headers(request), &entity("\"a\"")), expected, "{request:?}");
            assert_eq!(not_modified(&headers(request), &entity("W/\"a\"")), expected, "weak {request:?}");
        }
    }

    #[test]
    fn a_comma_within_a_tag_separates_nothing() {
        let request = headers(&[(header::IF_NONE_MATCH, "\"x\", \"a,b\"")]);
        assert!(not_modified(&request, &entity("\"a,b\"")));
        assert!(!not_modified(&request, &entity("\"a\"")));
    }

    #[test]
    fn parts_are_given_only_of_the_same_representation() {
        let table = [
            ("\"a\"", "\"a\"", true),
            ("\"b\"", "\"a\"", false),
            ("W/\"a\"", "W/\"a\"", false),
            (MODIFIED, "\"a\"", true),
            ("Mon, 02 Nov 2026 10:00:00 GMT", "\"a\"", false),
        ];
        for (wanted, etag, expected) in table {
            assert_eq!(range_applies(&headers(&[(header::IF_RANGE, wanted)]), &entity(etag)), expected, "{wanted}");
        }
        assert!(range_applies(&HeaderMap::new(), &entity("\"a\"")));
    }
}
