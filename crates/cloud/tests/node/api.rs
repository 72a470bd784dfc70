//! Answers of the Graph API, errors above all.

use crate::support::{ALICE, Bench, PHONE, SHOP, TOKEN, WABA, masked, message, two_tenants};
use cloud::{ApiRequest, Method};
use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::fmt::Write as _;

#[test]
fn every_error_has_its_shape() {
    let mut bench = Bench::new(two_tenants());
    let path = format!("/v23.0/{PHONE}/messages");
    let text = |what: Value| message(ALICE, what);
    let raw = |body: Value| ApiRequest::post(path.clone(), TOKEN, body.to_string());
    let button = |id: &str, title: &str| json!({ "type": "reply", "reply": { "id": id, "title": title } });
    let interactive = |buttons: Value| {
        let action = json!({ "buttons": buttons });
        json!({ "type": "interactive", "interactive": { "type": "button", "body": { "text": "x" }, "action": action } })
    };
    let hello = || text(json!({ "text": { "body": "hello" } }));
    let cases = [
        ("no token", ApiRequest { authorization: None, ..hello() }),
        ("another scheme", ApiRequest { authorization: Some("Basic abc".into()), ..hello() }),
        ("unknown token", ApiRequest::get(format!("/{PHONE}"), "EAAunknown")),
        ("expired token", ApiRequest::get(format!("/{PHONE}"), "EAAexpired0001")),
        ("unknown object", ApiRequest::get("/v23.0/999", TOKEN)),
        ("unknown object to post to", ApiRequest::post("/v23.0/999/messages", TOKEN, "{}")),
        ("unknown object to delete", ApiRequest::delete("/v23.0/999/messages", TOKEN)),
        ("unknown edge", ApiRequest::get(format!("/v23.0/{PHONE}/mesages"), TOKEN)),
        ("path that is too long", ApiRequest::get(format!("/v23.0/{PHONE}/messages/7"), TOKEN)),
        ("not a version", ApiRequest::get(format!("/vNext/{PHONE}"), TOKEN)),
        ("edge without that method", ApiRequest::get(path.clone(), TOKEN)),
        ("no such method", ApiRequest { method: Method::Other, ..hello() }),
        ("unknown field", ApiRequest::get(format!("/{PHONE}?fields=id,nonsense"), TOKEN)),
        ("malformed JSON", ApiRequest::post(path.clone(), TOKEN, r#"{"to": "#)),
        ("no object", ApiRequest::post(path.clone(), TOKEN, "[1]")),
        ("no messaging_product", raw(json!({ "to": ALICE, "text": { "body": "hello" } }))),
        ("another messaging_product", raw(json!({ "messaging_product": "sms" }))),
        ("no recipient", raw(json!({ "messaging_product": "whatsapp", "text": { "body": "hello" } }))),
        ("recipient that is no number", message("alice", json!({ "text": { "body": "hello" } }))),
        ("recipient that is no text", raw(json!({ "messaging_product": "whatsapp", "to": 16505551234_u64 }))),
        ("own number", message(SHOP, json!({ "text": { "body": "hello" } }))),
        ("no text", text(json!({ "type": "text" }))),
        ("text that is no object", text(json!({ "text": "hello" }))),
        ("no body", text(json!({ "text": {} }))),
        ("body that is no text", text(json!({ "text": { "body": 1 } }))),
        ("empty body", text(json!({ "text": { "body": " " } }))),
        ("body that is too long", text(json!({ "text": { "body": "é".repeat(4097) } }))),
        ("key that is not there", text(json!({ "text": { "body": "hello", "boddy": "" } }))),
        ("parameter that is not there", text(json!({ "text": { "body": "hello" }, "txt": 1 }))),
        ("preview that is no truth", text(json!({ "text": { "body": "hello", "preview_url": "yes" } }))),
        ("unknown type", text(json!({ "type": "poem" }))),
        ("type that is not built", text(json!({ "type": "image", "image": { "id": "1" } }))),
        ("content of another type", text(json!({ "text": { "body": "hello" }, "image": {} }))),
        (
            "four buttons",
            text(interactive(json!([
                button("a", "A"),
                button("b", "B"),
                button("c", "C"),
                button("d", "D")
            ]))),
        ),
        ("no buttons", text(interactive(json!([])))),
        ("title of 21 characters", text(interactive(json!([button("a", &"x".repeat(21))])))),
        ("two buttons of one title", text(interactive(json!([button("a", "A"), button("b", "A")])))),
        ("two buttons of one id", text(interactive(json!([button("a", "A"), button("a", "B")])))),
        ("space before a title", text(interactive(json!([button("a", " A")])))),
        ("image with a name", text(json!({ "type": "image", "image": { "id": "1", "filename": "a.png" } }))),
        (
            "image with a type",
            text(json!({ "type": "image", "image": { "id": "1", "mime_type": "image/png" } })),
        ),
        ("image that is nowhere", text(json!({ "type": "image", "image": {} }))),
        (
            "place beyond the pole",
            text(json!({ "type": "location", "location": { "latitude": 91, "longitude": 0 } })),
        ),
        ("no contacts", text(json!({ "type": "contacts", "contacts": [] }))),
        (
            "emoji that is none",
            text(json!({ "type": "reaction", "reaction": { "message_id": "x", "emoji": "x" } })),
        ),
        ("recipient by id", message("US.13491208655302741918", json!({ "text": { "body": "hello" } }))),
        ("time to live of nothing", text(json!({ "text": { "body": "hello" }, "ttl": 0 }))),
        ("group", text(json!({ "recipient_type": "group", "text": { "body": "hello" } }))),
        ("quote of nothing", text(json!({ "text": { "body": "hello" }, "context": { "message_id": "x" } }))),
        (
            "note that is too long",
            text(json!({ "text": { "body": "x" }, "biz_opaque_callback_data": "x".repeat(513) })),
        ),
        ("read mark of nothing", raw(json!({ "messaging_product": "whatsapp", "status": "read" }))),
        (
            "read mark of an own message",
            raw(json!({
                "messaging_product": "whatsapp",
                "status": "read",
                "message_id": "wamid.HBgLMTY1MDU1NTEyMzQVAgARGBI5QTNDQTVCM0Q0Q0Q2RTY3RTcA",
            })),
        ),
        (
            "no multipart",
            ApiRequest { content_type: Some("multipart/form-data; boundary=x".into()), ..hello() },
        ),
        ("nested too deep", ApiRequest::post(path.clone(), TOKEN, "{\"a\":".repeat(10_000))),
        ("no selection", ApiRequest::get(format!("/{PHONE}?fields=id{{"), TOKEN)),
    ];
    let mut shown = String::new();
    for (name, request) in cases {
        let response = bench.ask(request).unwrap();
        assert_ne!(response.status, 200, "{name}");
        writeln!(shown, "# {name}: HTTP {}\n{}\n", response.status, masked(&response.body)).unwrap();
    }
    assert_snapshot!("errors", shown);
    assert!(bench.relay.seen.is_empty());
}

#[test]
fn forms_parts_and_query_tokens_send_too() {
    let mut bench = Bench::new(two_tenants());
    let body = format!(
        "messaging_product=whatsapp&to=%2B{ALICE}&type=text&text=%7B%22body%22%3A%22a+b%22%2C%22preview_url%22%3Atrue%7D"
    );
    let form = Some("application/x-www-form-urlencoded".to_owned());
    let request = |query: &str, token: Option<String>| ApiRequest {
        authorization: token,
        content_type: form.clone(),
        ..ApiRequest::post(format!("/v14.0/{PHONE}/messages{query}"), "", body.clone())
    };
    bench.ok(request("", Some(format!("Bearer {TOKEN}"))));
    bench.ok(request(&format!("?access_token={TOKEN}"), None));
    let in_body = format!("{body}&access_token={TOKEN}");
    bench.ok(ApiRequest { body: in_body.into(), ..request("", None) });
    let part = |name: &str, text: &str| {
        format!("--cut\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
    };
    let parts = [("messaging_product", "whatsapp"), ("to", ALICE), ("text", r#"{"body":"a b"}"#)];
    let parts: String = parts.map(|(name, text)| part(name, text)).concat() + "--cut--";
    let content_type = Some("multipart/form-data; boundary=cut".to_owned());
    bench.ok(ApiRequest { content_type, body: parts.into(), ..request("", Some(format!("Bearer {TOKEN}"))) });
}

#[test]
fn objects_are_what_sdks_start_with() {
    let mut bench = Bench::new(two_tenants());
    let sdk = "id,display_phone_number,verified_name,quality_rating,code_verification_status,name_status,\
               messaging_limit_tier,account_mode,is_official_business_account";
    let mut shown = String::new();
    for path in [
        format!("/v23.0/{PHONE}"),
        format!("/v23.0/{PHONE}?fields={sdk}"),
        format!("/v23.0/{WABA}"),
        format!("/v23.0/{WABA}/phone_numbers?limit=1&fields=id,status"),
        format!("/v23.0/{WABA}/subscribed_apps"),
    ] {
        let answer = bench.ok(ApiRequest::get(path.clone(), TOKEN));
        writeln!(shown, "# {path}\n{}\n", serde_json::to_string_pretty(&answer).unwrap()).unwrap();
    }
    assert_snapshot!("objects", shown);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever is asked, the answer is JSON, and an error has all that clients look for.
    #[test]
    fn every_request_has_an_answer(
        path in prop_oneof![
            Just(format!("/v23.0/{PHONE}/messages")),
            Just(format!("/{WABA}/subscribed_apps")),
            "/(v[0-9.]{0,4}/)?[0-9a-z%/?=&]{0,40}",
        ],
        method in prop_oneof![Just(Method::Get), Just(Method::Post), Just(Method::Delete), Just(Method::Other)],
        body in body(),
        form in any::<bool>(),
    ) {
        let mut bench = prepared();
        let content_type = form.then(|| "application/x-www-form-urlencoded".to_owned());
        let request = ApiRequest { method, content_type, ..ApiRequest::post(path, TOKEN, body) };
        let response = bench.ask(request).unwrap();
        let body: Value = serde_json::from_slice(&response.body).unwrap();
        if response.status == 200 {
            prop_assert!(body.get("error").is_none());
        } else {
            let error = &body["error"];
            prop_assert!(error["message"].is_string() && error["type"].is_string());
            prop_assert!(error["code"].is_u64() && error["fbtrace_id"].is_string());
        }
    }
}

/// A node that never had to make a key: quick.
fn prepared() -> Bench {
    let mut config = two_tenants();
    config.endpoint.one_time_prekeys = 0;
    Bench::new(config)
}

fn body() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        prop_oneof![
            Just("whatsapp"),
            Just("text"),
            Just("read"),
            Just("+1 650 555 1234"),
            Just("{\"body\":1}")
        ]
        .prop_map(Value::from),
        ".{0,10}".prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(key(), inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    let object = prop::collection::btree_map(key(), value, 0..7);
    prop_oneof![
        object.prop_map(|map| {
            let mut map: serde_json::Map<String, Value> = map.into_iter().collect();
            map.entry("messaging_product").or_insert("whatsapp".into());
            Value::Object(map).to_string()
        }),
        ".{0,40}",
    ]
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("to"),
        Just("text"),
        Just("body"),
        Just("type"),
        Just("status"),
        Just("message_id"),
        Just("context"),
        Just("preview_url"),
        Just("override_callback_uri"),
        Just("verify_token"),
        Just("image"),
        Just("strange"),
    ]
    .prop_map(str::to_owned)
}
