//! Random sites and their releases: pages, what they load, and what that loads in turn.
//!
//! The build of a release knows by itself what each file names; nobody has to read pages to tell.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, atomic::AtomicBool},
};

use cruddur_site::{
    publish::progress::Silent,
    site::{FileClass, Headers, PART_THRESHOLD, Rules, Sha256, SiteFile, read::read, walk::WalkOptions},
};
use md5::Digest as _;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{chance::Chance, support::Folder};

/// How pages write a key: all but what RFC 3986 leaves unreserved.
const WRITTEN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

const PAGES: [&str; 6] =
    ["index.html", "about.html", "docs/index.html", "docs/[slug].html", "404.html", "docs/a b.html"];
const ASSETS: [&str; 12] = [
    "style.css",
    "theme/print.css",
    "img/logo.png",
    "img/größe 1.png",
    "img/c++.svg",
    "img/vendors~x.png",
    "img/100%.svg",
    "img/b.png",
    "fonts/a.woff2",
    "data/feed.json",
    "site.webmanifest",
    "manifest.json",
];
const MODULES: [&str; 4] = ["index", "home", "lazy", "chart"];
/// A name that looks content-hashed and is not.
const FALSELY_HASHED: &str = "assets/vendor-BkXq7RzT.js";
/// A file that goes up in two parts.
const VIDEO: &str = "video/intro.mp4";
/// What a rule may give to files of an ending: `Cache-Control`.
const RULES: [(&str, &str); 8] = [
    (".html", "public, max-age=0, s-maxage=600"),
    (".html", "no-store"),
    (".css", "no-store"),
    (".css", "public, max-age=60, s-maxage=3600"),
    (".png", "max-age=86400"),
    (".png", "no-cache"),
    (".svg", "private"),
    (".webmanifest", "public, max-age=300"),
];

/// One file of a build.
pub struct File {
    /// The keys it loads.
    pub names: BTreeSet<String>,
    /// The MD5 of its content: the entity tag of an object that was sent or copied as a whole.
    md5: String,
    /// The entity tag of an object that was sent in parts, where it is large enough.
    in_parts: Option<String>,
    /// What kind of file the publish takes it for.
    pub class: FileClass,
    /// What it is to be served with.
    pub headers: Headers,
}

impl File {
    /// Whether an object with this entity tag has its bytes.
    pub fn is(&self, etag: &str) -> bool {
        self.md5 == etag || self.in_parts.as_deref() == Some(etag)
    }
}

/// A built release in its folder.
pub struct Build {
    /// Its number in the history.
    pub number: usize,
    /// Its files by key.
    pub files: BTreeMap<String, File>,
    /// The folder it was written to.
    pub folder: Folder,
    rules: Vec<(&'static str, &'static str)>,
}

impl Build {
    /// The build as a publish reads it, rules applied.
    pub fn read(&self) -> Vec<Arc<SiteFile>> {
        let stop = AtomicBool::new(false);
        let site = read(self.folder.path(), &WalkOptions::default(), &Rules::default(), &Silent, &stop).unwrap();
        let mut files = site.files;
        for file in &mut files {
            for (ending, value) in &self.rules {
                if file.key.as_str().ends_with(ending) {
                    let headers = &mut Arc::make_mut(file).headers;
                    Arc::make_mut(headers).cache_control = Some((*value).to_owned());
                }
            }
        }
        files
    }
}

#[derive(Clone, Default)]
struct Part {
    text: u64,
    assets: BTreeSet<&'static str>,
    modules: BTreeSet<&'static str>,
}

/// What a site is built from: it changes from release to release.
#[derive(Clone)]
pub struct Source {
    pages: BTreeMap<&'static str, Part>,
    assets: BTreeMap<&'static str, Part>,
    modules: BTreeMap<&'static str, Part>,
    announcements: BTreeMap<&'static str, u64>,
    falsely_hashed: Option<u64>,
    video: bool,
    rules: Vec<(&'static str, &'static str)>,
    texts: u64,
}

impl Source {
    /// A site to begin with.
    pub fn new(chance: &mut Chance) -> Self {
        let mut source = Self {
            pages: BTreeMap::new(),
            assets: BTreeMap::new(),
            modules: BTreeMap::new(),
            announcements: BTreeMap::new(),
            falsely_hashed: None,
            video: false,
            rules: Vec::new(),
            texts: 0,
        };
        for name in MODULES.into_iter().filter(|name| *name == "index" || chance.percent(40)) {
            source.modules.insert(name, Part::default());
        }
        for key in ASSETS.into_iter().filter(|key| *key == "style.css" || chance.percent(25)) {
            source.assets.insert(key, Part::default());
        }
        for key in PAGES {
            if key == "index.html" || chance.percent(30) {
                source.pages.insert(key, Part::default());
                source.name_at_will(key, chance);
            }
        }
        for name in ["version.json", "sw.js"].into_iter().filter(|_| chance.percent(30)) {
            source.announcements.insert(name, 0);
        }
        source.falsely_hashed = chance.percent(20).then_some(0);
        source.tidy();
        source
    }

