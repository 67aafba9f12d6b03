//! What every published build is held to.

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::{Value, json};

use crate::support::{Folder, local::ServedSite};

pub const IMMUTABLE: &str = "public, max-age=31536000, immutable";
pub const ASSET: &str = "public, max-age=0, s-maxage=31536000, must-revalidate";
pub const NO_CACHE: &str = "no-cache";

/// Asserts that every file of the build is served as it is, with its type, and returns each key's `Cache-Control`.
pub async fn assert_served(site: &ServedSite, build: &Folder) -> Vec<(String, String)> {
    let mut caching = Vec::new();
    for key in build.keys() {
        let answer = site.get_key(&key).await;
        assert_eq!((answer.status, answer.content_type.as_str()), (200, content_type(&key)), "{key}");
        assert!(answer.body == build.read(&key), "{key} is served with other bytes");
        caching.push((key, answer.cache_control));
    }
    caching
}

fn content_type(key: &str) -> &'static str {
    match key.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml; charset=utf-8",
        "txt" => "text/plain; charset=utf-8",
        "webmanifest" => "application/manifest+json; charset=utf-8",
        other => panic!("no type is known for .{other}"),
    }
}

/// Asserts that whatever the build's pages, scripts and styles name is served, and that together they name all of
/// `assets/`: nothing is there that no one asks for, and nothing is asked for that this test does not see.
pub async fn assert_references_served(site: &ServedSite, build: &Folder) {
    let keys = build.keys();
    let named = named_by(build, &keys);
    for path in &named {
        let answer = site.get(path).await;
        let is_page = answer.content_type.starts_with("text/html");
        assert_eq!((answer.status, is_page), (200, false), "{path} is named, and answered {answer:?}");
    }
    let assets = keys.iter().filter(|key| key.starts_with("assets/")).map(|key| format!("/{key}"));
    let unnamed: Vec<String> = assets.filter(|path| !named.contains(path)).collect();
    assert!(unnamed.is_empty(), "nothing names {unnamed:?}, only {named:?} are named");
}

/// URL paths that are named, links between pages aside.
fn named_by(build: &Folder, keys: &[String]) -> BTreeSet<String> {
    let in_page = Regex::new(r#"(?:<link\b[^>]*\bhref|\bsrc)="(/[^"/][^"]*)""#).unwrap();
    let in_code = Regex::new(r#"["'`(](?:/assets/|assets/|\./)?([\w.-]+-[\w-]{8}\.(?:js|css|svg))["'`)]"#).unwrap();
    let mut named = BTreeSet::new();
    for key in keys {
        let text = String::from_utf8(build.read(key)).unwrap();
        match key.rsplit('.').next() {
            Some("html") => named.extend(in_page.captures_iter(&text).map(|found| found[1].to_owned())),
            Some("js" | "css") => {
                named.extend(in_code.captures_iter(&text).map(|found| format!("/assets/{}", &found[1])));
            }
            _ => {}
        }
    }
    named
}

/// Asserts what single-page apps need: a page for every navigation, and an error for a file that is not there.
pub async fn assert_single_page(site: &ServedSite, build: &Folder) {
    for path in ["/", "/index.html", "/profile/andrew", "/profile/andrew?tab=posts", "/no/such/page"] {
        let page = site.get(path).await;
        assert_eq!((page.status, page.cache_control.as_str()), (200, NO_CACHE), "{path}");
        assert_eq!(page.content_type, content_type("index.html"), "{path}");
        assert!(page.body == build.read("index.html"), "{path} is another page");
    }
    for path in ["/assets/index-Gone4gd1.js", "/assets/Gone4gd1.css", "/images/gone.svg"] {
        let missing = site.get(path).await;
        assert_eq!((missing.status, missing.x_cache.as_str()), (404, "Error"), "{path}");
        assert!(!missing.content_type.contains("html"), "{path}: {}", missing.content_type);
    }
}

/// Asserts that a publish found nothing to do.
pub fn assert_nothing_published(publish: &Value, files: usize) {
    assert_eq!(publish["plan"]["empty"], true, "{publish:#}");
    assert_eq!(publish["plan"]["unchanged"]["files"], files, "{publish:#}");
    assert_eq!(publish["result"]["uploaded"], json!({ "files": 0, "bytes": 0 }));
    assert_eq!(publish["result"]["headersChanged"], 0);
    assert_eq!((&publish["result"]["release"], &publish["result"]["paths"]), (&Value::Null, &json!(0)));
}
