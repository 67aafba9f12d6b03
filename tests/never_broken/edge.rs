//! What edges may hold: for each URL, every copy that some edge of CloudFront could still give.
//!
//! No edge is simulated. A version that was there for a moment may have been fetched in that moment by some edge, which
//! gives it for as long as its headers allow, or until an invalidation of it is completed. The rules are AWS's, written
//! down here once more and apart from the product's.
//!
//! One thing is left out, for nothing more could be found by it: an edge also keeps the error of a missing file, for ten
//! seconds. Only who asks for a file makes an edge keep that, and a page that asks for a missing one is broken already. What
//! is left are guessed URLs and tabs that are older than the retention: they are told so a little longer when a release
//! brings the file back, and no order of uploads can help that.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use percent_encoding::percent_decode_str;

use crate::bucket::Object;

/// Managed cache policy CachingOptimized: minimum, default and maximum TTL in seconds (CloudFront Developer Guide, "Use
/// managed cache policies").
const TTL: (i64, i64, i64) = (1, 86_400, 31_536_000);

/// A copy of what is no longer so in the bucket.
struct Copy {
    /// The object.
    given: Object,
    /// The step of the history in which it was replaced.
    replaced: u64,
    /// When the last edge asks the bucket again.
    until: Timestamp,
}

/// An invalidation that is not completed.
struct Asked {
    step: u64,
    paths: Vec<String>,
}

/// All edges together.
#[derive(Default)]
pub struct Edges {
    copies: BTreeMap<String, Vec<Copy>>,
    asked: BTreeMap<String, Asked>,
}

/// The decoded URL path under which an edge keeps an object, and the root page's second one. S3 reads a raw `+` as a
/// space, so browsers are given `%2B`, which CloudFront does not take for the same.
pub fn urls(key: &str) -> Vec<String> {
    let own = format!("/{}", key.replace('+', "%2B"));
    if key == "index.html" { vec![own, "/".to_owned()] } else { vec![own] }
}

impl Edges {
    /// The bucket no longer gives `before` under `key`.
    pub fn replaced(&mut self, key: &str, before: Object, step: u64, now: Timestamp) {
        let until = now + SignedDuration::from_secs(ttl(before.headers.cache_control.as_deref()));
        for url in urls(key) {
            let copies = self.copies.entry(url).or_default();
            copies.retain(|copy| copy.until > now);
            copies.push(Copy { given: before.clone(), replaced: step, until });
        }
    }

    /// What some edge may still give for a URL though the bucket no longer does.
    pub fn held(&self, url: &str, now: Timestamp) -> impl Iterator<Item = &Object> {
        let copies = self.copies.get(url).into_iter().flatten();
        copies.filter(move |copy| copy.until > now).map(|copy| &copy.given)
    }

    /// An invalidation was asked for; once more with the same reference changes nothing.
    pub fn asked(&mut self, id: &str, paths: Vec<String>, step: u64) {
        self.asked.entry(id.to_owned()).or_insert(Asked { step, paths });
    }

    /// Every edge has forgotten; false when that was so before. What was fetched after the invalidation was asked for may be
    /// there again.
    pub fn completed(&mut self, id: &str) -> bool {
        let Some(Asked { step, paths }) = self.asked.remove(id) else { return false };
        for (url, copies) in &mut self.copies {
            if paths.iter().any(|path| matches(path, url)) {
                copies.retain(|copy| copy.replaced > step);
            }
        }
        true
    }

    /// No longer holds the copies of what was under `key` against anybody, but for those that an `owed` path covers.
    pub fn give_up(&mut self, key: &str, owed: &[String]) {
        for url in urls(key) {
            if !owed.iter().any(|path| matches(path, &url)) {
                self.copies.remove(&url);
            }
        }
    }

    /// Whatever was asked for is done: enough time has passed.
    pub fn all_completed(&mut self) {
        for id in self.asked.keys().cloned().collect::<Vec<_>>() {
            self.completed(&id);
        }
    }
}

/// Whether an invalidation path covers a URL: both decoded, exactly, or all that begins so where it ends in `*`
/// (Developer Guide, "What you need to know when invalidating files").
fn matches(path: &str, url: &str) -> bool {
    let decoded = |text: &str| -> String {
        let kept: Vec<_> = text.split("%2B").map(|part| percent_decode_str(part).decode_utf8_lossy()).collect();
        kept.join("%2B")
    };
    match path.strip_suffix('*') {
        Some(beginning) => url.starts_with(&decoded(beginning)),
        None => url == decoded(path),
    }
}

/// Seconds an edge gives a copy without asking again, by the object's `Cache-Control` (Developer Guide, "Manage how long
/// content stays in the cache (expiration)", the table's column for a minimum TTL above 0).
fn ttl(cache_control: Option<&str>) -> i64 {
    let (least, default, most) = TTL;
    let directives: Vec<&str> = cache_control.unwrap_or_default().split(',').map(str::trim).collect();
    if ["no-cache", "no-store", "private"].iter().any(|word| directives.contains(word)) {
        return least;
    }
    let seconds = |name: &str| directives.iter().find_map(|one| one.strip_prefix(name)?.parse::<i64>().ok());
    seconds("s-maxage=").or_else(|| seconds("max-age=")).unwrap_or(default).clamp(least, most)
}

#[test]
fn invalidations_forget_what_was_fetched_before_them() {
    let object = Object::with;
    let now: Timestamp = "2026-11-21T06:30:00Z".parse().unwrap();
    let held = |edges: &Edges, url: &str, seconds| -> Vec<String> {
        edges.held(url, now + SignedDuration::from_secs(seconds)).map(|object| object.etag.clone()).collect()
    };
    let mut edges = Edges::default();
    let year = "public, max-age=0, s-maxage=31536000";
    edges.replaced("a b+c.css", object("1", year), 1, now);
    edges.asked("I1", vec!["/a%20b%2Bc.css".into()], 2);
    edges.replaced("a b+c.css", object("2", year), 3, now);
    assert_eq!(held(&edges, "/a b%2Bc.css", 99), ["1", "2"]);
    assert!(edges.completed("I1") && !edges.completed("I1"));
    assert_eq!(held(&edges, "/a b%2Bc.css", 99), ["2"]);
    edges.asked("I2", vec!["/a*".into()], 4);
    edges.all_completed();
    assert_eq!(held(&edges, "/a b%2Bc.css", 99), [""; 0]);

    edges.replaced("a.png", object("7", year), 4, now);
    edges.give_up("a.png", &["/a*".into()]);
    assert_eq!(held(&edges, "/a.png", 99), ["7"]);
    edges.give_up("a.png", &["/b.png".into()]);
    assert_eq!(held(&edges, "/a.png", 99), [""; 0]);

    edges.replaced("index.html", object("3", "no-cache"), 5, now);
    edges.replaced("x.png", object("4", "no-store"), 6, now);
    for url in ["/", "/index.html", "/x.png"] {
        assert_eq!((held(&edges, url, 0).len(), held(&edges, url, 1).len()), (1, 0), "{url}");
    }
    edges.replaced("y.png", object("5", "max-age=60, s-maxage=10"), 7, now);
    edges.replaced("z.png", object("6", "public"), 7, now);
    assert_eq!((held(&edges, "/y.png", 9).len(), held(&edges, "/y.png", 10).len()), (1, 0));
    assert_eq!((held(&edges, "/z.png", 86_399).len(), held(&edges, "/z.png", 86_400).len()), (1, 0));
}
