//! Copies that a build made by compressing a file beside it: `app.js.br` next to `app.js`.

use super::ObjectKey;

/// A content coding (RFC 9110, 8.4.1) that builds compress into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ContentCoding {
    /// `.br`, RFC 7932.
    Brotli,
    /// `.gz`, RFC 1952.
    Gzip,
    /// `.zst`, RFC 8878.
    Zstandard,
}

impl ContentCoding {
    /// Its name in `Content-Encoding`.
    pub fn token(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
            Self::Zstandard => "zstd",
        }
    }

    fn of_extension(extension: &str) -> Option<Self> {
        match extension {
            "br" => Some(Self::Brotli),
            "gz" => Some(Self::Gzip),
            "zst" => Some(Self::Zstandard),
            _ => None,
        }
    }
}

/// The key `key` is a compressed copy of, and how, when `exists` says that this original is in the build too.
///
/// Alone, `data.csv.gz` is a file to download, not a coding of something; and so is `backup.tar.gz`, even beside
/// `backup.tar`.
pub fn original(key: &ObjectKey, exists: impl Fn(&str) -> bool) -> Option<(ObjectKey, ContentCoding)> {
    let (original, extension) = key.as_str().rsplit_once('.')?;
    let coding = ContentCoding::of_extension(extension)?;
    if original.ends_with(".tar") || !exists(original) {
        return None;
    }
    ObjectKey::new(original).ok().map(|original| (original, coding))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compressed_copy_needs_its_original() {
        let originals = ["app.js", "backup.tar", "a.b/x"];
        let table = [
            ("app.js.br", Some(("app.js", "br"))),
            ("app.js.gz", Some(("app.js", "gzip"))),
            ("app.js.zst", Some(("app.js", "zstd"))),
            ("app.js.map", None),
            ("lone.js.gz", None),
            ("backup.tar.gz", None),
            ("a.b/x.gz", Some(("a.b/x", "gzip"))),
            ("app.js", None),
            (".gz", None),
            ("gz", None),
        ];
        for (key, expected) in table {
            let key = ObjectKey::new(key).unwrap();
            let found = original(&key, |key| originals.contains(&key));
            let found = found.as_ref().map(|(original, coding)| (original.as_str(), coding.token()));
            assert_eq!(found, expected, "{key}");
        }
    }
}
