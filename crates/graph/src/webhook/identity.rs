//! That a consumer's identity key has changed: a message of the system's in the consumer's conversation.

use crate::identity_hash::IdentityHash;
use crate::wamid::Wamid;
use crate::webhook::digits;
use serde::Serialize;

/// A consumer has another identity key than before.
pub struct IdentityChange<'a> {
    /// The name of the message that says so; says who the consumer is.
    pub wamid: &'a Wamid<'a>,
    /// When it was noticed, in seconds since 1970.
    pub changed_at_s: u64,
    /// The new key.
    pub identity: IdentityHash,
}

/// An element of `messages`.
#[derive(Serialize)]
pub(crate) struct SystemMessage<'a> {
    #[serde(serialize_with = "digits")]
    from: u64,
    id: &'a Wamid<'a>,
    #[serde(serialize_with = "digits")]
    timestamp: u64,
    r#type: &'static str,
    system: System,
    identity: Identity,
}

#[derive(Serialize)]
struct System {
    body: &'static str,
    r#type: &'static str,
}

#[derive(Serialize)]
struct Identity {
    acknowledged: bool,
    #[serde(serialize_with = "digits")]
    created_timestamp: u64,
    hash: IdentityHash,
}

impl<'a> IdentityChange<'a> {
    pub(crate) fn message(&self) -> SystemMessage<'a> {
        SystemMessage {
            from: self.wamid.consumer.as_integer(),
            id: self.wamid,
            timestamp: self.changed_at_s,
            r#type: "system",
            system: System { body: "The user's identity has changed", r#type: "customer_identity_changed" },
            identity: Identity {
                acknowledged: false,
                created_timestamp: self.changed_at_s,
                hash: self.identity,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webhook::{Notification, Phone, alone};

    #[test]
    fn a_change_of_identity_is_a_message_of_the_systems() {
        let consumer = wire::Number::from_integer(16_505_551_234).unwrap();
        let wamid = Wamid::received(consumer, "A1");
        let change = IdentityChange {
            wamid: &wamid,
            changed_at_s: 1_750_030_073,
            identity: IdentityHash::parse("DF2lS5v2W6w=").unwrap(),
        };
        let phone = Phone {
            account: 102.into(),
            id: 106.into(),
            number: wire::Number::from_integer(15_550_783_881).unwrap(),
        };
        let body = alone(phone, &Notification::of_identity_change(phone, &change).to_update());
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let value = &body["entry"][0]["changes"][0]["value"];
        assert_eq!(value["contacts"], serde_json::Value::Null);
        assert_eq!(
            value["messages"],
            serde_json::json!([{
                "from": "16505551234",
                "id": wamid.to_string(),
                "timestamp": "1750030073",
                "type": "system",
                "system": { "body": "The user's identity has changed", "type": "customer_identity_changed" },
                "identity": { "acknowledged": false, "created_timestamp": "1750030073", "hash": "DF2lS5v2W6w=" },
            }])
        );
    }
}
