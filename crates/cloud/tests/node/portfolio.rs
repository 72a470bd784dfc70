//! A portfolio is the unit of a node (invariant 11): no step and no transaction needs two of them. Each row is one's own
//! (`support/portfolio.rs`), so they can be on machines of their own.

use crate::support::{ALICE, Bench, HOOK, Owner, SHOP, TOKEN, message, tenant, two_tenants, with};
use cloud::ApiRequest;
use content::Body;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;

const STRANGER: &str = "EAAtokenOfTheShop0002";
const STRANGERS_PHONE: &str = "106540352242923";
const STRANGERS_NUMBER: &str = "15550783882";
const STRANGERS_HOOK: &str = "http://stranger2.test/hook";

/// A text of the stranger's.
fn strangers(body: &str) -> ApiRequest {
    let text = json!({ "messaging_product": "whatsapp", "to": ALICE, "text": { "body": body } });
    ApiRequest::post(format!("/{STRANGERS_PHONE}/messages"), STRANGER, text.to_string())
}

/// Both tenants write while the relay is away, to a person who answers both. Gives the names that were promised.
fn conversation(bench: &mut Bench) -> Vec<String> {
    bench.consumer(ALICE, true);
    let own = |body: &str| message(ALICE, json!({ "text": { "body": body } }));
    for request in [own("so that there is a session"), strangers("so that there is a session")] {
        bench.ask(request);
    }
    bench.unplug();
    let mut promised = Vec::new();
    for request in [own("one"), strangers("two")] {
        if let Some(response) = bench.ask(request).filter(|response| response.status == 200) {
            let answer: serde_json::Value = serde_json::from_slice(&response.body).unwrap();
            promised.push(answer["messages"][0]["id"].as_str().unwrap().to_owned());
        }
    }
    bench.connect();
    bench.settle();
    promised
}

/// The tables that the tenants file is the seed of.
fn planted(table: &str, _: &[u8], _: &[u8]) -> bool {
    ["portfolios", "apps", "wabas", "numbers", "tokens", "callbacks"].contains(&table)
}

/// Where two portfolios share a step, the transaction is as good as two: the power may fail between them.
#[test]
fn a_portfolio_is_the_unit_of_a_node() {
    let apart = || {
        let mut bench = Bench::new(two_tenants());
        bench.apart = true;
        bench
    };
    let mut whole = apart();
    let before = whole.effects;
    assert_eq!(conversation(&mut whole).len(), 2);
    let (last, mut shared) = (whole.effects, whole.shared);
    for crash_before in before + 1..=last {
        let mut bench = apart();
        bench.crash_before = Some(crash_before);
        let promised = conversation(&mut bench);
        shared = shared.max(bench.shared);
        let context = format!("crash before effect {crash_before} of {last}");
        let statuses = bench.statuses();
        for wamid in &promised {
            let of_this = statuses.iter().filter(|(id, _)| id == wamid).map(|(_, status)| status.as_str());
            assert_eq!(of_this.collect::<Vec<_>>(), ["sent", "delivered", "read"], "{context}");
        }
        let consumer = bench.consumers.values().next().unwrap();
        let ids: Vec<_> = consumer.received.iter().map(|content| content.message_id.as_str()).collect();
        assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len(), "{context}");
        let left = (bench.node.undelivered(), bench.node.unsettled(), bench.node.unacknowledged());
        assert_eq!(left, (0, 0, 0), "{context}");
    }
    assert!(shared > 1, "no step was of two tenants: that nothing needs both proves nothing");
}

/// What is due at the same time is due for each.
#[test]
fn timers_of_two_portfolios_are_two_portfolios() {
    let mut bench = Bench::new(two_tenants());
    bench.apart = true;
    let alice = bench.consumer(ALICE, false);
    for hook in [HOOK, STRANGERS_HOOK] {
        bench.receivers.insert(hook.into(), Some(500));
    }
    for to in [SHOP, STRANGERS_NUMBER] {
        bench.write(alice, to, Body::text("hi"));
    }
    bench.unplug();
    bench.text(ALICE, "too late");
    bench.ok(strangers("too late"));
    bench.pass(Duration::from_secs(40 * 24 * 3600));
    assert!(bench.shared > 0);
    assert_eq!((bench.node.undelivered(), bench.node.unsettled(), bench.node.unacknowledged()), (0, 0, 0));
    assert_eq!(bench.rows.count(&["outbound", "inbound", "webhooks", "unconfirmed"]), 0);
}

/// A portfolio moves to another node with its rows, and goes on there: nothing of it is in another's.
#[test]
fn the_rows_of_a_portfolio_are_all_of_it() {
    let mut bench = Bench::new(two_tenants());
    let alice = bench.consumer(ALICE, true);
    for hook in [HOOK, STRANGERS_HOOK] {
        bench.receivers.insert(hook.into(), None);
    }
    bench.text(ALICE, "hello");
    bench.ok(strangers("hello"));
    bench.write(alice, STRANGERS_NUMBER, Body::text("for the stranger"));
    let account = "/102290129340398/subscribed_apps";
    let over = json!({ "override_callback_uri": "http://moved.test/", "verify_token": "t" });
    bench.ok(ApiRequest::post(account, TOKEN, over.to_string()));
    let webhooks = bench.node.unacknowledged();
    let own = |table: &str, key: &[u8], value: &[u8]| {
        matches!(Owner::of_row(table, key, Some(value)), Owner::Tenant(1) | Owner::Connection)
    };
    bench.rows = bench.rows.of(own);
    bench.posts.clear();
    bench.receivers.clear();
    // The other node's file has this tenant only, and finds it as it was: nothing is planted.
    let moved = bench.rows.of(planted);
    assert!(moved.count(&["portfolios", "apps", "wabas", "numbers", "tokens"]) > 4);
    bench.restart(with(vec![tenant(1)]));
    assert_eq!(bench.rows.of(planted), moved);
    assert_eq!(bench.rows.of(own), bench.rows, "the other is not there");
    // Its own webhooks arrive, and none of the other's; its conversation goes on in the same session.
    assert!((1..webhooks).contains(&bench.posts.len()), "{} of {webhooks}", bench.posts.len());
    assert!(bench.posts.iter().all(|post| post.url == "http://moved.test/"));
    let wamid = bench.text(ALICE, "here again");
    let read = (wamid, "read".to_owned());
    assert!(bench.statuses().contains(&read));
}
