//! A node that its relay refuses tries again less and less often, and neither of the two says the same thing each time.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A key that nobody has.
const NOBODY: &str = "0000000000000000000000000000000000000000000000000000000000000001";

fn start(dir: &Path, arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_blindpost"));
    command.args(arguments).arg("--data").arg(dir).env_remove("BLINDPOST_LOG");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// What it has said in its log, once it is ended.
fn log_of(mut child: Child) -> String {
    child.kill().unwrap();
    let mut log = String::new();
    child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    child.wait().unwrap();
    log
}

#[test]
fn a_refusal_is_said_once_with_what_can_be_done() {
    let dir = tempfile::tempdir().unwrap();
    let listen = ["relay", "--listen", "127.0.0.1:0", "--gateway", NOBODY, "--json"];
    let mut relay = start(&dir.path().join("relay"), &listen);
    let mut facts = String::new();
    BufReader::new(relay.stdout.as_mut().unwrap()).read_line(&mut facts).unwrap();
    let facts: serde_json::Value = serde_json::from_str(&facts).unwrap();
    let at = facts["relay"].as_str().unwrap();
    let node = start(&dir.path().join("node"), &["cloud", "--relay", at, "--http", "127.0.0.1:0", "--json"]);
    std::thread::sleep(Duration::from_secs(6));
    let (node, relay) = (log_of(node), log_of(relay));

    let times = |log: &str, text: &str| log.matches(text).count();
    assert_eq!(times(&relay, "frame or request rejected"), 1, "{relay}");
    assert_eq!(times(&node, "the relay refused what this node said"), 1, "{node}");
    assert_eq!(times(&node, "name it among the relay's gateways"), 1, "{node}");
    assert_eq!(times(&node, "the connection to the relay is gone"), 0, "it never was one: {node}");
}
