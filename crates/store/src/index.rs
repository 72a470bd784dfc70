//! Which rows there are and where, and what a transaction does to them: the one place where the
//! meaning of the operations is written down.

use crate::error::{CommitError, LoadError};
use crate::seal::Record;
use bytes::Bytes;
use kernel::{Op, Shape, Table, Transaction};
use std::collections::BTreeMap;

/// All live rows, each with its place `P`: what an engine needs to find it.
#[derive(Clone)]
pub(crate) struct Index<P> {
    /// By partition, by table.
    spaces: BTreeMap<Box<str>, BTreeMap<Box<str>, Space>>,
    rows: BTreeMap<RowKey, P>,
    next_space: u32,
}

/// What a transaction did to one row.
pub(crate) enum Change<P> {
    /// A row is new, at this place.
    Put { table: Table, key: Bytes, at: u64, value: Bytes, place: P },
    /// The row at this place is gone. It may have been put by the same transaction.
    Drop(P),
}

/// One table of one partition.
#[derive(Clone, Copy)]
struct Space {
    id: u32,
    shape: Shape,
}

/// A state is the one row of its key, at its revision; a queue is all rows of its key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct RowKey {
    space: u32,
    key: Bytes,
    at: u64,
}

/// How to take a transaction back: each row touched, and what was there before.
type Undo<P> = Vec<(RowKey, Option<P>)>;

impl<P> Default for Index<P> {
    fn default() -> Self {
        Self { spaces: BTreeMap::new(), rows: BTreeMap::new(), next_space: 0 }
    }
}

impl<P: Clone> Index<P> {
    /// Applies a transaction, asking `place` for a place for each new value; or refuses it and changes
    /// nothing.
    pub(crate) fn apply(
        &mut self,
        partition: &str,
        transaction: Transaction,
        mut place: impl FnMut(&Bytes) -> P,
    ) -> Result<Vec<Change<P>>, CommitError> {
        let mut undo = Undo::new();
        let mut changes = Vec::new();
        for op in transaction.into_ops() {
            if let Err(refusal) = self.apply_op(partition, op, &mut place, &mut undo, &mut changes) {
                self.take_back(undo);
                return Err(refusal);
            }
        }
        Ok(changes)
    }

    fn apply_op(
        &mut self,
        partition: &str,
        op: Op,
        place: &mut impl FnMut(&Bytes) -> P,
        undo: &mut Undo<P>,
        changes: &mut Vec<Change<P>>,
    ) -> Result<(), CommitError> {
        let table = table_of(&op);
        let misfit = CommitError::Misfit { table: table.name() };
        let Some(space) = self.space(partition, table.name(), table.shape()) else { return Err(misfit) };
        match (op, table.shape()) {
            (Op::Swap { key, revision, value, .. }, Shape::State) => {
                let stored = self.last_at(space, &key);
                let next = revision.checked_add(1);
                let (true, Some(next)) = (stored.unwrap_or(0) == revision, next) else {
                    return Err(CommitError::Stale { table: table.name() });
                };
                self.remove_through(space, &key, u64::MAX, undo, changes);
                self.put(space, table, key, next, value, place, undo, changes);
            }
            (Op::Remove { key, .. }, Shape::State) => {
                self.remove_through(space, &key, u64::MAX, undo, changes);
            }
            (Op::Append { key, sequence, value, .. }, Shape::Queue) => {
                if self.last_at(space, &key).is_some_and(|last| sequence <= last) {
                    return Err(CommitError::OutOfOrder { table: table.name() });
                }
                self.put(space, table, key, sequence, value, place, undo, changes);
            }
            (Op::Trim { key, through, .. }, Shape::Queue) => {
                self.remove_through(space, &key, through, undo, changes);
            }
            _ => return Err(misfit),
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "a row, and the two records of what happened to it")]
    fn put(
        &mut self,
        space: u32,
        table: Table,
        key: Bytes,
        at: u64,
        value: Bytes,
        place: &mut impl FnMut(&Bytes) -> P,
        undo: &mut Undo<P>,
        changes: &mut Vec<Change<P>>,
    ) {
        let place = place(&value);
        let row = RowKey { space, key: own(&key), at };
        undo.push((row.clone(), self.rows.insert(row, place.clone())));
        changes.push(Change::Put { table, key, at, value, place });
    }

