//! Bad input on the command line and in files: an error that says what, where and what to do.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a test may panic"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

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
    for part in ["listen = \"localhost\"", "it is no host with a port, such as 127.0.0.1:4433"] {
        assert!(error.contains(part), "{part}: {error}");
    }

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
fn an_audit_is_drawn_as_a_page() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("audit.html");
    let file = file.to_str().unwrap();
    let output = blindpost(&["audit", "--quick", "--pairs", "1", "--secret", "token", "--html", file]);
    // One secret, and nothing is searched: that is not enough for any cell.
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    let page = std::fs::read_to_string(file).unwrap();
    assert_eq!(page.matches("<td data-class=").count(), 98);
    for part in [
        "Not everything could be checked",
        "data-class=\"secret\" data-principal=\"transport\" data-state=\"not-checked\"",
        "1 of 1 pair of runs equal to it",
        "blindpost audit --seed 1 --pairs 1 --quick --secret token",
    ] {
        assert!(page.contains(part), "{part}");
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
        (&["demo", "--provider", "openssl"], &["--provider", "there is no such provider", "rustcrypto"]),
        (&["run", "a.toml", "--provider", ""], &["--provider"]),
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

/// A scenario that runs in a moment.
const SCENARIO: &str = "version = 1\nname = \"small\"\nduration = \"1min\"\n\
    [[consumers]]\nname = \"people\"\ncount = 3\nreply = { probability = 0.5, delay = \"2s\" }\n\
    [[businesses]]\nname = \"shop\"\ncount = 1\n\
    [[traffic]]\nfrom = \"shop\"\nto = \"people\"\nrate = \"20/min in total\"\n";

fn scenario(change: (&str, &str)) -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("small.toml");
    assert!(SCENARIO.contains(change.0), "{}", change.0);
    std::fs::write(&file, SCENARIO.replacen(change.0, change.1, 1)).unwrap();
    let file = file.to_str().unwrap().to_owned();
    (dir, file)
}

fn manifest(dir: &std::path::Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(dir.join("manifest.json")).unwrap()).unwrap()
}

#[test]
fn a_scenario_that_is_wrong_says_what_where_and_what_would_be_right() {
    for (from, to, parts) in [
        ("duration", "durtion", &["small.toml:3:1", "durtion", "did you mean `duration`?"][..]),
        ("\"1min\"", "60", &["small.toml:3:12", "60", "unit"]),
        ("\"1min\"", "\"-1min\"", &["small.toml:3:12", "-1min"]),
        ("count = 3", "count = 0", &["small.toml:6:9", "from 1 to"]),
        ("count = 3", "count = 1_000_000_000", &["small.toml:6:9", "1000000000", "from 1 to"]),
        ("version = 1", "version = 9", &["small.toml:1:11", "version 9", "docs/scenarios.md"]),
        ("\"shop\"\nto", "\"shoop\"\nto", &["shoop", "did you mean `shop`?"]),
    ] {
        let (_dir, file) = scenario((from, to));
        let error = error_of(&["run", &file]);
        assert!(parts.iter().all(|part| error.contains(part)), "{parts:?}: {error}");
    }
}

#[test]
fn a_run_that_the_machine_cannot_carry_is_refused_before_it_begins() {
    let (_dir, file) = scenario(("count = 3", "count = 10_000_000"));
    let error = error_of(&["run", &file]);
    for part in ["too large for this machine", "10.0 million consumers", "GB", "--force"] {
        assert!(error.contains(part), "{part}: {error}");
    }
}

#[test]
fn what_cannot_be_written_is_said_and_nothing_is_overwritten() {
    let (dir, file) = scenario(("version = 1", "version = 1"));
    let error = error_of(&["run", &file, "--out", "/proc/nowhere"]);
    assert!(error.contains("/proc/nowhere"), "{error}");

    let foreign = dir.path().join("foreign");
    std::fs::create_dir(&foreign).unwrap();
    std::fs::write(foreign.join("thesis.tex"), "").unwrap();
    let error = error_of(&["run", &file, "--out", foreign.to_str().unwrap()]);
    assert!(error.contains("not empty and not a run"), "{error}");

    let out = dir.path().join("out");
    let out = out.to_str().unwrap();
    assert!(blindpost(&["run", &file, "--out", out]).status.success());
    let error = error_of(&["run", &file, "--out", out]);
    assert!(error.contains("holds a complete run"), "{error}");
    assert!(blindpost(&["run", &file, "--out", out, "--force"]).status.success());
}

