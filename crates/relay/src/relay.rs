//! The relay as a machine: what each frame of an endpoint's changes, and what the endpoints hear of it. The directory
//! says whose keys are whose, an inbox for each endpoint keeps what waits, meters count; here is who may do what, in
//! which order, and who is told.

use crate::RelayConfig;
use crate::directory::{Directory, PublishRefusal};
use crate::endpoints::{Endpoints, Slot};
use crate::inbox::Endpoint;
use crate::meter::{Meter, Meters};
use crate::rows::{self, read_link_key};
use kernel::{Machine, RestoreError, Row, Table, Time};
use std::collections::{BTreeMap, BTreeSet};
use wire::{
    Address, Bundle, ConnectionId, Direction, Envelope, EnvelopeKind, InboxItem, LinkEvent, LinkKey, Number,
    Outcome, Outgoing, Publish, Receipt, RejectCode, ToEndpoint, ToRelay,
};

/// What can happen to the relay.
pub type Input = LinkEvent<ToRelay>;

/// What the relay says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// To an endpoint.
    Send(Outgoing<ToEndpoint>),
    /// A connection is at an end; what was said on it before still goes out.
    Close(ConnectionId),
    /// To whoever runs the relay.
    Notice(Notice),
}

/// Something that the operator may know: it identifies nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// The first gateway came and is now the only one.
    GatewayEnrolled(LinkKey),
    /// An endpoint said something that the relay can't go on with.
    Rejected(RejectCode),
}

/// Accounts, directory, inboxes, meters.
pub struct Relay {
    config: RelayConfig,
    endpoints: Endpoints,
    connections: BTreeMap<ConnectionId, Peer>,
    directory: Directory,
    meters: Meters,
    /// When a gateway next hears its totals, if they changed: one of another's businesses is none of its business.
    metering_due: BTreeSet<(Time, Slot)>,
}

/// Who is at the other end of a connection.
#[derive(Clone, Copy)]
enum Peer {
    /// Whoever has this key, and has not said hello.
    Stranger(LinkKey),
    /// An endpoint.
    Endpoint(Slot),
}

type Step<'a> = kernel::Step<'a, Output>;

impl Machine for Relay {
    const TABLES: &'static [Table] = &rows::TABLES;
    type Config = RelayConfig;
    type Input = Input;
    type Output = Output;

    fn restore(config: RelayConfig, rows: Vec<Row>) -> Result<Self, RestoreError> {
        let mut relay = Self {
            config,
            endpoints: Endpoints::default(),
            connections: BTreeMap::new(),
            directory: Directory::default(),
            meters: Meters::default(),
            metering_due: BTreeSet::new(),
        };
        // Directory entries come before their one-time prekeys: rows are in the order of `TABLES`.
        for row in &rows {
            match row.table {
                rows::ENDPOINTS => relay.endpoint(read_link_key(row)?).restore(row)?,
                rows::DIRECTORY => relay.directory.restore_entry(row, &mut relay.endpoints)?,
                rows::ONE_TIME => relay.directory.restore_one_time(row)?,
                rows::INBOX => relay.endpoint(read_link_key(row)?).restore_item(row)?,
                rows::METERS => relay.meters.restore(row)?,
                _ => return Err(RestoreError::new(row, "not a table of the relay")),
            }
        }
        relay.endpoints.sort_by_age();
        Ok(relay)
    }

    fn on_input(&mut self, input: Input, step: &mut Step<'_>) {
        match input {
            LinkEvent::Up { connection, peer } => {
                self.connections.insert(connection, Peer::Stranger(peer));
            }
            LinkEvent::Frame { connection, frame } => self.on_frame(connection, frame, step),
            LinkEvent::Garbled { connection, error } => self.reject(connection, error.reject_code(), step),
            LinkEvent::Down { connection } => self.forget(connection),
        }
    }

    fn wake_at(&self) -> Option<Time> {
        let expiry = self.endpoints.oldest().map(|oldest| oldest + self.config.inbox_ttl);
        let metering = self.metering_due.first().map(|(due, _)| *due);
        expiry.into_iter().chain(metering).min()
    }

    fn on_wake(&mut self, step: &mut Step<'_>) {
        // What nobody has fetched for too long is forgotten.
        self.endpoints.expire(step.now - self.config.inbox_ttl, step.transaction);
        self.report_due(step);
    }
}

impl Relay {
    /// The totals of one business, as its node hears them.
    pub fn metering(&self, business: Number) -> Vec<wire::MeterReading> {
        self.meters.readings(business).collect()
    }

    /// Gateways whose totals have changed hear them, if it is time.
    fn report_due(&mut self, step: &mut Step<'_>) {
        let now = step.now;
        let due = self.metering_due.extract_if(.., |(due, _)| *due <= now);
        let mut gateways: Vec<_> = due.map(|(_, gateway)| gateway).collect();
        gateways.sort_unstable_by_key(|gateway| self.endpoints[*gateway].key);
        for gateway in gateways {
            self.endpoints[gateway].metering_due = false;
            self.report_metering(gateway, step);
        }
    }

