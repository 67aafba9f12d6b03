//! Which bytes of an object a `Range` asks for.

/// The answer to a `Range` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All bytes, status 200.
    Whole,
    /// From the first to the last byte, both included, status 206.
    Bytes(u64, u64),
    /// None of the object's bytes, status 416.
    Unsatisfiable,
}

/// What `Range: header` means for an object of `length` bytes.
///
/// A header that is not understood gives the whole object (CloudFront Developer Guide, "How CloudFront processes partial
/// requests for an object"), and so do several ranges at once: S3 does not answer those (S3 API reference, `GetObject`).
pub fn resolve(header: &str, length: u64) -> Part {
    parse(header, length).unwrap_or(Part::Whole)
}

fn parse(header: &str, length: u64) -> Option<Part> {
    let (unit, range) = header.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") || range.contains(',') {
        return None;
    }
    let (first, last) = range.trim().split_once('-')?;
    if first.is_empty() {
        return Some(suffix(number(last)?, length));
    }
    let first = number(first)?;
    let last = if last.is_empty() { u64::MAX } else { number(last)? };
    if last < first {
        return None;
    }
    Some(if first >= length { Part::Unsatisfiable } else { Part::Bytes(first, last.min(length - 1)) })
}

fn suffix(bytes: u64, length: u64) -> Part {
    if bytes == 0 || length == 0 { Part::Unsatisfiable } else { Part::Bytes(length.saturating_sub(bytes), length - 1) }
}

/// Digits only (`u64::from_str` would take `+1`); more of them than a `u64` holds are as good as its maximum.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ranges_are_read_as_the_standard_has_it() {
        let table = [
            ("bytes=0-9", Part::Bytes(0, 9)),
            ("bytes=0-0", Part::Bytes(0, 0)),
            ("Bytes = 5-", Part::Bytes(5, 99)),
            ("bytes=90-1000", Part::Bytes(90, 99)),
            ("bytes=-10", Part::Bytes(90, 99)),
            ("bytes=-1000", Part::Bytes(0, 99)),
            ("bytes=0-99999999999999999999999", Part::Bytes(0, 99)),
            ("bytes=100-", Part::Unsatisfiable),
            ("bytes=-0", Part::Unsatisfiable),
            ("bytes=9-0", Part::Whole),
            ("bytes=-", Part::Whole),
            ("bytes=+1-2", Part::Whole),
            ("bytes=a-b", Part::Whole),
            ("items=0-9", Part::Whole),
            ("bytes=0-1,5-6", Part::Whole),
            ("", Part::Whole),
        ];
        for (header, expected) in table {
            assert_eq!(resolve(header, 100), expected, "{header}");
        }
        assert_eq!(resolve("bytes=0-", 0), Part::Unsatisfiable);
    }

    proptest! {
        #[test]
        fn a_part_lies_within_the_object(header in "bytes=[0-9]{0,21}-[0-9]{0,21}", length: u64) {
            if let Part::Bytes(first, last) = resolve(&header, length) {
                prop_assert!(first <= last && last < length);
            }
        }

        #[test]
        fn anything_may_be_sent(header in ".*", length: u64) {
            resolve(&header, length);
        }

        #[test]
        fn written_ranges_are_read_back(first in 0_u64..1000, more in 0_u64..1000) {
            let expected = Part::Bytes(first, first + more);
            prop_assert_eq!(resolve(&format!("bytes={first}-{}", first + more), 2000), expected);
        }
    }
}
