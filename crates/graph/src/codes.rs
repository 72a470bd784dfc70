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
/// Media that can't be taken, or fetched.
pub const MEDIA_UPLOAD: Code = code(131_053, "Media upload error", 400);
/// The phone number is not registered here.
pub const NOT_REGISTERED: Code = code(133_010, "Phone number not registered", 400);
/// The recipient has another identity key than before.
pub const IDENTITY_CHANGED: Code = code(137_000, "Recipient identity key hash mismatch", 400);
