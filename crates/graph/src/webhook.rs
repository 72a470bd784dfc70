//! The bodies of webhooks (facts sections 9.1 and 9A), written straight to the bytes that are posted and signed.
//!
//! A file for each kind of event.

mod notification;
mod received;
mod status;
mod text;

pub use notification::{Notification, Phone};
pub use received::{Content, Context, Received};
pub use status::{Category, Conversation, Failure, Origin, Pricing, PricingType, Status, StatusKind};
pub use text::Text;

use serde::Serializer;

/// A number as the text that it is in webhooks.
pub(crate) fn digits<S: Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(number)
}
