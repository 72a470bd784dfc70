//! From something that happened to the webhooks that say so.

use crate::output::{Notice, Output, Step};
use crate::state::State;
use crate::webhooks::exchange::{DeliveryId, WebhookOutcome};
use crate::webhooks::queue::Due;
use bytes::Bytes;
use graph::SigningKey;
use graph::webhook::Phone;
use wire::Number;

impl State {
    /// An event of a phone number, for every app that wants to hear of it; `body` is told the Graph version whose form
    /// the app wants.
    pub(crate) fn post_event(
        &mut self,
        business: Number,
        body: impl Fn(Phone, u16) -> Bytes,
        step: &mut Step<'_>,
    ) {
        let Some(phone) = self.directory.phone_with(business) else { return };
        let as_named = Phone { account: phone.account, id: phone.id, number: phone.number };
        for (app, _) in self.callbacks.subscribers(phone.account) {
            let Some(app) = self.directory.app(app) else { continue };
            if self.callbacks.wants_messages(app.id, phone) {
                let body = body(as_named, app.webhook_version);
                for _ in 0..self.faults.copies(business, &body) {
                    self.webhooks.enqueue(app.id, phone, body.clone(), step);
                }
            }
        }
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
        let policy = &self.config.webhooks;
        let sign = |key: &SigningKey, body: &[u8]| self.endpoint.sign(key, body);
        let due =
            self.webhooks.run(step.now, &self.directory, &self.callbacks, policy, &sign, step.transaction);
        for due in due {
            step.say(match due {
                Due::Post(post) => Output::PostWebhook(post),
                Due::Dropped => Output::Notice(Notice::WebhookDropped),
                Due::Failed(why, again_in) => Output::Notice(Notice::WebhookFailed { why, again_in }),
            });
        }
    }
}
