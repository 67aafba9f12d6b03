//! Listings of objects and versions, page by page, in the order of the keys' bytes.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rusqlite::{Row, Transaction};
use s3s::{
    S3Request, S3Result,
    dto::{self, *},
    s3_error,
};

use super::{
    LocalS3,
    buckets::owner,
    versions::{self, Version, etag},
};

/// The most a page holds (API reference, ListObjectsV2).
pub(crate) const MAX_KEYS: usize = 1000;

/// The objects of a bucket from a key on.
pub(crate) const CURRENT_FROM: &str = "SELECT sequence, key, version_id, is_latest, modified, delete_marker, size, \
     etag, blob, checksum, headers, expires FROM versions \
     WHERE bucket = ?1 AND key >= ?2 AND is_latest = 1 AND delete_marker = 0 ORDER BY key";

/// The versions of a bucket from a key on, newest first.
pub(crate) const VERSIONS_FROM: &str = "SELECT sequence, key, version_id, is_latest, modified, delete_marker, size, \
     etag, blob, checksum, headers, expires FROM versions \
     WHERE bucket = ?1 AND key >= ?2 ORDER BY key, sequence DESC";

/// Which part of the keys a page shows.
pub(crate) struct Window {
    /// Only keys that start with it.
    pub(crate) prefix: String,
    /// Keys with the same text up to this one behind the prefix are shown as one common prefix.
    pub(crate) delimiter: Option<String>,
    /// The first key that may be shown.
    pub(crate) from: String,
    /// The most entries.
    pub(crate) limit: usize,
}

/// One line of a page.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Entry<T> {
    /// An item by itself.
    Item(T),
    /// All keys with this beginning.
    CommonPrefix(String),
}

/// What a walk over sorted keys does after looking at one.
enum Step {
    /// Go on with the next row.
    Next,
    /// Go on with the first key not below this one.
    Seek(String),
    /// The page is full: the next one starts with this row.
    Full,
    /// Nothing behind can be shown.
    End,
}

/// A page, and the key of the first row behind it.
pub(crate) struct Page<T> {
    /// The lines.
    pub(crate) entries: Vec<Entry<T>>,
    /// Whether there are more.
    pub(crate) next: Option<String>,
}

/// Walks the rows of `sql` (bucket, first key) within `window`; common prefixes are skipped by a new seek, so a page
/// costs as many steps as it has entries.
pub(crate) fn page<T>(
    tx: &Transaction<'_>,
    sql: &str,
    bucket: &str,
    window: &Window,
    mut read: impl FnMut(&Row<'_>) -> rusqlite::Result<Option<T>>,
) -> rusqlite::Result<Page<T>> {
    let mut page = Page { entries: Vec::new(), next: None };
    let mut from = window.from.as_str().max(&window.prefix).to_owned();
    let mut statement = tx.prepare_cached(sql)?;
    loop {
        let mut rows = statement.query([bucket, &from])?;
        let mut sought = None;
        while let Some(row) = rows.next()? {
            let key = row.get_ref("key")?.as_str()?;
            match step(&mut page.entries, window, key, || read(row))? {
                Step::Next => {}
                Step::Seek(key) => {
                    sought = Some(key);
                    break;
                }
                Step::Full => {
                    page.next = Some(key.to_owned());
                    return Ok(page);
                }
                Step::End => return Ok(page),
            }
        }
        match sought {
            Some(key) => from = key,
            None => return Ok(page),
        }
    }
}

fn step<T>(
    entries: &mut Vec<Entry<T>>,
    window: &Window,
    key: &str,
    read: impl FnOnce() -> rusqlite::Result<Option<T>>,
) -> rusqlite::Result<Step> {
    let Some(rest) = key.strip_prefix(window.prefix.as_str()) else { return Ok(Step::End) };
    let full = entries.len() == window.limit;
    let common = window
        .delimiter
        .as_deref()
        .and_then(|delimiter| rest.find(delimiter).map(|at| &key[..window.prefix.len() + at + delimiter.len()]));
    match common {
        Some(_) if full => Ok(Step::Full),
        Some(prefix) => {
            entries.push(Entry::CommonPrefix(prefix.to_owned()));
            Ok(successor(prefix).map_or(Step::End, Step::Seek))
        }
        None => match read()? {
            Some(_) if full => Ok(Step::Full),
            Some(item) => {
                entries.push(Entry::Item(item));
                Ok(Step::Next)
            }
            None => Ok(Step::Next),
        },
    }
}

/// The least text above every text that starts with `prefix`; none when `prefix` has only the last character there is.
fn successor(prefix: &str) -> Option<String> {
    let mut text = prefix.to_owned();
    while let Some(last) = text.pop() {
        // The range of characters steps over the gap of the surrogates.
        if let Some(next) = (last..=char::MAX).nth(1) {
            text.push(next);
            return Some(text);
        }
    }
    None
}

/// The least text above `key`.
pub(crate) fn just_after(key: &str) -> String {
    format!("{key}\0")
}

/// The size of a page as asked for.
pub(crate) fn limit(asked: Option<i32>, name: &str) -> S3Result<usize> {
    match asked {
        None => Ok(MAX_KEYS),
        Some(count) => usize::try_from(count)
            .map(|count| count.min(MAX_KEYS))
            .map_err(|_| s3_error!(InvalidArgument, "Argument {name} must be an integer between 0 and 2147483647")),
    }
}

/// What `encoding-type=url` leaves as it is.
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'*').remove(b'/').remove(b' ');

