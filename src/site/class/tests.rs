use proptest::prelude::*;

use super::{FileClass::*, *};

fn class(key: &str, framework: Framework) -> FileClass {
    classify(&ObjectKey::new(key).unwrap(), framework)
}

#[test]
fn what_each_framework_hashes_is_immutable() {
    use Framework::*;
    let hex20 = "8f5f6d1b3a5d3b4d5a2c";
    let hex32 = "0123456789abcdef0123456789abcdef";
    let hex64 = hex32.repeat(2);
    let table: &[(Framework, &[String])] = &[
        (
            CreateReactApp,
            &[
                "static/js/main.0a1b2c3d.js".into(),
                "static/js/main.0a1b2c3d.js.map".into(),
                "static/js/main.0a1b2c3d.js.LICENSE.txt".into(),
                "static/js/787.0a1b2c3d.chunk.js".into(),
                "static/js/787.0a1b2c3d.chunk.js.map".into(),
                "static/css/main.e6c13ad2.css".into(),
                format!("static/media/logo.{hex20}.svg"),
                format!("static/media/logo.{hex32}.svg"),
                "static/media/logo.6ce24c58.svg".into(),
            ],
        ),
        (
            Vite,
            &[
                "assets/index-BmZ3gP9x.js".into(),
                "assets/index-DX-kd82_.css".into(),
                "assets/inter-latin--kR8_tQz.woff2".into(),
                "assets/index-legacy-Cq3QzG4V.js".into(),
                "assets/index-4b2b1f0e.js".into(),
                "assets/fonts/inter-By2_1cv3.woff2".into(),
            ],
        ),
        (
            NextExport,
            &[
                "_next/static/chunks/main-app-0a1b2c3d.js".into(),
                "_next/static/q7Zq_build-id/_buildManifest.js".into(),
                "_next/static/media/inter.woff2".into(),
            ],
        ),
        (
            Angular,
            &[
                "main-FHJ2KQ7X.js".into(),
                "chunk-QWRTZPSD.js".into(),
                "polyfills-B6TNHZQ6.js".into(),
                "styles-5INURTSO.css".into(),
                "media/logo-FHJ2KQ7X.png".into(),
            ],
        ),
        (SvelteKit, &["_app/immutable/entry/start.BdPpYfdF.js".into(), "_app/immutable/nodes/0.js".into()]),
        (Astro, &["_astro/index.BdPpYfdF.css".into(), "_astro/hero.Cq3QzG4V_Z1kfbI.webp".into()]),
        (Nuxt, &["_nuxt/BdPpYfdF.js".into(), "_nuxt/builds/meta/9c1f5a7e-1f7a-4d9e-8a35-0c6ad4c9d2a1.json".into()]),
        (
            Gatsby,
            &[
                format!("app-{hex20}.js"),
                format!("component---src-pages-index-js-{hex20}.js"),
                format!("styles.{hex20}.css"),
                format!("static/logo-{hex32}.png"),
            ],
        ),
        (
            Docusaurus,
            &[
                "assets/js/runtime~main.7d0a1c2e.js".into(),
                "assets/js/935f2afb.7d0a1c2e.js".into(),
                "assets/css/styles.7d0a1c2e.css".into(),
                format!("assets/images/logo-{hex32}.png"),
                format!("assets/files/paper-{hex32}.pdf"),
            ],
        ),
        (
            VitePress,
            &[
                "assets/app.BdPpY8dF.js".into(),
                "assets/guide_index.md.Cq3QzG4V.lean.js".into(),
                "assets/guide_index.md.Cq3QzG4V.js".into(),
                "assets/chunks/framework.DWsS7v2a.js".into(),
                "assets/inter-italic.By2_1cv3.woff2".into(),
            ],
        ),
        (VueCli, &["js/app.0a1b2c3d.js".into(), "js/chunk-vendors.0a1b2c3d.js".into(), "img/logo.82b9c7a5.png".into()]),
        (Parcel, &["index.0a1b2c3d.js".into(), "logo.82b9c7a5.png".into()]),
        (
            Expo,
            &[
                format!("_expo/static/js/web/entry-{hex32}.js"),
                format!("assets/node_modules/expo-router/assets/arrow.{hex32}.png"),
            ],
        ),
        (Ember, &[format!("assets/vendor-{hex32}.js"), format!("assets/images/logo-{hex32}.png")]),
        (Hugo, &[format!("css/main.min.{hex64}.css"), format!("js/app.{hex64}{hex64}.js")]),
    ];
    for (framework, keys) in table {
        for key in *keys {
            assert_eq!(class(key, *framework), Immutable, "{key} of {framework}");
            assert_ne!(class(key, Plain), Immutable, "{key} of an unknown tool");
        }
    }
}

