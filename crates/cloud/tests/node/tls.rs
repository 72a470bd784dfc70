//! TLS in both directions: webhooks to `https` receivers, and the API behind TLS.

use crate::support::{PHONE, Stack, TOKEN, VERIFY, two_tenants};
use cloud::{Credentials, Doors, Https, Trust};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::{TlsAcceptor, TlsConnector};

const TEXT: &str = r#"{"messaging_product":"whatsapp","to":"491512345678","text":{"body":"hi"}}"#;

/// An authority that vouches for whomever it is asked to.
struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    /// A certificate and its key.
    fn vouch(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }

    fn roots(&self) -> Arc<RootCertStore> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.pem.as_bytes()).unwrap()).unwrap();
        Arc::new(roots)
    }

    fn trust(&self, own: Option<&(String, String)>) -> Trust {
        let own = own.map(|(chain, key)| Credentials::from_pem(chain.as_bytes(), key.as_bytes()).unwrap());
        Trust::new(Some(self.pem.as_bytes()), own).unwrap()
    }
}

/// A receiver with TLS, who wants to see a client's certificate if `asks`; gives its port, and the first lines of what it heard.
async fn receiver(authority: &Authority, asks: bool) -> (u16, mpsc::UnboundedReceiver<String>) {
    let (chain, key) = authority.vouch("localhost");
    let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let builder = if asks {
        let provider = Arc::new(default_provider());
        let verifier =
            WebPkiClientVerifier::builder_with_provider(authority.roots(), provider).build().unwrap();
        builder.with_client_cert_verifier(verifier)
    } else {
        builder.with_no_client_auth()
    };
    let chain = vec![CertificateDer::from_pem_slice(chain.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let tls = TlsAcceptor::from(Arc::new(builder.with_single_cert(chain, key).unwrap()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (heard, hears) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = tls.accept(stream).await else { continue };
            let mut request = vec![0; 64 * 1024];
            let Ok(length) = stream.read(&mut request).await else { continue };
            let request = String::from_utf8_lossy(&request[..length]).into_owned();
            let first = request.lines().next().unwrap_or_default().to_owned();
            let echo = first
                .split("hub.challenge=")
                .nth(1)
                .and_then(|rest| rest.split('&').next())
                .unwrap_or_default();
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{echo}",
                echo.len()
            );
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
            let _ = heard.send(first);
        }
    });
    (port, hears)
}

async fn node(trust: Option<Trust>) -> Stack {
    Stack::start_with(two_tenants(), |http| Doors { http, https: None, trust }).await
}

#[tokio::test]
async fn webhooks_go_to_https_receivers_whose_authority_is_trusted_and_to_no_others() {
    let authority = Authority::new();
    let (port, mut heard) = receiver(&authority, false).await;
    let url = format!("https://localhost:{port}/a/b?c=d");
    for stranger in [None, Some(Authority::new().trust(None))] {
        let stack = node(stranger).await;
        let (status, _, body) = stack.subscribe(&url, VERIFY).await;
        assert!(
            status == 400 && body.contains("no TLS with a server whose certificate is trusted"),
            "{body}"
        );
        stack.stop().await;
    }
    let stack = node(Some(authority.trust(None))).await;
    let (status, _, body) = stack.subscribe(&url, VERIFY).await;
    assert_eq!(status, 200, "{body}");
    assert!(heard.recv().await.unwrap().starts_with("GET /a/b?c=d&hub.mode=subscribe&"));
    assert_eq!(stack.post(&format!("/v23.0/{PHONE}/messages"), TOKEN, TEXT).await.0, 200);
    assert_eq!(heard.recv().await.unwrap(), "POST /a/b?c=d HTTP/1.1");
    // A certificate is of a name: of another it is none.
    let (status, _, body) = stack.subscribe(&format!("https://127.0.0.1:{port}/"), VERIFY).await;
    assert!(status == 400 && body.contains("no TLS with a server"), "{body}");
    stack.stop().await;
}

#[tokio::test]
async fn a_receiver_that_asks_for_a_certificate_gets_it() {
    let authority = Authority::new();
    let (port, mut heard) = receiver(&authority, true).await;
    let url = format!("https://localhost:{port}/hook");
    let stack = node(Some(authority.trust(None))).await;
    assert_eq!(stack.subscribe(&url, VERIFY).await.0, 400);
    stack.stop().await;
    let stack = node(Some(authority.trust(Some(&authority.vouch("node"))))).await;
    let (status, _, body) = stack.subscribe(&url, VERIFY).await;
    assert_eq!(status, 200, "{body}");
    assert!(heard.recv().await.unwrap().starts_with("GET /hook?hub.mode=subscribe&"));
    stack.stop().await;
}

#[tokio::test]
async fn the_api_is_the_same_behind_tls_whoever_starts_handshakes_and_leaves_them() {
    let authority = Authority::new();
    let (chain, key) = authority.vouch("graph.facebook.com");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let secure = listener.local_addr().unwrap();
    let credentials = Credentials::from_pem(chain.as_bytes(), key.as_bytes()).unwrap();
    let https = Https::new(listener, credentials).unwrap();
    assert_eq!(https.local_addr().unwrap(), secure);
    let stack =
        Stack::start_with(two_tenants(), |http| Doors { http, https: Some(https), trust: None }).await;
    let mut idle = Vec::new();
    for _ in 0..100 {
        let mut connection = TcpStream::connect(secure).await.unwrap();
        connection.write_all(b"\x16\x03\x01").await.unwrap();
        idle.push(connection);
    }
    let mut plain = TcpStream::connect(secure).await.unwrap();
    plain.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"), "no answer without TLS");

    let request = format!(
        "GET /v23.0/{PHONE} HTTP/1.1\r\nHost: graph.facebook.com\r\nConnection: close\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
    );
    let answered = tokio::time::timeout(Duration::from_secs(5), ask(&authority, secure, &request));
    let over_tls = answered.await.expect("handshakes that hang hold up nobody");
    let (status, _, body) = stack.http(&request).await;
    assert!(over_tls.starts_with(&format!("HTTP/1.1 {status}")) && over_tls.ends_with(&body), "{over_tls}");
    stack.stop().await;
}

/// A request over TLS, and its answer.
async fn ask(authority: &Authority, secure: SocketAddr, request: &str) -> String {
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let config = builder.with_root_certificates(authority.roots()).with_no_client_auth();
    let name = ServerName::try_from("graph.facebook.com").unwrap();
    let stream = TcpStream::connect(secure).await.unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}
