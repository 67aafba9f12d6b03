//! What the edge holds: answers of the origin, by path and encoding, for as long as they may be kept.

use std::{collections::HashMap, sync::Arc};

use jiff::Timestamp;

use super::{compress::Encoding, fetch::Representation};

/// Under what an answer is kept.
///
/// Both forms of the path are part of it: S3 reads a raw `+` as a space, so `/a+b` and `/a%2Bb` are two objects though
/// their decoded paths are one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct CacheKey {
    /// The distribution's id.
    pub distribution: String,
    /// The percent-decoded path, which invalidations name.
    pub path: String,
    /// The object the origin is asked for.
    pub object: String,
    /// The form it is kept in.
    pub encoding: Encoding,
}

/// An answer and how long it may be used.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// The answer.
    pub representation: Arc<Representation>,
    /// When it came from the origin, or was confirmed by it.
    pub fetched: Timestamp,
    /// Seconds from then on for which the origin need not be asked.
    pub ttl: u64,
    last_use: u64,
}

impl Entry {
    /// An answer that the origin gave at `fetched`, fresh for `ttl` seconds.
    pub(super) fn new(representation: Arc<Representation>, fetched: Timestamp, ttl: u64) -> Self {
        Self { representation, fetched, ttl, last_use: 0 }
    }

    /// Whole seconds since the origin was asked.
    pub(super) fn age(&self, now: Timestamp) -> u64 {
        u64::try_from(now.duration_since(self.fetched).as_secs()).unwrap_or(0)
    }

    /// Whether the origin need not be asked yet.
    pub(super) fn is_fresh(&self, now: Timestamp) -> bool {
        self.age(now) < self.ttl
    }
}

/// Bytes that an entry costs besides its body: keys, headers, tables.
const ENTRY_OVERHEAD: usize = 1_024;

/// A bounded cache: when it is full, what was not used for longest goes first.
#[derive(Debug)]
pub(super) struct Cache {
    entries: HashMap<CacheKey, Entry>,
    capacity: usize,
    used: usize,
    clock: u64,
    epoch: u64,
    invalidated: HashMap<String, u64>,
}

impl Cache {
    /// An empty cache of at most `capacity` bytes.
    pub(super) fn new(capacity: usize) -> Self {
        Self { entries: HashMap::new(), capacity, used: 0, clock: 0, epoch: 0, invalidated: HashMap::new() }
    }

    /// The sequence of the last invalidation this distribution's entries went through.
    pub(super) fn last_invalidation(&self, distribution: &str) -> u64 {
        self.invalidated.get(distribution).copied().unwrap_or(0)
    }

    /// Changes with every invalidation. What was asked of the origin before one must not be put here after it.
    pub(super) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The entry under `key`, fresh or not.
    pub(super) fn get(&mut self, key: &CacheKey) -> Option<Entry> {
        self.clock += 1;
        let entry = self.entries.get_mut(key)?;
        entry.last_use = self.clock;
        Some(entry.clone())
    }

    /// Keeps `entry` unless an invalidation came since `epoch`, or it is larger than the whole cache.
    pub(super) fn put(&mut self, key: CacheKey, mut entry: Entry, epoch: u64) {
        let weight = weight(&entry);
        if epoch != self.epoch || weight > self.capacity {
            return;
        }
        self.forget(&key);
        while self.used + weight > self.capacity {
            let Some(oldest) = self.entries.iter().min_by_key(|(_, entry)| entry.last_use).map(|(key, _)| key.clone())
            else {
                break;
            };
            self.forget(&oldest);
        }
        self.clock += 1;
        entry.last_use = self.clock;
        self.used += weight;
        self.entries.insert(key, entry);
    }

    /// Drops the entry under `key`.
    pub(super) fn forget(&mut self, key: &CacheKey) {
        if let Some(entry) = self.entries.remove(key) {
            self.used -= weight(&entry);
        }
    }

    /// Drops every entry of the distribution whose path one of `paths` names.
    pub(super) fn invalidate(&mut self, distribution: &str, sequence: u64, paths: &[String]) {
        let patterns: Vec<Pattern> = paths.iter().map(|path| Pattern::new(path)).collect();
        let hit = |key: &CacheKey| {
            key.distribution == distribution && patterns.iter().any(|pattern| pattern.matches(&key.path))
        };
        let named: Vec<CacheKey> = self.entries.keys().filter(|key| hit(key)).cloned().collect();
        for key in named {
            self.forget(&key);
        }
        self.epoch += 1;
        let last = self.invalidated.entry(distribution.to_owned()).or_default();
        *last = sequence.max(*last);
    }
}

