//! A run's directory while the run goes on.

use crate::column::Row;
use crate::error::{CreateError, FileError, WriteError};
use crate::file::{self, FileEntry};
use crate::findings::Findings;
use crate::lock::DirectoryLock;
use crate::manifest::{Facts, Manifest, Totals};
use crate::packets::{Link, PacketWriter};
use crate::tables;
use crate::writer::{Format, TableWriter};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub(crate) const PACKETS: &str = "packets.pcapng";
pub(crate) const FINDINGS: &str = "findings.json";
pub(crate) const SCENARIO_TEXT: &str = "scenario.toml";
const SCENARIO: &str = "scenario.json";

/// A directory that a run is written to.
///
/// The manifest says `complete: false` from before the first file until after the last, and every file
/// has another name (`….partial`) until it is closed: what a kill leaves is not taken for whole.
pub struct RunDirectory {
    dir: PathBuf,
    manifest: Manifest,
    formats: Vec<Format>,
    tables: BTreeMap<&'static str, TableWriter>,
    packets: Option<PacketWriter>,
    /// Until the run ends.
    _lock: DirectoryLock,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It came to the scenario's end.
    Complete,
    /// It was stopped before.
    Partial {
        /// By what, for people.
        reason: String,
    },
}

impl RunDirectory {
    /// Takes `dir` for a run, and makes it if need be; nobody else can write there meanwhile. An incomplete run in it is overwritten; a complete one
    /// if `force` says so; anything else never.
    pub fn create(dir: &Path, force: bool, formats: &[Format], facts: Facts) -> Result<Self, CreateError> {
        let mut formats = formats.to_vec();
        formats.sort();
        formats.dedup();
        match formats.first() {
            None => return Err(CreateError::NoFormat),
            Some(Format::Parquet) if !cfg!(feature = "parquet") => return Err(CreateError::NoParquet),
            Some(_) => {}
        }
        fs::create_dir_all(dir).map_err(|e| FileError::new("create", dir, e))?;
        let lock = DirectoryLock::take(dir)?;
        let mut entries = fs::read_dir(dir).map_err(|e| FileError::new("list", dir, e))?;
        let empty = entries.next().is_none();
        match Manifest::read(dir) {
            Ok(Some(manifest)) if manifest.complete && !force => {
                return Err(CreateError::Complete(dir.into()));
            }
            Ok(Some(_)) => {}
            _ if empty => {}
            _ => return Err(CreateError::NotARun(dir.into())),
        }
        let manifest = Manifest::begun(facts);
        manifest.write(dir)?;
        clear(dir)?;
        Ok(Self { dir: dir.into(), manifest, formats, tables: BTreeMap::new(), packets: None, _lock: lock })
    }

    /// Keeps the scenario: the file as it was written, and its canonical form.
    pub fn scenario(&mut self, text: &str, canonical_json: &str) -> Result<(), WriteError> {
        self.keep(SCENARIO_TEXT, text.as_bytes())?;
        self.keep(SCENARIO, canonical_json.as_bytes())
    }

    /// Adds a row to its table. A table that gets none has no file.
    pub fn write(&mut self, row: &impl Row) -> Result<(), WriteError> {
        let file = row.file();
        if let Some(table) = self.tables.get_mut(file) {
            return table.write(row.cells());
        }
        let mut table = TableWriter::create(&self.dir, file, table_of(row), &self.formats)?;
        table.write(row.cells())?;
        self.tables.insert(file, table);
        Ok(())
    }

    /// Where packets go to. The classes of links are those of the first call.
    pub fn packets(&mut self, links: &[Link]) -> Result<&mut PacketWriter, WriteError> {
        let packets = match self.packets.take() {
            Some(packets) => packets,
            None => PacketWriter::create(&self.dir, PACKETS, links, &about(&self.manifest.facts))?,
        };
        Ok(self.packets.insert(packets))
    }

    /// Keeps the adversaries' results and the faults.
    pub fn findings(&mut self, findings: &Findings) -> Result<(), WriteError> {
        let path = self.dir.join(FINDINGS);
        let text = serde_json::to_vec_pretty(findings)
            .map_err(|e| FileError::new("write", &path, io::Error::other(e)))?;
        self.keep(FINDINGS, &text)
    }

    /// Closes every file, and then says in the manifest how the run ended.
    pub fn finish(mut self, outcome: Outcome, totals: Totals) -> Result<Manifest, WriteError> {
        for table in std::mem::take(&mut self.tables).into_values() {
            self.manifest.files.extend(table.close()?);
        }
        if let Some(packets) = self.packets.take() {
            self.manifest.files.push(packets.close()?);
        }
        self.manifest.files.sort_by(|a, b| a.path.cmp(&b.path));
        self.manifest.totals = totals;
        self.manifest.complete = outcome == Outcome::Complete;
        self.manifest.stopped_because = match outcome {
            Outcome::Complete => "the scenario ended".into(),
            Outcome::Partial { reason } => reason,
        };
        self.manifest.write(&self.dir)?;
        Ok(self.manifest)
    }

    fn keep(&mut self, name: &str, content: &[u8]) -> Result<(), WriteError> {
        let entry: FileEntry = file::write(&self.dir, name, content)?;
        self.manifest.files.retain(|kept| kept.path != entry.path);
        self.manifest.files.push(entry);
        Ok(())
    }
}

/// What packets say of themselves.
fn about(facts: &Facts) -> String {
    let hides = match facts.crypto.as_str() {
        "modelled" => " Cryptography is modelled: what stands for ciphertext in them hides nothing.",
        _ => "",
    };
    format!("Simulated packets of the scenario {}.{hides}", facts.scenario)
}

fn table_of<R: Row>(_: &R) -> &'static crate::column::Table {
    R::TABLE
}

/// Removes what an earlier run left, and nothing else.
fn clear(dir: &Path) -> Result<(), FileError> {
    let tables = tables::files()
        .flat_map(|(name, _)| Format::ALL.map(|format| format!("{name}.{}", format.extension())));
    let others = [PACKETS, FINDINGS, SCENARIO_TEXT, SCENARIO].map(String::from);
    let entries = fs::read_dir(dir).map_err(|e| FileError::new("list", dir, e))?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let checkpoints = names.filter(|name| name.starts_with("checkpoint-") && name.ends_with(".json"));
    for name in tables.chain(others).chain(checkpoints) {
        let path = dir.join(name);
        for path in [file::partial(&path), path] {
            match fs::remove_file(&path) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => {
                    return Err(FileError::new("remove", &path, e));
                }
                _ => {}
            }
        }
    }
    Ok(())
}
