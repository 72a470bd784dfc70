//! Whether what is over is gone: every sealed row that ever was on disk, tried with every key that can be found.
//!
//! The attacker has copies of all rows, older ones included, so it has what freed blocks of a disk could hold of them.
//! It lacks only what was erased: keys.

use super::child::Child;
use super::{LiveError, files, memory};
use privacy::{Finding, Scanner};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use store::forensics::{self, Relic};

/// Keys in memory are where words are: 8 bytes apart. In the key file they stand at multiples of 16.
const WORD: usize = 8;

/// Sealed rows that an attacker has, from wherever.
#[derive(Default)]
pub(super) struct Loot {
    relics: BTreeSet<Relic>,
}

impl Loot {
    /// Takes what looks like sealed rows out of all files.
    pub(super) fn add(&mut self, files: &[(PathBuf, Vec<u8>)]) {
        for (_, bytes) in files {
            self.relics.extend(forensics::carve(bytes));
        }
    }

    /// Those that keys in `files` open and in which there is something that `scanner` looks for.
    pub(super) fn telling(&self, files: &[(PathBuf, Vec<u8>)], scanner: &Scanner) -> Vec<Relic> {
        let keys = key_file(files);
        let telling = |relic: &&Relic| {
            let plain = forensics::opened(keys, WORD, std::slice::from_ref(*relic));
            plain.iter().any(|plain| !scanner.stream().feed(plain).is_empty())
        };
        // Trying them one by one would take long: first those that open at all.
        let all: Vec<_> = self.relics.iter().cloned().collect();
        let halves = Self::that_open(keys, all);
        halves.iter().filter(telling).cloned().collect()
    }

    /// What keys in `files` open.
    pub(super) fn read(&self, files: &[(PathBuf, Vec<u8>)], scanner: &Scanner) -> Vec<Finding> {
        let relics: Vec<_> = self.relics.iter().cloned().collect();
        found(forensics::opened(key_file(files), WORD, &relics), scanner)
    }

    /// What keys in `files` open, as it is.
    pub(super) fn plain(&self, files: &[(PathBuf, Vec<u8>)]) -> Vec<Vec<u8>> {
        let relics: Vec<_> = self.relics.iter().cloned().collect();
        forensics::opened(key_file(files), WORD, &relics)
    }

    /// Halves the pile until nothing in a half opens, or one relic is left.
    fn that_open(keys: &[u8], relics: Vec<Relic>) -> Vec<Relic> {
        if forensics::opened(keys, WORD, &relics).is_empty() {
            return Vec::new();
        }
        if relics.len() == 1 {
            return relics;
        }
        let (left, right) = relics.split_at(relics.len() / 2);
        let mut open = Self::that_open(keys, left.to_vec());
        open.extend(Self::that_open(keys, right.to_vec()));
        open
    }
}

/// What keys anywhere in files open of some rows, at whatever offset they stand.
pub(super) fn read_with_files(
    relics: &[Relic],
    files: &[(PathBuf, Vec<u8>)],
    scanner: &Scanner,
) -> Vec<Finding> {
    let plain = files.iter().flat_map(|(_, bytes)| forensics::opened(bytes, 1, relics));
    found(plain, scanner)
}

/// What keys in the memory of a process open of some rows.
pub(super) fn read_with_memory(
    relics: &[Relic],
    child: &Child,
    scanner: &Scanner,
) -> Result<Vec<Finding>, LiveError> {
    let mut plain = Vec::new();
    memory::read(child.name, child.pid(), |_, piece| plain.extend(forensics::opened(piece, WORD, relics)))?;
    Ok(found(plain, scanner))
}

/// All files of a party's store.
pub(super) fn store_files(party_dir: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>, LiveError> {
    files::contents(&party_dir.join("store"))
}

fn key_file(files: &[(PathBuf, Vec<u8>)]) -> &[u8] {
    files.iter().find(|(path, _)| path == Path::new("keys")).map_or(&[], |(_, bytes)| bytes)
}

fn found(plain: impl IntoIterator<Item = Vec<u8>>, scanner: &Scanner) -> Vec<Finding> {
    plain.into_iter().flat_map(|plain| scanner.view("an opened row").feed(&plain)).collect()
}
