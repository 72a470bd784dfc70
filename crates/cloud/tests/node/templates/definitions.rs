//! Templates are made, listed, changed and deleted, within limits, and by their owners only.

use super::*;

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
