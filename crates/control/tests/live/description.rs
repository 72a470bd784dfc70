//! The OpenAPI document says what there is, and nothing else.

use crate::stack::Live;
use serde_json::Value;
use std::collections::BTreeSet;

/// Every reference in the document leads somewhere.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                found.insert(reference.clone());
            }
            members.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_call_that_is_described_is_there_and_every_error_has_its_shape() {
    let live = Live::start().await;
    let document = live.ok("GET", "/openapi.json", Value::Null).await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    for reference in found {
        let pointer = reference.trim_start_matches('#');
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    let mut calls = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        // Nobody has this number, and nothing these names.
        let named = path.replace("{number}", "19995550000").replace("{id}", "0").replace("{device}", "0");
        let named = named.strip_prefix("/control/v1").unwrap();
        for (method, description) in methods.as_object().unwrap() {
            calls += 1;
            let statuses = description["responses"].as_object().unwrap();
            let (status, answer) = live.call(&method.to_uppercase(), named, "{\"strange\":1}").await;
            assert!(statuses.contains_key(&status.to_string()), "{method} {path}: {status} {answer}");
            if status >= 400 {
                for member in ["code", "message", "hint"] {
                    let text = answer["error"][member].as_str().unwrap_or_default();
                    assert!(!text.is_empty(), "{method} {path}: {answer}");
                }
            }
            assert_ne!(answer["error"]["message"], "there is no such path", "{method} {path}");
        }
        let (status, answer) = live.call("PUT", named, "").await;
        assert_eq!((status, &answer["error"]["code"]), (405, &"method_not_allowed".into()), "{path}");
    }
    assert_eq!(calls, 29, "a call was added: is it exercised?");
    live.stop().await;
}
