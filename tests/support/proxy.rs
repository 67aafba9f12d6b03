//! A proxy on loopback between a program and AWS: it passes requests on, records them as the operations they are, and
//! injects [faults](super::faults).

use std::{
    io, mem,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, header, request};
use hyper::{body::Incoming, server::conn::http1 as server, service::service_fn};
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};
use tokio_util::sync::CancellationToken;

use super::{
    faults::{Effect, Fault},
    operations::{CLOUDFRONT_VERSION, Service},
    upstream::{Body, Upstream, collected, half, whole},
};

/// A request that came to the proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The service it is of.
    pub service: Service,
    /// What AWS calls it: `PutObject`.
    pub operation: &'static str,
    /// Its path and query, as they were sent.
    pub path: String,
    /// S3: the object's key, or empty for calls on the bucket. CloudFront: the path below the API's version.
    pub key: String,
    /// The length of its body in bytes, where it was told; otherwise 0.
    pub length: u64,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, where that is no file's: at most 64 KiB.
    pub body: Bytes,
    /// Whether AWS has answered it; a request that was cut off, or still waits, has no effect yet.
    pub answered: bool,
}

impl Call {
    /// The call that a request is; `form` is its body where its service speaks forms.
    fn of<B>(request: &Request<B>, form: &str) -> Self {
        let (uri, headers, service) = (request.uri(), request.headers(), Service::of(request));
        let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        let below = uri.path().trim_start_matches('/');
        let (_, rest) = below.split_once('/').unwrap_or((below, ""));
        Self {
            service,
            operation: service.operation(request, form),
            path: uri.to_string(),
            key: percent_decode_str(rest).decode_utf8_lossy().into_owned(),
            length: length.unwrap_or(0),
            headers: headers.clone(),
            body: Bytes::new(),
            answered: false,
        }
    }

    /// Whether CloudFront was called; S3 otherwise.
    pub fn is_cloudfront(&self) -> bool {
        self.path.trim_start_matches('/').split('/').next() == Some(CLOUDFRONT_VERSION)
    }

    /// Whether it can change something. What is not known to be a read can.
    pub fn writes(&self) -> bool {
        !["Get", "Head", "List", "Describe", "Simulate"].iter().any(|verb| self.operation.starts_with(verb))
    }
}

/// Sees every call and what becomes of it, and decides more than a list of faults can say.
pub trait Watch: Send + Sync {
    /// What happens to a call that has come whole; `None` passes it on.
    fn meets(&self, call: &Call) -> Option<Effect>;

    /// AWS has carried a call out, and nobody has heard so yet.
    fn passed(&self, call: &Call, answer: &Response<Bytes>);

    /// Held while AWS carries a call out, so that what [`passed`](Self::passed) looks at is what the call made.
    fn turn(&self) -> &tokio::sync::Mutex<()>;
}

/// The most that is kept of a request's body: documents are smaller, files may be larger.
const KEPT: usize = 64 << 10;

/// The record, and the faults that are left.
#[derive(Default)]
struct State {
    faults: Vec<Fault>,
    calls: Vec<Call>,
    /// How many calls came before `calls`: one that is forgotten while it waits must not pass for another.
    forgotten: usize,
}

impl State {
    /// Records a call, and hands out its number and what happens to it.
    fn record(&mut self, call: Call) -> (usize, Option<Effect>) {
        let effect = self.faults.iter_mut().find(|fault| fault.fits(&call)).and_then(Fault::strike);
        self.calls.push(call);
        (self.forgotten + self.calls.len() - 1, effect)
    }

    /// A call that is not forgotten.
    fn call(&mut self, number: usize) -> Option<&mut Call> {
        self.calls.get_mut(number.checked_sub(self.forgotten)?)
    }

    fn answered(&mut self, number: usize) {
        if let Some(call) = self.call(number) {
            call.answered = true;
        }
    }

