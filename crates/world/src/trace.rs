//! What happened, as a hash.

use crate::Party;
use kernel::Time;
use sha2::{Digest as _, Sha256};

/// A running SHA-256 over every event of a run: when, at whom, what.
#[derive(Clone, Default)]
pub(crate) struct Trace {
    digest: Sha256,
    events: u64,
}

/// Where something happened.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place {
    Party(Party),
    Business,
}

impl Trace {
    /// Adds an event. `bytes` are what an observer at that place would have seen.
    pub(crate) fn add(&mut self, now: Time, place: Place, what: &str, bytes: &[u8]) {
        self.events += 1;
        let place = match place {
            Place::Business => (0, 0),
            Place::Party(Party::Relay) => (1, 0),
            Place::Party(Party::Node) => (2, 0),
            Place::Party(Party::Consumer(index)) => (3, index),
        };
        let place = [usize::to_be_bytes(place.0), usize::to_be_bytes(place.1)].concat();
        for part in [&now.as_micros().to_be_bytes(), &place[..], what.as_bytes(), bytes] {
            // Each part with its length, so that no two events run into the same bytes.
            self.digest.update(part.len().to_be_bytes());
            self.digest.update(part);
        }
    }

    pub(crate) fn hash(&self) -> [u8; 32] {
        self.digest.clone().finalize().into()
    }

    pub(crate) fn events(&self) -> u64 {
        self.events
    }
}
