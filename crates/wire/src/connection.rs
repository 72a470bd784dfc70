//! What a machine hears of its connections, and says on them. The live shell makes these of QUIC, the
//! world of a modelled network.

use crate::{FrameError, LinkKey};

/// Numbers the connections of one machine, so that nothing meant for one goes out on the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// Something happened on a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkEvent<F> {
    /// It is up, and the other end has proved that it has this key.
    Up {
        /// The new connection.
        connection: ConnectionId,
        /// Who is at the other end.
        peer: LinkKey,
    },
    /// A frame arrived.
    Frame {
        /// Where.
        connection: ConnectionId,
        /// The frame.
        frame: F,
    },
    /// Bytes arrived that are not a frame; no more will.
    Garbled {
        /// Where.
        connection: ConnectionId,
        /// What is wrong with them.
        error: FrameError,
    },
    /// It is gone.
    Down {
        /// Which.
        connection: ConnectionId,
    },
}

/// A frame for the other end of a connection; dropped if the connection is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing<F> {
    /// The connection that it was made for.
    pub connection: ConnectionId,
    /// The frame.
    pub frame: F,
}
