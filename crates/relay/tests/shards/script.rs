//! Who there is, who writes to whom, and what has to come of it, whatever happens on the way.

use kernel::{Rng, Seed};
use relay::{RelayConfig, Shard, Shards};
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::time::Duration;
use wire::{
    Address, BillingClass, Direction, Envelope, EnvelopeId, EnvelopeKind, LinkKey, MeterReading, Number,
    Outcome,
};

pub(crate) const INBOX_TTL: Duration = Duration::from_secs(30 * 24 * 3600);
/// Letters of a kind that may wait for a shard: few, so that it happens.
pub(crate) const MAX_LETTERS: usize = 6;
/// Submissions of each person.
const SUBMISSIONS: u32 = 12;

/// Everybody, by place: their link key is made of it.
pub(crate) struct Script {
    pub(crate) people: Vec<Role>,
    pub(crate) submissions: Vec<Vec<Envelope>>,
}

pub(crate) struct Role {
    pub(crate) key: LinkKey,
    pub(crate) gateway: bool,
    pub(crate) numbers: Vec<Address>,
    /// A number of somebody else that this one tries to register first.
    pub(crate) steals: Option<Address>,
    /// Registers, and is never seen again.
    pub(crate) absent: bool,
}

/// What everybody has in the end.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Fate {
    /// Envelopes by recipient and pair of addresses, in order.
    pub(crate) received: BTreeMap<(usize, [u8; 9], [u8; 9]), Vec<EnvelopeId>>,
    /// Receipts by sender, each as often as it came.
    pub(crate) receipts: BTreeMap<(usize, EnvelopeId), Vec<Outcome>>,
    /// Envelopes and bytes by business, direction, billing class and country.
    pub(crate) counted: BTreeMap<(u64, i32, i32, u32), (u64, u64)>,
}

fn address(number: u64) -> Address {
    Address::primary(Number::from_integer(number).unwrap())
}

impl Script {
    pub(crate) fn of(seed: u64) -> Self {
        let role = |place: u8, gateway, numbers: &[u64]| Role {
            key: LinkKey([place + 1; 32]),
            gateway,
            numbers: numbers.iter().copied().map(address).collect(),
            steals: None,
            absent: false,
        };
        let mut people = vec![
            role(0, true, &[15_550_783_881, 15_550_783_882, 442_079_460_000]),
            role(1, true, &[15_550_783_883]),
            role(2, false, &[4_915_112_345_678]),
            role(3, false, &[4_915_187_654_321]),
            role(4, false, &[33_612_345_678]),
            role(5, false, &[4_915_199_999_999]),
        ];
        people[4].absent = true;
        people[5].steals = Some(address(15_550_783_881));
        let mut script = Self { people, submissions: Vec::new() };
        let mut rng = Rng::for_entity(&Seed::from_number(seed), "script");
        script.submissions = (0..script.people.len()).map(|who| script.draw(who, &mut rng)).collect();
        script
    }

    /// A gateway writes so much to one consumer, and nobody else anything.
    pub(crate) fn to_one(count: u8) -> Self {
        let mut script = Self::of(0);
        let (from, to) = (script.people[1].numbers[0], script.people[2].numbers[0]);
        script.submissions.iter_mut().for_each(Vec::clear);
        script.submissions[1] = (0..count)
            .map(|number| Envelope {
                id: EnvelopeId([number; 16]),
                from,
                to,
                kind: EnvelopeKind::Ratchet,
                ciphertext: vec![0; 160].into(),
                billing_class: BillingClass::Service,
            })
            .collect();
        script
    }

    /// A relay whose gateways are the script's.
    pub(crate) fn config(&self, shards: Shards) -> RelayConfig {
        let gateways = self.people.iter().filter(|role| role.gateway).map(|role| role.key);
        RelayConfig {
            shards,
            gateways: gateways.collect(),
            delivery_window: 4,
            inbox_ttl: INBOX_TTL,
            metering_interval: Duration::from_secs(60),
            low_prekeys: 2,
            max_prekeys: 10_000,
            max_letters: MAX_LETTERS,
            ..RelayConfig::default()
        }
    }

    /// As many shards as it takes for every link key and every number to be alone in one.
    pub(crate) fn apart(&self) -> NonZeroU32 {
        let alone = |count: &NonZeroU32| {
            let shards = Shards::new(Shard(0), *count).unwrap();
            let keys = self.people.iter().map(|role| shards.of_endpoint(role.key));
            let numbers = self.numbers().chain([nobodys()]).map(|address| shards.of_number(address.number));
            let all: Vec<_> = keys.chain(numbers).collect();
            all.iter().collect::<BTreeSet<_>>().len() == all.len()
        };
        (1..).filter_map(NonZeroU32::new).find(alone).unwrap()
    }

