//! Buckets in memory, their keys in order. Of a site's objects only what S3 says of them is kept, so that a gigabyte of
//! films costs nothing; state objects, which are read again, are kept whole.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Bound,
    time::SystemTime,
};

use bytes::Bytes;

/// Below this prefix cruddur-site keeps its state.
const STATE: &str = ".cruddur-site/";

/// The headers an object is served with, those that a tool can set.
#[derive(Debug, Clone, Default)]
pub struct Headers {
    pub cache_control: Option<String>,
    pub content_type: Option<String>,
    pub content_encoding: Option<String>,
    pub content_language: Option<String>,
    pub content_disposition: Option<String>,
    pub metadata: HashMap<String, String>,
}

/// What is kept of an object.
#[derive(Debug, Clone)]
pub struct Object {
    pub size: u64,
    /// Without quotes.
    pub etag: String,
    pub modified: SystemTime,
    pub headers: Headers,
    /// The SHA-256 it was uploaded with, in base64.
    pub sha256: Option<String>,
    /// Its bytes, of a state object.
    pub bytes: Option<Bytes>,
}

/// Whether the bytes of an object are kept.
pub fn is_kept(key: &str) -> bool {
    key.starts_with(STATE)
}

/// What stands in one line of a listing.
pub enum Entry<'s> {
    Object(&'s str, &'s Object),
    CommonPrefix(String),
}

/// An upload in parts that is under way.
#[derive(Debug, Clone, Default)]
pub struct Multipart {
    pub headers: Headers,
    /// The sizes of the parts by their numbers.
    pub parts: BTreeMap<i32, u64>,
}

/// All buckets: one that nobody has written to is an empty one.
#[derive(Debug, Default)]
pub struct Store {
    buckets: HashMap<String, BTreeMap<String, Object>>,
    /// Uploads in parts by their ids.
    pub multiparts: HashMap<String, Multipart>,
    names: u64,
}

impl Store {
    /// A bucket.
    pub fn bucket(&mut self, name: &str) -> &mut BTreeMap<String, Object> {
        self.buckets.entry(name.to_owned()).or_default()
    }

    /// Empties a bucket.
    pub fn clear(&mut self, bucket: &str) {
        self.buckets.remove(bucket);
    }

    /// The keys of a site's objects.
    pub fn keys(&mut self, bucket: &str) -> impl Iterator<Item = &String> {
        self.bucket(bucket).keys().filter(|key| !is_kept(key))
    }

    /// A name that nothing had before: of an upload, or an entity tag that is no MD5.
    pub fn new_name(&mut self) -> String {
        self.names += 1;
        format!("{:032x}", self.names)
    }

    /// Up to `limit` lines of a listing, and whether there are more. `after` is a key or a common prefix.
    pub fn list(
        &mut self,
        bucket: &str,
        prefix: &str,
        delimiter: Option<&str>,
        after: &str,
        limit: usize,
    ) -> (Vec<Entry<'_>>, bool) {
        let from = if after < prefix { Bound::Included(prefix) } else { Bound::Excluded(after) };
        let objects = self.bucket(bucket).range::<str, _>((from, Bound::Unbounded));
        let mut entries: Vec<Entry<'_>> = Vec::new();
        for (key, object) in objects.take_while(|(key, _)| key.starts_with(prefix)) {
            let common = delimiter.and_then(|delimiter| {
                let length = key[prefix.len()..].find(delimiter)? + prefix.len() + delimiter.len();
                Some(&key[..length])
            });
            let is_listed = match (common, entries.last()) {
                (Some(common), Some(Entry::CommonPrefix(last))) => last == common,
                (Some(common), _) => after == common,
                (None, _) => false,
            };
            if is_listed {
                continue;
            }
            if entries.len() == limit {
                return (entries, true);
            }
            entries.push(match common {
                Some(common) => Entry::CommonPrefix(common.to_owned()),
                None => Entry::Object(key, object),
            });
        }
        (entries, false)
    }
}
