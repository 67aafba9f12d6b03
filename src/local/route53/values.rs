//! What the values of a record set must look like (Developer Guide, "Supported DNS record types").

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{model::RecordSet, names::canonical};

/// The types that there are.
const KINDS: [&str; 16] = [
    "A", "AAAA", "CAA", "CNAME", "DS", "HTTPS", "MX", "NAPTR", "NS", "PTR", "SOA", "SPF", "SRV", "SSHFP", "SVCB", "TXT",
];

/// The longest character string of a TXT record.
const MAX_STRING: usize = 255;

/// Everything that is wrong with the values of a record set.
pub(super) fn problems(set: &RecordSet) -> Vec<String> {
    if !KINDS.contains(&&*set.kind) {
        return vec![format!("Invalid request: {} is not a record type", set.kind)];
    }
    let mut problems: Vec<_> = set.values.iter().filter_map(|value| problem(&set.kind, value)).collect();
    if matches!(&*set.kind, "CNAME" | "SOA") && set.values.len() > 1 {
        problems.push(format!(
            "Invalid Resource Record: 'FATAL problem: RRSetTooManyValues (a {} record has one value) encountered with '{}''",
            set.kind,
            set.values.join(" ")
        ));
    }
    let mut values = set.values.clone();
    values.sort();
    values.dedup();
    if values.len() < set.values.len() {
        problems.push(format!("Duplicate Resource Record: '{}'", set.values.join("', '")));
    }
    problems
}

fn problem(kind: &str, value: &str) -> Option<String> {
    let fatal = |code: &str, meaning: &str| {
        Some(format!("Invalid Resource Record: 'FATAL problem: {code} ({meaning}) encountered with '{value}''"))
    };
    match kind {
        "A" if value.parse::<Ipv4Addr>().is_err() => {
            fatal("ARRDATAIllegalIPv4Address", "Value is not a valid IPv4 address")
        }
        "AAAA" if value.parse::<Ipv6Addr>().is_err() => {
            fatal("AAAARRDATAIllegalIPv6Address", "Value is not a valid IPv6 address")
        }
        "CNAME" | "NS" | "PTR" if canonical(value).is_err() => {
            fatal("RRDATANotDomainName", "Value is not a valid domain name")
        }
        "TXT" | "SPF" => match strings(value) {
            None => fatal("InvalidCharacterString", "Value should be enclosed in quotation marks"),
            Some(strings) if strings.iter().any(|string| string.len() > MAX_STRING) => {
                fatal("CharacterStringTooLong", "Value is too long")
            }
            Some(_) => None,
        },
        "CAA" if caa(value).is_none() => fatal("CAARRDATAIllegal", "Value must be flags, a tag and a quoted value"),
        "MX" if mx(value).is_none() => fatal("MXRRDATANotTwoFields", "Record does not have 2 fields"),
        _ => None,
    }
}

/// The character strings of a TXT record: quoted, with blanks between them; `\` before a character takes it as it is, and
/// three octal digits after it are a byte.
pub(crate) fn strings(value: &str) -> Option<Vec<Vec<u8>>> {
    let mut bytes = value.trim().bytes().peekable();
    let mut strings = Vec::new();
    while bytes.peek().is_some() {
        while bytes.next_if(u8::is_ascii_whitespace).is_some() {}
        bytes.next_if_eq(&b'"')?;
        let mut string = Vec::new();
        loop {
            match bytes.next()? {
                b'"' => break,
                b'\\' => match bytes.next()? {
                    first @ b'0'..=b'7' => {
                        let code = [first, bytes.next()?, bytes.next()?];
                        string.push(u8::from_str_radix(std::str::from_utf8(&code).ok()?, 8).ok()?);
                    }
                    literal => string.push(literal),
                },
                byte => string.push(byte),
            }
        }
        strings.push(string);
    }
    (!strings.is_empty()).then_some(strings)
}

/// Flags, tag and value of a CAA record.
pub(crate) fn caa(value: &str) -> Option<(u8, &str, Vec<u8>)> {
    let mut fields = value.splitn(3, ' ');
    let (flags, tag, quoted) = (fields.next()?.parse().ok()?, fields.next()?, fields.next()?);
    let is_tag = !tag.is_empty() && tag.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let mut strings = strings(quoted)?;
    (is_tag && strings.len() == 1).then(|| (flags, tag, strings.remove(0)))
}

/// Preference and name of an MX record.
pub(crate) fn mx(value: &str) -> Option<(u16, &str)> {
    let (preference, name) = value.split_once(' ')?;
    canonical(name).ok()?;
    Some((preference.parse().ok()?, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_checked_by_their_type() {
        let good = [
            ("A", "192.0.2.1"),
            ("AAAA", "2001:db8::1"),
            ("CNAME", "_x.acm-validations.aws."),
            ("TXT", r#""v=spf1 -all""#),
            ("TXT", r#""one" "two \"quoted\" \101""#),
            ("CAA", r#"0 issue "amazon.com""#),
            ("CAA", r#"0 issue ";""#),
            ("MX", "10 mail.example.com."),
        ];
        for (kind, value) in good {
            assert_eq!(problem(kind, value), None, "{kind} {value}");
        }
        let bad = [
            ("A", "192.0.2"),
            ("A", "2001:db8::1"),
            ("AAAA", "192.0.2.1"),
            ("CNAME", "a..b"),
            ("TXT", "bare"),
            ("TXT", "\"open"),
            ("CAA", "issue amazon.com"),
            ("CAA", "0 issue amazon.com"),
            ("MX", "mail.example.com"),
        ];
        for (kind, value) in bad {
            assert!(problem(kind, value).is_some(), "{kind} {value}");
        }
        assert_eq!(strings(r#""one" "t\"w\101""#), Some(vec![b"one".to_vec(), b"t\"wA".to_vec()]));
    }
}
