//! Invariant 2 beyond `proto/`: whatever a party writes, sends, logs or counts is on the list of surfaces
//! (`crates/privacy/surfaces.toml`) with what it tells, and gets only to whom the matrix allows it.
//!
//! HTTP is compared in `crates/cloud/tests`, where all of the API is called.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]

mod mutants;
mod source;
mod stage;

use privacy::surfaces::{Exit, LogEvent, MetricName, Surfaces};
use privacy::{Policy, Principal};
use source::Source;
use stage::Stage;
use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn every_frame_and_row_of_a_conversation_is_listed() {
    let mut stage = Stage::new();
    stage.converse();
    assert_eq!(stage.problems, Vec::<String>::new());

    // What is listed and was never there would not have been looked at.
    let tables = |principal| -> BTreeSet<&str> {
        stage.rows.iter().filter(|(of, _)| *of == principal).map(|(_, table)| *table).collect()
    };
    let endpoint = ["accounts", "outbox", "post", "prekeys", "sessions", "unconfirmed"];
    let with = |own: &[&'static str]| endpoint.iter().chain(own).copied().collect::<BTreeSet<_>>();
    // What one shard of the relay knows of another has rows only where there is one: see crates/relay/tests/shards.
    assert_eq!(
        tables(Principal::Transport),
        BTreeSet::from(["directory", "endpoints", "inbox", "meters", "one_time_prekeys"])
    );
    assert_eq!(tables(Principal::Consumer), with(&["shown", "unshown"]));
    let planted = ["apps", "callbacks", "numbers", "portfolios", "templates", "tokens", "wabas"];
    let cloud =
        with(&["conversations", "inbound", "outbound", "webhooks"]).into_iter().chain(planted).collect();
    assert_eq!(tables(Principal::Cloud), cloud);
    for principal in [Principal::Transport, Principal::Consumer, Principal::Cloud] {
        assert!(stage.frames.contains(&principal), "{principal} was sent nothing");
    }
}

/// The crates that are shipped and run by somebody; the simulator's people are made up.
const SHIPPED: [&str; 13] = [
    "cli", "cloud", "consumer", "content", "control", "endpoint", "kernel", "link", "live", "ratchet",
    "relay", "store", "wire",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<Source> {
    source::files(root(), &SHIPPED).iter().map(|file| Source::read(root(), file)).collect()
}

/// What in these sources is on no list, and what is on a list and in no source.
fn unlisted(surfaces: &Surfaces, sources: &[Source]) -> Vec<String> {
    let list = "crates/privacy/surfaces.toml";
    let mut unlisted = Vec::new();
    let (events, metrics) = (surfaces.log_events(), surfaces.metric_names());
    for source in sources {
        let at = |line: usize| format!("{}:{line}", source.file);
        for (line, event) in &source.logs {
            if !events.contains(event) {
                let LogEvent { target, level, text, fields } = event;
                unlisted.push(format!(
                    "{}: a log line that is not listed: add [[logs.event]] target = \"{target}\", level = \"{level}\", \
                     text = \"{text}\", fields {fields:?} with their classes to {list}, or take it out",
                    at(*line)
                ));
            }
        }
        for (line, metric) in &source.metrics {
            if !metrics
                .iter()
                .any(|known| known.name == metric.name && is_part(&metric.labels, &known.labels))
            {
                let MetricName { name, labels } = metric;
                unlisted.push(format!(
                    "{}: a metric that is not listed: add [metrics.{name}] with labels {labels:?} to {list}, or take \
                     it out",
                    at(*line)
                ));
            }
        }
        unlisted.extend(source.strange.iter().map(|(line, what)| format!("{}: {what}", at(*line))));
        for exit in [Exit::Print, Exit::Write, Exit::Panic] {
            let found: Vec<_> =
                source.exits.iter().filter(|(_, of)| *of == exit).map(|(line, _)| *line).collect();
            let allowed = surfaces.exits(exit, &source.file);
            if found.len() != allowed {
                unlisted.push(format!(
                    "{}: {} of these, in lines {found:?}, and [{}] of {list} has {allowed}: say there what it tells, or \
                     take it out",
                    source.file,
                    found.len(),
                    exit.section()
                ));
            }
        }
    }
    unlisted
}

fn is_part(labels: &[String], of: &[String]) -> bool {
    labels.iter().all(|label| of.contains(label))
}

#[test]
fn every_log_line_metric_print_file_and_panic_is_listed() {
    let surfaces = Surfaces::of_this_project().unwrap();
    let sources = sources();
    let mut problems = unlisted(&surfaces, &sources);
    let metrics: BTreeSet<_> =
        sources.iter().flat_map(|source| source.metrics.iter().map(|(_, metric)| &metric.name)).collect();
    for metric in surfaces.metric_names().iter().filter(|metric| !metrics.contains(&metric.name)) {
        problems.push(format!("[metrics.{}] is in no source", metric.name));
    }
    // A list with what isn't there any more would let it come back unseen.
    let there: BTreeSet<_> =
        sources.iter().flat_map(|source| source.logs.iter().map(|(_, event)| event)).collect();
    for event in surfaces.log_events().iter().filter(|event| !there.contains(event)) {
        problems.push(format!("[[logs.event]] `{}` of {} is in no source", event.text, event.target));
    }
    let files: BTreeSet<_> = sources.iter().map(|source| source.file.as_str()).collect();
    for exit in [Exit::Print, Exit::Write, Exit::Panic] {
        let gone = surfaces.files_with(exit).filter(|file| !files.contains(file));
        problems.extend(gone.map(|file| format!("[{}] names {file}, which is not there", exit.section())));
    }
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
    // As many as there are in the source today, or more: a reader that reads nothing finds nothing.
    assert!(sources.len() > 100 && there.len() >= 12, "{} files, {} log lines", sources.len(), there.len());
}

#[test]
fn what_a_reviewer_adds_by_hand_is_found() {
    let surfaces = Surfaces::of_this_project().unwrap();
    let found = |file: &str, text: &str| unlisted(&surfaces, &[Source::parse(file, text)]);
    let relay = "crates/relay/src/relay.rs";
    for (added, named) in [
        ("fn f() { tracing::info!(to = %number, \"forwarded\"); }", "text = \"forwarded\", fields [\"to\"]"),
        ("fn f() { if full { warn!(\"inbox of {} is full\", number.digits()) } }", "inbox of {} is full"),
        ("fn f() { tracing::debug!(?envelope, \"kept\"); }", "fields [\"envelope\"]"),
        ("fn f() { let _span = tracing::info_span!(\"deliver\", to = 1).entered(); }", "spans"),
        ("fn f() { let text = x; tracing::info!(target: \"x\", \"a\"); }", "its own `target`"),
        (
            "fn f() { metrics::counter!(\"delivered\", \"number\" => digits).increment(1); }",
            "[metrics.delivered]",
        ),
        ("fn f() { metrics::gauge!(name).set(1.0); }", "name is no literal"),
        ("fn f() { println!(\"{envelope:?}\"); }", "[source.prints]"),
        ("fn f() { let _ = writeln!(std::io::stderr(), \"x\"); }", "[source.prints]"),
        ("fn f() { std::fs::write(\"/tmp/x\", body)?; }", "[source.writes]"),
        ("fn f() { link::write_new_file(path, body)?; }", "[source.writes]"),
        ("fn f() { let file = File::create(path)?; }", "[source.writes]"),
        ("fn f() { panic!(\"bad payload {payload}\"); }", "[source.panics]"),
        ("fn f() { assert!(ok, \"bad payload {payload}\"); }", "[source.panics]"),
        ("fn f() { assert_eq!(number, other); }", "[source.panics]"),
    ] {
        let problems = found(relay, added);
        assert_eq!(problems.len(), 1, "{added}: {problems:?}");
        assert!(problems[0].contains(named) && problems[0].starts_with(relay), "{added}: {problems:?}");
    }
    // A line that is listed for another module, or with a field more, is another line.
    let listed = "tracing::debug!(\"handshake failed\");";
    assert_eq!(found("crates/link/src/listener.rs", listed), [""; 0]);
    assert_eq!(found(relay, listed).len(), 1);
    assert_eq!(
        found("crates/link/src/listener.rs", "tracing::debug!(%peer, \"handshake failed\");").len(),
        1
    );
    // What is no code of a shipped program is none.
    for other in [
        "// println!(\"x\")",
        "const X: &str = \"println!(1)\";",
        "#[cfg(test)] mod tests { fn f() { println!(\"x\"); } }",
        "fn f() { assert!(ok); unreachable!(\"constant\"); }",
    ] {
        assert_eq!(found(relay, other), [""; 0], "{other}");
    }
}

#[test]
fn log_lines_say_what_they_may_and_no_more() {
    let surfaces = Surfaces::of_this_project().unwrap();
    let check = |line: &str| -> Vec<String> {
        let line = format!("2026-11-25T02:38:57.427924Z {line}");
        surfaces.check_log_line(&line).iter().map(ToString::to_string).collect()
    };
    for line in [
        " INFO relay::shell: first gateway enrolled; name its node key in the configuration to pin it",
        " WARN link::uplink: no connection to the relay error=the relay at 127.0.0.1:7433 refused the connection: it \
          is full or shutting down; try again later wait=15ms",
        " INFO cloud::shell: the relay knows this node: messages flow",
        " WARN cloud::shell: the tenants file says something else of the webhooks of an account than the API: the API's \
          is in force",
        " WARN cloud::shell: the tenants file no longer names an app: what the API has made of it stays",
        "ERROR live::recover: store failed; nothing unsaved was promised failure=the storage failed: No space left on \
         device (os error 28)",
        "DEBUG link::listener: handshake failed",
    ] {
        assert_eq!(check(line), [""; 0], "{line}");
    }
    for line in [
        " INFO relay::shell: forwarded to=4915112345678",
        " INFO relay::relay: envelope accepted from=\"15550783881\" to=\"4915112345678\"",
        " INFO receive{from=\"4915112345678\"}: cloud::shell: the relay knows this node: messages flow",
        " INFO cloud::shell: the relay knows this node: messages flow to=4915112345678",
        " INFO link::quic: small UDP buffer: many busy connections will lose packets granted_kib=4915112345678 \
          wanted_kib=4096",
        "ERROR live::recover: store failed; nothing unsaved was promised failure=the storage failed: row 4915112345678",
        "ERROR live::recover: store failed; nothing unsaved was promised failure=the storage failed: EAAtoken0001",
        "ERROR live::recover: store failed; nothing unsaved was promised failure=the storage failed: row 491 511 2345 678",
        "DEBUG link::uplink: no connection to the relay yet wait=49.151123456ms",
        " WARN cloud::shell: a message that arrived can't be read: unknown one-time prekey 7654321",
        " WARN cloud::shell: the tenants file no longer names a token of an app: what the API has made of it stays \
          id=EAAtoken0001",
    ] {
        let problems = check(line);
        assert_eq!(problems.len(), 1, "{line}: {problems:?}");
        assert!(!problems[0].contains("4915112345678") && !problems[0].contains("EAAtoken"), "{problems:?}");
    }
    let panic = "thread 'main' panicked at crates/cloud/src/node.rs:1:1:";
    assert_eq!(surfaces.check_log_line(panic).len(), 1);
}

#[test]
fn the_files_of_a_store_are_listed() {
    let surfaces = Surfaces::of_this_project().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let store = store::Store::open(&directory.path().join("store"), store::Options::default()).unwrap();
    store.close();
    let mut files = Vec::new();
    source::walk(directory.path(), |_| true, &mut files);
    assert!(files.len() > 4, "{files:?}");
    for file in &files {
        let path = file.strip_prefix(directory.path()).unwrap().to_string_lossy();
        for principal in [Principal::Transport, Principal::Cloud, Principal::Consumer] {
            assert_eq!(surfaces.check_file(principal, &path), [], "{path}");
        }
    }
    let check = |principal, path: &str| surfaces.check_file(principal, path);
    assert_eq!(check(Principal::Cloud, "tenants.toml"), []);
    assert_eq!(check(Principal::Transport, "tenants.toml").len(), 1);
    assert_eq!(check(Principal::Cloud, "webhook.json").len(), 1);
    let named = check(Principal::Consumer, "queue-4915112345678");
    assert!(!named[0].to_string().contains("4915112345678"), "{named:?}");
}

#[test]
fn a_metric_that_is_not_listed_is_found() {
    let pool = Surfaces::of_this_project().unwrap().pool().clone();
    let text = include_str!("../../crates/privacy/surfaces.toml");
    let listed = "[metrics.delivered]\nkind = \"counter\"\nclass = \"metering\"\nlabels.direction = { class = \
                  \"statistic\", is = [\"in\", \"out\"] }\n[metrics.delay]\nkind = \"histogram\"\nclass = \"statistic\"\n";
    let with = format!("{text}\n{listed}");
    let surfaces = Surfaces::parse(&with, pool.clone(), Policy::of_this_project().unwrap()).unwrap();
    let check = |line: &str| surfaces.check_metrics(line).len();
    let sound = "# TYPE delivered counter\ndelivered{direction=\"in\"} 17\ndelay_bucket{le=\"0.5\"} 3\ndelay_sum 1.5\n";
    assert_eq!(surfaces.check_metrics(sound), []);
    assert_eq!(check("sent 1"), 1);
    assert_eq!(check("delivered{direction=\"in\",number=\"4915112345678\"} 1"), 1);
    assert_eq!(check("delivered{direction=\"4915112345678\"} 1"), 1);
    assert_eq!(check("delivered_count 1"), 1);
    assert_eq!(check("# HELP sent how many"), 1);
    assert_eq!(check("delivered{direction=\"in\"} hello"), 1);
    // What names somebody is none, whatever its form.
    let address = with.replace("counter\"\nclass = \"metering\"", "counter\"\nclass = \"consumer_address\"");
    let surfaces = Surfaces::parse(&address, pool.clone(), Policy::of_this_project().unwrap()).unwrap();
    assert_eq!(surfaces.check_metrics("delivered{direction=\"in\"} 1").len(), 1);
    let formless = with.replacen(", is = [\"in\", \"out\"]", ", is = []", 1);
    assert!(Surfaces::parse(&formless, pool, Policy::of_this_project().unwrap()).is_err());
}

#[test]
fn nothing_that_is_shipped_has_mutants() {
    let files = source::files(root(), &SHIPPED);
    assert!(files.len() > 100, "{}", files.len());
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(!text.contains("mutant::"), "{}", file.display());
        // The command line has a command for them; whoever reads a party reads only the party.
        let of_command_line = file.starts_with(root().join("crates/cli"));
        assert!(of_command_line || !text.to_lowercase().contains("mutant"), "{}", file.display());
    }
}
