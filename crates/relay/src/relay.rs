//! The relay as a machine: what each frame of an endpoint's changes, and what the endpoints hear of it. The directory
//! says whose keys are whose, an inbox for each endpoint keeps what waits, meters count; here is who may do what, in
//! which order, and who is told.

use crate::RelayConfig;
use crate::directory::{Directory, PublishRefusal};
use crate::inbox::Endpoint;
use crate::meter::{Meter, Meters};
use crate::rows::{self, read_link_key};
use kernel::{Machine, RestoreError, Row, Table, Time, Transaction};
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
    endpoints: BTreeMap<LinkKey, Endpoint>,
    /// Who is at the other end, and whether they have said hello.
    connections: BTreeMap<ConnectionId, (LinkKey, bool)>,
    directory: Directory,
    meters: Meters,
    /// The endpoints whose inbox is not empty, by the age of its oldest item.
    by_age: BTreeSet<(Time, LinkKey)>,
    /// When a gateway next hears its totals, if they changed: one of another's businesses is none of its business.
    metering_due: BTreeMap<LinkKey, Time>,
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
            endpoints: BTreeMap::new(),
            connections: BTreeMap::new(),
            directory: Directory::default(),
            meters: Meters::default(),
            by_age: BTreeSet::new(),
            metering_due: BTreeMap::new(),
        };
        // Directory entries come before their one-time prekeys: rows are in the order of `TABLES`.
        for row in &rows {
            match row.table {
                rows::ENDPOINTS => relay.endpoint(read_link_key(row)?).restore(row)?,
                rows::DIRECTORY => relay.directory.restore_entry(row)?,
                rows::ONE_TIME => relay.directory.restore_one_time(row)?,
                rows::INBOX => relay.endpoint(read_link_key(row)?).restore_item(row)?,
                rows::METERS => relay.meters.restore(row)?,
                _ => return Err(RestoreError::new(row, "not a table of the relay")),
            }
        }
        relay.by_age = relay.endpoints.iter().filter_map(|(key, e)| Some((e.oldest()?, *key))).collect();
        Ok(relay)
    }

    fn on_input(&mut self, input: Input, step: &mut Step<'_>) {
        match input {
            LinkEvent::Up { connection, peer } => {
                self.connections.insert(connection, (peer, false));
            }
            LinkEvent::Frame { connection, frame } => self.on_frame(connection, frame, step),
            LinkEvent::Garbled { connection, error } => self.reject(connection, error.reject_code(), step),
            LinkEvent::Down { connection } => self.forget(connection),
        }
    }

    fn wake_at(&self) -> Option<Time> {
        let expiry = self.by_age.first().map(|(oldest, _)| *oldest + self.config.inbox_ttl);
        expiry.into_iter().chain(self.metering_due.values().copied()).min()
    }

    fn on_wake(&mut self, step: &mut Step<'_>) {
        self.expire(step);
        self.report_due(step);
    }
}

impl Relay {
    /// The totals of one business, as its node hears them.
    pub fn metering(&self, business: Number) -> Vec<wire::MeterReading> {
        self.meters.readings(business).collect()
    }

    /// Forgets what nobody has fetched for too long.
    fn expire(&mut self, step: &mut Step<'_>) {
        let cutoff = step.now - self.config.inbox_ttl;
        while let Some((oldest, key)) = self.by_age.first().copied().filter(|(oldest, _)| *oldest <= cutoff) {
            self.by_age.remove(&(oldest, key));
            if let Some(endpoint) = self.endpoints.get_mut(&key) {
                endpoint.expire(cutoff, step.transaction);
                self.by_age.extend(endpoint.oldest().map(|oldest| (oldest, key)));
            }
        }
    }

    /// Gateways whose totals have changed hear them, if it is time.
    fn report_due(&mut self, step: &mut Step<'_>) {
        let now = step.now;
        for gateway in self.metering_due.extract_if(.., |_, due| *due <= now).map(|(gateway, _)| gateway) {
            if let Some(connection) = self.endpoints.get(&gateway).and_then(|endpoint| endpoint.connection) {
                report_metering(&self.directory, &self.meters, gateway, connection, step);
            }
        }
    }

    fn on_frame(&mut self, connection: ConnectionId, frame: ToRelay, step: &mut Step<'_>) {
        let Some((peer, greeted)) = self.connections.get(&connection).copied() else { return };
        match frame {
            ToRelay::Hello { delivered_through, gateway } => {
                self.on_hello(connection, peer, delivered_through, gateway, step);
            }
            _ if !greeted => self.reject(connection, RejectCode::HelloExpected, step),
            ToRelay::Publish(publish) => self.on_publish(connection, peer, &publish, step),
            ToRelay::FetchBundle(address) => self.on_fetch_bundle(connection, address, step),
            ToRelay::Submit { sequence, envelope } => {
                self.on_submit(connection, peer, sequence, envelope, step)
            }
            ToRelay::Acknowledge { through } => self.on_acknowledge(peer, through, step),
        }
    }

