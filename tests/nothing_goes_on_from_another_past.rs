//! Relay, node and apps as processes, of which one has its data directory put back to an older copy: it is noticed and said,
//! and what is said next arrives, once, if not in order: what was said in a session that is gone is asked for, and comes later.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod common;

use common::http::{Webhook, post, take_webhooks};
use common::party::Party;
use serde_json::Value;
use std::fs;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

const ALICE: &str = "4915110000000";
const BOB: &str = "4915120000000";

/// Everybody, with a directory each.
struct Stage {
    dir: tempfile::TempDir,
    relay: Party,
    node: Party,
    alice: Party,
    bob: Party,
    http: SocketAddr,
    facts: Value,
    webhooks: Receiver<Webhook>,
}

impl Stage {
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let data = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
        let sink = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/webhooks", sink.local_addr().unwrap());
        let (sender, webhooks) = channel();
        take_webhooks(sink, sender);
        let listens = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let http = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let answers = http.to_string();

        let relay = Party::start(&["relay", "--json", "--data", &data("relay"), "--listen", &listens]);
        relay.wait_for(|line| line["relay"].is_string());
        let data_of_node = data("node");
        let to_relay = ["--json", "--relay", &listens, "--data"];
        let cloud = ["cloud", "--http", &answers, "--webhook", &url];
        let node = Party::start(&[&cloud[..], &to_relay, &[&data_of_node]].concat());
        let facts = node.wait_for(|line| line["base_url"].is_string());
        let app = |name: &str, number: &str| {
            let app = ["consumer", "--number", number];
            let party = Party::start(&[&app[..], &to_relay, &[&data(name)]].concat());
            party.wait_for(|line| line["notice"] == "registered with the relay");
            party
        };
        let (alice, bob) = (app("alice", ALICE), app("bob", BOB));
        Self { relay, node, alice, bob, http, facts, webhooks, dir }
    }

    /// Everybody says something to everybody, three times.
    fn all_talk(&mut self, when: &str) {
        let texts: Vec<String> = (0..3).map(|number| format!("{when} {number}")).collect();
        for text in &texts {
            self.alice.types(&format!("{BOB} {text}"));
            self.bob.types(&format!("{ALICE} {text}"));
            self.business_says(text);
        }
        let of_the_business = self.facts["tenants"][0]["number"].as_str().unwrap().to_owned();
        let shown = |app: &Party, from: &[&str]| {
            let mut shown: Vec<_> = (0..from.len() * texts.len()).map(|_| message(app, when)).collect();
            shown.sort();
            let said =
                from.iter().flat_map(|from| texts.iter().map(|text| ((*from).to_owned(), text.clone())));
            let mut said: Vec<_> = said.collect();
            said.sort();
            assert_eq!(shown, said);
        };
        shown(&self.bob, &[ALICE]);
        shown(&self.alice, &[BOB, &of_the_business]);
        for text in &texts {
            self.alice.types(&format!("{of_the_business} {text}"));
        }
        assert_eq!(self.heard(when, texts.len()), texts);
    }

    fn business_says(&self, text: &str) {
        let tenant = &self.facts["tenants"][0];
        let path = format!("/v23.0/{}/messages", tenant["phone_number_id"].as_str().unwrap());
        let body = serde_json::json!({
            "messaging_product": "whatsapp", "to": ALICE, "type": "text", "text": { "body": text },
        });
        let token = tenant["token"].as_str().unwrap();
        let (status, answer) = post(self.http, &path, token, &body.to_string()).unwrap();
        assert_eq!(status, 200, "{answer}");
    }

    /// The texts of a time that webhooks tell the business of. One that is posted twice has the same id.
    fn heard(&self, when: &str, count: usize) -> Vec<String> {
        let secret = self.facts["tenants"][0]["app_secret"].as_str().unwrap();
        let mut heard: Vec<(Value, String)> = Vec::new();
        while heard.len() < count {
            let webhook = self.webhooks.recv_timeout(Duration::from_secs(60)).expect("a webhook");
            for message in webhook.elements(secret, "messages") {
                let text = message["text"]["body"].as_str().unwrap();
                if text.starts_with(when) && heard.iter().all(|(id, _)| *id != message["id"]) {
                    heard.push((message["id"].clone(), text.to_owned()));
                }
            }
        }
        // Webhooks overtake each other.
        heard.sort_by(|(_, one), (_, other)| one.cmp(other));
        heard.into_iter().map(|(_, text)| text).collect()
    }

    fn place(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Its directory as it is while nothing runs in it.
    fn back_up(&mut self, name: &str) {
        self.party(name).kill_nine();
        copy(&self.place(name), &self.place(&format!("copy of {name}")));
        self.party(name).restart();
    }

    fn put_back(&mut self, name: &str) {
        self.party(name).kill_nine();
        fs::remove_dir_all(self.place(name)).unwrap();
        copy(&self.place(&format!("copy of {name}")), &self.place(name));
        self.party(name).restart();
    }

    fn party(&mut self, name: &str) -> &mut Party {
        match name {
            "relay" => &mut self.relay,
            "node" => &mut self.node,
            "alice" => &mut self.alice,
            _ => panic!("{name}"),
        }
    }
}

