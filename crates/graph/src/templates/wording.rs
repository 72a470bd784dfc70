//! A text with variables: `Hi {{1}}` or `Hi {{first_name}}`.

use crate::templates::Format;
use std::fmt;
use std::ops::Range;

/// More variables than that have no place in the longest text.
const MOST_VARIABLES: usize = 128;

/// A text with variables. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Wording {
    text: String,
    pieces: Vec<Piece>,
    variables: Vec<String>,
}

#[derive(Clone, PartialEq, Eq)]
enum Piece {
    /// These bytes of the text.
    Literal(Range<usize>),
    /// The variable at this place.
    Variable(usize),
}

/// Why a text can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// `{{` without `}}`.
    #[error("has a variable that is not closed")]
    Unclosed,
    /// What stands between them names nothing.
    #[error("has a variable whose name is not of the template's parameter format")]
    Name,
    /// 1 and 3, but not 2.
    #[error("has variables that are not numbered from 1 on without a gap")]
    Gap,
    /// More than a text can have.
    #[error("has too many variables")]
    Many,
}

impl Wording {
    /// Reads a text; the variables are numbers or names, as `format` says.
    ///
    /// # Errors
    /// Its braces name nothing that can be.
    pub fn read(text: &str, format: Format) -> Result<Self, Malformed> {
        let (mut pieces, mut found, mut at) = (Vec::new(), Vec::new(), 0);
        while let Some((before, after)) = text.get(at..).and_then(|rest| rest.split_once("{{")) {
            let (name, rest) = after.split_once("}}").ok_or(Malformed::Unclosed)?;
            if !is_name(name, format) {
                return Err(Malformed::Name);
            }
            if !before.is_empty() {
                pieces.push(Piece::Literal(at..at + before.len()));
            }
            if found.len() >= MOST_VARIABLES {
                return Err(Malformed::Many);
            }
            found.push(name);
            pieces.push(Piece::Variable(found.len() - 1));
            at = text.len() - rest.len();
        }
        if at < text.len() {
            pieces.push(Piece::Literal(at..text.len()));
        }
        let variables = distinct(&found, format)?;
        for piece in &mut pieces {
            if let Piece::Variable(index) = piece {
                let name = found.get(*index).copied().unwrap_or_default();
                *index = variables.iter().position(|variable| variable == name).unwrap_or(0);
            }
        }
        Ok(Self { text: text.to_owned(), pieces, variables })
    }

    /// The text as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its variables, each once: numbers in their order, names as they come in the text.
    pub fn variables(&self) -> &[String] {
        &self.variables
    }

    /// True if its first or last word is a variable.
    pub fn begins_or_ends_with_variable(&self) -> bool {
        let is_variable = |piece: Option<&Piece>| matches!(piece, Some(Piece::Variable(_)));
        let mut trimmed = self.pieces.iter().filter(|piece| match piece {
            Piece::Literal(range) => !self.literal(range).trim().is_empty(),
            Piece::Variable(_) => true,
        });
        let first = trimmed.next();
        let last = trimmed.next_back().or(first);
        is_variable(first) || is_variable(last)
    }

    /// How many words it has beside its variables.
    pub fn words(&self) -> usize {
        let literal = |piece: &Piece| match piece {
            Piece::Literal(range) => {
                self.literal(range).split_whitespace().filter(|word| is_word(word)).count()
            }
            Piece::Variable(_) => 0,
        };
        self.pieces.iter().map(literal).sum()
    }

    /// The text with these values, in the order of [`variables`](Self::variables).
    pub fn render<'v>(&self, value: impl Fn(usize) -> &'v str) -> String {
        let mut text = String::with_capacity(self.text.len());
        for piece in &self.pieces {
            text.push_str(match piece {
                Piece::Literal(range) => self.literal(range),
                Piece::Variable(index) => value(*index),
            });
        }
        text
    }

    fn literal(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or_default()
    }
}

impl fmt::Debug for Wording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wording(… {} variables)", self.variables.len())
    }
}

fn is_name(name: &str, format: Format) -> bool {
    match format {
        Format::Positional => !name.starts_with('0') && name.len() < 4 && !name.is_empty() && digits(name),
        Format::Named => {
            let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
            name.starts_with(|first: char| first.is_ascii_lowercase() || first == '_')
                && name.len() <= 64
                && name.bytes().all(known)
        }
    }
}

fn digits(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_word(word: &str) -> bool {
    word.chars().any(char::is_alphanumeric)
}

fn distinct(found: &[&str], format: Format) -> Result<Vec<String>, Malformed> {
    let mut variables: Vec<String> = Vec::new();
    for name in found {
        if !variables.iter().any(|known| known == name) {
            variables.push((*name).to_owned());
        }
    }
    if format == Format::Positional {
        variables.sort_by_key(|name| (name.len(), name.clone()));
        let is_its_place = |(at, name): (usize, &String)| name.parse() == Ok(at + 1);
        if !variables.iter().enumerate().all(is_its_place) {
            return Err(Malformed::Gap);
        }
    }
    Ok(variables)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn variables_are_numbers_or_names() {
        let read = Wording::read("{{2}} and {{1}}, {{2}}", Format::Positional).unwrap();
        assert_eq!(read.variables(), ["1", "2"]);
        assert_eq!(read.render(|at| ["a", "b"][at]), "b and a, b");
        let read = Wording::read("Hi {{first_name}} of {{town}}.", Format::Named).unwrap();
        assert_eq!(read.variables(), ["first_name", "town"]);
        assert_eq!(read.render(|at| ["Al", "Ulm"][at]), "Hi Al of Ulm.");
        assert_eq!(read.words(), 2);
    }

    #[test]
    fn what_names_nothing_is_refused() {
        for (text, format, why) in [
            ("{{1}} {{3}}", Format::Positional, Malformed::Gap),
            ("{{0}}", Format::Positional, Malformed::Name),
            ("{{name}}", Format::Positional, Malformed::Name),
            ("{{1}}", Format::Named, Malformed::Name),
            ("{{ a }}", Format::Named, Malformed::Name),
            ("{{A}}", Format::Named, Malformed::Name),
            ("{{}}", Format::Named, Malformed::Name),
            ("x {{1", Format::Positional, Malformed::Unclosed),
        ] {
            assert_eq!(Wording::read(text, format).err(), Some(why), "{text}");
        }
    }

    #[test]
    fn the_ends_are_seen_through_spaces() {
        let read = |text| Wording::read(text, Format::Positional).unwrap().begins_or_ends_with_variable();
        assert!(read("{{1}} is here") && read("here is {{1}} ") && read("{{1}}"));
        assert!(!read("Here is {{1}}.") && !read("none") && !read(""));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,40}|[{}1-3a ]{0,40}", named: bool) {
            let format = if named { Format::Named } else { Format::Positional };
            if let Ok(read) = Wording::read(&text, format) {
                // A variable that stands for itself changes nothing.
                let names: Vec<String> = read.variables().iter().map(|name| format!("{{{{{name}}}}}")).collect();
                prop_assert_eq!(read.render(|at| &names[at]), text);
                let _ = (read.words(), read.begins_or_ends_with_variable());
            }
        }
    }
}
