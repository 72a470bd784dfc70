//! What can go wrong, one enum per operation. `Display` is for the person at the command line and may
//! name an address of the relay; logs take the kind only.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use wire::{FrameError, LinkKey};

/// Why [`Listener::bind`](crate::Listener::bind) failed.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The socket could not be had.
    #[error("cannot listen on UDP {addr}: {source}; is another relay running there?")]
    Socket {
        /// What was asked for.
        addr: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// TLS could not be set up with this identity.
    #[error("cannot set up TLS: {0}")]
    Tls(String),
}

/// Why [`Connector::connect`](crate::Connector::connect) failed.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Nobody answered.
    #[error("no answer from {addr} within {after:?}: is the relay running there, and does UDP get through?")]
    Timeout {
        /// Who was asked.
        addr: SocketAddr,
        /// How long this end waited.
        after: Duration,
    },
    /// The relay answered that it takes no connection.
    #[error("the relay at {addr} refused the connection: it is full or shutting down; try again later")]
    Refused {
        /// Who was asked.
        addr: SocketAddr,
    },
    /// The relay proved to be somebody else.
    #[error(
        "the relay at {addr} presented key {presented}, expected {expected}: either the address is wrong, \
         or the relay has a new key (compare it with the relay's operator, then change the expected key \
         here), or somebody else answers in its place (then don't)"
    )]
    WrongKey {
        /// Who was asked.
        addr: SocketAddr,
        /// What it proved to hold, or claimed to.
        presented: LinkKey,
        /// What was asked for.
        expected: LinkKey,
    },
    /// Somebody answered who doesn't speak this protocol.
    #[error("no handshake with {addr}: {text}; does a Blindpost relay of this version listen there?")]
    Handshake {
        /// Who was asked.
        addr: SocketAddr,
        /// What QUIC or TLS said.
        text: String,
    },
    /// No socket, or no TLS with this identity, at this end.
    #[error("cannot open a UDP socket or set up TLS: {0}")]
    Local(#[from] io::Error),
}

/// Why a frame was not queued.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum SendError {
    /// The connection is closed, closing or lost.
    #[error("the connection is closed")]
    Closed,
    /// The other end reads slower than this one sends. Only from `try_send`.
    #[error("the connection's queue is full")]
    Full,
    /// The frame is longer than [`wire::MAX_FRAME_BYTES`]; nothing of it was queued.
    #[error("the frame is over the limit of {} bytes", wire::MAX_FRAME_BYTES)]
    TooLarge,
}

/// Why no further frame will arrive.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum LinkError {
    /// The other end sent bytes that are not a frame. What is queued is still sent, a
    /// [`Rejected`](wire::ToEndpoint::Rejected) for instance.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The connection ended without being closed.
    #[error("connection lost: {0}")]
    Lost(#[from] Loss),
}

/// How a connection was lost.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// Nothing was heard for the idle timeout: the other end or the network between died.
    #[error("nothing heard from the other end")]
    TimedOut,
    /// The other end doesn't know the connection: it restarted (RFC 9000 §10.3).
    #[error("the other end restarted")]
    Reset,
    /// QUIC gave up, with this code of RFC 9000 §20.1.
    #[error("QUIC error {0:#x}")]
    Aborted(u64),
}

/// Why a connection was closed in order. Travels in the CONNECTION_CLOSE frame (RFC 9000 §19.19).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// The owner has no further use for it.
    Done,
    /// The program ends; reconnect later.
    Shutdown,
    /// The other end broke the protocol.
    Rejected,
    /// The same endpoint has connected anew.
    Replaced,
    /// There is too much to do; reconnect much later.
    Overloaded,
    /// A code that this version doesn't know.
    Other(u32),
}

impl CloseReason {
    pub(crate) fn to_code(self) -> u32 {
        match self {
            Self::Done => 0,
            Self::Shutdown => 1,
            Self::Rejected => 2,
            Self::Replaced => 3,
            Self::Overloaded => 4,
            Self::Other(code) => code,
        }
    }

    pub(crate) fn from_code(code: u64) -> Self {
        match code {
            0 => Self::Done,
            1 => Self::Shutdown,
            2 => Self::Rejected,
            3 => Self::Replaced,
            4 => Self::Overloaded,
            code => Self::Other(u32::try_from(code).unwrap_or(u32::MAX)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_survive_the_wire() {
        for code in 0..9 {
            assert_eq!(CloseReason::from_code(code).to_code(), u32::try_from(code).unwrap());
        }
    }

    #[test]
    fn a_wrong_key_says_what_to_do() {
        let error = ConnectError::WrongKey {
            addr: "127.0.0.1:4433".parse().unwrap(),
            presented: LinkKey([1; 32]),
            expected: LinkKey([2; 32]),
        };
        let shown = error.to_string();
        assert!(shown.contains(&"01".repeat(32)) && shown.contains(&"02".repeat(32)), "{shown}");
        assert!(shown.contains("compare it with the relay's operator"), "{shown}");
    }
}
