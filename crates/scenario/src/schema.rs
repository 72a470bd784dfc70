//! The schema of scenario files, as JSON Schema and as what a value is checked against.

use crate::Scenario;
use crate::kinds::{self, Kind};
use serde_json::Value;

/// The schema of scenario files: JSON Schema 2020-12.
#[must_use]
pub fn schema() -> Value {
    schemars::schema_for!(Scenario).to_value()
}

/// The schema with what is needed to look things up in it.
pub(crate) struct Schema {
    root: Value,
}

/// What a value has to be.
pub(crate) enum Shape<'a> {
    Quantity(Kind),
    /// A quantity or whole number, or a table: a distribution.
    QuantityOrTable(Box<Shape<'a>>, Box<Shape<'a>>),
    Table(Table<'a>),
    /// A table whose `kind` says which one.
    Kinds(Vec<(&'a str, Table<'a>)>),
    /// One of these texts.
    Choice(Vec<&'a str>),
    Array(&'a Value),
    Integer {
        min: i64,
        max: i64,
    },
    Number {
        min: f64,
        max: f64,
    },
    Boolean,
    Text,
}

/// A table of the schema.
pub(crate) struct Table<'a> {
    schema: &'a Value,
}

impl Schema {
    pub(crate) fn new() -> Self {
        Self { root: schema() }
    }

    pub(crate) fn root(&self) -> Shape<'_> {
        self.shape(&self.root)
    }

    /// What `schema` allows. A schema of our own types has no other forms than these.
    pub(crate) fn shape<'a>(&'a self, schema: &'a Value) -> Shape<'a> {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let target = self.root.pointer(reference.trim_start_matches('#'));
            return target.map_or(Shape::Text, |target| self.shape(target));
        }
        if let Some(kind) = text(schema, "x-quantity").and_then(kinds::named) {
            return Shape::Quantity(kind);
        }
        if let Some(variants) = schema.get("oneOf").and_then(Value::as_array) {
            return variants_of(variants);
        }
        if let Some(variants) = schema.get("anyOf").and_then(Value::as_array) {
            return self.any_of(variants);
        }
        match type_of(schema) {
            Some("object") => Shape::Table(Table { schema }),
            Some("array") => schema.get("items").map_or(Shape::Text, Shape::Array),
            Some("integer") => Shape::Integer {
                min: schema.get("minimum").and_then(Value::as_i64).unwrap_or(i64::MIN),
                max: schema.get("maximum").and_then(Value::as_i64).unwrap_or(u32::MAX.into()),
            },
            Some("number") => Shape::Number {
                min: schema.get("minimum").and_then(Value::as_f64).unwrap_or(f64::MIN),
                max: schema.get("maximum").and_then(Value::as_f64).unwrap_or(f64::MAX),
            },
            Some("boolean") => Shape::Boolean,
            _ => Shape::Text,
        }
    }

    /// An optional value, or a distribution.
    fn any_of<'a>(&'a self, variants: &'a [Value]) -> Shape<'a> {
        let mut some = variants.iter().filter(|variant| type_of(variant) != Some("null"));
        match (some.next(), some.next()) {
            (Some(only), None) => self.shape(only),
            (Some(bare), Some(table)) => {
                Shape::QuantityOrTable(Box::new(self.shape(bare)), Box::new(self.shape(table)))
            }
            (None, _) => Shape::Text,
        }
    }
}

impl<'a> Table<'a> {
    pub(crate) fn property(&self, key: &str) -> Option<&'a Value> {
        self.schema.get("properties")?.get(key)
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &'a str> + Clone {
        let properties = self.schema.get("properties").and_then(Value::as_object);
        properties.into_iter().flatten().map(|(key, _)| key.as_str())
    }

    pub(crate) fn required(&self) -> impl Iterator<Item = &'a str> {
        let required = self.schema.get("required").and_then(Value::as_array);
        required.into_iter().flatten().filter_map(Value::as_str)
    }
}

/// Texts, or tables told apart by their `kind`.
fn variants_of(variants: &[Value]) -> Shape<'_> {
    let choices: Vec<&str> = variants.iter().filter_map(|variant| text(variant, "const")).collect();
    if choices.len() == variants.len() {
        return Shape::Choice(choices);
    }
    let kinds = variants.iter().filter_map(|schema| {
        let kind = schema.get("properties")?.get("kind")?;
        Some((text(kind, "const")?, Table { schema }))
    });
    Shape::Kinds(kinds.collect())
}

fn text<'a>(schema: &'a Value, key: &str) -> Option<&'a str> {
    schema.get(key)?.as_str()
}

/// The type, `null` aside: an optional value is one that need not be given.
fn type_of(schema: &Value) -> Option<&str> {
    match schema.get("type")? {
        Value::String(one) => Some(one),
        Value::Array(types) => types.iter().filter_map(Value::as_str).find(|one| *one != "null"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_described() {
        fn look(path: &str, schema: &Value) {
            let properties = schema.get("properties").and_then(Value::as_object);
            for (key, property) in properties.into_iter().flatten() {
                let described = property.get("description").is_some() || property.get("const").is_some();
                assert!(described, "{path}/{key} has no description");
            }
            match schema {
                Value::Object(members) => {
                    members.iter().for_each(|(key, member)| look(&format!("{path}/{key}"), member));
                }
                Value::Array(items) => items.iter().for_each(|item| look(path, item)),
                _ => {}
            }
        }
        look("", &schema());
    }

    #[test]
    fn every_part_of_the_schema_has_a_shape() {
        fn look(schema: &Schema, shape: &Shape<'_>, texts: &mut Vec<String>, path: &str) {
            let each = |table: &Table<'_>, texts: &mut Vec<String>| {
                for key in table.keys() {
                    let property = table.property(key).unwrap();
                    look(schema, &schema.shape(property), texts, &format!("{path}.{key}"));
                }
            };
            match shape {
                Shape::Text => texts.push(path.to_owned()),
                Shape::Table(table) => each(table, texts),
                Shape::Kinds(kinds) => kinds.iter().for_each(|(_, table)| each(table, texts)),
                Shape::Array(items) => look(schema, &schema.shape(items), texts, &format!("{path}[]")),
                Shape::QuantityOrTable(one, other) => {
                    look(schema, one, texts, path);
                    look(schema, other, texts, path);
                }
                _ => {}
            }
        }
        let (schema, mut texts) = (Schema::new(), Vec::new());
        look(&schema, &schema.root(), &mut texts, "");
        texts.retain(|path| !path.ends_with(".kind"));
        texts.sort();
        // What a shape doesn't know falls back to a text: these are the ones that are.
        assert_eq!(
            texts,
            [
                ".businesses[].name",
                ".consumers[].name",
                ".description",
                ".faults[].business",
                ".name",
                ".traffic[].from",
                ".traffic[].replay",
                ".traffic[].to",
            ]
        );
    }
}
