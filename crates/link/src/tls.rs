//! TLS 1.3 with raw Ed25519 keys in place of certificates, on both sides (RFC 7250, RFC 8446 §4.4.2).
//!
//! A server that presents the wrong key is refused before the client says who it is. A resumed session
//! (RFC 8446 §2.2) takes the keys from the session that it resumes: the server's copy travels in the
//! ticket, encrypted for itself. There is no 0-RTT: frames are not idempotent.

use crate::identity::{from_spki, to_private_der, to_spki};
use crate::quic::transport;
use crate::{Limits, LinkIdentity};
use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{
    AlwaysResolvesClientRawPublicKeys, ClientSessionStore, Resumption, Tls12ClientSessionValue,
    Tls13ClientSessionValue,
};
use rustls::crypto::aws_lc_rs::{Ticketer, cipher_suite, default_provider, kx_group};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::server::AlwaysResolvesServerRawPublicKeys;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::sign::CertifiedKey;
use rustls::version::TLS13;
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, NamedGroup, PeerIncompatible,
    SignatureScheme,
};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use wire::LinkKey;

const ALPN: &[u8] = b"blindpost/1";

/// Stands where TLS wants a host name; keys are pinned, so it is never sent.
pub(crate) const NO_NAME: &str = "relay";

/// A listener's side: asks every client for its key and accepts any.
pub(crate) fn server(
    identity: &LinkIdentity,
    limits: &Limits,
) -> Result<(quinn::ServerConfig, Arc<PeerKey>), Error> {
    let provider = provider(true);
    let verifier = Arc::new(PeerKey::new(None, &provider));
    let resolver = AlwaysResolvesServerRawPublicKeys::new(certified_key(identity, &provider)?);
    let mut tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])?
        .with_client_cert_verifier(Arc::<PeerKey>::clone(&verifier))
        .with_cert_resolver(Arc::new(resolver));
    tls.alpn_protocols = vec![ALPN.to_vec()];
    // Tickets that only this listener can read cost no memory per client, unlike a session cache.
    tls.ticketer = Ticketer::new()?;
    tls.send_tls13_tickets = 1;
    let crypto = QuicServerConfig::try_from(tls).map_err(|error| Error::General(error.to_string()))?;
    let mut config = quinn::ServerConfig::with_crypto(Arc::new(crypto));
    config.transport_config(transport(limits, quinn::Side::Server)).max_incoming(limits.max_handshakes);
    Ok((config, verifier))
}

/// One identity's side towards one relay: remembers the last session.
#[derive(Clone)]
pub(crate) struct ClientTls {
    pub(crate) config: quinn::ClientConfig,
    pub(crate) verifier: Arc<PeerKey>,
}

/// An endpoint's side: accepts the relay `pin`, or any.
pub(crate) fn client(
    identity: &LinkIdentity,
    pin: Option<LinkKey>,
    limits: &Limits,
) -> Result<ClientTls, Error> {
    let provider = provider(limits.post_quantum);
    let verifier = Arc::new(PeerKey::new(pin, &provider));
    let resolver = AlwaysResolvesClientRawPublicKeys::new(certified_key(identity, &provider)?);
    let mut tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::<PeerKey>::clone(&verifier))
        .with_client_cert_resolver(Arc::new(resolver));
    tls.alpn_protocols = vec![ALPN.to_vec()];
    tls.enable_sni = false;
    tls.resumption = Resumption::store(Arc::new(LastTicket::default()));
    let crypto = QuicClientConfig::try_from(tls).map_err(|error| Error::General(error.to_string()))?;
    let mut config = quinn::ClientConfig::new(Arc::new(crypto));
    config.transport_config(transport(limits, quinn::Side::Client));
    Ok(ClientTls { config, verifier })
}

/// Who is at the other end of a connection whose handshake is done, resumed or not.
pub(crate) fn peer_key(connection: &quinn::Connection) -> Option<LinkKey> {
    let chain = connection.peer_identity()?.downcast::<Vec<CertificateDer<'static>>>().ok()?;
    from_spki(chain.first()?)
}

/// Accepts one pinned raw key, or any. Says what it saw, for the error message.
pub(crate) struct PeerKey {
    pin: Option<LinkKey>,
    algorithms: WebPkiSupportedAlgorithms,
    refused: Mutex<Option<LinkKey>>,
    signatures: AtomicU64,
}

impl PeerKey {
    fn new(pin: Option<LinkKey>, provider: &CryptoProvider) -> Self {
        let algorithms = provider.signature_verification_algorithms;
        Self { pin, algorithms, refused: Mutex::new(None), signatures: AtomicU64::new(0) }
    }

    /// The key that was presented last and was not the pinned one.
    pub(crate) fn take_refused(&self) -> Option<LinkKey> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// How many handshakes proved possession of a key; resumed ones needn't.
    pub(crate) fn full_handshakes(&self) -> u64 {
        self.signatures.load(Ordering::Relaxed)
    }

    fn check(&self, spki: &[u8]) -> Result<(), Error> {
        let presented = from_spki(spki).ok_or(CertificateError::BadEncoding)?;
        if self.pin.is_none_or(|pin| pin == presented) {
            return Ok(());
        }
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(presented);
        Err(CertificateError::ApplicationVerificationFailure.into())
    }

    fn verify(
        &self,
        message: &[u8],
        spki: &[u8],
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let spki = SubjectPublicKeyInfoDer::from(spki);
        let valid = verify_tls13_signature_with_raw_key(message, &spki, signature, &self.algorithms)?;
        self.signatures.fetch_add(1, Ordering::Relaxed);
        Ok(valid)
    }
}

impl fmt::Debug for PeerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeerKey").field("pin", &self.pin).finish_non_exhaustive()
    }
}

impl ServerCertVerifier for PeerKey {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.check(end_entity).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(PeerIncompatible::Tls13RequiredForQuic.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verify(message, cert, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

impl ClientCertVerifier for PeerKey {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.check(end_entity).map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(PeerIncompatible::Tls13RequiredForQuic.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verify(message, cert, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

/// The ticket of the last session, used once (RFC 8446 appendix C.4: reuse would link connections). A
/// store of rustls' own keeps eight for each of many servers, hundreds of bytes each.
#[derive(Default)]
struct LastTicket(Mutex<Option<Tls13ClientSessionValue>>);

impl ClientSessionStore for LastTicket {
    fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }

    fn set_tls12_session(&self, _: ServerName<'static>, _: Tls12ClientSessionValue) {}

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        None
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {}

    fn insert_tls13_ticket(&self, _: ServerName<'static>, ticket: Tls13ClientSessionValue) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(ticket);
    }

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl fmt::Debug for LastTicket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LastTicket(…)")
    }
}

/// AES-128-GCM must be there, QUIC's first packets use it (RFC 9001 §5.2); ChaCha20 is for devices
/// without AES instructions.
fn provider(post_quantum: bool) -> Arc<CryptoProvider> {
    let mut provider = default_provider();
    provider.cipher_suites =
        vec![cipher_suite::TLS13_AES_128_GCM_SHA256, cipher_suite::TLS13_CHACHA20_POLY1305_SHA256];
    provider.kx_groups =
        if post_quantum { vec![kx_group::X25519MLKEM768, kx_group::X25519] } else { vec![kx_group::X25519] };
    Arc::new(provider)
}

fn certified_key(identity: &LinkIdentity, provider: &CryptoProvider) -> Result<Arc<CertifiedKey>, Error> {
    let key = provider.key_provider.load_private_key(to_private_der(identity))?;
    Ok(Arc::new(CertifiedKey::new(vec![to_spki(identity.public())], key)))
}
