//! HTTP servers of the command line take connections as the node does: running out of file descriptors is said, and over
//! when others are closed.

use axum::serve::Listener;
use live::Acceptor;
use std::io;
use std::net::SocketAddr;
use tokio::net::{TcpListener, TcpStream};

/// The connections of a listening socket.
pub(crate) struct Connections(Acceptor);

impl Connections {
    pub(crate) fn of(listener: TcpListener) -> Self {
        Self(Acceptor::new(listener))
    }
}

impl Listener for Connections {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        self.0.accept().await
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}