#[test]
fn the_same_seed_gives_the_same_trace_on_any_number_of_threads() {
    let (dir, file) = scenario(("version = 1", "version = 1"));
    let hash = |name: &str, seed: &str, threads: &str| {
        let out = dir.path().join(name);
        let output =
            blindpost(&["run", &file, "--seed", seed, "--threads", threads, "--out", out.to_str().unwrap()]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let manifest = manifest(&out);
        assert_eq!(manifest["complete"], true);
        manifest["trace_hash"].as_str().unwrap().to_owned()
    };
    let one = hash("one", "7", "1");
    assert_eq!(one.len(), 64);
    assert_eq!(hash("again", "7", "1"), one);
    assert_eq!(hash("two", "7", "2"), one);
    assert_ne!(hash("other", "8", "1"), one);
}

#[test]
fn whose_primitives_computed_it_is_in_the_manifest_and_in_no_trace() {
    let (dir, file) = scenario(("version = 1", "version = 1"));
    let run = |name: &str, more: &[&str]| {
        let out = dir.path().join(name);
        let output = blindpost(&[&["run", &file, "--out", out.to_str().unwrap()], more].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        manifest(&out)
    };
    let [usual, rust] = [run("usual", &[]), run("rust", &["--provider", "rustcrypto"])];
    assert_eq!((&usual["provider"], &rust["provider"]), (&"aws-lc".into(), &"rustcrypto".into()));
    assert_eq!(usual["trace_hash"], rust["trace_hash"]);
    let modelled = run("modelled", &["--set", "crypto=modelled"]);
    assert_eq!(modelled["provider"], "modelled");
}

#[test]
fn a_run_that_is_stopped_early_is_marked() {
    let (dir, file) = scenario(("version = 1", "version = 1"));
    let out = dir.path().join("out");
    let output = blindpost(&["run", &file, "--until", "30s", "--json", "--out", out.to_str().unwrap()]);
    assert!(output.status.success());
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["complete"], false);
    assert_eq!(manifest(&out)["complete"], false);
    assert!(manifest(&out)["stopped_because"].as_str().unwrap().contains("--until"));
}

#[test]
fn a_sweep_of_the_command_line_says_what_it_would_do_and_does_it() {
    let (dir, _) = scenario(("version = 1", "version = 1"));
    let (file, out) = (dir.path().join("sweep.toml"), dir.path().join("out"));
    let text = "version = 1\nname = \"s\"\nscenario = \"small.toml\"\nseeds = \"1..2\"\n\
        [[vary]]\nkey = \"network.consumer.loss\"\nvalues = [\"0%\", \"5%\"]\n";
    std::fs::write(&file, text).unwrap();
    let (file, out) = (file.to_str().unwrap(), out.to_str().unwrap());
    let preview = blindpost(&["sweep", file, "--dry-run", "--json"]);
    let preview: serde_json::Value = serde_json::from_slice(&preview.stdout).unwrap();
    assert_eq!(preview["runs"], 4);
    let output = blindpost(&["sweep", file, "--out", out, "--json"]);
    let results: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&results["done"], results["cells"].as_array().unwrap().len()), (&4.into(), 24));
    for name in ["sweep.json", "sweep.html", "results.csv", "results.parquet", "summary.csv"] {
        assert!(dir.path().join("out").join(name).exists(), "{name}");
    }
    let error = error_of(&["sweep", file, "--out", out, "--set", "network.consumer.lss=1%"]);
    assert!(error.contains("did you mean `loss`?"), "{error}");
}

