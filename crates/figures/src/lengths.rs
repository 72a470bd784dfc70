//! What lengths on the wire tell (Coull and Dyer, 2014), with and without padding.

mod classify;
mod traffic;

use crate::language::{self, LANGUAGES, Writer};
use crate::{Band, Error, Figure, Lab, Outcome, Plot, Series};
use classify::{Bayes, Line, Lookup};
use traffic::{Phones, Seen, Wire};

/// `length-leak`.
pub(crate) const FIGURE: Figure = Figure {
    id: "length-leak",
    title: "What an observer learns from lengths: kind, language, number of characters",
    source: "Coull and Dyer, Traffic Analysis of Encrypted Messaging Services, 2014",
    run,
};

/// Messages of a conversation in which the language is looked for.
const CONVERSATION: usize = 200;
const CONVERSATIONS: [usize; 7] = [1, 10, 25, 50, 100, 200, 400];
/// Texts of each language: for training, and as many for the test.
const TEXTS: (usize, usize) = (5_000, 8_000);
/// Messages of all kinds: likewise.
const MESSAGES: (usize, usize) = (3_000, 12_000);

/// What an observer of one wire got right.
struct Leak {
    kind: f64,
    /// For each of [`CONVERSATIONS`].
    language: Vec<f64>,
    characters: f64,
}

/// Everything that was sent; the first half is for training.
struct Traffic {
    /// For each language.
    texts: Vec<Vec<Seen<usize>>>,
    any: Vec<Seen<usize>>,
}

fn run(lab: &mut Lab) -> Result<Outcome, Error> {
    let mut outcome = FIGURE.outcome();
    let traffic = Traffic::make(lab)?;
    let [exact, blocks, chunks, buckets] = Wire::ALL.map(|wire| traffic.leak(wire));

    let case = |what: &str, wire: Wire| format!("{what}, {}", wire.name());
    let share = |leak: &Leak| (leak.kind, "of messages");
    outcome.published(case("kind", Wire::Exact), share(&exact), "96 %", Band::between(0.92, 1.0));
    let expected = "less: 16 lengths look the same";
    outcome.claimed(case("kind", Wire::Blocks), share(&blocks), expected, Band::between(0.65, 0.92));
    let expected = "less again: a chunk or none";
    outcome.claimed(case("kind", Wire::Chunks), share(&chunks), expected, Band::between(0.6, 0.92));
    let expected = "about the share of the most frequent kind, 50 %";
    outcome.claimed(case("kind", Wire::Buckets), share(&buckets), expected, Band::between(0.45, 0.6));

    let at = CONVERSATIONS.iter().position(|n| *n == CONVERSATION).unwrap_or(0);
    let share = |leak: &Leak| (leak.language.get(at).copied().unwrap_or(f64::NAN), "of conversations");
    let what = format!("language in {CONVERSATION} messages");
    outcome.published(case(&what, Wire::Exact), share(&exact), "98 %", Band::between(0.93, 1.0));
    let expected = "less: 16 lengths look the same";
    outcome.claimed(case(&what, Wire::Blocks), share(&blocks), expected, Band::between(0.4, 0.93));
    let expected = "less again: a chunk or none";
    outcome.claimed(case(&what, Wire::Chunks), share(&chunks), expected, Band::between(0.3, 0.93));
    let expected = "little more than chance, 17 %";
    outcome.claimed(case(&what, Wire::Buckets), share(&buckets), expected, Band::between(0.1, 0.4));

    let off = |leak: &Leak| (leak.characters, "characters off, mean");
    for (wire, leak) in [(Wire::Exact, &exact), (Wire::Blocks, &blocks)] {
        outcome.published(case("length", wire), off(leak), "6.27 or less", Band::between(0.0, 6.9));
    }
    let expected = "farther off: a chunk or none";
    outcome.claimed(case("length", Wire::Chunks), off(&chunks), expected, Band::between(3.0, 14.0));
    let expected = "as far off as who guesses the mean";
    outcome.claimed(case("length", Wire::Buckets), off(&buckets), expected, Band::between(12.6, 30.0));

    let curve = |(wire, leak): (Wire, &Leak)| Series {
        name: wire.name().into(),
        points: CONVERSATIONS.iter().zip(&leak.language).map(|(n, share)| (*n as f64, *share)).collect(),
    };
    outcome.plots.push(Plot {
        title: "Languages recognised, of six".into(),
        x: "messages of a conversation".into(),
        y: "share of conversations".into(),
        series: Wire::ALL.into_iter().zip([&exact, &blocks, &chunks, &buckets]).map(curve).collect(),
    });
    outcome.note(
        "Texts, the shares of the kinds, and the lengths of kinds other than text and read receipt are a model; \
         encoding, padding and encryption are real. Trained on one half of the messages, tested on the other.",
    );
    Ok(outcome)
}

impl Traffic {
    fn make(lab: &mut Lab) -> Result<Self, Error> {
        let texts = 2 * lab.quick_or(TEXTS.0, TEXTS.1);
        let seed = lab.seed;
        let rng = |name: &str| kernel::Rng::for_entity(&kernel::Seed::from_number(seed), name);
        let of_language = |language: &language::Language| {
            let (writer, mut phones) = (Writer::of(language), Phones::new(language.name, &rng)?);
            (0..texts).map(|_| phones.text(&writer)).collect::<Result<Vec<_>, Error>>()
        };
        let texts = lab.for_each("languages", &LANGUAGES, of_language);
        lab.tell("kinds", 0.0);
        let mut phones = Phones::new("kinds", &rng)?;
        let writers: Vec<_> = LANGUAGES.iter().map(Writer::of).collect();
        let messages = 2 * lab.quick_or(MESSAGES.0, MESSAGES.1);
        let any = writers.iter().cycle().take(messages).map(|writer| phones.any(writer));
        Ok(Self { any: any.collect::<Result<_, _>>()?, texts: texts.into_iter().collect::<Result<_, _>>()? })
    }

    fn leak(&self, wire: Wire) -> Leak {
        let length = |seen: &Seen<usize>| seen.lengths.get(wire as usize).copied().unwrap_or(0);
        let (train, test) = self.any.split_at(self.any.len() / 2);
        let lookup = Lookup::train(train.iter().map(|seen| (length(seen), seen.truth)));
        let right = test.iter().filter(|seen| lookup.class(length(seen)) == Some(seen.truth)).count();
        let kind = right as f64 / test.len() as f64;

        let halves = || self.texts.iter().map(|texts| texts.split_at(texts.len() / 2));
        let lengths: Vec<Vec<usize>> =
            halves().map(|(train, _)| train.iter().map(length).collect()).collect();
        let bayes = Bayes::train(&lengths);
        let recognised = |n: usize| {
            let (mut right, mut all) = (0_u32, 0_u32);
            for (language, (_, test)) in halves().enumerate() {
                for conversation in test.chunks_exact(n) {
                    let lengths: Vec<_> = conversation.iter().map(length).collect();
                    right += u32::from(bayes.class(&lengths) == Some(language));
                    all += 1;
                }
            }
            f64::from(right) / f64::from(all)
        };
        let language = CONVERSATIONS.into_iter().map(recognised).collect();

        let (mut off, mut all) = (0.0, 0.0);
        for (train, test) in halves() {
            let point = |seen: &Seen<usize>| (length(seen) as f64, seen.truth as f64);
            let line = Line::train(&train.iter().map(point).collect::<Vec<_>>());
            for (length, characters) in test.iter().map(point) {
                off += (line.at(length) - characters).abs();
                all += 1.0;
            }
        }
        Leak { kind, language, characters: off / all }
    }
}