/// How names are written into an answer.
#[derive(Clone)]
pub(crate) struct Encoding(Option<EncodingType>);

impl Encoding {
    /// Only `url` exists.
    pub(crate) fn new(asked: Option<EncodingType>) -> S3Result<Self> {
        match asked {
            Some(kind) if kind.as_str() != EncodingType::URL => {
                Err(s3_error!(InvalidArgument, "Invalid Encoding Method specified in Request"))
            }
            asked => Ok(Self(asked)),
        }
    }

    /// What the answer says about it.
    pub(crate) fn kind(&self) -> Option<EncodingType> {
        self.0.clone()
    }

    /// Writes a name.
    pub(crate) fn write(&self, name: String) -> String {
        if self.0.is_none() { name } else { utf8_percent_encode(&name, PLAIN).to_string().replace(' ', "+") }
    }
}

/// An empty delimiter is none.
pub(crate) fn delimiter(asked: Option<&String>) -> Option<String> {
    asked.filter(|delimiter| !delimiter.is_empty()).cloned()
}

impl LocalS3 {
    pub(crate) async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<ListObjectsV2Output> {
        let input = request.input;
        let limit = limit(input.max_keys, "max-keys")?;
        let encoding = Encoding::new(input.encoding_type)?;
        let from = match (&input.continuation_token, &input.start_after) {
            (Some(token), _) => read_token(token)?,
            (None, Some(key)) if !key.is_empty() => just_after(key),
            _ => String::new(),
        };
        let window = Window {
            prefix: input.prefix.clone().unwrap_or_default(),
            delimiter: delimiter(input.delimiter.as_ref()),
            from,
            limit,
        };
        let bucket = input.bucket.clone();
        let Page { entries, next } = self
            .read(move |tx, _| {
                let bucket = versions::Bucket::get(tx, &bucket)?;
                Ok(page(tx, CURRENT_FROM, &bucket.name, &window, |row| Version::from_row(row).map(Some))?)
            })
            .await?;
        let next = next.filter(|_| limit > 0);
        let key_count = entries.len();
        let (mut contents, mut common_prefixes) = (Vec::new(), Vec::new());
        for entry in entries {
            match entry {
                Entry::CommonPrefix(prefix) => {
                    common_prefixes.push(CommonPrefix { prefix: Some(encoding.write(prefix)) })
                }
                Entry::Item(version) => contents.extend(object(version, &encoding, input.fetch_owner == Some(true))),
            }
        }
        Ok(ListObjectsV2Output {
            name: Some(input.bucket),
            prefix: Some(encoding.write(input.prefix.unwrap_or_default())),
            delimiter: input.delimiter.map(|text| encoding.write(text)),
            start_after: input.start_after.map(|text| encoding.write(text)),
            encoding_type: encoding.kind(),
            max_keys: Some(limit as i32),
            key_count: Some(key_count as i32),
            is_truncated: Some(next.is_some()),
            continuation_token: input.continuation_token,
            next_continuation_token: next.map(|key| URL_SAFE_NO_PAD.encode(key)),
            contents: Some(contents),
            common_prefixes: Some(common_prefixes),
            request_charged: None,
        })
    }

