//! Webhooks that are not acknowledged yet: a row for each update and app, until a post with it is answered 200.
//!
//! Each app has a lane of its own, so that a receiver that hangs holds up nobody else's. What can be posted is spread over as
//! many posts as may be under way, so that an update that nothing waits with travels alone and at once, and a post has
//! more of them the more there are.

use super::company::Company;
use super::exchange::{DeliveryId, HttpFailure, WebhookOutcome, WebhookPost};
use super::failing::{Warnings, WebhookFailure};
use super::lane::{Lane, Load, Thread};
use super::means::Means;
use super::update_id::UpdateId;
use crate::config::WebhookPolicy;
use crate::output::Step;
use crate::proto;
use crate::rows::{WEBHOOKS, read_webhook_key, webhook_key};
use graph::webhook::{Place, Update, post};
use graph::{AppId, Signatures};
use kernel::{RestoreError, Row, Time, Transaction};
use prost::Message as _;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use wire::Number;

/// The status that acknowledges.
const ACKNOWLEDGED: u16 = 200;

/// Posts draw their names here: no phone number is so short.
const POSTS: u64 = 1;

/// All updates that are not acknowledged.
#[derive(Default)]
pub(crate) struct Queue {
    lanes: BTreeMap<AppId, Lane>,
    posts: BTreeMap<DeliveryId, Post>,
    /// The oldest update of each line.
    oldest: BTreeSet<(UpdateId, AppId, Thread)>,
    /// When to post again, or to stop waiting for an answer.
    timers: BTreeSet<(Time, Timer)>,
    /// Lanes that may have something to post.
    stirred: BTreeSet<AppId>,
    warnings: Warnings,
    /// What [`run`](Self::run) gives next.
    due: Vec<Due>,
    /// When the last update happened.
    last: Time,
    /// Of the posts of this process.
    salt: Option<u64>,
    posted: u64,
}

/// What is to be done.
pub(crate) enum Due {
    /// Post this.
    Post(WebhookPost),
    /// One was not acknowledged in its time: tell the operator.
    Dropped,
    /// A post was not acknowledged, and is tried again after this time: tell the operator.
    Failed(WebhookFailure, Duration),
}

/// A post that is under way.
struct Post {
    app: AppId,
    /// Its lines, and up to which update each is in it.
    lines: Vec<(Thread, UpdateId)>,
    updates: usize,
    until: Time,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    Post(DeliveryId),
    Line(AppId, Thread),
}

impl Queue {
    /// Takes an update back that was not acknowledged: it will be posted again at once.
    pub(crate) fn restore(&mut self, row: &Row) -> Result<(), RestoreError> {
        let wrong = |error: &dyn ToString| RestoreError::new(row, error.to_string());
        let stored = proto::WebhookRow::decode(row.value.clone()).map_err(|e| wrong(&e))?;
        let (account, id) = read_webhook_key(&row.key).ok_or_else(|| wrong(&"not a webhook's key"))?;
        let app = stored.app_id.parse().map_err(|e| wrong(&e))?;
        let phone = (!stored.phone_number_id.is_empty()).then(|| stored.phone_number_id.parse());
        let phone = phone.transpose().map_err(|e| wrong(&e))?;
        let consumer = (stored.consumer != 0).then(|| Number::from_integer(stored.consumer));
        let consumer = consumer.transpose().map_err(|e| wrong(&e))?;
        let update = Update {
            field: stored.field.parse().map_err(|e| wrong(&e))?,
            place: match stored.place() {
                proto::Place::Value => Place::Value,
                proto::Place::Messages => Place::Messages,
                proto::Place::Statuses => Place::Statuses,
            },
            consumer,
            time_s: stored.time_s,
            contact: stored.contact,
            element: stored.element,
        };
        self.last = self.last.max(id.time());
        self.add(app, Thread { account, phone, consumer }, id, update);
        Ok(())
    }

    /// A new update for `app`; `whose` draws its name.
    pub(crate) fn enqueue(
        &mut self,
        app: AppId,
        thread: Thread,
        update: Update,
        whose: u64,
        step: &mut Step<'_>,
    ) {
        // Later than all others: a conversation's are posted in the order in which they happened.
        self.last = step.now.max(self.last + Duration::from_micros(1));
        let id = UpdateId::new(self.last, step.rng.child(whose));
        let row = || proto::WebhookRow {
            app_id: app.as_str().to_owned(),
            phone_number_id: thread.phone.map(|phone| phone.as_str().to_owned()).unwrap_or_default(),
            element: update.element.clone(),
            contact: update.contact.clone(),
            consumer: thread.consumer.map(Number::as_integer).unwrap_or_default(),
            field: update.field.as_str().to_owned(),
            place: match update.place {
                Place::Value => proto::Place::Value,
                Place::Messages => proto::Place::Messages,
                Place::Statuses => proto::Place::Statuses,
            }
            .into(),
            time_s: update.time_s,
        };
        step.transaction.swap_with(WEBHOOKS, 0, || (webhook_key(thread.account, id), row().encode_to_vec()));
        self.add(app, thread, id, update);
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
        let Some(post) = self.posts.remove(&id) else { return };
        self.timers.remove(&(post.until, Timer::Post(id)));
        if outcome != WebhookOutcome::Answered(ACKNOWLEDGED) {
            return self.failed(now, post, WebhookFailure::of(outcome), policy, transaction);
        }
        for (thread, through) in post.lines {
            self.forget(post.app, thread, through, transaction);
        }
        let Some(lane) = self.lanes.get_mut(&post.app) else { return };
        lane.in_flight -= 1;
        for thread in lane.recover(now) {
            self.resume(post.app, thread, true);
        }
        self.stirred.insert(post.app);
    }

