//! What the person has set: who they are, what the app does by itself, and what it tells others.

use content::{Body, ProfileName};
use endpoint::Policy;
use wire::Address;

/// What an app begins with.
#[derive(Debug, Clone)]
pub struct ConsumerConfig {
    /// The person's number and this device.
    pub address: Address,
    /// What the app does by itself, until the person changes it.
    pub habits: Habits,
    /// Prekeys and retention.
    pub policy: Policy,
}

/// What the app does by itself. It can be changed while the app runs; whoever starts an app says what it begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Habits {
    /// What it answers.
    pub reply: Reply,
    /// When a message counts as read.
    pub reading: Reading,
    /// Tells senders when their messages were read.
    pub read_receipts: bool,
    /// What the person is called. It travels in their messages; without one, others see their number.
    pub name: Option<ProfileName>,
}

/// What the app answers by itself, once it was shown what arrived.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Reply {
    /// Nothing: the person answers.
    #[default]
    None,
    /// The same: a text, a place or cards of people as they came; of a template, of what can be acted on, and of media with a
    /// caption, the words as a text. Anything else has no echo: nothing is chosen, bought or seen in a person's name.
    Echo,
    /// This text, whatever arrived, but to a reaction or a new number, which nobody answers.
    Text(String),
}

/// When a message counts as read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reading {
    /// When the screen has shown it.
    #[default]
    AtOnce,
    /// When the person says so, with [`Command::Read`](crate::Command::Read).
    WhenTold,
}

impl Default for Habits {
    fn default() -> Self {
        Self { reply: Reply::None, reading: Reading::AtOnce, read_receipts: true, name: None }
    }
}

impl Reply {
    /// What is answered to a message.
    pub(crate) fn to(&self, message: &Body) -> Option<Body> {
        match self {
            Self::None => None,
            Self::Echo => echo(message),
            Self::Text(text) => match message {
                Body::Reaction(_) | Body::NumberChanged(_) | Body::Read(_) | Body::Typing => None,
                _ => Some(Body::text(text)),
            },
        }
    }
}

fn echo(message: &Body) -> Option<Body> {
    let words = match message {
        Body::Location(_) | Body::Contacts(_) => return Some(message.clone()),
        Body::Text(text) => return Some(Body::text(&text.body)),
        Body::Media(media) => &media.caption,
        Body::Interactive(interactive) => &interactive.body,
        Body::Template(template) => &template.body,
        _ => return None,
    };
    (!words.is_empty()).then(|| Body::text(words))
}
