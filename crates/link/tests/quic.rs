//! What only QUIC links promise: keys are proved, sessions resumed, death noticed, packets opaque.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod common;

use common::{Net, hello, identity, receipt, submit, within};
use link::{
    ConnectError, Connector, Direction, Limits, LinkError, LinkIdentity, Listener, Loss, Observer, Tap,
};
use quinn::crypto::rustls::QuicClientConfig;
use rustls::DigitallySignedStruct;
use rustls::client::AlwaysResolvesClientRawPublicKeys;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::UdpSocket;
use wire::{LinkKey, ToRelay};

#[tokio::test]
async fn a_client_without_a_key_is_refused() {
    within(60, refused(None, b"blindpost/1")).await;
}

#[tokio::test]
async fn a_key_must_be_proved() {
    // Mallory presents Alice's public key and signs with a key of her own.
    let stolen = (identity(2).public(), identity(666));
    within(60, refused(Some(stolen), b"blindpost/1")).await;
}

#[tokio::test]
async fn another_protocol_is_refused() {
    let mallory = identity(666);
    within(60, refused(Some((mallory.public(), mallory)), b"h3")).await;
}

async fn refused(key: Option<(LinkKey, LinkIdentity)>, alpn: &[u8]) {
    let listener = Net::quic().listen(Limits::default());
    let client = bare_client();
    let connecting = client.connect_with(bare_config(key, alpn), listener.local_addr(), "relay").unwrap();
    // In TLS 1.3 the client is done before the server has seen its key, so the refusal may come later.
    if let Ok(connection) = connecting.await {
        let error = connection.closed().await;
        assert!(matches!(error, quinn::ConnectionError::ConnectionClosed(_)), "{error}");
    }
    settled(&listener, |counts| counts.failed == 1).await;
    assert_eq!(listener.counts().accepted, 0);
}

#[tokio::test]
async fn a_client_that_says_nothing_is_dropped() {
    within(60, async {
        let limits = Limits { handshake_timeout: Duration::from_millis(300), ..Limits::default() };
        let listener = Net::quic().listen(limits);
        let key = identity(2);
        let config = bare_config(Some((key.public(), key)), b"blindpost/1");
        let client = bare_client();
        let connection = client.connect_with(config, listener.local_addr(), "relay").unwrap().await.unwrap();
        connection.closed().await;
        settled(&listener, |counts| counts.failed == 1).await;
    })
    .await;
}

