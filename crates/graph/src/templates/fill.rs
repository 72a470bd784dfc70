//! How a template and the parameters of a message become what the recipient reads, or an error that says what doesn't fit.

use crate::codes;
use crate::error::GraphError;
use crate::messages::{Argument, ButtonValues, CardValues, HeaderMedia, HeaderPlace, HeaderProduct, Values};
use crate::path::Version;
use crate::templates::{
    Body, Button, Card, Components, Definition, Footer, Format, Header, MediaFormat, Wording, authentication,
    button,
};

/// The longest text with its parameters, and of a template that is nothing but a text, in characters.
const BODY: usize = 1024;
const BODY_ALONE: usize = 32_768;
const HEADER: usize = 60;
const URL: usize = 2000;
/// The longest code that says who somebody is, in characters.
const OTP_CODE: usize = 15;
/// More spaces than that in a row no parameter may have.
const SPACES: &str = "     ";

/// From this version on parameters with forbidden characters have another error.
const DIAGNOSIS_FROM: u16 = 23;

/// What the recipient reads.
#[derive(Clone, PartialEq)]
pub struct Filled {
    /// Above the text.
    pub header: Option<FilledHeader>,
    /// The text.
    pub body: String,
    /// Below the text; empty if there is nothing.
    pub footer: String,
    /// What can be tapped.
    pub buttons: Vec<FilledButton>,
    /// Cards beside each other.
    pub cards: Vec<FilledCard>,
    /// When its offer ends, in milliseconds since 1970.
    pub offer_expires_ms: Option<u64>,
}

/// What the recipient sees above the text.
#[derive(Clone, PartialEq)]
pub enum FilledHeader {
    /// A text.
    Text(String),
    /// A file.
    Media(HeaderMedia),
    /// A place.
    Location(HeaderPlace),
    /// Something that the business sells.
    Product(HeaderProduct),
}

/// What the recipient can tap.
#[derive(Clone, PartialEq, Eq)]
pub struct FilledButton {
    /// Its type, as templates spell it.
    pub kind: &'static str,
    /// What stands on it.
    pub text: String,
    /// What it does: the payload that comes back, an address, a number, a code, or parameters as JSON.
    pub value: String,
}

/// A card that the recipient sees.
#[derive(Clone, PartialEq)]
pub struct FilledCard {
    /// Above the text.
    pub header: Option<FilledHeader>,
    /// The text; empty if there is none.
    pub body: String,
    /// What can be tapped.
    pub buttons: Vec<FilledButton>,
}

impl Definition {
    /// Puts `values` into the template.
    ///
    /// # Errors
    /// They don't fit: how many there are, of which types, or how long they are.
    pub fn fill(&self, values: &Values, version: Version) -> Result<Filled, GraphError> {
        let filler = Filler { named: self.components.format == Format::Named, version };
        let of = &self.components;
        let header = filler.header("header", of.header.as_ref(), &values.header)?;
        let limit = if is_text_alone(of) { BODY_ALONE } else { BODY };
        let body = match &of.body {
            Some(Body::Text { text, .. }) => filler.text("body", text, &values.body, limit)?,
            Some(Body::Code { security_recommendation }) => {
                let code = filler.code(&values.body)?;
                authentication::body(code, *security_recommendation)
            }
            None => String::new(),
        };
        let footer = match &of.footer {
            Some(Footer::Text(text)) => text.clone(),
            Some(Footer::Expiration(minutes)) => authentication::footer(*minutes),
            None => String::new(),
        };
        let buttons = filler.buttons(&of.buttons, &values.buttons)?;
        let cards = filler.cards(&of.cards, &values.cards)?;
        let offer_expires_ms = match (&of.offer, values.expires_ms) {
            (Some(offer), None) if offer.has_expiration => {
                let details = "limited_time_offer: expiration_time_ms is missing";
                return Err(GraphError::whatsapp(codes::MISSING, details));
            }
            (None, Some(_)) => {
                return Err(format_mismatch("limited_time_offer", "NONE", "limited_time_offer"));
            }
            (_, expires) => expires,
        };
        Ok(Filled { header, body, footer, buttons, cards, offer_expires_ms })
    }
}

fn is_text_alone(of: &Components) -> bool {
    of.header.is_none() && of.footer.is_none() && of.buttons.is_empty() && of.cards.is_empty()
}

