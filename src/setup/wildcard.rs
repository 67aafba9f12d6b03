//! Names with a wildcard, as certificates and alternate domain names have them.

/// Whether `pattern` stands for `name`: it is the name, or its `*.` stands for the first label of it, and for one label only
/// (RFC 6125, section 6.4.3). A name that is a wildcard itself is covered by the same wildcard only.
///
/// ```
/// # use cruddur_site::setup::wildcard::covers;
/// assert!(covers("Example.com", "example.com") && covers("*.example.com", "www.example.com"));
/// assert!(!covers("*.example.com", "example.com") && !covers("*.example.com", "a.b.example.com"));
/// ```
pub fn covers(pattern: &str, name: &str) -> bool {
    let parent = name.split_once('.').map(|(_, parent)| parent);
    let is_below = |wildcard: &str| parent.is_some_and(|parent| parent.eq_ignore_ascii_case(wildcard));
    pattern.eq_ignore_ascii_case(name) || pattern.strip_prefix("*.").is_some_and(is_below)
}
