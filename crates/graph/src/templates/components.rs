//! What a template is made of.

use crate::error::GraphError;
use crate::reading::{Members, Param};
use crate::templates::errors::Part;
use crate::templates::{Button, Card, Format, Header, Offer, Wording, word};
use crate::value::Value;
use serde::ser::{Serialize, SerializeSeq, Serializer};

/// The longest body and footer, in characters.
const BODY_LIMIT: usize = 1024;
const FOOTER_LIMIT: usize = 60;

/// How long a code may be valid, in minutes.
const EXPIRATION: std::ops::RangeInclusive<u64> = 1..=90;

const TYPES: [&str; 6] = ["HEADER", "BODY", "FOOTER", "BUTTONS", "CAROUSEL", "LIMITED_TIME_OFFER"];

/// What a template is made of. Each part is there once at most.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Components {
    /// Above the text.
    pub header: Option<Header>,
    /// The text.
    pub body: Option<Body>,
    /// Below the text.
    pub footer: Option<Footer>,
    /// What can be tapped.
    pub buttons: Vec<Button>,
    /// Cards beside each other, each with what can be tapped.
    pub cards: Vec<Card>,
    /// An offer that ends.
    pub offer: Option<Offer>,
    /// Whether the variables of its texts are numbered or named.
    pub format: Format,
}

/// The text of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// What the business has written.
    Text {
        /// The text.
        text: Wording,
        /// A value for each variable.
        example: Examples,
    },
    /// The text that all templates for codes have.
    Code {
        /// Whether it says that the code is nobody else's business.
        security_recommendation: bool,
    },
}

/// What stands below a template's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Footer {
    /// What the business has written.
    Text(String),
    /// For how many minutes the code is valid.
    Expiration(u8),
}

/// A value for each variable of a text, in the order of the variables; none, if the business has given none.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Examples(pub(crate) Vec<String>);

/// A component as JSON.
#[derive(serde::Serialize)]
pub(crate) struct Written<'a> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) format: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) add_security_recommendation: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code_expiration_minutes: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limited_time_offer: Option<&'a Offer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) buttons: Option<&'a [Button]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cards: Option<&'a [Card]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) example: Option<serde_json::Value>,
}

impl Components {
    /// Reads the parameter `components`.
    ///
    /// # Errors
    /// It says nothing that a template could be made of. If a template may be made of it the check of a
    /// [`Definition`](crate::templates::Definition) says.
    pub fn read(param: Param<'_>, format: Format) -> Result<Self, GraphError> {
        let mut components = Self { format, ..Self::default() };
        for item in param.items()?.iter() {
            let members = item.any_object()?;
            let part = components.add(&members)?;
            let kind = members.required("type")?;
            if !part {
                return Err(GraphError::invalid(format!("Param {} is there twice.", kind.path())));
            }
        }
        Ok(components)
    }

    /// Reads what [`to_json`](Self::to_json) has written.
    pub fn from_json(json: &str, format: Format) -> Option<Self> {
        let value = Value::from_json(json.as_bytes()).ok()?;
        Self::read(Param::new(&value, "components"), format).ok()
    }

    /// As JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The buttons, without those of cards.
    pub fn has_button(&self, of: impl Fn(&Button) -> bool) -> bool {
        self.buttons.iter().any(of)
    }

    /// Takes a component; false if there is one of its type already.
    fn add(&mut self, members: &Members<'_>) -> Result<bool, GraphError> {
        let format = self.format;
        let is_new = match word(members.required("type")?, &TYPES)? {
            "HEADER" => self.header.replace(Header::read(members, format)?).is_none(),
            "BODY" => self.body.replace(Body::read(members, format)?).is_none(),
            "FOOTER" => self.footer.replace(Footer::read(members)?).is_none(),
            "BUTTONS" => {
                members.only(&["type", "buttons"])?;
                let buttons = Button::read_all(members)?;
                let is_new = self.buttons.is_empty();
                self.buttons = buttons;
                is_new
            }
            "CAROUSEL" => {
                members.only(&["type", "cards"])?;
                let is_new = self.cards.is_empty();
                self.cards = Card::read_all(members, format)?;
                is_new
            }
            _ => self.offer.replace(Offer::read(members)?).is_none(),
        };
        Ok(is_new)
    }

    fn written(&self) -> impl Iterator<Item = Written<'_>> {
        let header = self.header.as_ref().map(|header| header.written(self.format));
        let offer = self.offer.as_ref();
        let offer =
            offer.map(|offer| Written { limited_time_offer: Some(offer), ..Written::of("LIMITED_TIME_OFFER") });
        let body = self.body.as_ref().map(|body| body.written(self.format));
        let footer = self.footer.as_ref().map(Footer::written);
        let buttons = (!self.buttons.is_empty())
            .then(|| Written { buttons: Some(&self.buttons), ..Written::of("BUTTONS") });
        let cards =
            (!self.cards.is_empty()).then(|| Written { cards: Some(&self.cards), ..Written::of("CAROUSEL") });
        [header, offer, body, footer, buttons, cards].into_iter().flatten()
    }
}

impl Serialize for Components {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for component in self.written() {
            list.serialize_element(&component)?;
        }
        list.end()
    }
}

