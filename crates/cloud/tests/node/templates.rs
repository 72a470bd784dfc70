//! Message templates: made, reviewed, sent, paused, deleted.

use crate::support::{ALICE, APP, Bench, PHONE, SECRET, TOKEN, WABA, hello, message, two_tenants};
use cloud::{
    ApiRequest, Category, FlowState, Input, Quality, Reason, ReviewPolicy, Status, TemplateId, Verdict,
};
use content::Body;
use content::kinds::header;
use serde_json::{Value, json};
use std::time::Duration;
use wire::BillingClass;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

fn path() -> String {
    format!("/v23.0/{WABA}/message_templates")
}

fn create(definition: &Value) -> ApiRequest {
    ApiRequest::post(path(), TOKEN, definition.to_string())
}

/// One that can be, of three variables.
fn promotion(name: &str) -> Value {
    json!({
        "name": name,
        "language": "en_US",
        "category": "MARKETING",
        "components": [
            { "type": "HEADER", "format": "TEXT", "text": "Our {{1}} is on!", "example": { "header_text": ["Sale"] } },
            {
                "type": "BODY",
                "text": "Shop until {{1}} and use the code {{2}} to pay less for all that we have.",
                "example": { "body_text": [["August", "25OFF"]] },
            },
            { "type": "FOOTER", "text": "No more of that? Tap below." },
            { "type": "BUTTONS", "buttons": [
                { "type": "QUICK_REPLY", "text": "Stop" },
                { "type": "URL", "text": "Shop", "url": "https://shop.test/{{1}}", "example": ["x"] },
            ] },
        ],
    })
}

fn of(name: &str, what: Value) -> Value {
    let mut template = json!({ "name": name, "language": { "code": "en_US" } });
    template.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
    json!({ "type": "template", "template": template })
}

fn texts(texts: &[&str]) -> Value {
    texts.iter().map(|text| json!({ "type": "text", "text": text })).collect()
}

/// What fits [`promotion`].
fn filled() -> Value {
    json!({ "components": [
        { "type": "header", "parameters": texts(&["Summer sale"]) },
        { "type": "body", "parameters": texts(&["Sunday", "LESS"]) },
        { "type": "button", "sub_type": "quick_reply", "index": 0,
          "parameters": [{ "type": "payload", "payload": "stop-42" }] },
        { "type": "button", "sub_type": "url", "index": "1", "parameters": texts(&["summer"]) },
    ] })
}

impl Bench {
    fn make(&mut self, definition: &Value) -> TemplateId {
        let created = self.ok(create(definition));
        created["id"].as_str().unwrap().parse().unwrap()
    }

    fn review(&mut self, template: TemplateId, verdict: Verdict) {
        self.hear_of(Input::Review { template, verdict });
    }

    fn status(&self, template: TemplateId) -> Option<Status> {
        self.node.template_status(template)
    }

    /// Status, code and subcode of an answer that is none.
    fn refused(&mut self, request: ApiRequest) -> (u16, u64, Option<u64>) {
        let answer = self.ask(request).unwrap();
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        let error = &body["error"];
        assert!(answer.status != 200, "{body}");
        (answer.status, error["code"].as_u64().unwrap(), error["error_subcode"].as_u64())
    }

    fn listed(&mut self, query: &str) -> Vec<Value> {
        let list = self.ok(ApiRequest::get(format!("{}?{query}", path()), TOKEN));
        list["data"].as_array().unwrap().clone()
    }

    /// The app hears of these fields, too.
    fn subscribe_to(&mut self, fields: &str) {
        let app = format!("{APP}|{SECRET}");
        let query = format!(
            "object=whatsapp_business_account&callback_url=http://shop.test/hook&verify_token=meatyhamhock&fields={fields}"
        );
        self.ok(ApiRequest {
            body: "".into(),
            ..ApiRequest::post(format!("/{APP}/subscriptions?{query}"), &app, "")
        });
    }

