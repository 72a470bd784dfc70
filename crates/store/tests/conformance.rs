//! What every engine keeps, seen through the public face. A new engine adds a line at the bottom.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

use bytes::Bytes;
use kernel::{Row, Table, Transaction};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::time::Duration;
use store::{CommitError, LoadError, Options, Partition, Store};

const SESSIONS: Table = Table::state("sessions");
const COUNTERS: Table = Table::state("counters");
const INBOX: Table = Table::queue("inbox");
const TABLES: &[Table] = &[SESSIONS, INBOX, COUNTERS];

/// A kind of store, and how to stop one and start it again over the same rows.
trait Subject {
    fn start() -> Self;
    fn store(&self) -> &Store;
    fn restart(self) -> Self;
}

struct InMemory(Store);

impl Subject for InMemory {
    fn start() -> Self {
        Self(Store::in_memory())
    }
    fn store(&self) -> &Store {
        &self.0
    }
    fn restart(self) -> Self {
        self
    }
}

/// With keys that change so often that rows are tenured and destroyed in the middle of each test.
struct Embedded(tempfile::TempDir, Store);

impl Embedded {
    fn over(dir: tempfile::TempDir) -> Self {
        let options = Options { key_lifetime: Duration::from_millis(3), ..Options::default() };
        let store = Store::open(dir.path(), options).unwrap();
        Self(dir, store)
    }
}

impl Subject for Embedded {
    fn start() -> Self {
        Self::over(tempfile::tempdir().unwrap())
    }
    fn store(&self) -> &Store {
        &self.1
    }
    fn restart(self) -> Self {
        let Self(dir, store) = self;
        store.close();
        Self::over(dir)
    }
}

fn transaction(fill: impl FnOnce(&mut Transaction)) -> Transaction {
    let mut transaction = Transaction::default();
    fill(&mut transaction);
    transaction
}

fn row(table: Table, key: &str, at: u64, value: &str) -> Row {
    Row { table, key: Bytes::copy_from_slice(key.as_bytes()), at, value: value.to_owned().into() }
}

fn commit(party: &Partition, fill: impl FnOnce(&mut Transaction)) -> Result<(), CommitError> {
    party.commit(transaction(fill)).wait()
}

fn rows_come_back_in_order<S: Subject>() {
    let subject = S::start();
    let party = subject.store().partition("node");
    assert_eq!(party.load(TABLES).unwrap(), []);
    commit(&party, |t| {
        t.append(INBOX, "b", 7, "seven");
        t.append(INBOX, "b", 300, "three hundred");
        t.append(INBOX, "a", 0, "nought");
        let revision = t.swap(SESSIONS, "s", 0, "first");
        t.swap(SESSIONS, "s", revision, "second");
        t.swap(COUNTERS, "", 0, "");
    })
    .unwrap();
    let expected = [
        row(SESSIONS, "s", 2, "second"),
        row(INBOX, "a", 0, "nought"),
        row(INBOX, "b", 7, "seven"),
        row(INBOX, "b", 300, "three hundred"),
        row(COUNTERS, "", 1, ""),
    ];
    assert_eq!(party.load(TABLES).unwrap(), expected);
    drop(party);
    let subject = subject.restart();
    assert_eq!(subject.store().partition("node").load(TABLES).unwrap(), expected);
}

fn partitions_are_strangers<S: Subject>() {
    let subject = S::start();
    let (one, other) = (subject.store().partition("one"), subject.store().partition("other"));
    commit(&one, |t| {
        t.swap(SESSIONS, "s", 0, "mine");
    })
    .unwrap();
    commit(&other, |t| {
        t.swap(SESSIONS, "s", 0, "theirs");
    })
    .unwrap();
    commit(&one, |t| t.remove(SESSIONS, "s")).unwrap();
    assert_eq!(one.load(TABLES).unwrap(), []);
    assert_eq!(other.load(TABLES).unwrap(), [row(SESSIONS, "s", 1, "theirs")]);
    assert_eq!(subject.store().partition("nobody").load(TABLES).unwrap(), []);
}

fn a_stale_swap_refuses_the_whole_transaction<S: Subject>() {
    let subject = S::start();
    let party = subject.store().partition("node");
    commit(&party, |t| {
        t.swap(SESSIONS, "s", 0, "one");
        t.append(INBOX, "a", 1, "kept");
        t.append(INBOX, "a", 2, "kept too");
    })
    .unwrap();
    let before = party.load(TABLES).unwrap();
    for revision in [0, 2, u64::MAX - 1] {
        let refused = commit(&party, |t| {
            t.trim(INBOX, "a", 1);
            t.append(INBOX, "a", 3, "lost");
            t.swap(COUNTERS, "new", 0, "lost");
            t.swap(SESSIONS, "s", revision, "lost");
            t.remove(SESSIONS, "s");
        });
        assert_eq!(refused, Err(CommitError::Stale { table: "sessions" }));
        assert_eq!(party.load(TABLES).unwrap(), before);
    }
    commit(&party, |t| {
        t.swap(SESSIONS, "s", 1, "two");
    })
    .unwrap();
}

