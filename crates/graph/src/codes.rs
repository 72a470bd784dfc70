//! The WhatsApp error codes that have a use here, in answers and in `failed` statuses.

/// A code, its title, and the HTTP status that it has in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// What clients look at.
    pub number: u32,
    /// What it says.
    pub title: &'static str,
    /// The HTTP status of an answer with it.
    pub status: u16,
}

const fn code(number: u32, title: &'static str, status: u16) -> Code {
    Code { number, title, status }
}

/// Nobody's fault but the node's.
pub const SOMETHING_WENT_WRONG: Code = code(131_000, "Something went wrong", 500);
/// A part of the message that its type requires.
pub const MISSING: Code = code(131_008, "Required parameter is missing", 400);
/// A parameter of a message has the right type and says nothing that can be.
pub const NOT_VALID: Code = code(131_009, "Parameter value is not valid", 400);
/// A number can't write to itself.
pub const TO_ITSELF: Code = code(131_021, "Recipient cannot be sender", 400);
/// The recipient can't be reached.
pub const UNDELIVERABLE: Code = code(131_026, "Message undeliverable", 400);
/// A type of message that there is not.
pub const UNSUPPORTED_TYPE: Code = code(131_051, "Unsupported message type", 400);
/// The call takes other messages only.
pub const METHOD_NOT_ALLOWED: Code = code(131_055, "Method not allowed", 400);
/// The template that every account has, from a number that is no test number.
pub const HELLO_WORLD: Code =
    code(131_058, "Hello World templates can only be sent from the Public Test Numbers", 400);
/// A cursor that the list of templates can't have given.
pub const INVALID_CURSOR: Code = code(131_059, "Invalid pagination cursor", 400);
/// More, or fewer, than the template has variables.
pub const ARGUMENT_COUNT: Code =
    code(132_000, "Number of parameters does not match the expected number of params", 400);
/// There is no such template that could be sent.
pub const NO_TEMPLATE: Code = code(132_001, "Template name does not exist in the translation", 404);
/// With its parameters the template is longer than a message can be.
pub const HYDRATED_TOO_LONG: Code = code(132_005, "Template hydrated text too long", 400);
/// A parameter has a line break, a tab or too many spaces (before v23).
pub const CHARACTER_POLICY: Code = code(132_007, "Template format character policy violated", 400);
/// A parameter is of another type than the template has there.
pub const ARGUMENT_FORMAT: Code = code(132_012, "Parameter format mismatch", 400);
/// The template is paused.
pub const TEMPLATE_PAUSED: Code = code(132_015, "Template is paused", 400);
/// The template is disabled.
pub const TEMPLATE_DISABLED: Code = code(132_016, "Template is disabled", 400);
/// A parameter has a line break, a tab or too many spaces (from v23 on).
pub const ARGUMENT_ISSUE: Code = code(132_018, "There is an issue with the parameters in the template", 400);
/// The flow of the template can't be used any more.
pub const FLOW_BLOCKED: Code = code(132_068, "Flow is blocked", 400);
/// The flow of the template can be used a few times in an hour.
pub const FLOW_THROTTLED: Code = code(132_069, "Flow is throttled", 400);
/// The phone number is not registered here.
pub const NOT_REGISTERED: Code = code(133_010, "Phone number not registered", 400);
/// The call is for marketing messages.
pub const ONLY_MARKETING: Code = code(134_100, "Only marketing messages supported", 400);
/// The recipient has another identity key than before.
pub const IDENTITY_CHANGED: Code = code(137_000, "Recipient identity key hash mismatch", 400);