    fn remove_through(
        &mut self,
        space: u32,
        key: &Bytes,
        through: u64,
        undo: &mut Undo<P>,
        changes: &mut Vec<Change<P>>,
    ) {
        let rows: Vec<_> = self.range(space, key, through).map(|(row, _)| row.clone()).collect();
        for row in rows {
            if let Some(place) = self.rows.remove(&row) {
                changes.push(Change::Drop(place.clone()));
                undo.push((row, Some(place)));
            }
        }
    }

    fn take_back(&mut self, undo: Undo<P>) {
        for (row, before) in undo.into_iter().rev() {
            match before {
                Some(place) => self.rows.insert(row, place),
                None => self.rows.remove(&row),
            };
        }
    }
}

impl<P> Index<P> {
    /// Adds a row found on disk. False if it can't be there beside the rows added before.
    pub(crate) fn restore(&mut self, record: &Record, place: P) -> bool {
        let Some(space) = self.space(&record.partition, &record.table, record.shape) else { return false };
        if record.shape == Shape::State && self.last_at(space, &record.key).is_some() {
            return false;
        }
        let row = RowKey { space, key: own(&record.key), at: record.at };
        self.rows.insert(row, place).is_none()
    }

    /// A row has another place now.
    pub(crate) fn move_to(&mut self, record: &Record, place: P) {
        let Some(space) = self.space(&record.partition, &record.table, record.shape) else { return };
        let row = RowKey { space, key: record.key.clone(), at: record.at };
        if let Some(old) = self.rows.get_mut(&row) {
            *old = place;
        }
    }

    fn last_at(&self, space: u32, key: &Bytes) -> Option<u64> {
        self.range(space, key, u64::MAX).next_back().map(|(row, _)| row.at)
    }

    fn range(
        &self,
        space: u32,
        key: &Bytes,
        through: u64,
    ) -> impl DoubleEndedIterator<Item = (&RowKey, &P)> + '_ {
        let row = |at| RowKey { space, key: key.clone(), at };
        self.rows.range(row(0)..=row(through))
    }

    /// Where the rows of a partition are: in the order of `tables`, then by key, then ascending.
    pub(crate) fn rows(
        &self,
        partition: &str,
        tables: &'static [Table],
    ) -> Result<Vec<(Table, Bytes, u64, &P)>, LoadError> {
        let Some(spaces) = self.spaces.get(partition) else { return Ok(Vec::new()) };
        for (name, space) in spaces {
            let known = tables.iter().any(|table| table.name() == &**name && table.shape() == space.shape);
            if !known && self.all(space.id).next().is_some() {
                return Err(LoadError::Misfit { table: name.to_string() });
            }
        }
        let of_table = |table: &Table| spaces.get(table.name()).map(|space| (*table, *space));
        let found = tables.iter().filter_map(of_table);
        Ok(found
            .flat_map(|(table, space)| {
                self.all(space.id).map(move |(row, place)| (table, row.key.clone(), row.at, place))
            })
            .collect())
    }

    fn all(&self, space: u32) -> impl Iterator<Item = (&RowKey, &P)> + '_ {
        let first = RowKey { space, key: Bytes::new(), at: 0 };
        self.rows.range(first..).take_while(move |(row, _)| row.space == space)
    }

    /// The number of a table of a partition; `None` if it is known in another shape.
    fn space(&mut self, partition: &str, table: &str, shape: Shape) -> Option<u32> {
        if !self.spaces.contains_key(partition) {
            self.spaces.insert(partition.into(), BTreeMap::new());
        }
        let spaces = self.spaces.get_mut(partition)?;
        if let Some(space) = spaces.get(table) {
            return (space.shape == shape).then_some(space.id);
        }
        let id = self.next_space;
        self.next_space += 1;
        spaces.insert(table.into(), Space { id, shape });
        Some(id)
    }
}

/// The table that an operation is about.
pub(crate) fn table_of(op: &Op) -> Table {
    match op {
        Op::Swap { table, .. }
        | Op::Remove { table, .. }
        | Op::Append { table, .. }
        | Op::Trim { table, .. } => *table,
    }
}

/// A copy of its own, so that a row in the index doesn't keep the frame alive that its key came in.
fn own(key: &Bytes) -> Bytes {
    Bytes::copy_from_slice(key)
}
