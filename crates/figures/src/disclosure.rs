//! Statistical disclosure against sealed sender (Martiny et al., NDSS 2021), in a model of the traffic.
//!
//! The server sees to whom messages go and not from whom. Whoever receives one lets a delivery receipt go at once, to
//! the sender. So who receives something right after each message to the target, more often than at other times, is
//! the sender.

use crate::draw::{exponential, summed, unit, weighted};
use crate::{Band, Error, Figure, Lab, Outcome, Plot, Series};
use kernel::Rng;

/// `sealed-sender-sda`.
pub(crate) const FIGURE: Figure = Figure {
    id: "sealed-sender-sda",
    title: "Messages until a statistical disclosure attack names the sender behind sealed sender",
    source: "Martiny et al., Improving Signal's Sealed Sender, NDSS 2021",
    run,
};

const USERS: u32 = 1_000_000;
/// The epoch after a message to the target: long enough for the receipt of a device that is online.
const EPOCH_S: f64 = 1.0;
const DAY_S: f64 = 24.0 * 3600.0;
/// What a user receives in a day on average, receipts included.
const RECEIVED_A_DAY: f64 = 100.0;
/// The exponent of Zipf's law for who receives how much.
const ZIPF: f64 = 0.8;
const TRIALS: (usize, usize) = (40, 200);
/// No trial takes longer.
const PATIENCE: u32 = 200;
/// For 95 % of a normal distribution.
const Z: f64 = 1.96;

/// Who receives how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Popularity {
    Uniform,
    Zipf,
}

/// One setting of the model.
struct Setting {
    name: &'static str,
    popularity: Popularity,
    /// Messages that the sender receives in a day from others.
    sender_a_day: f64,
    /// The share of the messages to the target that are the sender's; the others are from strangers.
    share: f64,
}

const SETTINGS: [Setting; 5] = [
    Setting { name: "all alike", popularity: Popularity::Uniform, sender_a_day: 100.0, share: 1.0 },
    Setting {
        name: "Zipf, an ordinary sender",
        popularity: Popularity::Zipf,
        sender_a_day: 100.0,
        share: 1.0,
    },
    Setting {
        name: "Zipf, a popular sender",
        popularity: Popularity::Zipf,
        sender_a_day: 20_000.0,
        share: 1.0,
    },
    Setting {
        name: "Zipf, a very popular sender",
        popularity: Popularity::Zipf,
        sender_a_day: 60_000.0,
        share: 1.0,
    },
    Setting {
        name: "Zipf, half of the messages are others'",
        popularity: Popularity::Zipf,
        sender_a_day: 100.0,
        share: 0.5,
    },
];

/// How often a trial needed so many messages.
struct Found {
    /// One for each trial, ascending.
    messages: Vec<u32>,
}

fn run(lab: &mut Lab) -> Result<Outcome, Error> {
    let mut outcome = FIGURE.outcome();
    let trials = lab.quick_or(TRIALS.0, TRIALS.1);
    let seed = lab.seed;
    let found = lab.for_each("settings", &SETTINGS, |setting| {
        let mut rng = Rng::for_entity(&kernel::Seed::from_number(seed), setting.name);
        let attack = Attack::new(setting);
        let mut messages: Vec<u32> = (0..trials).map(|_| attack.trial(&mut rng)).collect();
        messages.sort_unstable();
        Found { messages }
    });
    let [alike, ordinary, popular, very, half] =
        <[Found; 5]>::try_from(found).map_err(|_| Error::missing("running all settings"))?;
    for (setting, found) in SETTINGS.iter().zip([&alike, &ordinary]) {
        let case = format!("{}, median", setting.name);
        let expected = "as few as 5, fewer than 10";
        outcome.published(case, (found.at(0.5), "messages"), expected, Band::between(2.0, 10.0));
    }
    let least = alike.at(0.0).min(ordinary.at(0.0));
    outcome.published("fewest in any trial", (least, "messages"), "as few as 5", Band::between(1.0, 5.0));
    let more = "more than for an ordinary sender";
    let ratio = |found: &Found| (found.mean() / ordinary.mean(), "times the ordinary mean");
    outcome.published("a popular sender", ratio(&popular), more, Band::between(1.01, 1000.0));
    outcome.published("a very popular sender", ratio(&very), more, Band::between(1.1, 1000.0));
    let expected = "more: half of the epochs say nothing";
    outcome.claimed("half of the messages are others'", ratio(&half), expected, Band::between(1.4, 6.0));
    for (setting, found) in SETTINGS.iter().zip([&alike, &ordinary, &popular, &very, &half]) {
        let (low, high) = found.interval();
        outcome.note(format!(
            "{}: mean {:.2} messages (95 % interval {low:.2} to {high:.2}), 95th percentile {}, {trials} trials.",
            setting.name,
            found.mean(),
            found.at(0.95),
        ));
    }
    let curve = |(setting, found): (&Setting, &Found)| Series {
        name: setting.name.into(),
        points: (1..=20).map(|n| (f64::from(n), found.share_within(n))).collect(),
    };
    outcome.plots.push(Plot {
        title: "The sender ranks first, alone, among a million users".into(),
        x: "messages to the target".into(),
        y: "share of trials".into(),
        series: SETTINGS.iter().zip([&alike, &ordinary, &popular, &very, &half]).map(curve).collect(),
    });
    outcome.note(format!(
        "A model of traffic, not a measurement of a network: {USERS} users receive {RECEIVED_A_DAY} messages and \
         receipts a day on average; epochs of {EPOCH_S} s; as many random epochs as target epochs."
    ));
    Ok(outcome)
}

