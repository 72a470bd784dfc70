//! Tenants are strangers (invariant 7), and operators see statistics (invariant 9).

use crate::support::{ALICE, APP, Bench, PHONE, SECRET, TOKEN, WABA, hello, two_tenants};
use cloud::{ApiRequest, ApiResponse, Method, Needs, Object, ROUTES};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const STRANGER: &str = "EAAtokenOfTheShop0002";

/// Status and error of an answer, without the trace and without the id that was asked for.
fn shape(response: &ApiResponse, id: &str) -> (u16, String) {
    let mut body: Value = serde_json::from_slice(&response.body).unwrap();
    body["error"]["fbtrace_id"].take();
    (response.status, body.to_string().replace(id, "<id>"))
}

/// All edges of the table of routes, and what is in no table.
fn edges() -> BTreeSet<String> {
    let behind = |edge: &str| if edge.is_empty() { String::new() } else { format!("/{edge}") };
    let routes = ROUTES.iter().map(|route| behind(route.edge));
    routes.chain(["/nonsense".to_owned(), "/a/b".to_owned()]).collect()
}

#[test]
fn another_tenants_object_looks_like_none() {
    let mut bench = Bench::new(two_tenants());
    let text = json!({ "messaging_product": "whatsapp", "to": ALICE, "text": { "body": "hi" } }).to_string();
    let unknown = "999999999999999";
    for own in [PHONE, WABA, APP, hello().as_str()] {
        for edge in edges() {
            for method in [Method::Get, Method::Post, Method::Delete, Method::Other] {
                for token in [STRANGER, "700000000000002|secretOfTheShop0002"] {
                    let mut ask = |id: &str| {
                        let path = format!("/v23.0/{id}{edge}");
                        let request = ApiRequest { method, ..ApiRequest::post(path, token, text.clone()) };
                        shape(&bench.ask(request).unwrap(), id)
                    };
                    assert_eq!(ask(own), ask(unknown), "{method:?} {edge}");
                    assert_ne!(ask(own).0, 200);
                }
            }
        }
    }
    assert!(bench.relay.seen.is_empty());
}

/// Else that strangers can't see them proved nothing.
#[test]
fn every_route_is_there_for_its_owner() {
    let mut bench = Bench::new(two_tenants());
    for route in ROUTES {
        let hello = hello();
        let media = bench.upload("image/png", 10);
        let id = match route.object() {
            Object::Nothing => "",
            Object::App => APP,
            Object::Account => WABA,
            Object::Number => PHONE,
            Object::Template => hello.as_str(),
            Object::Media => &*media,
        };
        let app_token = format!("{APP}|{SECRET}");
        let token = if route.needs == Needs::AppToken { &app_token } else { TOKEN };
        let request = ApiRequest { method: route.method, ..ApiRequest::post(route.path(id), token, "{}") };
        let (status, error) = shape(&bench.ask(request).unwrap(), id);
        let found = !error.contains("Unsupported") && !error.contains("Unknown path");
        assert!(found && status != 401 && status != 403, "{:?} {}: {error}", route.method, route.path(id));
    }
}

#[test]
fn a_tenant_hears_of_its_own_messages_only() {
    let mut bench = Bench::new(two_tenants());
    bench.consumer(ALICE, true);
    bench.text(ALICE, "from the shop");
    assert!(!bench.posts.is_empty());
    assert!(bench.posts.iter().all(|post| post.url == crate::support::HOOK));
    let wamid = bench.messages()[0]["id"].clone();
    // The wamid of one business is nothing to another, though both talk to Alice.
    let read = json!({ "messaging_product": "whatsapp", "status": "read", "message_id": wamid });
    let request = ApiRequest::post("/106540352242923/messages", STRANGER, read.to_string());
    assert_eq!(bench.ask(request).unwrap().status, 400);
}

#[test]
fn no_log_line_holds_number_token_or_text() {
    let mut bench = Bench::new(two_tenants());
    bench.consumer(ALICE, true);
    bench.text(ALICE, "whatNobodyElseMayRead");
    let hook = "callback_url=http://new.test/x&verify_token=meatyhamhock&object=whatsapp_business_account";
    let path = format!("/{APP}/subscriptions?{hook}");
    bench.ok(ApiRequest {
        body: Default::default(),
        ..ApiRequest::post(path, &format!("{APP}|{SECRET}"), "")
    });
    bench.unplug();
    for secret in [
        ALICE,
        crate::support::SHOP,
        TOKEN,
        SECRET,
        "meatyhamhock",
        "whatNobodyElseMayRead",
        "wamid.",
        PHONE,
        WABA,
        APP,
        "http://",
    ] {
        assert!(!bench.log.contains(secret), "{secret}");
    }
    assert!(bench.log.contains("PostWebhook") && bench.log.contains("Challenge"));
    // Nor does any answer hold what the node knows tenants by, nor any row a token.
    let responses = bench.ok(ApiRequest::get(format!("/{APP}"), TOKEN)).to_string();
    assert!(!responses.contains(SECRET));
    assert!(!bench.rows.holds(TOKEN.as_bytes()));
    // The node signs with the secret, so one row has it; the row of what signs, and no other.
    let (apps, others) = (|table: &str| table == "apps", |table: &str| table != "apps");
    assert!(bench.rows.of(|table, _, _| apps(table)).holds(SECRET.as_bytes()));
    assert!(!bench.rows.of(|table, _, _| others(table)).holds(SECRET.as_bytes()));
}
