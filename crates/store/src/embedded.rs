//! Rows on this machine's disk: sealed rows in a database, their keys in the key file, and in memory
//! which rows there are.
//!
//! The order of writing is what makes erasure safe: a key is durable before anything is sealed with it,
//! and it is destroyed only after its rows are durably gone or durably under another key. So after a
//! crash there may be keys without rows, which are destroyed, and never rows without a key.

use crate::engine::Engine;
use crate::error::{CommitError, LoadError, OpenError, Trouble};
use crate::generations::Generations;
use crate::index::{Change, Index};
use crate::keys::{KeyFile, Use};
use crate::rows::Rows;
use crate::seal::{KeyId, Opener, Place, Record, RowId, Sealer, key_of};
use crate::tally::Tally;
use crate::{Options, StoreId};
use kernel::{Op, Row, Table, Transaction};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The embedded engine, which closes itself on any failure of the disk and opens again at the next round.
pub(crate) struct Embedded {
    dir: PathBuf,
    store: StoreId,
    options: Options,
    disk: Option<Disk>,
    /// After a failure: when to try again to do the work that nobody waits for.
    retry_at: Option<Duration>,
}

/// What there is while the disk works.
pub(crate) struct Disk {
    pub(crate) rows: Rows,
    pub(crate) keys: KeyFile,
    pub(crate) index: Index<Place>,
    /// What there is on disk.
    pub(crate) tally: Tally,
    pub(crate) generations: Generations,
    pub(crate) next_row: u64,
    /// Staged and not yet on disk.
    pub(crate) puts: BTreeMap<RowId, Vec<u8>>,
    pub(crate) removals: Vec<RowId>,
    /// Dropped last: other processes may open the store then.
    pub(crate) _lock: File,
}

impl Embedded {
    /// The store in `dir`, which is `known`, or may be made.
    pub(crate) fn open(dir: &Path, known: Option<StoreId>, options: Options) -> Result<Self, OpenError> {
        let disk = Disk::open(dir, known, &options)?;
        Ok(Self { dir: dir.into(), store: disk.keys.store(), options, disk: Some(disk), retry_at: None })
    }

    pub(crate) fn store(&self) -> StoreId {
        self.store
    }

    /// So many commits are durable.
    pub(crate) fn commits(&self) -> u64 {
        self.disk.as_ref().map_or(0, |disk| disk.tally.commits)
    }

    /// Runs `work`; if it fails, what is in memory may differ from what is on disk, and is forgotten.
    fn with_disk<T>(&mut self, work: impl FnOnce(&mut Disk) -> Result<T, Trouble>) -> Result<T, Trouble> {
        let disk = self.disk.as_mut().ok_or_else(|| Trouble::new("the disk failed a moment ago"))?;
        let outcome = work(disk);
        if outcome.is_err() {
            self.disk = None;
        }
        outcome
    }
}

impl Engine for Embedded {
    fn ready(&mut self) -> Result<(), Trouble> {
        if self.disk.is_none() {
            self.disk = Some(Disk::open(&self.dir, Some(self.store), &self.options).map_err(Trouble::new)?);
        }
        Ok(())
    }

    fn stage(&mut self, partition: &str, transaction: Transaction) -> Result<(), CommitError> {
        self.with_disk(|disk| disk.stage(partition, transaction))?
    }

    fn sync(&mut self) -> Result<(), Trouble> {
        self.with_disk(Disk::sync)
    }

    fn load(&mut self, partition: &str, tables: &'static [Table]) -> Result<Vec<Row>, LoadError> {
        self.with_disk(|disk| disk.load(partition, tables))?
    }

    fn tend(&mut self, now: Duration) -> Option<Duration> {
        let lifetime = self.options.key_lifetime;
        if self.retry_at.is_some_and(|at| now < at) {
            return self.retry_at;
        }
        self.retry_at = None;
        let tended = self.ready().and_then(|()| self.with_disk(|disk| disk.tend(now, lifetime)));
        tended.unwrap_or_else(|_| {
            self.retry_at = Some(now + lifetime.max(Duration::from_millis(100)));
            self.retry_at
        })
    }

    fn close(&mut self) {
        // What this leaves undone, the next opening does.
        let _ = self.with_disk(Disk::finish);
        self.disk = None;
    }
}

