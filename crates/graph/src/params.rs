//! The parameters of a request: query, form, multipart and JSON body alike.

use crate::error::GraphError;
use crate::escape::pairs;
use crate::multipart;
use crate::reading::{Members, Param};
use crate::value::{Object, Value};
use std::borrow::Cow;

/// Parameters that every Graph request may have, and that change nothing here.
const COMMON: [&str; 9] = [
    "access_token",
    "appsecret_proof",
    "debug",
    "format",
    "locale",
    "method",
    "pretty",
    "suppress_http_code",
    "transport",
];

/// The parameters of a request. Of one that is given twice the last counts, and the body's counts over the query's; if
/// what counts is null (in a query or form: the word), the parameter is not there.
#[derive(Clone, Default)]
pub struct Params<'a>(Object<'a>);

impl<'a> Params<'a> {
    /// The parameters in a query and a body.
    ///
    /// # Errors
    /// The body is not of the type that it says it is, or there are more parameters than there may be.
    pub fn parse(query: &'a str, content_type: Option<&str>, body: &'a [u8]) -> Result<Self, GraphError> {
        let mut params = Object::default();
        if !form(query, &mut params) {
            return Err(too_many());
        }
        if body.trim_ascii().is_empty() {
            return Ok(Self(params));
        }
        let all = match Encoding::of(content_type.unwrap_or_default(), body) {
            Encoding::Json => params.extend(json(body)?),
            Encoding::Multipart { boundary } => {
                let parts = multipart::texts(body, &boundary)?;
                parts.into_iter().all(|(name, text)| params.set(name, text.into()))
            }
            Encoding::Form => {
                let body = std::str::from_utf8(body)
                    .map_err(|_| GraphError::invalid("The request body is not valid UTF-8."))?;
                form(body, &mut params)
            }
        };
        if all { Ok(Self(params)) } else { Err(too_many()) }
    }

    /// All of them, to be read.
    pub fn members(&self) -> Members<'_> {
        Members::outermost(&self.0)
    }

    /// The same without some.
    pub(crate) fn without(&self, names: &[&'static str]) -> Self {
        let mut params = self.0.clone();
        for name in names.iter().filter(|name| params.get(name).is_some()).collect::<Vec<_>>() {
            params.set((*name).into(), Value::Null);
        }
        Self(params)
    }

    /// A parameter that may be there.
    pub fn get<'v>(&'v self, name: &'v str) -> Option<Param<'v>> {
        Some(Param::new(self.0.get(name)?, name))
    }

    /// A parameter that must be there.
    ///
    /// # Errors
    /// It is not.
    pub fn required<'v>(&'v self, name: &'v str) -> Result<Param<'v>, GraphError> {
        self.get(name).ok_or_else(|| GraphError::missing(name))
    }

    /// Refuses what is neither in `known` nor common to all requests.
    ///
    /// # Errors
    /// There is such a parameter; the error names the first.
    pub fn only(&self, known: &[&str]) -> Result<(), GraphError> {
        match self.0.names().find(|name| !known.contains(name) && !COMMON.contains(name)) {
            Some(name) => Err(GraphError::unexpected_parameter(name)),
            None => Ok(()),
        }
    }
}

/// How a body is encoded.
enum Encoding {
    Json,
    Form,
    Multipart { boundary: String },
}

impl Encoding {
    /// What the header says; if it says nothing that is known, what the body looks like.
    fn of(content_type: &str, body: &[u8]) -> Self {
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        let says = |end: &str| {
            let tail = essence.len().checked_sub(end.len()).and_then(|at| essence.get(at..));
            tail.is_some_and(|tail| tail.eq_ignore_ascii_case(end))
        };
        if says("json") {
            Self::Json
        } else if says("multipart/form-data") {
            Self::Multipart { boundary: multipart::boundary(content_type).unwrap_or_default() }
        } else if !says("x-www-form-urlencoded")
            && matches!(body.trim_ascii_start().first(), Some(b'{' | b'['))
        {
            Self::Json
        } else {
            Self::Form
        }
    }
}

