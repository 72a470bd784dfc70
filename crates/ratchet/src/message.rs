//! The Double Ratchet message on the wire: version byte, protobuf, truncated MAC.

use bytes::Bytes;
use prost::Message;
use subtle::ConstantTimeEq;

use crate::address::Addresses;
use crate::chain::MessageKeys;
use crate::curve::PublicKey;
use crate::error::ParseError;
use crate::identity::IdentityKey;
use crate::proto;
use crate::provider::{FixedBytes, KeyOf, Provider, Symmetric};
use crate::suite::Version;

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

/// A received Double Ratchet message, not yet authenticated.
pub(crate) struct RatchetMessage {
    pub(crate) version: Version,
    pub(crate) ratchet_key: PublicKey,
    pub(crate) counter: u32,
    /// Place of the last message of the sender's chain before this one: see [`Strictness`](crate::Strictness).
    pub(crate) previous_counter: u32,
    pub(crate) ciphertext: Bytes,
    /// What the post-quantum ratchet reads; empty for none.
    pub(crate) pq_ratchet: Bytes,
    /// Sender and recipient, where the sender put them in.
    pub(crate) addresses: Option<Bytes>,
    /// Version byte and protobuf exactly as received: what the MAC covers.
    pub(crate) authenticated: Bytes,
    mac: [u8; MAC_LENGTH],
}

impl RatchetMessage {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        Self::parse_shared(&Bytes::copy_from_slice(bytes))
    }

    /// The parts of the message share its memory.
    pub(crate) fn parse_shared(bytes: &Bytes) -> Result<Self, ParseError> {
        let (authenticated, mac) = bytes.split_last_chunk().ok_or(ParseError::TooShort)?;
        let authenticated = bytes.slice_ref(authenticated);
        let (version, body) = parse_version(&authenticated)?;
        let message = proto::SignalMessage::decode(body).map_err(|_| ParseError::Encoding)?;
        let proto::SignalMessage {
            ratchet_key,
            counter,
            previous_counter,
            ciphertext,
            pq_ratchet,
            addresses,
        } = message;
        Ok(Self {
            version,
            ratchet_key: PublicKey::parse(&required(ratchet_key, "ratchet_key")?)?,
            counter: required(counter, "counter")?,
            previous_counter: previous_counter.unwrap_or(0),
            ciphertext: required(ciphertext, "ciphertext")?,
            pq_ratchet: pq_ratchet.unwrap_or_default(),
            addresses,
            authenticated,
            mac: *mac,
        })
    }

    /// Compares the MAC in constant time.
    pub(crate) fn is_authentic<P: Provider>(
        &self,
        keys: &MessageKeys<P>,
        sender: &IdentityKey,
        receiver: &IdentityKey,
    ) -> bool {
        mac::<P>(keys.mac_key(), sender, receiver, &self.authenticated).ct_eq(&self.mac).into()
    }
}

/// What is about to be sent, in the clear.
pub(crate) struct Outgoing<'a> {
    pub(crate) version: Version,
    pub(crate) ratchet_key: PublicKey,
    pub(crate) counter: u32,
    pub(crate) previous_counter: u32,
    pub(crate) pq_ratchet: Option<Vec<u8>>,
    pub(crate) addresses: Option<&'a Addresses>,
    pub(crate) plaintext: &'a [u8],
}

impl Outgoing<'_> {
    /// Encrypts, encodes and authenticates.
    pub(crate) fn seal<P: Provider>(
        self,
        keys: &MessageKeys<P>,
        sender: &IdentityKey,
        receiver: &IdentityKey,
    ) -> Vec<u8> {
        let body = proto::SignalMessage {
            ratchet_key: Some(Bytes::copy_from_slice(&self.ratchet_key.to_bytes())),
            counter: Some(self.counter),
            previous_counter: Some(self.previous_counter),
            ciphertext: Some(keys.encrypt(self.plaintext).into()),
            pq_ratchet: self.pq_ratchet.map(Bytes::from),
            addresses: self.addresses.map(|addresses| Bytes::copy_from_slice(&addresses.outgoing())),
        };
        let mut bytes = encode_versioned(self.version, &body, MAC_LENGTH);
        let mac = mac::<P>(keys.mac_key(), sender, receiver, &bytes);
        bytes.extend_from_slice(&mac);
        bytes
    }
}

/// The associated data is both identities, sender first (X3DH, section "Sending the initial
/// message": AD), then the message.
fn mac<P: Provider>(
    key: &KeyOf<P>,
    sender: &IdentityKey,
    receiver: &IdentityKey,
    message: &[u8],
) -> [u8; MAC_LENGTH] {
    let full = P::Symmetric::mac(key, &[&sender.to_bytes(), &receiver.to_bytes(), message]);
    full.as_bytes().first_chunk().copied().unwrap_or_default()
}

