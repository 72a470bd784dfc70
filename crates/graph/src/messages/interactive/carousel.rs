//! Cards to go through.

use super::header::Header;
use super::{Product, link};
use crate::error::GraphError;
use crate::reading::Param;
use crate::rules::{Json, Readable, Rule, integer, list, not_valid, object, text};
use crate::table::object;

/// The most characters in the body of a card.
const BODY: usize = 160;

/// The most line breaks in it.
const BREAKS: usize = 2;

object! {
    /// Two to ten cards, all of one type.
    pub struct Carousel {
        /// In the order of their indices, which count from 0.
        cards: Vec<Card> = required list(2..=10, object()),
    }
    check Carousel::check
}

/// A card.
#[derive(Clone, PartialEq)]
pub struct Card {
    /// Its place.
    pub card_index: u64,
    /// A picture or a video; a product has its own.
    pub header: Option<Header>,
    /// What it says; empty if it says nothing.
    pub body: String,
    /// What can be done with it.
    pub action: CardAction,
}

/// What can be done with a card.
#[derive(Clone, PartialEq)]
pub enum CardAction {
    /// Open a web site.
    Link(Json<link::Link>),
    /// Look at a product.
    Product(Product),
}

object! {
    struct LinkCard where "type" = "cta_url" {
        card_index: u64 = required integer(0..=9),
        header: Header = required Above,
        body: Option<Body> = optional object(),
        action: link::Action = required object(),
    }
}

object! {
    struct ProductCard where "type" = "product" {
        card_index: u64 = required integer(0..=9),
        header: Option<Header> = optional Above,
        body: Option<Body> = optional object(),
        action: Product = required object(),
    }
}

object! {
    struct Body {
        text: String = required text(1..=BODY).form("a text of at most three lines", has_few_breaks),
    }
}

/// What can be above a card.
struct Above;

const ABOVE: &[&str] = &["image", "video"];

impl Rule for Above {
    type Read = Header;

    fn read(&self, param: Param<'_>) -> Result<Header, GraphError> {
        Header::read(param, ABOVE)
    }

    #[cfg(test)]
    fn shape(&self) -> crate::shape::Shape {
        Header::shape(ABOVE)
    }
}

impl Readable for Card {
    fn read(param: Param<'_>) -> Result<Self, GraphError> {
        let text = |body: Option<Body>| body.map(|body| body.text).unwrap_or_default();
        Ok(match param.tag("type", &["cta_url", "product"])? {
            "product" => {
                let ProductCard { card_index, header, body, action } = Readable::read(param)?;
                Self { card_index, header, body: text(body), action: CardAction::Product(action) }
            }
            _ => {
                let LinkCard { card_index, header, body, action } = Readable::read(param)?;
                let action = CardAction::Link(action.parameters);
                Self { card_index, header: Some(header), body: text(body), action }
            }
        })
    }

    #[cfg(test)]
    fn shape() -> crate::shape::Shape {
        crate::shape::Shape::Either(vec![LinkCard::shape(), ProductCard::shape()])
    }
}

impl Carousel {
    fn check(&self, param: Param<'_>) -> Result<(), GraphError> {
        let refused = |why| Err(not_valid(format!("Param {}: {why}", param.path())));
        if !(0..).zip(&self.cards).all(|(index, card)| index == card.card_index) {
            return refused("card_index must count from 0.");
        }
        let Some(first) = self.cards.first() else { return Ok(()) };
        let looks = |card: &Card| (std::mem::discriminant(&card.action), card.header_kind());
        if self.cards.iter().any(|card| looks(card) != looks(first)) {
            return refused("all cards must have the same type, and headers of the same type.");
        }
        let catalog = |card: &Card| match &card.action {
            CardAction::Product(product) => Some(product.catalog_id.clone()),
            CardAction::Link(_) => None,
        };
        if self.cards.iter().any(|card| catalog(card) != catalog(first)) {
            return refused("all products must be of the same catalogue.");
        }
        Ok(())
    }
}

impl Card {
    fn header_kind(&self) -> Option<crate::messages::media::MediaKind> {
        match &self.header {
            Some(Header::Media(media)) => Some(media.kind),
            _ => None,
        }
    }
}

impl std::fmt::Debug for Card {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Card(…)")
    }
}

fn has_few_breaks(text: &str) -> bool {
    text.matches('\n').count() <= BREAKS
}
