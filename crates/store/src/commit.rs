//! The thread that commits: it gathers the transactions that wait, makes them durable together, and
//! completes them.
//!
//! While one batch is being synced the next one gathers, so batches grow with the load by themselves
//! and no timer is needed.

use crate::engine::Engine;
use crate::error::{CommitError, LoadError, Trouble};
use crate::index::table_of;
use crate::promise::Promise;
use kernel::{Row, Table, Transaction};
use metrics::{counter, histogram};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The most transactions that are made durable together; bounds how long the first of them waits.
const BATCH: usize = 512;

type Committed = Result<(), CommitError>;
type Loaded = Result<Vec<Row>, LoadError>;

/// What a handle asks of the thread.
pub(crate) enum Message {
    Commit { partition: Arc<str>, transaction: Transaction, promise: Promise<Committed> },
    Load { partition: Arc<str>, tables: &'static [Table], promise: Promise<Loaded> },
    Close,
}

/// The handles' end of the thread.
pub(crate) struct Writer {
    inbox: Sender<Message>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Starts the thread. If the system has none to give, everything sent fails as if it were closed.
    pub(crate) fn start(engine: Box<dyn Engine>) -> Self {
        let (inbox, messages) = channel();
        let thread = thread::Builder::new().name("store".into()).spawn(move || run(engine, &messages));
        Self { inbox, thread: Mutex::new(thread.ok()) }
    }

    /// A message that can't be sent is dropped, and its promise tells that it is broken.
    pub(crate) fn send(&self, message: Message) {
        let _ = self.inbox.send(message);
    }

    pub(crate) fn close(&self) {
        self.send(Message::Close);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Waking a task may drop the last handle on the store's own thread, which can't wait for itself.
        if let Some(thread) = thread.filter(|thread| thread.thread().id() != thread::current().id()) {
            let _ = thread.join();
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

fn run(mut engine: Box<dyn Engine>, messages: &Receiver<Message>) {
    let clock = Clock::start();
    let mut gates = Gates::default();
    loop {
        let first = match engine.tend(clock.now()) {
            None => messages.recv().ok(),
            Some(due) => match messages.recv_timeout(due.saturating_sub(clock.now())) {
                Ok(message) => Some(message),
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => None,
            },
        };
        let Some(first) = first else { break };
        let batch = std::iter::once(first).chain(messages.try_iter()).take(BATCH);
        if Round::new(&mut *engine, &mut gates).run(batch).is_break() {
            break;
        }
    }
    engine.close();
}

/// Which partitions may commit.
type Gates = BTreeMap<Arc<str>, Gate>;

#[derive(Default)]
struct Gate {
    /// An earlier transaction failed: see [`CommitError::Fenced`].
    fenced: bool,
    /// What the party said that it writes, if it has loaded.
    tables: Option<&'static [Table]>,
}

/// One batch: what is staged, and who waits for it.
struct Round<'a> {
    engine: &'a mut dyn Engine,
    gates: &'a mut Gates,
    staged: Vec<(Arc<str>, Promise<Committed>)>,
    ready: bool,
}

impl<'a> Round<'a> {
    fn new(engine: &'a mut dyn Engine, gates: &'a mut Gates) -> Self {
        Self { engine, gates, staged: Vec::new(), ready: false }
    }

    fn run(mut self, batch: impl Iterator<Item = Message>) -> ControlFlow<()> {
        for message in batch {
            match message {
                Message::Commit { partition, transaction, promise } => {
                    match self.stage(&partition, transaction) {
                        Ok(()) => self.staged.push((partition, promise)),
                        Err(refusal) => {
                            self.fence(&partition);
                            promise.keep(Err(refusal));
                        }
                    }
                }
                Message::Load { partition, tables, promise } => {
                    self.sync();
                    promise.keep(self.load(partition, tables));
                }
                Message::Close => {
                    self.sync();
                    return ControlFlow::Break(());
                }
            }
        }
        self.sync();
        ControlFlow::Continue(())
    }

    fn stage(&mut self, partition: &Arc<str>, transaction: Transaction) -> Committed {
        if let Some(gate) = self.gates.get(partition) {
            if gate.fenced {
                return Err(CommitError::Fenced);
            }
            if let Some(tables) = gate.tables
                && let Some(op) = transaction.ops().iter().find(|op| !tables.contains(&table_of(op)))
            {
                return Err(CommitError::Misfit { table: table_of(op).name() });
            }
        }
        self.make_ready()?;
        self.engine.stage(partition, transaction)
    }

    /// Makes durable what is staged, and tells those who wait.
    fn sync(&mut self) {
        if self.staged.is_empty() {
            return;
        }
        let started = Clock::start();
        let outcome = self.engine.sync();
        histogram!("blindpost_store_commit_seconds").record(started.now());
        let result = if outcome.is_ok() { "durable" } else { "failed" };
        counter!("blindpost_store_commits_total", "result" => result).increment(self.staged.len() as u64);
        self.ready = false;
        for (partition, promise) in std::mem::take(&mut self.staged) {
            if outcome.is_err() {
                self.fence(&partition);
            }
            promise.keep(outcome.clone().map_err(CommitError::from));
        }
    }

    fn load(&mut self, partition: Arc<str>, tables: &'static [Table]) -> Loaded {
        self.make_ready()?;
        let rows = self.engine.load(&partition, tables)?;
        self.gates.insert(partition, Gate { fenced: false, tables: Some(tables) });
        Ok(rows)
    }

    fn make_ready(&mut self) -> Result<(), Trouble> {
        if !self.ready {
            self.engine.ready()?;
            self.ready = true;
        }
        Ok(())
    }

    fn fence(&mut self, partition: &Arc<str>) {
        self.gates.entry(Arc::clone(partition)).or_default().fenced = true;
    }
}

/// Time since it was started.
struct Clock(Instant);

#[expect(
    clippy::disallowed_methods,
    reason = "when keys are due to change, and how long commits take; no row depends on it"
)]
impl Clock {
    fn start() -> Self {
        Self(Instant::now())
    }

