//! An observer of what goes over connections, for the privacy scans: what it sees is what a relay's
//! memory holds and what an observer of the network must not see.

use std::sync::Arc;

/// Which way bytes went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// Endpoint to relay.
    ToRelay,
    /// Relay to endpoint.
    ToEndpoint,
}

/// Sees the bytes of frames outside of QUIC's encryption. Pieces arrive in order for each connection and
/// direction but are cut anywhere, and those of different connections mix.
pub trait Tap: Send + Sync {
    /// These bytes arrived, or are about to be sent. Called on the connection's path: be quick.
    fn saw(&self, direction: Direction, bytes: &[u8]);
}

/// A tap on one direction of one connection.
pub(crate) struct Tapped {
    pub(crate) tap: Arc<dyn Tap>,
    pub(crate) direction: Direction,
}

impl Tapped {
    pub(crate) fn saw(&self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.tap.saw(self.direction, bytes);
        }
    }
}
