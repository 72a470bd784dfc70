//! Opening a store: from what is on disk back to what is in memory.
//!
//! Every row is read and opened here once, so damage shows now and not later. Nothing is dropped:
//! the order of writing leaves no row without a key (see `embedded`), so one is an error.

use crate::Options;
use crate::embedded::{Disk, Openers};
use crate::error::{OpenError, Trouble};
use crate::generations::Generations;
use crate::index::Index;
use crate::keys::{FORMAT, KeyFile, KeyFileError, Use, private, sync_directory};
use crate::rows::Rows;
use crate::seal::{KeyId, Place, key_of};
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
        Disk::open(dir, &Options::default())
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
        assert!(Embedded::open(dir.path(), Options::default()).is_err(), "and it stays so");
        error.to_string().replace(&dir.path().display().to_string(), "DIR")
    }

    fn found(disk: &Disk) -> Vec<(RowId, Vec<u8>)> {
        disk.rows.all().map(|row| row.unwrap()).map(|(row, sealed)| (row.unwrap(), sealed.to_vec())).collect()
    }

    #[test]
    fn a_row_moved_to_another_place_does_not_open() {
        let complaint = after(|rows, found| {
            let (first, second) = (&found[0], &found[1]);
            rows.commit([(first.0, second.1.clone()), (second.0, first.1.clone())], []).unwrap();
        });
        assert_eq!(complaint, "DIR is damaged: row 1 does not open; restore it from a copy");
        let complaint = after(|rows, found| rows.commit([(RowId(9), found[1].1.clone())], []).unwrap());
        assert_eq!(complaint, "DIR is damaged: row 9 does not open; restore it from a copy");
    }

    #[test]
    fn a_damaged_row_is_not_dropped() {
        for at in [0, 8, 9, 30] {
            let complaint = after(|rows, mut found| {
                found[1].1[at] ^= 1;
                rows.commit(found, []).unwrap();
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
