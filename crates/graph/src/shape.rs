//! What a rule takes, as data: so that a test knows every member of every kind without being told.

use serde_json::Value;

/// What a rule takes.
pub(crate) enum Shape {
    /// A text of at most so many characters.
    Text {
        most: usize,
    },
    Boolean,
    /// A number, or its digits.
    Number,
    /// One of some words.
    Word,
    /// This word.
    Is(&'static str),
    /// An object with whatever members.
    AnyObject,
    List(Box<Shape>),
    /// An object with these members.
    Object(Vec<(&'static str, Shape)>),
    /// One of several objects.
    Either(Vec<Shape>),
}

impl Shape {
    /// Of several, the one that `value` has the words of, and which words these are.
    pub(crate) fn of(&self, value: &Value) -> &Self {
        let has_words = |shape: &&Self| {
            let Self::Object(members) = shape else { return false };
            members.iter().all(|(name, member)| match member {
                Self::Is(word) => value[*name] == *word,
                _ => true,
            })
        };
        match self {
            Self::Either(shapes) => shapes.iter().find(has_words).expect("no shape has the words"),
            only => only,
        }
    }

    /// The words that an object of it has.
    pub(crate) fn words(&self) -> String {
        let Self::Object(members) = self else { return String::new() };
        let words = members.iter().filter_map(|(name, member)| match member {
            Self::Is(word) => Some(format!("{name}={word};")),
            _ => None,
        });
        words.collect()
    }

    /// JSON that is never taken for it.
    pub(crate) fn wrong(&self) -> Vec<String> {
        let wrong: &[&str] = match self {
            Self::Text { .. } => &["1", "true", "[]", "{}", "9007199254740993"],
            Self::Boolean => &["1", "\"yes\"", "[]", "{}"],
            Self::Number => &["true", "\"x\"", "[]", "{}", "18446744073709551616", "\"1e999\"", "-1e300"],
            Self::Word | Self::Is(_) => &["1", "true", "\"no such word\"", "[]", "{}"],
            Self::AnyObject | Self::Object(_) | Self::Either(_) => &["1", "true", "\"x\"", "\"[]\"", "[]"],
            Self::List(_) => &["1", "true", "\"x\"", "\"{}\"", "{}"],
        };
        let mut wrong: Vec<_> = wrong.iter().map(|json| (*json).to_owned()).collect();
        if let Self::Text { most } = self {
            wrong.push(format!("\"{}\"", "é".repeat(most + 1)));
        }
        wrong
    }
}
