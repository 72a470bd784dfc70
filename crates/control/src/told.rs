//! What a person is to send, read from JSON: `{"to", "type", TYPE: {…}, "context"?}`.

mod parts;

pub(crate) use parts::*;

use crate::ask::number;
use crate::error::{Error, Outcome};
use content::kinds::{self, answer};
use content::{Body, Context, MessageId};
use graph::Wamid;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::borrow::Cow;
use utoipa::openapi::schema::{
    AdditionalProperties, ArrayBuilder, ObjectBuilder, OneOfBuilder, Schema, Type,
};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};
use wire::Number;

/// A message that a person is to send.
pub(crate) struct ToSend {
    /// To whom.
    pub(crate) to: Number,
    /// The message that it answers.
    pub(crate) context: Context,
    /// What it says.
    pub(crate) said: Said,
}

/// What a message says.
pub(crate) enum Said {
    /// This.
    Body(Body),
    /// A picture, film, recording, file or sticker, whose bytes are not at the relay yet.
    Media(kinds::MediaKind, Media),
}

/// The body of the call.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Message(Map<String, Value>);

/// The message that another answers.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Quoted {
    /// Its wamid.
    #[schema(min_length = 7, max_length = 400)]
    id: String,
}

/// The types, and the schema of the member of that name.
const TYPES: [(&str, &str); 13] = [
    ("text", "Text"),
    ("image", "Media"),
    ("audio", "Media"),
    ("video", "Media"),
    ("document", "Media"),
    ("sticker", "Media"),
    ("location", "Location"),
    ("contacts", "Contact"),
    ("reaction", "Reaction"),
    ("interactive", "Interactive"),
    ("button", "Button"),
    ("order", "Order"),
    ("unsupported", "Unsupported"),
];

impl Message {
    /// What it says.
    pub(crate) fn read(self) -> Outcome<ToSend> {
        let Self(mut members) = self;
        let kind = member::<String>(&mut members, "type")?;
        if !TYPES.iter().any(|(name, _)| *name == kind) {
            let names: Vec<_> = TYPES.iter().map(|(name, _)| *name).collect();
            let message = format!("type is \"{}\"", crate::ask::short(&kind));
            return Err(Error::bad_request(message, format!("it is one of {}", names.join(", "))));
        }
        let to = member::<String>(&mut members, "to")?;
        let to = number(&to).ok_or_else(|| {
            Error::bad_request("to is not a telephone number", "write 7 to 15 digits with country code")
        })?;
        let context = match members.remove("context") {
            None => Context::default(),
            Some(context) => Context::answering(named(&parsed::<Quoted>("context", context)?.id)?),
        };
        let said = said(&kind, member_value(&mut members, &kind)?)?;
        match members.keys().next() {
            None => Ok(ToSend { to, context, said }),
            Some(other) => {
                let message =
                    format!("a message of type {kind} has no member \"{}\"", crate::ask::short(other));
                Err(Error::bad_request(message, "leave it out"))
            }
        }
    }
}

impl PartialSchema for Message {
    fn schema() -> RefOr<Schema> {
        let text = || ObjectBuilder::new().schema_type(Type::String);
        let mut one_of = OneOfBuilder::new().description(Some("A message of a person's, by its type."));
        for (kind, part) in TYPES {
            let part = Ref::from_schema_name(part);
            let object = ObjectBuilder::new()
                .schema_type(Type::Object)
                .property("to", text().pattern(Some("^\\+?[1-9][0-9]{6,14}$")))
                .property("type", text().enum_values(Some([kind])))
                .property("context", Ref::from_schema_name("Quoted"))
                .required("to")
                .required("type")
                .required(kind)
                .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)));
            one_of = one_of.item(match kind {
                "contacts" => object.property(
                    kind,
                    ArrayBuilder::new().items(RefOr::Ref(part)).min_items(Some(1)).max_items(Some(257)),
                ),
                _ => object.property(kind, part),
            });
        }
        one_of.into()
    }
}

impl ToSchema for Message {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Message")
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        macro_rules! with { ($($part:ident)*) => { $(
            schemas.push((<$part as ToSchema>::name().into_owned(), <$part as PartialSchema>::schema()));
            <$part as ToSchema>::schemas(schemas);
        )* } }
        with!(Text Media Location Contact Reaction Interactive Button Order Unsupported Quoted);
    }
}

/// The name of a message, from its wamid.
pub(crate) fn named(wamid: &str) -> Outcome<MessageId> {
    let id = Wamid::parse(wamid).and_then(|wamid| wamid.message_id.parse().ok());
    id.ok_or_else(|| {
        let message = format!("\"{}\" names no message", crate::ask::short(wamid));
        Error::not_found(message, "an id is what GET …/messages and the webhooks have as `id`")
    })
}

