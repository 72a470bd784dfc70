//! Frames outside of QUIC's encryption: what the relay's process gets and gives, on every connection.
//!
//! Endpoints connect to an interceptor that has their link keys and connects to the relay in their names. So the
//! frames of real processes can be read, and the relay is a real process too.

use super::LiveError;
use super::child::Gathered;
use link::{CloseReason, Connection, Connector, Direction, Limits, LinkIdentity, Listener, Observer, Tap};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use wire::{Frame as _, LinkKey, Publish, ToEndpoint, ToRelay};

/// A party with its link key.
pub(super) struct Known {
    pub(super) party: &'static str,
    pub(super) identity: LinkIdentity,
}

/// Ids of envelopes that are kept to be looked for: enough, and few enough to look for all of them.
const ENVELOPES: usize = 64;

/// What was seen.
#[derive(Clone, Default)]
pub(super) struct Frames {
    /// The bytes of each connection and direction.
    streams: Arc<Mutex<Vec<(Direction, Gathered)>>>,
    /// What the relay gave each party.
    pub(super) received: Arc<Mutex<BTreeMap<&'static str, Vec<u8>>>>,
    ids: Arc<Mutex<Ids>>,
    hang_up: Arc<Notify>,
    /// Connections of parties that speak for businesses, and of others.
    pub(super) gateways: Arc<AtomicU32>,
    pub(super) consumers: Arc<AtomicU32>,
}

/// What frames name, to be looked for elsewhere.
#[derive(Default)]
pub(super) struct Ids {
    /// Id, and the numbers that it goes between.
    pub(super) envelopes: Vec<([u8; 16], u64, u64)>,
    /// Identity keys by the number that published them.
    pub(super) identities: BTreeMap<u64, Vec<u8>>,
    /// Numbers that the relay has registered.
    pub(super) registered: BTreeSet<u64>,
    /// Frames to the relay, submissions among them, and deliveries of it.
    pub(super) to_relay: u64,
    pub(super) submissions: u64,
    pub(super) deliveries: u64,
    /// Bytes of the frames that each party sent.
    pub(super) sent: BTreeMap<&'static str, u64>,
}

impl Frames {
    /// Takes connections of `known` parties and carries their frames to the relay at `relay`, for as long as the
    /// runtime runs. Gives the address and the key that they must expect.
    pub(super) fn intercept(
        &self,
        known: Vec<Known>,
        identity: &LinkIdentity,
        relay: SocketAddr,
        relay_key: LinkKey,
    ) -> Result<SocketAddr, LiveError> {
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = Listener::bind(loopback, identity, Limits::default())?;
        let listener = listener.with_tap(Arc::new(self.clone()));
        let address = listener.local_addr();
        let known: BTreeMap<LinkKey, Known> =
            known.into_iter().map(|known| (known.identity.public(), known)).collect();
        let (known, frames) = (Arc::new(known), self.clone());
        tokio::spawn(async move {
            let connector = Arc::new(Connector::new(Limits::default()));
            while let Some(endpoint) = listener.accept().await {
                let (known, connector, frames) = (Arc::clone(&known), Arc::clone(&connector), frames.clone());
                tokio::spawn(async move {
                    let Some(known) = known.get(&endpoint.peer) else { return };
                    // If there is no relay at the moment, the endpoint tries again by itself.
                    if let Ok(up) = connector.connect(&known.identity, relay, Some(relay_key)).await {
                        frames.carry(known.party, endpoint, up).await;
                    }
                });
            }
        });
        Ok(address)
    }

    /// What went one way, connection by connection.
    pub(super) fn streams(&self, wanted: Direction) -> Vec<Vec<u8>> {
        let streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        streams.iter().filter(|(way, _)| *way == wanted).map(|(_, gathered)| gathered.bytes()).collect()
    }

    /// What was named so far.
    pub(super) fn ids(&self) -> MutexGuard<'_, Ids> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends all connections, so that endpoints notice at once that the relay died, and not after seconds of silence.
    pub(super) fn hang_up(&self) {
        self.hang_up.notify_waiters();
    }

    async fn carry(
        self,
        party: &'static str,
        endpoint: Connection<ToRelay, ToEndpoint>,
        relay: Connection<ToEndpoint, ToRelay>,
    ) {
        let (mut up, mut down) = (endpoint.receiver, relay.receiver);
        let upwards = async {
            while let Ok(Some(frame)) = up.recv().await {
                self.note(party, &frame);
                if relay.sender.send(frame).await.is_err() {
                    return;
                }
            }
        };
        let downwards = async {
            while let Ok(Some(frame)) = down.recv().await {
                self.keep(party, &frame);
                if endpoint.sender.send(frame).await.is_err() {
                    return;
                }
            }
        };
        tokio::select! {
            () = upwards => {}
            () = downwards => {}
            () = self.hang_up.notified() => {}
        }
        relay.sender.close(CloseReason::Done);
        endpoint.sender.close(CloseReason::Done);
    }

    fn keep(&self, party: &'static str, frame: &ToEndpoint) {
        if let ToEndpoint::Published(address) = frame {
            self.ids().registered.insert(address.number.as_integer());
        }
        self.ids().deliveries += u64::from(matches!(frame, ToEndpoint::Delivery { .. }));
        let mut received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = bytes::BytesMut::new();
        frame.clone().encode(&mut bytes);
        received.entry(party).or_default().extend_from_slice(&bytes);
    }

    fn note(&self, party: &'static str, frame: &ToRelay) {
        let mut bytes = bytes::BytesMut::new();
        frame.clone().encode(&mut bytes);
        let mut ids = self.ids();
        ids.to_relay += 1;
        ids.submissions += u64::from(matches!(frame, ToRelay::Submit { .. }));
        *ids.sent.entry(party).or_default() += bytes.len() as u64;
        match frame {
            ToRelay::Hello { gateway, .. } => {
                let count = if *gateway { &self.gateways } else { &self.consumers };
                count.fetch_add(1, Ordering::Relaxed);
            }
            ToRelay::Submit { envelope, .. } if ids.envelopes.len() < ENVELOPES => {
                let (from, to) = (envelope.from.number.as_integer(), envelope.to.number.as_integer());
                if !ids.envelopes.iter().any(|(id, ..)| *id == envelope.id.0) {
                    ids.envelopes.push((envelope.id.0, from, to));
                }
            }
            ToRelay::Publish(publish) => {
                let Publish { address, identity_key, .. } = &**publish;
                // Without the byte for its type: it may stand without it elsewhere.
                let key = identity_key.get(1..).unwrap_or_default().to_vec();
                ids.identities.insert(address.number.as_integer(), key);
            }
            _ => {}
        }
    }
}

impl Tap for Frames {
    fn stream(&self, direction: Direction) -> Observer {
        let gathered = Gathered::default();
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        streams.push((direction, gathered.clone()));
        Box::new(move |bytes| gathered.add(bytes))
    }

    fn transfer(&self, direction: Direction) -> Observer {
        self.stream(direction)
    }
}
