//! What the edge keeps, for how long, and what it forgets.

use cruddur_site::{ErrorKind, setup::observed::ErrorResponse};
use reqwest::Method;

use crate::support::{Site, header, seen};

#[tokio::test]
async fn the_cache_obeys_ttls_and_asks_again_by_entity_tag() {
    let site = Site::with(|_| {}).await;
    site.put("a.txt", "one", "text/plain", Some("max-age=600, s-maxage=60"));
    assert_eq!(site.seen("/a.txt").await, seen(200, "Miss", "one"));
    site.pass(59);
    let held = site.get("/a.txt").await;
    assert_eq!((header(&held, "x-cache"), header(&held, "age")), ("Hit from cloudfront".into(), "59".into()));
    assert_eq!(site.reads(), 1);
    site.pass(1);
    assert_eq!(site.seen("/a.txt").await, seen(200, "RefreshHit", "one"));
    assert_eq!(site.seen("/a.txt").await, seen(200, "Hit", "one"));
    site.put("a.txt", "two", "text/plain", Some("s-maxage=60"));
    assert_eq!(site.seen("/a.txt").await, seen(200, "Hit", "one"));
    site.pass(60);
    assert_eq!(site.seen("/a.txt").await, seen(200, "Miss", "two"));
    site.remove("a.txt");
    site.pass(60);
    assert_eq!(site.seen("/a.txt").await.0, 404);
}

#[tokio::test]
async fn no_cache_still_means_one_second() {
    let site = Site::with(|_| {}).await;
    site.put("index.html", "one", "text/html", Some("no-cache"));
    assert_eq!(site.seen("/").await, seen(200, "Miss", "one"));
    site.put("index.html", "two", "text/html", Some("no-cache"));
    assert_eq!(site.seen("/").await, seen(200, "Hit", "one"));
    site.pass(1);
    assert_eq!(site.seen("/").await, seen(200, "Miss", "two"));
}

#[tokio::test]
async fn an_invalidation_is_forgotten_for_good_and_nothing_else_is() {
    let site = Site::with(|_| {}).await;
    for key in ["a b.txt", "café/x.txt", "café/y.txt", "z.txt"] {
        site.put(key, "one", "text/plain", None);
        assert_eq!(site.seen(&format!("/{key}")).await, seen(200, "Miss", "one"));
        site.put(key, "two", "text/plain", None);
    }
    site.invalidate("/a%20b.txt");
    assert_eq!(site.seen("/a%20b.txt").await, seen(200, "Miss", "two"));
    assert_eq!(site.seen("/a%20b.txt").await, seen(200, "Hit", "two"));
    assert_eq!(site.seen("/z.txt").await, seen(200, "Hit", "one"));
    site.invalidate("/caf%C3%A9/*");
    assert_eq!(site.seen("/caf%c3%a9/x.txt").await, seen(200, "Miss", "two"));
    assert_eq!(site.seen("/café/y.txt").await, seen(200, "Miss", "two"));
    assert_eq!(site.seen("/z.txt").await, seen(200, "Hit", "one"));
    site.invalidate("/*");
    assert_eq!(site.seen("/z.txt").await, seen(200, "Miss", "two"));
}

#[tokio::test]
async fn all_encodings_of_a_path_are_invalidated_together() {
    let site = Site::with(|_| {}).await;
    let text = "text ".repeat(400);
    site.put("a.css", &text, "text/css", None);
    for encoding in ["br", "gzip", "identity"] {
        let response = site.ask(Method::GET, "/a.css", &[("accept-encoding", encoding)]).await;
        assert_eq!(header(&response, "x-cache"), "Miss from cloudfront", "{encoding}");
    }
    site.put("a.css", text.replace("text", "TEXT"), "text/css", None);
    site.invalidate("/a.css");
    for encoding in ["br", "gzip", "identity"] {
        let response = site.ask(Method::GET, "/a.css", &[("accept-encoding", encoding)]).await;
        assert_eq!(header(&response, "x-cache"), "Miss from cloudfront", "{encoding}");
    }
}

#[tokio::test]
async fn errors_are_answered_as_s3_and_kept_for_a_while() {
    let site = Site::with(|_| {}).await;
    let (status, x_cache, body) = site.seen("/gone<.js").await;
    assert_eq!((status, x_cache.as_str()), (404, "Error"));
    assert!(body.contains("<Code>NoSuchKey</Code>") && body.contains("<Key>live/gone&lt;.js</Key>"), "{body}");
    site.put("gone<.js", "back", "text/javascript", None);
    site.pass(9);
    assert_eq!(site.seen("/gone<.js").await.0, 404);
    site.pass(1);
    assert_eq!(site.seen("/gone<.js").await, seen(200, "Miss", "back"));
    *site.account.failure.lock().unwrap() = Some(ErrorKind::AccessDenied);
    let (status, _, body) = site.seen("/secret").await;
    assert!(status == 403 && body.contains("AccessDenied"), "{body}");
    *site.account.failure.lock().unwrap() = None;
    assert_eq!(site.seen("/secret").await.0, 404, "403 is not kept");
}

#[tokio::test]
async fn custom_error_responses_replace_errors() {
    let response =
        |page: &str, code| ErrorResponse { error_code: 404, page: page.into(), response_code: code, minimum_ttl: 60 };
    let site = Site::with(|only| only.error_responses.push(response("/404.html", None))).await;
    assert!(site.seen("/without-page").await.2.contains("NoSuchKey"));
    site.put("404.html", "lost?", "text/html", None);
    assert_eq!(site.seen("/x").await, seen(404, "Error", "lost?"));
    assert_eq!(header(&site.get("/x").await, "content-type"), "text/html");
    site.put("x", "found", "text/plain", None);
    site.pass(59);
    assert_eq!(site.seen("/x").await, seen(404, "Error", "lost?"));
    site.pass(1);
    assert_eq!(site.seen("/x").await, seen(200, "Miss", "found"));

    let site = Site::with(|only| only.error_responses.push(response("/index.html", Some(200)))).await;
    site.put("index.html", "app", "text/html", None);
    assert_eq!(site.seen("/profile").await, seen(200, "Error", "app"));
}

#[tokio::test]
async fn a_failing_origin_does_not_take_down_what_the_edge_has() {
    let site = Site::with(|_| {}).await;
    site.put("a.txt", "one", "text/plain", Some("max-age=1"));
    assert_eq!(site.seen("/a.txt").await.0, 200);
    site.pass(100);
    *site.account.failure.lock().unwrap() = Some(ErrorKind::Service);
    assert_eq!(site.seen("/a.txt").await, seen(200, "Hit", "one"));
    let (status, _, body) = site.seen("/b.txt").await;
    assert!(status == 500 && body.contains("the bucket does not answer"), "{body}");
}

#[tokio::test]
async fn a_large_object_replaced_before_its_time_is_fetched_again_when_its_file_is_gone() {
    let site = Site::with(|_| {}).await;
    let key = ("bucket".to_owned(), "live/large.bin".to_owned());
    site.put("large.bin", vec![1; 5_000_000], "application/octet-stream", None);
    assert_eq!(site.get("/large.bin").await.bytes().await.unwrap()[0], 1);
    let old = site.account.objects.lock().unwrap()[&key].path.clone();
    site.put("large.bin", vec![2; 5_000_000], "application/octet-stream", None);
    std::fs::remove_file(old).unwrap();
    assert_eq!(site.get("/large.bin").await.bytes().await.unwrap()[0], 2);
}
