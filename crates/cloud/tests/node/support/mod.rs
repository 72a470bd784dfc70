//! What surrounds a node in these tests.

mod bench;
mod portfolio;
mod relay;
mod rows;
mod stack;
mod surfaces;

pub(crate) use bench::{Bench, elements, message};
pub(crate) use portfolio::Owner;
pub(crate) use rows::Rows;
pub(crate) use stack::{Stack, VERIFY};

use cloud::{AccessToken, App, BusinessAccount, BusinessNumber, Callback, NodeConfig, Portfolio, Tenant};
use kernel::Time;
use serde_json::Value;

pub(crate) const TOKEN: &str = "EAAtokenOfTheShop0001";
pub(crate) const PHONE: &str = "106540352242922";
pub(crate) const WABA: &str = "102290129340398";
pub(crate) const APP: &str = "700000000000001";
pub(crate) const SECRET: &str = "secretOfTheShop0001";
pub(crate) const SHOP: &str = "15550783881";
pub(crate) const ALICE: &str = "16505551234";
pub(crate) const HOOK: &str = "http://shop.test/hook";

/// The id of the shop's `hello_world`.
pub(crate) fn hello() -> cloud::TemplateId {
    cloud::hello_world(WABA.parse().unwrap())
}

/// The shop and, with ids that end in 2 where its own end in 1, a stranger.
pub(crate) fn two_tenants() -> NodeConfig {
    with(vec![tenant(1), tenant(2)])
}

/// A node for these.
pub(crate) fn with(tenants: Vec<Tenant>) -> NodeConfig {
    let mut config = NodeConfig::new(tenants).unwrap();
    config.endpoint.one_time_prekeys = 2;
    config
}

/// The shop is 1.
pub(crate) fn tenant(index: u64) -> Tenant {
    let id = |first: u64| (first + index - 1).to_string();
    let token = |name: &str, expires| AccessToken {
        expires,
        ..AccessToken::of_system_user(format!("EAA{name}{index:04}").into())
    };
    Tenant {
        portfolio: Portfolio { id: id(600_000_000_000_001).parse().unwrap(), name: format!("Shop {index}") },
        app: App {
            id: id(700_000_000_000_001).parse().unwrap(),
            name: format!("App {index}"),
            secret: format!("secretOfTheShop{index:04}").as_str().into(),
            callback: Some(Callback {
                url: if index == 1 { HOOK.into() } else { format!("http://stranger{index}.test/hook") },
                verify_token: "meatyhamhock".into(),
            }),
            webhook_version: 23,
            requires_proof: false,
        },
        accounts: vec![BusinessAccount {
            id: id(102_290_129_340_398).parse().unwrap(),
            name: format!("Shop {index}"),
            subscribed: true,
            numbers: vec![BusinessNumber {
                id: id(106_540_352_242_922).parse().unwrap(),
                number: id(15_550_783_881).parse().unwrap(),
                display_name: format!("Shop {index}"),
                identity_key_check: false,
            }],
        }],
        tokens: vec![token("tokenOfTheShop", None), token("expired", Some(Time::from_secs(1_700_000_000)))],
    }
}

/// A JSON text without what is drawn at random.
pub(crate) fn masked(json: &[u8]) -> String {
    fn mask(value: &mut Value) {
        match value {
            Value::Object(object) => {
                for (key, value) in object {
                    let random = value.as_str().is_some_and(|text| text.starts_with("wamid."));
                    if key == "fbtrace_id" || random {
                        *value = Value::from("…");
                    }
                    mask(value);
                }
            }
            Value::Array(values) => values.iter_mut().for_each(mask),
            _ => {}
        }
    }
    let mut value = serde_json::from_slice(json).unwrap();
    mask(&mut value);
    if let Some(id) = value.pointer_mut("/entry/0/changes/0/value/statuses/0/conversation/id") {
        *id = Value::from("…");
    }
    serde_json::to_string_pretty(&value).unwrap()
}
