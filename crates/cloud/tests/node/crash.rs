//! The power fails before every effect of a conversation, one after the other (invariants 3 and 5).

use crate::support::{ALICE, Bench, HOOK, PHONE, SHOP, TOKEN, elements, message, two_tenants};
use cloud::ApiRequest;
use content::Body;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

/// Two messages, their answers, and a read mark. Gives what the business was promised.
fn conversation(bench: &mut Bench) -> Vec<String> {
    bench.consumer(ALICE, true);
    let mut promised = Vec::new();
    for body in ["one", "two"] {
        let response = bench.ask(message(ALICE, json!({ "text": { "body": body } })));
        if let Some(response) = response.filter(|response| response.status == 200) {
            let answer: Value = serde_json::from_slice(&response.body).unwrap();
            promised.push(answer["messages"][0]["id"].as_str().unwrap().to_owned());
        }
    }
    if let Some(last) = bench.messages().last() {
        let read = json!({ "messaging_product": "whatsapp", "status": "read", "message_id": last["id"] });
        bench.ask(ApiRequest::post(format!("/{PHONE}/messages"), TOKEN, read.to_string()));
    }
    bench.settle();
    promised
}

#[test]
fn promises_survive_a_crash_before_any_effect() {
    let mut whole = Bench::new(two_tenants());
    let before = whole.effects;
    assert_eq!(conversation(&mut whole).len(), 2);
    assert!(whole.effects > before + 30, "{}", whole.effects);
    for crash_before in before + 1..=whole.effects {
        let mut bench = Bench::new(two_tenants());
        bench.crash_before = Some(crash_before);
        let promised = conversation(&mut bench);
        let context = format!("crash before effect {crash_before} of {}", whole.effects);

        // What was promised arrived, once; what was not promised arrived once or not at all.
        let texts = bench.consumers.values().flat_map(|consumer| &consumer.received);
        let texts: Vec<_> = texts.filter(|content| matches!(content.body, Body::Text(_))).collect();
        let distinct: BTreeSet<_> = texts.iter().map(|content| content.message_id.as_str()).collect();
        assert_eq!(texts.len(), distinct.len(), "{context}");
        assert!(texts.len() >= promised.len() && !promised.is_empty(), "{context}");

        // The business heard each status once, in order, and each answer once.
        let statuses = bench.statuses();
        for wamid in &promised {
            let of_this: Vec<_> =
                statuses.iter().filter(|(id, _)| id == wamid).map(|(_, s)| s.as_str()).collect();
            let distinct: BTreeSet<_> = of_this.iter().copied().collect();
            assert_eq!(distinct, BTreeSet::from(["delivered", "read", "sent"]), "{context}");
            assert_eq!(of_this.len(), 3, "{context}");
        }
        let answers = bench.messages();
        let distinct: BTreeSet<_> = answers.iter().map(|answer| answer["id"].to_string()).collect();
        assert_eq!((answers.len(), distinct.len()), (texts.len(), texts.len()), "{context}");

        // Nothing is left behind.
        let open = (bench.node.undelivered(), bench.node.unsettled(), bench.node.unacknowledged());
        assert_eq!(open, (0, 0, 0), "{context}");
        assert_eq!(bench.rows.count(&["outbox", "unconfirmed", "webhooks", "outbound"]), 0, "{context}");
    }
}

/// People write while a receiver hangs; then it answers, and the updates that have waited travel together.
fn together(bench: &mut Bench, people: &[u64]) {
    bench.receivers.insert(HOOK.into(), None);
    for person in people {
        bench.write(*person, SHOP, Body::text("hello"));
        bench.write(*person, SHOP, Body::text("again"));
    }
    bench.receivers.clear();
    if let Some(first) = bench.posts.first().map(|post| post.delivery) {
        bench.answer(first, 200);
    }
    // A post from after the crash hung: it times out, and there is another.
    bench.pass(Duration::from_secs(120));
}

#[test]
fn webhooks_that_travel_together_survive_a_crash_before_any_effect() {
    let start = || {
        let mut config = two_tenants();
        config.webhooks.in_flight_per_app = 1;
        let mut bench = Bench::new(config);
        let people: Vec<_> =
            (0..5).map(|index| bench.consumer(&format!("1650555100{index}"), false)).collect();
        (bench, people)
    };
    let (mut whole, people) = start();
    let before = whole.effects;
    together(&mut whole, &people);
    assert!(whole.posts.iter().any(|post| elements(post, "messages").len() > 4));
    for crash_before in before + 1..=whole.effects {
        let (mut bench, people) = start();
        bench.crash_before = Some(crash_before);
        together(&mut bench, &people);
        let context = format!("crash before effect {crash_before} of {}", whole.effects);
        // Each is the same update however often it came, and each came.
        let heard = bench.messages();
        let names: BTreeSet<_> = heard.iter().map(|message| message["id"].to_string()).collect();
        assert_eq!((heard.len(), names.len()), (10, 10), "{context}");
        for person in people {
            let of_this =
                heard.iter().filter(|message| message["from"].as_str() == Some(&*person.to_string()));
            let texts: Vec<_> = of_this.map(|message| message["text"]["body"].clone()).collect();
            assert_eq!(texts, ["hello", "again"], "{context}");
        }
        assert_eq!((bench.node.unacknowledged(), bench.rows.count(&["webhooks"])), (0, 0), "{context}");
    }
}
