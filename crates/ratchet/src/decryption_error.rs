//! What a device tells the sender of a message that it could not decrypt, so that the sender can
//! start anew and send the message again.
//!
//! Not in the published specifications (Sesame, section "Loss of state", only says that devices
//! recover): these are the bytes of deployed clients. It is neither encrypted nor authenticated, so
//! all that it may cause is a new session: see [`SessionRecord::archive_if_concerned`].

use prost::Message;

use crate::curve::PublicKey;
use crate::error::ParseError;
use crate::message::{MessageKind, RatchetMessage, required};
use crate::prekey_message::PrekeyMessage;
use crate::provider::Provider;
use crate::record::SessionRecord;

/// Which message could not be decrypted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DecryptionErrorMessage {
    ratchet_key: Option<PublicKey>,
    timestamp_ms: u64,
    device_id: u32,
}

impl DecryptionErrorMessage {
    /// For a message that could not be decrypted: `timestamp_ms` is what its sender calls it by,
    /// `device_id` the sender's device.
    ///
    /// # Errors
    /// When the bytes are not a message at all. Then there is nothing that its sender could do.
    pub fn for_original(
        original: &[u8],
        kind: MessageKind,
        timestamp_ms: u64,
        device_id: u32,
    ) -> Result<Self, ParseError> {
        let ratchet_key = match kind {
            MessageKind::Ratchet => RatchetMessage::parse(original)?.ratchet_key,
            MessageKind::Prekey => PrekeyMessage::parse(original)?.message.ratchet_key,
        };
        Ok(Self { ratchet_key: Some(ratchet_key), timestamp_ms, device_id })
    }

    /// Reads a received one.
    ///
    /// # Errors
    /// When the bytes are not one, or it has no timestamp.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        let Fields { ratchet_key, timestamp, device_id } =
            Fields::decode(bytes).map_err(|_| ParseError::Encoding)?;
        Ok(Self {
            ratchet_key: ratchet_key.map(|key| PublicKey::parse(&key)).transpose()?,
            timestamp_ms: required(timestamp, "timestamp")?,
            device_id: device_id.unwrap_or(0),
        })
    }

    /// The bytes to send.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        Fields {
            ratchet_key: self.ratchet_key.map(|key| key.to_bytes().to_vec()),
            timestamp: Some(self.timestamp_ms),
            device_id: Some(self.device_id),
        }
        .encode_to_vec()
    }

    /// The ratchet key that the message was sent under. Messages of groups have none.
    #[must_use]
    pub const fn ratchet_key(&self) -> Option<PublicKey> {
        self.ratchet_key
    }

    /// What the message's sender calls it by.
    #[must_use]
    pub const fn timestamp_ms(&self) -> u64 {
        self.timestamp_ms
    }

    /// The device that sent the message; 0 if it was not named. Not checked to be within 1 to 127.
    #[must_use]
    pub const fn device_id(&self) -> u32 {
        self.device_id
    }
}

impl<P: Provider> SessionRecord<P> {
    /// Whether the message was sent in the current session, under the ratchet key that it still
    /// sends under.
    #[must_use]
    pub fn is_concerned(&self, error: &DecryptionErrorMessage) -> bool {
        let sending = self.current.as_ref().map(|session| session.sending.ratchet.public);
        sending.is_some() && sending == error.ratchet_key
    }

    /// Archives the current session if the message was sent in it as it stands, and says whether.
    /// Then the peer can't read this session: fetch a bundle, initiate another one and send the
    /// message again. Otherwise the peer has answered since, or a newer session has been made
    /// already: it is enough to send the message again.
    ///
    /// Whoever carries messages can forge one of these. That costs a new session; no plaintext is
    /// sent again unless the caller does, and then to the same identity key: the caller must check
    /// that the message went to the device that asks.
    pub fn archive_if_concerned(&mut self, error: &DecryptionErrorMessage) -> bool {
        let concerned = self.is_concerned(error);
        if concerned {
            self.archive_current();
        }
        concerned
    }
}

/// Not in `proto/`: our own endpoints name the envelope instead.
#[derive(Clone, PartialEq, Eq, Message)]
struct Fields {
    #[prost(bytes = "vec", optional, tag = "1")]
    ratchet_key: Option<Vec<u8>>,
    #[prost(uint64, optional, tag = "2")]
    timestamp: Option<u64>,
    #[prost(uint32, optional, tag = "3")]
    device_id: Option<u32>,
}
