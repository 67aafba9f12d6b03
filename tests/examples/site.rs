//! The site that is checked in, for those without Node.

use crate::serving::{
    ASSET, IMMUTABLE, NO_CACHE, assert_nothing_published, assert_references_served, assert_served, assert_single_page,
};
use crate::support::{Folder, browser, local::LocalAccount};

#[tokio::test]
async fn every_file_is_served_with_its_type_and_caching() {
    let (build, account) = (Folder::copy_of("examples/site"), LocalAccount::new());
    let publish = account.publish(build.path());
    assert_eq!(publish["build"]["framework"], "Vite");
    assert_nothing_published(&account.publish(build.path()), build.keys().len());

    let site = account.serve();
    for (key, cache_control) in assert_served(&site, &build).await {
        let expected = match key.as_str() {
            "index.html" | "404.html" | "site.webmanifest" => NO_CACHE,
            // Their names were given by hand, after their content, and are such that no one takes them for words.
            key if key.starts_with("assets/") => IMMUTABLE,
            _ => ASSET,
        };
        assert_eq!(cache_control, expected, "{key}");
    }
    assert_references_served(&site, &build).await;
    assert_single_page(&site, &build).await;
}

#[tokio::test]
async fn changed_files_with_unusual_names_are_seen_at_once() {
    let (build, account) = (Folder::copy_of("examples/site"), LocalAccount::new());
    account.publish(build.path());
    let site = account.serve();
    let images: Vec<String> = build.keys().into_iter().filter(|key| key.starts_with("images/")).collect();
    assert!(images.len() >= 3, "{images:?}");
    for key in &images {
        assert_eq!(site.get_key(key).await.x_cache, "Miss", "{key}");
        assert_eq!(site.get_key(key).await.x_cache, "Hit", "{key}");
        build.edit(key, "</svg>", "<!-- repainted --></svg>");
    }
    let publish = account.publish(build.path());
    assert_eq!(publish["result"]["uploaded"]["files"], images.len());
    for key in &images {
        let answer = site.get_key(key).await;
        assert_eq!((answer.x_cache.as_str(), answer.body), ("Miss", build.read(key)), "{key}");
    }
    assert_eq!(site.get("/robots.txt").await.x_cache, "Miss");
    assert_eq!(site.get("/robots.txt").await.x_cache, "Hit");
}

#[tokio::test]
async fn it_comes_alive_in_a_browser() {
    let (build, account) = (Folder::copy_of("examples/site"), LocalAccount::new());
    account.publish(build.path());
    let site = account.serve();
    for (path, text) in [
        ("", "Fog in the harbour until ten."),
        ("profile/maria", "Sails on Sundays, ships on Mondays."),
        ("no/such/page", "There is nothing at /no/such/page."),
    ] {
        assert!(!String::from_utf8_lossy(&build.read("index.html")).contains(text), "{text} needs no script");
        let Some(document) = browser::dump_dom(&format!("{}{path}", site.url())).await else { return };
        assert!(document.contains(text), "/{path} shows {document}");
    }
}
