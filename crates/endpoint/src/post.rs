//! The endpoint's side of the two numbered queues between it and the relay.
//!
//! Out: submissions count from 1 without gaps and stay in the outbox until the relay says that it has
//! them; after a reconnection all that it lacks are sent again. In: the cursor says up to where the
//! relay's inbox is durable here, so that a delivery pushed twice is processed once.
//!
//! A number says that only while both ends have the same history. Positions have names for it ([`Position`]): an end that was
//! put back to an older copy, or replaced by another, is told by a welcome that does not fit ([`Post::fits`]).

use crate::Step;
use crate::proto;
use crate::rows::{OUTBOX, POST};
use bytes::Bytes;
use kernel::{RestoreError, Row, Transaction};
use prost::Message as _;
use std::collections::VecDeque;
use wire::{ConnectionId, Envelope, EnvelopeId, Outgoing, Position, Publish, ToRelay};

/// So many deliveries the relay makes, unless it is told to make more, before it hears of the first that it arrived.
const WINDOW: u64 = 256;

/// Outbox and inbox cursor.
#[derive(Default)]
pub(crate) struct Post {
    revision: u64,
    /// The relay has what was submitted up to here; the outbox is what comes after.
    accepted: Position,
    delivered: Position,
    /// Deliveries that could not be read, of the last [`WINDOW`]: whether the relay has heard it is not known.
    unread: Vec<u64>,
    /// The name of what was published last: a relay that says another does not have all of it.
    published: u64,
    outbox: VecDeque<(u64, Envelope)>,
    connection: Option<ConnectionId>,
    online: bool,
}

impl Post {
    pub(crate) fn restore(&mut self, row: &Row) -> Result<(), RestoreError> {
        if row.table == OUTBOX {
            let envelope = Envelope::from_bytes(row.value.clone()).map_err(|e| RestoreError::new(row, e))?;
            self.outbox.push_back((row.at, envelope));
        } else {
            let post = proto::PostRow::decode(&*row.value).map_err(|e| RestoreError::new(row, e))?;
            self.revision = row.at;
            self.accepted = Position { sequence: post.accepted_through, name: post.accepted_name };
            self.delivered = Position { sequence: post.delivered_through, name: post.delivered_name };
            self.unread = post.unread;
            self.published = post.published_name;
        }
        Ok(())
    }

    /// True once the relay has welcomed us on this connection.
    pub(crate) fn is_online(&self) -> bool {
        self.online
    }

    /// True for the connection that we are on.
    pub(crate) fn is_on(&self, connection: ConnectionId) -> bool {
        self.connection == Some(connection)
    }

    pub(crate) fn connected(&mut self, connection: ConnectionId, gateway: bool, step: &mut Step<'_>) {
        self.connection = Some(connection);
        self.online = false;
        self.say(ToRelay::Hello { delivered: self.delivered, gateway }, step);
    }

    pub(crate) fn disconnected(&mut self) {
        self.connection = None;
        self.online = false;
    }

    /// True if this endpoint has never been at a relay.
    pub(crate) fn is_new(&self) -> bool {
        (self.accepted, self.delivered) == Default::default() && self.outbox.is_empty()
    }

    /// True if relay and endpoint have the same history: it has accepted what we submitted, up to something that it had or may
    /// have got since, and goes on with the inbox where we are.
    pub(crate) fn fits(&self, accepted: Position, resumes: Position) -> bool {
        let mut ours = self.accepted;
        let submitted = self.outbox.iter().map(|(_, envelope)| {
            ours = ours.then(envelope.id);
            ours
        });
        resumes == self.delivered
            && (accepted == self.accepted || submitted.into_iter().any(|ours| ours == accepted))
    }

    /// From now on this is where both queues stand. What was to be submitted is not any more: these.
    pub(crate) fn adopt(
        &mut self,
        accepted: Position,
        resumes: Position,
        transaction: &mut Transaction,
    ) -> Vec<Envelope> {
        if let Some((through, _)) = self.outbox.back() {
            transaction.trim_with(OUTBOX, *through, Bytes::new);
        }
        if resumes != self.delivered {
            // Numbers of another queue.
            self.unread.clear();
        }
        (self.accepted, self.delivered) = (accepted, resumes);
        self.write(transaction);
        std::mem::take(&mut self.outbox).into_iter().map(|(_, envelope)| envelope).collect()
    }

