//! Whether what is over is gone: every sealed row that ever was on disk, tried with every key that can be found.
//!
//! The attacker has copies of all rows, older ones included, so it has what freed blocks of a disk could hold of them.
//! It lacks only what was erased: keys.

use super::child::Child;
use super::views::Views;
use super::{LiveError, files, memory};
use kernel::{Rng, Table, Transaction};
use privacy::{Canary, DataClass, Finding, Scanner};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;
use store::forensics::{self, Relic};
use store::{Options, Store};

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

    /// True if two of them were sealed with the same nonce.
    pub(super) fn reuses_a_nonce(&self) -> bool {
        forensics::reuses_a_nonce(&self.relics)
    }

    /// Keeps those of which `wanted` says so.
    pub(super) fn retain(&mut self, wanted: impl FnMut(&Relic) -> bool) {
        self.relics.retain(wanted);
    }

    /// All of it.
    pub(super) fn into_relics(self) -> BTreeSet<Relic> {
        self.relics
    }

    /// Takes what others found.
    pub(super) fn extend(&mut self, relics: &[Relic]) {
        self.relics.extend(relics.iter().cloned());
    }

    /// Those that keys in `files` open, with what they say.
    pub(super) fn open(&self, files: &[(PathBuf, Vec<u8>)]) -> Vec<(Relic, Vec<u8>)> {
        let relics: Vec<_> = self.relics.iter().cloned().collect();
        let opened = forensics::opened_by_name(key_file(files), &relics);
        opened.into_iter().filter_map(|(at, plain)| Some((relics.get(at)?.clone(), plain))).collect()
    }

    /// Those that keys in `files` open and in which there is something that `scanner` looks for.
    pub(super) fn telling(&self, files: &[(PathBuf, Vec<u8>)], scanner: &Scanner) -> Vec<Relic> {
        let told = |(_, plain): &(Relic, Vec<u8>)| !scanner.stream().feed(plain).is_empty();
        self.open(files).into_iter().filter(told).map(|(relic, _)| relic).collect()
    }

    /// What `scanner` finds in those that keys in `files` open.
    pub(super) fn read(&self, files: &[(PathBuf, Vec<u8>)], scanner: &Scanner) -> Vec<Finding> {
        found(self.open(files).into_iter().map(|(_, plain)| plain), scanner)
    }
}

/// Shows that a key that lives is found in memory: of a store in this process, which has just sealed a row. In the
/// parties' processes keys live for a second, too short to rely on it.
pub(super) fn control(dir: &Path, views: &mut Views) -> Result<(), LiveError> {
    const TABLE: Table = Table::state("control");
    let dir = dir.join("control");
    let text: [u8; 32] = Rng::for_entity(&live::entropy().map_err(LiveError::Entropy)?, "control").bytes();
    let scanner = Scanner::new([Canary::new("text of the control", DataClass::Content, text)])?;
    let options = Options { key_lifetime: Duration::from_secs(3600), ..Options::default() };
    let store = Store::open(&dir.join("store"), options)?;
    let mut transaction = Transaction::default();
    transaction.swap(TABLE, "row", 0, text.to_vec());
    store.partition("audit").commit(transaction).wait()?;
    let files = store_files(&dir)?;
    let mut loot = Loot::default();
    loot.add(&files);
    let telling = loot.telling(&files, &scanner);
    let mut found = 0;
    memory::read("the audit", std::process::id(), |_, piece| {
        found += forensics::opened(piece, WORD, &telling).len();
    })?;
    store.close();
    if found == 0 {
        views.broken("the search sees what is there", "no key is found in memory that has one");
    }
    Ok(())
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

/// The file of a store in which its keys are.
pub(super) fn key_file(files: &[(PathBuf, Vec<u8>)]) -> &[u8] {
    files.iter().find(|(path, _)| path == Path::new("keys")).map_or(&[], |(_, bytes)| bytes)
}

fn found(plain: impl IntoIterator<Item = Vec<u8>>, scanner: &Scanner) -> Vec<Finding> {
    plain.into_iter().flat_map(|plain| scanner.view("an opened row").feed(&plain)).collect()
}
