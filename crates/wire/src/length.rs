//! How long a frame is that is not written: protobuf's arithmetic, field by field. A test holds each against the encoder.

use crate::{
    Address, Bundle, Envelope, InboxItem, MeterReading, OneTimeKey, Position, PrekeyBundle, Publish, Receipt,
    SignedKey, ToEndpoint, ToRelay,
};

/// A message whose length is known without writing it.
pub(crate) trait Length {
    /// In bytes, without tag and length of its own.
    fn length(&self) -> usize;
}

/// The bytes of a number in base 128.
const fn varint(number: u64) -> usize {
    ((70 - (number | 1).leading_zeros()) / 7) as usize
}

/// A field with a number: nothing if it is zero. All tags have one byte.
const fn number(value: u64) -> usize {
    if value == 0 { 0 } else { 1 + varint(value) }
}

/// A field with a number that has eight bytes whatever it is.
const fn fixed(value: u64) -> usize {
    if value == 0 { 0 } else { 9 }
}

/// A field with numbers, packed: nothing if there are none.
fn numbers(values: &[u64]) -> usize {
    if values.is_empty() { 0 } else { framed(values.iter().map(|value| varint(*value)).sum()) }
}

/// A field with bytes: nothing if there are none.
const fn bytes(bytes: &[u8]) -> usize {
    if bytes.is_empty() { 0 } else { framed(bytes.len()) }
}

/// A field with so many bytes.
const fn framed(length: usize) -> usize {
    1 + varint(length as u64) + length
}

/// A field with a message.
fn message(of: &impl Length) -> usize {
    framed(of.length())
}

fn messages(of: &[impl Length]) -> usize {
    of.iter().map(message).sum()
}

/// An enum's field: none is 0.
const KNOWN: usize = 2;

impl Length for ToRelay {
    fn length(&self) -> usize {
        framed(match self {
            Self::Hello { delivered, gateway } => message(delivered) + number(u64::from(*gateway)),
            Self::Publish(publish) => publish.length(),
            Self::FetchBundle(address) => message(address),
            Self::Submit { sequence, envelope } => number(*sequence) + message(envelope),
            Self::Acknowledge { through, unread } => number(*through) + numbers(unread),
        })
    }
}

impl Length for ToEndpoint {
    fn length(&self) -> usize {
        framed(match self {
            Self::Welcome { accepted, resumes, published } => {
                message(accepted) + message(resumes) + fixed(*published)
            }
            Self::Published(address) => message(address),
            Self::Bundle(bundle) => bundle.length(),
            Self::Accepted { through } => number(*through),
            Self::Delivery { sequence, name, item } => number(*sequence) + message(item) + fixed(*name),
            Self::PrekeysLow { address, one_time_left } => message(address) + number((*one_time_left).into()),
            Self::Metering(readings) => messages(readings),
            Self::Rejected(_) => KNOWN,
        })
    }
}

impl Length for Position {
    fn length(&self) -> usize {
        number(self.sequence) + fixed(self.name)
    }
}

impl Length for Address {
    fn length(&self) -> usize {
        number(self.number.as_integer()) + number(self.device.get().into())
    }
}

impl Length for Publish {
    fn length(&self) -> usize {
        message(&self.address)
            + number(self.registration_id.into())
            + bytes(&self.identity_key)
            + message(&self.signed_prekey)
            + message(&self.last_resort_kem_prekey)
            + messages(&self.one_time_prekeys)
            + messages(&self.one_time_kem_prekeys)
            + number(self.replaces.into())
            + fixed(self.name)
    }
}

impl Length for SignedKey {
    fn length(&self) -> usize {
        number(self.id.into()) + bytes(&self.key) + bytes(&self.signature)
    }
}

impl Length for OneTimeKey {
    fn length(&self) -> usize {
        number(self.id.into()) + bytes(&self.key)
    }
}

impl Length for Bundle {
    fn length(&self) -> usize {
        message(&self.address) + self.bundle.as_ref().map_or(0, message)
    }
}

impl Length for PrekeyBundle {
    fn length(&self) -> usize {
        number(self.registration_id.into())
            + bytes(&self.identity_key)
            + message(&self.signed_prekey)
            + self.one_time_prekey.as_ref().map_or(0, message)
            + message(&self.kem_prekey)
    }
}

impl Length for Envelope {
    fn length(&self) -> usize {
        bytes(&self.id.0) + message(&self.from) + message(&self.to) + KNOWN + bytes(&self.ciphertext) + KNOWN
    }
}

impl Length for InboxItem {
    fn length(&self) -> usize {
        match self {
            Self::Envelope(envelope) => message(envelope),
            Self::Receipt(receipt) => message(receipt),
        }
    }
}

impl Length for Receipt {
    fn length(&self) -> usize {
        bytes(&self.envelope_id.0) + KNOWN
    }
}

