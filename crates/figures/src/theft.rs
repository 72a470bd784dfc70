//! Forward secrecy and healing: what a thief of session state reads, before and after the theft.

use crate::pair::{A, B, Watched, count};
use crate::{Band, Error, Figure, Lab, Outcome, Plot, Series};
use ratchet::Suite;
use ratchet::adversary::{Attacker, Snapshot};

/// `fs-pcs`.
pub(crate) const FIGURE: Figure = Figure {
    id: "fs-pcs",
    title: "Messages readable after a one-time theft of session state",
    source: "Double Ratchet and ML-KEM Braid specifications",
    run,
};

/// Thefts are spread over two epochs of strict alternation, in which the sides swap roles.
const FIRST_THEFT: usize = 100;
const TWO_EPOCHS: usize = 174;
/// Past the last theft: the epoch under way, the next, and some.
const AFTERWARDS: usize = 220;
const THEFTS: (usize, usize) = (4, 18);

/// What one thief read.
struct Loot {
    of: usize,
    taken: usize,
    before: f64,
    after: f64,
    /// Messages after the theft, read or not.
    left: f64,
}

fn run(lab: &mut Lab) -> Result<Outcome, Error> {
    let mut outcome = FIGURE.outcome();
    let thefts = lab.quick_or(THEFTS.0, THEFTS.1);
    for (at, suite) in Suite::ALL.into_iter().enumerate() {
        lab.tell(suite.name(), at as f64 / 3.0);
        let mut pair = Watched::new(suite, "fs-pcs", |name| lab.rng(name))?;
        let mut snapshots = Vec::new();
        for theft in 0..thefts {
            let taken = FIRST_THEFT + theft * TWO_EPOCHS / thefts;
            pair.alternate_to(taken)?;
            for of in [A, B] {
                snapshots.push((of, taken, pair.snapshot(of)?));
            }
        }
        pair.alternate_to(FIRST_THEFT + TWO_EPOCHS + AFTERWARDS)?;
        classical(&mut outcome, suite, &loot(&pair, &snapshots, &Attacker::default())?);
        let computer = Attacker::default().with_broken_curve(&pair.oracles.curve);
        quantum(&mut outcome, suite, &loot(&pair, &snapshots, &computer)?);
    }
    outcome.note(format!(
        "Strict alternation. {thefts} moments over two epochs, both sides robbed at each; a number is of the thief \
         who read most, unless it says otherwise. The thief with a quantum computer has recorded everything."
    ));
    Ok(outcome)
}

fn loot(
    pair: &Watched,
    snapshots: &[(usize, usize, Snapshot)],
    thief: &Attacker<'_>,
) -> Result<Vec<Loot>, Error> {
    let loot = |(of, taken, stolen): &(usize, usize, Snapshot)| {
        let read = pair.read_by(&thief.clone().with_snapshot(stolen))?;
        let (before, after) = read.split_at((*taken).min(read.len()));
        let (before, after, left) = (count(before), count(after), after.len() as f64);
        Ok(Loot { of: *of, taken: *taken, before, after, left })
    };
    snapshots.iter().map(loot).collect()
}

fn classical(outcome: &mut Outcome, suite: Suite, loot: &[Loot]) {
    let case = |when| format!("{suite}, classical thief, {when} the theft");
    let before = (most(loot, |loot| loot.before), "messages");
    outcome.published(case("before"), before, "none", Band::exactly(0.0));
    let after = (most(loot, |loot| loot.after), "messages");
    outcome.published(case("after"), after, "one round trip: 1 or 2", Band::between(1.0, 2.0));
}

fn quantum(outcome: &mut Outcome, suite: Suite, loot: &[Loot]) {
    let case = |when| format!("{suite}, thief with a quantum computer, {when} the theft");
    let before = (most(loot, |loot| loot.before / loot.taken as f64), "of messages");
    let (expected, band) = match suite {
        Suite::X3dh => ("all", Band::exactly(1.0)),
        Suite::Pqxdh | Suite::Triple => ("none", Band::exactly(0.0)),
    };
    outcome.published(case("before"), before, expected, band);
    if suite != Suite::Triple {
        let least = loot.iter().map(|loot| loot.after / loot.left).fold(1.0, f64::min);
        outcome.published(case("after"), (least, "of messages"), "all: never heals", Band::exactly(1.0));
        return;
    }
    let epoch = TWO_EPOCHS as f64 / 2.0;
    let mean = loot.iter().map(|loot| loot.after).sum::<f64>() / loot.len() as f64;
    // A secret is in use until the next one, and the state has the one under way once its side has drawn for it.
    let most_read = most(loot, |loot| loot.after);
    let expected = "one epoch of 87, and at most the one under way";
    outcome.published(
        case("after, mean"),
        (mean, "messages"),
        expected,
        Band::between(0.9 * epoch, 2.0 * epoch),
    );
    outcome.published(
        case("after, most"),
        (most_read, "messages"),
        expected,
        Band::between(epoch, 2.0 * epoch),
    );
    let series = |of: usize, name: &str| Series {
        name: name.into(),
        points: loot
            .iter()
            .filter(|loot| loot.of == of)
            .map(|loot| (loot.taken as f64, loot.after))
            .collect(),
    };
    outcome.plots.push(Plot {
        title: "Read after the theft by a thief with a quantum computer, suite triple".into(),
        x: "message before which the state was stolen".into(),
        y: "messages read after it".into(),
        series: vec![series(A, "initiator robbed"), series(B, "responder robbed")],
    });
}

fn most(loot: &[Loot], of: impl Fn(&Loot) -> f64) -> f64 {
    loot.iter().map(of).fold(0.0, f64::max)
}
