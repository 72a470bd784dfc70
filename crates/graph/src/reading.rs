//! How types are read from values: each reader says what it wants, and each error says where in the request it is.

use crate::error::GraphError;
use crate::value::{Object, Value};
use std::fmt;
use std::ops::Deref;

/// A value, and where in the request it is.
#[derive(Clone, Copy)]
pub struct Param<'v> {
    value: &'v Value<'v>,
    place: Place<'v>,
}

/// The members of an object, and where in the request it is.
pub struct Members<'v> {
    members: Held<'v, Object<'v>>,
    place: Option<Place<'v>>,
}

/// The items of a list, and where in the request it is.
pub struct Items<'v> {
    items: Held<'v, Vec<Value<'v>>>,
    place: Place<'v>,
}

/// Something of the request, or what a text of it is the JSON of.
enum Held<'v, T> {
    Here(&'v T),
    InText(T),
}

/// Where in a request something is; shown as errors spell it: `components[2]['buttons']`.
#[derive(Clone, Copy)]
struct Place<'v> {
    within: Option<&'v Place<'v>>,
    step: Step<'v>,
}

#[derive(Clone, Copy)]
enum Step<'v> {
    Name(&'v str),
    Index(usize),
}

impl<'v> Param<'v> {
    pub(crate) fn new(value: &'v Value<'v>, name: &'v str) -> Self {
        Self { value, place: Place { within: None, step: Step::Name(name) } }
    }

    /// How errors call it.
    pub fn path(&self) -> String {
        self.place.to_string()
    }

