//! A Cloud API node as a machine with messages by reference: `cloud::Node` as far as metadata shows what it does.

use super::account::{Account, draw_registration, skip_prekeys};
use super::endpoint::{Endpoint, Event as Happened, Failure, Policy, number};
use super::frame::{Content, ToEndpoint};
use super::model::{Model, NODE_NAME, Status};
use super::output::{Asked, Fx, Output};
use super::session::Suites;
use super::sessions::Sessions;
use super::webhooks::{About, Told, Webhooks};
use super::{kept_for, only};
use crate::plan::Plan;
use crate::record::Who;
use kernel::{Rng, Time};
use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;
use wire::ConnectionId;

/// The Cloud API node.
pub(crate) struct Node {
    pub(crate) endpoint: Endpoint,
    outbound: Outbound,
    /// When each message of a consumer arrived; only if they get old enough to be forgotten.
    inbound: VecDeque<Time>,
    pub(crate) webhooks: Webhooks,
    /// How long the trace of a message is kept; `None`: to the end of the run.
    retention: Option<Duration>,
    /// True once the endpoint speaks for all phone numbers.
    started: bool,
    has_numbers: bool,
}

/// How far each message to a consumer has come.
#[derive(Default)]
struct Outbound {
    /// By the message's number, from 1.
    progress: Vec<Progress>,
    /// Those that can still change.
    live: usize,
    /// When each last changed; only if they get old enough to be forgotten.
    ages: BTreeSet<(Time, u32)>,
    updated: Vec<Time>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Progress {
    Accepted,
    Sent,
    Delivered,
    Settled,
}

impl Node {
    pub(crate) fn new(plan: &Plan, who: Who) -> Self {
        let suites = |index| plan.business_population(index).map(|population| population.suite);
        let suites: Vec<_> = plan.businesses_of(who.index()).filter_map(suites).collect();
        let triple = only(scenario::Suite::Triple);
        let suites = Suites {
            newest: suites.iter().max().copied().unwrap_or(triple.newest),
            oldest: suites.iter().min().copied().unwrap_or(triple.oldest),
        };
        let one_time = endpoint::Policy::default().one_time_prekeys;
        let mut rng = Rng::for_entity(plan.seed(), &who.to_string());
        let accounts = plan.businesses_of(who.index()).map(|index| {
            let registration = draw_registration(&mut rng);
            skip_prekeys(one_time, &mut rng);
            (Who::business(index), Account::create(registration, one_time))
        });
        let accounts: Vec<_> = accounts.collect();
        let retention = kept_for(plan, plan.scenario().node.retention.to_std());
        let policy = Policy {
            one_time_prekeys: one_time,
            retention,
            gateway: true,
            suites,
            padding: plan.scenario().node.padding,
            name: NODE_NAME,
        };
        Self {
            has_numbers: !accounts.is_empty(),
            endpoint: Endpoint::new(policy, accounts, Sessions::many(plan.consumers())),
            outbound: Outbound::default(),
            inbound: VecDeque::new(),
            webhooks: Webhooks::new(plan, who),
            retention,
            started: false,
        }
    }

    /// Messages to consumers of which the business may still hear something.
    pub(crate) const fn unsettled(&self) -> usize {
        self.outbound.live
    }

    pub(crate) fn wake_at(&self) -> Option<Time> {
        if !self.started {
            return Some(Time::EPOCH);
        }
        let traces = [self.outbound.ages.first().map(|(updated, _)| *updated), self.inbound.front().copied()];
        let traces = traces.into_iter().flatten().min().zip(self.retention);
        let times = [
            self.endpoint.wake_at(),
            self.webhooks.wake_at(),
            traces.map(|(oldest, retention)| oldest + retention),
        ];
        times.into_iter().flatten().min()
    }

    pub(crate) fn wake(&mut self, now: Time, model: &Model, fx: &mut Fx) {
        if !self.started {
            self.started = true;
            fx.writes |= self.has_numbers;
        }
        self.endpoint.expire(now, fx);
        self.react(now, model, fx);
        if let Some(retention) = self.retention {
            self.outbound.expire(now - retention, fx);
            while self.inbound.pop_front_if(|received| *received <= now - retention).is_some() {
                fx.write();
            }
        }
        self.webhooks.run(now, fx);
    }

    pub(crate) fn up(&mut self, now: Time, connection: ConnectionId, fx: &mut Fx) {
        self.endpoint.up(connection, fx);
        self.webhooks.run(now, fx);
    }

    pub(crate) fn down(&mut self, now: Time, connection: ConnectionId, fx: &mut Fx) {
        self.endpoint.down(connection);
        self.webhooks.run(now, fx);
    }

    pub(crate) fn frame(
        &mut self,
        now: Time,
        connection: ConnectionId,
        frame: ToEndpoint,
        model: &Model,
        fx: &mut Fx,
    ) {
        self.endpoint.frame(now, connection, frame, model, fx);
        self.react(now, model, fx);
        self.webhooks.run(now, fx);
    }