/// What all parts have in common.
struct Filler {
    named: bool,
    version: Version,
}

impl Filler {
    fn header(
        &self,
        place: &str,
        header: Option<&Header>,
        given: &[Argument],
    ) -> Result<Option<FilledHeader>, GraphError> {
        let expected = match header {
            None if given.is_empty() => return Ok(None),
            None => return Err(count_mismatch(place, given.len(), 0)),
            Some(Header::Text { text, .. }) => {
                return Ok(Some(FilledHeader::Text(self.text(place, text, given, HEADER)?)));
            }
            Some(Header::Media { format, .. }) => format.as_str(),
            Some(Header::Location) => "LOCATION",
            Some(Header::Product) => "PRODUCT",
        };
        let [given] = given else {
            return match given.first() {
                None => Err(format_mismatch(place, expected, "UNKNOWN")),
                Some(_) => Err(count_mismatch(place, given.len(), 1)),
            };
        };
        match (header, given) {
            (Some(Header::Media { format, .. }), Argument::Media(media))
                if *format == media.format
                    || (*format == MediaFormat::Gif && media.format == MediaFormat::Video) =>
            {
                Ok(Some(FilledHeader::Media(HeaderMedia { format: *format, ..media.clone() })))
            }
            (Some(Header::Location), Argument::Location(place)) => {
                Ok(Some(FilledHeader::Location(place.clone())))
            }
            (Some(Header::Product), Argument::Product(product)) => {
                Ok(Some(FilledHeader::Product(product.clone())))
            }
            _ => Err(format_mismatch(place, expected, &given.kind().to_ascii_uppercase())),
        }
    }

    /// A text with its variables.
    fn text(
        &self,
        place: &str,
        wording: &Wording,
        given: &[Argument],
        limit: usize,
    ) -> Result<String, GraphError> {
        let variables = wording.variables();
        if given.len() != variables.len() {
            return Err(count_mismatch(place, given.len(), variables.len()));
        }
        if variables.is_empty() {
            return Ok(wording.as_str().to_owned());
        }
        let mut values: Vec<&str> = vec![""; variables.len()];
        for (at, argument) in given.iter().enumerate() {
            let Some((name, text)) = argument.text() else {
                return Err(format_mismatch(place, "TEXT", &argument.kind().to_ascii_uppercase()));
            };
            self.check_characters(text)?;
            let at = if self.named { self.position(place, name, variables)? } else { at };
            if let Some(value) = values.get_mut(at) {
                if !value.is_empty() {
                    let details = format!("{place}: parameter_name is there twice");
                    return Err(GraphError::whatsapp(codes::NOT_VALID, details));
                }
                *value = text;
            }
        }
        let text = wording.render(|at| values.get(at).copied().unwrap_or_default());
        if text.len() > limit && text.chars().count() > limit {
            let details = format!("{place}: the text with its parameters has more than {limit} characters");
            return Err(GraphError::whatsapp(codes::HYDRATED_TOO_LONG, details));
        }
        Ok(text)
    }

    fn position(&self, place: &str, name: Option<&str>, variables: &[String]) -> Result<usize, GraphError> {
        let Some(name) = name else {
            let details = format!("{place}: parameter_name is missing, the template's variables have names");
            return Err(GraphError::whatsapp(codes::MISSING, details));
        };
        variables.iter().position(|variable| variable == name).ok_or_else(|| {
            let details = format!("{place}: the template has no variable of the name {name}");
            GraphError::whatsapp(codes::NOT_VALID, details)
        })
    }

    fn check_characters(&self, text: &str) -> Result<(), GraphError> {
        if !text.bytes().any(|byte| matches!(byte, b'\n' | b'\r' | b'\t')) && !text.contains(SPACES) {
            return Ok(());
        }
        let code =
            if self.version.major < DIAGNOSIS_FROM { codes::CHARACTER_POLICY } else { codes::ARGUMENT_ISSUE };
        let details = "Param text cannot have new-line/tab characters or more than 4 consecutive spaces";
        Err(GraphError::whatsapp(code, details))
    }

