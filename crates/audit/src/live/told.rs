//! Sealed rows of many messages, and which of the messages a key still opens.

use super::LiveError;
use super::destruction::{Loot, key_file};
use privacy::{Canary, DataClass, Scanner};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use store::forensics::{self, Relic};

/// So many rows are tried with every window: of the key file after each crash, of files and memory in the end. All of
/// them are tried with the key that they name.
const TRIED_WITH_ALL: usize = 8;

/// Sealed rows that once could be opened, and which message each holds.
pub(super) struct Told {
    many: Scanner,
    rows: BTreeMap<Relic, usize>,
    /// All rows that were tried.
    seen: BTreeSet<Relic>,
}

impl Told {
    pub(super) fn new(many: &str) -> Result<Self, LiveError> {
        let many = Scanner::new([Canary::new("many", DataClass::Content, many)])?;
        Ok(Self { many, rows: BTreeMap::new(), seen: BTreeSet::new() })
    }

    /// Takes all rows that can be opened with the keys that are there.
    pub(super) fn add(&mut self, files: &[(PathBuf, Vec<u8>)]) {
        let new = self.new_in(files);
        for (relic, plain) in new.open(files) {
            self.rows.extend(self.number_in(&plain).map(|number| (relic, number)));
        }
        // What no key opens now, none will: keys are made for new rows only.
        self.seen.extend(new.into_relics());
    }

    /// Rows in `files` that were not seen before: most rows are in one image after the other.
    fn new_in(&self, files: &[(PathBuf, Vec<u8>)]) -> Loot {
        let mut loot = Loot::default();
        loot.add(files);
        loot.retain(|relic| !self.seen.contains(relic));
        loot
    }

    /// The rows of some messages.
    pub(super) fn of(&self, messages: &BTreeSet<usize>) -> Vec<Relic> {
        let rows = self.rows.iter().filter(|(_, number)| messages.contains(number));
        rows.map(|(relic, _)| relic.clone()).collect()
    }

    /// A few of them, from the first to the last.
    pub(super) fn some(&self, messages: &BTreeSet<usize>) -> Vec<Relic> {
        let rows = self.of(messages);
        let step = rows.len().div_ceil(TRIED_WITH_ALL).max(1);
        rows.into_iter().step_by(step).collect()
    }

    /// Which of the messages can be opened: each row with the key that it names, and some with every other.
    pub(super) fn opened(&self, files: &[(PathBuf, Vec<u8>)], messages: &BTreeSet<usize>) -> BTreeSet<usize> {
        let mut loot = self.new_in(files);
        loot.extend(&self.of(messages));
        let named = loot.open(files).into_iter().map(|(_, plain)| plain);
        let some = self.some(messages);
        let tried = forensics::opened(key_file(files), 8, &some);
        let opened = named.chain(tried).filter_map(|plain| self.number_in(&plain));
        opened.filter(|number| messages.contains(number)).collect()
    }

    /// Which of the many messages this is.
    fn number_in(&self, plain: &[u8]) -> Option<usize> {
        let found = self.many.stream().feed(plain);
        let at = usize::try_from(found.first()?.offset).ok()?;
        let digits = plain.get(at..)?.split(|byte| *byte == b'-').nth(1)?.get(..5)?;
        std::str::from_utf8(digits).ok()?.parse().ok()
    }
}