#[test]
fn a_run_is_resumed_from_its_checkpoint_and_forked_there() {
    let (dir, file) = scenario(("version = 1", "version = 1"));
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let run = |arguments: &[&str]| {
        let output = blindpost(arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    run(&["run", &file, "--seed", "7", "--out", &path("whole"), "--checkpoint-at", "20s"]);
    let checkpoint = path("whole/checkpoint-20s.json");
    run(&["run", "--resume", &checkpoint, "--out", &path("resumed")]);
    let hash = |name: &str| manifest(&dir.path().join(name))["trace_hash"].as_str().unwrap().to_owned();
    assert_eq!(hash("resumed"), hash("whole"));
    assert_eq!(manifest(&dir.path().join("whole"))["checkpoints"][0]["at_us"], 20_000_000);

    run(&["run", "--resume", &checkpoint, "--set", "network.consumer.latency=2s", "--out", &path("fork")]);
    assert_ne!(hash("fork"), hash("whole"));
    let error = error_of(&["run", "--resume", &checkpoint, "--set", "consumers.people.count=4"]);
    assert!(error.contains("can't change in the middle of a run"), "{error}");
    let error = error_of(&["run", "--resume", &file]);
    assert!(error.contains("is no checkpoint"), "{error}");

    // Time travel: what happens at a party, after the checkpoint only.
    let watched = run(&["run", "--resume", &checkpoint, "--watch", "consumer/1", "--until", "40s"]);
    let lines: Vec<&str> = watched.lines().filter(|line| line.contains("consumer/1")).collect();
    let seconds = |line: &&str| line.split_whitespace().next().unwrap().parse::<f64>().unwrap();
    assert!(lines.len() > 3 && lines.iter().all(|line| (20.0..40.0).contains(&seconds(line))), "{watched}");
    assert!(lines.is_sorted_by_key(seconds));
    let error = error_of(&["run", &file, "--watch", "consumer"]);
    assert!(error.contains("no party"), "{error}");
}

#[test]
fn leakage_is_printed_written_and_drawn() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (json, svg) = (path("leak.json"), path("leak.svg"));
    let view =
        ["audit", "leak", "--secret", "short_kind", "--view", "transport,operator", "--samples", "300"];
    let files = ["--json", &json, "--plot", &svg];
    let output = blindpost(&[&view[..], &files[..]].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for part in ["transport sees sizes of 300 messages", "must not learn it", "none", "pow2", "bucket", "█"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    let found: serde_json::Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    let significant = |answer: usize| -> Vec<bool> {
        let rows = found["answers"][answer]["rows"].as_array().unwrap();
        rows.iter().map(|row| row["significant"].as_bool().unwrap()).collect()
    };
    assert_eq!((significant(0), significant(1)), (vec![true, true, false], vec![false; 3]));
    let svg = std::fs::read_to_string(svg).unwrap();
    // Bits of both views, bytes, and the channels of one.
    assert_eq!(svg.matches("data-plot=").count(), 6);
    assert!(svg.contains("prefers-color-scheme: dark") && svg.contains("one-time code"));
}

#[test]
fn a_wrong_question_about_leakage_says_which_there_are() {
    for (arguments, parts) in [
        (&["--secret", "kinds"][..], &["no secret `kinds`", "text_kind, short_kind"][..]),
        (&["--view", "consumer"], &["no view `consumer`", "network, transport, cloud, business, operator"]),
        (&["--padding", "some"], &["none, pow2, bucket, all"]),
        (&["--samples", "5"], &["100..=100000"]),
        (&["--plot", "leak.png"], &["can't draw into leak.png", ".svg"]),
    ] {
        let error = error_of(&[&["audit", "leak"], arguments].concat());
        assert!(parts.iter().all(|part| error.contains(part)), "{arguments:?}: {error}");
    }
    let list = String::from_utf8(blindpost(&["audit", "leak", "--list"]).stdout).unwrap();
    assert!(list.contains("reply_choice") && list.contains("operator"), "{list}");
    let help = String::from_utf8(blindpost(&["audit", "leak", "--help"]).stdout).unwrap();
    assert!(help.contains("Example: blindpost audit leak"), "{help}");
}

#[test]
fn a_command_that_can_not_print_says_so_and_fails() {
    for arguments in [
        &["scenario", "schema"][..],
        &["reproduce", "--list"],
        &["audit", "leak", "--list"],
        &["audit", "--list"],
        &["run", "scenarios/quickstart.toml", "--set", "duration=1s", "--watch", "consumer/0"],
    ] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output =
            Command::new(env!("CARGO_BIN_EXE_blindpost")).args(arguments).stdout(full).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains("can't write to standard output"), "{arguments:?}: {error}");
        assert!(matches!(output.status.code(), Some(1 | 2)), "{arguments:?}: {:?}", output.status);
    }
}

/// If the work came first, this test would take an hour.
#[test]
fn where_nothing_can_be_written_is_said_before_the_work() {
    let commands: [&[&str]; 9] = [
        &["reproduce", "--all", "--json", "/nowhere/a.json"],
        &["calibrate", "--rounds", "1000000", "--out", "/nowhere/a.toml"],
        &["demo", "--messages", "1000000", "--json", "/nowhere/a.json"],
        &["audit", "--json", "/nowhere/a.json"],
        &["audit", "--html", "/nowhere/a.html"],
        &["audit", "--mutants", "--json", "/nowhere/a.json"],
        &["audit", "leak", "--secret", "all", "--samples", "100000", "--json", "/nowhere/a.json"],
        &["audit", "leak", "--secret", "all", "--samples", "100000", "--plot", "/nowhere/a.svg"],
        &["report", "/nowhere", "--html", "/nowhere/a.html"],
    ];
    for command in commands {
        let output = blindpost(command);
        let error = String::from_utf8(output.stderr).unwrap();
        let file = command.last().unwrap();
        assert!(
            !output.status.success() && error.contains(&format!("can't write {file}")),
            "{command:?}: {error}"
        );
        assert!(output.stdout.is_empty(), "{command:?}");
    }
}

#[test]
fn a_minus_is_standard_output_everywhere() {
    let (dir, file) = scenario(("", ""));
    let out = dir.path().join("out");
    let run = out.to_str().unwrap();
    assert!(blindpost(&["run", &file, "--out", run]).status.success());
    let leak = ["audit", "leak", "--secret", "short_kind", "--samples", "100", "--consumers", "2"];
    let commands: [(&[&str], &str); 6] = [
        (&["calibrate", "--rounds", "1", "--out", "-"], "# What each step"),
        (&["reproduce", "pqxdh-bundle", "--quick", "--json", "-"], "{"),
        (&["report", run, "--html", "-"], "<!doctype html>"),
        (&[&leak[..], &["--json", "-"]].concat(), "{"),
        (&[&leak[..], &["--plot", "-"]].concat(), "<svg"),
        (&["demo", "--messages", "1", "--consumers", "1", "--json", "-"], "{"),
    ];
    for (command, begins) in commands {
        let output = Command::new(env!("CARGO_BIN_EXE_blindpost"))
            .args(command)
            .current_dir(dir.path())
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command:?}: {error}");
        let begin = text.get(..begins.len()).unwrap_or_default();
        assert!(begin.eq_ignore_ascii_case(begins), "{command:?}: {:.80}", text);
        if begins == "{" {
            assert!(
                serde_json::from_str::<serde_json::Value>(&text).is_ok(),
                "{command:?}: nothing else is there"
            );
        }
        assert!(!dir.path().join("-").exists(), "{command:?} has made a file of that name");
    }
}

