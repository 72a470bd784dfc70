//! Between what prost reads and what the program handles. Each `read` refuses what is missing or out
//! of range and names the field; each `write` can't fail.

use crate::proto;
use crate::{
    Address, Bundle, DeviceId, Envelope, EnvelopeId, InboxItem, MeterReading, Number, OneTimeKey, Position,
    PrekeyBundle, Publish, Receipt, SignedKey, ToEndpoint, ToRelay,
};
use bytes::Bytes;

/// Which field can't be what it is.
pub(crate) type Invalid = &'static str;

/// A value with a wire form.
pub(crate) trait Wire: Sized {
    type Proto;
    fn read(proto: Self::Proto) -> Result<Self, Invalid>;
    fn write(self) -> Self::Proto;
}

fn required<T: Wire>(field: Option<T::Proto>, name: Invalid) -> Result<T, Invalid> {
    T::read(field.ok_or(name)?)
}

fn all<T: Wire>(fields: Vec<T::Proto>) -> Result<Vec<T>, Invalid> {
    fields.into_iter().map(T::read).collect()
}

fn write_all<T: Wire>(values: Vec<T>) -> Vec<T::Proto> {
    values.into_iter().map(T::write).collect()
}

/// An enum field; 0 is "unspecified" in every enum of ours.
fn known<T: TryFrom<i32>>(field: i32, name: Invalid) -> Result<T, Invalid> {
    if field == 0 { Err(name) } else { T::try_from(field).map_err(|_| name) }
}

impl Wire for ToRelay {
    type Proto = proto::ToRelay;

    fn read(proto: proto::ToRelay) -> Result<Self, Invalid> {
        use proto::to_relay::Body;
        Ok(match proto.body.ok_or("ToRelay.body")? {
            Body::Hello(hello) => {
                Self::Hello { delivered: position(hello.delivered), gateway: hello.gateway }
            }
            Body::Publish(publish) => Self::Publish(Box::new(Publish::read(publish)?)),
            Body::FetchBundle(fetch) => Self::FetchBundle(required(fetch.address, "FetchBundle.address")?),
            Body::Submit(submit) => Self::Submit {
                sequence: submit.sequence,
                envelope: required(submit.envelope, "Submit.envelope")?,
            },
            Body::Acknowledge(proto::Acknowledge { through, unread }) => {
                Self::Acknowledge { through, unread }
            }
        })
    }

    fn write(self) -> proto::ToRelay {
        use proto::to_relay::Body;
        let body = match self {
            Self::Hello { delivered, gateway } => {
                Body::Hello(proto::Hello { delivered: Some(delivered.write()), gateway })
            }
            Self::Publish(publish) => Body::Publish(publish.write()),
            Self::FetchBundle(address) => {
                Body::FetchBundle(proto::FetchBundle { address: Some(address.write()) })
            }
            Self::Submit { sequence, envelope } => {
                Body::Submit(proto::Submit { sequence, envelope: Some(envelope.write()) })
            }
            Self::Acknowledge { through, unread } => {
                Body::Acknowledge(proto::Acknowledge { through, unread })
            }
        };
        proto::ToRelay { body: Some(body) }
    }
}

impl Wire for ToEndpoint {
    type Proto = proto::ToEndpoint;

    fn read(proto: proto::ToEndpoint) -> Result<Self, Invalid> {
        use proto::to_endpoint::Body;
        Ok(match proto.body.ok_or("ToEndpoint.body")? {
            Body::Welcome(welcome) => {
                let (accepted, resumes) = (position(welcome.accepted), position(welcome.resumes));
                Self::Welcome { accepted, resumes, published: welcome.published }
            }
            Body::Published(published) => Self::Published(required(published.address, "Published.address")?),
            Body::Bundle(bundle) => Self::Bundle(Box::new(Bundle::read(bundle)?)),
            Body::Accepted(accepted) => Self::Accepted { through: accepted.through },
            Body::Delivery(delivery) => Self::Delivery {
                sequence: delivery.sequence,
                name: delivery.name,
                item: required(delivery.item, "Delivery.item")?,
            },
            Body::PrekeysLow(low) => Self::PrekeysLow {
                address: required(low.address, "PrekeysLow.address")?,
                one_time_left: low.one_time_left,
            },
            Body::Metering(metering) => Self::Metering(all(metering.readings)?),
            Body::Rejected(rejected) => Self::Rejected(known(rejected.code, "Rejected.code")?),
        })
    }

