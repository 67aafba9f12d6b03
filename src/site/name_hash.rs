//! Tells a content hash in a file name from a word, a date, a size or a version.
//!
//! Every answer leans to "no": a hash taken for a word costs a revalidation, a word taken for a hash leaves
//! browsers with an old file for a year.

/// Two-letter words and abbreviations of the Web that have no vowel or are too short to tell by their vowels.
const SHORT_WORDS: &[&str] = &[
    "ai", "am", "an", "as", "at", "be", "by", "cdn", "css", "db", "de", "do", "dr", "en", "es", "eu", "fr", "go", "gb",
    "gpt", "hd", "hi", "html", "http", "id", "if", "in", "is", "it", "ja", "jpg", "js", "kb", "la", "lg", "mb", "md",
    "me", "mp", "mr", "ms", "my", "no", "npm", "nth", "of", "ok", "on", "or", "os", "pc", "pdf", "php", "png", "sd",
    "sm", "sql", "ssh", "st", "svg", "te", "tls", "to", "ts", "tv", "uk", "ui", "up", "us", "vs", "xml",
];

/// Lower-case hexadecimal with a digit and a letter: neither a date nor a word such as `deadbeef`.
pub(super) fn is_hex(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        && text.bytes().any(|b| b.is_ascii_digit())
        && text.bytes().any(|b| b.is_ascii_lowercase())
}

/// Eight characters of RFC 4648's base32 (`A`-`Z`, `2`-`7`), as esbuild writes hashes.
pub(super) fn is_base32(text: &str) -> bool {
    text.len() == 8 && text.bytes().all(|b| matches!(b, b'A'..=b'Z' | b'2'..=b'7'))
}

/// [`is_base32`] with a digit and a letter: not a word in capitals.
pub(super) fn is_certain_base32(text: &str) -> bool {
    is_base32(text) && text.bytes().any(|b| b.is_ascii_digit()) && text.bytes().any(|b| b.is_ascii_uppercase())
}

/// Eight characters of base64url that no one would write: what Rollup puts into names.
///
/// Upper and lower case must both be there, and when the text is cut where words, acronyms and numbers begin, one
/// of at least three pieces must be unlike any word. Rollup before 4 wrote eight hexadecimal digits: those are taken
/// when letters and digits alternate more than a date such as `1dec2023` does. About one real hash in six fails,
/// and is then simply not cached for a year.
pub(super) fn is_base64url(text: &str) -> bool {
    if text.len() != 8 || !text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')) {
        return false;
    }
    let pieces = pieces(text);
    if !text.bytes().any(|b| b.is_ascii_uppercase()) {
        return is_hex(text) && pieces.len() >= 4;
    }
    text.bytes().any(|b| b.is_ascii_lowercase())
        && pieces.len() >= 3
        && pieces.iter().any(|piece| !piece.is_plausible())
}

/// A run of letters that could be a word, or a run of digits.
struct Piece<'t> {
    text: &'t str,
    beside_digit: bool,
}

impl Piece<'_> {
    /// Whether a person may have written this: a number, an acronym, an abbreviation, something with a vowel.
    fn is_plausible(&self) -> bool {
        let has_vowel = || self.text.bytes().any(|b| b"aeiouyAEIOUY".contains(&b));
        let bytes = self.text.as_bytes();
        if bytes[0].is_ascii_digit() {
            return true;
        }
        match bytes.len() {
            // The i of iPhone, the X of YouTubeX; v2, A4, x86.
            1 => self.beside_digit || b"aeixAEIX".contains(&bytes[0]),
            _ if SHORT_WORDS.contains(&self.text.to_ascii_lowercase().as_str()) => true,
            2..=4 if bytes.iter().all(u8::is_ascii_uppercase) => true,
            2 => false,
            _ => has_vowel(),
        }
    }
}

