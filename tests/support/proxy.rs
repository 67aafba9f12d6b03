//! A proxy that stands between the program and an endpoint of AWS's APIs: it records every request, and can hold
//! back or refuse some.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri, Version, header};
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo};
use percent_encoding::percent_decode_str;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

/// A request, as AWS's API references name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiCall {
    /// The operation, such as `PutObject` or `CreateInvalidation`.
    pub operation: &'static str,
    /// S3: the object's key, or empty for calls on the bucket. CloudFront: the path below the API's version.
    pub key: String,
    /// The length of the request's body in bytes, where it was told.
    pub length: u64,
}

impl ApiCall {
    /// Whether CloudFront was called; S3 otherwise.
    pub fn is_cloudfront(&self) -> bool {
        CLOUDFRONT.contains(&self.operation)
    }

    /// Whether the call can change something.
    pub fn writes(&self) -> bool {
        !matches!(self.operation.get(..3), Some("Get" | "Hea" | "Lis"))
    }

    fn of(request: &Request<Incoming>) -> Self {
        let (method, headers, query) = (request.method(), request.headers(), request.uri().query().unwrap_or_default());
        let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        let path = request.uri().path().trim_start_matches('/');
        let (first, rest) = path.split_once('/').unwrap_or((path, ""));
        let operation = match first {
            CLOUDFRONT_VERSION => cloudfront_operation(method, rest),
            _ => s3_operation(method, !rest.is_empty(), query, headers),
        };
        let key = percent_decode_str(rest).decode_utf8_lossy().into_owned();
        Self { operation, key, length: length.unwrap_or(0) }
    }
}

/// The first part of every CloudFront path: the API's version.
const CLOUDFRONT_VERSION: &str = "2020-05-31";
const CLOUDFRONT: [&str; 5] =
    ["ListDistributions", "GetDistribution", "CreateInvalidation", "GetInvalidation", "another call of CloudFront"];

fn cloudfront_operation(method: &Method, path: &str) -> &'static str {
    let parts: Vec<&str> = path.split('/').collect();
    match (method.as_str(), parts.as_slice()) {
        ("GET", ["distribution"]) => "ListDistributions",
        ("GET", ["distribution", _]) => "GetDistribution",
        ("POST", ["distribution", _, "invalidation"]) => "CreateInvalidation",
        ("GET", ["distribution", _, "invalidation", _]) => "GetInvalidation",
        _ => "another call of CloudFront",
    }
}

fn s3_operation(method: &Method, has_key: bool, query: &str, headers: &HeaderMap) -> &'static str {
    let asks = |name: &str| query.split('&').any(|pair| pair.split('=').next() == Some(name));
    match (method.as_str(), has_key) {
        ("GET", false) if asks("list-type") => "ListObjectsV2",
        ("GET", false) if asks("uploads") => "ListMultipartUploads",
        ("POST", false) if asks("delete") => "DeleteObjects",
        ("GET", true) if asks("uploadId") => "ListParts",
        ("GET", true) => "GetObject",
        ("HEAD", true) => "HeadObject",
        ("PUT", true) if asks("partNumber") => "UploadPart",
        ("PUT", true) if headers.contains_key("x-amz-copy-source") => "CopyObject",
        ("PUT", true) => "PutObject",
        ("POST", true) if asks("uploads") => "CreateMultipartUpload",
        ("POST", true) if asks("uploadId") => "CompleteMultipartUpload",
        ("DELETE", true) if asks("uploadId") => "AbortMultipartUpload",
        ("DELETE", true) => "DeleteObject",
        _ => "another call of S3",
    }
}

/// Picks calls.
type Picks = dyn Fn(&ApiCall) -> bool + Send + Sync;

/// A call that is held back. It goes on when this is dropped.
pub struct Held {
    arrived: oneshot::Receiver<()>,
    _go_on: oneshot::Sender<()>,
}

impl Held {
    /// Waits until the call has arrived.
    pub async fn arrived(&mut self) {
        (&mut self.arrived).await.expect("the proxy's word that the call is there");
    }
}

/// The proxy's side of a [`Held`] call.
struct Hold {
    picks: Box<Picks>,
    arrived: oneshot::Sender<()>,
    go_on: oneshot::Receiver<()>,
}

