//! Webhooks that are not acknowledged yet, by reference: `cloud`'s queue for each app.

use super::model::Status;
use super::output::{Fx, Output, Post};
use super::ring::Ring;
use crate::plan::Plan;
use crate::record::Who;
use cloud::WebhookPolicy;
use kernel::Time;
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, VecDeque};
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

/// All events that are not acknowledged, in the order in which they happened.
pub(crate) struct Webhooks {
    policy: WebhookPolicy,
    events: Ring<Event>,
    /// By place among the businesses of the node.
    lanes: Vec<Lane>,
    /// When posts are given up, ascending, the first one not answered. Answers come in nearly the same order.
    overdue: VecDeque<(Time, u32)>,
    /// When events are posted again.
    again: BTreeSet<(Time, u32)>,
    /// Lanes that may have something to post.
    stirred: Vec<u32>,
    nodes: u32,
    /// Nothing gets so old that it is dropped.
    never_old: bool,
}

/// An event.
#[derive(Debug, Clone, Copy)]
struct Event {
    about: About,
    made: Time,
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

#[derive(Default, Clone)]
struct Lane {
    /// The oldest first. What was dropped meanwhile is skipped.
    ready: BinaryHeap<Reverse<u32>>,
    in_flight: usize,
    is_stirred: bool,
}

impl Webhooks {
    /// None yet, of a node.
    pub(crate) fn new(plan: &Plan, node: Who) -> Self {
        let mut policy = WebhookPolicy::default();
        policy.retry = policy.retry.within(plan.scenario().node.retention.to_std());
        let never_old = policy.retry.give_up_after() > plan.end().since(plan.start());
        let lanes = plan.businesses_of(node.index()).map(|_| Lane::default());
        Self {
            policy,
            events: Ring::new(),
            lanes: lanes.collect(),
            overdue: VecDeque::new(),
            again: BTreeSet::new(),
            stirred: Vec::new(),
            nodes: plan.nodes(),
            never_old,
        }
    }

    pub(crate) fn enqueue(&mut self, now: Time, about: About, size: u32, fx: &mut Fx) {
        // Later than all others: events are posted in the order in which they happened.
        let last = self.events.newest().map(|(_, event)| event.made + Duration::from_micros(1));
        let made = now.max(last.unwrap_or(Time::EPOCH));
        fx.write();
        let id = self.events.push(Event { about, made, size, attempts: 0, state: State::Waiting(now) });
        self.enter(id, State::Ready);
    }

    /// What became of a post.
    pub(crate) fn answered(&mut self, now: Time, id: u32, status: u16, fx: &mut Fx) {
        if status == ACKNOWLEDGED {
            self.forget(id, fx);
        } else if self.events.get(id).is_some_and(|event| matches!(event.state, State::InFlight(_))) {
            self.failed(now, id, fx);
        }
    }

    pub(crate) fn wake_at(&self) -> Option<Time> {
        if !self.stirred.is_empty() {
            return Some(Time::EPOCH);
        }
        let due = self.next_due().map(|(time, _)| time);
        due.into_iter().chain(self.oldest_drops_at()).min()
    }

    /// Drops what is too old, and posts what is due and has room in its lane.
    pub(crate) fn run(&mut self, now: Time, fx: &mut Fx) {
        while self.oldest_drops_at().is_some_and(|at| at <= now)
            && let Some((id, _)) = self.events.oldest()
        {
            self.forget(id, fx);
        }
        while let Some((_, id)) = self.next_due().filter(|(time, _)| *time <= now) {
            match self.state(id) {
                Some(State::InFlight(_)) => self.failed(now, id, fx),
                _ => self.enter(id, State::Ready),
            }
        }
        let mut stirred = std::mem::take(&mut self.stirred);
        stirred.sort_unstable();
        for place in stirred.drain(..) {
            while let Some(id) = self.next_of(place) {
                self.enter(id, State::InFlight(now + self.policy.answer_within));
                if let Some(Event { about, size, .. }) = self.events.get(id).copied() {
                    let About { business, message, told } = about;
                    fx.say(Output::Post(Post { business, delivery: id, message, told, size }));
                }
            }
        }
        self.stirred = stirred;
    }

    pub(crate) const fn len(&self) -> usize {
        self.events.len()
    }

    fn state(&self, id: u32) -> Option<State> {
        self.events.get(id).map(|event| event.state)
    }

    /// What is next given up or posted again.
    fn next_due(&self) -> Option<(Time, u32)> {
        self.overdue.front().into_iter().chain(self.again.first()).min().copied()
    }

    fn oldest_drops_at(&self) -> Option<Time> {
        let (_, oldest) = self.events.oldest().filter(|_| !self.never_old)?;
        Some(oldest.made + self.policy.retry.give_up_after())
    }

    /// The oldest event of a lane that can be posted now, taken out of those that are ready.
    fn next_of(&mut self, place: u32) -> Option<u32> {
        let Self { lanes, events, policy, .. } = self;
        let lane = lanes.get_mut(to_usize(place))?;
        lane.is_stirred = false;
        while lane.in_flight < policy.in_flight_per_app {
            let Reverse(id) = lane.ready.pop()?;
            if events.get(id).is_some_and(|event| event.state == State::Ready) {
                return Some(id);
            }
        }
        None
    }

    fn failed(&mut self, now: Time, id: u32, fx: &mut Fx) {
        let Some(event) = self.events.get_mut(id) else { return };
        event.attempts = event.attempts.saturating_add(1);
        match self.policy.retry.delay_after(event.attempts) {
            Some(delay) => self.enter(id, State::Waiting(now + delay)),
            None => self.forget(id, fx),
        }
    }

    fn forget(&mut self, id: u32, fx: &mut Fx) {
        self.leave(id);
        if self.events.remove(id).is_some() {
            fx.write();
        }
        self.skip_answered();
    }

    fn enter(&mut self, id: u32, state: State) {
        self.leave(id);
        let Some(event) = self.events.get_mut(id) else { return };
        event.state = state;
        let place = event.about.business / self.nodes;
        let Some(lane) = self.lanes.get_mut(to_usize(place)) else { return };
        match state {
            State::Ready => {
                lane.ready.push(Reverse(id));
                self.stir(place);
            }
            State::InFlight(until) => {
                lane.in_flight += 1;
                // At the end, unless the clock was set back.
                let at = self.overdue.iter().rev().take_while(|other| **other > (until, id)).count();
                self.overdue.insert(self.overdue.len() - at, (until, id));
            }
            State::Waiting(until) => _ = self.again.insert((until, id)),
        }
        self.skip_answered();
    }

    fn leave(&mut self, id: u32) {
        let Some(event) = self.events.get(id) else { return };
        let place = event.about.business / self.nodes;
        match event.state {
            State::Ready => {}
            State::InFlight(_) => {
                if let Some(lane) = self.lanes.get_mut(to_usize(place)) {
                    lane.in_flight = lane.in_flight.saturating_sub(1);
                }
                self.stir(place);
            }
            State::Waiting(until) => _ = self.again.remove(&(until, id)),
        }
    }

    fn skip_answered(&mut self) {
        while let Some((until, id)) = self.overdue.front()
            && self.state(*id) != Some(State::InFlight(*until))
        {
            self.overdue.pop_front();
        }
    }

    fn stir(&mut self, place: u32) {
        if let Some(lane) = self.lanes.get_mut(to_usize(place))
            && !std::mem::replace(&mut lane.is_stirred, true)
        {
            self.stirred.push(place);
        }
    }
}

fn to_usize(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
