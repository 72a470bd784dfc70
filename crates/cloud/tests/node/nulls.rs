//! What is null is not there, in every parameter of every route.

use crate::support::{ALICE, APP, Bench, PHONE, SECRET, TOKEN, WABA, hello, masked, two_tenants};
use cloud::{ApiRequest, Method, Needs, Object, ROUTES, Route};
use serde_json::{Map, Value, json};

type Parameters = Map<String, Value>;

/// For each parameter of the table something that it may be.
fn example(name: &str, wamid: &str) -> Value {
    match name {
        "object" => json!("whatsapp_business_account"),
        "callback_url" | "override_callback_uri" => json!("http://x.test/"),
        "verify_token" => json!("t"),
        "include_values" => json!(true),
        "fields" => json!("id"),
        "limit" => json!(1),
        "after" | "before" => json!(""),
        "webhook_configuration" => {
            json!({ "override_callback_uri": "http://x.test/", "verify_token": "t" })
        }
        "messaging_product" => json!("whatsapp"),
        "recipient_type" => json!("individual"),
        "to" => json!(ALICE),
        "type" => json!("text"),
        "context" => json!({ "message_id": wamid }),
        "biz_opaque_callback_data" => json!("x"),
        "text" => json!({ "body": "hi", "preview_url": false }),
        "status" => json!("read"),
        "message_id" => json!(wamid),
        "typing_indicator" => json!({ "type": "text" }),
        "name" => json!("a_template"),
        "language" => json!("en_US"),
        "languages" => json!(["en_US", "de"]),
        "category" => json!("UTILITY"),
        "components" => json!([{ "type": "BODY", "text": "Hello." }]),
        "parameter_format" => json!("named"),
        "message_send_ttl_seconds" => json!(60),
        "allow_category_change" => json!(true),
        "quality_score" => json!("GREEN"),
        "summary" => json!("total_count"),
        "template" => json!({ "name": "hello_world", "language": { "code": "en_US" } }),
        // Not built in, or not beside the others: there is an answer to it all the same.
        _ => json!({}),
    }
}

/// How parameters can be sent.
#[derive(Debug, Clone, Copy)]
enum As {
    Json,
    Query,
    Form,
    Multipart,
}

fn pair(name: &str, value: &Value) -> (String, String) {
    (name.to_owned(), value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

fn encoded(parameters: &Parameters) -> String {
    let escape = |text: &str| -> String { text.bytes().map(|byte| format!("%{byte:02x}")).collect() };
    let pairs = parameters.iter().map(|(name, value)| pair(name, value));
    let pairs: Vec<_> = pairs.map(|(name, value)| format!("{name}={}", escape(&value))).collect();
    pairs.join("&")
}

fn request(route: &Route, parameters: &Parameters, way: As) -> ApiRequest {
    let hello = hello();
    let id = match route.object() {
        Object::Nothing => "",
        Object::App => APP,
        Object::Account => WABA,
        Object::Number => PHONE,
        Object::Template => hello.as_str(),
        Object::Media => "1000000000000001",
    };
    let app_token = format!("{APP}|{SECRET}");
    let token = if route.needs == Needs::AppToken { &app_token } else { TOKEN };
    let (path, method) = (route.path(id), route.method);
    let post = |content_type: &str, body: String| {
        let content_type = Some(content_type.to_owned());
        ApiRequest { content_type, method, ..ApiRequest::post(path.clone(), token, body) }
    };
    match way {
        As::Json => post("application/json", Value::Object(parameters.clone()).to_string()),
        As::Query => {
            ApiRequest { method, ..ApiRequest::get(format!("{path}?{}", encoded(parameters)), token) }
        }
        As::Form => post("application/x-www-form-urlencoded", encoded(parameters)),
        As::Multipart => {
            let parts = parameters.iter().map(|(name, value)| pair(name, value));
            let part = |(name, value)| {
                format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
            };
            post("multipart/form-data; boundary=b", parts.map(part).collect::<String>() + "--b--")
        }
    }
}

/// Parameters with some null, and the same without them, down to the members of objects.
fn variants(whole: &Parameters) -> Vec<(Parameters, Parameters)> {
    let mut variants = Vec::new();
    for (name, value) in whole {
        let with = |value: Option<Value>| -> Parameters {
            // In the same order: errors name the first that is wrong.
            let others = whole.iter().map(|(other, value)| (other.clone(), Some(value.clone())));
            let changed =
                others.map(|(other, old)| if other == *name { (other, value.clone()) } else { (other, old) });
            changed.filter_map(|(name, value)| Some((name, value?))).collect()
        };
        variants.push((with(Some(Value::Null)), with(None)));
        for (member, _) in value.as_object().into_iter().flatten() {
            let mut inner = value.clone();
            inner[member] = Value::Null;
            let null = with(Some(inner.clone()));
            inner.as_object_mut().unwrap().remove(member);
            variants.push((null, with(Some(inner))));
        }
        if name == "fields" && value.is_array() {
            variants.push((with(Some(json!(["messages", null]))), with(Some(json!(["messages"])))));
        }
    }
    variants
}

/// Whole sets of parameters: all of them, and those that belong together.
fn wholes(route: &Route, wamid: &str) -> Vec<Parameters> {
    let of = |names: &[&str]| -> Parameters {
        names.iter().map(|name| ((*name).to_owned(), example(name, wamid))).collect()
    };
    let mut wholes = vec![of(route.parameters)];
    if route.edge == "messages" {
        let common = ["messaging_product", "recipient_type", "to", "type"];
        wholes.push(of(&[&common[..], &["context", "biz_opaque_callback_data", "text"]].concat()));
        wholes.push(of(&["messaging_product", "status", "message_id", "typing_indicator"]));
        // Each of the others beside what makes a message.
        for name in route.parameters.iter().filter(|name| !common.contains(name) && **name != "text") {
            wholes.push(of(&[&common[..], &["text", name]].concat()));
        }
    }
    if route.edge == "subscriptions" && route.method != Method::Get {
        let mut parameters = of(route.parameters);
        parameters.insert("fields".into(), json!(["messages"]));
        wholes.push(parameters);
    }
    wholes
}

#[test]
fn a_null_is_not_there_in_any_parameter_of_any_route() {
    let mut config = two_tenants();
    // What is made once can't be made again: here nothing can, and it is the same each time.
    config.templates.creations_per_hour = 0;
    let mut bench = Bench::new(config);
    let alice = bench.consumer(ALICE, false);
    bench.write(alice, crate::support::SHOP, content::Body::text("hello"));
    let wamid = bench.messages()[0]["id"].as_str().unwrap().to_owned();
    let (mut compared, mut fine) = (0, 0);
    for route in ROUTES {
        for whole in wholes(route, &wamid) {
            for (null, without) in variants(&whole) {
                for way in [As::Json, As::Query, As::Form, As::Multipart] {
                    let mut ask = |parameters: &Parameters| {
                        let answer = bench.ask(request(route, parameters, way)).unwrap();
                        (answer.status, masked(&answer.body))
                    };
                    let expected = ask(&without);
                    let path = route.path("ID");
                    assert_eq!(ask(&null), expected, "{:?} {path} as {way:?}: {null:?}", route.method);
                    compared += 1;
                    fine += usize::from(expected.0 == 200);
                }
            }
        }
    }
    assert!(compared > 300 && fine > 60, "{compared} answers compared, {fine} of them right");
}
