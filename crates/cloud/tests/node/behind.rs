//! An app that does not keep up: first its numbers send no more, then what consumers write to them waits at the relay. What waits
//! at the node has a limit, and nothing is lost.

use crate::support::{ALICE, Bench, HOOK, SHOP, elements, message, two_tenants};
use cloud::{Load, NodeConfig};
use content::Body;
use serde_json::{Value, json};
use std::time::Duration;

const OTHER: &str = "15550783882";

fn config(updates: usize) -> NodeConfig {
    let mut config = two_tenants();
    config.webhooks.unacknowledged_per_app = Load { updates, bytes: 1 << 20 };
    config
}

#[test]
fn who_does_not_hear_what_became_of_messages_sends_no_more() {
    let mut bench = Bench::new(config(4));
    let alice = bench.consumer(ALICE, false);
    bench.receivers.insert(HOOK.into(), None);
    let send = |bench: &mut Bench| bench.ask(message(ALICE, json!({ "text": { "body": "hi" } }))).unwrap();
    // Two statuses of each.
    assert_eq!([200, 200], [send(&mut bench).status, send(&mut bench).status]);
    let refused = send(&mut bench);
    let error: Value = serde_json::from_slice(&refused.body).unwrap();
    assert_eq!((refused.status, error["error"]["code"].as_u64()), (429, Some(130_429)), "{error}");
    assert!(
        error["error"]["error_data"]["details"].as_str().unwrap().contains("not acknowledged"),
        "{error}"
    );
    assert_eq!(bench.consumers[&alice].received.len(), 2, "what was refused is not sent");
    bench.receivers.clear();
    bench.pass(Duration::from_secs(3600));
    assert_eq!(bench.node.unacknowledged(), 0);
    assert_eq!(send(&mut bench).status, 200);
}

#[test]
fn what_consumers_write_waits_at_the_relay_and_arrives_once_and_in_order() {
    let mut bench = Bench::new(config(4));
    let alice = bench.consumer(ALICE, false);
    bench.receivers.insert(HOOK.into(), None);
    for number in 0..20 {
        bench.write(alice, SHOP, Body::text(number.to_string()));
        assert!(bench.node.unacknowledged() <= 8);
    }
    assert_eq!(bench.node.unacknowledged(), 8);
    // Nothing was acknowledged of what waits: it is there after a crash, too.
    bench.crash();
    bench.settle();
    assert_eq!(bench.node.unacknowledged(), 8);
    bench.receivers.clear();
    bench.answer(bench.posts.last().unwrap().delivery, 200);
    bench.pass(Duration::from_secs(3600));
    assert_eq!(bench.node.unacknowledged(), 0);
    let heard: Vec<_> = bench.messages().iter().map(|message| message["text"]["body"].clone()).collect();
    let written: Vec<_> = (0..20).map(|number| Value::from(number.to_string())).collect();
    assert_eq!(heard, written);
}

#[test]
fn another_app_hears_of_everything_while_one_does_not_keep_up() {
    let mut bench = Bench::new(config(4));
    let alice = bench.consumer(ALICE, false);
    bench.receivers.insert(HOOK.into(), None);
    for number in 0..6 {
        bench.write(alice, SHOP, Body::text(format!("to the one that hangs {number}")));
        bench.write(alice, OTHER, Body::text(format!("to the other {number}")));
    }
    let to_other = bench.posts.iter().filter(|post| post.url != HOOK);
    assert_eq!(to_other.flat_map(|post| elements(post, "messages")).count(), 6);
}

#[test]
fn few_that_are_long_are_as_much_as_many() {
    let mut config = two_tenants();
    config.webhooks.unacknowledged_per_app = Load { updates: 1000, bytes: 100_000 };
    let mut bench = Bench::new(config);
    let alice = bench.consumer(ALICE, false);
    bench.receivers.insert(HOOK.into(), None);
    for _ in 0..20 {
        bench.write(alice, SHOP, Body::text("é".repeat(4096)));
    }
    // Each is 24 KiB of JSON.
    assert!((8..=10).contains(&bench.node.unacknowledged()), "{}", bench.node.unacknowledged());
}
