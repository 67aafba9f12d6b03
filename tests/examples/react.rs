//! A React app, built by its own tools.

use filetime::FileTime;
use serde_json::json;

use crate::serving::{
    ASSET, IMMUTABLE, NO_CACHE, assert_nothing_published, assert_references_served, assert_served, assert_single_page,
};
use crate::support::{Folder, browser, local::LocalAccount, node};

fn build() -> Option<Folder> {
    node::build_example("react-app").map(Folder::copy_of)
}

#[tokio::test]
async fn every_file_is_served_with_its_type_and_caching() {
    let Some(build) = build() else { return };
    let account = LocalAccount::new();
    let publish = account.publish(build.path());
    assert_eq!(publish["build"]["framework"], "Vite");
    assert_eq!(publish["result"]["uploaded"]["files"], build.keys().len());

    let site = account.serve();
    let caching = assert_served(&site, &build).await;
    let (hashed, named): (Vec<_>, Vec<_>) = caching.into_iter().partition(|(key, _)| key.starts_with("assets/"));
    let expected =
        [("favicon.svg", ASSET), ("index.html", NO_CACHE), ("robots.txt", ASSET), ("site.webmanifest", NO_CACHE)];
    assert_eq!(named, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
    // A hash that could be a word is not trusted, which the build's digests decide: see docs/CLASSES.md.
    assert!(hashed.iter().all(|(_, value)| [IMMUTABLE, ASSET].contains(&value.as_str())), "{hashed:?}");
    let immutable = hashed.iter().filter(|(_, value)| value == IMMUTABLE).count();
    assert!(2 * immutable >= hashed.len(), "most hashes do not look like words: {hashed:?}");
}

#[tokio::test]
async fn whatever_is_referenced_is_there_and_nothing_else_pretends_to_be() {
    let Some(build) = build() else { return };
    let account = LocalAccount::new();
    account.publish(build.path());
    let site = account.serve();
    assert_references_served(&site, &build).await;
    assert_single_page(&site, &build).await;
}

#[test]
fn what_is_published_is_not_published_again() {
    let Some(build) = build() else { return };
    let account = LocalAccount::new();
    account.publish(build.path());
    let files = build.keys().len();
    assert_nothing_published(&account.publish(build.path()), files);

    // As a fresh checkout in CI has them.
    for key in build.keys() {
        filetime::set_file_mtime(build.join(&key), FileTime::from_unix_time(1_700_000_000, 0)).unwrap();
    }
    assert_nothing_published(&account.publish(build.path()), files);

    let elsewhere = Folder::copy_of(build.path());
    assert_nothing_published(&account.publish(elsewhere.path()), files);
}

#[tokio::test]
async fn a_new_release_is_seen_at_once_and_only_what_changed_is_fetched_again() {
    let Some(build) = build() else { return };
    let account = LocalAccount::new();
    account.publish(build.path());
    let site = account.serve();
    for path in ["/", "/favicon.svg", "/robots.txt"] {
        assert_eq!(site.get(path).await.x_cache, "Miss", "{path}");
    }
    for path in ["/favicon.svg", "/robots.txt"] {
        assert_eq!(site.get(path).await.x_cache, "Hit", "{path}");
    }

    build.edit("index.html", "<title>Cruddur</title>", "<title>Cruddur, second tide</title>");
    build.edit("favicon.svg", "#ffb26b", "#7fd1ae");
    let publish = account.publish(build.path());
    assert_eq!(
        publish["plan"]["invalidation"],
        json!({ "assets": ["/favicon.svg"], "changed": ["/", "/index.html"], "removed": [] })
    );
    assert_eq!(publish["result"]["uploaded"]["files"], 2);
    assert_eq!(publish["result"]["edgesCurrent"], true);

    let page = build.read("index.html");
    for path in ["/", "/profile/andrew"] {
        assert!(site.get(path).await.body == page, "{path} is the page of the release before");
    }
    let icon = site.get("/favicon.svg").await;
    assert_eq!((icon.x_cache.as_str(), icon.body), ("Miss", build.read("favicon.svg")));
    assert_eq!(site.get("/robots.txt").await.x_cache, "Hit");
}

#[tokio::test]
async fn it_comes_alive_in_a_browser() {
    let Some(build) = build() else { return };
    let account = LocalAccount::new();
    account.publish(build.path());
    let site = account.serve();
    for (path, text) in [
        ("", "The ferry is late and so is the build."),
        // No such file: the page is for the root, and its script loads a chunk for the profile.
        ("profile/andrew", "Teaches the cloud by breaking it first."),
        ("no/such/page", "There is nothing at /no/such/page."),
    ] {
        assert!(!String::from_utf8_lossy(&build.read("index.html")).contains(text), "{text} needs no script");
        let Some(document) = browser::dump_dom(&format!("{}{path}", site.url())).await else { return };
        assert!(document.contains(text), "/{path} shows {document}");
    }
}