pub(crate) fn encode_versioned(version: Version, body: &impl Message, reserve: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + body.encoded_len() + reserve);
    bytes.push(version.byte());
    #[expect(clippy::expect_used, reason = "the only error is a buffer that is full, and this one grows")]
    body.encode(&mut bytes).expect("room");
    bytes
}

/// The version, and the protobuf behind it.
pub(crate) fn parse_version(bytes: &Bytes) -> Result<(Version, Bytes), ParseError> {
    let first = bytes.first().ok_or(ParseError::TooShort)?;
    let number = first >> 4;
    let version = Version::from_number(number).ok_or(ParseError::UnsupportedVersion { version: number })?;
    Ok((version, bytes.slice(1..)))
}

pub(crate) fn required<T>(field: Option<T>, name: &'static str) -> Result<T, ParseError> {
    field.ok_or(ParseError::MissingField { field: name })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::MessageSeed;
    use crate::curve::KeyError;
    use crate::provider::{Key, Native};

    const MAC: [u8; 8] = [0; 8];

    fn parse(parts: &[&[u8]]) -> Result<RatchetMessage, ParseError> {
        RatchetMessage::parse(&[&[0x44], parts.concat().as_slice(), &MAC].concat())
    }

    fn ratchet_key() -> Vec<u8> {
        [&[0x0a, 33, 5][..], &[9; 32]].concat()
    }

    #[test]
    fn the_message_is_encoded_field_by_field() {
        let identity = IdentityKey::from(PublicKey::from_raw([1; 32]));
        let keys = MessageSeed::<Native>::new(Key::new([2; 32])).message_keys(None);
        let bytes = Outgoing {
            version: Version::V4,
            ratchet_key: PublicKey::from_raw([9; 32]),
            counter: 0,
            previous_counter: 0,
            pq_ratchet: None,
            addresses: None,
            plaintext: b"abc",
        }
        .seal(&keys, &identity, &identity);
        assert_eq!(bytes.len(), 66);
        let shape = [&[0x44], ratchet_key().as_slice(), &[0x10, 0, 0x18, 0, 0x22, 16]].concat();
        assert_eq!(bytes[..shape.len()], shape);
        let message = RatchetMessage::parse(&bytes).unwrap();
        assert!(message.is_authentic(&keys, &identity, &identity));
        let other = IdentityKey::from(PublicKey::from_raw([3; 32]));
        assert!(!message.is_authentic(&keys, &other, &identity));
        assert!(!message.is_authentic(&keys, &identity, &other));
    }

    #[test]
    fn order_unknown_fields_and_the_previous_counter_do_not_matter() {
        let (counter, body): (&[u8], &[u8]) = (&[0x10, 7], &[0x22, 1, 0xaa]);
        for parts in [
            vec![&ratchet_key()[..], counter, body],
            vec![body, counter, &ratchet_key()[..]],
            vec![&[0x3a, 1, 0xff], &ratchet_key()[..], counter, &[0x18, 99], body],
            vec![&ratchet_key()[..], counter, body, &[0x2a, 2, 1, 2], &[0x32, 0]],
        ] {
            let message = parse(&parts).unwrap();
            assert_eq!((message.counter, &message.ciphertext[..]), (7, &[0xaa][..]));
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let (counter, body): (&[u8], &[u8]) = (&[0x10, 7], &[0x22, 1, 0xaa]);
        let missing = |parts: &[&[u8]]| parse(parts).err().unwrap();
        assert_eq!(missing(&[counter, body]), ParseError::MissingField { field: "ratchet_key" });
        assert_eq!(missing(&[&ratchet_key(), body]), ParseError::MissingField { field: "counter" });
        assert_eq!(missing(&[&ratchet_key(), counter]), ParseError::MissingField { field: "ciphertext" });
        assert_eq!(missing(&[&[0x0a, 2, 6, 6]]), ParseError::Key(KeyError::UnknownType { found: 6 }));
        assert_eq!(missing(&[&[0x0a, 99]]), ParseError::Encoding);
    }

    #[test]
    fn versions_and_lengths() {
        for length in 0..9 {
            assert_eq!(RatchetMessage::parse(&vec![0x44; length]).err(), Some(ParseError::TooShort));
        }
        for version in (0..16).filter(|version| !matches!(version, 3 | 4)) {
            let bytes = vec![version << 4 | 4; 60];
            assert_eq!(RatchetMessage::parse(&bytes).err(), Some(ParseError::UnsupportedVersion { version }));
        }
    }

    #[test]
    fn kinds_have_the_deployed_codes() {
        for kind in [MessageKind::Ratchet, MessageKind::Prekey] {
            assert_eq!(MessageKind::from_code(kind.code()), Some(kind));
        }
        assert_eq!((0..=255).filter_map(MessageKind::from_code).count(), 2);
    }
}
