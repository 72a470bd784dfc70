//! docs/scenarios.md has every key of the schema, with its default, and its examples can be run.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

use scenario::Scenario;
use serde_json::Value;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

const REFERENCE: &str = "## Reference\n";

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/scenarios.md")
}

#[test]
fn the_reference_is_that_of_the_schema() {
    let text = fs::read_to_string(page()).unwrap();
    let (before, written) = text.split_once(REFERENCE).unwrap_or((&text, ""));
    let reference = reference(&scenario::schema());
    if std::env::var_os("UPDATE_PAGE").is_some() {
        fs::write(page(), format!("{before}{REFERENCE}{reference}")).unwrap();
    } else {
        assert!(
            written == reference,
            "docs/scenarios.md is old: UPDATE_PAGE=1 cargo test -p scenario --test page"
        );
    }
}

#[test]
fn every_key_occurs_in_the_page() {
    let text = fs::read_to_string(page()).unwrap();
    let mut keys = Vec::new();
    collect(&scenario::schema(), &mut keys);
    assert!(keys.len() > 60, "{keys:?}");
    for key in keys {
        // In the reference, or, if it is of a distribution, in an example.
        let said = text.contains(&format!("| `{key}` |")) || text.contains(&format!("{key} = "));
        assert!(said, "`{key}` is not in docs/scenarios.md");
    }
}

#[test]
fn the_examples_can_be_run() {
    let text = fs::read_to_string(page()).unwrap();
    let examples: Vec<&str> =
        text.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert_eq!(examples.len(), 2);
    for example in examples {
        let scenario =
            Scenario::parse("docs/scenarios.md", example).unwrap_or_else(|error| panic!("{error:#}"));
        assert!(scenario.estimate().messages > 1.0);
    }
}

fn collect(schema: &Value, keys: &mut Vec<String>) {
    let properties = schema.get("properties").and_then(Value::as_object);
    keys.extend(properties.into_iter().flatten().map(|(key, _)| key).filter(|key| *key != "kind").cloned());
    match schema {
        Value::Object(members) => members.values().for_each(|member| collect(member, keys)),
        Value::Array(items) => items.iter().for_each(|item| collect(item, keys)),
        _ => {}
    }
}

/// The tables of a scenario, by the name of their type, and what the page calls them.
const TABLES: [(&str, &str); 20] = [
    ("Consumers", "`[[consumers]]`"),
    ("Online", "`online` of consumers"),
    ("Registers", "`registers` of consumers"),
    ("Businesses", "`[[businesses]]`"),
    ("Reply", "`reply` of consumers and businesses"),
    ("Suite", "`suite` of consumers and businesses"),
    ("Traffic", "`[[traffic]]`"),
    ("Burst", "`burst` of traffic"),
    ("Day", "`day` of traffic"),
    ("Profile", "`profile` of traffic"),
    ("Network", "`[network]`"),
    ("Link", "`[network.consumer]`, `[network.node]`, `[network.business]`"),
    ("Relay", "`[relay]`"),
    ("Node", "`[node]`"),
    ("Padding", "`padding` of nodes and devices"),
    ("Device", "`[device]`"),
    ("Fault", "`[[faults]]`"),
    ("RandomFault", "`kinds` of random faults"),
    ("Adversary", "`[[adversaries]]`"),
    ("Measurements", "`[measurements]`"),
];

fn reference(schema: &Value) -> String {
    let mut text = String::from("\n");
    keys_of(&mut text, schema);
    for (name, title) in TABLES {
        let table = &schema["$defs"][name];
        let _ = write!(text, "\n### {title}\n\n{}\n\n", table["description"].as_str().unwrap());
        match table["oneOf"].as_array() {
            None => keys_of(&mut text, table),
            Some(variants) => variants_of(&mut text, variants),
        }
        if name == "Profile" {
            profiles(&mut text, table["oneOf"].as_array().unwrap());
        }
    }
    text
}

fn keys_of(text: &mut String, table: &Value) {
    text.push_str("| key | value | default | meaning |\n|---|---|---|---|\n");
    let properties = table["properties"].as_object().unwrap();
    let mut keys: Vec<&String> = properties.keys().filter(|key| *key != "kind").collect();
    let required = |key: &str| table["required"].as_array().is_some_and(|keys| keys.iter().any(|k| k == key));
    keys.sort_by_key(|key| (!required(key), *key));
    for key in keys {
        let property = &properties[key];
        let default = match &property["default"] {
            _ if required(key) => "required".into(),
            Value::Null => "none".into(),
            default => format!("`{}`", inline(default)),
        };
        let _ = writeln!(text, "| `{key}` | {} | {default} | {} |", kind_of(property), described(property));
    }
}

