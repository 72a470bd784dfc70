//! `GET /{waba-id}/message_template_previews`: the texts that a template for codes would have.

use crate::error::GraphError;
use crate::params::Params;
use crate::templates::{Category, Language, authentication};
use serde::Serialize;

/// The parameters of the call.
pub const PREVIEWS: &[&str] = &[
    "category",
    "languages",
    "language",
    "add_security_recommendation",
    "code_expiration_minutes",
    "button_types",
    "limit",
];

/// Which texts are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewRequest {
    languages: Vec<Language>,
    security_recommendation: bool,
    expiration: Option<u8>,
    has_button: bool,
}

/// The texts in one language.
#[derive(Debug, Serialize)]
pub struct Preview {
    body: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    buttons: Vec<PreviewButton>,
    #[serde(skip_serializing_if = "Option::is_none")]
    footer: Option<String>,
    language: Language,
}

#[derive(Debug, Serialize)]
struct PreviewButton {
    autofill_text: &'static str,
    text: &'static str,
}

impl PreviewRequest {
    /// What the parameters say.
    ///
    /// # Errors
    /// They say nothing that can be.
    pub fn parse(params: &Params<'_>) -> Result<Self, GraphError> {
        if Category::read(params.required("category")?)? != Category::Authentication {
            return Err(GraphError::invalid("Only templates of category AUTHENTICATION have previews."));
        }
        let codes = params.get("languages").or_else(|| params.get("language"));
        let codes = codes.map(|codes| codes.texts()).transpose()?.unwrap_or_default();
        let mut languages: Vec<Language> = codes.iter().filter_map(|code| Language::of(code)).collect();
        languages.dedup();
        let recommendation = params.get("add_security_recommendation").map(|is| is.boolean()).transpose()?;
        let expiration =
            params.get("code_expiration_minutes").map(|minutes| minutes.integer()).transpose()?;
        let types = params.get("button_types").map(|types| types.texts()).transpose()?.unwrap_or_default();
        Ok(Self {
            languages: if languages.is_empty() { vec![Language::EN_US] } else { languages },
            security_recommendation: recommendation.unwrap_or(false),
            expiration: expiration.and_then(|minutes| u8::try_from(minutes).ok()),
            has_button: types.iter().any(|kind| kind.eq_ignore_ascii_case("OTP")),
        })
    }

    /// The texts; they are English in all languages here.
    pub fn previews(&self) -> Vec<Preview> {
        let button = || PreviewButton { autofill_text: "Autofill", text: "Copy code" };
        let preview = |language: &Language| Preview {
            body: authentication::body("{{1}}", self.security_recommendation),
            buttons: Vec::from_iter(self.has_button.then(button)),
            footer: self.expiration.map(authentication::footer),
            language: *language,
        };
        self.languages.iter().map(preview).collect()
    }
}
