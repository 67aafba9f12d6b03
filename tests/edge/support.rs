//! A site for the stories: an account in memory, an edge with a clock that is set by hand, and a viewer.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use cruddur_site::{
    Error, ErrorKind, Result,
    local::{
        edge::{BucketAccess, Edge, EdgeServer, InvalidationSeen, Origin, RequestLine},
        model::StoredObject,
    },
    routing::{Routing, javascript::code},
    setup::{
        observed::{self, AccessControl, Distribution},
        policy::policy_of_bucket,
        site::{CACHING_OPTIMIZED, SECURITY_HEADERS},
    },
    site::Headers,
};
use jiff::Timestamp;
use reqwest::{Client, Method, Response, redirect::Policy};
use serde_json::json;

/// An account in memory with its blobs in a temporary folder.
#[derive(Default)]
pub struct Account {
    pub distributions: Mutex<Vec<Distribution>>,
    pub objects: Mutex<HashMap<(String, String), StoredObject>>,
    pub invalidations: Mutex<Vec<InvalidationSeen>>,
    /// Buckets whose access is not that of [`access`].
    pub buckets: Mutex<HashMap<String, BucketAccess>>,
    pub access_controls: Mutex<Vec<AccessControl>>,
    /// LIVE code by ARN.
    pub functions: Mutex<HashMap<String, String>>,
    pub failure: Mutex<Option<ErrorKind>>,
    pub reads: AtomicU64,
    pub blobs: Option<tempfile::TempDir>,
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

    fn bucket(&self, name: &str) -> Result<Option<BucketAccess>> {
        Ok(Some(self.buckets.lock().unwrap().get(name).cloned().unwrap_or_else(|| access(name))))
    }

    fn access_control(&self, id: &str) -> Result<Option<AccessControl>> {
        Ok(self.access_controls.lock().unwrap().iter().find(|control| control.id == id).cloned())
    }

    fn function_code(&self, arn: &str) -> Result<Option<String>> {
        Ok(self.functions.lock().unwrap().get(arn).cloned())
    }

    fn invalidations_after(&self, _: &str, sequence: u64) -> Result<Vec<InvalidationSeen>> {
        let all = self.invalidations.lock().unwrap();
        Ok(all.iter().filter(|seen| seen.sequence > sequence).cloned().collect())
    }
}

pub const MODIFIED: &str = "Sun, 01 Nov 2026 10:00:00 GMT";

pub struct Site {
    pub account: Arc<Account>,
    pub seconds: Arc<AtomicI64>,
    pub log: Arc<Mutex<Vec<RequestLine>>>,
    pub server: EdgeServer,
    pub client: Client,
}

/// The access that `live/` of a bucket gives to the distributions of these stories: the policy of bootstrap for each.
pub fn access(bucket: &str) -> BucketAccess {
    let arn = format!("arn:aws:s3:::{bucket}");
    let of = |id| {
        policy_of_bucket(&arn, "live", &format!("arn:aws:cloudfront::000000000000:distribution/{id}"), None, false)
    };
    let statements: Vec<_> =
        ["E1", "E2"].map(of).iter().flat_map(|policy| policy["Statement"].as_array().unwrap().clone()).collect();
    BucketAccess {
        region: "eu-central-1".into(),
        policy: Some(json!({ "Version": "2012-10-17", "Statement": statements })),
        restricts_public: true,
        website: None,
    }
}

/// The access control that every origin here has.
pub fn access_control() -> AccessControl {
    AccessControl {
        id: "EOAC".into(),
        etag: "E".into(),
        name: "one".into(),
        origin_type: "s3".into(),
        signing_behavior: "always".into(),
        signing_protocol: "sigv4".into(),
    }
}