    /// The code that says who somebody is.
    fn code<'v>(&self, given: &'v [Argument]) -> Result<&'v str, GraphError> {
        let [argument] = given else { return Err(count_mismatch("body", given.len(), 1)) };
        let text = argument.text().map(|(_, text)| text);
        let text =
            text.ok_or_else(|| format_mismatch("body", "TEXT", &argument.kind().to_ascii_uppercase()))?;
        self.check_characters(text)?;
        if text.chars().count() > OTP_CODE {
            let details = format!("body: a code can have at most {OTP_CODE} characters");
            return Err(GraphError::whatsapp(codes::NOT_VALID, details));
        }
        Ok(text)
    }

    fn buttons(&self, buttons: &[Button], given: &[ButtonValues]) -> Result<Vec<FilledButton>, GraphError> {
        if let Some(beyond) = given.iter().find(|given| usize::from(given.index) >= buttons.len()) {
            let details = format!("buttons: the template has no button at index {}", beyond.index);
            return Err(GraphError::whatsapp(codes::NOT_VALID, details));
        }
        let of = |at: usize| given.iter().find(|given| usize::from(given.index) == at);
        buttons.iter().enumerate().map(|(at, button)| fill_button(at, button, of(at))).collect()
    }

    fn cards(&self, cards: &[Card], given: &[CardValues]) -> Result<Vec<FilledCard>, GraphError> {
        if given.len() != cards.len() {
            return Err(count_mismatch("carousel", given.len(), cards.len()));
        }
        let fill = |(at, card): (usize, &Card)| {
            let given = given.iter().find(|given| usize::from(given.index) == at).ok_or_else(|| {
                let details = format!("carousel: the card with card_index {at} is missing");
                GraphError::whatsapp(codes::MISSING, details)
            })?;
            let values = &given.values;
            let header = self.header("carousel: header", card.header.as_ref(), &values.header)?;
            let body = match &card.body {
                Some(Body::Text { text, .. }) => self.text("carousel: body", text, &values.body, BODY)?,
                Some(Body::Code { .. }) | None if values.body.is_empty() => String::new(),
                Some(Body::Code { .. }) | None => {
                    return Err(count_mismatch("carousel: body", values.body.len(), 0));
                }
            };
            let buttons = self.buttons(&card.buttons, &values.buttons)?;
            Ok(FilledCard { header, body, buttons })
        };
        cards.iter().enumerate().map(fill).collect()
    }
}

fn fill_button(at: usize, button: &Button, given: Option<&ButtonValues>) -> Result<FilledButton, GraphError> {
    let kind = button.kind();
    let fits = |given: &&ButtonValues| match button {
        Button::Otp(_) => matches!(given.sub_type, "url" | "copy_code" | "otp"),
        _ => given.sub_type.eq_ignore_ascii_case(kind),
    };
    if let Some(other) = given.filter(|given| !fits(given)) {
        let received = other.sub_type.to_ascii_uppercase();
        return Err(format_mismatch(&format!("buttons: index {at}"), kind, &received));
    }
    let arguments = given.map(|given| given.values.as_slice()).unwrap_or_default();
    let required = || {
        let details = format!("buttons: Button at index {at} of type {kind} requires a parameter");
        GraphError::whatsapp(codes::MISSING, details)
    };
    let takes = match button {
        Button::PhoneNumber { .. } => 0,
        Button::Url { url, .. } => url.variables().len(),
        _ => 1,
    };
    if arguments.len() > takes {
        return Err(count_mismatch(&format!("buttons: index {at}"), arguments.len(), takes));
    }
    let argument = arguments.first();
    let mismatch = |argument: &Argument, expected: &str| {
        format_mismatch(&format!("buttons: index {at}"), expected, &argument.kind().to_ascii_uppercase())
    };
    let label = match button {
        Button::Otp(otp) => authentication::label(otp),
        _ => button.label(),
    };
    let value = match (button, argument) {
        (Button::PhoneNumber { phone_number, .. }, _) => phone_number.clone(),
        (Button::QuickReply { text }, None) => text.clone(),
        (Button::QuickReply { .. }, Some(Argument::Payload(payload))) => payload.clone(),
        // As the operator's own example has it.
        (Button::QuickReply { .. }, Some(Argument::Text { text, .. })) => text.clone(),
        (Button::Url { url, .. }, None) if url.variables().is_empty() => url.as_str().to_owned(),
        (Button::Url { url, .. }, Some(Argument::Text { text, .. })) => {
            let url = url.render(|_| text);
            if url.chars().count() > URL {
                let details = format!("buttons: the address at index {at} has more than {URL} characters");
                return Err(GraphError::whatsapp(codes::HYDRATED_TOO_LONG, details));
            }
            url
        }
        (Button::CopyCode { .. }, Some(Argument::CouponCode(code))) => {
            if code.is_empty() || code.chars().count() > button::CODE {
                let most = button::CODE;
                let details = format!("buttons: the code at index {at} must have 1 to {most} characters");
                return Err(GraphError::whatsapp(codes::NOT_VALID, details));
            }
            code.clone()
        }
        (Button::Otp(_), Some(argument)) => match argument {
            Argument::Text { text, .. } => text.clone(),
            Argument::CouponCode(code) => code.clone(),
            _ => return Err(mismatch(argument, "TEXT")),
        },
        (Button::Url { .. } | Button::CopyCode { .. } | Button::Otp(_), None) => return Err(required()),
        (Button::Mpm { .. } | Button::OrderDetails { .. }, None) => return Err(required()),
        (Button::Url { .. }, Some(argument)) => return Err(mismatch(argument, "TEXT")),
        (Button::CopyCode { .. }, Some(argument)) => return Err(mismatch(argument, "COUPON_CODE")),
        (Button::QuickReply { .. }, Some(argument)) => return Err(mismatch(argument, "PAYLOAD")),
        (_, Some(Argument::Action(action))) => action.clone(),
        (_, Some(argument)) => return Err(mismatch(argument, "ACTION")),
        (_, None) => String::new(),
    };
    Ok(FilledButton { kind, text: label.to_owned(), value })
}

