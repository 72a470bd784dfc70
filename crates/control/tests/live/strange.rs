//! Whatever is sent, the answer is an error with its shape, and the interface goes on.

use crate::stack::{ALICE, Live, SHOP, request};
use serde_json::{Value, json};

#[tokio::test]
async fn strange_input_is_refused_with_what_is_wrong() {
    let live = Live::start().await;
    live.person(ALICE, json!({})).await;
    let deep = "[".repeat(10_000);
    let messages = format!("/consumers/{ALICE}/messages");
    let long = json!({ "number": "4915100000000", "name": "x".repeat(26) }).to_string();
    let unknown = json!({ "to": SHOP, "type": "text", "text": { "body": "x" }, "colour": "red" }).to_string();
    let other = json!({ "to": SHOP, "type": "text", "image": {}, "text": { "body": "x" } }).to_string();
    let cases: Vec<(&str, &str, &str, u16)> = vec![
        ("POST", "/consumers", "", 400),
        ("POST", "/consumers", "[]", 400),
        ("POST", "/consumers", "\"\\ud800\"", 400),
        ("POST", "/consumers", &deep, 400),
        ("POST", "/consumers", r#"{"number":"12"}"#, 400),
        ("POST", "/consumers", r#"{"number":4915112345678}"#, 400),
        ("POST", "/consumers", r#"{"number":"4915100000000","age":7}"#, 400),
        ("POST", "/consumers", r#"{"number":"4915100000000","number":"4915100000001"}"#, 400),
        ("POST", "/consumers", &long, 400),
        ("POST", "/consumers", r#"{"number":"16505551234"}"#, 409),
        ("POST", "/consumers", r#"{"number":"15550783881"}"#, 409),
        ("GET", "/consumers?page=2", "", 400),
        ("GET", "/consumers/alice", "", 404),
        ("GET", "/consumers/4915100000000", "", 404),
        ("PATCH", "/consumers/16505551234", r#"{"online":"yes"}"#, 400),
        ("POST", &messages, r#"{"to":"15550783881","type":"text"}"#, 400),
        ("POST", &messages, r#"{"to":"15550783881","type":"dance","dance":{}}"#, 400),
        ("POST", &messages, r#"{"to":"15550783881","type":"text","text":{"body":""}}"#, 400),
        ("POST", &messages, &unknown, 400),
        ("POST", &messages, &other, 400),
        (
            "POST",
            &messages,
            r#"{"to":"15550783881","type":"location","location":{"latitude":91,"longitude":0}}"#,
            400,
        ),
        (
            "POST",
            &messages,
            r#"{"to":"15550783881","type":"text","text":{"body":"x"},"context":{"id":"y"}}"#,
            404,
        ),
        ("GET", "/consumers/16505551234/messages?limit=0", "", 400),
        ("GET", "/consumers/16505551234/messages?limit=1e3", "", 400),
        ("GET", "/consumers/16505551234/messages?after=x", "", 404),
        ("POST", "/consumers/16505551234/read", r#"{"ids":["x"]}"#, 404),
        ("POST", "/clock", "{}", 400),
        ("POST", "/clock", r#"{"advance":"1h","set":"2030-01-01T00:00:00Z"}"#, 400),
        ("POST", "/clock", r#"{"advance":"-1h"}"#, 400),
        ("POST", "/clock", r#"{"advance":"999999999w"}"#, 409),
        ("POST", "/clock", r#"{"set":"yesterday"}"#, 400),
        ("POST", "/faults", r#"{"fault":{"explode":true}}"#, 400),
        ("POST", "/faults", r#"{"fault":{"delay":"soon"}}"#, 400),
        ("POST", "/faults", r#"{"fault":{"drop":"webhook"},"times":0}"#, 400),
        ("POST", "/faults", r#"{"fault":{"api_error":131016,"http":200}}"#, 400),
        ("POST", "/faults", r#"{"fault":{"status":"failed","code":7}}"#, 404),
        ("DELETE", "/faults/x", "", 404),
        ("GET", "/deliveries?after=x", "", 400),
        ("POST", "/deliveries/99/redeliver", "", 404),
        ("POST", "/numbers/1", r#"{"tier":"TIER_3"}"#, 400),
        ("POST", "/numbers/x", "{}", 404),
        ("GET", "/numbers/1/code", "", 404),
        ("POST", "/consumers/16505551234/block", r#"{"business":"15550783881","blocked":true}"#, 422),
        ("GET", "/nothing", "", 404),
    ];
    for (method, path, body, wanted) in cases {
        let (status, answer) = live.call(method, path, body).await;
        let shown: String = body.chars().take(80).collect();
        assert_eq!(status, wanted, "{method} {path} {shown}: {answer}");
        for member in ["code", "message", "hint"] {
            assert!(answer["error"][member].is_string(), "{method} {path} {shown}: {answer}");
        }
    }
    // A page in a browser can't reach it, and it is no part of the Graph API.
    let (status, _) = request("GET", &format!("{}/control/v1/clock", live.api), Some("EAAtoken"), "").await;
    assert_eq!(status, 400);
    assert_eq!(live.ok("GET", "/consumers", Value::Null).await["data"][0]["number"], ALICE);
    live.stop().await;
}