    /// When [`run`](Self::run) has something to do.
    pub(crate) fn wake_at(&self, policy: &WebhookPolicy) -> Option<Time> {
        if !self.stirred.is_empty() {
            return Some(Time::EPOCH);
        }
        let due = self.timers.first().map(|(time, _)| *time);
        let oldest = self.oldest.first().map(|(id, ..)| id.time() + policy.retry.give_up_after());
        due.into_iter().chain(oldest).min()
    }

    /// Drops what is too old, and posts what is due and has room in its lane.
    pub(crate) fn run(&mut self, means: Means<'_>, step: &mut Step<'_>) -> Vec<Due> {
        let Means { policy, .. } = means;
        let too_old = |id: UpdateId| id.time() + policy.retry.give_up_after() <= step.now;
        while let Some(oldest) = self.oldest.first().filter(|(id, ..)| too_old(*id)).copied() {
            self.oldest.remove(&oldest);
            let (_, app, thread) = oldest;
            self.expire(app, thread, step.transaction);
        }
        while let Some((_, timer)) = self.timers.first().filter(|(time, _)| *time <= step.now).copied() {
            match timer {
                Timer::Post(id) => {
                    let outcome = WebhookOutcome::Failed(HttpFailure::TimedOut);
                    self.answered(step.now, id, outcome, policy, step.transaction);
                }
                Timer::Line(app, thread) => self.resume(app, thread, false),
            }
        }
        while let Some(app) = self.stirred.pop_first() {
            while let Some(post) = self.gather(app, means, step) {
                self.due.push(Due::Post(post));
            }
        }
        std::mem::take(&mut self.due)
    }

    /// The app's webhooks go elsewhere from now on: nothing of it waits for its retry.
    pub(crate) fn redirected(&mut self, app: AppId) {
        let waiting = self.lanes.get(&app).map(Lane::waiting).unwrap_or_default();
        waiting.into_iter().for_each(|thread| self.resume(app, thread, true));
    }

    /// How many updates are not acknowledged.
    pub(crate) fn len(&self) -> usize {
        self.lanes.values().map(|lane| lane.load().updates).sum()
    }

    /// How much of an app is not acknowledged.
    pub(crate) fn load(&self, app: AppId) -> Load {
        self.lanes.get(&app).map(Lane::load).unwrap_or_default()
    }

    fn add(&mut self, app: AppId, thread: Thread, id: UpdateId, update: Update) {
        let lane = self.lanes.entry(app).or_default();
        if lane.front(thread).is_none() {
            self.oldest.insert((id, app, thread));
        }
        lane.push(thread, id, update);
        self.stirred.insert(app);
    }

    /// The next post of an app, if it has room for one and something to post.
    fn gather(&mut self, app: AppId, means: Means<'_>, step: &mut Step<'_>) -> Option<WebhookPost> {
        let policy = means.policy;
        loop {
            let lane = self.lanes.get(&app)?;
            let room = policy.in_flight_per_app.checked_sub(lane.in_flight).filter(|room| *room > 0)?;
            let (first, _) = lane.ready().next()?;
            let size = lane.backlog().div_ceil(room).clamp(1, policy.updates_per_post.max(1));
            if let Some(Company { lines, updates, url }) = Company::of(lane, app, size, means) {
                let (event, attempt) = (lane.front(first)?, lane.attempts(first).saturating_add(1));
                let body = post::body(&updates);
                let updates = updates.len();
                let signed_by = means.directory.app(app)?;
                let signatures = (means.sign)(&signed_by.signing_key, &body);
                let salt =
                    *self.salt.get_or_insert_with(|| u64::from_be_bytes(step.rng.child(POSTS).bytes()));
                self.posted += 1;
                let delivery = DeliveryId(u128::from(salt) << 64 | u128::from(self.posted));
                let until = step.now + policy.answer_within;
                let lane = self.lanes.get_mut(&app)?;
                lines.iter().for_each(|(thread, _)| lane.depart(*thread));
                lane.in_flight += 1;
                self.timers.insert((until, Timer::Post(delivery)));
                self.posts.insert(delivery, Post { app, lines, updates, until });
                let Signatures { sha256: signature_256, sha1: signature } = signatures;
                return Some(WebhookPost { delivery, event, attempt, url, body, signature_256, signature });
            }
            // Nowhere to post it now; perhaps later.
            let through = lane.updates(first).last().map(|(id, _)| *id)?;
            self.not_posted(
                step.now,
                app,
                (first, through),
                WebhookFailure::Nowhere,
                policy,
                step.transaction,
            );
        }
    }

