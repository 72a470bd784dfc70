//! What the business hears of its messages.

use crate::codes::{self, Code};
use crate::wamid::Wamid;
use endpoint::Failure;

/// How far a message has come. Each status is posted once, and in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    /// The relay has it.
    Sent,
    /// The consumer's device has it.
    Delivered,
    /// The consumer has seen it.
    Read,
    /// It will not arrive.
    Failed,
}

/// One status of one message.
pub(crate) struct Report<'a> {
    pub(crate) wamid: &'a Wamid,
    pub(crate) status: Status,
    pub(crate) callback_data: &'a str,
    /// Of a message that failed.
    pub(crate) problem: Option<Problem>,
}

/// Why a message failed, as the business is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) code: Code,
    pub(crate) details: &'static str,
}

impl Status {
    /// As webhooks spell it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Failed => "failed",
        }
    }
}

impl Problem {
    /// `None` if the business is told nothing: what was not delivered in time is dropped silently.
    pub(crate) fn of(failure: Failure) -> Option<Self> {
        let (code, details) = match failure {
            Failure::Expired => return None,
            Failure::UnknownRecipient => (codes::UNDELIVERABLE, "Message Undeliverable."),
            Failure::Undecryptable => (
                codes::UNDELIVERABLE,
                "The recipient's device could not decrypt the message in several attempts.",
            ),
            Failure::IdentityChanged => {
                (codes::IDENTITY_CHANGED, "The recipient's identity key is not the one that was seen first.")
            }
            Failure::BadBundle => {
                (codes::SOMETHING_WENT_WRONG, "The recipient's keys are not signed by the recipient.")
            }
            Failure::NotAllowed => {
                (codes::SOMETHING_WENT_WRONG, "The transport does not forward between these numbers.")
            }
        };
        Some(Self { code, details })
    }
}