    /// The values of webhooks of one field.
    fn told(&self, field: &str) -> Vec<Value> {
        let mut told = Vec::new();
        for post in &self.posts {
            let body: Value = serde_json::from_slice(&post.body).unwrap();
            for entry in body["entry"].as_array().unwrap() {
                let changes = entry["changes"].as_array().unwrap().iter();
                let of_field = changes.filter(|change| change["field"] == field);
                told.extend(of_field.map(|change| change["value"].clone()));
            }
        }
        told
    }
}

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
fn a_template_is_listed_shown_edited_and_deleted() {
    let mut bench = Bench::new(two_tenants());
    let created = bench.ok(create(&promotion("sale")));
    assert_eq!((&created["status"], &created["category"]), (&json!("APPROVED"), &json!("MARKETING")));
    let id = created["id"].as_str().unwrap();
    assert!(id.parse::<u64>().unwrap() < 1 << 53);
    let shown = bench.ok(ApiRequest::get(format!("/{id}"), TOKEN));
    assert_eq!(shown["name"], "sale");
    // As it was made, in the order in which it is seen.
    let made = promotion("sale");
    for (at, component) in shown["components"].as_array().unwrap().iter().enumerate() {
        assert_eq!(component, &made["components"][at]);
    }
    for (query, names) in [
        ("", vec!["hello_world", "sale"]),
        ("name=sale", vec!["sale"]),
        ("status=REJECTED", vec![]),
        ("status=approved,PENDING&category=[\"marketing\"]", vec!["sale"]),
        ("language=de", vec![]),
        ("name_or_content=PAY LESS", vec!["sale"]),
        ("quality_score=UNKNOWN&limit=1&name_or_content=hello", vec!["hello_world"]),
    ] {
        let listed = bench.listed(&query.replace(' ', "%20"));
        let mut found: Vec<_> = listed.iter().map(|of| of["name"].as_str().unwrap()).collect();
        found.sort_unstable();
        assert_eq!(found, names, "{query}");
    }
    let counted = bench.ok(ApiRequest::get(
        format!(
            "{}?summary=total_count,message_template_count,message_template_limit&name=sale&fields=status",
            path()
        ),
        TOKEN,
    ));
    let summary = json!({ "total_count": 1, "message_template_count": 2, "message_template_limit": 250 });
    assert_eq!(counted["summary"], summary);
    assert_eq!(counted["data"], json!([{ "status": "APPROVED", "id": id }]));

    let other = json!({ "components": [{ "type": "body", "text": "All is sold." }] });
    bench.ok(ApiRequest::post(format!("/{id}"), TOKEN, other.to_string()));
    let shown = bench.ok(ApiRequest::get(format!("/{id}?fields=components"), TOKEN));
    assert_eq!(shown["components"], json!([{ "type": "BODY", "text": "All is sold." }]));
    // Once a day, once it is approved.
    let again = json!({ "components": [{ "type": "BODY", "text": "There is more." }] }).to_string();
    let edit = || ApiRequest::post(format!("/{id}"), TOKEN, again.clone());
    assert_eq!(bench.refused(edit()).1, 100);
    bench.pass(DAY);
    bench.ok(edit());

    bench.ok(ApiRequest::delete(format!("{}?name=sale", path()), TOKEN));
    assert_eq!(bench.refused(ApiRequest::get(format!("/{id}"), TOKEN)), (400, 100, Some(33)));
    assert_eq!(bench.refused(ApiRequest::delete(format!("{}?name=sale", path()), TOKEN)).0, 404);
    assert_eq!(bench.refused(create(&promotion("sale"))), (400, 100, Some(2_388_023)));
    bench.pass(30 * DAY);
    bench.make(&promotion("sale"));
}

#[test]
fn one_translation_can_be_deleted_and_the_others_stay() {
    let mut bench = Bench::new(two_tenants());
    let english = bench.make(&promotion("sale"));
    let mut german = promotion("sale");
    german["language"] = json!("de");
    bench.make(&german);
    let of_another_name = format!("{}?name=hello_world&hsm_id={}", path(), english.as_str());
    assert_eq!(bench.refused(ApiRequest::delete(of_another_name, TOKEN)).0, 404);
    bench.ok(ApiRequest::delete(format!("{}?name=sale&hsm_id={}", path(), english.as_str()), TOKEN));
    assert_eq!(bench.listed("name=sale").len(), 1);
    let left = bench.listed("name=sale")[0]["id"].as_str().unwrap().to_owned();
    bench.ok(ApiRequest::delete(format!("/{left}"), TOKEN));
    assert_eq!(bench.listed("name=sale").len(), 0);
}

