//! What the business hears of its messages: `sent`, `delivered`, `read`, `failed`, each once and in order, as
//! webhooks.

use crate::messages::outbound::News;
use crate::output::Step;
use crate::state::State;
use content::MessageId;
use endpoint::Failure;
use graph::webhook::{
    self, Category, Conversation, Notification, Origin, Phone, Pricing, PricingType, Status, StatusKind,
    Update,
};
use graph::{IdentityHash, Wamid, codes};
use kernel::Time;
use sha2::{Digest as _, Sha256};
use wire::Number;

/// From this Graph version on a status has no `conversation` (outside of a free entry point).
const NO_CONVERSATION_FROM: u16 = 24;

/// How long the conversation of a status is open.
const CONVERSATION_S: u64 = 24 * 3600;

/// The recipient has another identity key than the one that the message is for.
pub(crate) const IDENTITY_CHANGED: webhook::Failure = webhook::Failure {
    code: codes::IDENTITY_CHANGED,
    details: "The recipient's identity key has changed, and the message is not for the new one.",
};

/// How far a message has come, and who says so.
pub(crate) struct Progress {
    pub(crate) status: StatusKind,
    /// Of a message that failed.
    pub(crate) failure: Option<webhook::Failure>,
    /// The consumer, if it is a consumer who says so.
    pub(crate) said_by: Option<Number>,
}

/// One status of one message.
pub(crate) struct Report<'a> {
    pub(crate) wamid: &'a Wamid<'a>,
    pub(crate) status: StatusKind,
    pub(crate) callback_data: &'a str,
    pub(crate) failure: Option<webhook::Failure>,
    pub(crate) identity: Option<IdentityHash>,
    pub(crate) at: Time,
}

impl State {
    /// The relay, or the consumer's device, took a message.
    pub(crate) fn on_progress(&mut self, key: (Number, MessageId), status: StatusKind, step: &mut Step<'_>) {
        self.advance(key, Progress { status, failure: None, said_by: None }, step);
    }

    /// A message will not arrive.
    pub(crate) fn on_failure(&mut self, key: (Number, MessageId), failed: Failure, step: &mut Step<'_>) {
        match failure(failed) {
            None => self.outbound.forget(&key, step.transaction),
            failure => {
                self.advance(key, Progress { status: StatusKind::Failed, failure, said_by: None }, step);
            }
        }
    }

    /// A message of the business's came further.
    pub(crate) fn advance(&mut self, key: (Number, MessageId), progress: Progress, step: &mut Step<'_>) {
        let Progress { status, failure, said_by } = progress;
        let news = self.outbound.advance(step.now, &key, said_by, status, step.transaction);
        let Some(News { consumer, callback_data, statuses }) = news else { return };
        let wamid = Wamid::sent(consumer, key.1.as_str());
        let identity = self.identity_hash(key.0, consumer);
        for status in statuses {
            let callback_data = &callback_data;
            let report = Report { wamid: &wamid, status, callback_data, failure, identity, at: step.now };
            self.post_event(key.0, |phone, version| report.webhook(phone, version), step);
        }
    }
}

impl Report<'_> {
    /// The webhook that says so, in the form of a Graph version.
    pub(crate) fn webhook(&self, phone: Phone, version: u16) -> Update {
        // On its way, and on one of the two ends.
        let priced = matches!(self.status, StatusKind::Sent | StatusKind::Delivered);
        let status = Status {
            wamid: self.wamid,
            status: self.status,
            at_s: self.at.as_secs(),
            identity: self.identity,
            callback_data: self.callback_data,
            conversation: (priced && version < NO_CONVERSATION_FROM).then(|| self.conversation()),
            // All that is built is free-form messages: in the service window, and free.
            pricing: priced.then(|| Pricing::new(PricingType::FreeCustomerService, Category::Service)),
            failure: self.failure,
        };
        Notification::of_status(phone, &status).to_update()
    }

    /// Since July 2025 each message is its own conversation; so its id is made of the message's.
    fn conversation(&self) -> Conversation {
        let (consumer, message) = (self.wamid.consumer.as_integer(), &self.wamid.message_id);
        let digest = Sha256::new().chain_update(b"conversation").chain_update(consumer.to_be_bytes());
        let digest = digest.chain_update(message.as_bytes()).finalize();
        let (id, _) = digest.split_first_chunk().unwrap_or((&[0; 16], &[]));
        let expires = self.at.as_secs() + CONVERSATION_S;
        Conversation {
            id: *id,
            expiration_timestamp: (self.status == StatusKind::Sent).then_some(expires),
            origin: Origin { r#type: Category::Service },
        }
    }
}

/// Why a message failed, as the business is told. `None` if it is told nothing: what was not delivered in time is
/// dropped silently.
pub(crate) fn failure(failure: Failure) -> Option<webhook::Failure> {
    let (code, details) = match failure {
        Failure::Expired => return None,
        Failure::UnknownRecipient => (codes::UNDELIVERABLE, "Message Undeliverable."),
        Failure::Undecryptable => (
            codes::UNDELIVERABLE,
            "The recipient's device could not decrypt the message in several attempts.",
        ),
        Failure::IdentityChanged => return Some(IDENTITY_CHANGED),
        Failure::BadBundle => {
            (codes::SOMETHING_WENT_WRONG, "The recipient's keys are not signed by the recipient.")
        }
        Failure::NotAllowed => {
            (codes::SOMETHING_WENT_WRONG, "The transport does not forward between these numbers.")
        }
    };
    Some(webhook::Failure { code, details })
}
