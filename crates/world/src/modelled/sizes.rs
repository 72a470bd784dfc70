//! How long frames are that nobody writes: the arithmetic of protobuf, field by field.
//!
//! Tests hold each against the encoder that writes the real ones.

use super::account::Published;
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

const fn signed_key(id: u32, key: u32) -> u32 {
    number(id as u64) + bytes(key) + bytes(SIGNATURE)
}

const fn one_time_key(id: u32) -> u32 {
    number(id as u64) + bytes(CURVE_KEY)
}

/// The signed prekey and the last resort have the ids 1 and 2.
const SIGNED_PREKEY: u32 = signed_key(1, CURVE_KEY);

pub(crate) fn publish(length: u32, published: &Published) -> u32 {
    let one_time: u32 = published.one_time.iter().map(|id| field(one_time_key(*id))).sum();
    let kem: u32 = published.kem.iter().map(|id| field(signed_key(*id, KEM))).sum();
    let fixed = field(address(length)) + bytes(CURVE_KEY) + field(SIGNED_PREKEY) + field(signed_key(2, KEM));
    frame(fixed + number(published.registration.into()) + one_time + kem)
}

/// A bundle: the ids of its prekeys, and of whom it is.
pub(crate) fn bundle(length: u32, bundle: Option<super::account::Bundle>) -> u32 {
    let keys = bundle.map(|bundle| {
        let one_time = bundle.one_time.map_or(0, |id| field(one_time_key(id)));
        let fixed = bytes(CURVE_KEY) + field(SIGNED_PREKEY);
        fixed + number(bundle.registration.into()) + one_time + field(signed_key(bundle.kem, KEM))
    });
    frame(field(address(length)) + keys.map_or(0, field))
}

/// The ciphertext of so many bytes with padding, in a message of either kind.
pub(crate) fn ciphertext(padded: u32, sealed: &Sealed) -> u32 {
    // AES-CBC with PKCS#7 adds at least a byte.
    let body = (padded / 16 + 1) * 16;
    let counters = 2 + varint(sealed.counter.into()) + varint(sealed.previous.into());
    let message = 1 + field(CURVE_KEY) + counters + field(body) + sealed.part.map_or(0, part) + 8;
    let Kind::Prekey(prekey) = &sealed.kind else { return message };
    let optional = |id: Option<u32>| id.map_or(0, |id| 1 + varint(id.into()));
    let kem = if prekey.kem.is_some() { field(KEM) } else { 0 };
    let keys = 2 * field(CURVE_KEY) + 2 + 1 + varint(prekey.registration.into());
    1 + optional(prekey.one_time) + keys + field(message) + optional(prekey.kem) + kem
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