#[test]
fn a_host_that_can_not_be_found_is_named_with_its_flag() {
    for (command, flag) in [
        ("consumer --number 4915112345678", "--relay"),
        ("cloud", "--relay"),
        ("cloud", "--http"),
        ("cloud", "--metrics"),
        ("relay", "--listen"),
        ("serve", "--http"),
        ("sink --app-secret a --verify-token b", "--listen"),
    ] {
        // RFC 6761, section 6.4: nothing is ever called that.
        let arguments: Vec<&str> = command.split(' ').chain([flag, "host.invalid:4433"]).collect();
        let error = error_of(&arguments);
        for part in ["host.invalid:4433", flag, "its host can't be found"] {
            assert!(error.contains(part), "{command}: {part}: {error}");
        }
    }
}

#[test]
fn running_out_of_file_descriptors_is_said_once_with_what_to_do_and_passes() {
    let dir = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_blindpost");
    let data = dir.path().display();
    let script = format!(
        "ulimit -n 128; exec '{program}' serve --data '{data}' --http localhost:0 --listen localhost:0 --json"
    );
    let mut node = Command::new("sh");
    node.args(["-c", &script]).env("NO_COLOR", "1").stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut node = node.spawn().unwrap();
    let mut facts = String::new();
    BufReader::new(node.stdout.take().unwrap()).read_line(&mut facts).unwrap();
    let facts: serde_json::Value = serde_json::from_str(&facts).unwrap();
    let address = facts["base_url"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
    let (said, lines) = std::sync::mpsc::channel();
    let stderr = BufReader::new(node.stderr.take().unwrap());
    let listening =
        std::thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| said.send(line)));

    // More than the process may have; the operating system keeps those that it does not take.
    let connections: Vec<_> = (0..200).map(|_| TcpStream::connect(&address).unwrap()).collect();
    let is_it = |line: &String| line.contains("too many open files") && line.contains("ulimit -n");
    let mut complaints = 0;
    while complaints == 0 {
        let line = lines.recv_timeout(Duration::from_secs(60)).expect("it says that it has none left");
        complaints += usize::from(is_it(&line));
    }
    std::thread::sleep(Duration::from_secs(3));
    drop(connections);
    let mut connection = TcpStream::connect(&address).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    connection.write_all(b"GET /1 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 4"), "it takes connections again: {answer}");
    node.kill().unwrap();
    node.wait().unwrap();
    let _ = listening.join();
    complaints += lines.try_iter().filter(is_it).count();
    assert_eq!(complaints, 1, "though it failed for some seconds");
}
