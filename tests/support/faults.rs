//! What goes wrong between a program and AWS: a proxy on loopback that passes requests on, and answers some of them itself.

use std::{
    convert::Infallible,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use futures::stream;
use http::{HeaderMap, Method, Request, Response, Uri};
use http_body_util::{BodyExt as _, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    body::{Frame, Incoming},
    client::conn::http1 as client,
    server::conn::http1 as server,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinHandle,
};

type Body = UnsyncBoxBody<Bytes, io::Error>;

/// What happens to a request.
#[derive(Clone)]
enum Effect {
    /// It is answered so, and AWS never sees it.
    Answer { status: u16, headers: Vec<(&'static str, String)>, body: String },
    /// The connection ends without an answer, and AWS never sees it.
    Reset,
    /// AWS carries it out, and the connection ends in the middle of the answer's body.
    CutAnswer,
    /// The first byte of its body is another one when it reaches AWS.
    Corrupt,
    /// It reaches AWS later.
    Delay(Duration),
    /// It reaches AWS once [`Held::release`] says so.
    Hold(Arc<Semaphore>),
}

/// A rule of the proxy: which requests, and what happens to them.
#[derive(Clone)]
pub struct Fault {
    operation: &'static str,
    path: String,
    spared: usize,
    left: usize,
    effect: Effect,
}

impl Fault {
    fn new(operation: &'static str, effect: Effect) -> Self {
        Self { operation, path: String::new(), spared: 0, left: usize::MAX, effect }
    }

    /// Requests of an operation are answered with a status and a body.
    pub fn answer(operation: &'static str, status: u16, body: impl Into<String>) -> Self {
        Self::new(operation, Effect::Answer { status, headers: Vec::new(), body: body.into() })
    }

    /// S3 refuses with its error document (S3 API reference, "Error responses").
    pub fn s3(operation: &'static str, status: u16, code: &str, message: &str) -> Self {
        Self::s3_with(operation, status, code, message, "")
    }

    /// S3 refuses, with `more` elements in its error document.
    pub fn s3_with(operation: &'static str, status: u16, code: &str, message: &str, more: &str) -> Self {
        let head = r#"<?xml version="1.0" encoding="UTF-8"?>"#;
        let body = format!(
            "{head}\n<Error><Code>{code}</Code><Message>{message}</Message>{more}<RequestId>4442587FB7D0A2F9</RequestId></Error>"
        );
        Self::answer(operation, status, body)
    }

    /// CloudFront refuses with its error document (CloudFront API reference, "Common error types").
    pub fn cloudfront(operation: &'static str, status: u16, code: &str, message: &str) -> Self {
        let namespace = "http://cloudfront.amazonaws.com/doc/2020-05-31/";
        let body = format!(
            r#"<?xml version="1.0"?><ErrorResponse xmlns="{namespace}"><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error><RequestId>410c2a4b-e435-49c9-8382-3770d80d7d4c</RequestId></ErrorResponse>"#
        );
        Self::answer(operation, status, body)
    }

    /// The connection ends without an answer.
    pub fn reset(operation: &'static str) -> Self {
        Self::new(operation, Effect::Reset)
    }

    /// The answer's body breaks off in its middle.
    pub fn cut_answer(operation: &'static str) -> Self {
        Self::new(operation, Effect::CutAnswer)
    }

    /// A byte is changed on its way to AWS.
    pub fn corrupt(operation: &'static str) -> Self {
        Self::new(operation, Effect::Corrupt)
    }

    /// Requests take longer.
    pub fn delay(operation: &'static str, by: Duration) -> Self {
        Self::new(operation, Effect::Delay(by))
    }

    /// Requests wait until they are released.
    pub fn hold(operation: &'static str) -> (Self, Held) {
        let gate = Arc::new(Semaphore::new(0));
        (Self::new(operation, Effect::Hold(gate.clone())), Held(gate))
    }

    /// Only where the path and query contain `part`.
    #[must_use]
    pub fn of(self, part: impl Into<String>) -> Self {
        Self { path: part.into(), ..self }
    }

    /// Not the first `spared` of them.
    #[must_use]
    pub fn after(self, spared: usize) -> Self {
        Self { spared, ..self }
    }

    /// At most `times`.
    #[must_use]
    pub fn times(self, times: usize) -> Self {
        Self { left: times, ..self }
    }

    /// With a header in the answer.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        if let Effect::Answer { headers, .. } = &mut self.effect {
            headers.push((name, value.to_owned()));
        }
        self
    }
}

/// Requests that wait at the proxy.
pub struct Held(Arc<Semaphore>);

impl Held {
    /// Lets all of them pass, and those that come later.
    pub fn release(&self) {
        self.0.add_permits(Semaphore::MAX_PERMITS / 2);
    }
}

/// A request that came to the proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// What AWS calls it: `PutObject`.
    pub operation: &'static str,
    /// Its path and query.
    pub path: String,
    /// Whether AWS has answered it; a request that was cut off, or still waits, has no effect yet.
    pub answered: bool,
}

#[derive(Default)]
struct State {
    faults: Vec<Fault>,
    seen: Vec<Seen>,
}

