//! Templates are filled in, and what does not fit is refused with its code.

use super::*;

#[test]
fn hello_world_is_there_from_the_start_and_arrives() {
    let mut bench = Bench::new(two_tenants());
    let alice = bench.consumer(ALICE, false);
    let listed = bench.listed("name=hello_world");
    assert_eq!(listed[0]["status"], "APPROVED");
    assert_eq!(listed[0]["language"], "en_US");
    assert_eq!(listed[0]["components"][0]["text"], "Hello World");
    let answer = bench.ok(message(ALICE, of("hello_world", json!({}))));
    assert_eq!(answer["messages"][0]["message_status"], "accepted");
    let Body::Template(read) = &bench.consumers[&alice].received[0].body else { panic!("no template") };
    let Some(header::Header::Text(header)) = read.header.as_ref().unwrap().header.as_ref() else { panic!() };
    assert_eq!((header.text.as_str(), read.footer.as_str()), ("Hello World", "WhatsApp Business API Team"));
    assert!(!read.body.is_empty());
}

#[test]
fn what_was_put_in_is_what_the_person_reads() {
    let mut bench = Bench::new(two_tenants());
    let alice = bench.consumer(ALICE, false);
    bench.make(&promotion("sale"));
    bench.ok(message(ALICE, of("sale", filled())));
    let Body::Template(read) = &bench.consumers[&alice].received[0].body else { panic!("no template") };
    assert_eq!(read.body, "Shop until Sunday and use the code LESS to pay less for all that we have.");
    let buttons: Vec<_> =
        read.buttons.iter().map(|of| (of.kind.as_str(), of.text.as_str(), of.value.as_str())).collect();
    let expected = [("QUICK_REPLY", "Stop", "stop-42"), ("URL", "Shop", "https://shop.test/summer")];
    assert_eq!(buttons, expected);
    let components: Value = serde_json::from_str(&read.components).unwrap();
    assert_eq!(components, filled()["components"]);
    // What it is billed as is the template's category, and nobody's word.
    assert_eq!(bench.relay.seen.last().unwrap().billing_class, BillingClass::Marketing);
}

#[test]
fn a_message_that_does_not_fit_its_template_is_refused_with_its_code() {
    let mut bench = Bench::new(two_tenants());
    bench.make(&promotion("sale"));
    let named = json!({
        "name": "named", "language": "en_US", "category": "utility", "parameter_format": "named",
        "components": [{ "type": "BODY", "text": "Hello {{first_name}}, welcome to {{town}} today.", "example": {
            "body_text_named_params": [
                { "param_name": "first_name", "example": "Al" }, { "param_name": "town", "example": "Ulm" },
            ] } }],
    });
    bench.make(&named);
    let picture = json!({
        "name": "picture", "language": "en_US", "category": "UTILITY", "components": [
            { "type": "HEADER", "format": "IMAGE", "example": { "header_handle": ["4::x"] } },
            { "type": "BODY", "text": "Look." },
            { "type": "BUTTONS", "buttons": [{ "type": "COPY_CODE", "example": "X" }] },
        ],
    });
    bench.make(&picture);
    let with = |at: usize, component: Value| {
        let mut components = filled();
        components["components"][at] = component;
        of("sale", components)
    };
    let body = |given: &[&str]| json!({ "type": "body", "parameters": texts(given) });
    let by_name = |names: &[(&str, &str)]| {
        let text =
            |(name, text): &(&str, &str)| json!({ "type": "text", "parameter_name": name, "text": text });
        of(
            "named",
            json!({ "components": [{ "type": "body", "parameters": names.iter().map(text).collect::<Value>() }] }),
        )
    };
    let mut german = of("sale", filled());
    german["template"]["language"]["code"] = json!("de");
    let image = json!({ "type": "header", "parameters": [{ "type": "image", "image": { "link": "https://x.test/" } }] });
    let code = |code: &str| {
        json!({ "type": "button", "sub_type": "copy_code", "index": 0,
        "parameters": [{ "type": "coupon_code", "coupon_code": code }] })
    };
    for (what, message_, code) in [
        ("unknown name", of("nothing", json!({})), 132_001),
        ("unknown translation", german, 132_001),
        ("too few", with(1, body(&["Sunday"])), 132_000),
        ("too many", with(1, body(&["a", "b", "c"])), 132_000),
        ("nothing at all", of("sale", json!({})), 132_000),
        ("a line break", with(1, body(&["a\nb", "c"])), 132_018),
        ("a tab", with(1, body(&["a\tb", "c"])), 132_018),
        ("five spaces", with(1, body(&["a     b", "c"])), 132_018),
        ("too long", with(1, body(&["a", &"x".repeat(1024)])), 132_005),
        ("a picture for a text", with(0, image.clone()), 132_012),
        (
            "a reply for a link",
            with(3, json!({ "type": "button", "sub_type": "quick_reply", "index": 1 })),
            132_012,
        ),
        (
            "a link without its end",
            with(3, json!({ "type": "button", "sub_type": "url", "index": 1 })),
            131_008,
        ),
        ("an empty text", with(1, body(&["", "c"])), 131_008),
        (
            "a button that is not there",
            with(3, json!({ "type": "button", "sub_type": "url", "index": 7 })),
            131_009,
        ),
        (
            "a button beyond ten",
            with(3, json!({ "type": "button", "sub_type": "url", "index": 10 })),
            131_009,
        ),
        ("no name", by_name(&[("first_name", "Al"), ("city", "Ulm")]), 131_009),
        ("no value of a name", by_name(&[("first_name", "Al")]), 132_000),
        ("a name twice", by_name(&[("first_name", "Al"), ("first_name", "Ed")]), 131_009),
        ("positions for names", of("named", json!({ "components": [body(&["Al", "Ulm"])] })), 131_008),
        ("no picture", of("picture", json!({ "components": [code("A")] })), 132_012),
        ("no code", of("picture", json!({ "components": [image.clone()] })), 131_008),
        ("a code too long", of("picture", json!({ "components": [image, code(&"x".repeat(21))] })), 131_009),
        ("an unknown component", of("sale", json!({ "components": [{ "type": "hand" }] })), 100),
        ("an unknown key", of("sale", json!({ "components": [{ "type": "body", "texts": [] }] })), 100),
        ("no index", of("sale", json!({ "components": [{ "type": "button", "sub_type": "url" }] })), 100),
        ("no language", json!({ "type": "template", "template": { "name": "sale" } }), 100),
        ("no template", json!({ "type": "template" }), 131_008),
    ] {
        assert_eq!(bench.refused(message(ALICE, message_)).1, code, "{what}");
    }
    let before = ApiRequest {
        path: format!("/v22.0/{PHONE}/messages"),
        ..message(ALICE, with(1, body(&["a\nb", "c"])))
    };
    assert_eq!(bench.refused(before).1, 132_007);
    assert_eq!(bench.refused(message(ALICE, of("nothing", json!({})))).0, 404);
    assert!(bench.relay.seen.is_empty());
}

