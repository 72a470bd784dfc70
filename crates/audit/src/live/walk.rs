//! Every business walks over every route that there is, with its own things, in every way that is refused, and with texts
//! that programs stumble over. Generated from the table of routes: a route that comes is walked over as soon as it is in it.

use super::business::Desk;
use super::cast::Business;
use super::stage::{Node, Stage};
use super::trespass::id_of;
use super::views::Views;
use super::{LiveError, script};
use cloud::{Method, Needs, Route};
use privacy::{Party, Principal};
use serde_json::{Map, Value};
use std::fmt::Write as _;

/// Longer than any text may be.
const LONG: usize = 5000;

/// What programs stumble over, or wait for: empty and blank texts, codes, numbers, addresses, markup, escapes, other
/// scripts and directions, emoji made of several, what ends lines and texts.
const TRIGGERS: [&str; 12] = [
    "",
    " ",
    "131026",
    "-1",
    "STOP",
    "https://example.com/?code=482913&x=1#y",
    "{{1}} %s ${x} <b>'\";--",
    "null",
    "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} \u{2764}\u{fe0f}",
    "Привет, 世界, สวัสดี, नमस्ते",
    "مرحبا \u{202e}abc\u{202c}",
    "a\u{0}b\r\n\u{1b}[2Jc",
];

/// Walks, and searches what was answered. Gives how many requests it took.
pub(super) fn walk(stage: &Stage, views: &mut Views) -> Result<usize, LiveError> {
    let scanner = stage.scanner()?;
    let long = "x".repeat(LONG);
    let texts: Vec<&str> = TRIGGERS.into_iter().chain([long.as_str()]).collect();
    let mut requests = 0;
    for (index, business) in stage.cast.businesses.iter().enumerate() {
        let Some(node) = stage.nodes.iter().find(|node| node.child.name == business.node) else { continue };
        let mut walker = Walker { desk: Desk::default(), node, business, requests: 0 };
        let talks = stage.cast.conversations.iter().filter(|talk| talk.business == index);
        for (consumer, text) in
            talks.map(|talk| talk.consumer).flat_map(|to| texts.iter().map(move |text| (to, text)))
        {
            if let Some(body) = script::text(stage, consumer, text) {
                let path = format!("/v23.0/{}/messages", business.phone_number_id);
                walker.ask("POST", &path, &business.token, Some(&body), views)?;
            }
        }
        for route in cloud::ROUTES {
            walker.walk(route, &texts, views)?;
        }
        requests += walker.requests;
        let party = Party::new(Principal::Business, business.name);
        views.search_one(&scanner, &party, "answers on every route", &walker.desk.http.bytes());
    }
    Ok(requests)
}

/// A business on its way.
struct Walker<'a> {
    desk: Desk,
    node: &'a Node,
    business: &'a Business,
    requests: usize,
}

impl Walker<'_> {
    fn walk(&mut self, route: &Route, texts: &[&str], views: &mut Views) -> Result<(), LiveError> {
        let id = id_of(self.business, route.object()).to_string();
        let path = format!("/v23.0{}", route.path(&id));
        let app = self.business.app_token();
        let (token, other) = match route.needs {
            Needs::AppToken => (app, self.business.token.clone()),
            Needs::Messaging | Needs::Management => (self.business.token.clone(), app),
        };
        let method = match route.method {
            Method::Post => "POST",
            Method::Delete => "DELETE",
            Method::Get | Method::Other => "GET",
        };
        // Each parameter is each text, the others are not there.
        for parameter in route.parameters {
            for text in texts {
                if method == "POST" {
                    let body = with([(parameter, Value::from(*text))]);
                    self.ask(method, &path, &token, Some(&body), views)?;
                } else {
                    let path = format!("{path}?{parameter}={}", encoded(text));
                    self.ask(method, &path, &token, None, views)?;
                }
            }
            for value in [Value::Null, Value::from(-1), Value::Array(Vec::new()), with([])] {
                if method == "POST" {
                    self.ask(method, &path, &token, Some(&with([(parameter, value)])), views)?;
                }
            }
        }
        // As it is; with the wrong token, and with none; of nothing, in no version, on no edge; by another method.
        self.ask(method, &path, &token, None, views)?;
        for token in [other.as_str(), "EAA-of-nobody", ""] {
            self.ask(method, &path, token, None, views)?;
        }
        for path in
            [format!("/v23.0{}", route.path("1")), format!("/v0.0{}", route.path(&id)), format!("{path}/x")]
        {
            self.ask(method, &path, &token, None, views)?;
        }
        self.ask("PUT", &path, &token, None, views)
    }

    fn ask(
        &mut self,
        method: &str,
        path: &str,
        token: &str,
        body: Option<&Value>,
        views: &mut Views,
    ) -> Result<(), LiveError> {
        self.requests += 1;
        let answer = self.desk.call(self.node.api, method, path, token, body)?;
        if !(200..500).contains(&answer.status) {
            let detail =
                format!("{method} on a route of {} was answered {}", self.business.name, answer.status);
            views.broken("every request has an answer", detail);
        }
        Ok(())
    }
}

/// A body with these parameters.
fn with<const N: usize>(parameters: [(&&'static str, Value); N]) -> Value {
    let product = ("messaging_product".to_owned(), "whatsapp".into());
    let parameters = parameters.map(|(name, value)| ((*name).to_owned(), value));
    std::iter::once(product).chain(parameters).collect::<Map<String, Value>>().into()
}

/// Every byte as URLs spell it.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        let _ = write!(encoded, "%{byte:02X}");
        encoded
    })
}