    /// A post failed.
    fn failed(
        &mut self,
        now: Time,
        post: Post,
        why: WebhookFailure,
        policy: &WebhookPolicy,
        transaction: &mut Transaction,
    ) {
        let Post { app, lines, updates, .. } = post;
        if let Some(lane) = self.lanes.get_mut(&app) {
            lane.in_flight -= 1;
        }
        let waiting: Vec<_> = lines
            .into_iter()
            .filter_map(|line| Some((line.0, self.wait(now, app, line, updates, policy, transaction)?)))
            .collect();
        if let Some(lane) = self.lanes.get_mut(&app) {
            lane.suspect(now, waiting.iter().map(|(thread, _)| *thread));
        }
        self.warn(now, app, why, waiting.into_iter().map(|(_, delay)| delay).min());
        self.stirred.insert(app);
    }

    /// A line has nowhere to go.
    fn not_posted(
        &mut self,
        now: Time,
        app: AppId,
        line: (Thread, UpdateId),
        why: WebhookFailure,
        policy: &WebhookPolicy,
        transaction: &mut Transaction,
    ) {
        let delay = self.wait(now, app, line, usize::MAX, policy, transaction);
        self.warn(now, app, why, delay);
    }

    /// A line waits for its retry; `None` if there is none, and then its updates are dropped.
    fn wait(
        &mut self,
        now: Time,
        app: AppId,
        (thread, through): (Thread, UpdateId),
        together: usize,
        policy: &WebhookPolicy,
        transaction: &mut Transaction,
    ) -> Option<Duration> {
        let lane = self.lanes.get_mut(&app)?;
        if let Some(delay) = lane.fail(thread, now, together, |failed| policy.retry.delay_after(failed)) {
            self.timers.extend(lane.waits_until(thread).map(|until| (until, Timer::Line(app, thread))));
            return Some(delay);
        }
        let dropped = self.forget(app, thread, through, transaction);
        self.due.extend((0..dropped).map(|_| Due::Dropped));
        None
    }

    fn warn(&mut self, now: Time, app: AppId, why: WebhookFailure, again_in: Option<Duration>) {
        if let Some(again_in) = again_in
            && self.warnings.allow(app, now)
        {
            self.due.push(Due::Failed(why, again_in));
        }
    }

    /// A line may go on.
    fn resume(&mut self, app: AppId, thread: Thread, with_all: bool) {
        let Some(lane) = self.lanes.get_mut(&app) else { return };
        if let Some(until) = lane.waits_until(thread) {
            self.timers.remove(&(until, Timer::Line(app, thread)));
            lane.resume(thread, with_all);
            self.stirred.insert(app);
        }
    }

    /// Destroys the updates of a line up to `through`: they were acknowledged, or their time is over.
    fn forget(
        &mut self,
        app: AppId,
        thread: Thread,
        through: UpdateId,
        transaction: &mut Transaction,
    ) -> usize {
        self.remove(app, thread, transaction, |lane| lane.forget(thread, through))
    }

    /// The oldest update of a line gets too old, or everything else about the schedule is over.
    fn expire(&mut self, app: AppId, thread: Thread, transaction: &mut Transaction) {
        let until = self.lanes.get(&app).and_then(|lane| lane.waits_until(thread));
        let dropped = self.remove(app, thread, transaction, |lane| lane.expire(thread));
        self.due.extend((0..dropped).map(|_| Due::Dropped));
        if let (Some(until), Some(lane)) = (until, self.lanes.get(&app))
            && lane.front(thread).is_none()
        {
            self.timers.remove(&(until, Timer::Line(app, thread)));
        }
    }

    fn remove(
        &mut self,
        app: AppId,
        thread: Thread,
        transaction: &mut Transaction,
        remove: impl FnOnce(&mut Lane) -> Vec<UpdateId>,
    ) -> usize {
        let Some(lane) = self.lanes.get_mut(&app) else { return 0 };
        if let Some(front) = lane.front(thread) {
            self.oldest.remove(&(front, app, thread));
        }
        let gone = remove(lane);
        if let Some(front) = lane.front(thread) {
            self.oldest.insert((front, app, thread));
        }
        for id in &gone {
            transaction.remove_with(WEBHOOKS, || webhook_key(thread.account, *id));
        }
        gone.len()
    }
}
