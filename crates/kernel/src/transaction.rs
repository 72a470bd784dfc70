//! Transactions as data: what a machine wants durable, without saying where.
//!
//! The four operations map one to one onto an embedded key-value store and onto an atomic batch of a
//! replicated log (compare-and-set on a state, append to a queue, trim a queue through a sequence).

use bytes::Bytes;
use std::fmt;

/// A table that a party writes: a name, stable on disk, and the shape of its rows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Table {
    name: &'static str,
    shape: Shape,
}

/// What the rows of a table are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shape {
    /// One value for each key, replaced by compare-and-set on its revision.
    State,
    /// For each key a queue of values, numbered in ascending order.
    Queue,
}

impl Table {
    /// A table of states.
    pub const fn state(name: &'static str) -> Self {
        Self { name, shape: Shape::State }
    }

    /// A table of queues.
    pub const fn queue(name: &'static str) -> Self {
        Self { name, shape: Shape::Queue }
    }

    /// The table's name, as it is on disk.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// What its rows are.
    pub const fn shape(self) -> Shape {
        self.shape
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// One change. `Debug` shows table and operation only: keys and values are private.
#[derive(Clone, PartialEq, Eq)]
pub enum Op {
    /// Sets a state whose stored revision is `revision` (0: there is none yet); it becomes `revision + 1`.
    /// The whole transaction is refused if another revision is stored: this is what keeps a restored
    /// or doubled party from turning a ratchet back.
    Swap {
        /// A table of states.
        table: Table,
        /// Which state.
        key: Bytes,
        /// The revision that this change was made from.
        revision: u64,
        /// The new value.
        value: Bytes,
    },
    /// Removes a state, whatever its revision; no effect if there is none.
    Remove {
        /// A table of states.
        table: Table,
        /// Which state.
        key: Bytes,
    },
    /// Appends to a queue. The transaction is refused if `sequence` is not above all that the queue holds.
    Append {
        /// A table of queues.
        table: Table,
        /// Which queue.
        key: Bytes,
        /// The value's number in its queue.
        sequence: u64,
        /// The value.
        value: Bytes,
    },
    /// Removes the values of a queue numbered up to and including `through`.
    Trim {
        /// A table of queues.
        table: Table,
        /// Which queue.
        key: Bytes,
        /// The last sequence to remove.
        through: u64,
    },
}

impl fmt::Debug for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Swap { table, revision, .. } => write!(f, "Swap({table:?} from revision {revision})"),
            Self::Remove { table, .. } => write!(f, "Remove({table:?})"),
            Self::Append { table, sequence, .. } => write!(f, "Append({table:?} #{sequence})"),
            Self::Trim { table, through, .. } => write!(f, "Trim({table:?} through #{through})"),
        }
    }
}

/// Changes that become durable together or not at all, applied in order.
///
/// Machines use the methods whose names end in `_with`: keys and values are made when somebody keeps them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transaction {
    ops: Vec<Op>,
    kept: Kept,
}

/// What of its changes a transaction keeps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Kept {
    #[default]
    All,
    /// Only whether there are any.
    Whether(bool),
}

impl Transaction {
    /// A transaction that notes whether anything changes, and not what: for a simulated disk that nobody will ever
    /// read.
    pub fn unread() -> Self {
        Self { ops: Vec::new(), kept: Kept::Whether(false) }
    }

    /// Sets a state, as [`swap`](Self::swap) does.
    pub fn swap_with<K: Into<Bytes>, V: Into<Bytes>>(
        &mut self,
        table: Table,
        revision: u64,
        row: impl FnOnce() -> (K, V),
    ) -> u64 {
        self.change(|| {
            let (key, value) = row();
            Op::Swap { table, key: key.into(), revision, value: value.into() }
        });
        revision + 1
    }

    /// Removes a state, as [`remove`](Self::remove) does.
    pub fn remove_with<K: Into<Bytes>>(&mut self, table: Table, key: impl FnOnce() -> K) {
        self.change(|| Op::Remove { table, key: key().into() });
    }

    /// Appends to a queue, as [`append`](Self::append) does.
    pub fn append_with<K: Into<Bytes>, V: Into<Bytes>>(
        &mut self,
        table: Table,
        sequence: u64,
        item: impl FnOnce() -> (K, V),
    ) {
        self.change(|| {
            let (key, value) = item();
            Op::Append { table, key: key.into(), sequence, value: value.into() }
        });
    }

