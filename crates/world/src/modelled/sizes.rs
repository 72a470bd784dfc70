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
        Payload::Header(at)
        | Payload::Ek(at)
        | Payload::EkCt1Ack(at)
        | Payload::Ct1(at)
        | Payload::Ct2(at) => chunk(at),
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

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::{Bytes, BytesMut};
    use wire::{
        Address, BillingClass, Direction, EnvelopeId, EnvelopeKind, Frame, InboxItem, MeterReading, Number,
        OneTimeKey, Outcome, PrekeyBundle, Receipt, RejectCode, SignedKey, ToEndpoint, ToRelay,
    };

    /// Where the bytes of a number in base 128 become more, and some between.
    const NUMBERS: [u64; 9] = [1, 100, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 1 << 35];
    const PHONES: [u64; 4] = [1_000_000, 6_590_000_001, 491_510_000_000, 999_999_999_999_999];

    fn length(frame: impl Frame) -> u32 {
        let mut bytes = BytesMut::new();
        frame.encode(&mut bytes);
        u32::try_from(bytes.len()).unwrap()
    }

    fn phone(number: u64) -> Address {
        Address::primary(Number::from_integer(number).unwrap())
    }

    fn zeros(length: u32) -> Bytes {
        vec![0; usize::try_from(length).unwrap()].into()
    }

    fn signed(id: u32, key: u32) -> SignedKey {
        SignedKey { id, key: zeros(key), signature: zeros(SIGNATURE) }
    }

    #[test]
    fn sequences_are_as_long_as_the_encoder_writes_them() {
        for through in NUMBERS.into_iter().chain([0]) {
            assert_eq!(length(ToRelay::Acknowledge { through }), sequence(through));
            assert_eq!(length(ToEndpoint::Accepted { through }), sequence(through));
            assert_eq!(length(ToEndpoint::Welcome { accepted_through: through }), sequence(through));
            for gateway in [false, true] {
                let frame = ToRelay::Hello { delivered_through: through, gateway };
                assert_eq!(length(frame), hello(through, gateway));
            }
        }
        assert_eq!(length(ToEndpoint::Rejected(RejectCode::OutOfSequence)), rejected());
    }

    #[test]
    fn keys_are_as_long_as_the_encoder_writes_them() {
        let curve = |id| OneTimeKey { id, key: zeros(CURVE_KEY) };
        let ids = [1 << 21, (1 << 24) - 1];
        for number in PHONES {
            let address = phone(number);
            assert_eq!(length(ToRelay::FetchBundle(address)), addressed(varint(number)));
            assert_eq!(length(ToEndpoint::Published(address)), addressed(varint(number)));
            for left in [0, 4, 200] {
                let frame = ToEndpoint::PrekeysLow { address, one_time_left: left };
                assert_eq!(length(frame), prekeys_low(varint(number), left));
            }
            for registration in [1, 127, 128, 16_380_u16] {
                for count in [0_u32, 1, 2, 100] {
                    let id = |at: u32| ids[usize::try_from(at % 2).unwrap()];
                    let publish = wire::Publish {
                        address,
                        registration_id: registration.into(),
                        identity_key: zeros(CURVE_KEY),
                        signed_prekey: signed(1, CURVE_KEY),
                        last_resort_kem_prekey: signed(2, KEM),
                        one_time_prekeys: (0..count).map(|at| curve(id(at))).collect(),
                        one_time_kem_prekeys: (0..count).map(|at| signed(id(at), KEM)).collect(),
                    };
                    let (one_time, kem, all) = (count, count, true);
                    let published = Published { registration, one_time, kem, all };
                    assert_eq!(
                        length(ToRelay::Publish(Box::new(publish))),
                        super::publish(varint(number), published)
                    );
                }
                for (one_time, kem) in [(true, true), (false, true), (true, false), (false, false)] {
                    let keys = PrekeyBundle {
                        registration_id: registration.into(),
                        identity_key: zeros(CURVE_KEY),
                        signed_prekey: signed(1, CURVE_KEY),
                        one_time_prekey: one_time.then(|| curve(ids[0])),
                        kem_prekey: signed(if kem { ids[1] } else { 2 }, KEM),
                    };
                    let frame = ToEndpoint::Bundle(Box::new(wire::Bundle { address, bundle: Some(keys) }));
                    let known = Bundle { registration, one_time, kem };
                    assert_eq!(length(frame), bundle(varint(number), Some(known)));
                }
            }
            let nobody = ToEndpoint::Bundle(Box::new(wire::Bundle { address, bundle: None }));
            assert_eq!(length(nobody), bundle(varint(number), None));
        }
    }

    #[test]
    fn deliveries_are_as_long_as_the_encoder_writes_them() {
        for sequence in NUMBERS {
            let receipt = Receipt { envelope_id: EnvelopeId([7; 16]), outcome: Outcome::Delivered };
            let frame = ToEndpoint::Delivery { sequence, item: InboxItem::Receipt(receipt) };
            assert_eq!(length(frame), super::receipt(sequence));
            for (from, to) in [(PHONES[0], PHONES[3]), (PHONES[1], PHONES[2])] {
                for ciphertext in [16, 127, 128, 330, 16_384, 70_000] {
                    let real = wire::Envelope {
                        id: EnvelopeId([7; 16]),
                        from: phone(from),
                        to: phone(to),
                        kind: EnvelopeKind::Prekey,
                        ciphertext: zeros(ciphertext),
                        billing_class: BillingClass::Service,
                    };
                    let size = envelope(varint(from), varint(to), ciphertext);
                    let frame = ToRelay::Submit { sequence, envelope: real.clone() };
                    assert_eq!(length(frame), submit(sequence, size));
                    let frame = ToEndpoint::Delivery { sequence, item: InboxItem::Envelope(real) };
                    assert_eq!(length(frame), deliver(sequence, size));
                }
            }
        }
    }

    #[test]
    fn meters_are_as_long_as_the_encoder_writes_them() {
        let readings = NUMBERS.map(|number| MeterReading {
            business: Number::from_integer(15_550_000_000).unwrap(),
            direction: Direction::ConsumerToBusiness,
            billing_class: BillingClass::Service,
            country_calling_code: 49,
            envelopes: number,
            bytes: number * 999,
        });
        let sum: u32 =
            NUMBERS.iter().map(|number| reading(varint(15_550_000_000), 49, *number, number * 999)).sum();
        assert_eq!(length(ToEndpoint::Metering(readings.to_vec())), metering(sum));
    }

    #[test]
    fn content_is_as_long_as_the_encoder_writes_it() {
        use content::{Body, Content, MessageId, Text};
        let padding = [
            (Padding::None, content::Padding::None),
            (Padding::Bucket, content::Padding::Bucket),
            (Padding::Pow2, content::Padding::Pow2),
        ];
        for (ours, theirs) in padding {
            for bytes in [1, 60, 126, 127, 128, 200, 221, 222, 223, 4096] {
                let text = Text { body: "x".repeat(bytes), quoted: None };
                let (message_id, sent_at_s) = (MessageId::from_random(&[3; 9]), 1_790_000_000);
                let real = Content { message_id, sent_at_s, body: Body::Text(text) };
                let length = super::content(18, sent_at_s, text_of(bytes));
                assert_eq!(real.to_padded(theirs).unwrap().len(), to_usize(padded(length, ours)), "{bytes}");
            }
            let (message_id, sent_at_s) = (MessageId::from_random(&[3; 10]), 1_790_000_000);
            let seen = MessageId::from_random(&[3; 9]);
            let real = Content { message_id, sent_at_s, body: Body::Read(vec![seen]) };
            let length = super::content(20, sent_at_s, read(18));
            assert_eq!(real.to_padded(theirs).unwrap().len(), to_usize(padded(length, ours)));
        }
    }

    fn text_of(bytes: usize) -> u32 {
        super::text(u32::try_from(bytes).unwrap())
    }

    fn to_usize(length: u32) -> usize {
        usize::try_from(length).unwrap()
    }
}
