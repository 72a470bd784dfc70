//! What is computed once for a run with keys by reference: the lengths of numbers, requests, answers and webhooks.

use super::sizes::varint;
use crate::plan::Plan;
use crate::real::business::Business;
use crate::record::{Kind, Who};
use cloud::{Sizes, Told};
use endpoint::Failure;
use std::sync::Arc;
use wire::Number;

/// Digits of the names that nodes and apps give messages: `cloud` draws 9 bytes for one, `consumer` 10.
pub(crate) const NODE_NAME: u32 = 18;
pub(crate) const APP_NAME: u32 = 20;

/// A telephone number has at most so many digits.
const DIGITS: usize = 15;

/// What is the same for all parties.
pub(crate) struct Model {
    /// The number of each consumer, what matters of it, and the number of the first business.
    numbers: Vec<u64>,
    consumers: Vec<Facts>,
    business: u64,
    /// By the digits of the consumer's number.
    json: Vec<Json>,
}

/// What matters of a consumer's number. Small: messages go to anybody.
#[derive(Debug, Clone, Copy, Default)]
struct Facts {
    country: u16,
    /// Its digits in base 10 and in base 128.
    digits: u8,
    length: u8,
}

/// The lengths of JSON about a consumer whose number has so many digits.
#[derive(Debug, Clone, Copy, Default)]
struct Json {
    /// A request and a webhook with an empty text.
    request: u32,
    text: u32,
    answer: u32,
    sent: u32,
    delivered: u32,
    read: u32,
    unknown_recipient: u32,
    not_allowed: u32,
    undecryptable: u32,
}

/// A status that a webhook tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Sent,
    Delivered,
    Read,
    Failed(super::endpoint::Failure),
}

impl Model {
    /// Measures. `sizes` is a phone number of any business: all have ids and numbers of the same length.
    pub(crate) fn new(plan: &Plan, business: &Business, sizes: Option<Sizes>) -> Arc<Self> {
        let numbers: Vec<_> = (0..plan.consumers()).map(|index| plan.number(Who::consumer(index))).collect();
        let mut json = vec![Json::default(); DIGITS + 1];
        for number in &numbers {
            let Some(sizes) = &sizes else { break };
            let place = usize::from(Facts::of(*number).digits);
            if let Some(lengths) = json.get_mut(place).filter(|known| known.request == 0) {
                *lengths = Json::measure(plan, *number, business, sizes);
            }
        }
        Arc::new(Self {
            consumers: numbers.iter().copied().map(Facts::of).collect(),
            numbers: numbers.into_iter().map(Number::as_integer).collect(),
            business: plan.number(Who::business(0)).as_integer(),
            json,
        })
    }

    /// A party's number.
    pub(crate) fn number(&self, who: Who) -> u64 {
        match who.kind() {
            Kind::Consumer => {
                usize::try_from(who.index()).ok().and_then(|at| self.numbers.get(at)).copied().unwrap_or(1)
            }
            _ => self.business + u64::from(who.index()),
        }
    }

    /// The calling code of a consumer's country.
    pub(crate) fn country(&self, consumer: Who) -> u32 {
        self.facts(consumer).country.into()
    }

    /// The length of a party's number in base 128.
    pub(crate) fn length(&self, who: Who) -> u32 {
        match who.kind() {
            Kind::Consumer => self.facts(who).length.into(),
            _ => varint(self.number(who)),
        }
    }

    fn facts(&self, consumer: Who) -> Facts {
        let place = usize::try_from(consumer.index()).ok();
        place.and_then(|at| self.consumers.get(at)).copied().unwrap_or_default()
    }

    /// The digits of the name of a message.
    pub(crate) fn name_of(&self, message: u64) -> u32 {
        match sender(message).kind() {
            Kind::Consumer => APP_NAME,
            _ => NODE_NAME,
        }
    }

    /// A request that sends a text.
    pub(crate) fn request(&self, to: Who, bytes: u32) -> u32 {
        self.json(to).request + bytes
    }

    /// Its answer.
    pub(crate) fn answer(&self, to: Who) -> u32 {
        self.json(to).answer
    }

    /// A webhook with a text.
    pub(crate) fn text(&self, from: Who, bytes: u32) -> u32 {
        self.json(from).text + bytes
    }

    /// A webhook with a status.
    pub(crate) fn status(&self, consumer: Who, status: Status) -> u32 {
        use super::endpoint::Failure;
        let json = self.json(consumer);
        match status {
            Status::Sent => json.sent,
            Status::Delivered => json.delivered,
            Status::Read => json.read,
            Status::Failed(Failure::UnknownRecipient) => json.unknown_recipient,
            Status::Failed(Failure::Undecryptable) => json.undecryptable,
            Status::Failed(Failure::NotAllowed | Failure::Expired) => json.not_allowed,
        }
    }

    fn json(&self, consumer: Who) -> Json {
        self.json.get(usize::from(self.facts(consumer).digits)).copied().unwrap_or_default()
    }
}

impl Facts {
    fn of(number: Number) -> Self {
        let integer = number.as_integer();
        let digits = integer.checked_ilog10().unwrap_or(0) + 1;
        Self {
            country: u16::try_from(number.country_calling_code()).unwrap_or(0),
            digits: u8::try_from(digits).unwrap_or(u8::MAX),
            length: u8::try_from(varint(integer)).unwrap_or(u8::MAX),
        }
    }
}

impl Json {
    fn measure(plan: &Plan, consumer: Number, business: &Business, sizes: &Sizes) -> Self {
        // All moments of a run have as many digits.
        let now = plan.traffic_begins();
        let length = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let status = |told| length(sizes.status(consumer, told, now));
        Self {
            request: length(business.request(consumer, "", false).body.len()),
            text: length(sizes.text(consumer, now)),
            answer: length(sizes.answer(consumer)),
            sent: status(Told::Sent),
            delivered: status(Told::Delivered),
            read: status(Told::Read),
            unknown_recipient: status(Told::Failed(Failure::UnknownRecipient)),
            not_allowed: status(Told::Failed(Failure::NotAllowed)),
            undecryptable: status(Told::Failed(Failure::Undecryptable)),
        }
    }
}

/// Who sends a message of this name.
pub(crate) fn sender(message: u64) -> Who {
    Who::from_u32(u32::try_from(message >> 32).unwrap_or(0))
}
