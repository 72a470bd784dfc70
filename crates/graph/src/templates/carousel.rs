//! Cards beside each other.

use crate::error::GraphError;
use crate::reading::{Members, Param};
use crate::templates::errors::Part;
use crate::templates::written::{Written, json};
use crate::templates::{Body, Button, Format, Header, word};
use serde::ser::{Serialize, SerializeStruct, Serializer};

/// More cards than that no message has.
const MOST: usize = 10;

const TYPES: [&str; 3] = ["HEADER", "BODY", "BUTTONS"];

/// One card of a carousel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// A file or a product.
    pub header: Option<Header>,
    /// Its text.
    pub body: Option<Body>,
    /// What can be tapped on it.
    pub buttons: Vec<Button>,
    format: Format,
}

impl Card {
    pub(crate) fn read_all(members: &Members<'_>, format: Format) -> Result<Vec<Self>, GraphError> {
        let cards = members.get("cards").ok_or_else(|| Part::Carousel.missing("cards"))?;
        let mut all = Vec::new();
        for card in cards.items()?.iter() {
            let card = card.object(&["components"])?;
            all.push(Self::read(card.required("components")?, format)?);
            if all.len() > MOST {
                return Err(Part::Carousel.format("can have at most 10 cards"));
            }
        }
        Ok(all)
    }

    fn read(components: Param<'_>, format: Format) -> Result<Self, GraphError> {
        let mut card = Self { header: None, body: None, buttons: Vec::new(), format };
        for component in components.items()?.iter() {
            let members = component.any_object()?;
            let is_new = match word(members.required("type")?, &TYPES)? {
                "HEADER" => card.header.replace(Header::read(&members, format)?).is_none(),
                "BODY" => card.body.replace(Body::read(&members, format)?).is_none(),
                _ => {
                    let is_new = card.buttons.is_empty();
                    card.buttons = Button::read_all(&members)?;
                    is_new
                }
            };
            if !is_new {
                return Err(Part::Carousel.format("can have each component once in a card"));
            }
        }
        Ok(card)
    }
}

impl Serialize for Card {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let header = self.header.as_ref().map(|header| header.written(self.format));
        let body = self.body.as_ref().map(|body| body.written(self.format));
        let buttons = (!self.buttons.is_empty())
            .then(|| Written { buttons: json(&self.buttons), ..Written::of("BUTTONS") });
        let components: Vec<_> = [header, body, buttons].into_iter().flatten().collect();
        let mut card = serializer.serialize_struct("Card", 1)?;
        card.serialize_field("components", &components)?;
        card.end()
    }
}
