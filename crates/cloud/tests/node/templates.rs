//! Message templates: made, reviewed, sent, paused, deleted.

mod definitions;
mod reviews;
mod sending;

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