fn count_mismatch(place: &str, given: usize, expected: usize) -> GraphError {
    let details = format!(
        "{place}: number of localizable_params ({given}) does not match the expected number of params ({expected})"
    );
    GraphError::whatsapp(codes::ARGUMENT_COUNT, details)
}

fn format_mismatch(place: &str, expected: &str, received: &str) -> GraphError {
    let details = format!("{place}: Format mismatch, expected {expected}, received {received}");
    GraphError::whatsapp(codes::ARGUMENT_FORMAT, details)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Params;
    use crate::messages::{Content, Request};
    use crate::templates::anywhere::put_anywhere;
    use crate::templates::{Category, Language, TemplateName};
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    fn template(components: &Json) -> Definition {
        Definition {
            name: TemplateName::of("a").unwrap(),
            language: Language::EN_US,
            category: Category::Marketing,
            components: Components::from_json(&components.to_string(), Format::Positional).unwrap(),
            ttl: None,
        }
    }

    fn every_button() -> Definition {
        template(&json!([
            { "type": "HEADER", "format": "LOCATION" },
            { "type": "LIMITED_TIME_OFFER", "limited_time_offer": { "text": "Soon over", "has_expiration": true } },
            { "type": "BODY", "text": "Pay {{1}} until {{2}}, and no more.", "example": { "body_text": [["x", "y"]] } },
            { "type": "BUTTONS", "buttons": [
                { "type": "QUICK_REPLY", "text": "Yes" },
                { "type": "URL", "text": "Go", "url": "https://x.test/", },
                { "type": "COPY_CODE", "example": "X" },
                { "type": "PHONE_NUMBER", "text": "Call", "phone_number": "+15550001111" },
                { "type": "CATALOG", "text": "All" },
                { "type": "MPM", "text": "Some" },
                { "type": "FLOW", "text": "Begin", "flow_id": "7" },
            ] },
        ]))
    }

    fn values_of_every_button() -> Json {
        json!([
            { "type": "header", "parameters": [{ "type": "location", "location": {
                "latitude": "48.4", "longitude": 10, "name": "Minster", "address": "Ulm" } }] },
            { "type": "LIMITED_TIME_OFFER", "parameters": [
                { "type": "limited_time_offer", "limited_time_offer": { "expiration_time_ms": 1_750_000_000_000_u64 } }] },
            { "type": "body", "parameters": [
                { "type": "currency", "currency": { "fallback_value": "$1", "code": "USD", "amount_1000": 1000 } },
                { "type": "date_time", "date_time": { "fallback_value": "today", "year": 1977 } }] },
            { "type": "button", "sub_type": "quick_reply", "index": 0, "parameters": [{ "type": "text", "text": true }] },
            { "type": "button", "sub_type": "copy_code", "index": 2,
              "parameters": [{ "type": "coupon_code", "coupon_code": "LESS" }] },
            { "type": "button", "sub_type": "CATALOG", "index": "4",
              "parameters": [{ "type": "action", "action": { "thumbnail_product_retailer_id": "p" } }] },
            { "type": "button", "sub_type": "mpm", "index": 5,
              "parameters": [{ "type": "action", "action": { "sections": [] } }] },
        ])
    }

    fn fill(definition: &Definition, components: &Json) -> Result<Filled, GraphError> {
        let body = json!({
            "messaging_product": "whatsapp", "to": "16505551234", "type": "template",
            "template": { "name": "a", "language": { "code": "en_US", "policy": "deterministic" }, "components": components },
        });
        let body = body.to_string();
        let params = Params::parse("", None, body.as_bytes())?;
        let Request::Send(send) = Request::parse(&params)? else { panic!("not a message") };
        let Content::Template(template) = send.content else { panic!("not a template") };
        definition.fill(&template.values, Version::DEFAULT)
    }

    #[test]
    fn every_button_does_what_the_message_says() {
        let filled = fill(&every_button(), &values_of_every_button()).unwrap();
        assert_eq!(filled.body, "Pay $1 until today, and no more.");
        assert_eq!(filled.offer_expires_ms, Some(1_750_000_000_000));
        let values: Vec<_> = filled.buttons.iter().map(|button| button.value.as_str()).collect();
        assert_eq!(
            values,
            [
                "true",
                "https://x.test/",
                "LESS",
                "+15550001111",
                r#"{"thumbnail_product_retailer_id":"p"}"#,
                r#"{"sections":[]}"#,
                "",
            ]
        );
        let Some(FilledHeader::Location(HeaderPlace { latitude, longitude, .. })) = filled.header else {
            panic!("no place")
        };
        assert!((latitude - 48.4).abs() < 1e-9 && (longitude - 10.0).abs() < 1e-9);
    }

    #[test]
    fn each_card_is_filled_by_its_own_values() {
        let card = json!({ "components": [
            { "type": "HEADER", "format": "IMAGE", "example": { "header_handle": ["4::x"] } },
            { "type": "BODY", "text": "It is {{1}} here.", "example": { "body_text": [["x"]] } },
            { "type": "BUTTONS", "buttons": [{ "type": "QUICK_REPLY", "text": "Yes" }] },
        ] });
        let definition = template(
            &json!([{ "type": "BODY", "text": "See." }, { "type": "CAROUSEL", "cards": [card, card] }]),
        );
        assert_eq!(definition.check(), Ok(()));
        let values = |index: u64, text: &str| {
            json!({ "card_index": index, "components": [
            { "type": "header", "parameters": [{ "type": "image", "image": { "id": "1" } }] },
            { "type": "body", "parameters": [{ "type": "text", "text": text }] },
        ] })
        };
        let carousel = |cards: Json| json!([{ "type": "carousel", "cards": cards }]);
        let filled = fill(&definition, &carousel(json!([values(1, "wet"), values(0, "dry")]))).unwrap();
        let bodies: Vec<_> = filled.cards.iter().map(|card| card.body.as_str()).collect();
        assert_eq!(bodies, ["It is dry here.", "It is wet here."]);
        assert!(fill(&definition, &carousel(json!([values(0, "x")]))).is_err());
        assert!(fill(&definition, &carousel(json!([values(0, "x"), values(0, "y")]))).is_err());
    }

    proptest! {
        /// Wrong types in every place: an error or a message, no panic.
        #[test]
        fn no_message_panics(
            at in any::<prop::sample::Index>(),
            value in "null|true|-1|1e9|11|\"x\"|\"body\"|\"button\"|\"9\"|\\[\\]|\\{\\}|\\[\\[\\]\\]|\"[1]\"|\\[null\\]|\"\"",
        ) {
            let mut json = values_of_every_button();
            put_anywhere(&mut json, &at, &value);
            let _ = fill(&every_button(), &json);
        }
    }
}
