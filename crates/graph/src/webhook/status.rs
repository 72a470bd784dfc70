//! How far a message of the business has come (Cloud API documentation, "Webhooks", the `messages` field's statuses).

use crate::codes::Code;
use crate::identity_hash::IdentityHash;
use crate::wamid::Wamid;
use serde::{Serialize, Serializer};

const ERRORS_PAGE: &str = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/";

/// One status of one message.
pub struct Status<'a> {
    /// The message; says who the consumer is.
    pub wamid: &'a Wamid<'a>,
    /// How far it has come.
    pub status: StatusKind,
    /// When, in seconds since 1970.
    pub at_s: u64,
    /// The consumer's identity key, if the business checks it.
    pub identity: Option<IdentityHash>,
    /// The business's own note; empty if there is none.
    pub callback_data: &'a str,
    /// In webhooks of old versions.
    pub conversation: Option<Conversation>,
    /// What it costs; said once or twice.
    pub pricing: Option<Pricing>,
    /// Why it failed.
    pub failure: Option<Failure>,
}

/// How far a message has come. Each is said once, and in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StatusKind {
    /// The transport has it.
    Sent,
    /// The consumer's device has it.
    Delivered,
    /// The consumer has seen it.
    Read,
    /// It will not arrive.
    Failed,
}

/// The conversation that a message is in.
#[derive(Serialize)]
pub struct Conversation {
    /// Shown as 32 hex digits.
    #[serde(serialize_with = "hex")]
    pub id: [u8; 16],
    /// Until when it is open, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "optional_digits")]
    pub expiration_timestamp: Option<u64>,
    /// What opened it.
    pub origin: Origin,
}

/// What opened a conversation.
#[derive(Serialize)]
pub struct Origin {
    /// The category of the message that did.
    pub r#type: Category,
}

/// What a message costs.
#[derive(Serialize)]
pub struct Pricing {
    billable: bool,
    pricing_model: &'static str,
    r#type: PricingType,
    category: Category,
}

/// Whether a message is free, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PricingType {
    /// It is not.
    Regular,
    /// The consumer wrote within 24 hours.
    FreeCustomerService,
}

/// What a message is for, as bills have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// An answer to a consumer.
    Service,
}

/// Why a message failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// What clients look at.
    pub code: Code,
    /// What happened.
    pub details: &'static str,
}

#[derive(Serialize)]
struct Body<'a> {
    id: &'a Wamid<'a>,
    status: StatusKind,
    #[serde(serialize_with = "crate::webhook::digits")]
    timestamp: u64,
    #[serde(serialize_with = "crate::webhook::digits")]
    recipient_id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient_identity_key_hash: Option<IdentityHash>,
    #[serde(skip_serializing_if = "str::is_empty")]
    biz_opaque_callback_data: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Option<&'a Conversation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pricing: Option<&'a Pricing>,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<[Problem; 1]>,
}

#[derive(Serialize)]
struct Problem {
    code: u32,
    title: &'static str,
    message: &'static str,
    error_data: Details,
    href: &'static str,
}

#[derive(Serialize)]
struct Details {
    details: &'static str,
}

impl Pricing {
    /// Per message, which is the model since July 2025.
    pub fn new(kind: PricingType, category: Category) -> Self {
        Self { billable: kind == PricingType::Regular, pricing_model: "PMP", r#type: kind, category }
    }
}

impl Serialize for Status<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let errors = self.failure.map(|Failure { code, details }| {
            let error_data = Details { details };
            [Problem {
                code: code.number,
                title: code.title,
                message: code.title,
                error_data,
                href: ERRORS_PAGE,
            }]
        });
        let body = Body {
            id: self.wamid,
            status: self.status,
            timestamp: self.at_s,
            recipient_id: self.wamid.consumer.as_integer(),
            recipient_identity_key_hash: self.identity,
            biz_opaque_callback_data: self.callback_data,
            conversation: self.conversation.as_ref(),
            pricing: self.pricing.as_ref(),
            errors,
        };
        body.serialize(serializer)
    }
}

fn hex<S: Serializer>(id: &[u8; 16], serializer: S) -> Result<S::Ok, S::Error> {
    let mut text = [0; 32];
    // 16 bytes have 32 digits; an error can't be.
    let _ = hex::encode_to_slice(id, &mut text);
    serializer.serialize_str(std::str::from_utf8(&text).unwrap_or_default())
}

fn optional_digits<S: Serializer>(number: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
    crate::webhook::digits(&number.unwrap_or_default(), serializer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes;
    use crate::webhook::{Content, Context, Notification, Phone, Received, Text, alone};
    use insta::assert_snapshot;
    use proptest::prelude::*;

    fn phone() -> Phone {
        Phone {
            account: "102290129340398".parse().unwrap(),
            id: "106540352242922".parse().unwrap(),
            number: "15550783881".parse().unwrap(),
        }
    }

    fn sent() -> Wamid<'static> {
        Wamid::sent("16505551234".parse().unwrap(), "9A3CA5B3D4CD6E67E7")
    }

    fn text(body: bytes::Bytes) -> String {
        String::from_utf8(body.to_vec()).unwrap()
    }

    #[test]
    fn bodies_are_as_documented() {
        let wamid = sent();
        let failed = Status {
            status: StatusKind::Failed,
            callback_data: "",
            conversation: None,
            pricing: None,
            failure: Some(Failure { code: codes::UNDELIVERABLE, details: "Message Undeliverable." }),
            ..sent_status(&wamid)
        };
        let answer = Wamid::received(wamid.consumer, "3A4A6599AEE03810144F");
        let received = Received {
            wamid: &answer,
            sent_at_s: 1_750_000_001,
            identity: None,
            name: None,
            context: Context::answering(&wamid),
            referral: None,
            content: Content::Text(Text { body: "hi" }),
        };
        let status = Status { callback_data: "a/é", ..sent_status(&wamid) };
        let bodies = [
            alone(phone(), &Notification::of_status(phone(), &status).to_update()),
            alone(phone(), &Notification::of_status(phone(), &failed).to_update()),
            alone(phone(), &Notification::of_message(phone(), &received).to_update()),
        ];
        assert_snapshot!(bodies.map(text).join("\n"));
    }

    fn sent_status<'a>(wamid: &'a Wamid<'a>) -> Status<'a> {
        Status {
            wamid,
            status: StatusKind::Sent,
            at_s: 1_750_000_000,
            identity: None,
            callback_data: "",
            conversation: Some(Conversation {
                id: [0x0a; 16],
                expiration_timestamp: Some(1_750_086_400),
                origin: Origin { r#type: Category::Service },
            }),
            pricing: Some(Pricing::new(PricingType::FreeCustomerService, Category::Service)),
            failure: None,
        }
    }

    proptest! {
        #[test]
        fn whatever_is_noted_the_body_is_json_in_ascii(note in ".{0,60}") {
            let wamid = sent();
            let status = Status { callback_data: &note, ..sent_status(&wamid) };
            let body = alone(phone(), &Notification::of_status(phone(), &status).to_update());
            prop_assert!(body.is_ascii());
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            let echoed = &body["entry"][0]["changes"][0]["value"]["statuses"][0]["biz_opaque_callback_data"];
            prop_assert_eq!(echoed.as_str().unwrap_or_default(), note);
        }
    }
}
