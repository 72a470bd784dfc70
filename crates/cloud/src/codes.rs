//! The WhatsApp error codes that this node uses, in answers and in `failed` statuses.

/// A code, its title, and the HTTP status that it has in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Code {
    pub(crate) number: u32,
    pub(crate) title: &'static str,
    pub(crate) status: u16,
}

const fn code(number: u32, title: &'static str, status: u16) -> Code {
    Code { number, title, status }
}

pub(crate) const SOMETHING_WENT_WRONG: Code = code(131_000, "Something went wrong", 500);
pub(crate) const MISSING: Code = code(131_008, "Required parameter is missing", 400);
pub(crate) const NOT_VALID: Code = code(131_009, "Parameter value is not valid", 400);
pub(crate) const TO_ITSELF: Code = code(131_021, "Recipient cannot be sender", 400);
pub(crate) const UNDELIVERABLE: Code = code(131_026, "Message undeliverable", 400);
pub(crate) const UNSUPPORTED_TYPE: Code = code(131_051, "Unsupported message type", 400);
pub(crate) const NOT_REGISTERED: Code = code(133_010, "Phone number not registered", 400);
pub(crate) const IDENTITY_CHANGED: Code = code(137_000, "Recipient identity key hash mismatch", 400);