/// Each wrong definition, and the subcode that says what is wrong.
#[test]
fn a_definition_that_can_not_be_is_refused_with_its_subcode() {
    let mut bench = Bench::new(two_tenants());
    let with = |components: Value| {
        let mut definition = promotion("wrong");
        definition["components"] = components;
        definition
    };
    let body =
        |text: &str| json!({ "type": "BODY", "text": text, "example": { "body_text": [["a", "b", "c"]] } });
    let buttons = |buttons: Value| json!([{ "type": "BODY", "text": "Hello." }, { "type": "BUTTONS", "buttons": buttons }]);
    let reply = || json!({ "type": "QUICK_REPLY", "text": "Yes" });
    let url = || json!({ "type": "URL", "text": "Go", "url": "https://x.test/" });
    let mut named = with(json!([{ "type": "BODY", "text": "Hello {{name}}, welcome to us." }]));
    named["parameter_format"] = json!("NAMED");
    let cases: Vec<(&str, Value, Option<u64>)> = vec![
        ("no body", with(json!([{ "type": "FOOTER", "text": "x" }])), Some(2_388_043)),
        (
            "no example",
            with(json!([{ "type": "BODY", "text": "Hello {{1}}, welcome to us." }])),
            Some(2_388_043),
        ),
        ("no example of a name", named, Some(2_388_043)),
        ("body too long", with(json!([body(&"x".repeat(1025))])), Some(2_388_040)),
        ("variable at the end", with(json!([body("Hello there dear {{1}}")])), Some(2_388_299)),
        ("variable at the start", with(json!([body("{{1}} is here for you.")])), Some(2_388_299)),
        ("more variables than words", with(json!([body("Hi {{1}} {{2}} {{3}}!")])), Some(2_388_293)),
        ("a gap in the numbers", with(json!([body("Hello {{1}} and {{3}}, welcome.")])), Some(2_388_072)),
        ("not closed", with(json!([body("Hello {{1}, welcome.")])), Some(2_388_072)),
        (
            "header of two variables",
            with(json!([
                { "type": "HEADER", "format": "TEXT", "text": "{{1}} of {{2}}", "example": { "header_text": ["a", "b"] } },
                { "type": "BODY", "text": "Hello." },
            ])),
            Some(2_388_047),
        ),
        (
            "header too long",
            with(json!([{ "type": "HEADER", "format": "TEXT", "text": "x".repeat(61) }, body("Hello.")])),
            Some(2_388_040),
        ),
        (
            "header without a file",
            with(json!([{ "type": "HEADER", "format": "IMAGE" }, body("Hi.")])),
            Some(2_388_043),
        ),
        (
            "footer too long",
            with(json!([body("Hi."), { "type": "FOOTER", "text": "x".repeat(61) }])),
            Some(2_388_040),
        ),
        (
            "footer with a variable",
            with(json!([body("Hi."), { "type": "FOOTER", "text": "x {{1}}" }])),
            Some(2_388_073),
        ),
        ("three links", with(buttons(json!([url(), url(), url()]))), Some(2_388_072)),
        ("replies apart", with(buttons(json!([reply(), url(), reply()]))), Some(2_388_072)),
        ("eleven buttons", with(buttons(json!(vec![reply(); 11]))), Some(2_388_072)),
        (
            "label too long",
            with(buttons(json!([{ "type": "QUICK_REPLY", "text": "x".repeat(26) }]))),
            Some(2_388_040),
        ),
        (
            "two variables in a link",
            with(buttons(
                json!([{ "type": "URL", "text": "x", "url": "https://x.test/{{1}}/{{2}}", "example": ["a"] }]),
            )),
            Some(2_388_072),
        ),
        (
            "a code in marketing",
            with(buttons(json!([{ "type": "OTP", "otp_type": "COPY_CODE" }]))),
            Some(2_388_072),
        ),
        (
            "one card",
            with(json!([body("Hi."), { "type": "CAROUSEL", "cards": [{ "components": [
            { "type": "HEADER", "format": "PRODUCT" }, { "type": "BUTTONS", "buttons": [{ "type": "SPM", "text": "See" }] },
        ] }] }])),
            Some(2_388_072),
        ),
        ("unknown key", with(json!([{ "type": "BODY", "text": "Hello.", "txet": "" }])), None),
        (
            "unknown key of a button",
            with(buttons(json!([{ "type": "QUICK_REPLY", "text": "x", "url": "" }]))),
            None,
        ),
        ("unknown type", with(json!([{ "type": "HAND" }])), None),
        ("components that are no list", with(json!({})), None),
        ("body that is no text", with(json!([{ "type": "BODY", "text": 1 }])), None),
        ("twice", with(json!([body("Hi."), body("Hi.")])), None),
    ];
    for (what, definition, subcode) in cases {
        assert_eq!(bench.refused(create(&definition)), (400, 100, subcode), "{what}");
    }
    for (key, value) in [
        ("name", json!("Big")),
        ("name", json!("")),
        ("language", json!("xx")),
        ("category", json!("FUN")),
        ("message_send_ttl_seconds", json!(30)),
        ("colour", json!("red")),
    ] {
        let mut definition = promotion("wrong");
        definition[key] = value;
        assert_eq!(bench.refused(create(&definition)), (400, 100, None), "{key}");
    }
    let unknown = bench
        .ask(create(&with(buttons(json!([{ "type": "QUICK_REPLY", "text": "x", "url": "" }])))))
        .unwrap();
    let says = r##"(#100) Unexpected key \"url\" on param \"components[1]['buttons'][0]\"."##;
    assert!(String::from_utf8_lossy(&unknown.body).contains(says));
    bench.make(&promotion("sale"));
    assert_eq!(bench.refused(create(&promotion("sale"))), (400, 100, Some(2_388_024)));
    assert_eq!(bench.listed("name=wrong").len(), 0);
}