#[test]
fn names_that_only_look_hashed_are_not() {
    use Framework::*;
    let hex32 = "0123456789abcdef0123456789abcdef";
    let table: &[(Framework, &str)] = &[
        (CreateReactApp, "static/js/main.deadbeef.js"),
        (CreateReactApp, "static/js/jquery-3.7.1.min.js"),
        (CreateReactApp, "static/media/photo.20231105.jpg"),
        (CreateReactApp, "static/js/main.js"),
        (CreateReactApp, "main.0a1b2c3d.js"),
        (CreateReactApp, "docs/static/js/main.0a1b2c3d.js"),
        (CreateReactApp, "report-deadbeef.pdf"),
        (Vite, "assets/index-features.js"),
        (Vite, "assets/photo-20231105.jpg"),
        (Vite, "assets/photo-1dec2023.jpg"),
        (Vite, "assets/report-deadbeef.pdf"),
        (Vite, "assets/hero-1280x720.jpg"),
        (Vite, "assets/icon-24x24-2x.png"),
        (Vite, "assets/jquery-3.7.1.min.js"),
        (Vite, "assets/cover-LogoDark.svg"),
        (Vite, "assets/scan-IMG_2024.jpg"),
        (Vite, "assets/-BmZ3gP9x.js"),
        (Vite, "assets/index.BmZ3gP9x.js"),
        (Vite, "assets/index-BmZ3gP9x.js.map"),
        (Vite, "images/index-BmZ3gP9x.js"),
        (Vite, "index-BmZ3gP9x.js"),
        (Vite, "favicon.ico"),
        (Angular, "photo-FHJ2KQ7X.jpg"),
        (Angular, "styles-DARKMODE.css"),
        (Angular, "media/poster-ORIGINAL.png"),
        (Angular, "main-FEATURES.js"),
        (NextExport, "_next/data/page.json"),
        (NextExport, "_next/static/chunks/main-0a1b2c3d.js.map"),
        (NextExport, "images/logo.png"),
        (SvelteKit, "_app/env.js"),
        (Gatsby, "static/d/1234567890.json"),
        (Gatsby, "polyfill.js"),
        (Gatsby, "photo-8f5f6d1b3a5d3b4d5a2c.jpg"),
        (Docusaurus, "assets/images/photo-20231105.jpg"),
        (Docusaurus, "img/logo.7d0a1c2e.png"),
        (VitePress, "assets/index.features.js"),
        (VitePress, "vp-icons.css"),
        (VitePress, "app.BdPpY8dF.js"),
        (VueCli, "img/photo.20231105.jpg"),
        (VueCli, "js/app.js"),
        (Parcel, "photo.20231105.jpg"),
        (Parcel, "jquery-3.7.1.min.js"),
        (Ember, "assets/vendor.js"),
        (Hugo, "css/main.0a1b2c3d.css"),
        (Hugo, "images/photo_hu5f3a1c_600x0_resize_q75.jpg"),
        (Flutter, "main.dart.js"),
        (Flutter, "flutter_bootstrap.js"),
        (Flutter, "assets/AssetManifest.bin.json"),
        (MkDocs, "assets/stylesheets/main.618322db.min.css"),
        (MdBook, "book-0a1b2c3d.js"),
        (Jekyll, "assets/index-BmZ3gP9x.js"),
    ];
    for (framework, key) in table {
        assert_eq!(class(key, *framework), Asset, "{key} of {framework}");
    }
    assert_eq!(class(&format!("photo-{hex32}.jpg"), Vite), Asset);
    for framework in Framework::ALL {
        for key in ["robots.txt", "sitemap.xml", "favicon.ico", "feed.xml", "CNAME", "photo-20231105.jpg"] {
            assert_eq!(class(key, framework), Asset, "{key} of {framework}");
        }
    }
}

