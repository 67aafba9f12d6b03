//! Stories of viewers and an edge, over real HTTP: given distributions and buckets, when requested, then these answers.

use std::{
    collections::HashMap,
    io::Read as _,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use cruddur_site::{
    Error, ErrorKind, Result,
    local::{
        edge::{Edge, EdgeServer, InvalidationSeen, Origin, RequestLine},
        model::{self, Distribution, ErrorResponse, StoredObject},
    },
    routing::Routing,
    site::Headers,
};
use jiff::Timestamp;
use reqwest::{Client, Method, Response, StatusCode, redirect::Policy};

/// An account in memory with its blobs in a temporary folder.
#[derive(Default)]
struct Account {
    distributions: Mutex<Vec<Distribution>>,
    objects: Mutex<HashMap<(String, String), StoredObject>>,
    invalidations: Mutex<Vec<InvalidationSeen>>,
    failure: Mutex<Option<ErrorKind>>,
    reads: AtomicU64,
    blobs: Option<tempfile::TempDir>,
}

impl Origin for Account {
    fn distributions(&self) -> Result<Vec<Distribution>> {
        Ok(self.distributions.lock().unwrap().clone())
    }

    fn object(&self, bucket: &str, key: &str) -> Result<Option<StoredObject>> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        match *self.failure.lock().unwrap() {
            Some(kind) => Err(Error::new(kind, "the bucket does not answer", "wait")),
            None => Ok(self.objects.lock().unwrap().get(&(bucket.to_owned(), key.to_owned())).cloned()),
        }
    }

    fn invalidations_after(&self, _: &str, sequence: u64) -> Result<Vec<InvalidationSeen>> {
        let all = self.invalidations.lock().unwrap();
        Ok(all.iter().filter(|seen| seen.sequence > sequence).cloned().collect())
    }
}

const MODIFIED: &str = "Sun, 01 Nov 2026 10:00:00 GMT";

struct Site {
    account: Arc<Account>,
    seconds: Arc<AtomicI64>,
    log: Arc<Mutex<Vec<RequestLine>>>,
    server: EdgeServer,
    client: Client,
}

fn distribution(id: &str, alias: &str, bucket: &str) -> Distribution {
    Distribution {
        id: id.into(),
        domain_name: format!("{}.cloudfront.net", id.to_lowercase()),
        aliases: vec![alias.into()],
        default_root_object: Some("index.html".into()),
        origin: model::Origin { bucket: bucket.into(), region: "eu-central-1".into(), path: "/live".into() },
        error_responses: Vec::new(),
        router: None,
        compress: true,
        last_modified: Timestamp::UNIX_EPOCH,
    }
}

impl Site {
    /// One distribution, changed by `change`, on an account without objects.
    async fn with(change: impl FnOnce(&mut Distribution)) -> Self {
        let mut only = distribution("E1", "one.example", "bucket");
        change(&mut only);
        Self::of(vec![only]).await
    }

    async fn of(distributions: Vec<Distribution>) -> Self {
        let account = Arc::new(Account {
            distributions: Mutex::new(distributions),
            blobs: Some(tempfile::tempdir().unwrap()),
            ..Account::default()
        });
        let seconds = Arc::new(AtomicI64::new(1_800_000_000));
        let log = Arc::new(Mutex::new(Vec::new()));
        let (clock, lines) = (seconds.clone(), log.clone());
        let server = Edge::new(account.clone())
            .with_clock(move || Timestamp::from_second(clock.load(Ordering::SeqCst)).unwrap())
            .with_log(move |line| lines.lock().unwrap().push(line.clone()))
            .listen(Some(0))
            .await
            .unwrap();
        let client = Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        Self { account, seconds, log, server, client }
    }

    /// Stores an object below the served prefix.
    fn put(&self, key: &str, bytes: impl AsRef<[u8]>, content_type: &str, cache_control: Option<&str>) {
        let headers = Headers {
            content_type: Some(content_type.into()),
            cache_control: cache_control.map(Into::into),
            ..Headers::default()
        };
        self.put_with("bucket", key, bytes.as_ref(), headers);
    }

