//! What a run will cost, before it is run.

use crate::{Burst, Consumers, Crypto, Day, Of, Reply, Scenario, Traffic};
use std::fmt;

/// Bytes of memory for a consumer with its app, inbox and sessions: keys and ciphertexts made.
const REAL_BYTES_PER_CONSUMER: f64 = 60e3;
/// The same of a business with its number: the node keeps as many prekeys for it as an app does, and a person's worth of rows.
const REAL_BYTES_PER_BUSINESS: f64 = 140e3;
/// Seconds of one core until a party has its keys and the relay knows them.
const REAL_SECONDS_PER_PARTY: f64 = 1e-3;
/// Seconds of one core for a message, from the request to the receipts.
const REAL_SECONDS_PER_MESSAGE: f64 = 100e-6;
/// Seconds of one core for two parties that meet: key agreement on both sides.
const REAL_SECONDS_PER_PAIR: f64 = 1e-3;
/// The same with modelled cryptography, as `scenarios/benchmark-modelled.toml` has it; what is noted of a message stays.
const MODELLED_BYTES_PER_CONSUMER: f64 = 12_000.0;
const MODELLED_BYTES_PER_MESSAGE: f64 = 350.0;
const MODELLED_SECONDS_PER_MESSAGE: f64 = 40e-6;

/// Where the weights of a day are looked at.
const SAMPLES: u32 = 1440;

/// What to expect of a run: means of what is random.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Consumers.
    pub consumers: u64,
    /// Conversations that begin.
    pub conversations: f64,
    /// Texts, answers included.
    pub messages: f64,
    /// Memory, in bytes.
    pub memory_bytes: f64,
    /// How long one core of a usual machine takes, in seconds.
    pub seconds_on_one_core: f64,
}

impl Scenario {
    /// What to expect of a run.
    #[must_use]
    pub fn estimate(&self) -> Estimate {
        let consumers = self.consumers.iter().map(|population| u64::from(population.count)).sum();
        let volumes = self.traffic.iter().filter_map(|traffic| self.volume(traffic));
        let (mut conversations, mut messages, mut pairs) = (0.0, 0.0, 0.0);
        for volume in volumes {
            conversations += volume.conversations;
            messages += volume.messages;
            pairs += volume.pairs;
        }
        let people = self.consumers.iter().map(|population| f64::from(population.count)).sum::<f64>();
        let businesses = self.businesses.iter().map(|population| f64::from(population.count)).sum::<f64>();
        let (memory_bytes, seconds_on_one_core) = match self.crypto {
            Crypto::Real => (
                people * REAL_BYTES_PER_CONSUMER + businesses * REAL_BYTES_PER_BUSINESS,
                (people + businesses) * REAL_SECONDS_PER_PARTY
                    + messages * REAL_SECONDS_PER_MESSAGE
                    + pairs * REAL_SECONDS_PER_PAIR,
            ),
            Crypto::Modelled => (
                (people + businesses) * MODELLED_BYTES_PER_CONSUMER + messages * MODELLED_BYTES_PER_MESSAGE,
                messages * MODELLED_SECONDS_PER_MESSAGE,
            ),
        };
        Estimate { consumers, conversations, messages, memory_bytes, seconds_on_one_core }
    }

    fn volume(&self, traffic: &Traffic) -> Option<Volume> {
        let (from, to) = (self.side(&traffic.from)?, self.side(&traffic.to)?);
        let audience = (to.count * traffic.audience.get()).max(1.0);
        let conversations = if let Some(replay) = &traffic.replay {
            replay.rows.iter().fold(0.0, |rows, _| rows + 1.0)
        } else if let Some(burst) = &traffic.burst {
            let people = to.people.or(from.people);
            self.bursts(burst, people) * audience
        } else {
            let rate = traffic.rate?;
            let times = match (rate.of, from.people.is_none()) {
                (Of::Total, _) => 1.0,
                (Of::Business, true) | (Of::Consumer, false) => from.count,
                (Of::Business, false) => to.count,
                (Of::Consumer, true) => audience,
            };
            let people = to.people.or(from.people);
            rate.rate.times_in(self.duration) * times * self.mean_weight(&traffic.day, people)
        };
        let texts = conversations * traffic.turns.mean();
        // Answers are answered: a geometric series.
        let (answers, answers_back) = (to.reply.probability.get(), from.reply.probability.get());
        let messages = texts * (1.0 + answers) / (1.0 - answers * answers_back).max(1e-3);
        let circles = f64::from(traffic.contacts).min(from.count);
        let pairs = conversations.min(audience * circles);
        Some(Volume { conversations, messages, pairs })
    }

