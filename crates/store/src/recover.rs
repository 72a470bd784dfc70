//! Opening a store: from what is on disk back to what is in memory.
//!
//! Every row is read and opened here once, so damage shows now and not later. Nothing is dropped:
//! the order of writing leaves no row without a key (see `embedded`), so one is an error.

use crate::Options;
use crate::embedded::{Disk, Openers, Place};
use crate::erase::Generations;
use crate::error::{OpenError, Trouble};
use crate::index::Index;
use crate::keys::{FORMAT, KeyFile, KeyFileError, Use, private, sync_directory};
use crate::rows::Rows;
use crate::seal::{KeyId, key_of};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

const LOCK: &str = "lock";
const KEYS: &str = "keys";
const ROWS: &str = "rows";
/// The database of rows while it is being made; one that is called [`ROWS`] is whole.
const NEW_ROWS: &str = "rows.new";

impl Disk {
    pub(crate) fn open(dir: &Path, options: &Options) -> Result<Self, OpenError> {
        let io = |action| move |error| OpenError::io(action, dir, &error);
        make_directory(dir).map_err(io("make"))?;
        let lock = lock(dir)?;
        let no_rows = !dir.join(ROWS).try_exists().map_err(io("read"))?;
        let keys_file = dir.join(KEYS);
        let keys = KeyFile::open(&keys_file).map_err(|error| explain(dir, &keys_file, error))?;
        let damaged = |what: Trouble| OpenError::Damaged { dir: dir.into(), what: what.0 };
        if no_rows {
            if keys.ids().next().is_some() {
                return Err(damaged(Trouble::new(
                    "there are keys, and the directory of their rows is missing",
                )));
            }
            make_rows(dir, options)?;
        }
        let rows = Rows::open(&dir.join(ROWS), options)?;
        Self::read_all(rows, keys, lock).map_err(damaged)
    }

    fn read_all(rows: Rows, mut keys: KeyFile, lock: File) -> Result<Self, Trouble> {
        let mut index = Index::default();
        let mut generations = Generations::default();
        let mut openers = Openers::default();
        let mut used = BTreeSet::new();
        let mut last_row = 0;
        for found in rows.all() {
            let (row, sealed) = found?;
            let row = row.ok_or_else(|| Trouble::new("there is a row without a number"))?;
            let record = openers.open(&mut keys, row, &sealed)?;
            let key = key_of(&sealed).unwrap_or(KeyId(0));
            let place = Place { row, key };
            if !index.restore(&record, place) {
                return Err(Trouble(format!("row {} holds what another row holds too", row.0)));
            }
            if keys.use_of(key) == Some(Use::Generation) {
                generations.add(place);
            }
            used.insert(key);
            last_row = last_row.max(row.0);
        }
        keys.erase_spoiled().map_err(Trouble::new)?;
        let unused: Vec<_> = keys.ids().filter(|id| !used.contains(id)).collect();
        keys.destroy(&unused).map_err(Trouble::new)?;
        Ok(Self {
            rows,
            keys,
            index,
            generations,
            next_row: last_row.saturating_add(1),
            puts: BTreeMap::new(),
            removals: Vec::new(),
            _lock: lock,
        })
    }
}

/// Keeps other processes out as long as the file is open.
fn lock(dir: &Path) -> Result<File, OpenError> {
    let path = dir.join(LOCK);
    let io = |error| OpenError::io("lock", &path, &error);
    let file =
        private(OpenOptions::new().write(true).create(true).truncate(false)).open(&path).map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked { dir: dir.into() }),
        Err(TryLockError::Error(error)) => Err(io(error)),
    }
}

/// Makes an empty database under another name first: fjall can't open one that was half made when the
/// process died.
fn make_rows(dir: &Path, options: &Options) -> Result<(), OpenError> {
    let half = dir.join(NEW_ROWS);
    let io = |action| {
        let half = &half;
        move |error| OpenError::io(action, half, &error)
    };
    if half.try_exists().map_err(io("read"))? {
        fs::remove_dir_all(&half).map_err(io("remove"))?;
    }
    make_directory(&half).map_err(io("make"))?;
    drop(Rows::open(&half, options)?);
    fs::rename(&half, dir.join(ROWS)).map_err(io("rename"))?;
    sync_directory(dir).map_err(io("sync"))
}

/// Makes a directory for the owner only; leaves one alone that is there.
fn make_directory(dir: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

fn explain(dir: &Path, file: &Path, error: KeyFileError) -> OpenError {
    match error {
        KeyFileError::Io(error) => OpenError::io("open", file, &error),
        KeyFileError::Version(found) => OpenError::Version { file: file.into(), found, known: FORMAT },
        KeyFileError::Damaged(what) => OpenError::Damaged { dir: dir.into(), what: what.into() },
    }
}
