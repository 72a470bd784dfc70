//! A relay and machines that are connected to it, in virtual time, with a delay on every link.

use crate::Error;
use crate::error::OrFailed;
use kernel::{Effects, Machine as _, Rng, Time};
use relay::{Input, Output, Relay, RelayConfig};
use std::collections::BTreeMap;
use std::time::Duration;
use wire::{ConnectionId, LinkEvent, LinkKey, Outgoing, ToEndpoint, ToRelay};

/// Who is connected, by number.
pub(crate) type Party = u32;

/// Something arrives at a party.
pub(crate) type Event = LinkEvent<ToEndpoint>;

/// The relay with its links.
pub(crate) struct Net {
    pub(crate) now: Time,
    relay: Relay,
    rng: Rng,
    delay: Duration,
    connections: BTreeMap<Party, ConnectionId>,
    parties: BTreeMap<ConnectionId, Party>,
    next_connection: u64,
    /// By time, then in the order in which they were made.
    queue: BTreeMap<(Time, u64), Under>,
    order: u64,
}

/// What is under way.
enum Under {
    ToRelay(LinkEvent<ToRelay>),
    ToParty(Party, Event),
}

impl Net {
    pub(crate) fn new(config: RelayConfig, now: Time, delay: Duration, rng: Rng) -> Result<Self, Error> {
        let relay = Relay::restore(config, Vec::new()).or_failed("starting the relay")?;
        Ok(Self {
            now,
            relay,
            rng,
            delay,
            connections: BTreeMap::new(),
            parties: BTreeMap::new(),
            next_connection: 1,
            queue: BTreeMap::new(),
            order: 0,
        })
    }

    /// The party gets a connection.
    pub(crate) fn connect(&mut self, party: Party) {
        let connection = ConnectionId(self.next_connection);
        self.next_connection += 1;
        self.connections.insert(party, connection);
        self.parties.insert(connection, party);
        self.put(Under::ToRelay(LinkEvent::Up { connection, peer: key(party) }), Duration::ZERO);
        self.put(Under::ToParty(party, LinkEvent::Up { connection, peer: key(0) }), Duration::ZERO);
    }

    /// The party loses its connection, and what is on it.
    pub(crate) fn disconnect(&mut self, party: Party) {
        if let Some(connection) = self.connections.remove(&party) {
            self.parties.remove(&connection);
            let lost = |under: &Under| match under {
                Under::ToRelay(LinkEvent::Frame { connection: on, .. }) => *on == connection,
                Under::ToParty(to, LinkEvent::Frame { .. }) => *to == party,
                _ => false,
            };
            self.queue.retain(|_, under| !lost(under));
            self.put(Under::ToRelay(LinkEvent::Down { connection }), Duration::ZERO);
            self.put(Under::ToParty(party, LinkEvent::Down { connection }), Duration::ZERO);
        }
    }

    /// The party says something on its connection, if it has one.
    pub(crate) fn say(&mut self, party: Party, frame: ToRelay) {
        if let Some(connection) = self.connections.get(&party).copied() {
            self.put(Under::ToRelay(LinkEvent::Frame { connection, frame }), self.delay);
        }
    }

    /// Something has arrived at the party that it takes up only after a while, unless it loses its connection before.
    pub(crate) fn postpone(&mut self, party: Party, event: Event, after: Duration) {
        self.put(Under::ToParty(party, event), after);
    }

    /// The next thing that arrives at a party until `end`; then it is `end`.
    pub(crate) fn next(&mut self, end: Time) -> Option<(Party, Event)> {
        loop {
            let wake = self.relay.wake_at().map(|at| at.max(self.now)).filter(|at| *at <= end);
            let first = self.queue.first_key_value().map(|((at, _), _)| *at).filter(|at| *at <= end);
            match (first, wake) {
                (None, None) => {
                    self.now = self.now.max(end);
                    return None;
                }
                (first, Some(wake)) if first.is_none_or(|first| wake < first) => {
                    self.now = wake;
                    let effects = self.relay.wake(wake, &mut self.rng);
                    self.carry(effects);
                }
                _ => {
                    let ((at, _), under) = self.queue.pop_first()?;
                    self.now = self.now.max(at);
                    match under {
                        Under::ToParty(party, event) => return Some((party, event)),
                        Under::ToRelay(event) => {
                            let effects = self.relay.handle(self.now, Input::Link(event), &mut self.rng);
                            self.carry(effects);
                        }
                    }
                }
            }
        }
    }

    fn carry(&mut self, effects: Effects<Output>) {
        for output in effects.outputs {
            if let Output::Send(Outgoing { connection, frame }) = output
                && let Some(party) = self.parties.get(&connection).copied()
            {
                self.put(Under::ToParty(party, LinkEvent::Frame { connection, frame }), self.delay);
            }
        }
    }

    fn put(&mut self, under: Under, after: Duration) {
        self.order += 1;
        self.queue.insert((self.now + after, self.order), under);
    }
}

fn key(party: Party) -> LinkKey {
    let mut key = [0; 32];
    if let Some(start) = key.first_chunk_mut() {
        *start = party.to_be_bytes();
    }
    LinkKey(key)
}
