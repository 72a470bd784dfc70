//! The page in a browser: every plot has marks that can be seen, nothing is fetched, nothing goes wrong.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

mod common;

use report::{Format, Outcome, Run, html};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

const INSTALL: &str = "chromium is missing: `apt install chromium`";

/// What the page says of itself, and the page as the browser has it.
fn open(page: &Path, theme: &str) -> (Value, String) {
    let profile = tempfile::tempdir().unwrap();
    let mut command = Command::new("chromium");
    command
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("file://{}#selfcheck,theme={theme}", page.display()));
    let output = common::run(&mut command, INSTALL);
    let log = String::from_utf8_lossy(&output.stderr);
    let console: Vec<&str> = log.lines().filter(|line| line.contains(":CONSOLE")).collect();
    assert!(console.is_empty(), "the console has messages: {console:?}");
    let dom = String::from_utf8(output.stdout).unwrap();
    let start = "<script type=\"application/json\" id=\"selfcheck\">";
    let (_, report) = dom.split_once(start).unwrap_or_else(|| panic!("no self-check in the page:\n{dom}"));
    let (report, _) = report.split_once("</script>").unwrap();
    (serde_json::from_str(report).unwrap(), dom.clone())
}

fn drawn(report: &Value) -> Vec<String> {
    assert_eq!(report["errors"], Value::Array(vec![]));
    assert_eq!(report["sorted"], true);
    let figures = report["figures"].as_array().unwrap();
    let drawn = figures.iter().map(|figure| {
        assert!(figure["seen"].as_u64() > Some(0), "nothing to see: {figure}");
        figure["plot"].as_str().unwrap().to_owned()
    });
    drawn.collect()
}

#[test]
fn a_browser_draws_every_plot() {
    let dir = tempfile::tempdir().unwrap();
    common::write(dir.path(), &[Format::Jsonl], Outcome::Complete);
    let page = dir.path().join("report.html");
    std::fs::write(&page, html::page(&[Run::open(dir.path()).unwrap()]).unwrap()).unwrap();
    let expected = [
        "latency",
        "latency-over-time-relay",
        "latency-over-time-screen",
        "latency-over-time-webhook",
        "latency-over-time-delivered",
        "latency-over-time-read",
        "throughput",
        "queue-depth",
        "exposure-over-time",
        "exposure-by-message",
        "messages-per-epoch",
        "seen-count",
        "seen-bytes",
        "sizes",
    ];
    for theme in ["light", "dark"] {
        let (report, dom) = open(&page, theme);
        assert_eq!(drawn(&report), expected);
        assert!(dom.contains(&format!("data-theme=\"{theme}\"")));
        // What a scenario or a run says is text, never markup.
        assert!(dom.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    }
    let text = std::fs::read_to_string(&page).unwrap();
    let fetches = ["src=", "url(", "@import", "fetch(", "href=\"http"];
    assert!(fetches.iter().all(|fetch| !text.contains(fetch)));
}

#[test]
fn several_runs_stand_beside_each_other() {
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    for dir in &dirs {
        common::write(dir.path(), &[Format::Csv], Outcome::Partial { reason: "stopped <here>".into() });
    }
    let runs = dirs.each_ref().map(|dir| Run::open(dir.path()).unwrap());
    let page = dirs[0].path().join("report.html");
    std::fs::write(&page, html::page(&runs).unwrap()).unwrap();
    let (report, dom) = open(&page, "light");
    let drawn = drawn(&report);
    assert_eq!(drawn.len(), 1 + 2 * 14);
    assert_eq!(drawn[0], "latency-by-run");
    assert_eq!(dom.matches("This run is incomplete: stopped &lt;here&gt;").count(), 2);
}

#[test]
fn a_run_of_nothing_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let run = report::RunDirectory::create(dir.path(), false, &[Format::Csv], common::facts()).unwrap();
    run.finish(Outcome::Complete, report::Totals::default()).unwrap();
    let page = dir.path().join("report.html");
    std::fs::write(&page, html::page(&[Run::open(dir.path()).unwrap()]).unwrap()).unwrap();
    let text = std::fs::read_to_string(&page).unwrap();
    for sentence in [
        "No message of this run was accepted and then seen at a later stage.",
        "No message of this run was accepted.",
        "The run recorded no metric `queue_depth`.",
        "No adversary of this run looked at messages.",
        "No conversation of this run came to a new post-quantum epoch.",
        "The run recorded no principal&#39;s view.",
        "The run kept no scenario.",
    ] {
        assert!(text.contains(sentence), "{sentence}");
    }
    assert!(!text.contains("<figure"));
    assert!(html::page(&[]).is_err());
}