    fn put_with(&self, bucket: &str, key: &str, bytes: &[u8], headers: Headers) {
        let digest = cruddur_site::site::Sha256::of(bytes).hex();
        let path = self.account.blobs.as_ref().unwrap().path().join(&digest);
        std::fs::write(&path, bytes).unwrap();
        let last_modified = httpdate::parse_http_date(MODIFIED).unwrap();
        let object = StoredObject {
            headers,
            etag: format!("\"{}\"", &digest[..32]),
            last_modified: Timestamp::try_from(last_modified).unwrap(),
            size: bytes.len() as u64,
            path,
        };
        self.account.objects.lock().unwrap().insert((bucket.into(), format!("live/{key}")), object);
    }

    fn remove(&self, key: &str) {
        self.account.objects.lock().unwrap().remove(&("bucket".into(), format!("live/{key}")));
    }

    fn invalidate(&self, path: &str) {
        let mut all = self.account.invalidations.lock().unwrap();
        let sequence = all.len() as u64 + 1;
        all.push(InvalidationSeen { sequence, paths: vec![path.into()] });
    }

    fn pass(&self, seconds: i64) {
        self.seconds.fetch_add(seconds, Ordering::SeqCst);
    }

    fn reads(&self) -> u64 {
        self.account.reads.load(Ordering::SeqCst)
    }

    async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
        let url = format!("http://127.0.0.1:{}{path}", self.server.port());
        let request = headers.iter().fold(self.client.request(method, url), |r, (name, value)| r.header(*name, *value));
        request.send().await.unwrap()
    }

    async fn get(&self, path: &str) -> Response {
        self.ask(Method::GET, path, &[]).await
    }

    /// Status, `X-Cache` without "from cloudfront", and body.
    async fn seen(&self, path: &str) -> (u16, String, String) {
        let response = self.get(path).await;
        let x_cache = header(&response, "x-cache").replace(" from cloudfront", "");
        (response.status().as_u16(), x_cache, response.text().await.unwrap())
    }
}

fn header(response: &Response, name: &str) -> String {
    response.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

fn seen(status: u16, x_cache: &str, body: &str) -> (u16, String, String) {
    (status, x_cache.into(), body.into())
}

#[tokio::test]
async fn an_object_comes_with_its_headers_and_those_of_the_edge() {
    let site = Site::with(|_| {}).await;
    let headers = Headers {
        cache_control: Some("max-age=60".into()),
        content_type: Some("text/plain; charset=utf-8".into()),
        content_language: Some("de".into()),
        content_disposition: Some("inline".into()),
        metadata: [("release".to_owned(), "r1".to_owned())].into(),
        ..Headers::default()
    };
    site.put_with("bucket", "a.txt", b"hello", headers);
    let response = site.get("/a.txt").await;
    let table = [
        ("content-type", "text/plain; charset=utf-8"),
        ("content-language", "de"),
        ("content-disposition", "inline"),
        ("cache-control", "max-age=60"),
        ("content-length", "5"),
        ("x-amz-meta-release", "r1"),
        ("last-modified", MODIFIED),
        ("accept-ranges", "bytes"),
        ("server", "AmazonS3"),
        ("x-cache", "Miss from cloudfront"),
        ("age", ""),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "strict-origin-when-cross-origin"),
        ("x-frame-options", "SAMEORIGIN"),
        ("strict-transport-security", "max-age=31536000"),
        ("x-xss-protection", "1; mode=block"),
    ];
    for (name, value) in table {
        assert_eq!(header(&response, name), value, "{name}");
    }
    assert!(header(&response, "etag").starts_with('"') && header(&response, "via").ends_with("(CloudFront)"));
    assert!(!header(&response, "x-amz-cf-pop").is_empty() && !header(&response, "x-amz-cf-id").is_empty());
    assert_eq!(response.text().await.unwrap(), "hello");
}

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
async fn routers_decide_before_the_cache() {
    let index = ("index.html", "root");
    let site = Site::with(|only| only.router = Some(Routing::Spa)).await;
    site.put(index.0, index.1, "text/html", None);
    site.put(".well-known/assetlinks", "links", "application/json", None);
    assert_eq!(site.seen("/").await, seen(200, "Miss", "root"));
    assert_eq!(site.seen("/profile/7").await, seen(200, "Hit", "root"));
    assert_eq!(site.seen("/static/js/gone.js").await.0, 404);
    assert_eq!(site.seen("/.well-known/assetlinks").await, seen(200, "Miss", "links"));
    assert_eq!(site.seen("/.well-known/other").await.0, 404);

    let site = Site::with(|only| only.router = Some(Routing::Folders)).await;
    site.put("about/index.html", "about", "text/html", None);
    let response = site.get("/about?a=1&b=%20").await;
    assert_eq!((response.status().as_u16(), header(&response, "location")), (301, "/about/?a=1&b=%20".into()));
    assert_eq!(header(&response, "x-cache"), "FunctionGeneratedResponse from cloudfront");
    assert_eq!(site.seen("/about/").await, seen(200, "Miss", "about"));
    assert_eq!(header(&site.get("//evil.example").await, "location"), "");
    assert_eq!(header(&site.get("//evil").await, "location"), "/evil/");

    let site = Site::with(|only| only.router = Some(Routing::Files)).await;
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

    let site = Site::with(|only| only.default_root_object = None).await;
    site.put("index.html", "root", "text/html", None);
    assert_eq!(site.seen("/").await.0, 404);
}

