//! The relay's side: takes connections, as many as the limits allow, and hands them out once their key is proved.

use crate::connection::RelaySide;
use crate::memory::MemoryNetwork;
use crate::quic::{self, PREAMBLE, ResetKey};
use crate::tap::{Tap, TapSlot};
use crate::tls::{self, PeerKey};
use crate::{BindError, CloseReason, Limits, LinkIdentity};
use quinn::{RecvStream, SendStream};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::timeout;
use wire::LinkKey;

/// Takes connections. If it is dropped, the connections that it took are closed.
pub struct Listener {
    addr: SocketAddr,
    ready: Mutex<mpsc::Receiver<RelaySide>>,
    tap: TapSlot,
    medium: Medium,
}

enum Medium {
    Quic { endpoint: quinn::Endpoint, tally: Arc<Tally>, close_timeout: Duration },
    Memory(MemoryNetwork),
}

/// How many connections, since the listener was bound. Names nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Authenticated and handed out.
    pub accepted: u64,
    /// Of these, those that proved their key anew; the others resumed a session.
    pub full_handshakes: u64,
    /// Turned away because of [`Limits::max_connections`] or [`Limits::max_handshakes`].
    pub refused: u64,
    /// Handshakes that failed: no key, wrong protocol, too slow.
    pub failed: u64,
}

impl Listener {
    /// Listens on a UDP address; port 0 takes any free one. Needs a tokio runtime.
    ///
    /// # Errors
    /// The address is taken or not this machine's.
    pub fn bind(addr: SocketAddr, identity: &LinkIdentity, limits: Limits) -> Result<Self, BindError> {
        let (config, verifier) =
            tls::server(identity, &limits).map_err(|error| BindError::Tls(error.to_string()))?;
        let endpoint = quic::open(addr, Some((config, ResetKey::new(identity))), &limits)
            .map_err(|source| BindError::Socket { addr, source })?;
        let addr = endpoint.local_addr().map_err(|source| BindError::Socket { addr, source })?;
        let (sender, ready) = mpsc::channel(limits.max_handshakes.max(1));
        let tap = TapSlot::default();
        let tally = Arc::new(Tally { verifier, accepted: 0.into(), refused: 0.into(), failed: 0.into() });
        let host = Host { limits: limits.clone(), tap: Arc::clone(&tap), tally: Arc::clone(&tally), sender };
        tokio::spawn(host.serve(endpoint.clone()));
        let medium = Medium::Quic { endpoint, tally, close_timeout: limits.close_timeout };
        Ok(Self { addr, ready: Mutex::new(ready), tap, medium })
    }

    /// Listens where another listener of this process has just ended: its socket is closed a moment later. Waits two seconds
    /// for it at most.
    ///
    /// # Errors
    /// As [`bind`](Self::bind).
    pub async fn bind_again(
        addr: SocketAddr,
        identity: &LinkIdentity,
        limits: Limits,
    ) -> Result<Self, BindError> {
        for _ in 0..100 {
            match Self::bind(addr, identity, limits.clone()) {
                Err(BindError::Socket { source, .. }) if source.kind() == io::ErrorKind::AddrInUse => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                bound => return bound,
            }
        }
        Self::bind(addr, identity, limits)
    }

    /// Shows the frames of all connections to come to `tap`. The first tap stays.
    #[must_use]
    pub fn with_tap(self, tap: Arc<dyn Tap>) -> Self {
        let _ = self.tap.set(tap);
        self
    }

    /// Where this listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    /// The next connection whose endpoint has proved its key; `None` once the listener is closed.
    pub async fn accept(&self) -> Option<RelaySide> {
        self.ready.lock().await.recv().await
    }

    /// How many connections so far. In memory nobody counts.
    pub fn counts(&self) -> Counts {
        match &self.medium {
            Medium::Quic { tally, .. } => Counts {
                accepted: tally.accepted.load(Ordering::Relaxed),
                full_handshakes: tally.verifier.full_handshakes(),
                refused: tally.refused.load(Ordering::Relaxed),
                failed: tally.failed.load(Ordering::Relaxed),
            },
            Medium::Memory(_) => Counts::default(),
        }
    }

