//! The manifest: what the last publish left in the bucket, object by object.
//!
//! On the wire it is gzipped JSON, described in `docs/FORMAT.md`. Headers repeat thousands of times, so they are
//! kept once in a table and named by their index.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    fmt,
    io::{BufWriter, IntoInnerError, Read as _},
    marker::PhantomData,
    sync::Arc,
};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use jiff::Timestamp;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error as _, MapAccess, SeqAccess, Visitor},
};

use super::{ETag, ReleaseId};
use crate::{
    error::plain,
    site::{FileClass, Headers, ObjectKey, Sha256, SiteFile},
};

/// The format this version writes, and the newest it reads.
pub const FORMAT: u32 = 1;

/// How many releases a manifest remembers, and so how many release records the bucket keeps.
pub const RELEASES_REMEMBERED: usize = 20;

/// A manifest may unpack to this many bytes (512 MiB), some two million objects: a kilobyte of gzip can hold a megabyte of
/// nothing, and whoever may write to the bucket shall not exhaust the memory of those who publish.
pub const MAX_BYTES: u64 = 512 << 20;

/// A manifest is stored in at most this many bytes (384 MiB). Most of an object's text are digests and versions, which pack to half:
/// what unpacks to [`MAX_BYTES`] is stored in less.
pub const MAX_STORED_BYTES: u64 = MAX_BYTES / 4 * 3;

/// The lists of a manifest have at most this many elements: `{}` is two bytes, and a hundred in memory.
const MOST_ELEMENTS: usize = 1 << 20;

/// The published state of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The release that wrote it.
    pub release: ReleaseId,
    /// When that release was published.
    pub published: Timestamp,
    /// Every object the tool put below the served prefix and has not deleted since.
    pub objects: BTreeMap<ObjectKey, Arc<Published>>,
    /// The last releases, newest (this one) first; at most [`RELEASES_REMEMBERED`].
    pub releases: Vec<ReleaseMark>,
    /// Names that look content-hashed but have changed their bytes: never immutable again.
    pub demoted: BTreeSet<ObjectKey>,
}

/// One published object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The SHA-256 of its bytes.
    pub sha256: Sha256,
    /// Its length in bytes.
    pub size: u64,
    /// The entity tag S3 answered.
    pub etag: ETag,
    /// The version S3 answered, in a bucket with versioning.
    pub version: Option<String>,
    /// Its class when it was published.
    pub class: FileClass,
    /// What it is served with.
    pub headers: Arc<Headers>,
    /// Set when a later release no longer names it and it is only kept for old pages.
    pub superseded: Option<Box<Superseded>>,
}

/// Since when an object is no longer part of the site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Superseded {
    /// The first release without it.
    pub by: ReleaseId,
    /// When that release was published.
    pub at: Timestamp,
    /// Whether its name is or may be content-hashed, so that open tabs of older releases may ask for it.
    pub hashed: bool,
}

/// A release in the manifest's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseMark {
    /// Its name.
    pub id: ReleaseId,
    /// When it was published.
    pub at: Timestamp,
}

/// Why stored bytes are not a manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// A newer version of the tool wrote it.
    #[error("its format is {0}, this version reads up to {FORMAT}")]
    Newer(u32),
    /// The bytes are damaged.
    #[error("{0}")]
    Corrupt(String),
}

/// The format, over headers and objects as they are written and as they are read.
#[derive(Serialize, Deserialize)]
#[serde(bound(deserialize = "Headers: Deserialize<'de>, Objects: Deserialize<'de>"))]
struct Wire<Headers, Objects> {
    format: u32,
    tool: String,
    release: ReleaseId,
    published: Timestamp,
    #[serde(deserialize_with = "bounded")]
    releases: Vec<ReleaseMark>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty", deserialize_with = "bounded")]
    demoted: BTreeSet<ObjectKey>,
    #[serde(deserialize_with = "bounded")]
    headers: Vec<Headers>,
    objects: Objects,
}

#[derive(Serialize, Deserialize)]
struct WireObject<'a> {
    sha256: Sha256,
    size: u64,
    etag: Cow<'a, ETag>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<Cow<'a, str>>,
    class: FileClass,
    headers: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    superseded: Option<Cow<'a, Superseded>>,
}

/// Objects with the numbers of their headers, written one by one.
struct Objects<'a>(&'a BTreeMap<ObjectKey, Arc<Published>>, BTreeMap<&'a Headers, usize>);

impl Serialize for Objects<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, object)| {
            let wire = WireObject {
                sha256: object.sha256,
                size: object.size,
                etag: Cow::Borrowed(&object.etag),
                version: object.version.as_deref().map(Cow::Borrowed),
                class: object.class,
                headers: self.1[&*object.headers],
                superseded: object.superseded.as_deref().map(Cow::Borrowed),
            };
            (key, wire)
        }))
    }
}

