//! What is wrong with requests, made from the tables of all kinds: whatever stands where, the answer is an error of the right
//! form, and says where.

use crate::GraphError;
use crate::messages::Request;
use crate::params::Params;
use crate::shape::Shape;
use crate::wamid::Wamid;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// One of every kind, with every member that it can have in one of them.
const SAMPLES: &str = include_str!("../../tests/messages.json");

/// Stands where something is put that a JSON value can't say.
const MARK: &str = "@@";

/// A place in a request: names and indices.
type Way = Vec<Step>;

#[derive(Clone)]
enum Step {
    Name(String),
    Index(usize),
}

#[test]
fn every_sample_is_read_in_every_encoding() {
    for sample in samples() {
        let read = parse(&sample.to_string()).unwrap_or_else(|error| panic!("{error:?}: {sample}"));
        let mut query = form_urlencoded(&sample);
        let params = Params::parse("", Some("application/x-www-form-urlencoded"), query.as_bytes()).unwrap();
        assert!(Request::parse(&params) == Ok(read.clone()), "as a form: {sample}");
        query.clear();
        let mut parts = String::new();
        for (name, text) in texts(&sample) {
            parts += &format!("--cut\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n");
        }
        parts += "--cut--";
        let params = Params::parse("", Some("multipart/form-data; boundary=cut"), parts.as_bytes()).unwrap();
        assert!(Request::parse(&params) == Ok(read), "as parts: {sample}");
    }
}

