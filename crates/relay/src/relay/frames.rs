//! What endpoints say: who they are, which keys they have, what they submit and what they have got.

use super::{Notice, Output, Peer, Relay, Step, say};
use crate::endpoints::{Party, Slot};
use crate::letter::{Channel, Request, Response};
use smallvec::SmallVec;
use std::collections::BTreeSet;
use wire::{
    Address, ConnectionId, Envelope, EnvelopeKind, InboxItem, Number, Outcome, Position, Publish, Receipt,
    RejectCode, ToEndpoint, ToRelay,
};

impl Relay {
    pub(super) fn on_frame(&mut self, connection: ConnectionId, frame: ToRelay, step: &mut Step<'_>) {
        let Some(peer) = self.connections.get(&connection).copied() else { return };
        match (peer, frame) {
            (_, ToRelay::Hello { delivered, gateway }) => {
                self.on_hello(connection, peer, delivered, gateway, step);
            }
            (Peer::Stranger(_), _) => self.reject(connection, RejectCode::HelloExpected, step),
            // Not accepted, so the endpoint says it again when it is back.
            (Peer::Endpoint(_), frame) if !self.has_room_for(&frame) => self.hang_up(connection, step),
            (Peer::Endpoint(slot), ToRelay::Publish(publish)) => self.on_publish(slot, publish, step),
            (Peer::Endpoint(slot), ToRelay::FetchBundle(address)) => {
                self.on_fetch_bundle(slot, address, step)
            }
            (Peer::Endpoint(slot), ToRelay::Submit { sequence, envelope }) => {
                self.on_submit(connection, slot, sequence, envelope, step);
            }
            (Peer::Endpoint(slot), ToRelay::Acknowledge { through, unread }) => {
                self.on_acknowledge(slot, through, &unread, step)
            }
        }
    }

    /// True if what the frame causes may wait for another shard, if it must. What is confirmed may always: it was in an
    /// inbox.
    fn has_room_for(&self, frame: &ToRelay) -> bool {
        let number = match frame {
            ToRelay::Publish(publish) => publish.address.number,
            ToRelay::FetchBundle(address) => address.number,
            ToRelay::Submit { envelope, .. } => envelope.to.number,
            ToRelay::Hello { .. } | ToRelay::Acknowledge { .. } => return true,
        };
        self.has_room_at(number)
    }

    fn has_room_at(&self, number: Number) -> bool {
        match self.config.shards.elsewhere(number) {
            Some(shard) => self.post.has_room(shard, Channel::Requests),
            None => self.post.has_room_for_any(Channel::Responses),
        }
    }

    /// An endpoint says who it is; the link has proved it.
    fn on_hello(
        &mut self,
        connection: ConnectionId,
        peer: Peer,
        delivered: Position,
        gateway: bool,
        step: &mut Step<'_>,
    ) {
        let slot = match peer {
            Peer::Stranger(key) => match self.endpoints.party(key) {
                Party::Here(slot) => slot,
                // It has come to the wrong shard, which would keep rows that are another's.
                Party::There(_) => return self.hang_up(connection, step),
            },
            Peer::Endpoint(slot) => slot,
        };
        if gateway && !self.admit_gateway(slot, step) {
            return self.reject(connection, RejectCode::NotAGateway, step);
        }
        let endpoint = &mut self.endpoints[slot];
        let old = endpoint.connection.filter(|old| *old != connection);
        endpoint.meet(step.rng, step.transaction);
        let resumes = endpoint.connected(connection, delivered);
        let (accepted, published) = (endpoint.accepted, endpoint.published);
        let addresses: SmallVec<[Address; 1]> = endpoint.addresses.iter().collect();
        if let Some(old) = old {
            self.connections.remove(&old);
            step.say(Output::Close(old));
        }
        self.connections.insert(connection, Peer::Endpoint(slot));
        say(connection, ToEndpoint::Welcome { accepted, resumes, published }, step);
        self.push(slot, step);
        for address in addresses {
            // A question that may as well be asked another time.
            if self.has_room_at(address.number) {
                self.ask(slot, Request::CountPrekeys(address), step);
            }
        }
        if gateway {
            self.report_metering(slot, step);
        }
    }

