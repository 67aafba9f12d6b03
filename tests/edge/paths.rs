//! Which object a path names.

use cruddur_site::routing::Routing;

use crate::support::{Site, header, router, seen};

#[tokio::test]
async fn routers_decide_before_the_cache() {
    let index = ("index.html", "root");
    let site = Site::with(|only| only.behavior.viewer_request_function = router(Routing::Spa)).await;
    site.put(index.0, index.1, "text/html", None);
    site.put(".well-known/assetlinks", "links", "application/json", None);
    assert_eq!(site.seen("/").await, seen(200, "Miss", "root"));
    assert_eq!(site.seen("/profile/7").await, seen(200, "Hit", "root"));
    assert_eq!(site.seen("/static/js/gone.js").await.0, 404);
    assert_eq!(site.seen("/.well-known/assetlinks").await, seen(200, "Miss", "links"));
    assert_eq!(site.seen("/.well-known/other").await.0, 404);

    let site = Site::with(|only| only.behavior.viewer_request_function = router(Routing::Folders)).await;
    site.put("about/index.html", "about", "text/html", None);
    let response = site.get("/about?a=1&b=%20").await;
    assert_eq!((response.status().as_u16(), header(&response, "location")), (301, "/about/?a=1&b=%20".into()));
    assert_eq!(header(&response, "x-cache"), "FunctionGeneratedResponse from cloudfront");
    assert_eq!(site.seen("/about/").await, seen(200, "Miss", "about"));
    assert_eq!(header(&site.get("//evil.example").await, "location"), "");
    assert_eq!(header(&site.get("//evil").await, "location"), "/evil/");

    let site = Site::with(|only| only.behavior.viewer_request_function = router(Routing::Files)).await;
    site.put("about.html", "about", "text/html", None);
    assert_eq!(site.seen("/about").await, seen(200, "Miss", "about"));
    assert_eq!(site.seen("/about.html").await, seen(200, "Hit", "about"));
}

#[tokio::test]
async fn without_a_router_only_the_root_has_an_index() {
    let site = Site::with(|_| {}).await;
    site.put("index.html", "root", "text/html", None);
    site.put("x/index.html", "x", "text/html", None);
    assert_eq!(site.seen("/").await.2, "root");
    assert_eq!(site.seen("/x/").await.0, 404);
    assert_eq!(site.seen("/x").await.0, 404);

    let site = Site::with(|only| only.default_root_object = String::new()).await;
    site.put("index.html", "root", "text/html", None);
    assert_eq!(site.seen("/").await.0, 404);
}

#[tokio::test]
async fn difficult_names_are_served() {
    let site = Site::with(|only| only.behavior.viewer_request_function = router(Routing::Files)).await;
    let table = [
        ("a+b.js", "/a+b.js"),
        ("a+c.js", "/a%2Bc.js"),
        ("100%.txt", "/100%25.txt"),
        ("what?.txt", "/what%3F.txt"),
        ("q#1.txt", "/q%231.txt"),
        ("😀.txt", "/%F0%9F%98%80.txt"),
        ("a\\b.txt", "/a%5Cb.txt"),
        ("a\"b'.txt", "/a%22b'.txt"),
    ];
    for (key, path) in table {
        site.put(key, key, "text/plain", None);
        assert_eq!(site.seen(path).await, seen(200, "Miss", key), "{path}");
    }
    assert_eq!(site.seen("/%zz").await.0, 400);
    assert_eq!(site.seen("/%").await.0, 400);
    assert_eq!(site.seen("/%FF.txt").await.0, 400);
}

#[tokio::test]
async fn s3_reads_a_raw_plus_as_a_space_where_no_function_escapes_it() {
    let site = Site::with(|_| {}).await;
    site.put("a+b.js", "plus", "text/javascript", None);
    site.put("a b.js", "space", "text/javascript", None);
    assert_eq!(site.seen("/a+b.js").await.2, "space");
    assert_eq!(site.seen("/a%2Bb.js").await.2, "plus");
}
