//! Changing a value of a document by its path, as `--set` and sweeps do.

use crate::check::one_of;
use crate::document::{self, Entry, Node, Value};
use crate::problem::{Place, ScenarioError};
use crate::profile;
use crate::schema::{Schema, Shape, Table};
use miette::NamedSource;
use serde_json::Value as Json;
use std::ops::Range;
use std::sync::Arc;

/// What takes the place of what: a traffic entry has one of them.
const INSTEAD: [&str; 3] = ["rate", "burst", "replay"];

/// Puts `value` at `path`: keys with dots between, members of a population by name, of another array by index.
///
/// # Errors
/// If the schema has no such path, or the document no such member. Whether the value fits is the check's business.
pub(crate) fn change(document: &mut Node, path: &str, value: &str) -> Result<(), ScenarioError> {
    let schema = Schema::new();
    let change = Change {
        schema: &schema,
        text: Arc::new(NamedSource::new("--set", format!("{path}={value}"))),
        value: document::value(value),
        value_span: path.len() + 1..path.len() + 1 + value.len(),
    };
    let filled = profile::filled(document);
    change.step(document, &schema.root(), Step { name: "the scenario", path, at: 0, filled: &filled })
}

struct Change<'a> {
    schema: &'a Schema,
    text: Arc<NamedSource<String>>,
    value: Value,
    value_span: Range<usize>,
}

/// How far a path has been followed.
#[derive(Clone, Copy)]
struct Step<'a> {
    /// How messages call the node that it has led to.
    name: &'a str,
    /// What is left of it.
    path: &'a str,
    /// The byte where that begins.
    at: usize,
    /// The node as JSON, with what profiles give.
    filled: &'a Json,
}

impl<'a> Step<'a> {
    fn key(&self) -> &'a str {
        self.path.split('.').next().unwrap_or_default()
    }

    /// The step into the member `filled`, called `name`; none at the end of the path.
    fn next<'b>(&self, name: &'b str, filled: &'b Json) -> Option<Step<'b>>
    where
        'a: 'b,
    {
        let (key, path) = self.path.split_once('.')?;
        Some(Step { name, path, at: self.at + key.len() + 1, filled })
    }
}

impl Change<'_> {
    /// Goes on at `node`.
    fn step(&self, node: &mut Node, shape: &Shape<'_>, step: Step<'_>) -> Result<(), ScenarioError> {
        match (shape, &mut node.value) {
            (Shape::Table(table), Value::Table(entries)) => self.member_of_table(entries, table, step),
            (Shape::QuantityOrTable(_, table), Value::Table(_)) => self.step(node, table, step),
            (Shape::Kinds(kinds), Value::Table(entries)) => {
                let kind =
                    entries.iter().find(|entry| entry.key == "kind").and_then(|entry| entry.node.text());
                match kinds.iter().find(|(known, _)| Some(*known) == kind) {
                    Some((_, table)) => self.member_of_table(entries, table, step),
                    None => Err(self.wrong(step, "has no kind yet", "set its `kind` first")),
                }
            }
            (Shape::Array(items), Value::Array(members)) => {
                self.member_of_array(members, &self.schema.shape(items), step)
            }
            _ => Err(self.wrong(step, "is not a table", "set it as a whole")),
        }
    }

    fn member_of_table(
        &self,
        entries: &mut Vec<Entry>,
        table: &Table<'_>,
        step: Step<'_>,
    ) -> Result<(), ScenarioError> {
        let key = step.key();
        let Some(property) = table.property(key) else {
            return Err(self.wrong(step, &format!("has no key `{key}`"), &one_of(key, table.keys())));
        };
        let default = step.filled.get(key).or_else(|| property.get("default")).unwrap_or(&Json::Null);
        let name = format!("`{key}`");
        let next = step.next(&name, default);
        if INSTEAD.contains(&key) && next.is_none() {
            entries.retain(|entry| !INSTEAD.contains(&entry.key.as_str()));
        }
        let index = entries.iter().position(|entry| entry.key == key).unwrap_or(entries.len());
        if index == entries.len() {
            let place = self.place(step);
            let node = Node { place: place.clone(), value: from_json(default, &place) };
            entries.push(Entry { key: key.into(), place, node });
        }
        match (entries.get_mut(index), next) {
            (Some(entry), Some(next)) => self.step(&mut entry.node, &self.schema.shape(property), next),
            (Some(entry), None) => {
                entry.node = self.node();
                Ok(())
            }
            (None, _) => Ok(()),
        }
    }

    fn member_of_array(
        &self,
        members: &mut [Node],
        shape: &Shape<'_>,
        step: Step<'_>,
    ) -> Result<(), ScenarioError> {
        let key = step.key();
        let names: Vec<&str> = members.iter().filter_map(|member| member.get("name")?.text()).collect();
        let hint = match names.as_slice() {
            [] => format!("its {} entries are counted from 0", members.len()),
            names => one_of(key, names.iter().copied()),
        };
        let named = names.iter().position(|name| *name == key);
        let index = named.or_else(|| key.parse().ok()).unwrap_or(usize::MAX);
        let name = format!("`{key}`");
        let next = step.next(&name, step.filled.get(index).unwrap_or(&Json::Null));
        match (members.get_mut(index), next) {
            (Some(member), Some(next)) => self.step(member, shape, next),
            (Some(member), None) => {
                *member = self.node();
                Ok(())
            }
            (None, _) => Err(self.wrong(step, &format!("has no `{key}`"), &hint)),
        }
    }

    fn wrong(&self, step: Step<'_>, problem: &str, hint: &str) -> ScenarioError {
        ScenarioError::one(self.place(step), format!("{} {problem}", step.name), hint)
    }

    /// What the change puts.
    fn node(&self) -> Node {
        let place = Place::new(Arc::clone(&self.text), self.value_span.clone());
        let mut value = self.value.clone();
        value.move_to(&place);
        Node { place, value }
    }

    fn place(&self, step: Step<'_>) -> Place {
        Place::new(Arc::clone(&self.text), step.at..step.at + step.key().len())
    }
}

/// What a key is if a file doesn't give it: nothing in the document, which a path may lead through.
fn from_json(value: &Json, place: &Place) -> Value {
    let node = |value| Node { place: place.clone(), value: from_json(value, place) };
    match value {
        Json::Null => Value::Table(Vec::new()),
        Json::Bool(boolean) => Value::Boolean(*boolean),
        Json::Number(number) => {
            number.as_i64().map_or(Value::Float(number.as_f64().unwrap_or(0.0)), Value::Integer)
        }
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(items) => Value::Array(items.iter().map(node).collect()),
        Json::Object(members) => {
            let given = members.iter().filter(|(_, value)| !value.is_null());
            let entry = |(key, value): (&String, _)| Entry {
                key: key.clone(),
                place: place.clone(),
                node: node(value),
            };
            Value::Table(given.map(entry).collect())
        }
    }
}
