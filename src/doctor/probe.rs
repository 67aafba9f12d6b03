//! Asking the site as a visitor would.

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Uri, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

use super::{Probed, evidence::Purpose};

/// A visitor waits no longer for one answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A browser follows 20; no sound site has more than 3.
const MOST_REDIRECTS: usize = 10;

/// No page is longer (8 MiB); what is beyond is not read.
const MOST_BYTES: usize = 8 << 20;

/// How many bytes of a body are kept.
const BEGINNING: usize = 2048;

/// A visitor of the site.
pub struct Visitor {
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
    rehearsal: Option<SocketAddr>,
}

impl Visitor {
    /// A visitor who goes to the addresses that DNS gives, or to a rehearsal of the site at `rehearsal`: an edge without
    /// TLS that knows the site by the `Host` header.
    ///
    /// # Errors
    /// The machine's certificate authorities cannot be read.
    pub fn new(rehearsal: Option<SocketAddr>) -> std::io::Result<Self> {
        let connector =
            HttpsConnectorBuilder::new().with_native_roots()?.https_or_http().enable_http1().build();
        Ok(Self { client: Client::builder(TokioExecutor::new()).build(connector), rehearsal })
    }

    /// Asks for `url` and follows its redirects.
    pub async fn visit(&self, purpose: Purpose, url: &str) -> Probed {
        let mut probed = Probed {
            purpose,
            url: url.to_owned(),
            redirects: Vec::new(),
            status: None,
            error: None,
            headers: Vec::new(),
            length: 0,
            beginning: String::new(),
        };
        let mut next = url.to_owned();
        while let Some(at) = Some(next.clone()) {
            match tokio::time::timeout(PATIENCE, self.ask(&at)).await {
                Err(_) => probed.error = Some(format!("no answer within {} s", PATIENCE.as_secs())),
                Ok(Err(why)) => probed.error = Some(why),
                Ok(Ok(answer)) => {
                    if let Some(to) = answer.redirect(&at)
                        && probed.redirects.len() < MOST_REDIRECTS
                    {
                        probed.redirects.push((answer.status, to.clone()));
                        next = to;
                        continue;
                    }
                    probed.status = Some(answer.status);
                    probed.length = answer.body.len() as u64;
                    let beginning = &answer.body[..answer.body.len().min(BEGINNING)];
                    probed.beginning = String::from_utf8_lossy(beginning).into_owned();
                    probed.headers = answer.headers;
                }
            }
            break;
        }
        probed
    }

    async fn ask(&self, url: &str) -> Result<Answer, String> {
        let uri: Uri = url.parse().map_err(|error| format!("{url} is no URL: {error}"))?;
        let host = uri.authority().map(|authority| authority.as_str().to_owned()).unwrap_or_default();
        let target = match self.rehearsal {
            None => uri,
            Some(address) => {
                let path = uri.path_and_query().map_or("/", |path| path.as_str());
                format!("http://{address}{path}").parse().map_err(|error| format!("{url}: {error}"))?
            }
        };
        let request = Request::builder()
            .method(Method::GET)
            .uri(target)
            .header(header::HOST, host)
            .header(header::USER_AGENT, concat!("cruddur-site/", env!("CARGO_PKG_VERSION")))
            .header(header::ACCEPT, HeaderValue::from_static("text/html,*/*"))
            .header(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip, br"))
            .body(Empty::new())
            .map_err(|error| error.to_string())?;
        let response = self.client.request(request).await.map_err(|error| chain(&error))?;
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, MOST_BYTES).collect().await.map_err(|error| error.to_string())?.to_bytes();
        let headers = parts.headers.iter().filter_map(|(name, value)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        });
        Ok(Answer { status: parts.status.as_u16(), headers: headers.collect(), body })
    }
}

struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Bytes,
}

impl Answer {
    /// Where a redirect leads, as a whole URL.
    fn redirect(&self, from: &str) -> Option<String> {
        if !matches!(self.status, 301 | 302 | 303 | 307 | 308) {
            return None;
        }
        let (_, location) = self.headers.iter().find(|(name, _)| name == "location")?;
        let base = url::Url::parse(from).ok()?;
        base.join(location).ok().map(Into::into)
    }
}

/// An error and its causes in one line: the innermost says what happened.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.last().map(ToString::to_string).unwrap_or_default()
}