    pub(crate) async fn list_object_versions(
        &self,
        request: S3Request<ListObjectVersionsInput>,
    ) -> S3Result<ListObjectVersionsOutput> {
        let input = request.input;
        let limit = limit(input.max_keys, "max-keys")?;
        let encoding = Encoding::new(input.encoding_type)?;
        let key_marker = input.key_marker.clone().unwrap_or_default();
        let id_marker = input.version_id_marker.clone().filter(|id| !id.is_empty());
        if id_marker.is_some() && key_marker.is_empty() {
            return Err(s3_error!(InvalidArgument, "A version-id marker cannot be specified without a key marker."));
        }
        let (bucket, prefix, delimiter) =
            (input.bucket.clone(), input.prefix.clone().unwrap_or_default(), delimiter(input.delimiter.as_ref()));
        let marker = key_marker.clone();
        let (Page { entries, next }, last) = self
            .read(move |tx, _| {
                let bucket = versions::Bucket::get(tx, &bucket)?;
                let older_than = match &id_marker {
                    Some(id) => Some(
                        versions::by_id(tx, &bucket.name, &marker, id)?
                            .ok_or_else(|| s3_error!(InvalidArgument, "Invalid version id specified"))?
                            .sequence,
                    ),
                    None => None,
                };
                let from = match (older_than, marker.is_empty()) {
                    (Some(_), _) => marker.clone(),
                    (None, false) => after_marker(&marker, &prefix, delimiter.as_deref()),
                    (None, true) => String::new(),
                };
                let window = Window { prefix, delimiter, from, limit };
                let page = page(tx, VERSIONS_FROM, &bucket.name, &window, |row| {
                    let version = Version::from_row(row)?;
                    let shown = older_than.is_some_and(|marked| version.key == marker && version.sequence >= marked);
                    Ok((!shown).then_some(version))
                })?;
                let last = page.entries.last().map(|entry| match entry {
                    Entry::Item(version) => (version.key.clone(), Some(version.version_id.clone())),
                    Entry::CommonPrefix(prefix) => (prefix.clone(), None),
                });
                Ok((page, last))
            })
            .await?;
        let next = next.and(last);
        let mut output = ListObjectVersionsOutput {
            name: Some(input.bucket),
            prefix: Some(encoding.write(input.prefix.unwrap_or_default())),
            delimiter: input.delimiter.map(|text| encoding.write(text)),
            encoding_type: encoding.kind(),
            key_marker: Some(encoding.write(key_marker)),
            version_id_marker: input.version_id_marker,
            max_keys: Some(limit as i32),
            is_truncated: Some(next.is_some()),
            ..Default::default()
        };
        (output.next_key_marker, output.next_version_id_marker) =
            next.map_or((None, None), |(key, id)| (Some(encoding.write(key)), id));
        let (mut shown, mut markers, mut prefixes) = (Vec::new(), Vec::new(), Vec::new());
        for entry in entries {
            match entry {
                Entry::CommonPrefix(prefix) => prefixes.push(CommonPrefix { prefix: Some(encoding.write(prefix)) }),
                Entry::Item(version) if version.content.is_none() => markers.push(delete_marker(version, &encoding)),
                Entry::Item(version) => shown.extend(object_version(version, &encoding)),
            }
        }
        (output.versions, output.delete_markers, output.common_prefixes) = (Some(shown), Some(markers), Some(prefixes));
        Ok(output)
    }
}