/// Each wrong message, and its code.
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
fn a_review_takes_its_time_on_the_clock() {
    let mut config = two_tenants();
    config.templates.review = ReviewPolicy::After(Duration::from_secs(120));
    let mut bench = Bench::new(config);
    bench.subscribe_to("message_template_status_update");
    let created = bench.ok(create(&promotion("sale")));
    assert_eq!(created["status"], "PENDING");
    let id: TemplateId = created["id"].as_str().unwrap().parse().unwrap();
    bench.pass(Duration::from_secs(119));
    assert_eq!(bench.status(id), Some(Status::Pending));
    assert!(bench.told("message_template_status_update").is_empty());
    bench.pass(Duration::from_secs(1));
    assert_eq!(bench.status(id), Some(Status::Approved));
    let told = bench.told("message_template_status_update");
    let expected = json!({
        "event": "APPROVED",
        "message_template_id": id.as_str().parse::<u64>().unwrap(),
        "message_template_name": "sale",
        "message_template_language": "en-US",
        "message_template_category": "MARKETING",
        "reason": "NONE",
    });
    assert_eq!(told, [expected]);
}

#[test]
fn what_recipients_do_not_like_is_paused_longer_each_time_and_then_disabled() {
    let mut bench = Bench::new(two_tenants());
    bench.subscribe_to("message_template_status_update,message_template_quality_update");
    let id = bench.make(&promotion("sale"));
    bench.review(id, Verdict::Quality(Quality::Green));
    bench.review(id, Verdict::Quality(Quality::Red));
    assert_eq!(bench.status(id), Some(Status::Paused));
    bench.pass(3 * HOUR - Duration::from_secs(1));
    assert_eq!(bench.status(id), Some(Status::Paused));
    bench.pass(Duration::from_secs(1));
    assert_eq!(bench.status(id), Some(Status::Approved));
    bench.review(id, Verdict::Quality(Quality::Red));
    bench.pass(5 * HOUR);
    assert_eq!(bench.status(id), Some(Status::Paused));
    bench.ok(ApiRequest::post(format!("/{}/unpause", id.as_str()), TOKEN, ""));
    assert_eq!(bench.status(id), Some(Status::Approved));
    let unpause = ApiRequest::post(format!("/{}/unpause", id.as_str()), TOKEN, "");
    assert_eq!(bench.refused(unpause).1, 100);
    bench.review(id, Verdict::Quality(Quality::Red));
    assert_eq!(bench.status(id), Some(Status::Disabled));
    let told = bench.told("message_template_status_update");
    let events: Vec<_> =
        told.iter().map(|of| (of["event"].as_str().unwrap(), of["other_info"]["title"].as_str())).collect();
    assert_eq!(
        events,
        [
            ("APPROVED", None),
            ("PAUSED", Some("FIRST_PAUSE")),
            ("APPROVED", Some("UNPAUSE")),
            ("PAUSED", Some("SECOND_PAUSE")),
            ("APPROVED", Some("UNPAUSE")),
            ("DISABLED", Some("DISABLED")),
        ]
    );
    assert!(told[5]["disable_info"]["disable_date"].is_u64());
    let qualities = bench.told("message_template_quality_update");
    let scores: Vec<_> =
        qualities.iter().map(|of| (&of["previous_quality_score"], &of["new_quality_score"])).collect();
    assert_eq!(scores, [(&json!("UNKNOWN"), &json!("GREEN")), (&json!("GREEN"), &json!("RED"))]);
}

