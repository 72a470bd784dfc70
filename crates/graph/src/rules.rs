//! What a value must be, to be read into a type: each rule says it in a few words, and its errors say where the value is.
//!
//! A kind of message is a [table](crate::table) of names and rules.

use crate::codes;
use crate::error::GraphError;
use crate::reading::{Members, Param};
use std::marker::PhantomData;
use std::ops::{RangeInclusive, RangeToInclusive};

/// What a value must be.
pub(crate) trait Rule {
    /// What it is read into.
    type Read;

    /// Reads it.
    fn read(&self, param: Param<'_>) -> Result<Self::Read, GraphError>;

    /// What the rule takes, as data.
    #[cfg(test)]
    fn shape(&self) -> crate::shape::Shape;
}

/// What is read from a value in one way only: it has a table.
pub(crate) trait Readable: Sized {
    fn read(param: Param<'_>) -> Result<Self, GraphError>;

    #[cfg(test)]
    fn shape() -> crate::shape::Shape;
}

/// One of some words. Two words may mean the same.
pub(crate) trait Word: Copy + 'static {
    const ALL: &'static [(&'static str, Self)];
}

/// How long, or how many.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    least: usize,
    most: usize,
}

/// A text within limits, in characters. One that may not be empty may not be white either.
#[derive(Clone, Copy)]
pub(crate) struct Text {
    limits: Limits,
    trimmed: bool,
    form: Option<Form>,
}

