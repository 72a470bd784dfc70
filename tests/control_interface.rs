//! `serve` has the control interface, people are there again after `kill -9`, and nobody else reaches it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod common;

use common::http::post;
use common::party::Party;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::process::Command;

const ALICE: &str = "4915112345678";

/// Where the control interface is.
fn control(party: &Party) -> SocketAddr {
    let facts = party.wait_for(|facts| facts["control_url"].is_string());
    let url = facts["control_url"].as_str().unwrap();
    url.strip_prefix("http://").and_then(|rest| rest.strip_suffix("/control/v1")).unwrap().parse().unwrap()
}

fn call(to: SocketAddr, path: &str, body: Value) -> (u16, Value) {
    let (status, body) = post(to, &format!("/control/v1{path}"), "", &body.to_string()).unwrap();
    (status, serde_json::from_str(&body).unwrap())
}

#[test]
fn people_are_there_again_after_kill_nine_and_gone_after_a_reset() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().to_str().unwrap();
    let mut serve = Party::start(&[
        "serve",
        "--json",
        "--data",
        data,
        "--http",
        "127.0.0.1:0",
        "--listen",
        "127.0.0.1:0",
        "--control",
        "127.0.0.1:0",
    ]);
    let alice = json!({ "number": ALICE, "name": "Alice", "online": true });
    let (status, made) = call(control(&serve), "/consumers", alice.clone());
    assert_eq!(status, 201, "{made}");

    serve.kill_nine_and_restart();
    let to = control(&serve);
    assert_eq!(call(to, "/consumers", alice.clone()).0, 409, "she is there");
    let note = json!({ "to": "15550783881", "type": "text", "text": { "body": "hi" } });
    let (status, sent) = call(to, &format!("/consumers/{ALICE}/messages"), note);
    assert_eq!(status, 201, "{sent}");

    let (status, done) = call(to, "/reset", json!({}));
    assert_eq!(status, 200, "{done}");
    let (status, again) = call(to, "/consumers", alice);
    assert_eq!(status, 201, "{again}");
    assert_ne!(again["identity_key"], made["identity_key"]);
}

#[test]
fn it_is_for_this_machine_only_and_can_be_switched_off() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().to_str().unwrap();
    let refused = Command::new(env!("CARGO_BIN_EXE_blindpost"))
        .args(["serve", "--data", data, "--control", "0.0.0.0:0"])
        .output()
        .unwrap();
    let error = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && error.contains("loopback addresses only"), "{error}");
    let serve = Party::start(&[
        "serve",
        "--json",
        "--data",
        data,
        "--http",
        "127.0.0.1:0",
        "--listen",
        "127.0.0.1:0",
        "--control",
        "off",
    ]);
    let facts = serve.wait_for(|facts| facts["base_url"].is_string());
    assert_eq!(facts.get("control_url"), None);
}
