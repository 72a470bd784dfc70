//! Which fields an app hears of, and where: what is of conversations follows overrides, everything else goes where the app says.

use crate::support::{APP, Bench, HOOK, PHONE, SECRET, TOKEN, WABA, two_tenants};
use cloud::webhook::{AccountReview, Announcement, NumberQuality};
use cloud::{ApiRequest, Input};
use serde_json::{Value, json};

fn review() -> Announcement {
    Announcement::Review(AccountReview { decision: "APPROVED".into() })
}

fn quality() -> Announcement {
    Announcement::Quality(NumberQuality {
        display_phone_number: "15550783881".into(),
        event: "THROUGHPUT_UPGRADE".into(),
        old_limit: None,
        current_limit: "TIER_UNLIMITED".into(),
        max_daily_conversations_per_business: None,
    })
}

fn subscribe(bench: &mut Bench, fields: &Value) {
    let body = json!({
        "object": "whatsapp_business_account", "callback_url": HOOK, "verify_token": "t", "fields": fields,
    });
    let token = format!("{APP}|{SECRET}");
    bench.ok(ApiRequest::post(format!("/{APP}/subscriptions"), &token, body.to_string()));
}

#[test]
fn an_app_hears_of_the_fields_that_it_is_subscribed_to_with_the_time() {
    let mut bench = Bench::new(two_tenants());
    subscribe(&mut bench, &json!(["messages", "account_review_update"]));
    bench.hear_of(Input::OfNumber(PHONE.parse().unwrap(), quality()));
    assert!(bench.posts.is_empty(), "it is not subscribed to that");
    bench.hear_of(Input::OfAccount(WABA.parse().unwrap(), review()));
    let body: Value = serde_json::from_slice(&bench.posts[0].body).unwrap();
    assert_eq!(
        body,
        json!({ "object": "whatsapp_business_account", "entry": [{
            "id": WABA, "time": bench.now.as_secs(),
            "changes": [{ "value": { "decision": "APPROVED" }, "field": "account_review_update" }],
        }] })
    );
    assert_eq!(bench.node.unacknowledged(), 0);
}

#[test]
fn the_app_of_the_tenants_file_hears_of_every_field() {
    let mut bench = Bench::new(two_tenants());
    bench.hear_of(Input::OfAccount(WABA.parse().unwrap(), review()));
    bench.hear_of(Input::OfNumber(PHONE.parse().unwrap(), quality()));
    assert_eq!(bench.posts.len(), 2);
    assert!(bench.posts.iter().all(|post| post.url == HOOK), "and no other tenant does");
}

#[test]
fn overrides_are_for_conversations_only() {
    let mut bench = Bench::new(two_tenants());
    let over = json!({ "webhook_configuration": {
        "override_callback_uri": "http://number.test/", "verify_token": "t",
    } });
    bench.ok(ApiRequest::post(format!("/{PHONE}"), TOKEN, over.to_string()));
    bench.hear_of(Input::OfNumber(PHONE.parse().unwrap(), quality()));
    bench.text("491512345678", "to nobody");
    let urls: Vec<_> = bench.posts.iter().map(|post| post.url.as_str()).collect();
    assert_eq!(urls, [HOOK, "http://number.test/"]);
}

#[test]
fn what_is_announced_is_told_again_after_a_crash() {
    let mut bench = Bench::new(two_tenants());
    bench.receivers.insert(HOOK.into(), None);
    bench.hear_of(Input::OfAccount(WABA.parse().unwrap(), review()));
    bench.hear_of(Input::OfNumber(PHONE.parse().unwrap(), quality()));
    let before = bench.posts.clone();
    bench.receivers.clear();
    bench.crash();
    bench.settle();
    let bodies =
        |posts: &[cloud::WebhookPost]| posts.iter().map(|post| post.body.clone()).collect::<Vec<_>>();
    assert_eq!(bodies(&bench.posts[before.len()..]), bodies(&before));
    assert_eq!(bench.node.unacknowledged(), 0);
}
