//! A template as its business wrote it.

use crate::error::GraphError;
use crate::reading::Param;
use crate::templates::{Category, Components, Language};
use serde::Serialize;
use std::fmt;
use std::ops::RangeInclusive;

/// The longest name, in characters.
const NAME_LIMIT: usize = 512;

/// A template as its business wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// What it is called, in all languages.
    pub name: TemplateName,
    /// In which one.
    pub language: Language,
    /// What it is for.
    pub category: Category,
    /// What it is made of.
    pub components: Components,
    /// How long a message of it is worth being delivered.
    pub ttl: Option<Ttl>,
}

/// What a template is called: lower-case letters, digits and `_`. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct TemplateName(String);

/// How long a message is worth being delivered, in seconds; -1 is thirty days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Ttl(i32);

impl TemplateName {
    /// The name, if it can be one.
    pub fn of(name: &str) -> Option<Self> {
        let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let can_be = (1..=NAME_LIMIT).contains(&name.len()) && name.bytes().all(known);
        can_be.then(|| Self(name.to_owned()))
    }

    /// Of the template that every account has.
    pub fn hello_world() -> Self {
        Self("hello_world".into())
    }

    /// Reads one.
    ///
    /// # Errors
    /// It can't be one.
    pub fn read(param: Param<'_>) -> Result<Self, GraphError> {
        let name = param.text_within(NAME_LIMIT)?;
        Self::of(name).ok_or_else(|| {
            let what = "lower-case letters, digits and underscores only";
            GraphError::must_be(&param.path(), what)
        })
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TemplateName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TemplateName(…)")
    }
}

impl Ttl {
    /// Thirty days.
    const LONGEST: i32 = -1;

    /// So many seconds, or -1; if a template of the category can have it.
    pub fn of(seconds: i64, category: Category) -> Option<Self> {
        let seconds = i32::try_from(seconds).ok()?;
        let can_be = range(category).contains(&seconds)
            || (seconds == Self::LONGEST && category != Category::Marketing);
        can_be.then_some(Self(seconds))
    }

    /// What the parameter `message_send_ttl_seconds` says.
    pub(crate) fn read(param: Param<'_>, category: Category) -> Result<Self, GraphError> {
        let range = range(category);
        Self::of(param.signed()?, category).ok_or_else(|| {
            GraphError::invalid(format!(
                "Param message_send_ttl_seconds must be from {} to {} in a template of category {}.",
                range.start(),
                range.end(),
                category.as_str()
            ))
        })
    }

    /// So many seconds, or -1.
    pub fn as_seconds(self) -> i32 {
        self.0
    }
}

fn range(category: Category) -> RangeInclusive<i32> {
    match category {
        Category::Authentication => 30..=900,
        Category::Utility => 30..=43_200,
        Category::Marketing => 43_200..=2_592_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        for name in ["hello_world", "2023_april_promo", "a", &"x".repeat(512)] {
            assert!(TemplateName::of(name).is_some());
        }
        for name in ["", "Hello", "a b", "ä", "a-b", &"x".repeat(513)] {
            assert!(TemplateName::of(name).is_none(), "{name}");
        }
    }

    #[test]
    fn a_time_to_live_is_of_its_category() {
        let can_be = |seconds, category| Ttl::of(seconds, category).is_some();
        assert!(can_be(30, Category::Authentication) && can_be(900, Category::Authentication));
        assert!(!can_be(901, Category::Authentication) && can_be(-1, Category::Utility));
        assert!(can_be(43_200, Category::Utility) && !can_be(43_201, Category::Utility));
        assert!(!can_be(-1, Category::Marketing) && can_be(2_592_000, Category::Marketing));
        assert!(!can_be(i64::MAX, Category::Marketing) && !can_be(-2, Category::Utility));
    }
}
