//! Three formats, one content; and what an interruption, a full disk or a wrong directory leaves.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

mod common;

use report::tables::{Epoch, Message, Principal, View};
use report::{CreateError, Format, Outcome, ReadError, Row, Run, RunDirectory, Table};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

fn rows(dir: &Path, table: &'static Table, file: &str) -> Vec<String> {
    let run = Run::open(dir).unwrap();
    let columns: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
    let mut rows = vec![];
    run.scan(table, file, &columns, |batch| {
        rows.extend(batch.rows().map(|row| format!("{:?}", row.cells().collect::<Vec<_>>())));
    })
    .unwrap();
    rows
}

#[test]
fn formats_agree_row_by_row() {
    let dirs = Format::ALL.map(|format| {
        let dir = tempfile::tempdir().unwrap();
        common::write(dir.path(), &[format], Outcome::Complete);
        dir
    });
    let expected: Vec<String> = (0..common::MESSAGES)
        .map(|id| format!("{:?}", common::message(id).cells().collect::<Vec<_>>()))
        .collect();
    let mut files: Vec<(&'static Table, &str)> =
        report::tables::TABLES.iter().filter(|t| t.name != "views").map(|t| (*t, t.name)).collect();
    files.extend(Principal::ALL.map(|principal| (View::TABLE, principal.file())));
    for (table, file) in files {
        let [parquet, jsonl, csv] = dirs.each_ref().map(|dir| rows(dir.path(), table, file));
        assert!(!parquet.is_empty(), "{file}");
        assert_eq!(parquet, jsonl, "{file}");
        assert_eq!(parquet, csv, "{file}");
        if table.name == "messages" {
            assert_eq!(parquet, expected);
        }
    }
}

#[test]
fn the_manifest_lists_every_file_with_its_digest() {
    use sha2::Digest as _;
    let dir = tempfile::tempdir().unwrap();
    common::write(dir.path(), &Format::ALL, Outcome::Complete);
    let run = Run::open(dir.path()).unwrap();
    let manifest = run.manifest();
    assert!(manifest.complete);
    assert_eq!(manifest.facts, common::facts());
    assert_eq!(manifest.totals, common::totals());
    for file in &manifest.files {
        let content = fs::read(dir.path().join(&file.path)).unwrap();
        assert_eq!(file.bytes, u64::try_from(content.len()).unwrap(), "{}", file.path);
        assert_eq!(file.sha256, hex::encode(sha2::Sha256::digest(&content)), "{}", file.path);
    }
    let messages = manifest.files.iter().filter(|file| file.path.starts_with("messages."));
    assert_eq!(messages.map(|file| file.rows).collect::<Vec<_>>(), [Some(common::MESSAGES); 3]);
    // 3 formats of 5 tables and 6 views, packets, findings and two scenarios: all that is there, and no more.
    assert_eq!(manifest.files.len(), 3 * 11 + 4);
    let there = fs::read_dir(dir.path()).unwrap().count() - 1
        + fs::read_dir(dir.path().join("views")).unwrap().count();
    assert_eq!(there, manifest.files.len() + 1);
}

#[test]
fn a_stopped_run_is_marked_and_readable() {
    let dir = tempfile::tempdir().unwrap();
    let reason = "interrupted by Ctrl-C".to_owned();
    common::write(dir.path(), &[Format::Parquet], Outcome::Partial { reason: reason.clone() });
    let run = Run::open(dir.path()).unwrap();
    assert!(!run.manifest().complete);
    assert_eq!(run.manifest().stopped_because, reason);
    assert_eq!(rows(dir.path(), Epoch::TABLE, "epochs").len(), 167);
}

#[test]
fn a_killed_run_leaves_nothing_that_looks_whole() {
    let dir = tempfile::tempdir().unwrap();
    let mut run = RunDirectory::create(dir.path(), false, &[Format::Parquet], common::facts()).unwrap();
    for id in 0..100_000 {
        run.write(&common::message(id)).unwrap();
    }
    drop(run);
    let run = Run::open(dir.path()).unwrap();
    assert!(!run.manifest().complete);
    assert_eq!(run.manifest().stopped_because, "still running, or killed");
    assert!(!dir.path().join("messages.parquet").exists());
    assert_eq!(rows(dir.path(), Message::TABLE, "messages"), Vec::<String>::new());
    // It may be run again in its place, and its remains are gone then.
    RunDirectory::create(dir.path(), false, &[Format::Csv], common::facts()).unwrap();
    assert!(!dir.path().join("messages.parquet.partial").exists());
}

#[test]
fn a_complete_run_is_overwritten_only_by_force() {
    let dir = tempfile::tempdir().unwrap();
    common::write(dir.path(), &[Format::Jsonl], Outcome::Complete);
    fs::write(dir.path().join("notes.txt"), "mine").unwrap();
    let again = |force| RunDirectory::create(dir.path(), force, &[Format::Csv], common::facts());
    let refused = again(false).err().unwrap();
    assert!(matches!(refused, CreateError::Complete(_)), "{refused}");
    assert!(dir.path().join("messages.jsonl").exists());
    again(true).unwrap();
    assert!(!dir.path().join("messages.jsonl").exists());
    assert!(dir.path().join("notes.txt").exists());
}

#[test]
fn a_directory_of_something_else_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("thesis.tex"), "years of work").unwrap();
    for force in [false, true] {
        let refused = RunDirectory::create(dir.path(), force, &[Format::Csv], common::facts()).err().unwrap();
        assert!(matches!(refused, CreateError::NotARun(_)), "{refused}");
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    assert!(matches!(Run::open(dir.path()), Err(ReadError::NotARun(_))));
}

