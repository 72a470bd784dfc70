//! `GET /{waba-id}/message_templates`: which templates are asked for.

use crate::error::GraphError;
use crate::paging::PageRequest;
use crate::params::Params;
use crate::path::Version;
use crate::reading::Param;
use crate::templates::{Category, Definition, Language, Quality, Status, invalid_list_cursor};

/// The parameters of the call.
pub const LIST: &[&str] = &[
    "fields",
    "limit",
    "after",
    "before",
    "name",
    "status",
    "category",
    "language",
    "name_or_content",
    "content",
    "quality_score",
    "summary",
];

/// From this version on a cursor that can't be has an error of its own.
const CURSOR_ERROR_FROM: u16 = 24;

/// Which templates are asked for.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    name: Option<String>,
    statuses: Vec<Status>,
    categories: Vec<Category>,
    languages: Vec<Language>,
    qualities: Vec<Quality>,
    /// In lower case.
    text: Option<String>,
}

/// Which counts are asked for beside the list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SummaryFields {
    /// How many match.
    pub total_count: bool,
    /// How many there are.
    pub message_template_count: bool,
    /// How many there may be.
    pub message_template_limit: bool,
    /// Whether each is there in all languages.
    pub are_translations_complete: bool,
}

impl Filter {
    /// What the parameters say.
    ///
    /// # Errors
    /// They say nothing that can be.
    pub fn parse(params: &Params<'_>) -> Result<Self, GraphError> {
        let text = |name| params.get(name).map(|text| text.text().map(str::to_owned)).transpose();
        let search = match text("name_or_content")? {
            Some(search) => Some(search),
            None => text("content")?,
        };
        Ok(Self {
            name: text("name")?,
            statuses: all(params, "status", Status::of)?,
            categories: all(params, "category", Category::of)?,
            languages: all(params, "language", Language::of)?,
            qualities: all(params, "quality_score", Quality::of)?,
            text: search.map(|search| search.to_lowercase()),
        })
    }

    /// Which page of them.
    ///
    /// # Errors
    /// The limit is none, or the cursor none of this list.
    pub fn page(params: &Params<'_>, version: Version) -> Result<PageRequest, GraphError> {
        params.get("limit").map(|limit| limit.integer()).transpose()?;
        let page = PageRequest::of(params);
        if version.major >= CURSOR_ERROR_FROM { page.map_err(|_| invalid_list_cursor()) } else { page }
    }

    /// True if a template is asked for.
    pub fn admits(&self, definition: &Definition, status: Status, quality: Quality) -> bool {
        let one_of = |empty: bool, contains: bool| empty || contains;
        self.name.as_deref().is_none_or(|name| name == definition.name.as_str())
            && one_of(self.statuses.is_empty(), self.statuses.contains(&status))
            && one_of(self.categories.is_empty(), self.categories.contains(&definition.category))
            && one_of(self.languages.is_empty(), self.languages.contains(&definition.language))
            && one_of(self.qualities.is_empty(), self.qualities.contains(&quality))
            && self.text.as_deref().is_none_or(|text| {
                definition.name.as_str().contains(text) || definition.components.mention(text)
            })
    }
}

impl SummaryFields {
    /// What the parameter `summary` says; `None` if it is not there.
    ///
    /// # Errors
    /// It names what there is not.
    pub fn parse(params: &Params<'_>) -> Result<Option<Self>, GraphError> {
        let Some(summary) = params.get("summary") else { return Ok(None) };
        let mut fields = Self::default();
        for name in summary.texts()? {
            match name.as_str() {
                "total_count" | "true" => fields.total_count = true,
                "message_template_count" => fields.message_template_count = true,
                "message_template_limit" => fields.message_template_limit = true,
                "are_translations_complete" => fields.are_translations_complete = true,
                _ => return Err(GraphError::unknown_field(&name, "Summary")),
            }
        }
        Ok(Some(fields))
    }
}

/// All words of a list, each of which has to be one.
fn all<T>(params: &Params<'_>, name: &str, of: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, GraphError> {
    let Some(param) = params.get(name) else { return Ok(Vec::new()) };
    let words = param.texts()?;
    words.iter().map(|text| of(text).ok_or_else(|| not_one(&param, text))).collect()
}

fn not_one(param: &Param<'_>, text: &str) -> GraphError {
    GraphError::invalid(format!("Param {} can't be \"{text}\".", param.path()))
}