/// The proxy, listening on a free port of 127.0.0.1 until dropped.
pub struct Proxy {
    url: String,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Starts to pass requests on to `upstream`, `http://ADDRESS:PORT`.
    pub async fn to(upstream: &str) -> Self {
        let upstream: Arc<str> = upstream.trim_start_matches("http://").into();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::new(Mutex::new(State::default()));
        let shared = state.clone();
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            loop {
                let Ok((stream, _)) = listener.accept().await else { return };
                connections.spawn(serve(stream, upstream.clone(), shared.clone()));
            }
        });
        Self { url, state, task }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Adds a fault; where several fit, the first added happens.
    pub fn inject(&self, fault: Fault) {
        self.state.lock().unwrap().faults.push(fault);
    }

    /// Ends all faults and forgets what was seen. What is held stays held.
    pub fn clear(&self) {
        *self.state.lock().unwrap() = State::default();
    }

    /// The requests of an operation whose path and query contain `part`.
    pub fn seen(&self, operation: &str, part: &str) -> Vec<Seen> {
        let state = self.state.lock().unwrap();
        state.seen.iter().filter(|seen| seen.operation == operation && seen.path.contains(part)).cloned().collect()
    }

    /// Waits until so many requests of an operation have come.
    ///
    /// # Panics
    /// When they do not within 30 s.
    pub async fn wait_for(&self, operation: &str, part: &str, count: usize, answered: bool) {
        for _ in 0..3000 {
            if self.seen(operation, part).iter().filter(|seen| seen.answered || !answered).count() >= count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{count} {operation} of {part} did not come: {:?}", self.state.lock().unwrap().seen);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(stream: TcpStream, upstream: Arc<str>, state: Arc<Mutex<State>>) {
    let service = service_fn(|request| answer(request, upstream.clone(), state.clone()));
    // A connection that ends is what some faults are about.
    let _ = server::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(
    request: Request<Incoming>,
    upstream: Arc<str>,
    state: Arc<Mutex<State>>,
) -> Result<Response<Body>, io::Error> {
    let operation = operation(request.method(), request.uri(), request.headers());
    let path = request.uri().to_string();
    let (number, effect) = {
        let mut state = state.lock().unwrap();
        state.seen.push(Seen { operation, path: path.clone(), answered: false });
        let fault = state.faults.iter_mut().find(|f| f.operation == operation && path.contains(&f.path) && f.left > 0);
        let effect = fault.and_then(|fault| match fault.spared.checked_sub(1) {
            Some(spared) => {
                fault.spared = spared;
                None
            }
            None => {
                fault.left -= 1;
                Some(fault.effect.clone())
            }
        });
        (state.seen.len() - 1, effect)
    };
    if matches!(effect, Some(Effect::Reset)) {
        return Err(io::ErrorKind::ConnectionReset.into());
    }
    let (head, body) = request.into_parts();
    let mut body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let mut cut = false;
    match effect {
        Some(Effect::Answer { status, headers, body }) => {
            let mut answer = Response::builder().status(status);
            for (name, value) in headers {
                answer = answer.header(name, value);
            }
            let body = if head.method == Method::HEAD { String::new() } else { body };
            return Ok(answer.body(whole(body.into())).expect("a well-formed answer"));
        }
        Some(Effect::Corrupt) => {
            let mut bytes = body.to_vec();
            bytes[0] ^= 1;
            body = bytes.into();
        }
        Some(Effect::Delay(by)) => tokio::time::sleep(by).await,
        Some(Effect::Hold(gate)) => drop(gate.acquire().await.expect("a gate that is never closed")),
        Some(Effect::CutAnswer) => cut = true,
        Some(Effect::Reset) | None => {}
    }
    let (head, body) = pass_on(&upstream, Request::from_parts(head, Full::new(body))).await?.into_parts();
    if let Some(seen) = state.lock().unwrap().seen.get_mut(number) {
        seen.answered = true;
    }
    let body = if cut { half(&body) } else { whole(body) };
    Ok(Response::from_parts(head, body))
}

async fn pass_on(upstream: &str, request: Request<Full<Bytes>>) -> Result<Response<Bytes>, io::Error> {
    let stream = TcpStream::connect(upstream).await?;
    let (mut sender, connection) = client::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    let connection = tokio::spawn(connection);
    let (head, body) = sender.send_request(request).await.map_err(io::Error::other)?.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    connection.abort();
    Ok(Response::from_parts(head, body))
}

fn whole(body: Bytes) -> Body {
    Full::new(body).map_err(|never: Infallible| match never {}).boxed_unsync()
}

fn half(body: &Bytes) -> Body {
    let begun = Ok(Frame::data(body.slice(..body.len() / 2)));
    StreamBody::new(stream::iter([begun, Err(io::ErrorKind::ConnectionReset.into())])).boxed_unsync()
}

/// What AWS calls the request (S3 and CloudFront API references).
fn operation(method: &Method, uri: &Uri, headers: &HeaderMap) -> &'static str {
    let (path, query) = (uri.path(), uri.query().unwrap_or_default());
    let has = |name: &str| query.split('&').any(|pair| pair.split('=').next() == Some(name));
    if path.starts_with("/2020-05-31/") {
        return match (method.as_str(), path.contains("/invalidation")) {
            ("POST", true) => "CreateInvalidation",
            ("GET", true) => "GetInvalidation",
            ("GET", false) if path.ends_with("/distribution") => "ListDistributions",
            _ => "GetDistribution",
        };
    }
    match method.as_str() {
        "GET" if has("uploads") => "ListMultipartUploads",
        "GET" if has("uploadId") => "ListParts",
        "GET" if has("list-type") => "ListObjectsV2",
        "GET" => "GetObject",
        "HEAD" => "HeadObject",
        "PUT" if has("uploadId") => "UploadPart",
        "PUT" if headers.contains_key("x-amz-copy-source") => "CopyObject",
        "PUT" => "PutObject",
        "POST" if has("delete") => "DeleteObjects",
        "POST" if has("uploads") => "CreateMultipartUpload",
        "POST" => "CompleteMultipartUpload",
        "DELETE" if has("uploadId") => "AbortMultipartUpload",
        _ => "DeleteObject",
    }
}