    fn write(self) -> proto::ToEndpoint {
        use proto::to_endpoint::Body;
        let body = match self {
            Self::Welcome { accepted, resumes, published } => Body::Welcome(proto::Welcome {
                accepted: Some(accepted.write()),
                resumes: Some(resumes.write()),
                published,
            }),
            Self::Published(address) => Body::Published(proto::Published { address: Some(address.write()) }),
            Self::Bundle(bundle) => Body::Bundle(bundle.write()),
            Self::Accepted { through } => Body::Accepted(proto::Accepted { through }),
            Self::Delivery { sequence, name, item } => {
                Body::Delivery(proto::Delivery { sequence, item: Some(item.write()), name })
            }
            Self::PrekeysLow { address, one_time_left } => {
                Body::PrekeysLow(proto::PrekeysLow { address: Some(address.write()), one_time_left })
            }
            Self::Metering(readings) => Body::Metering(proto::Metering { readings: write_all(readings) }),
            Self::Rejected(code) => Body::Rejected(proto::Rejected { code: code.into() }),
        };
        proto::ToEndpoint { body: Some(body) }
    }
}

impl Wire for Position {
    type Proto = proto::Position;

    fn read(proto: proto::Position) -> Result<Self, Invalid> {
        Ok(Self { sequence: proto.sequence, name: proto.name })
    }

    fn write(self) -> proto::Position {
        proto::Position { sequence: self.sequence, name: self.name }
    }
}

/// None is that of an end that has never met the other.
fn position(proto: Option<proto::Position>) -> Position {
    proto.map_or_else(Position::default, |proto| Position { sequence: proto.sequence, name: proto.name })
}

impl Wire for Address {
    type Proto = proto::Address;

    fn read(proto: proto::Address) -> Result<Self, Invalid> {
        Ok(Self {
            number: Number::from_integer(proto.number).map_err(|_| "Address.number")?,
            device: DeviceId::new(proto.device).map_err(|_| "Address.device")?,
        })
    }

    fn write(self) -> proto::Address {
        proto::Address { number: self.number.as_integer(), device: u32::from(self.device.get()) }
    }
}

impl Wire for Publish {
    type Proto = proto::Publish;

    fn read(proto: proto::Publish) -> Result<Self, Invalid> {
        Ok(Self {
            address: required(proto.address, "Publish.address")?,
            registration_id: proto.registration_id,
            identity_key: proto.identity_key,
            signed_prekey: required(proto.signed_prekey, "Publish.signed_prekey")?,
            last_resort_kem_prekey: required(proto.last_resort_kem_prekey, "Publish.last_resort_kem_prekey")?,
            one_time_prekeys: all(proto.one_time_prekeys)?,
            one_time_kem_prekeys: all(proto.one_time_kem_prekeys)?,
            replaces: proto.replaces,
            name: proto.name,
        })
    }

    fn write(self) -> proto::Publish {
        proto::Publish {
            address: Some(self.address.write()),
            registration_id: self.registration_id,
            identity_key: self.identity_key,
            signed_prekey: Some(self.signed_prekey.write()),
            last_resort_kem_prekey: Some(self.last_resort_kem_prekey.write()),
            one_time_prekeys: write_all(self.one_time_prekeys),
            one_time_kem_prekeys: write_all(self.one_time_kem_prekeys),
            replaces: self.replaces,
            name: self.name,
        }
    }
}

impl Wire for SignedKey {
    type Proto = proto::SignedKey;

    fn read(proto: proto::SignedKey) -> Result<Self, Invalid> {
        Ok(Self { id: proto.id, key: proto.key, signature: proto.signature })
    }

    fn write(self) -> proto::SignedKey {
        proto::SignedKey { id: self.id, key: self.key, signature: self.signature }
    }
}

impl Wire for OneTimeKey {
    type Proto = proto::OneTimeKey;

    fn read(proto: proto::OneTimeKey) -> Result<Self, Invalid> {
        Ok(Self { id: proto.id, key: proto.key })
    }

    fn write(self) -> proto::OneTimeKey {
        proto::OneTimeKey { id: self.id, key: self.key }
    }
}

impl Wire for Bundle {
    type Proto = proto::Bundle;

    fn read(proto: proto::Bundle) -> Result<Self, Invalid> {
        Ok(Self {
            address: required(proto.address, "Bundle.address")?,
            bundle: proto.bundle.map(PrekeyBundle::read).transpose()?,
        })
    }

