//! Every business walks over every route that there is, with its own things, in every way that is refused, and with texts
//! that programs stumble over. Generated from the table of routes: a route that comes is walked over as soon as it is in it.

use super::business::{Answer, Desk, until};
use super::cast::{Business, Conversation};
use super::stage::{Node, Stage};
use super::trespass::id_of;
use super::views::Views;
use super::{LiveError, texts};
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
    "https://code.invalid/?code=482913&x=1#y",
    "{{1}} %s ${x} <b>'\";--",
    "null",
    "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} \u{2764}\u{fe0f}",
    "Привет, 世界, สวัสดี, नमस्ते",
    "مرحبا \u{202e}abc\u{202c}",
    "a\u{0}b\r\n\u{1b}[2Jc",
];

/// What it came to.
pub(super) struct Walked {
    /// How many requests it took.
    pub(super) requests: usize,
    /// What each business heard on its way, and at which node.
    pub(super) desks: Vec<(&'static str, Desk)>,
}

/// Everybody says what programs stumble over, businesses walk over all routes, and what they were answered is searched.
pub(super) fn walk(stage: &mut Stage, views: &mut Views) -> Result<Walked, LiveError> {
    for talk in &stage.cast.conversations {
        let Some(business) = stage.cast.businesses.get(talk.business) else { continue };
        let Some(consumer) = stage.consumers.get_mut(talk.consumer) else { continue };
        sayable(talk).try_for_each(|text| consumer.say(&format!("{} {text}", business.number)))?;
    }
    let scanner = stage.scanner()?;
    let long = "x".repeat(LONG);
    let mut walked = Walked { requests: 0, desks: Vec::new() };
    let mut sent = Vec::new();
    for (index, business) in stage.cast.businesses.iter().enumerate() {
        let Some(node) = stage.nodes.iter().find(|node| node.child.name == business.node) else { continue };
        let mut walker = Walker { desk: Desk::default(), node, business, requests: 0 };
        let path = format!("/v23.0/{}/messages", business.phone_number_id);
        for talk in stage.cast.conversations.iter().filter(|talk| talk.business == index) {
            let plain = TRIGGERS.into_iter().chain([&*long]).map(str::to_owned);
            for text in plain.chain(TRIGGERS.map(|trigger| beside(trigger, talk))) {
                let Some(body) = texts::text(stage, talk.consumer, &text) else { continue };
                let answer = walker.ask("POST", &path, &business.token, Some(&body), views)?;
                sent.extend(answer.message().map(|name| (index, name)));
            }
        }
        walked.desks.push((business.node, walker.desk.clone()));
        walked.requests += walker.requests;
    }
    let desks = &stage.desks;
    until("all that programs stumble over to arrive", || {
        let heard = |at: usize, text: &str| desks.get(at).is_some_and(|desk| desk.has_text(text));
        let mut talks = stage.cast.conversations.iter();
        talks.all(|talk| sayable(talk).all(|text| heard(talk.business, &text)))
            && sent.iter().all(|(at, name)| desks.get(*at).is_some_and(|desk| desk.knows(name, "read")))
    })?;
    for (index, business) in stage.cast.businesses.iter().enumerate() {
        let Some(node) = stage.nodes.iter().find(|node| node.child.name == business.node) else { continue };
        let mut walker = Walker { desk: Desk::default(), node, business, requests: 0 };
        let marks = stage.cast.conversations.iter().filter(|talk| talk.business == index);
        let marks = marks.map(|talk| &*talk.mark).take(1);
        let texts: Vec<&str> = TRIGGERS.into_iter().chain([&*long]).chain(marks).collect();
        for route in cloud::ROUTES {
            walker.walk(route, &texts, views)?;
        }
        walked.desks.push((business.node, walker.desk));
        walked.requests += walker.requests;
    }
    for (business, (_, desk)) in stage.cast.businesses.iter().cycle().zip(&walked.desks) {
        let party = Party::new(Principal::Business, business.name);
        views.search_one(&scanner, &party, "answers on every route", &desk.http.bytes());
    }
    Ok(walked)
}

/// A trigger beside what can be recognised.
fn beside(trigger: &str, talk: &Conversation) -> String {
    format!("{trigger} {}", talk.mark)
}

/// What a person can say in a line.
fn sayable(talk: &Conversation) -> impl Iterator<Item = String> {
    let lines = TRIGGERS.iter().filter(|text| !text.trim().is_empty() && !text.contains(char::is_control));
    lines.map(|trigger| beside(trigger, talk))
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
        let id = id_of(self.business, route.object()).map(|id| id.to_string()).unwrap_or_default();
        let path = format!("/v23.0{}", route.path(&id));
        let app = self.business.app_token();
        let (token, other) = match route.needs {
            Needs::AppToken => (app, self.business.token.clone()),
            Needs::Messaging | Needs::Management | Needs::AnyToken | Needs::Client => {
                (self.business.token.clone(), app)
            }
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
        self.ask("PUT", &path, &token, None, views).map(drop)
    }

    fn ask(
        &mut self,
        method: &str,
        path: &str,
        token: &str,
        body: Option<&Value>,
        views: &mut Views,
    ) -> Result<Answer, LiveError> {
        self.requests += 1;
        let answer = self.desk.call(self.node.api, method, path, token, body)?;
        if !(200..500).contains(&answer.status) {
            let detail =
                format!("{method} on a route of {} was answered {}", self.business.name, answer.status);
            views.broken("every request has an answer", detail);
        }
        Ok(answer)
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
