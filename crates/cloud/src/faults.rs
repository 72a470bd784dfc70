//! Faults that a test asks for: rules, and the few places that consult them. Without a rule nothing here does anything.
//!
//! | a rule says | and the place is |
//! |---|---|
//! | `api_error` | the request to send: it is refused ([`Faults::refusal`]) |
//! | `failed`, `delay` | what was accepted, on its way to the endpoint ([`Faults::on_the_way`]) |
//! | `drop`, `duplicate` | an event, on its way to the queue of webhooks ([`Faults::let_pass`]) |
//! | `offline` | the connection to the relay: the shell turns it off ([`Faults::is_offline`]) |
//!
//! Rules, and what they hold up, live in memory: a node that is started again has none.

use bytes::Bytes;
use content::kinds::MediaKind;
use content::{Body, Content, MessageId};
use endpoint::Terms;
use graph::webhook::{Place, Update};
use graph::{GraphError, codes};
use kernel::Time;
use std::collections::BTreeMap;
use std::time::Duration;
use wire::{Address, Number};

/// What errors say of it.
pub(crate) const FAULT: &str = "A fault that was set through the control interface.";

/// A rule: what goes wrong with which messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Which messages.
    pub matching: Matching,
    /// What goes wrong.
    pub effect: Effect,
    /// How often it still does; `None`: always.
    pub times: Option<u32>,
}

/// Which messages and events a rule is about: all that fit everything that it names.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Matching {
    /// The consumer.
    pub consumer: Option<Number>,
    /// The kind of message, as the API names it (`text`, `image`, …); of an event that is not a message, `status`.
    pub kind: Option<String>,
    /// The business's number.
    pub business: Option<Number>,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// What was accepted fails, with this code.
    Failed(codes::Code),
    /// What was accepted waits.
    Delay(Duration),
    /// The webhook is never posted.
    DropWebhook,
    /// The webhook is posted twice.
    DuplicateWebhook,
    /// The request is refused, with this code.
    ApiError(codes::Code),
    /// The node has no connection to the relay, for as long as there is the rule.
    Offline,
}

/// All rules, and what they hold up.
#[derive(Default)]
pub(crate) struct Faults {
    rules: BTreeMap<u64, Fault>,
    last: u64,
    /// What was delayed, in the order in which it is due.
    held: BTreeMap<(Time, u64), Held>,
    held_before: u64,
    /// What is to fail as soon as its message is known.
    failing: Vec<(Number, MessageId, codes::Code)>,
    /// What is to be posted twice, as soon as it is.
    doubling: Vec<Bytes>,
}

/// What is held up.
pub(crate) struct Held {
    pub(crate) pair: (Address, Address),
    pub(crate) content: Content,
    pub(crate) terms: Terms,
}

/// What becomes of something that was accepted.
pub(crate) enum Fate {
    /// It goes on.
    GoesOn,
    /// It does not, or not now.
    Stopped,
}

impl Faults {
    /// Adds a rule; its number.
    pub(crate) fn add(&mut self, fault: Fault) -> u64 {
        self.last += 1;
        self.rules.insert(self.last, fault);
        self.last
    }

    /// Takes a rule away; false if there is none of this number.
    pub(crate) fn remove(&mut self, id: u64) -> bool {
        self.rules.remove(&id).is_some()
    }

    /// All rules by their numbers.
    pub(crate) fn rules(&self) -> Vec<(u64, Fault)> {
        self.rules.iter().map(|(id, fault)| (*id, fault.clone())).collect()
    }

    /// True if the node is to have no connection.
    pub(crate) fn is_offline(&self) -> bool {
        self.rules.values().any(|fault| fault.effect == Effect::Offline)
    }

    /// Refuses a request to send, if a rule says so.
    pub(crate) fn refusal(
        &mut self,
        business: Number,
        consumer: Option<Number>,
        kind: &str,
    ) -> Result<(), GraphError> {
        let about = About { business, consumer, kind };
        match self.find(&about, |effect| matches!(effect, Effect::ApiError(_))) {
            Some(Effect::ApiError(code)) => Err(GraphError::whatsapp(code, FAULT)),
            _ => Ok(()),
        }
    }

