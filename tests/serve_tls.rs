//! `blindpost serve --tls`: SDKs whose host is written into them find it by name, trust its test CA, and find the same one after
//! the next start.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod common;

use common::party::Party;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

/// The answer to a GET of `path`, for who trusts `authority` and calls the server `name`.
fn get(address: &str, authority: &str, name: &str, path: &str, token: &str) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let session = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(session, TcpStream::connect(address).unwrap());
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: graph.facebook.com\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(String::from_utf8(answer).unwrap())
}

#[test]
fn sdks_with_a_host_of_their_own_are_served_at_every_start() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().to_str().unwrap();
    let arguments = "serve --json --listen 127.0.0.1:0 --http 127.0.0.1:0 --tls 127.0.0.1:0 --data";
    let arguments: Vec<_> = arguments.split(' ').chain([data]).collect();
    let mut serve = Party::start(&arguments);
    let mut authorities = Vec::new();
    for _ in 0..2 {
        let facts = serve.wait_for(|line| line["base_url"].is_string());
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let (url, authority) = (text(&facts["tls_url"]), text(&facts["tls_ca"]));
        let address = url.strip_prefix("https://").unwrap();
        let tenant = &facts["tenants"][0];
        let path = format!("/v23.0/{}", text(&tenant["phone_number_id"]));
        for name in
            ["graph.facebook.com", "lookaside.fbsbx.com", "api.facebook.com", "localhost", "127.0.0.1", "::1"]
        {
            let answer = get(address, &authority, name, &path, &text(&tenant["token"])).unwrap();
            assert!(answer.starts_with("HTTP/1.1 200"), "{name}: {answer}");
        }
        assert!(get(address, &authority, "example.com", &path, "").is_err(), "it is nobody else");
        authorities.push(std::fs::read(&authority).unwrap());
        serve.kill_nine_and_restart();
    }
    assert_eq!(authorities[0], authorities[1]);
}
