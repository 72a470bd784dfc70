//! Webhooks that are not acknowledged yet: one row for each event and app, posted until it is.
//!
//! Each app has a lane of its own, so that a receiver that hangs holds up nobody else's events.

use super::callbacks::Callbacks;
use super::exchange::{DeliveryId, HttpFailure, WebhookOutcome, WebhookPost};
use super::failing::{Warnings, WebhookFailure};
use crate::accounts::{Directory, Phone};
use crate::config::WebhookPolicy;
use crate::output::Step;
use crate::proto;
use crate::rows::{WEBHOOKS, read_webhook_key, webhook_key};
use bytes::Bytes;
use graph::{AppId, PhoneNumberId, Signatures, SigningKey};
use kernel::{RestoreError, Rng, Row, Time, Transaction};
use prost::Message as _;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use wire::Number;

/// The status that acknowledges.
const ACKNOWLEDGED: u16 = 200;

/// All events that are not acknowledged.
#[derive(Default)]
pub(crate) struct Queue {
    events: BTreeMap<DeliveryId, Event>,
    lanes: BTreeMap<AppId, Lane>,
    /// When to post again, or to stop waiting for an answer.
    timers: BTreeSet<(Time, DeliveryId)>,
    /// Lanes that may have something to post.
    stirred: BTreeSet<AppId>,
    warnings: Warnings,
    /// What [`run`](Self::run) gives next.
    due: Vec<Due>,
}

/// What is to be done.
pub(crate) enum Due {
    /// Post this one.
    Post(WebhookPost),
    /// One was not acknowledged in its time: tell the operator.
    Dropped,
    /// One was not acknowledged, and is tried again after this time: tell the operator.
    Failed(WebhookFailure, Duration),
}

struct Event {
    app: AppId,
    business: Number,
    phone: PhoneNumberId,
    body: Bytes,
    attempts: u32,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// To be posted as soon as the lane has room.
    Ready,
    /// Posted; if there is no answer until then, there will be none.
    InFlight(Time),
    /// To be posted again then.
    Waiting(Time),
}

#[derive(Default)]
struct Lane {
    ready: BTreeSet<DeliveryId>,
    in_flight: usize,
}

impl DeliveryId {
    /// Ordered by time, and never the same again: an answer that comes after a crash acknowledges what
    /// it was for, or nothing.
    fn new(time: Time, rng: &mut Rng) -> Self {
        let salt = u64::from_be_bytes(rng.bytes());
        Self(u128::from(time.as_micros()) << 64 | u128::from(salt))
    }

    fn time(self) -> Time {
        Time::from_micros(u64::try_from(self.0 >> 64).unwrap_or(u64::MAX))
    }
}

impl Queue {
    /// Takes an event back that was not acknowledged: it will be posted again at once.
    pub(crate) fn restore(&mut self, row: &Row) -> Result<(), RestoreError> {
        let wrong = |error: &dyn ToString| RestoreError::new(row, error.to_string());
        let stored = proto::WebhookRow::decode(row.value.clone()).map_err(|e| wrong(&e))?;
        let (business, id) = read_webhook_key(&row.key).ok_or_else(|| wrong(&"not a webhook's key"))?;
        let app = stored.app_id.parse().map_err(|e| wrong(&e))?;
        let phone = stored.phone_number_id.parse().map_err(|e| wrong(&e))?;
        self.add(id, Event { app, business, phone, body: stored.body, attempts: 0, state: State::Ready });
        Ok(())
    }

    /// A new event for `app` about `phone`.
    pub(crate) fn enqueue(&mut self, app: AppId, phone: &Phone, body: Bytes, step: &mut Step<'_>) {
        // Later than all others: events are posted in the order in which they happened.
        let last = self.events.last_key_value().map(|(id, _)| id.time() + Duration::from_micros(1));
        let id = DeliveryId::new(
            step.now.max(last.unwrap_or(Time::EPOCH)),
            step.rng.child(phone.number.as_integer()),
        );
        let row = || proto::WebhookRow {
            app_id: app.as_str().to_owned(),
            phone_number_id: phone.id.as_str().to_owned(),
            body: body.clone(),
        };
        step.transaction.swap_with(WEBHOOKS, 0, || (webhook_key(phone.number, id), row().encode_to_vec()));
        let (business, phone) = (phone.number, phone.id);
        self.add(id, Event { app, business, phone, body, attempts: 0, state: State::Ready });
    }

    /// What became of a post.
    pub(crate) fn answered(
        &mut self,
        now: Time,
        id: DeliveryId,
        outcome: WebhookOutcome,
        policy: &WebhookPolicy,
        transaction: &mut Transaction,
    ) {
        if outcome == WebhookOutcome::Answered(ACKNOWLEDGED) {
            self.forget(id, transaction);
        } else if self.events.get(&id).is_some_and(|event| matches!(event.state, State::InFlight(_))) {
            self.failed(now, id, WebhookFailure::of(outcome), policy, transaction);
        }
    }

