//! Every kind of message in words, as a terminal can show it. What others wrote is in them as it is: whoever prints them sees
//! to it that they stay words.

use content::kinds::{
    Answer, Carousel, ContactCard, Forwarded, Header, Interactive, Media, MediaKind, Order, Template,
    TemplateButton, answer::Answer as Chosen, card, header, interactive,
};
use content::{Body, Context};

/// What a message is about, before what it says.
pub(super) fn about(context: &Context) -> String {
    let name = context.sender_name.as_ref().map(|name| format!("~{} ", name.as_str())).unwrap_or_default();
    let forwarded = match context.forwarded {
        Forwarded::Written => "",
        Forwarded::Once => "(forwarded) ",
        Forwarded::Often => "(forwarded many times) ",
    };
    let quoted = context.quoted.as_ref().map(|id| format!("(to {}) ", id.as_str())).unwrap_or_default();
    let product = context.product.as_ref().map(|product| format!("(about {}) ", product.retailer_id));
    format!("{name}{forwarded}{quoted}{}", product.unwrap_or_default())
}

/// What a message says.
pub(super) fn words(body: &Body) -> String {
    match body {
        Body::Text(text) => text.body.clone(),
        Body::Media(media) => of_media(media),
        Body::Location(place) => {
            let told = [&*place.name, &*place.address, &*place.url];
            format!("[location {},{}]{}", place.latitude, place.longitude, joined(&told))
        }
        Body::Contacts(contacts) => {
            let cards: Vec<_> = contacts.cards.iter().map(of_card).collect();
            format!("[contacts] {}", cards.join("; "))
        }
        Body::Reaction(reaction) if reaction.emoji.is_empty() => {
            format!("[no reaction any more to {}]", reaction.target.as_str())
        }
        Body::Reaction(reaction) => format!("[{} to {}]", reaction.emoji, reaction.target.as_str()),
        Body::Interactive(interactive) => of_interactive(interactive),
        Body::Template(template) => of_template(template),
        Body::Order(order) => of_order(order),
        Body::Answer(answer) => of_answer(answer),
        Body::RequestWelcome => "[opened the conversation]".to_owned(),
        Body::NumberChanged(changed) => format!("[has another number: {}]", changed.number),
        Body::Unsupported(unsupported) => {
            format!("[a message that this app can't show{}]", joined(&[&unsupported.kind]))
        }
        Body::Read(_) | Body::Typing => format!("[{}]", body.kind()),
    }
}

/// Those that say something, each after a space.
fn joined(texts: &[&str]) -> String {
    texts.iter().filter(|text| !text.is_empty()).map(|text| format!(" {text}")).collect()
}

fn of_media(media: &Media) -> String {
    let kind = match media.kind() {
        MediaKind::Image => "image",
        MediaKind::Video => "video",
        MediaKind::Audio if media.voice => "voice message",
        MediaKind::Audio => "audio",
        MediaKind::Document => "document",
        MediaKind::Sticker => "sticker",
        MediaKind::Unspecified => "media",
    };
    let size = media.blob.as_ref().map(|blob| format!(", {} bytes", blob.size)).unwrap_or_default();
    format!("[{kind} {}{size}]{}", media.mime_type, joined(&[&media.filename, &media.caption]))
}

fn of_card(card: &ContactCard) -> String {
    let name = card.name.as_ref().map(|name| name.formatted_name.as_str()).unwrap_or_default();
    let phones = card.phones.iter().map(|phone| phone.phone.as_str());
    let others = card.emails.iter().map(|email| email.email.as_str());
    let all: Vec<_> = phones.chain(others).chain(card.urls.iter().map(|url| url.url.as_str())).collect();
    format!("{name}{}", joined(&all))
}

fn of_header(header: Option<&Header>) -> String {
    match header.and_then(|header| header.header.as_ref()) {
        Some(header::Header::Text(text)) => format!("{}{}\n", text.text, joined(&[&text.sub_text])),
        Some(header::Header::Media(media)) => format!("{}\n", of_media(media)),
        Some(header::Header::Location(place)) => format!("{}\n", words(&Body::Location(place.clone()))),
        Some(header::Header::Product(product)) => format!("[product {}]\n", product.retailer_id),
        None => String::new(),
    }
}

fn of_interactive(interactive: &Interactive) -> String {
    let Interactive { header, body, footer, action } = interactive;
    let action = action.as_ref().map(of_action).unwrap_or_default();
    let footer = if footer.is_empty() { String::new() } else { format!("\n{footer}") };
    format!("{}{body}{footer}{action}", of_header(header.as_ref()))
}

