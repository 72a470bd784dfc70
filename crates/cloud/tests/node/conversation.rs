//! Messages both ways, as the business hears of them.

use crate::support::{ALICE, Bench, HOOK, PHONE, SHOP, TOKEN, masked, message, tenant, two_tenants, with};
use cloud::ApiRequest;
use content::Body;
use insta::assert_snapshot;
use serde_json::json;
use std::time::Duration;
use wire::{BillingClass, Direction, InboxItem, MeterReading};

fn text(body: &str) -> Body {
    Body::text(body)
}

#[test]
fn a_message_there_and_an_answer_back() {
    let mut bench = Bench::new(two_tenants());
    let alice = bench.consumer(ALICE, true);
    let note = json!({ "text": { "body": "Größe M / 😀" }, "biz_opaque_callback_data": "order=17" });
    let answer = bench.ok(message("+1 (650) 555-1234", note));
    assert_eq!(answer["contacts"], json!([{ "input": "+1 (650) 555-1234", "wa_id": ALICE }]));
    let wamid = answer["messages"][0]["id"].as_str().unwrap();
    let statuses = ["sent", "delivered", "read"].map(|status| (wamid.to_owned(), status.to_owned()));
    assert_eq!(bench.statuses(), statuses);
    let posts: Vec<_> = bench.posts.iter().map(|post| masked(&post.body)).collect();
    assert_snapshot!("webhooks_of_a_conversation", posts.join("\n\n"));
    assert!(bench.posts.iter().all(|post| post.body.is_ascii() && post.url == HOOK));

    let received = bench.messages();
    assert_eq!(received[0]["context"]["id"], wamid);
    assert_eq!(received[0]["text"]["body"], "re: Größe M / 😀");
    let read =
        json!({ "status": "read", "message_id": received[0]["id"], "typing_indicator": { "type": "text" } });
    let mark = || {
        let mut mark = read.clone();
        mark["messaging_product"] = "whatsapp".into();
        ApiRequest::post(format!("/{PHONE}/messages"), TOKEN, mark.to_string())
    };
    assert_eq!(bench.ok(mark()), json!({ "success": true }));
    assert_eq!(bench.ok(mark()), json!({ "success": true }));
    let receipts = bench.consumers[&alice].received.iter().filter(|c| matches!(c.body, Body::Read(_)));
    assert_eq!(receipts.count(), 1);
    assert_eq!((bench.node.undelivered(), bench.node.unsettled(), bench.node.unacknowledged()), (0, 0, 0));
}

#[test]
fn a_consumer_that_was_installed_anew_gets_what_is_sent_and_the_business_hears_of_it_if_it_asked() {
    for asked in [false, true] {
        let mut tenants = vec![tenant(1), tenant(2)];
        tenants[0].accounts[0].numbers[0].identity_key_check = asked;
        let mut bench = Bench::new(with(tenants));
        let alice = bench.consumer(ALICE, false);
        bench.text(ALICE, "before");
        bench.write(alice, SHOP, text("before"));
        bench.reinstall(alice);
        bench.text(ALICE, "after");
        bench.write(alice, SHOP, text("after"));
        let received = bench.consumers[&alice].received.iter();
        let received: Vec<_> = received.map(|content| content.body.clone()).collect();
        assert!(received == [text("before"), text("after")]);
        let (system, texts): (Vec<_>, Vec<_>) =
            bench.messages().into_iter().partition(|message| message["type"] == "system");
        let bodies: Vec<_> = texts.iter().map(|message| message["text"]["body"].clone()).collect();
        assert_eq!(bodies, ["before", "after"]);
        if !asked {
            assert!(system.is_empty());
            continue;
        }
        let [message] = &system[..] else { panic!("{system:?}") };
        assert_eq!(message["from"], ALICE);
        assert_eq!(message["system"]["type"], "customer_identity_changed");
        assert_eq!(message["identity"]["acknowledged"], false);
        assert_eq!(message["identity"]["hash"].as_str().unwrap().len(), 12);
        assert!(message.get("contacts").is_none());
    }
}

