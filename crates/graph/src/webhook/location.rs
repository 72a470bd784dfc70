//! A place that a consumer sends.

use serde::Serialize;

/// The member `location` of a message. Texts that are empty are not in it.
#[derive(Clone, Copy, Serialize)]
pub struct Location<'a> {
    /// In degrees.
    pub latitude: f64,
    /// In degrees.
    pub longitude: f64,
    /// What is there.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub name: &'a str,
    /// In which street.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub address: &'a str,
    /// Where more is told of it.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub url: &'a str,
}