#[test]
fn where_nothing_can_be_written_the_error_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let refused =
        RunDirectory::create(&file.join("run"), false, &[Format::Csv], common::facts()).err().unwrap();
    let text = refused.to_string();
    assert!(text.starts_with("can't create ") && text.contains("file/run"), "{text}");
}

#[test]
fn a_full_disk_is_told_and_the_run_stays_incomplete() {
    for format in Format::ALL {
        let dir = tempfile::tempdir().unwrap();
        let mut run = RunDirectory::create(dir.path(), false, &[format], common::facts()).unwrap();
        symlink("/dev/full", dir.path().join(format!("messages.{}.partial", format.extension()))).unwrap();
        // Text formats notice when a buffer is full, Parquet at a row group: by the end all have.
        let written = (0..70_000).try_for_each(|id| run.write(&common::message(id)));
        let failed = written.and_then(|()| run.finish(Outcome::Complete, common::totals()).map(|_| ()));
        let text = failed.unwrap_err().to_string();
        assert!(text.contains("No space left on device"), "{format:?}: {text}");
        assert!(text.contains("free some space") && text.contains("messages."), "{format:?}: {text}");
        assert!(!Run::open(dir.path()).unwrap().manifest().complete);
    }
}

#[test]
fn damage_is_told_with_its_place() {
    let dir = tempfile::tempdir().unwrap();
    common::write(dir.path(), &[Format::Csv], Outcome::Complete);
    let path = dir.path().join("epochs.csv");
    let text = fs::read_to_string(&path).unwrap().replacen("\n0,1,0,", "\nzero,1,0,", 1);
    // After it was held against the manifest.
    let run = Run::open(dir.path()).unwrap();
    fs::write(&path, text).unwrap();
    let error = run.scan(Epoch::TABLE, "epochs", &["conversation"], |_| {}).unwrap_err().to_string();
    assert!(error.contains("epochs.csv is damaged: line 2"), "{error}");
    let error = run.scan(Epoch::TABLE, "epochs", &["wrong"], |_| {}).unwrap_err().to_string();
    assert_eq!(error, "table `epochs` has no column `wrong`");
}

#[test]
fn a_file_that_is_not_what_the_run_wrote_is_not_believed() {
    let dir = tempfile::tempdir().unwrap();
    common::write(dir.path(), &[Format::Csv], Outcome::Complete);
    let files = Run::open(dir.path()).unwrap().manifest().files.clone();
    assert!(files.len() > 3);
    for entry in files {
        let path = dir.path().join(&entry.path);
        let sound = fs::read(&path).unwrap();
        let error = || Run::open(dir.path()).unwrap_err().to_string();
        let mut changed = sound.clone();
        *changed.last_mut().unwrap() ^= 1;
        fs::write(&path, changed).unwrap();
        let told = error();
        assert!(
            told.contains(&entry.path) && told.contains(&entry.sha256) && told.contains("SHA-256"),
            "{told}"
        );
        fs::write(&path, &sound[1..]).unwrap();
        let told = error();
        assert!(
            told.contains(&format!("{}, and manifest.json says {}", sound.len() - 1, sound.len())),
            "{told}"
        );
        fs::remove_file(&path).unwrap();
        assert!(error().contains(&format!("{} is missing", path.display())), "{}", error());
        fs::write(&path, sound).unwrap();
    }
    Run::open(dir.path()).unwrap();
}

#[test]
fn rows_are_as_many_as_the_manifest_says() {
    let dir = tempfile::tempdir().unwrap();
    common::write(dir.path(), &[Format::Csv], Outcome::Complete);
    let manifest = dir.path().join("manifest.json");
    let mut json: serde_json::Value = serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
    let file =
        json["files"].as_array_mut().unwrap().iter_mut().find(|file| file["path"] == "epochs.csv").unwrap();
    let rows = file["rows"].as_u64().unwrap();
    file["rows"] = (rows + 1).into();
    fs::write(&manifest, json.to_string()).unwrap();
    let run = Run::open(dir.path()).unwrap();
    let error = run.scan(Epoch::TABLE, "epochs", &["conversation"], |_| {}).unwrap_err().to_string();
    assert!(error.contains(&format!("its rows are {rows}, and manifest.json says {}", rows + 1)), "{error}");
}

#[test]
fn two_runs_do_not_write_into_one_directory() {
    let dir = tempfile::tempdir().unwrap();
    let create = || RunDirectory::create(dir.path(), true, &[Format::Csv], common::facts());
    let first = create().unwrap();
    let before = fs::read(dir.path().join("manifest.json")).unwrap();
    let refused = create().err().unwrap();
    assert!(matches!(refused, CreateError::Lock(_)), "{refused}");
    assert!(refused.to_string().contains("another process writes into"), "{refused}");
    assert_eq!(fs::read(dir.path().join("manifest.json")).unwrap(), before, "nothing was touched");
    first.finish(Outcome::Complete, common::totals()).unwrap();
    create().unwrap();
}

#[test]
fn each_figure_is_a_file_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    common::write(dir.path(), &[Format::Jsonl], Outcome::Complete);
    let figures = dir.path().join("figures");
    let files = report::figures::write(&Run::open(dir.path()).unwrap(), &figures).unwrap();
    assert_eq!(files.len(), 14);
    for file in files {
        let svg = fs::read_to_string(&file).unwrap();
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"), "{}", file.display());
        // It stands alone: no colour from a page, no script, no pointer.
        assert!(!svg.contains("var(") && !svg.contains("data-tip") && svg.contains("class=\"mark\""));
    }
}

#[test]
fn every_column_is_documented() {
    let docs = report::tables::docs();
    for table in report::tables::TABLES {
        for column in table.columns {
            assert!(column.description.ends_with('.'), "{}.{}", table.name, column.name);
            assert!(docs.contains(&format!("| `{}` | {}", column.name, column.kind.name())));
        }
    }
}
