//! `"type": "text"` (Cloud API documentation, "Text messages").

use crate::codes;
use crate::error::GraphError;
use crate::params::Params;
use std::fmt;

/// The longest text, in characters.
const LIMIT: usize = 4096;

/// A text. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Text {
    /// 1 to 4096 characters, not all of them white.
    pub body: String,
    /// Whether the app shows what its first link leads to.
    pub preview_url: bool,
}

impl Text {
    pub(crate) fn parse(params: &Params<'_>) -> Result<Self, GraphError> {
        let text = params.get("text").ok_or_else(|| {
            GraphError::whatsapp(codes::MISSING, "Param text is required in a message of type text.")
        })?;
        let text = text.object(&["body", "preview_url"])?;
        let preview_url = text.get("preview_url").map(|preview| preview.boolean()).transpose()?;
        let body = text.required("body")?;
        let written = body.text_within(LIMIT)?;
        if written.trim().is_empty() {
            return Err(GraphError::too_short(&body.path()));
        }
        Ok(Self { body: written.to_owned(), preview_url: preview_url.unwrap_or(false) })
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Text(…)")
    }
}
