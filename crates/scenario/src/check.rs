//! A document against the schema: unknown keys, wrong types, quantities without units.

use crate::document::{Node, Value};
use crate::kinds::Kind;
use crate::problem::{Place, Problem};
use crate::schema::{Schema, Shape, Table};

/// Everything in `document` that the schema doesn't allow.
pub(crate) fn check(document: &Node) -> Vec<Problem> {
    let schema = Schema::new();
    let mut check = Check { schema: &schema, problems: Vec::new() };
    check.node(document, "the file", &schema.root());
    check.problems
}

struct Check<'a> {
    schema: &'a Schema,
    problems: Vec<Problem>,
}

impl Check<'_> {
    /// `name` is what messages call the value.
    fn node(&mut self, node: &Node, name: &str, shape: &Shape<'_>) {
        match (shape, &node.value) {
            (Shape::Table(table), Value::Table(_)) => self.table(node, name, table),
            (Shape::Kinds(kinds), Value::Table(_)) => self.kinds(node, name, kinds),
            (Shape::QuantityOrTable(_, table), Value::Table(_)) => self.node(node, name, table),
            (Shape::QuantityOrTable(bare, _), _) => self.node(node, name, bare),
            (Shape::Array(items), Value::Array(nodes)) => {
                let shape = self.schema.shape(items);
                nodes.iter().for_each(|item| self.node(item, name, &shape));
            }
            (Shape::Quantity(kind), value) => self.quantity(node, name, kind, value),
            (Shape::Choice(choices), Value::Text(text)) => {
                if !choices.contains(&text.as_str()) {
                    let problem = format!("`{text}` is not a value of {name}");
                    self.add(&node.place, problem, one_of(text, choices.iter().copied()));
                }
            }
            (Shape::Integer { min, max }, Value::Integer(integer)) => {
                if integer < min || integer > max {
                    let problem = format!("{name} can't be {integer}");
                    self.add(&node.place, problem, format!("from {min} to {max}"));
                }
            }
            (Shape::Number { min, max }, Value::Integer(_) | Value::Float(_)) => {
                let number = node.to_json().as_f64();
                if !number.is_some_and(|number| (*min..=*max).contains(&number)) {
                    let problem = format!("{name} can't be that number");
                    self.add(&node.place, problem, format!("from {min} to {max}"));
                }
            }
            (Shape::Boolean, Value::Boolean(_)) | (Shape::Text, Value::Text(_)) => {}
            (shape, value) => {
                let problem = format!("{name} is {} and should be {}", a_value(value), a_shape(shape));
                self.add(&node.place, problem, form(name, shape));
            }
        }
    }

    fn table(&mut self, node: &Node, name: &str, table: &Table<'_>) {
        for entry in node.entries() {
            match table.property(&entry.key) {
                Some(property) => {
                    let shape = self.schema.shape(property);
                    self.node(&entry.node, &format!("`{}`", entry.key), &shape);
                }
                None => {
                    let problem = format!("{name} has no key `{}`", entry.key);
                    self.add(&entry.place, problem, one_of(&entry.key, table.keys()));
                }
            }
        }
        for required in table.required().filter(|key| node.get(key).is_none()) {
            let hint = match table.property(required).map(|property| self.schema.shape(property)) {
                Some(shape) => format!("add {}", form(&format!("`{required}`"), &shape)),
                None => String::new(),
            };
            self.add(&node.place, format!("{name} has no `{required}`"), hint);
        }
    }

    fn kinds(&mut self, node: &Node, name: &str, kinds: &[(&str, Table<'_>)]) {
        let names = || kinds.iter().map(|(kind, _)| *kind);
        let Some(kind) = node.get("kind") else {
            let hint = format!("add `kind = \"...\"`: one of {}", list(names()));
            return self.add(&node.place, format!("{name} does not say of which kind it is"), hint);
        };
        let Some(text) = kind.text() else {
            let problem = format!("`kind` is {} and should be a text", a_value(&kind.value));
            return self.add(&kind.place, problem, format!("one of {}", list(names())));
        };
        match kinds.iter().find(|(kind, _)| *kind == text) {
            Some((_, table)) => self.table(node, &format!("{name} of kind `{text}`"), table),
            None => {
                let problem = format!("`{text}` is not a kind of {name}");
                self.add(&kind.place, problem, one_of(text, names()));
            }
        }
    }

    fn quantity(&mut self, node: &Node, name: &str, kind: &Kind, value: &Value) {
        let text = match value {
            Value::Text(text) => text.clone(),
            Value::Integer(number) if kind.bare => number.to_string(),
            Value::Float(number) if kind.bare => number.to_string(),
            Value::Integer(number) if *number < 0 => {
                return self.add(&node.place, format!("{name} is negative"), kind.how);
            }
            Value::Integer(_) | Value::Float(_) => {
                let problem =
                    format!("{name} has no unit: it is {} and should be {}", a_value(value), kind.a_name);
                return self.add(&node.place, problem, kind.how);
            }
            _ => {
                let problem = format!("{name} is {} and should be {}", a_value(value), kind.a_name);
                return self.add(&node.place, problem, kind.how);
            }
        };
        if let Err(error) = (kind.parse)(&text) {
            let hint = error.hint().to_owned();
            self.add(&node.place, format!("{name}: {error}"), hint);
        }
    }

    fn add(&mut self, place: &Place, problem: impl Into<String>, hint: impl Into<String>) {
        self.problems.push(Problem::new(place.clone(), problem, hint));
    }
}

/// "did you mean", or what there is.
pub(crate) fn one_of<'a>(given: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    match nearest(given, known.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there is {}", list(known)),
    }
}

