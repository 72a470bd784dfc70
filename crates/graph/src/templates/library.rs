//! The library: templates that are approved already, to begin with. The texts are this project's own.

use crate::error::GraphError;
use crate::params::Params;
use crate::templates::{Category, Components, Format, Language};
use serde::Serialize;

/// The parameters of `GET /message_template_library`.
pub const LIBRARY: &[&str] = &["search", "topic", "usecase", "industry", "language", "name", "limit"];

/// One template of the library.
#[derive(Debug, PartialEq, Eq)]
pub struct LibraryTemplate {
    /// What it is called.
    pub name: &'static str,
    /// What it is for.
    pub category: Category,
    /// About what.
    pub topic: &'static str,
    /// On which occasion.
    pub usecase: &'static str,
    /// For which businesses.
    pub industry: &'static [&'static str],
    /// Its text.
    pub body: &'static str,
    /// A value for each variable of the text.
    pub body_params: &'static [&'static str],
    /// Labels of quick replies.
    pub replies: &'static [&'static str],
}

/// Which templates of the library are asked for.
#[derive(Debug, Default, Clone)]
pub struct LibraryFilter {
    search: Option<String>,
    name: Option<String>,
    topic: Option<String>,
    usecase: Option<String>,
    industry: Option<String>,
    language: Option<String>,
}

#[derive(Serialize)]
struct Shown {
    name: &'static str,
    language: Language,
    category: Category,
    topic: &'static str,
    usecase: &'static str,
    industry: &'static [&'static str],
    body: &'static str,
    body_params: &'static [&'static str],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    buttons: Vec<ShownButton>,
    id: String,
}

#[derive(Serialize)]
struct ShownButton {
    r#type: &'static str,
    text: &'static str,
}

const ALL: [LibraryTemplate; 6] = [
    LibraryTemplate {
        name: "delivery_on_its_way_1",
        category: Category::Utility,
        topic: "ORDER_MANAGEMENT",
        usecase: "SHIPMENT_CONFIRMATION",
        industry: &["E_COMMERCE"],
        body: "Hello {{1}}, your order {{2}} has left our warehouse and is on its way to you.",
        body_params: &["Ada", "4711"],
        replies: &["Change delivery"],
    },
    LibraryTemplate {
        name: "delivery_arrived_1",
        category: Category::Utility,
        topic: "ORDER_MANAGEMENT",
        usecase: "DELIVERY_UPDATE",
        industry: &["E_COMMERCE"],
        body: "Hello {{1}}, your order {{2}} was delivered today.",
        body_params: &["Ada", "4711"],
        replies: &[],
    },
    LibraryTemplate {
        name: "appointment_tomorrow_1",
        category: Category::Utility,
        topic: "EVENT_REMINDER",
        usecase: "APPOINTMENT_REMINDER",
        industry: &["HEALTHCARE", "BEAUTY"],
        body: "Hello {{1}}, we are looking forward to seeing you on {{2}} at {{3}} in our rooms.",
        body_params: &["Ada", "10 December", "09:30"],
        replies: &["I will be there", "I can't come"],
    },
    LibraryTemplate {
        name: "invoice_is_due_1",
        category: Category::Utility,
        topic: "PAYMENTS",
        usecase: "PAYMENT_DUE_REMINDER",
        industry: &["FINANCIAL_SERVICES"],
        body: "Hello {{1}}, the invoice {{2}} of {{3}} is due this week. Please pay it in time.",
        body_params: &["Ada", "2026-17", "$ 42.00"],
        replies: &[],
    },
    LibraryTemplate {
        name: "payment_received_1",
        category: Category::Utility,
        topic: "PAYMENTS",
        usecase: "PAYMENT_CONFIRMATION",
        industry: &["E_COMMERCE", "FINANCIAL_SERVICES"],
        body: "Thank you, {{1}}. We have received your payment of {{2}} and sent you a receipt.",
        body_params: &["Ada", "$ 42.00"],
        replies: &[],
    },
    LibraryTemplate {
        name: "how_did_we_do_1",
        category: Category::Utility,
        topic: "CUSTOMER_FEEDBACK",
        usecase: "FEEDBACK_SURVEY",
        industry: &["E_COMMERCE"],
        body: "Hello {{1}}, how satisfied are you with what you ordered from us?",
        body_params: &["Ada"],
        replies: &["Satisfied", "Not satisfied"],
    },
];

/// The whole library.
pub fn library() -> &'static [LibraryTemplate] {
    &ALL
}

/// The template of that name.
pub fn library_template(name: &str) -> Option<&'static LibraryTemplate> {
    ALL.iter().find(|of| of.name == name)
}

impl LibraryTemplate {
    /// What a template is made of that is made from it.
    pub fn components(&self) -> Components {
        let body = serde_json::json!({
            "type": "BODY", "text": self.body, "example": { "body_text": [self.body_params] },
        });
        let reply = |text: &&str| serde_json::json!({ "type": "QUICK_REPLY", "text": text });
        let replies: Vec<_> = self.replies.iter().map(reply).collect();
        let mut components = vec![body];
        if !replies.is_empty() {
            components.push(serde_json::json!({ "type": "BUTTONS", "buttons": replies }));
        }
        let json = serde_json::Value::Array(components).to_string();
        Components::from_json(&json, Format::Positional).unwrap_or_default()
    }

    /// As the API shows it.
    pub fn shown(&self) -> impl Serialize {
        let at = ALL.iter().position(|of| of == self).unwrap_or_default();
        let button = |text: &&'static str| ShownButton { r#type: "QUICK_REPLY", text };
        Shown {
            name: self.name,
            language: Language::EN_US,
            category: self.category,
            topic: self.topic,
            usecase: self.usecase,
            industry: self.industry,
            body: self.body,
            body_params: self.body_params,
            buttons: self.replies.iter().map(button).collect(),
            id: (1_000_000_000_000_001 + at).to_string(),
        }
    }
}

impl LibraryFilter {
    /// What the parameters say.
    ///
    /// # Errors
    /// One of them is no text.
    pub fn parse(params: &Params<'_>) -> Result<Self, GraphError> {
        let text = |name| params.get(name).map(|text| text.text().map(str::to_owned)).transpose();
        Ok(Self {
            search: text("search")?.map(|search| search.to_lowercase()),
            name: text("name")?,
            topic: text("topic")?,
            usecase: text("usecase")?,
            industry: text("industry")?,
            language: text("language")?,
        })
    }

    /// True if a template is asked for.
    pub fn admits(&self, of: &LibraryTemplate) -> bool {
        let is = |wanted: &Option<String>, word: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(word))
        };
        is(&self.name, of.name)
            && is(&self.topic, of.topic)
            && is(&self.usecase, of.usecase)
            && is(&self.language, Language::EN_US.as_str())
            && (self.industry.is_none() || of.industry.iter().any(|industry| is(&self.industry, industry)))
            && self
                .search
                .as_deref()
                .is_none_or(|search| of.name.contains(search) || of.body.to_lowercase().contains(search))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::templates::{Definition, TemplateName};

    #[test]
    fn every_template_of_the_library_can_be_made() {
        for of in library() {
            let definition = Definition {
                name: TemplateName::of(of.name).unwrap(),
                language: Language::EN_US,
                category: of.category,
                components: of.components(),
                ttl: None,
            };
            assert_eq!(definition.check(), Ok(()), "{}", of.name);
        }
    }
}
