//! Log lines: which there are, and what each may say.

use regex::{Captures, Regex};
use serde::Deserialize;

use super::form::{Declaration, Declared, Parts, compile};
use super::{Problem, Seen, Surfaces, SurfacesError, Value};
use crate::{DataClass, Principal};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCatalogue {
    event: Vec<RawEvent>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEvent {
    target: String,
    level: String,
    /// What the line tells by being there, whatever its fields say.
    class: String,
    /// The message as the source has it, between the quotes.
    text: String,
    /// What the message can be, if the source's has holes in it.
    #[serde(default)]
    is: Vec<String>,
    /// In the order in which the source names them.
    #[serde(default)]
    fields: Vec<RawField>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawField {
    name: String,
    class: String,
    is: Vec<String>,
    of: Option<String>,
}

pub(super) struct Catalogue {
    events: Vec<Event>,
}

/// A log line that there may be.
pub(super) struct Event {
    target: String,
    level: String,
    text: String,
    class: DataClass,
    fields: Vec<(String, Declared)>,
    /// All of the line after the target; a group for each field.
    line: Regex,
}

/// A log line as the source makes it: what a list of them is compared with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogEvent {
    /// The module, for example `relay::shell`.
    pub target: String,
    /// `ERROR`, `WARN`, `INFO`, `DEBUG` or `TRACE`.
    pub level: String,
    /// The message between the quotes.
    pub text: String,
    /// The names of the fields, in order.
    pub fields: Vec<String>,
}

impl Catalogue {
    /// The class of every line and of every field of it.
    pub(super) fn classes(&self) -> impl Iterator<Item = DataClass> {
        let fields =
            |event: &'_ Event| event.fields.iter().map(|(_, declared)| declared.class).collect::<Vec<_>>();
        self.events.iter().flat_map(move |event| fields(event).into_iter().chain([event.class]))
    }
}

impl Surfaces {
    /// A line as `tracing_subscriber` writes it, without colours: its fields, and what nobody has classified.
    pub fn log_line(&self, line: &str) -> Seen {
        let mut seen = Seen::default();
        let undeclared = |what: String| Problem::Undeclared { what, section: "logs.event".into() };
        let Some((level, target, rest)) = split(line) else {
            seen.problems.push(undeclared("a line that is no event, or within a span,".into()));
            return seen;
        };
        let known: Vec<_> = self.logs.of(level, target).collect();
        if known.is_empty() {
            seen.problems.push(undeclared(format!("a log line of {target} at level {level}")));
            return seen;
        }
        match known.iter().find_map(|event| Some((event, event.line.captures(rest)?))) {
            Some((event, fields)) => self.fields(event, &fields, &mut seen),
            None => {
                let texts: Vec<_> = known.iter().map(|event| format!("`{}`", event.text)).collect();
                let what = format!("a log line of {target} at level {level}");
                seen.problems.push(Problem::Form { what, forms: texts.join(" or ") });
            }
        }
        seen
    }

    /// What is wrong with a line of a log.
    pub fn check_log_line(&self, line: &str) -> Vec<Problem> {
        self.log_line(line).problems
    }

    /// Every log line that there may be: what is in the source is compared with it.
    pub fn log_events(&self) -> Vec<LogEvent> {
        self.logs.events.iter().map(Event::as_in_the_source).collect()
    }

    fn fields(&self, event: &Event, values: &Captures<'_>, seen: &mut Seen) {
        let what = format!("the log line `{}`", event.text);
        self.note(Principal::Operator, what, event.class, Value::Text(event.text.clone()), seen);
        for ((name, declared), value) in event.fields.iter().zip(values.iter().skip(1)) {
            let value = value.map(|value| value.as_str().to_owned()).unwrap_or_default();
            let what = format!("field {name} of the log line `{}`", event.text);
            self.note(Principal::Operator, what, declared.class, Value::Text(value), seen);
        }
    }
}

impl Catalogue {
    pub(super) fn parse(raw: &RawCatalogue, parts: &Parts) -> Result<Self, SurfacesError> {
        Ok(Self {
            events: raw.event.iter().map(|event| Event::parse(event, parts)).collect::<Result<_, _>>()?,
        })
    }

    fn of<'a>(&'a self, level: &'a str, target: &'a str) -> impl Iterator<Item = &'a Event> {
        self.events.iter().filter(move |event| event.level == level && event.target == target)
    }
}

impl Event {
    fn parse(raw: &RawEvent, parts: &Parts) -> Result<Self, SurfacesError> {
        let place = format!("logs.event `{}`", raw.text);
        let mut pattern = String::from("^");
        let texts = if raw.is.is_empty() { std::slice::from_ref(&raw.text) } else { &raw.is[..] };
        let line = Declaration::Formed { class: raw.class.clone(), is: texts.to_vec(), of: None };
        let class = Declared::parse(&place, &line, parts)?.class;
        pattern += &one_of(&place, texts, parts)?;
        let mut fields = Vec::new();
        for field in &raw.fields {
            let place = format!("{place} field {}", field.name);
            let (class, is, of) = (field.class.clone(), field.is.clone(), field.of.clone());
            let declaration = Declaration::Formed { class, is, of };
            fields.push((field.name.clone(), Declared::parse(&place, &declaration, parts)?));
            pattern += &format!(" {}=({})", regex::escape(&field.name), one_of(&place, &field.is, parts)?);
        }
        pattern += "$";
        let wrong = |_| SurfacesError::Part { place: place.clone(), part: raw.text.clone() };
        Ok(Self {
            target: raw.target.clone(),
            level: raw.level.clone(),
            text: raw.text.clone(),
            class,
            fields,
            line: Regex::new(&pattern).map_err(wrong)?,
        })
    }

    fn as_in_the_source(&self) -> LogEvent {
        LogEvent {
            target: self.target.clone(),
            level: self.level.clone(),
            text: self.text.clone(),
            fields: self.fields.iter().map(|(name, _)| name.clone()).collect(),
        }
    }
}

/// Forms as alternatives of a longer expression.
fn one_of(place: &str, forms: &[String], parts: &Parts) -> Result<String, SurfacesError> {
    let alternatives = forms.iter().map(|form| {
        let whole = compile(place, form, parts)?;
        let inner = whole.as_str().trim_start_matches('^').trim_end_matches('$').to_owned();
        Ok(inner)
    });
    let alternatives = alternatives.collect::<Result<Vec<_>, SurfacesError>>()?;
    Ok(format!("(?:{})", alternatives.join("|")))
}

/// `TIME  LEVEL target: rest`. A line within a span has the span's name before the target, and is none of these.
fn split(line: &str) -> Option<(&str, &str, &str)> {
    let (time, rest) = line.split_once(' ')?;
    let is_time = time.len() >= 20 && time.ends_with('Z') && time.as_bytes().get(10) == Some(&b'T');
    let (level, rest) = rest.trim_start().split_once(' ')?;
    let (target, rest) = rest.split_once(": ")?;
    let is_target = target.bytes().all(|byte| byte.is_ascii_lowercase() || b"_:".contains(&byte));
    (is_time && is_target).then_some((level, target, rest))
}