    fn take_calls(&mut self) -> Vec<Call> {
        self.forgotten += self.calls.len();
        mem::take(&mut self.calls)
    }
}

struct Shared {
    upstream: Upstream,
    state: Mutex<State>,
    watch: Option<Arc<dyn Watch>>,
    outage: CancellationToken,
}

/// The proxy, listening on a free port of 127.0.0.1 until dropped.
pub struct Proxy {
    url: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Starts to pass requests on to `endpoint`, `http://ADDRESS:PORT`.
    pub async fn to(endpoint: &str) -> Self {
        Self::start(Upstream::new(endpoint), None).await
    }

    /// Like [`Proxy::to`], of an endpoint that keeps its connections open.
    pub async fn keeping_connections(endpoint: &str) -> Self {
        Self::start(Upstream::keeping_connections(endpoint), None).await
    }

    /// Like [`Proxy::to`], with somebody who sees and decides about what no fault is about; and the endpoint keeps its
    /// connections open.
    pub async fn watched(endpoint: &str, watch: Arc<dyn Watch>) -> Self {
        Self::start(Upstream::keeping_connections(endpoint), Some(watch)).await
    }

    async fn start(upstream: Upstream, watch: Option<Arc<dyn Watch>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let shared = Arc::new(Shared { upstream, state: Mutex::default(), watch, outage: CancellationToken::new() });
        let task = tokio::spawn(accept(listener, shared.clone()));
        Self { url, shared, task }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where it passes requests on to.
    pub fn endpoint(&self) -> &str {
        &self.shared.upstream.endpoint
    }

    /// Adds a fault; where several fit, the first added happens.
    pub fn inject(&self, fault: Fault) {
        self.shared.state.lock().unwrap().faults.push(fault);
    }

    /// Ends all faults and forgets all calls. What is held stays held.
    pub fn clear(&self) {
        let mut state = self.shared.state.lock().unwrap();
        state.faults.clear();
        state.take_calls();
    }

    /// The calls since they were last taken or cleared, in the order they came. Faults stay.
    pub fn take_calls(&self) -> Vec<Call> {
        self.shared.state.lock().unwrap().take_calls()
    }

    /// The calls of an operation whose path and query contain `part`.
    pub fn seen(&self, operation: &str, part: &str) -> Vec<Call> {
        let state = self.shared.state.lock().unwrap();
        state.calls.iter().filter(|call| call.operation == operation && call.path.contains(part)).cloned().collect()
    }

    /// Waits until so many calls of an operation have come.
    ///
    /// # Panics
    /// When they do not within 30 s.
    pub async fn wait_for(&self, operation: &str, part: &str, count: usize, answered: bool) {
        for _ in 0..3000 {
            if self.seen(operation, part).iter().filter(|call| call.answered || !answered).count() >= count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{count} {operation} of {part} did not come: {:?}", self.shared.state.lock().unwrap().calls);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Takes connections until it is aborted or an outage begins, which ends them too.
async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    let accepting = async {
        while let Ok((stream, _)) = listener.accept().await {
            connections.spawn(serve(stream, shared.clone()));
            while connections.try_join_next().is_some() {}
        }
    };
    tokio::select! {
        () = accepting => {}
        () = shared.outage.cancelled() => {}
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    // Where that cannot be set, answers only take longer.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| shared.clone().answer(request));
    // A connection that ends is what some faults are about.
    let _ = server::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

impl Shared {
    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> io::Result<Response<Body>> {
        let service = Service::of(&request);
        let (head, incoming) = request.into_parts();
        let (mut body, mut incoming) = (Bytes::new(), Some(incoming));
        // A form is its operation, and who watches is told all there is.
        if (service.speaks_forms() || self.watch.is_some())
            && let Some(incoming) = incoming.take()
        {
            body = collected(incoming).await?;
        }
        let head = Request::from_parts(head, ());
        let form = if service.speaks_forms() { std::str::from_utf8(&body).unwrap_or_default() } else { "" };
        let mut call = Call::of(&head, form);
        if body.len() <= KEPT {
            call.body = body.clone();
        }
        let decided = self.watch.as_ref().and_then(|watch| watch.meets(&call));
        let (number, effect) = self.state.lock().unwrap().record(call.clone());
        let effect = effect.or(decided);
        match effect {
            Some(Effect::Reset) => return Err(io::ErrorKind::ConnectionReset.into()),
            Some(Effect::Outage) => {
                self.outage.cancel();
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            _ => {}
        }
        if let Some(incoming) = incoming {
            body = collected(incoming).await?;
            if let Some(call) = self.state.lock().unwrap().call(number).filter(|_| body.len() <= KEPT) {
                call.body = body.clone();
            }
        }
        let (head, ()) = head.into_parts();
        let (mut cut, mut lost) = (false, false);
        match effect {
            Some(Effect::Answer { status, headers, body }) => {
                let body = if head.method == Method::HEAD { String::new() } else { body };
                return Ok(canned(status, headers, body));
            }
            Some(Effect::Refuse { status, code }) => {
                let (kind, body) = service.error(code, "injected");
                let body = if head.method == Method::HEAD { String::new() } else { body };
                // Nobody has to wait before a retry (AWS SDKs and Tools Reference Guide, "Retry behavior").
                let headers = vec![("content-type", kind.to_owned()), ("x-amz-retry-after", "1".to_owned())];
                return Ok(canned(status, headers, body));
            }
            Some(Effect::CutRequest) => {
                let request = Request::from_parts(head, half(&body));
                // AWS does not answer what never came whole.
                let _ = self.upstream.pass_alone(request).await;
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            Some(Effect::Kill { reaches, killed }) => {
                if reaches {
                    self.carry_out(number, call, head, body).await?;
                }
                killed.notify_one();
                return std::future::pending().await;
            }
            Some(Effect::Corrupt) => {
                let mut bytes = body.to_vec();
                bytes[0] ^= 1;
                body = bytes.into();
            }
            Some(Effect::Delay(by)) => tokio::time::sleep(by).await,
            Some(Effect::Hold(gate)) => drop(gate.acquire().await.expect("a gate that is never closed")),
            Some(Effect::CutAnswer) => cut = true,
            Some(Effect::Lose) => lost = true,
            Some(Effect::Reset | Effect::Outage) | None => {}
        }
        let (head, body) = self.carry_out(number, call, head, body).await?.into_parts();
        if lost {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        let body = if cut { half(&body) } else { whole(body) };
        Ok(Response::from_parts(head, body))
    }

    /// Lets AWS carry a call out. Who watches hears of it even where the program hangs up meanwhile, as AWS would.
    async fn carry_out(
        self: &Arc<Self>,
        number: usize,
        call: Call,
        head: request::Parts,
        body: Bytes,
    ) -> io::Result<Response<Bytes>> {
        let request = Request::from_parts(head, whole(body));
        let shared = self.clone();
        let carrying_out = async move {
            let turn = match &shared.watch {
                Some(watch) => Some(watch.turn().lock().await),
                None => None,
            };
            let answer = shared.upstream.pass_on(request).await?;
            shared.state.lock().unwrap().answered(number);
            if let Some(watch) = &shared.watch {
                watch.passed(&call, &answer);
            }
            drop(turn);
            Ok(answer)
        };
        if self.watch.is_none() {
            return carrying_out.await;
        }
        tokio::spawn(carrying_out).await.map_err(io::Error::other)?
    }
}

fn canned(status: u16, headers: Vec<(&'static str, String)>, body: String) -> Response<Body> {
    let mut answer = Response::builder().status(status);
    for (name, value) in headers {
        answer = answer.header(name, value);
    }
    answer.body(whole(body.into())).expect("a well-formed answer")
}
