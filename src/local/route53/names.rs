//! Domain names as Route 53 keeps, shows and sorts them (Developer Guide, "DNS domain name format").

/// Why a name is none, in the words of Route 53.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InvalidName(pub(crate) String);

impl InvalidName {
    fn new(code: &str, meaning: &str, name: &str) -> Self {
        Self(format!("FATAL problem: {code} ({meaning}) encountered with '{name}'"))
    }
}

/// The name as the account keeps it: in lower case, without the final dot, a `*` as itself and every other character
/// outside of `a-z`, `0-9`, `-` and `_` as a three-digit octal code.
pub(crate) fn canonical(name: &str) -> Result<String, InvalidName> {
    let trimmed = name.strip_suffix('.').unwrap_or(name);
    let decoded = decode(trimmed)
        .ok_or_else(|| InvalidName::new("UnsupportedCharacter", "Value contains unsupported characters", name))?;
    let mut kept = String::new();
    for label in decoded.split(|byte| *byte == b'.') {
        if label.is_empty() {
            return Err(InvalidName::new("DomainLabelEmpty", "Domain label is empty", name));
        }
        if label.len() > 63 {
            return Err(InvalidName::new("DomainLabelTooLong", "Domain label is too long", name));
        }
        if !kept.is_empty() {
            kept.push('.');
        }
        for byte in label {
            match byte.to_ascii_lowercase() {
                plain @ (b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'*') => kept.push(char::from(plain)),
                other => kept.push_str(&format!("\\{other:03o}")),
            }
        }
    }
    if decoded.len() > 254 {
        return Err(InvalidName::new("DomainNameTooLong", "Domain name is too long", name));
    }
    Ok(kept)
}

/// The bytes of a name with its `\ooo` codes resolved; `None` where a code is none.
fn decode(name: &str) -> Option<Vec<u8>> {
    let mut bytes = name.bytes();
    let mut decoded = Vec::new();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            decoded.push(byte);
            continue;
        }
        let code = [bytes.next()?, bytes.next()?, bytes.next()?];
        // A dot that is told by its code is part of a label, which nothing here needs.
        let value = u8::from_str_radix(std::str::from_utf8(&code).ok()?, 8).ok().filter(|value| *value != b'.')?;
        decoded.push(value);
    }
    Some(decoded)
}

/// The name as Route 53 shows it: with its final dot, and `*` as `\052`.
pub(crate) fn shown(name: &str) -> String {
    format!("{}.", name.replace('*', "\\052"))
}

/// What names are sorted by: the labels in reverse, each with its dot (API reference, ListResourceRecordSets).
pub(crate) fn sort_key(name: &str) -> String {
    shown(name).trim_end_matches('.').rsplit('.').fold(String::new(), |key, label| key + label + ".")
}

/// Whether `name` is `zone` or below it.
pub(crate) fn is_within(name: &str, zone: &str) -> bool {
    name.strip_suffix(zone).is_some_and(|front| front.is_empty() || front.ends_with('.'))
}

/// The name one label higher; `None` above the last.
pub(crate) fn parent(name: &str) -> Option<&str> {
    name.split_once('.').map(|(_, parent)| parent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kept_in_one_form_and_shown_in_another() {
        let table = [
            ("Example.COM.", "example.com", "example.com."),
            ("example.com", "example.com", "example.com."),
            ("*.example.com", "*.example.com", "\\052.example.com."),
            ("\\052.example.com.", "*.example.com", "\\052.example.com."),
            ("_a.b-c.example.com", "_a.b-c.example.com", "_a.b-c.example.com."),
            ("a b.example.com", "a\\040b.example.com", "a\\040b.example.com."),
        ];
        for (name, kept, told) in table {
            assert_eq!(canonical(name).as_deref(), Ok(kept), "{name}");
            assert_eq!(shown(kept), told);
        }
        let long = format!("{}.example.com", "a".repeat(64));
        let longer = vec!["a".repeat(63); 4].join(".");
        for name in ["", ".", "a..b", ".a", "a\\9.b", &long, &longer] {
            assert!(canonical(name).is_err(), "{name}");
        }
    }

    #[test]
    fn names_sort_by_their_labels_from_the_right() {
        let mut names = ["www.example.com", "example.com", "*.example.com", "a.b.example.com", "b.example.com"];
        names.sort_by_key(|name| sort_key(name));
        assert_eq!(names, ["example.com", "*.example.com", "b.example.com", "a.b.example.com", "www.example.com"]);
        assert!(is_within("a.example.com", "example.com") && is_within("example.com", "example.com"));
        assert!(!is_within("badexample.com", "example.com"));
    }
}