fn an_append_out_of_order_refuses_the_whole_transaction<S: Subject>() {
    let subject = S::start();
    let party = subject.store().partition("node");
    commit(&party, |t| t.append(INBOX, "a", 5, "five")).unwrap();
    for sequence in [5, 4, 0] {
        let refused = commit(&party, |t| {
            t.swap(SESSIONS, "s", 0, "lost");
            t.append(INBOX, "a", sequence, "lost");
        });
        assert_eq!(refused, Err(CommitError::OutOfOrder { table: "inbox" }));
        assert_eq!(party.load(TABLES).unwrap(), [row(INBOX, "a", 5, "five")]);
    }
    // An empty queue forgot its numbers.
    commit(&party, |t| {
        t.trim(INBOX, "a", u64::MAX);
        t.append(INBOX, "a", 1, "one");
    })
    .unwrap();
    assert_eq!(party.load(TABLES).unwrap(), [row(INBOX, "a", 1, "one")]);
}

fn after_a_failure_nothing_passes_until_the_next_load<S: Subject>() {
    let subject = S::start();
    let party = subject.store().partition("node");
    let other = subject.store().partition("other");
    party.load(TABLES).unwrap();
    let handed_in = [
        party.commit(transaction(|t| t.append(INBOX, "a", 1, "one"))),
        party.commit(transaction(|t| t.append(INBOX, "a", 1, "again"))),
        party.commit(transaction(|t| t.append(INBOX, "a", 2, "two"))),
        party.commit(Transaction::default()),
        other.commit(transaction(|t| t.append(INBOX, "a", 1, "one"))),
    ];
    assert_eq!(
        handed_in.map(store::Commit::wait),
        [
            Ok(()),
            Err(CommitError::OutOfOrder { table: "inbox" }),
            Err(CommitError::Fenced),
            Err(CommitError::Fenced),
            Ok(()),
        ]
    );
    assert_eq!(commit(&party, |t| t.append(INBOX, "a", 2, "two")), Err(CommitError::Fenced));
    assert_eq!(party.load(TABLES).unwrap(), [row(INBOX, "a", 1, "one")]);
    commit(&party, |t| t.append(INBOX, "a", 2, "two")).unwrap();
}

fn tables_that_do_not_fit_are_refused<S: Subject>() {
    const OTHER: &[Table] = &[Table::state("sessions"), Table::state("inbox")];
    const FEWER: &[Table] = &[SESSIONS];
    let subject = S::start();
    let party = subject.store().partition("node");
    party.load(TABLES).unwrap();
    let misfit = |table| Err(CommitError::Misfit { table });
    assert_eq!(commit(&party, |t| t.remove(Table::state("unheard"), "x")), misfit("unheard"));
    party.load(TABLES).unwrap();
    assert_eq!(commit(&party, |t| t.append(SESSIONS, "x", 1, "")), misfit("sessions"));
    party.load(TABLES).unwrap();
    assert_eq!(commit(&party, |t| t.trim(SESSIONS, "x", 1)), misfit("sessions"));
    party.load(TABLES).unwrap();
    commit(&party, |t| t.append(INBOX, "x", 1, "")).unwrap();
    for tables in [OTHER, FEWER] {
        assert_eq!(party.load(tables), Err(LoadError::Misfit { table: "inbox".into() }));
    }
    commit(&party, |t| t.trim(INBOX, "x", 1)).unwrap();
    assert_eq!(party.load(FEWER).unwrap(), []);
}

fn commits_are_answered_in_order_and_after_close_not_at_all<S: Subject>() {
    let subject = S::start();
    let party = subject.store().partition("node");
    let commits: Vec<_> =
        (1..=2000).map(|n| party.commit(transaction(|t| t.append(INBOX, "a", n, "x")))).collect();
    subject.store().clone().close();
    assert!(commits.into_iter().all(|commit| commit.wait().is_ok()));
    assert!(matches!(commit(&party, |t| t.remove(SESSIONS, "x")), Err(CommitError::Storage(_))));
    assert!(matches!(party.load(TABLES), Err(LoadError::Storage(_))));
}

