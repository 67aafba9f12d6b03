//! The same-site files an HTML page needs in order to load.
//!
//! Only what browsers fetch for the page itself counts: scripts, styles, images, media, frames, icons. Links to other
//! pages do not. What is named elsewhere than in the page's own elements is not seen: imports inside scripts (inline
//! module scripts included), `url(…)` in styles, and what scripts put into the page.

mod srcset;
mod tags;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    fmt,
};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::Url;

use self::tags::Tag;
use super::ObjectKey;

/// The host a page has while its references are resolved; RFC 2606 keeps `.invalid` free of real ones.
const THIS_SITE: &str = "site.invalid";

/// Everything in a key but `/` and what no URL parser touches.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'~');

/// A same-site file that a page names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The key it is served from if a URL path is a key; a folder's URL stands for its `index.html`.
    pub target: ObjectKey,
    /// The element that names it, in lower case.
    pub element: &'static str,
    /// The attribute of that element.
    pub attribute: &'static str,
    /// The line of the page that the element begins on, from 1.
    pub line: usize,
}

/// A reference to a file that is not in the build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingReference {
    /// The page that names it.
    pub page: ObjectKey,
    /// What it names, and where.
    pub reference: Reference,
    /// A file of the build whose name differs only in upper and lower case, which keys distinguish.
    pub nearest: Option<ObjectKey>,
}

impl fmt::Display for MissingReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Reference { target, element, attribute, line } = &self.reference;
        write!(f, "{} line {line}: <{element} {attribute}> names {target}, which is not in the build", self.page)?;
        match &self.nearest {
            Some(nearest) => write!(f, " ({nearest} is, but keys are case-sensitive)"),
            None => Ok(()),
        }
    }
}

/// What `page` names, each file once, in the order of the page. URLs of `own_hosts` (host names, no port) are as good
/// as relative ones; those of any other host are not this site's.
///
/// The HTML may be anything: what is not UTF-8 is replaced, what is not well-formed is read as browsers read it.
/// A URL that could not be a key at all (over 1,024 bytes) is passed over.
pub fn references(page: &ObjectKey, html: &[u8], own_hosts: &[String]) -> Vec<Reference> {
    let Some(url) = url_of(page) else { return Vec::new() };
    let mut reader = PageReader { base: url.clone(), url, base_is_set: false, own_hosts, seen: HashSet::new() };
    let mut found = Vec::new();
    let is_read = |element: &[u8]| element == b"base" || fetching(element).is_some();
    tags::each(html, is_read, |tag| reader.read(tag, html, &mut found));
    found
}

/// Whether a reference leads somewhere, given all `keys` of the build. A target without extension may also be a page that routing
/// finds: `x` is served by `x.html` or `x/index.html`.
pub fn is_there(target: &ObjectKey, keys: &BTreeSet<ObjectKey>) -> bool {
    let target = target.as_str();
    let in_build = |key: &str| keys.contains(key);
    in_build(target)
        || in_build(&format!("{target}/{INDEX}"))
        || in_build(&format!("{target}.html"))
        || target.strip_suffix("/index.html").is_some_and(|folder| in_build(&format!("{folder}.html")))
}

/// Which references of which pages lead nowhere, given all `keys` of the build.
pub fn missing<'a>(
    pages: impl IntoIterator<Item = (&'a ObjectKey, &'a [Reference])>,
    keys: &BTreeSet<ObjectKey>,
) -> Vec<MissingReference> {
    let lost = pages.into_iter().flat_map(|(page, references)| references.iter().map(move |one| (page, one)));
    let lost: Vec<_> = lost.filter(|(_, reference)| !is_there(&reference.target, keys)).collect();
    if lost.is_empty() {
        return Vec::new();
    }
    let by_letters: BTreeMap<String, &ObjectKey> = keys.iter().map(|key| (key.as_str().to_lowercase(), key)).collect();
    let report = |(page, reference): (&ObjectKey, &Reference)| MissingReference {
        page: page.clone(),
        reference: reference.clone(),
        nearest: by_letters.get(&reference.target.as_str().to_lowercase()).copied().cloned(),
    };
    lost.into_iter().map(report).collect()
}

const INDEX: &str = "index.html";

/// How an attribute holds its URLs.
#[derive(Clone, Copy)]
enum Holds {
    Url,
    Srcset,
}