    fn write(self) -> proto::Bundle {
        proto::Bundle { address: Some(self.address.write()), bundle: self.bundle.map(PrekeyBundle::write) }
    }
}

impl Wire for PrekeyBundle {
    type Proto = proto::PrekeyBundle;

    fn read(proto: proto::PrekeyBundle) -> Result<Self, Invalid> {
        Ok(Self {
            registration_id: proto.registration_id,
            identity_key: proto.identity_key,
            signed_prekey: required(proto.signed_prekey, "PrekeyBundle.signed_prekey")?,
            one_time_prekey: proto.one_time_prekey.map(OneTimeKey::read).transpose()?,
            kem_prekey: required(proto.kem_prekey, "PrekeyBundle.kem_prekey")?,
        })
    }

    fn write(self) -> proto::PrekeyBundle {
        proto::PrekeyBundle {
            registration_id: self.registration_id,
            identity_key: self.identity_key,
            signed_prekey: Some(self.signed_prekey.write()),
            one_time_prekey: self.one_time_prekey.map(OneTimeKey::write),
            kem_prekey: Some(self.kem_prekey.write()),
        }
    }
}

impl Wire for Envelope {
    type Proto = proto::Envelope;

    fn read(proto: proto::Envelope) -> Result<Self, Invalid> {
        Ok(Self {
            id: EnvelopeId::try_from(&*proto.id).map_err(|_| "Envelope.id")?,
            from: required(proto.from, "Envelope.from")?,
            to: required(proto.to, "Envelope.to")?,
            kind: known(proto.kind, "Envelope.kind")?,
            ciphertext: proto.ciphertext,
            billing_class: known(proto.billing_class, "Envelope.billing_class")?,
        })
    }

    fn write(self) -> proto::Envelope {
        proto::Envelope {
            id: Bytes::copy_from_slice(&self.id.0),
            from: Some(self.from.write()),
            to: Some(self.to.write()),
            kind: self.kind.into(),
            ciphertext: self.ciphertext,
            billing_class: self.billing_class.into(),
        }
    }
}

impl Wire for InboxItem {
    type Proto = proto::InboxItem;

    fn read(proto: proto::InboxItem) -> Result<Self, Invalid> {
        use proto::inbox_item::Body;
        Ok(match proto.body.ok_or("InboxItem.body")? {
            Body::Envelope(envelope) => Self::Envelope(Envelope::read(envelope)?),
            Body::Receipt(receipt) => Self::Receipt(Receipt::read(receipt)?),
        })
    }

    fn write(self) -> proto::InboxItem {
        use proto::inbox_item::Body;
        let body = match self {
            Self::Envelope(envelope) => Body::Envelope(envelope.write()),
            Self::Receipt(receipt) => Body::Receipt(receipt.write()),
        };
        proto::InboxItem { body: Some(body) }
    }
}

impl Wire for Receipt {
    type Proto = proto::Receipt;

    fn read(proto: proto::Receipt) -> Result<Self, Invalid> {
        Ok(Self {
            envelope_id: EnvelopeId::try_from(&*proto.envelope_id).map_err(|_| "Receipt.envelope_id")?,
            outcome: known(proto.outcome, "Receipt.outcome")?,
        })
    }

    fn write(self) -> proto::Receipt {
        proto::Receipt {
            envelope_id: Bytes::copy_from_slice(&self.envelope_id.0),
            outcome: self.outcome.into(),
        }
    }
}

impl Wire for MeterReading {
    type Proto = proto::MeterReading;

    fn read(proto: proto::MeterReading) -> Result<Self, Invalid> {
        Ok(Self {
            business: Number::from_integer(proto.business).map_err(|_| "MeterReading.business")?,
            direction: known(proto.direction, "MeterReading.direction")?,
            billing_class: known(proto.billing_class, "MeterReading.billing_class")?,
            country_calling_code: proto.country_calling_code,
            envelopes: proto.envelopes,
            bytes: proto.bytes,
        })
    }

    fn write(self) -> proto::MeterReading {
        proto::MeterReading {
            business: self.business.as_integer(),
            direction: self.direction.into(),
            billing_class: self.billing_class.into(),
            country_calling_code: self.country_calling_code,
            envelopes: self.envelopes,
            bytes: self.bytes,
        }
    }
}