impl Length for MeterReading {
    fn length(&self) -> usize {
        number(self.business.as_integer())
            + 2 * KNOWN
            + number(self.country_calling_code.into())
            + number(self.envelopes)
            + number(self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use crate::*;
    use bytes::{Bytes, BytesMut};

    fn is_as_long_as_it_is_written(frames: impl IntoIterator<Item = impl Frame + Clone + std::fmt::Debug>) {
        for frame in frames {
            let mut written = BytesMut::new();
            frame.clone().encode(&mut written);
            assert_eq!(frame.encoded_len(), written.len(), "{frame:?}");
        }
    }

    fn key(id: u32, length: usize) -> SignedKey {
        SignedKey { id, key: Bytes::from(vec![7; length]), signature: Bytes::from(vec![9; 64]) }
    }

    fn envelope(length: usize) -> Envelope {
        Envelope {
            id: EnvelopeId([0; 16]),
            from: Address::primary("15550783881".parse().unwrap()),
            to: Address::primary("4915112345678".parse().unwrap()),
            kind: EnvelopeKind::Prekey,
            ciphertext: Bytes::from(vec![0; length]),
            billing_class: BillingClass::Marketing,
        }
    }

    const NUMBERS: [u64; 8] = [0, 1, 127, 128, 16_383, 16_384, 1 << 32, u64::MAX];

    #[test]
    fn frames_to_the_relay_are_as_long_as_they_are_written() {
        let address = envelope(0).to;
        for sequence in NUMBERS {
            for gateway in [false, true] {
                is_as_long_as_it_is_written([ToRelay::Hello {
                    delivered: Position { sequence, name: sequence },
                    gateway,
                }]);
            }
            is_as_long_as_it_is_written([
                ToRelay::Acknowledge { through: sequence, unread: Vec::new() },
                ToRelay::Acknowledge { through: sequence, unread: NUMBERS.to_vec() },
                ToRelay::Acknowledge { through: sequence, unread: vec![sequence; 90] },
                ToRelay::FetchBundle(address),
            ]);
            let submit = |length| ToRelay::Submit { sequence, envelope: envelope(length) };
            is_as_long_as_it_is_written([0, 1, 70, 127, 128, 400, 20_000].map(submit));
        }
        for (registration_id, count) in [(0, 0), (127, 1), (16_380, 7)] {
            let publish = Publish {
                address,
                registration_id,
                identity_key: Bytes::from(vec![5; 33]),
                signed_prekey: key(1, 33),
                last_resort_kem_prekey: key(2, 1569),
                one_time_prekeys: vec![OneTimeKey { id: 1 << 22, key: Bytes::from(vec![5; 33]) }; count],
                one_time_kem_prekeys: vec![key(1 << 23, 1569); count],
                replaces: count > 0,
                name: count as u64,
            };
            is_as_long_as_it_is_written([ToRelay::Publish(Box::new(publish))]);
        }
    }

    #[test]
    fn frames_to_endpoints_are_as_long_as_they_are_written() {
        let address = envelope(0).to;
        for sequence in NUMBERS {
            let receipt = Receipt { envelope_id: EnvelopeId([1; 16]), outcome: Outcome::NotAllowed };
            let readings = vec![
                MeterReading {
                    business: address.number,
                    direction: Direction::BusinessToConsumer,
                    billing_class: BillingClass::Service,
                    country_calling_code: 49,
                    envelopes: sequence,
                    bytes: sequence,
                };
                3
            ];
            is_as_long_as_it_is_written([
                ToEndpoint::Welcome {
                    accepted: Position { sequence, name: sequence },
                    resumes: Position { sequence, name: !sequence },
                    published: sequence,
                },
                ToEndpoint::Accepted { through: sequence },
                ToEndpoint::Delivery { sequence, name: 1, item: InboxItem::Receipt(receipt) },
                ToEndpoint::Delivery { sequence, name: sequence, item: InboxItem::Envelope(envelope(300)) },
                ToEndpoint::Metering(readings),
            ]);
        }
        let bundle = |one_time: bool| PrekeyBundle {
            registration_id: 300,
            identity_key: Bytes::from(vec![5; 33]),
            signed_prekey: key(1, 33),
            one_time_prekey: one_time.then(|| OneTimeKey { id: 4, key: Bytes::from(vec![5; 33]) }),
            kem_prekey: key(2, 1569),
        };
        let bundles = [None, Some(bundle(false)), Some(bundle(true))];
        is_as_long_as_it_is_written(
            bundles.map(|bundle| ToEndpoint::Bundle(Box::new(Bundle { address, bundle }))),
        );
        is_as_long_as_it_is_written([
            ToEndpoint::Published(address),
            ToEndpoint::PrekeysLow { address, one_time_left: 0 },
            ToEndpoint::PrekeysLow { address, one_time_left: 200 },
            ToEndpoint::Rejected(RejectCode::AddressTaken),
        ]);
    }
}
