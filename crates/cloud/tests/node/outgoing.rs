//! What businesses send: every kind arrives as it was sent, or the business hears why not.

use crate::request::as_request;
use crate::support::{ALICE, Bench, PHONE, SHOP, TOKEN, message, tenant, two_tenants, with};
use cloud::ApiRequest;
use content::Body;
use serde_json::{Map, Value, json};
use std::time::Duration;
use wire::BillingClass;

/// One of every kind.
const SAMPLES: &str = include_str!("../../../graph/tests/messages.json");

/// Where all apps have a screen for everything.
const INDIRA: &str = "919876543210";

const DAY: Duration = Duration::from_secs(24 * 3600);

/// A node whose first business hears of identity keys.
fn checking() -> Bench {
    let mut tenants = vec![tenant(1), tenant(2)];
    tenants[0].accounts[0].numbers[0].identity_key_check = true;
    Bench::new(with(tenants))
}

/// A message of the consumer's, by its name.
fn inbound(bench: &mut Bench, from: &str) -> String {
    let party = from.parse().unwrap();
    bench.write(party, SHOP, Body::text("hello"));
    bench.messages().last().unwrap()["id"].as_str().unwrap().to_owned()
}

fn wamid(answer: &Value) -> String {
    answer["messages"][0]["id"].as_str().unwrap().to_owned()
}

fn statuses_of(bench: &Bench, wamid: &str) -> Vec<String> {
    let statuses = bench.statuses().into_iter();
    statuses.filter(|(id, _)| id == wamid).map(|(_, status)| status).collect()
}

/// The code of the failure that the business heard last.
fn failure(bench: &Bench) -> Value {
    let body: Value = serde_json::from_slice(&bench.posts.last().unwrap().body).unwrap();
    body["entry"][0]["changes"][0]["value"]["statuses"][0]["errors"][0]["code"].clone()
}

fn mark(what: Value) -> ApiRequest {
    let mut body = json!({ "messaging_product": "whatsapp" });
    body.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
    ApiRequest::post(format!("/v23.0/{PHONE}/messages"), TOKEN, body.to_string())
}

fn react(to: &str, target: &str, emoji: &str) -> ApiRequest {
    message(to, json!({ "type": "reaction", "reaction": { "message_id": target, "emoji": emoji } }))
}

#[test]
fn every_kind_arrives_as_it_was_sent() {
    let mut bench = Bench::new(two_tenants());
    let indira = bench.consumer(INDIRA, false);
    let theirs = inbound(&mut bench, INDIRA);
    let samples: Vec<Map<String, Value>> = serde_json::from_str(SAMPLES).unwrap();
    let mut arrived = 0;
    for mut sample in samples {
        if let Some(reaction) = sample.get_mut("reaction") {
            reaction["message_id"] = theirs.clone().into();
        }
        let mut sample = Value::Object(sample);
        let needs_media = is_media(&mut sample);
        let request = message(INDIRA, sample.clone());
        if needs_media {
            assert_eq!(bench.ask(request).unwrap().status, 400);
            continue;
        }
        let sent = wamid(&bench.ok(request));
        let content = bench.consumers[&indira].received.last().unwrap();
        assert_eq!(as_request(&content.body, INDIRA), sample);
        let expected = if sample["type"] == "reaction" { &["sent"][..] } else { &["sent", "delivered"] };
        assert_eq!(statuses_of(&bench, &sent), expected, "{sample}");
        arrived += 1;
    }
    assert_eq!(bench.consumers[&indira].received.len(), arrived);
    assert!(arrived > 12, "{arrived}");
}

/// Media are bytes, which are another test's: takes them away where a message can do without. True if this one can't.
fn is_media(sample: &mut Value) -> bool {
    let is_above = |it: &Value| it["header"]["type"].as_str().is_some_and(|kind| kind != "text");
    let Some(interactive) = sample.get_mut("interactive") else {
        return ["image", "video", "audio", "document", "sticker"].iter().any(|kind| sample["type"] == *kind);
    };
    if is_above(interactive) {
        interactive.as_object_mut().unwrap().remove("header");
    }
    let mut cards =
        interactive["action"].get_mut("cards").and_then(Value::as_array_mut).into_iter().flatten();
    cards.any(|card| {
        card.as_object_mut()
            .filter(|card| card["type"] == "product")
            .map(|card| card.remove("header"))
            .is_none()
    })
}

