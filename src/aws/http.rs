//! HTTP for S3: hyper's client, over connections that can be opened before they are needed.

use std::{
    fmt,
    future::Future,
    io,
    pin::Pin,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::{Duration, Instant},
};

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        connection::{CaptureSmithyConnection, ConnectionMetadata},
        http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::{body::SdkBody, retry::ErrorKind};
use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::{
    client::legacy::{
        self,
        connect::{CaptureConnection, HttpConnector as Tcp, capture_connection},
    },
    rt::{TokioExecutor, TokioIo, TokioTimer},
};
use tokio::{net::TcpStream, time::timeout};
use tower_service::Service;

use super::fault::find;

/// How long to wait for a connection, as the SDK's own client does.
const PATIENCE: Duration = Duration::from_millis(3100);

/// How long a connection may wait for its first request: servers close those that nobody uses.
const FRESH: Duration = Duration::from_secs(5);

type Connection = MaybeHttpsStream<TokioIo<TcpStream>>;
type Connecting = Pin<Box<dyn Future<Output = Result<Connection, BoxError>> + Send>>;

/// The SDK's HTTP client for one bucket.
#[derive(Clone)]
pub(super) struct Http {
    client: legacy::Client<Opener, SdkBody>,
    opener: Opener,
}

impl Http {
    pub fn new() -> Self {
        let opener = Opener::new();
        let mut client = legacy::Client::builder(TokioExecutor::new());
        client.pool_timer(TokioTimer::new());
        Self { client: client.build(opener.clone()), opener }
    }

    /// Opens connections to where the last one led, and keeps them for the next requests. Those that fail are none.
    pub fn warm(&self, connections: usize) {
        let Some(to) = self.opener.shared().to.clone() else { return };
        for _ in 0..connections {
            let (to, opener, opening) = (to.clone(), self.opener.clone(), self.opener.open(to.clone()));
            tokio::spawn(async move {
                let Ok(connection) = opening.await else { return };
                let mut shared = opener.shared();
                if shared.to.as_ref() == Some(&to) {
                    shared.ready.push((Instant::now(), connection));
                }
            });
        }
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Http")
    }
}

impl HttpClient for Http {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Http {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut request = match request.try_into_http1x() {
            Ok(request) => request,
            Err(error) => return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into()))),
        };
        let used = capture_connection(&mut request);
        if let Some(capture) = request.extensions().get::<CaptureSmithyConnection>() {
            capture.set_connection_retriever(move || metadata(&used));
        }
        let answer = self.client.request(request);
        HttpConnectorFuture::new(async move {
            let answer = answer.await.map_err(|error| classified(error.into()))?;
            let answer = answer.map(SdkBody::from_body_1_x);
            HttpResponse::try_from(answer).map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// By this the SDK closes a connection over which something went wrong.
fn metadata(used: &CaptureConnection) -> Option<ConnectionMetadata> {
    let proxied = used.connection_metadata().as_ref()?.is_proxied();
    let used = used.clone();
    let close = move || used.connection_metadata().as_ref().into_iter().for_each(|connected| connected.poison());
    Some(ConnectionMetadata::builder().proxied(proxied).poison_fn(close).build())
}

/// Tells what the SDK tries again from what it does not.
fn classified(error: BoxError) -> ConnectorError {
    if find::<io::Error>(&*error).is_some_and(|error| error.kind() == io::ErrorKind::TimedOut) {
        return ConnectorError::timeout(error);
    }
    let hyper = find::<hyper::Error>(&*error);
    if hyper.is_some_and(hyper::Error::is_user) {
        ConnectorError::user(error)
    } else if hyper.is_some_and(hyper::Error::is_incomplete_message) {
        ConnectorError::other(error, Some(ErrorKind::TransientError))
    } else if hyper.is_some_and(|hyper| hyper.is_closed() || hyper.is_canceled())
        || find::<legacy::Error>(&*error).is_some_and(legacy::Error::is_connect)
        || find::<io::Error>(&*error).is_some()
    {
        ConnectorError::io(error)
    } else {
        ConnectorError::other(error, None)
    }
}

/// Opens connections, or hands out those that are open already.
#[derive(Clone)]
struct Opener {
    tcp: Tcp,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    /// Where the last connection led.
    to: Option<Uri>,
    /// Connections to there that nothing was sent over, and since when.
    ready: Vec<(Instant, Connection)>,
}

/// The machine's certificate authorities are read when the first server wants to be trusted.
static TLS: LazyLock<Result<HttpsConnector<Tcp>, String>> = LazyLock::new(|| {
    let roots = HttpsConnectorBuilder::new().with_native_roots().map_err(|error| error.to_string())?;
    Ok(roots.https_only().enable_http1().wrap_connector(tcp()))
});

fn tcp() -> Tcp {
    let mut tcp = Tcp::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp
}

impl Opener {
    fn new() -> Self {
        Self { tcp: tcp(), shared: Arc::default() }
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self, to: Uri) -> Connecting {
        let mut tcp = self.tcp.clone();
        let opening = async move {
            if to.scheme_str() == Some("http") {
                return Ok(MaybeHttpsStream::Http(tcp.call(to).await?));
            }
            let tls = TLS.as_ref().map_err(|why| BoxError::from(why.as_str()))?;
            tls.clone().call(to).await
        };
        Box::pin(async move {
            let opened: Result<_, BoxError> = timeout(PATIENCE, opening).await.unwrap_or_else(|_| {
                let seconds = PATIENCE.as_secs_f32();
                Err(io::Error::new(io::ErrorKind::TimedOut, format!("no connection within {seconds} s")).into())
            });
            opened
        })
    }
}

impl Service<Uri> for Opener {
    type Response = Connection;
    type Error = BoxError;
    type Future = Connecting;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, to: Uri) -> Connecting {
        {
            let mut shared = self.shared();
            if shared.to.as_ref() != Some(&to) {
                shared.ready.clear();
                shared.to = Some(to.clone());
            }
            shared.ready.retain(|(since, _)| since.elapsed() < FRESH);
            if let Some((_, connection)) = shared.ready.pop() {
                return Box::pin(std::future::ready(Ok(connection)));
            }
        }
        self.open(to)
    }
}
