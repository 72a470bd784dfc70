//! Webhooks: signed, retried, one tenant's no concern of another's.

use crate::support::{ALICE, Bench, HOOK, SECRET, SHOP, elements, two_tenants};
use cloud::{HttpFailure, Notice, RetrySchedule, WebhookFailure, WebhookPost};
use content::Body;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::time::Duration;

const OTHER: &str = "15550783882";

fn text(body: &str) -> Body {
    Body::text(body)
}

fn to_url(bench: &Bench, url: &str) -> usize {
    bench.posts.iter().filter(|post| post.url == url).count()
}

#[test]
fn the_app_secret_signs_exactly_what_is_posted() {
    let mut bench = Bench::new(two_tenants());
    let alice = bench.consumer(ALICE, false);
    bench.write(alice, SHOP, text("é/"));
    let post = &bench.posts[0];
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap().chain_update(&post.body);
    assert_eq!(post.signature_256, format!("sha256={}", hex::encode(mac.finalize().into_bytes())));
    assert!(post.signature.starts_with("sha1="));
    assert!(std::str::from_utf8(&post.body).unwrap().contains(r"\u00e9\/"));
}

#[test]
fn retries_follow_the_schedule_and_change_nothing() {
    let mut bench = Bench::new(two_tenants());
    let alice = bench.consumer(ALICE, false);
    bench.receivers.insert(HOOK.into(), Some(500));
    bench.write(alice, SHOP, text("hello"));
    let start = bench.now;
    let mut posted_at = vec![0];
    while posted_at.len() < 9 {
        let before = bench.posts.len();
        bench.pass(Duration::from_secs(1));
        if bench.posts.len() > before {
            posted_at.push(bench.now.since(start).as_secs());
        }
    }
    let waits: Vec<_> = posted_at.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(waits, [5, 30, 120, 600, 3600, 7200, 14400, 14400]);
    let said = |post: &WebhookPost| (post.url.clone(), post.body.clone(), post.signature_256.clone());
    assert!(bench.posts.iter().all(|post| said(post) == said(&bench.posts[0])));
    let attempts: Vec<_> = bench.posts.iter().map(|post| (post.event, post.attempt)).collect();
    assert_eq!(attempts, (1..=9).map(|attempt| (attempts[0].0, attempt)).collect::<Vec<_>>());
    bench.pass(Duration::from_secs(8 * 24 * 3600));
    assert_eq!(bench.node.unacknowledged(), 0);
    assert_eq!(bench.rows.count(&["webhooks"]), 0);
    assert_eq!(bench.notices.iter().filter(|notice| **notice == Notice::WebhookDropped).count(), 1);
}

#[test]
fn only_200_acknowledges() {
    for (status, acknowledges) in [(200, true), (201, false), (204, false), (302, false), (404, false)] {
        let mut bench = Bench::new(two_tenants());
        let alice = bench.consumer(ALICE, false);
        bench.receivers.insert(HOOK.into(), Some(status));
        bench.write(alice, SHOP, text("hello"));
        assert_eq!(bench.node.unacknowledged() == 0, acknowledges, "{status}");
    }
}

#[test]
fn a_receiver_that_hangs_holds_up_nobody_else() {
    let mut config = two_tenants();
    config.webhooks.in_flight_per_app = 2;
    config.webhooks.answer_within = Duration::from_secs(60);
    let mut bench = Bench::new(config);
    bench.receivers.insert(HOOK.into(), None);
    for number in 0..5 {
        let person = bench.consumer(&format!("1650555100{number}"), false);
        bench.write(person, SHOP, text(&format!("to the one that hangs {number}")));
        bench.write(person, OTHER, text(&format!("to the other {number}")));
    }
    assert_eq!(to_url(&bench, HOOK), 2);
    assert_eq!(to_url(&bench, "http://stranger2.test/hook"), 5);
    // What never answers is given up, and makes room for the next.
    bench.pass(Duration::from_secs(61));
    assert_eq!(to_url(&bench, HOOK), 4);
    bench.receivers.clear();
    bench.pass(Duration::from_secs(600));
    assert_eq!(bench.node.unacknowledged(), 0);
    assert_eq!(bench.messages().len(), 10);
}

