//! The entity tag of an object.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Visitor};

/// An entity tag as S3 answers it, without quotes.
///
/// Most are an MD5 in lower-case hexadecimal (S3 User Guide, "Checking object integrity"). Such a one is kept as its 16 bytes: the
/// listing and the manifest of a large site have one for each of 100,000 objects.
#[derive(Clone, PartialEq, Eq)]
pub struct ETag(Form);

#[derive(Clone, PartialEq, Eq)]
enum Form {
    Md5([u8; 16]),
    Other(Box<str>),
}

impl ETag {
    /// Whether it is no entity tag at all.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl From<&str> for ETag {
    fn from(text: &str) -> Self {
        let mut md5 = [0; 16];
        let is_lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
        if is_lower && hex::decode_to_slice(text, &mut md5).is_ok() {
            return Self(Form::Md5(md5));
        }
        Self(Form::Other(text.into()))
    }
}

impl From<String> for ETag {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl Default for ETag {
    /// None at all.
    fn default() -> Self {
        Self(Form::Other(Box::default()))
    }
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Md5(md5) => {
                let mut text = [0; 32];
                hex::encode_to_slice(md5, &mut text).map_err(|_| fmt::Error)?;
                f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
            }
            Form::Other(text) => f.write_str(text),
        }
    }
}

impl fmt::Debug for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ETag({self})")
    }
}

impl Serialize for ETag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ETag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = ETag;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an entity tag")
            }

            fn visit_str<E>(self, text: &str) -> Result<ETag, E> {
                Ok(text.into())
            }
        }

        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_stays_as_it_was_answered() {
        let md5 = "9e107d9d372bb6826bd81d3542a419d6";
        for text in [md5, &md5.to_uppercase(), &format!("{md5}-2"), "", "abc", "0xé"] {
            let etag = ETag::from(text);
            assert_eq!(etag.to_string(), text);
            assert_eq!(serde_json::from_str::<ETag>(&serde_json::to_string(&etag).unwrap()).unwrap(), etag);
            assert_eq!(etag.is_empty(), text.is_empty());
            assert_eq!(matches!(etag.0, Form::Md5(_)), text == md5);
        }
        assert_ne!(ETag::from(md5), ETag::from(&*md5.to_uppercase()));
        assert!(ETag::default().is_empty());
    }
}
