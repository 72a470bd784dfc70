//! A modelled relay in its lane.

use super::frame::{ToEndpoint, ToRelay};
use super::model::Model;
use super::seat::Seat;
use super::transport::{Fx, Output, Relay};
use super::{Event, SAME_MICROSECOND, endpoint_of};
use crate::draws::Purpose;
use crate::engine::Agenda;
use crate::link::Way;
use crate::plan::Plan;
use crate::real::notes::Notes;
use crate::real::uplink::HANDSHAKE_BYTES;
use crate::record::{Kind, What, Who};
use kernel::Time;
use smallvec::SmallVec;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;
use wire::ConnectionId;

/// A relay, and its ends of all connections.
pub(crate) struct RelayLane {
    pub(crate) plan: Arc<Plan>,
    model: Arc<Model>,
    seat: Seat<Output>,
    relay: Relay,
    /// By place among those of this relay.
    consumers: Vec<End>,
    nodes: Vec<End>,
    pub(crate) notes: Notes,
    fx: Fx,
    said: Vec<Output>,
}

/// The relay's end of the connections of an endpoint.
struct End {
    way: Way,
    /// One, but while the endpoint changes to another.
    links: SmallVec<[(ConnectionId, Link); 1]>,
}

/// What a connection is to the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    Up,
    /// Hello was said.
    Greeted,
    /// The endpoint has said hello on another since.
    Replaced,
}

impl RelayLane {
    pub(crate) fn new(plan: Arc<Plan>, model: Arc<Model>, who: Who, notes: Notes) -> Self {
        let end = |endpoint: Who| End {
            way: Way::new(plan.origin().draws(Purpose::FromRelay, u64::from(endpoint.as_u32()))),
            links: SmallVec::new(),
        };
        let step = usize::try_from(plan.relays()).unwrap_or(1);
        let consumers = (who.index()..plan.consumers()).step_by(step).map(|index| end(Who::consumer(index)));
        let nodes = (who.index()..plan.nodes()).step_by(step).map(|index| end(Who::node(index)));
        Self {
            consumers: consumers.collect(),
            nodes: nodes.collect(),
            seat: Seat::new(&plan, who),
            relay: Relay::new(&plan, who),
            plan,
            model,
            notes,
            fx: Fx::default(),
            said: Vec::new(),
        }
    }

    pub(crate) fn begin(&self, mut at: impl FnMut(Time, Event)) {
        at(self.plan.start(), Event::Start(self.seat.who));
    }

    pub(crate) fn handle(&mut self, now: Time, event: Event, agenda: &mut Agenda<'_, Event>) {
        match event {
            Event::Start(who) => {
                self.notes.record(now, who, What::Start, who, 0);
                self.seat.start(now);
                self.wake(now, agenda);
            }
            Event::Wake(..) => self.wake(now, agenda),
            Event::Durable(..) => self.durable(now, agenda),
            Event::Dialled(endpoint, connection) => self.dialled(now, endpoint, connection, agenda),
            Event::ToRelay { connection, size, frame } => self.frame(now, connection, size, frame, agenda),
            Event::BrokenAtRelay(connection) if self.unlink(connection) => {
                self.notes.record(now, self.seat.who, What::Down, endpoint_of(connection), 0);
                self.step(now, Duration::ZERO, agenda, |relay, _, _, _| relay.forget(connection));
            }
            _ => {}
        }
    }

    /// A frame is going to arrive on a connection: reads a bit of what is kept of those that it is about.
    pub(crate) fn touch(&self, connection: ConnectionId, frame: &ToRelay) {
        self.touch_end(endpoint_of(connection));
        if let ToRelay::Submit { envelope, .. } = frame {
            self.touch_end(envelope.to);
        }
    }

    fn touch_end(&self, who: Who) {
        if who.kind() == Kind::Consumer {
            let place = usize::try_from(who.index() / self.plan.relays()).ok();
            black_box(
                place.and_then(|place| self.consumers.get(place)).is_some_and(|end| end.links.is_empty()),
            );
            self.relay.touch(who);
        }
    }

    fn wake(&mut self, now: Time, agenda: &mut Agenda<'_, Event>) {
        self.seat.silence();
        self.step(now, Duration::ZERO, agenda, |relay, clock, _, fx| {
            if relay.wake_at().is_some_and(|at| at <= clock) {
                relay.wake(clock, fx);
            }
        });
    }

    fn dialled(
        &mut self,
        now: Time,
        endpoint: Who,
        connection: ConnectionId,
        agenda: &mut Agenda<'_, Event>,
    ) {
        let up = self.seat.is_up;
        let what = if up { What::Up } else { What::Refused };
        self.notes.record(now, self.seat.who, what, endpoint, HANDSHAKE_BYTES);
        self.post(endpoint, HANDSHAKE_BYTES, Event::Answered { endpoint, connection, up }, agenda);
        if up && let Some(end) = self.end(endpoint) {
            end.links.push((connection, Link::Up));
            self.step(now, Duration::ZERO, agenda, |_, _, _, _| {});
        }
    }

