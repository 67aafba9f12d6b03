//! How a viewer's URL becomes an object's path: what the distribution's viewer-request function does.
//!
//! The function runs before the cache lookup, so what it answers is the cache key. Its JavaScript is made from the
//! tables of this module, and tests hold both to the same answers.

pub mod javascript;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::site::ObjectKey;

/// The three ways static sites name their pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Routing {
    /// One page for every navigation: `/profile/7` is `/index.html`.
    Spa,
    /// A folder for every page: `/about/` is `/about/index.html`, and `/about` is redirected to `/about/`.
    Folders,
    /// A file for every page: `/about` is `/about.html`.
    Files,
}

/// What the function does with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Routed {
    /// Go on to cache and origin with this percent-encoded path.
    Serve(String),
    /// Answer [`REDIRECT_STATUS`] with this path as `Location`; the caller appends the query.
    Redirect(String),
}

/// The file that stands for a folder.
pub const INDEX: &str = "index.html";

/// The status of [`Routed::Redirect`].
pub const REDIRECT_STATUS: u16 = 301;

/// How long a browser may keep a redirect. Without it browsers keep a 301 for ever, and a site that changes its
/// routing could never take it back.
pub const REDIRECT_CACHE_CONTROL: &str = "max-age=3600";

/// Characters that are escaped wherever they stand in a path.
///
/// S3 reads a raw `+` as a space. Browsers read a `\` as a `/`, so that one in a `Location` could name another host.
pub const ESCAPES: [(&str, &str); 2] = [("+", "%2B"), ("\\", "%5C")];

/// What lies below these is served as asked for, in every routing: machines fetch it, and they want the file or a 404.
pub const UNTOUCHED_FOLDERS: [&str; 1] = ["/.well-known/"];

/// Files that have no extension though they are no pages. Others belong under `/.well-known/` or need an extension.
pub const EXTENSIONLESS_FILES: [&str; 2] = ["/apple-app-site-association", "/CNAME"];

/// The longest extension a file is known by (`webmanifest`).
pub const LONGEST_EXTENSION: usize = 11;

/// What the names of viewer-request functions begin with.
const FUNCTION_PREFIX: &str = "cruddur-site-";

impl Routing {
    /// Every routing.
    pub const ALL: [Self; 3] = [Self::Spa, Self::Folders, Self::Files];

    /// The name of the viewer-request function that does it for the site with this
    /// [`slug`](crate::setup::site::slug): at most 64 letters, digits, `-` and `_`, as functions may have
    /// (CloudFront API Reference, `CreateFunction`).
    pub fn function_name(self, slug: &str) -> String {
        function_name(self.word(), slug)
    }

    /// The routing of the function of this name, where it is one of [`Routing::function_name`]: how a distribution's
    /// routing is known from the ARN of its function.
    pub fn of_function(name: &str) -> Option<Self> {
        let rest = name.strip_prefix(FUNCTION_PREFIX)?;
        Self::ALL.into_iter().find(|routing| {
            rest.strip_prefix(routing.word()).is_some_and(|slug| slug.len() > 1 && slug.starts_with('-'))
        })
    }

    fn word(self) -> &'static str {
        match self {
            Self::Spa => "spa",
            Self::Folders => "folders",
            Self::Files => "files",
        }
    }

    /// Where a request for the percent-encoded path `uri` (without query) goes.
    ///
    /// A *file* is asked for when the last segment ends in an extension: 1 to [`LONGEST_EXTENSION`] ASCII letters and
    /// digits, one letter at least. So `/app.js` and `/archive.7z` are files, and `/v1.2`, `/etc.` and `/.hidden-path`
    /// are pages; `/john.doe` is taken for a file, and a page of that name is reached as `/john.doe/`. Files are never
    /// rewritten, so a missing script is a 404 and not a page with status 200.
    ///
    /// The answer always starts with exactly one `/`: keys never start with `/`, and a `Location` that starts with
    /// `//` would send the visitor to another host.
    ///
    /// ```
    /// # use cruddur_site::routing::{Routed, Routing};
    /// assert_eq!(Routing::Spa.route("/profile/7"), Routed::Serve("/index.html".into()));
    /// assert_eq!(Routing::Folders.route("/about"), Routed::Redirect("/about/".into()));
    /// assert_eq!(Routing::Files.route("/about"), Routed::Serve("/about.html".into()));
    /// ```
    pub fn route(&self, uri: &str) -> Routed {
        let path = escaped(uri);
        if is_untouched(&path) {
            return Routed::Serve(path);
        }
        let is_folder = path.ends_with('/');
        if !is_folder && is_file(&path) {
            return Routed::Serve(path);
        }
        match self {
            Self::Spa => Routed::Serve(format!("/{INDEX}")),
            Self::Folders | Self::Files if is_folder => Routed::Serve(path + INDEX),
            Self::Folders => Routed::Redirect(path + "/"),
            Self::Files => Routed::Serve(path + ".html"),
        }
    }

    /// The routing a build was made for, by its pages.
    ///
    /// A root page alone is a single-page app. Where most other pages are `X/index.html` the links are to folders;
    /// otherwise they are to files, which also serves folders. Error pages say nothing about links and are not counted.
    pub fn detect(keys: &BTreeSet<ObjectKey>) -> Self {
        let pages = || keys.iter().filter(|key| is_page(key) && !is_error_page(key));
        let others = || pages().filter(|key| key.as_str() != INDEX);
        let folders = others().filter(|key| key.file_name() == INDEX).count();
        let files = others().count() - folders;
        if keys.contains(INDEX) && folders + files == 0 {
            Self::Spa
        } else if folders > files {
            Self::Folders
        } else {
            Self::Files
        }
    }
}