#[test]
fn what_is_not_acknowledged_is_posted_again_after_a_crash() {
    let mut bench = Bench::new(two_tenants());
    let alice = bench.consumer(ALICE, false);
    bench.receivers.insert(HOOK.into(), None);
    bench.write(alice, SHOP, text("first"));
    bench.write(alice, SHOP, text("second"));
    let before = bench.posts.clone();
    assert_eq!(before.len(), 1, "the second waits for the first");
    bench.receivers.clear();
    bench.crash();
    bench.settle();
    let [again, second] = &bench.posts[1..] else { panic!("{} posts", bench.posts.len()) };
    assert_eq!(again.body, before[0].body);
    assert_ne!(again.delivery, before[0].delivery, "an answer of the time before is not for it");
    assert_eq!(elements(second, "messages")[0]["text"]["body"], "second");
    assert_eq!(bench.node.unacknowledged(), 0);
}

#[test]
fn a_schedule_without_delays_tries_once() {
    let mut config = two_tenants();
    config.webhooks.retry = RetrySchedule::new(Vec::new(), Duration::from_secs(3600));
    let mut bench = Bench::new(config);
    let alice = bench.consumer(ALICE, false);
    bench.receivers.insert(HOOK.into(), Some(500));
    bench.write(alice, SHOP, text("hello"));
    assert_eq!((bench.posts.len(), bench.node.unacknowledged()), (1, 0));
}

/// What the operator has heard of webhooks that fail.
fn warnings(bench: &Bench) -> Vec<String> {
    let fails = |notice: &&Notice| matches!(notice, Notice::WebhookFailed { .. });
    bench.notices.iter().filter(fails).map(ToString::to_string).collect()
}

#[test]
fn the_operator_hears_why_webhooks_fail_and_when_the_next_try_is() {
    use WebhookFailure::{Http, NotAcknowledged, Redirected, Refused, ServerFailed};
    for (answer, why, said) in [
        (Some(201), NotAcknowledged, "the server answers, but not with 200"),
        (Some(302), Redirected, "the server redirects, which is not followed"),
        (Some(404), Refused, "the server refuses it"),
        (Some(500), ServerFailed, "the server has an error of its own"),
        (None, Http(HttpFailure::TimedOut), "no answer within the time limit"),
    ] {
        let mut bench = Bench::new(two_tenants());
        let alice = bench.consumer(ALICE, false);
        bench.receivers.insert(HOOK.into(), answer);
        bench.write(alice, SHOP, text("hello"));
        if answer.is_none() {
            bench.pass(Duration::from_secs(61));
        }
        assert!(bench.notices.contains(&Notice::WebhookFailed { why, again_in: Duration::from_secs(5) }));
        assert_eq!(warnings(&bench), [format!("a webhook of an app fails: {said}; the next try is in 5s")]);
    }
}

#[test]
fn who_fails_often_is_warned_of_once_in_ten_minutes_and_drowns_nobody_else() {
    let mut bench = Bench::new(two_tenants());
    let alice = bench.consumer(ALICE, false);
    bench.receivers.insert(HOOK.into(), Some(500));
    for number in 0..50 {
        bench.write(alice, SHOP, text(&format!("to the one that fails {number}")));
    }
    bench.pass(Duration::from_secs(9 * 60));
    assert_eq!(warnings(&bench).len(), 1);
    bench.receivers.insert("http://stranger2.test/hook".into(), Some(404));
    bench.write(alice, OTHER, text("to another one that fails"));
    assert_eq!(warnings(&bench).len(), 2);
    bench.pass(Duration::from_secs(60 * 60));
    let said = warnings(&bench).len() - 2;
    assert!((2..=12).contains(&said), "{said} in the hour after");
    // What is acknowledged is nobody's warning.
    bench.receivers.clear();
    bench.pass(Duration::from_secs(24 * 3600));
    let said = warnings(&bench).len();
    bench.write(alice, SHOP, text("heard"));
    bench.pass(Duration::from_secs(24 * 3600));
    assert_eq!(warnings(&bench).len(), said);
}
