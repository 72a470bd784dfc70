//! For tests of bad input: another value anywhere in JSON.

use proptest::sample::Index;
use serde_json::Value as Json;

/// Puts `value`, which is JSON, in the place of something in `json`.
pub(crate) fn put_anywhere(json: &mut Json, at: &Index, value: &str) {
    let mut all = Vec::new();
    paths(json, "", &mut all);
    let path: &String = at.get(&all);
    if let (Some(place), Ok(value)) = (json.pointer_mut(path), serde_json::from_str(value)) {
        *place = value;
    }
}

/// Every path into the JSON.
fn paths(json: &Json, at: &str, into: &mut Vec<String>) {
    into.push(at.to_owned());
    match json {
        Json::Object(members) => {
            members.iter().for_each(|(name, value)| paths(value, &format!("{at}/{name}"), into));
        }
        Json::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| paths(value, &format!("{at}/{index}"), into));
        }
        _ => {}
    }
}
