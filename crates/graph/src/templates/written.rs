//! A component of a template as JSON.

use serde::Serialize;
use serde_json::Value as Json;

/// A component as JSON.
#[derive(Serialize)]
pub(crate) struct Written<'a> {
    pub(crate) r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) format: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) add_security_recommendation: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code_expiration_minutes: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limited_time_offer: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) buttons: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cards: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) example: Option<Json>,
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

/// What is a part of a component. All of it has texts for names, and no error can be.
pub(crate) fn json(of: &impl Serialize) -> Option<Json> {
    serde_json::to_value(of).ok()
}