#[test]
fn whatever_tells_of_a_release_is_an_entry_with_every_framework() {
    let keys = [
        "service-worker.js",
        "serviceWorker.js",
        "service-worker.1a2b3c4d.js",
        "sw.js",
        "app/sw.js",
        "sw.0a1b2c3d.js",
        "assets/sw-BmZ3gP9x.js",
        "my-sw.js",
        "ngsw-worker.js",
        "ngsw.json",
        "firebase-messaging-sw.js",
        "OneSignalSDKWorker.js",
        "OneSignalSDK.sw.js",
        "flutter_service_worker.js",
        "site.webmanifest",
        "assets/manifest-BmZ3gP9x.webmanifest",
        "_next/static/media/site.webmanifest",
        "manifest.json",
        "asset-manifest.json",
        "version.json",
        "_app/version.json",
        "_nuxt/builds/latest.json",
        "hashmap.json",
        "remoteEntry.js",
        "assets/remoteEntry.js",
        "_next/static/chunks/remoteEntry.js",
        "about/_payload.json",
        "about/__data.json",
    ];
    for framework in Framework::ALL {
        for key in keys {
            assert_eq!(class(key, framework), Entry, "{key} of {framework}");
        }
    }
    assert_eq!(class("page-data/index/page-data.json", Framework::Gatsby), Entry);
    assert_eq!(class("page-data/sq/d/63159454.json", Framework::Gatsby), Entry);
    assert_eq!(class("about.txt", Framework::NextExport), Entry);
    assert_eq!(class("about/__next._tree.txt", Framework::NextExport), Entry);
    assert_eq!(class("about.txt", Framework::Vite), Asset);
    assert_eq!(class("textures/manifest.json", Framework::Vite), Asset);
    assert_eq!(class("assets/manifest-BmZ3gP9x.json", Framework::Vite), Asset);
    assert_eq!(class("swan.js", Framework::Vite), Asset);
    assert_eq!(class("answer.js", Framework::Vite), Asset);
}

#[test]
fn pages_are_pages_wherever_they_lie() {
    for framework in Framework::ALL {
        for key in ["index.html", "a/b.HTM", "doc.xhtml", "_astro/x.html", "static/js/main.0a1b2c3d.html", "404.html"] {
            assert_eq!(class(key, framework), Page, "{key} of {framework}");
        }
    }
}

#[test]
fn a_compressed_copy_has_the_class_of_its_original() {
    let keys: BTreeSet<ObjectKey> =
        ["assets/index-BmZ3gP9x.js", "assets/index-BmZ3gP9x.js.br", "index.html", "index.html.gz", "alone.html.gz"]
            .map(|key| ObjectKey::new(key).unwrap())
            .into();
    let classes: Vec<_> = keys.iter().map(|key| classify_among(key, Framework::Vite, &keys)).collect();
    assert_eq!(classes, [Asset, Immutable, Immutable, Page, Page]);
}

proptest! {
    #[test]
    fn every_key_has_a_class(key in "[^/][ -~äß€/._-]{0,80}", framework in 0..Framework::ALL.len()) {
        classify(&ObjectKey::new(key).unwrap(), Framework::ALL[framework]);
    }

    #[test]
    fn nothing_is_immutable_outside_the_folders_of_a_framework(name in "[a-z]{1,12}[.-][a-zA-Z0-9_-]{8,20}\\.[a-z]{2,4}") {
        let key = format!("uploads/{name}");
        for framework in Framework::ALL {
            if framework != Framework::Parcel {
                prop_assert_ne!(class(&key, framework), Immutable);
            }
        }
    }
}
