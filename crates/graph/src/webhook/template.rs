//! What accounts hear of their templates (facts of the fields `message_template_status_update`,
//! `message_template_quality_update`, `message_template_components_update` and `template_category_update`).

use crate::ids::TemplateId;
use crate::templates::{Body, Button, Category, Definition, Footer, Header, Quality, Reason};
use crate::webhook::Field;
use serde::{Serialize, Serializer};

/// Something that happened to a template.
#[derive(Serialize)]
pub struct TemplateEvent<'a> {
    #[serde(flatten)]
    what: What<'a>,
    #[serde(serialize_with = "as_number")]
    message_template_id: TemplateId,
    message_template_name: &'a str,
    message_template_language: String,
}

/// What happened.
#[derive(Serialize)]
#[serde(untagged)]
enum What<'a> {
    Status(StatusChange),
    Quality { previous_quality_score: Quality, new_quality_score: Quality },
    Components(Box<Edited<'a>>),
    Category(CategoryChange),
}

/// A template has another status.
#[derive(Serialize)]
pub struct StatusChange {
    /// What became of it: a status, or `FLAGGED` or `REINSTATED`.
    pub event: &'static str,
    /// What it is for.
    pub message_template_category: Category,
    /// Why it was refused; null if it is to be deleted.
    pub reason: Option<Reason>,
    /// When it was disabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disable_info: Option<DisableInfo>,
    /// About pauses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_info: Option<OtherInfo>,
    /// What is wrong with the format.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejection_info: Option<RejectionInfo>,
}

/// When a template was disabled.
#[derive(Serialize)]
pub struct DisableInfo {
    /// Seconds since 1970.
    pub disable_date: u64,
}

/// About a pause.
#[derive(Serialize)]
pub struct OtherInfo {
    /// Which.
    pub title: &'static str,
    /// In words.
    pub description: &'static str,
}

/// What is wrong with a format.
#[derive(Serialize)]
pub struct RejectionInfo {
    /// What.
    pub reason: &'static str,
    /// What to do.
    pub recommendation: &'static str,
}

/// A template is of another category, or will be.
#[derive(Serialize)]
#[serde(untagged)]
pub enum CategoryChange {
    /// It will be.
    Announced {
        /// What it will be.
        correct_category: Category,
        /// What it is.
        new_category: Category,
        /// When, in seconds since 1970.
        category_update_timestamp: u64,
    },
    /// It is.
    Done {
        /// What it was.
        previous_category: Category,
        /// What it is.
        new_category: Category,
    },
}

/// The texts of a template that was edited.
#[derive(Serialize)]
struct Edited<'a> {
    message_template_element: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_template_title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_template_footer: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    message_template_buttons: Vec<EditedButton<'a>>,
}

#[derive(Serialize)]
struct EditedButton<'a> {
    message_template_button_type: &'static str,
    message_template_button_text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_template_button_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_template_button_phone_number: Option<&'a str>,
}

impl<'a> TemplateEvent<'a> {
    /// It has another status.
    pub fn of_status(id: TemplateId, of: &'a Definition, change: StatusChange) -> Self {
        Self::new(id, of, What::Status(change))
    }

    /// Recipients think otherwise of it.
    pub fn of_quality(id: TemplateId, of: &'a Definition, before: Quality, after: Quality) -> Self {
        Self::new(id, of, What::Quality { previous_quality_score: before, new_quality_score: after })
    }

    /// It says something else.
    pub fn of_components(id: TemplateId, of: &'a Definition) -> Self {
        let components = &of.components;
        let element = match &components.body {
            Some(Body::Text { text, .. }) => text.as_str(),
            Some(Body::Code { .. }) | None => "",
        };
        let title = match &components.header {
            Some(Header::Text { text, .. }) => Some(text.as_str()),
            _ => None,
        };
        let footer = match &components.footer {
            Some(Footer::Text(text)) => Some(text.as_str()),
            _ => None,
        };
        let edited = Edited {
            message_template_element: element,
            message_template_title: title,
            message_template_footer: footer,
            message_template_buttons: components.buttons.iter().map(EditedButton::of).collect(),
        };
        Self::new(id, of, What::Components(Box::new(edited)))
    }

    /// It is, or will be, of another category.
    pub fn of_category(id: TemplateId, of: &'a Definition, change: CategoryChange) -> Self {
        Self::new(id, of, What::Category(change))
    }

    /// The webhook field of such events.
    pub fn field(&self) -> Field {
        match self.what {
            What::Status(_) => Field::MessageTemplateStatusUpdate,
            What::Quality { .. } => Field::MessageTemplateQualityUpdate,
            What::Components(_) => Field::MessageTemplateComponentsUpdate,
            What::Category(_) => Field::TemplateCategoryUpdate,
        }
    }

    fn new(id: TemplateId, of: &'a Definition, what: What<'a>) -> Self {
        Self {
            what,
            message_template_id: id,
            message_template_name: of.name.as_str(),
            message_template_language: of.language.hyphenated(),
        }
    }
}

impl<'a> EditedButton<'a> {
    fn of(button: &'a Button) -> Self {
        let (url, phone_number) = match button {
            Button::Url { url, .. } => (Some(url.as_str()), None),
            Button::PhoneNumber { phone_number, .. } => (None, Some(phone_number.as_str())),
            _ => (None, None),
        };
        Self {
            message_template_button_type: button.kind(),
            message_template_button_text: button.label(),
            message_template_button_url: url,
            message_template_button_phone_number: phone_number,
        }
    }
}

/// Ids of templates are below 2^53: a number, as in the operator's own.
fn as_number<S: Serializer>(id: &TemplateId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(id.as_str().parse().unwrap_or_default())
}
