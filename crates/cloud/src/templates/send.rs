//! What a message of a template says: the template is looked up, its parameters are put in, and what it is billed as follows
//! from the template's category.

use super::hello;
use super::kept::{FlowState, Kept};
use crate::state::State;
use content::Body;
use content::kinds::{self, Header, HeaderText, header};
use graph::messages::{HeaderPlace, HeaderProduct, Template};
use graph::templates::{
    self as of, Button, Category, Filled, FilledButton, FilledCard, FilledHeader, Language, Status,
    TemplateName,
};
use graph::{GraphError, TemplateId, Version, codes};
use kernel::Time;
use wire::{BillingClass, Number};

/// A message of a template, ready to be sent.
pub(crate) struct Hydrated {
    pub(crate) body: Body,
    pub(crate) billing_class: BillingClass,
    pub(crate) id: TemplateId,
}

impl State {
    /// What `message` of `business` says.
    pub(crate) fn hydrate(
        &mut self,
        business: Number,
        message: &Template,
        version: Version,
        now: Time,
    ) -> Result<Hydrated, GraphError> {
        let kept = self.sendable(business, message)?;
        let filled = kept.definition.fill(&message.values, version)?;
        let (key, flow) = (kept.key, kept.flow);
        let billing_class = kept.definition.category.billing_class();
        let has_flow = kept.definition.components.has_button(|button| matches!(button, Button::Flow { .. }));
        let body = body(message, filled)?;
        if has_flow && flow == FlowState::Throttled && !self.templates.use_throttled(key, now) {
            return Err(of::flow_throttled(&message.name, &message.language));
        }
        Ok(Hydrated { body, billing_class, id: key.id })
    }

    /// The category of the template that `message` names, if it could be sent.
    pub(crate) fn category_of(&self, business: Number, message: &Template) -> Result<Category, GraphError> {
        Ok(self.sendable(business, message)?.definition.category)
    }

    /// The template that `message` names, if it can be sent.
    fn sendable(&self, business: Number, message: &Template) -> Result<&Kept, GraphError> {
        let Template { name, language, .. } = message;
        let unknown = || of::unknown_translation(name, language);
        let account = self.directory.phone_with(business).ok_or_else(unknown)?.account;
        let named = TemplateName::of(name).zip(Language::of(language));
        let (template_name, in_language) = named.ok_or_else(unknown)?;
        let kept = self.templates.named(account, &template_name, in_language).ok_or_else(unknown)?;
        match kept.status {
            Status::Approved => {}
            Status::Paused => return Err(of::paused(name, language)),
            Status::Disabled => return Err(of::disabled(name, language)),
            _ => return Err(unknown()),
        }
        if name == hello::NAME && !self.config.templates.hello_world_from_all {
            return Err(of::hello_world_elsewhere());
        }
        let has_flow = kept.definition.components.has_button(|button| matches!(button, Button::Flow { .. }));
        if has_flow && kept.flow == FlowState::Blocked {
            return Err(of::flow_blocked(name, language));
        }
        Ok(kept)
    }
}

fn body(message: &Template, filled: Filled) -> Result<Body, GraphError> {
    let Filled { header, body, footer, buttons, cards, offer_expires_ms } = filled;
    let card = |FilledCard { header, body, buttons }: FilledCard| {
        Ok(kinds::TemplateCard {
            header: header.map(header_of).transpose()?,
            body,
            buttons: buttons.into_iter().map(button_of).collect(),
        })
    };
    Ok(Body::Template(Box::new(kinds::Template {
        name: message.name.clone(),
        language: message.language.clone(),
        components: message.components.clone(),
        header: header.map(header_of).transpose()?,
        body,
        footer,
        buttons: buttons.into_iter().map(button_of).collect(),
        cards: cards.into_iter().map(card).collect::<Result<_, GraphError>>()?,
        offer_expires_ms,
    })))
}

fn button_of(FilledButton { kind, text, value }: FilledButton) -> kinds::TemplateButton {
    kinds::TemplateButton { kind: kind.to_owned(), text, value }
}

fn header_of(header: FilledHeader) -> Result<Header, GraphError> {
    let header = match header {
        FilledHeader::Text(text) => header::Header::Text(HeaderText { text, sub_text: String::new() }),
        // The one place where a file gets into a template.
        FilledHeader::Media(_) => {
            let details = "Files in headers of templates are not built into this node yet.";
            return Err(GraphError::whatsapp(codes::UNSUPPORTED_TYPE, details));
        }
        FilledHeader::Location(HeaderPlace { latitude, longitude, name, address }) => {
            header::Header::Location(kinds::Location {
                latitude,
                longitude,
                name: name.unwrap_or_default(),
                address: address.unwrap_or_default(),
                url: String::new(),
            })
        }
        FilledHeader::Product(HeaderProduct { catalog_id, retailer_id }) => {
            let catalog_id = catalog_id.unwrap_or_default();
            header::Header::Product(kinds::Product { catalog_id, retailer_id })
        }
    };
    Ok(Header { header: Some(header) })
}
