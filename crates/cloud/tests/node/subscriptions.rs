//! Where webhooks go, and that nobody gets them who did not say so.

use crate::support::{ALICE, APP, Bench, HOOK, PHONE, SECRET, TOKEN, WABA, masked, two_tenants};
use cloud::ApiRequest;
use insta::assert_snapshot;
use serde_json::{Value, json};

fn app_token() -> String {
    format!("{APP}|{SECRET}")
}

fn subscribe(url: &str) -> ApiRequest {
    let body = json!({
        "object": "whatsapp_business_account",
        "callback_url": url,
        "verify_token": "a b&c",
        "fields": ["messages"],
        "include_values": true,
    });
    ApiRequest::post(format!("/v23.0/{APP}/subscriptions"), &app_token(), body.to_string())
}

fn urls_of_a_message(bench: &mut Bench) -> Vec<String> {
    let before = bench.posts.len();
    bench.text("491512345678", "to nobody");
    bench.posts[before..].iter().map(|post| post.url.clone()).collect()
}

#[test]
fn a_callback_that_does_not_answer_the_challenge_is_not_saved() {
    let mut bench = Bench::new(two_tenants());
    bench.willing = false;
    let refused = bench.ask(subscribe("http://new.test/hook")).unwrap();
    assert_eq!(refused.status, 400);
    assert_snapshot!("callback_that_failed", masked(&refused.body));
    assert_eq!(urls_of_a_message(&mut bench), [HOOK]);

    bench.willing = true;
    assert_eq!(bench.ok(subscribe("http://new.test/hook?a=1")), json!({ "success": true }));
    let url = bench.challenged.last().unwrap();
    assert!(url.starts_with("http://new.test/hook?a=1&hub.mode=subscribe&hub.challenge="), "{url}");
    assert!(url.ends_with("&hub.verify_token=a%20b%26c"), "{url}");
    assert_eq!(urls_of_a_message(&mut bench), ["http://new.test/hook?a=1"]);
    bench.crash();
    bench.settle();
    assert_eq!(urls_of_a_message(&mut bench), ["http://new.test/hook?a=1"]);

    let list = ApiRequest::get(format!("/{APP}/subscriptions"), &app_token());
    assert_eq!(bench.ok(list.clone())["data"][0]["callback_url"], "http://new.test/hook?a=1");
    bench.ok(ApiRequest::delete(
        format!("/{APP}/subscriptions?object=whatsapp_business_account"),
        &app_token(),
    ));
    assert_eq!(bench.ok(list), json!({ "data": [] }));
    assert!(urls_of_a_message(&mut bench).is_empty());
}

#[test]
fn the_most_specific_override_wins() {
    let mut bench = Bench::new(two_tenants());
    let account = format!("/{WABA}/subscribed_apps");
    let set = |path: &str, body: Value| ApiRequest::post(path, TOKEN, body.to_string());
    let hook = |url: &str| json!({ "override_callback_uri": url, "verify_token": "t" });
    bench.ok(set(&account, hook("http://account.test/")));
    assert_eq!(urls_of_a_message(&mut bench), ["http://account.test/"]);
    let list = bench.ok(ApiRequest::get(account.clone(), TOKEN));
    assert_snapshot!("subscribed_apps", serde_json::to_string_pretty(&list).unwrap());

    let number = format!("/{PHONE}");
    bench.ok(set(&number, json!({ "webhook_configuration": hook("http://number.test/") })));
    bench.crash();
    bench.settle();
    assert_eq!(urls_of_a_message(&mut bench), ["http://number.test/"]);
    let fields = bench.ok(ApiRequest::get(format!("/{PHONE}?fields=webhook_configuration"), TOKEN));
    let configuration = json!({
        "phone_number": "http://number.test/",
        "whatsapp_business_account": "http://account.test/",
        "application": HOOK,
    });
    assert_eq!(fields["webhook_configuration"], configuration);

    bench.ok(set(&number, json!({ "webhook_configuration": { "override_callback_uri": "" } })));
    assert_eq!(urls_of_a_message(&mut bench), ["http://account.test/"]);
    bench.ok(set(&account, json!({})));
    assert_eq!(urls_of_a_message(&mut bench), [HOOK]);
    bench.ok(ApiRequest::delete(account.clone(), TOKEN));
    assert!(urls_of_a_message(&mut bench).is_empty());
    assert_eq!(bench.ok(ApiRequest::get(account.clone(), TOKEN)), json!({ "data": [] }));
    bench.ok(ApiRequest { content_type: None, ..ApiRequest::post(account, TOKEN, "") });
    assert_eq!(urls_of_a_message(&mut bench), [HOOK]);
    assert_eq!(bench.challenged.len(), 2);
}

#[test]
fn a_token_of_the_wrong_kind_is_refused() {
    let mut bench = Bench::new(two_tenants());
    let user = bench.ask(ApiRequest::get(format!("/{APP}/subscriptions"), TOKEN)).unwrap();
    assert_eq!(user.status, 403);
    let body = json!({ "messaging_product": "whatsapp", "to": ALICE, "text": { "body": "hi" } });
    let path = format!("/{PHONE}/messages");
    let app = bench.ask(ApiRequest::post(path, &app_token(), body.to_string())).unwrap();
    assert_eq!(app.status, 403);
    let wrong = bench.ask(ApiRequest::get(format!("/{APP}/subscriptions"), &format!("{APP}|wrong"))).unwrap();
    assert_eq!(wrong.status, 401);
}
