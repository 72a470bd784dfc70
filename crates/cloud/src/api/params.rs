//! Parameters: query, form and JSON body alike.

use crate::api::errors::GraphError;
use serde_json::{Map, Value};
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

/// The parameters of a request. Of one given twice, the body's wins.
#[derive(Default)]
pub(crate) struct Params(Map<String, Value>);

impl Params {
    pub(crate) fn parse(query: &str, content_type: Option<&str>, body: &[u8]) -> Result<Self, GraphError> {
        let mut params = form(query);
        let content_type = content_type.unwrap_or_default().to_ascii_lowercase();
        if body.trim_ascii().is_empty() {
            return Ok(Self(params));
        }
        let looks_like_json = matches!(body.trim_ascii_start().first(), Some(b'{' | b'['));
        if content_type.contains("json") || (looks_like_json && !content_type.contains("form")) {
            match serde_json::from_slice(body) {
                Ok(Value::Object(body)) => params.extend(body),
                Ok(_) => return Err(GraphError::invalid("The request body must be a JSON object.")),
                // Line and column, and what was expected: nothing of the body.
                Err(error) => {
                    return Err(GraphError::invalid(format!("The request body is not valid JSON: {error}.")));
                }
            }
        } else if content_type.starts_with("multipart/") {
            return Err(GraphError::invalid("This node reads multipart/form-data of no request yet."));
        } else {
            let body = std::str::from_utf8(body)
                .map_err(|_| GraphError::invalid("The request body is not valid UTF-8."))?;
            params.extend(form(body));
        }
        Ok(Self(params))
    }

    /// A parameter; one that is null is not there.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A text that must be there.
    pub(crate) fn required(&self, name: &str) -> Result<&str, GraphError> {
        string(self.get(name).ok_or_else(|| GraphError::missing(name))?, name)
    }

    /// A text that may be there.
    pub(crate) fn optional(&self, name: &str) -> Result<Option<&str>, GraphError> {
        self.get(name).map(|value| string(value, name)).transpose()
    }

    /// Refuses what is neither in `known` nor common to all requests.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), GraphError> {
        let strange = |name: &&String| !known.contains(&name.as_str()) && !COMMON.contains(&name.as_str());
        match self.0.keys().find(strange) {
            Some(name) => Err(GraphError::invalid(format!("Unexpected key \"{name}\"."))),
            None => Ok(()),
        }
    }
}

/// A text; `path` is how an error calls it.
pub(crate) fn string<'a>(value: &'a Value, path: &str) -> Result<&'a str, GraphError> {
    value.as_str().ok_or_else(|| GraphError::must_be(path, "a string"))
}

/// A truth value, or its name (forms have no other way).
pub(crate) fn boolean(value: &Value, path: &str) -> Result<bool, GraphError> {
    match value {
        Value::Bool(value) => Ok(*value),
        Value::String(name) if name == "true" || name == "1" => Ok(true),
        Value::String(name) if name == "false" || name == "0" => Ok(false),
        _ => Err(GraphError::must_be(path, "a boolean")),
    }
}

/// An object, or a text that is the JSON of one (forms have no other way), with no keys but `known`.
pub(crate) fn object<'a>(
    value: &'a Value,
    path: &str,
    known: &[&str],
) -> Result<Cow<'a, Map<String, Value>>, GraphError> {
    let not_one = || GraphError::must_be(path, "a JSON object");
    let object = match value {
        Value::Object(object) => Cow::Borrowed(object),
        Value::String(json) => Cow::Owned(serde_json::from_str(json).map_err(|_| not_one())?),
        _ => return Err(not_one()),
    };
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(GraphError::unexpected_key(key, path)),
        None => Ok(object),
    }
}

/// The pairs of a query or form, decoded.
pub(crate) fn pairs(text: &str) -> impl Iterator<Item = (String, String)> {
    text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name, true), decode(value, true))
    })
}

/// Undoes percent-encoding; in forms `+` is a space. What is not UTF-8 becomes U+FFFD.
pub(crate) fn decode(text: &str, form: bool) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'%', [high, low, after @ ..]) => match (hex_digit(*high), hex_digit(*low)) {
                (Some(high), Some(low)) => {
                    bytes.push(high << 4 | low);
                    rest = after;
                }
                _ => bytes.push(b'%'),
            },
            (b'+', _) if form => bytes.push(b' '),
            (byte, _) => bytes.push(*byte),
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

fn form(text: &str) -> Map<String, Value> {
    pairs(text).map(|(name, value)| (name, Value::String(value))).collect()
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn forms_and_json_are_alike() {
        let json = Params::parse("b=2", Some("application/json"), r#"{"a":"x y/é","t":{"k":1}}"#.as_bytes())
            .unwrap();
        let form = b"a=x+y%2F%c3%a9&t=%7B%22k%22%3A1%7D";
        let form = Params::parse("b=2", Some("application/x-www-form-urlencoded"), form).unwrap();
        for params in [&json, &form] {
            assert_eq!(params.required("a"), Ok("x y/é"));
            assert_eq!(params.optional("b"), Ok(Some("2")));
            assert_eq!(object(params.get("t").unwrap(), "t", &["k"]).unwrap().len(), 1);
            assert!(object(params.get("t").unwrap(), "t", &[]).is_err());
        }
    }

    #[test]
    fn broken_escapes_stay_as_they_are() {
        assert_eq!(decode("%", true), "%");
        assert_eq!(decode("%4", true), "%4");
        assert_eq!(decode("%zz+", false), "%zz+");
        assert_eq!(decode("%ff", false), "\u{fffd}");
    }

    proptest! {
        #[test]
        fn decoding_undoes_encoding(text in ".{0,40}") {
            let encoded: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
            prop_assert_eq!(decode(&encoded, true), text);
        }
    }
}