/// What else a text must be, with an article, and what tells whether it is.
type Form = (&'static str, fn(&str) -> bool);

/// An integer of a range.
#[derive(Clone, Copy)]
pub(crate) struct Integer {
    least: u64,
    most: u64,
}

/// A number of a range.
#[derive(Clone, Copy)]
pub(crate) struct Number {
    least: f64,
    most: f64,
}

/// A truth value.
#[derive(Clone, Copy)]
pub(crate) struct Boolean;

/// A [`Word`].
#[derive(Clone, Copy)]
pub(crate) struct OneOf<T>(PhantomData<T>);

/// What a [`Readable`] type's table says.
#[derive(Clone, Copy)]
pub(crate) struct Object<T>(PhantomData<T>);

/// So many items, each as another rule says.
#[derive(Clone, Copy)]
pub(crate) struct List<R> {
    limits: Limits,
    item: R,
}

/// Any object; read into its JSON.
#[derive(Clone, Copy)]
pub(crate) struct AnyObject;

/// What another rule says; its JSON is kept too.
#[derive(Clone, Copy)]
pub(crate) struct Kept<R>(R);

/// What was read of an object, and its JSON. `Debug` shows neither.
#[derive(Clone, PartialEq)]
pub struct Json<T> {
    /// What it says.
    pub value: T,
    /// As it was written, without what is null.
    pub text: String,
}

/// A text of so many characters.
pub(crate) fn text(limits: impl Into<Limits>) -> Text {
    Text { limits: limits.into(), trimmed: false, form: None }
}

/// A text of so many characters with no space around it: what a button says.
pub(crate) fn label(limits: impl Into<Limits>) -> Text {
    Text { trimmed: true, ..text(limits) }
}

/// An absolute `http` or `https` URL.
pub(crate) fn uri() -> Text {
    text(1..=2_048).form("an absolute http or https URL", is_web)
}

/// An integer.
pub(crate) fn integer(range: RangeInclusive<u64>) -> Integer {
    Integer { least: *range.start(), most: *range.end() }
}

/// A number.
pub(crate) fn number(range: RangeInclusive<f64>) -> Number {
    Number { least: *range.start(), most: *range.end() }
}

/// A truth value.
pub(crate) fn boolean() -> Boolean {
    Boolean
}

/// Any object.
pub(crate) fn any_object() -> AnyObject {
    AnyObject
}

/// One of the words of the type that is read.
pub(crate) fn word<T: Word>() -> OneOf<T> {
    OneOf(PhantomData)
}

/// What the table of the type that is read says.
pub(crate) fn object<T: Readable>() -> Object<T> {
    Object(PhantomData)
}

/// So many items.
pub(crate) fn list<R: Rule>(limits: impl Into<Limits>, item: R) -> List<R> {
    List { limits: limits.into(), item }
}

/// What `rule` says, and its JSON.
pub(crate) fn kept<R: Rule>(rule: R) -> Kept<R> {
    Kept(rule)
}

impl Text {
    /// Whatever else must be true of it; `what` says it with an article.
    pub(crate) fn form(self, what: &'static str, is: fn(&str) -> bool) -> Self {
        Self { form: Some((what, is)), ..self }
    }

    /// Nothing but digits.
    pub(crate) fn digits(self) -> Self {
        self.form("a string of digits", |text| text.bytes().all(|byte| byte.is_ascii_digit()))
    }
}

impl Rule for Text {
    type Read = String;

    fn read(&self, param: Param<'_>) -> Result<String, GraphError> {
        let text = param.text_within(self.limits.most)?;
        if self.limits.least > 0 && text.trim().is_empty() {
            return Err(GraphError::too_short(&param.path()));
        }
        if self.trimmed && text.trim() != text {
            return Err(not_valid(format!("Param {} must not begin or end with spaces.", param.path())));
        }
        match self.form {
            Some((what, is)) if !is(text) => {
                Err(not_valid(format!("Param {} must be {what}.", param.path())))
            }
            _ => Ok(text.to_owned()),
        }
    }

    #[cfg(test)]
    fn shape(&self) -> crate::shape::Shape {
        crate::shape::Shape::Text { most: self.limits.most }
    }
}

impl Rule for Integer {
    type Read = u64;

    fn read(&self, param: Param<'_>) -> Result<u64, GraphError> {
        let integer = param.integer()?;
        if integer < self.least || integer > self.most {
            let range = format!("Param {} must be from {} to {}.", param.path(), self.least, self.most);
            return Err(not_valid(range));
        }
        Ok(integer)
    }

    #[cfg(test)]
    fn shape(&self) -> crate::shape::Shape {
        crate::shape::Shape::Number
    }
}

impl Rule for Number {
    type Read = f64;

    fn read(&self, param: Param<'_>) -> Result<f64, GraphError> {
        let number = param.number()?;
        if number < self.least || number > self.most {
            let range = format!("Param {} must be from {} to {}.", param.path(), self.least, self.most);
            return Err(not_valid(range));
        }
        Ok(number)
    }

    #[cfg(test)]
    fn shape(&self) -> crate::shape::Shape {
        crate::shape::Shape::Number
    }
}

impl Rule for Boolean {
    type Read = bool;

    fn read(&self, param: Param<'_>) -> Result<bool, GraphError> {
        param.boolean()
    }

    #[cfg(test)]
    fn shape(&self) -> crate::shape::Shape {
        crate::shape::Shape::Boolean
    }
}

impl<T: Word> Rule for OneOf<T> {
    type Read = T;

    fn read(&self, param: Param<'_>) -> Result<T, GraphError> {
        let said = param.text()?;
        let found = T::ALL.iter().find(|(word, _)| *word == said);
        found.map(|(_, meaning)| *meaning).ok_or_else(|| {
            let words: Vec<_> = T::ALL.iter().map(|(word, _)| *word).collect();
            GraphError::one_of(&param.path(), &words, said)
        })
    }

    #[cfg(test)]
    fn shape(&self) -> crate::shape::Shape {
        crate::shape::Shape::Word
    }
}

impl<T: Readable> Rule for Object<T> {
    type Read = T;

    fn read(&self, param: Param<'_>) -> Result<T, GraphError> {
        T::read(param)
    }

    #[cfg(test)]
    fn shape(&self) -> crate::shape::Shape {
        T::shape()
    }
}

impl<T: Readable> Readable for Box<T> {
    fn read(param: Param<'_>) -> Result<Self, GraphError> {
        T::read(param).map(Self::new)
    }

    #[cfg(test)]
    fn shape() -> crate::shape::Shape {
        T::shape()
    }
}

impl<R: Rule> Rule for List<R> {
    type Read = Vec<R::Read>;

    fn read(&self, param: Param<'_>) -> Result<Vec<R::Read>, GraphError> {
        let (items, Limits { least, most }) = (param.items()?, self.limits);
        let count = items.iter().count();
        if count < least || count > most {
            let what = param.name();
            let details =
                format!("Invalid {what} count. Min allowed {what}: {least}, Max allowed {what}: {most}");
            return Err(not_valid(details));
        }
        items.iter().map(|item| self.item.read(item)).collect()
    }

    #[cfg(test)]
    fn shape(&self) -> crate::shape::Shape {
        crate::shape::Shape::List(Box::new(self.item.shape()))
    }
}

impl Rule for AnyObject {
    type Read = String;

    fn read(&self, param: Param<'_>) -> Result<String, GraphError> {
        param.json()
    }

    #[cfg(test)]
    fn shape(&self) -> crate::shape::Shape {
        crate::shape::Shape::AnyObject
    }
}

impl<R: Rule> Rule for Kept<R> {
    type Read = Json<R::Read>;

    fn read(&self, param: Param<'_>) -> Result<Json<R::Read>, GraphError> {
        Ok(Json { value: self.0.read(param)?, text: param.json()? })
    }

    #[cfg(test)]
    fn shape(&self) -> crate::shape::Shape {
        self.0.shape()
    }
}

/// How a member is read that must, or may, be there.
impl Members<'_> {
    pub(crate) fn read_required<R: Rule>(&self, name: &str, rule: &R) -> Result<R::Read, GraphError> {
        rule.read(self.required(name)?)
    }

    pub(crate) fn read_optional<R: Rule>(&self, name: &str, rule: &R) -> Result<Option<R::Read>, GraphError> {
        self.get(name).map(|member| rule.read(member)).transpose()
    }

    pub(crate) fn read_or_default<R: Rule>(&self, name: &str, rule: &R) -> Result<R::Read, GraphError>
    where
        R::Read: Default,
    {
        Ok(self.read_optional(name, rule)?.unwrap_or_default())
    }
}

