//! What somebody with the files, or with the memory of the process, could read: the attacker of audits.
//!
//! It knows the format of `seal.rs` and trusts nothing else: no index, no key file, no database. It
//! [carves](carve) whatever looks like a sealed row out of any bytes, takes every [window](keys) of 32 bytes for a
//! key, and tries all with all. It needs no whole row: AES-GCM without its tag is counter mode, so the first block
//! tells whether a key fits, and everything from there on can be read even if the end is lost.

use crate::seal::{FORMAT, HEADER_LEN, RowId, nonce};
use aes::Aes256;
use aes::cipher::{Array, BlockCipherEncrypt as _, KeyInit as _};
use std::collections::{BTreeMap, BTreeSet};

/// Ids above are taken for chance: a store that made so many keys ran for longer than an audit.
const LARGEST_KEY_ID: u64 = 1 << 24;
/// And so are higher row ids.
const LARGEST_ROW_ID: u64 = 1 << 32;
/// How much of a row is read: rows with messages are shorter.
const LONGEST: usize = 4096;
const BLOCK: usize = 16;

/// Something that looks like a sealed row. Nothing says how long it is, or what is only chance.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Relic {
    key: u64,
    /// Which rows it could be: what stands before it may be a part of its number only.
    rows: Vec<u64>,
    bytes: Vec<u8>,
}

/// A key to try.
pub struct Pick(Aes256);

/// Everything in `image` that looks like a sealed row: `image` is a file, a piece of a disk, or memory.
pub fn carve(image: &[u8]) -> Vec<Relic> {
    let mut relics = BTreeSet::new();
    let mut last_whole = 0;
    for at in 0..image.len().saturating_sub(HEADER_LEN + BLOCK) {
        if image.get(at) != Some(&FORMAT) {
            continue;
        }
        let Some(key) = number(image, at + 1).filter(|id| (1..LARGEST_KEY_ID).contains(id)) else { continue };
        let before = at.checked_sub(8).and_then(|start| number(image, start));
        let mut rows = Vec::new();
        match before.filter(|row| (1..LARGEST_ROW_ID).contains(row)) {
            Some(row) => {
                last_whole = row;
                rows.push(row);
            }
            // Sorted files leave out what the number has in common with the one before it.
            None => {
                let before = before.unwrap_or_default();
                rows.extend([8, 16, 24].map(|bits| {
                    let low = (1_u64 << bits) - 1;
                    (last_whole & !low) | (before & low)
                }));
            }
        }
        let start = at + HEADER_LEN;
        let end = image.len().min(start + LONGEST);
        let bytes = image.get(start..end).unwrap_or_default().to_vec();
        relics.insert(Relic { key, rows, bytes });
    }
    relics.into_iter().collect()
}

/// True if two different rows were sealed with one key and one nonce: what both begin with then looks the same, as
/// long as it is the same. Rows begin with what many have in common, and two copies of one row go on alike.
pub fn reuses_a_nonce<'a>(relics: impl IntoIterator<Item = &'a Relic>) -> bool {
    let mut begun: BTreeMap<(u64, &[u8]), &[u8]> = BTreeMap::new();
    relics.into_iter().any(|relic| {
        let (Some(first), Some(next)) = (relic.bytes.get(..BLOCK), relic.bytes.get(BLOCK..2 * BLOCK)) else {
            return false;
        };
        // Ciphertext looks random; much else that a file has doesn't.
        let looks_sealed = |bytes: &[u8]| bytes.iter().collect::<BTreeSet<_>>().len() > BLOCK / 2;
        if !looks_sealed(first) || !looks_sealed(next) {
            return false;
        }
        begun.insert((relic.key, first), next).is_some_and(|other| other != next)
    })
}

/// Every window of 32 bytes in `image` that could be a key, `step` bytes apart. One that hardly looks random is none:
/// of 32 random bytes fewer than 20 are different once in some 10⁹ times.
pub fn keys(image: &[u8], step: usize) -> impl Iterator<Item = [u8; 32]> + '_ {
    let windows = image.windows(32).step_by(step.max(1));
    windows.filter_map(|window| <[u8; 32]>::try_from(window).ok().filter(looks_random))
}

fn looks_random(window: &[u8; 32]) -> bool {
    let mut seen = [0_u64; 4];
    for byte in window {
        if let Some(word) = seen.get_mut(usize::from(byte >> 6)) {
            *word |= 1 << (byte & 63);
        }
    }
    seen.iter().map(|word| word.count_ones()).sum::<u32>() >= 20
}

/// Everything that keys in `image` open of `relics`: each window of 32 bytes, `step` bytes apart, is tried with all.
pub fn opened(image: &[u8], step: usize, relics: &[Relic]) -> Vec<Vec<u8>> {
    let mut plain = BTreeSet::new();
    for key in keys(image, step) {
        let pick = Pick::new(&key);
        plain.extend(relics.iter().filter_map(|relic| pick.open(relic)));
    }
    plain.into_iter().collect()
}