/// Objects as they are read: with the numbers of their headers, which may be told after them, and still without those.
struct Numbered(Vec<(ObjectKey, usize, Arc<Published>)>);

impl<'de> Deserialize<'de> for Numbered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Map;

        impl<'de> Visitor<'de> for Map {
            type Value = Numbered;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("objects by their keys")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Numbered, A::Error> {
                let (mut objects, unknown) = (Vec::new(), Arc::new(Headers::default()));
                while let Some((key, object)) = map.next_entry::<ObjectKey, WireObject<'_>>()? {
                    let published = Published {
                        sha256: object.sha256,
                        size: object.size,
                        etag: object.etag.into_owned(),
                        version: object.version.map(Cow::into_owned),
                        class: object.class,
                        headers: unknown.clone(),
                        superseded: object.superseded.map(|superseded| Box::new(superseded.into_owned())),
                    };
                    objects.push((key, object.headers, Arc::new(published)));
                }
                Ok(Numbered(objects))
            }
        }

        deserializer.deserialize_map(Map)
    }
}

impl Published {
    /// What `file` becomes once it is in the bucket.
    pub fn new(file: &SiteFile, etag: ETag, version: Option<String>) -> Self {
        Self {
            sha256: file.sha256,
            size: file.size,
            etag,
            version,
            class: file.class,
            headers: file.headers.clone(),
            superseded: None,
        }
    }
}

impl Manifest {
    /// A manifest that owns nothing and remembers no release.
    pub fn empty(release: ReleaseId, published: Timestamp) -> Self {
        Self { release, published, objects: BTreeMap::new(), releases: Vec::new(), demoted: BTreeSet::new() }
    }

    /// The bytes to store.
    pub fn encode(&self) -> Vec<u8> {
        let (mut headers, mut numbers) = (Vec::new(), BTreeMap::new());
        for object in self.objects.values() {
            numbers.entry(&*object.headers).or_insert_with(|| {
                headers.push(&*object.headers);
                headers.len() - 1
            });
        }
        let wire = Wire {
            format: FORMAT,
            tool: concat!("cruddur-site ", env!("CARGO_PKG_VERSION")).into(),
            release: self.release.clone(),
            published: self.published,
            releases: self.releases.clone(),
            demoted: self.demoted.clone(),
            headers,
            objects: Objects(&self.objects, numbers),
        };
        let mut gzip = BufWriter::new(GzEncoder::new(Vec::new(), Compression::fast()));
        serde_json::to_writer(&mut gzip, &wire).expect("a manifest has only string keys and no fallible parts");
        let gzip = gzip.into_inner().map_err(IntoInnerError::into_error);
        gzip.and_then(GzEncoder::finish).expect("writing to memory does not fail")
    }

    /// Reads what [`Manifest::encode`] wrote.
    ///
    /// # Errors
    /// [`ManifestError::Newer`] for a format this version does not know, [`ManifestError::Corrupt`] for anything
    /// that is no manifest at all, or is larger than [`MAX_BYTES`].
    pub fn decode(bytes: &[u8]) -> Result<Self, ManifestError> {
        Self::decode_within(bytes, MAX_BYTES)
    }

    fn decode_within(bytes: &[u8], most: u64) -> Result<Self, ManifestError> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let corrupt = |error: &dyn std::fmt::Display| ManifestError::Corrupt(plain(&error.to_string()));
        let mut json = Vec::new();
        GzDecoder::new(bytes).take(most + 1).read_to_end(&mut json).map_err(|e| corrupt(&e))?;
        if json.len() as u64 > most {
            return Err(corrupt(&format!("it unpacks to more than {most} bytes")));
        }
        let wire = match serde_json::from_slice::<Wire<Headers, Numbered>>(&json) {
            Ok(wire) if wire.format > FORMAT => return Err(ManifestError::Newer(wire.format)),
            Ok(wire) => wire,
            // A newer format may be anything else.
            Err(error) => match serde_json::from_slice(&json) {
                Ok(Format { format }) if format > FORMAT => return Err(ManifestError::Newer(format)),
                _ => return Err(corrupt(&error)),
            },
        };
        drop(json);
        let headers: Vec<Arc<Headers>> = wire.headers.into_iter().map(Arc::new).collect();
        let object = |(key, number, mut object): (ObjectKey, usize, Arc<Published>)| {
            let headers = headers.get(number).cloned();
            let headers = headers.ok_or_else(|| corrupt(&format!("{key} names headers that are not there")))?;
            Arc::make_mut(&mut object).headers = headers;
            Ok((key, object))
        };
        // Collected, for maps that are filled one by one keep room for more.
        let objects = wire.objects.0.into_iter().map(object).collect::<Result<_, ManifestError>>()?;
        Ok(Self {
            release: wire.release,
            published: wire.published,
            objects,
            releases: wire.releases,
            demoted: wire.demoted,
        })
    }
}

