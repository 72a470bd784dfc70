//! What an app shows, as JSON: what a person sent in the shape of the webhooks, what a business sent in the shape of its
//! request.

use crate::told;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use content::Body;
use content::kinds::{self, MediaKind, answer, card, header, interactive};
use serde_json::{Map, Value, json};

/// The type of a message, and the member of that name.
pub(crate) fn shape(body: &Body, wamid_of: impl Fn(&content::MessageId) -> String) -> (&'static str, Value) {
    match body {
        Body::Text(text) => ("text", with(json!({ "body": text.body }), "preview_url", text.preview_url)),
        Body::Media(media) => (media_kind(media.kind()), media_shape(media)),
        Body::Location(location) => ("location", location_shape(location)),
        Body::Contacts(contacts) => ("contacts", contacts.cards.iter().map(card_shape).collect()),
        Body::Reaction(reaction) => (
            "reaction",
            with(json!({ "message_id": wamid_of(&reaction.target) }), "emoji", reaction.emoji.as_str()),
        ),
        Body::Interactive(interactive) => ("interactive", interactive_shape(interactive)),
        Body::Template(template) => ("template", template_shape(template)),
        Body::Order(order) => ("order", order_shape(order)),
        Body::Answer(answer) => answer_shape(answer),
        Body::RequestWelcome => ("request_welcome", json!({})),
        Body::NumberChanged(changed) => {
            ("system", json!({ "type": "user_changed_number", "wa_id": changed.number }))
        }
        Body::Unsupported(unsupported) => ("unsupported", json!({ "type": unsupported.kind })),
        Body::Read(_) | Body::Typing => ("unsupported", json!({})),
    }
}

fn media_kind(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Video => "video",
        MediaKind::Audio => "audio",
        MediaKind::Document => "document",
        MediaKind::Sticker => "sticker",
        MediaKind::Image | MediaKind::Unspecified => "image",
    }
}

fn media_shape(media: &kinds::Media) -> Value {
    let mut shape = json!({ "mime_type": media.mime_type });
    if let Some(blob) = &media.blob {
        shape = with(shape, "sha256", STANDARD.encode(&blob.sha256));
        shape = with(shape, "file_size", blob.size);
    }
    let shape = with(shape, "caption", media.caption.as_str());
    let shape = with(shape, "filename", media.filename.as_str());
    match media.kind() {
        MediaKind::Audio => set(shape, "voice", media.voice),
        MediaKind::Sticker => set(shape, "animated", media.animated),
        _ => shape,
    }
}

fn location_shape(location: &kinds::Location) -> Value {
    let shape = json!({ "latitude": location.latitude, "longitude": location.longitude });
    let shape = with(shape, "name", location.name.as_str());
    let shape = with(shape, "address", location.address.as_str());
    with(shape, "url", location.url.as_str())
}

fn card_shape(card: &kinds::ContactCard) -> Value {
    fn all<'a, T: From<&'a P> + serde::Serialize, P>(parts: &'a [P]) -> Value {
        parts.iter().map(|part| serde_json::to_value(T::from(part)).unwrap_or_default()).collect()
    }
    let one = |part: Option<Value>| part.unwrap_or_default();
    let name = card.name.as_ref().map(|name| json!(told::Name::from(name)));
    let shape = json!({ "name": one(name) });
    let shape = with(shape, "phones", all::<told::Phone, _>(&card.phones));
    let shape = with(shape, "emails", all::<told::Email, _>(&card.emails));
    let shape = with(shape, "urls", all::<told::Url, _>(&card.urls));
    let shape = with(shape, "addresses", all::<told::PostalAddress, _>(&card.addresses));
    let organisation = card.organisation.as_ref().map(|of| json!(told::Organisation::from(of)));
    let shape = with(shape, "org", one(organisation));
    with(shape, "birthday", card.birthday.as_str())
}

fn interactive_shape(interactive: &kinds::Interactive) -> Value {
    let (kind, action) = action_shape(interactive);
    let mut shape = json!({ "type": kind });
    shape = with(shape, "header", header_shape(interactive.header.as_ref()));
    shape = with(shape, "body", worded(&interactive.body));
    shape = with(shape, "footer", worded(&interactive.footer));
    set(shape, "action", action)
}

fn action_shape(interactive: &kinds::Interactive) -> (String, Value) {
    let Some(action) = &interactive.action else { return ("button".into(), json!({})) };
    match action {
        interactive::Action::Buttons(buttons) => {
            ("button".into(), json!({ "buttons": buttons_shape(buttons) }))
        }
        interactive::Action::List(list) => {
            let rows = |row: &kinds::ListRow| {
                with(json!({ "id": row.id, "title": row.title }), "description", row.description.as_str())
            };
            let section = |section: &kinds::ListSection| {
                let shape = with(json!({}), "title", section.title.as_str());
                set(shape, "rows", section.rows.iter().map(rows).collect::<Value>())
            };
            let sections: Value = list.sections.iter().map(section).collect();
            ("list".into(), json!({ "button": list.button, "sections": sections }))
        }
        interactive::Action::Product(product) => ("product".into(), product_shape(product)),
        interactive::Action::ProductList(list) => {
            let section = |section: &kinds::ProductSection| {
                let items = section.retailer_ids.iter().map(|id| json!({ "product_retailer_id": id }));
                let shape = with(json!({}), "title", section.title.as_str());
                set(shape, "product_items", items.collect::<Value>())
            };
            let sections: Value = list.sections.iter().map(section).collect();
            ("product_list".into(), json!({ "catalog_id": list.catalog_id, "sections": sections }))
        }
        interactive::Action::Carousel(carousel) => {
            let card = |(index, card): (usize, &kinds::Card)| carousel_card(index, card);
            let cards: Value = carousel.cards.iter().enumerate().map(card).collect();
            ("carousel".into(), json!({ "cards": cards }))
        }
        interactive::Action::Native(native) => (native_kind(&native.name), native_shape(native)),
    }
}