/// The known word that a misspelt one most likely is.
fn nearest<'a>(given: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let given = given.to_lowercase().replace('_', "-");
    let distance = |word: &str| strsim::damerau_levenshtein(&given, &word.replace('_', "-"));
    let nearest = known.map(|word| (distance(word), word)).min()?;
    // A third of it may be wrong; of a short word, one letter.
    let most = (nearest.1.chars().count() / 3).max(1);
    (nearest.0 <= most).then_some(nearest.1)
}

fn list<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut words: Vec<String> = words.map(|word| format!("`{word}`")).collect();
    // The schema's own order differs with what other crates of the program ask of serde_json.
    words.sort_unstable();
    if words.is_empty() { "nothing to choose from".into() } else { words.join(", ") }
}

const fn a_value(value: &Value) -> &'static str {
    match value {
        Value::Text(_) => "a text",
        Value::Integer(_) => "a whole number",
        Value::Float(_) => "a number",
        Value::Boolean(_) => "true or false",
        Value::Array(_) => "an array",
        Value::Table(_) => "a table",
    }
}

const fn a_shape(shape: &Shape<'_>) -> &'static str {
    match shape {
        Shape::Quantity(kind) => kind.a_name,
        Shape::QuantityOrTable(bare, _) => a_shape(bare),
        Shape::Table(_) | Shape::Kinds(_) => "a table",
        Shape::Choice(_) | Shape::Text => "a text",
        Shape::Array(_) => "an array",
        Shape::Integer { .. } => "a whole number",
        Shape::Number { .. } => "a number",
        Shape::Boolean => "true or false",
    }
}

/// How a value of a shape is written. `name` is in backticks if it is a key.
fn form(name: &str, shape: &Shape<'_>) -> String {
    let key = name.trim_matches('`');
    match shape {
        Shape::Quantity(kind) => format!("`{key} = ...`: {}", kind.how),
        Shape::QuantityOrTable(bare, _) => form(name, bare),
        Shape::Table(_) => format!("a table `[{key}]`, or `{key} = {{ ... }}`"),
        Shape::Kinds(kinds) => {
            format!("a table with `kind`: one of {}", list(kinds.iter().map(|(kind, _)| *kind)))
        }
        Shape::Choice(choices) => format!("`{key} = \"...\"`: one of {}", list(choices.iter().copied())),
        Shape::Array(_) => format!("a table `[[{key}]]` for each, or `{key} = [...]`"),
        Shape::Integer { min, max } => format!("`{key} = N`: a whole number from {min} to {max}"),
        Shape::Number { min, max } => format!("`{key} = N`: a number from {min} to {max}"),
        Shape::Boolean => format!("`{key} = true` or `{key} = false`"),
        Shape::Text => format!("`{key} = \"...\"`"),
    }
}
