//! One value of a parameter, whatever it was encoded as; and how much of it there may be.
//!
//! A value borrows from the request where it can. Whatever is sent, it is nested at most [`DEPTH`] deep and has at most
//! [`VALUES`] values in all and [`MEMBERS`] in one object, so that reading it takes time and memory that its length
//! bounds.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

/// How deep values may be nested. The deepest that is documented (a parameter of a card of a template) has nine levels.
pub const DEPTH: u32 = 32;

/// How many values a request may have.
pub const VALUES: u32 = 20_000;

/// How many members an object may have.
pub const MEMBERS: usize = 256;

/// A value. `Debug` shows its type only: it may be what a person wrote.
#[derive(Clone, PartialEq)]
pub enum Value<'a> {
    /// Not there, wherever it stands: of an object no reader sees it, and in a list it is passed over.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// An integer that is not negative.
    Unsigned(u64),
    /// A negative integer.
    Negative(i64),
    /// Any other number.
    Float(f64),
    /// A text. All that a query or form has is texts.
    Text(Cow<'a, str>),
    /// A list.
    List(Vec<Value<'a>>),
    /// An object.
    Object(Object<'a>),
}

/// The members of an object, in the order in which they were first named. Those that are null are kept, since they count
/// over what was said before, and not shown.
#[derive(Clone, Default, PartialEq)]
pub struct Object<'a>(Vec<(Cow<'a, str>, Value<'a>)>);

/// Why a text is no value.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct JsonError(#[from] serde_json::Error);

impl<'a> Value<'a> {
    /// Reads JSON.
    ///
    /// # Errors
    /// It is not JSON, or more of it than there may be. The error says what was expected and where, and nothing of what
    /// is there.
    pub fn from_json(json: &'a [u8]) -> Result<Self, JsonError> {
        let left = Cell::new(VALUES);
        let mut deserializer = serde_json::Deserializer::from_slice(json);
        let value = Reader { depth: DEPTH, left: &left }.deserialize(&mut deserializer)?;
        deserializer.end()?;
        Ok(value)
    }
}

impl<'a> From<Cow<'a, str>> for Value<'a> {
    /// What a query or form has: there `null` is a word, and means the same.
    fn from(text: Cow<'a, str>) -> Self {
        if text == "null" { Self::Null } else { Self::Text(text) }
    }
}

impl<'a> Object<'a> {
    /// The member of that name.
    pub fn get(&self, name: &str) -> Option<&Value<'a>> {
        self.shown().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The names of all members.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.shown().map(|(name, _)| &**name)
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.shown().count()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.shown().next().is_none()
    }

    fn shown(&self) -> impl Iterator<Item = &(Cow<'a, str>, Value<'a>)> {
        self.0.iter().filter(|(_, value)| !matches!(value, Value::Null))
    }

    /// Sets a member: of a name that is given twice the last counts, and null is not there. False, and nothing is set,
    /// if that were one too many.
    pub(crate) fn set(&mut self, name: Cow<'a, str>, value: Value<'a>) -> bool {
        if let Some((_, known)) = self.0.iter_mut().find(|(known, _)| *known == name) {
            *known = value;
            return true;
        }
        if self.0.len() >= MEMBERS {
            return false;
        }
        self.0.push((name, value));
        true
    }

    /// Sets all members of `other`; false if these were too many.
    pub(crate) fn extend(&mut self, other: Object<'a>) -> bool {
        if self.0.is_empty() {
            *self = other;
            return true;
        }
        other.0.into_iter().all(|(name, value)| self.set(name, value))
    }
}

/// As JSON that has the same meaning: what is null is left out.
impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Boolean(value) => serializer.serialize_bool(*value),
            Self::Unsigned(value) => serializer.serialize_u64(*value),
            Self::Negative(value) => serializer.serialize_i64(*value),
            Self::Float(value) => serializer.serialize_f64(*value),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => {
                serializer.collect_seq(items.iter().filter(|item| !matches!(item, Self::Null)))
            }
            Self::Object(object) => object.serialize(serializer),
        }
    }
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.shown().map(|(name, value)| (name, value)))
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "Null",
            Self::Boolean(_) => "Boolean(…)",
            Self::Unsigned(_) | Self::Negative(_) | Self::Float(_) => "Number(…)",
            Self::Text(_) => "Text(…)",
            Self::List(_) => "List(…)",
            Self::Object(_) => "Object(…)",
        })
    }
}

