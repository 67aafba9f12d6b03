//! The headers an object is stored and served with.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    FileClass, ObjectKey,
    content_type::content_type,
    precompressed::{self, ContentCoding},
};

/// For [`FileClass::Immutable`]: a year in every cache, and not asked for again when the page is reloaded (RFC 8246).
pub const CACHE_IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// For [`FileClass::Asset`]: the edge keeps it a year, for a publish invalidates what it changes; browsers ask each
/// time.
pub const CACHE_ASSET: &str = "public, max-age=0, s-maxage=31536000, must-revalidate";
/// For [`FileClass::Page`] and [`FileClass::Entry`]: kept, but never served without asking the origin.
pub const CACHE_REVALIDATE: &str = "no-cache";

impl FileClass {
    /// The `Cache-Control` of this class where no rule says otherwise.
    pub fn cache_control(self) -> &'static str {
        match self {
            Self::Immutable => CACHE_IMMUTABLE,
            Self::Asset => CACHE_ASSET,
            Self::Page | Self::Entry => CACHE_REVALIDATE,
        }
    }
}

/// Everything about an object that a viewer or S3 sees besides its bytes.
///
/// These are S3's system-defined metadata that a user may set, and the user-defined metadata served as
/// `x-amz-meta-NAME` (S3 User Guide, "Working with object metadata"). Names of metadata are lower case, without
/// that prefix.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Headers {
    /// `Cache-Control`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_control: Option<String>,
    /// `Content-Type`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// `Content-Encoding`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_encoding: Option<String>,
    /// `Content-Language`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_language: Option<String>,
    /// `Content-Disposition`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_disposition: Option<String>,
    /// User-defined metadata.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

impl Headers {
    /// What `key` is served with where no rule says otherwise. A compressed copy beside its original among `keys` has
    /// the type of the original, and says how it is coded.
    pub fn default_for(key: &ObjectKey, class: FileClass, keys: &BTreeSet<ObjectKey>) -> Self {
        let original = precompressed::original(key, |key| keys.contains(key));
        let (typed, coding) = match &original {
            Some((original, coding)) => (original, Some(*coding)),
            // SVG 2, 1.2: a `.svgz` is gzip by definition, and is shown only where the server says so.
            None if key.extension() == Some("svgz") => (key, Some(ContentCoding::Gzip)),
            None => (key, None),
        };
        Self {
            cache_control: Some(class.cache_control().to_owned()),
            content_type: Some(content_type(typed)),
            content_encoding: coding.map(|coding| coding.token().to_owned()),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_follow_class_name_and_siblings() {
        let keys: BTreeSet<ObjectKey> =
            ["app.js", "app.js.br", "app.js.gz", "app.js.zst", "data.csv.gz", "index.html", "logo.svgz"]
                .map(|key| ObjectKey::new(key).unwrap())
                .into();
        let table = [
            ("index.html", "text/html; charset=utf-8", None),
            ("app.js", "text/javascript; charset=utf-8", None),
            ("app.js.br", "text/javascript; charset=utf-8", Some("br")),
            ("app.js.gz", "text/javascript; charset=utf-8", Some("gzip")),
            ("app.js.zst", "text/javascript; charset=utf-8", Some("zstd")),
            ("data.csv.gz", "application/gzip", None),
            ("logo.svgz", "image/svg+xml; charset=utf-8", Some("gzip")),
        ];
        for (key, content_type, coding) in table {
            let headers = Headers::default_for(&ObjectKey::new(key).unwrap(), FileClass::Asset, &keys);
            assert_eq!(headers.content_type.as_deref(), Some(content_type), "{key}");
            assert_eq!(headers.content_encoding.as_deref(), coding, "{key}");
            assert_eq!(headers.cache_control.as_deref(), Some(CACHE_ASSET), "{key}");
        }
    }

    #[test]
    fn caching_is_what_the_class_says() {
        let table = [
            (FileClass::Immutable, "public, max-age=31536000, immutable"),
            (FileClass::Asset, "public, max-age=0, s-maxage=31536000, must-revalidate"),
            (FileClass::Page, "no-cache"),
            (FileClass::Entry, "no-cache"),
        ];
        for (class, expected) in table {
            assert_eq!(class.cache_control(), expected);
        }
    }
}
