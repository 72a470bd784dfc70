//! The endpoints' side: opens connections, for one identity or for thousands, over sockets that they share, and says
//! which of the things that can go wrong it was.

use crate::connection::EndpointSide;
use crate::memory::MemoryNetwork;
use crate::quic::{self, PREAMBLE};
use crate::tls::{self, ClientTls, NO_NAME};
use crate::{CloseReason, ConnectError, Limits, LinkIdentity};
use quinn::{ConnectionError, TransportErrorCode};
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use wire::LinkKey;

/// Opens connections to relays. All of them share a socket, and each identity resumes its last TLS
/// session with the relay.
pub struct Connector {
    limits: Limits,
    medium: Medium,
}

enum Medium {
    Quic(Quic),
    Memory(MemoryNetwork),
}

struct Quic {
    /// One per handshake that may be under way.
    attempts: Semaphore,
    /// By the address they are bound to.
    endpoints: Mutex<BTreeMap<IpAddr, quinn::Endpoint>>,
    sessions: Mutex<BTreeMap<Session, ClientTls>>,
}

/// Who, to where, to whom: what a TLS session may be resumed for.
type Session = (LinkKey, SocketAddr, Option<LinkKey>);

impl Connector {
    /// A connector over QUIC. Sockets are opened when they are needed.
    pub fn new(limits: Limits) -> Self {
        let attempts = Semaphore::new(limits.max_attempts.clamp(1, Semaphore::MAX_PERMITS));
        let quic = Quic { attempts, endpoints: Mutex::default(), sessions: Mutex::default() };
        Self { limits, medium: Medium::Quic(quic) }
    }

    /// Connects as `identity` to the relay at `addr`. It must hold the key `relay`; with `None` any will
    /// do, and [`Connection::peer`](crate::Connection::peer) says which it was. Needs a tokio runtime.
    ///
    /// # Errors
    /// See [`ConnectError`]. All but [`ConnectError::WrongKey`] and [`ConnectError::Local`] may go away by
    /// themselves.
    pub async fn connect(
        &self,
        identity: &LinkIdentity,
        addr: SocketAddr,
        relay: Option<LinkKey>,
    ) -> Result<EndpointSide, ConnectError> {
        match &self.medium {
            Medium::Quic(quic) => quic.connect(identity, addr, relay, &self.limits).await,
            Medium::Memory(network) => network.connect(identity, addr, relay).await,
        }
    }

    /// Closes all connections at once and waits until the other ends can know, for a program that ends.
    pub async fn close(&self) {
        if let Medium::Quic(quic) = &self.medium {
            let endpoints =
                std::mem::take(&mut *quic.endpoints.lock().unwrap_or_else(PoisonError::into_inner));
            for endpoint in endpoints.values() {
                endpoint.close(CloseReason::Done.to_code().into(), &[]);
            }
            for endpoint in endpoints.values() {
                let _ = timeout(self.limits.close_timeout, endpoint.wait_idle()).await;
            }
        }
    }
}

impl MemoryNetwork {
    /// A connector to the listeners of this network.
    pub fn connector(&self) -> Connector {
        Connector { limits: Limits::default(), medium: Medium::Memory(self.clone()) }
    }
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connector").finish_non_exhaustive()
    }
}

impl Quic {
    async fn connect(
        &self,
        identity: &LinkIdentity,
        addr: SocketAddr,
        relay: Option<LinkKey>,
        limits: &Limits,
    ) -> Result<EndpointSide, ConnectError> {
        let _turn = self.attempts.acquire().await.map_err(io::Error::other)?;
        let tls = self.session(identity, addr, relay, limits)?;
        let endpoint = self.endpoint(addr, limits)?;
        let refusal = |error| refusal(&error, &tls, addr, relay, limits);
        let attempt = async {
            let connecting = endpoint.connect_with(tls.config.clone(), addr, NO_NAME).map_err(|error| {
                // A socket that broke stays broken: the next attempt opens another.
                self.endpoints.lock().unwrap_or_else(PoisonError::into_inner).remove(&local_ip(addr));
                io::Error::other(error)
            })?;
            let connection = connecting.await.map_err(refusal)?;
            let no_key = || ConnectError::Handshake { addr, text: "the relay presented no key".to_owned() };
            let peer = tls::peer_key(&connection).ok_or_else(no_key)?;
            // A resumed session was verified when it began; this is the second lock on the same door.
            if let Some(expected) = relay.filter(|relay| *relay != peer) {
                return Err(ConnectError::WrongKey { addr, presented: peer, expected });
            }
            let (mut send, recv) = connection.open_bi().await.map_err(refusal)?;
            send.write_all(&PREAMBLE).await.map_err(|error| match error {
                quinn::WriteError::ConnectionLost(error) => refusal(error),
                error => ConnectError::Handshake { addr, text: error.to_string() },
            })?;
            Ok(quic::establish(peer, connection, (send, recv), limits, None))
        };
        let late = |_| ConnectError::Timeout { addr, after: limits.handshake_timeout };
        timeout(limits.handshake_timeout, attempt).await.map_err(late)?
    }

    fn session(
        &self,
        identity: &LinkIdentity,
        addr: SocketAddr,
        relay: Option<LinkKey>,
        limits: &Limits,
    ) -> Result<ClientTls, ConnectError> {
        let session = (identity.public(), addr, relay);
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tls) = sessions.get(&session) {
            return Ok(tls.clone());
        }
        let tls = tls::client(identity, relay, limits).map_err(io::Error::other)?;
        if sessions.len() >= limits.remembered_sessions {
            // Keys are random, so this is anybody's.
            sessions.pop_first();
        }
        sessions.insert(session, tls.clone());
        Ok(tls)
    }

    fn endpoint(&self, addr: SocketAddr, limits: &Limits) -> io::Result<quinn::Endpoint> {
        let local = local_ip(addr);
        let mut endpoints = self.endpoints.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(endpoint) = endpoints.get(&local) {
            return Ok(endpoint.clone());
        }
        let endpoint = quic::open(SocketAddr::new(local, 0), None, limits)?;
        endpoints.insert(local, endpoint.clone());
        Ok(endpoint)
    }
}

/// Where to send from: loopback traffic needs no socket that others can reach.
fn local_ip(remote: SocketAddr) -> IpAddr {
    match (remote.ip(), remote.ip().is_loopback()) {
        (IpAddr::V4(_), true) => Ipv4Addr::LOCALHOST.into(),
        (IpAddr::V4(_), false) => Ipv4Addr::UNSPECIFIED.into(),
        (IpAddr::V6(_), true) => Ipv6Addr::LOCALHOST.into(),
        (IpAddr::V6(_), false) => Ipv6Addr::UNSPECIFIED.into(),
    }
}

fn refusal(
    error: &ConnectionError,
    tls: &ClientTls,
    addr: SocketAddr,
    relay: Option<LinkKey>,
    limits: &Limits,
) -> ConnectError {
    match error {
        ConnectionError::TimedOut => ConnectError::Timeout { addr, after: limits.handshake_timeout },
        ConnectionError::ApplicationClosed(_) => ConnectError::Refused { addr },
        ConnectionError::ConnectionClosed(close)
            if close.error_code == TransportErrorCode::CONNECTION_REFUSED =>
        {
            ConnectError::Refused { addr }
        }
        error => match tls.verifier.take_refused().zip(relay) {
            Some((presented, expected)) => ConnectError::WrongKey { addr, presented, expected },
            None => ConnectError::Handshake { addr, text: error.to_string() },
        },
    }
}
