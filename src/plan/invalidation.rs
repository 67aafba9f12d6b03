//! Which paths the edges must forget, as CloudFront wants them written, within a budget.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap},
};

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// CloudFront bills a wildcard as one path and takes at most 15 in progress (Developer Guide, "Quotas"): those of a
/// publish's three rounds, when nobody waits for them.
const MAX_WILDCARDS: usize = 5;

/// The characters CloudFront wants encoded: non-ASCII (always encoded by this crate) and what RFC 1738 calls unsafe.
/// It also says to encode no others (Developer Guide, "What you need to know when invalidating paths"). `?` begins a
/// query and `*` is the wildcard, so where a key contains them they are encoded too.
const UNSAFE: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'<')
    .add(b'>')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'{')
    .add(b'}')
    .add(b'|')
    .add(b'\\')
    .add(b'^')
    .add(b'[')
    .add(b']')
    .add(b'`')
    .add(b'?')
    .add(b'*');

/// How to invalidate every form under which an edge may hold the raw path `path` (which begins with `/`).
///
/// One path, but for two characters. CloudFront refuses a raw `~` and, users report, does not find the copy under `%7E`
/// either (aws/aws-sdk#525), so a wildcard that ends before the `~` stands for it. And S3 reads a raw `+` as a
/// space, so that pages name it `%2B`, which CloudFront does not count as the same.
pub fn encode(path: &str) -> Vec<String> {
    let escape = |path: &str| utf8_percent_encode(path, UNSAFE).to_string();
    match path.split_once('~') {
        Some((before, _)) => vec![escape(before) + "*"],
        None if path.contains('+') => vec![escape(path), escape(path).replace('+', "%2B")],
        None => vec![escape(path)],
    }
}

/// Brings `paths` down to at most `max` by wildcards over folders, so that the fewest of the `unchanged` paths are
/// evicted. Both are encoded; `max` is at least 1.
pub fn collapse(paths: BTreeSet<String>, unchanged: impl IntoIterator<Item = String>, max: usize) -> Vec<String> {
    let own_wildcards: Vec<String> = paths.iter().filter(|path| path.ends_with('*')).cloned().collect();
    if paths.len() <= max && own_wildcards.len() <= MAX_WILDCARDS {
        return paths.into_iter().collect();
    }
    let mut tree = Folders::default();
    for path in &paths {
        tree.count(path, |folder| folder.changed += 1);
    }
    for path in unchanged {
        tree.count(&path, |folder| folder.unchanged += 1);
    }
    let wildcards = tree.choose(paths.len(), max, &own_wildcards);
    let covered = |path: &str| ancestors(path).any(|folder| wildcards.contains(folder));
    let mut collapsed: Vec<_> = paths.into_iter().filter(|path| !covered(path)).collect();
    collapsed.extend(wildcards.iter().map(|folder| format!("{folder}*")));
    collapsed.sort();
    collapsed
}

/// The folders of a path, outermost first, each with its final `/`.
fn ancestors(path: &str) -> impl DoubleEndedIterator<Item = &str> {
    path.match_indices('/').map(|(at, _)| &path[..=at])
}

#[derive(Default)]
struct Folder {
    changed: usize,
    unchanged: usize,
}

#[derive(Default)]
struct Folders(BTreeMap<String, Folder>);

/// How dear a wildcard is: unchanged objects evicted per path saved; among equals the deepest folder.
type Price = (u64, Reverse<usize>);

impl Folders {
    fn count(&mut self, path: &str, add: impl Fn(&mut Folder)) {
        for folder in ancestors(path) {
            if !self.0.contains_key(folder) {
                self.0.insert(folder.to_owned(), Folder::default());
            }
            if let Some(folder) = self.0.get_mut(folder) {
                add(folder);
            }
        }
    }

    fn price(&self, name: &str) -> Option<Price> {
        let folder = self.0.get(name)?;
        let saved = folder.changed.checked_sub(1).filter(|saved| *saved > 0)?;
        let evicted_per_million_saved = folder.unchanged as u64 * 1_000_000 / saved as u64;
        Some((evicted_per_million_saved, Reverse(name.len())))
    }

