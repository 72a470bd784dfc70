//! What can be wrong with a template, and with what is to be done with one.

use crate::codes::{self, Code};
use crate::error::GraphError;
use crate::templates::wording::Malformed;
use crate::templates::{Language, Status};

/// A text is longer than it may be.
const TOO_LONG: u32 = 2_388_040;
/// A member that a component needs is not there.
const MISSING: u32 = 2_388_043;
const HEADER_FORMAT: u32 = 2_388_047;
const BODY_FORMAT: u32 = 2_388_072;
const FOOTER_FORMAT: u32 = 2_388_073;
const TOO_MANY_TEMPLATES: u32 = 2_388_019;
const BEING_DELETED: u32 = 2_388_023;
const ALREADY_THERE: u32 = 2_388_024;
const TOO_MANY_VARIABLES: u32 = 2_388_293;
const VARIABLE_AT_END: u32 = 2_388_299;

/// Which component is wrong, as people are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Header,
    Body,
    Footer,
    Buttons,
    Carousel,
    Offer,
}

impl Part {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Header => "HEADER",
            Self::Body => "BODY",
            Self::Footer => "FOOTER",
            Self::Buttons => "BUTTONS",
            Self::Carousel => "CAROUSEL",
            Self::Offer => "LIMITED_TIME_OFFER",
        }
    }

    /// It can't be like that.
    pub(crate) fn format(self, why: &str) -> GraphError {
        let subcode = match self {
            Self::Header => HEADER_FORMAT,
            Self::Footer => FOOTER_FORMAT,
            Self::Body | Self::Buttons | Self::Carousel | Self::Offer => BODY_FORMAT,
        };
        let says = format!("component of type {} {why}", self.name());
        GraphError::managed(subcode, "Message template format is incorrect", says)
    }

    pub(crate) fn malformed(self, why: Malformed) -> GraphError {
        self.format(&why.to_string())
    }

    /// It has no `what`.
    pub(crate) fn missing(self, what: &str) -> GraphError {
        let says = format!("component of type {} is missing expected field(s) ({what})", self.name());
        let title = "Message template \"components\" param is missing expected field(s)";
        GraphError::managed(MISSING, title, says)
    }

    /// `what` is longer than `limit` characters.
    pub(crate) fn too_long(self, what: &str, limit: usize) -> GraphError {
        let says = format!("component of type {}: {what} can have at most {limit} characters", self.name());
        GraphError::managed(TOO_LONG, "Message template exceeds the character limit", says)
    }

    /// A text of at most `limit` characters.
    pub(crate) fn within<'t>(self, what: &str, text: &'t str, limit: usize) -> Result<&'t str, GraphError> {
        if text.trim().is_empty() {
            return Err(self.missing(what));
        }
        let is_too_long = text.len() > limit && text.chars().count() > limit;
        if is_too_long { Err(self.too_long(what, limit)) } else { Ok(text) }
    }

    pub(crate) fn too_many_variables(self) -> GraphError {
        let says = format!("component of type {} has too many variables for its length", self.name());
        GraphError::managed(
            TOO_MANY_VARIABLES,
            "Message template has too many variables for its length",
            says,
        )
    }

    pub(crate) fn variable_at_end(self) -> GraphError {
        let says = format!("component of type {} can't begin or end with a variable", self.name());
        GraphError::managed(VARIABLE_AT_END, "Message template begins or ends with a variable", says)
    }
}

/// The account has a template of that name in that language.
pub fn already_there(language: Language) -> GraphError {
    let says = format!(
        "There is content in {} for this template already. Create another template, or edit this one.",
        language.as_str()
    );
    GraphError::managed(ALREADY_THERE, "Content in this language already exists", says)
}

/// The name was one's that is being, or was lately, deleted.
pub fn being_deleted(language: Language, days: u64) -> GraphError {
    let says = format!(
        "New content in {} can't be added while the existing content is being deleted. Try again in {days} days, or \
         create another template.",
        language.as_str()
    );
    GraphError::managed(BEING_DELETED, "Message template language is being deleted", says)
}

/// The account has as many templates as it may have.
pub fn account_full(limit: usize) -> GraphError {
    let says = format!("A WhatsApp Business Account can have {limit} message templates. Delete some first.");
    GraphError::managed(TOO_MANY_TEMPLATES, "Message template limit reached", says)
}

/// A template of that status can't be edited.
pub fn not_editable(status: Status) -> GraphError {
    GraphError::invalid(format!(
        "A message template can be edited while it is APPROVED, REJECTED or PAUSED. This one is {}.",
        status.as_str()
    ))
}

/// An approved template was edited as often as it may be.
pub fn too_many_edits() -> GraphError {
    GraphError::invalid(
        "An approved message template can be edited once in 24 hours and 10 times in 30 days. Try again later.",
    )
}

/// A disabled template stays.
pub fn cant_be_deleted() -> GraphError {
    GraphError::invalid("A message template that is DISABLED can't be deleted.")
}

/// Only what is paused can go on.
pub fn not_paused() -> GraphError {
    GraphError::invalid("The message template is not PAUSED.")
}

/// The account has no template of that name.
pub fn unknown_name() -> GraphError {
    GraphError::invalid("The account has no message template with this name and id.").with_status(404)
}

/// A cursor that the list of templates can't have given.
pub fn invalid_list_cursor() -> GraphError {
    GraphError::whatsapp(codes::INVALID_CURSOR, "The cursor is none of this list: begin without one.")
}

fn of_template(code: Code, name: &str, language: &str, what: &str) -> GraphError {
    GraphError::whatsapp(code, format!("template name ({name}) {what} {language}"))
}

/// There is no such template that could be sent.
pub fn unknown_translation(name: &str, language: &str) -> GraphError {
    of_template(codes::NO_TEMPLATE, name, language, "does not exist in")
}

/// The template is paused.
pub fn paused(name: &str, language: &str) -> GraphError {
    of_template(codes::TEMPLATE_PAUSED, name, language, "is paused in")
}

/// The template is disabled.
pub fn disabled(name: &str, language: &str) -> GraphError {
    of_template(codes::TEMPLATE_DISABLED, name, language, "is disabled in")
}

/// The flow of the template is blocked.
pub fn flow_blocked(name: &str, language: &str) -> GraphError {
    of_template(codes::FLOW_BLOCKED, name, language, "has a flow that is blocked in")
}

/// The flow of the template has sent what it may send in this hour.
pub fn flow_throttled(name: &str, language: &str) -> GraphError {
    of_template(codes::FLOW_THROTTLED, name, language, "has a flow that is throttled in")
}

/// `hello_world` can't be sent from here.
pub fn hello_world_elsewhere() -> GraphError {
    GraphError::whatsapp(codes::HELLO_WORLD_FROM_TEST_NUMBERS, "The phone number is no public test number.")
}

/// The call for marketing messages was given a template of another category.
pub fn not_marketing() -> GraphError {
    GraphError::whatsapp(codes::ONLY_MARKETING, "Send it with /messages: the template is not MARKETING.")
}

/// The call for marketing messages was given something that is no template.
pub fn not_marketing_method() -> GraphError {
    GraphError::whatsapp(codes::METHOD_NOT_ALLOWED, "Send it with /messages: the message is no template.")
}
