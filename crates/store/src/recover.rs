//! Opening a store: from what is on disk back to what is in memory.
//!
//! Every row is read and opened here once, so damage shows now and not later. Nothing is dropped:
//! the order of writing leaves no row without a key (see `embedded`), so one is an error.

use crate::embedded::{Disk, Openers};
use crate::error::{OpenError, Trouble};
use crate::generations::Generations;
use crate::index::Index;
use crate::keys::{FORMAT, KeyFile, KeyFileError, Mark, Use, create_key_file, private, sync_directory};
use crate::rows::Rows;
use crate::seal::{KeyId, Place, key_of};
use crate::tally::Tally;
use crate::{Options, StoreId};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

const LOCK: &str = "lock";
const KEYS: &str = "keys";
const ROWS: &str = "rows";
/// What a journal that was emptied leaves, of a store that was never large.
const GONE: &str = "its rows are gone; was its journal, NUMBER.jnl, emptied?";
/// The database of rows while it is being made; one that is called [`ROWS`] is whole.
const NEW_ROWS: &str = "rows.new";

impl Disk {
    /// The store in `dir`, which is `known`, or may be made if there is nothing of one.
    pub(crate) fn open(dir: &Path, known: Option<StoreId>, options: &Options) -> Result<Self, OpenError> {
        let io = |action| move |error| OpenError::io(action, dir, &error);
        let missing = |path: &Path| OpenError::Missing { path: path.into() };
        if known.is_some() && !dir.try_exists().map_err(io("read"))? {
            return Err(missing(dir));
        }
        make_directory(dir).map_err(io("make"))?;
        let lock = lock(dir)?;
        let (keys_file, rows_dir) = (dir.join(KEYS), dir.join(ROWS));
        let no_rows = !rows_dir.try_exists().map_err(io("read"))?;
        if !keys_file.try_exists().map_err(io("read"))? {
            if known.is_some() || !no_rows {
                return Err(missing(&keys_file));
            }
            create_key_file(&keys_file).map_err(|error| OpenError::io("make", &keys_file, &error))?;
        }
        let keys = KeyFile::open(&keys_file).map_err(|error| explain(&keys_file, error))?;
        if known.is_some_and(|known| known != keys.store()) {
            return Err(OpenError::Misfit { path: dir.into(), what: "it is another store".into() });
        }
        if no_rows {
            if known.is_some() || keys.mark() != Mark::default() {
                return Err(missing(&rows_dir));
            }
            make_rows(dir, keys.store(), options)?;
        }
        let rows = Rows::open(&rows_dir, options)?;
        let tally = fitting_tally(&rows, &keys, (&rows_dir, &keys_file))?;
        Self::read_all(rows, keys, tally, lock)
            .map_err(|what| OpenError::Damaged { path: dir.into(), what: what.0 })
    }

    fn read_all(rows: Rows, mut keys: KeyFile, tally: Tally, lock: File) -> Result<Self, Trouble> {
        let mut index = Index::default();
        let mut generations = Generations::default();
        let mut openers = Openers::default();
        let mut used = BTreeSet::new();
        let mut last_row = 0;
        let mut there = Tally::new(tally.store);
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
            there.add(row);
            last_row = last_row.max(row.0);
        }
        if !there.counts_as(&tally) {
            let (found, written) = (there.rows(), tally.rows());
            return Err(Trouble(format!("of {written} rows that were written last, {found} are there")));
        }
        keys.note(tally.commits).map_err(Trouble::new)?;
        keys.erase_spoiled().map_err(Trouble::new)?;
        let unused: Vec<_> = keys.ids().filter(|id| !used.contains(id)).collect();
        keys.destroy(&unused).map_err(Trouble::new)?;
        Ok(Self {
            rows,
            keys,
            index,
            tally,
            generations,
            next_row: last_row.saturating_add(1),
            puts: BTreeMap::new(),
            removals: Vec::new(),
            _lock: lock,
        })
    }
}

