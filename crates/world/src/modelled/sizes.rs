//! How long frames are that nobody writes: the arithmetic of protobuf, field by field.
//!
//! Tests hold each against the encoder that writes the real ones.

use super::account::{Bundle, Published};
use super::braid::{Part, Payload};
use super::session::{Kind, Sealed};
use scenario::Padding;

/// Encoded keys and signatures: curve keys, signatures, and what has to do with Kyber-1024.
const CURVE_KEY: u32 = 33;
const SIGNATURE: u32 = 64;
const KEM: u32 = 1569;

/// Length and version of a frame.
const HEAD: u32 = 5;

/// The bytes of a number in base 128.
pub(crate) const fn varint(number: u64) -> u32 {
    (70 - (number | 1).leading_zeros()) / 7
}

/// A field with a number: nothing if it is zero.
const fn number(value: u64) -> u32 {
    if value == 0 { 0 } else { 1 + varint(value) }
}

/// A field with a length.
pub(crate) const fn field(length: u32) -> u32 {
    1 + varint(length as u64) + length
}

/// A field with bytes: nothing if there are none.
const fn bytes(length: u32) -> u32 {
    if length == 0 { 0 } else { field(length) }
}

/// A frame around one message.
const fn frame(message: u32) -> u32 {
    HEAD + field(message)
}

/// An address, from the length of its number.
const fn address(number: u32) -> u32 {
    1 + number + 2
}

pub(crate) const fn hello(delivered_through: u64, gateway: bool) -> u32 {
    frame(number(delivered_through) + if gateway { 2 } else { 0 })
}

/// One sequence number: `Acknowledge`, `Welcome`, `Accepted`.
pub(crate) const fn sequence(through: u64) -> u32 {
    frame(number(through))
}

/// One address: `FetchBundle`, `Published`.
pub(crate) const fn addressed(length: u32) -> u32 {
    frame(field(address(length)))
}

pub(crate) const fn prekeys_low(length: u32, left: u32) -> u32 {
    frame(field(address(length)) + number(left as u64))
}

/// A signed key whose number has so many bytes: one of the two that are always there has one.
const fn signed_key(id: u32, key: u32) -> u32 {
    1 + id + bytes(key) + bytes(SIGNATURE)
}

/// Numbers of one-time prekeys are drawn so that each has four bytes.
const PREKEY_ID: u32 = 4;
const ONE_TIME: u32 = field(1 + PREKEY_ID + bytes(CURVE_KEY));
const ONE_TIME_KEM: u32 = field(signed_key(PREKEY_ID, KEM));
const LAST_RESORT: u32 = field(signed_key(1, KEM));
const SIGNED_PREKEY: u32 = field(signed_key(1, CURVE_KEY));

pub(crate) const fn publish(length: u32, published: Published) -> u32 {
    let one_time = published.one_time * ONE_TIME + published.kem * ONE_TIME_KEM;
    let fixed = field(address(length)) + bytes(CURVE_KEY) + SIGNED_PREKEY + LAST_RESORT;
    frame(fixed + number(published.registration as u64) + one_time)
}

/// A bundle, if anybody is there.
pub(crate) const fn bundle(length: u32, bundle: Option<Bundle>) -> u32 {
    let keys = match bundle {
        Some(Bundle { registration, one_time, kem }) => {
            let one_time = if one_time { ONE_TIME } else { 0 };
            let kem = if kem { ONE_TIME_KEM } else { LAST_RESORT };
            field(number(registration as u64) + bytes(CURVE_KEY) + SIGNED_PREKEY + one_time + kem)
        }
        None => 0,
    };
    frame(field(address(length)) + keys)
}

/// The ciphertext of so many bytes with padding, in a message of either kind.
pub(crate) fn ciphertext(padded: u32, sealed: &Sealed) -> u32 {
    // AES-CBC with PKCS#7 adds at least a byte.
    let body = (padded / 16 + 1) * 16;
    let counters = 2 + varint(sealed.counter.into()) + varint(sealed.previous.into());
    let message = 1 + field(CURVE_KEY) + counters + field(body) + sealed.part.map_or(0, part) + 8;
    let Kind::Prekey(prekey) = &sealed.kind else { return message };
    let id = |is_one_time: bool| 1 + if is_one_time { PREKEY_ID } else { 1 };
    let one_time = if prekey.one_time { id(true) } else { 0 };
    let kem = prekey.kem.map_or(0, |is_one_time| id(is_one_time) + field(KEM));
    let keys = 2 * field(CURVE_KEY) + 2 + 1 + varint(prekey.registration.into());
    1 + one_time + keys + field(message) + kem
}

fn part(part: Part) -> u32 {
    let chunk = |index: u16| varint(index.into()) + 32;
    let payload = match part.payload {
        Payload::None | Payload::Ct1Ack => 0,
        Payload::Header(at) | Payload::Ek(at) | Payload::EkCt1Ack(at) | Payload::Ct1(at) | Payload::Ct2(at) => {
            chunk(at)
        }
    };
    field(1 + varint(part.epoch.into()) + varint(part.index.into()) + 1 + payload)
}

/// An envelope, from the lengths of both numbers and of the ciphertext: id, kind and billing class are always there.
pub(crate) const fn envelope(from: u32, to: u32, ciphertext: u32) -> u32 {
    field(16) + field(address(from)) + field(address(to)) + 2 + bytes(ciphertext) + 2
}

pub(crate) const fn submit(sequence: u64, envelope: u32) -> u32 {
    frame(number(sequence) + field(envelope))
}

/// A delivery, of an envelope of so many bytes.
pub(crate) const fn deliver(sequence: u64, envelope: u32) -> u32 {
    frame(number(sequence) + field(field(envelope)))
}

/// A delivery of a receipt: an envelope's id and what became of it.
pub(crate) const fn receipt(sequence: u64) -> u32 {
    deliver(sequence, field(16) + 2)
}

/// What a meter shows, from the length of the business's number: direction and class are always there.
pub(crate) const fn reading(business: u32, country: u32, envelopes: u64, bytes: u64) -> u32 {
    field(1 + business + 4 + number(country as u64) + number(envelopes) + number(bytes))
}

/// The frame around readings.
pub(crate) const fn metering(readings: u32) -> u32 {
    frame(readings)
}

/// A text or a read receipt with its name, before padding: `content.proto`.
pub(crate) const fn content(name: u32, sent_at_s: u64, body: u32) -> u32 {
    field(name) + number(sent_at_s) + field(body)
}

/// A text of so many bytes.
pub(crate) const fn text(length: u32) -> u32 {
    bytes(length)
}

/// A receipt for a message with a name of so many digits.
pub(crate) const fn read(name: u32) -> u32 {
    field(name)
}

/// How long so many bytes of content become.
pub(crate) const fn padded(length: u32, padding: Padding) -> u32 {
    match padding {
        Padding::None => length + 1,
        Padding::Bucket => {
            let bucket = (length + 2).next_power_of_two();
            (if bucket < 256 { 256 } else { bucket }) - 1
        }
        Padding::Pow2 => (length + 2).next_power_of_two() - 1,
    }
}

/// A refusal: its code is one byte.
pub(crate) const fn rejected() -> u32 {
    frame(2)
}
