//! Viewer-request functions: the real JavaScript, and what becomes of it when it is wrong.

use cruddur_site::{
    routing::{Routing, javascript::code},
    setup::observed::Distribution,
};
use reqwest::Method;

use crate::support::{Site, distribution, header, router};

const ARN: &str = "arn:aws:cloudfront::000000000000:function/own";

/// A site of one distribution whose function has this code.
async fn with_function(code: &str) -> Site {
    let site = Site::with(|only| only.behavior.viewer_request_function = ARN.into()).await;
    site.account.functions.lock().unwrap().insert(ARN.into(), code.into());
    site.put("a.txt", "hello", "text/plain", None);
    site
}

#[tokio::test]
async fn what_the_function_returns_is_done() {
    let site = with_function(
        "function handler(event) {
           var request = event.request;
           if (request.uri === '/gone') { return { statusCode: 410, headers: { 'x-why': { value: event.context.distributionId } }, body: 'no more' }; }
           if (request.uri === '/echo') {
             var told = [request.method, request.headers.host.value, request.querystring.a.multiValue.length, request.cookies.b.value, request.rawQueryString()];
             return { statusCode: 200, body: { encoding: 'text', data: told.join(' ') } };
           }
           request.uri = '/a.txt';
           return request;
         }",
    )
    .await;
    let gone = site.get("/gone").await;
    assert_eq!((gone.status().as_u16(), header(&gone, "x-why")), (410, "E1".into()));
    assert_eq!(gone.text().await.unwrap(), "no more");
    let echo =
        site.ask(Method::GET, "/echo?a=1&a=%202", &[("host", "One.example.localhost:1"), ("cookie", "b=c; d")]).await;
    assert_eq!(echo.text().await.unwrap(), "GET one.example 2 c a=1&a=%202");
    assert_eq!(site.seen("/whatever").await.2, "hello");
}

#[tokio::test]
async fn an_async_function_is_waited_for() {
    let site =
        with_function("async function handler(e) { await null; e.request.uri = '/a.txt'; return e.request; }").await;
    assert_eq!(site.seen("/x").await.2, "hello");
}

#[tokio::test]
async fn a_function_that_fails_says_why() {
    let table = [
        ("function handler() { throw new Error('out of order'); }", 503, "Error: out of order"),
        ("function handler(event) { return event.nothing.uri; }", 503, "TypeError: "),
        ("function handler() { while (true) {} }", 503, "still running"),
        ("function handler() { var a = []; while (true) { a.push(new Array(1000).fill('x')); } }", 503, "own: "),
        ("function other() {}", 503, "no function named handler"),
        ("function handler( {", 503, "SyntaxError"),
        ("function handler() { return eval('1'); }", 503, "TypeError"),
        ("function handler() {}", 502, "returned null"),
        ("function handler(event) { return {}; }", 502, "neither a statusCode nor a uri"),
        ("function handler(event) { event.request.uri = 'x'; return event.request; }", 502, "begin with a /"),
        ("function handler(event) { return { statusCode: 99 }; }", 502, "99"),
        ("function handler() { return { statusCode: 200, headers: { 'X-A': { value: 'b' } } }; }", 502, "lower case"),
    ];
    for (code, status, words) in table {
        let (seen, x_cache, page) = with_function(code).await.seen("/").await;
        assert_eq!((seen, x_cache.as_str()), (status, "Error"), "{code}");
        assert!(page.contains(words) && page.contains("own"), "{code}: {page}");
    }
}

#[tokio::test]
async fn a_failure_stays_with_its_request() {
    let site =
        with_function("function handler(e) { if (e.request.uri === '/bad') { throw 1; } return e.request; }").await;
    assert_eq!(site.seen("/bad").await.0, 503);
    assert_eq!(site.seen("/a.txt").await.0, 200);
    site.account.functions.lock().unwrap().insert(ARN.into(), "function handler(e) { throw 2; }".into());
    assert_eq!(site.seen("/a.txt").await.0, 503, "the new code is in force at once");
    site.account.functions.lock().unwrap().clear();
    assert!(site.seen("/a.txt").await.2.contains("not published"));
}

/// A site with a second name that redirects to it.
fn with_www(only: &mut Distribution) {
    only.aliases.push("www.one.example".into());
    only.behavior.viewer_request_function = router(Routing::Spa);
}

#[tokio::test]
async fn other_names_redirect_and_stay_on_this_machine() {
    let site = Site::with(with_www).await;
    let code = code(Some(Routing::Spa), "one.example", &["www.one.example"]);
    site.account.functions.lock().unwrap().insert(router(Routing::Spa), code);
    site.put("index.html", "root", "text/html", None);
    let port = site.server.port();
    let ask = async |host: &str, path: &str| {
        let response = site.ask(Method::GET, path, &[("host", &format!("{host}:{port}"))]).await;
        (response.status().as_u16(), header(&response, "location"), header(&response, "x-cache"))
    };
    let here = format!("http://one.example.localhost:{port}");
    let made = "FunctionGeneratedResponse from cloudfront".to_owned();
    assert_eq!(ask("www.one.example.localhost", "/").await, (301, format!("{here}/"), made.clone()));
    assert_eq!(ask("WWW.one.example", "/a/b?c=%20&c=+").await, (301, format!("{here}/a/b?c=%20&c=+"), made));
    assert_eq!(ask("one.example.localhost", "/a/b").await.0, 200);
}

#[tokio::test]
async fn redirects_to_elsewhere_are_left_alone() {
    let site = with_function(
        "function handler() { return { statusCode: 302, headers: { location: { value: 'https://elsewhere.example/x' } } }; }",
    )
    .await;
    assert_eq!(header(&site.get("/").await, "location"), "https://elsewhere.example/x");
}

#[tokio::test]
async fn a_name_that_is_missing_and_a_site_that_is_off_are_said() {
    let site = Site::with(|_| {}).await;
    let response = site.ask(Method::GET, "/", &[("host", "www.one.example.localhost")]).await;
    assert_eq!(response.status(), 403);
    let page = response.text().await.unwrap();
    assert!(page.contains("www.one.example&quot;") && page.contains("alternate domain name"), "{page}");

    let mut off = distribution("E1", "one.example", "bucket");
    off.enabled = false;
    let (status, _, page) = Site::of(vec![off]).await.seen("/").await;
    assert_eq!(status, 403);
    assert!(page.contains("E1 is disabled"), "{page}");
}
