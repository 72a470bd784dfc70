//! The key file: the one file in which something can really be erased.
//!
//! A flat file of slots, overwritten in place. There is no journal and no copy: a slot is a key of its
//! own, valid if its check says so, and nothing depends on two slots changing together. A slot never
//! crosses a disk sector. Destroying a key is writing zeros over it, and waiting until the disk has them.
//!
//! Its header names the store, and two slots after it hold the [`Mark`]: up to where the rows are known to be durable,
//! so that rows of another store, or of an earlier time, are not taken for the ones that belong to these keys.

use crate::StoreId;
use crate::seal::{KeyBytes, KeyId};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use zeroize::{Zeroize as _, Zeroizing};

/// The format of the whole store: of this file, of the rows, of where they are.
pub(crate) const FORMAT: u32 = 2;

const STORE_AT: usize = 20;
const MAGIC: &[u8; 16] = b"blindpost keys\r\n";
const SLOT_LEN: usize = 64;
const CHECK_AT: usize = 48;
const ERASED: [u8; SLOT_LEN] = [0; SLOT_LEN];
/// The header, and two marks: the older one is overwritten, so that one is whole whenever the power fails.
const SLOTS_BEFORE_KEYS: u64 = 3;
const MARK: u8 = 3;

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// All rows written in a time: they go under keys of their own, or away, before it is destroyed.
    Generation,
    /// One row that outlived its generation.
    Row,
}

/// An open key file. The bytes of the keys stay in the file until asked for.
pub(crate) struct KeyFile {
    file: File,
    keys: BTreeMap<KeyId, Entry>,
    /// Slots that hold no key.
    free: BTreeSet<u64>,
    /// Slots that hold neither a key nor zeros: half-written keys, which never sealed anything, or damage.
    spoiled: Vec<u64>,
    slots: u64,
    next_id: u64,
    store: StoreId,
    mark: Mark,
    /// In which of the two slots the next mark goes.
    older: u64,
}

/// What the key file knows of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Mark {
    /// So many commits are durable, at least.
    pub(crate) commits: u64,
    /// The last key that was made.
    pub(crate) last_key: u64,
}

#[derive(Clone, Copy)]
struct Entry {
    slot: u64,
    used_for: Use,
}

/// Why a key file could not be opened.
pub(crate) enum KeyFileError {
    Io(io::Error),
    Version(u32),
    Damaged(&'static str),
}

impl From<io::Error> for KeyFileError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl KeyFile {
    /// Opens the file.
    pub(crate) fn open(path: &Path) -> Result<Self, KeyFileError> {
        let mut file = OpenOptions::new().read(true).write(true).open(path)?;
        // As long as the file before it is read, so that no copy of a key is left behind by growing.
        let len = usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?;
        let mut bytes = Zeroizing::new(Vec::with_capacity(len + 1));
        file.read_to_end(&mut bytes)?;
        let (header, rest) = bytes.split_first_chunk::<SLOT_LEN>().ok_or(KeyFileError::Damaged(CUT_OFF))?;
        let store = parse_header(header)?;
        let (marks, rest) =
            rest.split_first_chunk::<{ 2 * SLOT_LEN }>().ok_or(KeyFileError::Damaged(CUT_OFF))?;
        let (one, other) = marks.split_at(SLOT_LEN);
        let (one, other) = (parse_mark(one), parse_mark(other));
        let mark = one.max(other).ok_or(KeyFileError::Damaged("what it says of the rows can't be read"))?;
        let mut keys = Self {
            file,
            keys: BTreeMap::new(),
            free: BTreeSet::new(),
            spoiled: Vec::new(),
            slots: 0,
            next_id: mark.last_key.saturating_add(1),
            store,
            mark,
            older: if one < other { 0 } else { 1 },
        };
        for slot in rest.chunks(SLOT_LEN) {
            keys.add_slot(slot)?;
        }
        Ok(keys)
    }

    fn add_slot(&mut self, bytes: &[u8]) -> Result<(), KeyFileError> {
        let slot = self.slots;
        self.slots += 1;
        match parse_slot(bytes) {
            _ if bytes == ERASED => {
                self.free.insert(slot);
            }
            Some((id, used_for, _)) => {
                self.next_id = self.next_id.max(id.0.saturating_add(1));
                if self.keys.insert(id, Entry { slot, used_for }).is_some() {
                    return Err(KeyFileError::Damaged("it holds a key twice"));
                }
            }
            None => self.spoiled.push(slot),
        }
        Ok(())
    }

    /// Which store it belongs to.
    pub(crate) fn store(&self) -> StoreId {
        self.store
    }