struct Shared {
    endpoint: String,
    client: Client<HttpConnector, Incoming>,
    calls: Mutex<Vec<ApiCall>>,
    refuses: Mutex<Box<Picks>>,
    hold: Mutex<Option<Hold>>,
}

/// The proxy, on a free port of 127.0.0.1 until dropped.
pub struct Proxy {
    url: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Starts to forward to `endpoint`, such as `http://127.0.0.1:5000`.
    pub async fn start(endpoint: &str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("the port"));
        // A connection for each request: moto closes them, and one that is being closed would lose the next request.
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build_http();
        let shared = Arc::new(Shared {
            endpoint: endpoint.to_owned(),
            client,
            calls: Mutex::default(),
            refuses: Mutex::new(Box::new(|_| false)),
            hold: Mutex::default(),
        });
        let task = tokio::spawn(accept(listener, shared.clone()));
        Self { url, shared, task }
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where it forwards to.
    pub fn endpoint(&self) -> &str {
        &self.shared.endpoint
    }

    /// The calls since this was last asked, in the order they arrived.
    pub fn take_calls(&self) -> Vec<ApiCall> {
        std::mem::take(&mut self.shared.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on answers 403 `AccessDenied` to the calls that `refuses` picks, without forwarding them.
    pub fn refuse(&self, refuses: impl Fn(&ApiCall) -> bool + Send + Sync + 'static) {
        *self.shared.refuses.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(refuses);
    }

    /// Holds back the first call that `picks` picks, before it reaches the endpoint.
    pub fn hold(&self, picks: impl Fn(&ApiCall) -> bool + Send + Sync + 'static) -> Held {
        let ((here, arrived), (go_on, gone_on)) = (oneshot::channel(), oneshot::channel());
        let hold = Hold { picks: Box::new(picks), arrived: here, go_on: gone_on };
        *self.shared.hold.lock().unwrap_or_else(PoisonError::into_inner) = Some(hold);
        Held { arrived, _go_on: go_on }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Takes connections until it is aborted, which ends them too.
async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        // Where that cannot be set, answers only take longer.
        let _ = stream.set_nodelay(true);
        let shared = shared.clone();
        let service = service_fn(move |request| {
            let shared = shared.clone();
            async move { Ok::<_, Infallible>(shared.answer(request).await) }
        });
        // A connection that breaks concerns the program, which sees it too.
        connections.spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        while connections.try_join_next().is_some() {}
    }
}

type Body = UnsyncBoxBody<Bytes, hyper::Error>;

impl Shared {
    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let call = ApiCall::of(&request);
        let refused = self.refuses.lock().unwrap_or_else(PoisonError::into_inner)(&call);
        let held = {
            let mut hold = self.hold.lock().unwrap_or_else(PoisonError::into_inner);
            hold.take_if(|hold| (hold.picks)(&call))
        };
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
        if let Some(hold) = held {
            // Where nobody waits any more, the call goes on at once.
            let _ = hold.arrived.send(());
            let _ = hold.go_on.await;
        }
        if refused { denied() } else { self.forward(request).await }
    }

    /// Sends the request on as it is: its signature covers the host it was meant for.
    async fn forward(&self, mut request: Request<Incoming>) -> Response<Body> {
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
        *request.uri_mut() = format!("{}{target}", self.endpoint).parse::<Uri>().expect("an address and a path");
        match self.client.request(request).await {
            Ok(mut response) => {
                // moto speaks HTTP/1.0; the connection to the program is our own.
                *response.version_mut() = Version::HTTP_11;
                response.headers_mut().remove(header::CONNECTION);
                response.map(BodyExt::boxed_unsync)
            }
            Err(error) => answer(StatusCode::BAD_GATEWAY, error.to_string()),
        }
    }
}

fn denied() -> Response<Body> {
    let body = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>";
    answer(StatusCode::FORBIDDEN, body.to_owned())
}

fn answer(status: StatusCode, body: String) -> Response<Body> {
    let body = Full::new(Bytes::from(body)).map_err(|never| match never {}).boxed_unsync();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}