    fn frame(
        &mut self,
        now: Time,
        connection: ConnectionId,
        size: u32,
        frame: ToRelay,
        agenda: &mut Agenda<'_, Event>,
    ) {
        let endpoint = endpoint_of(connection);
        let Some(link) = self.link(connection).copied() else { return };
        self.notes.record(now, self.seat.who, frame.what(), endpoint, size);
        if matches!(frame, ToRelay::Hello { .. }) && link == Link::Up {
            self.greet(connection);
        }
        let takes = self.plan.costs().relay_frame;
        self.step(now, takes, agenda, |relay, clock, model, fx| {
            if link != Link::Replaced {
                relay.frame(clock, connection, link == Link::Greeted, frame, model, fx);
            }
        });
    }

    /// Something happens to the relay, and takes its processor so long.
    fn step(
        &mut self,
        now: Time,
        takes: Duration,
        agenda: &mut Agenda<'_, Event>,
        happens: impl FnOnce(&mut Relay, Time, &Model, &mut Fx),
    ) {
        let Self { relay, fx, seat, model, .. } = self;
        happens(relay, seat.clock(now), model, fx);
        seat.follow(now, takes, (fx.writes, &mut fx.outputs), relay.wake_at(), agenda);
        fx.writes = false;
        if std::mem::take(&mut seat.is_doubtful) {
            self.notes.doubtful(now, seat.who, SAME_MICROSECOND);
        }
        if std::mem::take(&mut fx.is_doubtful) {
            self.notes.doubtful(
                now,
                self.seat.who,
                "a prekey may be handed out twice, after keys were published again",
            );
        }
    }

    fn durable(&mut self, now: Time, agenda: &mut Agenda<'_, Event>) {
        let mut said = std::mem::take(&mut self.said);
        self.seat.durable(now, &mut said);
        for output in said.drain(..) {
            match output {
                Output::Send(connection, frame) => self.send(connection, frame, agenda),
                Output::Close(connection) => {
                    if self.unlink(connection) {
                        let endpoint = endpoint_of(connection);
                        self.post(endpoint, 0, Event::BrokenAtEndpoint(endpoint, connection), agenda);
                        self.step(now, Duration::ZERO, agenda, |relay, _, _, _| relay.forget(connection));
                    }
                }
            }
        }
        self.said = said;
    }

    fn send(&mut self, connection: ConnectionId, frame: ToEndpoint, agenda: &mut Agenda<'_, Event>) {
        if self.link(connection).is_some() {
            let endpoint = endpoint_of(connection);
            let size = frame.size(&self.model);
            self.post(endpoint, size, Event::ToEndpoint { connection, size, frame }, agenda);
        }
    }

    fn post(&mut self, endpoint: Who, bytes: u32, event: Event, agenda: &mut Agenda<'_, Event>) {
        let now = agenda.now();
        let Self { plan, consumers, nodes, .. } = self;
        let ends = if endpoint.kind() == Kind::Consumer { consumers } else { nodes };
        let place = usize::try_from(endpoint.index() / plan.relays()).ok();
        let Some(End { way, .. }) = place.and_then(|place| ends.get_mut(place)) else { return };
        if let Some(until) = plan.cut(endpoint, now) {
            way.hold(until);
        }
        let at = way.arrival(now, bytes, plan.link(endpoint));
        agenda.send(plan.lane_of(endpoint), at, event);
    }

    /// Hello is said on a connection: it takes the place of those before it.
    fn greet(&mut self, connection: ConnectionId) {
        for (other, link) in self.end(endpoint_of(connection)).into_iter().flat_map(|end| &mut end.links) {
            if *other == connection {
                *link = Link::Greeted;
            } else if *link == Link::Greeted {
                *link = Link::Replaced;
            }
        }
    }

    fn link(&mut self, connection: ConnectionId) -> Option<&mut Link> {
        let links = &mut self.end(endpoint_of(connection))?.links;
        links.iter_mut().find(|(other, _)| *other == connection).map(|(_, link)| link)
    }

    /// True if the connection was there.
    fn unlink(&mut self, connection: ConnectionId) -> bool {
        let Some(end) = self.end(endpoint_of(connection)) else { return false };
        let before = end.links.len();
        end.links.retain(|(other, _)| *other != connection);
        end.links.len() < before
    }

    fn end(&mut self, endpoint: Who) -> Option<&mut End> {
        let place = usize::try_from(endpoint.index() / self.plan.relays()).ok()?;
        match endpoint.kind() {
            Kind::Consumer => self.consumers.get_mut(place),
            _ => self.nodes.get_mut(place),
        }
    }

    /// Goes on with another plan.
    pub(crate) fn fork(&mut self, plan: Arc<Plan>) {
        self.relay.fork(&plan);
        self.plan = plan;
    }
}
