//! What a template can be: the rules that hold between its parts.

use crate::error::GraphError;
use crate::templates::errors::Part;
use crate::templates::{
    Body, Button, Card, Category, Components, Definition, Footer, Header, OtpType, Wording,
};

/// The longest text beside an offer, and on a card, in characters.
const OFFER_BODY: usize = 600;
const CARD_BODY: usize = 160;

/// How many buttons of a type there may be; there may be as many of the others as there are buttons.
const MOST_OF_A_TYPE: [(&str, usize); 10] = [
    ("URL", 2),
    ("PHONE_NUMBER", 1),
    ("COPY_CODE", 1),
    ("OTP", 1),
    ("CATALOG", 1),
    ("MPM", 1),
    ("SPM", 1),
    ("FLOW", 1),
    ("VOICE_CALL", 1),
    ("ORDER_DETAILS", 1),
];

/// Buttons that stand alone.
const ALONE: [&str; 4] = ["CATALOG", "MPM", "OTP", "ORDER_DETAILS"];

impl Definition {
    /// Whether such a template can be.
    ///
    /// # Errors
    /// It can't: which component is wrong, and why.
    pub fn check(&self) -> Result<(), GraphError> {
        let of = &self.components;
        if self.category == Category::Authentication {
            return of_codes(of);
        }
        let body = match &of.body {
            Some(Body::Text { text, example }) => {
                check_text(text, example.fit(text.variables().len()))?;
                text
            }
            Some(Body::Code { .. }) | None => return Err(Part::Body.missing("text")),
        };
        of.header.as_ref().map(check_header).transpose()?;
        if matches!(of.footer, Some(Footer::Expiration(_))) {
            return Err(
                Part::Footer.format("can have code_expiration_minutes in AUTHENTICATION templates only")
            );
        }
        if of.has_button(|button| matches!(button, Button::Otp(_))) {
            return Err(Part::Buttons.format("can have an OTP button in AUTHENTICATION templates only"));
        }
        check_buttons(&of.buttons)?;
        if of.offer.is_some() {
            self.check_offer(body)?;
        }
        if !of.cards.is_empty() {
            check_carousel(of)?;
        }
        Ok(())
    }

    fn check_offer(&self, body: &Wording) -> Result<(), GraphError> {
        if self.category != Category::Marketing {
            return Err(Part::Offer.format("can be in MARKETING templates only"));
        }
        if self.components.footer.is_some() {
            return Err(Part::Offer.format("can't have a FOOTER beside it"));
        }
        Part::Body.within("text", body.as_str(), OFFER_BODY).map(drop)
    }
}

/// A template for codes has one button, and no text of its own.
fn of_codes(of: &Components) -> Result<(), GraphError> {
    match &of.body {
        Some(Body::Code { .. }) => {}
        Some(Body::Text { .. }) => {
            return Err(Part::Body.format("can't have text in AUTHENTICATION templates"));
        }
        None => return Err(Part::Body.missing("add_security_recommendation")),
    }
    if of.header.is_some() {
        return Err(Part::Header.format("can't be in AUTHENTICATION templates"));
    }
    if matches!(of.footer, Some(Footer::Text(_))) {
        return Err(Part::Footer.format("can't have text in AUTHENTICATION templates"));
    }
    if of.offer.is_some() || !of.cards.is_empty() {
        return Err(Part::Body.format("can't have an offer or cards beside it in AUTHENTICATION templates"));
    }
    let [Button::Otp(otp)] = of.buttons.as_slice() else {
        return Err(Part::Buttons.format("must have one button of type OTP in AUTHENTICATION templates"));
    };
    if otp.otp_type != OtpType::CopyCode && otp.apps.is_empty() {
        return Err(Part::Buttons.missing("package_name, signature_hash"));
    }
    if otp.otp_type == OtpType::ZeroTap && otp.zero_tap_terms_accepted != Some(true) {
        return Err(Part::Buttons.missing("zero_tap_terms_accepted"));
    }
    Ok(())
}

