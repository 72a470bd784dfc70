//! What the relay counted for the businesses of this node.

use crate::accounts::Directory;
use graph::{PhoneNumberId, WabaId};
use std::collections::BTreeMap;
use wire::{BillingClass, Direction, MeterReading, Number};

/// Totals since each business was registered, as the relay said last. Names no consumer and no time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Bill {
    lines: BTreeMap<(Number, Direction, BillingClass, u32), MeterReading>,
}

/// One line of a bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillLine {
    /// The account that it goes to.
    pub account: WabaId,
    /// The phone number that sent or received.
    pub phone_number: PhoneNumberId,
    /// What was counted.
    pub reading: MeterReading,
}

impl Bill {
    /// Takes new totals over; those of numbers that are not ours are ignored.
    pub(crate) fn read(&mut self, readings: Vec<MeterReading>, directory: &Directory) {
        for reading in readings {
            if directory.phone_with(reading.business).is_some() {
                let key = (
                    reading.business,
                    reading.direction,
                    reading.billing_class,
                    reading.country_calling_code,
                );
                self.lines.insert(key, reading);
            }
        }
    }

    pub(crate) fn lines(&self, directory: &Directory) -> Vec<BillLine> {
        let line = |reading: &MeterReading| {
            let phone = directory.phone_with(reading.business)?;
            let (account, phone_number) = (phone.account, phone.id);
            Some(BillLine { account, phone_number, reading: *reading })
        };
        self.lines.values().filter_map(line).collect()
    }
}
