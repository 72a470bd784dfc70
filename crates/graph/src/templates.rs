//! Message templates: what they are made of, the parameters of the calls that manage them, what these are answered, and
//! how a template and the parameters of a message become what its recipient reads.
//!
//! [`Definition`] is a template as a business wrote it; it is made of [`Components`], whose texts are [`Wording`]s with
//! variables. [`Definition::fill`] puts the parameters of a message ([`crate::messages::Template`]) in. All of it is read
//! from parameters and written to JSON by the same types, so what a template was created with is what it is kept as and
//! shown as.

mod answer;
#[cfg(test)]
mod anywhere;
mod authentication;
mod body;
mod button;
mod carousel;
mod category;
mod check;
mod components;
mod create;
mod definition;
mod errors;
mod examples;
mod fill;
mod format;
mod header;
mod language;
mod library;
mod list;
mod offer;
mod preview;
mod status;
mod wording;
mod written;

pub use answer::{Created, Standing, Summary, Template, TemplateList, Upserted};
pub use body::{Body, Footer};
pub use button::{Button, FlowOf, Otp, OtpApp, OtpType};
pub use carousel::Card;
pub use category::Category;
pub use components::Components;
pub use create::{CREATE, Create, DELETE, Delete, EDIT, Edit, UPSERT, Upsert};
pub use definition::{Definition, TemplateName, Ttl};
pub use errors::{
    account_full, already_there, being_deleted, cant_be_deleted, disabled, flow_blocked, flow_throttled,
    hello_world_elsewhere, invalid_list_cursor, not_editable, not_marketing, not_marketing_method,
    not_paused, paused, too_many_edits, unknown_name, unknown_translation,
};
pub use examples::Examples;
pub use fill::{Filled, FilledButton, FilledCard, FilledHeader};
pub use format::Format;
pub use header::{Header, MediaFormat};
pub use language::Language;
pub use library::{LIBRARY, LibraryFilter, LibraryTemplate, library, library_template};
pub use list::{Filter, LIST, SummaryFields};
pub use offer::Offer;
pub use preview::{PREVIEWS, Preview, PreviewRequest};
pub use status::{Quality, Reason, Status};
pub use wording::Wording;

use crate::error::GraphError;
use crate::reading::Param;

/// One of some words, in whatever case it is written.
///
/// # Errors
/// It is no text, or another.
pub(crate) fn word(param: Param<'_>, allowed: &[&'static str]) -> Result<&'static str, GraphError> {
    let text = param.text()?;
    let word = allowed.iter().copied().find(|word| word.eq_ignore_ascii_case(text));
    word.ok_or_else(|| GraphError::one_of(&param.path(), allowed, text))
}
