//! A proxy that lets the requests of several programs pass one at a time, in an order that a seed decides, and that can
//! be a store which does not know conditional writes.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, header};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo},
};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

/// How a store takes conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conditions {
    /// As S3 does.
    Heeded,
    /// With `501 NotImplemented`.
    Refused,
    /// Not at all: for accounts that look at no signature.
    Ignored,
}

/// Who waits for a turn, and who had one.
#[derive(Default)]
struct Queue {
    waiting: Mutex<Vec<Waiting>>,
    order: Mutex<Vec<String>>,
}

/// A request that waits.
struct Waiting {
    /// The program that it is of, its method, path and query.
    name: String,
    turn: oneshot::Sender<oneshot::Sender<()>>,
}

/// The proxy's tasks end when it is dropped.
pub struct Turns {
    endpoint: String,
    conditions: Conditions,
    queue: Arc<Queue>,
    tasks: Vec<JoinHandle<()>>,
    programs: usize,
}

impl Turns {
    /// Passes on to `endpoint`, in an order of this seed.
    pub fn new(endpoint: &str, conditions: Conditions, seed: u64) -> Self {
        let queue = Arc::new(Queue::default());
        let tasks = vec![tokio::spawn(call(queue.clone(), seed))];
        Self { endpoint: endpoint.to_owned(), conditions, queue, tasks, programs: 0 }
    }

    /// The requests that have passed, in their order.
    pub fn order(&self) -> Vec<String> {
        self.queue.order.lock().unwrap().clone()
    }

    /// An address to reach it at, for one more program.
    pub async fn url(&mut self) -> String {
        let program = self.programs;
        self.programs += 1;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (queue, endpoint, conditions) = (self.queue.clone(), self.endpoint.clone(), self.conditions);
        self.tasks.push(tokio::spawn(async move {
            let client = Client::builder(TokioExecutor::new()).build_http();
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (queue, endpoint, client) = (queue.clone(), endpoint.clone(), client.clone());
                connections.spawn(async move {
                    let service = service_fn(|request| pass(program, request, &queue, &endpoint, &client, conditions));
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                });
            }
        }));
        url
    }
}

impl Drop for Turns {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Calls one after the other. In a runtime of one thread whose time is stopped, time passes only when nobody has anything to do but
/// to wait here: then the seed alone decides.
async fn call(queue: Arc<Queue>, seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    loop {
        // Long enough for whoever was just answered to ask again.
        tokio::time::sleep(Duration::from_millis(1)).await;
        let Waiting { name, turn: next } = {
            let mut waiting = queue.waiting.lock().unwrap();
            if waiting.is_empty() {
                continue;
            }
            // In which order they came is chance.
            waiting.sort_by(|one, other| one.name.cmp(&other.name));
            let one = random.usize(..waiting.len());
            waiting.remove(one)
        };
        queue.order.lock().unwrap().push(name);
        let (done, is_done) = oneshot::channel();
        // Somebody who has gone, or goes in the middle, needs no more time.
        if next.send(done).is_ok() {
            let _ = is_done.await;
        }
    }
}

async fn pass(
    program: usize,
    request: Request<Incoming>,
    queue: &Queue,
    endpoint: &str,
    client: &Client<HttpConnector, Full<Bytes>>,
    conditions: Conditions,
) -> Result<Response<Full<Bytes>>, hyper_util::client::legacy::Error> {
    let (mut head, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let (send, turn) = oneshot::channel();
    let name = format!("{program} {} {}", head.method, head.uri);
    queue.waiting.lock().unwrap().push(Waiting { name, turn: send });
    let done = turn.await.expect("a caller");
    let conditional =
        |headers: &HeaderMap| headers.contains_key(header::IF_MATCH) || headers.contains_key(header::IF_NONE_MATCH);
    if head.method == http::Method::PUT && conditional(&head.headers) {
        match conditions {
            Conditions::Heeded => {}
            Conditions::Refused => {
                let error = "<Error><Code>NotImplemented</Code><Message>A header you provided implies functionality that is not \
                             implemented</Message></Error>";
                let answer = Response::builder().status(501).body(Full::new(Bytes::from(error)));
                return Ok(answer.expect("a well-formed answer"));
            }
            Conditions::Ignored => {
                head.headers.remove(header::IF_MATCH);
                head.headers.remove(header::IF_NONE_MATCH);
            }
        }
    }
    // The signature covers the host that the request was meant for, which is in its headers.
    head.uri = format!("{endpoint}{}", head.uri).parse().expect("a URL");
    let answer = client.request(Request::from_parts(head, Full::new(body))).await?;
    let (mut head, body) = answer.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let body = in_one_second(&mut head.headers, body);
    let _ = done.send(());
    Ok(Response::from_parts(head, Full::new(body)))
}

/// Says of every object that it was written in the same second, so that nothing depends on when a second ends. Objects that are not
/// older than the manifest have to be looked at; others need not. None was written before a publish began: what was listed while its
/// manifest was read says nothing.
fn in_one_second(headers: &mut HeaderMap, body: Bytes) -> Bytes {
    if let Some(modified) = headers.get_mut(header::LAST_MODIFIED) {
        *modified = HeaderValue::from_static("Thu, 21 Nov 2126 06:30:00 GMT");
    }
    match std::str::from_utf8(&body) {
        Ok(list) if list.contains("<ListBucketResult") => {
            let times = regex::Regex::new("<LastModified>[^<]*<").expect("a pattern");
            let list = times.replace_all(list, "<LastModified>2126-11-21T06:30:00.000Z<").into_owned();
            headers.insert(header::CONTENT_LENGTH, list.len().into());
            list.into()
        }
        _ => body,
    }
}

/// What a site's objects hold, by key.
pub type Bodies = BTreeMap<String, Vec<u8>>;
