//! The same scene from many seeds: what is drawn must differ from one seed to the next in every bit, and so must what lies
//! between one name and the next. Names that count give themselves away by the second, wherever they begin.

use super::stage::{self, Direction, Performance, StageError};
use super::views;
use crate::matrix::{Leak, Matrix};
use crate::wamid;
use privacy::surfaces::{Surfaces, Value};
use privacy::{DataClass, Principal};
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use world::{Sight, Who};

/// Short, so that many can be played: everybody registers, and the first messages are written.
const SHORT: [(&str, &str); 2] = [("duration", "25s"), ("drain", "5s")];

/// The rival, which shares its node with the shop, writes much more.
const BUSY_RIVAL: [(&str, &str); 3] =
    [("duration", "25s"), ("drain", "5s"), ("traffic.3.rate", "60/min in total")];

/// Fewer values say nothing about a bit.
const LEAST: u64 = 32;

/// So many standard deviations from one half no drawn bit is: by chance once in 10^12.
const DEVIATIONS: u64 = 7;

/// A kind of name that is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    what: &'static str,
    /// Who sees it, and must not learn from it.
    reader: Principal,
    /// So many bits of it, from the last, are drawn evenly.
    bits: u32,
    /// So many of what lies between one and the next.
    between: u32,
}

impl Kind {
    const fn new(what: &'static str, reader: Principal, bits: u32) -> Self {
        Self { what, reader, bits, between: bits }
    }
}

/// All of the nine bytes that a node draws, and of the ten that an app does.
const MESSAGES: Kind = Kind::new("names of businesses' messages", Principal::Business, 72);
const TEXTS: Kind = Kind::new("names of consumers' messages", Principal::Business, 80);
const ENVELOPES: Kind = Kind::new("ids of envelopes", Principal::Transport, 128);
/// They begin at 2²¹ and end before 2²⁴, so that the upper bits aren't even, and are published in the order of their
/// numbers, so that it is small what lies between them.
const PREKEYS: Kind = Kind { between: 16, ..Kind::new("ids of one-time prekeys", Principal::Transport, 21) };
/// The signed prekey's and that of last resort are among them, before the others.
const KEM_PREKEYS: Kind =
    Kind { between: 16, ..Kind::new("ids of signed prekeys", Principal::Transport, 21) };
const PUBLICATIONS: Kind = Kind::new("names of publications", Principal::Transport, 64);
const POSITIONS: Kind = Kind::new("names of positions", Principal::Transport, 64);
/// 1 + a number below 16,380.
const REGISTRATIONS: Kind = Kind::new("registration ids", Principal::Transport, 13);

/// Names of a kind in the order in which one party made them for one purpose; kinds, then purposes.
type Sequences = BTreeMap<(Kind, String), Vec<u128>>;

/// One of them.
type Sequence = ((Kind, String), Vec<u128>);

/// How often each bit was set, of how many.
#[derive(Default)]
struct Tally {
    values: u64,
    ones: Vec<u64>,
}

/// Plays the scene from `seeds` seeds, the first of which is `seed`, and looks at every bit of every name.
///
/// # Errors
/// [`StageError`].
pub(crate) fn check(
    (seed, seeds): (u64, u64),
    threads: NonZeroUsize,
    surfaces: &Surfaces,
    matrix: &mut Matrix,
) -> Result<(), StageError> {
    let all = played(seed, seeds, threads, surfaces)?;
    let prekeys = [PREKEYS, KEM_PREKEYS];
    let others = [MESSAGES, TEXTS, ENVELOPES, PUBLICATIONS, POSITIONS, REGISTRATIONS];
    for kind in prekeys.into_iter().chain(others) {
        let sequences =
            all.iter().filter(|((other, _), _)| *other == kind).map(|(_, names)| names.as_slice());
        judge(kind, sequences, matrix);
    }
    strangers(seed, matrix)
}

/// What is drawn for one tenant does not depend on how much another has drawn.
fn strangers(seed: u64, matrix: &mut Matrix) -> Result<(), StageError> {
    let names = |changes: &[(&'static str, &'static str)]| -> Result<[Vec<u64>; 2], StageError> {
        let played = stage::play(&Direction { changes: changes.to_vec(), ..Direction::default() }, seed)?;
        let of = |index| {
            let sent = played.seen.sent.iter().filter(|sent| sent.from == Who::business(index));
            sent.map(|sent| sent.message).collect()
        };
        Ok([of(0), of(2)])
    };
    let [[quiet, rival], [beside, busy]] = [names(&SHORT)?, names(&BUSY_RIVAL)?];
    if quiet.is_empty() || rival == busy {
        matrix
            .blind("names", "the rival did not write more, or the shop nothing: tenants can't be told apart");
    }
    if quiet != beside {
        leak(MESSAGES, "are others when another tenant of the node writes more", matrix);
    }
    Ok(())
}