    /// What it knows of the rows.
    pub(crate) fn mark(&self) -> Mark {
        self.mark
    }

    /// The last key that was made; 0 if none was.
    pub(crate) fn last_key(&self) -> u64 {
        self.next_id.saturating_sub(1)
    }

    /// Notes that so many commits are durable. Outlives the process at once, and a power cut from the next key on that is
    /// made or destroyed: what a mark does not know yet is only not missed.
    pub(crate) fn note(&mut self, commits: u64) -> io::Result<()> {
        let mark = Mark { commits, last_key: self.last_key() };
        if mark <= self.mark {
            return Ok(());
        }
        self.write_at((1 + self.older) * SLOT_LEN as u64, &format_mark(mark))?;
        self.older = 1 - self.older;
        self.mark = mark;
        Ok(())
    }

    /// What the key is for; `None` if there is no such key.
    pub(crate) fn use_of(&self, id: KeyId) -> Option<Use> {
        self.keys.get(&id).map(|entry| entry.used_for)
    }

    /// All keys that there are.
    pub(crate) fn ids(&self) -> impl Iterator<Item = KeyId> + '_ {
        self.keys.keys().copied()
    }

    /// New keys, durable when this returns, and with them that so many commits are. After a failure the file has to be
    /// opened again.
    pub(crate) fn create(
        &mut self,
        used_for: Use,
        count: usize,
        commits: u64,
    ) -> io::Result<Vec<(KeyId, KeyBytes)>> {
        let mut created = Vec::with_capacity(count);
        for _ in 0..count {
            let mut key = KeyBytes::default();
            rand::fill(&mut key[..]).map_err(|_| io::Error::other("the system gives no random numbers"))?;
            let id = KeyId(self.next_id);
            self.next_id += 1;
            let slot = self.free.pop_first().unwrap_or(self.slots);
            self.slots = self.slots.max(slot + 1);
            self.write(slot, &format_slot(id, used_for, &key))?;
            self.keys.insert(id, Entry { slot, used_for });
            created.push((id, key));
        }
        self.note(commits)?;
        self.file.sync_data()?;
        Ok(created)
    }

    /// The bytes of a key.
    pub(crate) fn read(&mut self, id: KeyId) -> io::Result<KeyBytes> {
        let slot = self.keys.get(&id).map(|entry| entry.slot).ok_or(io::ErrorKind::NotFound)?;
        let mut bytes = Zeroizing::new([0; SLOT_LEN]);
        self.file.seek(SeekFrom::Start(offset(slot)))?;
        self.file.read_exact(&mut bytes[..])?;
        match parse_slot(&bytes[..]) {
            Some((found, _, key)) if found == id => Ok(key),
            _ => Err(io::Error::other("a key in the key file is damaged")),
        }
    }

    /// Waits until the disk has what was noted.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Destroys keys: when this returns, the disk holds zeros in their place. After a failure the file
    /// has to be opened again.
    pub(crate) fn destroy(&mut self, ids: &[KeyId]) -> io::Result<()> {
        let slots: Vec<_> =
            ids.iter().filter_map(|id| self.keys.remove(id)).map(|entry| entry.slot).collect();
        self.erase(slots)
    }

    /// Erases what looks like half a key. Only after every row was opened: damage to a key that is
    /// needed shows as a row without key.
    pub(crate) fn erase_spoiled(&mut self) -> io::Result<()> {
        let spoiled = std::mem::take(&mut self.spoiled);
        self.erase(spoiled)
    }

    fn erase(&mut self, slots: Vec<u64>) -> io::Result<()> {
        if slots.is_empty() {
            return Ok(());
        }
        for slot in &slots {
            self.write(*slot, &ERASED)?;
        }
        self.file.sync_data()?;
        self.free.extend(slots);
        Ok(())
    }

    fn write(&mut self, slot: u64, bytes: &[u8; SLOT_LEN]) -> io::Result<()> {
        self.write_at(offset(slot), bytes)
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8; SLOT_LEN]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(offset))?;
        self.file.write_all(bytes)
    }
}

const CUT_OFF: &str = "it is cut off";

/// Makes the empty key file of a new store; one that is there is whole.
pub(crate) fn create_key_file(path: &Path) -> io::Result<()> {
    let mut id = [0; 16];
    rand::fill(&mut id).map_err(|_| io::Error::other("the system gives no random numbers"))?;
    let half = path.with_extension("new");
    let mut file = private(OpenOptions::new().write(true).create(true).truncate(true)).open(&half)?;
    let mark = format_mark(Mark::default());
    file.write_all(&[format_header(StoreId(id)), mark, mark].concat())?;
    file.sync_all()?;
    fs::rename(&half, path)?;
    path.parent().map_or(Ok(()), sync_directory)
}

