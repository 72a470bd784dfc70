//! From something that happened to the webhooks that say so.

use crate::output::{Notice, Output, Step};
use crate::state::State;
use crate::webhooks::exchange::{DeliveryId, WebhookOutcome};
use crate::webhooks::means::Means;
use crate::webhooks::queue::Due;
use crate::webhooks::{Load, Thread};
use graph::codes::{self, Code};
use graph::webhook::{Field, Phone, Update};
use graph::{GraphError, PhoneNumberId, SigningKey, WabaId};
use serde::Serialize;
use wire::Number;

/// The number's throughput is that of who hears of it: clients wait, and send again.
const BEHIND: Code = Code { status: 429, ..codes::THROUGHPUT };

impl State {
    /// Something happened in the conversations of a phone number: every app that wants to hear of it does; `update` is told the
    /// Graph version whose form the app wants.
    pub(crate) fn post_event(
        &mut self,
        business: Number,
        update: impl Fn(Phone, u16) -> Update,
        step: &mut Step<'_>,
    ) {
        let Some(phone) = self.directory.phone_with(business) else { return };
        let phone = Phone { account: phone.account, id: phone.id, number: phone.number };
        let of = (phone.account, Some(phone.id));
        self.post(of, business.as_integer(), |version| update(phone, version), step);
    }

    /// Something happened to an account, or to a template of it. `value` is what the field documents.
    pub(crate) fn post_account_event(
        &mut self,
        account: WabaId,
        field: Field,
        value: &impl Serialize,
        step: &mut Step<'_>,
    ) {
        let update = Update::of_value(field, step.now.as_secs(), value);
        self.post((account, None), whose(account.as_str()), |_| update.clone(), step);
    }

    /// Something happened to a phone number. `value` is what the field documents.
    pub(crate) fn post_number_event(
        &mut self,
        number: PhoneNumberId,
        field: Field,
        value: &impl Serialize,
        step: &mut Step<'_>,
    ) {
        let Some(phone) = self.directory.phone(number) else { return };
        let (of, whose) = ((phone.account, Some(phone.id)), phone.number.as_integer());
        let update = Update::of_value(field, step.now.as_secs(), value);
        self.post(of, whose, |_| update.clone(), step);
    }

    /// What became of a post.
    pub(crate) fn on_webhook_answered(
        &mut self,
        delivery: DeliveryId,
        outcome: WebhookOutcome,
        step: &mut Step<'_>,
    ) {
        let policy = &self.config.webhooks;
        self.webhooks.answered(step.now, delivery, outcome, policy, step.transaction);
    }

    /// Posts what is due, and drops what is too old.
    pub(crate) fn run_webhooks(&mut self, step: &mut Step<'_>) {
        let sign = |key: &SigningKey, body: &[u8]| self.endpoint.sign(key, body);
        let (directory, callbacks, policy) = (&self.directory, &self.callbacks, &self.config.webhooks);
        for due in self.webhooks.run(Means { directory, callbacks, policy, sign: &sign }, step) {
            let said = match due {
                Due::Post(post) => {
                    if self.faults.doubles(&post.body) {
                        step.say(Output::PostWebhook(post.clone()));
                    }
                    Output::PostWebhook(post)
                }
                Due::Dropped => Output::Notice(Notice::WebhookDropped),
                Due::Failed(why, again_in) => Output::Notice(Notice::WebhookFailed { why, again_in }),
            };
            step.say(said);
        }
    }

    /// Refuses what a number wants to send while an app that hears of it is behind: what becomes of each message is told to the
    /// app, and what can't be told is not taken on (docs/decisions/0033).
    pub(crate) fn check_webhooks_keep_up(&self, business: Number) -> Result<(), GraphError> {
        if self.waits_for_less_than(business, self.config.webhooks.unacknowledged_per_app) {
            return Ok(());
        }
        let details = "Too many webhooks of an app that hears of this number are not acknowledged: messages are taken again as \
                       soon as its server has acknowledged some.";
        Err(GraphError::whatsapp(BEHIND, details))
    }

    /// True if what consumers write to a number can be told to all apps that hear of it.
    pub(crate) fn has_room_for_messages_to(&self, business: Number) -> bool {
        self.waits_for_less_than(business, self.config.webhooks.unacknowledged_per_app.twice())
    }

    /// True if no app that hears of a number has so much that is not acknowledged.
    fn waits_for_less_than(&self, business: Number, limit: Load) -> bool {
        let Some(phone) = self.directory.phone_with(business) else { return true };
        self.callbacks.subscribers(phone.account).all(|(app, _)| !self.webhooks.load(app).reaches(limit))
    }

    /// For every app that wants to hear of it. Names are drawn for `whose`.
    fn post(
        &mut self,
        of: (WabaId, Option<PhoneNumberId>),
        whose: u64,
        update: impl Fn(u16) -> Update,
        step: &mut Step<'_>,
    ) {
        let (account, phone) = of;
        let business = phone.and_then(|id| self.directory.phone(id)).map(|phone| phone.number);
        for (app, _) in self.callbacks.subscribers(account) {
            let Some(app) = self.directory.app(app) else { continue };
            let update = update(app.webhook_version);
            if self.callbacks.wants(app.id, update.field, of) && self.faults.let_pass(business, &update) {
                let thread = Thread { account, phone, consumer: update.consumer };
                self.webhooks.enqueue(app.id, thread, update, whose, step);
            }
        }
    }
}

/// Whose random numbers are drawn for an account.
fn whose(account: &str) -> u64 {
    account.parse().unwrap_or(1)
}
