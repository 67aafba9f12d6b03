//! An endpoint that answers by a script: for throttling, delays and long lists.

use std::{
    collections::VecDeque,
    convert::Infallible,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::world::World;

/// A request that came.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The action of a JSON protocol (`ListCertificates`), or else method and path with its query.
    pub action: String,
    /// The body; JSON where it is.
    pub body: Value,
}

/// What is answered, in this order; whatever is asked after the last answer is refused.
pub struct Script {
    pub world: World,
    asked: Arc<Mutex<Vec<Asked>>>,
    left: Arc<Mutex<VecDeque<(u16, String)>>>,
    server: JoinHandle<()>,
}

impl Script {
    pub async fn of(answers: impl IntoIterator<Item = (u16, String)>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let left = Arc::new(Mutex::new(answers.into_iter().collect::<VecDeque<_>>()));
        let shared = (Arc::clone(&asked), Arc::clone(&left));
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (asked, left) = shared.clone();
                let service = service_fn(move |request: Request<Incoming>| {
                    let (asked, left) = (Arc::clone(&asked), Arc::clone(&left));
                    async move {
                        let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok());
                        let action = target.and_then(|target| target.split('.').nth(1)).map(str::to_owned);
                        let action = action.unwrap_or_else(|| format!("{} {}", request.method(), request.uri()));
                        let body = request.into_body().collect().await.unwrap().to_bytes();
                        let text = String::from_utf8_lossy(&body).into_owned();
                        let body = serde_json::from_slice(&body).unwrap_or(Value::String(text));
                        asked.lock().unwrap().push(Asked { action, body });
                        let answer = left.lock().unwrap().pop_front();
                        let (status, body) = answer.unwrap_or((400, json!({"__type": "ScriptEnded"}).to_string()));
                        let response = Response::builder().status(status).body(Full::new(Bytes::from(body)));
                        Ok::<_, Infallible>(response.unwrap())
                    }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        let world = World::at(&endpoint, ("testing", "testing"), "123456789012").await;
        Self { world, asked, left, server }
    }

    /// What was asked, once every answer was given.
    pub fn asked(&self) -> Vec<Asked> {
        let left = self.left.lock().unwrap();
        assert!(left.is_empty(), "answers that nobody wanted: {left:?}");
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// An answer of a JSON protocol.
pub fn said(body: Value) -> (u16, String) {
    (200, body.to_string())
}

/// A refusal of a JSON protocol.
pub fn refused(code: &str, message: &str) -> (u16, String) {
    (400, json!({"__type": code, "message": message}).to_string())
}

/// A refusal of Route 53 (Route 53 API reference, "Common errors").
pub fn refused_xml(code: &str, message: &str) -> (u16, String) {
    let body = format!(
        r#"<?xml version="1.0"?><ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error><RequestId>r</RequestId></ErrorResponse>"#
    );
    (400, body)
}
