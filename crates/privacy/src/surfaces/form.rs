//! The form that a value must have, so that it can't tell more than its class says.

use std::collections::BTreeMap;

use regex::Regex;
use serde::Deserialize;

use super::{Problem, SurfacesError, Value};
use crate::DataClass;

/// What `surfaces.toml` says of a value: its class, or its class and the forms that it may have.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Declaration {
    Class(String),
    Formed {
        class: String,
        /// Texts with parts in braces, as in `sha256={hex}`; the parts are in `[forms]`.
        is: Vec<String>,
        /// What is counted, if it is a number that identifies nobody.
        of: Option<String>,
    },
}

/// A value's class and forms.
pub(super) struct Declared {
    pub(super) class: DataClass,
    forms: Forms,
}

/// The forms that a value may have; none: any.
pub(super) struct Forms(Vec<(String, Regex)>);

/// The parts of which forms are made: regular expressions by name.
pub(super) type Parts = BTreeMap<String, String>;

impl Declared {
    /// `place` is where the declaration stands. What identifies nobody must have a form: it is all that says so.
    pub(super) fn parse(
        place: &str,
        declaration: &Declaration,
        parts: &Parts,
    ) -> Result<Self, SurfacesError> {
        let (name, texts, counted) = match declaration {
            Declaration::Class(class) => (class, &[][..], false),
            Declaration::Formed { class, is, of } => (class, &is[..], of.is_some()),
        };
        let class = DataClass::parse(name)
            .ok_or_else(|| SurfacesError::Class { place: place.to_owned(), class: name.clone() })?;
        if class == DataClass::Statistic && texts.is_empty() {
            return Err(SurfacesError::Formless(place.to_owned()));
        }
        if class == DataClass::Statistic {
            texts.iter().try_for_each(|text| bounded(place, text, counted, parts))?;
        }
        Ok(Self { class, forms: Forms::parse(place, texts, parts)? })
    }

    /// A problem if the value has none of the forms.
    pub(super) fn problem(&self, what: &str, value: &Value) -> Option<Problem> {
        self.forms.problem(what, value)
    }
}

impl Forms {
    pub(super) fn parse(place: &str, texts: &[String], parts: &Parts) -> Result<Self, SurfacesError> {
        let forms = texts.iter().map(|text| Ok((text.clone(), compile(place, text, parts)?)));
        Ok(Self(forms.collect::<Result<_, SurfacesError>>()?))
    }

    /// A problem if the value has none of the forms.
    pub(super) fn problem(&self, what: &str, value: &Value) -> Option<Problem> {
        let text = value.to_text();
        let fits = self.0.is_empty() || self.0.iter().any(|(_, form)| form.is_match(&text));
        let forms = || self.0.iter().map(|(text, _)| format!("`{text}`")).collect::<Vec<_>>().join(" or ");
        (!fits).then(|| Problem::Form { what: what.to_owned(), forms: forms() })
    }
}

/// What could name somebody: a number of a person, also in groups or behind a point, an id in hex, one in base64.
const NAMES: [&str; 7] = [
    "4915123",
    "00491512345678901",
    "49 151 234 567",
    "4915.1234567ms",
    "9f86d081",
    "9f86d081884c7d65",
    "EAAGm0PX4ZCpsBA",
];

/// A number that is nothing else.
const COUNT: &str = "51234";

/// The only part that a name fits and that a statistic may have: a relay's own key, which its operator hands out. Where
/// any other party's key stands in its place, the search for keys finds it.
const RELAY_KEY: &str = "link_key";

/// A statistic's form has no part that somebody's name fits: a number, or letters and digits mixed. A part that a count
/// fits needs to say what is counted.
fn bounded(place: &str, text: &str, counted: bool, parts: &Parts) -> Result<(), SurfacesError> {
    let used = parts.iter().filter(|(part, _)| text.contains(&format!("{{{part}}}")) && *part != RELAY_KEY);
    for (part, pattern) in used {
        let wrong = |_| SurfacesError::Part { place: place.to_owned(), part: part.clone() };
        let whole = Regex::new(&format!("^(?:{pattern})$")).map_err(wrong)?;
        if let Some(fits) = NAMES.into_iter().find(|name| whole.is_match(name)) {
            return Err(SurfacesError::Free { place: place.to_owned(), part: part.clone(), fits });
        }
        if whole.is_match(COUNT) && !counted {
            return Err(SurfacesError::Uncounted { place: place.to_owned(), part: part.clone() });
        }
    }
    Ok(())
}

