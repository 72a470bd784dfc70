//! What arrived, in the words of the request that sent it: written down here once more, and the other way round.

use content::Body;
use content::kinds::{self, card, header, interactive};
use graph::Wamid;
use serde_json::{Map, Value, json};

/// The type and the content of a message, without what is empty.
pub(crate) fn as_request(body: &Body, consumer: &str) -> Value {
    let (kind, content) = match body {
        Body::Text(text) => ("text", json!({ "body": text.body, "preview_url": text.preview_url })),
        Body::Location(place) => (
            "location",
            json!({ "latitude": place.latitude, "longitude": place.longitude.to_string(), "name": place.name, "address": place.address }),
        ),
        Body::Contacts(contacts) => ("contacts", contacts.cards.iter().map(contact).collect()),
        Body::Reaction(reaction) => {
            let target = Wamid::received(consumer.parse().unwrap(), reaction.target.as_str());
            ("reaction", json!({ "message_id": target.to_string(), "emoji": reaction.emoji }))
        }
        Body::Interactive(interactive) => ("interactive", of_interactive(interactive)),
        other => panic!("a business sends no {}", other.kind()),
    };
    json!({ "type": kind, (kind): without_empty(content) })
}

fn contact(card: &kinds::ContactCard) -> Value {
    let name = card.name.as_ref().unwrap();
    let phones: Value = card
        .phones
        .iter()
        .map(|it| json!({ "phone": it.phone, "type": it.label, "wa_id": it.wa_id }))
        .collect();
    let emails: Value = card.emails.iter().map(|it| json!({ "email": it.email, "type": it.label })).collect();
    let urls: Value = card.urls.iter().map(|it| json!({ "url": it.url, "type": it.label })).collect();
    let address = |it: &kinds::ContactAddress| {
        json!({
            "street": it.street, "city": it.city, "state": it.state, "zip": it.zip, "country": it.country,
            "country_code": it.country_code, "type": it.label,
        })
    };
    let addresses: Value = card.addresses.iter().map(address).collect();
    let org = card.organisation.as_ref();
    let org = org.map(|it| json!({ "company": it.company, "department": it.department, "title": it.title }));
    json!({
        "name": {
            "formatted_name": name.formatted_name, "first_name": name.first_name, "last_name": name.last_name,
            "middle_name": name.middle_name, "suffix": name.suffix, "prefix": name.prefix,
        },
        "phones": phones, "emails": emails, "urls": urls, "addresses": addresses, "org": org, "birthday": card.birthday,
    })
}

fn of_interactive(it: &kinds::Interactive) -> Value {
    let (kind, action) = match it.action.as_ref().unwrap() {
        interactive::Action::Buttons(buttons) => ("button", of_buttons(buttons)),
        interactive::Action::List(list) => ("list", of_list(list)),
        interactive::Action::Product(product) => ("product", of_product(product)),
        interactive::Action::ProductList(list) => ("product_list", of_products(list)),
        interactive::Action::Carousel(carousel) => ("carousel", of_carousel(carousel)),
        interactive::Action::Native(native) => {
            let kind = match &*native.name {
                "send_location" => "location_request_message",
                "review_and_pay" => "order_details",
                "review_order" => "order_status",
                same => same,
            };
            (kind, of_native(native))
        }
    };
    let header = it.header.as_ref().map(of_header);
    json!({ "type": kind, "header": header, "body": { "text": it.body }, "footer": { "text": it.footer }, "action": action })
}

fn of_header(it: &kinds::Header) -> Value {
    match it.header.as_ref().unwrap() {
        header::Header::Text(text) => json!({ "type": "text", "text": text.text, "sub_text": text.sub_text }),
        _ => panic!("media are another test's"),
    }
}

fn of_buttons(it: &kinds::Buttons) -> Value {
    let buttons = it.buttons.iter();
    let buttons: Value = buttons
        .map(|button| json!({ "type": "reply", "reply": { "id": button.id, "title": button.title } }))
        .collect();
    json!({ "buttons": buttons })
}

fn of_list(it: &kinds::List) -> Value {
    let row =
        |row: &kinds::ListRow| json!({ "id": row.id, "title": row.title, "description": row.description });
    let section = |section: &kinds::ListSection| json!({ "title": section.title, "rows": section.rows.iter().map(row).collect::<Value>() });
    json!({ "button": it.button, "sections": it.sections.iter().map(section).collect::<Value>() })
}

fn of_product(it: &kinds::Product) -> Value {
    json!({ "catalog_id": it.catalog_id, "product_retailer_id": it.retailer_id })
}

fn of_products(it: &kinds::ProductList) -> Value {
    let section = |section: &kinds::ProductSection| {
        let items = section.retailer_ids.iter();
        let items: Value = items.map(|id| json!({ "product_retailer_id": id })).collect();
        json!({ "title": section.title, "product_items": items })
    };
    json!({ "catalog_id": it.catalog_id, "sections": it.sections.iter().map(section).collect::<Value>() })
}

fn of_native(it: &kinds::Native) -> Value {
    let parameters: Value = serde_json::from_str(&it.parameters).unwrap();
    json!({ "name": it.name, "parameters": parameters })
}

fn of_carousel(it: &kinds::Carousel) -> Value {
    let card = |(index, card): (usize, &kinds::Card)| {
        let (kind, action) = match card.action.as_ref().unwrap() {
            card::Action::Native(native) => ("cta_url", of_native(native)),
            card::Action::Product(product) => ("product", of_product(product)),
            card::Action::Buttons(buttons) => ("button", of_buttons(buttons)),
        };
        let header = card.header.as_ref().map(of_header);
        json!({ "card_index": index, "type": kind, "header": header, "body": { "text": card.body }, "action": action })
    };
    json!({ "cards": it.cards.iter().enumerate().map(card).collect::<Value>() })
}

fn without_empty(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.into_iter().map(|(name, value)| (name, without_empty(value)));
            let there = |value: &Value| match value {
                Value::Null => false,
                Value::String(text) => !text.is_empty(),
                Value::Array(items) => !items.is_empty(),
                Value::Object(members) => !members.is_empty(),
                _ => true,
            };
            Value::Object(members.filter(|(_, value)| there(value)).collect::<Map<_, _>>())
        }
        Value::Array(items) => items.into_iter().map(without_empty).collect(),
        other => other,
    }
}
