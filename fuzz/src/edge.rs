//! What viewers ask, and what the local account's edge reads in headers.

use cruddur_site::{
    local::edge::{
        freshness::{MAX_TTL, MIN_TTL, ttl},
        range::{Part, resolve},
    },
    routing::{Routed, Routing},
};

use super::text;

/// A path of a URL. Whatever is asked for, the answer is a path of this site, and a redirect leads to a page.
pub fn routing(data: &[u8]) {
    let Some(uri) = text(data) else { return };
    for routing in Routing::ALL {
        let served = match routing.route(uri) {
            Routed::Serve(path) => path,
            Routed::Redirect(to) => {
                is_own(&to);
                match routing.route(&to) {
                    Routed::Serve(path) => path,
                    Routed::Redirect(further) => panic!("{uri} is redirected to {to}, and that to {further}"),
                }
            }
        };
        is_own(&served);
        // A function that is run twice, as behind another distribution, changes nothing more.
        assert_eq!(routing.route(&served), Routed::Serve(served.clone()), "{routing:?} {uri}");
    }
}

/// `//` and `/\` begin the name of another host.
fn is_own(path: &str) {
    assert!(path.starts_with('/') && !path[1..].starts_with(['/', '\\']), "{path}");
}

/// The first line is a `Cache-Control`, the second a `Range`.
pub fn caching(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let (cache_control, range) = text.split_once('\n').unwrap_or((text, ""));
    assert_eq!(ttl(Some(cache_control)), slow_ttl(cache_control), "{cache_control:?}");
    for length in [0, 1, 100, u64::MAX] {
        if let Part::Bytes(first, last) = resolve(range, length) {
            assert!(first <= last && last < length, "{range:?} of {length}");
        }
    }
    if let Ok(first) = range.parse::<u64>() {
        let part = if first < 100 { Part::Bytes(first, 99) } else { Part::Unsatisfiable };
        let digits = range.trim_start_matches('+');
        assert_eq!(resolve(&format!("bytes={digits}-"), 100), part);
    }
}

/// Read character by character, in one pass.
fn slow_ttl(cache_control: &str) -> u64 {
    let (mut shared, mut own, mut never) = (None, None, false);
    for directive in cache_control.split(',') {
        let mut parts = directive.splitn(2, '=').map(str::trim);
        let name = parts.next().unwrap_or_default().to_lowercase();
        let value = parts.next().unwrap_or_default().trim_matches('"');
        let digits = !value.is_empty() && value.chars().all(|c| c.is_ascii_digit());
        // A number that no one can count to is as long as can be (RFC 9111, 1.2.2).
        let seconds = || {
            value
                .chars()
                .fold(0_u64, |sum, c| sum.saturating_mul(10).saturating_add(u64::from(c.to_digit(10).unwrap_or(0))))
        };
        let seconds = || Some(digits.then(seconds));
        match name.as_str() {
            "no-cache" | "no-store" | "private" => never = true,
            "s-maxage" => shared = shared.or_else(seconds),
            "max-age" => own = own.or_else(seconds),
            _ => {}
        }
    }
    let asked = shared.flatten().or(own.flatten()).unwrap_or(24 * 60 * 60);
    if never { MIN_TTL } else { asked.clamp(MIN_TTL, MAX_TTL) }
}
