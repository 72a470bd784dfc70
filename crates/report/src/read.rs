//! Reads a run back from its directory: manifest, scenario, findings, and tables in whichever format was written.

use crate::batch::Batch;
use crate::column::{Column, Table};
use crate::directory::{FINDINGS, SCENARIO_TEXT};
use crate::error::{FileError, ReadError};
use crate::findings::Findings;
use crate::manifest::Manifest;
use crate::writer::Format;
use crate::{csv, jsonl};
use std::fs;
use std::path::{Path, PathBuf};

/// A run that was written.
#[derive(Debug)]
pub struct Run {
    dir: PathBuf,
    manifest: Manifest,
}

impl Run {
    /// Opens a run's directory, and holds every file in it against the manifest. An incomplete run can be read too: see
    /// [`Manifest::complete`].
    pub fn open(dir: &Path) -> Result<Self, ReadError> {
        let manifest = Manifest::read(dir)?.ok_or_else(|| ReadError::NotARun(dir.into()))?;
        manifest.files.iter().try_for_each(|file| file.check(dir))?;
        Ok(Self { dir: dir.into(), manifest })
    }

    /// What the run was.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The scenario as it was written, if it was kept.
    pub fn scenario(&self) -> Result<Option<String>, ReadError> {
        let Some(path) = self.path(SCENARIO_TEXT) else { return Ok(None) };
        Ok(Some(fs::read_to_string(&path).map_err(|e| FileError::new("read", &path, e))?))
    }

    /// The adversaries' results and the faults, if there were any.
    pub fn findings(&self) -> Result<Findings, ReadError> {
        let Some(path) = self.path(FINDINGS) else { return Ok(Findings::default()) };
        let text = fs::read(&path).map_err(|e| FileError::new("read", &path, e))?;
        serde_json::from_slice(&text).map_err(|e| ReadError::damaged(&path, e))
    }

    /// Gives the rows of a table's file a batch at a time, with only the columns asked for, in the order
    /// asked for. No batch comes if the run has no such file. `file` is [`Row::file`](crate::Row::file).
    pub fn scan(
        &self,
        table: &'static Table,
        file: &str,
        columns: &[&str],
        mut each: impl FnMut(&Batch),
    ) -> Result<(), ReadError> {
        let mut rows = 0;
        let each = |batch: &Batch| {
            rows += batch.len() as u64;
            each(batch);
        };
        let columns: Vec<&'static Column> = columns
            .iter()
            .map(|name| {
                let missing = || ReadError::NoColumn { table: table.name, column: (*name).into() };
                table.column(name).ok_or_else(missing)
            })
            .collect::<Result<_, _>>()?;
        let found = Format::ALL
            .into_iter()
            .find_map(|format| Some((format, self.path(&format!("{file}.{}", format.extension()))?)));
        let Some((format, path)) = found else { return Ok(()) };
        match format {
            Format::Csv => csv::read(&path, &columns, each)?,
            Format::Jsonl => jsonl::read(&path, &columns, each)?,
            #[cfg(feature = "parquet")]
            Format::Parquet => crate::parquet_file::read(&path, &columns, each)?,
            #[cfg(not(feature = "parquet"))]
            Format::Parquet => return Err(ReadError::NoParquet(path)),
        }
        match self.rows(&path) {
            Some(expected) if expected != rows && !columns.is_empty() => Err(ReadError::Changed {
                path,
                what: "its rows are",
                expected: expected.to_string(),
                found: rows.to_string(),
            }),
            _ => Ok(()),
        }
    }

    /// The rows of a file, as the manifest has them.
    fn rows(&self, path: &Path) -> Option<u64> {
        self.manifest.files.iter().find(|file| self.dir.join(&file.path) == path)?.rows
    }

    /// The path of a file, if the manifest lists it.
    fn path(&self, name: &str) -> Option<PathBuf> {
        self.manifest.files.iter().any(|file| file.path == name).then(|| self.dir.join(name))
    }
}
