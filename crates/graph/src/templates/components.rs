//! What a template is made of.

use crate::error::GraphError;
use crate::reading::{Members, Param};
use crate::templates::written::{Written, json};
use crate::templates::{Body, Button, Card, Footer, Format, Header, Offer, word};
use crate::value::Value;
use serde::ser::{Serialize, SerializeSeq, Serializer};

const TYPES: [&str; 6] = ["HEADER", "BODY", "FOOTER", "BUTTONS", "CAROUSEL", "LIMITED_TIME_OFFER"];

/// What a template is made of. Each part is there once at most.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Components {
    /// Above the text.
    pub header: Option<Header>,
    /// The text.
    pub body: Option<Body>,
    /// Below the text.
    pub footer: Option<Footer>,
    /// What can be tapped.
    pub buttons: Vec<Button>,
    /// Cards beside each other, each with what can be tapped.
    pub cards: Vec<Card>,
    /// An offer that ends.
    pub offer: Option<Offer>,
    /// Whether the variables of its texts are numbered or named.
    pub format: Format,
}

impl Components {
    /// Reads the parameter `components`.
    ///
    /// # Errors
    /// It says nothing that a template could be made of. If a template may be made of it the check of a
    /// [`Definition`](crate::templates::Definition) says.
    pub fn read(param: Param<'_>, format: Format) -> Result<Self, GraphError> {
        let mut components = Self { format, ..Self::default() };
        for item in param.items()?.iter() {
            let members = item.any_object()?;
            let part = components.add(&members)?;
            let kind = members.required("type")?;
            if !part {
                return Err(GraphError::invalid(format!("Param {} is there twice.", kind.path())));
            }
        }
        Ok(components)
    }

    /// Reads what [`to_json`](Self::to_json) has written.
    pub fn from_json(json: &str, format: Format) -> Option<Self> {
        let value = Value::from_json(json.as_bytes()).ok()?;
        Self::read(Param::new(&value, "components"), format).ok()
    }

    /// As JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The buttons, without those of cards.
    pub fn has_button(&self, of: impl Fn(&Button) -> bool) -> bool {
        self.buttons.iter().any(of)
    }

    /// True if one of the texts has this in it; `text` is in lower case.
    pub(crate) fn mention(&self, text: &str) -> bool {
        let mentions = |of: &str| of.to_lowercase().contains(text);
        let body = |body: &Option<Body>| match body {
            Some(Body::Text { text: of, .. }) => mentions(of.as_str()),
            Some(Body::Code { .. }) | None => false,
        };
        let header = matches!(&self.header, Some(Header::Text { text: of, .. }) if mentions(of.as_str()));
        let footer = matches!(&self.footer, Some(Footer::Text(of)) if mentions(of));
        header
            || footer
            || body(&self.body)
            || self.buttons.iter().any(|button| mentions(button.label()))
            || self.cards.iter().any(|card| body(&card.body))
    }

    /// Takes a component; false if there is one of its type already.
    fn add(&mut self, members: &Members<'_>) -> Result<bool, GraphError> {
        let format = self.format;
        let is_new = match word(members.required("type")?, &TYPES)? {
            "HEADER" => self.header.replace(Header::read(members, format)?).is_none(),
            "BODY" => self.body.replace(Body::read(members, format)?).is_none(),
            "FOOTER" => self.footer.replace(Footer::read(members)?).is_none(),
            "BUTTONS" => {
                let buttons = Button::read_all(members)?;
                let is_new = self.buttons.is_empty();
                self.buttons = buttons;
                is_new
            }
            "CAROUSEL" => {
                members.only(&["type", "cards"])?;
                let is_new = self.cards.is_empty();
                self.cards = Card::read_all(members, format)?;
                is_new
            }
            _ => self.offer.replace(Offer::read(members)?).is_none(),
        };
        Ok(is_new)
    }

    fn written(&self) -> impl Iterator<Item = Written<'_>> {
        let header = self.header.as_ref().map(|header| header.written(self.format));
        let offer = self.offer.as_ref();
        let offer = offer
            .map(|offer| Written { limited_time_offer: json(offer), ..Written::of("LIMITED_TIME_OFFER") });
        let body = self.body.as_ref().map(|body| body.written(self.format));
        let footer = self.footer.as_ref().map(Footer::written);
        let buttons = (!self.buttons.is_empty())
            .then(|| Written { buttons: json(&self.buttons), ..Written::of("BUTTONS") });
        let cards =
            (!self.cards.is_empty()).then(|| Written { cards: json(&self.cards), ..Written::of("CAROUSEL") });
        [header, offer, body, footer, buttons, cards].into_iter().flatten()
    }
}

