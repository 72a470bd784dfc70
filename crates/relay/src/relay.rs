//! A shard of the relay as a machine. The directory says whose keys are whose, an inbox for each endpoint keeps what waits,
//! meters count.
//!
//! An endpoint says frames (`relay/frames.rs`). What it wants of a number is a request, handled where the number lives
//! (`relay/numbers.rs`); what an endpoint gets is a response, handled where the endpoint lives (`relay/inboxes.rs`).
//! Nothing reaches from one of them to the other in another way (invariant 12, `an_account_is_the_unit_of_the_relay`).
//! If it is the same shard it is done at once, in the same step; if it is another one it is a letter.

use crate::RelayConfig;
use crate::blobs::Blobs;
use crate::directory::Directory;
use crate::endpoints::{Endpoints, Party, Slot};
use crate::letter::{Channel, Content, Letter, Request, Response};
use crate::meter::Meters;
use crate::post::{Mail, MailItem, Post};
use crate::rows;
use crate::shards::Shard;
use kernel::{Machine, RestoreError, Row, Table, Time};
use std::collections::{BTreeMap, BTreeSet};
use wire::{
    BlobId, ConnectionId, LinkEvent, LinkKey, Number, Outgoing, Refusal, RejectCode, ToEndpoint, ToRelay,
    TransferId, TransferRequest,
};

mod frames;
mod inboxes;
mod numbers;
mod transfers;

/// What can happen to the relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// On a connection with an endpoint.
    Link(LinkEvent<ToRelay>),
    /// Something came from another shard.
    Mail(Box<Mail>),
    /// Something about a transfer.
    Transfer {
        /// Which one; the shell numbers them.
        transfer: TransferId,
        /// What happened.
        event: TransferEvent,
    },
}

/// What happens to a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferEvent {
    /// An endpoint opened it. An [`Output::Transfer`] follows.
    Asked {
        /// On which connection.
        connection: ConnectionId,
        /// What it wants.
        request: TransferRequest,
    },
    /// The blob that was to be received is durable, under its name. An [`Output::Transfer`] follows.
    Arrived {
        /// Which name.
        blob: BlobId,
    },
    /// It was given up; after [`Verdict::Receive`] this or [`Arrived`](Self::Arrived) comes first.
    Ended,
}

/// What is to be done with a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Take the bytes, and say when they are durable.
    Receive {
        /// Under which name.
        blob: BlobId,
        /// How many they must be.
        length: u64,
    },
    /// Send the bytes.
    Send {
        /// Of which blob.
        blob: BlobId,
        /// From where on.
        offset: u64,
        /// How long all of it is.
        length: u64,
    },
    /// Say that it is done: durable, or gone.
    Done,
    /// Say why not.
    Refused(Refusal),
}

/// What the relay says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// To an endpoint.
    Send(Outgoing<ToEndpoint>),
    /// A connection is at an end; what was said on it before still goes out.
    Close(ConnectionId),
    /// To another shard.
    Mail(Box<Mail>),
    /// Of a transfer.
    Transfer {
        /// Which one.
        transfer: TransferId,
        /// What is to be done with it.
        verdict: Verdict,
    },
    /// Nobody can have this blob any more: its bytes are to be removed.
    DropBlob(BlobId),
    /// To whoever runs the relay.
    Notice(Notice),
}

/// Something that the operator may know: it identifies nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// The first gateway came and is now the only one.
    GatewayEnrolled(LinkKey),
    /// This shard or that one was put back to an older copy, or is another: nothing goes between them any more. Both must
    /// be put back to the same moment, or emptied; then endpoints start over.
    AnotherPast(Shard),
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
    post: Post,
    blobs: Blobs,
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
            endpoints: Endpoints::new(config.shards),
            connections: BTreeMap::new(),
            directory: Directory::default(),
            meters: Meters::default(),
            metering_due: BTreeSet::new(),
            post: Post::new(config.shards, config.max_letters),
            blobs: Blobs::default(),
            config,
        };
        // Directory entries come before their one-time prekeys: rows are in the order of `TABLES`.
        for row in &rows {
            relay.restore_row(row)?;
        }
        relay.endpoints.sort_by_age();
        Ok(relay)
    }

    fn on_input(&mut self, input: Input, step: &mut Step<'_>) {
        match input {
            Input::Link(event) => self.on_link(event, step),
            Input::Mail(mail) => self.on_mail(*mail, step),
            Input::Transfer { transfer, event } => self.on_transfer(transfer, event, step),
        }
    }

    fn wake_at(&self) -> Option<Time> {
        let expiry = self.endpoints.oldest().map(|oldest| oldest + self.config.inbox_ttl);
        let metering = self.metering_due.first().map(|(due, _)| *due);
        let blobs = self.blobs.first_expiry();
        expiry.into_iter().chain(metering).chain(self.post.wake_at()).chain(blobs).min()
    }

    fn on_wake(&mut self, step: &mut Step<'_>) {
        // What nobody has fetched for too long is forgotten.
        let (due, window) = (step.now - self.config.inbox_ttl, self.config.delivery_window);
        self.endpoints.expire(due, window, step.transaction);
        self.report_due(step);
        self.expire_blobs(step);
        step.part(|step| self.post.send_again(step));
    }
}

impl Relay {
    /// The totals of one business, as its node hears them. They are at the shard of the node.
    pub fn metering(&self, business: Number) -> Vec<wire::MeterReading> {
        self.meters.readings(business).collect()
    }

