//! What is asked of a number, where it lives: its directory entry says whose it is.

use super::{Relay, Step};
use crate::endpoints::Party;
use crate::letter::{Request, Response};
use crate::meter;
use wire::{Address, Bundle, Direction, Envelope, InboxItem, Outcome, Publish, Receipt};

impl Relay {
    /// An endpoint, of any shard, asks something of a number of this one.
    pub(super) fn on_request(&mut self, asker: Party, request: Request, step: &mut Step<'_>) {
        match request {
            Request::Publish(publish) => self.publish(asker, &publish, step),
            Request::Fetch(address) => {
                let bundle = self.directory.hand_out(address, step.rng, step.transaction);
                self.tell(asker, Response::Bundle(Box::new(Bundle { address, bundle })), step);
                self.ask_for_prekeys(address, step);
            }
            Request::CountPrekeys(address) => self.ask_for_prekeys(address, step),
            Request::Route { envelope, from_business } => self.route(asker, envelope, from_business, step),
            Request::Confirm { from, envelope_id } => {
                if let Some(sender) = self.directory.owner(from) {
                    let receipt = Receipt { envelope_id, outcome: Outcome::Delivered };
                    self.tell(sender, Response::receipt(receipt), step);
                }
            }
        }
    }

    fn publish(&mut self, owner: Party, publish: &Publish, step: &mut Step<'_>) {
        let address = publish.address;
        let key = self.endpoints.key_of(owner);
        let limit = self.config.max_prekeys;
        let response = match self.directory.publish(owner, key, publish, limit, step.transaction) {
            Ok(()) => Response::Published(address),
            Err(refusal) => Response::Refused(address, refusal.reject_code()),
        };
        self.tell(owner, response, step);
    }

    /// An envelope goes to whoever owns the number that it is for, and if a business sent it, on the bill.
    fn route(&mut self, sender: Party, envelope: Envelope, from_business: bool, step: &mut Step<'_>) {
        let Some(recipient) = self.directory.owner(envelope.to) else {
            let receipt = Receipt { envelope_id: envelope.id, outcome: Outcome::UnknownRecipient };
            return self.tell(sender, Response::receipt(receipt), step);
        };
        if from_business && let Some(reading) = meter::reading(&envelope, Direction::BusinessToConsumer) {
            self.tell(sender, Response::Count(reading), step);
        }
        self.tell(recipient, Response::Append { item: InboxItem::Envelope(envelope), from_business }, step);
    }

    fn ask_for_prekeys(&mut self, address: Address, step: &mut Step<'_>) {
        if let Some((owner, one_time_left)) = self.directory.low(address, self.config.low_prekeys) {
            self.tell(owner, Response::PrekeysLow { address, one_time_left }, step);
        }
    }
}
