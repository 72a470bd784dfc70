//! The endpoint's side of the two numbered queues between it and the relay.
//!
//! Out: submissions count from 1 without gaps and stay in the outbox until the relay says that it has
//! them; after a reconnection all that it lacks are sent again. In: the cursor says up to where the
//! relay's inbox is durable here, so that a delivery pushed twice is processed once.

use crate::Step;
use crate::proto;
use crate::rows::{OUTBOX, POST};
use bytes::Bytes;
use kernel::{RestoreError, Row, Transaction};
use prost::Message as _;
use std::collections::VecDeque;
use wire::{ConnectionId, Envelope, EnvelopeId, Outgoing, ToRelay};

/// So many deliveries the relay makes, unless it is told to make more, before it hears of the first that it arrived.
const WINDOW: u64 = 256;

/// Outbox and inbox cursor.
#[derive(Default)]
pub(crate) struct Post {
    revision: u64,
    submitted_through: u64,
    delivered_through: u64,
    /// Deliveries that could not be read, of the last [`WINDOW`]: whether the relay has heard it is not known.
    unread: Vec<u64>,
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
            self.submitted_through = post.submitted_through;
            self.delivered_through = post.delivered_through;
            self.unread = post.unread;
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
        self.say(ToRelay::Hello { delivered_through: self.delivered_through, gateway }, step);
    }

    pub(crate) fn disconnected(&mut self) {
        self.connection = None;
        self.online = false;
    }

    /// The relay knows us. What it lacks goes out again, before our acknowledgement: a retry request in
    /// the outbox must reach the sender before the delivery receipt that the acknowledgement causes.
    pub(crate) fn welcomed(&mut self, step: &mut Step<'_>) {
        self.online = true;
        for (sequence, envelope) in self.outbox.iter().cloned() {
            self.say(ToRelay::Submit { sequence, envelope }, step);
        }
        if self.delivered_through > 0 {
            let unread = self.unread.clone();
            self.say(ToRelay::Acknowledge { through: self.delivered_through, unread }, step);
        }
    }

    pub(crate) fn submit(&mut self, envelope: Envelope, step: &mut Step<'_>) {
        self.submitted_through += 1;
        step.transaction.append_with(OUTBOX, self.submitted_through, || (Bytes::new(), envelope.to_bytes()));
        self.write(step.transaction);
        self.outbox.push_back((self.submitted_through, envelope.clone()));
        if self.online {
            self.say(ToRelay::Submit { sequence: self.submitted_through, envelope }, step);
        }
    }

    /// The relay has submissions up to `through`: forgets them and says which envelopes they were.
    pub(crate) fn accepted(&mut self, through: u64, transaction: &mut Transaction) -> Vec<EnvelopeId> {
        let mut accepted = Vec::new();
        while let Some((_, envelope)) = self.outbox.pop_front_if(|(sequence, _)| *sequence <= through) {
            accepted.push(envelope.id);
        }
        if !accepted.is_empty() {
            transaction.trim_with(OUTBOX, through, Bytes::new);
        }
        accepted
    }

    /// True if the delivery numbered `sequence` is new here.
    pub(crate) fn is_new(&self, sequence: u64) -> bool {
        sequence > self.delivered_through
    }

    /// Makes the delivery's processing durable, and then acknowledges it: as read, or as something that can't be.
    pub(crate) fn delivered(&mut self, sequence: u64, is_read: bool, step: &mut Step<'_>) {
        self.delivered_through = sequence;
        self.unread.retain(|unread| unread.saturating_add(WINDOW) > sequence);
        let unread = if is_read { Vec::new() } else { vec![sequence] };
        self.unread.extend(&unread);
        self.write(step.transaction);
        self.say(ToRelay::Acknowledge { through: sequence, unread }, step);
    }

    /// Acknowledges once more what came again.
    pub(crate) fn delivered_before(&self, step: &mut Step<'_>) {
        let unread = self.unread.clone();
        self.say(ToRelay::Acknowledge { through: self.delivered_through, unread }, step);
    }

    pub(crate) fn say(&self, frame: ToRelay, step: &mut Step<'_>) {
        if let Some(connection) = self.connection {
            step.say(Outgoing { connection, frame });
        }
    }

    fn write(&mut self, transaction: &mut Transaction) {
        let row = || proto::PostRow {
            submitted_through: self.submitted_through,
            delivered_through: self.delivered_through,
            unread: self.unread.clone(),
        };
        self.revision = transaction.swap_with(POST, self.revision, || (Bytes::new(), row().encode_to_vec()));
    }
}
