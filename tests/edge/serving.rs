//! Hosts, ports, the log, and the end.

use cruddur_site::{
    local::edge::{DEFAULT_PORT, Edge},
    site::Headers,
};
use reqwest::Method;

use crate::support::{Site, distribution, header};

#[tokio::test]
async fn hosts_choose_the_site() {
    let two = vec![distribution("E1", "one.example", "bucket"), distribution("E2", "two.example", "other")];
    let site = Site::of(two).await;
    site.put("index.html", "one", "text/html", None);
    site.put_with("other", "index.html", b"two", Headers::default());
    let port = site.server.port();
    let table = [
        (format!("one.example.localhost:{port}"), "one"),
        ("TWO.example".to_owned(), "two"),
        ("e2.cloudfront.net".to_owned(), "two"),
    ];
    for (host, expected) in table {
        let response = site.ask(Method::GET, "/", &[("host", &host)]).await;
        assert_eq!(response.text().await.unwrap(), expected, "{host}");
    }
    let response = site.get("/").await;
    assert_eq!((response.status().as_u16(), header(&response, "x-cache")), (403, "Error from cloudfront".into()));
    let page = response.text().await.unwrap();
    assert!(page.contains(&format!("http://one.example.localhost:{port}/")), "{page}");
    assert!(page.contains("two.example") && page.contains("127.0.0.1"), "{page}");
    assert_eq!(site.server.url_for("one.example"), format!("http://one.example.localhost:{port}/"));

    let empty = Site::of(Vec::new()).await;
    assert!(empty.get("/").await.text().await.unwrap().contains("no site yet"));
}

#[tokio::test]
async fn requests_are_logged() {
    let site = Site::with(|_| {}).await;
    site.put("a.txt", "hello", "text/plain", None);
    site.ask(Method::GET, "/a.txt?v=1", &[("host", "one.example:1")]).await;
    let lines: Vec<String> = site.log.lock().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(lines, ["200 GET one.example/a.txt?v=1 (Miss from cloudfront)"]);
}

#[tokio::test]
async fn a_taken_port_is_an_error_that_names_the_way_out() {
    let site = Site::with(|_| {}).await;
    let error = Edge::bind(site.account.clone(), Some(site.server.port())).await.unwrap_err();
    assert!(error.to_string().contains("is taken") && error.next().contains("--port"), "{error}");
}

#[tokio::test]
async fn without_a_port_a_free_one_is_found_when_the_usual_one_is_taken() {
    // Whether this test or another program holds it, the port is taken.
    let _held = std::net::TcpListener::bind(("127.0.0.1", DEFAULT_PORT));
    let site = Site::with(|_| {}).await;
    site.put("index.html", "root", "text/html", None);
    let server = Edge::bind(site.account.clone(), None).await.unwrap();
    assert_ne!(server.port(), DEFAULT_PORT);
    let response = site.client.get(format!("http://127.0.0.1:{}/", server.port())).send().await.unwrap();
    assert_eq!(response.text().await.unwrap(), "root");
}

#[tokio::test]
async fn a_stopped_server_answers_what_it_began_and_takes_no_more() {
    let site = Site::with(|_| {}).await;
    site.put("large.bin", vec![7; 8_000_000], "application/octet-stream", None);
    let begun = site.get("/large.bin").await;
    let port = site.server.port();
    let Site { server, client, account, .. } = site;
    let (body, ()) = tokio::join!(begun.bytes(), server.shutdown());
    assert_eq!(body.unwrap().len(), 8_000_000);
    assert!(client.get(format!("http://127.0.0.1:{port}/")).send().await.is_err());
    assert!(Edge::bind(account, Some(port)).await.is_ok(), "the port is free again");
}
