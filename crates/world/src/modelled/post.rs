//! The endpoint's side of the two numbered queues between it and the relay: `endpoint`'s, with envelopes by reference.

use super::frame::{Envelope, ToRelay};
use super::output::{Fx, Output};
use std::collections::VecDeque;
use std::sync::Arc;
use wire::ConnectionId;

/// Outbox and inbox cursor.
#[derive(Clone, Default)]
pub(crate) struct Post {
    submitted_through: u64,
    delivered_through: u64,
    /// Without gaps: the last is the one submitted last.
    outbox: VecDeque<Arc<Envelope>>,
    connection: Option<ConnectionId>,
    online: bool,
}

impl Post {
    pub(crate) const fn is_online(&self) -> bool {
        self.online
    }

    pub(crate) fn is_on(&self, connection: ConnectionId) -> bool {
        self.connection == Some(connection)
    }

    pub(crate) fn connected(&mut self, connection: ConnectionId, gateway: bool, fx: &mut Fx) {
        self.connection = Some(connection);
        self.online = false;
        self.say(ToRelay::Hello { delivered_through: self.delivered_through, gateway }, fx);
    }

    pub(crate) const fn disconnected(&mut self) {
        self.connection = None;
        self.online = false;
    }

    /// The relay knows us: what it lacks goes out again, and then how far our inbox is.
    pub(crate) fn welcomed(&mut self, fx: &mut Fx) {
        self.online = true;
        let first = self.first();
        for (sequence, envelope) in (first..).zip(&self.outbox) {
            self.say(ToRelay::Submit { sequence, envelope: Arc::clone(envelope) }, fx);
        }
        if self.delivered_through > 0 {
            self.say(ToRelay::Acknowledge { through: self.delivered_through }, fx);
        }
    }

    pub(crate) fn submit(&mut self, envelope: Arc<Envelope>, fx: &mut Fx) {
        self.submitted_through += 1;
        fx.write();
        self.outbox.push_back(Arc::clone(&envelope));
        if self.online {
            self.say(ToRelay::Submit { sequence: self.submitted_through, envelope }, fx);
        }
    }

    /// Takes out the next submission that the relay has, if it has them up to `through`.
    pub(crate) fn pop_accepted(&mut self, through: u64) -> Option<Arc<Envelope>> {
        if self.first() > through { None } else { self.outbox.pop_front() }
    }

    pub(crate) const fn is_new(&self, sequence: u64) -> bool {
        sequence > self.delivered_through
    }

    pub(crate) fn delivered(&mut self, sequence: u64, fx: &mut Fx) {
        if self.is_new(sequence) {
            self.delivered_through = sequence;
            fx.write();
        }
        self.say(ToRelay::Acknowledge { through: self.delivered_through }, fx);
    }

    pub(crate) fn say(&self, frame: ToRelay, fx: &mut Fx) {
        if let Some(connection) = self.connection {
            fx.say(Output::frame(connection, frame));
        }
    }

    /// The number of the first submission in the outbox.
    fn first(&self) -> u64 {
        self.submitted_through + 1 - self.outbox.len() as u64
    }
}