/// Quicker, for many rows: a row says which key it wants, by number, and a key file says which key has which number.
/// Tries every window, 8 bytes apart, in the 64 bytes behind anything that could be that number. Gives positions in
/// `relics`.
pub fn opened_by_name(key_file: &[u8], relics: &[Relic]) -> Vec<(usize, Vec<u8>)> {
    let mut numbers: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for at in 0..key_file.len() {
        if let Some(id) = number(key_file, at).filter(|id| (1..LARGEST_KEY_ID).contains(id)) {
            numbers.entry(id).or_default().push(at);
        }
    }
    let open = |relic: &Relic| {
        let places = numbers.get(&relic.key)?.iter();
        places.copied().find_map(|at| {
            let behind = key_file.get(at + 8..key_file.len().min(at + 8 + 64))?;
            keys(behind, 8).find_map(|key| Pick::new(&key).open(relic))
        })
    };
    relics.iter().enumerate().filter_map(|(at, relic)| Some((at, open(relic)?))).collect()
}

impl Pick {
    /// A key to try.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(Aes256::new(&Array::from(*key)))
    }

    /// What `relic` says, if this is its key: names, number and value of the row, and what stood behind it as noise.
    pub fn open(&self, relic: &Relic) -> Option<Vec<u8>> {
        let row = relic.rows.iter().copied().find(|row| {
            let mut first = relic.bytes.first_chunk::<BLOCK>().copied().unwrap_or_default();
            self.decrypt(*row, &mut first);
            is_record(&first)
        })?;
        let mut plain = relic.bytes.clone();
        self.decrypt(row, &mut plain);
        Some(plain)
    }

    /// Counter mode as in NIST SP 800-38D §6.5: the counter is 1 for the tag, and 2 for the first block of text.
    fn decrypt(&self, row: u64, bytes: &mut [u8]) {
        let nonce = nonce(RowId(row));
        for (counter, chunk) in (2_u32..).zip(bytes.chunks_mut(BLOCK)) {
            let mut block = [0; BLOCK];
            let input = nonce.as_ref().iter().copied().chain(counter.to_be_bytes());
            block.iter_mut().zip(input).for_each(|(to, from)| *to = from);
            let mut block = Array::from(block);
            self.0.encrypt_block(&mut block);
            chunk.iter_mut().zip(block).for_each(|(byte, key)| *byte ^= key);
        }
    }
}

/// Shape, a number that is not huge, the length of a partition's name and its first letters: by chance that is so
/// once in 2⁶⁰ or more.
fn is_record(first: &[u8; BLOCK]) -> bool {
    let [shape, at @ .., a, b, c] = first;
    let (high, rest) = at.split_at(1);
    let name_len = rest.get(7..11).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok()).map(u32::from_be_bytes);
    *shape <= 1
        && high == [0]
        && name_len.is_some_and(|len| (1..256).contains(&len))
        && [a, b, c].into_iter().all(|letter| letter.is_ascii_graphic() || *letter == 0)
}

fn number(image: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(image.get(at..at.checked_add(8)?)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, Store};
    use kernel::{Table, Transaction};
    use std::fs;
    use std::path::Path;
    use std::time::Duration;

    const INBOX: Table = Table::queue("inbox");

    fn files(dir: &Path, all: &mut Vec<Vec<u8>>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { files(&path, all) } else { all.push(fs::read(path).unwrap()) }
        }
    }

    /// How many different values it reads out of the files with keys from `keys`.
    fn read(images: &[Vec<u8>], key_file: &[u8]) -> usize {
        let relics: Vec<_> = images.iter().flat_map(|image| carve(image)).collect();
        let mut values = BTreeSet::new();
        for (_, plain) in opened_by_name(key_file, &relics) {
            let text = plain.windows(10).find(|window| window.starts_with(b"CANARY"));
            values.extend(text.map(<[u8]>::to_vec));
        }
        values.len()
    }

    /// Both where fresh rows are, in the journal, and in sorted files, where row numbers are cut.
    #[test]
    fn it_reads_everything_that_lives_and_nothing_that_was_destroyed() {
        let dir = tempfile::tempdir().unwrap();
        let options = Options {
            key_lifetime: Duration::from_secs(3600),
            write_buffer_bytes: 64 << 10,
            ..Options::default()
        };
        let store = Store::open(dir.path(), options).unwrap();
        let party = store.partition("party/1");
        for first in (1..=2000).step_by(50) {
            let mut transaction = Transaction::default();
            for n in first..first + 50 {
                transaction.append(INBOX, "someone", n, format!("CANARY{n:04} {}", "x".repeat(100)));
            }
            party.commit(transaction).wait().unwrap();
        }
        let mut images = Vec::new();
        files(dir.path(), &mut images);
        let key_file = fs::read(dir.path().join("keys")).unwrap();
        assert_eq!(read(&images, &key_file), 2000);
        let some: Vec<_> = images.iter().flat_map(|image| carve(image)).take(20).collect();
        assert_eq!(opened(&key_file, 1, &some).len(), opened_by_name(&key_file, &some).len());

        let mut transaction = Transaction::default();
        transaction.trim(INBOX, "someone", 1990);
        party.commit(transaction).wait().unwrap();
        store.close();
        let key_file = fs::read(dir.path().join("keys")).unwrap();
        let found = read(&images, &key_file);
        assert_eq!(found, 0, "no key opens what was in the files before");
        files(dir.path(), &mut images);
        assert_eq!(read(&images, &key_file), 10, "what lives is under new keys");
    }
}