    /// True if the endpoint may speak for businesses.
    fn admit_gateway(&mut self, slot: Slot, step: &mut Step<'_>) -> bool {
        let endpoint = &self.endpoints[slot];
        let key = endpoint.key;
        if endpoint.gateway {
            return true;
        }
        if !self.config.gateways.contains(&key) {
            // Who is first can be told only where all are.
            let alone = self.config.shards.count() == 1 && self.config.gateways.is_empty();
            let first = alone && self.endpoints.gateways().next().is_none();
            // A device that has registered a number is a consumer's for good.
            let consumer = !endpoint.addresses.is_empty();
            if !self.config.enrol_first_gateway || !first || consumer {
                return false;
            }
            step.say(Output::Notice(Notice::GatewayEnrolled(key)));
        }
        let endpoint = &mut self.endpoints[slot];
        endpoint.gateway = true;
        endpoint.write(step.transaction);
        true
    }

    fn on_publish(&mut self, slot: Slot, mut publish: Box<Publish>, step: &mut Step<'_>) {
        let address = publish.address;
        let endpoint = &mut self.endpoints[slot];
        // A device has one address, a gateway as many as it likes.
        if !endpoint.gateway && endpoint.addresses.has_other_than(address) {
            return self.refuse(slot, RejectCode::AddressTaken, step);
        }
        // From here on it is the relay's to keep.
        endpoint.published = std::mem::take(&mut publish.name);
        endpoint.write(step.transaction);
        if self.config.shards.elsewhere(address.number).is_some() {
            endpoint.addresses.claim(endpoint.key, address, step.transaction);
        }
        self.ask(slot, Request::Publish(publish), step);
    }

    fn on_fetch_bundle(&mut self, slot: Slot, address: Address, step: &mut Step<'_>) {
        if self.config.shards.elsewhere(address.number).is_some() {
            self.endpoints[slot].questions.push(address);
        }
        self.ask(slot, Request::Fetch(address), step);
    }

    /// Takes an envelope over: from here on it is the relay's to deliver.
    ///
    /// A number is spoken for by the endpoint that registered it and nobody else, and what is sent to it goes there and
    /// nowhere else (invariant 10, `only_the_gateway_speaks_for_a_business`; for consumers' devices it is the same rule).
    fn on_submit(
        &mut self,
        connection: ConnectionId,
        sender: Slot,
        sequence: u64,
        envelope: Envelope,
        step: &mut Step<'_>,
    ) {
        let endpoint = &mut self.endpoints[sender];
        let expected = endpoint.accepted.sequence + 1;
        if sequence > expected {
            return self.reject(connection, RejectCode::OutOfSequence, step);
        }
        if sequence == expected {
            endpoint.accepted = endpoint.accepted.then(envelope.id);
            endpoint.write(step.transaction);
            if endpoint.addresses.contains(envelope.from) {
                let from_business = endpoint.gateway;
                self.ask(sender, Request::Route { envelope, from_business }, step);
            } else {
                let receipt = Receipt { envelope_id: envelope.id, outcome: Outcome::NotAllowed };
                self.on_response(sender, Response::receipt(receipt), step);
            }
        }
        let through = self.endpoints[sender].accepted.sequence;
        say(connection, ToEndpoint::Accepted { through }, step);
    }

    /// The endpoint has its inbox up to `through`; the senders learn it, but for what it could not read: a stranger who
    /// sends garbage gets nothing for it.
    fn on_acknowledge(&mut self, slot: Slot, through: u64, unread: &[u64], step: &mut Step<'_>) {
        let unread: BTreeSet<u64> = unread.iter().copied().collect();
        for (sequence, item) in self.endpoints.acknowledge(slot, through, step.transaction) {
            if let InboxItem::Envelope(Envelope { id: envelope_id, from, kind, .. }) = item
                && kind != EnvelopeKind::Retry
                && !unread.contains(&sequence)
            {
                self.ask(slot, Request::Confirm { from, envelope_id }, step);
            }
        }
        self.push(slot, step);
    }
}
