//! The table of codes as it is published (Cloud API documentation, "Error codes"): whoever names a number gets its title.

use super::{Code, code};

/// The code with this number; `None` if there is none.
pub fn official(number: u32) -> Option<Code> {
    OFFICIAL.iter().find(|code| code.number == number).copied()
}

/// Every code that messages and their answers can have, in order.
pub const OFFICIAL: &[Code] = &[
    code(0, "AuthException", 401),
    code(1, "API Unknown", 400),
    code(2, "API Service", 503),
    code(3, "API Method", 500),
    code(4, "API Too Many Calls", 400),
    code(10, "Permission Denied", 403),
    code(33, "Parameter value is not valid", 400),
    code(100, "Invalid parameter", 400),
    code(190, "Access token has expired", 401),
    code(200, "API Permission", 403),
    code(368, "Temporarily blocked for policies violations", 403),
    code(1_026, "Receiver incapable", 400),
    code(2_046, "Invalid order status transition", 400),
    code(2_047, "Cannot cancel a paid order", 400),
    code(80_007, "Rate limit issues", 400),
    code(130_429, "Rate limit hit", 400),
    code(130_472, "User's number is part of an experiment", 400),
    code(130_497, "Business account is restricted from messaging users in this country", 403),
    super::SOMETHING_WENT_WRONG,
    code(131_005, "Access denied", 403),
    super::MISSING,
    super::NOT_VALID,
    code(131_016, "Service unavailable", 500),
    super::TO_ITSELF,
    super::UNDELIVERABLE,
    code(131_030, "Recipient phone number not in allowed list", 400),
    code(131_031, "Account has been locked", 403),
    code(131_035, "Webhook could not be delivered within data retention limit", 400),
    code(131_036, "Message failed to be delivered on at least one of the user's device", 400),
    code(131_037, "Display name needs approval", 400),
    code(131_042, "Business eligibility payment issue", 400),
    code(131_044, "Business eligibility payment issue", 400),
    code(131_045, "Incorrect certificate", 500),
    code(131_047, "Re-engagement message", 400),
    code(131_048, "Spam rate limit hit", 400),
    code(131_049, "This message was not delivered to maintain healthy ecosystem engagement.", 400),
    code(131_050, "User has stopped receipt of marketing messages", 400),
    super::UNSUPPORTED_TYPE,
    code(131_052, "Media download error", 400),
    code(131_053, "Media upload error", 400),
    code(131_055, "Method not allowed", 400),
    code(131_056, "(Business Account, Consumer Account) pair rate limit hit", 400),
    code(131_057, "Account in maintenance mode", 500),
    code(131_058, "Hello World templates can only be sent from the Public Test Numbers", 400),
    code(131_059, "Invalid pagination cursor", 400),
    code(131_062, "Business-scoped User ID (BSUID) recipients are not supported for this message.", 400),
    code(131_063, "Marketing templates disabled for Cloud API", 400),
    code(131_064, "Messaging limit reached", 400),
    code(132_000, "Number of parameters does not match the expected number of params", 400),
    code(132_001, "Template name does not exist in the translation", 404),
    code(132_005, "Template hydrated text too long", 400),
    code(132_007, "Template format character policy violated", 400),
    code(132_008, "Parameter format mismatch", 400),
    code(132_012, "Parameter format mismatch", 400),
    code(132_015, "Template is paused", 400),
    code(132_016, "Template is disabled", 400),
    code(132_018, "There is an issue with the parameters in the template", 400),
    code(132_068, "Flow is blocked", 400),
    code(132_069, "Flow is throttled", 400),
    code(133_000, "Incomplete deregistration", 500),
    code(133_004, "Server temporarily unavailable", 503),
    code(133_005, "Two step verification PIN mismatch", 400),
    code(133_006, "Phone number re-verification needed", 400),
    code(133_008, "Too many two step verification PIN guesses", 400),
    code(133_009, "Two step verification PIN guessed too fast", 400),
    super::NOT_REGISTERED,
    code(133_015, "Please wait a few minutes before attempting to register this phone number", 400),
    code(133_016, "Account register deregister rate limit exceeded", 400),
    code(134_011, "WhatsApp Payments terms of service has not been accepted", 400),
    code(134_100, "Only marketing messages supported", 400),
    code(134_101, "Template is syncing", 400),
    code(134_102, "Template unavailable for use", 500),
    code(135_000, "Generic user error", 400),
    super::IDENTITY_CHANGED,
    code(139_100, "Failed to block/unblock some users", 400),
    code(139_101, "Blocklist limit reached", 400),
    code(139_102, "Blocklist concurrent update", 400),
    code(139_103, "Internal error", 400),
];

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
