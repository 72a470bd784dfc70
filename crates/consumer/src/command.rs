//! What the person asks the app for, and why it may refuse.

use crate::habits::Habits;
use content::kinds::{MediaKind, Order};
use content::{Body, Context, MessageId};
use endpoint::SendError;
use wire::Number;

/// What the person asks for.
#[derive(Clone, PartialEq)]
pub enum Command {
    /// To send a message.
    Send {
        /// What it is called from now on; the app draws a name if there is none.
        name: Option<MessageId>,
        /// To whom.
        to: Number,
        /// What it is about. What the person is called is added.
        context: Context,
        /// What it says: any kind that people send. Media are a reference to bytes that the relay has.
        body: Body,
    },
    /// That the person has read messages, where that is theirs to say ([`Reading::WhenTold`](crate::Reading::WhenTold)). What
    /// was read already, or never came, is not read again.
    Read(Messages),
    /// That the person is writing to somebody.
    Typing {
        /// To whom.
        to: Number,
    },
    /// To trust the identity that somebody has now, where the policy refused it.
    Trust {
        /// Whose.
        number: Number,
    },
    /// To do other things by itself from now on.
    Change(Habits),
}

/// Some of what was shown.
#[derive(Clone, PartialEq, Eq)]
pub enum Messages {
    /// Everything.
    All,
    /// These, by their senders' names for them.
    These(Vec<MessageId>),
}

/// Why a message was not sent; nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The endpoint does not take it on.
    #[error(transparent)]
    Endpoint(#[from] SendError),
    /// A kind of message that only businesses send, or that has a command of its own.
    #[error("people do not send messages of the kind {0}")]
    NotForPeople(&'static str),
    /// The message that it answers had something to choose from, and this was not among it.
    #[error("the message that is answered did not offer that")]
    NotOffered,
    /// It lacks something, or says what can't be.
    #[error("{0}")]
    Malformed(&'static str),
}

impl Command {
    /// To send something that stands for itself.
    pub fn send(to: Number, body: Body) -> Self {
        Self::Send { name: None, to, context: Context::default(), body }
    }

    /// To send a text.
    pub fn say(to: Number, text: impl Into<String>) -> Self {
        Self::send(to, Body::text(text))
    }
}

/// Whether a person's app could make this message at all. What is in it is the person's.
pub(crate) fn check(body: &Body) -> Result<(), Refusal> {
    let holds = |is: bool, what| if is { Ok(()) } else { Err(Refusal::Malformed(what)) };
    match body {
        Body::Text(_) | Body::Reaction(_) | Body::Answer(_) | Body::RequestWelcome | Body::Unsupported(_) => {
            Ok(())
        }
        Body::Media(media) => {
            holds(
                media.kind() != MediaKind::Unspecified,
                "it is neither image, video, audio, document nor sticker",
            )?;
            holds(media.blob.is_some(), "it does not say where its bytes are")
        }
        Body::Location(place) => {
            let within = |degrees: f64, most: f64| (-most..=most).contains(&degrees);
            let is_on_earth = within(place.latitude, 90.0) && within(place.longitude, 180.0);
            holds(is_on_earth, "a place is 90 degrees of latitude and 180 of longitude from zero at most")
        }
        Body::Contacts(contacts) => {
            let named = contacts
                .cards
                .iter()
                .all(|card| card.name.as_ref().is_some_and(|name| !name.formatted_name.is_empty()));
            holds(!contacts.cards.is_empty() && named, "there is no card, or one without a name")
        }
        Body::Order(Order { items, .. }) => {
            let exists = items.iter().all(|item| item.quantity > 0 && item.item_price.is_finite());
            holds(
                !items.is_empty() && exists,
                "there is nothing in the cart, or none of a thing, or it has no price",
            )
        }
        Body::NumberChanged(changed) => {
            holds(changed.number.parse::<Number>().is_ok(), "the new number can't be called")
        }
        Body::Interactive(_) | Body::Template(_) | Body::Read(_) | Body::Typing => {
            Err(Refusal::NotForPeople(body.kind()))
        }
    }
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Send { .. } => "Send(…)",
            Self::Read(_) => "Read(…)",
            Self::Typing { .. } => "Typing(…)",
            Self::Trust { .. } => "Trust(…)",
            Self::Change(_) => "Change(…)",
        })
    }
}