impl fmt::Debug for Object<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Object(…)")
    }
}

/// Reads one value, and counts.
#[derive(Clone, Copy)]
struct Reader<'c> {
    /// Levels that may still be opened.
    depth: u32,
    /// Values that may still be read.
    left: &'c Cell<u32>,
}

impl Reader<'_> {
    /// For what is inside.
    fn deeper<E: Error>(self) -> Result<Self, E> {
        let depth = self.depth.checked_sub(1).ok_or_else(|| E::custom("nested too deep"))?;
        Ok(Self { depth, ..self })
    }

    fn count<E: Error>(self) -> Result<(), E> {
        let left = self.left.get().checked_sub(1).ok_or_else(|| E::custom("too many values"))?;
        self.left.set(left);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value<'de>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value<'de>, D::Error> {
        self.count()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value<'de>, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value<'de>, E> {
        Ok(Value::Boolean(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value<'de>, E> {
        Ok(Value::Unsigned(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value<'de>, E> {
        Ok(u64::try_from(value).map_or(Value::Negative(value), Value::Unsigned))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value<'de>, E> {
        Ok(Value::Float(value))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value<'de>, A::Error> {
        let reader = self.deeper()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(reader)? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value<'de>, A::Error> {
        let reader = self.deeper()?;
        let mut object = Object::default();
        while let Some(Name(name)) = members.next_key()? {
            if !object.set(name, members.next_value_seed(reader)?) {
                return Err(A::Error::custom("too many members"));
            }
        }
        Ok(Value::Object(object))
    }
}

/// The name of a member; borrowed if nothing in it is escaped.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn object(json: &str) -> Object<'_> {
        match Value::from_json(json.as_bytes()) {
            Ok(Value::Object(object)) => object,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_last_of_a_name_counts_and_null_is_not_there() {
        let read = object(r#"{"a":1,"b":null,"c":2,"a":"x","c":null,"d":[null]}"#);
        assert_eq!(read.names().collect::<Vec<_>>(), ["a", "d"]);
        assert!(read.get("a") == Some(&Value::Text("x".into())));
        assert!(read.get("d") == Some(&Value::List(vec![Value::Null])));
    }

    #[test]
    fn texts_are_borrowed_where_they_can_be() {
        let read = object(r#"{"plain":"é/","escaped":"\u00e9\/"}"#);
        let text = |name| match read.get(name) {
            Some(Value::Text(text)) => text.clone(),
            other => panic!("{other:?}"),
        };
        assert!(matches!(text("plain"), Cow::Borrowed("é/")));
        assert!(matches!(text("escaped"), Cow::Owned(text) if text == "é/"));
    }

    #[test]
    fn what_is_too_much_is_refused() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let many = |count: usize| format!("[{}1]", "1,".repeat(count));
        let members = |count| {
            let members: Vec<_> = (0..count).map(|at| format!("\"{at}\":1")).collect();
            format!("{{{}}}", members.join(","))
        };
        for (json, right) in [
            (nested(32), true),
            (nested(33), false),
            (nested(100_000), false),
            (many(19_998), true),
            (many(19_999), false),
            (members(256), true),
            (members(257), false),
            (r#"{"a":1e999}"#.into(), false),
            (r#""\ud800""#.into(), false),
            ("1 2".into(), false),
            ("18446744073709551616".into(), true),
        ] {
            let read = Value::from_json(json.as_bytes());
            assert_eq!(read.is_ok(), right, "{:.40}", json);
        }
        assert!(Value::from_json(b"\"\xff\"").is_err());
    }

    #[test]
    fn debug_shows_no_content() {
        let value = Value::from_json(br#"{"text":"secret"}"#).unwrap();
        assert_eq!(format!("{value:?}"), "Object(…)");
    }

    proptest! {
        /// What serde_json's own reader reads is read, and nothing else is.
        #[test]
        fn json_is_json(json in "[{\\[\"a:,0-9}\\] .eE+-]{0,24}|(null|true|false|\"[^\"]{0,9}\")") {
            let right = serde_json::from_str::<serde_json::Value>(&json).is_ok();
            prop_assert_eq!(Value::from_json(json.as_bytes()).is_ok(), right);
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = Value::from_json(&bytes);
        }
    }
}