fn played(
    seed: u64,
    seeds: u64,
    threads: NonZeroUsize,
    surfaces: &Surfaces,
) -> Result<Vec<Sequence>, StageError> {
    let next = AtomicU64::new(0);
    let found: Mutex<Result<Vec<_>, StageError>> = Mutex::new(Ok(Vec::new()));
    let lock = || found.lock().unwrap_or_else(PoisonError::into_inner);
    std::thread::scope(|scope| {
        for _ in 0..threads.get() {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= seeds {
                        return;
                    }
                    let direction = Direction { changes: SHORT.to_vec(), ..Direction::default() };
                    let played = stage::play(&direction, seed.wrapping_add(number));
                    let names = played.map(|played| sequences(&played, surfaces));
                    let mut found = lock();
                    match names {
                        Ok(names) => {
                            if let Ok(all) = &mut *found {
                                all.extend(names);
                            }
                        }
                        Err(error) => {
                            *found = Err(error);
                            return;
                        }
                    }
                }
            });
        }
    });
    found.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// All names of a run.
fn sequences(played: &Performance, surfaces: &Surfaces) -> Sequences {
    let mut all = Sequences::new();
    let mut known = BTreeSet::new();
    for seen in &played.seen.seen {
        let kind = match &seen.sight {
            Sight::Response(_) => MESSAGES,
            Sight::Webhook(_) => TEXTS,
            _ => continue,
        };
        for name in views::leaves_of(seen, surfaces).iter().filter_map(message_name) {
            // What is posted again is no other name.
            if !known.insert(name) {
                continue;
            }
            all.entry((kind, seen.party.to_string())).or_default().push(name);
        }
    }
    for (_, envelope) in &played.seen.envelopes {
        let id = u128::from_be_bytes(envelope.id.0);
        if known.insert(id) {
            let from = envelope.from.number.as_integer().to_string();
            all.entry((ENVELOPES, from)).or_default().push(id);
        }
    }
    for (number, seen) in played.seen.seen.iter().enumerate() {
        for (kind, id) in published(views::leaves_of(seen, surfaces)) {
            // Prekeys one after the other within a frame; others from one frame of a party to the next.
            let in_frame = kind == PREKEYS || kind == KEM_PREKEYS;
            let place = if in_frame { number.to_string() } else { String::new() };
            let ids = all.entry((kind, format!("{}/{}/{place}", seen.peer, seen.party))).or_default();
            // Lasting ones are published again with every batch of prekeys, and what was not acknowledged is delivered again.
            if in_frame || !ids.contains(&id) {
                ids.push(id);
            }
        }
    }
    all
}

/// The name of a message in what tells a business of it for the first time: an answer, or what a consumer said.
fn message_name((path, value): &(String, Value)) -> Option<u128> {
    let Value::Text(wamid) = value else { return None };
    let named = path.ends_with("messages[].id");
    u128::from_str_radix(&wamid::message_id(wamid).filter(|_| named)?, 16).ok()
}

/// The numbers in what an endpoint publishes of itself.
fn published(leaves: Vec<(String, Value)>) -> Vec<(Kind, u128)> {
    let mut kinds = Vec::new();
    for (path, value) in leaves {
        let kind = match path.as_str() {
            "blindpost.transport.Publish.registration_id" => REGISTRATIONS,
            "blindpost.transport.Publish.name" => PUBLICATIONS,
            "blindpost.transport.Delivery.name" => POSITIONS,
            "blindpost.transport.OneTimeKey.id" => PREKEYS,
            "blindpost.transport.SignedKey.id" => KEM_PREKEYS,
            _ => continue,
        };
        if let Value::Number(number) = value {
            kinds.extend(u128::try_from(number).ok().map(|number| (kind, number)));
        }
    }
    kinds
}

