//! Which key opens which rows, and which keys are to go: what `erase` works through.

use crate::error::Trouble;
use crate::keys::{KeyFile, Use};
use crate::seal::{KeyId, Place, RowId, Sealer};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The keys in use, by what will become of them.
#[derive(Default)]
pub(crate) struct Generations {
    pub(crate) current: Option<Sealer>,
    /// When the current generation closes.
    pub(crate) due: Option<Duration>,
    /// The live rows of each generation, the current one and those that are closing.
    pub(crate) live: BTreeMap<KeyId, BTreeSet<RowId>>,
    /// Keys of rows that are gone, to be destroyed when the current generation closes.
    pub(crate) idle: Vec<KeyId>,
    /// Keys to be destroyed now.
    pub(crate) condemned: Vec<KeyId>,
}

impl Generations {
    /// The key for new rows, with `commits` durable before. Durable before it is used.
    pub(crate) fn sealer(&mut self, keys: &mut KeyFile, commits: u64) -> Result<&mut Sealer, Trouble> {
        if self.current.is_none() {
            for (id, bytes) in keys.create(Use::Generation, 1, commits).map_err(Trouble::new)? {
                self.current = Some(Sealer::new(id, &bytes)?);
                self.live.insert(id, BTreeSet::new());
            }
        }
        self.current.as_mut().ok_or_else(|| Trouble::new("no key was made"))
    }

    /// A row is new in its generation.
    pub(crate) fn add(&mut self, place: Place) {
        self.live.entry(place.key).or_default().insert(place.row);
    }

    /// A row is gone: out of its generation, or its own key has nothing left to open.
    pub(crate) fn remove(&mut self, place: Place) {
        match self.live.get_mut(&place.key) {
            Some(rows) => {
                rows.remove(&place.row);
            }
            None => self.idle.push(place.key),
        }
    }

    /// The oldest generation that is closing, and so many of its rows.
    pub(crate) fn closing(&self, at_most: usize) -> Option<(KeyId, Vec<RowId>)> {
        let current = self.current.as_ref().map(Sealer::id);
        let (key, rows) = self.live.iter().find(|(key, _)| Some(**key) != current)?;
        Some((*key, rows.iter().copied().take(at_most).collect()))
    }

    /// From now on new rows get another key, and what nothing needs any more is to go.
    pub(crate) fn close(&mut self) {
        self.current = None;
        self.due = None;
        self.condemned.append(&mut self.idle);
    }

    /// True if there is something to erase.
    pub(crate) fn has_work(&self) -> bool {
        self.closing(0).is_some() || !self.condemned.is_empty()
    }
}