fn variants_of(text: &mut String, variants: &[Value]) {
    if variants[0].get("const").is_some() {
        text.push_str("| value | meaning |\n|---|---|\n");
        for variant in variants {
            let _ = writeln!(text, "| `{}` | {} |", variant["const"].as_str().unwrap(), described(variant));
        }
        return;
    }
    for (index, variant) in variants.iter().enumerate() {
        let between = if index == 0 { "" } else { "\n" };
        let kind = variant["properties"]["kind"]["const"].as_str().unwrap();
        let _ = writeln!(text, "{between}`kind = \"{kind}\"`: {}", described(variant));
        if variant["properties"].as_object().unwrap().len() > 1 {
            text.push('\n');
            keys_of(text, variant);
        }
    }
}

/// What each profile gives, as it comes out of a file that says nothing else.
fn profiles(text: &mut String, profiles: &[Value]) {
    text.push_str(
        "\nWhat the keys are that the entry does not give; `reply` is that of the population it is with:\n\n",
    );
    text.push_str("| profile | `rate` or `burst` | `day` | `turns` | `gap` | `size` | `reply` |\n|---|---|---|---|---|---|---|\n");
    for profile in profiles {
        let profile = profile["const"].as_str().unwrap();
        let file = format!(
            "version = 1\nname = 'p'\nduration = '1d'\n[[consumers]]\nname = 'c'\ncount = 1\n[[businesses]]\nname = 'b'\n\
             count = 1\n[[traffic]]\nfrom = 'c'\nto = 'b'\nprofile = '{profile}'\n"
        );
        let json = Scenario::parse("p", &file).unwrap().to_json();
        let traffic = &json["traffic"][0];
        let volume = if traffic["rate"].is_null() { &traffic["burst"] } else { &traffic["rate"] };
        let reply = &json["businesses"][0]["reply"];
        let none = scenario::Reply::default().probability.get();
        let reply =
            if reply["probability"] == none { "as given".into() } else { format!("`{}`", inline(reply)) };
        let _ = writeln!(
            text,
            "| `{profile}` | `{}` | `{}` | `{}` | `{}` | `{}` | {reply} |",
            inline(volume),
            inline(&traffic["day"]),
            inline(&traffic["turns"]),
            inline(&traffic["gap"]),
            inline(&traffic["size"]),
        );
    }
}

/// The description, without the form of a quantity: that has its own table.
fn described(schema: &Value) -> &str {
    schema["description"].as_str().unwrap()
}

/// What may stand there.
fn kind_of(property: &Value) -> String {
    if let Some(reference) = property["$ref"].as_str() {
        return name_of(reference.trim_start_matches("#/$defs/"));
    }
    if let Some(some) = property["anyOf"].as_array() {
        return kind_of(&some[0]);
    }
    let simple = match &property["type"] {
        Value::Array(types) => types[0].as_str().unwrap(),
        one => one.as_str().unwrap(),
    };
    match simple {
        "array" => format!("array of {}", kind_of(&property["items"])),
        "boolean" => "`true` or `false`".into(),
        "string" => "text".into(),
        number => match (property["minimum"].as_u64(), property["maximum"].as_u64()) {
            (Some(min), Some(max)) => format!("{number} from {min} to {max}"),
            _ => number.into(),
        },
    }
}

fn name_of(definition: &str) -> String {
    match definition {
        "DistributionOfDuration" => "duration, distribution".into(),
        "DistributionOfBytes" => "size, distribution".into(),
        "Bytes" => "size".into(),
        "TimeOfDay" => "time of day".into(),
        "TrafficRate" => "traffic rate".into(),
        "Turns" => "integer, distribution".into(),
        "Replay" => "path".into(),
        "Crypto" => "`real` or `modelled`".into(),
        "Messages" => "`all`, `sample` or `none`".into(),
        table if TABLES.iter().any(|(name, _)| *name == table) => "see below".into(),
        quantity => quantity.to_lowercase(),
    }
}

/// A value as TOML has it in a line.
fn inline(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let mut keys: Vec<&String> = members.keys().filter(|key| !members[*key].is_null()).collect();
            keys.sort_by_key(|key| (*key != "kind", *key));
            let members: Vec<String> =
                keys.iter().map(|key| format!("{key} = {}", inline(&members[*key]))).collect();
            format!("{{ {} }}", members.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}
