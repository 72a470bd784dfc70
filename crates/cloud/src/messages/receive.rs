//! What consumers say arrives: texts become webhooks, read receipts statuses.

use crate::messages::statuses::Progress;
use crate::output::Step;
use crate::state::State;
use content::kinds::Text;
use content::{Body, Content, MessageId};
use graph::Wamid;
use graph::webhook::{self, Context, Notification, Received, StatusKind};
use wire::Number;

impl State {
    /// A consumer's message was decrypted.
    pub(crate) fn on_message(
        &mut self,
        business: Number,
        consumer: Number,
        content: Content,
        step: &mut Step<'_>,
    ) {
        let Content { message_id, sent_at_s, context, body } = content;
        match body {
            Body::Text(text) => {
                let key = (business, consumer, message_id);
                self.on_text(key, sent_at_s, &text, context.quoted.as_ref(), step);
            }
            Body::Read(ids) => {
                for id in ids {
                    let read = Progress { status: StatusKind::Read, failure: None, said_by: Some(consumer) };
                    self.advance((business, id), read, step);
                }
            }
            // No app of today sends one.
            _ => {}
        }
    }

    fn on_text(
        &mut self,
        key: (Number, Number, MessageId),
        sent_at_s: u64,
        text: &Text,
        quoted: Option<&MessageId>,
        step: &mut Step<'_>,
    ) {
        let (business, consumer, message_id) = key.clone();
        // A consumer that uses a name twice is not heard twice.
        if !self.inbound.add(step.now, key, false, step.transaction) {
            return;
        }
        let wamid = Wamid::received(consumer, message_id.as_str());
        let quoted = quoted.map(|id| self.quoted(business, consumer, id));
        let message = Received {
            wamid: &wamid,
            sent_at_s,
            identity: self.identity_hash(business, consumer),
            context: quoted.as_ref().map(|wamid| Context { wamid }),
            content: webhook::Content::Text(webhook::Text { body: &text.body }),
        };
        self.post_event(business, |phone, _| Notification::of_message(phone, &message).to_bytes(), step);
    }

    /// Consumers quote a message by its sender's name for it; who that was is found here.
    fn quoted<'a>(&self, business: Number, consumer: Number, id: &'a MessageId) -> Wamid<'a> {
        if self.inbound.contains(&(business, consumer, id.clone())) {
            Wamid::received(consumer, id.as_str())
        } else {
            Wamid::sent(consumer, id.as_str())
        }
    }
}