/// A marker that is a common prefix of the page before stands for all keys below it.
pub(crate) fn after_marker(marker: &str, prefix: &str, delimiter: Option<&str>) -> String {
    let rolled_up = delimiter.is_some_and(|delimiter| {
        marker.strip_prefix(prefix).is_some_and(|rest| rest.find(delimiter) == rest.len().checked_sub(delimiter.len()))
    });
    if rolled_up { successor(marker).unwrap_or_else(|| just_after(marker)) } else { just_after(marker) }
}

fn read_token(token: &str) -> S3Result<String> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok();
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| s3_error!(InvalidArgument, "The continuation token provided is incorrect"))
}

fn object(version: Version, encoding: &Encoding, with_owner: bool) -> Option<Object> {
    let last_modified = version.last_modified();
    let content = version.content?;
    Some(Object {
        key: Some(encoding.write(version.key)),
        e_tag: Some(etag(&content.etag)),
        size: Some(content.size.cast_signed()),
        last_modified: Some(last_modified),
        checksum_algorithm: Some(vec![ChecksumAlgorithm::from_static(content.checksum.algorithm.name())]),
        checksum_type: Some(content.checksum.kind()),
        storage_class: Some(ObjectStorageClass::from_static(ObjectStorageClass::STANDARD)),
        owner: with_owner.then(owner),
        restore_status: None,
    })
}

fn object_version(version: Version, encoding: &Encoding) -> Option<dto::ObjectVersion> {
    let last_modified = version.last_modified();
    let content = version.content?;
    Some(dto::ObjectVersion {
        key: Some(encoding.write(version.key)),
        version_id: Some(version.version_id),
        is_latest: Some(version.is_latest),
        e_tag: Some(etag(&content.etag)),
        size: Some(content.size.cast_signed()),
        last_modified: Some(last_modified),
        checksum_algorithm: Some(vec![ChecksumAlgorithm::from_static(content.checksum.algorithm.name())]),
        checksum_type: Some(content.checksum.kind()),
        storage_class: Some(ObjectVersionStorageClass::from_static(ObjectVersionStorageClass::STANDARD)),
        owner: Some(owner()),
        restore_status: None,
    })
}

fn delete_marker(version: Version, encoding: &Encoding) -> DeleteMarkerEntry {
    DeleteMarkerEntry {
        last_modified: Some(version.last_modified()),
        key: Some(encoding.write(version.key)),
        version_id: Some(version.version_id),
        is_latest: Some(version.is_latest),
        owner: Some(owner()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_successor_is_above_all_that_start_alike() {
        let table = [("a/", Some("a0")), ("é", Some("ê")), ("\u{d7ff}", Some("\u{e000}")), ("x\u{10ffff}", Some("y"))];
        for (prefix, expected) in table {
            assert_eq!(successor(prefix).as_deref(), expected, "{prefix:?}");
        }
        assert_eq!(successor("\u{10ffff}"), None);
    }

    #[test]
    fn names_are_encoded_when_asked() {
        let url = Encoding::new(Some(EncodingType::from_static(EncodingType::URL))).unwrap();
        assert_eq!(url.write("a b/ü+%\n.txt".to_owned()), "a+b/%C3%BC%2B%25%0A.txt");
        assert_eq!(Encoding::new(None).unwrap().write("a b".to_owned()), "a b");
        assert!(Encoding::new(Some(EncodingType::from_static("base64"))).is_err());
    }
}
