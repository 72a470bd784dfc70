//! What people say, in the words of the API: each kind of message as a business's webhook has it. What the API has no form for,
//! or what no app would send, arrives all the same, as a message that is not supported.

use crate::media::Place;
use content::Body;
use content::kinds::{
    self, Answer, Button, ContactCard, ListRow, MediaKind, Order, TemplateAnswer, answer::Answer as Chosen,
};
use graph::Wamid;
use graph::webhook::{
    self, ButtonReply, ContactAddress, ContactEmail, ContactName, ContactOrg, ContactPhone, ContactUrl,
    Content, Forwarded, Interactive, Lack, ListReply, NfmReply, NumberChange, OrderItem, Reaction, Text,
    Unsupported,
};
use wire::Number;

/// Who says something, and on what.
pub(crate) struct Said<'a> {
    pub(crate) consumer: Number,
    /// What they are called.
    pub(crate) name: Option<&'a str>,
    /// The message that a reaction is on.
    pub(crate) target: Option<&'a Wamid<'a>>,
    /// Where media can be had.
    pub(crate) media: Option<&'a Place>,
}

impl<'a> Said<'a> {
    /// A message of a person's, as the business gets it.
    pub(crate) fn in_words_of_the_api(&self, body: &'a Body) -> Content<'a> {
        match body {
            Body::Text(text) => Content::Text(Text { body: &text.body }),
            Body::Media(media) => match self.media {
                Some(place) => media_at(media, place),
                None => lacking(media_type(media.kind()), Lack::Media),
            },
            Body::Location(place) => location(place),
            Body::Contacts(contacts) => Content::Contacts(contacts.cards.iter().map(card).collect()),
            Body::Reaction(reaction) => match self.target {
                Some(target) => Content::Reaction(Reaction { message_id: target, emoji: &reaction.emoji }),
                None => lacking(body.kind(), Lack::Form),
            },
            Body::Answer(answer) => chosen(answer),
            Body::Order(cart) => order(cart),
            Body::RequestWelcome => Content::RequestWelcome,
            Body::NumberChanged(changed) => match changed.number.parse() {
                Ok(new) => Content::System(NumberChange { name: self.name, old: self.consumer, new }),
                Err(_) => lacking("", Lack::Form),
            },
            Body::Unsupported(unsupported) => lacking(&unsupported.kind, Lack::Form),
            // Between businesses; and those that nobody is shown.
            Body::Interactive(_) | Body::Template(_) | Body::Read(_) | Body::Typing => {
                lacking(body.kind(), Lack::Form)
            }
        }
    }
}

fn lacking(kind: &str, why: Lack) -> Content<'_> {
    Content::Unsupported(Unsupported { kind, why })
}

fn media_at<'a>(media: &'a kinds::Media, place: &'a Place) -> Content<'a> {
    let kind = media.kind();
    let has = webhook::Media {
        caption: &media.caption,
        filename: &media.filename,
        mime_type: &media.mime_type,
        sha256: media.blob.as_ref().map_or(&[], |blob| &blob.sha256),
        id: place.id.as_str(),
        url: &place.url,
        voice: (kind == MediaKind::Audio).then_some(media.voice),
        animated: (kind == MediaKind::Sticker).then_some(media.animated),
    };
    match kind {
        MediaKind::Image => Content::Image(has),
        MediaKind::Video => Content::Video(has),
        MediaKind::Audio => Content::Audio(has),
        MediaKind::Document => Content::Document(has),
        MediaKind::Sticker => Content::Sticker(has),
        MediaKind::Unspecified => lacking(media_type(kind), Lack::Form),
    }
}

fn media_type(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Image => "image",
        MediaKind::Video => "video",
        MediaKind::Audio => "audio",
        MediaKind::Document => "document",
        MediaKind::Sticker => "sticker",
        MediaKind::Unspecified => "",
    }
}

/// One that is not on Earth, or no number, has no form.
fn location(place: &kinds::Location) -> Content<'_> {
    let within = |degrees: f64, most: f64| (-most..=most).contains(&degrees);
    if !within(place.latitude, 90.0) || !within(place.longitude, 180.0) {
        return lacking("location", Lack::Form);
    }
    Content::Location(webhook::Location {
        latitude: place.latitude,
        longitude: place.longitude,
        name: &place.name,
        address: &place.address,
        url: &place.url,
    })
}