#[tokio::test]
async fn sessions_resume_and_keep_the_identity() {
    within(60, async {
        let net = Net::quic();
        let listener = net.listen(Limits::default());
        for accepted in 1..=4 {
            let mut endpoint = net.connect(&listener).await;
            let mut relay = listener.accept().await.unwrap();
            assert_eq!((endpoint.peer, relay.peer), (net.relay.public(), net.endpoint.public()));
            endpoint.sender.send(hello()).await.unwrap();
            assert_eq!(relay.receiver.recv().await.unwrap(), Some(hello()));
            relay.sender.send(receipt(1)).await.unwrap();
            assert_eq!(endpoint.receiver.recv().await.unwrap(), Some(receipt(1)));
            assert_eq!(listener.counts().accepted, accepted);
            assert_eq!(listener.counts().full_handshakes, 1);
        }
        // Nobody resumes another's session, nor one that began under another pin.
        let pin = Some(net.relay.public());
        let _other = net.connector.connect(&identity(3), listener.local_addr(), pin).await.unwrap();
        assert_eq!(listener.accept().await.unwrap().peer, identity(3).public());
        let _unpinned = net.connector.connect(&net.endpoint, listener.local_addr(), None).await.unwrap();
        assert_eq!(listener.accept().await.unwrap().peer, net.endpoint.public());
        assert_eq!(listener.counts().full_handshakes, 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_endpoints_share_a_connector() {
    within(120, async {
        let net = Net::quic();
        let listener = Arc::new(net.listen(Limits::default()));
        let connector = Arc::new(Connector::new(Limits::default()));
        let (addr, pin) = (listener.local_addr(), Some(net.relay.public()));
        let relay = tokio::spawn({
            let listener = Arc::clone(&listener);
            async move {
                for _ in 0..1_000 {
                    let mut connection = listener.accept().await.unwrap();
                    tokio::spawn(async move {
                        while let Some(frame) = connection.receiver.recv().await.unwrap() {
                            let ToRelay::Submit { sequence, .. } = frame else { panic!("{frame:?}") };
                            connection.sender.send(receipt(sequence)).await.unwrap();
                        }
                    });
                }
            }
        });
        let endpoints: Vec<_> = (0..1_000_u64)
            .map(|n| {
                let connector = Arc::clone(&connector);
                tokio::spawn(async move {
                    let mut connection = connector.connect(&identity(1_000 + n), addr, pin).await.unwrap();
                    for sequence in n..n + 20 {
                        connection.sender.send(submit(sequence, &[1; 100])).await.unwrap();
                    }
                    for sequence in n..n + 20 {
                        assert_eq!(connection.receiver.recv().await.unwrap(), Some(receipt(sequence)));
                    }
                    connection
                })
            })
            .collect();
        let mut connections = Vec::new();
        for endpoint in endpoints {
            connections.push(endpoint.await.unwrap());
        }
        relay.await.unwrap();
        assert_eq!(listener.counts().accepted, 1_000);
        connector.close().await;
        for mut connection in connections {
            assert_eq!(connection.receiver.recv().await.unwrap(), None);
        }
    })
    .await;
}

#[tokio::test]
async fn death_is_noticed_within_the_idle_timeout() {
    within(60, async {
        let limits = Limits {
            idle_timeout: Duration::from_millis(900),
            keep_alive: Duration::from_millis(200),
            ..Limits::default()
        };
        let net = Net::quic();
        let listener = net.listen(limits.clone());
        let wire = Wire::to(listener.local_addr()).await;
        let connector = Connector::new(limits);
        let mut endpoint =
            connector.connect(&net.endpoint, wire.addr, Some(net.relay.public())).await.unwrap();
        let mut relay = listener.accept().await.unwrap();
        // Keep-alives carry an idle connection past the timeout.
        let idle = tokio::time::timeout(Duration::from_millis(2_000), relay.receiver.recv()).await;
        assert!(idle.is_err(), "{idle:?}");
        // Neither end hears the other any more, as after kill -9 or a pulled plug.
        wire.cut.store(true, Ordering::Relaxed);
        let both = async { tokio::join!(relay.receiver.recv(), endpoint.receiver.recv()) };
        let (at_relay, at_endpoint) = tokio::time::timeout(Duration::from_secs(5), both).await.unwrap();
        assert_eq!(at_relay, Err(LinkError::Lost(Loss::TimedOut)));
        assert_eq!(at_endpoint, Err(LinkError::Lost(Loss::TimedOut)));
        assert_eq!(endpoint.sender.send(hello()).await, Err(link::SendError::Closed));
        endpoint.sender.closed().await;
    })
    .await;
}

#[tokio::test]
async fn the_tap_sees_frames_and_the_network_does_not() {
    within(60, async {
        #[derive(Default)]
        struct Seen(Arc<Mutex<(Vec<u8>, Vec<u8>)>>);
        impl Tap for Seen {
            fn stream(&self, direction: Direction) -> Observer {
                let seen = Arc::clone(&self.0);
                Box::new(move |bytes| {
                    let mut seen = seen.lock().unwrap();
                    match direction {
                        Direction::ToRelay => seen.0.extend_from_slice(bytes),
                        Direction::ToEndpoint => seen.1.extend_from_slice(bytes),
                    }
                })
            }

            fn transfer(&self, _: Direction) -> Observer {
                Box::new(|_| {})
            }
        }
        let net = Net::quic();
        let seen = Arc::new(Seen::default());
        let listener = net.listen(Limits::default()).with_tap(Arc::<Seen>::clone(&seen));
        let wire = Wire::to(listener.local_addr()).await;
        let pin = Some(net.relay.public());
        let mut endpoint = net.connector.connect(&net.endpoint, wire.addr, pin).await.unwrap();
        let mut relay = listener.accept().await.unwrap();
        let canary = b"the canary sings";
        endpoint.sender.send(submit(1, &canary.repeat(100))).await.unwrap();
        relay.receiver.recv().await.unwrap().unwrap();
        relay.sender.send(receipt(7)).await.unwrap();
        endpoint.receiver.recv().await.unwrap().unwrap();

        let (up, down) = seen.0.lock().unwrap().clone();
        let mut frames = wire::Decoder::<ToRelay>::default();
        frames.feed(&up);
        assert_eq!(frames.next_frame().unwrap(), Some(submit(1, &canary.repeat(100))));
        let mut frames = wire::Decoder::default();
        frames.feed(&down);
        assert_eq!(frames.next_frame().unwrap(), Some(receipt(7)));

        let packets = wire.seen.lock().unwrap().clone();
        assert!(packets.len() > 1_600);
        let holds = |needle: &[u8]| packets.windows(needle.len()).any(|window| window == needle);
        assert!(!holds(canary), "plaintext on the network");
        // Nor does an observer learn who connects, or to whom: the handshake encrypts both keys.
        assert!(!holds(&net.endpoint.public().0) && !holds(&net.relay.public().0));
    })
    .await;
}

#[tokio::test]
async fn a_taken_port_is_reported() {
    let net = Net::quic();
    let listener = net.listen(Limits::default());
    let error = Listener::bind(listener.local_addr(), &net.relay, Limits::default()).unwrap_err();
    assert!(error.to_string().contains("is another relay running there?"), "{error}");
}

#[tokio::test]
async fn x25519_alone_is_accepted_too() {
    let net = Net::quic();
    let listener = net.listen(Limits::default());
    let connector = Connector::new(Limits { post_quantum: false, ..Limits::default() });
    connector.connect(&net.endpoint, listener.local_addr(), None).await.unwrap();
}

#[test]
fn without_a_runtime_there_is_an_error_and_no_panic() {
    let addr: SocketAddr = "127.0.0.1:0".parse().unwrap();
    assert!(Listener::bind(addr, &identity(1), Limits::default()).is_err());
    let _: fn(std::io::Error) -> ConnectError = ConnectError::Local;
}

async fn settled(listener: &Listener, done: impl Fn(link::Counts) -> bool) {
    while !done(listener.counts()) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Forwards packets between one client and a server, sees them all, and can be cut.
struct Wire {
    addr: SocketAddr,
    cut: Arc<AtomicBool>,
    seen: Arc<Mutex<Vec<u8>>>,
}

impl Wire {
    async fn to(server: SocketAddr) -> Self {
        let near = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let far = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let addr = near.local_addr().unwrap();
        let (cut, seen) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let wire = Self { addr, cut: Arc::clone(&cut), seen: Arc::clone(&seen) };
        tokio::spawn(async move {
            let (mut up, mut down) = (vec![0; 65_536], vec![0; 65_536]);
            let mut client = None;
            loop {
                let (socket, packet, to) = tokio::select! {
                    Ok((length, from)) = near.recv_from(&mut up) => {
                        client = Some(from);
                        (&far, &up[..length], server)
                    }
                    Ok((length, _)) = far.recv_from(&mut down) => (&near, &down[..length], client.unwrap()),
                };
                if !cut.load(Ordering::Relaxed) {
                    seen.lock().unwrap().extend_from_slice(packet);
                    socket.send_to(packet, to).await.unwrap();
                }
            }
        });
        wire
    }
}

fn bare_client() -> quinn::Endpoint {
    quinn::Endpoint::client("127.0.0.1:0".parse().unwrap()).unwrap()
}

/// A client that presents a key of which it may not have the secret, or none.
fn bare_config(key: Option<(LinkKey, LinkIdentity)>, alpn: &[u8]) -> quinn::ClientConfig {
    let provider = Arc::new(default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Gullible));
    let mut tls = match key {
        None => builder.with_no_client_auth(),
        Some((public, identity)) => {
            let private = PrivatePkcs8KeyDer::from(identity.to_pkcs8().to_vec());
            let key = provider.key_provider.load_private_key(private.into()).unwrap();
            let head = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
            let spki = CertificateDer::from([head.as_slice(), &public.0].concat());
            let certified = Arc::new(CertifiedKey::new(vec![spki], key));
            builder.with_client_cert_resolver(Arc::new(AlwaysResolvesClientRawPublicKeys::new(certified)))
        }
    };
    tls.alpn_protocols = vec![alpn.to_vec()];
    quinn::ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls).unwrap()))
}

/// Believes every server.
#[derive(Debug)]
struct Gullible;

impl ServerCertVerifier for Gullible {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        vec![rustls::SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}
