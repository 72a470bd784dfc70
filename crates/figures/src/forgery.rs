//! How authenticity heals: for how many rounds after a theft of session state somebody passes for its victim.

use crate::error::OrFailed;
use crate::pair::{Device, START_S};
use crate::{Band, Error, Figure, Lab, Outcome};
use ratchet::adversary::Forger;
use ratchet::{SessionRecord, Strictness, Suite};

/// `authenticity-heals`.
pub(crate) const FIGURE: Figure = Figure {
    id: "authenticity-heals",
    title: "Rounds for which a forgery passes after a one-time theft of session state",
    source: "Double Ratchet and ML-KEM Braid specifications",
    run,
};

/// An epoch of strict alternation takes 87 messages, two to a round.
const EPOCH_ROUNDS: f64 = 43.5;
/// Thefts are spread over two epochs, in which the sides swap roles.
const TWO_EPOCHS: usize = 87;
const THEFTS: (usize, usize) = (2, 12);
/// Rounds after a theft: past the epoch under way and the next, and where nothing heals by epochs, past five chains.
const AFTERWARDS: (usize, usize) = (20, 95);

/// What the forger goes on with.
#[derive(Clone, Copy, PartialEq)]
enum With {
    /// The victim's session, as it was stolen.
    Theft,
    /// And a broken X25519, with which it follows the classical ratchet.
    BrokenCurve,
    /// A broken X25519 and nothing of the post-quantum ratchet, about which it lies.
    BrokenCurveAlone,
}

fn run(lab: &mut Lab) -> Result<Outcome, Error> {
    let mut outcome = FIGURE.outcome();
    let thefts = lab.quick_or(THEFTS.0, THEFTS.1);
    for (at, suite) in Suite::ALL.into_iter().enumerate() {
        lab.tell(suite.name(), at as f64 / 3.0);
        let rounds = |with, strictness| -> Result<Vec<f64>, Error> {
            let moments = (0..thefts).map(|theft| 1 + theft * TWO_EPOCHS / thefts);
            moments.map(|moment| Scene::new(lab, suite, strictness, moment)?.passes(with, suite)).collect()
        };
        classical(&mut outcome, suite, rounds)?;
        quantum(&mut outcome, suite, rounds)?;
    }
    outcome.note(format!(
        "A round is a message of the victim, read, and an answer, read. {thefts} moments of theft over two epochs; a \
         number is of the theft that lasts longest. The forger writes in the victim's name in the newest chain that it \
         has; it passes if the peer would take that for the victim's. Strict: receiving chains end where their sender says."
    ));
    Ok(outcome)
}

type Rounds<'a> = &'a dyn Fn(With, Strictness) -> Result<Vec<f64>, Error>;

fn classical(
    outcome: &mut Outcome,
    suite: Suite,
    rounds: impl Fn(With, Strictness) -> Result<Vec<f64>, Error>,
) -> Result<(), Error> {
    let strict = most(&rounds(With::Theft, Strictness::Specified)?);
    let case = format!("{suite}, stolen session, strict");
    outcome.published(case, (strict, "rounds"), "one round trip: 1 or 2", Band::between(1.0, 2.0));
    let deployed = most(&rounds(With::Theft, Strictness::Deployed)?);
    let case = format!("{suite}, stolen session, as deployed");
    outcome.claimed(case, (deployed, "rounds"), "four chains longer", Band::exactly(strict + 4.0));
    Ok(())
}

fn quantum(
    outcome: &mut Outcome,
    suite: Suite,
    rounds: impl Fn(With, Strictness) -> Result<Vec<f64>, Error>,
) -> Result<(), Error> {
    let rounds: Rounds<'_> = &rounds;
    let with = rounds(With::BrokenCurve, Strictness::Deployed)?;
    let without = rounds(With::BrokenCurveAlone, Strictness::Deployed)?;
    let case = |what| format!("{suite}, {what}");
    let (stolen, alone) = ("stolen session and broken X25519", "broken X25519 alone");
    if suite != Suite::Triple {
        let all = AFTERWARDS.0 as f64;
        let share = |rounds: &[f64]| (rounds.iter().copied().fold(all, f64::min) / all, "of rounds");
        outcome.published(case(stolen), share(&with), "all: never heals", Band::exactly(1.0));
        outcome.published(case(alone), share(&without), "all: never heals", Band::exactly(1.0));
        return Ok(());
    }
    let expected = "one epoch, and at most the one under way";
    let band = Band::between(EPOCH_ROUNDS, 2.0 * EPOCH_ROUNDS + 1.0);
    outcome.published(case(stolen), (most(&with), "rounds"), expected, band);
    outcome.claimed(case(alone), (most(&without), "rounds"), "none", Band::exactly(0.0));
    Ok(())
}

fn most(rounds: &[f64]) -> f64 {
    rounds.iter().copied().fold(0.0, f64::max)
}

/// A victim and its peer, and what was stolen from the victim.
struct Scene {
    victim: Device,
    peer: Device,
    stolen: SessionRecord,
}

impl Scene {
    /// After so many rounds, in the middle of a chain of the victim's.
    fn new(lab: &Lab, suite: Suite, strictness: Strictness, moment: usize) -> Result<Self, Error> {
        let device = |side: &str| {
            let rng = lab.rng(&format!("authenticity-heals/{suite}/{moment}/{side}"));
            Device::new(suite, SessionRecord::default().reading(strictness), rng)
        };
        let (mut victim, mut peer) = (device("victim"), device("peer"));
        victim.initiate(&peer.bundle(), START_S)?;
        let mut scene = Self { stolen: victim.record.clone(), victim, peer };
        for _ in 0..moment {
            scene.round()?;
        }
        scene.there()?;
        scene.stolen = scene.victim.record.clone();
        Ok(scene)
    }

    fn there(&mut self) -> Result<(), Error> {
        let there = self.victim.encrypt(b"there", START_S)?;
        self.peer.decrypt(&there).map(|_| ())
    }

    fn round(&mut self) -> Result<(), Error> {
        self.there()?;
        let back = self.peer.encrypt(b"back", START_S)?;
        self.victim.decrypt(&back).map(|_| ())
    }

    /// Rounds until no forgery passes any more.
    fn passes(&mut self, with: With, suite: Suite) -> Result<f64, Error> {
        let by_epochs = suite == Suite::Triple && with != With::Theft;
        let rounds = if by_epochs { AFTERWARDS.1 } else { AFTERWARDS.0 };
        for round in 0..rounds {
            if round > 0 {
                self.round()?;
            }
            if !self.one_passes(with, u32::try_from(round).or_failed("counting rounds")?)? {
                return Ok(round as f64);
            }
        }
        Ok(rounds as f64)
    }

    fn one_passes(&mut self, with: With, round: u32) -> Result<bool, Error> {
        let no_session = || Error::missing("taking the victim's session");
        let mut forger = Forger::of(&self.stolen).ok_or_else(no_session)?;
        if with != With::Theft {
            forger = forger.following(&self.victim.record).ok_or_else(no_session)?;
        }
        if with == With::BrokenCurveAlone {
            forger = forger.claiming_no_key();
        }
        // What the victim has said since takes counters and indices away; the forger takes later ones.
        for ahead in [1, 2, round + 1, round + 2] {
            let forged = forger.forge(b"forged", ahead, self.victim.rng());
            if forged.is_some_and(|forged| self.peer.would_read(&forged)) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
