//! The Double Ratchet message on the wire: version byte, protobuf, truncated MAC.

use prost::Message;
use subtle::ConstantTimeEq;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::chain::MessageKeys;
use crate::curve::{KeyError, PublicKey};
use crate::identity::IdentityKey;
use crate::kdf::HmacSha256;
use crate::proto;
use crate::suite::Suite;

const MAC_LENGTH: usize = 8;

/// Which of the two message formats some bytes are in; it travels beside them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum MessageKind {
    /// A message of an established session.
    Ratchet,
    /// A message that also carries what the responder needs to establish the session.
    Prekey,
}

impl MessageKind {
    /// The type code that deployed clients use.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Ratchet => 2,
            Self::Prekey => 3,
        }
    }

    /// The kind with this type code.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            2 => Some(Self::Ratchet),
            3 => Some(Self::Prekey),
            _ => None,
        }
    }
}

/// An encrypted message, ready to send.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ciphertext {
    /// The format of `bytes`.
    pub kind: MessageKind,
    /// The message.
    pub bytes: Vec<u8>,
}

/// Why bytes are not a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum ParseError {
    /// Fewer bytes than the shortest message has.
    #[error("message too short")]
    TooShort,
    /// A message version that this engine does not speak.
    #[error("unsupported message version {version}")]
    UnsupportedVersion {
        /// The high nibble of the first byte.
        version: u8,
    },
    /// Not a protobuf message of this schema.
    #[error("invalid protobuf encoding")]
    Encoding,
    /// A field that every message of this version has is absent.
    #[error("missing field: {field}")]
    MissingField {
        /// The field's name in the schema.
        field: &'static str,
    },
    /// A key or KEM ciphertext inside is not one.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// A received Double Ratchet message, not yet authenticated.
pub(crate) struct RatchetMessage {
    pub(crate) suite: Suite,
    pub(crate) ratchet_key: PublicKey,
    pub(crate) counter: u32,
    pub(crate) ciphertext: Vec<u8>,
    /// Version byte and protobuf exactly as received: what the MAC covers.
    authenticated: Vec<u8>,
    mac: [u8; MAC_LENGTH],
}

impl RatchetMessage {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        let (authenticated, mac) = bytes.split_last_chunk().ok_or(ParseError::TooShort)?;
        let (suite, body) = parse_version(authenticated)?;
        let message = proto::SignalMessage::decode(body).map_err(|_| ParseError::Encoding)?;
        // The previous counter is not used: old receiving chains are kept and advanced on demand. Post-quantum
        // ratchet and addresses belong to other suites.
        let proto::SignalMessage { ratchet_key, counter, ciphertext, .. } = message;
        Ok(Self {
            suite,
            ratchet_key: PublicKey::parse(&required(ratchet_key, "ratchet_key")?)?,
            counter: required(counter, "counter")?,
            ciphertext: required(ciphertext, "ciphertext")?,
            authenticated: authenticated.to_vec(),
            mac: *mac,
        })
    }

    /// Compares the MAC in constant time.
    pub(crate) fn is_authentic(
        &self,
        keys: &MessageKeys,
        sender: &IdentityKey,
        receiver: &IdentityKey,
    ) -> bool {
        mac(&keys.mac_key(), sender, receiver, &self.authenticated).ct_eq(&self.mac).into()
    }
}

/// What is about to be sent, in the clear.
pub(crate) struct Outgoing<'a> {
    pub(crate) suite: Suite,
    pub(crate) ratchet_key: PublicKey,
    pub(crate) counter: u32,
    pub(crate) previous_counter: u32,
    pub(crate) plaintext: &'a [u8],
}

impl Outgoing<'_> {
    /// Encrypts, encodes and authenticates.
    pub(crate) fn seal(&self, keys: &MessageKeys, sender: &IdentityKey, receiver: &IdentityKey) -> Vec<u8> {
        let body = proto::SignalMessage {
            ratchet_key: Some(self.ratchet_key.to_bytes().to_vec()),
            counter: Some(self.counter),
            previous_counter: Some(self.previous_counter),
            ciphertext: Some(keys.encrypt(self.plaintext)),
            pq_ratchet: None,
            addresses: None,
        };
        let mut bytes = encode_versioned(self.suite, &body, MAC_LENGTH);
        let mac = mac(&keys.mac_key(), sender, receiver, &bytes);
        bytes.extend_from_slice(&mac);
        bytes
    }
}

/// The associated data is both identities, sender first (X3DH, section "Sending the initial message": AD), then the message.
fn mac(
    key: &Zeroizing<[u8; 32]>,
    sender: &IdentityKey,
    receiver: &IdentityKey,
    message: &[u8],
) -> [u8; MAC_LENGTH] {
    let full =
        HmacSha256::new(key).chain(&sender.to_bytes()).chain(&receiver.to_bytes()).chain(message).finish();
    let [a, b, c, d, e, f, g, h, ..] = *full;
    [a, b, c, d, e, f, g, h]
}

pub(crate) fn encode_versioned(suite: Suite, body: &impl Message, reserve: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + body.encoded_len() + reserve);
    bytes.push(suite.version_byte());
    bytes.extend_from_slice(&body.encode_to_vec());
    bytes
}

pub(crate) fn parse_version(bytes: &[u8]) -> Result<(Suite, &[u8]), ParseError> {
    let (first, body) = bytes.split_first().ok_or(ParseError::TooShort)?;
    let version = first >> 4;
    let suite = Suite::from_version(version).ok_or(ParseError::UnsupportedVersion { version })?;
    Ok((suite, body))
}

pub(crate) fn required<T>(field: Option<T>, name: &'static str) -> Result<T, ParseError> {
    field.ok_or(ParseError::MissingField { field: name })
}