#[tokio::test]
async fn difficult_names_are_served() {
    let site = Site::with(|only| only.router = Some(Routing::Files)).await;
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
    let response = |page: &str, code| ErrorResponse {
        error_code: 404,
        response_page_path: Some(page.into()),
        response_code: code,
        caching_min_ttl: 60,
    };
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
async fn text_is_compressed_as_the_viewer_likes() {
    let site = Site::with(|_| {}).await;
    let text = "compress me ".repeat(200);
    site.put("a.css", &text, "text/css", None);
    site.put("small.css", "a{}", "text/css", None);
    site.put("a.png", &text, "image/png", None);
    let packed =
        Headers { content_type: Some("text/css".into()), content_encoding: Some("gzip".into()), ..Headers::default() };
    site.put_with("bucket", "packed.css", text.as_bytes(), packed);
    let table = [
        ("/a.css", "gzip, br", "br", "Accept-Encoding"),
        ("/a.css", "gzip", "gzip", "Accept-Encoding"),
        ("/a.css", "identity", "", "Accept-Encoding"),
        ("/small.css", "gzip, br", "", ""),
        ("/a.png", "gzip, br", "", ""),
        ("/packed.css", "br", "gzip", ""),
    ];
    for (path, accept, encoding, vary) in table {
        let response = site.ask(Method::GET, path, &[("accept-encoding", accept)]).await;
        assert_eq!((header(&response, "content-encoding"), header(&response, "vary")), (encoding.into(), vary.into()));
        let compressed = path == "/a.css" && !encoding.is_empty();
        assert_eq!(header(&response, "etag").starts_with("W/"), compressed, "{path} {accept}");
        assert_eq!(header(&response, "accept-ranges").is_empty(), compressed, "{path} {accept}");
        let length: usize = header(&response, "content-length").parse().unwrap();
        let bytes = response.bytes().await.unwrap();
        assert_eq!(bytes.len(), length);
        let mut read = String::new();
        match encoding {
            "br" => drop(brotli::Decompressor::new(&bytes[..], 4096).read_to_string(&mut read).unwrap()),
            "gzip" if compressed => drop(flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut read).unwrap()),
            _ => read = String::from_utf8(bytes.to_vec()).unwrap(),
        }
        assert!(read == text || read == "a{}", "{path} {accept}");
    }
    let site = Site::with(|only| only.compress = false).await;
    site.put("a.css", &text, "text/css", None);
    let response = site.ask(Method::GET, "/a.css", &[("accept-encoding", "br")]).await;
    assert_eq!(header(&response, "content-encoding"), "");
}