fn json(body: &[u8]) -> Result<Object<'_>, GraphError> {
    match Value::from_json(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(Value::Null) => Ok(Object::default()),
        Ok(_) => Err(GraphError::invalid("The request body must be a JSON object.")),
        // Line and column, and what was expected: nothing of the body.
        Err(error) => Err(GraphError::invalid(format!("The request body is not valid JSON: {error}."))),
    }
}

/// Adds the pairs of a query or form; false if these are too many.
fn form<'a>(text: &'a str, params: &mut Object<'a>) -> bool {
    pairs(text).all(|(name, value): (_, Cow<'a, str>)| params.set(name, value.into()))
}

fn too_many() -> GraphError {
    GraphError::invalid("The request has too many parameters.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FORM: Option<&str> = Some("application/x-www-form-urlencoded");
    const MULTIPART: Option<&str> = Some("multipart/form-data; boundary=\"a b\"");

    fn of<'a>(query: &'a str, content_type: Option<&str>, body: &'a [u8]) -> Params<'a> {
        Params::parse(query, content_type, body).ok().unwrap()
    }

    #[test]
    fn encodings_are_alike() {
        let json = r#"{"a":"x y/é","t":{"k":1}}"#.as_bytes();
        let form = b"a=x+y%2F%c3%a9&t=%7B%22k%22%3A1%7D";
        let multipart = "--a b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx y/é\r\n\
                         --a b\r\nContent-Disposition: form-data; name=t\r\n\r\n{\"k\":1}\r\n--a b--\r\n";
        for params in [
            of("b=2", Some("application/json; charset=utf-8"), json),
            of("b=2", None, json),
            of("b=2", FORM, form),
            of("b=2", MULTIPART, multipart.as_bytes()),
        ] {
            assert_eq!(params.required("a").unwrap().text(), Ok("x y/é"));
            assert_eq!(params.required("b").unwrap().integer(), Ok(2));
            let object = params.required("t").unwrap();
            assert_eq!(object.object(&["k"]).ok().unwrap().required("k").unwrap().integer(), Ok(1));
            assert!(object.object(&[]).is_err());
            assert!(params.only(&["a", "b", "t"]).is_ok() && params.only(&["a", "b"]).is_err());
        }
    }

    #[test]
    fn the_body_counts_over_the_query_and_null_is_not_there() {
        let params = of("a=1&b=1&a=2", Some("application/json"), br#"{"b":2,"c":null}"#);
        assert_eq!(params.required("a").unwrap().text(), Ok("2"));
        assert_eq!(params.required("b").unwrap().integer(), Ok(2));
        assert!(params.get("c").is_none() && params.only(&["a", "b"]).is_ok());
    }

    #[test]
    fn null_is_not_there_in_any_encoding_and_counts_over_what_was_before() {
        let multipart = "--a b\r\nContent-Disposition: form-data; name=a\r\n\r\nnull\r\n--a b--\r\n";
        for params in [
            of("a=null&b=1", None, b""),
            of("a=1&a=null&b=1", None, b""),
            of("a=1&b=1", None, br#"{"a":null}"#),
            of("a=1&b=1", FORM, b"a=null"),
            of("a=1&b=1", MULTIPART, multipart.as_bytes()),
            of("b=1", Some("application/json"), b"null"),
        ] {
            assert!(params.get("a").is_none() && params.required("a").is_err());
            assert!(params.only(&["b"]).is_ok() && params.get("b").is_some());
        }
        let params = of("t={\"k\":null,\"l\":[\"x\",null,\"y\"]}", None, b"");
        let object = params.required("t").unwrap();
        let object = object.object(&["l"]).ok().unwrap();
        assert_eq!(object.required("l").unwrap().texts().unwrap(), ["x", "y"]);
        assert!(of("a=nullify", None, b"").get("a").is_some());
    }

    proptest! {
        #[test]
        fn no_body_panics(
            query in ".{0,30}",
            content_type in prop::option::of("application/(json|x-www-form-urlencoded)|multipart/form-data; boundary=-|.{0,10}"),
            body in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..80),
                "[{\\[\"a:,%=&0-9}\\]]{0,60}".prop_map(String::into_bytes),
            ],
        ) {
            if let Ok(params) = Params::parse(&query, content_type.as_deref(), &body) {
                let _ = params.only(&[]);
                prop_assert!(params.0.len() <= crate::value::MEMBERS);
            }
        }
    }
}