fn check_text(text: &Wording, has_examples: bool) -> Result<(), GraphError> {
    let variables = text.variables().len();
    if variables == 0 {
        return Ok(());
    }
    if text.begins_or_ends_with_variable() {
        return Err(Part::Body.variable_at_end());
    }
    if text.words() <= variables {
        return Err(Part::Body.too_many_variables());
    }
    if has_examples { Ok(()) } else { Err(Part::Body.missing("example")) }
}

fn check_header(header: &Header) -> Result<(), GraphError> {
    match header {
        Header::Text { text, .. } if text.variables().len() > 1 => {
            Err(Part::Header.format("can have one variable only"))
        }
        Header::Text { text, example } if !example.fit(text.variables().len()) => {
            Err(Part::Header.missing("example"))
        }
        Header::Media { handles, .. } if handles.is_empty() => Err(Part::Header.missing("example")),
        Header::Text { .. } | Header::Media { .. } | Header::Location | Header::Product => Ok(()),
    }
}

fn check_buttons(buttons: &[Button]) -> Result<(), GraphError> {
    let count = |kind: &str| buttons.iter().filter(|button| button.kind() == kind).count();
    for (kind, most) in MOST_OF_A_TYPE {
        if count(kind) > most {
            return Err(Part::Buttons.format(&format!("can have at most {most} of type {kind}")));
        }
    }
    if buttons.len() > 1
        && let Some(kind) = ALONE.into_iter().find(|kind| count(kind) > 0)
    {
        return Err(Part::Buttons.format(&format!("can't have others beside one of type {kind}")));
    }
    // Quick replies stand together: there is one place at most where they end or begin.
    let is_reply = |button: &Button| matches!(button, Button::QuickReply { .. });
    let changes =
        buttons.windows(2).filter(|pair| matches!(pair, [one, other] if is_reply(one) != is_reply(other)));
    if changes.count() > 1 {
        return Err(Part::Buttons.format("must have quick replies and others in two groups"));
    }
    for button in buttons {
        if let Button::Url { url, example, .. } = button
            && !example.fit(url.variables().len())
        {
            return Err(Part::Buttons.missing("example"));
        }
    }
    Ok(())
}

fn check_carousel(of: &Components) -> Result<(), GraphError> {
    if of.header.is_some() || of.footer.is_some() || !of.buttons.is_empty() || of.offer.is_some() {
        return Err(Part::Carousel.format("can have a BODY beside it only"));
    }
    if of.cards.len() < 2 {
        return Err(Part::Carousel.format("must have 2 to 10 cards"));
    }
    of.cards.iter().try_for_each(check_card)?;
    if of.cards.windows(2).any(|pair| matches!(pair, [one, other] if shape(one) != shape(other))) {
        return Err(Part::Carousel.format("must have the same components in each card"));
    }
    Ok(())
}

fn check_card(card: &Card) -> Result<(), GraphError> {
    match &card.header {
        Some(header @ (Header::Media { .. } | Header::Product)) => check_header(header)?,
        _ => return Err(Part::Carousel.format("must have an IMAGE, VIDEO or PRODUCT header in each card")),
    }
    match &card.body {
        Some(Body::Text { text, example }) => {
            Part::Carousel.within("text", text.as_str(), CARD_BODY)?;
            check_text(text, example.fit(text.variables().len()))?;
        }
        Some(Body::Code { .. }) => return Err(Part::Body.missing("text")),
        None => {}
    }
    if card.buttons.is_empty() || card.buttons.len() > 2 {
        return Err(Part::Carousel.format("must have one or two buttons in each card"));
    }
    check_buttons(&card.buttons)
}

/// What all cards of a carousel have in common.
fn shape(card: &Card) -> (Option<&'static str>, bool, Vec<&'static str>) {
    let header = card.header.as_ref().map(|header| match header {
        Header::Text { .. } => "TEXT",
        Header::Media { format, .. } => format.as_str(),
        Header::Location => "LOCATION",
        Header::Product => "PRODUCT",
    });
    (header, card.body.is_some(), card.buttons.iter().map(Button::kind).collect())
}