#[test]
fn what_was_delivered_and_acknowledged_is_not_kept() {
    let mut bench = Bench::new(two_tenants());
    let alice = bench.consumer(ALICE, false);
    bench.receivers.insert(HOOK.into(), Some(500));
    bench.write(alice, SHOP, text("fromTheConsumer"));
    assert!(bench.rows.holds(b"fromTheConsumer"));
    bench.receivers.clear();
    bench.pass(Duration::from_secs(10));
    assert!(!bench.rows.holds(b"fromTheConsumer"));

    bench.unplug();
    bench.text(ALICE, "fromTheBusiness");
    assert!(bench.rows.holds(b"fromTheBusiness"));
    bench.connect();
    bench.settle();
    assert!(!bench.rows.holds(b"fromTheBusiness"));
    assert_eq!(bench.rows.count(&["outbound", "inbound"]), 2);
    bench.pass(Duration::from_secs(31 * 24 * 3600));
    assert_eq!(bench.rows.count(&["outbound", "inbound", "webhooks", "unconfirmed", "outbox"]), 0);
}

#[test]
fn nobody_there_is_a_failed_status() {
    let mut bench = Bench::new(two_tenants());
    let wamid = bench.text("491512345678", "hello?");
    assert_eq!(bench.statuses(), [(wamid, "failed".into())]);
    assert_snapshot!("webhook_of_an_undeliverable_message", masked(&bench.posts[0].body));
}

#[test]
fn what_is_not_delivered_in_time_is_dropped_silently() {
    let mut bench = Bench::new(two_tenants());
    bench.unplug();
    bench.text(ALICE, "hello?");
    assert_eq!(bench.node.undelivered(), 1);
    bench.pass(Duration::from_secs(31 * 24 * 3600));
    assert_eq!((bench.node.undelivered(), bench.node.unsettled(), bench.posts.len()), (0, 0, 0));
}

#[test]
fn a_replayed_envelope_is_heard_once() {
    let mut bench = Bench::new(two_tenants());
    let alice = bench.consumer(ALICE, false);
    bench.write(alice, SHOP, text("only once"));
    let envelope = bench.relay.seen.last().unwrap().clone();
    bench.relay.inject(0, InboxItem::Envelope(envelope));
    bench.settle();
    assert_eq!(bench.messages().len(), 1);
    assert_eq!(bench.posts.len(), 1);
}

#[test]
fn a_stranger_can_not_mark_it_as_read() {
    let mut bench = Bench::new(two_tenants());
    let alice = bench.consumer(ALICE, false);
    let mallory = bench.consumer("491512345678", false);
    bench.text(ALICE, "for Alice");
    let id = bench.consumers[&alice].received[0].message_id.clone();
    bench.write(mallory, SHOP, Body::Read(vec![id.clone()]));
    assert_eq!(bench.statuses().len(), 2);
    bench.write(alice, SHOP, Body::Read(vec![id.clone(), id]));
    assert_eq!(bench.statuses().len(), 3);
}

#[test]
fn the_bill_names_our_numbers_only() {
    let mut bench = Bench::new(two_tenants());
    let reading = |business: &str, envelopes| MeterReading {
        business: business.parse().unwrap(),
        direction: Direction::BusinessToConsumer,
        billing_class: BillingClass::Service,
        country_calling_code: 49,
        envelopes,
        bytes: 256 * envelopes,
    };
    for envelopes in [1, 2] {
        let readings = vec![reading(SHOP, envelopes), reading("15550000000", 9)];
        bench.relay.frames.push_back((0, wire::ToEndpoint::Metering(readings)));
        bench.settle();
    }
    let [line] = &*bench.node.bill() else { panic!() };
    assert_eq!((line.phone_number.as_str(), line.reading.envelopes), (PHONE, 2));
    assert_eq!(bench.bill.len(), 1);
}
