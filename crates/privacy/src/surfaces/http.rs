//! HTTP between a node and the servers of businesses: headers, JSON paths, queries.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value as Json;

use super::form::{Declaration, Declared, Parts};
use super::{Problem, Seen, Surfaces, SurfacesError, Value};
use crate::{DataClass, Principal};

/// What a node says over HTTP. All of it is for a business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// The answer to an API call.
    Response,
    /// A webhook.
    Webhook,
    /// The question whether a URL wants webhooks.
    Challenge,
}

/// One message that a node sends. `Debug` would show a business's data, so there is none.
#[derive(Clone)]
pub struct HttpMessage<'a> {
    /// What it is.
    pub direction: Direction,
    /// Names and values of the headers.
    pub headers: Vec<(String, String)>,
    /// The query of the URL that the business registered; of a response empty.
    pub registered_query: &'a str,
    /// The query as it was sent: the registered one, and what the node adds.
    pub query: &'a str,
    /// The body.
    pub body: &'a [u8],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCatalogue {
    response: RawMessage,
    webhook: RawMessage,
    challenge: RawMessage,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct RawMessage {
    headers: BTreeMap<String, Declaration>,
    query: BTreeMap<String, Declaration>,
    /// Bodies by what they are: paths with their declarations.
    bodies: BTreeMap<String, BTreeMap<String, Declaration>>,
}

/// What each kind of message may have.
pub(super) struct Catalogue {
    response: Message,
    webhook: Message,
    challenge: Message,
}

struct Message {
    headers: BTreeMap<String, Declared>,
    query: BTreeMap<String, Declared>,
    bodies: BTreeMap<String, Body>,
}

type Body = BTreeMap<String, Declared>;

impl Surfaces {
    /// A message that a node sends to a business: every header, JSON path and query parameter.
    pub fn http(&self, message: &HttpMessage<'_>) -> Seen {
        let (section, known) = match message.direction {
            Direction::Response => ("http.response", &self.http.response),
            Direction::Webhook => ("http.webhook", &self.http.webhook),
            Direction::Challenge => ("http.challenge", &self.http.challenge),
        };
        let mut seen = Seen::default();
        for (name, value) in &message.headers {
            let name = name.to_ascii_lowercase();
            let place = (format!("header {name}"), format!("{section}.headers"));
            self.declared(known.headers.get(&name), place, Value::Text(value.clone()), &mut seen);
        }
        match message.query.strip_prefix(message.registered_query) {
            Some(added) => {
                for (name, value) in added
                    .split('&')
                    .filter_map(|pair| pair.split_once('=').or((!pair.is_empty()).then_some((pair, ""))))
                {
                    let place = (format!("query parameter {name}"), format!("{section}.query"));
                    self.declared(known.query.get(name), place, Value::Text(value.to_owned()), &mut seen);
                }
            }
            None => seen.problems.push(Problem::Unreadable {
                what: format!("the query of a {section}"),
                why: "it does not begin with the one that was registered".into(),
            }),
        }
        if message.body.is_empty() {
            return seen;
        }
        match serde_json::from_slice(message.body) {
            Ok(json) => parts(json).iter().for_each(|json| seen.absorb(self.body(section, known, json))),
            Err(error) => seen.absorb(Seen::unreadable(format!("the body of a {section}"), error)),
        }
        seen
    }

    /// What is wrong with a message that a node sends to a business.
    pub fn check_http(&self, message: &HttpMessage<'_>) -> Vec<Problem> {
        self.http(message).problems
    }

    /// The body as that of the known ones which it is most like: with the fewest paths that are undeclared.
    fn body(&self, section: &str, known: &Message, json: &Json) -> Seen {
        let mut leaves = Vec::new();
        flatten(json, String::new(), &mut leaves);
        let undeclared =
            |body: &Body| leaves.iter().filter(|(path, value)| !knows(body, path, value.as_ref())).count();
        let Some((name, body)) = known.bodies.iter().min_by_key(|(_, body)| undeclared(body)) else {
            let section = format!("{section}.bodies");
            let problem = Problem::Undeclared { what: "a body".into(), section };
            return Seen { leaves: Vec::new(), problems: vec![problem] };
        };
        let mut seen = Seen::default();
        for (path, value) in leaves {
            if value.is_none() && knows(body, &path, None) {
                continue;
            }
            let place = (format!("JSON path {path}"), format!("{section}.bodies.{name}"));
            self.declared(body.get(&path), place, value.unwrap_or(Value::Flag(false)), &mut seen);
        }
        seen
    }

