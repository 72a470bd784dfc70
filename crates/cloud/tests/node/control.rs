//! What the control interface may ask of a node: faults, and what the platform decides.

use crate::support::{ALICE, Bench, HOOK, PHONE, SHOP, TOKEN, message, two_tenants};
use cloud::{ApiRequest, Done, Effect, Fault, Matching, Order, Standing};
use content::Body;
use graph::codes::official;
use serde_json::{Value, json};
use std::time::Duration;

fn rule(effect: Effect, times: Option<u32>) -> Order {
    Order::AddFault(Fault { matching: Matching::default(), effect, times })
}

/// The statuses that were posted, with the codes of their errors.
fn statuses(bench: &Bench) -> Vec<(String, Option<u64>)> {
    let changes = bench.posts.iter().flat_map(|post| {
        let body: Value = serde_json::from_slice(&post.body).unwrap();
        let entries = body["entry"].as_array().unwrap();
        entries.iter().flat_map(|entry| entry["changes"].as_array().unwrap().clone()).collect::<Vec<_>>()
    });
    let statuses =
        changes.flat_map(|change| change["value"]["statuses"].as_array().cloned().unwrap_or_default());
    let of =
        |status: Value| (status["status"].as_str().unwrap().to_owned(), status["errors"][0]["code"].as_u64());
    statuses.map(of).collect()
}

#[test]
fn a_message_fails_with_the_code_that_a_rule_names_as_often_as_it_says() {
    let mut bench = Bench::new(two_tenants());
    let alice = bench.consumer(ALICE, false);
    let code = official(131_026).unwrap();
    assert_eq!(bench.order(rule(Effect::Failed(code), Some(1))), Done::Fault(1));
    bench.text(ALICE, "one");
    assert_eq!(statuses(&bench), [("failed".to_owned(), Some(131_026))]);
    assert!(bench.consumers[&alice].received.is_empty());
    assert_eq!(bench.order(Order::Faults), Done::Faults(Vec::new()), "it has happened as often as it should");
    bench.text(ALICE, "two");
    assert_eq!(bench.consumers[&alice].received.len(), 1);
}

#[test]
fn a_message_waits_for_as_long_as_a_rule_says() {
    let mut bench = Bench::new(two_tenants());
    let alice = bench.consumer(ALICE, false);
    bench.order(rule(Effect::Delay(Duration::from_secs(3)), None));
    bench.text(ALICE, "late");
    bench.pass(Duration::from_secs(2));
    assert!(bench.consumers[&alice].received.is_empty() && bench.posts.is_empty());
    bench.pass(Duration::from_secs(2));
    assert_eq!(bench.consumers[&alice].received.len(), 1);
    assert_eq!(statuses(&bench).len(), 2);
}

#[test]
fn a_request_is_refused_with_the_official_title() {
    let mut bench = Bench::new(two_tenants());
    bench.consumer(ALICE, false);
    let code = graph::codes::Code { status: 503, ..official(131_016).unwrap() };
    let matching = Matching { kind: Some("text".into()), ..Matching::default() };
    let only = |matching: &Matching| {
        Order::AddFault(Fault { matching: matching.clone(), effect: Effect::ApiError(code), times: None })
    };
    bench.order(only(&matching));
    let response = bench.ask(message(ALICE, json!({ "text": { "body": "hi" } }))).unwrap();
    let body: Value = serde_json::from_slice(&response.body).unwrap();
    assert_eq!((response.status, &body["error"]["message"]), (503, &json!("(#131016) Service unavailable")));
    assert_eq!(bench.order(Order::RemoveFault(1)), Done::Done);
    assert_eq!(bench.order(Order::RemoveFault(1)), Done::NotThere);
    bench.order(only(&Matching { consumer: Some("16505559999".parse().unwrap()), ..matching }));
    bench.text(ALICE, "a rule about somebody else");
}

#[test]
fn webhooks_are_dropped_and_doubled() {
    let mut bench = Bench::new(two_tenants());
    let alice = bench.consumer(ALICE, false);
    bench.order(rule(Effect::DuplicateWebhook, Some(1)));
    bench.write(alice, SHOP, Body::text("twice"));
    assert_eq!(bench.posts.len(), 2);
    assert_eq!(bench.posts[0].body, bench.posts[1].body);
    bench.order(rule(Effect::DropWebhook, Some(1)));
    bench.write(alice, SHOP, Body::text("never"));
    assert_eq!((bench.posts.len(), bench.node.unacknowledged()), (2, 0));
    let matching = Matching { kind: Some("status".into()), ..Matching::default() };
    bench.order(Order::AddFault(Fault { matching, effect: Effect::DropWebhook, times: None }));
    bench.write(alice, SHOP, Body::text("no status"));
    bench.text(ALICE, "whose statuses nobody hears");
    assert_eq!(bench.posts.len(), 3);
    assert_eq!(bench.posts[2].url, HOOK);
}

#[test]
fn the_cable_is_out_for_as_long_as_there_is_a_rule() {
    let mut bench = Bench::new(two_tenants());
    bench.order(rule(Effect::Offline, None));
    bench.order(rule(Effect::Offline, None));
    assert!(bench.unplugged);
    bench.order(Order::RemoveFault(1));
    assert!(bench.unplugged);
    bench.order(Order::RemoveFault(2));
    assert!(!bench.unplugged);
}

#[test]
fn what_the_platform_decides_is_what_the_api_shows() {
    let mut bench = Bench::new(two_tenants());
    let number = PHONE.parse().unwrap();
    let first = Standing { quality: Some("RED"), ..Standing::default() };
    bench.order(Order::SetStanding { number, standing: first });
    let then = Standing { tier: Some("TIER_10K"), throughput: Some("HIGH"), ..Standing::default() };
    let both = Standing { quality: Some("RED"), ..then };
    assert_eq!(bench.order(Order::SetStanding { number, standing: then }), Done::Standing(both));
    assert_eq!(bench.order(Order::Standing(number)), Done::Standing(both));
    let fields = "quality_rating,throughput,messaging_limit_tier";
    let shown = bench.ok(ApiRequest::get(format!("/v23.0/{PHONE}?fields={fields}"), TOKEN));
    assert_eq!(shown["quality_rating"], "RED");
    assert_eq!(shown["throughput"]["level"], "HIGH");
    assert_eq!(shown["messaging_limit_tier"], "TIER_10K");
    assert_eq!(bench.order(Order::Standing(1.into())), Done::NotThere);
}
