//! Which key a message was made with, for whoever looks on and counts uses.

use bytes::Bytes;

use crate::curve::PublicKey;
use crate::error::ParseError;
use crate::message::{MessageKind, RatchetMessage};
use crate::prekey_message::PrekeyMessage;

/// Which message key a message claims to be encrypted with, as everyone can see who sees the message: a key that two
/// different messages claim was used twice.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyUse {
    /// The sender's ratchet key: which chain.
    pub ratchet_key: PublicKey,
    /// Which key of the chain.
    pub counter: u32,
    /// The Double Ratchet message, without what a first message wraps around it.
    pub message: Bytes,
}

impl KeyUse {
    /// Reads a message of either kind.
    ///
    /// # Errors
    /// When the bytes are not such a message.
    pub fn of(kind: MessageKind, bytes: &[u8]) -> Result<Self, ParseError> {
        let message = match kind {
            MessageKind::Ratchet => RatchetMessage::parse(bytes)?,
            MessageKind::Prekey => PrekeyMessage::parse(bytes)?.message,
        };
        Ok(Self {
            ratchet_key: message.ratchet_key,
            counter: message.counter,
            message: message.authenticated,
        })
    }
}
