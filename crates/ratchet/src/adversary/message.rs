//! A recorded message, read as far as it is in the clear.

use super::reading::Unread;
use super::recording::RecordedMessage;
use crate::identity::IdentityKey;
use crate::message::{MessageKind, RatchetMessage};
use crate::prekey_message::PrekeyMessage;
use crate::spqr::Heard;

pub(super) struct Overheard {
    pub(super) sender: IdentityKey,
    pub(super) recipient: IdentityKey,
    /// What it carries for the post-quantum ratchet.
    pub(super) post_quantum: Option<Heard>,
    body: Body,
}

enum Body {
    First(Box<PrekeyMessage>),
    Later(RatchetMessage),
}

impl Overheard {
    pub(super) fn parse(recorded: &RecordedMessage) -> Result<Self, Unread> {
        let RecordedMessage { sender, recipient, message } = recorded;
        let body = match message.kind {
            MessageKind::Ratchet => RatchetMessage::parse(&message.bytes).map(Body::Later),
            MessageKind::Prekey => {
                PrekeyMessage::parse(&message.bytes).map(|first| Body::First(first.into()))
            }
        };
        let body = body.map_err(|_| Unread::Malformed)?;
        let post_quantum = Heard::parse(&body.ratchet().pq_ratchet).map_err(|_| Unread::Malformed)?;
        Ok(Self { sender: *sender, recipient: *recipient, post_quantum, body })
    }

    /// The Double Ratchet message, unwrapped.
    pub(super) const fn ratchet(&self) -> &RatchetMessage {
        self.body.ratchet()
    }

    /// What wraps it in a first message.
    pub(super) const fn first(&self) -> Option<&PrekeyMessage> {
        match &self.body {
            Body::First(first) => Some(first),
            Body::Later(_) => None,
        }
    }

    pub(super) fn is_between(&self, one: &IdentityKey, other: &IdentityKey) -> bool {
        (self.sender, self.recipient) == (*one, *other) || (self.sender, self.recipient) == (*other, *one)
    }
}

impl Body {
    const fn ratchet(&self) -> &RatchetMessage {
        match self {
            Self::First(first) => &first.message,
            Self::Later(ratchet) => ratchet,
        }
    }
}
