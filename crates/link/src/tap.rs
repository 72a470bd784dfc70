//! An observer of what goes over connections, for the privacy scans: what it sees is what a relay's
//! memory holds and what an observer of the network must not see.

use std::fmt;
use std::sync::{Arc, OnceLock};

/// Which way bytes went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// Endpoint to relay.
    ToRelay,
    /// Relay to endpoint.
    ToEndpoint,
}

/// What sees the bytes of one connection in one direction.
pub type Observer = Box<dyn FnMut(&[u8]) + Send>;

/// Sees the bytes of frames outside of QUIC's encryption.
pub trait Tap: Send + Sync {
    /// A connection begins: what sees its bytes in one direction, in order but cut anywhere, as they
    /// arrive or just before they are sent. Called on the connection's path: be quick.
    fn stream(&self, direction: Direction) -> Observer;

    /// The same for one transfer: a frame, and then the bytes of a blob.
    fn transfer(&self, direction: Direction) -> Observer;
}

/// A tap that may be installed later.
pub(crate) type TapSlot = Arc<OnceLock<Arc<dyn Tap>>>;

/// A tap on one direction of one connection.
pub(crate) struct Tapped(Observer);

impl Tapped {
    pub(crate) fn new(tap: &Arc<dyn Tap>, direction: Direction) -> Self {
        Self(tap.stream(direction))
    }

    pub(crate) fn transfer(tap: &Arc<dyn Tap>, direction: Direction) -> Self {
        Self(tap.transfer(direction))
    }

    pub(crate) fn saw(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            (self.0)(bytes);
        }
    }
}

impl fmt::Debug for Tapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tapped")
    }
}
