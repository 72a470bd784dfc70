//! Field selection: `fields=id,name,phone_numbers.limit(2){id,quality_rating}`.
//!
//! ```text
//! selection = [ field { "," field } ]
//! field     = name { "." name "(" argument ")" } [ "{" selection "}" ]
//! ```
//!
//! An argument is any text in which brackets are balanced outside of quotes.

use crate::error::GraphError;
use crate::params::Params;
use serde::ser::{Serialize, SerializeMap, Serializer};

/// How deep selections may be nested.
const DEPTH: u32 = 8;

/// How many fields and arguments a selection may have in all.
const FIELDS: u32 = 256;

/// The fields of an object that are asked for; none named: the usual ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(Vec<Field>);

/// One field, with its arguments, and what of it is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Names and values, as they were written: `limit` and `2` of `.limit(2)`.
    pub arguments: Vec<(String, String)>,
    /// Of a field that is an object or an edge: which fields.
    pub fields: Fields,
}

/// An object of the graph: it has a type, and fields of which those are shown that are asked for.
pub trait Node {
    /// As errors call it.
    const TYPE: &'static str;
    /// All that there are.
    const FIELDS: &'static [&'static str];
    /// Those that are shown if none is asked for. `id` always is.
    const USUAL: &'static [&'static str];

    /// Writes one of [`FIELDS`](Self::FIELDS); nothing, if it has no value.
    ///
    /// # Errors
    /// Those of what it is written to.
    fn write<M: SerializeMap>(&self, name: &str, into: &mut M) -> Result<(), M::Error>;
}

/// An object, of which only what is asked for is written.
pub struct Selected<'a, N> {
    node: N,
    fields: &'a Fields,
}

impl Fields {
    /// What the parameter `fields` says.
    ///
    /// # Errors
    /// It is no selection, or too long a one.
    pub fn of(params: &Params<'_>) -> Result<Self, GraphError> {
        let Some(fields) = params.get("fields") else { return Ok(Self::default()) };
        Self::parse(fields.text()?)
    }

    /// Reads a selection.
    ///
    /// # Errors
    /// It is none, or too long a one.
    pub fn parse(text: &str) -> Result<Self, GraphError> {
        let mut parser = Parser { rest: text, left: FIELDS };
        match parser.selection(DEPTH) {
            Some(fields) if parser.rest.is_empty() => Ok(fields),
            _ => Err(GraphError::invalid("Param fields is not a selection of fields.")),
        }
    }

    /// The field of that name, if it is asked for.
    pub fn get(&self, name: &str) -> Option<&Field> {
        self.0.iter().find(|field| field.name == name)
    }

    /// Refuses fields that objects of type `N` don't have.
    ///
    /// # Errors
    /// There is one; the error names the first.
    pub fn check<N: Node>(&self) -> Result<(), GraphError> {
        match self.0.iter().find(|field| !N::FIELDS.contains(&field.name.as_str())) {
            Some(field) => Err(GraphError::unknown_field(&field.name, N::TYPE)),
            None => Ok(()),
        }
    }

    /// What of `node` is asked for; [`check`](Self::check) says first if it can be.
    pub fn select<N: Node>(&self, node: N) -> Selected<'_, N> {
        Selected { node, fields: self }
    }

    /// The names to write, each once.
    fn names<N: Node>(&self) -> Vec<&str> {
        let usual: &[&str] = if self.0.is_empty() { N::USUAL } else { &[] };
        let asked = self.0.iter().map(|field| field.name.as_str());
        let mut names: Vec<&str> = Vec::with_capacity(self.0.len() + usual.len() + 1);
        for name in asked.chain(usual.iter().copied()).chain(["id"]) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

impl<N: Node> Serialize for Selected<'_, N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for name in self.fields.names::<N>() {
            self.node.write(name, &mut map)?;
        }
        map.end()
    }
}

struct Parser<'a> {
    rest: &'a str,
    /// Fields and arguments that may still be read.
    left: u32,
}

