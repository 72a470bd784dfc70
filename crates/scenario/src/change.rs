//! Changing a value of a document by its path, as `--set` and sweeps do.

use crate::check::one_of;
use crate::document::{Entry, Node, Value};
use crate::problem::{Place, ScenarioError};
use crate::schema::{Schema, Shape, Table};
use miette::NamedSource;
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
        value: crate::document::value(value),
        value_span: path.len() + 1..path.len() + 1 + value.len(),
    };
    change.step(document, "the scenario", &schema.root(), path, 0)
}

struct Change<'a> {
    schema: &'a Schema,
    text: Arc<NamedSource<String>>,
    value: Value,
    value_span: Range<usize>,
}

impl Change<'_> {
    /// Goes on at `node` with what is left of the path, which begins at byte `at`. `name` is how messages call the node.
    fn step(
        &self,
        node: &mut Node,
        name: &str,
        shape: &Shape<'_>,
        path: &str,
        at: usize,
    ) -> Result<(), ScenarioError> {
        let (step, rest) = path.split_once('.').map_or((path, None), |(step, rest)| (step, Some(rest)));
        let place = self.place(at..at + step.len());
        let next = at + step.len() + 1;
        match (shape, &mut node.value) {
            (Shape::Table(table), Value::Table(entries)) => self.key(entries, name, table, (step, rest), at),
            (Shape::QuantityOrTable(_, table), Value::Table(_)) => self.step(node, name, table, path, at),
            (Shape::Kinds(kinds), Value::Table(entries)) => {
                let kind =
                    entries.iter().find(|entry| entry.key == "kind").and_then(|entry| entry.node.text());
                match kinds.iter().find(|(known, _)| Some(*known) == kind) {
                    Some((_, table)) => self.key(entries, name, table, (step, rest), at),
                    None => Err(ScenarioError::one(
                        place,
                        format!("{name} has no kind yet"),
                        "set its `kind` first",
                    )),
                }
            }
            (Shape::Array(items), Value::Array(members)) => {
                let shape = self.schema.shape(items);
                let names: Vec<String> =
                    members.iter().enumerate().map(|(index, member)| called(member, index)).collect();
                let named = names.iter().position(|name| name == step);
                let index = named.or_else(|| step.parse().ok().filter(|index| *index < members.len()));
                match (index.and_then(|index| members.get_mut(index)), rest) {
                    (Some(member), Some(rest)) => self.step(member, &format!("`{step}`"), &shape, rest, next),
                    (Some(member), None) => {
                        *member = self.node();
                        Ok(())
                    }
                    (None, _) => {
                        let hint = one_of(step, names.iter().map(String::as_str));
                        Err(ScenarioError::one(place, format!("{name} has no `{step}`"), hint))
                    }
                }
            }
            _ => Err(ScenarioError::one(place, format!("{name} is not a table"), "set it as a whole")),
        }
    }

    fn key(
        &self,
        entries: &mut Vec<Entry>,
        name: &str,
        table: &Table<'_>,
        (key, rest): (&str, Option<&str>),
        at: usize,
    ) -> Result<(), ScenarioError> {
        let place = self.place(at..at + key.len());
        let Some(property) = table.property(key) else {
            return Err(ScenarioError::one(
                place,
                format!("{name} has no key `{key}`"),
                one_of(key, table.keys()),
            ));
        };
        if INSTEAD.contains(&key) && rest.is_none() {
            entries.retain(|entry| !INSTEAD.contains(&entry.key.as_str()));
        }
        let index = entries.iter().position(|entry| entry.key == key).unwrap_or(entries.len());
        if index == entries.len() {
            let value = from_json(property.get("default").unwrap_or(&serde_json::Value::Null), &place);
            let node = Node { place: place.clone(), value };
            entries.push(Entry { key: key.into(), place, node });
        }
        let Some(entry) = entries.get_mut(index) else { return Ok(()) };
        match rest {
            Some(rest) => {
                let shape = self.schema.shape(property);
                self.step(&mut entry.node, &format!("`{key}`"), &shape, rest, at + key.len() + 1)
            }
            None => {
                entry.node = self.node();
                Ok(())
            }
        }
    }

    fn node(&self) -> Node {
        let mut value = self.value.clone();
        let place = self.place(self.value_span.clone());
        value.move_to(&place);
        Node { place, value }
    }

    fn place(&self, span: Range<usize>) -> Place {
        Place::new(Arc::clone(&self.text), span)
    }
}

/// What a path calls a member of an array.
fn called(member: &Node, index: usize) -> String {
    member.get("name").and_then(Node::text).map_or_else(|| index.to_string(), str::to_owned)
}

/// What a key is if a file doesn't give it: nothing in the document, which a path may lead through.
fn from_json(value: &serde_json::Value, place: &Place) -> Value {
    let node = |value| Node { place: place.clone(), value: from_json(value, place) };
    match value {
        serde_json::Value::Null => Value::Table(Vec::new()),
        serde_json::Value::Bool(boolean) => Value::Boolean(*boolean),
        serde_json::Value::Number(number) => {
            number.as_i64().map_or(Value::Float(number.as_f64().unwrap_or(0.0)), Value::Integer)
        }
        serde_json::Value::String(text) => Value::Text(text.clone()),
        serde_json::Value::Array(items) => Value::Array(items.iter().map(node).collect()),
        serde_json::Value::Object(members) => {
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