fn said(kind: &str, value: Value) -> Outcome<Said> {
    use kinds::MediaKind;
    let media = |of: MediaKind, value| parsed(kind, value).map(|media| Said::Media(of, media));
    let body = match kind {
        "text" => text(parsed(kind, value)?)?,
        "image" => return media(MediaKind::Image, value),
        "audio" => return media(MediaKind::Audio, value),
        "video" => return media(MediaKind::Video, value),
        "document" => return media(MediaKind::Document, value),
        "sticker" => return media(MediaKind::Sticker, value),
        "location" => location(parsed(kind, value)?)?,
        "contacts" => contacts(parsed(kind, value)?)?,
        "reaction" => {
            let Reaction { message_id, emoji } = parsed(kind, value)?;
            Body::Reaction(content::Reaction { target: named(&message_id)?, emoji })
        }
        "interactive" => Body::Answer(interactive(parsed(kind, value)?)),
        "button" => {
            let Button { payload, text } = parsed(kind, value)?;
            let answer = answer::Answer::Template(kinds::TemplateAnswer { payload, text });
            Body::Answer(kinds::Answer { answer: Some(answer) })
        }
        "order" => order(parsed(kind, value)?)?,
        _ => Body::Unsupported(kinds::Unsupported { kind: parsed::<Unsupported>(kind, value)?.r#type }),
    };
    Ok(Said::Body(body))
}

fn text(Text { body }: Text) -> Outcome<Body> {
    match body.chars().count() {
        1..=4096 => Ok(Body::text(body)),
        _ => {
            Err(Error::bad_request("text.body has 1 to 4096 characters", "write something, and not too much"))
        }
    }
}

fn location(location: Location) -> Outcome<Body> {
    let Location { latitude, longitude, name, address, url } = location;
    if !(-90.0..=90.0).contains(&latitude) || !(-180.0..=180.0).contains(&longitude) {
        let message = "location: latitude is -90 to 90 degrees, longitude -180 to 180";
        return Err(Error::bad_request(message, "are the two the wrong way round?"));
    }
    Ok(Body::Location(kinds::Location { latitude, longitude, name, address, url }))
}

fn contacts(cards: Vec<Contact>) -> Outcome<Body> {
    if cards.is_empty() || cards.len() > 257 {
        return Err(Error::bad_request("contacts has 1 to 257 cards", "send at least one"));
    }
    let card = |card: Contact| kinds::ContactCard {
        name: Some(card.name.into()),
        phones: card.phones.into_iter().map(Into::into).collect(),
        emails: card.emails.into_iter().map(Into::into).collect(),
        urls: card.urls.into_iter().map(Into::into).collect(),
        addresses: card.addresses.into_iter().map(Into::into).collect(),
        organisation: card.org.map(Into::into),
        birthday: card.birthday,
    };
    Ok(Body::Contacts(kinds::Contacts { cards: cards.into_iter().map(card).collect() }))
}

fn interactive(chosen: Interactive) -> kinds::Answer {
    let answer = match chosen {
        Interactive::Button { button_reply: ButtonReply { id, title } } => {
            answer::Answer::Button(kinds::Button { id, title })
        }
        Interactive::List { list_reply: ListReply { id, title, description } } => {
            answer::Answer::Row(kinds::ListRow { id, title, description })
        }
        Interactive::Filled { nfm_reply: NfmReply { name, body, response_json } } => {
            answer::Answer::Flow(kinds::FlowAnswer { name, body, response: response_json })
        }
    };
    kinds::Answer { answer: Some(answer) }
}

fn order(Order { catalog_id, text, product_items }: Order) -> Outcome<Body> {
    if product_items.is_empty() || product_items.len() > 100 {
        return Err(Error::bad_request("order.product_items has 1 to 100 items", "send at least one"));
    }
    let item = |Item { product_retailer_id, quantity, item_price, currency }| kinds::OrderItem {
        retailer_id: product_retailer_id,
        quantity,
        item_price,
        currency,
    };
    let items = product_items.into_iter().map(item).collect();
    Ok(Body::Order(kinds::Order { catalog_id, text, items }))
}

fn member<T: DeserializeOwned>(members: &mut Map<String, Value>, name: &str) -> Outcome<T> {
    parsed(name, member_value(members, name)?)
}

fn member_value(members: &mut Map<String, Value>, name: &str) -> Outcome<Value> {
    members
        .remove(name)
        .ok_or_else(|| Error::bad_request(format!("the member \"{name}\" is missing"), "say it"))
}

fn parsed<T: DeserializeOwned>(name: &str, value: Value) -> Outcome<T> {
    serde_json::from_value(value).map_err(|error| {
        Error::bad_request(format!("{name}: {error}"), "GET /control/v1/openapi.json describes it")
    })
}
