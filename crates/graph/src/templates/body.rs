//! The text of a template, and what stands below it.

use crate::error::GraphError;
use crate::reading::Members;
use crate::templates::errors::Part;
use crate::templates::written::Written;
use crate::templates::{Examples, Format, Wording};

/// The longest body and footer, in characters.
const BODY_LIMIT: usize = 1024;
const FOOTER_LIMIT: usize = 60;

/// How long a code may be valid, in minutes.
const EXPIRATION: std::ops::RangeInclusive<u64> = 1..=90;

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
                written.example =
                    example.written(text, format, ["body_text", "body_text_named_params"], true);
            }
            Self::Code { security_recommendation } => {
                written.add_security_recommendation = Some(*security_recommendation);
            }
        }
        written
    }
}

impl Footer {
    pub(crate) fn read(members: &Members<'_>) -> Result<Self, GraphError> {
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

    pub(crate) fn written(&self) -> Written<'_> {
        let mut written = Written::of("FOOTER");
        match self {
            Self::Text(text) => written.text = Some(text),
            Self::Expiration(minutes) => written.code_expiration_minutes = Some(*minutes),
        }
        written
    }
}
