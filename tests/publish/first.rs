//! The first publish to an empty bucket.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::Folder;
use crate::world::{LOCK, PREFIX, World, each};

crate::on_every_account!(a_site_arrives_whole, compressed_copies_say_how_they_are_encoded);

const ASSET: &str = "public, max-age=0, s-maxage=31536000, must-revalidate";
const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// Key, content type and cache control.
const FILES: [(&str, &str, &str); 7] = [
    (".well-known/security.txt", "text/plain; charset=utf-8", ASSET),
    ("about/index.html", "text/html; charset=utf-8", "no-cache"),
    ("assets/app-BkXq7RzT.js", "text/javascript; charset=utf-8", IMMUTABLE),
    ("favicon.svg", "image/svg+xml; charset=utf-8", ASSET),
    ("index.html", "text/html; charset=utf-8", "no-cache"),
    ("site.webmanifest", "application/manifest+json; charset=utf-8", "no-cache"),
    ("sw.js", "text/javascript; charset=utf-8", "no-cache"),
];

fn build() -> Folder {
    Folder::site()
        .file(".well-known/security.txt", "Contact: mailto:security@example.com")
        .file("about/index.html", "<title>About</title>")
        .file("site.webmanifest", "{}")
        .file("sw.js", "self.skipWaiting()")
        .file(".DS_Store", "not published")
}

/// Given an empty bucket, when a site is published, then every object has its bytes and headers, nothing came before
/// what it names, and beside the site there is only the state, which is not served.
async fn a_site_arrives_whole(world: World) {
    let build = build();
    let published = world.publish(&build).succeeds().await;

    let site = world.site().await;
    let found: BTreeMap<_, _> = site
        .iter()
        .map(|(key, object)| {
            let value = |header: &Option<String>| header.clone().unwrap_or_default();
            (key.as_str(), (value(&object.headers.content_type), value(&object.headers.cache_control)))
        })
        .collect();
    let expected = FILES.map(|(key, content_type, cache)| (key, (content_type.to_owned(), cache.to_owned())));
    assert_eq!(found, BTreeMap::from(expected));
    for (key, object) in &site {
        assert_eq!(object.body, std::fs::read(build.join(key)).unwrap(), "{key}");
    }

    let calls = world.calls();
    let order = calls.site_keys("PutObject");
    assert_eq!(order.len(), FILES.len());
    let (files, rest) = order.split_at(4);
    assert!(files.iter().all(|key| !key.ends_with(".html") && *key != "sw.js"), "{order:?}");
    assert_eq!(rest, ["about/index.html", "index.html", "sw.js"]);

    let release = published["result"]["release"].as_str().unwrap();
    let state = [format!("live/releases/{release}.json.gz"), "live/lock.json".into(), "live/manifest.json.gz".into()];
    let mut kept = world.keys(".cruddur-site/").await;
    kept.sort_by_key(|key| !key.contains("releases"));
    assert_eq!(kept, state);
    assert!(world.keys("").await.iter().all(|key| key.starts_with(PREFIX) || key.starts_with(".cruddur-site/")));
    let writes: Vec<_> = calls.writes().iter().map(|write| write.key.as_str()).collect();
    let before_the_site: BTreeSet<_> = writes.iter().copied().take_while(|key| !key.starts_with(PREFIX)).collect();
    let draft = format!(".cruddur-site/{}", state[0]);
    assert_eq!(before_the_site, BTreeSet::from([LOCK, &draft]));
    assert_eq!(writes.last(), Some(&LOCK));

    let manifest = world.manifest().await;
    assert_eq!(manifest.release.as_str(), release);
    assert_eq!(manifest.objects.len(), FILES.len());
    for (key, object) in &manifest.objects {
        let stored = &site[key.as_str()];
        assert_eq!((object.etag.to_string(), &*object.headers), (stored.etag.clone(), &stored.headers), "{key}");
        assert!(object.superseded.is_none() && object.version.is_some(), "{key}");
    }

    // No edge has held any of it.
    assert_eq!(published["result"]["invalidations"], serde_json::json!([]));
    assert_eq!(published["result"]["uploaded"]["files"], FILES.len());
    assert_eq!(published["target"]["domain"], world.domain);
}

/// Given a build that compressed its files itself, when it is published, then the copies carry their coding and the
/// type of the original; an archive is no coding of anything.
async fn compressed_copies_say_how_they_are_encoded(world: World) {
    let build = Folder::site()
        .file("assets/app-BkXq7RzT.js.br", "brotli")
        .file("assets/app-BkXq7RzT.js.gz", "gzip")
        .file("data.csv.gz", "alone");
    let published = world.publish(&build).succeeds().await;
    assert_eq!(published["plan"]["uploads"].as_array().unwrap().len(), 6);

    let table = [
        ("assets/app-BkXq7RzT.js", None, "text/javascript; charset=utf-8", IMMUTABLE),
        ("assets/app-BkXq7RzT.js.br", Some("br"), "text/javascript; charset=utf-8", IMMUTABLE),
        ("assets/app-BkXq7RzT.js.gz", Some("gzip"), "text/javascript; charset=utf-8", IMMUTABLE),
        ("data.csv.gz", None, "application/gzip", ASSET),
    ];
    for (key, coding, content_type, cache) in table {
        let headers = world.object(key).await.headers;
        assert_eq!(headers.content_encoding.as_deref(), coding, "{key}");
        assert_eq!(headers.content_type.as_deref(), Some(content_type), "{key}");
        assert_eq!(headers.cache_control.as_deref(), Some(cache), "{key}");
    }
    let again = world.publish(&build).succeeds().await;
    assert_eq!(each(&again["plan"]["uploads"], "key"), [""; 0]);
}