/// The tally of the rows, if they are those that the keys were made for, and of the same time.
fn fitting_tally(
    rows: &Rows,
    keys: &KeyFile,
    (rows_dir, keys_file): (&Path, &Path),
) -> Result<Tally, OpenError> {
    let misfit = |path: &Path, what: &str| OpenError::Misfit { path: path.into(), what: what.into() };
    let tally = rows.tally().map_err(|what| OpenError::Damaged { path: rows_dir.into(), what: what.0 })?;
    let Some(tally) = tally else {
        return Err(OpenError::Damaged { path: rows_dir.into(), what: GONE.into() });
    };
    if tally.store != keys.store() {
        return Err(misfit(rows_dir, "its rows are another store's"));
    }
    if tally.commits < keys.mark().commits {
        let what = "its last rows are lost, or it is of an earlier time than the keys";
        return Err(misfit(rows_dir, what));
    }
    if keys.mark().last_key < tally.last_key {
        return Err(misfit(keys_file, "it is of an earlier time than the rows"));
    }
    Ok(tally)
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
fn make_rows(dir: &Path, store: StoreId, options: &Options) -> Result<(), OpenError> {
    let half = dir.join(NEW_ROWS);
    let io = |action| {
        let half = &half;
        move |error| OpenError::io(action, half, &error)
    };
    if half.try_exists().map_err(io("read"))? {
        fs::remove_dir_all(&half).map_err(io("remove"))?;
    }
    make_directory(&half).map_err(io("make"))?;
    let rows = Rows::create(&half, options)?;
    rows.commit(Some(&Tally::new(store)), [], []).map_err(|what| OpenError::Io {
        action: "write",
        path: half.clone(),
        reason: what.0,
    })?;
    drop(rows);
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

pub(crate) fn check_format(dir: &Path) -> Result<(), OpenError> {
    let file = dir.join(KEYS);
    match KeyFile::open(&file) {
        Err(error @ KeyFileError::Version(_)) => Err(explain(&file, error)),
        _ => Ok(()),
    }
}

fn explain(file: &Path, error: KeyFileError) -> OpenError {
    match error {
        KeyFileError::Io(error) => OpenError::io("open", file, &error),
        KeyFileError::Version(found) => OpenError::Version { file: file.into(), found, known: FORMAT },
        KeyFileError::Damaged(what) => OpenError::Damaged { path: file.into(), what: what.into() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::RowId;
    use crate::{Store, embedded::Embedded};
    use kernel::{Table, Transaction};
    use std::time::Duration;

    const INBOX: Table = Table::queue("inbox");
    const STATE: Table = Table::state("state");
    const LIFETIME: Duration = Duration::from_secs(5);

    fn open(dir: &Path) -> Result<Disk, OpenError> {
        Disk::open(dir, None, &Options::default())
    }

    fn commit(disk: &mut Disk, fill: impl FnOnce(&mut Transaction)) {
        let mut transaction = Transaction::default();
        fill(&mut transaction);
        disk.stage("relay", transaction).unwrap().unwrap();
        disk.sync().unwrap();
    }

    /// Does on disk what no commit does, and tells what opening says of it.
    fn after(tamper: impl FnOnce(&Rows, Vec<(RowId, Vec<u8>)>)) -> String {
        let dir = tempfile::tempdir().unwrap();
        let mut disk = open(dir.path()).unwrap();
        commit(&mut disk, |t| t.append(INBOX, "a", 1, "one"));
        commit(&mut disk, |t| t.append(INBOX, "a", 2, "two"));
        tamper(&disk.rows, found(&disk));
        drop(disk);
        let error = Store::open(dir.path(), Options::default()).map(drop).unwrap_err();
        assert!(Embedded::open(dir.path(), None, Options::default()).is_err(), "and it stays so");
        error.to_string().replace(&dir.path().display().to_string(), "DIR")
    }

    fn found(disk: &Disk) -> Vec<(RowId, Vec<u8>)> {
        disk.rows.all().map(|row| row.unwrap()).map(|(row, sealed)| (row.unwrap(), sealed.to_vec())).collect()
    }

    #[test]
    fn a_row_moved_to_another_place_does_not_open() {
        let complaint = after(|rows, found| {
            let (first, second) = (&found[0], &found[1]);
            rows.commit(None, [(first.0, second.1.clone()), (second.0, first.1.clone())], []).unwrap();
        });
        assert_eq!(
            complaint,
            "DIR is damaged: row 1 does not open; put the whole directory back from one copy"
        );
        let complaint = after(|rows, found| rows.commit(None, [(RowId(9), found[1].1.clone())], []).unwrap());
        assert_eq!(
            complaint,
            "DIR is damaged: row 9 does not open; put the whole directory back from one copy"
        );
    }

    #[test]
    fn a_damaged_row_is_not_dropped() {
        for at in [0, 8, 9, 30] {
            let complaint = after(|rows, mut found| {
                found[1].1[at] ^= 1;
                rows.commit(None, found, []).unwrap();
            });
            assert!(complaint.starts_with("DIR is damaged: row 2 "), "{complaint}");
        }
    }

    /// The nonce is the row's id, so no two different texts may ever stand at one row under one key:
    /// not after many changes, turns of the generation, tenured rows, crashes and restarts.
    #[test]
    fn no_nonce_is_used_twice() {
        let dir = tempfile::tempdir().unwrap();
        let mut seen = BTreeMap::new();
        let mut now = Duration::ZERO;
        for start in 0..6_u64 {
            let mut disk = open(dir.path()).unwrap();
            for round in 1..=60_u64 {
                let n = start * 60 + round;
                commit(&mut disk, |t| {
                    t.append(INBOX, "a", n, n.to_be_bytes().to_vec());
                    t.swap(STATE, "s", n - 1, "state");
                });
                // The highest row of all goes, so that its number is free after a restart.
                commit(&mut disk, |t| t.append(INBOX, "brief", n, "brief"));
                note(&mut disk, &mut seen);
                commit(&mut disk, |t| t.trim(INBOX, "brief", n));
                if round % 7 == 0 {
                    commit(&mut disk, |t| t.trim(INBOX, "a", n.saturating_sub(12)));
                    now += LIFETIME;
                }
                disk.tend(now, LIFETIME).unwrap();
                note(&mut disk, &mut seen);
            }
            // Dropped without closing, like a crash; sometimes with everything tenured before.
            if start % 2 == 0 {
                disk.finish().unwrap();
                note(&mut disk, &mut seen);
            }
        }
        let keys: BTreeSet<_> = seen.keys().map(|(key, _)| *key).collect();
        assert!(keys.len() > 50 && seen.len() > 700, "{} keys, {} rows", keys.len(), seen.len());
    }

    fn note(disk: &mut Disk, seen: &mut BTreeMap<([u8; 32], RowId), Vec<u8>>) {
        for (row, sealed) in found(disk) {
            let key = disk.keys.read(key_of(&sealed).unwrap()).unwrap();
            let before = seen.entry((*key, row)).or_insert_with(|| sealed.clone());
            assert_eq!(*before, sealed, "row {} has two texts under one key", row.0);
        }
    }

    #[test]
    fn a_crash_at_any_point_of_tenuring_costs_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let mut disk = open(dir.path()).unwrap();
        commit(&mut disk, |t| (1..=2500).for_each(|n| t.append(INBOX, "a", n, "kept")));
        for pieces in 0..8 {
            drop(disk);
            disk = open(dir.path()).unwrap();
            for _ in 0..pieces {
                disk.tend(Duration::ZERO, LIFETIME).unwrap();
            }
            assert_eq!(disk.load("relay", &[INBOX]).unwrap().unwrap().len(), 2500);
            // One key for each row that has its own, one for the generation as long as it is needed.
            let keys = disk.keys.ids().count();
            assert!([1, 1001, 2001, 2500].contains(&keys), "{keys}");
        }
        assert_eq!(disk.keys.ids().count(), 2500);
    }
}
