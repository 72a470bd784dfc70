//! One consumer: the app, its link, and the person before the screen.

use super::account::{Account, draw_registration};
use super::endpoint::{Endpoint, Event as Happened, Policy};
use super::frame::{Content, ToEndpoint};
use super::model::{APP_NAME, Model};
use super::output::{Fx, Output};
use super::queue::Queue;
use super::seat::Seat;
use super::sessions::Sessions;
use super::{kept_for, only};
use crate::draws::{Draws, Purpose};
use crate::plan::Plan;
use crate::presence::Presence;
use crate::real::notes::Stage;
use crate::real::uplink::Uplink;
use crate::record::Who;
use kernel::{Rng, Time};
use std::collections::VecDeque;
use std::hint::black_box;
use std::time::Duration;
use wire::ConnectionId;

/// How long an app keeps what was not delivered: `endpoint::Policy`.
const RETENTION: Duration = Duration::from_secs(30 * 24 * 3600);

/// A person with the app.
pub(crate) struct Person {
    pub(crate) seat: Seat<Output>,
    pub(crate) app: App,
    pub(crate) uplink: Uplink,
    pub(crate) presence: Presence,
    pub(crate) online: bool,
    pub(crate) answers: Draws,
    /// What the person has said that the app has not confirmed yet.
    pub(crate) said: VecDeque<Said>,
    /// What the screen has shown.
    pub(crate) shown_through: u64,
}

/// What a person has said.
#[derive(Clone, Copy)]
pub(crate) struct Said {
    pub(crate) at: Time,
    pub(crate) to: Who,
    pub(crate) bytes: u32,
    pub(crate) stream: u16,
}

/// The app: `consumer::Consumer` with keys by reference.
pub(crate) struct App {
    endpoint: Option<Endpoint>,
    /// What arrived and was not shown yet: from whom, and which message.
    unshown: Queue<(Who, u64)>,
    shown_through: u64,
    read_receipts: bool,
}

impl Person {
    pub(crate) fn new(plan: &Plan, who: Who) -> Self {
        let draws = |purpose| plan.origin().draws(purpose, u64::from(who.as_u32()));
        let read_receipts = plan.population(who.index()).is_some_and(|population| population.read_receipts);
        Self {
            seat: Seat::new(plan, who),
            app: App { endpoint: None, unshown: Queue::new(), shown_through: 0, read_receipts },
            uplink: Uplink::new(plan, who),
            presence: Presence::new(who, draws(Purpose::Presence)),
            online: true,
            answers: draws(Purpose::Reply),
            said: VecDeque::new(),
            shown_through: 0,
        }
    }

    /// Reads a bit of all that a message of a peer's needs.
    pub(crate) fn touch(&self, peer: Who) {
        let Self { seat, app, uplink, shown_through, .. } = self;
        seat.touch();
        if let Some(endpoint) = &app.endpoint {
            endpoint.touch(seat.who, peer);
        }
        black_box((app.unshown.is_empty(), uplink.is_up(), *shown_through));
    }
}

impl App {
    /// The app is woken: it has an account from the first time on.
    pub(crate) fn wake(&mut self, now: Time, plan: &Plan, who: Who, fx: &mut Fx) {
        let Some(population) = plan.population(who.index()) else { return };
        match &mut self.endpoint {
            Some(endpoint) => endpoint.expire(now, fx),
            None => {
                let policy = Policy {
                    one_time_prekeys: population.one_time_prekeys,
                    retention: kept_for(plan, RETENTION),
                    gateway: false,
                    suites: only(population.suite),
                    padding: plan.scenario().device.padding,
                    name: APP_NAME,
                };
                let registration = draw_registration(&mut Rng::for_entity(plan.seed(), &who.to_string()));
                let account = Account::create(registration, population.one_time_prekeys);
                self.endpoint = Some(Endpoint::new(policy, [(who, account)], Sessions::few()));
                fx.write();
            }
        }
        self.react(fx);
    }

    pub(crate) fn wake_at(&self) -> Option<Time> {
        self.endpoint.as_ref().map_or(Some(Time::EPOCH), Endpoint::wake_at)
    }

    pub(crate) fn unconfirmed(&self) -> usize {
        self.endpoint.as_ref().map_or(0, Endpoint::unconfirmed)
    }

    pub(crate) const fn endpoint(&self) -> Option<&Endpoint> {
        self.endpoint.as_ref()
    }

    pub(crate) fn up(&mut self, connection: ConnectionId, fx: &mut Fx) {
        if let Some(endpoint) = &mut self.endpoint {
            endpoint.up(connection, fx);
        }
    }

    pub(crate) fn down(&mut self, connection: ConnectionId) {
        if let Some(endpoint) = &mut self.endpoint {
            endpoint.down(connection);
        }
    }

    pub(crate) fn frame(
        &mut self,
        now: Time,
        connection: ConnectionId,
        frame: ToEndpoint,
        model: &Model,
        fx: &mut Fx,
    ) {
        if let Some(endpoint) = &mut self.endpoint {
            endpoint.frame(now, connection, frame, model, fx);
        }
        self.react(fx);
    }

    /// The person says something.
    pub(crate) fn say(&mut self, now: Time, pair: (Who, Who), bytes: u32, model: &Model, fx: &mut Fx) {
        if let Some(endpoint) = &mut self.endpoint {
            let message = endpoint.send(now, pair, Content::Text(bytes), model, fx);
            fx.say(Output::Status(message, Stage::Accepted));
        }
    }

    /// The person has seen messages: tells their senders.
    pub(crate) fn shown(&mut self, now: Time, who: Who, through: u64, model: &Model, fx: &mut Fx) {
        let Some(endpoint) = &mut self.endpoint else { return };
        while self.shown_through < through
            && let Some((from, message)) = self.unshown.pop_front()
        {
            self.shown_through += 1;
            fx.write();
            if self.read_receipts {
                endpoint.send(now, (who, from), Content::Read(message), model, fx);
            }
        }
    }

    /// What the endpoint tells means something to the person.
    fn react(&mut self, fx: &mut Fx) {
        let Fx { outputs, events, writes } = fx;
        for event in events.drain(..) {
            outputs.push(match event {
                Happened::Received { from, message, content: Content::Text(bytes), .. } => {
                    *writes = true;
                    self.unshown.push_back((from, message));
                    let sequence = self.shown_through + self.unshown.len() as u64;
                    Output::Show { sequence, from, message, bytes }
                }
                Happened::Received { content: Content::Read(message), .. } => {
                    Output::Status(message, Stage::Read)
                }
                Happened::Accepted(message, _) => Output::Status(message, Stage::Relayed),
                Happened::Delivered(message, _) => Output::Status(message, Stage::Delivered),
                Happened::Failed(message, ..) => Output::Status(message, Stage::Failed),
            });
        }
    }
}