impl Disk {
    pub(crate) fn stage(
        &mut self,
        partition: &str,
        transaction: Transaction,
    ) -> Result<Result<(), CommitError>, Trouble> {
        let writes = transaction.ops().iter().any(|op| matches!(op, Op::Swap { .. } | Op::Append { .. }));
        let key = if writes { self.sealer()?.id() } else { KeyId(0) };
        let next_row = &mut self.next_row;
        let place = |_: &_| {
            let row = RowId(*next_row);
            *next_row += 1;
            Place { row, key }
        };
        let changes = match self.index.apply(partition, transaction, place) {
            Ok(changes) => changes,
            Err(refusal) => return Ok(Err(refusal)),
        };
        for change in changes {
            match change {
                Change::Put { table, key, at, value, place } => {
                    let (partition, name) = (partition.into(), table.name().into());
                    let record = Record { partition, table: name, shape: table.shape(), key, at, value };
                    let sealed = self.sealer()?.seal(place.row, &record)?;
                    self.puts.insert(place.row, sealed);
                    self.generations.add(place);
                }
                Change::Drop(place) => {
                    // What is put and dropped in one round never reaches the disk.
                    if self.puts.remove(&place.row).is_none() {
                        self.removals.push(place.row);
                    }
                    self.generations.remove(place);
                }
            }
        }
        Ok(Ok(()))
    }

    fn sealer(&mut self) -> Result<&mut Sealer, Trouble> {
        self.generations.sealer(&mut self.keys, self.tally.commits)
    }

    pub(crate) fn sync(&mut self) -> Result<(), Trouble> {
        let (puts, removals) = (std::mem::take(&mut self.puts), std::mem::take(&mut self.removals));
        if puts.is_empty() && removals.is_empty() {
            return Ok(());
        }
        puts.keys().for_each(|row| self.tally.add(*row));
        removals.iter().for_each(|row| self.tally.remove(*row));
        self.tally.commits += 1;
        self.tally.last_key = self.keys.last_key();
        self.rows.commit(Some(&self.tally), puts, removals)?;
        self.keys.note(self.tally.commits).map_err(Trouble::new)
    }

    pub(crate) fn load(
        &mut self,
        partition: &str,
        tables: &'static [Table],
    ) -> Result<Result<Vec<Row>, LoadError>, Trouble> {
        let found = match self.index.rows(partition, tables) {
            Ok(found) => found,
            Err(misfit) => return Ok(Err(misfit)),
        };
        // Read in the order of the disk, returned in the order of the index.
        let mut found: Vec<_> = found.into_iter().enumerate().collect();
        found.sort_unstable_by_key(|(_, (.., place))| place.row);
        let mut openers = Openers::default();
        let mut loaded = Vec::with_capacity(found.len());
        for (position, (table, key, at, place)) in found {
            let record = read(&self.rows, &mut self.keys, &mut openers, *place)?;
            if (&*record.partition, &*record.table, record.at) != (partition, table.name(), at)
                || record.key != key
            {
                return Err(Trouble::new("a row isn't where it was: the files were changed meanwhile"));
            }
            loaded.push((position, Row { table, key: record.key, at, value: record.value }));
        }
        loaded.sort_unstable_by_key(|(position, _)| *position);
        Ok(Ok(loaded.into_iter().map(|(_, row)| row).collect()))
    }
}

/// The keys of generations, which open many rows; keys of single rows aren't kept.
#[derive(Default)]
pub(crate) struct Openers(BTreeMap<KeyId, Opener>);

impl Openers {
    /// Opens `sealed` with the key that it names.
    pub(crate) fn open(&mut self, keys: &mut KeyFile, row: RowId, sealed: &[u8]) -> Result<Record, Trouble> {
        let damaged = || Trouble(format!("row {} does not open", row.0));
        let id = key_of(sealed).ok_or_else(damaged)?;
        let used_for =
            keys.use_of(id).ok_or_else(|| Trouble(format!("row {} has no key in the key file", row.0)))?;
        if let Some(opener) = self.0.get(&id) {
            return opener.open(row, sealed).ok_or_else(damaged);
        }
        let opener = Opener::new(id, &keys.read(id).map_err(Trouble::new)?)?;
        let record = opener.open(row, sealed).ok_or_else(damaged)?;
        if used_for == Use::Generation {
            self.0.insert(id, opener);
        }
        Ok(record)
    }
}

/// Reads and opens a row that has to be there.
pub(crate) fn read(
    rows: &Rows,
    keys: &mut KeyFile,
    openers: &mut Openers,
    place: Place,
) -> Result<Record, Trouble> {
    let sealed =
        rows.get(place.row)?.ok_or_else(|| Trouble(format!("row {} is missing on disk", place.row.0)))?;
    openers.open(keys, place.row, &sealed)
}