/// The unencoded URL paths under which an edge may hold a copy of `key`: what must be invalidated when it changes.
///
/// With a viewer-request function (`routing` given) the edge's cache key is the rewritten path, so the object's own is
/// enough; without one, a folder's index may have been fetched as `/x/index.html`, `/x/` or `/x` (CloudFront Developer
/// Guide, "What you need to know when invalidating files": invalidate a folder with and without the trailing slash,
/// and both the path a function was given and the one it made). `/` is named for the root page in any case: the same
/// page has the default root object in its cache key only as long as nobody changes that setting.
pub fn viewer_paths(key: &ObjectKey, routing: Option<Routing>, default_root_object: Option<&str>) -> Vec<String> {
    let own = format!("/{key}");
    let is_root = key.as_str() == INDEX || default_root_object == Some(key.as_str());
    let folder = (key.file_name() == INDEX && !key.folder().is_empty()).then(|| format!("/{}", key.folder()));
    let mut paths = vec![own];
    if is_root {
        paths.push("/".to_owned());
    }
    if let (None, Some(folder)) = (routing, folder) {
        paths.push(format!("{folder}/"));
        paths.push(folder);
    }
    paths
}

/// The name of a viewer-request function that redirects hosts and routes nothing; see [`Routing::function_name`].
pub fn redirect_function_name(slug: &str) -> String {
    function_name("redirect", slug)
}

fn function_name(word: &str, slug: &str) -> String {
    let fit = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    FUNCTION_PREFIX.chars().chain(word.chars()).chain(['-']).chain(slug.chars().map(fit)).take(64).collect()
}

fn escaped(uri: &str) -> String {
    let mut path = format!("/{}", uri.trim_start_matches('/'));
    for (raw, escape) in ESCAPES {
        path = path.replace(raw, escape);
    }
    path
}

fn is_untouched(path: &str) -> bool {
    UNTOUCHED_FOLDERS.iter().any(|folder| path.starts_with(folder)) || EXTENSIONLESS_FILES.contains(&path)
}

fn is_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').is_some_and(|(_, extension)| {
        extension.len() <= LONGEST_EXTENSION
            && extension.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && extension.bytes().any(|byte| byte.is_ascii_alphabetic())
    })
}

fn is_page(key: &ObjectKey) -> bool {
    key.extension().is_some_and(|extension| matches!(extension, "html" | "htm"))
}

