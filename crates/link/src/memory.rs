//! Links without sockets: the same bytes, the same limits, the same end.

use crate::connection::{EndpointSide, RelaySide, assemble};
use crate::outbox::Outbox;
use crate::source::Source;
use crate::tap::{Direction, Tap, TapSlot, Tapped};
use crate::transfer::Transfers;
use crate::{BindError, CloseReason, ConnectError, Limits, LinkIdentity};
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::mpsc;
use wire::LinkKey;

/// A connection between an endpoint and a relay of these keys: the endpoint's side and the relay's.
pub fn in_memory(endpoint: LinkKey, relay: LinkKey) -> (EndpointSide, RelaySide) {
    let (endpoint_side, relay_side, _) = pair(endpoint, relay, &Limits::default(), None);
    (endpoint_side, relay_side)
}

/// Addresses inside one process: listeners and connectors that differ from those over QUIC only in how
/// they were made.
#[derive(Clone, Default)]
pub struct MemoryNetwork {
    places: Arc<Mutex<BTreeMap<SocketAddr, Place>>>,
}

struct Place {
    relay: LinkKey,
    limits: Limits,
    tap: TapSlot,
    sender: mpsc::Sender<RelaySide>,
    /// The relay's sides of the connections.
    live: Vec<Weak<Outbox>>,
}

impl MemoryNetwork {
    /// Takes a place; port 0 takes any free one. What connects there comes out of the channel.
    pub(crate) fn open(
        &self,
        addr: SocketAddr,
        identity: &LinkIdentity,
        limits: Limits,
    ) -> Result<(SocketAddr, mpsc::Receiver<RelaySide>, TapSlot), BindError> {
        let mut places = self.places();
        let mut addr = addr;
        if addr.port() == 0 {
            let free = (1..=u16::MAX).find(|port| !places.contains_key(&SocketAddr::new(addr.ip(), *port)));
            addr.set_port(free.unwrap_or_default());
        }
        if addr.port() == 0 || places.contains_key(&addr) {
            return Err(BindError::Socket { addr, source: io::ErrorKind::AddrInUse.into() });
        }
        let (sender, ready) = mpsc::channel(limits.max_handshakes.max(1));
        let tap = TapSlot::default();
        let place =
            Place { relay: identity.public(), limits, tap: Arc::clone(&tap), sender, live: Vec::new() };
        places.insert(addr, place);
        Ok((addr, ready, tap))
    }

    pub(crate) async fn connect(
        &self,
        identity: &LinkIdentity,
        addr: SocketAddr,
        relay: Option<LinkKey>,
    ) -> Result<EndpointSide, ConnectError> {
        let (endpoint_side, relay_side, sender) = {
            let mut places = self.places();
            let nobody = ConnectError::Timeout { addr, after: Duration::ZERO };
            let place = places.get_mut(&addr).ok_or(nobody)?;
            if let Some(expected) = relay.filter(|relay| *relay != place.relay) {
                return Err(ConnectError::WrongKey { addr, presented: place.relay, expected });
            }
            place.live.retain(|outbox| outbox.strong_count() > 0);
            if place.live.len() >= place.limits.max_connections {
                return Err(ConnectError::Refused { addr });
            }
            let (endpoint_side, relay_side, outbox) =
                pair(identity.public(), place.relay, &place.limits, place.tap.get());
            place.live.push(outbox);
            (endpoint_side, relay_side, place.sender.clone())
        };
        sender.send(relay_side).await.map_err(|_| ConnectError::Refused { addr })?;
        Ok(endpoint_side)
    }

    /// Nobody listens at `addr` any more, and its connections are closed.
    pub(crate) fn unlist(&self, addr: SocketAddr) {
        if let Some(place) = self.places().remove(&addr) {
            place
                .live
                .iter()
                .filter_map(Weak::upgrade)
                .for_each(|outbox| outbox.close(CloseReason::Shutdown));
        }
    }

    fn places(&self) -> MutexGuard<'_, BTreeMap<SocketAddr, Place>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for MemoryNetwork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryNetwork").field("listeners", &self.places().len()).finish()
    }
}

fn pair(
    endpoint: LinkKey,
    relay: LinkKey,
    limits: &Limits,
    tap: Option<&Arc<dyn Tap>>,
) -> (EndpointSide, RelaySide, Weak<Outbox>) {
    // Either end's outbox is what the other end reads. Both taps sit where the bytes are read.
    let tapped = |direction| tap.map(|tap| Tapped::new(tap, direction));
    let up = Arc::new(Outbox::new(limits.queue_bytes));
    let down = Arc::new(Outbox::new(limits.queue_bytes));
    let (opens, accepts) = Transfers::in_memory(limits.max_transfers, limits.transfer_idle, tap.cloned());
    let relay_outbox = Arc::downgrade(&down);
    let endpoint_side = assemble(
        relay,
        Source::Memory(Arc::clone(&down)),
        Arc::clone(&up),
        tapped(Direction::ToEndpoint),
        opens,
    );
    let relay_side = assemble(endpoint, Source::Memory(up), down, tapped(Direction::ToRelay), accepts);
    (endpoint_side, relay_side, relay_outbox)
}