    /// Picks the cheapest folders until `total` paths, `wildcards` among them, have become at most `max`, then goes on
    /// joining them where there would be more wildcards than CloudFront takes.
    fn choose(mut self, total: usize, max: usize, wildcards: &[String]) -> BTreeSet<String> {
        let names: Vec<String> = self.0.keys().cloned().collect();
        let mut heap: BinaryHeap<Reverse<(Price, String)>> =
            names.into_iter().filter_map(|name| Some(Reverse((self.price(&name)?, name)))).collect();
        let mut chosen = BTreeSet::new();
        let mut left = total;
        let too_many_wildcards = |chosen: &BTreeSet<String>| {
            let covered = |path: &&String| ancestors(path).any(|folder| chosen.contains(folder));
            chosen.len() + wildcards.iter().filter(|path| !covered(path)).count() > MAX_WILDCARDS
        };
        while left > max || too_many_wildcards(&chosen) {
            let Some(Reverse((price, name))) = heap.pop() else { break };
            let within_chosen = ancestors(&name).any(|folder| chosen.contains(folder));
            match self.price(&name) {
                Some(now) if !within_chosen && now == price => {
                    left -= self.take(&name);
                    chosen.retain(|other: &String| !other.starts_with(&name));
                    chosen.insert(name);
                }
                Some(now) if !within_chosen => heap.push(Reverse((now, name))),
                _ => {}
            }
        }
        chosen
    }

    /// Makes a folder one path and returns how many that saves.
    fn take(&mut self, name: &str) -> usize {
        let Some(folder) = self.0.get(name) else { return 0 };
        let (saved, evicted) = (folder.changed - 1, folder.unchanged);
        for ancestor in ancestors(name) {
            if let Some(folder) = self.0.get_mut(ancestor) {
                folder.changed -= saved;
                folder.unchanged -= evicted;
            }
        }
        saved
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_are_written_as_cloudfront_wants_them() {
        let table: &[(&str, &[&str])] = &[
            ("/index.html", &["/index.html"]),
            ("/a b.png", &["/a%20b.png"]),
            ("/naïve.svg", &["/na%C3%AFve.svg"]),
            ("/50%.svg", &["/50%25.svg"]),
            ("/what?.txt", &["/what%3F.txt"]),
            ("/a#b.txt", &["/a%23b.txt"]),
            ("/back\\slash \"q\".txt", &["/back%5Cslash%20%22q%22.txt"]),
            ("/star*.txt", &["/star%2A.txt"]),
            ("/😀.txt", &["/%F0%9F%98%80.txt"]),
            ("/it's(1)@2,3;4=5&6!$.txt", &["/it's(1)@2,3;4=5&6!$.txt"]),
            ("/a+b c.txt", &["/a+b%20c.txt", "/a%2Bb%20c.txt"]),
            ("/é/vendors~about.js", &["/%C3%A9/vendors*"]),
        ];
        for (raw, expected) in table {
            assert_eq!(encode(raw), *expected, "{raw}");
        }
    }

    fn collapsed(changed: &[&str], unchanged: &[&str], max: usize) -> Vec<String> {
        let own = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>();
        collapse(own(changed).into_iter().collect(), own(unchanged), max)
    }

    #[test]
    fn siblings_become_wildcards_where_that_evicts_least() {
        let changed = ["/a/1", "/a/2", "/a/3", "/b/1", "/b/2", "/b/3", "/index.html"];
        assert_eq!(collapsed(&changed, &[], 7).len(), 7);
        // b has something unchanged to lose, a has not.
        assert_eq!(collapsed(&changed, &["/b/4"], 5), ["/a/*", "/b/1", "/b/2", "/b/3", "/index.html"]);
        assert_eq!(collapsed(&changed, &["/b/4", "/c"], 3), ["/a/*", "/b/*", "/index.html"]);
        assert_eq!(collapsed(&changed, &["/b/4"], 1), ["/*"]);
    }

    #[test]
    fn there_are_never_more_wildcards_than_cloudfront_takes() {
        let changed: Vec<String> = (0..40).flat_map(|n| (0..10).map(move |m| format!("/docs/{n}/{m}"))).collect();
        let changed: Vec<&str> = changed.iter().map(String::as_str).collect();
        assert_eq!(collapsed(&changed, &["/other"], 50), ["/docs/*"]);
    }

    proptest! {
        #[test]
        fn collapsing_covers_every_path_within_the_budget(
            changed in prop::collection::btree_set("(/[abc]){1,4}\\*?", 1..60),
            unchanged in prop::collection::btree_set("(/[abcd]){1,4}", 0..60),
            max in 1usize..20,
        ) {
            let collapsed = collapse(changed.clone(), unchanged.difference(&changed).cloned(), max);
            prop_assert!(collapsed.len() <= max, "{collapsed:?}");
            prop_assert!(collapsed.iter().filter(|path| path.ends_with('*')).count() <= MAX_WILDCARDS);
            for path in &changed {
                let covers = |item: &String| {
                    item == path || item.strip_suffix('*').is_some_and(|prefix| path.starts_with(prefix))
                };
                prop_assert!(collapsed.iter().any(covers), "{path} by {collapsed:?}");
            }
        }
    }
}