/// A file that is made is for its owner only.
pub(crate) fn private(options: &mut OpenOptions) -> &OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Makes the names in a directory durable.
pub(crate) fn sync_directory(dir: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
}

fn offset(slot: u64) -> u64 {
    (slot + SLOTS_BEFORE_KEYS).saturating_mul(SLOT_LEN as u64)
}

/// magic (16) · format (4) · store (16) · zeros (12) · check (16)
fn format_header(store: StoreId) -> [u8; SLOT_LEN] {
    let mut bytes = ERASED;
    fill(&mut bytes, 0, MAGIC);
    fill(&mut bytes, 16, &FORMAT.to_be_bytes());
    fill(&mut bytes, STORE_AT, &store.0);
    fill_check(&mut bytes);
    bytes
}

fn parse_header(bytes: &[u8; SLOT_LEN]) -> Result<StoreId, KeyFileError> {
    let rest = bytes.strip_prefix(MAGIC).ok_or(KeyFileError::Damaged("it is no key file"))?;
    let store = bytes.get(STORE_AT..).and_then(|rest| rest.first_chunk());
    match (rest.first_chunk().map(|format| u32::from_be_bytes(*format)), store) {
        (Some(FORMAT), Some(store)) if has_check(bytes) => Ok(StoreId(*store)),
        (Some(FORMAT) | None, _) => Err(KeyFileError::Damaged("its header is wrong")),
        (Some(other), _) => Err(KeyFileError::Version(other)),
    }
}

/// commits (8) · mark (1) · zeros (7) · last key (8) · zeros (24) · check (16)
fn format_mark(mark: Mark) -> [u8; SLOT_LEN] {
    let mut bytes = ERASED;
    fill(&mut bytes, 0, &mark.commits.to_be_bytes());
    fill(&mut bytes, 8, &[MARK]);
    fill(&mut bytes, 16, &mark.last_key.to_be_bytes());
    fill_check(&mut bytes);
    bytes
}

fn parse_mark(bytes: &[u8]) -> Option<Mark> {
    let number = |at: usize| Some(u64::from_be_bytes(*bytes.get(at..)?.first_chunk()?));
    let whole = has_check(bytes.try_into().ok()?) && bytes.get(8) == Some(&MARK);
    whole.then_some(Mark { commits: number(0)?, last_key: number(16)? })
}

/// id (8) · use (1) · zeros (7) · key (32) · check (16)
fn format_slot(id: KeyId, used_for: Use, key: &KeyBytes) -> Zeroizing<[u8; SLOT_LEN]> {
    let mut bytes = Zeroizing::new(ERASED);
    fill(&mut bytes, 0, &id.0.to_be_bytes());
    let code = match used_for {
        Use::Generation => 1,
        Use::Row => 2,
    };
    fill(&mut bytes, 8, &[code]);
    fill(&mut bytes, 16, &key[..]);
    fill_check(&mut bytes);
    bytes
}

fn parse_slot(bytes: &[u8]) -> Option<(KeyId, Use, KeyBytes)> {
    if !has_check(bytes.try_into().ok()?) {
        return None;
    }
    let (id, rest) = bytes.split_first_chunk()?;
    let used_for = match rest.first()? {
        1 => Use::Generation,
        2 => Use::Row,
        _ => return None,
    };
    let mut key = KeyBytes::default();
    key.copy_from_slice(bytes.get(16..CHECK_AT)?);
    Some((KeyId(u64::from_be_bytes(*id)), used_for, key))
}

fn fill(bytes: &mut [u8; SLOT_LEN], at: usize, part: &[u8]) {
    for (to, from) in bytes.iter_mut().skip(at).zip(part) {
        *to = *from;
    }
}

fn fill_check(bytes: &mut [u8; SLOT_LEN]) {
    let mut check = check(bytes);
    fill(bytes, CHECK_AT, &check);
    check.zeroize();
}

fn has_check(bytes: &[u8; SLOT_LEN]) -> bool {
    bytes.get(CHECK_AT..) == Some(&check(bytes)[..])
}

fn check(bytes: &[u8; SLOT_LEN]) -> [u8; SLOT_LEN - CHECK_AT] {
    let mut check = [0; SLOT_LEN - CHECK_AT];
    let hash = digest(&SHA256, bytes.get(..CHECK_AT).unwrap_or_default());
    for (to, from) in check.iter_mut().zip(hash.as_ref()) {
        *to = *from;
    }
    check
}
