//! Some of the consumers, in one lane.

use super::frame::ToEndpoint;
use super::frame::ToRelay;
use super::model::Model;
use super::output::{Fx, Output};
use super::person::{Person, Said};
use super::{Event, SAME_MICROSECOND, endpoint_of};
use crate::engine::Agenda;
use crate::plan::Plan;
use crate::real::notes::{Notes, Sent, Stage, Submitted};
use crate::real::uplink::HANDSHAKE_BYTES;
use crate::record::{Kind, What, Who};
use crate::traffic::{Answer, Saying, Spark, Traffic};
use kernel::Time;
use std::sync::Arc;
use std::time::Duration;
use wire::{ConnectionId, EnvelopeId, LinkEvent};

/// The consumers of a lane.
pub(crate) struct ConsumersLane {
    pub(crate) plan: Arc<Plan>,
    model: Arc<Model>,
    people: Vec<Person>,
    traffic: Traffic,
    pub(crate) notes: Notes,
    fx: Fx,
    said: Vec<Output>,
}

impl ConsumersLane {
    pub(crate) fn new(plan: Arc<Plan>, model: Arc<Model>, lane: u32, notes: Notes) -> Self {
        let people = plan.consumers_of_lane(lane).map(|index| Person::new(&plan, Who::consumer(index)));
        let people = people.collect();
        let traffic = Traffic::new(&plan, lane);
        Self { plan, model, people, traffic, notes, fx: Fx::default(), said: Vec::new() }
    }

    pub(crate) fn begin(&mut self, mut at: impl FnMut(Time, Event)) {
        for person in &self.people {
            at(self.plan.registers(person.seat.who), Event::Start(person.seat.who));
        }
        self.traffic.begin(&self.plan, |time, spark| at(time, Event::Traffic(spark)));
        at(self.plan.start() + self.plan.measure_every(), Event::Measure);
    }

    pub(crate) fn handle(&mut self, now: Time, event: Event, agenda: &mut Agenda<'_, Event>) {
        match event {
            Event::Start(who) => self.start(now, who, agenda),
            Event::Wake(who, incarnation) => self.wake(now, who, incarnation, agenda),
            Event::Durable(who, incarnation) => self.durable(now, who, incarnation, agenda),
            Event::Dial(who) => self.dial(who, agenda),
            Event::Answered { endpoint, connection, up } => {
                self.answered(now, endpoint, connection, up, agenda);
            }
            Event::ToEndpoint { connection, size, frame } => {
                self.frame(now, endpoint_of(connection), connection, size, frame, agenda);
            }
            Event::BrokenAtEndpoint(who, connection) => {
                let down = self.person(who).and_then(|person| person.uplink.broken(connection, agenda));
                self.down(now, who, down.is_some().then_some(connection), agenda);
            }
            Event::TimedOut(who) => {
                let plan = Arc::clone(&self.plan);
                let down = self.person(who).and_then(|person| person.uplink.timed_out(&plan, agenda));
                self.down(now, who, gone(down), agenda);
            }
            Event::Presence(consumer, online) => self.presence(now, Who::consumer(consumer), online, agenda),
            Event::Traffic(spark) => {
                if let Some(saying) = self.traffic.happen(&self.plan, spark, agenda) {
                    self.say(now, saying, agenda);
                }
            }
            Event::Seen(consumer, through, incarnation) => {
                self.step(
                    now,
                    Who::consumer(consumer),
                    Duration::ZERO,
                    agenda,
                    |person, clock, model, fx| {
                        if person.seat.incarnation == incarnation {
                            person.app.shown(clock, person.seat.who, through, model, fx);
                        }
                    },
                );
            }
            Event::Measure => self.measure(now, agenda),
            _ => {}
        }
    }

    /// Somebody is going to hear from a peer.
    pub(crate) fn touch(&self, who: Who, peer: Who) {
        if let Some(person) = self.people.get(self.plan.place_in_lane(who)) {
            person.touch(peer);
        }
    }

