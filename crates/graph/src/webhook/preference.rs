//! That a person wants no marketing messages of a business any more, or wants them again (facts, section 9A.5): a value like
//! that of `messages`, in the field `user_preferences`.

use crate::webhook::{Field, Phone, Place, Update, digits};
use crate::{PhoneNumberId, ascii};
use bytes::Bytes;
use serde::Serialize;
use wire::Number;

/// A person's preference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preference<'a> {
    /// Who.
    pub consumer: Number,
    /// As the business knows them.
    pub name: &'a str,
    /// True: no marketing messages any more.
    pub stop: bool,
    /// When they said so, in seconds since 1970.
    pub at_s: u64,
}

#[derive(Serialize)]
struct Value<'a> {
    messaging_product: &'static str,
    metadata: Metadata,
    contacts: [Contact<'a>; 1],
    user_preferences: [Element; 1],
}

#[derive(Serialize)]
struct Metadata {
    #[serde(serialize_with = "digits")]
    display_phone_number: u64,
    phone_number_id: PhoneNumberId,
}

#[derive(Serialize)]
struct Contact<'a> {
    profile: Profile<'a>,
    #[serde(serialize_with = "digits")]
    wa_id: u64,
}

#[derive(Serialize)]
struct Profile<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct Element {
    #[serde(serialize_with = "digits")]
    wa_id: u64,
    detail: &'static str,
    category: &'static str,
    value: &'static str,
    timestamp: u64,
}

impl Preference<'_> {
    /// The update that tells `phone` of it.
    pub fn to_update(&self, phone: Phone) -> Update {
        let wa_id = self.consumer.as_integer();
        let (detail, value) = if self.stop {
            ("User requested to stop marketing messages", "stop")
        } else {
            ("User requested to resume marketing messages", "resume")
        };
        let element = Element { wa_id, detail, category: "marketing_messages", value, timestamp: self.at_s };
        let whole = Value {
            messaging_product: "whatsapp",
            metadata: Metadata { display_phone_number: phone.number.as_integer(), phone_number_id: phone.id },
            contacts: [Contact { profile: Profile { name: self.name }, wa_id }],
            user_preferences: [element],
        };
        Update {
            field: Field::UserPreferences,
            place: Place::Value,
            consumer: Some(self.consumer),
            time_s: None,
            contact: Bytes::new(),
            element: ascii::to_bytes(&whole),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webhook::post::{About, body};

    #[test]
    fn it_has_the_documented_form() {
        let phone = Phone {
            account: 102_290_129_340_398.into(),
            id: 106_540_352_242_922.into(),
            number: "15550783881".parse().unwrap(),
        };
        let preference = Preference {
            consumer: "16505551234".parse().unwrap(),
            name: "Pablo",
            stop: true,
            at_s: 1_731_617_831,
        };
        let update = preference.to_update(phone);
        let about = About { account: phone.account, phone: Some((phone.id, phone.number)), update: &update };
        assert_eq!(
            body(&[about]),
            r#"{"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[{"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550783881","phone_number_id":"106540352242922"},"contacts":[{"profile":{"name":"Pablo"},"wa_id":"16505551234"}],"user_preferences":[{"wa_id":"16505551234","detail":"User requested to stop marketing messages","category":"marketing_messages","value":"stop","timestamp":1731617831}]},"field":"user_preferences"}]}]}"#
        );
    }
}
