//! That a consumer tapped a quick reply of a template.

use serde::Serialize;

/// The member `button` of a message.
#[derive(Clone, Copy, Serialize)]
pub struct Button<'a> {
    /// What the business calls it.
    pub payload: &'a str,
    /// What stands on it.
    pub text: &'a str,
}