/// A form as a regular expression: what stands outside of braces is taken literally, `{{` is a brace.
pub(super) fn compile(place: &str, text: &str, parts: &Parts) -> Result<Regex, SurfacesError> {
    let wrong = |part: &str| SurfacesError::Part { place: place.to_owned(), part: part.to_owned() };
    let mut pattern = String::from("^(?:");
    let mut rest = text;
    while let Some((literal, after)) = rest.split_once('{') {
        pattern += &regex::escape(literal);
        if let Some(after) = after.strip_prefix('{') {
            pattern += "\\{";
            rest = after;
            continue;
        }
        let (part, after) = after.split_once('}').ok_or_else(|| wrong(after))?;
        pattern += &format!("(?:{})", parts.get(part).ok_or_else(|| wrong(part))?);
        rest = after;
    }
    pattern += &regex::escape(rest);
    pattern += ")$";
    Regex::new(&pattern).map_err(|_| wrong(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(class: &str, form: &str) -> Declared {
        let parts = Parts::from([("digits".into(), "[0-9]{1,4}".into())]);
        let declaration =
            Declaration::Formed { class: class.into(), is: vec![form.into()], of: Some("digits".into()) };
        Declared::parse("here", &declaration, &parts).unwrap()
    }

    #[test]
    fn only_the_parts_may_vary() {
        let declared = declared("statistic", "a.{digits} of {{x}");
        let fits = |text: &str| declared.problem("x", &Value::Text(text.into())).is_none();
        assert!(fits("a.17 of {x}"));
        for other in ["a.17 of {x} ", "ab17 of {x}", "a. of {x}", "a.12345 of {x}", "a.17 of {x}\n", ""] {
            assert!(!fits(other), "{other}");
        }
    }

    #[test]
    fn a_statistic_is_an_enumeration_a_count_or_a_duration() {
        let parse = |class: &str, part: &str| {
            let parts = Parts::from([("it".into(), part.into())]);
            let parse = |of: Option<&str>| {
                let (class, is) = (class.into(), vec!["a {it}".into()]);
                let declaration = Declaration::Formed { class, is, of: of.map(str::to_owned) };
                Declared::parse("here", &declaration, &parts).err().map(|error| error.to_string())
            };
            [parse(None), parse(Some("things"))]
        };
        for bounded in ["(?:one|two)", "[0-9]{1,4}(?:ns|µs|ms|s)", "[0-9a-f]{1,3}"] {
            assert_eq!(parse("statistic", bounded), [None, None], "{bounded}");
        }
        let [unnamed, named] = parse("statistic", "[0-9]{1,6}");
        assert!(unnamed.unwrap().contains("what is counted"));
        assert_eq!(named, None);
        for free in [
            "[0-9]{1,32}",
            "[0-9]{7}",
            "[0-9 ]{1,20}",
            "[0-9]{1,4}\\.[0-9]{1,9}ms",
            "[0-9a-f]{1,64}",
            "[A-Za-z0-9_-]{1,64}",
            ".*",
        ] {
            for said in parse("statistic", free) {
                let said = said.unwrap();
                assert!(said.contains("`it`") && said.contains("here"), "{said}");
            }
            assert_eq!(parse("content", free), [None, None], "other classes may");
        }
    }

    #[test]
    fn a_declaration_that_says_nothing_is_refused() {
        let parse =
            |declaration| Declared::parse("here", &declaration, &Parts::new()).err().map(|e| e.to_string());
        let formless = parse(Declaration::Class("statistic".into())).unwrap();
        assert!(formless.contains("here"), "{formless}");
        assert!(parse(Declaration::Class("nonsense".into())).unwrap().contains("nonsense"));
        let part = Declaration::Formed { class: "content".into(), is: vec!["{what}".into()], of: None };
        assert!(parse(part).unwrap().contains("what"));
        assert_eq!(parse(Declaration::Class("content".into())), None);
    }
}