#[test]
fn an_answer_quotes_what_it_answers() {
    let mut bench = Bench::new(two_tenants());
    let alice = bench.consumer(ALICE, false);
    let theirs = inbound(&mut bench, ALICE);
    let own = bench.text(ALICE, "hello");
    for quoted in [theirs, own] {
        let context = json!({ "message_id": quoted });
        bench.ok(message(ALICE, json!({ "text": { "body": "re" }, "context": context })));
        let content = bench.consumers[&alice].received.last().unwrap();
        let id = content.context.quoted.as_ref().unwrap().as_str();
        assert_eq!(graph::Wamid::parse(&quoted).unwrap().message_id, id);
    }
}

#[test]
fn nested_parameters_may_be_json_texts_in_forms_and_parts() {
    let mut bench = Bench::new(two_tenants());
    let alice = bench.consumer(ALICE, false);
    let interactive = json!({ "type": "button", "body": { "text": "Pick & choose" }, "action": {
        "buttons": [{ "type": "reply", "reply": { "id": "y", "title": "Yes" } }] } });
    let text = interactive.to_string();
    let escaped: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let form = format!("messaging_product=whatsapp&to={ALICE}&type=interactive&interactive={escaped}");
    let part = |name: &str, text: &str| {
        format!("--cut\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
    };
    let parts =
        [("messaging_product", "whatsapp"), ("to", ALICE), ("type", "interactive"), ("interactive", &text)];
    let parts = parts.map(|(name, text)| part(name, text)).concat() + "--cut--";
    for (content_type, body) in
        [("application/x-www-form-urlencoded", form), ("multipart/form-data; boundary=cut", parts)]
    {
        let request = ApiRequest::post(format!("/v23.0/{PHONE}/messages"), TOKEN, body);
        bench.ok(ApiRequest { content_type: Some(content_type.into()), ..request });
        let content = bench.consumers[&alice].received.last().unwrap();
        assert_eq!(as_request(&content.body, ALICE)["interactive"], interactive);
    }
}

#[test]
fn a_reaction_at_what_none_can_be_at_fails_after_it_was_accepted() {
    let mut bench = Bench::new(two_tenants());
    let alice = bench.consumer(ALICE, false);
    bench.consumer(INDIRA, false);
    let theirs = inbound(&mut bench, ALICE);
    let own = bench.text(ALICE, "hello");
    let reaction = wamid(&bench.ok(react(ALICE, &theirs, "😀")));
    assert_eq!(statuses_of(&bench, &reaction), ["sent"]);
    let received = bench.consumers[&alice].received.len();
    for target in [&*reaction, "wamid.HBgLM...", "x", &inbound(&mut bench, INDIRA)] {
        let failed = wamid(&bench.ok(react(ALICE, target, "😀")));
        assert_eq!((statuses_of(&bench, &failed), failure(&bench)), (vec!["failed".into()], json!(131009)));
    }
    assert_eq!(bench.consumers[&alice].received.len(), received);
    for (target, emoji) in [(&own, "👍🏽"), (&theirs, "")] {
        let sent = wamid(&bench.ok(react(ALICE, target, emoji)));
        assert_eq!(statuses_of(&bench, &sent), ["sent"]);
    }
    bench.pass(31 * DAY);
    let failed = wamid(&bench.ok(react(ALICE, &theirs, "😀")));
    assert_eq!((statuses_of(&bench, &failed), failure(&bench)), (vec!["failed".into()], json!(131009)));
    assert_eq!((bench.node.undelivered(), bench.node.unsettled()), (0, 0));
}

#[test]
fn what_is_for_one_identity_key_does_not_reach_another() {
    let mut bench = checking();
    let alice = bench.consumer(ALICE, false);
    inbound(&mut bench, ALICE);
    let told = |bench: &Bench| {
        let body: Value = serde_json::from_slice(&bench.posts.last().unwrap().body).unwrap();
        let value = &body["entry"][0]["changes"][0]["value"];
        let hash = [
            &value["contacts"][0]["identity_key_hash"],
            &value["statuses"][0]["recipient_identity_key_hash"],
        ];
        hash.into_iter().find_map(Value::as_str).unwrap().to_owned()
    };
    let before = told(&bench);
    let send = |hash: &str| {
        message(ALICE, json!({ "text": { "body": "only for you" }, "recipient_identity_key_hash": hash }))
    };
    bench.ok(send(&before));
    assert_eq!(told(&bench), before);
    assert_eq!(bench.consumers[&alice].received.len(), 1);

    bench.reinstall(alice);
    // The node hears of the new key when the app can't read what is for the old one, and knows it then.
    for _ in 0..2 {
        let failed = wamid(&bench.ok(send(&before)));
        assert_eq!(statuses_of(&bench, &failed).last().unwrap(), "failed");
        assert_eq!(failure(&bench), json!(137000));
    }
    let after = told(&bench);
    assert_ne!(after, before);
    assert_eq!(bench.consumers[&alice].received.len(), 1);
    bench.ok(send(&after));
    assert_eq!(bench.consumers[&alice].received.len(), 2);
    for wrong in ["x", "DF2lS5v2W6w="] {
        bench.ok(send(wrong));
        assert_eq!(failure(&bench), json!(137000));
    }
    assert_eq!(bench.consumers[&alice].received.len(), 2);
    assert_eq!(
        (bench.node.undelivered(), bench.node.unsettled()),
        (0, 2),
        "two were delivered and may be read"
    );
}

#[test]
fn identity_keys_are_told_to_who_asked_and_to_nobody_else() {
    let mut bench = Bench::new(two_tenants());
    let alice = bench.consumer(ALICE, false);
    bench.write(alice, SHOP, Body::text("hello"));
    bench.text(ALICE, "hello");
    for post in &bench.posts {
        assert!(!String::from_utf8_lossy(&post.body).contains("identity"));
    }
}

#[test]
fn what_is_not_delivered_in_the_time_that_it_has_is_dropped_silently() {
    let mut bench = Bench::new(two_tenants());
    let alice = bench.consumer(ALICE, false);
    bench.unplug();
    bench.ok(message(ALICE, json!({ "text": { "body": "soon" }, "ttl": 60 })));
    bench.text(ALICE, "whenever");
    bench.pass(Duration::from_secs(61));
    assert_eq!((bench.node.undelivered(), bench.node.unsettled()), (1, 1));
    bench.connect();
    bench.settle();
    assert!(bench.consumers[&alice].received.iter().all(|content| content.body == Body::text("whenever")));
    assert!(bench.statuses().iter().all(|(_, status)| status != "failed"));
}

#[test]
fn writing_is_shown_and_reading_is_told_each_where_it_was_said() {
    let mut bench = Bench::new(two_tenants());
    let alice = bench.consumer(ALICE, false);
    let theirs = inbound(&mut bench, ALICE);
    let typing = json!({ "type": "text" });
    let mut said = |what: Value, bodies: &[&str]| {
        let before = bench.consumers[&alice].received.len();
        assert_eq!(bench.ok(mark(what)), json!({ "success": true }));
        let received = bench.consumers[&alice].received.iter().skip(before);
        assert_eq!(received.map(|content| content.body.kind()).collect::<Vec<_>>(), bodies);
    };
    said(json!({ "message_id": theirs, "typing_indicator": typing }), &["typing"]);
    said(json!({ "message_id": theirs, "status": "read", "typing_indicator": typing }), &["read", "typing"]);
    said(json!({ "message_id": theirs, "status": "read", "typing_indicator": typing }), &["typing"]);
    said(json!({ "message_id": theirs, "status": "read" }), &[]);
    // Nobody sees later that somebody was writing.
    bench.unplug();
    bench.ok(mark(json!({ "message_id": theirs, "typing_indicator": typing })));
    bench.pass(Duration::from_secs(25));
    assert_eq!((bench.node.undelivered(), bench.statuses().len()), (0, 0));
}

#[test]
fn what_an_app_has_no_screen_for_fails_after_it_was_accepted() {
    let mut bench = Bench::new(two_tenants());
    let alice = bench.consumer(ALICE, false);
    let action = json!({ "name": "address_message", "parameters": { "country": "IN" } });
    let interactive = json!({ "type": "address_message", "body": { "text": "Where to?" }, "action": action });
    let failed =
        wamid(&bench.ok(message(ALICE, json!({ "type": "interactive", "interactive": interactive }))));
    assert_eq!((statuses_of(&bench, &failed), failure(&bench)), (vec!["failed".into()], json!(1026)));
    assert!(bench.consumers[&alice].received.is_empty());
}

#[test]
fn what_a_message_is_billed_as_is_not_the_callers_choice() {
    let mut bench = Bench::new(two_tenants());
    bench.consumer(ALICE, false);
    for name in ["billing_class", "category", "pricing", "message_send_ttl_seconds"] {
        let text = json!({ "text": { "body": "hello" }, (name): "service" });
        assert_eq!(bench.ask(message(ALICE, text)).unwrap().status, 400, "{name}");
    }
    bench.text(ALICE, "hello");
    bench.text(ALICE, "hello again");
    assert!(!bench.relay.seen.is_empty());
    assert!(bench.relay.seen.iter().all(|envelope| envelope.billing_class == BillingClass::Service));
}