    /// Trims a queue, as [`trim`](Self::trim) does.
    pub fn trim_with<K: Into<Bytes>>(&mut self, table: Table, through: u64, key: impl FnOnce() -> K) {
        self.change(|| Op::Trim { table, key: key().into(), through });
    }

    /// Sets a state; see [`Op::Swap`]. Returns the revision that it has afterwards.
    pub fn swap(
        &mut self,
        table: Table,
        key: impl Into<Bytes>,
        revision: u64,
        value: impl Into<Bytes>,
    ) -> u64 {
        self.swap_with(table, revision, || (key, value))
    }

    /// Removes a state; see [`Op::Remove`].
    pub fn remove(&mut self, table: Table, key: impl Into<Bytes>) {
        self.remove_with(table, || key);
    }

    /// Appends to a queue; see [`Op::Append`].
    pub fn append(&mut self, table: Table, key: impl Into<Bytes>, sequence: u64, value: impl Into<Bytes>) {
        self.append_with(table, sequence, || (key, value));
    }

    /// Trims a queue; see [`Op::Trim`].
    pub fn trim(&mut self, table: Table, key: impl Into<Bytes>, through: u64) {
        self.trim_with(table, through, || key);
    }

    /// Adds the changes of a later transaction behind these.
    pub fn absorb(&mut self, later: Self) {
        if let Kept::Whether(changed) = &mut self.kept {
            *changed |= !later.is_empty();
        } else if self.ops.is_empty() {
            self.ops = later.ops;
        } else {
            self.ops.extend(later.ops);
        }
    }

    /// The changes, in order.
    pub fn ops(&self) -> &[Op] {
        &self.ops
    }

    /// The changes, in order.
    pub fn into_ops(self) -> Vec<Op> {
        self.ops
    }

    /// True if nothing changes.
    pub fn is_empty(&self) -> bool {
        match self.kept {
            Kept::All => self.ops.is_empty(),
            Kept::Whether(changed) => !changed,
        }
    }

    fn change(&mut self, op: impl FnOnce() -> Op) {
        match &mut self.kept {
            Kept::All => self.ops.push(op()),
            Kept::Whether(changed) => *changed = true,
        }
    }
}

/// What a store holds of one key (of a queue: of one sequence). `Debug` hides key and value.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    /// The table that it is in.
    pub table: Table,
    /// Which state or queue.
    pub key: Bytes,
    /// A state's revision (from 1), or a queued value's sequence.
    pub at: u64,
    /// The value.
    pub value: Bytes,
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Row({:?} at {}, {} B)", self.table, self.at, self.value.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: Table = Table::state("states");
    const QUEUES: Table = Table::queue("queues");

    fn made() -> Bytes {
        panic!("somebody made it")
    }

    #[test]
    fn what_nobody_reads_is_not_made_and_is_a_change_all_the_same() {
        let mut unread = Transaction::unread();
        assert!(unread.is_empty());
        let revision = unread.swap_with(STATES, 4, || (made(), made()));
        unread.append_with(QUEUES, 1, || (made(), made()));
        assert_eq!((revision, unread.is_empty(), unread.ops()), (5, false, &[][..]));

        let mut removed = Transaction::unread();
        removed.remove_with(STATES, made);
        let mut trimmed = Transaction::unread();
        trimmed.trim_with(QUEUES, 1, made);
        assert!(!removed.is_empty() && !trimmed.is_empty());
    }

    #[test]
    fn a_change_is_the_same_however_it_is_told() {
        let mut told = Transaction::default();
        told.swap(STATES, "a", 0, "b");
        told.append(QUEUES, "q", 1, "c");
        told.remove(STATES, "a");
        told.trim(QUEUES, "q", 1);
        let mut made = Transaction::default();
        made.swap_with(STATES, 0, || ("a", "b"));
        made.append_with(QUEUES, 1, || ("q", "c"));
        made.remove_with(STATES, || "a");
        made.trim_with(QUEUES, 1, || "q");
        assert_eq!(told, made);
    }

    #[test]
    fn an_unread_transaction_notes_what_it_absorbs() {
        let mut unread = Transaction::unread();
        unread.absorb(Transaction::default());
        assert!(unread.is_empty());
        let mut later = Transaction::default();
        later.remove(STATES, "a");
        unread.absorb(later);
        assert!(!unread.is_empty() && unread.ops().is_empty());
    }
}
