//! Who talks with whom, and what comes of it.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

use serde::Serialize;

use crate::conversation::{Divergence, Initiator, Plan, converse};
use crate::dice::Dice;
use crate::oracle::{Oracle, OracleError, OracleVersion};
use crate::ours::Speaks;
use crate::refused::refuses;

/// The longest conversation. The rest of a row's messages go into further ones, between new devices.
const LONGEST: usize = 3000;

/// Messages that a refusal is tried with at once.
const REFUSED_AT_ONCE: usize = 3;

/// One line of the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Row {
    /// What our device speaks.
    pub speaks: Speaks,
    /// The official version at the other end.
    pub oracle: OracleVersion,
    /// Whether the official device has a KEM prekey in its bundles.
    pub official_has_kyber: bool,
    /// Who begins.
    pub initiator: Initiator,
    /// Whether the two understand each other.
    pub expected: Expected,
    /// How many messages are sent.
    pub messages: usize,
}

/// What has to come of a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expected {
    /// Every message is read, once.
    Read,
    /// Every message is refused, or there is none because no session can be begun.
    Refused,
}

/// What came of a row, as it goes into the JSON file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Outcome {
    /// What our device speaks; with `(refused)` behind it where the two must not understand each other.
    pub suite: String,
    /// The official version at the other end.
    pub oracle: String,
    /// Who began.
    pub initiator: String,
    /// How many messages were sent.
    pub messages: usize,
    /// How many answers were not what they had to be.
    pub divergences: usize,
}

/// The whole table. The newest pair gets `messages` in each row, the other pairs that understand each
/// other a tenth of it.
#[must_use]
pub fn table(messages: usize) -> Vec<Row> {
    use OracleVersion::{V072, V090, V103};
    use Speaks::{Pqxdh, Triple, TripleOrPqxdh, X3dh};
    let tenth = messages.div_ceil(10);
    let understood = [
        (Triple, V103, messages),
        (TripleOrPqxdh, V090, tenth),
        (Pqxdh, V072, tenth),
        (X3dh, V072, tenth),
        (Triple, V090, tenth),
        (TripleOrPqxdh, V103, tenth),
        (TripleOrPqxdh, V072, tenth),
        (Pqxdh, V090, tenth),
    ];
    let refused = [(Pqxdh, V103), (Triple, V072), (X3dh, V090), (X3dh, V103)];
    let understood = understood.into_iter().flat_map(|(speaks, oracle, messages)| {
        let official_has_kyber = speaks != X3dh;
        let expected = Expected::Read;
        Initiator::ALL.map(|initiator| Row {
            speaks,
            oracle,
            official_has_kyber,
            initiator,
            expected,
            messages,
        })
    });
    let refused = refused.into_iter().flat_map(|(speaks, oracle)| {
        let (official_has_kyber, expected, messages) = (true, Expected::Refused, 10 * REFUSED_AT_ONCE);
        [Initiator::Ours, Initiator::Official].map(|initiator| Row {
            speaks,
            oracle,
            official_has_kyber,
            initiator,
            expected,
            messages,
        })
    });
    understood.chain(refused).collect()
}

impl Row {
    /// Has it all said, telling `heard` how many messages each conversation had.
    ///
    /// # Errors
    /// When the oracle fails.
    pub fn run(
        &self,
        directory: &Path,
        seed: u64,
        mut heard: impl FnMut(usize),
    ) -> Result<(Outcome, Vec<Divergence>), OracleError> {
        let oracle = Rc::new(RefCell::new(Oracle::start(self.oracle, directory)?));
        let mut dice = Dice::new(seed);
        let mut divergences = Vec::new();
        let mut left = self.messages;
        while left > 0 {
            let messages = match self.expected {
                Expected::Read => 100 + dice.below(LONGEST - 100),
                Expected::Refused => REFUSED_AT_ONCE,
            }
            .min(left);
            let Self { speaks, official_has_kyber, initiator, .. } = *self;
            let plan = Plan { speaks, official_has_kyber, initiator, messages, seed: dice.seed() };
            divergences.extend(match self.expected {
                Expected::Read => converse(&oracle, &plan)?,
                Expected::Refused => refuses(&oracle, &plan)?,
            });
            left -= messages;
            heard(messages);
        }
        Ok((self.outcome(divergences.len()), divergences))
    }

    fn outcome(&self, divergences: usize) -> Outcome {
        let refused = match self.expected {
            Expected::Read => "",
            Expected::Refused => " (refused)",
        };
        Outcome {
            suite: format!("{}{refused}", self.speaks),
            oracle: self.oracle.to_string(),
            initiator: self.initiator.to_string(),
            messages: self.messages,
            divergences,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_is_in_the_table_once() {
        let rows = table(1000);
        for (at, row) in rows.iter().enumerate() {
            let same = |other: &&Row| {
                (other.speaks, other.oracle, other.initiator) == (row.speaks, row.oracle, row.initiator)
            };
            assert_eq!(rows.iter().filter(same).count(), 1, "row {at}");
        }
        // Four ways to speak, three versions; for each that it must refuse or understand.
        let pairs: std::collections::BTreeSet<_> = rows.iter().map(|row| (row.speaks, row.oracle)).collect();
        assert_eq!(pairs.len(), 4 * 3);
    }
}
