//! What consumers say arrives: each message becomes a webhook, and a read receipt statuses.
//!
//! A consumer who has another number from now on says so from the old one. The business hears it, and that is all: the new number
//! is another address, with keys and sessions of its own, and what is kept of the old one is kept as long as of any.

use crate::messages::received::{Said, about, referral};
use crate::messages::statuses::Progress;
use crate::output::Step;
use crate::state::State;
use content::{Body, Content, MessageId, ProfileName};
use graph::Wamid;
use graph::webhook::{Notification, Received, StatusKind};
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
        match content.body {
            Body::Read(ids) => {
                for id in ids {
                    let read = Progress { status: StatusKind::Read, failure: None, said_by: Some(consumer) };
                    self.advance((business, id), read, step);
                }
            }
            // The API tells no business that a consumer is writing.
            Body::Typing => {}
            _ => self.on_said((business, consumer, content.message_id.clone()), &content, step),
        }
    }

    fn on_said(&mut self, key: (Number, Number, MessageId), content: &Content, step: &mut Step<'_>) {
        let (business, consumer, message_id) = key.clone();
        // A consumer that uses a name twice is not heard twice.
        let is_reaction = matches!(content.body, Body::Reaction(_));
        if !self.inbound.add(step.now, key, is_reaction, step.transaction) {
            return;
        }
        self.conversations.hear(step.now, (business, consumer), step.transaction);
        let wamid = Wamid::received(consumer, message_id.as_str());
        let Content { sent_at_s, ref context, ref body, .. } = *content;
        let quoted = context.quoted.as_ref().map(|id| self.quoted(business, consumer, id));
        let target = match body {
            Body::Reaction(reaction) => Some(self.quoted(business, consumer, &reaction.target)),
            _ => None,
        };
        let name = context.sender_name.as_ref().map(ProfileName::as_str);
        let media = match body {
            Body::Media(media) => self.receive_media(business, media, step),
            _ => None,
        };
        let said = Said { consumer, name, target: target.as_ref(), media: media.as_ref() };
        let message = Received {
            wamid: &wamid,
            sent_at_s,
            identity: self.identity_hash(business, consumer),
            name,
            context: about(context, quoted.as_ref()),
            referral: context.referral.as_deref().map(referral),
            content: said.in_words_of_the_api(body),
        };
        self.post_event(business, |phone, _| Notification::of_message(phone, &message).to_update(), step);
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