    fn start(&mut self, now: Time, who: Who, agenda: &mut Agenda<'_, Event>) {
        let plan = Arc::clone(&self.plan);
        let Some(person) = self.person(who).filter(|person| !person.seat.is_up) else { return };
        let first = person.seat.incarnation == 0;
        person.seat.start(now);
        if first {
            person.online = person.presence.begin(&plan, now, |at, online| {
                agenda.at(at, Event::Presence(who.index(), online));
            });
        }
        let incarnation = person.seat.incarnation;
        self.wake(now, who, incarnation, agenda);
        agenda.at(now, Event::Dial(who));
        self.notes.record(now, who, What::Start, who, 0);
    }

    fn wake(&mut self, now: Time, who: Who, incarnation: u32, agenda: &mut Agenda<'_, Event>) {
        let plan = Arc::clone(&self.plan);
        self.step(now, who, Duration::ZERO, agenda, |person, clock, _, fx| {
            if person.seat.incarnation == incarnation {
                person.seat.silence();
                if person.app.wake_at().is_some_and(|at| at <= clock) {
                    person.app.wake(clock, &plan, who, fx);
                }
            }
        });
    }

    fn dial(&mut self, who: Who, agenda: &mut Agenda<'_, Event>) {
        let plan = Arc::clone(&self.plan);
        if let Some(person) = self.person(who).filter(|person| person.online && person.seat.is_up) {
            person.uplink.dial(&plan, agenda);
        }
    }

    fn answered(
        &mut self,
        now: Time,
        who: Who,
        connection: ConnectionId,
        up: bool,
        agenda: &mut Agenda<'_, Event>,
    ) {
        let plan = Arc::clone(&self.plan);
        let event = self.person(who).and_then(|person| person.uplink.answered(connection, up, &plan, agenda));
        if event.is_some() {
            self.notes.record(now, who, What::Up, plan.relay_of(who), HANDSHAKE_BYTES);
            self.step(now, who, Duration::ZERO, agenda, |person, _, _, fx| person.app.up(connection, fx));
        }
    }

    fn presence(&mut self, now: Time, who: Who, online: bool, agenda: &mut Agenda<'_, Event>) {
        let plan = Arc::clone(&self.plan);
        let Some(person) = self.person(who) else { return };
        person.online = online;
        person.presence.turn(&plan, now, online, |at, online| {
            agenda.at(at, Event::Presence(who.index(), online));
        });
        if online {
            return self.dial(who, agenda);
        }
        let down = person.uplink.close(&plan, agenda);
        self.down(now, who, gone(down), agenda);
    }

    /// A connection is gone.
    fn down(
        &mut self,
        now: Time,
        who: Who,
        connection: Option<ConnectionId>,
        agenda: &mut Agenda<'_, Event>,
    ) {
        let Some(connection) = connection else { return };
        self.notes.record(now, who, What::Down, self.plan.relay_of(who), 0);
        self.step(now, who, Duration::ZERO, agenda, |person, _, _, _| person.app.down(connection));
    }

    fn frame(
        &mut self,
        now: Time,
        who: Who,
        connection: ConnectionId,
        size: u32,
        frame: ToEndpoint,
        agenda: &mut Agenda<'_, Event>,
    ) {
        let relay = self.plan.relay_of(who);
        if !self.person(who).is_some_and(|person| person.uplink.is_on(connection)) {
            return;
        }
        self.notes.record(now, who, frame.what(), relay, size);
        let takes = frame.takes(self.plan.costs());
        self.step(now, who, takes, agenda, |person, clock, model, fx| {
            person.app.frame(clock, connection, frame, model, fx);
        });
    }

    fn say(&mut self, now: Time, saying: Saying, agenda: &mut Agenda<'_, Event>) {
        let Saying { from: who, to, bytes, stream } = saying;
        let Some(person) = self.person(who).filter(|person| person.seat.is_up) else { return };
        person.said.push_back(Said { at: now, to, bytes, stream });
        self.notes.record(now, who, What::Say, to, bytes);
        let takes = self.plan.costs().encrypt;
        self.step(now, who, takes, agenda, |person, clock, model, fx| {
            person.app.say(clock, (who, to), bytes, model, fx);
        });
    }