    fn on_frame(&mut self, connection: ConnectionId, frame: ToRelay, step: &mut Step<'_>) {
        let Some(peer) = self.connections.get(&connection).copied() else { return };
        match (peer, frame) {
            (_, ToRelay::Hello { delivered_through, gateway }) => {
                self.on_hello(connection, peer, delivered_through, gateway, step);
            }
            (Peer::Stranger(_), _) => self.reject(connection, RejectCode::HelloExpected, step),
            (Peer::Endpoint(slot), ToRelay::Publish(publish)) => {
                self.on_publish(connection, slot, &publish, step);
            }
            (_, ToRelay::FetchBundle(address)) => self.on_fetch_bundle(connection, address, step),
            (Peer::Endpoint(slot), ToRelay::Submit { sequence, envelope }) => {
                self.on_submit(connection, slot, sequence, envelope, step);
            }
            (Peer::Endpoint(slot), ToRelay::Acknowledge { through }) => {
                self.on_acknowledge(slot, through, step)
            }
        }
    }

    /// An endpoint says who it is; the link has proved it.
    fn on_hello(
        &mut self,
        connection: ConnectionId,
        peer: Peer,
        delivered_through: u64,
        gateway: bool,
        step: &mut Step<'_>,
    ) {
        let slot = match peer {
            Peer::Stranger(key) => self.endpoints.slot(key),
            Peer::Endpoint(slot) => slot,
        };
        if gateway && !self.admit_gateway(slot, step) {
            return self.reject(connection, RejectCode::NotAGateway, step);
        }
        let endpoint = &mut self.endpoints[slot];
        let old = endpoint.connection.filter(|old| *old != connection);
        endpoint.connected(connection, delivered_through);
        let accepted_through = endpoint.accepted_through;
        if let Some(old) = old {
            self.connections.remove(&old);
            step.say(Output::Close(old));
        }
        self.connections.insert(connection, Peer::Endpoint(slot));
        say(connection, ToEndpoint::Welcome { accepted_through }, step);
        self.push(slot, step);
        let mut place = 0;
        while let Some(address) = self.endpoints[slot].addresses.get(place) {
            self.ask_for_prekeys(address, step);
            place += 1;
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
            let first = self.config.gateways.is_empty() && self.endpoints.gateways().next().is_none();
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

    fn on_publish(&mut self, connection: ConnectionId, owner: Slot, publish: &Publish, step: &mut Step<'_>) {
        let address = publish.address;
        let limit = self.config.max_prekeys;
        let endpoint = &mut self.endpoints[owner];
        // A device has one address, a gateway as many as it likes.
        let published = if !endpoint.gateway && endpoint.addresses.has_other_than(address) {
            Err(PublishRefusal::Taken)
        } else {
            self.directory.publish(owner, endpoint.key, publish, limit, step.transaction)
        };
        match published {
            Ok(()) => {
                endpoint.addresses.add(address);
                say(connection, ToEndpoint::Published(address), step);
            }
            Err(refusal) => {
                let code = match refusal {
                    PublishRefusal::Taken => RejectCode::AddressTaken,
                    PublishRefusal::TooMany => RejectCode::TooManyPrekeys,
                };
                say(connection, ToEndpoint::Rejected(code), step);
                step.say(Output::Notice(Notice::Rejected(code)));
            }
        }
    }

    fn on_fetch_bundle(&mut self, connection: ConnectionId, address: Address, step: &mut Step<'_>) {
        let bundle = self.directory.hand_out(address, step.rng, step.transaction);
        say(connection, ToEndpoint::Bundle(Box::new(Bundle { address, bundle })), step);
        self.ask_for_prekeys(address, step);
    }

    /// Takes an envelope over: from here on it is the relay's to deliver.
    fn on_submit(
        &mut self,
        connection: ConnectionId,
        sender: Slot,
        sequence: u64,
        envelope: Envelope,
        step: &mut Step<'_>,
    ) {
        let endpoint = &mut self.endpoints[sender];
        let expected = endpoint.accepted_through + 1;
        if sequence > expected {
            return self.reject(connection, RejectCode::OutOfSequence, step);
        }
        if sequence == expected {
            endpoint.accepted_through = sequence;
            endpoint.write(step.transaction);
            match self.route(sender, &envelope) {
                Ok(recipient) => {
                    self.meter(sender, recipient, &envelope, step);
                    self.append(recipient, InboxItem::Envelope(envelope), step);
                }
                Err(outcome) => {
                    let receipt = Receipt { envelope_id: envelope.id, outcome };
                    self.append(sender, InboxItem::Receipt(receipt), step);
                }
            }
        }
        let through = self.endpoints[sender].accepted_through;
        say(connection, ToEndpoint::Accepted { through }, step);
    }

    /// Whose inbox an envelope goes to. A number is spoken for by the endpoint that registered it and
    /// nobody else, and what is sent to it goes there and nowhere else (invariant 10,
    /// `only_the_gateway_speaks_for_a_business`; for consumers' devices it is the same rule).
    fn route(&self, sender: Slot, envelope: &Envelope) -> Result<Slot, Outcome> {
        if !self.endpoints[sender].addresses.contains(envelope.from) {
            return Err(Outcome::NotAllowed);
        }
        self.directory.owner(envelope.to).ok_or(Outcome::UnknownRecipient)
    }

    /// Counts an envelope for the business that it is from or to.
    fn meter(&mut self, sender: Slot, recipient: Slot, envelope: &Envelope, step: &mut Step<'_>) {
        if envelope.kind == EnvelopeKind::Retry {
            return;
        }
        let (gateway, business, direction, consumer) = if self.endpoints[sender].gateway {
            (sender, envelope.from, Direction::BusinessToConsumer, envelope.to)
        } else if self.endpoints[recipient].gateway {
            (recipient, envelope.to, Direction::ConsumerToBusiness, envelope.from)
        } else {
            return;
        };
        let meter = Meter {
            business: business.number,
            direction,
            billing_class: envelope.billing_class,
            country_calling_code: consumer.number.country_calling_code(),
        };
        self.meters.count(meter, envelope.ciphertext.len(), step.transaction);
        if !std::mem::replace(&mut self.endpoints[gateway].metering_due, true) {
            self.metering_due.insert((step.now + self.config.metering_interval, gateway));
        }
    }

    /// The endpoint has its inbox up to `through`; the senders learn it.
    fn on_acknowledge(&mut self, slot: Slot, through: u64, step: &mut Step<'_>) {
        for item in self.endpoints.acknowledge(slot, through, step.transaction) {
            let InboxItem::Envelope(envelope) = item else { continue };
            if envelope.kind == EnvelopeKind::Retry {
                continue;
            }
            if let Some(sender) = self.directory.owner(envelope.from) {
                let receipt = Receipt { envelope_id: envelope.id, outcome: Outcome::Delivered };
                self.append(sender, InboxItem::Receipt(receipt), step);
            }
        }
        self.push(slot, step);
    }

    fn append(&mut self, recipient: Slot, item: InboxItem, step: &mut Step<'_>) {
        self.endpoints.append(recipient, step.now, item, step.transaction);
        self.push(recipient, step);
    }

    fn push(&mut self, recipient: Slot, step: &mut Step<'_>) {
        let endpoint = &mut self.endpoints[recipient];
        let Some(connection) = endpoint.connection else { return };
        endpoint.push(self.config.delivery_window, |sequence, item| {
            say(connection, ToEndpoint::Delivery { sequence, item }, step);
        });
    }

    fn ask_for_prekeys(&mut self, address: Address, step: &mut Step<'_>) {
        let Some((owner, one_time_left)) = self.directory.low(address, self.config.low_prekeys) else {
            return;
        };
        let endpoint = &mut self.endpoints[owner];
        let Some(connection) = endpoint.connection else { return };
        if endpoint.addresses.ask(address) {
            say(connection, ToEndpoint::PrekeysLow { address, one_time_left }, step);
        }
    }

    /// A gateway hears what was counted for the businesses that it speaks for.
    fn report_metering(&self, gateway: Slot, step: &mut Step<'_>) {
        let endpoint = &self.endpoints[gateway];
        let Some(connection) = endpoint.connection else { return };
        let addresses = endpoint.addresses.iter();
        let readings: Vec<_> = addresses.flat_map(|address| self.meters.readings(address.number)).collect();
        if !readings.is_empty() {
            say(connection, ToEndpoint::Metering(readings), step);
        }
    }

    fn reject(&mut self, connection: ConnectionId, code: RejectCode, step: &mut Step<'_>) {
        say(connection, ToEndpoint::Rejected(code), step);
        step.say(Output::Notice(Notice::Rejected(code)));
        step.say(Output::Close(connection));
        self.forget(connection);
    }

    fn forget(&mut self, connection: ConnectionId) {
        let slot = match self.connections.remove(&connection) {
            Some(Peer::Endpoint(slot)) => Some(slot),
            Some(Peer::Stranger(key)) => self.endpoints.find(key),
            None => None,
        };
        let Some(endpoint) = slot.map(|slot| &mut self.endpoints[slot]) else { return };
        if endpoint.connection == Some(connection) {
            endpoint.connection = None;
            endpoint.addresses.forget_questions();
        }
    }

    fn endpoint(&mut self, key: LinkKey) -> &mut Endpoint {
        let slot = self.endpoints.slot(key);
        &mut self.endpoints[slot]
    }
}

fn say(connection: ConnectionId, frame: ToEndpoint, step: &mut Step<'_>) {
    step.say(Output::Send(Outgoing { connection, frame }));
}
