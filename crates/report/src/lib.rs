//! What a run leaves behind, and what is drawn from it.
//!
//! [`RunDirectory`] writes a run: tables in up to three formats from one definition, simulated packets,
//! the scenario, a manifest. [`Run`] reads it back.

mod batch;
mod column;
mod csv;
mod directory;
mod error;
pub mod figures;
mod file;
mod findings;
pub mod html;
mod jsonl;
mod lock;
mod manifest;
mod packets;
#[cfg(feature = "parquet")]
mod parquet_file;
pub mod plot;
mod read;
mod sections;
pub mod tables;
mod writer;

pub use batch::{Batch, RowRef};
pub use column::{Cell, Column, Row, Table, Type};
pub use directory::{Outcome, RunDirectory};
pub use error::{CreateError, FileError, LockError, ReadError, WriteError};
pub use file::{FileEntry, digest};
pub use findings::{Finding, Findings};
pub use lock::DirectoryLock;
pub use manifest::{Checkpoint, FORMAT, Facts, Manifest, Totals};
pub use packets::{Endpoint, Link, Packet, PacketWriter};
pub use read::Run;
pub use sections::{Entry, Grid, Section, float, names};
pub use writer::{Format, write_table};
