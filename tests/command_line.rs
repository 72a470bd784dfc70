//! Bad input on the command line and in files: an error that says what, where and what to do.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a test may panic"
)]

use std::process::{Command, Output};

fn blindpost(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_blindpost")).args(arguments).env("NO_COLOR", "1").output().unwrap()
}

fn error_of(arguments: &[&str]) -> String {
    let output = blindpost(arguments);
    assert!(!output.status.success(), "{arguments:?} should fail");
    assert!(output.stdout.is_empty(), "errors go to standard error");
    String::from_utf8(output.stderr).unwrap()
}

fn config(text: &str) -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("blindpost.toml");
    std::fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap().to_owned();
    (dir, file)
}

#[test]
fn a_typo_in_the_settings_names_the_line_and_what_would_be_right() {
    let (_dir, file) = config("[relay]\nlisten = \"127.0.0.1:0\"\nlissen = 3\n");
    let error = error_of(&["relay", "--config", &file]);
    for part in ["blindpost.toml", "lissen", "unknown field", "listen", "docs/settings.md"] {
        assert!(error.contains(part), "{part}: {error}");
    }
}

#[test]
fn a_wrong_value_names_itself() {
    let (_dir, file) = config("[relay]\nlisten = \"localhost\"\n");
    let error = error_of(&["relay", "--config", &file]);
    assert!(error.contains("invalid socket address"), "{error}");

    let (dir, file) = config(
        "[[cloud.tenants]]\nname = \"Shop\"\napp_id = \"1\"\napp_secret = \"s\"\nverify_token = \"v\"\ntoken = \"t\"\nwaba_id = \"2\"\nphone_number_id = \"3\"\nnumber = \"+1 555\"\n",
    );
    let data = dir.path().join("data");
    let error =
        error_of(&["cloud", "--config", &file, "--data", data.to_str().unwrap(), "--http", "127.0.0.1:0"]);
    for part in ["Shop", "number", "7 to 15 digits"] {
        assert!(error.contains(part), "{part}: {error}");
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = error_of(&["relay", "--config", "/nonexistent/blindpost.toml"]);
    assert!(error.contains("can't read /nonexistent/blindpost.toml"), "{error}");
}

#[test]
fn bad_flags_are_explained() {
    for (arguments, parts) in [
        (&["consumer"][..], &["--number", "4915112345678"][..]),
        (&["consumer", "--number", "12ab"], &["12ab", "7 to 15 digits"]),
        (&["relay", "--gateway", "xyz"], &["xyz", "64 hex digits"]),
        (&["demo", "--consumers", "0"], &["--consumers", "1..=10000"]),
        (&["demo", "--mesages", "3"], &["--messages"]),
        (&["demo", "--data", "/"], &["exists"]),
        (&["demo", "--json", "/nonexistent/out.json"], &["can't write /nonexistent/out.json"]),
    ] {
        let error = error_of(arguments);
        assert!(parts.iter().all(|part| error.contains(part)), "{arguments:?}: {error}");
    }
}

#[test]
fn help_shows_an_example_of_every_command() {
    for command in ["demo", "serve", "relay", "cloud", "consumer", "sink"] {
        let help = String::from_utf8(blindpost(&[command, "--help"]).stdout).unwrap();
        assert!(help.contains(&format!("Example: blindpost {command}")), "{help}");
    }
}

#[test]
fn a_port_that_is_taken_is_an_error_with_the_way_out() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let error = error_of(&["cloud", "--http", &address, "--data", data.to_str().unwrap()]);
    assert!(error.contains(&address) && error.contains("--http"), "{error}");
}
