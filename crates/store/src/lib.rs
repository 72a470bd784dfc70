//! Durable transactions: in memory and embedded, values sealed at rest under keys that really erase.
//!
//! A party's state lives in memory; its rows are the durable shadow of that state (docs/decisions/0002).
//! So a store is asked for two things only: [`Partition::load`] once at the start, and
//! [`Partition::commit`] ever after. One thread behind the handles gathers the transactions that wait,
//! makes them durable together, and then completes their [`Commit`]s.
//!
//! What is deleted or replaced becomes unreadable on disk within about [`Options::key_lifetime`]:
//! every value is sealed, and its key is destroyed (docs/decisions/0003).

mod commit;
mod embedded;
mod engine;
mod erase;
mod error;
#[cfg(feature = "forensics")]
pub mod forensics;
mod generations;
mod index;
mod keys;
mod memory;
mod promise;
mod recover;
mod rows;
mod seal;
mod shadow;
mod shelf;
mod tally;

use commit::{Message, Writer};
use engine::Engine;
use kernel::{Row, Table, Transaction};
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub use error::{CommitError, LoadError, OpenError};
pub use promise::Commit;
pub use shadow::Shadow;
pub use shelf::{Draft, Shelf};

/// A store: a cheap handle to one thread that commits.
///
/// The last handle that is dropped, partitions included, makes everything durable that was handed in.
#[derive(Clone)]
pub struct Store {
    writer: Arc<Writer>,
    id: StoreId,
    unused: bool,
}

/// Which store it is: drawn when it is made, and in each of its parts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreId(pub [u8; 16]);

impl fmt::Display for StoreId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for StoreId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// How an embedded store behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// About how long after its deletion a value stays readable to somebody with the files; also how
    /// often the keys change. Shorter costs more writing: what outlives it is sealed a second time.
    pub key_lifetime: Duration,
    /// Memory for blocks read from disk, in bytes. Rows are read at the start only, so a little will do.
    pub cache_bytes: u64,
    /// Memory for rows not yet in sorted files, in bytes.
    pub write_buffer_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { key_lifetime: Duration::from_secs(5), cache_bytes: 8 << 20, write_buffer_bytes: 16 << 20 }
    }
}

impl Store {
    /// A store that lives as long as its handles.
    pub fn in_memory() -> Self {
        Self::over(Box::new(memory::Memory::default()), StoreId([0; 16]), true)
    }

    /// The embedded store in the directory `dir`, which is made if there is none: for whoever can't know whether there
    /// should be one.
    ///
    /// # Errors
    /// Another process has it open, it is damaged or of another version, or the disk fails.
    pub fn open(dir: &Path, options: Options) -> Result<Self, OpenError> {
        Self::embedded(dir, None, options)
    }

    /// The embedded store `id` in the directory `dir`. None is ever made in its place.
    ///
    /// # Errors
    /// It is not there, or another one is, or any that [`open`](Self::open) has.
    pub fn open_known(dir: &Path, id: StoreId, options: Options) -> Result<Self, OpenError> {
        Self::embedded(dir, Some(id), options)
    }

    /// Finds out whether another version made what is in `dir`, whatever else may be wrong with it. Nothing is written.
    ///
    /// # Errors
    /// [`OpenError::Version`] only.
    pub fn check_format(dir: &Path) -> Result<(), OpenError> {
        recover::check_format(dir)
    }

    fn embedded(dir: &Path, known: Option<StoreId>, options: Options) -> Result<Self, OpenError> {
        let engine = embedded::Embedded::open(dir, known, options)?;
        let (id, unused) = (engine.store(), engine.commits() == 0);
        Ok(Self::over(Box::new(engine), id, unused))
    }

    /// Which store it is. Those in memory are all alike.
    pub fn id(&self) -> StoreId {
        self.id
    }

    /// True if nothing had ever been committed to it when it was opened.
    pub fn was_unused(&self) -> bool {
        self.unused
    }

    /// The part of the store that belongs to the party called `name`, for example `relay`.
    /// Partitions are strangers: no transaction touches two.
    pub fn partition(&self, name: &str) -> Partition {
        Partition { writer: Arc::clone(&self.writer), name: name.into() }
    }

    /// Waits until all transactions handed in are durable, and stops. What is handed in later fails.
    pub fn close(self) {
        self.writer.close();
    }

    fn over(engine: Box<dyn Engine>, id: StoreId, unused: bool) -> Self {
        Self { writer: Arc::new(Writer::start(engine)), id, unused }
    }
}

/// One party's part of a store.
#[derive(Clone)]
pub struct Partition {
    writer: Arc<Writer>,
    name: Arc<str>,
}

impl Partition {
    /// All rows of the party, which writes `tables`: in the order of `tables`, then by key, then ascending.
    /// Waits for the transactions handed in before.
    ///
    /// After a failed commit this lifts the fence: see [`CommitError::Fenced`].
    ///
    /// # Errors
    /// Rows of a table that isn't among `tables`, or that can't be read.
    pub fn load(&self, tables: &'static [Table]) -> Result<Vec<Row>, LoadError> {
        let (promise, loaded) = promise::pair();
        self.writer.send(Message::Load { partition: Arc::clone(&self.name), tables, promise });
        loaded.wait().unwrap_or_else(|| Err(LoadError::closed()))
    }

    /// Hands in a transaction. Never blocks; the answer comes with the [`Commit`], which may be dropped
    /// without taking the transaction back. Transactions of a partition take effect in the order in
    /// which they are handed in.
    pub fn commit(&self, transaction: Transaction) -> Commit {
        let (promise, committed) = promise::pair();
        self.writer.send(Message::Commit { partition: Arc::clone(&self.name), transaction, promise });
        Commit::new(committed)
    }
}