/// What there is to choose, with what `/button` and `/row` call it.
fn of_action(action: &interactive::Action) -> String {
    match action {
        interactive::Action::Buttons(buttons) => {
            let buttons = buttons.buttons.iter();
            buttons.map(|button| format!("\n[button {}: {}]", button.id, button.title)).collect()
        }
        interactive::Action::List(list) => {
            let rows = list.sections.iter().flat_map(|section| &section.rows);
            let rows =
                rows.map(|row| format!("\n[row {}: {}{}]", row.id, row.title, joined(&[&row.description])));
            format!("\n[{}]{}", list.button, rows.collect::<String>())
        }
        interactive::Action::Product(product) => format!("\n[product {}]", product.retailer_id),
        interactive::Action::ProductList(list) => {
            let ids = list.sections.iter().flat_map(|section| &section.retailer_ids);
            ids.map(|id| format!("\n[product {id}]")).collect()
        }
        interactive::Action::Carousel(Carousel { cards }) => {
            let cards = cards.iter().map(|card| {
                let action = match &card.action {
                    Some(card::Action::Buttons(buttons)) => {
                        of_action(&interactive::Action::Buttons(buttons.clone()))
                    }
                    Some(card::Action::Product(product)) => format!("\n[product {}]", product.retailer_id),
                    Some(card::Action::Native(native)) => {
                        format!("\n[{}] {}", native.name, native.parameters)
                    }
                    None => String::new(),
                };
                format!("\n[card]\n{}{}{action}", of_header(card.header.as_ref()), card.body)
            });
            cards.collect()
        }
        interactive::Action::Native(native) => {
            format!("\n[{}]{}", native.name, joined(&[&native.parameters]))
        }
    }
}

fn of_template(template: &Template) -> String {
    let footer = if template.footer.is_empty() { String::new() } else { format!("\n{}", template.footer) };
    let buttons = of_template_buttons(&template.buttons);
    let cards = template.cards.iter().map(|card| {
        let buttons = of_template_buttons(&card.buttons);
        format!("\n[card]\n{}{}{buttons}", of_header(card.header.as_ref()), card.body)
    });
    let cards: String = cards.collect();
    format!("{}{}{footer}{buttons}{cards}", of_header(template.header.as_ref()), template.body)
}

fn of_template_buttons(buttons: &[TemplateButton]) -> String {
    let buttons = buttons.iter();
    buttons.map(|button| format!("\n[{} {}: {}]", button.kind, button.value, button.text)).collect()
}

fn of_order(order: &Order) -> String {
    let items = order.items.iter().map(|item| {
        format!(" {} x {} at {} {};", item.quantity, item.retailer_id, item.item_price, item.currency)
    });
    format!("[order]{} {}", items.collect::<String>(), order.text)
}

fn of_answer(answer: &Answer) -> String {
    match &answer.answer {
        Some(Chosen::Button(button)) => format!("[chose {}: {}]", button.id, button.title),
        Some(Chosen::Row(row)) => format!("[chose {}: {}]", row.id, row.title),
        Some(Chosen::Template(template)) => format!("[chose {}: {}]", template.payload, template.text),
        Some(Chosen::Flow(flow)) => format!("[filled in {}] {}", flow.name, flow.response),
        None => "[chose nothing]".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use content::kinds::{Button, Buttons, ContactName, List, ListRow, ListSection, Location};
    use content::kinds::{Contacts, NumberChanged, Unsupported};
    use content::{MessageId, Reaction};

    fn text(text: &str) -> String {
        text.to_owned()
    }

    #[test]
    fn every_kind_is_shown_in_words() {
        let target: MessageId = "AB12".parse().unwrap();
        let name = ContactName { formatted_name: text("Ada"), ..ContactName::default() };
        let buttons = Buttons { buttons: vec![Button { id: text("y"), title: text("Yes") }] };
        let rows = vec![ListRow { id: text("r"), title: text("One"), description: text("first") }];
        let list = List { button: text("Open"), sections: vec![ListSection { title: text("A"), rows }] };
        let interactive = |action| {
            let (body, action) = (text("Pick"), Some(action));
            Body::Interactive(Box::new(Interactive { body, action, ..Interactive::default() }))
        };
        let quick = TemplateButton { kind: text("QUICK_REPLY"), text: text("Stop"), value: text("stop") };
        let template = Template { body: text("Hello"), buttons: vec![quick], ..Template::default() };
        let media = Media {
            kind: MediaKind::Document.into(),
            mime_type: text("text/plain"),
            filename: text("a.txt"),
            ..Media::default()
        };
        let place = Location { latitude: 1.5, longitude: -2.0, name: text("Here"), ..Location::default() };
        let cards = vec![ContactCard { name: Some(name), ..ContactCard::default() }];
        for (body, shown) in [
            (Body::text("hi"), "hi"),
            (Body::Media(media.into()), "[document text/plain] a.txt"),
            (Body::Location(place), "[location 1.5,-2] Here"),
            (Body::Contacts(Contacts { cards }), "[contacts] Ada"),
            (Body::Reaction(Reaction { target: target.clone(), emoji: text("😀") }), "[😀 to AB12]"),
            (Body::Reaction(Reaction { target, emoji: text("") }), "[no reaction any more to AB12]"),
            (interactive(interactive::Action::Buttons(buttons)), "Pick\n[button y: Yes]"),
            (interactive(interactive::Action::List(list)), "Pick\n[Open]\n[row r: One first]"),
            (Body::Template(template.into()), "Hello\n[QUICK_REPLY stop: Stop]"),
            (Body::RequestWelcome, "[opened the conversation]"),
            (Body::NumberChanged(NumberChanged { number: text("49") }), "[has another number: 49]"),
            (
                Body::Unsupported(Unsupported { kind: text("poll") }),
                "[a message that this app can't show poll]",
            ),
        ] {
            assert_eq!(words(&body), shown);
        }
    }
}