    /// A text.
    ///
    /// # Errors
    /// It is none.
    pub fn text(self) -> Result<&'v str, GraphError> {
        match self.value {
            Value::Text(text) => Ok(text),
            _ => Err(self.must_be("a string")),
        }
    }

    /// A text of at most so many characters.
    ///
    /// # Errors
    /// It is none, or longer.
    pub fn text_within(self, limit: usize) -> Result<&'v str, GraphError> {
        let text = self.text()?;
        // No more bytes than that are no more characters: most texts need not be counted.
        if text.len() > limit && text.chars().count() > limit {
            return Err(GraphError::too_long(&self.path(), limit));
        }
        Ok(text)
    }

    /// One of some words.
    ///
    /// # Errors
    /// It is no text, or another.
    pub fn one_of(self, allowed: &[&'static str]) -> Result<&'static str, GraphError> {
        let text = self.text()?;
        let word = allowed.iter().copied().find(|word| *word == text);
        word.ok_or_else(|| GraphError::one_of(&self.path(), allowed, text))
    }

    /// A truth value, or its name (forms have no other way).
    ///
    /// # Errors
    /// It is neither.
    pub fn boolean(self) -> Result<bool, GraphError> {
        match self.value {
            Value::Boolean(value) => Ok(*value),
            Value::Text(name) if name == "true" || name == "1" => Ok(true),
            Value::Text(name) if name == "false" || name == "0" => Ok(false),
            _ => Err(self.must_be("a boolean")),
        }
    }

    /// An integer that is not negative, or its digits (forms have no other way).
    ///
    /// # Errors
    /// It is neither.
    pub fn integer(self) -> Result<u64, GraphError> {
        let integer = match self.value {
            Value::Unsigned(value) => Some(*value),
            Value::Text(digits) => digits.parse().ok(),
            _ => None,
        };
        integer.ok_or_else(|| self.must_be("an integer"))
    }

    /// A number, or its digits (forms have no other way).
    ///
    /// # Errors
    /// It is neither.
    pub fn number(self) -> Result<f64, GraphError> {
        let number = match self.value {
            // Beyond 2^53 the nearest is what any client would have made of it.
            Value::Unsigned(value) => value.to_string().parse().ok(),
            Value::Negative(value) => value.to_string().parse().ok(),
            Value::Float(value) => Some(*value),
            Value::Text(digits) => digits.trim().parse().ok(),
            _ => None,
        };
        number.filter(|number: &f64| number.is_finite()).ok_or_else(|| self.must_be("a number"))
    }

    /// An integer, or its digits (forms have no other way).
    ///
    /// # Errors
    /// It is neither.
    pub fn signed(self) -> Result<i64, GraphError> {
        let integer = match self.value {
            Value::Unsigned(value) => i64::try_from(*value).ok(),
            Value::Negative(value) => Some(*value),
            Value::Text(digits) => digits.parse().ok(),
            _ => None,
        };
        integer.ok_or_else(|| self.must_be("an integer"))
    }

    /// What it is, to whoever takes several types.
    pub(crate) fn value(self) -> &'v Value<'v> {
        self.value
    }

    /// An object, or a text that is the JSON of one (forms have no other way), with no members but `known`.
    ///
    /// # Errors
    /// It is neither, or has another member.
    pub fn object(&'v self, known: &[&str]) -> Result<Members<'v>, GraphError> {
        let members = self.any_object()?;
        members.only(known)?;
        Ok(members)
    }

    /// An object, or a text that is the JSON of one, with whatever members.
    ///
    /// # Errors
    /// It is neither.
    pub fn any_object(&'v self) -> Result<Members<'v>, GraphError> {
        let members = match self.value {
            Value::Object(object) => Held::Here(object),
            Value::Text(json) => match Value::from_json(json.as_bytes()) {
                Ok(Value::Object(object)) => Held::InText(object),
                _ => return Err(self.must_be("a JSON object")),
            },
            _ => return Err(self.must_be("a JSON object")),
        };
        Ok(Members { members, place: Some(self.place) })
    }

    /// Which of `allowed` its member `name` says that it is.
    ///
    /// # Errors
    /// It is no object, or has no such member, or that is another word.
    pub fn tag(&self, name: &str, allowed: &[&'static str]) -> Result<&'static str, GraphError> {
        self.any_object()?.required(name)?.one_of(allowed)
    }

    /// A list, or a text that is the JSON of one (forms have no other way). Items that are null are not there.
    ///
    /// # Errors
    /// It is neither.
    pub fn items(&'v self) -> Result<Items<'v>, GraphError> {
        let items = match self.value {
            Value::List(items) => Held::Here(items),
            Value::Text(json) => match Value::from_json(json.as_bytes()) {
                Ok(Value::List(items)) => Held::InText(items),
                _ => return Err(self.must_be("an array")),
            },
            _ => return Err(self.must_be("an array")),
        };
        Ok(Items { items, place: self.place })
    }

    /// The JSON of an object, or of a text that is the JSON of one, without what is null.
    ///
    /// # Errors
    /// It is neither.
    pub fn json(self) -> Result<String, GraphError> {
        // A value is written without an error: its names are texts, and its numbers finite.
        Ok(serde_json::to_string(&*self.any_object()?.members).unwrap_or_default())
    }

    /// How errors call it within what it is a part of; empty for an item of a list.
    pub fn name(&self) -> &'v str {
        match self.place.step {
            Step::Name(name) => name,
            Step::Index(_) => "",
        }
    }

    /// A list of texts as Graph takes it: JSON, in which null is not there, or separated by commas.
    ///
    /// # Errors
    /// It is neither.
    pub fn texts(self) -> Result<Vec<String>, GraphError> {
        match (self.items(), self.value) {
            (Ok(items), _) => items.iter().map(|item| item.text().map(str::to_owned)).collect(),
            (Err(_), Value::Text(text)) => {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                Ok(items.map(str::to_owned).collect())
            }
            (Err(error), _) => Err(error),
        }
    }

    fn must_be(self, what: &str) -> GraphError {
        GraphError::must_be(&self.path(), what)
    }
}

impl<'v> Members<'v> {
    /// The parameters of a request: the outermost members.
    pub(crate) fn outermost(members: &'v Object<'v>) -> Self {
        Self { members: Held::Here(members), place: None }
    }

    /// A member that may be there.
    pub fn get(&'v self, name: &'v str) -> Option<Param<'v>> {
        Some(Param { value: self.members.get(name)?, place: self.place_of(name) })
    }

    /// A member that must be there.
    ///
    /// # Errors
    /// It is not.
    pub fn required(&'v self, name: &'v str) -> Result<Param<'v>, GraphError> {
        self.get(name).ok_or_else(|| GraphError::missing(&self.place_of(name).to_string()))
    }

    /// Refuses members that are not `known`.
    ///
    /// # Errors
    /// There is one; the error names the first.
    pub fn only(&self, known: &[&str]) -> Result<(), GraphError> {
        let Some(name) = self.names().find(|name| !known.contains(name)) else { return Ok(()) };
        let path = self.place.map(|place| place.to_string()).unwrap_or_default();
        Err(GraphError::unexpected_member(name, &path))
    }

    /// The names of all members.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.members.names()
    }

    fn place_of(&'v self, name: &'v str) -> Place<'v> {
        Place { within: self.place.as_ref(), step: Step::Name(name) }
    }
}

impl<'v> Items<'v> {
    /// The items, without those that are null.
    pub fn iter(&'v self) -> impl Iterator<Item = Param<'v>> {
        let place = |index| Place { within: Some(&self.place), step: Step::Index(index) };
        let items = self.items.iter().enumerate().filter(|(_, value)| !matches!(value, Value::Null));
        items.map(move |(index, value)| Param { value, place: place(index) })
    }
}

impl<T> Deref for Held<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        match self {
            Self::Here(value) => value,
            Self::InText(value) => value,
        }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.within, self.step) {
            (None, Step::Name(name)) => f.write_str(name),
            (None, Step::Index(index)) => write!(f, "[{index}]"),
            (Some(within), Step::Name(name)) => write!(f, "{within}['{name}']"),
            (Some(within), Step::Index(index)) => write!(f, "{within}[{index}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Params;

    fn message(error: &GraphError) -> String {
        let body: serde_json::Value = serde_json::from_slice(&error.to_json("t")).unwrap();
        body["error"]["message"].as_str().unwrap().to_owned()
    }

    #[test]
    fn errors_say_where() {
        let json = br#"{"components":{"card":{"texts":["a",1],"on":"yes","many":-1,"word":"x"}}}"#;
        let params = Params::parse("", Some("application/json"), json).unwrap();
        let params = params.members();
        let components = params.required("components").unwrap();
        let components = components.object(&["card"]).unwrap();
        let card = components.required("card").unwrap();
        let card = card.object(&["texts", "on", "many", "word"]).unwrap();
        let at = |name| card.required(name).unwrap();
        for (error, says) in [
            (
                at("texts").texts().unwrap_err(),
                "(#100) Param components['card']['texts'][1] must be a string.",
            ),
            (at("on").boolean().unwrap_err(), "(#100) Param components['card']['on'] must be a boolean."),
            (
                at("many").integer().unwrap_err(),
                "(#100) Param components['card']['many'] must be an integer.",
            ),
            (
                at("word").one_of(&["a", "b"]).unwrap_err(),
                "(#100) Param components['card']['word'] must be one of {a, b} - got \"x\".",
            ),
            (card.required("z").err().unwrap(), "(#100) The parameter components['card']['z'] is required."),
        ] {
            assert_eq!(message(&error), says);
        }
    }

    #[test]
    fn a_limit_counts_characters() {
        let value = Value::Text("é".repeat(5).into());
        assert!(Param::new(&value, "x").text_within(5).is_ok());
        assert!(Param::new(&value, "x").text_within(4).is_err());
    }
}