/// Reads a list of at most [`MOST_ELEMENTS`].
fn bounded<'de, D, T, C>(deserializer: D) -> Result<C, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
    C: IntoIterator<Item = T> + Extend<T> + Default,
{
    struct Bounded<T, C>(PhantomData<(T, C)>);

    impl<'de, T: Deserialize<'de>, C: Extend<T> + Default> Visitor<'de> for Bounded<T, C> {
        type Value = C;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a list of at most {MOST_ELEMENTS}")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<C, A::Error> {
            let mut read = C::default();
            for count in 0.. {
                match list.next_element()? {
                    Some(_) if count == MOST_ELEMENTS => return Err(A::Error::invalid_length(count + 1, &self)),
                    Some(element) => read.extend([element]),
                    None => break,
                }
            }
            Ok(read)
        }
    }

    deserializer.deserialize_seq(Bounded(PhantomData))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn manifest() -> Manifest {
        let at: Timestamp = "2026-11-21T06:30:00Z".parse().unwrap();
        let id = ReleaseId::new(at, 7);
        let page = Published {
            sha256: Sha256::of(b"page"),
            size: 4,
            etag: "abc".into(),
            version: Some("v1".into()),
            class: FileClass::Page,
            headers: Arc::new(Headers { cache_control: Some("no-cache".into()), ..Headers::default() }),
            superseded: None,
        };
        let superseded = Superseded { by: id.clone(), at, hashed: true };
        let old = Published { superseded: Some(superseded.into()), ..page.clone() };
        Manifest {
            release: id.clone(),
            published: at,
            objects: [("index.html", page), ("ü 1.js", old)]
                .map(|(key, object)| (ObjectKey::new(key).unwrap(), Arc::new(object)))
                .into(),
            releases: vec![ReleaseMark { id, at }],
            demoted: [ObjectKey::new("a-12345678.js").unwrap()].into(),
        }
    }

    fn gzip(json: &str) -> Vec<u8> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(json.as_bytes()).unwrap();
        gzip.finish().unwrap()
    }

    #[test]
    fn what_is_written_is_read_back() {
        assert_eq!(Manifest::decode(&manifest().encode()), Ok(manifest()));
    }

    #[test]
    fn a_newer_format_is_told_from_damage() {
        assert_eq!(Manifest::decode(&gzip(r#"{"format": 2, "what": "ever"}"#)), Err(ManifestError::Newer(2)));
        let whole = manifest().encode();
        for damaged in [&b"{}"[..], b"", &whole[..whole.len() / 2], &gzip("{}"), &gzip(r#"{"format": 1}"#)] {
            assert!(matches!(Manifest::decode(damaged), Err(ManifestError::Corrupt(_))));
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
            let _ = Manifest::decode(&bytes);
        }
    }

    #[test]
    fn what_unpacks_to_too_much_is_no_manifest() {
        let json = format!(r#"{{"format": 1, "what": "{}"}}"#, " ".repeat(1 << 20));
        let bomb = gzip(&json);
        assert!(bomb.len() < 10_000);
        let refused = Manifest::decode_within(&bomb, 1 << 20);
        assert_eq!(refused, Err(ManifestError::Corrupt("it unpacks to more than 1048576 bytes".to_owned())));
        let whole = manifest().encode();
        assert_eq!(Manifest::decode_within(&whole, 1 << 20), Ok(manifest()));
    }

    #[test]
    fn what_is_little_in_a_file_and_much_in_memory_is_no_manifest() {
        // Headers are as often in memory as in the file.
        let mut alike = manifest();
        let page = alike.objects.values().next().unwrap().clone();
        alike.objects.extend((0..9).map(|n| (ObjectKey::new(format!("{n}.html")).unwrap(), page.clone())));
        let read = Manifest::decode(&alike.encode()).unwrap();
        assert_eq!(read, alike);
        let headers: Vec<_> = read.objects.values().map(|object| &object.headers).collect();
        assert!(headers.iter().all(|one| Arc::ptr_eq(one, headers[0])));

        let json = |headers: usize| {
            let id = "20261121T063000Z-4f2a9c01";
            let headers = vec!["{}"; headers].join(",");
            let times = r#""published": "2026-11-21T06:30:00Z", "releases": [], "objects": {}"#;
            gzip(&format!(r#"{{"format": 1, "tool": "", "release": "{id}", {times}, "headers": [{headers}]}}"#))
        };
        assert!(Manifest::decode(&json(MOST_ELEMENTS)).is_ok());
        let Err(ManifestError::Corrupt(why)) = Manifest::decode(&json(MOST_ELEMENTS + 1)) else { panic!("taken") };
        assert!(why.contains("a list of at most 1048576"), "{why}");
    }
}
