//! Which cache behavior a path has.

use crate::setup::{
    observed::{Behavior, Distribution, Origin},
    site::CACHING_DISABLED,
};

/// What answers a path.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target<'a> {
    pub distribution: &'a Distribution,
    pub behavior: &'a Behavior,
    pub origin: &'a Origin,
}

impl<'a> Target<'a> {
    /// The first behavior whose pattern matches the viewer's path, or else the default one, with its origin (CloudFront
    /// Developer Guide, "Cache behavior settings", "Path pattern": the order decides, not how exact a pattern is).
    pub(super) fn of(distribution: &'a Distribution, path: &str) -> Self {
        let matching = distribution.behaviors.iter().find(|(pattern, ..)| matches(pattern, path));
        let default = (&distribution.behavior, &distribution.origin);
        let (behavior, origin) = matching.map_or(default, |(_, behavior, origin)| (behavior, origin));
        Self { distribution, behavior, origin }
    }

    /// Whether anything is kept at the edge.
    pub(super) fn keeps(&self) -> bool {
        self.behavior.cache_policy != CACHING_DISABLED
    }
}

/// `*` stands for any characters, `?` for one; case matters, and a leading `/` need not be written.
fn matches(pattern: &str, path: &str) -> bool {
    fn rest(pattern: &[u8], path: &[u8]) -> bool {
        match pattern.split_first() {
            None => path.is_empty(),
            Some((b'*', pattern)) => (0..=path.len()).any(|taken| rest(pattern, &path[taken..])),
            Some((b'?', pattern)) => path.split_first().is_some_and(|(_, path)| rest(pattern, path)),
            Some((byte, pattern)) => {
                path.split_first().is_some_and(|(first, path)| first == byte && rest(pattern, path))
            }
        }
    }
    // Two `*` in a row are one, and would only take longer.
    let mut pattern = pattern.strip_prefix('/').unwrap_or(pattern).as_bytes().to_vec();
    pattern.dedup_by(|next, last| *next == b'*' && *last == b'*');
    rest(&pattern, path.strip_prefix('/').unwrap_or(path).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_cloudfront_has_it() {
        let table = [
            ("/api/*", "/api/users", true),
            ("/api/*", "/api/", true),
            ("/api/*", "/api", false),
            ("/api/*", "/API/users", false),
            ("api/*", "/api/users", true),
            ("/api*", "/api", true),
            ("*.jpg", "/images/a.jpg", true),
            ("/a?.jpg", "/a1.jpg", true),
            ("/a?.jpg", "/a.jpg", false),
            ("/a**c", "/abc", true),
            ("*", "/", true),
            ("/", "/", true),
            ("/x", "/x/", false),
        ];
        for (pattern, path, expected) in table {
            assert_eq!(matches(pattern, path), expected, "{pattern} {path}");
        }
    }
}
