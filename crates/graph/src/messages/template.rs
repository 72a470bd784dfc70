//! `"type": "template"` (Cloud API documentation, "Template messages"): the parameters of a message of a template, in the
//! order in which they stand. Whether they fit the template is [`Definition::fill`](crate::templates::Definition::fill)'s
//! to say.

use crate::codes;
use crate::error::GraphError;
use crate::messages::MediaSource;
use crate::reading::{Items, Members, Param};
use crate::templates::{MediaFormat, word};
use crate::value::Value;
use std::fmt;

/// The longest name, in characters.
const NAME: usize = 512;
/// The longest parameter, in characters: what a template that is one text and nothing else may say.
const TEXT: usize = 32_768;
/// More cards than that no template has.
const CARDS: usize = 10;
const PAYLOAD: usize = 512;
const BUTTONS: u64 = 10;

const COMPONENTS: [&str; 6] = ["header", "body", "button", "limited_time_offer", "carousel", "order_status"];

const SUB_TYPES: [&str; 11] = [
    "quick_reply",
    "url",
    "copy_code",
    "catalog",
    "mpm",
    "spm",
    "flow",
    "order_details",
    "voice_call",
    "otp",
    "phone_number",
];

/// A message of a template. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Template {
    /// What the template is called.
    pub name: String,
    /// In which language.
    pub language: String,
    /// The components as the request has them, as JSON.
    pub components: String,
    /// What is put in.
    pub values: Values,
}

/// What is put into a template.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Values {
    /// Into its header.
    pub header: Vec<Argument>,
    /// Into its text.
    pub body: Vec<Argument>,
    /// Into its buttons.
    pub buttons: Vec<ButtonValues>,
    /// When its offer ends, in milliseconds since 1970.
    pub expires_ms: Option<u64>,
    /// Into each of its cards.
    pub cards: Vec<CardValues>,
}

/// What is put into a button.
#[derive(Clone, PartialEq, Eq)]
pub struct ButtonValues {
    /// Of which type it is taken for.
    pub sub_type: &'static str,
    /// The how many-th it is, from 0.
    pub index: u8,
    /// What is put in.
    pub values: Vec<Argument>,
}

/// What is put into a card.
#[derive(Clone, PartialEq, Eq)]
pub struct CardValues {
    /// The how many-th it is, from 0.
    pub index: u8,
    /// What is put in; cards in cards there are not.
    pub values: Values,
}

/// One thing that is put into a template.
#[derive(Clone, PartialEq)]
pub enum Argument {
    /// A text.
    Text {
        /// Of the variable that it is for, if variables have names.
        name: Option<String>,
        /// What it says.
        text: String,
    },
    /// An amount of money or a time, which is shown as the text that the request has for it.
    Localized {
        /// Of the variable that it is for, if variables have names.
        name: Option<String>,
        /// `currency` or `date_time`.
        kind: &'static str,
        /// What it says.
        text: String,
    },
    /// A file.
    Media(HeaderMedia),
    /// A place.
    Location(HeaderPlace),
    /// Something that the business sells.
    Product(HeaderProduct),
    /// What an answer by a quick reply brings back.
    Payload(String),
    /// A code to be copied.
    CouponCode(String),
    /// What a button does, as JSON.
    Action(String),
}

impl Eq for Argument {}

/// A file above a template's text.
#[derive(Clone, PartialEq, Eq)]
pub struct HeaderMedia {
    /// Of which kind.
    pub format: MediaFormat,
    /// Where it is.
    pub source: MediaSource,
    /// What it is called, of a document.
    pub filename: Option<String>,
}

/// A place above a template's text.
#[derive(Clone, PartialEq)]
pub struct HeaderPlace {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// What it is called.
    pub name: Option<String>,
    /// Where that is.
    pub address: Option<String>,
}

/// Something that the business sells, above a template's text.
#[derive(Clone, PartialEq, Eq)]
pub struct HeaderProduct {
    /// In which catalog.
    pub catalog_id: Option<String>,
    /// What it is called there.
    pub retailer_id: String,
}

impl Template {
    pub(crate) fn parse(template: Param<'_>) -> Result<Self, GraphError> {
        let template = template.object(&["name", "language", "components", "namespace"])?;
        let name = template.required("name")?.text_within(NAME)?.to_owned();
        let language = template.required("language")?;
        let language = language.object(&["code", "policy"])?;
        language.get("policy").map(|policy| policy.one_of(&["deterministic"])).transpose()?;
        let language = language.required("code")?.text_within(NAME)?.to_owned();
        let Some(components) = template.get("components") else {
            return Ok(Self { name, language, components: "[]".into(), values: Values::default() });
        };
        let values = Values::read(&components.items()?)?;
        Ok(Self { name, language, components: json(components), values })
    }
}

