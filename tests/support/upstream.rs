//! The way from a [`Proxy`](super::proxy::Proxy) to AWS, and the bodies that go it.

use std::{convert::Infallible, io};

use bytes::Bytes;
use futures::stream;
use http::{Request, Response, Uri, Version, header};
use http_body_util::{BodyExt as _, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    body::{Frame, Incoming},
    client::conn::http1 as client,
};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo},
};
use tokio::net::TcpStream;

use super::moto;

pub(super) type Body = UnsyncBoxBody<Bytes, io::Error>;

/// Where requests are passed on to.
pub(super) struct Upstream {
    /// `http://ADDRESS:PORT`.
    pub endpoint: String,
    /// Connections that are used again; without them every request has its own.
    kept: Option<Client<HttpConnector, Body>>,
}

impl Upstream {
    /// An endpoint to which every request has a connection of its own: moto closes them, and one that is being closed would
    /// lose the next request.
    pub fn new(endpoint: &str) -> Self {
        Self { endpoint: endpoint.to_owned(), kept: None }
    }

    /// An endpoint that keeps its connections open.
    pub fn keeping_connections(endpoint: &str) -> Self {
        let kept = Client::builder(TokioExecutor::new()).build_http();
        Self { endpoint: endpoint.to_owned(), kept: Some(kept) }
    }

    /// Sends a request on as it is, for its signature covers the host it was meant for.
    pub async fn pass_on(&self, mut request: Request<Body>) -> io::Result<Response<Bytes>> {
        let Some(client) = &self.kept else { return self.pass_alone(request).await };
        *request.uri_mut() = format!("{}{}", self.endpoint, request.uri()).parse::<Uri>().map_err(io::Error::other)?;
        let (head, body) = client.request(request).await.map_err(io::Error::other)?.into_parts();
        Ok(Response::from_parts(head, collected(body).await?))
    }

    /// Sends a request on over a connection of its own.
    pub async fn pass_alone(&self, request: Request<Body>) -> io::Result<Response<Bytes>> {
        let stream = TcpStream::connect(self.endpoint.trim_start_matches("http://")).await?;
        // Where that cannot be set, answers only take longer.
        let _ = stream.set_nodelay(true);
        let (mut sender, connection) = client::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        let connection = tokio::spawn(connection);
        let (mut head, body) = sender.send_request(request).await.map_err(io::Error::other)?.into_parts();
        let body = collected(body).await?;
        connection.abort();
        let body = match moto::mended(&body) {
            Some(mended) => {
                head.headers.insert(header::CONTENT_LENGTH, mended.len().into());
                mended
            }
            None => body,
        };
        // moto speaks HTTP/1.0; the connection to the program is our own.
        head.version = Version::HTTP_11;
        head.headers.remove(header::CONNECTION);
        Ok(Response::from_parts(head, body))
    }
}

pub(super) async fn collected(body: Incoming) -> io::Result<Bytes> {
    Ok(body.collect().await.map_err(io::Error::other)?.to_bytes())
}

/// A body that arrives.
pub(super) fn whole(body: Bytes) -> Body {
    Full::new(body).map_err(|never: Infallible| match never {}).boxed_unsync()
}

/// A body that breaks off in its middle.
pub(super) fn half(body: &Bytes) -> Body {
    let begun = Ok(Frame::data(body.slice(..body.len() / 2)));
    StreamBody::new(stream::iter([begun, Err(io::ErrorKind::ConnectionReset.into())])).boxed_unsync()
}
