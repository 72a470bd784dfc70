//! A relay in its lane: frames that arrive, outputs that may be said, and connections that break.

use super::consumers::GATEWAY;
use super::host::{Broken, Call, Host};
use super::lines::Lines;
use super::uplink::HANDSHAKE_BYTES;
use super::{Event, RESTART_TAKES};
use crate::engine::Agenda;
use crate::notes::{Notes, PublicKeys};
use crate::parcel::Parcel;
use crate::plan::Plan;
use crate::record::{Kind, What, Who};
use crate::sight::Sight;
use kernel::Time;
use relay::{Input, Output, Relay};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use wire::{ConnectionId, EnvelopeId, LinkEvent, ToEndpoint, ToRelay};

/// A relay, and its ends of all connections.
pub(crate) struct RelayLane {
    pub(crate) plan: Arc<Plan>,
    pub(crate) host: Host<Relay>,
    lines: Lines,
    /// Submissions that it has not said to be durable, if somebody wants to know.
    submitted: BTreeMap<ConnectionId, VecDeque<(u64, EnvelopeId)>>,
    pub(crate) notes: Notes,
}

impl RelayLane {
    pub(crate) fn new(plan: Arc<Plan>, host: Host<Relay>, notes: Notes) -> Self {
        Self { lines: Lines::of(&plan, host.who), submitted: BTreeMap::new(), plan, host, notes }
    }

    pub(crate) fn handle(&mut self, now: Time, event: Event, agenda: &mut Agenda<'_, Event>) {
        match event {
            Event::Start(who) => self.start(who, agenda),
            Event::Stop(_) if self.host.is_up() => self.stop(now, agenda),
            Event::Copy(_) => self.notes.violations.extend(self.host.copy(now)),
            Event::PutBack(_, copied) => {
                if self.host.is_up() {
                    self.stop(now, agenda);
                }
                self.host.put_back(copied);
            }
            Event::StopAfter(_, effects) => self.host.effects_left = Some(u64::from(effects)),
            Event::Wake(_, incarnation) if self.host.incarnation == incarnation => {
                let calls = self.host.wake(now);
                self.schedule(calls, agenda);
            }
            Event::Durable(_, incarnation) if self.host.incarnation == incarnation => {
                self.durable(now, agenda)
            }
            Event::Dialled { endpoint, connection } => self.dialled(now, endpoint, connection, agenda),
            Event::ToRelay { connection, parcel } => self.frame(now, connection, parcel, agenda),
            Event::BrokenAtRelay { connection } => {
                if let Some(endpoint) = self.lines.close(&self.plan, connection) {
                    self.notes.record(now, self.host.who, What::Down, endpoint, 0);
                    self.tell(now, LinkEvent::Down { connection }, Duration::ZERO, agenda);
                }
            }
            _ => {}
        }
    }

    fn start(&mut self, who: Who, agenda: &mut Agenda<'_, Event>) {
        if self.host.is_up() {
            return;
        }
        let now = agenda.now();
        self.notes.record(now, who, What::Start, who, 0);
        if let Err(violation) = self.host.start(now) {
            return self.notes.violations.push(violation);
        }
        let calls = self.host.wake(now);
        self.schedule(calls, agenda);
    }

    fn stop(&mut self, now: Time, agenda: &mut Agenda<'_, Event>) {
        let who = self.host.who;
        self.notes.record(now, who, What::Stop, who, 0);
        self.notes.violations.extend(self.host.stop(now));
        self.submitted.clear();
        for (connection, endpoint) in self.lines.close_all() {
            self.post(endpoint, 0, Event::BrokenAtEndpoint { endpoint, connection }, agenda);
        }
        agenda.at(now + self.plan.down_time(who, now).unwrap_or(RESTART_TAKES), Event::Start(who));
    }

    fn dialled(
        &mut self,
        now: Time,
        endpoint: Who,
        connection: ConnectionId,
        agenda: &mut Agenda<'_, Event>,
    ) {
        let up = self.host.is_up();
        let what = if up { What::Up } else { What::Refused };
        self.notes.handshake(now, self.host.who, what, endpoint, HANDSHAKE_BYTES);
        self.post(endpoint, HANDSHAKE_BYTES, Event::Answered { endpoint, connection, up }, agenda);
        if up {
            self.lines.open(&self.plan, connection);
            let peer = self.plan.link_key(endpoint);
            self.tell(now, LinkEvent::Up { connection, peer }, Duration::ZERO, agenda);
        }
    }