    /// What becomes of content that was accepted: a rule may hold it up, or have it fail.
    pub(crate) fn on_the_way(
        &mut self,
        now: Time,
        pair: (Address, Address),
        content: &Content,
        terms: Terms,
    ) -> Fate {
        if self.rules.is_empty() || !content.body.is_shown() {
            return Fate::GoesOn;
        }
        let (business, consumer) = (pair.0.number, Some(pair.1.number));
        let about = About { business, consumer, kind: kind(&content.body) };
        match self.find(&about, |effect| matches!(effect, Effect::Failed(_) | Effect::Delay(_))) {
            Some(Effect::Failed(code)) => {
                self.failing.push((business, content.message_id.clone(), code));
                Fate::Stopped
            }
            Some(Effect::Delay(delay)) => {
                self.held_before += 1;
                let held = Held { pair, content: content.clone(), terms };
                self.held.insert((now + delay, self.held_before), held);
                Fate::Stopped
            }
            _ => Fate::GoesOn,
        }
    }

    /// False if an update is never to be posted. One that is to be posted twice is remembered until it is.
    pub(crate) fn let_pass(&mut self, business: Option<Number>, update: &Update) -> bool {
        let is_of_webhooks =
            |effect: &Effect| matches!(effect, Effect::DropWebhook | Effect::DuplicateWebhook);
        let Some(business) = business else { return true };
        if !self.rules.values().any(|fault| is_of_webhooks(&fault.effect)) {
            return true;
        }
        let kind = match update.place {
            Place::Messages => kind_of(&update.element),
            Place::Statuses | Place::Value => "status".to_owned(),
        };
        let about = About { business, consumer: update.consumer, kind: &kind };
        match self.find(&about, is_of_webhooks) {
            Some(Effect::DropWebhook) => false,
            Some(Effect::DuplicateWebhook) => {
                self.doubling.push(update.element.clone());
                true
            }
            _ => true,
        }
    }

    /// True if this post has something that is to be posted twice.
    pub(crate) fn doubles(&mut self, body: &[u8]) -> bool {
        let before = self.doubling.len();
        self.doubling.retain(|element| !body.windows(element.len().max(1)).any(|part| part == element));
        self.doubling.len() < before
    }

    /// What was held up and is due.
    pub(crate) fn release(&mut self, now: Time) -> Option<Held> {
        let due = self.held.first_entry().filter(|due| due.key().0 <= now)?;
        Some(due.remove())
    }

    /// A message fails after all.
    pub(crate) fn fail(&mut self, business: Number, message: MessageId, code: codes::Code) {
        self.failing.push((business, message, code));
    }

    /// What is to fail.
    pub(crate) fn take_failing(&mut self) -> Vec<(Number, MessageId, codes::Code)> {
        std::mem::take(&mut self.failing)
    }

    /// When something that was delayed is due.
    pub(crate) fn wake_at(&self) -> Option<Time> {
        self.held.first_key_value().map(|((due, _), _)| *due)
    }

    /// The first rule that fits and does what is wanted; it has happened once more.
    fn find(&mut self, about: &About<'_>, wanted: impl Fn(&Effect) -> bool) -> Option<Effect> {
        let fits = |fault: &Fault| wanted(&fault.effect) && fault.matching.fits(about);
        let (id, fault) = self.rules.iter_mut().find(|(_, fault)| fits(fault))?;
        let (id, effect) = (*id, fault.effect);
        if let Some(times) = &mut fault.times {
            *times = times.saturating_sub(1);
            if *times == 0 {
                self.rules.remove(&id);
            }
        }
        Some(effect)
    }
}

struct About<'a> {
    business: Number,
    consumer: Option<Number>,
    kind: &'a str,
}

impl Matching {
    fn fits(&self, about: &About<'_>) -> bool {
        self.business.is_none_or(|business| business == about.business)
            && self.consumer.is_none_or(|consumer| Some(consumer) == about.consumer)
            && self.kind.as_deref().is_none_or(|kind| kind == about.kind)
    }
}

impl std::fmt::Debug for Matching {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Matching(…)")
    }
}

/// The kind as the API names it.
fn kind(body: &Body) -> &'static str {
    match body {
        Body::Media(media) => match media.kind() {
            MediaKind::Video => "video",
            MediaKind::Audio => "audio",
            MediaKind::Document => "document",
            MediaKind::Sticker => "sticker",
            MediaKind::Image | MediaKind::Unspecified => "image",
        },
        other => other.kind(),
    }
}

/// The kind of a message that is posted.
fn kind_of(element: &[u8]) -> String {
    let message: serde_json::Value = serde_json::from_slice(element).unwrap_or_default();
    message.get("type").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}
