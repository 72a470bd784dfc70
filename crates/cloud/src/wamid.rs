//! `wamid.…`: the name of a message towards the business.
//!
//! Base64 of bytes that look like Thrift's compact protocol (decoded from the documentation's samples):
//! `1C | 18 len peer digits | 15 02 00 | 11 sent by the business, 12 by the consumer | 18 len id | 00`.
//! So a name says all that it names, and none of them has to be looked up to be made.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use content::MessageId;
use std::fmt;
use wire::Number;

const PREFIX: &str = "wamid.";
const STRUCT: u8 = 0x1c;
const TEXT: u8 = 0x18;
const END: u8 = 0x00;
const VERSION: [u8; 3] = [0x15, 0x02, 0x00];
const BY_BUSINESS: u8 = 0x11;
const BY_CONSUMER: u8 = 0x12;

/// A message of a conversation between a business and a consumer.
#[derive(Clone, PartialEq, Eq)]
pub struct Wamid {
    /// The consumer.
    pub consumer: Number,
    /// Who sent it.
    pub sender: Sender,
    /// The sender's name for it.
    pub message_id: MessageId,
}

/// Who sent a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// The business.
    Business,
    /// The consumer.
    Consumer,
}

impl Wamid {
    /// Of a message to `consumer`.
    pub(crate) fn sent(consumer: Number, message_id: MessageId) -> Self {
        Self { consumer, sender: Sender::Business, message_id }
    }

    /// Of a message from `consumer`.
    pub(crate) fn received(consumer: Number, message_id: MessageId) -> Self {
        Self { consumer, sender: Sender::Consumer, message_id }
    }

    /// Reads a name that some business gave; `None` if no node made it.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text.strip_prefix(PREFIX)?).ok()?;
        let rest = bytes.strip_prefix(&[STRUCT])?;
        let (consumer, rest) = read_text(rest)?;
        let (&sender, rest) = rest.strip_prefix(&VERSION)?.split_first()?;
        let (message_id, rest) = read_text(rest)?;
        let sender = match sender {
            BY_BUSINESS => Sender::Business,
            BY_CONSUMER => Sender::Consumer,
            _ => return None,
        };
        let (consumer, message_id) = (consumer.parse().ok()?, message_id.parse().ok()?);
        (rest == [END]).then_some(Self { consumer, sender, message_id })
    }
}

impl fmt::Display for Wamid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sender = match self.sender {
            Sender::Business => BY_BUSINESS,
            Sender::Consumer => BY_CONSUMER,
        };
        let mut bytes = vec![STRUCT];
        write_text(&self.consumer.digits(), &mut bytes);
        bytes.extend(VERSION);
        bytes.push(sender);
        write_text(self.message_id.as_str(), &mut bytes);
        bytes.push(END);
        write!(f, "{PREFIX}{}", STANDARD.encode(bytes))
    }
}

/// Both texts have fewer than 128 bytes: the length is one.
fn write_text(text: &str, bytes: &mut Vec<u8>) {
    bytes.extend([TEXT, u8::try_from(text.len()).unwrap_or(u8::MAX)]);
    bytes.extend(text.as_bytes());
}

fn read_text(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (&[tag, length], rest) = bytes.split_first_chunk::<2>()?;
    let (text, rest) = rest.split_at_checked(usize::from(length))?;
    (tag == TEXT).then_some((std::str::from_utf8(text).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn published_samples_read_and_write_back() {
        for sample in [
            "wamid.HBgLMTY1MDU1NTEyMzQVAgARGBI5QTNDQTVCM0Q0Q0Q2RTY3RTcA",
            "wamid.HBgLMTY1MDU1NTEyMzQVAgASGBQzQUFCQ0RFRjAxMjM0NTY3ODkwMgA=",
        ] {
            if let Some(wamid) = Wamid::parse(sample) {
                assert_eq!(wamid.consumer.digits(), "16505551234");
                assert_eq!(wamid.to_string(), sample);
            }
        }
        let sent = Wamid::parse("wamid.HBgLMTY1MDU1NTEyMzQVAgARGBI5QTNDQTVCM0Q0Q0Q2RTY3RTcA").unwrap();
        assert_eq!((sent.sender, sent.message_id.as_str()), (Sender::Business, "9A3CA5B3D4CD6E67E7"));
        let received = "wamid.HBgLMTY1MDU1NTEyMzQVAgASGBQzQTRBNjU5OUFFRTAzODEwMTQ0RgA=";
        assert_eq!(Wamid::parse(received).unwrap().sender, Sender::Consumer);
    }

    #[test]
    fn what_no_node_made_is_refused() {
        for bad in ["", "wamid.", "wamid.HBgL", "HBgLMTY1MDU1NTEyMzQVAgARGBI5QTNDQTVCM0Q0Q0Q2RTY3RTcA"] {
            assert!(Wamid::parse(bad).is_none(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn names_read_back(number in 1_000_000u64..999_999_999_999_999, id in prop::collection::vec(any::<u8>(), 1..32), sent in any::<bool>()) {
            let (number, id) = (Number::from_integer(number).unwrap(), MessageId::from_random(&id));
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