    /// The same site where no rule is.
    #[must_use]
    pub fn without_rules(self) -> Self {
        Self { rules: Vec::new(), ..self }
    }

    /// The same site with a video on its root page.
    #[must_use]
    pub fn with_video(self) -> Self {
        Self { video: true, ..self }
    }

    /// Makes the next release: some changes.
    pub fn change(&mut self, chance: &mut Chance) {
        for _ in 0..chance.within(1..5) {
            self.texts += 1;
            let text = self.texts;
            match chance.below(14) {
                0 | 1 => any(&mut self.pages, chance).text = text,
                2 | 3 => any(&mut self.modules, chance).text = text,
                4..=6 => any(&mut self.assets, chance).text = text,
                7 => {
                    let key = *chance.pick(&ASSETS);
                    self.assets.entry(key).or_default().text = text;
                    let page = *chance.pick(&self.pages.keys().copied().collect::<Vec<_>>());
                    self.name_at_will(page, chance);
                }
                8 => {
                    let key = *chance.pick(&self.assets.keys().copied().collect::<Vec<_>>());
                    if let Some(part) = self.assets.remove(key).filter(|_| chance.percent(50)) {
                        // Renamed.
                        self.assets.insert(*chance.pick(&ASSETS), part);
                    }
                    self.assets.entry("style.css").or_default();
                }
                9 => {
                    let key = *chance.pick(&PAGES);
                    if self.pages.remove(key).is_none() || key == "index.html" {
                        self.pages.insert(key, Part { text, ..Part::default() });
                        self.name_at_will(key, chance);
                    }
                }
                10 => {
                    let name = *chance.pick(&MODULES[1..]);
                    if self.modules.remove(name).is_none() {
                        self.modules.insert(name, Part { text, ..Part::default() });
                    }
                }
                11 => {
                    let rule = *chance.pick(&RULES);
                    let had = self.rules.iter().position(|(ending, _)| *ending == rule.0);
                    match had {
                        Some(at) => drop(self.rules.remove(at)),
                        None => self.rules.push(rule),
                    }
                }
                12 => self.announcements.values_mut().for_each(|announced| *announced = text),
                _ => self.falsely_hashed = self.falsely_hashed.map(|_| text),
            }
        }
        self.tidy();
    }

    /// Lets a page name what there is.
    fn name_at_will(&mut self, page: &'static str, chance: &mut Chance) {
        let assets = self.assets.keys().copied().filter(|_| chance.percent(50)).collect();
        let modules = self.modules.keys().copied().filter(|_| chance.percent(60)).collect();
        if let Some(page) = self.pages.get_mut(page) {
            (page.assets, page.modules) = (assets, modules);
        }
    }

    /// Names only what there is: style sheets their images, modules those that come after them.
    fn tidy(&mut self) {
        let assets: BTreeSet<_> = self.assets.keys().copied().collect();
        let modules: BTreeSet<_> = self.modules.keys().copied().collect();
        for page in self.pages.values_mut() {
            page.assets.retain(|key| assets.contains(key));
            page.modules.retain(|name| modules.contains(name));
        }
        if let Some(root) = self.pages.get_mut("index.html") {
            root.modules.insert("index");
            root.assets.insert("style.css");
        }
        for (key, asset) in &mut self.assets {
            let images = || assets.iter().copied().filter(|key| key.starts_with("img/") || key.starts_with("fonts/"));
            asset.assets = if key.ends_with(".css") { images().take(3).collect() } else { BTreeSet::new() };
        }
        for (name, module) in &mut self.modules {
            let later = MODULES.iter().skip_while(|other| *other != name).skip(1);
            module.modules = later.copied().filter(|other| modules.contains(other)).take(1).collect();
        }
    }