#[test]
fn samples_have_every_member_of_every_kind() {
    let (mut there, mut known) = (BTreeSet::new(), BTreeSet::new());
    for sample in samples() {
        let shape = shape(&sample);
        visit(
            &shape,
            &sample,
            &mut Vec::new(),
            &mut |name, _, _, _| {
                there.insert(name.to_owned());
            },
            "",
        );
        all(&shape, "", &mut known);
    }
    let missing: Vec<_> = known.difference(&there).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_wrong_type_anywhere_is_an_error_that_says_where() {
    let mut tried = 0;
    for sample in samples() {
        visit(
            &shape(&sample),
            &sample,
            &mut Vec::new(),
            &mut |_, shape, way, _| {
                for wrong in shape.wrong() {
                    let json = with(&sample, way, &wrong);
                    let error = parse(&json).expect_err(&json);
                    let text = String::from_utf8(error.to_json("t").to_vec()).unwrap();
                    assert_form(&error, &text);
                    if !matches!(shape, Shape::Number) {
                        assert!(text.contains(&path(way)), "{} is not in {text}", path(way));
                    }
                    tried += 1;
                }
            },
            "",
        );
    }
    assert!(tried > 1_000, "{tried}");
}

#[test]
fn a_member_that_there_is_not_is_an_error_in_every_object() {
    for sample in samples() {
        visit(
            &shape(&sample),
            &sample,
            &mut Vec::new(),
            &mut |_, shape, way, value| {
                if let (Shape::Object(_), Some(members)) = (shape, value.as_object()) {
                    let mut members = members.clone();
                    members.insert("strange".into(), json!(1));
                    let json = with(&sample, way, &Value::Object(members).to_string());
                    let error = parse(&json).expect_err(&json);
                    let text = String::from_utf8(error.to_json("t").to_vec()).unwrap();
                    assert!(text.contains(r#"Unexpected key \"strange\""#), "{text}");
                }
            },
            "",
        );
    }
}

#[test]
fn what_no_client_writes_is_an_error_or_harmless_everywhere() {
    let deep = "[".repeat(10_000);
    let deep_object = "{\"type\":".repeat(10_000);
    let closed = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    for sample in samples() {
        visit(
            &shape(&sample),
            &sample,
            &mut Vec::new(),
            &mut |_, _, way, _| {
                for refused in [
                    &*deep,
                    &deep_object,
                    &closed,
                    r#""\ud800""#,
                    r#""\udc00x""#,
                    "1e400",
                    "\"\u{1}\"",
                    "01",
                    "NaN",
                ] {
                    assert_form_of(&parse(&with(&sample, way, refused)).unwrap_err());
                }
                for odd in [
                    "9007199254740993",
                    "18446744073709551615",
                    "18446744073709551616",
                    "-9223372036854775809",
                    "1e-400",
                    "-0.0",
                    "null",
                    "\"\"",
                    "\"null\"",
                    "[null]",
                    "[[[]]]",
                    r#"{"":{"":null}}"#,
                ] {
                    if let Err(error) = parse(&with(&sample, way, odd)) {
                        assert_form_of(&error);
                    }
                }
            },
            "",
        );
    }
}

#[test]
fn of_a_name_that_is_there_twice_the_last_counts_everywhere() {
    for sample in samples() {
        let read = parse(&sample.to_string()).unwrap();
        visit(
            &shape(&sample),
            &sample,
            &mut Vec::new(),
            &mut |_, _, way, value| {
                let Some(Step::Name(name)) = way.last() else { return };
                // The member, then once more what it was: "name":1,"name":value.
                let twice = with(&sample, way, &format!("1,{}:{value}", json!(name)));
                assert!(parse(&twice) == Ok(read.clone()), "{twice}");
            },
            "",
        );
    }
}

fn samples() -> Vec<Value> {
    let messages: Vec<Map<String, Value>> = serde_json::from_str(SAMPLES).unwrap();
    let id = Wamid::received("16505551234".parse().unwrap(), "AB").to_string();
    let around = |mut message: Map<String, Value>| {
        let is_reaction = message["type"] == "reaction";
        message.extend([
            ("messaging_product".to_owned(), json!("whatsapp")),
            ("recipient_type".to_owned(), json!("individual")),
            ("to".to_owned(), json!("16505551234")),
            ("biz_opaque_callback_data".to_owned(), json!("order=17")),
            ("recipient_identity_key_hash".to_owned(), json!("DF2lS5v2W6w=")),
            ("ttl".to_owned(), json!(60)),
        ]);
        if !is_reaction {
            message.insert("context".into(), json!({ "message_id": id }));
        }
        Value::Object(message)
    };
    messages.into_iter().map(around).collect()
}

fn shape(sample: &Value) -> Shape {
    let kinds = crate::messages::PARAMETERS.iter().copied();
    Request::shape(kinds.into_iter().find(|kind| sample["type"] == *kind).unwrap())
}

fn parse(json: &str) -> Result<Request, GraphError> {
    Request::parse(&Params::parse("", Some("application/json"), json.as_bytes())?)
}

/// Calls `act` for everything in `value` that `shape` has, with the name of the place among all shapes, and the way to it.
fn visit(
    shape: &Shape,
    value: &Value,
    way: &mut Way,
    act: &mut impl FnMut(&str, &Shape, &Way, &Value),
    name: &str,
) {
    let chosen = shape.of(value);
    // What is the same wherever it stands has the name of its words only.
    let name = if matches!(shape, Shape::Either(_)) { chosen.words() } else { name.to_owned() };
    if !way.is_empty() {
        act(&name, chosen, way, value);
    }
    match chosen {
        Shape::Object(members) => {
            for (member, shape) in members {
                if let Some(value) = value.get(member) {
                    way.push(Step::Name((*member).to_owned()));
                    visit(shape, value, way, act, &format!("{name}.{member}"));
                    way.pop();
                }
            }
        }
        Shape::List(item) => {
            for (index, value) in value.as_array().unwrap().iter().enumerate() {
                way.push(Step::Index(index));
                visit(item, value, way, act, &format!("{name}[]"));
                way.pop();
            }
        }
        _ => {}
    }
}

/// The names of all places that a shape has.
fn all(shape: &Shape, name: &str, names: &mut BTreeSet<String>) {
    if let Shape::Either(shapes) = shape {
        return shapes.iter().for_each(|shape| all(shape, &shape.words(), names));
    }
    if !name.is_empty() {
        names.insert(name.to_owned());
    }
    match shape {
        Shape::Object(members) => {
            members.iter().for_each(|(member, shape)| all(shape, &format!("{name}.{member}"), names));
        }
        Shape::List(item) => all(item, &format!("{name}[]"), names),
        _ => {}
    }
}

/// The sample with some JSON in a place.
fn with(sample: &Value, way: &Way, json: &str) -> String {
    let mut changed = sample.clone();
    let place = way.iter().fold(&mut changed, |value, step| match step {
        Step::Name(name) => &mut value[name],
        Step::Index(index) => &mut value[index],
    });
    *place = MARK.into();
    changed.to_string().replace(&format!("\"{MARK}\""), json)
}

/// As errors spell it.
fn path(way: &Way) -> String {
    let mut path = String::new();
    for step in way {
        match step {
            Step::Name(name) if path.is_empty() => path.clone_from(name),
            Step::Name(name) => path += &format!("['{name}']"),
            Step::Index(index) => path += &format!("[{index}]"),
        }
    }
    path
}

fn assert_form_of(error: &GraphError) {
    assert_form(error, std::str::from_utf8(&error.to_json("t")).unwrap());
}

fn assert_form(error: &GraphError, text: &str) {
    let body: Value = serde_json::from_str(text).unwrap();
    let (status, error) = (error.status(), &body["error"]);
    let code = error["code"].as_u64().unwrap();
    assert!(status == 400 && [100, 131_008, 131_009].contains(&code), "{text}");
    assert!(error["message"].as_str().unwrap().starts_with(&format!("(#{code}) ")), "{text}");
    assert_eq!((&error["type"], &error["fbtrace_id"]), (&json!("OAuthException"), &json!("t")));
}

/// The parameters as texts: what is nested is JSON.
fn texts(sample: &Value) -> Vec<(&str, String)> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    sample.as_object().unwrap().iter().map(|(name, value)| (&**name, text(value))).collect()
}

fn form_urlencoded(sample: &Value) -> String {
    let pairs = texts(sample).into_iter();
    let pairs: Vec<_> =
        pairs.map(|(name, text)| format!("{name}={}", crate::encode_component(&text))).collect();
    pairs.join("&")
}