/// The meaning of the operations, written a second time and as simply as it goes.
#[derive(Default, Clone)]
struct Model {
    states: BTreeMap<(&'static str, u8), (u64, Vec<u8>)>,
    queue: BTreeMap<(u8, u64), Vec<u8>>,
}

#[derive(Debug, Clone)]
enum Step {
    Swap { table: bool, key: u8, revision_off: u64, value: Vec<u8> },
    Remove { table: bool, key: u8 },
    Append { key: u8, gap: u64, value: Vec<u8> },
    Trim { key: u8, through: u64 },
}

impl Model {
    /// Adds `step` to the transaction and to the model; false if it has to be refused.
    fn apply(&mut self, step: &Step, transaction: &mut Transaction) -> bool {
        let states = |second: bool| if second { COUNTERS } else { SESSIONS };
        match step.clone() {
            Step::Swap { table, key, revision_off, value } => {
                let table = states(table);
                let stored = self.states.get(&(table.name(), key)).map_or(0, |state| state.0);
                let revision = stored + revision_off;
                transaction.swap(table, vec![key], revision, value.clone());
                self.states.insert((table.name(), key), (revision + 1, value));
                revision_off == 0
            }
            Step::Remove { table, key } => {
                let table = states(table);
                transaction.remove(table, vec![key]);
                self.states.remove(&(table.name(), key));
                true
            }
            Step::Append { key, gap, value } => {
                let last = self.queue.range((key, 0)..=(key, u64::MAX)).next_back().map(|(row, _)| row.1);
                let sequence = last.unwrap_or(0) + gap;
                transaction.append(INBOX, vec![key], sequence, value.clone());
                self.queue.insert((key, sequence), value);
                gap > 0 || last.is_none()
            }
            Step::Trim { key, through } => {
                transaction.trim(INBOX, vec![key], through);
                self.queue.retain(|row, _| row.0 != key || row.1 > through);
                true
            }
        }
    }

    fn rows(&self) -> Vec<Row> {
        let state = |table: Table| {
            let of_table = self.states.iter().filter(move |(row, _)| row.0 == table.name());
            of_table.map(move |(row, (revision, value))| Row {
                table,
                key: vec![row.1].into(),
                at: *revision,
                value: value.clone().into(),
            })
        };
        let queued = self.queue.iter().map(|(row, value)| Row {
            table: INBOX,
            key: vec![row.0].into(),
            at: row.1,
            value: value.clone().into(),
        });
        state(SESSIONS).chain(queued).chain(state(COUNTERS)).collect()
    }
}

fn step() -> impl Strategy<Value = Step> {
    let value = || proptest::collection::vec(any::<u8>(), 0..40);
    let off = || prop_oneof![40 => Just(0_u64), 1 => 1..3_u64];
    let gap = prop_oneof![1 => Just(0_u64), 40 => 1..3_u64];
    prop_oneof![
        4 => (any::<bool>(), 0..4_u8, off(), value()).prop_map(|(table, key, revision_off, value)| {
            Step::Swap { table, key, revision_off, value }
        }),
        1 => (any::<bool>(), 0..4_u8).prop_map(|(table, key)| Step::Remove { table, key }),
        4 => (0..3_u8, gap, value()).prop_map(|(key, gap, value)| Step::Append { key, gap, value }),
        2 => (0..3_u8, 0..30_u64).prop_map(|(key, through)| Step::Trim { key, through }),
    ]
}

fn behaves_like_the_model<S: Subject>() {
    let transactions = proptest::collection::vec(
        (proptest::collection::vec(step(), 0..5), prop_oneof![8 => Just(false), 1 => Just(true)]),
        1..60,
    );
    proptest!(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() }, |(
        transactions in transactions
    )| {
        let mut subject = S::start();
        let mut model = Model::default();
        for (steps, restart) in transactions {
            let party = subject.store().partition("node");
            let (mut after, mut transaction) = (model.clone(), Transaction::default());
            let refused = steps.iter().filter(|step| !after.apply(step, &mut transaction)).count();
            let accepted = refused == 0;
            prop_assert_eq!(party.commit(transaction).wait().is_ok(), accepted);
            if accepted {
                model = after;
            } else {
                prop_assert_eq!(party.load(TABLES).unwrap(), model.rows());
            }
            if restart {
                drop(party);
                subject = subject.restart();
                prop_assert_eq!(subject.store().partition("node").load(TABLES).unwrap(), model.rows());
            }
        }
        let subject = subject.restart();
        prop_assert_eq!(subject.store().partition("node").load(TABLES).unwrap(), model.rows());
    });
}

macro_rules! conformance {
    ($($engine:ident: $subject:ty { $($promise:ident)* })*) => {$(
        mod $engine {
            $(#[test]
            fn $promise() {
                super::$promise::<$subject>();
            })*
        }
    )*};
    ($($engine:ident: $subject:ty;)*) => {
        conformance! {$($engine: $subject {
            rows_come_back_in_order
            partitions_are_strangers
            a_stale_swap_refuses_the_whole_transaction
            an_append_out_of_order_refuses_the_whole_transaction
            after_a_failure_nothing_passes_until_the_next_load
            tables_that_do_not_fit_are_refused
            commits_are_answered_in_order_and_after_close_not_at_all
            behaves_like_the_model
        })*}
    };
}

conformance! {
    in_memory: super::InMemory;
    embedded: super::Embedded;
}
