//! Harvest now, decrypt later: somebody records today and breaks X25519 in twenty years.

use crate::pair::{A, Watched, count};
use crate::{Band, Error, Figure, Lab, Outcome};
use ratchet::Suite;
use ratchet::adversary::{Attacker, Snapshot};

/// `hndl`.
pub(crate) const FIGURE: Figure = Figure {
    id: "hndl",
    title: "Messages read by a recorder who later breaks X25519",
    source: "PQXDH specification; Bhargavan et al., USENIX Security 2024",
    run,
};

/// When the state is stolen, in messages.
const THEFT: usize = 100;
/// Messages in all: some epochs past the theft.
const MESSAGES: (usize, usize) = (300, 600);
/// Strict alternation takes 87 messages for an epoch, and the one under way may be stolen with the state.
const TWO_EPOCHS: f64 = 174.0;

fn run(lab: &mut Lab) -> Result<Outcome, Error> {
    let mut outcome = FIGURE.outcome();
    let messages = lab.quick_or(MESSAGES.0, MESSAGES.1);
    for (at, suite) in Suite::ALL.into_iter().enumerate() {
        lab.tell(suite.name(), at as f64 / 3.0);
        let mut pair = Watched::new(suite, "hndl", |name| lab.rng(name))?;
        pair.alternate_to(THEFT)?;
        let stolen = pair.snapshot(A)?;
        pair.alternate_to(messages)?;
        add(&mut outcome, suite, &pair, &stolen)?;
    }
    outcome.note(format!(
        "{messages} messages in strict alternation. The theft is of the initiator's session state after message \
         {THEFT}. Read means decrypted and compared with what was sent."
    ));
    Ok(outcome)
}

fn add(outcome: &mut Outcome, suite: Suite, pair: &Watched, stolen: &Snapshot) -> Result<(), Error> {
    let recorder = Attacker::default().with_broken_curve(&pair.oracles.curve);
    let read = pair.read_by(&recorder)?;
    let all = read.len() as f64;
    let (expected, band) = match suite {
        Suite::X3dh => ("all", Band::exactly(all)),
        Suite::Pqxdh | Suite::Triple => ("none", Band::exactly(0.0)),
    };
    outcome.published(format!("{suite}, no theft"), (count(&read), "messages"), expected, band);

    let read = pair.read_by(&recorder.with_snapshot(stolen))?;
    let (before, after) = read.split_at(THEFT.min(read.len()));
    let (expected, band) = match suite {
        Suite::X3dh => ("all", Band::exactly(THEFT as f64)),
        Suite::Pqxdh | Suite::Triple => ("none", Band::exactly(0.0)),
    };
    outcome.published(format!("{suite}, before the theft"), (count(before), "messages"), expected, band);
    let case = format!("{suite}, after the theft");
    match suite {
        Suite::X3dh | Suite::Pqxdh => {
            outcome.published(case, (count(after), "messages"), "all", Band::exactly(after.len() as f64));
        }
        Suite::Triple => {
            let band = Band::between(1.0, TWO_EPOCHS);
            outcome.claimed(case, (count(after), "messages"), "until the next epoch", band);
        }
    }
    Ok(())
}
