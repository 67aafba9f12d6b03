//! Where objects are, in keys and URLs.

use std::collections::BTreeSet;

use cruddur_site::{
    config::Prefix,
    plan::invalidation::{collapse, encode},
    release::place::{STATE, served_prefix, state_key},
    routing::{Routing, viewer_paths},
    site::ObjectKey,
};
use percent_encoding::percent_decode_str;

use super::text;

/// Keys, one in a line, the first one a prefix, too. Each has a way into a URL or another key, and back; and wildcards for
/// many paths cover them all.
pub fn paths(data: &[u8]) {
    let Some(text) = text(data) else { return };
    if let Ok(prefix) = text.lines().next().unwrap_or_default().parse::<Prefix>() {
        let prefix = if prefix.as_str().is_empty() { String::new() } else { format!("{prefix}/") };
        let key = state_key(&prefix, "lock.json");
        let folder = key.strip_prefix(STATE).and_then(|rest| rest.strip_suffix("/lock.json")).expect("a state object");
        assert!(!folder.contains('/') && served_prefix(folder) == prefix, "{prefix:?} is kept in {folder:?}");
    }
    let keys: Vec<_> = text.lines().filter_map(|line| ObjectKey::new(line).ok()).collect();
    let mut changed = BTreeSet::new();
    for key in &keys {
        for routing in [None, Some(Routing::Spa), Some(Routing::Folders), Some(Routing::Files)] {
            for path in viewer_paths(key, routing, None) {
                for encoded in encode(&path) {
                    is_for_cloudfront(&path, &encoded);
                    changed.insert(encoded);
                }
            }
        }
    }
    for most in [1, 3, 50] {
        let asked = collapse(changed.clone(), ["/".to_owned(), "/a/b".to_owned()], most);
        let covers = |pattern: &str, path: &str| match pattern.strip_suffix('*') {
            Some(folder) => path.trim_end_matches('*').starts_with(folder),
            None => pattern == path,
        };
        for path in &changed {
            assert!(asked.iter().any(|pattern| covers(pattern, path)), "{path} is not in {asked:?}");
        }
        assert!(asked.len() <= most && asked.iter().filter(|path| path.ends_with('*')).count() <= 10, "{asked:?}");
    }
}

/// What CloudFront takes (Developer Guide, "What you need to know when invalidating files"), and which says the same.
fn is_for_cloudfront(path: &str, encoded: &str) {
    let taken = |byte: u8| byte.is_ascii_graphic() && !b"<>\"#{}|\\^[]`?~".contains(&byte);
    assert!(encoded.starts_with('/') && encoded.bytes().all(taken), "{encoded:?}");
    let (plain, wildcard) = encoded.strip_suffix('*').map_or((encoded, false), |plain| (plain, true));
    assert!(!plain.contains('*'), "{encoded:?}");
    let decoded = percent_decode_str(plain).decode_utf8().expect("whole characters");
    if wildcard {
        assert!(path.starts_with(&*decoded), "{encoded} for {path:?}");
    } else {
        assert_eq!(decoded, path);
    }
}
