//! The bodies of webhooks (Cloud API documentation, "Webhooks"), written straight to the bytes that are posted and signed.
//!
//! A file for each kind of event. Each is an [`Update`], which is JSON from the beginning; [`post::body`] makes a post of as
//! many as travel together.

mod account;
mod announcement;
mod button;
mod contacts;
mod content;
mod context;
mod field;
mod identity;
mod interactive;
mod location;
mod media;
mod notification;
mod number;
mod number_change;
mod order;
pub mod post;
mod preference;
mod reaction;
mod received;
mod status;
mod template;
mod text;
mod unsupported;
mod update;

pub use account::{
    AccountAlert, AccountReview, AccountUpdate, AlertInfo, BanInfo, BusinessCapability, PartnerSolution,
    PaymentConfiguration, Restriction, ViolationInfo, WabaInfo,
};
pub use announcement::Announcement;
pub use button::Button;
pub use contacts::{
    ContactAddress, ContactCard, ContactEmail, ContactName, ContactOrg, ContactPhone, ContactUrl,
};
pub use content::Content;
pub use context::{Context, Forwarded, Product, Referral};
pub use field::{Field, UnknownField};
pub use identity::IdentityChange;
pub use interactive::{ButtonReply, Interactive, ListReply, NfmReply};
pub use location::Location;
pub use media::Media;
pub use notification::{Notification, Phone};
pub use number::{NumberName, NumberQuality, NumberUsername, Security};
pub use number_change::NumberChange;
pub use order::{Order, OrderItem};
pub use preference::Preference;
pub use reaction::Reaction;
pub use received::Received;
pub use status::{Category, Conversation, Failure, Origin, Pricing, PricingType, Status, StatusKind};
pub use template::{CategoryChange, DisableInfo, OtherInfo, RejectionInfo, StatusChange, TemplateEvent};
pub use text::Text;
pub use unsupported::{Lack, Unsupported};
pub use update::{Place, Update};

use serde::Serializer;

/// A number as the text that it is in webhooks. Written by hand: each webhook has half a dozen.
pub(crate) fn digits<S: Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    let (mut text, mut length, mut rest) = ([b'0'; 20], 0, *number);
    for digit in text.iter_mut().rev() {
        *digit = b'0' + u8::try_from(rest % 10).unwrap_or_default();
        length += 1;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    let text = text.get(text.len() - length..).unwrap_or_default();
    serializer.serialize_str(std::str::from_utf8(text).unwrap_or_default())
}

/// The body of a post with one update.
#[cfg(test)]
pub(crate) fn alone(phone: Phone, update: &Update) -> bytes::Bytes {
    post::body(&[post::About { account: phone.account, phone: Some((phone.id, phone.number)), update }])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(serde::Serialize)]
    struct Number(#[serde(serialize_with = "digits")] u64);

    proptest! {
        #[test]
        fn numbers_are_texts(number in prop_oneof![any::<u64>(), 0..1000u64, Just(u64::MAX)]) {
            prop_assert_eq!(serde_json::to_string(&Number(number)).unwrap(), format!("\"{number}\""));
        }
    }
}