impl Serialize for Components {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for component in self.written() {
            list.serialize_element(&component)?;
        }
        list.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Params;
    use crate::templates::anywhere::put_anywhere;
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    /// Of every kind of component and button one.
    fn every_kind() -> [(Format, Json); 4] {
        let buttons = json!([
            { "type": "QUICK_REPLY", "text": "Yes" },
            { "type": "URL", "text": "Go", "url": "https://x.test/{{1}}", "example": ["a"] },
            { "type": "PHONE_NUMBER", "text": "Call", "phone_number": "+15550001111" },
            { "type": "COPY_CODE", "example": ["25OFF"] },
            { "type": "OTP", "text": "Copy", "otp_type": "ZERO_TAP", "autofill_text": "Fill",
              "supported_apps": [{ "package_name": "test.shop", "signature_hash": "K8a" }], "zero_tap_terms_accepted": true },
            { "type": "CATALOG", "text": "All" },
            { "type": "MPM", "text": "Some" },
            { "type": "SPM", "text": "One" },
            { "type": "VOICE_CALL", "text": "Talk" },
        ]);
        let more = json!([
            { "type": "FLOW", "text": "Begin", "flow_id": "7", "flow_action": "navigate", "navigate_screen": "A" },
            { "type": "ORDER_DETAILS", "text": "Pay" },
        ]);
        let card = json!({ "components": [
            { "type": "HEADER", "format": "IMAGE", "example": { "header_handle": ["4::x"] } },
            { "type": "BODY", "text": "A card of {{1}}.", "example": { "body_text": [["x"]] } },
            { "type": "BUTTONS", "buttons": [{ "type": "QUICK_REPLY", "text": "Yes" }] },
        ] });
        [
            (
                Format::Positional,
                json!([
                    { "type": "HEADER", "format": "TEXT", "text": "Our {{1}}", "example": { "header_text": ["x"] } },
                    { "type": "LIMITED_TIME_OFFER", "limited_time_offer": { "text": "Soon over", "has_expiration": true } },
                    { "type": "BODY", "text": "Hi {{1}}.", "example": { "body_text": [["x"]] } },
                    { "type": "FOOTER", "text": "Bye" },
                    { "type": "BUTTONS", "buttons": buttons },
                ]),
            ),
            (
                Format::Named,
                json!([
                    { "type": "HEADER", "format": "LOCATION" },
                    { "type": "BODY", "text": "Hi {{name}}.",
                      "example": { "body_text_named_params": [{ "param_name": "name", "example": "x" }] } },
                    { "type": "BUTTONS", "buttons": more },
                ]),
            ),
            (
                Format::Positional,
                json!([
                    { "type": "BODY", "add_security_recommendation": true },
                    { "type": "FOOTER", "code_expiration_minutes": 10 },
                ]),
            ),
            (
                Format::Positional,
                json!([{ "type": "BODY", "text": "See." }, { "type": "CAROUSEL", "cards": [card, card] }]),
            ),
        ]
    }

    #[test]
    fn components_of_every_kind_are_written_as_they_were_read() {
        for (format, json) in every_kind() {
            let read = Components::from_json(&json.to_string(), format).unwrap();
            let written = read.to_json();
            assert_eq!(serde_json::from_str::<Json>(&written).unwrap(), json);
            assert_eq!(Components::from_json(&written, format), Some(read));
        }
    }

    #[test]
    fn words_may_be_in_any_case_and_examples_in_any_shape() {
        let read = |json: Json| Components::from_json(&json.to_string(), Format::Positional).unwrap();
        let usual = json!([
            { "type": "HEADER", "format": "TEXT", "text": "A {{1}} b", "example": { "header_text": ["x"] } },
            { "type": "BODY", "text": "A {{1}} b", "example": { "body_text": [["x"]] } },
            { "type": "BUTTONS", "buttons": [{ "type": "COPY_CODE", "example": ["x"] }] },
        ]);
        let other = json!([
            { "type": "buttons", "buttons": [{ "type": "copy_code", "example": "x" }] },
            { "type": "header", "format": "text", "text": "A {{1}} b", "example": { "header_text": "x" } },
            { "type": "Body", "text": "A {{1}} b", "example": { "body_text": ["x"] } },
        ]);
        assert_eq!(read(usual), read(other));
    }

    proptest! {
        /// Wrong types in every place: an error that says where, or something that can be written; no panic.
        #[test]
        fn no_components_panic(
            of in 0..4_usize,
            at in any::<prop::sample::Index>(),
            value in "null|true|-1|1e9|\"x\"|\"\\{\\{1\"|\"\\{\\{9\\}\\}\"|\\[\\]|\\{\\}|\\[\\[\\]\\]|\"[1]\"|\\[null\\]|\"\"",
        ) {
            let (format, mut json) = every_kind()[of].clone();
            put_anywhere(&mut json, &at, &value);
            let body = json!({ "name": "a", "language": "en", "category": "MARKETING", "components": json }).to_string();
            let params = Params::parse("", None, body.as_bytes()).ok().unwrap();
            if let Ok(create) = crate::templates::Create::parse(&params) {
                let components = &create.definition.components;
                let again = Components::from_json(&components.to_json(), Format::Positional);
                prop_assert_eq!(again.as_ref(), Some(components));
            }
            let _ = Components::from_json(&json.to_string(), format);
        }
    }
}
