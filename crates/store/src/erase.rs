//! How deleted values become unreadable: generations of keys.
//!
//! Every new row is sealed with the key of the current generation. Most rows are short-lived (a ratchet
//! state until the next message, a message until it is delivered), so when the generation closes few of
//! its rows are left. Those are *tenured*: sealed again, each with a key of its own, and then the
//! generation's key is destroyed, and with it all else that it ever opened. When a tenured row is
//! deleted its own key is destroyed. So a row is sealed twice at most, and what is deleted can be read
//! for about one lifetime of a generation longer.

use crate::embedded::{Disk, Openers, read};
use crate::error::Trouble;
use crate::keys::Use;
use crate::seal::{KeyId, Place, RowId, Sealer};
use std::collections::BTreeSet;
use std::time::Duration;

/// How many rows are tenured, and how many keys destroyed, between two rounds: commits wait that long.
const TENURED_AT_ONCE: usize = 1000;
const DESTROYED_AT_ONCE: usize = 4096;
/// How much of that is done before closing; the next opening does the rest.
const CHUNKS_AT_CLOSE: usize = 64;

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

    /// Closes the current generation and does all the work, within limits, and makes the last mark durable.
    pub(crate) fn finish(&mut self) -> Result<(), Trouble> {
        self.generations.close();
        for _ in 0..CHUNKS_AT_CLOSE {
            if self.generations.has_work() {
                self.erase_some()?;
            }
        }
        self.keys.sync().map_err(Trouble::new)
    }

    fn erase_some(&mut self) -> Result<(), Trouble> {
        if let Some((generation, rows)) = self.generations.closing(TENURED_AT_ONCE) {
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
        let own_keys = self.keys.create(Use::Row, rows.len(), self.tally.commits).map_err(Trouble::new)?;
        for (row, (own, bytes)) in rows.iter().zip(own_keys) {
            let place = Place { row: *row, key: generation };
            let record = read(&self.rows, &mut self.keys, &mut openers, place)?;
            resealed.push((*row, Sealer::new(own, &bytes)?.seal(*row, &record)?));
            self.index.move_to(&record, Place { row: *row, key: own });
        }
        self.rows.commit(None, resealed, [])?;
        if let Some(live) = self.generations.live.get_mut(&generation) {
            for row in rows {
                live.remove(row);
            }
        }
        Ok(())
    }
}