impl From<RangeInclusive<usize>> for Limits {
    fn from(range: RangeInclusive<usize>) -> Self {
        Self { least: *range.start(), most: *range.end() }
    }
}

impl From<RangeToInclusive<usize>> for Limits {
    fn from(range: RangeToInclusive<usize>) -> Self {
        Self { least: 0, most: range.end }
    }
}

impl<T> std::fmt::Debug for Json<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Json(…)")
    }
}

/// A parameter has the right type and says nothing that can be.
pub(crate) fn not_valid(details: impl Into<String>) -> GraphError {
    GraphError::whatsapp(codes::NOT_VALID, details)
}

/// Refuses `texts` of which two are the same; `what` names them: "button ids".
pub(crate) fn distinct<'t>(
    texts: impl IntoIterator<Item = &'t str>,
    what: &str,
    param: Param<'_>,
) -> Result<(), GraphError> {
    let mut seen = Vec::new();
    for text in texts {
        if seen.contains(&text) {
            return Err(not_valid(format!("Param {}: {what} must be unique.", param.path())));
        }
        seen.push(text);
    }
    Ok(())
}

fn is_web(uri: &str) -> bool {
    let scheme = uri.split_once("://");
    scheme.is_some_and(|(scheme, rest)| {
        (scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"))
            && rest.starts_with(|first: char| !first.is_whitespace() && first != '/')
            && !uri.contains(|c: char| c.is_whitespace() || c.is_control())
    })
}
