//! Parquet files are read by another implementation: schema, rows and every value of the messages.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

mod common;

use report::tables::{Message, TABLES};
use report::{Cell, Format, Outcome, Row as _, Type};
use serde_json::{Value, json};
use std::process::Command;

const INSTALL: &str = "`BLINDPOST_PYTHON` has to name a Python that has pyarrow (`pip install pyarrow`)";

/// Prints schema and rows as JSON: `[[[name, type, nullable], …], [row, …], {metadata}]`.
const READ: &str = "
import json, sys
import pyarrow.parquet as pq
file = pq.ParquetFile(sys.argv[1])
schema = file.schema_arrow
columns = [[f.name, str(f.type), f.nullable] for f in schema]
about = {k.decode(): v.decode() for k, v in (file.metadata.metadata or {}).items() if k != b'ARROW:schema'}
print(json.dumps([columns, file.read().to_pylist(), about, file.metadata.num_row_groups]))
";

fn pyarrow(path: &std::path::Path) -> Value {
    let python = std::env::var_os("BLINDPOST_PYTHON").unwrap_or_else(|| panic!("{INSTALL}"));
    let output = common::run(Command::new(python).args(["-c", READ]).arg(path), INSTALL);
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn pyarrow_reads_the_tables() {
    let dir = tempfile::tempdir().unwrap();
    common::write(dir.path(), &[Format::Parquet], Outcome::Complete);
    for (table, file) in TABLES.iter().map(|table| (table, table.name.replace("views", "views/relay"))) {
        let read = pyarrow(&dir.path().join(format!("{file}.parquet")));
        let columns: Vec<Value> = table
            .columns
            .iter()
            .map(|column| {
                let kind = match column.kind {
                    Type::U64 => "uint64",
                    Type::F64 => "double",
                    Type::Text => "string",
                    Type::Bool => "bool",
                    Type::Binary => "binary",
                };
                json!([column.name, kind, column.optional])
            })
            .collect();
        assert_eq!(read[0], Value::Array(columns), "{file}");
        assert_eq!(read[2]["table"], table.description);
    }
    let read = pyarrow(&dir.path().join("messages.parquet"));
    assert_eq!(read[2]["created_us (µs)"], "When the sender made it.");
    let rows = read[1].as_array().unwrap();
    assert_eq!(rows.len(), usize::try_from(common::MESSAGES).unwrap());
    for (id, row) in (0..).zip(rows) {
        let message = common::message(id);
        for (column, cell) in Message::TABLE.columns.iter().zip(message.cells()) {
            let expected = match cell {
                Cell::Null => Value::Null,
                Cell::U64(value) => value.into(),
                Cell::F64(value) => value.into(),
                Cell::Text(value) => value.into(),
                Cell::Bool(value) => value.into(),
                Cell::Binary(_) => panic!("no column of messages is binary"),
            };
            assert_eq!(row[column.name], expected, "message {id}, column {}", column.name);
        }
    }
}

#[test]
fn many_rows_are_several_row_groups() {
    let dir = tempfile::tempdir().unwrap();
    let mut run =
        report::RunDirectory::create(dir.path(), false, &[Format::Parquet], common::facts()).unwrap();
    for id in 0..150_000 {
        run.write(&common::message(id)).unwrap();
    }
    run.finish(Outcome::Complete, common::totals()).unwrap();
    let read = pyarrow(&dir.path().join("messages.parquet"));
    assert_eq!(read[3], 3);
    let rows = read[1].as_array().unwrap();
    let sum: u64 = rows.iter().map(|row| row["created_us"].as_u64().unwrap()).sum();
    assert_eq!(sum, (0..150_000).map(|id| common::message(id).created_us).sum::<u64>());
}