    /// Everybody's numbers.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = Address> {
        self.people.iter().flat_map(|role| role.numbers.iter().copied())
    }

    pub(crate) fn owner(&self, address: Address) -> Option<usize> {
        self.people.iter().position(|role| role.numbers.contains(&address))
    }

    fn draw(&self, who: usize, rng: &mut Rng) -> Vec<Envelope> {
        let role = &self.people[who];
        // Whether a thief is registered yet depends on when; whoever is to get something is registered before.
        let known: Vec<_> =
            self.numbers().filter(|to| self.people[self.owner(*to).unwrap()].steals.is_none()).collect();
        let pick =
            |all: &[Address], rng: &mut Rng| all[rng.below(u32::try_from(all.len()).unwrap()) as usize];
        let count = if role.absent { 0 } else { SUBMISSIONS };
        let one = |number: u32| Envelope {
            id: EnvelopeId(rng.bytes()),
            from: match (role.steals, rng.below(8)) {
                (Some(stolen), _) if number < 3 => stolen,
                (None, 0) => pick(&known, rng),
                _ => pick(&role.numbers, rng),
            },
            to: if rng.below(8) == 0 { nobodys() } else { pick(&known, rng) },
            kind: if rng.below(8) == 0 { EnvelopeKind::Retry } else { EnvelopeKind::Ratchet },
            ciphertext: vec![0; 160 * (1 + rng.below(2) as usize)].into(),
            billing_class: if rng.below(2) == 0 { BillingClass::Service } else { BillingClass::Marketing },
        };
        (0..count).map(one).collect()
    }

    /// What has to come of it.
    pub(crate) fn fate(&self) -> Fate {
        let mut fate = Fate::default();
        for (sender, submissions) in self.submissions.iter().enumerate() {
            for envelope in submissions {
                self.happens(sender, envelope, &mut fate);
            }
        }
        fate
    }

    fn happens(&self, sender: usize, envelope: &Envelope, fate: &mut Fate) {
        let recipient = self.owner(envelope.to);
        let outcome = match recipient {
            _ if self.owner(envelope.from) != Some(sender) => Some(Outcome::NotAllowed),
            None => Some(Outcome::UnknownRecipient),
            Some(recipient) if self.people[recipient].absent || envelope.kind == EnvelopeKind::Retry => None,
            Some(_) => Some(Outcome::Delivered),
        };
        if let Some(outcome) = outcome {
            fate.receipts.insert((sender, envelope.id), vec![outcome]);
        }
        let Some(recipient) =
            recipient.filter(|_| outcome.is_none_or(|outcome| outcome == Outcome::Delivered))
        else {
            return;
        };
        if !self.people[recipient].absent {
            fate.receives(recipient, envelope);
        }
        let (business, direction, consumer) = match (&self.people[sender], &self.people[recipient]) {
            _ if envelope.kind == EnvelopeKind::Retry => return,
            (Role { gateway: true, .. }, _) => (envelope.from, Direction::BusinessToConsumer, envelope.to),
            (_, Role { gateway: true, .. }) => (envelope.to, Direction::ConsumerToBusiness, envelope.from),
            _ => return,
        };
        fate.count(MeterReading {
            business: business.number,
            direction,
            billing_class: envelope.billing_class,
            country_calling_code: consumer.number.country_calling_code(),
            envelopes: 1,
            bytes: envelope.ciphertext.len() as u64,
        });
    }
}

impl Fate {
    pub(crate) fn receives(&mut self, recipient: usize, envelope: &Envelope) {
        let pair = (recipient, envelope.from.to_key(), envelope.to.to_key());
        self.received.entry(pair).or_default().push(envelope.id);
    }

    pub(crate) fn count(&mut self, reading: MeterReading) {
        let MeterReading { business, direction, billing_class, country_calling_code, envelopes, bytes } =
            reading;
        let meter = (business.as_integer(), direction.into(), billing_class.into(), country_calling_code);
        let total = self.counted.entry(meter).or_default();
        *total = (total.0 + envelopes, total.1 + bytes);
    }
}

/// Nobody has registered it.
pub(crate) fn nobodys() -> Address {
    address(4_930_123_456)
}
