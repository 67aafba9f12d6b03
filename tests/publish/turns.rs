//! A proxy that lets the requests of several programs pass one at a time, in an order that a seed decides, and that can
//! be a store which does not know conditional writes.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, header};
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

/// Who waits for a turn, in no order.
#[derive(Default)]
struct Queue(Mutex<Vec<oneshot::Sender<oneshot::Sender<()>>>>);

/// The proxy's tasks end when it is dropped.
pub struct Turns {
    endpoint: String,
    conditions: Conditions,
    queue: Arc<Queue>,
    tasks: Vec<JoinHandle<()>>,
}

impl Turns {
    /// Passes on to `endpoint`, in an order of this seed.
    pub fn new(endpoint: &str, conditions: Conditions, seed: u64) -> Self {
        let queue = Arc::new(Queue::default());
        let tasks = vec![tokio::spawn(call(queue.clone(), seed))];
        Self { endpoint: endpoint.to_owned(), conditions, queue, tasks }
    }

    /// One more address to reach it at.
    pub async fn url(&mut self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (queue, endpoint, conditions) = (self.queue.clone(), self.endpoint.clone(), self.conditions);
        self.tasks.push(tokio::spawn(async move {
            let client = Client::builder(TokioExecutor::new()).build_http();
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (queue, endpoint, client) = (queue.clone(), endpoint.clone(), client.clone());
                connections.spawn(async move {
                    let service = service_fn(|request| pass(request, &queue, &endpoint, &client, conditions));
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

/// Calls one after the other.
async fn call(queue: Arc<Queue>, seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    loop {
        // Long enough for whoever was just answered to ask again.
        tokio::time::sleep(Duration::from_millis(1)).await;
        let next = {
            let mut waiting = queue.0.lock().unwrap();
            if waiting.is_empty() {
                continue;
            }
            let one = random.usize(..waiting.len());
            waiting.swap_remove(one)
        };
        let (done, is_done) = oneshot::channel();
        // Somebody who has gone, or goes in the middle, needs no more time.
        if next.send(done).is_ok() {
            let _ = is_done.await;
        }
    }
}

async fn pass(
    request: Request<Incoming>,
    queue: &Queue,
    endpoint: &str,
    client: &Client<HttpConnector, Full<Bytes>>,
    conditions: Conditions,
) -> Result<Response<Full<Bytes>>, hyper_util::client::legacy::Error> {
    let (mut head, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let (send, turn) = oneshot::channel();
    queue.0.lock().unwrap().push(send);
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
    let (head, body) = answer.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let _ = done.send(());
    Ok(Response::from_parts(head, Full::new(body)))
}

/// What a site's objects hold, by key.
pub type Bodies = BTreeMap<String, Vec<u8>>;
