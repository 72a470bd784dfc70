//! How long answers and webhooks are, measured with the code that writes them: for a simulator that does not write them.

use crate::calls::accepted;
use crate::directory::Phone;
use crate::ids::{PhoneNumberId, WabaId};
use crate::statuses::{Problem, Report, Status};
use crate::wamid::Wamid;
use crate::webhook_body;
use content::MessageId;
use endpoint::Failure;
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
        accepted(&to.digits(), &Wamid::sent(to, name(9))).to_string().len()
    }

    /// A webhook with a status.
    #[must_use]
    pub fn status(&self, consumer: Number, told: Told, now: Time) -> usize {
        let (status, problem) = match told {
            Told::Sent => (Status::Sent, None),
            Told::Delivered => (Status::Delivered, None),
            Told::Read => (Status::Read, None),
            Told::Failed(failure) => (Status::Failed, Problem::of(failure)),
        };
        let wamid = Wamid::sent(consumer, name(9));
        let report = Report { wamid: &wamid, status, callback_data: "", problem };
        webhook_body::status(&self.phone(), &report, now, self.webhook_version).len()
    }

    /// A webhook with a consumer's text of no length; each byte of a text that JSON does not escape adds one.
    #[must_use]
    pub fn text(&self, consumer: Number, now: Time) -> usize {
        let wamid = Wamid::received(consumer, name(10));
        webhook_body::text_message(&self.phone(), &wamid, None, "", now.as_secs()).len()
    }

    fn phone(&self) -> Phone {
        Phone {
            id: self.id.clone(),
            number: self.number,
            display_name: String::new(),
            account: self.account.clone(),
        }
    }
}

/// A message's name as its sender draws it, from so many bytes: nodes draw 9, apps 10.
fn name(bytes: usize) -> MessageId {
    MessageId::from_random(&vec![0; bytes])
}