    /// Takes no further connections and closes those that there are with [`CloseReason::Shutdown`], what
    /// they have queued included: who wants that sent closes them first. The port is free once the
    /// listener and the connections are dropped.
    pub async fn close(&self) {
        self.shut();
        if let Medium::Quic { endpoint, close_timeout, .. } = &self.medium {
            let _ = timeout(*close_timeout, endpoint.wait_idle()).await;
        }
    }

    fn shut(&self) {
        match &self.medium {
            Medium::Quic { endpoint, .. } => endpoint.close(CloseReason::Shutdown.to_code().into(), &[]),
            Medium::Memory(network) => network.unlist(self.addr),
        }
    }
}

impl MemoryNetwork {
    /// As [`Listener::bind`]; port 0 takes any free one.
    ///
    /// # Errors
    /// Somebody listens there.
    pub fn listen(
        &self,
        addr: SocketAddr,
        identity: &LinkIdentity,
        limits: Limits,
    ) -> Result<Listener, BindError> {
        let (addr, ready, tap) = self.open(addr, identity, limits)?;
        Ok(Listener { addr, ready: Mutex::new(ready), tap, medium: Medium::Memory(self.clone()) })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.shut();
    }
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listener").field("counts", &self.counts()).finish_non_exhaustive()
    }
}

struct Tally {
    verifier: Arc<PeerKey>,
    accepted: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
}

/// What the handshakes of a listener share.
#[derive(Clone)]
struct Host {
    limits: Limits,
    tap: TapSlot,
    tally: Arc<Tally>,
    sender: mpsc::Sender<RelaySide>,
}

impl Host {
    /// Runs the handshakes beside each other, so that a slow one holds nobody up.
    async fn serve(self, endpoint: quinn::Endpoint) {
        let slots = Arc::new(Semaphore::new(self.limits.max_handshakes));
        while let Some(incoming) = endpoint.accept().await {
            if endpoint.open_connections() >= self.limits.max_connections {
                self.tally.refused.fetch_add(1, Ordering::Relaxed);
                incoming.refuse();
                continue;
            }
            if slots.available_permits() < self.limits.max_handshakes / 2
                && !incoming.remote_address_validated()
            {
                let _ = incoming.retry();
                continue;
            }
            let Ok(slot) = Arc::clone(&slots).try_acquire_owned() else {
                self.tally.refused.fetch_add(1, Ordering::Relaxed);
                incoming.refuse();
                continue;
            };
            match incoming.accept() {
                Ok(connecting) => drop(tokio::spawn(self.clone().welcome(connecting, slot))),
                // Refused on its first packet already: no raw key or another protocol.
                Err(_) => self.failed(),
            }
        }
    }

    async fn welcome(self, connecting: quinn::Connecting, slot: OwnedSemaphorePermit) {
        let Ok(Ok(connection)) = timeout(self.limits.handshake_timeout, connecting).await else {
            return self.failed();
        };
        match timeout(self.limits.handshake_timeout, greeting(&connection)).await {
            Ok(Some((peer, stream))) => {
                self.tally.accepted.fetch_add(1, Ordering::Relaxed);
                let accepted = quic::establish(peer, connection, stream, &self.limits, self.tap.get());
                // Fails if the listener is gone; the connection then closes.
                let _ = self.sender.send(accepted).await;
            }
            Ok(None) | Err(_) => {
                connection.close(CloseReason::Rejected.to_code().into(), &[]);
                self.failed();
            }
        }
        drop(slot);
    }

    fn failed(&self) {
        self.tally.failed.fetch_add(1, Ordering::Relaxed);
        tracing::debug!("handshake failed");
    }
}

/// Whose connection it is, and its stream, once the endpoint has opened that.
async fn greeting(connection: &quinn::Connection) -> Option<(LinkKey, (SendStream, RecvStream))> {
    let peer = tls::peer_key(connection)?;
    let (send, mut recv) = connection.accept_bi().await.ok()?;
    let mut preamble = [0; PREAMBLE.len()];
    recv.read_exact(&mut preamble).await.ok()?;
    (preamble == PREAMBLE).then_some((peer, (send, recv)))
}