    fn frame(
        &mut self,
        now: Time,
        connection: ConnectionId,
        parcel: Parcel<ToRelay>,
        agenda: &mut Agenda<'_, Event>,
    ) {
        let Some(endpoint) = self.lines.end_of(&self.plan, connection) else { return };
        self.notes.parcel(now, self.host.who, endpoint, &parcel);
        let Some(frame) = parcel.open() else {
            return self.notes.violation(now, self.host.who, "every_frame_is_read", "a frame can't be read");
        };
        if let ToRelay::Publish(publish) = &frame {
            let keys = || Some(PublicKeys::Identity(publish.address, publish.identity_key.clone()));
            self.notes.public_keys(now, keys);
        }
        if let ToRelay::Submit { sequence, envelope } = &frame {
            self.notes.envelope(now, envelope);
            if self.notes.keeps_envelopes() {
                self.submitted.entry(connection).or_default().push_back((*sequence, envelope.id));
            }
            let speaks = self.plan.who(envelope.from.number).map(|who| match who.kind() {
                Kind::Business => self.plan.node_of(who),
                _ => who,
            });
            if speaks != Some(endpoint) {
                self.notes.violation(
                    now,
                    endpoint,
                    GATEWAY,
                    "somebody speaks for a number that is not theirs",
                );
            }
        }
        let takes = self.plan.costs().relay_frame;
        self.tell(now, LinkEvent::Frame { connection, frame }, takes, agenda);
    }

    fn tell(
        &mut self,
        now: Time,
        event: LinkEvent<ToRelay>,
        takes: Duration,
        agenda: &mut Agenda<'_, Event>,
    ) {
        let calls = self.host.handle(now, Input::Link(event), takes);
        self.schedule(calls, agenda);
    }

    fn durable(&mut self, now: Time, agenda: &mut Agenda<'_, Event>) {
        let (said, broken) = self.host.durable(now);
        for output in said {
            match output {
                Output::Send(outgoing) => self.send(outgoing.connection, outgoing.frame, agenda),
                Output::Close(connection) => {
                    if let Some(endpoint) = self.lines.close(&self.plan, connection) {
                        self.post(endpoint, 0, Event::BrokenAtEndpoint { endpoint, connection }, agenda);
                        self.tell(now, LinkEvent::Down { connection }, Duration::ZERO, agenda);
                    }
                }
                Output::Transfer { .. } | Output::DropBlob(_) => {}
                Output::Mail(_) => {
                    let what = "a relay of one shard writes to another";
                    self.notes.violation(now, self.host.who, "an_account_is_the_unit_of_the_relay", what);
                }
                Output::Notice(notice) => {
                    let who = self.host.who;
                    self.notes.see(now, who, who, "notice", || Sight::Notice(format!("{notice:?}")));
                }
            }
        }
        match broken {
            None => {}
            Some(Broken::Bug(violation)) => self.notes.violations.push(violation),
            Some(Broken::Power | Broken::DiskFull) => self.stop(now, agenda),
        }
    }

    fn send(&mut self, connection: ConnectionId, frame: ToEndpoint, agenda: &mut Agenda<'_, Event>) {
        if let ToEndpoint::Accepted { through } = frame
            && let Some(submitted) = self.submitted.get_mut(&connection)
        {
            while let Some((_, envelope)) = submitted.pop_front_if(|(sequence, _)| *sequence <= through) {
                self.notes.taken(envelope);
            }
        }
        let Some(endpoint) = self.lines.end_of(&self.plan, connection) else { return };
        if let ToEndpoint::Bundle(bundle) = &frame {
            let keys = || Some(PublicKeys::Bundle(bundle.address, Box::new(bundle.bundle.clone()?)));
            self.notes.public_keys(agenda.now(), keys);
        }
        let parcel = Parcel::pack(frame, self.notes.looks_at_bytes());
        self.post(endpoint, parcel.length, Event::ToEndpoint { endpoint, connection, parcel }, agenda);
    }

    fn post(&mut self, endpoint: Who, bytes: u32, event: Event, agenda: &mut Agenda<'_, Event>) {
        let now = agenda.now();
        let Some(way) = self.lines.way(&self.plan, endpoint) else { return };
        if let Some(until) = self.plan.cut(endpoint, now) {
            way.hold(until);
        }
        let at = way.arrival(now, bytes, self.plan.link(endpoint));
        agenda.send(self.plan.lane_of(endpoint), at, event);
    }

    fn schedule(&self, calls: impl Iterator<Item = Call>, agenda: &mut Agenda<'_, Event>) {
        super::schedule(self.host.who, self.host.incarnation, calls, agenda);
    }
}