struct Attack {
    summed: Vec<f64>,
    /// Who receive something in an epoch, on average.
    crowd: f64,
    /// How probably the sender receives something from others in an epoch.
    sender_busy: f64,
    share: f64,
}

impl Attack {
    fn new(setting: &Setting) -> Self {
        let weight = |rank: u32| match setting.popularity {
            Popularity::Uniform => 1.0,
            Popularity::Zipf => libm::pow(f64::from(rank), -ZIPF),
        };
        Self {
            summed: summed((1..=USERS).map(weight)),
            crowd: f64::from(USERS) * RECEIVED_A_DAY * EPOCH_S / DAY_S,
            sender_busy: 1.0 - libm::exp(-setting.sender_a_day * EPOCH_S / DAY_S),
            share: setting.share,
        }
    }

    /// How many messages until the sender ranks first, and nobody beside it.
    fn trial(&self, rng: &mut Rng) -> u32 {
        let mut scores = Scores::default();
        let mut sender = 0_i32;
        for messages in 1..=PATIENCE {
            self.epoch(rng, 1, &mut scores);
            self.epoch(rng, -1, &mut scores);
            let answered = unit(rng) < self.share;
            sender += i32::from(answered || unit(rng) < self.sender_busy);
            sender -= i32::from(unit(rng) < self.sender_busy);
            if sender > scores.best() {
                return messages;
            }
        }
        PATIENCE
    }

    /// Who receives something in an epoch gets `score`, once however much it is.
    fn epoch(&self, rng: &mut Rng, score: i32, scores: &mut Scores) {
        let mut seen = Vec::new();
        let mut passed = exponential(rng, self.crowd);
        while passed < 1.0 {
            seen.push(weighted(rng, &self.summed));
            passed += exponential(rng, self.crowd);
        }
        seen.sort_unstable();
        seen.dedup();
        seen.into_iter().for_each(|user| scores.add(user, score));
    }
}

/// The scores of all but the sender. Who was never seen has none.
#[derive(Default)]
struct Scores {
    by_user: std::collections::BTreeMap<usize, i32>,
}

impl Scores {
    fn add(&mut self, user: usize, score: i32) {
        *self.by_user.entry(user).or_default() += score;
    }

    fn best(&self) -> i32 {
        self.by_user.values().copied().max().unwrap_or(0).max(0)
    }
}

impl Found {
    /// The number that this share of the trials did not exceed.
    fn at(&self, share: f64) -> f64 {
        let place = crate::draw::rounded(share * self.messages.len().saturating_sub(1) as f64);
        self.messages.get(place).copied().map_or(f64::NAN, f64::from)
    }

    fn mean(&self) -> f64 {
        self.messages.iter().copied().map(f64::from).sum::<f64>() / self.messages.len() as f64
    }

    /// Where the mean is with 95 % confidence.
    fn interval(&self) -> (f64, f64) {
        let (mean, n) = (self.mean(), self.messages.len() as f64);
        let squares: f64 = self.messages.iter().map(|m| libm::pow(f64::from(*m) - mean, 2.0)).sum();
        let error = Z * libm::sqrt(squares / (n - 1.0).max(1.0) / n);
        (mean - error, mean + error)
    }

    fn share_within(&self, messages: u32) -> f64 {
        self.messages.partition_point(|needed| *needed <= messages) as f64 / self.messages.len() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_receipts_the_sender_is_not_found() {
        let silent = Setting { name: "", popularity: Popularity::Uniform, sender_a_day: 0.0, share: 0.0 };
        let mut rng = Lab::new(3).rng("silent");
        assert_eq!(Attack::new(&silent).trial(&mut rng), PATIENCE);
    }
}