fn judge<'a>(kind: Kind, sequences: impl Iterator<Item = &'a [u128]>, matrix: &mut Matrix) {
    let (mut names, mut sums, mut masks) = (Tally::default(), Tally::default(), Tally::default());
    for sequence in sequences {
        // Where they begin is no bit.
        let first = if kind == REGISTRATIONS { 1 } else { 0 };
        sequence.iter().for_each(|name| names.add(name.wrapping_sub(first), kind.bits));
        for pair in sequence.windows(2) {
            if let [one, next] = pair {
                sums.add(next.wrapping_sub(*one), kind.between);
                masks.add(next ^ one, kind.between);
            }
        }
    }
    for (what, tally) in [
        ("themselves", names),
        ("counted from one to the next", sums),
        ("from one to the next, bit by bit", masks),
    ] {
        if tally.values < LEAST {
            matrix.blind("names", format!("only {} {} were made, {what}", tally.values, kind.what));
        } else if let Some((bit, ones)) = tally.uneven() {
            let of = tally.values;
            leak(kind, &format!("are not drawn: {what}, bit {bit} is set in {ones} of {of}"), matrix);
        }
    }
}

fn leak(kind: Kind, what: &str, matrix: &mut Matrix) {
    matrix.leak(Leak {
        layer: "names",
        principal: kind.reader.name().into(),
        class: Some(DataClass::Routing.name().into()),
        what: format!("{} {what}", kind.what),
    });
}

impl Tally {
    fn add(&mut self, value: u128, bits: u32) {
        self.values += 1;
        self.ones.resize(usize::try_from(bits).unwrap_or(0), 0);
        for (bit, ones) in (0_u32..).zip(&mut self.ones) {
            *ones += u64::from(value >> bit & 1 == 1);
        }
    }

    /// The first bit that is set much more or much less often than every other time.
    fn uneven(&self) -> Option<(usize, u64)> {
        // |2·ones − n| > k·√n, squared.
        let far = |ones: u64| {
            let off = (2 * ones).abs_diff(self.values);
            off * off > DEVIATIONS * DEVIATIONS * self.values.max(1)
        };
        // So few values that all alike are not far enough: then alike is what counts.
        let alike = |ones: u64| ones == 0 || ones == self.values;
        self.ones.iter().copied().enumerate().find(|(_, ones)| far(*ones) || alike(*ones))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{Rng, Seed};

    const ANY: Kind = Kind::new("names", Principal::Transport, 20);

    fn found(sequences: &[Vec<u128>]) -> Vec<String> {
        let mut matrix = Matrix::new(Surfaces::of_this_project().unwrap().policy().clone());
        judge(ANY, sequences.iter().map(Vec::as_slice), &mut matrix);
        assert_eq!(matrix.blind_spots(), []);
        matrix.leaks().iter().map(|leak| leak.what.clone()).collect()
    }

    /// Four names of each of 64 seeds.
    fn made(mut name: impl FnMut(u128, &mut Rng, u128) -> u128) -> Vec<Vec<u128>> {
        let of = |seed: u64| {
            let mut rng = Rng::for_entity(&Seed::from_number(seed), "names");
            let begin = u128::from(rng.below(1 << 20));
            (0..4).map(|index| name(begin, &mut rng, index)).collect()
        };
        (0..64).map(of).collect()
    }

    #[test]
    fn drawn_names_are_let_through() {
        assert_eq!(found(&made(|_, rng, _| rng.below(1 << 20).into())), <Vec<String>>::new());
    }

    #[test]
    fn names_that_count_are_found_wherever_they_begin_and_whatever_stands_beside() {
        let found = |name: fn(u128, &mut Rng, u128) -> u128| found(&made(name));
        assert!(found(|_, _, index| index + 7).len() > 1, "from a fixed start");
        assert!(!found(|begin, _, index| begin + index).is_empty(), "from a start that is drawn");
        assert!(!found(|begin, _, index| begin + 5 * index).is_empty(), "in steps");
        assert!(!found(|begin, _, index| begin ^ index).is_empty(), "behind a mask");
        assert!(
            !found(|_, rng, index| u128::from(rng.below(1 << 16)) << 4 | index).is_empty(),
            "in some bits"
        );
    }

    #[test]
    fn too_few_names_are_no_proof() {
        let mut matrix = Matrix::new(Surfaces::of_this_project().unwrap().policy().clone());
        judge(ANY, [[1, 2].as_slice()].into_iter(), &mut matrix);
        assert_eq!(matrix.blind_spots().len(), 3);
    }
}
