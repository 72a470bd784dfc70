//! A full disk under a running `blindpost serve`: requests are answered 503, nothing that was accepted is lost,
//! and the process goes on when there is space again.
//!
//! "Full" is a limit on the size of files that the process may write (`prlimit`, util-linux): the same error path,
//! and it can be lifted.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a test may panic"
)]

mod common;

use common::http::{post, take_webhooks};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// `blindpost serve --json`, and what it said of itself.
struct Served {
    serve: Ended,
    http: SocketAddr,
    tenant: Value,
}

impl Served {
    fn new(child: Child) -> Self {
        let mut serve = Ended(child);
        let mut facts = String::new();
        BufReader::new(serve.0.stdout.take().unwrap()).read_line(&mut facts).unwrap();
        let facts: Value = serde_json::from_str(&facts).unwrap();
        let http = facts["base_url"].as_str().unwrap().trim_start_matches("http://").parse().unwrap();
        Self { serve, http, tenant: facts["tenants"][0].clone() }
    }

    /// Posts a message of the business; its status and its answer.
    fn post(&self, body: &Value) -> (u16, String) {
        let path = format!("/v23.0/{}/messages", self.tenant["phone_number_id"].as_str().unwrap());
        post(self.http, &path, self.tenant["token"].as_str().unwrap(), &body.to_string()).unwrap()
    }
}

/// What was printed to a full disk was not shown: the business does not hear that it was read, and it is shown later.
#[test]
fn what_could_not_be_printed_is_not_read_and_is_shown_after_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let relay = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let serve = Command::new(env!("CARGO_BIN_EXE_blindpost"))
        .args(["serve", "--json", "--listen", &relay, "--http", "127.0.0.1:0", "--data"])
        .arg(dir.path().join("serve"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let served = Served::new(serve);
    let consumer = |stdout: Stdio| {
        let child = Command::new(env!("CARGO_BIN_EXE_blindpost"))
            .args(["consumer", "--json", "--number", "4915112345678", "--relay", &relay, "--data"])
            .arg(dir.path().join("consumer"))
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Ended(child)
    };
    let shows = |consumer: &mut Ended, what: &str| {
        let lines = BufReader::new(consumer.0.stdout.take().unwrap()).lines();
        lines.map(Result::unwrap).find(|line| line.contains(what)).unwrap()
    };
    shows(&mut consumer(Stdio::piped()), "registered with the relay");

    let body = serde_json::json!({
        "messaging_product": "whatsapp", "to": "4915112345678", "type": "text", "text": { "body": "for paper" },
    });
    let (status, answer) = served.post(&body);
    assert_eq!(status, 200, "{answer}");
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut unable = consumer(full.into());
    assert_eq!(unable.0.wait().unwrap().code(), Some(1));
    let said = std::io::read_to_string(unable.0.stderr.take().unwrap()).unwrap();
    assert!(said.contains("can't be shown, and waits"), "{said}");

    let shown: Value = serde_json::from_str(&shows(&mut consumer(Stdio::piped()), "for paper")).unwrap();
    assert_eq!(shown["sequence"], 1, "{shown}");
}

#[test]
fn a_full_disk_loses_nothing_and_the_process_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let sink = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/webhooks", sink.local_addr().unwrap());
    let (sender, webhooks) = channel();
    take_webhooks(sink, sender);
    let relay = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();

    // The default action of SIGXFSZ would kill; ignored, the write fails as on a full disk.
    let serve =
        r#"trap "" XFSZ; exec "$0" serve --json --data "$1" --listen "$2" --http 127.0.0.1:0 --webhook "$3""#;
    let data = dir.path().join("serve");
    let child = Command::new("sh")
        .args(["-c", serve, env!("CARGO_BIN_EXE_blindpost"), data.to_str().unwrap(), &relay, &url])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut served = Served::new(child);
    let consumer = Command::new(env!("CARGO_BIN_EXE_blindpost"))
        .args(["consumer", "--number", "4915112345678", "--relay", &relay, "--data"])
        .arg(dir.path().join("consumer"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _consumer = Ended(consumer);

    let process = served.serve.0.id();
    let mut accepted = BTreeSet::new();
    let mut send = |expected: u16| {
        for _ in 0..60 {
            let text = "x".repeat(3000);
            let body = serde_json::json!({
                "messaging_product": "whatsapp", "to": "4915112345678", "type": "text", "text": { "body": text },
            });
            let (status, answer) = served.post(&body);
            let answer: Value = serde_json::from_str(&answer).unwrap();
            if status == 200 {
                accepted.insert(answer["messages"][0]["id"].as_str().unwrap().to_owned());
            } else {
                assert!(
                    [500, 503].contains(&status) && answer["error"]["code"].is_number(),
                    "{status} {answer}"
                );
            }
            if status == expected || (expected == 503 && status == 500) {
                return accepted.len();
            }
            std::thread::sleep(Duration::from_millis(250));
        }
        panic!("the API never answered {expected}");
    };
    send(200);
    limit(process, "4096");
    send(503);
    limit(process, "unlimited");
    send(200);
    let wanted = send(200);

    let mut delivered = BTreeSet::new();
    while delivered.len() < wanted {
        let webhook =
            webhooks.recv_timeout(Duration::from_secs(60)).expect("everything accepted is delivered");
        for status in webhook.elements(served.tenant["app_secret"].as_str().unwrap(), "statuses") {
            if status["status"] == "delivered" {
                delivered.insert(status["id"].as_str().unwrap().to_owned());
            }
        }
    }
    assert!(served.serve.0.try_wait().unwrap().is_none(), "the process goes on");
    assert!(delivered.is_superset(&accepted));
}

/// Sets the soft limit of the largest file that a process may write.
fn limit(process: u32, bytes: &str) {
    let done = Command::new("prlimit")
        .args(["--pid", &process.to_string(), &format!("--fsize={bytes}:unlimited")])
        .status()
        .expect("prlimit of util-linux (Debian: apt-get install util-linux)");
    assert!(done.success());
}
