//! Relay, node and consumer as processes, killed with SIGKILL between and under messages: nothing is lost and
//! nothing arrives twice.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a test may panic"
)]

mod common;

use common::http::{Webhook, post, take_webhooks};
use common::party::Party;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

const MESSAGES: usize = 24;
const CONSUMER: &str = "4915112345678";

#[test]
fn kill_nine_loses_and_doubles_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let data = |name: &str| path(dir.path().join(name));
    let sink = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/webhooks", sink.local_addr().unwrap());
    let (sender, webhooks) = channel();
    take_webhooks(sink, sender);
    let relay_addr = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let http_addr = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();

    let mut relay = Party::start(&["relay", "--json", "--data", &data("relay"), "--listen", &relay_addr]);
    relay.wait_for(|line| line["relay"].is_string());
    let mut node = Party::start(&[
        "cloud",
        "--json",
        "--data",
        &data("node"),
        "--relay",
        &relay_addr,
        "--http",
        &http_addr.to_string(),
        "--webhook",
        &url,
    ]);
    let facts = node.wait_for(|line| line["base_url"].is_string());
    let mut consumer = Party::start(&[
        "consumer",
        "--json",
        "--data",
        &data("consumer"),
        "--relay",
        &relay_addr,
        "--number",
        CONSUMER,
        "--reply",
        "echo",
    ]);
    consumer.wait_for(|line| line["notice"] == "registered with the relay");

    for message in 0..MESSAGES {
        send(http_addr, &facts, message);
        // Sometimes in the middle of the message's way, sometimes after it.
        std::thread::sleep(Duration::from_millis([0, 3, 11, 40][message % 4]));
        match message % 3 {
            0 => relay.kill_nine_and_restart(),
            1 => {
                node.kill_nine_and_restart();
                node.wait_for(|line| line["base_url"].is_string());
            }
            _ => consumer.kill_nine_and_restart(),
        }
    }

    let seen = collect(&webhooks, facts["tenants"][0]["app_secret"].as_str().unwrap());
    let mut shown: BTreeMap<String, u32> = BTreeMap::new();
    while let Ok(line) = consumer.printed.try_recv() {
        let line: Value = serde_json::from_str(&line).unwrap_or_default();
        if line["event"] == "message" {
            *shown.entry(line["text"].as_str().unwrap().to_owned()).or_default() += 1;
        }
    }
    let once: BTreeMap<_, _> = (0..MESSAGES).map(|message| (text(message), 1)).collect();
    assert_eq!(shown, once, "what the consumer's screen showed");
    assert_eq!(seen.answers, once, "answers, by the webhook events' ids");
    for status in ["sent", "delivered", "read"] {
        assert_eq!(seen.statuses.get(status), Some(&MESSAGES), "messages with status {status}");
    }
}

fn text(message: usize) -> String {
    format!("message {message:02}")
}

fn path(path: PathBuf) -> String {
    Path::to_str(&path).unwrap().to_owned()
}

fn send(http: SocketAddr, facts: &Value, message: usize) {
    let tenant = &facts["tenants"][0];
    let path = format!("/v23.0/{}/messages", tenant["phone_number_id"].as_str().unwrap());
    let body = serde_json::json!({
        "messaging_product": "whatsapp", "to": CONSUMER, "type": "text", "text": { "body": text(message) },
    });
    let (status, answer) = post(http, &path, tenant["token"].as_str().unwrap(), &body.to_string()).unwrap();
    assert_eq!(status, 200, "{answer}");
}

#[derive(Default)]
struct Seen {
    answers: BTreeMap<String, u32>,
    statuses: BTreeMap<String, usize>,
}

/// Webhooks until all answers and statuses are there and nothing more comes, or for a minute. An event that is
/// posted twice has the same id and counts once: that is what "at least once" means.
fn collect(webhooks: &Receiver<Webhook>, app_secret: &str) -> Seen {
    let mut answers: BTreeMap<String, String> = BTreeMap::new();
    let mut statuses: BTreeMap<(String, String), ()> = BTreeMap::new();
    loop {
        let complete = answers.len() >= MESSAGES && statuses.len() >= 3 * MESSAGES;
        let patience = Duration::from_secs(if complete { 3 } else { 60 });
        let Ok(webhook) = webhooks.recv_timeout(patience) else { break };
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        for status in webhook.elements(app_secret, "statuses") {
            statuses.insert((text(&status["id"]), text(&status["status"])), ());
        }
        for message in webhook.elements(app_secret, "messages") {
            answers.insert(text(&message["id"]), text(&message["text"]["body"]));
        }
    }
    let mut seen = Seen::default();
    for answer in answers.into_values() {
        *seen.answers.entry(answer).or_default() += 1;
    }
    for (_, status) in statuses.into_keys() {
        *seen.statuses.entry(status).or_default() += 1;
    }
    seen
}
