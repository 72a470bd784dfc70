//! What an endpoint gets, where it lives: into its inbox, on its bill, or said if it is there.

use super::{Notice, Output, Relay, Step, say};
use crate::endpoints::Slot;
use crate::letter::Response;
use crate::meter;
use wire::{Direction, InboxItem, MeterReading, Position, RejectCode, ToEndpoint};

impl Relay {
    /// An endpoint of this shard gets something of a number, of any one.
    pub(super) fn on_response(&mut self, slot: Slot, response: Response, step: &mut Step<'_>) {
        let shards = self.config.shards;
        let endpoint = &mut self.endpoints[slot];
        match response {
            Response::Published(address) => {
                match shards.elsewhere(address.number) {
                    None => endpoint.addresses.add(address),
                    Some(_) => endpoint.addresses.settle(endpoint.key, address, true, step.transaction),
                }
                self.say_to(slot, ToEndpoint::Published(address), step);
            }
            Response::Refused(address, code) => {
                if shards.elsewhere(address.number).is_some() {
                    endpoint.addresses.settle(endpoint.key, address, false, step.transaction);
                }
                self.refuse(slot, code, step);
            }
            Response::Bundle(bundle) => {
                // One that was asked for on a connection before is not for this one.
                let number = bundle.address.number;
                if shards.elsewhere(number).is_none() || endpoint.take_question(bundle.address) {
                    self.say_to(slot, ToEndpoint::Bundle(bundle), step);
                }
            }
            Response::PrekeysLow { address, one_time_left } => {
                if endpoint.connection.is_some() && endpoint.addresses.ask(address) {
                    self.say_to(slot, ToEndpoint::PrekeysLow { address, one_time_left }, step);
                }
            }
            Response::Append { item, from_business } => {
                if let InboxItem::Envelope(envelope) = &item
                    && endpoint.gateway
                    && !from_business
                    && let Some(reading) = meter::reading(envelope, Direction::ConsumerToBusiness)
                {
                    self.count(slot, reading, step);
                }
                self.append(slot, item, step);
            }
            Response::Count(reading) => self.count(slot, reading, step),
        }
    }

    /// What an endpoint wanted to publish can't be.
    pub(super) fn refuse(&mut self, slot: Slot, code: RejectCode, step: &mut Step<'_>) {
        self.say_to(slot, ToEndpoint::Rejected(code), step);
        step.say(Output::Notice(Notice::Rejected(code)));
    }

    fn append(&mut self, recipient: Slot, item: InboxItem, step: &mut Step<'_>) {
        self.endpoints.append(recipient, step.now, item, step.transaction);
        self.push(recipient, step);
    }

    pub(super) fn push(&mut self, recipient: Slot, step: &mut Step<'_>) {
        let endpoint = &mut self.endpoints[recipient];
        let Some(connection) = endpoint.connection else { return };
        endpoint.push(self.config.delivery_window, |Position { sequence, name }, item| {
            say(connection, ToEndpoint::Delivery { sequence, name, item }, step);
        });
    }

    /// Counts for a business that the gateway speaks for.
    fn count(&mut self, gateway: Slot, reading: MeterReading, step: &mut Step<'_>) {
        self.meters.count(reading, step.transaction);
        if !std::mem::replace(&mut self.endpoints[gateway].metering_due, true) {
            self.metering_due.insert((step.now + self.config.metering_interval, gateway));
        }
    }

    /// Gateways whose totals have changed hear them, if it is time.
    pub(super) fn report_due(&mut self, step: &mut Step<'_>) {
        let now = step.now;
        let due = self.metering_due.extract_if(.., |(due, _)| *due <= now);
        let mut gateways: Vec<_> = due.map(|(_, gateway)| gateway).collect();
        gateways.sort_unstable_by_key(|gateway| self.endpoints[*gateway].key);
        for gateway in gateways {
            self.endpoints[gateway].metering_due = false;
            self.report_metering(gateway, step);
        }
    }

    /// A gateway hears what was counted for the businesses that it speaks for.
    pub(super) fn report_metering(&self, gateway: Slot, step: &mut Step<'_>) {
        let endpoint = &self.endpoints[gateway];
        if endpoint.connection.is_none() {
            return;
        }
        let addresses = endpoint.addresses.iter();
        let readings: Vec<_> = addresses.flat_map(|address| self.meters.readings(address.number)).collect();
        if !readings.is_empty() {
            self.say_to(gateway, ToEndpoint::Metering(readings), step);
        }
    }
}