/// Cuts ASCII `text` where a camel-case word, an acronym or a number begins; separators belong to no piece.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let bytes = text.as_bytes();
    let mut pieces = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let end = piece_end(bytes, at);
        if end > at {
            let digit_at = |i: Option<usize>| i.and_then(|i| bytes.get(i)).is_some_and(u8::is_ascii_digit);
            let beside_digit = digit_at(at.checked_sub(1)) || digit_at(Some(end));
            pieces.push(Piece { text: &text[at..end], beside_digit });
        }
        at = end.max(at + 1);
    }
    pieces
}

/// Where the piece that starts at `start` ends; `start` itself at a separator.
fn piece_end(bytes: &[u8], start: usize) -> usize {
    let run = |from: usize, of: fn(&u8) -> bool| from + bytes[from..].iter().take_while(|b| of(b)).count();
    let capitals = run(start, u8::is_ascii_uppercase);
    match capitals - start {
        0 if bytes[start].is_ascii_digit() => run(start, u8::is_ascii_digit),
        0 => run(start, u8::is_ascii_lowercase),
        1 => run(capitals, u8::is_ascii_lowercase),
        // In `JSONText` the T begins the next word.
        _ if bytes.get(capitals).is_some_and(u8::is_ascii_lowercase) => capitals - 1,
        _ => capitals,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hexadecimal_needs_digits_and_letters() {
        for hash in ["0a1b2c3d", "787f0e11", "e3b0c44298fc1c149afb"] {
            assert!(is_hex(hash), "{hash}");
        }
        for other in ["deadbeef", "20231105", "0A1B2C3D", "chapter1", "", "1280x720"] {
            assert!(!is_hex(other), "{other}");
        }
    }

    #[test]
    fn base32_needs_a_digit_to_be_certain() {
        assert!(is_certain_base32("FHJ2KQ7X") && is_base32("QWRTZPSD"));
        for other in ["FEATURES", "22222222", "FHJ2KQ18", "fhj2kq7x", "FHJ2KQ7"] {
            assert!(!is_certain_base32(other), "{other}");
        }
    }

    #[test]
    fn base64url_is_told_from_what_people_write() {
        for hash in ["BdPpY8dF", "Cq3QzG4V", "By2_1cv3", "DWsS7v2a", "DX-kd82_", "BmZ3gP9x", "4b2b1f0e", "-kR8_tQz"] {
            assert!(is_base64url(hash), "{hash}");
        }
        let written = [
            "features", "Features", "FEATURES", "LogoDark", "McDonald", "iPhone14", "Figure01", "Page2of3", "v1-Final",
            "A4Sheet1", "Vue3TsV2", "K8sNode1", "LaTeXDoc", "iOS17App", "Q1-Q2-Q3", "24x24-2x", "1280x720", "x86Win64",
            "GitHubCI", "YouTubeX", "Css3Svg2", "SvgToPng", "H1N1Map2", "IMG_2024", "20231105", "deadbeef", "1dec2023",
            "2023-feb", "dark-two", "version2", "README01", "my_image", "Brqstuvw", "a.b.c.de", "Win10Pro", "1feb2023",
        ];
        for text in written {
            assert!(!is_base64url(text), "{text}");
        }
    }

    #[test]
    fn most_real_hashes_are_known() {
        use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
        let hash = |i: u32| URL_SAFE_NO_PAD.encode(&super::super::Sha256::of(&i.to_le_bytes()).0[..6]);
        let known = (0..2000).filter(|&i| is_base64url(&hash(i))).count();
        assert!(known > 1600, "{known} of 2000");
    }

    proptest! {
        #[test]
        fn no_text_panics_and_only_eight_characters_are_a_hash(text in ".*") {
            prop_assert!(!is_base64url(&text) || text.len() == 8);
            prop_assert!(!is_base32(&text) || text.len() == 8);
            is_hex(&text);
        }

        #[test]
        fn words_in_one_case_with_a_number_are_never_a_hash(word in "[A-Z]?[a-z]{1,7}", number in "[0-9]{0,7}") {
            let text: String = format!("{word}{number}").chars().take(8).collect();
            prop_assert!(!is_base64url(&text));
        }
    }
}
