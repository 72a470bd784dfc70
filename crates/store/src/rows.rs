//! The sealed rows on disk: a key-value database (fjall) with one keyspace, row id → sealed row.

use crate::Options;
use crate::error::{OpenError, Trouble};
use crate::keys::private;
use crate::seal::RowId;
use crate::tally::Tally;
use fjall::config::{BloomConstructionPolicy, FilterPolicy, FilterPolicyEntry};
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode, Slice};
use std::error::Error as _;
use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
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

/// Where the tally is: rows are numbered from 1.
const TALLY: RowId = RowId(0);

/// An open database of sealed rows, locked against other processes.
pub(crate) struct Rows {
    // Declared in the order in which they have to be dropped.
    keyspace: Keyspace,
    database: Database,
}

impl Rows {
    /// Makes a database in an empty directory.
    pub(crate) fn create(dir: &Path, options: &Options) -> Result<Self, OpenError> {
        Self::open_or_create(dir, options)
    }

    /// Opens a database that is there: fjall would make what is missing of it, and delete what it then doesn't know.
    pub(crate) fn open(dir: &Path, options: &Options) -> Result<Self, OpenError> {
        check_files(dir)?;
        for part in ["version", "keyspaces/0/current", "keyspaces/1/current"] {
            check_part(dir.join(part))?;
        }
        if !has_journal(dir).map_err(|error| OpenError::io("read", dir, &error))? {
            return Err(OpenError::Damaged {
                path: dir.into(),
                what: "its journal, NUMBER.jnl, is missing".into(),
            });
        }
        // It holds nothing, and fjall insists on it.
        let lock = dir.join("lock");
        private(OpenOptions::new().append(true).create(true))
            .open(&lock)
            .map_err(|error| OpenError::io("make", &lock, &error))?;
        Self::open_or_create(dir, options).map_err(|error| match error {
            OpenError::Locked { .. } => error,
            error => check_keyspaces(dir).err().unwrap_or(error),
        })
    }

    fn open_or_create(dir: &Path, options: &Options) -> Result<Self, OpenError> {
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

    /// Writes and removes together or not at all, with the `tally` of what there is then, and waits until the disk has it.
    pub(crate) fn commit(
        &self,
        tally: Option<&Tally>,
        puts: impl IntoIterator<Item = (RowId, Vec<u8>)>,
        removals: impl IntoIterator<Item = RowId>,
    ) -> Result<(), Trouble> {
        self.wait_for_workers()?;
        // The default does not sync.
        let mut batch = self.database.batch().durability(Some(PersistMode::SyncData));
        if let Some(tally) = tally {
            batch.insert(&self.keyspace, TALLY.0.to_be_bytes(), tally.to_bytes());
        }
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

    /// What there should be; `None` if nothing is that could say so.
    pub(crate) fn tally(&self) -> Result<Option<Tally>, Trouble> {
        Ok(self.get(TALLY)?.and_then(|bytes| Tally::from_bytes(&bytes)))
    }

    /// All rows, ascending. A key that isn't a row id comes as `None`.
    pub(crate) fn all(&self) -> impl Iterator<Item = Result<(Option<RowId>, Slice), Trouble>> {
        let rows = self.keyspace.iter().map(|row| {
            let (key, sealed) = row.into_inner().map_err(reason)?;
            let id = <[u8; 8]>::try_from(&*key).ok();
            Ok((id.map(|id| RowId(u64::from_be_bytes(id))), sealed))
        });
        rows.filter(|row| !matches!(row, Ok((Some(TALLY), _))))
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

/// The directories of a database, and of each keyspace. Everything else in it is a file: where it isn't, fjall panics.
const DIRECTORIES: [&str; 3] = ["keyspaces", "tables", "blobs"];

fn check_files(dir: &Path) -> Result<(), OpenError> {
    let entries = fs::read_dir(dir).map_err(|error| OpenError::io("read", dir, &error))?;
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let in_keyspaces = dir.file_name().is_some_and(|name| name == "keyspaces");
        let may_be_one = in_keyspaces || DIRECTORIES.iter().any(|directory| *directory == name);
        match (path.is_dir(), may_be_one) {
            (true, true) => check_files(&path)?,
            (true, false) => return Err(OpenError::Damaged { path, what: "it is no file".into() }),
            (false, _) => {}
        }
    }
    Ok(())
}

/// Which file of a database that doesn't open is missing or empty, as far as it can be told from outside.
fn check_keyspaces(dir: &Path) -> Result<(), OpenError> {
    for keyspace in ["keyspaces/0", "keyspaces/1"].map(|keyspace| dir.join(keyspace)) {
        // It starts with the number of the version that counts.
        let current = fs::read(keyspace.join("current")).unwrap_or_default();
        if let Some(version) = current.first_chunk().map(|version| u64::from_le_bytes(*version)) {
            check_part(keyspace.join(format!("v{version}")))?;
        }
        // A keyspace without tables need not have the directory.
        let tables = fs::read_dir(keyspace.join("tables")).into_iter().flatten().flatten();
        tables.map(|table| table.path()).try_for_each(check_part)?;
    }
    Ok(())
}

fn check_part(path: PathBuf) -> Result<(), OpenError> {
    match fs::metadata(&path) {
        Ok(about) if about.len() > 0 => Ok(()),
        Ok(_) => Err(OpenError::Damaged { path, what: "it is empty".into() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(OpenError::Missing { path }),
        Err(error) => Err(OpenError::io("read", &path, &error)),
    }
}

fn has_journal(dir: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(dir)? {
        if Path::new(&entry?.file_name()).extension().is_some_and(|extension| extension == "jnl") {
            return Ok(true);
        }
    }
    Ok(false)
}

fn explain(dir: &Path, error: fjall::Error) -> OpenError {
    match error {
        fjall::Error::Locked => OpenError::Locked { dir: dir.into() },
        fjall::Error::Io(error) => OpenError::io("open", dir, &error),
        error => OpenError::Damaged { path: dir.into(), what: reason(error).0 },
    }
}

/// In words: what fjall displays are its own types.
fn reason(error: fjall::Error) -> Trouble {
    let text = match &error {
        fjall::Error::Io(error) => return Trouble::new(error),
        fjall::Error::Poisoned => "an earlier write failed; is the disk full?",
        fjall::Error::JournalRecovery(_) => "a journal is damaged",
        fjall::Error::InvalidVersion(_) => {
            "the file `version` is damaged, or of another version of the database"
        }
        fjall::Error::Locked => "another process has it open",
        error => match io_error(error) {
            Some(error) => return Trouble::new(error),
            None => "a file of the database is damaged or missing",
        },
    };
    Trouble::new(text)
}

/// What the operating system said, if it did.
fn io_error(error: &fjall::Error) -> Option<&io::Error> {
    let mut source = error.source();
    while let Some(error) = source {
        match error.downcast_ref::<io::Error>() {
            Some(error) => return Some(error),
            None => source = error.source(),
        }
    }
    None
}
