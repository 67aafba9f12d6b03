//! How long the edge keeps what the origin answered.

/// Seconds an object is kept at least, even with `no-cache` (managed cache policy CachingOptimized).
pub const MIN_TTL: u64 = 1;
/// Seconds an object without `Cache-Control` is kept.
pub const DEFAULT_TTL: u64 = 86_400;
/// Seconds an object is kept at most.
pub const MAX_TTL: u64 = 31_536_000;
/// Seconds an error is kept where no custom error response says otherwise.
pub const DEFAULT_ERROR_TTL: u64 = 10;

/// Seconds an object with this `Cache-Control` is fresh at the edge (CloudFront Developer Guide, "Managing how long
/// content stays in the cache", for a minimum TTL above 0).
pub fn ttl(cache_control: Option<&str>) -> u64 {
    let directives = || {
        cache_control.unwrap_or_default().split(',').map(|directive| {
            let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
            (name.trim().to_ascii_lowercase(), value.trim().trim_matches('"'))
        })
    };
    if directives().any(|(name, _)| matches!(name.as_str(), "no-cache" | "no-store" | "private")) {
        return MIN_TTL;
    }
    let seconds =
        |wanted: &str| directives().find(|(name, _)| name == wanted).and_then(|(_, value)| delta_seconds(value));
    seconds("s-maxage").or_else(|| seconds("max-age")).unwrap_or(DEFAULT_TTL).clamp(MIN_TTL, MAX_TTL)
}

/// Digits only (`u64::from_str` would take `+1`); more of them than a `u64` holds are as good as its maximum (RFC 9111, 1.2.2).
fn delta_seconds(value: &str) -> Option<u64> {
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| value.parse().unwrap_or(u64::MAX))
}

/// Whether the edge keeps this error of an origin that sends no `Cache-Control` with it (Developer Guide, "HTTP 4xx and
/// 5xx status codes that CloudFront always caches"); 400, 403, 405, 412 and 415 are not kept.
pub fn keeps_error(status: u16) -> bool {
    matches!(status, 404 | 414 | 500..=504)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cache_control_decides_within_the_policy() {
        let table = [
            (None, DEFAULT_TTL),
            (Some(""), DEFAULT_TTL),
            (Some("public"), DEFAULT_TTL),
            (Some("max-age=60"), 60),
            (Some("Max-Age=60, S-MaxAge=5"), 5),
            (Some("public, max-age=0, s-maxage=31536000, must-revalidate"), MAX_TTL),
            (Some("max-age=0"), MIN_TTL),
            (Some("max-age=99999999"), MAX_TTL),
            (Some("max-age=soon"), DEFAULT_TTL),
            (Some("max-age=+5"), DEFAULT_TTL),
            (Some("max-age=99999999999999999999999"), MAX_TTL),
            (Some("no-cache"), MIN_TTL),
            (Some("private, max-age=600"), MIN_TTL),
            (Some("s-maxage=600, no-store"), MIN_TTL),
        ];
        for (header, seconds) in table {
            assert_eq!(ttl(header), seconds, "{header:?}");
        }
    }

    #[test]
    fn some_errors_are_kept() {
        assert!([404, 500, 503].into_iter().all(keeps_error));
        assert!(![400, 403, 405].into_iter().any(keeps_error));
    }
}
