//! Faults, the clock, deliveries, and what the platform decides.

use crate::stack::{ALICE, Live, PHONE, SHOP};
use serde_json::{Value, json};

#[tokio::test]
async fn the_clock_goes_forward_and_timers_that_fall_due_run() {
    let mut live = Live::start().await;
    live.person(ALICE, json!({})).await;
    let before = live.ok("GET", "/clock", Value::Null).await["now"].as_str().unwrap().to_owned();
    live.ok("POST", "/faults", json!({ "match": { "to": ALICE }, "fault": { "delay": "24h" } })).await;
    let sent = live.write(ALICE, "tomorrow").await;
    assert!(live.shown(ALICE, 0).await.is_empty());
    let after =
        live.ok("POST", "/clock", json!({ "advance": "25h" })).await["now"].as_str().unwrap().to_owned();
    assert!(after > before);
    live.hears_status(&sent, "delivered").await;
    assert_eq!(live.shown(ALICE, 1).await[0]["text"]["body"], "tomorrow");
    let (status, error) = live.call("POST", "/clock", &json!({ "set": before }).to_string()).await;
    assert_eq!((status, &error["error"]["code"]), (409, &json!("conflict")));
    let later = live.ok("POST", "/clock", json!({ "set": "2199-01-02T03:04:05+01:00" })).await;
    assert!(later["now"].as_str().unwrap().starts_with("2199-01-02T02:04:05"));
    live.stop().await;
}

#[tokio::test]
async fn what_is_to_fail_fails_with_its_code() {
    let mut live = Live::start().await;
    live.person(ALICE, json!({})).await;
    let rule = json!({ "match": { "to": ALICE, "type": "text", "business": SHOP },
        "fault": { "status": "failed", "code": 131049 }, "times": 1 });
    let made = live.ok("POST", "/faults", rule.clone()).await;
    assert_eq!((&made["match"], &made["fault"], &made["times"]), (&rule["match"], &rule["fault"], &json!(1)));
    let sent = live.write(ALICE, "one").await;
    let failed = live.hears_status(&sent, "failed").await;
    assert_eq!(failed["errors"][0]["code"], 131_049);
    assert_eq!(live.ok("GET", "/faults", Value::Null).await["data"], json!([]));

    let made = live.ok("POST", "/faults", json!({ "fault": { "api_error": 131016, "http": 503 } })).await;
    let body = json!({ "messaging_product": "whatsapp", "to": ALICE, "text": { "body": "x" } });
    let (status, error) = live.graph(&format!("{PHONE}/messages"), body).await;
    assert_eq!((status, &error["error"]["message"]), (503, &json!("(#131016) Service unavailable")));
    let path = format!("/faults/{}", made["id"].as_str().unwrap());
    assert_eq!(live.call("DELETE", &path, "").await.0, 204);
    assert_eq!(live.call("DELETE", &path, "").await.0, 404);
    let sent = live.write(ALICE, "two").await;
    live.hears_status(&sent, "delivered").await;
    live.stop().await;
}

#[tokio::test]
async fn a_node_without_its_relay_takes_messages_and_sends_them_when_it_is_back() {
    let mut live = Live::start().await;
    live.person(ALICE, json!({})).await;
    let made = live.ok("POST", "/faults", json!({ "fault": { "offline": "relay" } })).await;
    let sent = live.write(ALICE, "hello").await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert!(live.shown(ALICE, 0).await.is_empty());
    live.call("DELETE", &format!("/faults/{}", made["id"].as_str().unwrap()), "").await;
    live.hears_status(&sent, "delivered").await;
    live.stop().await;
}

#[tokio::test]
async fn deliveries_are_listed_and_can_be_made_again() {
    let mut live = Live::start().await;
    live.person(ALICE, json!({})).await;
    live.ok("POST", "/faults", json!({ "fault": { "duplicate": "webhook" }, "times": 1 })).await;
    let text = json!({ "to": SHOP, "type": "text", "text": { "body": "hi" } });
    let sent = live.ok("POST", &format!("/consumers/{ALICE}/messages"), text).await;
    for _ in 0..2 {
        live.hears(|value| value["messages"][0]["id"] == sent["id"]).await;
    }
    let mut deliveries = Value::Null;
    for _ in 0..100 {
        deliveries = live.ok("GET", "/deliveries", Value::Null).await["data"].clone();
        if deliveries.as_array().unwrap().len() == 2 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let first = &deliveries[0];
    assert_eq!((&first["status"], &first["attempt"]), (&json!(200), &json!(1)));
    assert!(first["body"].as_str().unwrap().contains(r#""body":"hi""#));
    assert!(first["signature"].as_str().unwrap().starts_with("sha256="));
    assert_eq!(first["body"], deliveries[1]["body"]);
    let id = first["id"].as_str().unwrap();
    live.ok("POST", &format!("/deliveries/{id}/redeliver"), Value::Null).await;
    live.hears(|value| value["messages"][0]["id"] == sent["id"]).await;
    let after = live.ok("GET", &format!("/deliveries?after={id}&limit=1"), Value::Null).await;
    assert_eq!(after["data"][0]["id"], deliveries[1]["id"]);
    live.stop().await;
}

#[tokio::test]
async fn what_the_platform_decides_the_api_shows_and_the_bill_counts() {
    let mut live = Live::start().await;
    live.person(ALICE, json!({})).await;
    let decided = live
        .ok("POST", &format!("/numbers/{PHONE}"), json!({ "quality": "RED", "throughput": "HIGH" }))
        .await;
    assert_eq!(decided["quality"], "RED");
    let shown = live.graph_get(&format!("{PHONE}?fields=quality_rating,throughput")).await;
    assert_eq!((&shown["quality_rating"], &shown["throughput"]["level"]), (&json!("RED"), &json!("HIGH")));
    let sent = live.write(ALICE, "hello").await;
    live.hears_status(&sent, "delivered").await;
    let mut bill = Value::Null;
    for _ in 0..100 {
        bill = live.ok("GET", "/bill", Value::Null).await["data"].clone();
        if bill.as_array().unwrap().iter().any(|line| line["direction"] == "business_to_consumer") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(bill[0]["phone_number_id"], PHONE);
    assert!(live.ok("GET", "/facts", Value::Null).await["base_url"].is_string());
    live.stop().await;
}
