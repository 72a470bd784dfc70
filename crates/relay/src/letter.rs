//! What one shard has to tell another: a letter concerns a number or an endpoint that lives there.
//!
//! A request is about a number and causes responses; a response is for an endpoint and causes nothing. So responses can
//! always be taken, and a shard that takes no more requests until its responses are gone never waits for one that waits
//! for it.

use crate::proto::{self, letter_row::Body};
use bytes::Bytes;
use kernel::{RestoreError, Row};
use prost::Message as _;
use std::fmt;
use wire::{
    Address, Bundle, Envelope, EnvelopeId, InboxItem, LinkKey, MeterReading, Number, Publish, Receipt,
    RejectCode,
};

/// What a shard has to tell another. Whoever carries it needs to see nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter(pub(crate) Content);

/// Letters of each kind have a queue of their own between two shards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// About a number.
    Requests,
    /// For an endpoint.
    Responses,
}

/// A letter, open.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Content {
    /// What an endpoint wants of a number.
    Request(LinkKey, Request),
    /// What an endpoint gets.
    Response(LinkKey, Response),
}

/// What is asked of a number, at its shard.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Request {
    /// The endpoint registers an address, or renews its keys.
    Publish(Box<Publish>),
    /// The endpoint wants the keys of an address.
    Fetch(Address),
    /// The endpoint is there again: have its prekeys run low?
    CountPrekeys(Address),
    /// The endpoint submitted an envelope to the number, as a business or not.
    Route { envelope: Envelope, from_business: bool },
    /// The endpoint has an envelope from the number.
    Confirm { from: Address, envelope_id: EnvelopeId },
}

/// What an endpoint gets of a number, at the shard of the endpoint.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Response {
    /// The address is the endpoint's, and the keys are durable.
    Published(Address),
    /// The address or the keys are refused.
    Refused(Address, RejectCode),
    /// The keys that it wanted.
    Bundle(Box<Bundle>),
    /// Prekeys of its address have run low.
    PrekeysLow { address: Address, one_time_left: u32 },
    /// An item for its inbox; if it is an envelope, whether a business sent it.
    Append { item: InboxItem, from_business: bool },
    /// What goes on the bill of a business that it speaks for.
    Count(MeterReading),
}

impl Letter {
    /// Which of the two queues it is in.
    pub fn channel(&self) -> Channel {
        match self.0 {
            Content::Request(..) => Channel::Requests,
            Content::Response(..) => Channel::Responses,
        }
    }

    pub(crate) fn to_row(&self) -> Bytes {
        let (endpoint, body) = match &self.0 {
            Content::Request(endpoint, request) => (endpoint, request.to_row()),
            Content::Response(endpoint, response) => (endpoint, response.to_row()),
        };
        let endpoint = Bytes::copy_from_slice(&endpoint.0);
        proto::LetterRow { endpoint, body: Some(body) }.encode_to_vec().into()
    }

    pub(crate) fn from_row(row: &Row) -> Result<Self, RestoreError> {
        let stored = proto::LetterRow::decode(row.value.clone()).map_err(|e| RestoreError::new(row, e))?;
        let endpoint = LinkKey::try_from(&*stored.endpoint).map_err(|e| RestoreError::new(row, e))?;
        let body = stored.body.ok_or_else(|| RestoreError::new(row, "an empty letter"))?;
        Ok(Self(read(endpoint, body).map_err(|e| RestoreError::new(row, e))?))
    }
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Letter({:?})", self.channel())
    }
}

impl Request {
    /// Which number it is about.
    pub(crate) fn number(&self) -> Number {
        match self {
            Self::Publish(publish) => publish.address.number,
            Self::Fetch(address) | Self::CountPrekeys(address) => address.number,
            Self::Route { envelope, .. } => envelope.to.number,
            Self::Confirm { from, .. } => from.number,
        }
    }

    fn to_row(&self) -> Body {
        match self {
            Self::Publish(publish) => Body::Publish(publish.to_bytes()),
            Self::Fetch(address) => Body::Fetch(key(*address)),
            Self::CountPrekeys(address) => Body::CountPrekeys(key(*address)),
            Self::Route { envelope, from_business } => {
                Body::Route(proto::Route { envelope: envelope.to_bytes(), from_business: *from_business })
            }
            Self::Confirm { from, envelope_id } => Body::Confirm(proto::Confirm {
                from: key(*from),
                envelope_id: Bytes::copy_from_slice(&envelope_id.0),
            }),
        }
    }
}

impl Response {
    /// What became of an envelope that the endpoint submitted.
    pub(crate) fn receipt(receipt: Receipt) -> Self {
        Self::Append { item: InboxItem::Receipt(receipt), from_business: false }
    }

    fn to_row(&self) -> Body {
        match self {
            Self::Published(address) => Body::Published(key(*address)),
            Self::Refused(address, code) => Body::Refused(proto::Refused {
                address: key(*address),
                code: i32::from(*code).cast_unsigned(),
            }),
            Self::Bundle(bundle) => Body::Bundle(bundle.to_bytes()),
            Self::PrekeysLow { address, one_time_left } => {
                Body::Low(proto::Low { address: key(*address), one_time_left: *one_time_left })
            }
            Self::Append { item, from_business } => {
                Body::Append(proto::Append { item: item.to_bytes(), from_business: *from_business })
            }
            Self::Count(reading) => Body::Count(reading.to_bytes()),
        }
    }
}

