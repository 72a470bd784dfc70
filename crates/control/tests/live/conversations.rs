//! People and businesses.

use crate::stack::{ALICE, Live, PHONE, SHOP};
use serde_json::{Value, json};

const BOB: &str = "4915112345678";

#[tokio::test]
async fn a_person_gets_what_a_business_sends_and_its_answer_arrives() {
    let mut live = Live::start().await;
    let alice = live.person(ALICE, json!({ "name": "Alice" })).await;
    assert_eq!(
        (&alice["number"], &alice["name"], &alice["online"]),
        (&json!(ALICE), &json!("Alice"), &json!(true))
    );
    assert_eq!(alice["identity_key"].as_str().unwrap().len(), 66);

    let sent = live.write(ALICE, "hello").await;
    let shown = live.shown(ALICE, 1).await;
    assert_eq!(shown[0]["id"], *sent);
    assert_eq!((&shown[0]["direction"], &shown[0]["peer"]), (&json!("in"), &json!(SHOP)));
    assert_eq!((&shown[0]["type"], &shown[0]["text"]["body"]), (&json!("text"), &json!("hello")));
    assert_eq!(shown[0]["status"], "delivered");
    live.hears_status(&sent, "sent").await;
    live.hears_status(&sent, "delivered").await;

    // It is read when the person says so.
    live.ok("POST", &format!("/consumers/{ALICE}/read"), json!({ "ids": [sent] })).await;
    live.hears_status(&sent, "read").await;
    assert_eq!(live.shown(ALICE, 1).await[0]["status"], "read");

    let answer = json!({ "to": SHOP, "type": "text", "text": { "body": "hi" }, "context": { "id": sent } });
    let answer = live.ok("POST", &format!("/consumers/{ALICE}/messages"), answer).await;
    let heard = live.hears(|value| value["messages"][0]["type"] == "text").await;
    assert_eq!(heard["messages"][0]["id"], answer["id"]);
    assert_eq!(heard["messages"][0]["text"]["body"], "hi");
    assert_eq!(heard["messages"][0]["context"]["id"], *sent);

    // And the person's own once the business has marked it.
    let mark = json!({ "messaging_product": "whatsapp", "status": "read", "message_id": answer["id"] });
    assert_eq!(live.graph(&format!("{PHONE}/messages"), mark).await.0, 200);
    let path =
        format!("/consumers/{ALICE}/messages?limit=1&after={}", sent.replace('=', "%3D").replace('+', "%2B"));
    let mut own = Value::Null;
    for _ in 0..100 {
        own = live.ok("GET", &path, Value::Null).await["data"][0].clone();
        if own["status"] == "read" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(
        (&own["direction"], &own["status"], &own["context"]["id"]),
        (&json!("out"), &json!("read"), &json!(sent))
    );
    live.stop().await;
}

#[tokio::test]
async fn an_app_answers_by_itself_as_its_person_wants() {
    let mut live = Live::start().await;
    live.person(ALICE, json!({ "reply": "echo" })).await;
    let sent = live.write(ALICE, "one").await;
    let heard = live.hears(|value| value["messages"].is_array()).await;
    assert_eq!(heard["messages"][0]["text"]["body"], "one");
    assert_eq!(heard["messages"][0]["context"]["id"], *sent);
    assert_eq!(live.shown(ALICE, 2).await[1]["direction"], "out");
    let changed = live.ok("PATCH", &format!("/consumers/{ALICE}"), json!({ "reply": "later" })).await;
    assert_eq!(changed["reply"], "later");
    live.write(ALICE, "two").await;
    let heard = live.hears(|value| value["messages"].is_array()).await;
    assert_eq!(heard["messages"][0]["text"]["body"], "later");
    live.stop().await;
}

#[tokio::test]
async fn a_phone_in_flight_mode_gets_its_messages_when_it_lands() {
    let mut live = Live::start().await;
    live.person(ALICE, json!({})).await;
    live.ok("PATCH", &format!("/consumers/{ALICE}"), json!({ "online": false })).await;
    let sent = live.write(ALICE, "hello").await;
    live.hears_status(&sent, "sent").await;
    assert!(live.shown(ALICE, 0).await.is_empty());
    // What the person writes meanwhile waits on the phone.
    let text = json!({ "to": SHOP, "type": "text", "text": { "body": "from the plane" } });
    live.ok("POST", &format!("/consumers/{ALICE}/messages"), text).await;
    assert_eq!(live.shown(ALICE, 1).await[0]["status"], "pending");
    live.ok("PATCH", &format!("/consumers/{ALICE}"), json!({ "online": true })).await;
    live.hears_status(&sent, "delivered").await;
    live.hears(|value| value["messages"][0]["text"]["body"] == "from the plane").await;
    live.stop().await;
}

#[tokio::test]
async fn a_reinstalled_app_is_another_identity_and_businesses_hear_of_it() {
    let mut live = Live::start().await;
    let before = live.person(ALICE, json!({})).await;
    let text = json!({ "to": SHOP, "type": "text", "text": { "body": "hi" } });
    let path = format!("/consumers/{ALICE}/messages");
    live.ok("POST", &path, text.clone()).await;
    live.hears(|value| value["messages"][0]["type"] == "text").await;
    let after = live.ok("POST", &format!("/consumers/{ALICE}/reinstall"), Value::Null).await;
    assert_ne!(before["identity_key"], after["identity_key"]);
    assert!(live.shown(ALICE, 0).await.is_empty(), "a new installation has no past");
    live.ok("POST", &path, text).await;
    let heard = live.hears(|value| value["messages"][0]["type"] == "system").await;
    assert_eq!(heard["messages"][0]["system"]["type"], "customer_identity_changed");
    // And what the business writes arrives at the new one.
    let sent = live.write(ALICE, "welcome back").await;
    live.hears_status(&sent, "delivered").await;
    live.stop().await;
}

#[tokio::test]
async fn who_is_removed_can_come_back() {
    let mut live = Live::start().await;
    let before = live.person(ALICE, json!({})).await;
    live.person(BOB, json!({ "name": "Bob" })).await;
    let all = live.ok("GET", "/consumers", Value::Null).await;
    assert_eq!(all["data"].as_array().unwrap().len(), 2);
    assert_eq!(live.call("DELETE", &format!("/consumers/{ALICE}"), "").await.0, 204);
    assert_eq!(live.call("GET", &format!("/consumers/{ALICE}"), "").await.0, 404);
    let after = live.person(ALICE, json!({})).await;
    assert_ne!(before["identity_key"], after["identity_key"]);
    let sent = live.write(ALICE, "hello again").await;
    live.hears_status(&sent, "delivered").await;
    live.stop().await;
}

#[tokio::test]
async fn every_kind_that_people_send_is_shown_as_it_was_sent() {
    let live = Live::start().await;
    live.person(ALICE, json!({})).await;
    live.person(BOB, json!({})).await;
    let said = [
        ("text", json!({ "body": "hi" })),
        ("location", json!({ "latitude": 37.5, "longitude": -122.25, "name": "Here" })),
        (
            "contacts",
            json!([{ "name": { "formatted_name": "Ann" }, "phones": [{ "phone": "+1", "type": "HOME" }] }]),
        ),
        ("interactive", json!({ "type": "button_reply", "button_reply": { "id": "b", "title": "Yes" } })),
        ("interactive", json!({ "type": "list_reply", "list_reply": { "id": "r", "title": "One" } })),
        (
            "interactive",
            json!({ "type": "nfm_reply", "nfm_reply": { "name": "flow", "body": "Sent", "response_json": "{}" } }),
        ),
        ("button", json!({ "payload": "p", "text": "Stop" })),
        (
            "order",
            json!({ "catalog_id": "7", "product_items": [
                { "product_retailer_id": "x", "quantity": 2, "item_price": 1.5, "currency": "EUR" }
            ] }),
        ),
        ("unsupported", json!({ "type": "poll" })),
    ];
    let path = format!("/consumers/{ALICE}/messages");
    let mut first = Value::Null;
    for (kind, what) in &said {
        let sent = live.ok("POST", &path, json!({ "to": BOB, "type": kind, (*kind): what })).await;
        first = if first.is_null() { sent["id"].clone() } else { first };
    }
    let shown = live.shown(BOB, said.len()).await;
    for ((kind, what), shown) in said.iter().zip(&shown) {
        assert_eq!((&shown["type"], &shown[*kind]), (&json!(kind), what));
    }
    let emoji = json!({ "to": BOB, "type": "reaction", "reaction": { "message_id": first, "emoji": "😀" } });
    live.ok("POST", &path, emoji).await;
    assert_eq!(live.shown(BOB, said.len() + 1).await[said.len()]["reaction"]["emoji"], "😀");
    live.ok("POST", &format!("/consumers/{ALICE}/typing"), json!({ "to": BOB })).await;
    let mut typing = Value::Null;
    for _ in 0..100 {
        typing = live.ok("GET", &format!("/consumers/{BOB}"), Value::Null).await["typing"].clone();
        if typing != json!([]) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(typing, json!([ALICE]));
    live.stop().await;
}

#[tokio::test]
async fn after_a_reset_everything_is_as_after_the_start() {
    let mut live = Live::start().await;
    live.person(ALICE, json!({ "reply": "echo" })).await;
    live.write(ALICE, "before").await;
    live.hears(|value| value["messages"].is_array()).await;
    live.ok("POST", "/faults", json!({ "fault": { "drop": "webhook" } })).await;
    live.ok("POST", "/reset", Value::Null).await;
    assert_eq!(live.ok("GET", "/consumers", Value::Null).await["data"], json!([]));
    assert_eq!(live.ok("GET", "/faults", Value::Null).await["data"], json!([]));
    assert_eq!(live.ok("GET", "/deliveries", Value::Null).await["data"], json!([]));
    live.person(ALICE, json!({})).await;
    let sent = live.write(ALICE, "after").await;
    live.hears_status(&sent, "delivered").await;
    live.stop().await;
}
