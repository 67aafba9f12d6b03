//! One loopback listener for all services of the account.

use std::{convert::Infallible, net::SocketAddr, time::Duration};

use http::{HeaderMap, Request, Response, header::AUTHORIZATION};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use s3s::{Body, service::S3Service};
use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

use crate::{Error, ErrorKind, Result};

use super::{Account, acm, cloudfront, iam, route53, s3, sts};

/// The one access key of a local account.
pub const ACCESS_KEY_ID: &str = "LOCALACCOUNT";

/// Its secret, which is none: the account is reached over loopback only.
pub const SECRET_ACCESS_KEY: &str = "local-account-secret-access-key";

/// The region of buckets made without saying which, and of CloudFront.
pub const REGION: &str = "us-east-1";

/// The pause after a connection could not be accepted.
const ACCEPT_AGAIN: Duration = Duration::from_millis(10);

/// The account's services, listening on a free port of 127.0.0.1 until dropped.
#[derive(Debug)]
pub struct ApiServer {
    url: String,
    task: JoinHandle<()>,
}

impl ApiServer {
    /// Starts to listen.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when no port of the loopback interface is free.
    pub async fn start(account: Account) -> Result<Self> {
        let listening = async {
            let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
            let address = listener.local_addr()?;
            Ok::<_, std::io::Error>((listener, address))
        };
        let (listener, address) = listening.await.map_err(|error| {
            Error::new(
                ErrorKind::Io,
                "the local account could not listen on 127.0.0.1",
                "check that programs may open loopback ports here",
            )
            .because(error)
        })?;
        let services = Services { s3: s3::service(account.clone()), account };
        Ok(Self { url: format!("http://{address}"), task: tokio::spawn(accept(listener, services)) })
    }

    /// The endpoint of every service: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for ApiServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Takes connections until it is aborted, which ends them too.
async fn accept(listener: TcpListener, services: Services) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(connections.spawn(serve(stream, services.clone()))),
                // The client went away, or this process has too many files open for the moment.
                Err(_) => tokio::time::sleep(ACCEPT_AGAIN).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, services: Services) {
    // Small answers must not wait for a client's delayed acknowledgement; where that cannot be set, they are slower.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let services = services.clone();
        async move { Ok::<_, Infallible>(services.answer(request).await) }
    });
    let connection = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    // A connection that breaks concerns its client, who sees it too.
    let _ = connection.await;
}

#[derive(Clone)]
struct Services {
    s3: S3Service,
    account: Account,
}

impl Services {
    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        match CredentialScope::of(request.headers()).map(|scope| scope.service).as_deref() {
            Some("cloudfront") => cloudfront::answer(&self.account, request).await,
            Some("acm") => acm::answer(&self.account, request).await,
            Some("route53") => route53::answer(&self.account, request).await,
            Some("iam") => iam::answer(&self.account, request).await,
            Some("sts") => sts::answer(&self.account, request).await,
            // Requests without a signature are S3's to refuse.
            Some("s3") | None => self.s3.call(request.map(Body::from)).await.unwrap_or_else(|error| {
                let cause: Box<dyn std::error::Error + Send + Sync> = error.into();
                cloudfront::refuse(&cloudfront::Refusal::internal(&cause))
            }),
            Some(other) => cloudfront::refuse(&cloudfront::Refusal::not_implemented(other)),
        }
    }
}

/// The scope of a signature: `KEY/DATE/REGION/SERVICE/aws4_request` (IAM User Guide, "Elements of an AWS API request
/// signature").
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CredentialScope {
    /// Whose key signed.
    pub(crate) access_key_id: String,
    /// The region it is signed for.
    pub(crate) region: String,
    /// The service it is signed for.
    pub(crate) service: String,
}

impl CredentialScope {
    /// The scope of the `Authorization` header.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let authorization = headers.get(AUTHORIZATION)?.to_str().ok()?;
        let (_, rest) = authorization.strip_prefix("AWS4-HMAC-SHA256")?.split_once("Credential=")?;
        let mut scope = rest.split([',', ' ']).next()?.rsplit('/');
        let (_terminator, service, region, _date) = (scope.next()?, scope.next()?, scope.next()?, scope.next()?);
        Some(Self { access_key_id: scope.next()?.to_owned(), region: region.to_owned(), service: service.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scope_of_a_signature_names_key_region_and_service() {
        let table = [
            (
                "AWS4-HMAC-SHA256 Credential=AKID/20261121/eu-west-1/s3/aws4_request, SignedHeaders=host, Signature=0",
                Some(("AKID", "eu-west-1", "s3")),
            ),
            (
                "AWS4-HMAC-SHA256 SignedHeaders=host,Credential=AKID/20261121/us-east-1/cloudfront/aws4_request",
                Some(("AKID", "us-east-1", "cloudfront")),
            ),
            ("AWS4-HMAC-SHA256 Credential=AKID", None),
            ("AWS AKID:signature", None),
        ];
        for (header, expected) in table {
            let headers = HeaderMap::from_iter([(AUTHORIZATION, header.parse().unwrap())]);
            let scope = CredentialScope::of(&headers);
            let scope = scope.as_ref().map(|scope| (&*scope.access_key_id, &*scope.region, &*scope.service));
            assert_eq!(scope, expected, "{header}");
        }
    }
}