    /// An endpoint says who it is; the link has proved it.
    fn on_hello(
        &mut self,
        connection: ConnectionId,
        peer: LinkKey,
        delivered_through: u64,
        gateway: bool,
        step: &mut Step<'_>,
    ) {
        if gateway && !self.admit_gateway(peer, step) {
            return self.reject(connection, RejectCode::NotAGateway, step);
        }
        let endpoint = self.endpoint(peer);
        if let Some(old) = endpoint.connection.filter(|old| *old != connection) {
            self.connections.remove(&old);
            step.say(Output::Close(old));
        }
        let endpoint = self.endpoint(peer);
        endpoint.connected(connection, delivered_through);
        let accepted_through = endpoint.accepted_through;
        self.connections.insert(connection, (peer, true));
        say(connection, ToEndpoint::Welcome { accepted_through }, step);
        self.push(peer, step);
        for address in self.directory.addresses(peer).to_vec() {
            self.ask_for_prekeys(address, step);
        }
        if gateway {
            report_metering(&self.directory, &self.meters, peer, connection, step);
        }
    }

    /// True if the endpoint may speak for businesses.
    fn admit_gateway(&mut self, peer: LinkKey, step: &mut Step<'_>) -> bool {
        if self.endpoint(peer).gateway || self.config.gateways.contains(&peer) {
            if !self.endpoint(peer).gateway {
                self.enrol(peer, step.transaction);
            }
            return true;
        }
        let first =
            self.config.gateways.is_empty() && !self.endpoints.values().any(|endpoint| endpoint.gateway);
        // A device that has registered a number is a consumer's for good.
        let consumer = !self.directory.addresses(peer).is_empty();
        if !self.config.enrol_first_gateway || !first || consumer {
            return false;
        }
        self.enrol(peer, step.transaction);
        step.say(Output::Notice(Notice::GatewayEnrolled(peer)));
        true
    }

    fn enrol(&mut self, peer: LinkKey, transaction: &mut Transaction) {
        let endpoint = self.endpoint(peer);
        endpoint.gateway = true;
        endpoint.write(transaction);
    }

