//! `wamid.…`: the name of a message towards the business.
//!
//! Base64 of bytes that look like Thrift's compact protocol (decoded from the samples of the Cloud API's
//! documentation): `1C | 18 len peer digits | 15 02 00 | 11 sent by the business, 12 by the consumer | 18 len id | 00`.
//! So a name says all that it names, and none of them has to be looked up to be made.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Serialize, Serializer};
use smallvec::SmallVec;
use std::borrow::Cow;
use std::fmt;
use wire::Number;

const PREFIX: &str = "wamid.";
const STRUCT: u8 = 0x1c;
const TEXT: u8 = 0x18;
const END: u8 = 0x00;
const VERSION: [u8; 3] = [0x15, 0x02, 0x00];
const BY_BUSINESS: u8 = 0x11;
const BY_CONSUMER: u8 = 0x12;

/// The longest text in a name: its length is one byte of the varints that Thrift has.
const LONGEST: usize = 127;

/// The longest name that is read: 7 bytes around two texts that are as long as they can be, in base64.
const LONGEST_NAME: usize = PREFIX.len() + (2 * LONGEST + 10).div_ceil(3) * 4;

/// A message of a conversation between a business and a consumer.
#[derive(Clone, PartialEq, Eq)]
pub struct Wamid<'a> {
    /// The consumer.
    pub consumer: Number,
    /// Who sent it.
    pub sender: Sender,
    /// The sender's name for it, at most 127 bytes long.
    pub message_id: Cow<'a, str>,
}

/// Who sent a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// The business.
    Business,
    /// The consumer.
    Consumer,
}

impl<'a> Wamid<'a> {
    /// Of a message to `consumer`.
    pub fn sent(consumer: Number, message_id: impl Into<Cow<'a, str>>) -> Self {
        Self { consumer, sender: Sender::Business, message_id: message_id.into() }
    }

    /// Of a message from `consumer`.
    pub fn received(consumer: Number, message_id: impl Into<Cow<'a, str>>) -> Self {
        Self { consumer, sender: Sender::Consumer, message_id: message_id.into() }
    }

    /// Reads a name that some business gave; `None` if no node made it.
    pub fn parse(text: &str) -> Option<Wamid<'static>> {
        let encoded = text.strip_prefix(PREFIX).filter(|_| text.len() <= LONGEST_NAME)?;
        let bytes = STANDARD.decode(encoded).ok()?;
        let rest = bytes.strip_prefix(&[STRUCT])?;
        let (consumer, rest) = read_text(rest)?;
        let (&sender, rest) = rest.strip_prefix(&VERSION)?.split_first()?;
        let (message_id, rest) = read_text(rest)?;
        let sender = match sender {
            BY_BUSINESS => Sender::Business,
            BY_CONSUMER => Sender::Consumer,
            _ => return None,
        };
        let (consumer, message_id) = (consumer.parse().ok()?, Cow::Owned(message_id.to_owned()));
        (rest == [END]).then_some(Wamid { consumer, sender, message_id })
    }
}

impl Wamid<'_> {
    /// Its text, without an allocation for usual names.
    fn with_text<R>(&self, act: impl FnOnce(&str) -> R) -> R {
        let sender = match self.sender {
            Sender::Business => BY_BUSINESS,
            Sender::Consumer => BY_CONSUMER,
        };
        let mut bytes = SmallVec::<[u8; 128]>::new();
        bytes.push(STRUCT);
        write_text(self.consumer.digits().as_bytes(), &mut bytes);
        bytes.extend_from_slice(&VERSION);
        bytes.push(sender);
        write_text(self.message_id.as_bytes(), &mut bytes);
        bytes.push(END);
        let mut text = SmallVec::<[u8; 256]>::from_slice(PREFIX.as_bytes());
        text.resize(PREFIX.len() + bytes.len().div_ceil(3) * 4, 0);
        // There is room for all of it; an error can't be.
        let _ = text.get_mut(PREFIX.len()..).map(|encoded| STANDARD.encode_slice(&bytes, encoded));
        act(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Display for Wamid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_text(|text| f.write_str(text))
    }
}

impl fmt::Debug for Wamid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wamid({:?}, …)", self.sender)
    }
}

impl Serialize for Wamid<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.with_text(|text| serializer.serialize_str(text))
    }
}

fn write_text(text: &[u8], bytes: &mut SmallVec<[u8; 128]>) {
    let text = text.get(..LONGEST).unwrap_or(text);
    bytes.extend_from_slice(&[TEXT, u8::try_from(text.len()).unwrap_or(u8::MAX)]);
    bytes.extend_from_slice(text);
}

fn read_text(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (&[tag, length], rest) = bytes.split_first_chunk::<2>()?;
    let (text, rest) = rest.split_at_checked(usize::from(length))?;
    (tag == TEXT && text.len() <= LONGEST).then_some((std::str::from_utf8(text).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn published_samples_read_and_write_back() {
        let sent = "wamid.HBgLMTY1MDU1NTEyMzQVAgARGBI5QTNDQTVCM0Q0Q0Q2RTY3RTcA";
        let received = "wamid.HBgLMTY1MDU1NTEyMzQVAgASGBQzQTRBNjU5OUFFRTAzODEwMTQ0RgA=";
        for (sample, sender, id) in [
            (sent, Sender::Business, "9A3CA5B3D4CD6E67E7"),
            (received, Sender::Consumer, "3A4A6599AEE03810144F"),
        ] {
            let wamid = Wamid::parse(sample).unwrap();
            assert_eq!((wamid.sender, &*wamid.message_id), (sender, id));
            assert_eq!(wamid.consumer.digits(), "16505551234");
            assert_eq!(wamid.to_string(), sample);
        }
    }

    #[test]
    fn what_no_node_made_is_refused() {
        for bad in ["", "wamid.", "wamid.HBgL", "HBgLMTY1MDU1NTEyMzQVAgARGBI5QTNDQTVCM0Q0Q0Q2RTY3RTcA"] {
            assert!(Wamid::parse(bad).is_none(), "{bad}");
        }
        assert!(Wamid::parse(&format!("wamid.{}", "A".repeat(1_000_000))).is_none());
    }

    proptest! {
        #[test]
        fn names_read_back(number in 1_000_000u64..999_999_999_999_999, id in "[0-9A-F]{1,64}", sent in any::<bool>()) {
            let number = Number::from_integer(number).unwrap();
            let wamid = if sent { Wamid::sent(number, id) } else { Wamid::received(number, id) };
            prop_assert!(Wamid::parse(&wamid.to_string()) == Some(wamid));
        }

        #[test]
        fn no_text_panics(text in ".{0,80}", bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = Wamid::parse(&text);
            let _ = Wamid::parse(&format!("{PREFIX}{}", STANDARD.encode(bytes)));
        }
    }
}