impl Values {
    fn read(components: &Items<'_>) -> Result<Self, GraphError> {
        let mut values = Self::default();
        for component in components.iter() {
            values.add(&component.any_object()?)?;
        }
        Ok(values)
    }

    fn add(&mut self, component: &Members<'_>) -> Result<(), GraphError> {
        let kind = component.required("type")?;
        match word(kind, &COMPONENTS)? {
            "header" => self.header.append(&mut arguments(component, &["type", "parameters"])?),
            "body" => self.body.append(&mut arguments(component, &["type", "parameters"])?),
            "button" => {
                let button = ButtonValues::read(component)?;
                if self.buttons.iter().any(|known| known.index == button.index) {
                    let details = format!("buttons: there are two for index {}", button.index);
                    return Err(GraphError::whatsapp(codes::NOT_VALID, details));
                }
                self.buttons.push(button);
            }
            "limited_time_offer" => self.expires_ms = Some(expires(component)?),
            "carousel" => {
                component.only(&["type", "cards"])?;
                for card in component.required("cards")?.items()?.iter() {
                    self.cards.push(CardValues::read(&card)?);
                    if self.cards.len() > CARDS {
                        return Err(GraphError::whatsapp(codes::NOT_VALID, "carousel: at most 10 cards"));
                    }
                }
            }
            // What has become of an order: nothing of the template depends on it.
            _ => component.only(&["type", "parameters"])?,
        }
        Ok(())
    }
}

impl ButtonValues {
    fn read(component: &Members<'_>) -> Result<Self, GraphError> {
        let values = arguments(component, &["type", "sub_type", "index", "parameters"])?;
        let sub_type = word(component.required("sub_type")?, &SUB_TYPES)?;
        let index = component.required("index")?;
        Ok(Self { sub_type, index: position(index, BUTTONS)?, values })
    }
}

impl CardValues {
    fn read(card: &Param<'_>) -> Result<Self, GraphError> {
        let card = card.object(&["card_index", "components"])?;
        let index = card.required("card_index")?;
        let components = card.required("components")?;
        let values = Values::read(&components.items()?)?;
        if !values.cards.is_empty() {
            return Err(GraphError::whatsapp(codes::NOT_VALID, "carousel: a card can't have cards"));
        }
        Ok(Self { index: position(index, BUTTONS)?, values })
    }
}

impl Argument {
    /// As requests spell its type.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Localized { kind, .. } => kind,
            Self::Media(HeaderMedia { format: MediaFormat::Image, .. }) => "image",
            Self::Media(HeaderMedia { format: MediaFormat::Video, .. }) => "video",
            Self::Media(HeaderMedia { format: MediaFormat::Gif, .. }) => "gif",
            Self::Media(HeaderMedia { format: MediaFormat::Document, .. }) => "document",
            Self::Location(_) => "location",
            Self::Product(_) => "product",
            Self::Payload(_) => "payload",
            Self::CouponCode(_) => "coupon_code",
            Self::Action(_) => "action",
        }
    }

    /// The text, of what is one, and the name of the variable that it is for.
    pub fn text(&self) -> Option<(Option<&str>, &str)> {
        match self {
            Self::Text { name, text } | Self::Localized { name, text, .. } => Some((name.as_deref(), text)),
            _ => None,
        }
    }

    fn read(param: &Members<'_>) -> Result<Self, GraphError> {
        const KINDS: [&str; 13] = [
            "text",
            "currency",
            "date_time",
            "image",
            "video",
            "gif",
            "document",
            "location",
            "product",
            "payload",
            "coupon_code",
            "action",
            "order_status",
        ];
        let kind = word(param.required("type")?, &KINDS)?;
        param.only(&["type", kind, if kind == "location" { "" } else { "parameter_name" }])?;
        let Some(value) = param.get(kind) else {
            let details = format!("components: parameter of type {kind} is missing its value");
            return Err(GraphError::whatsapp(codes::MISSING, details));
        };
        let name = param.get("parameter_name").map(|name| name.text_within(NAME).map(str::to_owned));
        Ok(match kind {
            "text" => {
                let text = plain(value)?;
                if text.is_empty() {
                    let details = "components: parameter of type text is missing text value";
                    return Err(GraphError::whatsapp(codes::MISSING, details));
                }
                Self::Text { name: name.transpose()?, text }
            }
            "currency" => {
                let of = value.object(&["fallback_value", "code", "amount_1000"])?;
                Self::Localized { name: name.transpose()?, kind, text: fallback(&of)? }
            }
            "date_time" => {
                let of = value.any_object()?;
                Self::Localized { name: name.transpose()?, kind, text: fallback(&of)? }
            }
            "image" => Self::media(&value, MediaFormat::Image)?,
            "video" => Self::media(&value, MediaFormat::Video)?,
            "gif" => Self::media(&value, MediaFormat::Gif)?,
            "document" => Self::media(&value, MediaFormat::Document)?,
            "location" => {
                let of = value.object(&["latitude", "longitude", "name", "address"])?;
                let text =
                    |name| of.get(name).map(|text| text.text_within(NAME).map(str::to_owned)).transpose();
                let (name, address) = (text("name")?, text("address")?);
                let degrees = |name, limit| degrees(of.required(name)?, limit);
                let (latitude, longitude) = (degrees("latitude", 90.0)?, degrees("longitude", 180.0)?);
                Self::Location(HeaderPlace { latitude, longitude, name, address })
            }
            "product" => {
                let of = value.object(&["catalog_id", "product_retailer_id"])?;
                let catalog_id = of.get("catalog_id").map(|id| id.text_within(NAME).map(str::to_owned));
                let retailer_id = of.required("product_retailer_id")?.text_within(NAME)?.to_owned();
                Self::Product(HeaderProduct { catalog_id: catalog_id.transpose()?, retailer_id })
            }
            "payload" => Self::Payload(value.text_within(PAYLOAD)?.to_owned()),
            "coupon_code" => Self::CouponCode(value.text_within(NAME)?.to_owned()),
            _ => {
                value.any_object()?;
                Self::Action(json(value))
            }
        })
    }

    fn media(value: &Param<'_>, format: MediaFormat) -> Result<Self, GraphError> {
        let known: &[&str] =
            if format == MediaFormat::Document { &["id", "link", "filename"] } else { &["id", "link"] };
        let of = value.object(known)?;
        let text = |name| of.get(name).map(|text| text.text_within(TEXT).map(str::to_owned)).transpose();
        let source = match (text("id")?, text("link")?) {
            (Some(id), None) => MediaSource::Id(id),
            (None, Some(link)) => MediaSource::Link(link),
            _ => {
                let details = format!("Param {} must have either an id or a link.", value.path());
                return Err(GraphError::whatsapp(codes::NOT_VALID, details));
            }
        };
        Ok(Self::Media(HeaderMedia { format, source, filename: text("filename")? }))
    }
}