fn card(card: &ContactCard) -> webhook::ContactCard<'_> {
    let name = card.name.as_ref().map(|name| ContactName {
        formatted_name: &name.formatted_name,
        first_name: &name.first_name,
        last_name: &name.last_name,
        middle_name: &name.middle_name,
        suffix: &name.suffix,
        prefix: &name.prefix,
    });
    let phones = card.phones.iter();
    let phones =
        phones.map(|phone| ContactPhone { phone: &phone.phone, r#type: &phone.label, wa_id: &phone.wa_id });
    let emails = card.emails.iter().map(|email| ContactEmail { email: &email.email, r#type: &email.label });
    let urls = card.urls.iter().map(|url| ContactUrl { url: &url.url, r#type: &url.label });
    let addresses = card.addresses.iter().map(|address| ContactAddress {
        street: &address.street,
        city: &address.city,
        state: &address.state,
        zip: &address.zip,
        country: &address.country,
        country_code: &address.country_code,
        r#type: &address.label,
    });
    let org = card.organisation.as_ref().map(|organisation| ContactOrg {
        company: &organisation.company,
        department: &organisation.department,
        title: &organisation.title,
    });
    webhook::ContactCard {
        name: name.unwrap_or_default(),
        phones: phones.collect(),
        emails: emails.collect(),
        urls: urls.collect(),
        addresses: addresses.collect(),
        org,
        birthday: &card.birthday,
    }
}

fn chosen(answer: &Answer) -> Content<'_> {
    match &answer.answer {
        Some(Chosen::Template(TemplateAnswer { payload, text })) => {
            Content::Button(webhook::Button { payload, text })
        }
        Some(Chosen::Button(Button { id, title })) => {
            Content::Interactive(Interactive::ButtonReply(ButtonReply { id, title }))
        }
        Some(Chosen::Row(ListRow { id, title, description })) => {
            Content::Interactive(Interactive::ListReply(ListReply { id, title, description }))
        }
        Some(Chosen::Flow(flow)) => Content::Interactive(Interactive::NfmReply(NfmReply {
            name: &flow.name,
            body: &flow.body,
            response_json: &flow.response,
        })),
        None => lacking("interactive", Lack::Form),
    }
}

/// One with a price that is no number has no form.
fn order(order: &Order) -> Content<'_> {
    if !order.items.iter().all(|item| item.item_price.is_finite()) {
        return lacking("order", Lack::Form);
    }
    let items = order.items.iter().map(|item| OrderItem {
        product_retailer_id: &item.retailer_id,
        quantity: item.quantity,
        item_price: item.item_price,
        currency: &item.currency,
    });
    Content::Order(webhook::Order {
        catalog_id: &order.catalog_id,
        text: &order.text,
        product_items: items.collect(),
    })
}

/// What a message is about, beside the message that it answers.
pub(crate) fn about<'a>(
    context: &'a content::Context,
    quoted: Option<&'a Wamid<'a>>,
) -> webhook::Context<'a> {
    webhook::Context {
        wamid: quoted,
        forwarded: match context.forwarded {
            kinds::Forwarded::Written => Forwarded::Written,
            kinds::Forwarded::Once => Forwarded::Once,
            kinds::Forwarded::Often => Forwarded::Often,
        },
        product: context.product.as_ref().map(|product| webhook::Product {
            catalog_id: &product.catalog_id,
            product_retailer_id: &product.retailer_id,
        }),
    }
}

/// The advertisement that a person came from.
pub(crate) fn referral(referral: &kinds::Referral) -> webhook::Referral<'_> {
    webhook::Referral {
        source_url: &referral.source_url,
        source_id: &referral.source_id,
        source_type: &referral.source_type,
        body: &referral.body,
        headline: &referral.headline,
        media_type: &referral.media_type,
        media_url: &referral.media_url,
        thumbnail_url: &referral.thumbnail_url,
        click_id: &referral.click_id,
        welcome_text: &referral.welcome_text,
    }
}