/// `404.html`, `404/index.html`, `50x.html` and the `200.html` that some hosts take for the fallback of an app.
fn is_error_page(key: &ObjectKey) -> bool {
    let name = key.as_str().strip_suffix("/index.html").or_else(|| key.as_str().strip_suffix(".html"));
    name.is_some_and(|name| {
        name == "_not-found"
            || name == "200"
            || matches!(name.as_bytes(), [b'4' | b'5', b'0'..=b'9', b'0'..=b'9' | b'x'])
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn serve(path: &str) -> Routed {
        Routed::Serve(path.to_owned())
    }

    fn redirect(path: &str) -> Routed {
        Routed::Redirect(path.to_owned())
    }

    #[test]
    fn every_routing_has_its_table() {
        let spa = serve("/index.html");
        let table = [
            ("/", spa.clone(), serve("/index.html"), serve("/index.html")),
            ("/about", spa.clone(), redirect("/about/"), serve("/about.html")),
            ("/about/", spa.clone(), serve("/about/index.html"), serve("/about/index.html")),
            ("/v1.2", spa.clone(), redirect("/v1.2/"), serve("/v1.2.html")),
            ("/v1.2/", spa.clone(), serve("/v1.2/index.html"), serve("/v1.2/index.html")),
            ("/etc.", spa.clone(), redirect("/etc./"), serve("/etc..html")),
            ("/a.b/c", spa.clone(), redirect("/a.b/c/"), serve("/a.b/c.html")),
            ("/c%2B%2B", spa.clone(), redirect("/c%2B%2B/"), serve("/c%2B%2B.html")),
            ("/c++", spa.clone(), redirect("/c%2B%2B/"), serve("/c%2B%2B.html")),
            ("//evil.example/x", spa.clone(), redirect("/evil.example/x/"), serve("/evil.example/x.html")),
            ("/\\evil.example/x", spa.clone(), redirect("/%5Cevil.example/x/"), serve("/%5Cevil.example/x.html")),
            ("", spa, serve("/index.html"), serve("/index.html")),
        ];
        for (uri, spa, folders, files) in table {
            assert_eq!(Routing::Spa.route(uri), spa, "{uri}");
            assert_eq!(Routing::Folders.route(uri), folders, "{uri}");
            assert_eq!(Routing::Files.route(uri), files, "{uri}");
        }
    }

    #[test]
    fn files_are_served_as_asked_for() {
        let table = [
            ("/static/js/main.0a1b2c3d.js", "/static/js/main.0a1b2c3d.js"),
            ("/manifest.webmanifest", "/manifest.webmanifest"),
            ("/archive.7z", "/archive.7z"),
            ("/a+b.css", "/a%2Bb.css"),
            ("//a.js", "/a.js"),
            ("/CNAME", "/CNAME"),
            ("/apple-app-site-association", "/apple-app-site-association"),
            ("/.well-known/apple-app-site-association", "/.well-known/apple-app-site-association"),
            ("/.well-known/acme-challenge/token", "/.well-known/acme-challenge/token"),
            ("/.well-known/", "/.well-known/"),
        ];
        for (uri, expected) in table {
            for routing in [Routing::Spa, Routing::Folders, Routing::Files] {
                assert_eq!(routing.route(uri), serve(expected), "{uri} {routing:?}");
            }
        }
    }

    #[test]
    fn a_function_tells_its_routing_by_its_name() {
        for routing in Routing::ALL {
            for slug in ["cruddur-com", "a", &"x".repeat(80), "münchen.example"] {
                let name = routing.function_name(slug);
                let fits = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
                assert!(name.len() <= 64 && name.chars().all(fits), "{name}");
                assert_eq!(Routing::of_function(&name), Some(routing), "{name}");
            }
        }
        assert_eq!(Routing::Spa.function_name("cruddur-com"), "cruddur-site-spa-cruddur-com");
        for other in
            ["cruddur-site-spa", "cruddur-site-spa-", "cruddur-site-space-x", "spa-x", "", &redirect_function_name("x")]
        {
            assert_eq!(Routing::of_function(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn no_answer_leaves_the_site(uri in "[/\\\\]{0,4}[ -~é]{0,24}") {
            for routing in [Routing::Spa, Routing::Folders, Routing::Files] {
                let (Routed::Serve(path) | Routed::Redirect(path)) = routing.route(&uri);
                prop_assert!(path.starts_with('/') && !path.starts_with("//"), "{path}");
                prop_assert!(!path.contains(['+', '\\']), "{path}");
            }
        }

        #[test]
        fn a_redirect_leads_to_a_page_at_once(uri in "/[ -~]{0,24}") {
            if let Routed::Redirect(path) = Routing::Folders.route(&uri) {
                prop_assert_eq!(Routing::Folders.route(&path), Routed::Serve(path + INDEX));
            }
        }
    }

    fn keys(names: &[&str]) -> BTreeSet<ObjectKey> {
        names.iter().map(|name| ObjectKey::new(*name).unwrap()).collect()
    }

    #[test]
    fn a_build_tells_its_routing() {
        let table: [(&[&str], Routing); 9] = [
            (&["index.html", "static/js/main.js"], Routing::Spa),
            (&["index.html", "404.html", "200.html", "50x.html"], Routing::Spa),
            (&["index.html", "404/index.html", "app.js"], Routing::Spa),
            (&["index.html", "about/index.html", "404.html"], Routing::Folders),
            (&["index.html", "a/index.html", "b/index.html", "print.html"], Routing::Folders),
            (&["index.html", "about.html"], Routing::Files),
            (&["index.html", "guide/index.html", "guide/start.html"], Routing::Files),
            (&["app.html"], Routing::Files),
            (&[], Routing::Files),
        ];
        for (names, expected) in table {
            assert_eq!(Routing::detect(&keys(names)), expected, "{names:?}");
        }
    }

    #[test]
    fn an_object_may_be_cached_under_several_paths() {
        type Row = (&'static str, Option<Routing>, Option<&'static str>, &'static [&'static str]);
        let folders = Some(Routing::Folders);
        let table: [Row; 9] = [
            ("a b+c.txt", None, None, &["/a b+c.txt"]),
            ("x/index.html", folders, Some("index.html"), &["/x/index.html"]),
            ("x/index.html", None, Some("index.html"), &["/x/index.html", "/x/", "/x"]),
            ("index.html", None, None, &["/index.html", "/"]),
            ("index.html", folders, Some("index.html"), &["/index.html", "/"]),
            ("index.html", Some(Routing::Spa), None, &["/index.html", "/"]),
            ("home.html", None, Some("home.html"), &["/home.html", "/"]),
            ("about.html", Some(Routing::Files), Some("index.html"), &["/about.html"]),
            ("x/myindex.html", None, None, &["/x/myindex.html"]),
        ];
        for (key, routing, root, expected) in table {
            assert_eq!(viewer_paths(&ObjectKey::new(key).unwrap(), routing, root), expected, "{key} {routing:?}");
        }
    }
}