    /// The relay knows us. What it lacks goes out again, before our acknowledgement: a retry request in
    /// the outbox must reach the sender before the delivery receipt that the acknowledgement causes.
    pub(crate) fn welcomed(&mut self, step: &mut Step<'_>) {
        self.online = true;
        for (sequence, envelope) in self.outbox.iter().cloned() {
            self.say(ToRelay::Submit { sequence, envelope }, step);
        }
        if self.delivered.sequence > 0 {
            let unread = self.unread.clone();
            self.say(ToRelay::Acknowledge { through: self.delivered.sequence, unread }, step);
        }
    }

    pub(crate) fn submit(&mut self, envelope: Envelope, step: &mut Step<'_>) {
        let sequence = self.outbox.back().map_or(self.accepted.sequence, |(last, _)| *last) + 1;
        step.transaction.append_with(OUTBOX, sequence, || (Bytes::new(), envelope.to_bytes()));
        self.outbox.push_back((sequence, envelope.clone()));
        if self.online {
            self.say(ToRelay::Submit { sequence, envelope }, step);
        }
    }

    /// The relay has submissions up to `through`: forgets them and says which envelopes they were.
    pub(crate) fn accepted(&mut self, through: u64, transaction: &mut Transaction) -> Vec<EnvelopeId> {
        let mut accepted = Vec::new();
        while let Some((_, envelope)) = self.outbox.pop_front_if(|(sequence, _)| *sequence <= through) {
            self.accepted = self.accepted.then(envelope.id);
            accepted.push(envelope.id);
        }
        if !accepted.is_empty() {
            transaction.trim_with(OUTBOX, self.accepted.sequence, Bytes::new);
            self.write(transaction);
        }
        accepted
    }

    /// True if a delivery with this number has not been here yet.
    pub(crate) fn lacks(&self, sequence: u64) -> bool {
        sequence > self.delivered.sequence
    }

    /// Makes the delivery's processing durable, and then acknowledges it: as read, or as something that can't be.
    pub(crate) fn delivered(&mut self, position: Position, is_read: bool, step: &mut Step<'_>) {
        let sequence = position.sequence;
        self.delivered = position;
        self.unread.retain(|unread| unread.saturating_add(WINDOW) > sequence);
        let unread = if is_read { Vec::new() } else { vec![sequence] };
        self.unread.extend(&unread);
        self.write(step.transaction);
        self.say(ToRelay::Acknowledge { through: sequence, unread }, step);
    }

    /// Acknowledges once more what came again.
    pub(crate) fn delivered_before(&self, step: &mut Step<'_>) {
        let unread = self.unread.clone();
        self.say(ToRelay::Acknowledge { through: self.delivered.sequence, unread }, step);
    }

    /// Tells the relay's directory of keys. Durable first: what may have been said is not said again.
    pub(crate) fn publish(&mut self, mut publish: Publish, step: &mut Step<'_>) {
        self.published = u64::from_be_bytes(step.rng.bytes());
        publish.name = self.published;
        self.write(step.transaction);
        self.say(ToRelay::Publish(Box::new(publish)), step);
    }

    /// True if the relay has got all that we published, as far as it is said here.
    pub(crate) fn has_published(&self, name: u64) -> bool {
        self.published == name
    }

    pub(crate) fn say(&self, frame: ToRelay, step: &mut Step<'_>) {
        if let Some(connection) = self.connection {
            step.say(Outgoing { connection, frame });
        }
    }

    fn write(&mut self, transaction: &mut Transaction) {
        let row = || proto::PostRow {
            accepted_through: self.accepted.sequence,
            accepted_name: self.accepted.name,
            delivered_through: self.delivered.sequence,
            delivered_name: self.delivered.name,
            unread: self.unread.clone(),
            published_name: self.published,
        };
        self.revision = transaction.swap_with(POST, self.revision, || (Bytes::new(), row().encode_to_vec()));
    }
}