    /// When [`run`](Self::run) has something to do.
    pub(crate) fn wake_at(&self, policy: &WebhookPolicy) -> Option<Time> {
        if !self.stirred.is_empty() {
            return Some(Time::EPOCH);
        }
        let due = self.timers.first().map(|(time, _)| *time);
        let oldest = self.events.first_key_value().map(|(id, _)| id.time() + policy.retry.give_up_after());
        due.into_iter().chain(oldest).min()
    }

    /// Drops what is too old, and posts what is due and has room in its lane.
    pub(crate) fn run(
        &mut self,
        now: Time,
        directory: &Directory,
        callbacks: &Callbacks,
        policy: &WebhookPolicy,
        sign: &dyn Fn(&SigningKey, &[u8]) -> Signatures,
        transaction: &mut Transaction,
    ) -> Vec<Due> {
        let too_old = |id: DeliveryId| id.time() + policy.retry.give_up_after() <= now;
        while let Some(id) = self.events.first_key_value().map(|(id, _)| *id).filter(|id| too_old(*id)) {
            self.forget(id, transaction);
            self.due.push(Due::Dropped);
        }
        while let Some((_, id)) = self.timers.first().filter(|(time, _)| *time <= now).copied() {
            match self.events.get(&id).map(|event| event.state) {
                Some(State::InFlight(_)) => {
                    let why = WebhookFailure::Http(HttpFailure::TimedOut);
                    self.failed(now, id, why, policy, transaction);
                }
                _ => self.enter(id, State::Ready),
            }
        }
        while let Some(app) = self.stirred.pop_first() {
            while let Some(id) = self.next_of(app, policy.in_flight_per_app) {
                let until = now + policy.answer_within;
                self.enter(id, State::InFlight(until));
                match self.post(id, directory, callbacks, sign) {
                    Some(post) => self.due.push(Due::Post(post)),
                    // Nowhere to post it now; perhaps later.
                    None => self.failed(now, id, WebhookFailure::Nowhere, policy, transaction),
                }
            }
        }
        std::mem::take(&mut self.due)
    }

    /// How many events are not acknowledged.
    pub(crate) fn len(&self) -> usize {
        self.events.len()
    }

    fn add(&mut self, id: DeliveryId, event: Event) {
        self.lanes.entry(event.app).or_default().ready.insert(id);
        self.stirred.insert(event.app);
        self.events.insert(id, event);
    }

    fn next_of(&self, app: AppId, room: usize) -> Option<DeliveryId> {
        let lane = self.lanes.get(&app).filter(|lane| lane.in_flight < room)?;
        lane.ready.first().copied()
    }

    fn post(
        &self,
        id: DeliveryId,
        directory: &Directory,
        callbacks: &Callbacks,
        sign: &dyn Fn(&SigningKey, &[u8]) -> Signatures,
    ) -> Option<WebhookPost> {
        let event = self.events.get(&id)?;
        let (app, phone) = (directory.app(event.app)?, directory.phone(event.phone)?);
        let signatures = sign(&app.signing_key, &event.body);
        Some(WebhookPost {
            delivery: id,
            url: callbacks.url(app.id, phone)?.to_owned(),
            signature_256: signatures.sha256,
            signature: signatures.sha1,
            body: event.body.clone(),
        })
    }

    fn failed(
        &mut self,
        now: Time,
        id: DeliveryId,
        why: WebhookFailure,
        policy: &WebhookPolicy,
        transaction: &mut Transaction,
    ) {
        let Some(event) = self.events.get_mut(&id) else { return };
        event.attempts = event.attempts.saturating_add(1);
        match policy.retry.delay_after(event.attempts) {
            Some(delay) => {
                let is_last = id.time() + policy.retry.give_up_after() <= now + delay;
                if !is_last && self.warnings.allow(event.app, now) {
                    self.due.push(Due::Failed(why, delay));
                }
                self.enter(id, State::Waiting(now + delay));
            }
            None => {
                self.forget(id, transaction);
                self.due.push(Due::Dropped);
            }
        }
    }

    /// Destroys an event: it was acknowledged, or its time is over.
    fn forget(&mut self, id: DeliveryId, transaction: &mut Transaction) {
        self.leave(id);
        if let Some(event) = self.events.remove(&id) {
            transaction.remove_with(WEBHOOKS, || webhook_key(event.business, id));
        }
    }

    fn enter(&mut self, id: DeliveryId, state: State) {
        self.leave(id);
        let Some(event) = self.events.get_mut(&id) else { return };
        event.state = state;
        let lane = self.lanes.entry(event.app).or_default();
        match state {
            State::Ready => {
                lane.ready.insert(id);
                self.stirred.insert(event.app);
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

    fn leave(&mut self, id: DeliveryId) {
        let Some(event) = self.events.get(&id) else { return };
        let lane = self.lanes.entry(event.app).or_default();
        match event.state {
            State::Ready => drop(lane.ready.remove(&id)),
            State::InFlight(until) => {
                lane.in_flight = lane.in_flight.saturating_sub(1);
                self.stirred.insert(event.app);
                self.timers.remove(&(until, id));
            }
            State::Waiting(until) => drop(self.timers.remove(&(until, id))),
        }
    }
}
