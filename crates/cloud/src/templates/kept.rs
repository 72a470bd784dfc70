//! A template with all that has become of it, as the row that it is kept in.

use super::hello;
use crate::proto::{self, Author};
use crate::register::Entry;
use crate::rows::{Key, TEMPLATES};
use bytes::Bytes;
use graph::templates::{
    Category, Components, Definition, Format, Language, Quality, Reason, Standing, Status, TemplateName, Ttl,
};
use graph::{TemplateId, WabaId};
use kernel::{Table, Time};

/// Where a template is kept: with its account.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TemplateKey {
    pub(crate) account: WabaId,
    pub(crate) id: TemplateId,
}

/// A template with all that has become of it.
#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) key: TemplateKey,
    pub(crate) definition: Definition,
    pub(crate) status: Status,
    pub(crate) reason: Reason,
    pub(crate) quality: Quality,
    pub(crate) quality_since: Option<Time>,
    pub(crate) previous_category: Option<Category>,
    pub(crate) announced_category: Option<Category>,
    /// When something happens by itself: what, says the status.
    pub(crate) due: Option<Time>,
    pub(crate) allow_category_change: bool,
    pub(crate) was_approved: bool,
    pub(crate) pauses: u32,
    pub(crate) created: Time,
    /// Edits since it was approved first, of the last thirty days.
    pub(crate) edits: Vec<Time>,
    pub(crate) flow: FlowState,
    pub(crate) library_name: String,
}

/// Whether the flow that a button of a template opens may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FlowState {
    /// It may.
    #[default]
    Open,
    /// Ten times in an hour.
    Throttled,
    /// Not any more.
    Blocked,
}

impl FlowState {
    fn as_str(self) -> &'static str {
        match self {
            Self::Open => "",
            Self::Throttled => "THROTTLED",
            Self::Blocked => "BLOCKED",
        }
    }

    fn of(name: &str) -> Option<Self> {
        [Self::Open, Self::Throttled, Self::Blocked].into_iter().find(|state| state.as_str() == name)
    }
}

impl Kept {
    /// A new one, which nobody has reviewed.
    pub(crate) fn new(key: TemplateKey, definition: Definition, now: Time) -> Self {
        Self {
            key,
            definition,
            status: Status::Pending,
            reason: Reason::None,
            quality: Quality::Unknown,
            quality_since: None,
            previous_category: None,
            announced_category: None,
            due: None,
            allow_category_change: false,
            was_approved: false,
            pauses: 0,
            created: now,
            edits: Vec::new(),
            flow: FlowState::Open,
            library_name: String::new(),
        }
    }

    /// `hello_world`, which every account has.
    pub(crate) fn hello(account: WabaId) -> Self {
        let key = TemplateKey { account, id: hello::id(account) };
        let (status, was_approved) = (Status::Approved, true);
        Self { status, was_approved, ..Self::new(key, hello::definition(), Time::EPOCH) }
    }

    /// True while there is a template; false if there is only the memory of one.
    pub(crate) fn is_there(&self) -> bool {
        self.status != Status::Deleted
    }

    /// As the API says how it stands.
    pub(crate) fn standing(&self) -> Standing {
        Standing {
            status: self.status,
            rejected_reason: self.reason,
            quality: self.quality,
            quality_since_s: self.quality_since.map(Time::as_secs),
        }
    }
}

impl Key for TemplateKey {
    fn to_key(self) -> Bytes {
        format!("{}/{}", self.account.as_str(), self.id.as_str()).into()
    }

    fn from_key(key: &[u8]) -> Option<Self> {
        let (account, id) = std::str::from_utf8(key).ok()?.split_once('/')?;
        Some(Self { account: account.parse().ok()?, id: id.parse().ok()? })
    }
}

impl Entry for Kept {
    const TABLE: Table = TEMPLATES;
    type Id = TemplateKey;
    type Row = proto::TemplateRow;

    fn to_row(&self, author: Author) -> proto::TemplateRow {
        let Definition { name, language, category, components, ttl } = &self.definition;
        let category_of = |of: Option<Category>| of.map(Category::as_str).unwrap_or_default().to_owned();
        proto::TemplateRow {
            name: name.as_str().to_owned(),
            language: language.as_str().to_owned(),
            category: category.as_str().to_owned(),
            named: components.format == Format::Named,
            components: components.to_json(),
            ttl_s: ttl.map(Ttl::as_seconds),
            status: self.status.as_str().to_owned(),
            reason: self.reason.as_str().to_owned(),
            quality: self.quality.as_str().to_owned(),
            quality_since_us: self.quality_since.map(Time::as_micros),
            previous_category: category_of(self.previous_category),
            announced_category: category_of(self.announced_category),
            due_us: self.due.map(Time::as_micros).unwrap_or_default(),
            allow_category_change: self.allow_category_change,
            was_approved: self.was_approved,
            pauses: self.pauses,
            created_us: self.created.as_micros(),
            edits_us: self.edits.iter().map(|edit| edit.as_micros()).collect(),
            flow: self.flow.as_str().to_owned(),
            library_name: self.library_name.clone(),
            author: author.into(),
        }
    }

    fn from_row(key: TemplateKey, row: proto::TemplateRow) -> Option<(Self, Author)> {
        let author = row.author();
        let category = Category::of(&row.category)?;
        let format = if row.named { Format::Named } else { Format::Positional };
        let definition = Definition {
            name: TemplateName::of(&row.name)?,
            language: Language::of(&row.language)?,
            category,
            components: Components::from_json(&row.components, format)?,
            ttl: row.ttl_s.and_then(|seconds| Ttl::of(seconds.into(), category)),
        };
        let kept = Self {
            key,
            definition,
            status: Status::of(&row.status)?,
            reason: Reason::of(&row.reason)?,
            quality: Quality::of(&row.quality)?,
            quality_since: row.quality_since_us.map(Time::from_micros),
            previous_category: Category::of(&row.previous_category),
            announced_category: Category::of(&row.announced_category),
            due: (row.due_us > 0).then(|| Time::from_micros(row.due_us)),
            allow_category_change: row.allow_category_change,
            was_approved: row.was_approved,
            pauses: row.pauses,
            created: Time::from_micros(row.created_us),
            edits: row.edits_us.into_iter().map(Time::from_micros).collect(),
            flow: FlowState::of(&row.flow)?,
            library_name: row.library_name,
        };
        Some((kept, author))
    }
}
