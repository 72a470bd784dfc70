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
