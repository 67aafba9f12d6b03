//! The name of an object below the served prefix.

use std::{
    borrow::Borrow,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, Visitor},
};

/// S3's limit for a whole key, prefix included, in bytes of UTF-8 (S3 User Guide, "Naming Amazon S3 objects").
pub const MAX_KEY_BYTES: usize = 1024;

/// A site-relative object key: `index.html`, `static/js/main.0a1b2c3d.js`. Never empty, never starts with `/`.
///
/// The key is the file's path below the build folder with `/` between its parts, byte for byte: no Unicode
/// normalisation, no escaping. Where a URL is needed, it is escaped there. Copies share the text: a site of 100,000 files names
/// each in a listing, two manifests and a plan.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey(Arc<str>);

/// Why a string is not an [`ObjectKey`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// S3 has no empty keys.
    #[error("an object key cannot be empty")]
    Empty,
    /// A site-relative key that starts with `/` would be served at `//…`.
    #[error("an object key cannot start with '/'")]
    LeadingSlash,
    /// Longer than [`MAX_KEY_BYTES`].
    #[error("an object key has at most {MAX_KEY_BYTES} bytes, this one has {0}")]
    TooLong(usize),
}

impl ObjectKey {
    /// Checks `key` and takes it as it is.
    ///
    /// # Errors
    /// [`InvalidKey`] when it is empty, starts with `/`, or is longer than S3 takes.
    pub fn new(key: impl AsRef<str> + Into<Arc<str>>) -> Result<Self, InvalidKey> {
        let text = key.as_ref();
        if text.is_empty() {
            Err(InvalidKey::Empty)
        } else if text.starts_with('/') {
            Err(InvalidKey::LeadingSlash)
        } else if text.len() > MAX_KEY_BYTES {
            Err(InvalidKey::TooLong(text.len()))
        } else {
            Ok(Self(key.into()))
        }
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path of the file in a build `folder` that has this key.
    pub fn below(&self, folder: &Path) -> PathBuf {
        let mut path = PathBuf::with_capacity(folder.as_os_str().len() + 1 + self.0.len());
        path.push(folder);
        path.extend(self.0.split('/'));
        path
    }

    /// The part after the last `/`.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// The part before the last `/`, empty at the root.
    pub fn folder(&self) -> &str {
        self.0.rfind('/').map_or("", |at| &self.0[..at])
    }

    /// The text after the last `.` of the file name, if any, as it is written.
    pub fn extension(&self) -> Option<&str> {
        let (stem, extension) = self.file_name().rsplit_once('.')?;
        (!stem.is_empty()).then_some(extension)
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for ObjectKey {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for ObjectKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = ObjectKey;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object key")
            }

            fn visit_str<E: Error>(self, key: &str) -> Result<ObjectKey, E> {
                ObjectKey::new(key).map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Text)
    }
}

impl Serialize for ObjectKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_checked() {
        let table = [
            ("index.html", Ok(())),
            ("a b/ü+#%?\".txt", Ok(())),
            ("", Err(InvalidKey::Empty)),
            ("/x", Err(InvalidKey::LeadingSlash)),
        ];
        for (key, expected) in table {
            assert_eq!(ObjectKey::new(key).map(|_| ()), expected, "{key}");
        }
        assert!(ObjectKey::new("k".repeat(1024)).is_ok());
        assert_eq!(ObjectKey::new("k".repeat(1025)), Err(InvalidKey::TooLong(1025)));
    }

    #[test]
    fn keys_know_their_parts() {
        let table = [
            ("index.html", "", "index.html", Some("html")),
            ("a/b/app.min.js", "a/b", "app.min.js", Some("js")),
            (".well-known/.hidden", ".well-known", ".hidden", None),
            ("CNAME", "", "CNAME", None),
        ];
        for (key, folder, name, extension) in table {
            let key = ObjectKey::new(key).unwrap();
            assert_eq!((key.folder(), key.file_name(), key.extension()), (folder, name, extension));
            let path: PathBuf = ["build"].into_iter().chain(key.as_str().split('/')).collect();
            assert_eq!(key.below(Path::new("build")), path);
        }
    }
}
