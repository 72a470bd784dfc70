//! The WhatsApp error codes, in answers and in `failed` statuses: one line for each, with its title and the HTTP status of an
//! answer with it (Cloud API documentation, "Error codes"). What only Graph has is in [`GraphError`](crate::GraphError).

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

/// The code with this number; `None` if there is none.
pub fn official(number: u32) -> Option<Code> {
    OFFICIAL.iter().find(|code| code.number == number).copied()
}

/// Makes a constant of each code, and a table of all.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $title:literal, $status:literal;)*) => {
        $($(#[$doc])* pub const $name: Code = Code { number: $number, title: $title, status: $status };)*

        /// Every code that messages and their answers can have, in order.
        pub const OFFICIAL: &[Code] = &[$($name),*];
    };
}

codes! {
    /// The token is none, or none any more.
    AUTH_EXCEPTION = 0, "AuthException", 401;
    /// A bad request, or a fault of the server.
    API_UNKNOWN = 1, "API Unknown", 400;
    /// The server is down or has too much to do.
    API_SERVICE = 2, "API Service", 503;
    /// The app lacks a capability.
    API_METHOD = 3, "API Method", 500;
    /// The app has made the calls of its hour.
    TOO_MANY_CALLS = 4, "API Too Many Calls", 400;
    /// A permission is missing.
    PERMISSION_DENIED = 10, "Permission Denied", 403;
    /// The phone number was deleted.
    NUMBER_DELETED = 33, "Parameter value is not valid", 400;
    /// A parameter is not supported, misspelt or too long.
    INVALID_PARAMETER = 100, "Invalid parameter", 400;
    /// The token is over.
    TOKEN_EXPIRED = 190, "Access token has expired", 401;
    /// A permission is missing, or was taken back.
    API_PERMISSION = 200, "API Permission", 403;
    /// The account may not do anything for a while.
    BLOCKED_BY_POLICY = 368, "Temporarily blocked for policies violations", 403;
    /// The recipient's app has no screen for the message.
    RECEIVER_INCAPABLE = 1_026, "Receiver incapable", 400;
    /// An order can't go from where it is to where the business says.
    ORDER_TRANSITION = 2_046, "Invalid order status transition", 400;
    /// An order that is paid, or is being paid.
    ORDER_NOT_CANCELED = 2_047, "Cannot cancel a paid order", 400;
    /// The account sends more than it may.
    ACCOUNT_RATE_LIMIT = 80_007, "Rate limit issues", 400;
    /// The phone number sends more in a second than it may.
    THROUGHPUT = 130_429, "Rate limit hit", 400;
    /// The recipient is one of those who get no marketing for a study.
    IN_EXPERIMENT = 130_472, "User's number is part of an experiment", 400;
    /// The account may not write to people in a country.
    COUNTRY_RESTRICTED = 130_497, "Business account is restricted from messaging users in this country", 403;
    /// Nobody's fault but the node's.
    SOMETHING_WENT_WRONG = 131_000, "Something went wrong", 500;
    /// The caller may not do that.
    ACCESS_DENIED = 131_005, "Access denied", 403;
    /// A part of the message that its type requires.
    MISSING = 131_008, "Required parameter is missing", 400;
    /// A parameter of a message has the right type and says nothing that can be.
    NOT_VALID = 131_009, "Parameter value is not valid", 400;
    /// The node can't answer now.
    UNAVAILABLE = 131_016, "Service unavailable", 500;
    /// A number can't write to itself.
    TO_ITSELF = 131_021, "Recipient cannot be sender", 400;
    /// The recipient can't be reached.
    UNDELIVERABLE = 131_026, "Message undeliverable", 400;
    /// A test number writes to few people only.
    NOT_ALLOWED_RECIPIENT = 131_030, "Recipient phone number not in allowed list", 400;
    /// The account may not do anything any more.
    ACCOUNT_LOCKED = 131_031, "Account has been locked", 403;
    /// A webhook was not taken in the time for which a number without storage keeps it.
    WEBHOOK_NOT_DELIVERED = 131_035, "Webhook could not be delivered within data retention limit", 400;
    /// A device has asked again for what a number without storage no longer has.
    NOT_ON_ALL_DEVICES = 131_036, "Message failed to be delivered on at least one of the user's device", 400;
    /// The name that people see must be approved first.
    NAME_NOT_APPROVED = 131_037, "Display name needs approval", 400;
    /// The account has no way to pay.
    NO_PAYMENT_METHOD = 131_042, "Business eligibility payment issue", 400;
    /// Calls are not paid for.
    CALLING_PAYMENT = 131_044, "Business eligibility payment issue", 400;
    /// A phone number could not be registered.
    BAD_CERTIFICATE = 131_045, "Incorrect certificate", 500;
    /// The consumer last wrote more than 24 hours ago.
    WINDOW_CLOSED = 131_047, "Re-engagement message", 400;
    /// Too many people did not want what the number sent.
    SPAM_RATE_LIMIT = 131_048, "Spam rate limit hit", 400;
    /// The consumer has had enough marketing.
    MARKETING_CAP = 131_049, "This message was not delivered to maintain healthy ecosystem engagement.", 400;
    /// The consumer wants no marketing of this business.
    MARKETING_STOPPED = 131_050, "User has stopped receipt of marketing messages", 400;
    /// A type of message that there is not.
    UNSUPPORTED_TYPE = 131_051, "Unsupported message type", 400;
    /// What a consumer sent can't be had.
    MEDIA_DOWNLOAD = 131_052, "Media download error", 400;
    /// What the business wants to send can't be.
    MEDIA_UPLOAD = 131_053, "Media upload error", 400;
    /// Not that way.
    METHOD_NOT_ALLOWED = 131_055, "Method not allowed", 400;
    /// Too many messages to one consumer.
    PAIR_RATE_LIMIT = 131_056, "(Business Account, Consumer Account) pair rate limit hit", 400;
    /// The phone number is being moved.
    MAINTENANCE = 131_057, "Account in maintenance mode", 500;
    /// The first template is for trying things out.
    HELLO_WORLD_FROM_TEST_NUMBERS = 131_058, "Hello World templates can only be sent from the Public Test Numbers", 400;
    /// A cursor that the list of templates can't have given.
    INVALID_CURSOR = 131_059, "Invalid pagination cursor", 400;
    /// The recipient is known by an id only, and a message of this kind can't be sent so.
    NOT_BY_USER_ID = 131_062, "Business-scoped User ID (BSUID) recipients are not supported for this message.", 400;
    /// Marketing templates go by their own call.
    MARKETING_DISABLED = 131_063, "Marketing templates disabled for Cloud API", 400;
    /// Templates were classified wrongly too often.
    CLASSIFICATION_LIMIT = 131_064, "Messaging limit reached", 400;
    /// More, or fewer, than the template has variables.
    ARGUMENT_COUNT = 132_000, "Number of parameters does not match the expected number of params", 400;
    /// There is no such template that could be sent.
    NO_TEMPLATE = 132_001, "Template name does not exist in the translation", 404;
    /// With its parameters the template is longer than a message can be.
    HYDRATED_TOO_LONG = 132_005, "Template hydrated text too long", 400;
    /// A parameter has a line break, a tab or too many spaces (before v23).
    CHARACTER_POLICY = 132_007, "Template format character policy violated", 400;
    /// A parameter is of another type than the template has there (older versions).
    ARGUMENT_TYPE = 132_008, "Parameter format mismatch", 400;
    /// A parameter is of another type than the template has there.
    ARGUMENT_FORMAT = 132_012, "Parameter format mismatch", 400;
    /// The template is paused.
    TEMPLATE_PAUSED = 132_015, "Template is paused", 400;
    /// The template is disabled.
    TEMPLATE_DISABLED = 132_016, "Template is disabled", 400;
    /// A parameter has a line break, a tab or too many spaces (from v23 on).
    ARGUMENT_ISSUE = 132_018, "There is an issue with the parameters in the template", 400;
    /// The flow of the template can't be used any more.
    FLOW_BLOCKED = 132_068, "Flow is blocked", 400;
    /// The flow of the template can be used a few times in an hour.
    FLOW_THROTTLED = 132_069, "Flow is throttled", 400;
    /// An earlier deregistration did not end.
    INCOMPLETE_DEREGISTRATION = 133_000, "Incomplete deregistration", 500;
    /// The server can't register now.
    REGISTRATION_UNAVAILABLE = 133_004, "Server temporarily unavailable", 503;
    /// The PIN is another.
    WRONG_PIN = 133_005, "Two step verification PIN mismatch", 400;
    /// The phone number must be verified first.
    NOT_VERIFIED = 133_006, "Phone number re-verification needed", 400;
    /// Too many wrong PINs.
    TOO_MANY_PINS = 133_008, "Too many two step verification PIN guesses", 400;
    /// Wrong PINs too fast.
    PINS_TOO_FAST = 133_009, "Two step verification PIN guessed too fast", 400;
    /// The phone number is not registered here.
    NOT_REGISTERED = 133_010, "Phone number not registered", 400;
    /// The phone number was deleted minutes ago.
    DELETED_JUST_NOW = 133_015, "Please wait a few minutes before attempting to register this phone number", 400;
    /// Registered and deregistered too often.
    TOO_MANY_REGISTRATIONS = 133_016, "Account register deregister rate limit exceeded", 400;
    /// The terms of payments.
    PAYMENT_TERMS = 134_011, "WhatsApp Payments terms of service has not been accepted", 400;
    /// The call is for marketing messages.
    ONLY_MARKETING = 134_100, "Only marketing messages supported", 400;
    /// The template is not there yet.
    TEMPLATE_SYNCING = 134_101, "Template is syncing", 400;
    /// The template can't be used.
    TEMPLATE_UNAVAILABLE = 134_102, "Template unavailable for use", 500;
    /// Whatever else the caller did.
    GENERIC_USER_ERROR = 135_000, "Generic user error", 400;
    /// The recipient has another identity key than before.
    IDENTITY_CHANGED = 137_000, "Recipient identity key hash mismatch", 400;
    /// Some people were not blocked or unblocked.
    NOT_ALL_BLOCKED = 139_100, "Failed to block/unblock some users", 400;
    /// The block list has as many people as it can.
    BLOCKLIST_FULL = 139_101, "Blocklist limit reached", 400;
    /// The block list changed meanwhile.
    BLOCKLIST_CHANGED = 139_102, "Blocklist concurrent update", 400;
    /// The block list can't be changed now.
    BLOCKLIST_FAULT = 139_103, "Internal error", 400;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_a_number_finds_its_title() {
        assert!(OFFICIAL.iter().is_sorted_by(|a, b| a.number < b.number));
        assert_eq!(official(131_016).map(|code| code.title), Some("Service unavailable"));
        assert_eq!(official(131_017), None);
    }
}
