//! Modelled connections between the endpoints and the relay: each takes its time, and keeps its order.

use kernel::{Rng, Time};
use std::collections::BTreeMap;
use std::time::Duration;
use wire::ConnectionId;

/// All connections that are up, each numbered alike at both ends.
#[derive(Default)]
pub(crate) struct Network {
    connections: BTreeMap<ConnectionId, Connection>,
    by_endpoint: BTreeMap<usize, ConnectionId>,
    opened: u64,
}

/// One connection.
pub(crate) struct Connection {
    /// Which endpoint has it.
    pub(crate) endpoint: usize,
    /// When the last frame arrives, each way: nothing overtakes.
    to_relay: Time,
    to_endpoint: Time,
}

impl Network {
    pub(crate) fn open(&mut self, now: Time, endpoint: usize) -> ConnectionId {
        self.opened += 1;
        let id = ConnectionId(self.opened);
        self.connections.insert(id, Connection { endpoint, to_relay: now, to_endpoint: now });
        self.by_endpoint.insert(endpoint, id);
        id
    }

    pub(crate) fn close(&mut self, id: ConnectionId) -> Option<usize> {
        let connection = self.connections.remove(&id)?;
        if self.by_endpoint.get(&connection.endpoint) == Some(&id) {
            self.by_endpoint.remove(&connection.endpoint);
        }
        Some(connection.endpoint)
    }

    /// The connection of an endpoint.
    pub(crate) fn of(&self, endpoint: usize) -> Option<ConnectionId> {
        self.by_endpoint.get(&endpoint).copied()
    }

    pub(crate) fn get(&self, id: ConnectionId) -> Option<&Connection> {
        self.connections.get(&id)
    }

    pub(crate) fn all(&self) -> Vec<ConnectionId> {
        self.connections.keys().copied().collect()
    }

    /// When a frame sent now arrives at the relay.
    pub(crate) fn arrives_at_relay(&mut self, id: ConnectionId, now: Time, rng: &mut Rng) -> Option<Time> {
        let connection = self.connections.get_mut(&id)?;
        connection.to_relay = connection.to_relay.max(now + latency(rng));
        Some(connection.to_relay)
    }

    /// When a frame sent now arrives at the endpoint.
    pub(crate) fn arrives_at_endpoint(&mut self, id: ConnectionId, now: Time, rng: &mut Rng) -> Option<Time> {
        let connection = self.connections.get_mut(&id)?;
        connection.to_endpoint = connection.to_endpoint.max(now + latency(rng));
        Some(connection.to_endpoint)
    }
}

/// One way over a mobile network: 15 to 45 ms.
pub(crate) fn latency(rng: &mut Rng) -> Duration {
    Duration::from_micros(15_000 + u64::from(rng.below(30_000)))
}
