//! Behaviors by path pattern, and the servers on this machine that answer for them.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use cruddur_site::setup::{
    observed::{Behavior, Distribution, Origin},
    site::{ALL_VIEWER_EXCEPT_HOST, CACHING_DISABLED},
};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use reqwest::Method;
use tokio::net::TcpListener;

use crate::support::{Site, header};

type Seen = Arc<Mutex<Vec<(http::request::Parts, Bytes)>>>;

/// A server that answers 201 and its own count, and remembers what it was asked.
async fn api() -> (String, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let domain = format!("127.0.0.1:{}", listener.local_addr().unwrap().port());
    let seen = Seen::default();
    let asked = seen.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let asked = asked.clone();
            let service = service_fn(move |request: Request<Incoming>| {
                let asked = asked.clone();
                async move {
                    let (parts, body) = request.into_parts();
                    let body = body.collect().await.unwrap().to_bytes();
                    let count = {
                        let mut asked = asked.lock().unwrap();
                        asked.push((parts, body));
                        asked.len()
                    };
                    let answer = Response::builder().status(201).header("x-frame-options", "DENY").header("x-own", "1");
                    Ok::<_, Infallible>(answer.body(Full::<Bytes>::from(count.to_string())).unwrap())
                }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    (domain, seen)
}

/// Adds the behavior that bootstrap makes for an API.
fn add(only: &mut Distribution, pattern: &str, domain: &str) {
    let methods = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"].map(Into::into).to_vec();
    let behavior = Behavior {
        origin: domain.into(),
        methods,
        cache_policy: CACHING_DISABLED.into(),
        origin_request_policy: ALL_VIEWER_EXCEPT_HOST.into(),
        ..only.behavior.clone()
    };
    let origin = Origin {
        id: domain.into(),
        domain: domain.into(),
        path: String::new(),
        is_s3: false,
        access_control: String::new(),
        access_identity: String::new(),
        protocol_policy: "https-only".into(),
    };
    only.behaviors.push((pattern.into(), behavior, origin));
}

#[tokio::test]
async fn an_api_gets_everything_but_the_host() {
    let (domain, seen) = api().await;
    let site = Site::with(|only| add(only, "/api/*", &domain)).await;
    let url = format!("http://127.0.0.1:{}/api/users?a=1&a=%20", site.server.port());
    let request = site.client.request(Method::PATCH, url).header("cookie", "s=1").header("x-own", "2").body("{}");
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 201);
    assert_eq!((header(&response, "x-own"), header(&response, "x-cache")), ("1".into(), "Miss from cloudfront".into()));
    assert_eq!(header(&response, "x-frame-options"), "SAMEORIGIN", "the response headers policy overrides");
    assert_eq!(response.text().await.unwrap(), "1");

    let (parts, body) = seen.lock().unwrap().pop().unwrap();
    assert_eq!((parts.method.as_str(), parts.uri.to_string().as_str()), ("PATCH", "/api/users?a=1&a=%20"));
    let given = |name: &str| parts.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    assert_eq!(given("host"), Some(domain));
    assert_eq!((given("cookie"), given("x-own")), (Some("s=1".into()), Some("2".into())));
    assert_eq!(&body[..], b"{}");
}

#[tokio::test]
async fn nothing_of_an_api_is_kept() {
    let (domain, _) = api().await;
    let site = Site::with(|only| add(only, "/api/*", &domain)).await;
    assert_eq!(site.seen("/api/n").await.2, "1");
    assert_eq!(site.seen("/api/n").await.2, "2");
    let lines: Vec<String> = site.log.lock().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(lines[0], "201 GET 127.0.0.1/api/n (Miss from cloudfront)");
}

#[tokio::test]
async fn without_an_origin_request_policy_the_viewer_is_not_told_of() {
    let (domain, seen) = api().await;
    let site = Site::with(|only| {
        add(only, "/api/*", &domain);
        only.behaviors[0].1.origin_request_policy = String::new();
    })
    .await;
    site.ask(Method::GET, "/api/n?a=1", &[("cookie", "s=1"), ("user-agent", "viewer")]).await;
    let (parts, _) = seen.lock().unwrap().pop().unwrap();
    assert_eq!(parts.uri, "/api/n");
    assert_eq!(parts.headers.get("cookie"), None);
    assert_eq!(parts.headers["user-agent"], "Amazon CloudFront");
}

#[tokio::test]
async fn the_first_pattern_that_matches_decides() {
    let (one, _) = api().await;
    let (two, seen_by_two) = api().await;
    let site = Site::with(|only| {
        add(only, "/api/*", &one);
        add(only, "/api/v2/*", &two);
        add(only, "*.php", &two);
    })
    .await;
    site.put("api", "page", "text/html", None);
    assert_eq!(site.seen("/api/v2/x").await.0, 201);
    assert_eq!(seen_by_two.lock().unwrap().len(), 0);
    assert_eq!(site.seen("/index.php").await.0, 201);
    assert_eq!(seen_by_two.lock().unwrap().len(), 1);
    assert_eq!(site.seen("/api").await, (200, "Miss".into(), "page".into()));
    assert_eq!(site.ask(Method::POST, "/api", &[]).await.status(), 403);
}

#[tokio::test]
async fn an_api_that_cannot_be_asked_says_so() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let table = [("api.internal.example", "on this machine only"), (&free.to_string(), "is it running?")];
    for (domain, words) in table {
        let site = Site::with(|only| add(only, "/api/*", domain)).await;
        let (status, x_cache, page) = site.seen("/api/x").await;
        assert_eq!((status, x_cache.as_str()), (502, "Error"), "{domain}");
        assert!(page.contains(words) && page.contains(domain), "{page}");
    }
}

#[tokio::test]
async fn a_bucket_behavior_without_caching_is_asked_every_time() {
    let site = Site::with(|only| {
        let mut behavior = only.behavior.clone();
        behavior.cache_policy = CACHING_DISABLED.into();
        only.behaviors.push(("/live.json".into(), behavior, only.origin.clone()));
    })
    .await;
    site.put("live.json", "1", "application/json", None);
    assert_eq!(site.seen("/live.json").await.1, "Miss");
    site.put("live.json", "2", "application/json", None);
    assert_eq!(site.seen("/live.json").await, (200, "Miss".into(), "2".into()));
}
