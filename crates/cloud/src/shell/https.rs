//! HTTPS in: the same front, behind TLS. Who doesn't finish a handshake costs a little memory for a little while, and holds
//! up nobody: handshakes are made side by side, at most so many at once.

use super::front::Front;
use super::tls::{Credentials, TlsError};
use axum::serve::Listener;
use live::Acceptor;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// How many may be going on; who comes then waits to be accepted.
const HANDSHAKES: usize = 256;

/// Where HTTPS is spoken, and as whom.
pub struct Https {
    listener: TcpListener,
    tls: TlsAcceptor,
}

impl Https {
    /// Takes connections of `listener` as who `credentials` are of.
    ///
    /// # Errors
    /// The credentials can't be used.
    pub fn new(listener: TcpListener, credentials: Credentials) -> Result<Self, TlsError> {
        Ok(Self { listener, tls: Arc::new(credentials.into_server()?).into() })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The operating system does not say.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl Front {
    /// Takes connections of `https` until `stopped`.
    pub(super) async fn listen_securely(self: Arc<Self>, https: Https, stopped: oneshot::Receiver<()>) {
        let Ok(local) = https.local_addr() else { return };
        let (done, connections) = mpsc::channel(1);
        let mut handshakes = JoinSet::new();
        handshakes.spawn(take(https, done));
        let secured = Secured { connections, local, _handshakes: handshakes };
        self.serve_on(secured, stopped).await;
    }
}

/// Connections whose handshake is done.
struct Secured {
    connections: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    local: SocketAddr,
    /// Ends with it.
    _handshakes: JoinSet<()>,
}

impl Listener for Secured {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        match self.connections.recv().await {
            Some(connection) => connection,
            None => pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.local)
    }
}

async fn take(Https { listener, tls }: Https, done: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>) {
    let mut acceptor = Acceptor::new(listener);
    let room = Arc::new(Semaphore::new(HANDSHAKES));
    let mut handshakes = JoinSet::new();
    while let Ok(place) = Arc::clone(&room).acquire_owned().await {
        let (stream, peer) = acceptor.accept().await;
        // Without it answers are late, and no less right.
        let _ = stream.set_nodelay(true);
        let (tls, done) = (tls.clone(), done.clone());
        while handshakes.try_join_next().is_some() {}
        handshakes.spawn(async move {
            let _place = place;
            // Who speaks no TLS, or doesn't trust the certificate, is told so by TLS.
            if let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, tls.accept(stream)).await {
                let _ = done.send((stream, peer)).await;
            }
        });
    }
}