#[test]
fn another_category_is_announced_and_then_there_and_billed() {
    let mut bench = Bench::new(two_tenants());
    bench.consumer(ALICE, false);
    bench.subscribe_to("template_category_update");
    let mut definition = promotion("sale");
    definition["category"] = json!("UTILITY");
    let id = bench.make(&definition);
    bench.review(id, Verdict::Announce(Category::Marketing));
    bench.ok(message(ALICE, of("sale", filled())));
    assert_eq!(bench.relay.seen.last().unwrap().billing_class, BillingClass::Utility);
    bench.pass(DAY);
    bench.ok(message(ALICE, of("sale", filled())));
    assert_eq!(bench.relay.seen.last().unwrap().billing_class, BillingClass::Marketing);
    let told = bench.told("template_category_update");
    let common = json!({
        "message_template_id": id.as_str().parse::<u64>().unwrap(),
        "message_template_name": "sale",
        "message_template_language": "en-US",
    });
    let with = |mut own: Value| {
        own.as_object_mut().unwrap().extend(common.as_object().unwrap().clone());
        own
    };
    let at = told[0]["category_update_timestamp"].clone();
    assert_eq!(
        told,
        [
            with(
                json!({ "correct_category": "MARKETING", "new_category": "UTILITY", "category_update_timestamp": at })
            ),
            with(json!({ "previous_category": "UTILITY", "new_category": "MARKETING" })),
        ]
    );
    let shown =
        bench.ok(ApiRequest::get(format!("/{}?fields=category,previous_category", id.as_str()), TOKEN));
    assert_eq!((&shown["category"], &shown["previous_category"]), (&json!("MARKETING"), &json!("UTILITY")));
}

#[test]
fn a_reviewer_may_change_a_category_only_where_it_is_allowed() {
    let mut config = two_tenants();
    config.templates.review = ReviewPolicy::Manual;
    let mut bench = Bench::new(config);
    let refused = bench.make(&promotion("refused"));
    bench.review(refused, Verdict::Recategorise(Category::Utility));
    assert_eq!(bench.status(refused), Some(Status::Rejected));
    let shown = bench.ok(ApiRequest::get(format!("/{}?fields=rejected_reason", refused.as_str()), TOKEN));
    assert_eq!(shown["rejected_reason"], "INCORRECT_CATEGORY");
    let mut definition = promotion("changed");
    definition["allow_category_change"] = json!(true);
    let changed = bench.make(&definition);
    bench.review(changed, Verdict::Recategorise(Category::Utility));
    assert_eq!(bench.status(changed), Some(Status::Approved));
    let shown = bench.ok(ApiRequest::get(format!("/{}?fields=category", changed.as_str()), TOKEN));
    assert_eq!(shown["category"], "UTILITY");
}

#[test]
fn an_edit_is_told_and_reviewed_again() {
    let mut config = two_tenants();
    config.templates.review = ReviewPolicy::Manual;
    let mut bench = Bench::new(config);
    bench.subscribe_to("message_template_components_update");
    let id = bench.make(&promotion("sale"));
    let edit = ApiRequest::post(
        format!("/{}", id.as_str()),
        TOKEN,
        json!({ "components": promotion("x")["components"] }).to_string(),
    );
    assert_eq!(bench.refused(edit.clone()).1, 100, "pending");
    bench.review(id, Verdict::Approve);
    // The same again is no edit.
    bench.ok(edit);
    assert_eq!(bench.status(id), Some(Status::Approved));
    let mut other = promotion("x");
    other["components"][2]["text"] = json!("Another footer.");
    let other = json!({ "components": other["components"] }).to_string();
    bench.ok(ApiRequest::post(format!("/{}", id.as_str()), TOKEN, other));
    assert_eq!(bench.status(id), Some(Status::Pending));
    let told = bench.told("message_template_components_update");
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["message_template_footer"], "Another footer.");
    assert_eq!(told[0]["message_template_title"], "Our {{1}} is on!");
    assert_eq!(
        told[0]["message_template_buttons"][1],
        json!({
            "message_template_button_type": "URL",
            "message_template_button_text": "Shop",
            "message_template_button_url": "https://shop.test/{{1}}",
        })
    );
}