pub fn distribution(id: &str, alias: &str, bucket: &str) -> Distribution {
    Distribution {
        id: id.into(),
        arn: format!("arn:aws:cloudfront::000000000000:distribution/{id}"),
        domain_name: format!("{}.cloudfront.net", id.to_lowercase()),
        etag: "E".into(),
        deployed: true,
        enabled: true,
        aliases: vec![alias.into()],
        comment: String::new(),
        default_root_object: "index.html".into(),
        origin: observed::Origin {
            id: "origin".into(),
            domain: format!("{bucket}.s3.eu-central-1.amazonaws.com"),
            path: "/live".into(),
            is_s3: true,
            access_control: "EOAC".into(),
            access_identity: String::new(),
            protocol_policy: String::new(),
        },
        behavior: observed::Behavior {
            origin: "origin".into(),
            viewer_protocol: "redirect-to-https".into(),
            methods: vec!["GET".into(), "HEAD".into()],
            cache_policy: CACHING_OPTIMIZED.into(),
            origin_request_policy: String::new(),
            response_headers_policy: SECURITY_HEADERS.into(),
            compress: true,
            viewer_request_function: String::new(),
            viewer_request_lambda: false,
        },
        behaviors: Vec::new(),
        certificate: None,
        minimum_tls: "TLSv1.2_2021".into(),
        tls_support: "sni-only".into(),
        http_version: "http2and3".into(),
        ipv6: true,
        price_class: None,
        error_responses: Vec::new(),
        web_acl: String::new(),
        tags: BTreeMap::new(),
    }
}

/// The ARN of the function that does `routing`.
pub fn router(routing: Routing) -> String {
    format!("arn:aws:cloudfront::000000000000:function/{}", routing.function_name("one-example"))
}

impl Site {
    /// One distribution, changed by `change`, on an account without objects.
    pub async fn with(change: impl FnOnce(&mut Distribution)) -> Self {
        let mut only = distribution("E1", "one.example", "bucket");
        change(&mut only);
        Self::of(vec![only]).await
    }

    pub async fn of(distributions: Vec<Distribution>) -> Self {
        let account = Arc::new(Account {
            distributions: Mutex::new(distributions),
            blobs: Some(tempfile::tempdir().unwrap()),
            access_controls: Mutex::new(vec![access_control()]),
            functions: Mutex::new(
                Routing::ALL.map(|routing| (router(routing), code(Some(routing), "one.example", &[]))).into(),
            ),
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
    pub fn put(&self, key: &str, bytes: impl AsRef<[u8]>, content_type: &str, cache_control: Option<&str>) {
        let headers = Headers {
            content_type: Some(content_type.into()),
            cache_control: cache_control.map(Into::into),
            ..Headers::default()
        };
        self.put_with("bucket", key, bytes.as_ref(), headers);
    }

    pub fn put_with(&self, bucket: &str, key: &str, bytes: &[u8], headers: Headers) {
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

    pub fn remove(&self, key: &str) {
        self.account.objects.lock().unwrap().remove(&("bucket".into(), format!("live/{key}")));
    }

    pub fn invalidate(&self, path: &str) {
        let mut all = self.account.invalidations.lock().unwrap();
        let sequence = all.len() as u64 + 1;
        all.push(InvalidationSeen { sequence, paths: vec![path.into()] });
    }

    pub fn pass(&self, seconds: i64) {
        self.seconds.fetch_add(seconds, Ordering::SeqCst);
    }

    pub fn reads(&self) -> u64 {
        self.account.reads.load(Ordering::SeqCst)
    }

    pub async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
        let url = format!("http://127.0.0.1:{}{path}", self.server.port());
        let request = headers.iter().fold(self.client.request(method, url), |r, (name, value)| r.header(*name, *value));
        request.send().await.unwrap()
    }

    pub async fn get(&self, path: &str) -> Response {
        self.ask(Method::GET, path, &[]).await
    }

    /// Status, `X-Cache` without "from cloudfront", and body.
    pub async fn seen(&self, path: &str) -> (u16, String, String) {
        let response = self.get(path).await;
        let x_cache = header(&response, "x-cache").replace(" from cloudfront", "");
        (response.status().as_u16(), x_cache, response.text().await.unwrap())
    }
}

pub fn header(response: &Response, name: &str) -> String {
    response.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

pub fn seen(status: u16, x_cache: &str, body: &str) -> (u16, String, String) {
    (status, x_cache.into(), body.into())
}
