//! What calls about templates are answered.

use crate::ids::TemplateId;
use crate::objects::node;
use crate::templates::{Category, Components, Definition, Format, Language, Quality, Reason, Status, Ttl};
use serde::Serialize;

node! {
    /// A template (Graph API reference, "Message Template").
    Template is "WhatsAppMessageTemplate", usually [
        "name",
        "parameter_format",
        "components",
        "language",
        "status",
        "category",
        "sub_category",
        "previous_category",
        "library_template_name",
        "message_send_ttl_seconds",
    ],
    always {
        /// Its id.
        id: TemplateId,
        /// What it is called.
        name: &'a str,
        /// Whether its variables are numbers or names.
        parameter_format: Format,
        /// What it is made of.
        components: &'a Components,
        /// In which language.
        language: Language,
        /// What has become of it.
        status: Status,
        /// What it is for.
        category: Category,
        /// What recipients think of it.
        quality_score: QualityScore,
        /// Why it was refused.
        rejected_reason: Reason,
        /// Whether taps on its links are counted.
        cta_url_link_tracking_opted_out: bool,
    }
    sometimes {
        /// What kind of its category.
        sub_category: &'a str,
        /// What it was for before.
        previous_category: Category,
        /// What a reviewer says that it is for.
        correct_category: Category,
        /// What of the library it was made from.
        library_template_name: &'a str,
        /// How long a message of it is worth being delivered.
        message_send_ttl_seconds: Ttl,
    }
}

/// What recipients think of a template, and since when.
#[derive(Serialize)]
pub struct QualityScore {
    /// What they think.
    pub score: Quality,
    /// Seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<u64>,
}

/// What becomes of a template beside what its business wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// What has become of it.
    pub status: Status,
    /// Why it was refused.
    pub rejected_reason: Reason,
    /// What recipients think of it.
    pub quality: Quality,
    /// Since when, in seconds since 1970.
    pub quality_since_s: Option<u64>,
}

impl<'a> Template<'a> {
    /// A template that stands like that.
    pub fn new(id: TemplateId, definition: &'a Definition, standing: Standing) -> Self {
        let Definition { name, language, category, components, ttl } = definition;
        Self {
            id,
            name: name.as_str(),
            parameter_format: components.format,
            components,
            language: *language,
            status: standing.status,
            category: *category,
            quality_score: QualityScore { score: standing.quality, date: standing.quality_since_s },
            rejected_reason: standing.rejected_reason,
            cta_url_link_tracking_opted_out: false,
            sub_category: None,
            previous_category: None,
            correct_category: None,
            library_template_name: None,
            message_send_ttl_seconds: *ttl,
        }
    }
}

/// The answer to the call that makes a template.
#[derive(Serialize)]
pub struct Created {
    /// Its id.
    pub id: TemplateId,
    /// What has become of it so far.
    pub status: Status,
    /// What it is for.
    pub category: Category,
}

/// One of the answer to the call that makes templates in several languages.
#[derive(Serialize)]
pub struct Upserted {
    /// Its id.
    pub id: TemplateId,
    /// What has become of it so far.
    pub status: Status,
    /// In which language.
    pub language: Language,
}

/// A page of templates, and counts beside it.
#[derive(Serialize)]
pub struct TemplateList<P> {
    /// The page.
    #[serde(flatten)]
    pub page: P,
    /// The counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
}

/// Counts, those that are asked for.
#[derive(Debug, Default, Serialize)]
pub struct Summary {
    /// How many match.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_count: Option<usize>,
    /// How many there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_template_count: Option<usize>,
    /// How many there may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_template_limit: Option<usize>,
    /// Whether each is there in all languages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub are_translations_complete: Option<bool>,
}