/// The attributes of each element that make browsers fetch something (HTML standard, "attributes" index, type URL, and
/// SVG 2, "linking").
fn fetching(element: &[u8]) -> Option<(&'static str, &'static [(&'static str, Holds)])> {
    use Holds::{Srcset, Url};
    Some(match element {
        b"script" => ("script", &[("src", Url)]),
        b"link" => ("link", &[("href", Url), ("imagesrcset", Srcset)]),
        b"img" => ("img", &[("src", Url), ("srcset", Srcset)]),
        b"source" => ("source", &[("src", Url), ("srcset", Srcset)]),
        b"video" => ("video", &[("src", Url), ("poster", Url)]),
        b"audio" => ("audio", &[("src", Url)]),
        b"track" => ("track", &[("src", Url)]),
        b"iframe" => ("iframe", &[("src", Url)]),
        b"frame" => ("frame", &[("src", Url)]),
        b"embed" => ("embed", &[("src", Url)]),
        b"object" => ("object", &[("data", Url)]),
        b"input" => ("input", &[("src", Url)]),
        b"use" => ("use", &[("href", Url), ("xlink:href", Url)]),
        b"image" => ("image", &[("href", Url), ("xlink:href", Url)]),
        b"feimage" => ("feimage", &[("href", Url), ("xlink:href", Url)]),
        _ => return None,
    })
}

/// The link types whose target browsers fetch. `alternate stylesheet` is one by its second word.
const LOADED_RELS: &[&str] = &[
    "stylesheet",
    "icon",
    "mask-icon",
    "apple-touch-icon",
    "apple-touch-icon-precomposed",
    "apple-touch-startup-image",
    "manifest",
    "modulepreload",
    "preload",
    "prefetch",
];

struct PageReader<'a> {
    url: Url,
    base: Url,
    base_is_set: bool,
    own_hosts: &'a [String],
    seen: HashSet<ObjectKey>,
}

impl PageReader<'_> {
    fn read(&mut self, tag: &Tag, page: &[u8], found: &mut Vec<Reference>) {
        if tag.name == b"base" {
            self.read_base(tag);
        }
        let Some((element, attributes)) = fetching(&tag.name) else { return };
        if !is_fetched(element, tag) {
            return;
        }
        for &(attribute, holds) in attributes {
            let Some(value) = tag.value(attribute) else { continue };
            let urls = match holds {
                Holds::Url => vec![&*value],
                Holds::Srcset => srcset::urls(&value),
            };
            for url in urls {
                if let Some(target) = self.resolve(url).filter(|target| self.seen.insert(target.clone())) {
                    found.push(Reference { target, element, attribute, line: tag.line(page) });
                }
            }
        }
    }

    /// The first `<base href>` counts, unless it is no base at all (HTML standard, "the base element").
    fn read_base(&mut self, tag: &Tag) {
        let Some(href) = tag.value("href").filter(|_| !self.base_is_set) else { return };
        self.base_is_set = true;
        if let Ok(base) = self.url.join(&href)
            && !matches!(base.scheme(), "data" | "javascript")
        {
            self.base = base;
        }
    }

    /// The key a URL of this page names, if it is one of this site.
    fn resolve(&self, url: &str) -> Option<ObjectKey> {
        let url = url.trim_ascii();
        if url.is_empty() || url.starts_with('#') {
            return None;
        }
        let url = self.base.join(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
        let host = url.host_str()?;
        if host != THIS_SITE && !self.own_hosts.iter().any(|own| own.eq_ignore_ascii_case(host)) {
            return None;
        }
        let path = percent_decode_str(url.path()).decode_utf8_lossy();
        let path = path.strip_prefix('/').unwrap_or(&path);
        let index = if path.is_empty() || path.ends_with('/') { INDEX } else { "" };
        ObjectKey::new(format!("{path}{index}")).ok()
    }
}

/// The URL a page has on its site.
fn url_of(page: &ObjectKey) -> Option<Url> {
    Url::parse(&format!("https://{THIS_SITE}/{}", utf8_percent_encode(page.as_str(), PATH))).ok()
}

/// Whether browsers fetch what this element names, given its other attributes.
fn is_fetched(element: &str, tag: &Tag) -> bool {
    match element {
        "link" => tag.value("rel").is_some_and(|rel| {
            rel.split_ascii_whitespace().any(|rel| LOADED_RELS.iter().any(|loaded| rel.eq_ignore_ascii_case(loaded)))
        }),
        "input" => tag.value("type").is_some_and(|kind| kind.eq_ignore_ascii_case("image")),
        "script" => tag.value("type").is_none_or(|kind| is_script(&kind)),
        _ => true,
    }
}

/// Whether a script of this type is run rather than kept as data (HTML standard, "prepare the script element").
fn is_script(kind: &str) -> bool {
    let kind = kind.trim_ascii().to_ascii_lowercase();
    kind.is_empty() || kind == "module" || kind.contains("javascript") || kind.contains("ecmascript")
}