#[test]
fn only_what_can_be_sent_is_sent() {
    let mut config = two_tenants();
    config.templates.review = ReviewPolicy::Manual;
    let mut bench = Bench::new(config);
    let flow = json!({
        "name": "flow", "language": "en_US", "category": "UTILITY", "components": [
            { "type": "BODY", "text": "Tell us." },
            { "type": "BUTTONS", "buttons": [{ "type": "FLOW", "text": "Tell", "flow_id": "1", "navigate_screen": "A" }] },
        ],
    });
    let id = bench.make(&flow);
    let send = || message(ALICE, of("flow", json!({})));
    assert_eq!(bench.refused(send()).1, 132_001, "pending");
    bench.review(id, Verdict::Reject(Reason::Scam));
    assert_eq!(bench.refused(send()).1, 132_001, "rejected");
    bench.review(id, Verdict::Approve);
    bench.ok(send());
    bench.review(id, Verdict::Flow(FlowState::Throttled));
    for _ in 0..10 {
        bench.ok(send());
    }
    assert_eq!(bench.refused(send()).1, 132_069, "throttled");
    bench.pass(HOUR);
    bench.ok(send());
    bench.review(id, Verdict::Flow(FlowState::Blocked));
    assert_eq!(bench.refused(send()).1, 132_068, "blocked");
    bench.review(id, Verdict::Flow(FlowState::Open));
    bench.review(id, Verdict::Quality(Quality::Red));
    assert_eq!(bench.refused(send()).1, 132_015, "paused");
    bench.review(id, Verdict::Disable);
    assert_eq!(bench.refused(send()).1, 132_016, "disabled");
    assert_eq!(bench.refused(ApiRequest::delete(format!("{}?name=flow", path()), TOKEN)).1, 100);
}

#[test]
fn hello_world_can_be_kept_to_test_numbers() {
    let mut config = two_tenants();
    config.templates.hello_world_from_all = false;
    let mut bench = Bench::new(config);
    assert_eq!(bench.refused(message(ALICE, of("hello_world", json!({})))).1, 131_058);
}

#[test]
fn the_call_for_marketing_takes_marketing_only() {
    let mut bench = Bench::new(two_tenants());
    bench.consumer(ALICE, false);
    bench.make(&promotion("sale"));
    let call = |what: Value, policy: &str| {
        let request = message(ALICE, what);
        let mut body: Value = serde_json::from_slice(&request.body).unwrap();
        body["product_policy"] = json!(policy);
        ApiRequest::post(format!("/v23.0/{PHONE}/marketing_messages"), TOKEN, body.to_string())
    };
    bench.ok(call(of("sale", filled()), "STRICT"));
    assert_eq!(bench.refused(call(of("sale", filled()), "LOOSE")).1, 100);
    assert_eq!(bench.refused(call(of("hello_world", json!({})), "STRICT")).1, 134_100);
    let text = json!({ "type": "text", "text": { "body": "Buy!" } });
    assert_eq!(bench.refused(call(text, "STRICT")).1, 131_055);
}
