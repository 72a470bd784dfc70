//! Who says how much to whom, and when: made from the secret and the seed, before anything runs.

use super::Secret;
use super::draw::{between, limited, span, weighted};
use super::kinds::{Kind, SHORT};
use figures::language::{LANGUAGES, Writer};
use kernel::{Rng, Seed};
use std::time::Duration;

/// Consumers, who all hear from one shop.
pub(super) const CONSUMERS: u32 = 40;

/// Conversations begin with a text each way: sessions are confirmed then, and the messages that follow are ratchet messages.
const WARM_UP: Duration = Duration::from_secs(120);

/// From one message to the next with the same consumer.
const PACE: Duration = Duration::from_secs(600);

/// The same where it matters whether somebody is online: several times what they are on average.
const SLOW_PACE: Duration = Duration::from_secs(1800);

/// Which way a text goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    /// From the shop to a consumer.
    Down,
    /// From a consumer to the shop.
    Up,
}

/// A text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) at: Duration,
    pub(super) way: Way,
    pub(super) consumer: u32,
    pub(super) bytes: u32,
    /// What is secret about it, as far as that is known before the run; `None`: it is not about this text.
    pub(super) secret: Option<String>,
}

/// Everything that is said, by time.
#[derive(Debug, Clone)]
pub(super) struct Script {
    pub(super) secret: Secret,
    pub(super) said: Vec<Said>,
    /// Until after the last of it.
    pub(super) lasts: Duration,
}

/// Replies that an app suggests, by how often they are picked.
const REPLIES: [(&str, u32); 4] =
    [("Yes", 9), ("No", 5), ("Later, please", 4), ("I would like to speak with a person", 2)];

impl Script {
    /// With `samples` texts that the secret is about.
    pub(super) fn new(secret: Secret, samples: usize, seed: u64) -> Self {
        let mut rng = Rng::for_entity(&Seed::from_number(seed), &format!("leak/script/{secret}"));
        let writers: Vec<Writer> = LANGUAGES.iter().map(Writer::of).collect();
        let mut said = Vec::new();
        for consumer in 0..CONSUMERS {
            let at = WARM_UP / 4 + WARM_UP.mul_f64(0.25 * f64::from(consumer) / f64::from(CONSUMERS));
            let hello = |way, at| Said { at, way, consumer, bytes: 40, secret: None };
            said.extend([hello(Way::Down, at), hello(Way::Up, at + WARM_UP / 4)]);
        }
        let pace = if secret == Secret::Presence { SLOW_PACE } else { PACE };
        let (mut round, mut consumer) = (WARM_UP, 0);
        for _ in 0..samples {
            let at = round + pace.mul_f64(f64::from(rng.below(1 << 20)) / f64::from(1 << 20));
            say(secret, at, consumer, &writers, &mut rng, &mut said);
            consumer += 1;
            if consumer == CONSUMERS {
                (round, consumer) = (round + pace, 0);
            }
        }
        said.sort_by_key(|said| said.at);
        Self { secret, lasts: said.last().map_or(round, |last| last.at) + pace, said }
    }
}

/// One text that the secret is about, and what belongs to it.
fn say(secret: Secret, at: Duration, consumer: u32, writers: &[Writer], rng: &mut Rng, said: &mut Vec<Said>) {
    let down =
        |bytes, secret: &str| Said { at, way: Way::Down, consumer, bytes, secret: Some(secret.to_owned()) };
    let english = LANGUAGES.iter().zip(writers).find(|(language, _)| language.name == "English");
    let Some((_, english)) = english else { return };
    match secret {
        Secret::TextKind | Secret::ShortKind => {
            let short = secret == Secret::ShortKind;
            let kinds: &[(Kind, u32)] = if short { &Kind::SHORT } else { &Kind::ALL };
            let Some(kind) = weighted(rng, kinds) else { return };
            said.push(down(kind.bytes(rng, english, short), kind.name()));
            let answer = kind.answer(rng, english);
            said.extend(answer.map(|(after, bytes)| answered(at + after, consumer, bytes)));
        }
        Secret::TextLength => {
            let bytes = limited(english.text(rng).len() as u64, 4096);
            said.push(down(bytes, &bytes.to_string()));
        }
        Secret::ReplyChoice => {
            let Some(reply) = weighted(rng, &REPLIES) else { return };
            said.push(Said { secret: None, ..down(between(rng, 60, 140), "") });
            let (at, bytes) = (at + span(rng, 12, 120), limited(reply.len() as u64, SHORT));
            said.push(Said { at, way: Way::Up, consumer, bytes, secret: Some((*reply).to_owned()) });
        }
        Secret::Language => {
            let spoken = LANGUAGES.iter().zip(writers).nth(below(rng, LANGUAGES.len()));
            let Some((language, writer)) = spoken else { return };
            said.push(down(limited(writer.text(rng).len() as u64, 4096), language.name));
        }
        // What is secret shows in the run.
        Secret::Presence => said.push(down(between(rng, 60, 140), "")),
        Secret::Read => {
            said.push(down(between(rng, 60, 140), ""));
            // Two in five answer, whether their apps tell that they have seen it or not.
            if rng.below(5) < 2 {
                let bytes = limited(english.text(rng).len() as u64, SHORT);
                said.push(answered(at + span(rng, 15, 180), consumer, bytes));
            }
        }
    }
}

fn answered(at: Duration, consumer: u32, bytes: u32) -> Said {
    Said { at, way: Way::Up, consumer, bytes, secret: None }
}

fn below(rng: &mut Rng, bound: usize) -> usize {
    usize::try_from(rng.below(u32::try_from(bound).unwrap_or(u32::MAX))).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_has_its_samples_and_follows_from_its_seed() {
        for secret in Secret::ALL {
            let script = Script::new(secret, 100, 1);
            assert_eq!(script.said.iter().filter(|said| said.secret.is_some()).count(), 100, "{secret}");
            assert!(script.said.is_sorted_by_key(|said| said.at));
            assert!(script.said.iter().all(|said| said.at < script.lasts && said.consumer < CONSUMERS));
            assert_eq!(script.said, Script::new(secret, 100, 1).said);
            assert_ne!(script.said, Script::new(secret, 100, 2).said);
        }
    }

    #[test]
    fn short_kinds_are_short_and_long_ones_are_not() {
        let longest = |secret| {
            let script = Script::new(secret, 400, 1);
            let of_secret = script.said.iter().filter(|said| said.secret.is_some());
            of_secret.map(|said| said.bytes).max()
        };
        assert!(longest(Secret::ShortKind) <= Some(SHORT));
        assert!(longest(Secret::TextKind) > Some(2 * SHORT));
    }
}
