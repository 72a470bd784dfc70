//! Some of the consumers, in one lane: each with a host, a connection that comes and goes, and habits of reading and
//! answering.

use super::host::{Broken, Host};
use super::text::text;
use super::uplink::Uplink;
use super::{Cryptography, Event, Line, RESTART_TAKES};
use crate::draws::{Draws, Purpose};
use crate::engine::Agenda;
use crate::notes::{Notes, Sent, Stage, Submitted};
use crate::parcel::Parcel;
use crate::plan::Plan;
use crate::presence::Presence;
use crate::record::{Kind, What, Who};
use crate::traffic::{ANSWER, Answer, Saying, Spark, Traffic};
use crate::variation::{self, Secret};
use consumer::generic::Consumer;
use consumer::{Command, Input, Notice, Output, Sent as Progress};
use endpoint::generic::Endpoint;
use kernel::Time;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use wire::{ConnectionId, EnvelopeKind, InboxItem, LinkEvent, ToEndpoint, ToRelay};

/// The promise that an envelope goes to whom it is for.
pub(crate) const GATEWAY: &str = "only_the_gateway_speaks_for_a_business";

/// The consumers of a lane.
pub(crate) struct ConsumersLane<P: Cryptography> {
    pub(crate) plan: Arc<Plan>,
    people: People<P>,
    traffic: Traffic,
    pub(crate) notes: Notes,
}

/// The people of a lane, by their place in it.
struct People<P: Cryptography>(Vec<Person<P>>);

/// One consumer: the app, its link, and the person before the screen.
struct Person<P: Cryptography> {
    host: Host<Consumer<P>>,
    uplink: Uplink,
    presence: Presence,
    online: bool,
    answers: Draws,
    words: Draws,
    /// What the person has said that the app has not confirmed yet; nothing if the app answers by itself.
    said: VecDeque<Said>,
    /// What the screen has shown: the same message again, after a crash, changes nothing on it.
    shown_through: u64,
    /// What that was when the disk was copied.
    copied_through: BTreeMap<Time, u64>,
}

#[derive(Clone, Copy)]
struct Said {
    at: Time,
    to: Who,
    bytes: u32,
    stream: u16,
}

impl<P: Cryptography> ConsumersLane<P> {
    pub(crate) fn new(
        plan: Arc<Plan>,
        lane: u32,
        hosts: impl Iterator<Item = Host<Consumer<P>>>,
        notes: Notes,
    ) -> Self {
        let people = People(hosts.map(|host| Person::new(&plan, host)).collect());
        let traffic = Traffic::new(&plan, lane);
        Self { plan, people, traffic, notes }
    }

    /// What is to happen first.
    pub(crate) fn begin(&mut self, mut at: impl FnMut(Time, Event)) {
        for person in &self.people.0 {
            at(self.plan.registers(person.host.who), Event::Start(person.host.who));
        }
        self.traffic.begin(&self.plan, |time, spark| at(time, Event::Traffic(spark)));
        at(self.plan.start() + self.plan.measure_every(), Event::Measure);
    }

    /// The keys that all have drawn since this was last asked.
    pub(crate) fn drawn(&mut self) -> Vec<[u8; 32]> {
        self.people.0.iter_mut().flat_map(|person| person.host.drawn()).collect()
    }

    /// The person with this number.
    pub(crate) fn host(&mut self, consumer: u32) -> Option<&mut Host<Consumer<P>>> {
        self.people.get(&self.plan, Who::consumer(consumer)).map(|person| &mut person.host)
    }

