//! What somebody on the way sees: nothing in it is secret.

use crate::bundle::PrekeyBundle;
use crate::identity::IdentityKey;
use crate::message::Ciphertext;

/// What an eavesdropper wrote down: the bundles that were published, and the messages in the order
/// in which they were sent, whether or not they ever arrived.
#[derive(Clone, Default, Debug)]
pub struct Recording {
    bundles: Vec<PrekeyBundle>,
    messages: Vec<RecordedMessage>,
}

/// A message on the wire, with who sent it to whom: addresses travel in the clear, and identity keys
/// are public.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordedMessage {
    /// The sender's identity key.
    pub sender: IdentityKey,
    /// The recipient's identity key.
    pub recipient: IdentityKey,
    /// The message as sent.
    pub message: Ciphertext,
}

impl Recording {
    /// Writes down a bundle as the key directory hands it out. First messages name prekeys by their
    /// ids only: without the bundle an attacker does not know which keys they are.
    pub fn published(&mut self, bundle: &PrekeyBundle) {
        self.bundles.push(bundle.clone());
    }

    /// Writes down a message, and gives its place in [`Recording::messages`].
    pub fn sent(&mut self, sender: IdentityKey, recipient: IdentityKey, message: &Ciphertext) -> usize {
        self.messages.push(RecordedMessage { sender, recipient, message: message.clone() });
        self.messages.len() - 1
    }

    /// The messages, in the order in which they were sent.
    #[must_use]
    pub fn messages(&self) -> &[RecordedMessage] {
        &self.messages
    }

    /// The bundles.
    #[must_use]
    pub fn bundles(&self) -> &[PrekeyBundle] {
        &self.bundles
    }
}