#[tokio::test]
async fn what_the_viewer_has_is_not_sent_again() {
    let site = Site::with(|_| {}).await;
    site.put("a.css", "text ".repeat(400), "text/css", Some("no-cache"));
    let first = site.ask(Method::GET, "/a.css", &[("accept-encoding", "br")]).await;
    let weak = header(&first, "etag");
    let table = [
        (vec![("if-none-match", weak.as_str()), ("accept-encoding", "br")], 304),
        (vec![("if-none-match", weak.trim_start_matches("W/"))], 304),
        (vec![("if-none-match", "*")], 304),
        (vec![("if-none-match", "\"other\"")], 200),
        (vec![("if-modified-since", MODIFIED)], 304),
        (vec![("if-none-match", "\"other\""), ("if-modified-since", MODIFIED)], 200),
    ];
    for (headers, status) in table {
        let response = site.ask(Method::GET, "/a.css", &headers).await;
        assert_eq!(response.status().as_u16(), status, "{headers:?}");
        if status == 304 {
            assert_eq!(header(&response, "cache-control"), "no-cache");
            assert_eq!(header(&response, "vary"), "Accept-Encoding");
            assert!(!header(&response, "etag").is_empty() && header(&response, "content-type").is_empty());
            assert!(response.bytes().await.unwrap().is_empty());
        }
    }
}

#[tokio::test]
async fn ranges_are_given_from_memory_and_from_large_files() {
    let site = Site::with(|_| {}).await;
    let large: Vec<u8> = (0..5_000_000_u32).map(|at| (at % 251) as u8).collect();
    site.put("large.bin", &large, "application/octet-stream", None);
    site.put("small.bin", &large[..1000], "application/octet-stream", None);
    for (path, bytes) in [("/large.bin", &large[..]), ("/small.bin", &large[..1000])] {
        let whole = site.get(path).await;
        let etag = header(&whole, "etag");
        assert_eq!(header(&whole, "content-length"), bytes.len().to_string());
        assert_eq!(whole.bytes().await.unwrap(), bytes);
        let last = bytes.len() - 1;
        let table = [
            ("bytes=0-9".to_owned(), 0..10),
            ("bytes=100-".to_owned(), 100..bytes.len()),
            ("bytes=-100".to_owned(), bytes.len() - 100..bytes.len()),
            (format!("bytes={last}-{}", last + 500), last..last + 1),
        ];
        for (range, expected) in table {
            let response = site.ask(Method::GET, path, &[("range", &range), ("if-range", &etag)]).await;
            assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT, "{range}");
            let content_range = format!("bytes {}-{}/{}", expected.start, expected.end - 1, bytes.len());
            assert_eq!(header(&response, "content-range"), content_range);
            assert_eq!(header(&response, "content-length"), expected.len().to_string());
            assert_eq!(response.bytes().await.unwrap(), bytes[expected]);
        }
        let beyond = site.ask(Method::GET, path, &[("range", &format!("bytes={}-", bytes.len()))]).await;
        assert_eq!(beyond.status(), StatusCode::RANGE_NOT_SATISFIABLE);
        assert_eq!(header(&beyond, "content-range"), format!("bytes */{}", bytes.len()));
        for headers in [[("range", "bytes=0-1,3-4"), ("x", "")], [("range", "bytes=0-1"), ("if-range", "\"other\"")]] {
            let response = site.ask(Method::GET, path, &headers).await;
            assert_eq!((response.status(), response.bytes().await.unwrap().len()), (StatusCode::OK, bytes.len()));
        }
    }
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

#[tokio::test]
async fn only_get_and_head_are_answered() {
    let site = Site::with(|_| {}).await;
    site.put("a.txt", "hello", "text/plain", None);
    let head = site.ask(Method::HEAD, "/a.txt", &[]).await;
    assert_eq!((head.status(), header(&head, "content-length")), (StatusCode::OK, "5".into()));
    assert!(head.bytes().await.unwrap().is_empty());
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
        let response = site.ask(method, "/a.txt", &[]).await;
        assert_eq!(
            (response.status(), header(&response, "allow")),
            (StatusCode::METHOD_NOT_ALLOWED, "GET, HEAD".into())
        );
    }
}

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