impl Parser<'_> {
    fn selection(&mut self, depth: u32) -> Option<Fields> {
        let depth = depth.checked_sub(1)?;
        let mut fields = Vec::new();
        loop {
            let name = self.name();
            if !name.is_empty() {
                self.left = self.left.checked_sub(1)?;
                fields.push(self.field(name, depth)?);
            }
            if !self.take(',') {
                return Some(Fields(fields));
            }
        }
    }

    fn field(&mut self, name: String, depth: u32) -> Option<Field> {
        let mut field = Field { name, ..Field::default() };
        while self.take('.') {
            self.left = self.left.checked_sub(1)?;
            let argument = self.name();
            let value = self.take('(').then(|| self.argument()).flatten()?;
            field.arguments.push((argument, value));
        }
        if self.take('{') {
            field.fields = self.selection(depth)?;
            self.take('}').then_some(())?;
        }
        Some(field)
    }

    fn name(&mut self) -> String {
        self.rest = self.rest.trim_start();
        let end =
            self.rest.find(|next: char| !(next.is_alphanumeric() || next == '_')).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest.trim_start();
        name.to_owned()
    }

    /// All up to the bracket that closes what is open.
    fn argument(&mut self) -> Option<String> {
        let (mut open, mut quoted) = (0_u32, false);
        for (at, next) in self.rest.char_indices() {
            match next {
                '"' => quoted = !quoted,
                _ if quoted => {}
                ')' if open == 0 => {
                    let (value, rest) = self.rest.split_at(at);
                    self.rest = rest.strip_prefix(')')?;
                    return Some(value.to_owned());
                }
                '(' | '[' | '{' => open += 1,
                ')' | ']' | '}' => open = open.checked_sub(1)?,
                _ => {}
            }
        }
        None
    }

    fn take(&mut self, what: char) -> bool {
        match self.rest.strip_prefix(what) {
            Some(rest) => {
                self.rest = rest.trim_start();
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(fields: &Fields) -> Vec<&str> {
        fields.0.iter().map(|field| field.name.as_str()).collect()
    }

    #[test]
    fn selections_nest_and_have_arguments() {
        let text = "id,analytics.start(1).phone_numbers([\"1)5\"]).dimensions([A,B]),\
                    phone_numbers.limit(2){id, quality_rating{score}}, name,";
        let fields = Fields::parse(text).unwrap();
        assert_eq!(names(&fields), ["id", "analytics", "phone_numbers", "name"]);
        let arguments = [("start", "1"), ("phone_numbers", "[\"1)5\"]"), ("dimensions", "[A,B]")];
        let arguments = arguments.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(fields.get("analytics").unwrap().arguments, arguments);
        let numbers = fields.get("phone_numbers").unwrap();
        assert_eq!(names(&numbers.fields), ["id", "quality_rating"]);
        assert_eq!(names(&numbers.fields.get("quality_rating").unwrap().fields), ["score"]);
    }

    #[test]
    fn what_is_no_selection_is_refused() {
        let nested = |depth: usize| format!("{}a{}", "a{".repeat(depth), "}".repeat(depth));
        assert!(Fields::parse(&nested(7)).is_ok() && Fields::parse(" ").is_ok());
        for bad in
            ["a{", "a}", "a.", "a.b", "a.b(", "a.b(]", "a b", "(", "a.b(\")", &nested(8), &nested(9999)]
        {
            assert!(Fields::parse(bad).is_err(), "{bad:.20}");
        }
        assert!(Fields::parse(&"a,".repeat(256)).is_ok() && Fields::parse(&"a,".repeat(257)).is_err());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,40}|[a.(){}\\[\\],\"]{0,40}") {
            let _ = Fields::parse(&text);
        }

        #[test]
        fn names_are_read(names in prop::collection::vec("[a-z_]{1,9}", 0..9)) {
            let fields = Fields::parse(&names.join(" , ")).unwrap();
            prop_assert_eq!(super::tests::names(&fields), names);
        }
    }
}