    fn restore_row(&mut self, row: &Row) -> Result<(), RestoreError> {
        let shards = self.config.shards;
        match row.table {
            rows::ENDPOINTS => self.endpoints.restore(row)?.restore(row),
            rows::DIRECTORY if shards.elsewhere(rows::read_address(row)?.0.number).is_none() => {
                self.directory.restore_entry(row, &mut self.endpoints)
            }
            rows::ONE_TIME => self.directory.restore_one_time(row),
            rows::INBOX => self.endpoints.restore(row)?.restore_item(row),
            rows::METERS => self.meters.restore(row),
            rows::BLOBS if shards.of_blob(rows::read_blob(row)?) == shards.this() => self.blobs.restore(row),
            rows::CLAIMS => self.endpoints.restore_claim(row),
            rows::SHARDS if shards.has_other(rows::read_shard(row)?) => self.post.restore_shard(row),
            rows::LETTERS if shards.has_other(rows::read_letters_key(row)?.0) => {
                self.post.restore_letter(row)
            }
            rows::DIRECTORY | rows::SHARDS | rows::LETTERS | rows::BLOBS => {
                Err(RestoreError::new(row, "of another shard, or of a relay with another number of them"))
            }
            _ => Err(RestoreError::new(row, "not a table of the relay")),
        }
    }

    fn on_link(&mut self, event: LinkEvent<ToRelay>, step: &mut Step<'_>) {
        match event {
            LinkEvent::Up { connection, peer } => {
                self.connections.insert(connection, Peer::Stranger(peer));
            }
            LinkEvent::Frame { connection, frame } => self.on_frame(connection, frame, step),
            LinkEvent::Garbled { connection, error } => self.reject(connection, error.reject_code(), step),
            LinkEvent::Down { connection } => self.forget(connection),
        }
    }

    /// Another shard says something.
    fn on_mail(&mut self, Mail { from, to, channel, item }: Mail, step: &mut Step<'_>) {
        let shards = self.config.shards;
        if to != shards.this() || !shards.has_other(from) {
            return;
        }
        match item {
            MailItem::Taken { through, answers } => {
                step.part(|step| self.post.on_taken(from, channel, (through, answers), step));
            }
            // It causes responses, and comes again when there is room for them.
            MailItem::Letter { .. }
                if channel == Channel::Requests && !self.post.has_room_for_any(Channel::Responses) => {}
            MailItem::Letter { position, sent, letter } => {
                if step.part(|step| self.post.take(from, channel, (position, sent), &letter, step)) {
                    self.on_letter(letter, step);
                }
            }
        }
        if let Some(shard) = self.post.take_misfit() {
            step.say(Output::Notice(Notice::AnotherPast(shard)));
        }
    }

    /// Of what lives here; what does not is nobody's, where all shards agree who has what.
    fn on_letter(&mut self, letter: Letter, step: &mut Step<'_>) {
        match letter.0 {
            Content::Request(endpoint, request) => {
                let asker = self.endpoints.party(endpoint);
                if self.config.shards.elsewhere(request.number()).is_none() {
                    self.on_request(asker, request, step);
                }
            }
            Content::Response(endpoint, response) => {
                if let Party::Here(slot) = self.endpoints.party(endpoint) {
                    self.on_response(slot, response, step);
                }
            }
        }
    }

    /// An endpoint of this shard wants something of a number.
    fn ask(&mut self, asker: Slot, request: Request, step: &mut Step<'_>) {
        match self.config.shards.elsewhere(request.number()) {
            None => self.on_request(Party::Here(asker), request, step),
            Some(shard) => {
                let letter = Letter(Content::Request(self.endpoints[asker].key, request));
                step.part(|step| self.post.send(shard, letter, step));
            }
        }
    }

    /// An endpoint gets something of a number of this shard.
    fn tell(&mut self, endpoint: Party, response: Response, step: &mut Step<'_>) {
        match endpoint {
            Party::Here(slot) => self.on_response(slot, response, step),
            Party::There(key) => {
                let shard = self.config.shards.of_endpoint(key);
                let letter = Letter(Content::Response(key, response));
                step.part(|step| self.post.send(shard, letter, step));
            }
        }
    }

    /// An endpoint hears something, if it is there.
    fn say_to(&self, slot: Slot, frame: ToEndpoint, step: &mut Step<'_>) {
        if let Some(connection) = self.endpoints[slot].connection {
            say(connection, frame, step);
        }
    }

    fn reject(&mut self, connection: ConnectionId, code: RejectCode, step: &mut Step<'_>) {
        say(connection, ToEndpoint::Rejected(code), step);
        step.say(Output::Notice(Notice::Rejected(code)));
        self.hang_up(connection, step);
    }

    fn hang_up(&mut self, connection: ConnectionId, step: &mut Step<'_>) {
        step.say(Output::Close(connection));
        self.forget(connection);
    }

    fn forget(&mut self, connection: ConnectionId) {
        self.blobs.disconnected(connection);
        let slot = match self.connections.remove(&connection) {
            Some(Peer::Endpoint(slot)) => Some(slot),
            Some(Peer::Stranger(key)) => self.endpoints.find(key),
            None => None,
        };
        if let Some(slot) = slot.filter(|slot| self.endpoints[*slot].connection == Some(connection)) {
            self.endpoints[slot].disconnected();
        }
    }
}

impl From<Mail> for Output {
    fn from(mail: Mail) -> Self {
        Self::Mail(Box::new(mail))
    }
}

fn say(connection: ConnectionId, frame: ToEndpoint, step: &mut Step<'_>) {
    step.say(Output::Send(Outgoing { connection, frame }));
}
