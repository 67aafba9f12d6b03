//! Which invalidation paths CloudFront takes (Developer Guide, "What you need to know when invalidating files").

use super::Refusal;

/// The longest path.
const MAX_PATH_CHARACTERS: usize = 4000;

/// Characters that RFC 1738 calls unsafe or that are no part of a URL; `#` and `%` have their own rules here.
const UNSAFE: &[u8] = b" \"<>\\^`{|}#~[]";

/// Checks one path.
pub(crate) fn check(path: &str) -> Result<(), Refusal> {
    let refuse = |why: &str| {
        Err(Refusal::invalid_argument(format!("Your request contains one or more invalid invalidation paths: {why}")))
    };
    if !path.starts_with('/') {
        return refuse("a path must start with /");
    }
    if path.chars().count() > MAX_PATH_CHARACTERS {
        return refuse("a path has at most 4,000 characters");
    }
    if path.find('*').is_some_and(|at| at + 1 != path.len()) {
        return refuse("* may only be the last character");
    }
    if path.bytes().any(|byte| !byte.is_ascii_graphic() || UNSAFE.contains(&byte)) {
        return refuse("non-ASCII and unsafe characters must be percent-encoded");
    }
    if !escapes_are_whole(path) {
        return refuse("% must be followed by two hexadecimal digits");
    }
    Ok(())
}

fn escapes_are_whole(path: &str) -> bool {
    path.split('%').skip(1).all(|rest| {
        let digits = rest.as_bytes();
        digits.len() >= 2 && digits[..2].iter().all(u8::is_ascii_hexdigit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_must_be_encoded_urls() {
        let good = ["/", "/*", "/index.html", "/a%20b/%C3%BC.html", "/a+b(1)!$'@&=,;:.html", "/x?y=1", "/a//b", "/im*"];
        for path in good {
            assert!(check(path).is_ok(), "{path}");
        }
        let bad = [
            "",
            "index.html",
            "*",
            "/a*b",
            "/**",
            "/a b",
            "/ü",
            "/a\\b",
            "/\"",
            "/<",
            "/a#b",
            "/~me",
            "/[slug]",
            "/100%",
            "/%zz",
            "/\n",
        ];
        for path in bad {
            assert!(check(path).is_err(), "{path}");
        }
        assert!(check(&format!("/{}", "a".repeat(3999))).is_ok());
        assert!(check(&format!("/{}", "a".repeat(4000))).is_err());
    }
}