    pub(crate) fn handle(&mut self, now: Time, event: Event, agenda: &mut Agenda<'_, Event>) {
        match event {
            Event::Start(who) => self.start(now, who, agenda),
            Event::Stop(who) => self.stop(now, who, agenda),
            Event::StopAfter(who, effects) => {
                if let Some(person) = self.people.get(&self.plan, who) {
                    person.host.effects_left = Some(u64::from(effects));
                }
            }
            Event::Copy(who) => self.copy(now, who),
            Event::PutBack(who, copied) => self.put_back(now, who, copied, agenda),
            Event::Lost(consumer) => self.lost(now, Who::consumer(consumer), agenda),
            Event::Wake(who, incarnation) => {
                let Some(person) =
                    self.people.get(&self.plan, who).filter(|p| p.host.incarnation == incarnation)
                else {
                    return;
                };
                let calls = person.host.wake(now);
                super::schedule(who, incarnation, calls, agenda);
            }
            Event::Durable(who, incarnation) => self.durable(now, who, incarnation, agenda),
            Event::Dial(who) => self.dial(who, agenda),
            Event::Answered { endpoint, connection, up } => {
                self.answered(now, endpoint, connection, up, agenda)
            }
            Event::ToEndpoint { endpoint, connection, parcel } => {
                self.frame(now, endpoint, connection, parcel, agenda);
            }
            Event::BrokenAtEndpoint { endpoint, connection } => {
                let down = self
                    .people
                    .get(&self.plan, endpoint)
                    .and_then(|person| person.uplink.broken(connection, agenda));
                self.hear(now, endpoint, down, agenda);
            }
            Event::TimedOut(who) => {
                let down = self
                    .people
                    .get(&self.plan, who)
                    .and_then(|person| person.uplink.timed_out(&self.plan, agenda));
                self.hear(now, who, down, agenda);
            }
            Event::Presence(consumer, online) => self.presence(now, Who::consumer(consumer), online, agenda),
            Event::Traffic(spark) => {
                if let Some(saying) = self.traffic.happen(&self.plan, spark, agenda) {
                    self.say(now, saying, agenda);
                }
            }
            Event::Line(line) => {
                let Line { from, to, text } = *line;
                self.submit(now, Saying::of_text(from, to, &text), text, agenda);
            }
            Event::Seen(consumer, through, incarnation) => {
                let who = Who::consumer(consumer);
                if self
                    .people
                    .get(&self.plan, who)
                    .is_some_and(|person| person.host.incarnation == incarnation)
                {
                    self.tell(now, who, Input::Shown { through }, Duration::ZERO, agenda);
                }
            }
            Event::Measure => self.measure(now, agenda),
            _ => {}
        }
    }

    fn start(&mut self, now: Time, who: Who, agenda: &mut Agenda<'_, Event>) {
        let Some(person) = self.people.get(&self.plan, who).filter(|person| !person.host.is_up()) else {
            return;
        };
        let first = person.host.incarnation == 0;
        let started = person.host.start(now);
        if first {
            person.online = person.presence.begin(&self.plan, now, |at, online| {
                agenda.at(at, Event::Presence(who.index(), online));
            });
        }
        match started {
            Ok(()) => {
                let (calls, incarnation) = (person.host.wake(now), person.host.incarnation);
                super::schedule(who, incarnation, calls, agenda);
                agenda.at(now, Event::Dial(who));
            }
            Err(violation) => self.notes.violations.push(violation),
        }
        self.notes.record(now, who, What::Start, who, 0);
    }

    fn stop(&mut self, now: Time, who: Who, agenda: &mut Agenda<'_, Event>) {
        let Some(person) = self.people.get(&self.plan, who).filter(|person| person.host.is_up()) else {
            return;
        };
        let violation = person.host.stop(now);
        self.notes.violations.extend(violation);
        let Some(person) = self.people.get(&self.plan, who) else { return };
        person.said.clear();
        drop(person.uplink.close(&self.plan, agenda));
        agenda.at(now + self.plan.down_time(who, now).unwrap_or(RESTART_TAKES), Event::Start(who));
        self.notes.record(now, who, What::Stop, who, 0);
    }

    /// The device is gone: a new one, with new keys, takes over its number.
    fn lost(&mut self, now: Time, who: Who, agenda: &mut Agenda<'_, Event>) {
        self.stop(now, who, agenda);
        if let Some(person) = self.people.get(&self.plan, who) {
            let config = person.host.config().clone();
            person.host.replace(self.plan.seed(), config);
            person.shown_through = 0;
        }
    }

    fn copy(&mut self, now: Time, who: Who) {
        if let Some(person) = self.people.get(&self.plan, who) {
            person.copied_through.insert(now, person.shown_through);
            let violation = person.host.copy(now);
            self.notes.violations.extend(violation);
        }
    }

    /// The disk is lost and a copy takes its place: what the screen showed since has no number there.
    fn put_back(&mut self, now: Time, who: Who, copied: Time, agenda: &mut Agenda<'_, Event>) {
        self.stop(now, who, agenda);
        if let Some(person) = self.people.get(&self.plan, who) {
            person.shown_through = person.copied_through.remove(&copied).unwrap_or(0);
            person.host.put_back(copied);
        }
    }

