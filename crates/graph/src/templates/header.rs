//! What stands above a template's text.

use crate::error::GraphError;
use crate::reading::{Members, Param};
use crate::templates::errors::Part;
use crate::templates::written::Written;
use crate::templates::{Examples, Format, Wording, word};

/// The longest header, in characters.
const LIMIT: usize = 60;

/// How many handles of examples are kept, and the longest, in characters.
const HANDLES: usize = 10;
const HANDLE: usize = 2000;

const FORMATS: [&str; 7] = ["TEXT", "IMAGE", "VIDEO", "GIF", "DOCUMENT", "LOCATION", "PRODUCT"];

/// What stands above a template's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Header {
    /// A text.
    Text {
        /// At most one variable.
        text: Wording,
        /// A value for the variable.
        example: Examples,
    },
    /// A file that each message brings.
    Media {
        /// Of which kind.
        format: MediaFormat,
        /// Handles of examples, as resumable uploads give them.
        handles: Vec<String>,
    },
    /// A place that each message names.
    Location,
    /// A product that each message names.
    Product,
}

/// A kind of file that can be a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaFormat {
    /// A picture.
    Image,
    /// A film.
    Video,
    /// A short film without sound.
    Gif,
    /// Any file.
    Document,
}

impl MediaFormat {
    /// As templates spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "IMAGE",
            Self::Video => "VIDEO",
            Self::Gif => "GIF",
            Self::Document => "DOCUMENT",
        }
    }
}

impl Header {
    pub(crate) fn read(members: &Members<'_>, format: Format) -> Result<Self, GraphError> {
        members.only(&["type", "format", "text", "example"])?;
        let kind = members.get("format").map(|kind| word(kind, &FORMATS)).transpose()?.unwrap_or("TEXT");
        let media = match kind {
            "IMAGE" => MediaFormat::Image,
            "VIDEO" => MediaFormat::Video,
            "GIF" => MediaFormat::Gif,
            "DOCUMENT" => MediaFormat::Document,
            "LOCATION" => return Ok(Self::Location),
            "PRODUCT" => return Ok(Self::Product),
            _ => return Self::read_text(members, format),
        };
        let handles = match members.get("example") {
            None => Vec::new(),
            Some(example) => {
                let example = example.object(&["header_handle", "header_url"])?;
                let handles = example.get("header_handle").or_else(|| example.get("header_url"));
                handles.as_ref().map(handles_of).transpose()?.unwrap_or_default()
            }
        };
        Ok(Self::Media { format: media, handles })
    }

    fn read_text(members: &Members<'_>, format: Format) -> Result<Self, GraphError> {
        let text = members.get("text").ok_or_else(|| Part::Header.missing("text"))?;
        let text = Part::Header.within("text", text.text()?, LIMIT)?;
        if text.contains(['\n', '\r']) {
            return Err(Part::Header.format("can't have more than one line"));
        }
        let text = Wording::read(text, format).map_err(|why| Part::Header.malformed(why))?;
        let example = Examples::read(members, ["header_text", "header_text_named_params"], &text)?;
        Ok(Self::Text { text, example })
    }

    pub(crate) fn written(&self, format: Format) -> Written<'_> {
        let mut written = Written::of("HEADER");
        match self {
            Self::Text { text, example } => {
                written.format = Some("TEXT");
                written.text = Some(text.as_str());
                written.example =
                    example.written(text, format, ["header_text", "header_text_named_params"], false);
            }
            Self::Media { format, handles } => {
                written.format = Some(format.as_str());
                written.example =
                    (!handles.is_empty()).then(|| serde_json::json!({ "header_handle": handles }));
            }
            Self::Location => written.format = Some("LOCATION"),
            Self::Product => written.format = Some("PRODUCT"),
        }
        written
    }
}

/// One or more; a handle may have commas.
fn handles_of(param: &Param<'_>) -> Result<Vec<String>, GraphError> {
    match param.items() {
        Ok(items) => {
            let handles = items.iter().take(HANDLES);
            handles.map(|item| item.text_within(HANDLE).map(str::to_owned)).collect()
        }
        Err(_) => Ok(vec![param.text_within(HANDLE)?.to_owned()]),
    }
}