    /// Something happens to somebody's app, and takes its processor so long.
    fn step(
        &mut self,
        now: Time,
        who: Who,
        takes: Duration,
        agenda: &mut Agenda<'_, Event>,
        happens: impl FnOnce(&mut Person, Time, &Model, &mut Fx),
    ) {
        let Self { people, fx, model, plan, .. } = self;
        let Some(person) = people.get_mut(plan.place_in_lane(who)).filter(|person| person.seat.is_up) else {
            return;
        };
        let clock = person.seat.clock(now);
        happens(person, clock, model, fx);
        let wake_at = person.app.wake_at();
        person.seat.follow(now, takes, (fx.writes, &mut fx.outputs), wake_at, agenda);
        fx.writes = false;
        if std::mem::take(&mut person.seat.is_doubtful) {
            self.notes.doubtful(now, person.seat.who, SAME_MICROSECOND);
        }
    }

    fn durable(&mut self, now: Time, who: Who, incarnation: u32, agenda: &mut Agenda<'_, Event>) {
        let mut said = std::mem::take(&mut self.said);
        if let Some(person) = self.person(who).filter(|person| person.seat.incarnation == incarnation) {
            person.seat.durable(now, &mut said);
        }
        said.drain(..).for_each(|output| self.output(now, who, output, agenda));
        self.said = said;
    }

    fn output(&mut self, now: Time, who: Who, output: Output, agenda: &mut Agenda<'_, Event>) {
        let Self { people, notes, model, plan, .. } = self;
        let Some(person) = people.get_mut(plan.place_in_lane(who)) else { return };
        match output {
            Output::Send(connection, frame) => {
                notes.submitted.extend(person.app.endpoint().and_then(|e| submitted(now, e, &frame)));
                let size = frame.size(model);
                let event = Event::ToRelay { connection, size, frame };
                person.uplink.hand_over(connection, size, event, plan, agenda);
            }
            Output::Show { sequence, from, message, bytes } => {
                agenda.at(now, Event::Seen(who.index(), sequence, person.seat.incarnation));
                if sequence > person.shown_through {
                    person.shown_through = sequence;
                    let answer = plan.answer(who).and_then(|reply| Answer::draw(reply, &mut person.answers));
                    if let Some(answer) = answer {
                        agenda.after(answer.after, Event::Traffic(Spark::answer(who, from, answer.bytes)));
                    }
                    notes.record(now, who, What::Show, from, bytes);
                    notes.progress(now, message, Stage::Shown);
                }
            }
            Output::Status(message, stage) => {
                if stage == Stage::Accepted
                    && let Some(Said { at: created, to, bytes, stream }) = person.said.pop_front()
                {
                    notes.sent.push(Sent { message, from: who, to, bytes, stream, created });
                }
                notes.progress(now, message, stage);
            }
            Output::Respond { .. } | Output::Post(_) => {}
        }
    }

    fn measure(&mut self, now: Time, agenda: &mut Agenda<'_, Event>) {
        let lane = Who::new(Kind::Consumer, self.people.first().map_or(0, |person| person.seat.who.index()));
        let (mut online, mut waiting) = (0, 0);
        for person in &self.people {
            online += usize::from(person.uplink.is_up());
            waiting += person.app.unconfirmed();
        }
        self.notes.metric(now, lane, "consumers online", online);
        self.notes.metric(now, lane, "messages on their way", waiting);
        if now + self.plan.measure_every() <= self.plan.end() {
            agenda.after(self.plan.measure_every(), Event::Measure);
        }
    }

    fn person(&mut self, who: Who) -> Option<&mut Person> {
        self.people.get_mut(self.plan.place_in_lane(who))
    }
}

/// The connection that an end hears is gone.
fn gone(event: Option<LinkEvent<wire::ToEndpoint>>) -> Option<ConnectionId> {
    match event {
        Some(LinkEvent::Down { connection }) => Some(connection),
        _ => None,
    }
}

/// What a frame carries, if it is one of our messages on its way.
pub(crate) fn submitted(
    at: Time,
    endpoint: &super::endpoint::Endpoint,
    frame: &ToRelay,
) -> Option<Submitted> {
    let ToRelay::Submit { envelope, .. } = frame else { return None };
    let padded_bytes = endpoint.carried(envelope.name)?;
    Some(Submitted {
        at,
        message: envelope.name.message,
        padded_bytes,
        ciphertext_bytes: envelope.ciphertext,
        prekey: envelope.is_prekey(),
        envelope: EnvelopeId(
            (u128::from(envelope.name.message) << 64 | u128::from(envelope.name.attempt)).to_be_bytes(),
        ),
    })
}