impl Body {
    pub(crate) fn read(members: &Members<'_>, format: Format) -> Result<Self, GraphError> {
        members.only(&["type", "text", "example", "add_security_recommendation"])?;
        let recommendation = members.get("add_security_recommendation").map(|is| is.boolean()).transpose()?;
        let Some(text) = members.get("text") else {
            return Ok(Self::Code { security_recommendation: recommendation.unwrap_or(false) });
        };
        let text = Part::Body.within("text", text.text()?, BODY_LIMIT)?;
        let text = Wording::read(text, format).map_err(|why| Part::Body.malformed(why))?;
        let example = Examples::read(members, ["body_text", "body_text_named_params"], &text)?;
        Ok(Self::Text { text, example })
    }

    pub(crate) fn written(&self, format: Format) -> Written<'_> {
        let mut written = Written::of("BODY");
        match self {
            Self::Text { text, example } => {
                written.text = Some(text.as_str());
                written.example = example.written(text, format, ["body_text", "body_text_named_params"], true);
            }
            Self::Code { security_recommendation } => {
                written.add_security_recommendation = Some(*security_recommendation);
            }
        }
        written
    }
}

impl Footer {
    fn read(members: &Members<'_>) -> Result<Self, GraphError> {
        members.only(&["type", "text", "code_expiration_minutes"])?;
        if let Some(minutes) = members.get("code_expiration_minutes") {
            let valid = u8::try_from(minutes.integer()?).ok();
            let valid = valid.filter(|valid| EXPIRATION.contains(&u64::from(*valid)));
            let wrong = || Part::Footer.format("must have a code_expiration_minutes from 1 to 90");
            return Ok(Self::Expiration(valid.ok_or_else(wrong)?));
        }
        let text = members.get("text").ok_or_else(|| Part::Footer.missing("text"))?;
        let text = Part::Footer.within("text", text.text()?, FOOTER_LIMIT)?;
        if text.contains("{{") || text.contains(['\n', '\r']) {
            return Err(Part::Footer.format("can't have variables or more than one line"));
        }
        Ok(Self::Text(text.to_owned()))
    }

    fn written(&self) -> Written<'_> {
        let mut written = Written::of("FOOTER");
        match self {
            Self::Text(text) => written.text = Some(text),
            Self::Expiration(minutes) => written.code_expiration_minutes = Some(*minutes),
        }
        written
    }
}

impl Examples {
    /// What `example` of a component says of the variables of `text`: lists under the first name, pairs under the second.
    pub(crate) fn read(members: &Members<'_>, names: [&str; 2], text: &Wording) -> Result<Self, GraphError> {
        let [listed, named] = names;
        let Some(example) = members.get("example") else { return Ok(Self::default()) };
        let example = example.object(&[listed, named])?;
        if let Some(pairs) = example.get(named) {
            let mut values = vec![String::new(); text.variables().len()];
            for pair in pairs.items()?.iter() {
                let pair = pair.object(&["param_name", "example"])?;
                let (name, value) = (pair.required("param_name")?.text()?, pair.required("example")?.text()?);
                let known = text.variables().iter().position(|variable| variable == name);
                if let Some(to) = known.and_then(|at| values.get_mut(at)) {
                    value.clone_into(to);
                }
            }
            return Ok(Self(if values.iter().any(String::is_empty) { Vec::new() } else { values }));
        }
        let Some(list) = example.get(listed) else { return Ok(Self::default()) };
        if let Ok(text) = list.text() {
            if list.items().is_err() {
                return Ok(Self(vec![text.to_owned()]));
            }
        }
        let list = list.items()?;
        let mut values = Vec::new();
        for item in list.iter() {
            match item.items() {
                // A set of values for each example; the first is enough.
                Ok(set) if item.text().is_err() => {
                    if values.is_empty() {
                        values = set.iter().map(|value| example_text(value)).collect::<Result<_, _>>()?;
                    }
                }
                _ => values.push(example_text(item)?),
            }
        }
        Ok(Self(values))
    }

    /// As JSON, under the name that it was read from.
    pub(crate) fn written(
        &self,
        text: &Wording,
        format: Format,
        names: [&'static str; 2],
        nested: bool,
    ) -> Option<serde_json::Value> {
        let [listed, named] = names;
        if self.0.is_empty() {
            return None;
        }
        let value = match format {
            Format::Named => {
                let pair = |(name, example): (&String, &String)| {
                    serde_json::json!({ "param_name": name, "example": example })
                };
                text.variables().iter().zip(&self.0).map(pair).collect()
            }
            Format::Positional if nested => serde_json::json!([self.0]),
            Format::Positional => serde_json::json!(self.0),
        };
        let name = if format == Format::Named { named } else { listed };
        Some(serde_json::Value::Object([(name.to_owned(), value)].into_iter().collect()))
    }

    /// True if there is one for each of so many variables.
    pub(crate) fn fit(&self, variables: usize) -> bool {
        self.0.len() >= variables
    }
}

impl std::fmt::Debug for Examples {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Examples(…)")
    }
}

/// A value; numbers are taken as they are written.
fn example_text(value: Param<'_>) -> Result<String, GraphError> {
    match value.value() {
        Value::Unsigned(number) => Ok(number.to_string()),
        _ => value.text().map(str::to_owned),
    }
}

impl Written<'_> {
    pub(crate) fn of(kind: &'static str) -> Self {
        Self {
            r#type: kind,
            format: None,
            text: None,
            add_security_recommendation: None,
            code_expiration_minutes: None,
            limited_time_offer: None,
            buttons: None,
            cards: None,
            example: None,
        }
    }
}