    /// One value, and what is declared of it.
    fn declared(
        &self,
        declared: Option<&Declared>,
        (what, section): (String, String),
        value: Value,
        seen: &mut Seen,
    ) {
        let Some(declared) = declared else {
            return seen.problems.push(Problem::Undeclared { what, section });
        };
        seen.problems.extend(declared.problem(&what, &value));
        self.note(Principal::Business, what, declared.class, value, seen);
    }
}

/// The bodies that a body is made of: of a webhook's with several changes one for each.
fn parts(json: Json) -> Vec<Json> {
    let members =
        |value: &Json, name: &str| value.get(name).and_then(Json::as_array).cloned().unwrap_or_default();
    let with = |value: &Json, name: &str, member: Json| {
        let mut value = value.clone();
        if let Some(object) = value.as_object_mut() {
            object.insert(name.into(), Json::Array(vec![member]));
        }
        value
    };
    let mut parts = Vec::new();
    for entry in members(&json, "entry") {
        let changes = members(&entry, "changes").into_iter();
        parts.extend(changes.map(|change| with(&json, "entry", with(&entry, "changes", change))));
    }
    if parts.is_empty() { vec![json] } else { parts }
}

/// True if the path is declared; of an empty list or object, if something in it is.
fn knows(body: &Body, path: &str, value: Option<&Value>) -> bool {
    match value {
        Some(_) => body.contains_key(path),
        None => body.keys().any(|known| {
            known.strip_prefix(path).is_some_and(|rest| path.is_empty() || rest.starts_with(['.', '[']))
        }),
    }
}

/// Every value with its path, as in `entry[].changes[].field`; an empty list or object as `None`.
fn flatten(json: &Json, path: String, leaves: &mut Vec<(String, Option<Value>)>) {
    match json {
        Json::Object(object) if !object.is_empty() => {
            for (key, value) in object {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                flatten(value, path, leaves);
            }
        }
        Json::Array(values) if !values.is_empty() => {
            values.iter().for_each(|value| flatten(value, format!("{path}[]"), leaves));
        }
        Json::Object(_) | Json::Array(_) => leaves.push((path, None)),
        Json::String(text) => leaves.push((path, Some(Value::Text(text.clone())))),
        Json::Bool(flag) => leaves.push((path, Some(Value::Flag(*flag)))),
        Json::Number(number) => {
            let value = number.to_string();
            leaves.push((path, Some(value.parse().map_or(Value::Text(value), Value::Number))));
        }
        Json::Null => leaves.push((path, Some(Value::Text(String::new())))),
    }
}

impl Catalogue {
    /// The class of every header, parameter and path.
    pub(super) fn classes(&self) -> impl Iterator<Item = DataClass> {
        [&self.response, &self.webhook, &self.challenge].into_iter().flat_map(|message| {
            let bodies = message.bodies.values().flat_map(BTreeMap::values);
            message
                .headers
                .values()
                .chain(message.query.values())
                .chain(bodies)
                .map(|declared| declared.class)
        })
    }

    pub(super) fn parse(raw: &RawCatalogue, parts: &Parts) -> Result<Self, SurfacesError> {
        Ok(Self {
            response: Message::parse("http.response", &raw.response, parts)?,
            webhook: Message::parse("http.webhook", &raw.webhook, parts)?,
            challenge: Message::parse("http.challenge", &raw.challenge, parts)?,
        })
    }
}

impl Message {
    fn parse(place: &str, raw: &RawMessage, parts: &Parts) -> Result<Self, SurfacesError> {
        let list = |what: &str, raw: &BTreeMap<String, Declaration>| {
            let entries = raw.iter().map(|(name, declaration)| {
                let place = format!("{place}.{what}.{name}");
                Ok((name.clone(), Declared::parse(&place, declaration, parts)?))
            });
            entries.collect::<Result<BTreeMap<_, _>, SurfacesError>>()
        };
        let bodies =
            raw.bodies.iter().map(|(name, body)| Ok((name.clone(), list(&format!("bodies.{name}"), body)?)));
        Ok(Self {
            headers: list("headers", &raw.headers)?,
            query: list("query", &raw.query)?,
            bodies: bodies.collect::<Result<_, SurfacesError>>()?,
        })
    }
}
