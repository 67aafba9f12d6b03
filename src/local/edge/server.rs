//! The edge on loopback HTTP.

use std::{convert::Infallible, io, net::Ipv4Addr, net::Ipv6Addr, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::{body::Frame, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::AsyncReadExt as _,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
};

use super::{
    Edge,
    forward::Forward,
    respond::{Content, Reply, X_CACHE},
};
use crate::{Error, ErrorKind, Result};

/// The port tried first when none is asked for.
pub const DEFAULT_PORT: u16 = 8080;

/// Bytes read from a file at a time (64 KiB).
const CHUNK: u64 = 64 << 10;
/// How long open connections may take to end when the server stops.
const GRACE: Duration = Duration::from_secs(5);
/// How often a free port of IPv4 may turn out to be taken for IPv6.
const FREE_PORT_TRIES: usize = 8;

type ResponseBody = UnsyncBoxBody<Bytes, io::Error>;

/// A serving [`Edge`]. It stops when dropped; [`EdgeServer::shutdown`] also waits for the answers under way.
#[derive(Debug)]
pub struct EdgeServer {
    port: u16,
    stop: watch::Sender<()>,
    serving: Vec<JoinHandle<()>>,
}

impl Edge {
    /// Serves on `127.0.0.1` and, where this machine has it, on `[::1]`: browsers take either for `*.localhost`.
    ///
    /// Port `Some(0)` is any free one. Without a port it is [`DEFAULT_PORT`], or any free one where that is taken.
    /// Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// The port asked for is taken, or this process may not listen on it.
    pub async fn listen(self, port: Option<u16>) -> Result<EdgeServer> {
        let listeners = match port {
            Some(port) => listeners(port).await,
            None => match listeners(DEFAULT_PORT).await {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => listeners(0).await,
                result => result,
            },
        };
        let listeners = listeners.map_err(|error| not_listening(port.unwrap_or(DEFAULT_PORT), &error))?;
        let port = listeners.first().map_or(0, |(_, port)| *port);
        let edge = Arc::new(self);
        let (stop, _) = watch::channel(());
        let serving = listeners
            .into_iter()
            .map(|(listener, _)| tokio::spawn(accept(listener, edge.clone(), stop.subscribe())))
            .collect();
        Ok(EdgeServer { port, stop, serving })
    }
}

impl EdgeServer {
    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where a browser on this machine finds the site `domain`.
    pub fn url_for(&self, domain: &str) -> String {
        let host = domain.strip_suffix(".localhost").unwrap_or(domain);
        let host = if host == "localhost" { host.to_owned() } else { format!("{host}.localhost") };
        format!("http://{host}:{}/", self.port)
    }

    /// Stops taking connections, and waits up to five seconds for the answers under way.
    pub async fn shutdown(mut self) {
        // No receiver is no error: then there is nothing to stop.
        let _ = self.stop.send(());
        for task in std::mem::take(&mut self.serving) {
            let _ = task.await;
        }
    }
}

async fn listeners(port: u16) -> io::Result<Vec<(TcpListener, u16)>> {
    let mut tries = if port == 0 { FREE_PORT_TRIES } else { 1 };
    loop {
        tries -= 1;
        let v4 = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
        let port = v4.local_addr()?.port();
        match TcpListener::bind(SocketAddr::from((Ipv6Addr::LOCALHOST, port))).await {
            Ok(v6) => return Ok(vec![(v4, port), (v6, port)]),
            // Another program there would answer browsers that prefer IPv6.
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && tries == 0 => return Err(error),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            Err(_) => return Ok(vec![(v4, port)]),
        }
    }
}

fn not_listening(port: u16, error: &io::Error) -> Error {
    let (what, next) = if error.kind() == io::ErrorKind::AddrInUse {
        (format!("port {port} is taken by another program"), "stop that program, or choose another port with --port")
    } else {
        (format!("port {port} of this machine cannot be listened on"), "choose another port with --port, 1024 or above")
    };
    Error::new(ErrorKind::Io, what, next).because(error)
}

/// Takes connections until told to stop, then waits for those that are open.
async fn accept(listener: TcpListener, edge: Arc<Edge>, mut stop: watch::Receiver<()>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stop.changed() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(converse(stream, edge.clone(), stop.clone()));
                }
                // Out of file descriptors, most likely: the connections that end will free some.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    let ended = tokio::time::timeout(GRACE, async { while connections.join_next().await.is_some() {} });
    // Those that did not end in time are aborted with the set.
    let _ = ended.await;
}

/// Answers the requests of one connection.
async fn converse(stream: TcpStream, edge: Arc<Edge>, mut stop: watch::Receiver<()>) {
    let service = service_fn(move |request| respond(edge.clone(), request));
    let connection = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    // A connection that breaks concerns only the viewer, who knows.
    tokio::select! {
        _ = connection.as_mut() => {}
        _ = stop.changed() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

async fn respond(edge: Arc<Edge>, request: Request<Incoming>) -> Result<Response<ResponseBody>, Infallible> {
    let (parts, sent) = request.into_parts();
    let request = Arc::new(Request::from_parts(parts, ()));
    let (answering, asked) = (edge.clone(), request.clone());
    let reply = tokio::task::spawn_blocking(move || answering.answer(&asked)).await;
    Ok(match reply {
        Ok(Reply::Ready(response)) => response.map(body),
        Ok(Reply::Forward(forward)) => forwarded(&edge, &request, *forward, sent).await,
        Err(_) => failed(),
    })
}

/// What a server on this machine answers.
async fn forwarded(edge: &Edge, request: &Request<()>, forward: Forward, sent: Incoming) -> Response<ResponseBody> {
    let mut response = match edge.forwarder.send(forward, sent).await {
        Ok(mut response) => {
            response.headers_mut().insert(X_CACHE, HeaderValue::from_static("Miss from cloudfront"));
            response.map(|body| body.map_err(io::Error::other).boxed_unsync())
        }
        Err(response) => (*response).map(body),
    };
    edge.finish(request, &mut response);
    response
}

fn failed() -> Response<ResponseBody> {
    let mut response = Response::new(body(Content::Memory(Bytes::new())));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}

fn body(content: Content) -> ResponseBody {
    match content {
        Content::Memory(bytes) => Full::new(bytes).map_err(|never| match never {}).boxed_unsync(),
        Content::File(file, length) => {
            let chunks = stream::try_unfold((tokio::fs::File::from_std(file), length), next_chunk);
            StreamBody::new(chunks.map_ok(Frame::data).boxed()).boxed_unsync()
        }
    }
}

type Rest = (tokio::fs::File, u64);

/// Up to [`CHUNK`] bytes, and what is left after them. A file that ends too early breaks the connection, so that the
/// viewer does not take a part for the whole.
async fn next_chunk((mut file, left): Rest) -> io::Result<Option<(Bytes, Rest)>> {
    if left == 0 {
        return Ok(None);
    }
    let mut chunk = Vec::new();
    (&mut file).take(left.min(CHUNK)).read_to_end(&mut chunk).await?;
    if chunk.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let left = left - chunk.len() as u64;
    Ok(Some((chunk.into(), (file, left))))
}
