//! An endpoint's connection to its relay: dialling, backing off, giving up, as the live links do it.

use super::{Event, lines};
use crate::draws::{Draws, Purpose};
use crate::engine::Agenda;
use crate::link::Way;
use crate::parcel::Parcel;
use crate::plan::Plan;
use crate::record::Who;
use std::time::Duration;
use wire::{ConnectionId, LinkEvent, ToEndpoint, ToRelay};

/// The first waiting time after a failed attempt, and the longest: those of the live links.
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// What a handshake weighs on the wire: QUIC's padded Initial packets (RFC 9000, section 14.1).
pub(crate) const HANDSHAKE_BYTES: u32 = 1200;

/// One endpoint's side of its connection.
pub(crate) struct Uplink {
    endpoint: Who,
    /// The connection, once the relay has answered.
    connection: Option<ConnectionId>,
    /// The one that the relay has not answered yet.
    dialling: Option<ConnectionId>,
    dials: u32,
    /// Attempts since one succeeded.
    failures: u32,
    way: Way,
    draws: Draws,
}

impl Uplink {
    pub(crate) fn new(plan: &Plan, endpoint: Who) -> Self {
        let id = u64::from(endpoint.as_u32());
        Self {
            endpoint,
            connection: None,
            dialling: None,
            dials: 0,
            failures: 0,
            way: Way::new(plan.origin().draws(Purpose::ToRelay, id)),
            draws: plan.origin().draws(Purpose::Dial, id),
        }
    }

    /// True once the relay has answered, and until either end gives up.
    pub(crate) const fn is_up(&self) -> bool {
        self.connection.is_some()
    }

    /// True for the connection that this end is on.
    pub(crate) fn is_on(&self, connection: ConnectionId) -> bool {
        self.connection == Some(connection)
    }

    /// Tries to connect, unless that is done already.
    pub(crate) fn dial(&mut self, plan: &Plan, agenda: &mut Agenda<'_, Event>) {
        if self.connection.is_some() || self.dialling.is_some() {
            return;
        }
        let now = agenda.now();
        if let Some(until) = plan.cut(self.endpoint, now) {
            return agenda.at(until + self.wait(), Event::Dial(self.endpoint));
        }
        self.dials += 1;
        let connection = lines::connection(self.endpoint, self.dials);
        self.dialling = Some(connection);
        let event = Event::Dialled { endpoint: self.endpoint, connection };
        self.post(HANDSHAKE_BYTES, event, plan, agenda);
    }

    /// The relay answers: what the machine hears of it.
    pub(crate) fn answered(
        &mut self,
        connection: ConnectionId,
        up: bool,
        plan: &Plan,
        agenda: &mut Agenda<'_, Event>,
    ) -> Option<LinkEvent<ToEndpoint>> {
        if self.dialling != Some(connection) {
            // Given up before.
            if up {
                self.hang_up(connection, plan, agenda);
            }
            return None;
        }
        self.dialling = None;
        if up {
            self.failures = 0;
            self.connection = Some(connection);
            return Some(LinkEvent::Up { connection, peer: plan.link_key(plan.relay_of(self.endpoint)) });
        }
        self.try_again(agenda);
        None
    }

    /// The connection broke: what the machine hears of it.
    pub(crate) fn broken(
        &mut self,
        connection: ConnectionId,
        agenda: &mut Agenda<'_, Event>,
    ) -> Option<LinkEvent<ToEndpoint>> {
        if self.dialling == Some(connection) {
            self.dialling = None;
            self.try_again(agenda);
        }
        if self.connection != Some(connection) {
            return None;
        }
        self.connection = None;
        self.try_again(agenda);
        Some(LinkEvent::Down { connection })
    }

    /// Nothing came through for too long: this end gives up, and so does the other.
    pub(crate) fn timed_out(
        &mut self,
        plan: &Plan,
        agenda: &mut Agenda<'_, Event>,
    ) -> Option<LinkEvent<ToEndpoint>> {
        let connection = self.connection?;
        let event = Event::BrokenAtRelay { connection };
        agenda.send(plan.lane_of(plan.relay_of(self.endpoint)), agenda.now(), event);
        self.broken(connection, agenda)
    }

    /// This end goes away. Returns what a machine that still runs hears of it.
    pub(crate) fn close(
        &mut self,
        plan: &Plan,
        agenda: &mut Agenda<'_, Event>,
    ) -> Option<LinkEvent<ToEndpoint>> {
        self.dialling = None;
        let connection = self.connection.take()?;
        self.hang_up(connection, plan, agenda);
        Some(LinkEvent::Down { connection })
    }

    /// Hands a frame to the network. What is said on a connection that is gone is gone too.
    pub(crate) fn send(
        &mut self,
        connection: ConnectionId,
        parcel: Parcel<ToRelay>,
        plan: &Plan,
        agenda: &mut Agenda<'_, Event>,
    ) {
        if self.connection == Some(connection) {
            self.post(parcel.length, Event::ToRelay { connection, parcel }, plan, agenda);
        }
    }

    fn hang_up(&mut self, connection: ConnectionId, plan: &Plan, agenda: &mut Agenda<'_, Event>) {
        self.post(0, Event::BrokenAtRelay { connection }, plan, agenda);
    }

    fn post(&mut self, bytes: u32, event: Event, plan: &Plan, agenda: &mut Agenda<'_, Event>) {
        let now = agenda.now();
        if let Some(until) = plan.cut(self.endpoint, now) {
            self.way.hold(until);
        }
        let at = self.way.arrival(now, bytes, plan.link(self.endpoint));
        agenda.send(plan.lane_of(plan.relay_of(self.endpoint)), at, event);
    }

    fn try_again(&mut self, agenda: &mut Agenda<'_, Event>) {
        self.failures += 1;
        let wait = self.wait();
        agenda.after(wait, Event::Dial(self.endpoint));
    }

    /// Exponential backoff with full jitter, as the live links have it.
    fn wait(&mut self) -> Duration {
        let window = FIRST_WAIT.saturating_mul(1 << self.failures.saturating_sub(1).min(7)).min(LONGEST_WAIT);
        let micros = u32::try_from(window.as_micros()).unwrap_or(u32::MAX);
        Duration::from_micros(u64::from(self.draws.below(micros)))
    }
}
