//! The sealed rows on disk: a key-value database (fjall) with one keyspace, row id → sealed row.

use crate::Options;
use crate::error::{OpenError, Trouble};
use crate::seal::RowId;
use fjall::config::{BloomConstructionPolicy, FilterPolicy, FilterPolicyEntry};
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode, Slice};
use std::path::Path;
use std::thread;
use std::time::Duration;

/// One flushes while the other compacts. With a single worker fjall 3.1 can wait for itself.
const WORKERS: usize = 2;
const OPEN_FILES: usize = 64;
/// Journals hold what isn't in sorted files yet; beyond this they are emptied into them.
const JOURNAL_BYTES: u64 = 128 << 20;

/// fjall halts a writer for as long as that many memtables or young files wait, and for ever if the
/// worker died of a full disk. So this waits before it gets there, and not for ever.
const WAITING_MEMTABLES: usize = 3;
const WAITING_FILES: usize = 20;
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(2);

/// An open database of sealed rows, locked against other processes.
pub(crate) struct Rows {
    // Declared in the order in which they have to be dropped.
    keyspace: Keyspace,
    database: Database,
}

impl Rows {
    pub(crate) fn open(dir: &Path, options: &Options) -> Result<Self, OpenError> {
        let opened = Database::builder(dir)
            .worker_threads(WORKERS)
            .cache_size(options.cache_bytes)
            .max_cached_files(Some(OPEN_FILES))
            .max_journaling_size(JOURNAL_BYTES)
            .open();
        let failed = |error| explain(dir, error);
        let database = opened.map_err(failed)?;
        let filter = FilterPolicyEntry::Bloom(BloomConstructionPolicy::BitsPerKey(10.0));
        let keyspace = || {
            KeyspaceCreateOptions::default()
                .max_memtable_size(options.write_buffer_bytes)
                .filter_policy(FilterPolicy::all(filter))
                .expect_point_read_hits(true)
        };
        let keyspace = database.keyspace("rows", keyspace).map_err(failed)?;
        Ok(Self { keyspace, database })
    }

    /// Writes and removes together or not at all, and waits until the disk has it.
    pub(crate) fn commit(
        &self,
        puts: impl IntoIterator<Item = (RowId, Vec<u8>)>,
        removals: impl IntoIterator<Item = RowId>,
    ) -> Result<(), Trouble> {
        self.wait_for_workers()?;
        // The default does not sync.
        let mut batch = self.database.batch().durability(Some(PersistMode::SyncData));
        for (row, sealed) in puts {
            batch.insert(&self.keyspace, row.0.to_be_bytes(), sealed);
        }
        for row in removals {
            batch.remove(&self.keyspace, row.0.to_be_bytes());
        }
        batch.commit().map_err(reason)
    }

    pub(crate) fn get(&self, row: RowId) -> Result<Option<Slice>, Trouble> {
        self.keyspace.get(row.0.to_be_bytes()).map_err(reason)
    }

    /// All rows, ascending. A key that isn't a row id comes as `None`.
    pub(crate) fn all(&self) -> impl Iterator<Item = Result<(Option<RowId>, Slice), Trouble>> {
        self.keyspace.iter().map(|row| {
            let (key, sealed) = row.into_inner().map_err(reason)?;
            let id = <[u8; 8]>::try_from(&*key).ok();
            Ok((id.map(|id| RowId(u64::from_be_bytes(id))), sealed))
        })
    }

    fn wait_for_workers(&self) -> Result<(), Trouble> {
        let mut waited = Duration::ZERO;
        while self.keyspace.sealed_memtable_count() >= WAITING_MEMTABLES
            || self.keyspace.l0_table_count() >= WAITING_FILES
        {
            if waited >= PATIENCE {
                return Err(Trouble::new("the disk takes no more rows: is it full, or too slow?"));
            }
            thread::sleep(PAUSE);
            waited += PAUSE;
        }
        Ok(())
    }
}

fn explain(dir: &Path, error: fjall::Error) -> OpenError {
    match error {
        fjall::Error::Locked => OpenError::Locked { dir: dir.into() },
        fjall::Error::Io(error) => OpenError::io("open", dir, &error),
        error => OpenError::Damaged { dir: dir.into(), what: reason(error).0 },
    }
}

fn reason(error: fjall::Error) -> Trouble {
    match error {
        fjall::Error::Io(error) => Trouble::new(error),
        fjall::Error::Poisoned => Trouble::new("an earlier write failed; is the disk full?"),
        error => Trouble::new(error),
    }
}