    fn now(&self) -> Duration {
        Instant::now().saturating_duration_since(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Memory;
    use crate::{Partition, Store, StoreId};
    use std::collections::VecDeque;

    const INBOX: Table = Table::queue("inbox");
    const TABLES: &[Table] = &[INBOX];

    /// What goes wrong in a round.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Fault {
        Nothing,
        /// Recovering at the start of the round.
        Ready,
        /// Syncing; nothing becomes durable.
        Sync,
        /// Syncing, after everything became durable: only the answer is lost.
        Answer,
    }

    /// Rows in memory on a disk that fails as planned, one fault a round; then no more.
    struct Faulty {
        rows: Memory,
        staged: Vec<(String, Transaction)>,
        plan: VecDeque<Fault>,
        now: Fault,
    }

    impl Engine for Faulty {
        fn ready(&mut self) -> Result<(), Trouble> {
            self.staged.clear();
            self.now = self.plan.pop_front().unwrap_or(Fault::Nothing);
            if self.now == Fault::Ready { Err(Trouble::new("not ready")) } else { Ok(()) }
        }

        fn stage(&mut self, partition: &str, transaction: Transaction) -> Committed {
            self.staged.push((partition.into(), transaction));
            Ok(())
        }

        fn sync(&mut self) -> Result<(), Trouble> {
            if self.now != Fault::Sync {
                for (partition, transaction) in self.staged.drain(..) {
                    self.rows.stage(&partition, transaction).unwrap();
                }
            }
            if self.now == Fault::Nothing { Ok(()) } else { Err(Trouble::new("disk full")) }
        }

        fn load(&mut self, partition: &str, tables: &'static [Table]) -> Loaded {
            self.rows.load(partition, tables)
        }

        fn tend(&mut self, _now: Duration) -> Option<Duration> {
            None
        }

        fn close(&mut self) {}
    }

    fn store(plan: impl IntoIterator<Item = Fault>) -> Store {
        let plan = plan.into_iter().collect();
        let rows = Memory::default();
        Store::over(
            Box::new(Faulty { rows, staged: Vec::new(), plan, now: Fault::Nothing }),
            StoreId([0; 16]),
            true,
        )
    }

    fn append(party: &Partition, sequence: u64) -> Committed {
        let mut transaction = Transaction::default();
        transaction.append(INBOX, "a", sequence, "");
        party.commit(transaction).wait()
    }

    fn stored(party: &Partition) -> Vec<u64> {
        party.load(TABLES).unwrap().iter().map(|row| row.at).collect()
    }

    #[test]
    fn a_failed_sync_fences_those_who_were_in_it_and_nobody_else() {
        use Fault::{Nothing, Sync};
        let store = store([Nothing, Sync]);
        let (one, other) = (store.partition("one"), store.partition("other"));
        append(&one, 1).unwrap();
        assert_eq!(append(&one, 2), Err(CommitError::Storage("disk full".into())));
        append(&other, 1).unwrap();
        assert_eq!(append(&one, 3), Err(CommitError::Fenced));
        assert_eq!(stored(&one), [1]);
        append(&one, 2).unwrap();
    }

    #[test]
    fn a_lost_answer_is_found_out_by_loading() {
        let store = store([Fault::Answer]);
        let party = store.partition("one");
        assert!(append(&party, 1).is_err());
        assert_eq!(stored(&party), [1]);
        append(&party, 2).unwrap();
    }

    #[test]
    fn an_engine_that_can_t_recover_fails_commits_and_loads_and_is_asked_again() {
        use Fault::Ready;
        let store = store([Ready, Ready]);
        let party = store.partition("one");
        assert_eq!(append(&party, 1), Err(CommitError::Storage("not ready".into())));
        assert_eq!(party.load(TABLES), Err(LoadError::Storage("not ready".into())));
        assert_eq!(append(&party, 1), Err(CommitError::Fenced), "a load that failed lifts nothing");
        assert_eq!(stored(&party), [] as [u64; 0]);
        append(&party, 1).unwrap();
    }

    #[test]
    fn what_was_handed_in_before_a_failed_round_is_refused_after_it() {
        for faults in [vec![Fault::Sync], vec![Fault::Nothing, Fault::Sync], vec![Fault::Answer; 3]] {
            let store = store(faults);
            let party = store.partition("one");
            let commits: Vec<_> = (1..=1000)
                .map(|n| {
                    let mut transaction = Transaction::default();
                    transaction.append(INBOX, "a", n, "");
                    party.commit(transaction)
                })
                .collect();
            let outcomes: Vec<_> = commits.into_iter().map(crate::Commit::wait).collect();
            let failed = outcomes.iter().position(Result::is_err).unwrap();
            assert!(outcomes.iter().skip(failed).all(Result::is_err), "nothing passes after a failure");
            assert!(stored(&party).len() >= failed, "nothing acknowledged is lost");
        }
    }
}
