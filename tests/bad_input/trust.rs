//! Stores behind TLS, by certificates of an authority that nobody else knows.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

use crate::{
    program::{Program, Told},
    rehearsal::Rehearsal,
    support::Folder,
};

/// What takes TLS off on the way to a server.
struct Tls {
    url: String,
    /// The authority's certificate, in PEM.
    authority: String,
    accepting: JoinHandle<()>,
}

impl Tls {
    /// `server` is `http://HOST:PORT`.
    async fn to(server: &str) -> Self {
        let key = || KeyPair::generate().unwrap();
        let mut of_authority = CertificateParams::default();
        of_authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(of_authority, key()).unwrap();
        let own = key();
        let certificate =
            CertificateParams::new(["localhost".to_owned()]).unwrap().signed_by(&own, &authority).unwrap();
        let own = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(own.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        let config = config.with_single_cert(vec![certificate.der().clone()], own).unwrap();
        let (acceptor, listener) =
            (TlsAcceptor::from(Arc::new(config)), TcpListener::bind("localhost:0").await.unwrap());
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let server = server.trim_start_matches("http://").to_owned();
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, server) = (acceptor.clone(), server.clone());
                tokio::spawn(async move {
                    // Who does not trust us goes away again.
                    let Ok(mut stream) = acceptor.accept(stream).await else { return };
                    let mut server = TcpStream::connect(server).await.unwrap();
                    let _ = copy_bidirectional(&mut stream, &mut server).await;
                });
            }
        });
        Self { url, authority: authority.pem(), accepting }
    }
}

impl Drop for Tls {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Publishes over TLS, trusting those in `authorities` alone.
async fn publish(rehearsal: &mut Rehearsal, tls: &Tls, authorities: &str) -> Told {
    let trusted = rehearsal.account.path().join("authorities.pem");
    std::fs::write(&trusted, authorities).unwrap();
    let program = std::mem::replace(&mut rehearsal.program, Program::new());
    rehearsal.program = program.with("SSL_CERT_FILE", trusted.to_str().unwrap()).with("AWS_ENDPOINT_URL", &tls.url);
    rehearsal.publish(&Folder::site(), &[]).await
}

#[tokio::test]
async fn a_store_whose_authority_is_trusted_is_published_to_over_tls() {
    let mut rehearsal = Rehearsal::start().await;
    let tls = Tls::to(rehearsal.proxy.url()).await;
    publish(&mut rehearsal, &tls, &tls.authority).await.is_success();
    assert!(!rehearsal.site().await.is_empty());
}

#[tokio::test]
async fn a_store_whose_authority_nobody_trusts_is_sent_nothing() {
    let mut rehearsal = Rehearsal::start().await;
    let (tls, other) = (Tls::to(rehearsal.proxy.url()).await, Tls::to(rehearsal.proxy.url()).await);
    let told = publish(&mut rehearsal, &tls, &other.authority).await;
    told.is_error("service").says("certificate");
    assert_eq!(rehearsal.site().await, []);
    assert!(rehearsal.proxy.take_calls().is_empty());
}
