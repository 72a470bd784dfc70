//! The parameters of the calls that make, change and delete templates.

use crate::error::GraphError;
use crate::ids::TemplateId;
use crate::params::Params;
use crate::templates::{
    Category, Components, Definition, Format, Language, LibraryTemplate, TemplateName, Ttl, library_template,
};

/// The parameters of `POST /{waba-id}/message_templates`.
pub const CREATE: &[&str] = &[
    "name",
    "language",
    "category",
    "components",
    "parameter_format",
    "allow_category_change",
    "message_send_ttl_seconds",
    "library_template_name",
    "library_template_button_inputs",
    "library_template_body_inputs",
    "cta_url_link_tracking_opted_out",
    "sub_category",
    "display_format",
    "is_primary_device_delivery_only",
];

/// The parameters of `POST /{template-id}`.
pub const EDIT: &[&str] = &[
    "name",
    "language",
    "category",
    "components",
    "parameter_format",
    "allow_category_change",
    "message_send_ttl_seconds",
    "cta_url_link_tracking_opted_out",
];

/// The parameters of `DELETE /{waba-id}/message_templates`.
pub const DELETE: &[&str] = &["name", "hsm_id"];

/// The parameters of `POST /{waba-id}/upsert_message_templates`.
pub const UPSERT: &[&str] =
    &["name", "languages", "category", "components", "parameter_format", "message_send_ttl_seconds"];

/// More languages than that no call has.
const MOST_LANGUAGES: usize = 100;

/// `POST /{waba-id}/message_templates`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Create {
    /// What is to be made.
    pub definition: Definition,
    /// Whether a reviewer may give it another category instead of refusing it.
    pub allow_category_change: bool,
    /// What it was made from.
    pub library: Option<&'static LibraryTemplate>,
}

/// `POST /{template-id}`: what of a template changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The template as it is to be.
    pub definition: Definition,
    /// Whether a reviewer may give it another category instead of refusing it.
    pub allow_category_change: Option<bool>,
}

/// `DELETE /{waba-id}/message_templates`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delete {
    /// All languages of this name.
    pub name: TemplateName,
    /// But only this template.
    pub id: Option<TemplateId>,
}

/// `POST /{waba-id}/upsert_message_templates`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upsert {
    /// One for each language.
    pub definitions: Vec<Definition>,
}

impl Create {
    /// What the parameters say.
    ///
    /// # Errors
    /// They say nothing that can be.
    pub fn parse(params: &Params<'_>) -> Result<Self, GraphError> {
        let name = TemplateName::read(params.required("name")?)?;
        let language = Language::read(params.required("language")?)?;
        let category = Category::read(params.required("category")?)?;
        let library = params.get("library_template_name").map(|name| of_library(name.text()?)).transpose()?;
        let components = match (library, params.get("components")) {
            (Some(library), None) => library.components(),
            (Some(_), Some(_)) => {
                let details = "Param components can't be beside library_template_name.";
                return Err(GraphError::invalid(details));
            }
            (None, _) => Components::read(params.required("components")?, Format::of(params)?)?,
        };
        if let Some(library) = library.filter(|library| library.category != category) {
            let details = format!("The library's template is of category {}.", library.category.as_str());
            return Err(GraphError::invalid(details));
        }
        let ttl = params.get("message_send_ttl_seconds").map(|ttl| Ttl::read(ttl, category)).transpose()?;
        let definition = Definition { name, language, category, components, ttl };
        definition.check()?;
        let change = params.get("allow_category_change").map(|change| change.boolean()).transpose()?;
        Ok(Self { definition, allow_category_change: change.unwrap_or(false), library })
    }
}

impl Edit {
    /// What the parameters make of a template.
    ///
    /// # Errors
    /// They make nothing of it that can be.
    pub fn parse(params: &Params<'_>, old: &Definition) -> Result<Self, GraphError> {
        let mut definition = old.clone();
        let name = params.get("name").map(TemplateName::read).transpose()?;
        if name.is_some_and(|name| name != old.name) {
            return Err(GraphError::invalid("The name of a message template can't be changed."));
        }
        let language = params.get("language").map(Language::read).transpose()?;
        if language.is_some_and(|language| language != old.language) {
            return Err(GraphError::invalid("The language of a message template can't be changed."));
        }
        if let Some(category) = params.get("category") {
            definition.category = Category::read(category)?;
        }
        if let Some(components) = params.get("components") {
            let format = params.get("parameter_format").map(|_| Format::of(params)).transpose()?;
            definition.components = Components::read(components, format.unwrap_or(old.components.format))?;
        }
        match params.get("message_send_ttl_seconds") {
            Some(ttl) => definition.ttl = Some(Ttl::read(ttl, definition.category)?),
            None => {
                let fits = |ttl: &Ttl| Ttl::of(ttl.as_seconds().into(), definition.category).is_some();
                definition.ttl = definition.ttl.filter(fits);
            }
        }
        definition.check()?;
        let change = params.get("allow_category_change").map(|change| change.boolean()).transpose()?;
        Ok(Self { definition, allow_category_change: change })
    }
}

impl Delete {
    /// What the parameters say.
    ///
    /// # Errors
    /// They say nothing that can be.
    pub fn parse(params: &Params<'_>) -> Result<Self, GraphError> {
        let name = TemplateName::read(params.required("name")?)?;
        let id = params.get("hsm_id").map(|id| {
            let number = id.integer().map(|number| number.to_string());
            let id_text = number.or_else(|_| id.text().map(str::to_owned))?;
            id_text.parse().map_err(|_| GraphError::must_be(&id.path(), "the id of a message template"))
        });
        Ok(Self { name, id: id.transpose()? })
    }
}

impl Upsert {
    /// What the parameters say.
    ///
    /// # Errors
    /// They say nothing that can be.
    pub fn parse(params: &Params<'_>) -> Result<Self, GraphError> {
        let name = TemplateName::read(params.required("name")?)?;
        let category = Category::read(params.required("category")?)?;
        if category != Category::Authentication {
            let details =
                "Only templates of category AUTHENTICATION can be made in several languages at once.";
            return Err(GraphError::invalid(details));
        }
        let components = Components::read(params.required("components")?, Format::of(params)?)?;
        let ttl = params.get("message_send_ttl_seconds").map(|ttl| Ttl::read(ttl, category)).transpose()?;
        let languages = params.required("languages")?;
        let mut definitions: Vec<Definition> = Vec::new();
        for code in languages.texts()? {
            let language = Language::of(&code).ok_or_else(|| {
                GraphError::invalid("Param languages must be a list of codes of languages of templates.")
            })?;
            if definitions.iter().all(|known| known.language != language) {
                let (name, components) = (name.clone(), components.clone());
                definitions.push(Definition { name, language, category, components, ttl });
            }
            if definitions.len() > MOST_LANGUAGES {
                return Err(GraphError::invalid("Param languages has too many items."));
            }
        }
        let Some(first) = definitions.first() else {
            return Err(GraphError::invalid("Param languages must have at least one item."));
        };
        first.check()?;
        Ok(Self { definitions })
    }
}

fn of_library(name: &str) -> Result<&'static LibraryTemplate, GraphError> {
    library_template(name)
        .ok_or_else(|| GraphError::invalid("Param library_template_name names no template of the library."))
}
