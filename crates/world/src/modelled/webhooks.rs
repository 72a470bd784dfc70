//! Webhooks that are not acknowledged yet, by reference: `cloud`'s queue for each app.

use super::model::Status;
use super::output::{Fx, Output, Post};
use cloud::WebhookPolicy;
use kernel::Time;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The status that acknowledges.
const ACKNOWLEDGED: u16 = 200;

/// What a webhook tells the business.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Told {
    /// How far a message of its own has come.
    Status(Status),
    /// A consumer's text.
    Text,
}

/// What a business is told, and about which message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About {
    pub(crate) business: u32,
    pub(crate) message: u64,
    pub(crate) told: Told,
}

/// All events that are not acknowledged, by number: the time at which they were made, in microseconds.
pub(crate) struct Webhooks {
    policy: WebhookPolicy,
    events: BTreeMap<u64, Event>,
    lanes: BTreeMap<u32, Lane>,
    timers: BTreeSet<(Time, u64)>,
    /// Businesses whose lane may have something to post.
    stirred: BTreeSet<u32>,
    /// Nothing gets so old that it is dropped.
    never_old: bool,
}

/// An event.
#[derive(Debug, Clone, Copy)]
struct Event {
    about: About,
    size: u32,
    attempts: u32,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Ready,
    InFlight(Time),
    Waiting(Time),
}

#[derive(Default)]
struct Lane {
    ready: BTreeSet<u64>,
    in_flight: usize,
}

impl Webhooks {
    /// None yet. `lasts` is how long the run is.
    pub(crate) fn new(lasts: Duration) -> Self {
        let policy = WebhookPolicy::default();
        let never_old = policy.retry.give_up_after() > lasts;
        Self {
            policy,
            events: BTreeMap::new(),
            lanes: BTreeMap::new(),
            timers: BTreeSet::new(),
            stirred: BTreeSet::new(),
            never_old,
        }
    }

    pub(crate) fn enqueue(&mut self, now: Time, about: About, size: u32, fx: &mut Fx) {
        let business = about.business;
        // Later than all others: events are posted in the order in which they happened.
        let last = self.events.last_key_value().map_or(0, |(id, _)| id + 1);
        let id = now.as_micros().max(last);
        fx.write();
        self.lanes.entry(business).or_default().ready.insert(id);
        self.stirred.insert(business);
        self.events.insert(id, Event { about, size, attempts: 0, state: State::Ready });
    }

    /// What became of a post.
    pub(crate) fn answered(&mut self, now: Time, id: u64, status: u16, fx: &mut Fx) {
        if status == ACKNOWLEDGED {
            self.forget(id, fx);
        } else if self.events.get(&id).is_some_and(|event| matches!(event.state, State::InFlight(_))) {
            self.failed(now, id, fx);
        }
    }

    pub(crate) fn wake_at(&self) -> Option<Time> {
        if !self.stirred.is_empty() {
            return Some(Time::EPOCH);
        }
        let due = self.timers.first().map(|(time, _)| *time);
        due.into_iter().chain(self.oldest_drops_at()).min()
    }

    /// Drops what is too old, and posts what is due and has room in its lane.
    pub(crate) fn run(&mut self, now: Time, fx: &mut Fx) {
        while self.oldest_drops_at().is_some_and(|at| at <= now)
            && let Some((id, _)) = self.events.first_key_value()
        {
            self.forget(*id, fx);
        }
        while let Some((_, id)) = self.timers.first().filter(|(time, _)| *time <= now).copied() {
            match self.events.get(&id).map(|event| event.state) {
                Some(State::InFlight(_)) => self.failed(now, id, fx),
                _ => self.enter(id, State::Ready),
            }
        }
        while let Some(business) = self.stirred.pop_first() {
            while let Some(id) = self.next_of(business) {
                self.enter(id, State::InFlight(now + self.policy.answer_within));
                if let Some(Event { about, size, .. }) = self.events.get(&id).copied() {
                    let About { business, message, told } = about;
                    fx.say(Output::Post(Post { business, delivery: id, message, told, size }));
                }
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.events.len()
    }

    fn oldest_drops_at(&self) -> Option<Time> {
        let (id, _) = self.events.first_key_value().filter(|_| !self.never_old)?;
        Some(Time::from_micros(*id) + self.policy.retry.give_up_after())
    }

    fn next_of(&self, business: u32) -> Option<u64> {
        let lane = self.lanes.get(&business).filter(|lane| lane.in_flight < self.policy.in_flight_per_app)?;
        lane.ready.first().copied()
    }

    fn failed(&mut self, now: Time, id: u64, fx: &mut Fx) {
        let Some(event) = self.events.get_mut(&id) else { return };
        event.attempts = event.attempts.saturating_add(1);
        match self.policy.retry.delay_after(event.attempts) {
            Some(delay) => self.enter(id, State::Waiting(now + delay)),
            None => self.forget(id, fx),
        }
    }

    fn forget(&mut self, id: u64, fx: &mut Fx) {
        self.leave(id);
        if self.events.remove(&id).is_some() {
            fx.write();
        }
    }

    fn enter(&mut self, id: u64, state: State) {
        self.leave(id);
        let Some(event) = self.events.get_mut(&id) else { return };
        event.state = state;
        let lane = self.lanes.entry(event.about.business).or_default();
        match state {
            State::Ready => {
                lane.ready.insert(id);
                self.stirred.insert(event.about.business);
            }
            State::InFlight(until) => {
                lane.in_flight += 1;
                self.timers.insert((until, id));
            }
            State::Waiting(until) => {
                self.timers.insert((until, id));
            }
        }
    }

    fn leave(&mut self, id: u64) {
        let Some(event) = self.events.get(&id) else { return };
        let lane = self.lanes.entry(event.about.business).or_default();
        match event.state {
            State::Ready => drop(lane.ready.remove(&id)),
            State::InFlight(until) => {
                lane.in_flight = lane.in_flight.saturating_sub(1);
                self.stirred.insert(event.about.business);
                self.timers.remove(&(until, id));
            }
            State::Waiting(until) => drop(self.timers.remove(&(until, id))),
        }
    }
}