/// The next message of a time that an app shows: from whom, and what. What it showed when it was killed it may show again.
fn message(app: &Party, when: &str) -> (String, String) {
    let of_then = |text: &Value| text.as_str().is_some_and(|text| text.starts_with(when));
    let line = app.wait_for(|line| line["event"] == "message" && of_then(&line["text"]));
    (line["from"].as_str().unwrap().to_owned(), line["text"].as_str().unwrap().to_owned())
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

fn started_over(line: &Value) -> bool {
    line["notice"].as_str().is_some_and(|notice| notice.contains("put back to an older copy"))
}

/// Puts a party back to a copy from before the last texts, and lets everybody talk on.
fn is_put_back(name: &str) -> Stage {
    let mut stage = Stage::start();
    stage.all_talk("before");
    stage.back_up(name);
    if name == "node" {
        stage.node.wait_for(|line| line["base_url"].is_string());
    }
    stage.all_talk("meanwhile");
    stage.put_back(name);
    stage
}

#[test]
fn the_next_texts_of_an_app_that_was_put_back_arrive() {
    let mut stage = is_put_back("alice");
    stage.alice.wait_for(started_over);
    stage.all_talk("after");
}

#[test]
fn the_next_texts_of_a_node_that_was_put_back_arrive() {
    let mut stage = is_put_back("node");
    stage.node.wait_for(|line| line["base_url"].is_string());
    stage.all_talk("after");
}

#[test]
fn the_next_texts_after_a_relay_was_put_back_arrive() {
    let mut stage = is_put_back("relay");
    stage.alice.wait_for(started_over);
    stage.bob.wait_for(started_over);
    stage.all_talk("after");
}

#[test]
fn at_another_relay_everybody_is_registered_and_talks_on() {
    let mut stage = Stage::start();
    stage.all_talk("before");
    let listens = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let place = stage.place("another relay");
    let relay = Party::start(&["relay", "--json", "--data", place.to_str().unwrap(), "--listen", &listens]);
    let key = relay.wait_for(|line| line["relay_key"].is_string())["relay_key"].as_str().unwrap().to_owned();
    stage.relay = relay;
    for party in [&mut stage.node, &mut stage.alice, &mut stage.bob] {
        party.kill_nine();
        party.goes_to(&listens, &key);
    }
    stage.node.wait_for(|line| line["base_url"].is_string());
    for app in [&stage.alice, &stage.bob] {
        app.wait_for(started_over);
        app.wait_for(|line| line["notice"] == "registered with the relay");
    }
    stage.all_talk("after");
}