fn arguments(component: &Members<'_>, known: &[&str]) -> Result<Vec<Argument>, GraphError> {
    component.only(known)?;
    let Some(parameters) = component.get("parameters") else { return Ok(Vec::new()) };
    let items = parameters.items()?;
    items.iter().map(|item| Argument::read(&item.any_object()?)).collect()
}

fn expires(component: &Members<'_>) -> Result<u64, GraphError> {
    component.only(&["type", "parameters"])?;
    let parameters = component.required("parameters")?;
    let items = parameters.items()?;
    let missing =
        || GraphError::whatsapp(codes::MISSING, "limited_time_offer: expiration_time_ms is missing");
    let first = items.iter().next().ok_or_else(missing)?;
    let first = first.object(&["type", "limited_time_offer"])?;
    first.required("type")?.one_of(&["limited_time_offer"])?;
    let offer = first.required("limited_time_offer")?;
    let offer = offer.object(&["expiration_time_ms"])?;
    offer.get("expiration_time_ms").ok_or_else(missing)?.integer()
}

/// A text; in the operator's own example a truth value stands where one belongs.
fn plain(value: Param<'_>) -> Result<String, GraphError> {
    match value.value() {
        Value::Boolean(value) => Ok(value.to_string()),
        _ => value.text_within(TEXT).map(str::to_owned),
    }
}

fn fallback(of: &Members<'_>) -> Result<String, GraphError> {
    Ok(of.required("fallback_value")?.text_within(TEXT)?.to_owned())
}

fn position(index: Param<'_>, below: u64) -> Result<u8, GraphError> {
    let position = u8::try_from(index.integer()?).ok().filter(|position| u64::from(*position) < below);
    position.ok_or_else(|| {
        GraphError::whatsapp(
            codes::NOT_VALID,
            format!("Param {} must be from 0 to {}.", index.path(), below - 1),
        )
    })
}

fn degrees(value: Param<'_>, limit: f64) -> Result<f64, GraphError> {
    let degrees = match value.value() {
        Value::Float(number) => Some(*number),
        Value::Unsigned(number) => u32::try_from(*number).ok().map(f64::from),
        Value::Negative(number) => i32::try_from(*number).ok().map(f64::from),
        Value::Text(text) => text.trim().parse().ok(),
        _ => None,
    };
    degrees.filter(|degrees| degrees.abs() <= limit).ok_or_else(|| {
        GraphError::whatsapp(codes::NOT_VALID, format!("Param {} must be a number of degrees.", value.path()))
    })
}

/// As the request has it.
fn json(param: Param<'_>) -> String {
    match param.value() {
        Value::Text(json) => json.clone().into_owned(),
        value => serde_json::to_string(value).unwrap_or_default(),
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Template(…)")
    }
}