    fn side(&self, name: &str) -> Option<Side<'_>> {
        let consumers = self.consumers.iter().filter(|population| population.name == name);
        let mut consumers = consumers.map(|population| Side {
            count: f64::from(population.count),
            reply: &population.reply,
            people: Some(population),
        });
        let businesses = self.businesses.iter().filter(|population| population.name == name);
        let mut businesses = businesses.map(|population| Side {
            count: f64::from(population.count),
            reply: &population.reply,
            people: None,
        });
        consumers.next().or_else(|| businesses.next())
    }

    /// How many bursts begin while traffic is made.
    fn bursts(&self, burst: &Burst, people: Option<&Consumers>) -> f64 {
        let at = f64::from(burst.at.minutes()) * 60.0;
        let first = (at - self.local_start(people)).rem_euclid(86_400.0);
        let left = self.duration.as_secs_f64() - first;
        if left <= 0.0 { 0.0 } else { (left / burst.every.as_secs_f64().max(1e-9)).ceil() }
    }

    /// The mean weight of the hours that traffic is made in.
    fn mean_weight(&self, day: &Day, people: Option<&Consumers>) -> f64 {
        let (weights, start, step) =
            (day.weights(), self.local_start(people), self.duration.as_secs_f64() / f64::from(SAMPLES));
        let sum: f64 = (0..SAMPLES)
            .map(|sample| {
                let hour = (start + (f64::from(sample) + 0.5) * step).rem_euclid(86_400.0) / 3600.0;
                let passed = (1..24).filter(|full| f64::from(*full) <= hour).count();
                weights.get(passed).copied().unwrap_or(1.0)
            })
            .sum();
        sum / f64::from(SAMPLES)
    }

    /// Seconds since midnight where people live, when traffic begins.
    fn local_start(&self, people: Option<&Consumers>) -> f64 {
        let offset = people.map_or(0, |population| i64::from(population.country.utc_offset_minutes()) * 60);
        let seconds = (self.start.unix_seconds() + offset).rem_euclid(86_400);
        i32::try_from(seconds).map_or(0.0, f64::from)
    }
}

/// Of one entry of traffic.
struct Volume {
    conversations: f64,
    messages: f64,
    pairs: f64,
}

struct Side<'a> {
    count: f64,
    reply: &'a Reply,
    /// None if they are businesses.
    people: Option<&'a Consumers>,
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} consumers, about {} conversations and {} messages; {} of memory, {} on one core",
            Short(self.consumers as f64),
            Short(self.conversations),
            Short(self.messages),
            Memory(self.memory_bytes),
            Time(self.seconds_on_one_core),
        )
    }
}

/// A number for people: exact while it is small.
struct Short(f64);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            number if number < 10e3 => write!(f, "{number:.0}"),
            number if number < 1e6 => write!(f, "{:.0} thousand", number / 1e3),
            number if number < 1e9 => write!(f, "{:.1} million", number / 1e6),
            number => write!(f, "{:.1} billion", number / 1e9),
        }
    }
}

struct Memory(f64);

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            bytes if bytes < 1e6 => write!(f, "{:.0} kB", bytes / 1e3),
            bytes if bytes < 1e9 => write!(f, "{:.0} MB", bytes / 1e6),
            bytes => write!(f, "{:.1} GB", bytes / 1e9),
        }
    }
}

struct Time(f64);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            seconds if seconds < 10.0 => write!(f, "{seconds:.1} s"),
            seconds if seconds < 120.0 => write!(f, "{seconds:.0} s"),
            seconds if seconds < 7200.0 => write!(f, "{:.0} min", seconds / 60.0),
            seconds => write!(f, "{:.1} h", seconds / 3600.0),
        }
    }
}