/// The type of a message whose action has a screen of its own.
fn native_kind(name: &str) -> String {
    match name {
        "send_location" => "location_request_message".into(),
        "review_and_pay" => "order_details".into(),
        "review_order" => "order_status".into(),
        other => other.into(),
    }
}

fn native_shape(native: &kinds::Native) -> Value {
    let parameters: Value = serde_json::from_str(&native.parameters).unwrap_or_default();
    with(json!({ "name": native.name }), "parameters", parameters)
}

fn carousel_card(index: usize, of: &kinds::Card) -> Value {
    let (kind, action) = match &of.action {
        Some(card::Action::Buttons(buttons)) => ("button", json!({ "buttons": buttons_shape(buttons) })),
        Some(card::Action::Product(product)) => ("product", product_shape(product)),
        Some(card::Action::Native(native)) => ("cta_url", native_shape(native)),
        None => ("button", json!({})),
    };
    let shape = json!({ "card_index": index, "type": kind });
    let shape = with(shape, "header", header_shape(of.header.as_ref()));
    let shape = with(shape, "body", worded(&of.body));
    set(shape, "action", action)
}

fn buttons_shape(buttons: &kinds::Buttons) -> Value {
    let button = |of: &kinds::Button| json!({ "type": "reply", "reply": { "id": of.id, "title": of.title } });
    buttons.buttons.iter().map(button).collect()
}

fn product_shape(product: &kinds::Product) -> Value {
    json!({ "catalog_id": product.catalog_id, "product_retailer_id": product.retailer_id })
}

fn header_shape(header: Option<&kinds::Header>) -> Value {
    match header.and_then(|header| header.header.as_ref()) {
        None => Value::Null,
        Some(header::Header::Text(text)) => {
            with(json!({ "type": "text", "text": text.text }), "sub_text", text.sub_text.as_str())
        }
        Some(header::Header::Media(media)) => {
            let kind = media_kind(media.kind());
            set(json!({ "type": kind }), kind, media_shape(media))
        }
        Some(header::Header::Location(location)) => {
            json!({ "type": "location", "location": location_shape(location) })
        }
        Some(header::Header::Product(product)) => {
            json!({ "type": "product", "product": product_shape(product) })
        }
    }
}

fn template_shape(template: &kinds::Template) -> Value {
    let components: Value = serde_json::from_str(&template.components).unwrap_or_default();
    let button = |of: &kinds::TemplateButton| {
        with(json!({ "type": of.kind, "text": of.text }), "value", of.value.as_str())
    };
    let card = |of: &kinds::TemplateCard| {
        let shape = with(json!({}), "header", header_shape(of.header.as_ref()));
        let shape = with(shape, "body", of.body.as_str());
        with(shape, "buttons", of.buttons.iter().map(button).collect::<Value>())
    };
    let shown = with(json!({}), "header", header_shape(template.header.as_ref()));
    let shown = with(shown, "body", template.body.as_str());
    let shown = with(shown, "footer", template.footer.as_str());
    let shown = with(shown, "buttons", template.buttons.iter().map(button).collect::<Value>());
    let shown = with(shown, "cards", template.cards.iter().map(card).collect::<Value>());
    let shown = with(shown, "offer_expires_ms", json!(template.offer_expires_ms));
    let shape = json!({ "name": template.name, "language": { "code": template.language } });
    with(with(shape, "components", components), "shown", shown)
}

fn order_shape(order: &kinds::Order) -> Value {
    let item = |item: &kinds::OrderItem| {
        json!({
            "product_retailer_id": item.retailer_id, "quantity": item.quantity, "item_price": item.item_price,
            "currency": item.currency,
        })
    };
    let shape = with(json!({ "catalog_id": order.catalog_id }), "text", order.text.as_str());
    set(shape, "product_items", order.items.iter().map(item).collect::<Value>())
}

fn answer_shape(answer: &kinds::Answer) -> (&'static str, Value) {
    match &answer.answer {
        Some(answer::Answer::Button(button)) => {
            let reply = json!({ "id": button.id, "title": button.title });
            ("interactive", json!({ "type": "button_reply", "button_reply": reply }))
        }
        Some(answer::Answer::Row(row)) => {
            let reply = with(json!({ "id": row.id, "title": row.title }), "description", &*row.description);
            ("interactive", json!({ "type": "list_reply", "list_reply": reply }))
        }
        Some(answer::Answer::Flow(flow)) => {
            let reply = json!({ "name": flow.name, "body": flow.body, "response_json": flow.response });
            ("interactive", json!({ "type": "nfm_reply", "nfm_reply": reply }))
        }
        Some(answer::Answer::Template(chosen)) => {
            ("button", json!({ "payload": chosen.payload, "text": chosen.text }))
        }
        None => ("interactive", json!({})),
    }
}

fn worded(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { json!({ "text": text }) }
}

/// The object with one member more, if that says anything.
fn with(shape: Value, name: &str, value: impl Into<Value>) -> Value {
    let value = value.into();
    let says_nothing = match &value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(true) | Value::Number(_) => false,
    };
    if says_nothing { shape } else { set(shape, name, value) }
}

fn set(shape: Value, name: &str, value: impl Into<Value>) -> Value {
    let mut members = match shape {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    members.insert(name.to_owned(), value.into());
    Value::Object(members)
}
