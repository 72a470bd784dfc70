//! How long answers and webhooks are, measured with the code that writes them: for a simulator that does not write them.

use crate::messages::{Report, failure};
use endpoint::Failure;
use graph::messages::{Accepted, Recipient};
use graph::webhook::{Content, Notification, Phone, Received, StatusKind, Text};
use graph::{PhoneNumberId, WabaId, Wamid};
use kernel::Time;
use wire::Number;

/// A phone number of a business, as its webhooks name it.
#[derive(Debug, Clone)]
pub struct Sizes {
    /// Its Graph id.
    pub id: PhoneNumberId,
    /// Its account.
    pub account: WabaId,
    /// The number.
    pub number: Number,
    /// The Graph version whose form webhooks have.
    pub webhook_version: u16,
}

/// What a business is told about a message of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// The relay has it.
    Sent,
    /// The consumer's device has it.
    Delivered,
    /// The consumer has seen it.
    Read,
    /// It will not arrive.
    Failed(Failure),
}

impl Sizes {
    /// The answer to a request that sends a message.
    #[must_use]
    pub fn answer(&self, to: Number) -> usize {
        let recipient = &Recipient { input: to.digits(), number: to };
        Accepted { recipient, wamid: &Wamid::sent(to, name(9)) }.answer().into_bytes().len()
    }

    /// A webhook with a status.
    #[must_use]
    pub fn status(&self, consumer: Number, told: Told, now: Time) -> usize {
        let (status, failure) = match told {
            Told::Sent => (StatusKind::Sent, None),
            Told::Delivered => (StatusKind::Delivered, None),
            Told::Read => (StatusKind::Read, None),
            Told::Failed(failed) => (StatusKind::Failed, failure(failed)),
        };
        let report =
            Report { wamid: &Wamid::sent(consumer, name(9)), status, callback_data: "", failure, at: now };
        report.webhook(self.phone(), self.webhook_version).len()
    }

    /// A webhook with a consumer's text of no length; each byte of a text that JSON does not escape adds one.
    #[must_use]
    pub fn text(&self, consumer: Number, now: Time) -> usize {
        let message = Received {
            wamid: &Wamid::received(consumer, name(10)),
            sent_at_s: now.as_secs(),
            context: None,
            content: Content::Text(Text { body: "" }),
        };
        Notification::of_message(self.phone(), &message).to_bytes().len()
    }

    fn phone(&self) -> Phone {
        Phone { account: self.account, id: self.id, number: self.number }
    }
}

/// A message's name as its sender draws it, from so many bytes: nodes draw 9, apps 10.
fn name(bytes: usize) -> String {
    "0".repeat(2 * bytes)
}
