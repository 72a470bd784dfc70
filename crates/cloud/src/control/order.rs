//! What is asked of a node beside the API, and what becomes of it.

use crate::control::numbers::Standing;
use crate::faults::Fault;
use crate::webhooks::WebhookPost;
use graph::PhoneNumberId;

/// What is asked.
#[derive(Debug)]
pub enum Order {
    /// To have things go wrong.
    AddFault(Fault),
    /// To take a rule away.
    RemoveFault(u64),
    /// Which rules there are.
    Faults,
    /// What the platform decides about a number from now on.
    SetStanding {
        /// Which number.
        number: PhoneNumberId,
        /// What of it changes.
        standing: Standing,
    },
    /// What the platform has decided about a number.
    Standing(PhoneNumberId),
    /// To post a webhook once more, whatever became of it.
    Repost(WebhookPost),
}

/// What became of an [`Order`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// It is done.
    Done,
    /// What it names is not there.
    NotThere,
    /// The number of the rule that was added.
    Fault(u64),
    /// All rules.
    Faults(Vec<(u64, Fault)>),
    /// What the platform has decided.
    Standing(Standing),
}
