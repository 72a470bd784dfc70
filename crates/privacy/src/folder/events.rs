//! Events of others: a JSON object on each line.

use std::io::BufRead;

use serde_json::Value as Json;

use crate::equal::{Event, Value};

/// Why a file of events can't be compared. Lines are counted from 1.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// The file can't be read.
    #[error("can't read it: {0}")]
    Io(#[from] std::io::Error),
    /// Not JSON.
    #[error("line {line}: {source}")]
    Json {
        /// Which line.
        line: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// JSON, but no event.
    #[error("line {line}: {why}")]
    Shape {
        /// Which line.
        line: usize,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Nothing to compare.
    #[error("it has no events: nothing would be compared")]
    Empty,
}

/// Reads one event from each line that is not blank.
pub(super) fn read(file: impl BufRead) -> Result<Vec<Event>, EventError> {
    let mut events = Vec::new();
    for (index, line) in file.lines().enumerate() {
        let (text, line) = (line?, index + 1);
        if !text.trim().is_empty() {
            let json = serde_json::from_str(&text).map_err(|source| EventError::Json { line, source })?;
            events.push(event(json).map_err(|why| EventError::Shape { line, why })?);
        }
    }
    match events.is_empty() {
        true => Err(EventError::Empty),
        false => Ok(events),
    }
}

/// `time` (microseconds, 0 if it is missing) and `event` (what happened) have a place of their own; everything else is a
/// field, nested ones by their path: `to[0].number`.
fn event(json: Json) -> Result<Event, &'static str> {
    let Json::Object(mut object) = json else { return Err("an event must be an object") };
    let at_us = match object.remove("time") {
        None => 0,
        Some(time) => time.as_u64().ok_or("`time` must be a whole number of microseconds")?,
    };
    let Some(Json::String(kind)) = object.remove("event") else {
        return Err("`event` must be there, and a text that says what happened");
    };
    let mut event = Event::new(at_us, kind);
    // The same order whatever order the keys were in: that says nothing.
    let mut fields: Vec<_> = object.into_iter().collect();
    fields.sort_by(|(one, _), (other, _)| one.cmp(other));
    for (key, value) in fields {
        flatten(key, value, &mut event);
    }
    Ok(event)
}

fn flatten(path: String, json: Json, event: &mut Event) {
    let value = match json {
        Json::Object(object) if !object.is_empty() => {
            let mut fields: Vec<_> = object.into_iter().collect();
            fields.sort_by(|(one, _), (other, _)| one.cmp(other));
            fields.into_iter().for_each(|(key, value)| flatten(format!("{path}.{key}"), value, event));
            return;
        }
        Json::Array(items) if !items.is_empty() => {
            let items = items.into_iter().enumerate();
            items.for_each(|(index, value)| flatten(format!("{path}[{index}]"), value, event));
            return;
        }
        Json::String(text) => Value::Text(text),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => Value::Number(number.into()),
            (_, Some(number)) => Value::Number(number.into()),
            _ => Value::Word(number.to_string().into()),
        },
        other => Value::Word(other.to_string().into()),
    };
    event.fields.push(crate::equal::Field { path: path.into(), class: None, value });
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    #[test]
    fn nested_fields_have_paths() {
        let line =
            r#"{"time": 12, "event": "send", "to": [{"n": 1}, {"n": 2}], "ok": true, "x": {}, "f": 0.5}"#;
        let events = read(line.as_bytes()).unwrap();
        let fields: Vec<_> = events[0].fields.iter().map(|field| (&*field.path, &field.value)).collect();
        assert_eq!((events[0].at_us, &*events[0].kind), (12, "send"));
        assert_eq!(
            fields,
            [
                ("f", &Value::Word("0.5".into())),
                ("ok", &Value::Word("true".into())),
                ("to[0].n", &Value::Number(1)),
                ("to[1].n", &Value::Number(2)),
                ("x", &Value::Word("{}".into())),
            ]
        );
    }

    #[test]
    fn what_is_no_event_is_refused_with_its_line() {
        let refused = |text: &str| read(text.as_bytes()).unwrap_err().to_string();
        assert_eq!(refused("\n \n"), "it has no events: nothing would be compared");
        assert!(refused("{\"event\": \"a\"}\n{\"event\":").starts_with("line 2: EOF"));
        assert_eq!(refused("[]"), "line 1: an event must be an object");
        assert!(refused("{\"time\": -1, \"event\": \"a\"}").contains("`time` must be"));
        assert!(refused("{\"time\": 1}").contains("`event` must be there"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_events_or_an_error(bytes in vec(any::<u8>(), 0..200), brackets in 0_usize..500) {
            let _ = read(bytes.as_slice());
            let deep = format!("{{\"event\": {}", "[".repeat(brackets));
            prop_assert!(read(deep.as_bytes()).is_err());
        }
    }
}
