//! What is in the build folder: names, pages, and what should not be there.

use std::collections::BTreeSet;

use cruddur_site::site::{
    FileClass, Framework, Headers, ObjectKey,
    class::{classify, classify_among},
    framework::packages_of,
    references::{missing, references as references_of},
    secrets::Scanner,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::text;

/// The first line is a page's key, the rest its HTML. What a page names is found once, on a line of the page; and a page that
/// names the same by absolute paths names the same.
pub fn references(data: &[u8]) {
    let at = data.iter().position(|&byte| byte == b'\n').unwrap_or(data.len());
    let Some(page) = text(&data[..at]).and_then(|key| ObjectKey::new(key).ok()) else { return };
    let html = data.get(at + 1..).unwrap_or_default();
    let found = references_of(&page, html, &["cruddur.com".to_owned()]);
    let lines = String::from_utf8_lossy(html).matches('\n').count() + 1;
    assert!(found.iter().all(|reference| (1..=lines).contains(&reference.line)), "{found:?}");
    let keys: BTreeSet<_> = found.iter().map(|reference| reference.target.clone()).collect();
    assert_eq!(keys.len(), found.len(), "each once");
    assert_eq!(missing([(&page, found.as_slice())], &keys), []);

    let reachable = found.iter().map(|reference| &reference.target).chain([&page]).filter(|key| is_reachable(key));
    let reachable: Vec<_> = reachable.collect::<BTreeSet<_>>().into_iter().collect();
    let again: String = reachable.iter().map(|key| format!("<img src=\"/{}\">", url_path(key))).collect();
    let again: Vec<_> = references_of(&page, again.as_bytes(), &[]).into_iter().map(|one| one.target).collect();
    assert!(again.iter().eq(reachable), "{again:?}");
}

fn url_path(key: &ObjectKey) -> String {
    let segments = key.as_str().split('/').map(|segment| utf8_percent_encode(segment, NON_ALPHANUMERIC).to_string());
    segments.collect::<Vec<_>>().join("/")
}

/// Whether a URL can name a key: browsers take `.` and `..` out of paths, and a folder's URL stands for its page.
fn is_reachable(key: &ObjectKey) -> bool {
    !key.as_str().ends_with('/') && key.as_str().split('/').all(|segment| segment != "." && segment != "..")
}

/// A key. What is cached for a year has a name that no person gives; and every header can be sent.
pub fn names(data: &[u8]) {
    let Some(key) = text(data).and_then(|key| ObjectKey::new(key).ok()) else { return };
    let keys: BTreeSet<_> = [key.clone(), ObjectKey::new(format!("{key}.br")).unwrap_or_else(|_| key.clone())].into();
    for framework in Framework::ALL {
        let class = classify(&key, framework);
        assert!(class != FileClass::Immutable || framework != Framework::Plain, "{key}");
        for one in &keys {
            if is_compressible(&key) || *one == key {
                assert_eq!(classify_among(one, framework, &keys), class, "{one} beside {key} by {framework:?}");
            }
            let headers = Headers::default_for(one, class, &keys);
            let kind = headers.content_type.expect("every file has a type");
            assert!(kind.contains('/') && kind.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{kind:?} of {one}");
        }
    }
    let by_name =
        [Framework::CreateReactApp, Framework::Vite, Framework::Angular, Framework::VueCli, Framework::Parcel];
    let is_word = |byte: u8| byte.is_ascii_lowercase() || matches!(byte, b'-' | b'.' | b'_');
    if key.file_name().bytes().all(is_word) {
        for framework in by_name {
            assert_ne!(classify(&key, framework), FileClass::Immutable, "{key} by {framework:?}");
        }
    }
}

/// Whether `NAME.br` is the compressed copy of this file.
fn is_compressible(key: &ObjectKey) -> bool {
    let copy = ObjectKey::new(format!("{key}.br")).ok();
    copy.is_some_and(|copy| cruddur_site::site::precompressed::original(&copy, |one| one == key.as_str()).is_some())
}

/// A `package.json`. It names what any reader of JSON sees in it.
pub fn packages(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let Ok(value) = serde_json::from_str::<Value>(text.trim_start_matches('\u{feff}')) else { return };
    let depends = |name: &str| {
        value.get(name).map_or(Some(BTreeSet::new()), |all| Some(all.as_object()?.keys().cloned().collect()))
    };
    let (Some(object), Some(for_use), Some(to_build)) =
        (value.as_object(), depends("dependencies"), depends("devDependencies"))
    else {
        return assert!(!value.is_object() || packages_of(text).is_err(), "{text}");
    };
    let expected: BTreeSet<_> = for_use.union(&to_build).cloned().collect();
    // A name that is there twice may be refused; written by a machine it is there once.
    let written = serde_json::to_string(object).expect("JSON");
    for one in [packages_of(&written).expect("a package"), packages_of(text).unwrap_or(expected.clone())] {
        assert_eq!(one, expected, "{text}");
    }
}

/// The first byte says into pieces of which size the rest is cut. What is found does not depend on it, and no more of it is
/// shown than its first characters.
pub fn secrets(data: &[u8]) {
    let Some((&size, file)) = data.split_first() else { return };
    let mut whole = Scanner::default();
    whole.feed(file, true);
    let whole = whole.finish();
    let mut cut = Scanner::default();
    let mut pieces = file.chunks(usize::from(size).max(1) * 16).peekable();
    while let Some(piece) = pieces.next() {
        cut.feed(piece, pieces.peek().is_none());
    }
    assert_eq!(cut.finish(), whole, "in pieces");
    let lines = file.iter().filter(|&&byte| byte == b'\n').count() as u64 + 1;
    for secret in whole {
        assert!(secret.hint.chars().count() <= 4 && (1..=lines).contains(&secret.line), "{secret:?}");
    }
}
