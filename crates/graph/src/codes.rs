//! The WhatsApp error codes, in answers and in `failed` statuses: one line for each, with its title and the HTTP status of an
//! answer with it (Cloud API documentation, "Error codes"). What only Graph has is in [`GraphError`](crate::GraphError).

mod official;

pub use official::{OFFICIAL, official};

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

/// The recipient's app has no screen for the message.
pub const RECEIVER_INCAPABLE: Code = code(1_026, "Receiver incapable", 400);
/// An order can't go from where it is to where the business says.
pub const ORDER_TRANSITION: Code = code(2_046, "New order status was not correctly transitioned.", 400);
/// An order that is paid, or is being paid.
pub const ORDER_NOT_CANCELED: Code = code(2_047, "Could not change order status to 'canceled'", 400);
/// The account may not do anything for a while.
pub const BLOCKED_BY_POLICY: Code = code(368, "Temporarily blocked for policies violations", 403);
/// The account sends more than it may.
pub const ACCOUNT_RATE_LIMIT: Code = code(80_007, "Rate limit issues", 400);
/// The phone number sends more in a second than it may.
pub const THROUGHPUT: Code = code(130_429, "Rate limit hit", 400);
/// The recipient is one of those who get no marketing for a study.
pub const IN_EXPERIMENT: Code = code(130_472, "User's number is part of an experiment", 400);
/// The account may not write to people in a country.
pub const COUNTRY_RESTRICTED: Code =
    code(130_497, "Business account is restricted from messaging users in this country", 403);
/// Nobody's fault but the node's.
pub const SOMETHING_WENT_WRONG: Code = code(131_000, "Something went wrong", 500);
/// The caller may not do that.
pub const ACCESS_DENIED: Code = code(131_005, "Access denied", 403);
/// A part of the message that its type requires.
pub const MISSING: Code = code(131_008, "Required parameter is missing", 400);
/// A parameter of a message has the right type and says nothing that can be.
pub const NOT_VALID: Code = code(131_009, "Parameter value is not valid", 400);
/// The node can't answer now.
pub const UNAVAILABLE: Code = code(131_016, "Service unavailable", 500);
/// A number can't write to itself.
pub const TO_ITSELF: Code = code(131_021, "Recipient cannot be sender", 400);
/// The recipient can't be reached.
pub const UNDELIVERABLE: Code = code(131_026, "Message undeliverable", 400);
/// A test number writes to few people only.
pub const NOT_ALLOWED_RECIPIENT: Code = code(131_030, "Recipient phone number not in allowed list", 400);
/// The account may not do anything any more.
pub const ACCOUNT_LOCKED: Code = code(131_031, "Account has been locked", 403);
/// A webhook was not taken in the time for which a number without storage keeps it.
pub const WEBHOOK_NOT_DELIVERED: Code =
    code(131_035, "Webhook could not be delivered within data retention limit", 400);
/// A device has asked again for what a number without storage no longer has.
pub const NOT_ON_ALL_DEVICES: Code =
    code(131_036, "Message failed to be delivered on at least one of the user's device", 400);
/// The name that people see must be approved first.
pub const NAME_NOT_APPROVED: Code = code(131_037, "Display name needs approval", 400);
/// The account has no way to pay.
pub const NO_PAYMENT_METHOD: Code = code(131_042, "Business eligibility payment issue", 400);
/// A phone number could not be registered.
pub const BAD_CERTIFICATE: Code = code(131_045, "Incorrect certificate", 500);
/// The consumer last wrote more than 24 hours ago.
pub const WINDOW_CLOSED: Code = code(131_047, "Re-engagement message", 400);
/// Too many people did not want what the number sent.
pub const SPAM_RATE_LIMIT: Code = code(131_048, "Spam rate limit hit", 400);
/// The consumer has had enough marketing.
pub const MARKETING_CAP: Code =
    code(131_049, "This message was not delivered to maintain healthy ecosystem engagement.", 400);
/// The consumer wants no marketing of this business.
pub const MARKETING_STOPPED: Code = code(131_050, "User has stopped receipt of marketing messages", 400);
/// A type of message that there is not.
pub const UNSUPPORTED_TYPE: Code = code(131_051, "Unsupported message type", 400);
/// What a consumer sent can't be had.
pub const MEDIA_DOWNLOAD: Code = code(131_052, "Media download error", 400);
/// What the business wants to send can't be.
pub const MEDIA_UPLOAD: Code = code(131_053, "Media upload error", 400);
/// Not that way.
pub const METHOD_NOT_ALLOWED: Code = code(131_055, "Method not allowed", 400);
/// Too many messages to one consumer.
pub const PAIR_RATE_LIMIT: Code =
    code(131_056, "(Business Account, Consumer Account) pair rate limit hit", 400);
/// The phone number is being moved.
pub const MAINTENANCE: Code = code(131_057, "Account in maintenance mode", 500);
/// The first template is for trying things out.
pub const HELLO_WORLD_FROM_TEST_NUMBERS: Code =
    code(131_058, "Hello World templates can only be sent from the Public Test Numbers", 400);
/// The recipient is known by an id only, and a message of this kind can't be sent so.
pub const NOT_BY_USER_ID: Code =
    code(131_062, "Business-scoped User ID (BSUID) recipients are not supported for this message.", 400);
/// The phone number is not registered here.
pub const NOT_REGISTERED: Code = code(133_010, "Phone number not registered", 400);
/// The terms of payments.
pub const PAYMENT_TERMS: Code =
    code(134_011, "WhatsApp Payments terms of service has not been accepted", 400);
/// Whatever else the caller did.
pub const GENERIC_USER_ERROR: Code = code(135_000, "Generic user error", 400);
/// The recipient has another identity key than before.
pub const IDENTITY_CHANGED: Code = code(137_000, "Recipient identity key hash mismatch", 400);
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
/// The call is for marketing messages.
pub const ONLY_MARKETING: Code = code(134_100, "Only marketing messages supported", 400);
