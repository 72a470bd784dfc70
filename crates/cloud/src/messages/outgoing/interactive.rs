//! Messages with something to choose or to press.

use crate::media::Attaching;
use content::kinds::{self, card, header, interactive};
use graph::messages::interactive::{
    Action, Buttons, Card, CardAction, Carousel, Header, Interactive, List, Product, ProductList,
    ProductSection, Row, Section,
};
use graph::{GraphError, codes};
use kernel::Time;
use std::time::Duration;

/// For how long an order must be open.
const SHORTEST_OFFER: Duration = Duration::from_secs(300);

/// What of it travels: what the app has a screen of its own for, as the request had it.
pub(super) fn of(message: Interactive, media: &mut Attaching<'_>) -> Result<kinds::Interactive, GraphError> {
    let Interactive { header, body, footer, action } = message;
    let header = header.map(|header| of_header(header, media)).transpose()?;
    Ok(kinds::Interactive { header, body, footer, action: Some(of_action(action, media)?) })
}

/// An order that can be paid until some time can be so for five minutes at least (Cloud API documentation, "Payments API").
///
/// # Errors
/// This one can't.
pub(super) fn in_time(message: &Interactive, now: Time) -> Result<(), GraphError> {
    let Action::OrderDetails(order) = &message.action else { return Ok(()) };
    match &order.value.order.expiration {
        Some(expiration) if Time::from_secs(expiration.timestamp) < now + SHORTEST_OFFER => {
            let details = "Param order['expiration']['timestamp'] must be at least 300 seconds from now.";
            Err(GraphError::whatsapp(codes::NOT_VALID, details))
        }
        _ => Ok(()),
    }
}

/// True of what only apps in India have a screen for.
pub(super) fn needs_india(message: &Interactive) -> bool {
    matches!(message.action, Action::Address(_))
}

fn of_action(action: Action, media: &mut Attaching<'_>) -> Result<interactive::Action, GraphError> {
    use interactive::Action as Travels;
    let own = |name, parameters| Travels::Native(native(name, parameters));
    Ok(match action {
        Action::Buttons(of) => Travels::Buttons(buttons(of)),
        Action::List(of) => Travels::List(list(of)),
        Action::Product(of) => Travels::Product(product(of)),
        Action::ProductList(of) => Travels::ProductList(products(of)),
        Action::Carousel(of) => Travels::Carousel(carousel(of, media)?),
        Action::Link(link) => own("cta_url", link.text),
        Action::Catalog(catalog) => {
            own("catalog_message", catalog.map_or_else(nothing, |catalog| catalog.text))
        }
        Action::Flow(flow) => own("flow", flow.text),
        Action::LocationRequest => own("send_location", nothing()),
        Action::Address(address) => own("address_message", address.text),
        Action::OrderDetails(order) => own("review_and_pay", order.text),
        Action::OrderStatus(status) => own("review_order", status.text),
    })
}

/// The parameters of an action that has none.
fn nothing() -> String {
    "{}".to_owned()
}

fn native(name: &str, parameters: String) -> kinds::Native {
    kinds::Native { name: name.to_owned(), parameters }
}

fn of_header(above: Header, media: &mut Attaching<'_>) -> Result<kinds::Header, GraphError> {
    let header = match above {
        Header::Text(text) => {
            header::Header::Text(kinds::HeaderText { text: text.text, sub_text: text.sub_text })
        }
        Header::Media(above) => header::Header::Media(media.attach(&above)?),
    };
    Ok(kinds::Header { header: Some(header) })
}

fn buttons(buttons: Buttons) -> kinds::Buttons {
    let replies = buttons.buttons.into_iter().map(|button| button.reply);
    let buttons = replies.map(|reply| kinds::Button { id: reply.id, title: reply.title });
    kinds::Buttons { buttons: buttons.collect() }
}

fn list(list: List) -> kinds::List {
    let row = |row: Row| kinds::ListRow { id: row.id, title: row.title, description: row.description };
    let section = |section: Section| kinds::ListSection {
        title: section.title,
        rows: section.rows.into_iter().map(row).collect(),
    };
    kinds::List { button: list.button, sections: list.sections.into_iter().map(section).collect() }
}

fn product(product: Product) -> kinds::Product {
    kinds::Product { catalog_id: product.catalog_id, retailer_id: product.product_retailer_id }
}

fn products(list: ProductList) -> kinds::ProductList {
    let section = |section: ProductSection| {
        let items = section.product_items.into_iter();
        kinds::ProductSection {
            title: section.title,
            retailer_ids: items.map(|item| item.product_retailer_id).collect(),
        }
    };
    kinds::ProductList {
        catalog_id: list.catalog_id,
        sections: list.sections.into_iter().map(section).collect(),
    }
}

fn carousel(carousel: Carousel, media: &mut Attaching<'_>) -> Result<kinds::Carousel, GraphError> {
    let mut card = |card: Card| {
        let action = match card.action {
            CardAction::Link(link) => card::Action::Native(native("cta_url", link.text)),
            CardAction::Product(of) => card::Action::Product(product(of)),
        };
        let header = card.header.map(|header| of_header(header, media)).transpose()?;
        Ok(kinds::Card { header, body: card.body, action: Some(action) })
    };
    Ok(kinds::Carousel {
        cards: carousel.cards.into_iter().map(&mut card).collect::<Result<_, GraphError>>()?,
    })
}