    fn on_publish(
        &mut self,
        connection: ConnectionId,
        peer: LinkKey,
        publish: &Publish,
        step: &mut Step<'_>,
    ) {
        let address = publish.address;
        let (gateway, limit) = (self.endpoint(peer).gateway, self.config.max_prekeys);
        match self.directory.publish(peer, gateway, publish, limit, step.transaction) {
            Ok(()) => say(connection, ToEndpoint::Published(address), step),
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
        peer: LinkKey,
        sequence: u64,
        envelope: Envelope,
        step: &mut Step<'_>,
    ) {
        let endpoint = self.endpoint(peer);
        let expected = endpoint.accepted_through + 1;
        if sequence > expected {
            return self.reject(connection, RejectCode::OutOfSequence, step);
        }
        if sequence == expected {
            endpoint.accepted_through = sequence;
            endpoint.write(step.transaction);
            match self.route(peer, &envelope) {
                Ok(recipient) => {
                    self.meter(&envelope, step);
                    self.append(recipient, InboxItem::Envelope(envelope), step);
                }
                Err(outcome) => {
                    let receipt = Receipt { envelope_id: envelope.id, outcome };
                    self.append(peer, InboxItem::Receipt(receipt), step);
                }
            }
        }
        let through = self.endpoint(peer).accepted_through;
        say(connection, ToEndpoint::Accepted { through }, step);
    }

    /// Whose inbox an envelope goes to. A number is spoken for by the endpoint that registered it and
    /// nobody else, and what is sent to it goes there and nowhere else (invariant 10,
    /// `only_the_gateway_speaks_for_a_business`; for consumers' devices it is the same rule).
    fn route(&self, sender: LinkKey, envelope: &Envelope) -> Result<LinkKey, Outcome> {
        let owner = self.directory.owner(envelope.from.number);
        if owner != Some(sender) || !self.directory.contains(envelope.from) {
            return Err(Outcome::NotAllowed);
        }
        let registered =
            self.directory.owner(envelope.to.number).filter(|_| self.directory.contains(envelope.to));
        registered.ok_or(Outcome::UnknownRecipient)
    }

    /// Counts an envelope for the business that it is from or to.
    fn meter(&mut self, envelope: &Envelope, step: &mut Step<'_>) {
        if envelope.kind == EnvelopeKind::Retry {
            return;
        }
        let (gateway, business, direction, consumer) =
            match (self.gateway_of(envelope.from), self.gateway_of(envelope.to)) {
                (Some(gateway), _) => (gateway, envelope.from, Direction::BusinessToConsumer, envelope.to),
                (None, Some(gateway)) => (gateway, envelope.to, Direction::ConsumerToBusiness, envelope.from),
                (None, None) => return,
            };
        let meter = Meter {
            business: business.number,
            direction,
            billing_class: envelope.billing_class,
            country_calling_code: consumer.number.country_calling_code(),
        };
        self.meters.count(meter, envelope.ciphertext.len(), step.transaction);
        self.metering_due.entry(gateway).or_insert(step.now + self.config.metering_interval);
    }

    /// The gateway that speaks for an address, if it is a business's.
    fn gateway_of(&self, address: Address) -> Option<LinkKey> {
        let owner = self.directory.owner(address.number)?;
        self.endpoints.get(&owner)?.gateway.then_some(owner)
    }

    /// The endpoint has its inbox up to `through`; the senders learn it.
    fn on_acknowledge(&mut self, peer: LinkKey, through: u64, step: &mut Step<'_>) {
        let endpoint = self.endpoint(peer);
        let before = endpoint.oldest();
        let gone = endpoint.acknowledge(through, step.transaction);
        let after = endpoint.oldest();
        self.reindex(peer, before, after);
        for item in gone {
            let InboxItem::Envelope(envelope) = item else { continue };
            if envelope.kind == EnvelopeKind::Retry {
                continue;
            }
            if let Some(sender) = self.directory.owner(envelope.from.number) {
                let receipt = Receipt { envelope_id: envelope.id, outcome: Outcome::Delivered };
                self.append(sender, InboxItem::Receipt(receipt), step);
            }
        }
        self.push(peer, step);
    }

    fn append(&mut self, recipient: LinkKey, item: InboxItem, step: &mut Step<'_>) {
        let endpoint = self.endpoint(recipient);
        let before = endpoint.oldest();
        endpoint.append(step.now, item, step.transaction);
        let after = endpoint.oldest();
        self.reindex(recipient, before, after);
        self.push(recipient, step);
    }

    fn push(&mut self, recipient: LinkKey, step: &mut Step<'_>) {
        let window = self.config.delivery_window;
        let endpoint = self.endpoint(recipient);
        let Some(connection) = endpoint.connection else { return };
        for (sequence, item) in endpoint.push(window) {
            say(connection, ToEndpoint::Delivery { sequence, item }, step);
        }
    }

    fn ask_for_prekeys(&mut self, address: Address, step: &mut Step<'_>) {
        let owner = self.directory.owner(address.number).and_then(|owner| self.endpoints.get(&owner));
        let Some(connection) = owner.and_then(|owner| owner.connection) else { return };
        if let Some(one_time_left) = self.directory.ask_for_more(address, self.config.low_prekeys) {
            say(connection, ToEndpoint::PrekeysLow { address, one_time_left }, step);
        }
    }

    fn reject(&mut self, connection: ConnectionId, code: RejectCode, step: &mut Step<'_>) {
        say(connection, ToEndpoint::Rejected(code), step);
        step.say(Output::Notice(Notice::Rejected(code)));
        step.say(Output::Close(connection));
        self.forget(connection);
    }

    fn forget(&mut self, connection: ConnectionId) {
        let Some((peer, _)) = self.connections.remove(&connection) else { return };
        if let Some(endpoint) = self.endpoints.get_mut(&peer).filter(|e| e.connection == Some(connection)) {
            endpoint.connection = None;
            self.directory.forget_questions(peer);
        }
    }

    fn reindex(&mut self, key: LinkKey, before: Option<Time>, after: Option<Time>) {
        if before != after {
            if let Some(before) = before {
                self.by_age.remove(&(before, key));
            }
            self.by_age.extend(after.map(|after| (after, key)));
        }
    }

    fn endpoint(&mut self, key: LinkKey) -> &mut Endpoint {
        self.endpoints.entry(key).or_insert_with(|| Endpoint::new(key))
    }
}

fn say(connection: ConnectionId, frame: ToEndpoint, step: &mut Step<'_>) {
    step.say(Output::Send(Outgoing { connection, frame }));
}

/// What was counted for the businesses that a gateway speaks for.
fn report_metering(
    directory: &Directory,
    meters: &Meters,
    gateway: LinkKey,
    connection: ConnectionId,
    step: &mut Step<'_>,
) {
    let addresses = directory.addresses(gateway);
    let readings: Vec<_> = addresses.iter().flat_map(|address| meters.readings(address.number)).collect();
    if !readings.is_empty() {
        say(connection, ToEndpoint::Metering(readings), step);
    }
}