    /// Builds it into a folder.
    pub fn build(&self, number: usize) -> Build {
        let mut made: BTreeMap<String, (String, BTreeSet<String>)> = BTreeMap::new();
        let mut chunks: BTreeMap<&str, String> = BTreeMap::new();
        for name in MODULES.into_iter().rev() {
            let Some(module) = self.modules.get(name) else { continue };
            let names: BTreeSet<String> = module.modules.iter().map(|other| chunks[other].clone()).collect();
            let imports: String = names.iter().map(|key| format!("import('/{key}');")).collect();
            let body = format!("{imports}console.log('{name} {}')", module.text);
            let key = format!("assets/{name}-{}.js", rollup_hash(&body));
            chunks.insert(name, key.clone());
            made.insert(key, (body, names));
        }
        for (key, asset) in &self.assets {
            let names: BTreeSet<String> = asset.assets.iter().map(ToString::to_string).collect();
            let urls: String = names.iter().map(|key| format!("@import url(\"/{}\");", written(key))).collect();
            made.insert((*key).into(), (format!("{urls}/* {key} {} */", asset.text), names));
        }
        if let Some(text) = self.falsely_hashed {
            made.insert(FALSELY_HASHED.into(), (format!("console.log('vendor {text}')"), BTreeSet::new()));
        }
        if self.video {
            // Only its second part changes, and not with every release.
            let body = " ".repeat(PART_THRESHOLD as usize) + &(self.texts / 4).to_string();
            made.insert(VIDEO.into(), (body, BTreeSet::new()));
        }
        for (key, page) in &self.pages {
            let mut names: BTreeSet<String> = page.assets.iter().map(ToString::to_string).collect();
            names.extend(page.modules.iter().map(|name| chunks[name].clone()));
            names.extend(self.falsely_hashed.map(|_| FALSELY_HASHED.to_owned()));
            names.extend((self.video && *key == "index.html").then(|| VIDEO.to_owned()));
            let tags: String = names.iter().map(|key| tag(key)).collect();
            made.insert((*key).into(), (format!("<!doctype html><title>{}</title>{tags}", page.text), names));
        }
        for (key, text) in &self.announcements {
            // A service worker fetches what it lists into its cache.
            let names: BTreeSet<String> = match *key {
                "sw.js" => chunks.values().cloned().collect(),
                _ => BTreeSet::new(),
            };
            made.insert((*key).into(), (format!("[{text}, {names:?}]"), names));
        }
        let folder = Folder::new();
        for (key, (body, _)) in &made {
            folder.write(key, body);
        }
        let mut build = Build { number, files: BTreeMap::new(), folder, rules: self.rules.clone() };
        for file in build.read() {
            let (body, names) = made.remove(file.key.as_str()).expect("a file that was made");
            let (md5, in_parts) = (hex::encode(md5::Md5::digest(&body)), etag_of_parts(body.as_bytes()));
            let SiteFile { key, class, headers, .. } = &*file;
            build.files.insert(
                key.to_string(),
                File { names, md5, in_parts, class: *class, headers: Headers::clone(headers) },
            );
        }
        assert!(made.is_empty(), "not published: {:?}", made.keys());
        build
    }
}

fn any<'p>(parts: &'p mut BTreeMap<&'static str, Part>, chance: &mut Chance) -> &'p mut Part {
    let at = chance.below(parts.len());
    parts.values_mut().nth(at).expect("a part")
}

/// The MD5 of the MD5s of the parts, and their number (S3 User Guide, "Checking object integrity").
fn etag_of_parts(body: &[u8]) -> Option<String> {
    let parts = body.chunks(PART_THRESHOLD as usize);
    let (count, digests) = (parts.len(), parts.flat_map(md5::Md5::digest).collect::<Vec<u8>>());
    (count > 1).then(|| format!("{}-{count}", hex::encode(md5::Md5::digest(digests))))
}

/// How a page writes a key.
fn written(key: &str) -> String {
    utf8_percent_encode(key, WRITTEN).to_string()
}

fn tag(key: &str) -> String {
    let url = written(key);
    match key.rsplit('.').next() {
        Some("js") if key.starts_with("assets/index-") => {
            format!("<script type=\"module\" crossorigin src=\"/{url}\"></script>")
        }
        Some("js") => format!("<script src=\"/{url}\"></script>"),
        Some("css") => format!("<link rel=\"stylesheet\" href=\"/{url}\">"),
        Some("mp4") => format!("<video src=\"/{url}\"></video>"),
        Some("webmanifest") => format!("<link rel=\"manifest\" href=\"/{url}\">"),
        _ => format!("<img src=\"/{url}\">"),
    }
}

/// Eight characters of base64url, as Rollup puts them into names.
fn rollup_hash(body: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    Sha256::of(body.as_bytes()).0.iter().take(8).map(|byte| char::from(ALPHABET[usize::from(byte & 63)])).collect()
}