    /// A business's server asks to send a text.
    pub(crate) fn request(&mut self, now: Time, request: Asked, model: &Model, fx: &mut Fx) {
        let pair = (Who::business(request.business), request.to);
        let message = self.endpoint.send(now, pair, Content::Text(request.bytes), model, fx);
        self.outbound.add(now, number(message), self.retention.is_some());
        fx.say(Output::Respond { request, message });
        self.webhooks.run(now, fx);
    }

    /// What became of a webhook.
    pub(crate) fn webhook_answered(&mut self, now: Time, delivery: u32, status: u16, fx: &mut Fx) {
        self.webhooks.answered(now, delivery, status, fx);
        self.webhooks.run(now, fx);
    }

    /// What the endpoint says means something to a business.
    fn react(&mut self, now: Time, model: &Model, fx: &mut Fx) {
        let mut events = std::mem::take(&mut fx.events);
        for event in events.drain(..) {
            match event {
                Happened::Received { account, from, message, content: Content::Text(bytes) } => {
                    if self.retention.is_some() {
                        self.inbound.push_back(now);
                    }
                    fx.write();
                    let about = About { business: account.index(), message, told: Told::Text };
                    self.webhooks.enqueue(now, about, model.text(from, bytes), fx);
                }
                Happened::Received { from, content: Content::Read(message), .. } => {
                    self.advance(now, message, from, Status::Read, model, fx);
                }
                Happened::Accepted(message, to) => self.advance(now, message, to, Status::Sent, model, fx),
                Happened::Delivered(message, to) => {
                    self.advance(now, message, to, Status::Delivered, model, fx);
                }
                Happened::Failed(message, _, Failure::Expired) => self.outbound.forget(number(message), fx),
                Happened::Failed(message, to, failure) => {
                    self.advance(now, message, to, Status::Failed(failure), model, fx);
                }
            }
        }
        fx.events = events;
    }

    /// A message of a business's came further: the business hears of each step that it has not heard of.
    fn advance(&mut self, now: Time, message: u64, to: Who, status: Status, model: &Model, fx: &mut Fx) {
        let business = super::model::sender(message).index();
        let mut tell = |status, fx: &mut Fx| {
            let about = About { business, message, told: Told::Status(status) };
            self.webhooks.enqueue(now, about, model.status(to, status), fx);
        };
        let Some(known) = self.outbound.get(number(message)) else { return };
        let (progress, steps): (_, &[Status]) = match (known, status) {
            (Progress::Settled, _) => return,
            (Progress::Delivered, Status::Failed(_)) => return,
            (_, Status::Failed(_)) => (Progress::Settled, &[status]),
            (Progress::Accepted, Status::Sent) => (Progress::Sent, &[Status::Sent]),
            (Progress::Accepted, Status::Delivered) => {
                (Progress::Delivered, &[Status::Sent, Status::Delivered])
            }
            (Progress::Accepted, Status::Read) => {
                (Progress::Settled, &[Status::Sent, Status::Delivered, Status::Read])
            }
            (Progress::Sent, Status::Delivered) => (Progress::Delivered, &[Status::Delivered]),
            (Progress::Sent, Status::Read) => (Progress::Settled, &[Status::Delivered, Status::Read]),
            (Progress::Delivered, Status::Read) => (Progress::Settled, &[Status::Read]),
            (Progress::Sent, Status::Sent) | (Progress::Delivered, Status::Sent | Status::Delivered) => {
                return;
            }
        };
        fx.write();
        self.outbound.set(now, number(message), progress);
        steps.iter().for_each(|status| tell(*status, fx));
    }
}

impl Outbound {
    /// A new message; they come in the order of their numbers.
    fn add(&mut self, now: Time, number: u32, aged: bool) {
        debug_assert_eq!(usize::try_from(number), Ok(self.progress.len() + 1), "numbers have no gaps");
        self.progress.push(Progress::Accepted);
        self.live += 1;
        if aged {
            self.updated.push(now);
            self.ages.insert((now, number));
        }
    }

    fn get(&self, number: u32) -> Option<Progress> {
        self.progress.get(place(number)).copied()
    }

    fn set(&mut self, now: Time, number: u32, progress: Progress) {
        if let Some(known) = self.progress.get_mut(place(number)) {
            *known = progress;
        }
        if progress == Progress::Settled {
            self.live -= 1;
        }
        if let Some(updated) = self.updated.get_mut(place(number)) {
            self.ages.remove(&(*updated, number));
            *updated = now;
            if progress != Progress::Settled {
                self.ages.insert((now, number));
            }
        }
    }

    fn forget(&mut self, number: u32, fx: &mut Fx) {
        if self.get(number).is_some_and(|progress| progress != Progress::Settled) {
            self.set(Time::EPOCH, number, Progress::Settled);
            fx.write();
        }
    }

    fn expire(&mut self, time: Time, fx: &mut Fx) {
        while let Some((_, number)) = self.ages.first().copied().filter(|(updated, _)| *updated <= time) {
            self.forget(number, fx);
        }
    }
}

fn place(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX).wrapping_sub(1)
}
