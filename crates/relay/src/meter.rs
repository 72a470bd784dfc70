//! What a business's bill is made of: counts, never who or when.

use crate::proto;
use crate::rows::METERS;
use bytes::Bytes;
use kernel::{RestoreError, Row, Transaction};
use prost::Message as _;
use std::collections::BTreeMap;
use wire::{BillingClass, Direction, Envelope, EnvelopeKind, MeterReading, Number};

/// Totals since each business was registered.
#[derive(Default)]
pub(crate) struct Meters {
    totals: BTreeMap<Meter, Total>,
}

/// What is counted apart.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Meter {
    business: Number,
    direction: Direction,
    billing_class: BillingClass,
    country_calling_code: u32,
}

#[derive(Default)]
struct Total {
    revision: u64,
    envelopes: u64,
    bytes: u64,
}

impl Meters {
    pub(crate) fn restore(&mut self, row: &Row) -> Result<(), RestoreError> {
        let stored = proto::MeterRow::decode(row.value.clone()).map_err(|e| RestoreError::new(row, e))?;
        let meter = Meter::from_key(&row.key).ok_or_else(|| RestoreError::new(row, "not a meter's key"))?;
        self.totals
            .insert(meter, Total { revision: row.at, envelopes: stored.envelopes, bytes: stored.bytes });
        Ok(())
    }

    /// Counts what is in `reading`.
    pub(crate) fn count(&mut self, reading: MeterReading, transaction: &mut Transaction) {
        let meter = Meter::of(reading);
        let total = self.totals.entry(meter).or_default();
        total.envelopes += reading.envelopes;
        total.bytes += reading.bytes;
        let row = proto::MeterRow { envelopes: total.envelopes, bytes: total.bytes };
        total.revision =
            transaction.swap_with(METERS, total.revision, || (meter.to_key(), row.encode_to_vec()));
    }

    /// The totals of one business.
    pub(crate) fn readings(&self, business: Number) -> impl Iterator<Item = MeterReading> {
        let from = Meter {
            business,
            direction: Direction::Unspecified,
            billing_class: BillingClass::Unspecified,
            country_calling_code: 0,
        };
        self.totals.range(from..).take_while(move |(meter, _)| meter.business == business).map(
            move |(meter, total)| MeterReading {
                business,
                direction: meter.direction,
                billing_class: meter.billing_class,
                country_calling_code: meter.country_calling_code,
                envelopes: total.envelopes,
                bytes: total.bytes,
            },
        )
    }
}

/// What an envelope to or from a business adds to the bill; `None` if it costs nothing.
pub(crate) fn reading(envelope: &Envelope, direction: Direction) -> Option<MeterReading> {
    if envelope.kind == EnvelopeKind::Retry {
        return None;
    }
    let (business, consumer) = match direction {
        Direction::BusinessToConsumer => (envelope.from, envelope.to),
        _ => (envelope.to, envelope.from),
    };
    Some(MeterReading {
        business: business.number,
        direction,
        billing_class: envelope.billing_class,
        country_calling_code: consumer.number.country_calling_code(),
        envelopes: 1,
        bytes: u64::try_from(envelope.ciphertext.len()).unwrap_or(u64::MAX),
    })
}

impl Meter {
    fn of(reading: MeterReading) -> Self {
        let MeterReading { business, direction, billing_class, country_calling_code, .. } = reading;
        Self { business, direction, billing_class, country_calling_code }
    }

    fn to_key(self) -> Bytes {
        let (direction, class) = (i32::from(self.direction), i32::from(self.billing_class));
        let mut key = self.business.as_integer().to_be_bytes().to_vec();
        key.extend(direction.to_be_bytes());
        key.extend(class.to_be_bytes());
        key.extend(self.country_calling_code.to_be_bytes());
        key.into()
    }

    fn from_key(key: &[u8]) -> Option<Self> {
        let (business, rest) = key.split_first_chunk::<8>()?;
        let (direction, rest) = rest.split_first_chunk::<4>()?;
        let (class, rest) = rest.split_first_chunk::<4>()?;
        Some(Self {
            business: Number::from_integer(u64::from_be_bytes(*business)).ok()?,
            direction: Direction::try_from(i32::from_be_bytes(*direction)).ok()?,
            billing_class: BillingClass::try_from(i32::from_be_bytes(*class)).ok()?,
            country_calling_code: u32::from_be_bytes(rest.try_into().ok()?),
        })
    }
}
