//! How deleted values become unreadable: generations of keys.
//!
//! Every new row is sealed with the key of the current generation. Most rows are short-lived (a ratchet
//! state until the next message, a message until it is delivered), so when the generation closes few of
//! its rows are left. Those are *tenured*: sealed again, each with a key of its own, and then the
//! generation's key is destroyed, and with it all else that it ever opened. When a tenured row is
//! deleted its own key is destroyed. So a row is sealed twice at most, and what is deleted can be read
//! for about one lifetime of a generation longer.

use crate::embedded::{Disk, Openers, Place, read};
use crate::error::Trouble;
use crate::keys::{KeyFile, Use};
use crate::seal::{KeyId, RowId, Sealer};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How many rows are tenured, and how many keys destroyed, between two rounds: commits wait that long.
const TENURED_AT_ONCE: usize = 1000;
const DESTROYED_AT_ONCE: usize = 4096;
/// How much of that is done before closing; the next opening does the rest.
const CHUNKS_AT_CLOSE: usize = 64;

/// The keys in use, by what will become of them.
#[derive(Default)]
pub(crate) struct Generations {
    current: Option<Sealer>,
    /// When the current generation closes.
    due: Option<Duration>,
    /// The live rows of each generation, the current one and those that are closing.
    live: BTreeMap<KeyId, BTreeSet<RowId>>,
    /// Keys of rows that are gone, to be destroyed when the current generation closes.
    idle: Vec<KeyId>,
    /// Keys to be destroyed now.
    condemned: Vec<KeyId>,
}

impl Generations {
    /// The key for new rows. Durable before it is used.
    pub(crate) fn sealer(&mut self, keys: &mut KeyFile) -> Result<&mut Sealer, Trouble> {
        if self.current.is_none() {
            for (id, bytes) in keys.create(Use::Generation, 1).map_err(Trouble::new)? {
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

    /// The oldest generation that is closing, and some of its rows.
    fn closing(&self) -> Option<(KeyId, Vec<RowId>)> {
        let current = self.current.as_ref().map(Sealer::id);
        let (key, rows) = self.live.iter().find(|(key, _)| Some(**key) != current)?;
        Some((*key, rows.iter().copied().take(TENURED_AT_ONCE).collect()))
    }

    fn close(&mut self) {
        self.current = None;
        self.due = None;
        self.condemned.append(&mut self.idle);
    }

    fn has_work(&self) -> bool {
        self.closing().is_some() || !self.condemned.is_empty()
    }
}

impl Disk {
    /// One piece of the work, after everything staged is durable. Says when the next is due.
    pub(crate) fn tend(&mut self, now: Duration, lifetime: Duration) -> Result<Option<Duration>, Trouble> {
        let generations = &mut self.generations;
        if generations.due.is_some_and(|due| now >= due) {
            generations.close();
        }
        let open = generations.current.is_some() || !generations.idle.is_empty();
        if open && generations.due.is_none() {
            generations.due = Some(now + lifetime);
        }
        if generations.has_work() {
            self.erase_some()?;
            return Ok(Some(now));
        }
        Ok(generations.due)
    }

    /// Closes the current generation and does all the work, within limits.
    pub(crate) fn finish(&mut self) -> Result<(), Trouble> {
        self.generations.close();
        for _ in 0..CHUNKS_AT_CLOSE {
            if self.generations.has_work() {
                self.erase_some()?;
            }
        }
        Ok(())
    }

    fn erase_some(&mut self) -> Result<(), Trouble> {
        if let Some((generation, rows)) = self.generations.closing() {
            if !rows.is_empty() {
                self.tenure(generation, &rows)?;
            }
            let left = self.generations.live.get(&generation);
            if left.is_none_or(BTreeSet::is_empty) {
                self.generations.live.remove(&generation);
                self.generations.condemned.push(generation);
            }
        }
        let condemned = &mut self.generations.condemned;
        let some: Vec<_> = condemned.drain(condemned.len().saturating_sub(DESTROYED_AT_ONCE)..).collect();
        self.keys.destroy(&some).map_err(Trouble::new)
    }

    /// Seals rows of a generation again, each with a key of its own.
    fn tenure(&mut self, generation: KeyId, rows: &[RowId]) -> Result<(), Trouble> {
        let mut openers = Openers::default();
        let mut resealed = Vec::with_capacity(rows.len());
        let own_keys = self.keys.create(Use::Row, rows.len()).map_err(Trouble::new)?;
        for (row, (own, bytes)) in rows.iter().zip(own_keys) {
            let place = Place { row: *row, key: generation };
            let record = read(&self.rows, &mut self.keys, &mut openers, place)?;
            resealed.push((*row, Sealer::new(own, &bytes)?.seal(*row, &record)?));
            self.index.move_to(&record, Place { row: *row, key: own });
        }
        self.rows.commit(resealed, [])?;
        if let Some(live) = self.generations.live.get_mut(&generation) {
            for row in rows {
                live.remove(row);
            }
        }
        Ok(())
    }
}
