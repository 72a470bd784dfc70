//! Cards beside each other.

use crate::error::GraphError;
use crate::reading::Members;
use crate::templates::components::{Body, Components};
use crate::templates::errors::Part;
use crate::templates::{Button, Format, Header};
use serde::ser::{Serialize, SerializeStruct, Serializer};

/// More cards than that no message has.
const MOST: usize = 10;

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
            let of = Components::read(card.required("components")?, format)?;
            if of.footer.is_some() || of.offer.is_some() || !of.cards.is_empty() {
                return Err(Part::Carousel.format("can have a header, a body and buttons in each card"));
            }
            all.push(Self { header: of.header, body: of.body, buttons: of.buttons, format });
            if all.len() > MOST {
                return Err(Part::Carousel.format("can have at most 10 cards"));
            }
        }
        Ok(all)
    }
}

impl Serialize for Card {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let components = Components {
            header: self.header.clone(),
            body: self.body.clone(),
            buttons: self.buttons.clone(),
            format: self.format,
            ..Components::default()
        };
        let mut card = serializer.serialize_struct("Card", 1)?;
        card.serialize_field("components", &components)?;
        card.end()
    }
}