    fn dial(&mut self, who: Who, agenda: &mut Agenda<'_, Event>) {
        if let Some(person) =
            self.people.get(&self.plan, who).filter(|person| person.online && person.host.is_up())
        {
            person.uplink.dial(&self.plan, agenda);
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
        let event = self
            .people
            .get(&self.plan, who)
            .and_then(|person| person.uplink.answered(connection, up, &self.plan, agenda));
        if event.is_some() {
            self.notes.handshake(now, who, What::Up, self.plan.relay_of(who), super::uplink::HANDSHAKE_BYTES);
        }
        self.hear(now, who, event, agenda);
    }

    fn presence(&mut self, now: Time, who: Who, online: bool, agenda: &mut Agenda<'_, Event>) {
        let Some(person) = self.people.get(&self.plan, who) else { return };
        person.online = online;
        person.presence.turn(&self.plan, now, online, |at, online| {
            agenda.at(at, Event::Presence(who.index(), online));
        });
        if online {
            return self.dial(who, agenda);
        }
        let down = person.uplink.close(&self.plan, agenda);
        self.hear(now, who, down, agenda);
    }

    /// The connection comes or goes.
    fn hear(
        &mut self,
        now: Time,
        who: Who,
        event: Option<LinkEvent<ToEndpoint>>,
        agenda: &mut Agenda<'_, Event>,
    ) {
        let Some(event) = event else { return };
        if matches!(event, LinkEvent::Down { .. }) {
            self.notes.record(now, who, What::Down, self.plan.relay_of(who), 0);
        }
        self.tell(now, who, Input::Link(event), Duration::ZERO, agenda);
    }

    fn frame(
        &mut self,
        now: Time,
        who: Who,
        connection: ConnectionId,
        parcel: Parcel<ToEndpoint>,
        agenda: &mut Agenda<'_, Event>,
    ) {
        let relay = self.plan.relay_of(who);
        if !self.people.get(&self.plan, who).is_some_and(|person| person.uplink.is_on(connection)) {
            return;
        }
        self.notes.parcel(now, who, relay, &parcel);
        match parcel.open() {
            Some(frame) => {
                let takes = match &frame {
                    ToEndpoint::Delivery { item: InboxItem::Envelope(envelope), .. } => {
                        if self.plan.who(envelope.to.number) != Some(who) {
                            self.notes.violation(
                                now,
                                who,
                                GATEWAY,
                                "an envelope for somebody else is delivered",
                            );
                        }
                        self.plan.costs().open(envelope.kind)
                    }
                    ToEndpoint::Bundle(_) => self.plan.costs().initiate,
                    _ => Duration::ZERO,
                };
                let event = LinkEvent::Frame { connection, frame };
                self.tell(now, who, Input::Link(event), takes, agenda);
            }
            None => self.notes.violation(now, who, "every_frame_is_read", "a frame can't be read"),
        }
    }

    fn say(&mut self, now: Time, saying: Saying, agenda: &mut Agenda<'_, Event>) {
        let who = saying.from;
        let saying = Saying { to: self.plan.addressee(who, saying.to), ..saying };
        let Some(person) = self.people.get(&self.plan, who).filter(|person| person.host.is_up()) else {
            return;
        };
        let text = if self.plan.is_audited() && saying.stream == ANSWER {
            variation::answer(person.words.next(), self.plan.variation(who, Secret::Choice))
        } else {
            self.plan.written(who, text(saying.bytes, &mut person.words))
        };
        self.submit(now, saying, text, agenda);
    }

    fn submit(&mut self, now: Time, saying: Saying, text: String, agenda: &mut Agenda<'_, Event>) {
        let who = saying.from;
        let to = self.plan.number(saying.to);
        let Some(person) = self.people.get(&self.plan, who).filter(|person| person.host.is_up()) else {
            return;
        };
        if !person.app_answers() {
            let Saying { to, bytes, stream, .. } = saying;
            person.said.push_back(Said { at: now, to, bytes, stream });
        }
        self.notes.record(now, who, What::Say, saying.to, saying.bytes);
        let takes = self.plan.costs().encrypt;
        self.tell(now, who, Input::Command(Command::say(to, text)), takes, agenda);
    }

    fn tell(&mut self, now: Time, who: Who, input: Input, takes: Duration, agenda: &mut Agenda<'_, Event>) {
        let Some(person) = self.people.get(&self.plan, who) else { return };
        let (calls, incarnation) = (person.host.handle(now, input, takes), person.host.incarnation);
        super::schedule(who, incarnation, calls, agenda);
    }

    fn durable(&mut self, now: Time, who: Who, incarnation: u32, agenda: &mut Agenda<'_, Event>) {
        let Some(person) = self.people.get(&self.plan, who).filter(|p| p.host.incarnation == incarnation)
        else {
            return;
        };
        let (said, broken) = person.host.durable(now);
        for output in said {
            self.output(now, who, output, agenda);
        }
        match broken {
            None => {}
            Some(Broken::Bug(violation)) => self.notes.violations.push(violation),
            Some(Broken::Power | Broken::DiskFull) => self.stop(now, who, agenda),
        }
    }

    fn output(&mut self, now: Time, who: Who, output: Output, agenda: &mut Agenda<'_, Event>) {
        let Some(person) = self.people.get(&self.plan, who) else { return };
        match output {
            Output::Send(outgoing) => {
                let submitted =
                    person.host.machine().and_then(|app| submitted(now, app.endpoint(), &outgoing.frame));
                self.notes.submission(&outgoing.frame);
                self.notes.submitted.extend(submitted);
                let Some(person) = self.people.get(&self.plan, who) else { return };
                let parcel = Parcel::pack(outgoing.frame, self.notes.looks_at_bytes());
                person.uplink.send(outgoing.connection, parcel, &self.plan, agenda);
            }
            Output::Show(message) => {
                if self.plan.variation(who, Secret::Unseen).is_none() {
                    agenda.at(now, Event::Seen(who.index(), message.sequence, person.host.incarnation));
                }
                if message.sequence > person.shown_through {
                    person.shown_through = message.sequence;
                    let from = self.plan.who(message.from.number);
                    let answer =
                        self.plan.answer(who).and_then(|reply| Answer::draw(reply, &mut person.answers));
                    if let (Some(from), Some(answer)) = (from, answer) {
                        agenda.after(answer.after, Event::Traffic(Spark::answer(who, from, answer.bytes)));
                    }
                    let text = message.content.body.as_text().unwrap_or_default();
                    let bytes = u32::try_from(text.len()).unwrap_or(u32::MAX);
                    self.notes.record(now, who, What::Show, from.unwrap_or(who), bytes);
                    self.notes.shown(now, who, message_key(message.content.message_id.as_str()), text);
                }
            }
            Output::Status { message_id, sent } => {
                let key = message_key(message_id.as_str());
                let stage = match sent {
                    Progress::Pending => {
                        if let Some(said) = person.said.pop_front() {
                            let Said { at: created, to, bytes, stream } = said;
                            let sent = Sent { message: key, from: who, to, bytes, stream, created };
                            self.notes.sent.push(sent);
                        }
                        Stage::Accepted
                    }
                    Progress::Accepted => Stage::Relayed,
                    Progress::Delivered => Stage::Delivered,
                    Progress::Read => Stage::Read,
                    Progress::Failed(_) => Stage::Failed,
                };
                self.notes.progress(now, key, stage);
            }
            Output::NotSent { .. } => drop(person.said.pop_front()),
            Output::Notice(Notice::StartedOver) => self.notes.started_over.push((now, who)),
            Output::Typing { .. } | Output::Notice(_) => {}
        }
    }

    fn measure(&mut self, now: Time, agenda: &mut Agenda<'_, Event>) {
        let lane =
            Who::new(Kind::Consumer, self.people.0.first().map_or(0, |person| person.host.who.index()));
        let (mut online, mut waiting) = (0, 0);
        for person in &self.people.0 {
            online += usize::from(person.uplink.is_up());
            waiting += person.host.machine().map_or(0, |app| app.endpoint().unconfirmed());
        }
        self.notes.metric(now, lane, "consumers online", online);
        self.notes.metric(now, lane, "messages on their way", waiting);
        if now + self.plan.measure_every() <= self.plan.end() {
            agenda.after(self.plan.measure_every(), Event::Measure);
        }
    }
}

impl<P: Cryptography> People<P> {
    fn get(&mut self, plan: &Plan, who: Who) -> Option<&mut Person<P>> {
        self.0.get_mut(plan.place_in_lane(who))
    }
}

impl<P: Cryptography> Person<P> {
    fn new(plan: &Plan, host: Host<Consumer<P>>) -> Self {
        let who = host.who;
        let draws = |purpose| plan.origin().draws(purpose, u64::from(who.as_u32()));
        Self {
            uplink: Uplink::new(plan, who),
            presence: Presence::new(who, draws(Purpose::Presence)),
            online: true,
            answers: draws(Purpose::Reply),
            words: draws(Purpose::Traffic),
            said: VecDeque::new(),
            shown_through: 0,
            copied_through: BTreeMap::new(),
            host,
        }
    }

    /// Then what leaves the app is not all said by the person, and which is which nobody knows.
    fn app_answers(&self) -> bool {
        self.host.config().habits.reply != consumer::Reply::None
    }
}

/// What a frame carries, if it is one of our messages on its way.
pub(crate) fn submitted<P: Cryptography>(
    at: Time,
    endpoint: &Endpoint<P>,
    frame: &ToRelay,
) -> Option<Submitted> {
    let ToRelay::Submit { envelope, .. } = frame else { return None };
    let carried = endpoint.carried(envelope.id).filter(|carried| !carried.is_receipt)?;
    Some(Submitted {
        at,
        message: message_key(carried.message_id.as_str()),
        padded_bytes: u32::try_from(carried.padded_bytes).unwrap_or(u32::MAX),
        ciphertext_bytes: u32::try_from(envelope.ciphertext.len()).unwrap_or(u32::MAX),
        prekey: envelope.kind == EnvelopeKind::Prekey,
        envelope: envelope.id,
    })
}

/// A message's name in a run: the first eight bytes of its sender's random name.
pub(crate) fn message_key(id: &str) -> u64 {
    id.get(..16).and_then(|digits| u64::from_str_radix(digits, 16).ok()).unwrap_or(0)
}