fn weight(entry: &Entry) -> usize {
    entry.representation.memory() + ENTRY_OVERHEAD
}

/// A path of an invalidation: case-sensitive, percent-encoded, `*` only at its end; a leading `/` may be missing, and
/// a query counts for nothing here, since no cache key has one (CloudFront Developer Guide, "What you need to know when
/// invalidating files").
#[derive(Debug)]
struct Pattern {
    path: String,
    is_prefix: bool,
}

impl Pattern {
    fn new(path: &str) -> Self {
        let path = path.split('?').next().unwrap_or_default();
        let (path, is_prefix) = path.strip_suffix('*').map_or((path, false), |prefix| (prefix, true));
        let decoded = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
        Self { path: format!("/{}", decoded.strip_prefix('/').unwrap_or(&decoded)), is_prefix }
    }

    fn matches(&self, path: &str) -> bool {
        if self.is_prefix { path.starts_with(&self.path) } else { path == self.path }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(path: &str) -> CacheKey {
        CacheKey {
            distribution: "E1".into(),
            path: path.into(),
            object: path.trim_start_matches('/').into(),
            encoding: Encoding::Identity,
        }
    }

    fn entry(bytes: usize) -> Entry {
        Entry::new(
            Arc::new(Representation::of_text(http::StatusCode::OK, "x".repeat(bytes))),
            Timestamp::UNIX_EPOCH,
            10,
        )
    }

    #[test]
    fn invalidation_paths_name_what_is_forgotten() {
        let table = [
            ("/a", "/a", true),
            ("a", "/a", true),
            ("/a?v=1", "/a", true),
            ("/a", "/A", false),
            ("/a", "/a/", false),
            ("/a", "/ab", false),
            ("/a*", "/ab/c", true),
            ("/*", "/", true),
            ("*", "/x", true),
            ("/a/*", "/a", false),
            ("/a%20b", "/a b", true),
            ("/caf%c3%a9*", "/café.html", true),
            ("/a+b", "/a+b", true),
            ("/a+b", "/a b", false),
            ("/%2A", "/x", false),
            ("/%2A", "/*", true),
        ];
        for (pattern, path, expected) in table {
            assert_eq!(Pattern::new(pattern).matches(path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn an_answer_from_before_an_invalidation_is_not_kept() {
        let mut cache = Cache::new(1 << 20);
        let before = cache.epoch();
        cache.invalidate("E1", 7, &["/a".into()]);
        cache.put(key("/a"), entry(1), before);
        assert!(cache.get(&key("/a")).is_none());
        assert_eq!((cache.last_invalidation("E1"), cache.last_invalidation("E2")), (7, 0));
        cache.put(key("/a"), entry(1), cache.epoch());
        assert!(cache.get(&key("/a")).is_some());
        cache.invalidate("E2", 1, &["/*".into()]);
        assert!(cache.get(&key("/a")).is_some(), "another distribution's invalidation");
    }

    #[test]
    fn the_longest_unused_makes_room() {
        let mut cache = Cache::new(3 * (ENTRY_OVERHEAD + 100));
        for path in ["/a", "/b", "/c"] {
            cache.put(key(path), entry(100), 0);
        }
        cache.get(&key("/a"));
        cache.put(key("/d"), entry(100), 0);
        let held = ["/a", "/b", "/c", "/d"].map(|path| cache.get(&key(path)).is_some());
        assert_eq!(held, [true, false, true, true]);
        cache.put(key("/huge"), entry(1 << 20), 0);
        assert!(cache.get(&key("/huge")).is_none() && cache.get(&key("/a")).is_some());
        for path in ["/a", "/c", "/d"] {
            cache.forget(&key(path));
        }
        assert_eq!(cache.used, 0);
    }

    #[test]
    fn entries_age() {
        let entry = entry(1);
        let after = |seconds| Timestamp::from_second(seconds).unwrap();
        assert!(entry.is_fresh(after(9)) && !entry.is_fresh(after(10)));
        assert_eq!((entry.age(after(9)), entry.age(after(-5))), (9, 0));
    }
}