#[test]
fn a_template_whose_messages_are_on_their_way_is_deleted_when_they_have_arrived() {
    let mut bench = Bench::new(two_tenants());
    bench.subscribe_to("message_template_status_update");
    let id = bench.make(&promotion("sale"));
    // Nobody has registered this number's app yet.
    bench.ok(message(ALICE, of("sale", filled())));
    bench.ok(ApiRequest::delete(format!("{}?name=sale", path()), TOKEN));
    let status = bench.status(id);
    assert!(matches!(status, Some(Status::PendingDeletion) | None), "{status:?}");
    bench.pass(31 * DAY);
    assert_eq!(bench.status(id), None);
    let told = bench.told("message_template_status_update");
    let last = told.last().unwrap();
    assert_eq!((&last["event"], &last["reason"]), (&json!("DELETED"), &Value::Null));
}

#[test]
fn a_restart_keeps_everything() {
    let mut config = two_tenants();
    config.templates.review = ReviewPolicy::After(2 * HOUR);
    let mut bench = Bench::new(config);
    let id = bench.make(&promotion("sale"));
    let code = json!({
        "name": "code", "language": "en_US", "category": "AUTHENTICATION", "message_send_ttl_seconds": 60, "components": [
            { "type": "BODY", "add_security_recommendation": true },
            { "type": "FOOTER", "code_expiration_minutes": 5 },
            { "type": "BUTTONS", "buttons": [{ "type": "OTP", "otp_type": "ONE_TAP", "text": "Copy", "autofill_text": "Fill",
              "supported_apps": [{ "package_name": "test.shop", "signature_hash": "K8a/AINcGX7" }] }] },
        ],
    });
    bench.make(&code);
    bench.ok(ApiRequest::delete(format!("/{}", hello().as_str()), TOKEN));
    let fields =
        "fields=name,components,status,category,parameter_format,quality_score,message_send_ttl_seconds";
    let before = bench.listed(fields);
    assert_eq!(before.len(), 2);
    for _ in 0..2 {
        bench.crash();
        bench.settle();
        assert_eq!(bench.listed(fields), before);
    }
    bench.pass(2 * HOUR);
    assert_eq!(bench.status(id), Some(Status::Approved));
    // That hello_world was deleted is never forgotten.
    bench.pass(40 * DAY);
    bench.crash();
    bench.settle();
    assert_eq!(bench.listed("name=hello_world").len(), 0);
}

#[test]
fn an_account_can_have_so_many_and_make_so_many_in_an_hour() {
    let mut config = two_tenants();
    config.templates.per_account = 4;
    config.templates.creations_per_hour = 5;
    let mut bench = Bench::new(config);
    for at in 0..3 {
        bench.make(&promotion(&format!("sale_{at}")));
    }
    assert_eq!(bench.refused(create(&promotion("sale_3"))), (400, 100, Some(2_388_019)));
    for at in 0..2 {
        bench.ok(ApiRequest::delete(format!("{}?name=sale_{at}", path()), TOKEN));
        bench.make(&promotion(&format!("other_{at}")));
    }
    bench.ok(ApiRequest::delete(format!("{}?name=sale_2", path()), TOKEN));
    assert_eq!(bench.refused(create(&promotion("other_2"))).1, 80_008);
    bench.pass(HOUR);
    bench.make(&promotion("other_2"));
}

