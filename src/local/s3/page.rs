//! One page of any listing: a walk over sorted keys within a window.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rusqlite::{Row, Transaction};
use s3s::{S3Result, dto::EncodingType, s3_error};

/// The most a page holds (API reference, ListObjectsV2).
pub(crate) const MAX_KEYS: usize = 1000;

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

/// A marker that is a common prefix of the page before stands for all keys below it.
pub(crate) fn after_marker(marker: &str, prefix: &str, delimiter: Option<&str>) -> String {
    let rolled_up = delimiter.is_some_and(|delimiter| {
        marker.strip_prefix(prefix).is_some_and(|rest| rest.find(delimiter) == rest.len().checked_sub(delimiter.len()))
    });
    if rolled_up { successor(marker).unwrap_or_else(|| just_after(marker)) } else { just_after(marker) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::{collection::btree_set, prelude::*};
    use rusqlite::Connection;

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

    /// All pages of a window, put together, with what a scan of every key gives.
    fn walk(keys: &BTreeSet<String>, window: &mut Window) -> (Vec<Entry<String>>, Vec<Entry<String>>) {
        let mut db = Connection::open_in_memory().unwrap();
        let tx = db.transaction().unwrap();
        tx.execute_batch("CREATE TABLE keys (key TEXT PRIMARY KEY) WITHOUT ROWID").unwrap();
        for key in keys {
            tx.execute("INSERT INTO keys VALUES (?1)", [key]).unwrap();
        }
        let sql = "SELECT key FROM keys WHERE ?1 = 'b' AND key >= ?2 ORDER BY key";
        let mut naive = Vec::new();
        for key in keys.iter().filter(|key| **key >= window.from) {
            let Some(rest) = key.strip_prefix(&window.prefix) else { continue };
            let entry = match window.delimiter.as_deref().and_then(|delimiter| rest.split_once(delimiter)) {
                Some((name, _)) => Entry::CommonPrefix(format!("{}{name}/", window.prefix)),
                None => Entry::Item(key.clone()),
            };
            if naive.last() != Some(&entry) {
                naive.push(entry);
            }
        }
        let mut paged = Vec::new();
        loop {
            let page = page(&tx, sql, "b", window, |row| row.get(0).map(Some)).unwrap();
            assert!(page.entries.len() <= window.limit);
            paged.extend(page.entries);
            match page.next {
                Some(next) => window.from = next,
                None => return (paged, naive),
            }
        }
    }

    proptest! {
        #[test]
        fn pages_put_together_are_the_whole_listing(
            keys in btree_set("[ab/é\u{10ffff}]{1,5}", 0..20),
            prefix in "[ab/]{0,2}",
            from in "[ab/]{0,2}",
            delimited: bool,
            limit in 1_usize..5,
        ) {
            let delimiter = delimited.then(|| "/".to_owned());
            let (paged, naive) = walk(&keys, &mut Window { prefix, delimiter, from, limit });
            prop_assert_eq!(paged, naive);
        }
    }
}
