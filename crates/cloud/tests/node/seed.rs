//! The configuration is the seed: what a changed one does to a node that has rows (docs/settings.md).

use crate::support::{ALICE, APP, Bench, PHONE, SECRET, TOKEN, WABA, tenant, two_tenants, with};
use cloud::{ApiRequest, Callback};
use serde_json::json;

const STRANGERS: &str = "EAAtokenOfTheShop0002";
const STRANGERS_PHONE: &str = "106540352242923";

fn strangers_text() -> ApiRequest {
    let text = json!({ "messaging_product": "whatsapp", "to": ALICE, "text": { "body": "hi" } });
    ApiRequest::post(format!("/{STRANGERS_PHONE}/messages"), STRANGERS, text.to_string())
}

#[test]
fn a_tenant_that_is_new_is_there_from_the_next_start() {
    let mut bench = Bench::new(with(vec![tenant(1)]));
    bench.consumer(ALICE, true);
    assert_eq!(bench.ask(strangers_text()).unwrap().status, 401);
    bench.text(ALICE, "before");
    bench.restart(two_tenants());
    bench.ok(strangers_text());
    bench.text(ALICE, "after");
    assert_eq!((bench.node.undelivered(), bench.node.unsettled(), bench.node.unacknowledged()), (0, 0, 0));
    // And one that is gone is asked for in vain.
    bench.restart(with(vec![tenant(1)]));
    assert_eq!(bench.ask(strangers_text()).unwrap().status, 401);
    let theirs = ApiRequest::get(format!("/{STRANGERS_PHONE}"), TOKEN);
    assert_eq!(bench.ask(theirs).unwrap().status, 400);
}

#[test]
fn names_and_tokens_are_what_the_file_says_now() {
    let mut bench = Bench::new(two_tenants());
    let mut changed = tenant(1);
    changed.accounts[0].name = "Another name".into();
    changed.accounts[0].numbers[0].display_name = "What people see".into();
    changed.tokens[0].value = "EAAanotherToken".into();
    bench.restart(with(vec![changed, tenant(2)]));
    assert_eq!(bench.ask(ApiRequest::get(format!("/{WABA}"), TOKEN)).unwrap().status, 401);
    let get = |id: &str| ApiRequest::get(format!("/{id}"), "EAAanotherToken");
    assert_eq!(bench.ok(get(WABA))["name"], "Another name");
    assert_eq!(bench.ok(get(PHONE))["verified_name"], "What people see");
}

#[test]
fn what_the_api_has_set_stays() {
    let mut bench = Bench::new(two_tenants());
    let body = json!({
        "object": "whatsapp_business_account", "callback_url": "http://by-api.test/", "verify_token": "t",
    });
    let app_token = format!("{APP}|{SECRET}");
    bench.ok(ApiRequest::post(format!("/{APP}/subscriptions"), &app_token, body.to_string()));
    let mut changed = tenant(1);
    changed.app.callback =
        Some(Callback { url: "http://by-file.test/".into(), verify_token: "another".into() });
    bench.restart(with(vec![changed, tenant(2)]));
    bench.text(ALICE, "to nobody");
    assert!(!bench.posts.is_empty() && bench.posts.iter().all(|post| post.url == "http://by-api.test/"));
}