#[test]
fn templates_for_codes_are_made_in_many_languages_at_once_and_have_their_texts() {
    let mut bench = Bench::new(two_tenants());
    let alice = bench.consumer(ALICE, false);
    let many = json!({
        "name": "code", "languages": ["en_US", "de", "en_US"], "category": "authentication", "components": [
            { "type": "BODY", "add_security_recommendation": true },
            { "type": "FOOTER", "code_expiration_minutes": 10 },
            { "type": "BUTTONS", "buttons": [{ "type": "OTP", "otp_type": "COPY_CODE" }] },
        ],
    });
    let upsert = || ApiRequest::post(format!("/{WABA}/upsert_message_templates"), TOKEN, many.to_string());
    let made = bench.ok(upsert());
    assert_eq!(made["data"].as_array().unwrap().len(), 2);
    assert_eq!(made["data"][1]["language"], "de");
    assert_eq!(bench.ok(upsert()), made, "the same again is the same");
    let code = |text: &str| {
        json!({ "components": [
        { "type": "body", "parameters": texts(&[text]) },
        { "type": "button", "sub_type": "url", "index": 0, "parameters": texts(&[text]) },
    ] })
    };
    bench.ok(message(ALICE, of("code", code("123456"))));
    let Body::Template(read) = &bench.consumers[&alice].received[0].body else { panic!("no template") };
    assert!(read.body.starts_with("*123456* is your verification code."));
    assert_eq!(
        (read.footer.as_str(), read.buttons[0].value.as_str()),
        ("This code expires in 10 minutes.", "123456")
    );
    assert_eq!(bench.relay.seen.last().unwrap().billing_class, BillingClass::Authentication);
    assert_eq!(bench.refused(message(ALICE, of("code", code("1234567890123456")))).1, 131_009);
    let previews = bench.ok(ApiRequest::get(
        format!(
            "/{WABA}/message_template_previews?category=AUTHENTICATION&languages=en_US,de&button_types=OTP"
        ),
        TOKEN,
    ));
    assert_eq!(previews["data"][0]["body"], "*{{1}}* is your verification code.");
}

#[test]
fn the_library_is_approved_already() {
    let mut config = two_tenants();
    config.templates.review = ReviewPolicy::Manual;
    let mut bench = Bench::new(config);
    let library = bench.ok(ApiRequest::get("/v23.0/message_template_library?search=appointment", TOKEN));
    assert_eq!(library["data"].as_array().unwrap().len(), 1);
    let name = library["data"][0]["name"].clone();
    let created = bench.ok(create(&json!({
        "name": "my_reminder", "language": "en_US", "category": "UTILITY", "library_template_name": name,
    })));
    assert_eq!(created["status"], "APPROVED");
    let wrong = json!({ "name": "x", "language": "en_US", "category": "UTILITY", "library_template_name": "nothing" });
    assert_eq!(bench.refused(create(&wrong)).1, 100);
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

#[test]
fn another_tenants_template_is_no_template() {
    let mut bench = Bench::new(two_tenants());
    let id = bench.make(&promotion("sale"));
    let stranger = "EAAtokenOfTheShop0002";
    for method in ["get", "post", "delete"] {
        let request = |id: &str| match method {
            "get" => ApiRequest::get(format!("/{id}"), stranger),
            "post" => ApiRequest::post(format!("/{id}"), stranger, "{}"),
            _ => ApiRequest::delete(format!("/{id}"), stranger),
        };
        assert_eq!(bench.refused(request(id.as_str())), (400, 100, Some(33)));
        assert_eq!(bench.refused(request("4711")), (400, 100, Some(33)));
    }
    let send = json!({ "messaging_product": "whatsapp", "to": ALICE, "type": "template",
        "template": { "name": "sale", "language": { "code": "en_US" } } });
    let path = "/v23.0/106540352242923/messages";
    assert_eq!(bench.refused(ApiRequest::post(path, stranger, send.to_string())).1, 132_001);
    // The same name is theirs to take.
    let of_stranger = "/v23.0/102290129340399/message_templates";
    bench.ok(ApiRequest::post(of_stranger, stranger, promotion("sale").to_string()));
    assert_eq!(bench.listed("name=sale").len(), 1);
}

#[test]
fn a_cursor_that_can_not_be_has_its_error_from_v24_on() {
    let mut bench = Bench::new(two_tenants());
    let list =
        |version: &str| ApiRequest::get(format!("/{version}/{WABA}/message_templates?after=%00"), TOKEN);
    assert_eq!(bench.refused(list("v24.0")).1, 131_059);
    assert_eq!(bench.refused(list("v23.0")).1, 100);
}
