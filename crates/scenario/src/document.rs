//! A TOML document whose values know where they stand.

use crate::problem::{Place, Problem, ScenarioError};
use miette::NamedSource;
use std::ops::Range;
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value, and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) value: Value,
}

#[derive(Debug, Clone)]
pub(crate) enum Value {
    Text(String),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    Array(Vec<Node>),
    Table(Vec<Entry>),
}

/// A key of a table, and what it says.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) place: Place,
    pub(crate) node: Node,
}

/// Parses a whole file.
pub(crate) fn parse(name: &str, text: &str) -> Result<Node, ScenarioError> {
    let source = Arc::new(NamedSource::new(name, text.to_owned()).with_language("TOML"));
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut reader = Reader { source, problems: Vec::new() };
    for error in errors {
        let place = reader.place(error.span().unwrap_or(0..0));
        reader.problems.push(Problem::new(place, format!("not TOML: {}", error.message()), ""));
    }
    let span = table.span();
    let table = reader.table(table.into_inner());
    let node = Node { place: reader.place(span), value: table };
    if reader.problems.is_empty() { Ok(node) } else { Err(ScenarioError::new(reader.problems)) }
}

/// Parses one value; what is not TOML is a text: on a command line, quotes are a nuisance.
pub(crate) fn value(text: &str) -> Value {
    let source = Arc::new(NamedSource::new("", String::new()));
    let mut reader = Reader { source, problems: Vec::new() };
    let read = DeValue::parse(text).map(|value| reader.node(value).value);
    let read = read.ok().filter(|_| reader.problems.is_empty());
    read.unwrap_or_else(|| Value::Text(text.to_owned()))
}

struct Reader {
    source: Arc<NamedSource<String>>,
    problems: Vec<Problem>,
}

impl Reader {
    fn place(&self, span: Range<usize>) -> Place {
        Place::new(Arc::clone(&self.source), span)
    }

    fn table(&mut self, table: DeTable<'_>) -> Value {
        let mut entries: Vec<Entry> = table
            .into_iter()
            .map(|(key, value)| Entry {
                place: self.place(key.span()),
                key: key.into_inner().into_owned(),
                node: self.node(value),
            })
            .collect();
        entries.sort_by_key(|entry| entry.place.start());
        Value::Table(entries)
    }

    fn node(&mut self, node: Spanned<DeValue<'_>>) -> Node {
        let place = self.place(node.span());
        let value = match node.into_inner() {
            DeValue::String(text) => Value::Text(text.into_owned()),
            DeValue::Integer(digits) => match i64::from_str_radix(digits.as_str(), digits.radix()) {
                Ok(integer) => Value::Integer(integer),
                Err(_) => self.wrong_number(&place),
            },
            DeValue::Float(digits) => match digits.as_str().parse() {
                Ok(float) => Value::Float(float),
                Err(_) => self.wrong_number(&place),
            },
            DeValue::Boolean(boolean) => Value::Boolean(boolean),
            // As a text: a moment of the schema is one.
            DeValue::Datetime(datetime) => Value::Text(datetime.to_string()),
            DeValue::Array(array) => Value::Array(array.into_iter().map(|item| self.node(item)).collect()),
            DeValue::Table(table) => self.table(table),
        };
        Node { place, value }
    }

    fn wrong_number(&mut self, place: &Place) -> Value {
        let hint = "no number of a scenario is that large";
        self.problems.push(Problem::new(place.clone(), "this number can't be read", hint));
        Value::Integer(0)
    }
}

impl Value {
    /// Has everything in it stand at one place.
    pub(crate) fn move_to(&mut self, place: &Place) {
        let move_node = |node: &mut Node| {
            node.place = place.clone();
            node.value.move_to(place);
        };
        match self {
            Self::Array(items) => items.iter_mut().for_each(move_node),
            Self::Table(entries) => entries.iter_mut().for_each(|entry| {
                entry.place = place.clone();
                move_node(&mut entry.node);
            }),
            _ => {}
        }
    }
}

impl Node {
    /// The value of a key of a table.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.node)
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        if let Value::Table(entries) = &self.value { entries } else { &[] }
    }

    pub(crate) fn items(&self) -> &[Self] {
        if let Value::Array(items) = &self.value { items } else { &[] }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        if let Value::Text(text) = &self.value { Some(text) } else { None }
    }

    /// Where the value at a path stands, or what it would be in.
    pub(crate) fn find(&self, path: &[&str]) -> &Place {
        let Some((step, rest)) = path.split_first() else { return &self.place };
        let item = step.parse::<usize>().ok().and_then(|index| self.items().get(index));
        self.get(step).or(item).map_or(&self.place, |node| node.find(rest))
    }

    /// Without the places.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Text(text) => text.clone().into(),
            Value::Integer(integer) => (*integer).into(),
            Value::Float(float) => (*float).into(),
            Value::Boolean(boolean) => (*boolean).into(),
            Value::Array(items) => items.iter().map(Self::to_json).collect(),
            Value::Table(entries) => {
                entries.iter().map(|entry| (entry.key.clone(), entry.node.to_json())).collect()
            }
        }
    }
}
