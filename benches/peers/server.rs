//! The server, in a process of its own, and the way to talk to it: a line on its standard input, an answer of a line.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Arc, Mutex, atomic::Ordering::Relaxed},
    time::Duration,
};

use http::{Request, Response};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use s3s::{Body, service::S3Service};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::net::{TcpListener, TcpStream};

use super::{
    child,
    delay::{Traffic, wire},
    s3::{self, Requests},
    store::Store,
};

/// What came to the server since it was last asked.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Seen {
    /// Requests by operation.
    pub requests: BTreeMap<String, u64>,
    /// Answers that nobody expects of a store in good order, by their status.
    pub refused: BTreeMap<u16, u64>,
    /// Bytes from clients, heads included.
    pub received: u64,
    /// Bytes to clients, heads included.
    pub sent: u64,
    /// The server's own CPU time in seconds.
    pub cpu: f64,
}

/// A server that runs until it is dropped.
pub struct Server {
    process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    url: String,
}

impl Server {
    /// Starts one that is `round_trip` milliseconds away.
    pub fn start(round_trip: u64) -> Result<Self, String> {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let mut command = Command::new(program);
        command.args(["serve", &round_trip.to_string()]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().map_err(|error| error.to_string())?;
        let output = BufReader::new(process.stdout.take().expect("a pipe"));
        let input = process.stdin.take();
        let mut server = Self { process, input, output, url: String::new() };
        server.url = server.answer()?;
        Ok(server)
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What came since this was last asked.
    pub fn take(&mut self) -> Result<Seen, String> {
        self.ask("take")
    }

    /// Empties a bucket.
    pub fn clear(&mut self, bucket: &str) -> Result<(), String> {
        self.ask(&format!("clear {bucket}"))
    }

    /// The keys of the site in a bucket.
    pub fn keys(&mut self, bucket: &str) -> Result<Vec<String>, String> {
        self.ask(&format!("keys {bucket}"))
    }

    fn ask<A: DeserializeOwned>(&mut self, question: &str) -> Result<A, String> {
        let input = self.input.as_mut().expect("an input until the server is dropped");
        writeln!(input, "{question}").map_err(|error| format!("the server has ended: {error}"))?;
        self.answer()
    }

    fn answer<A: DeserializeOwned>(&mut self) -> Result<A, String> {
        let mut line = String::new();
        self.output.read_line(&mut line).map_err(|error| format!("the server has ended: {error}"))?;
        serde_json::from_str(&line).map_err(|error| format!("the server said {line:?}: {error}"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The server ends with its input.
        self.input.take();
        let _ = self.process.wait();
    }
}

/// What all connections share.
#[derive(Clone)]
struct Shared {
    service: S3Service,
    requests: Requests,
    refused: Arc<Mutex<BTreeMap<u16, u64>>>,
    traffic: Arc<Traffic>,
    store: Arc<Mutex<Store>>,
}

/// Serves until standard input ends.
pub fn serve(round_trip: u64) -> Result<(), String> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| error.to_string())?;
    let (store, requests) = (Arc::<Mutex<Store>>::default(), Requests::default());
    let service = s3::service(store.clone(), requests.clone());
    let shared = Shared { service, requests, refused: Arc::default(), traffic: Arc::default(), store };
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    runtime.spawn(accept(listener, Duration::from_millis(round_trip), shared.clone()));
    say(&format!("http://{address}"));
    let mut cpu = 0.0;
    for line in std::io::stdin().lines() {
        let line = line.map_err(|error| error.to_string())?;
        match line.split_once(' ').unwrap_or((&line, "")) {
            ("clear", bucket) => say(&shared.store.lock().unwrap().clear(bucket)),
            ("keys", bucket) => say(&shared.store.lock().unwrap().keys(bucket).collect::<Vec<_>>()),
            ("take", _) => {
                let now = child::own_cpu();
                say(&shared.take(now - cpu));
                cpu = now;
            }
            _ => return Err(format!("the server does not know what {line:?} is")),
        }
    }
    Ok(())
}

fn say<A: Serialize>(answer: &A) {
    println!("{}", serde_json::to_string(answer).expect("plain values"));
}

impl Shared {
    fn take(&self, cpu: f64) -> Seen {
        Seen {
            requests: std::mem::take(&mut self.requests.lock().unwrap()),
            refused: std::mem::take(&mut self.refused.lock().unwrap()),
            received: self.traffic.received.swap(0, Relaxed),
            sent: self.traffic.sent.swap(0, Relaxed),
            cpu,
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Body>, s3s::HttpError> {
        let answer = self.service.call(request.map(Body::from)).await?;
        let status = answer.status().as_u16();
        // That something is not there, or not as it was, is an answer like others.
        if status >= 400 && status != 404 && status != 412 {
            *self.refused.lock().unwrap().entry(status).or_default() += 1;
        }
        Ok(answer)
    }
}

async fn accept(listener: TcpListener, round_trip: Duration, shared: Shared) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(connection(stream, round_trip, shared.clone()))),
            // Too many files are open for the moment.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn connection(stream: TcpStream, round_trip: Duration, shared: Shared) {
    let _ = stream.set_nodelay(true);
    let io = TokioIo::new(wire(stream, round_trip, shared.traffic.clone()));
    let service = service_fn(move |request| {
        let shared = shared.clone();
        async move { shared.answer(request).await }
    });
    // A connection that breaks concerns its client, who sees it too.
    let _ = http1::Builder::new().timer(TokioTimer::new()).serve_connection(io, service).await;
}