fn key(address: Address) -> Bytes {
    Bytes::copy_from_slice(&address.to_key())
}

/// What is wrong with a letter is said by whoever reads its part.
type Unreadable = Box<dyn std::error::Error>;

fn read(endpoint: LinkKey, body: Body) -> Result<Content, Unreadable> {
    let request = |request| Ok(Content::Request(endpoint, request));
    let response = |response| Ok(Content::Response(endpoint, response));
    match body {
        Body::Publish(publish) => request(Request::Publish(Box::new(Publish::from_bytes(publish)?))),
        Body::Fetch(address) => request(Request::Fetch(Address::from_key(&address)?)),
        Body::CountPrekeys(address) => request(Request::CountPrekeys(Address::from_key(&address)?)),
        Body::Route(proto::Route { envelope, from_business }) => {
            request(Request::Route { envelope: Envelope::from_bytes(envelope)?, from_business })
        }
        Body::Confirm(proto::Confirm { from, envelope_id }) => request(Request::Confirm {
            from: Address::from_key(&from)?,
            envelope_id: EnvelopeId::try_from(&*envelope_id)?,
        }),
        Body::Published(address) => response(Response::Published(Address::from_key(&address)?)),
        Body::Refused(proto::Refused { address, code }) => {
            let code = RejectCode::try_from(code.cast_signed())?;
            response(Response::Refused(Address::from_key(&address)?, code))
        }
        Body::Bundle(bundle) => response(Response::Bundle(Box::new(Bundle::from_bytes(bundle)?))),
        Body::Low(proto::Low { address, one_time_left }) => {
            response(Response::PrekeysLow { address: Address::from_key(&address)?, one_time_left })
        }
        Body::Append(proto::Append { item, from_business }) => {
            response(Response::Append { item: InboxItem::from_bytes(item)?, from_business })
        }
        Body::Count(reading) => response(Response::Count(MeterReading::from_bytes(reading)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::LETTERS;
    use wire::{BillingClass, Direction, EnvelopeKind, OneTimeKey, Outcome, PrekeyBundle, SignedKey};

    fn everything() -> Vec<Content> {
        let key = LinkKey([7; 32]);
        let address = Address::primary(Number::from_integer(4_915_112_345_678).unwrap());
        let signed = |id| SignedKey { id, key: vec![1; 3].into(), signature: vec![2; 4].into() };
        let publish = Publish {
            address,
            registration_id: 5,
            identity_key: vec![3; 5].into(),
            signed_prekey: signed(1),
            last_resort_kem_prekey: signed(2),
            one_time_prekeys: vec![OneTimeKey { id: 3, key: vec![4].into() }],
            one_time_kem_prekeys: vec![signed(4)],
            replaces: true,
            name: 0,
        };
        let bundle = PrekeyBundle {
            registration_id: 5,
            identity_key: vec![3; 5].into(),
            signed_prekey: signed(1),
            one_time_prekey: None,
            kem_prekey: signed(2),
        };
        let envelope = Envelope {
            id: EnvelopeId([9; 16]),
            from: address,
            to: address,
            kind: EnvelopeKind::Prekey,
            ciphertext: vec![0; 160].into(),
            billing_class: BillingClass::Utility,
        };
        let reading = MeterReading {
            business: address.number,
            direction: Direction::ConsumerToBusiness,
            billing_class: BillingClass::Service,
            country_calling_code: 49,
            envelopes: 1,
            bytes: 160,
        };
        let item = InboxItem::Envelope(envelope.clone());
        let receipt = Receipt { envelope_id: EnvelopeId([9; 16]), outcome: Outcome::UnknownRecipient };
        let requests = [
            Request::Publish(Box::new(publish)),
            Request::Fetch(address),
            Request::CountPrekeys(address),
            Request::Route { envelope, from_business: true },
            Request::Confirm { from: address, envelope_id: EnvelopeId([8; 16]) },
        ];
        let responses = [
            Response::Published(address),
            Response::Refused(address, RejectCode::TooManyPrekeys),
            Response::Bundle(Box::new(Bundle { address, bundle: None })),
            Response::Bundle(Box::new(Bundle { address, bundle: Some(bundle) })),
            Response::PrekeysLow { address, one_time_left: 4 },
            Response::Append { item, from_business: true },
            Response::receipt(receipt),
            Response::Count(reading),
        ];
        let requests = requests.into_iter().map(|request| Content::Request(key, request));
        requests.chain(responses.into_iter().map(|response| Content::Response(key, response))).collect()
    }

    #[test]
    fn a_letter_is_read_as_it_was_written_and_its_debug_shows_nothing() {
        for letter in everything().into_iter().map(Letter) {
            let row = |value| Row { table: LETTERS, key: Bytes::new(), at: 1, value };
            assert!(Letter::from_row(&row(letter.to_row())).unwrap() == letter);
            assert!(Letter::from_row(&row(letter.to_row().slice(..34))).is_err(), "nothing but an endpoint");
            assert!(["Letter(Requests)", "Letter(Responses)"].contains(&format!("{letter:?}").as_str()));
        }
    }
}
