//! The addresses that an endpoint speaks for: one for a consumer's device, thousands for a node.
//!
//! A number of the endpoint's own shard is known from the directory. One of another shard is a claim, a row of the
//! endpoint's, until that shard has said whose it is.

use crate::proto;
use crate::rows::{CLAIMS, claim_key};
use kernel::{RestoreError, Row, Transaction};
use prost::Message as _;
use std::collections::BTreeMap;
use wire::{Address, LinkKey};

/// Addresses in the order in which they were registered.
#[derive(Default)]
pub(crate) struct Addresses {
    registered: Vec<Registered>,
    /// Where each of them is, as soon as there are two: one alone is found without.
    places: BTreeMap<Address, usize>,
}

struct Registered {
    address: Address,
    /// The endpoint has been asked for more prekeys on this connection, and has not answered yet.
    asked_for_more: bool,
    /// If the number lives at another shard.
    claim: Option<Box<Claim>>,
}

/// What is known of a number that lives at another shard.
#[derive(Default)]
struct Claim {
    revision: u64,
    granted: bool,
    /// How often keys were published and not answered yet.
    under_way: u64,
}

impl Addresses {
    /// The endpoint speaks for an address, and has answered if it was asked for its prekeys.
    pub(crate) fn add(&mut self, address: Address) {
        self.find_or_add(address).asked_for_more = false;
    }

    /// The endpoint says that it speaks for an address whose number lives elsewhere.
    pub(crate) fn claim(&mut self, endpoint: LinkKey, address: Address, transaction: &mut Transaction) {
        let claim = self.find_or_add(address).claim.get_or_insert_default();
        claim.under_way += 1;
        claim.write(endpoint, address, transaction);
    }

    /// The shard of the number has answered a claim. What was granted once stays; of what never was, nothing is left.
    pub(crate) fn settle(
        &mut self,
        endpoint: LinkKey,
        address: Address,
        granted: bool,
        transaction: &mut Transaction,
    ) {
        let Some(registered) = self.find(address) else { return };
        registered.asked_for_more &= !granted;
        let Some(claim) = &mut registered.claim else { return };
        claim.granted |= granted;
        claim.under_way = claim.under_way.saturating_sub(1);
        if claim.granted || claim.under_way > 0 {
            claim.write(endpoint, address, transaction);
        } else {
            transaction.remove_with(CLAIMS, || claim_key(endpoint, address));
            self.registered.retain(|registered| registered.address != address);
            self.places.clear();
            self.index();
        }
    }

    pub(crate) fn restore_claim(&mut self, address: Address, row: &Row) -> Result<(), RestoreError> {
        let stored = proto::ClaimRow::decode(row.value.clone()).map_err(|e| RestoreError::new(row, e))?;
        let claim = Claim { revision: row.at, granted: stored.granted, under_way: stored.under_way };
        self.find_or_add(address).claim = Some(Box::new(claim));
        Ok(())
    }

    /// True if there is none, not even a claim.
    pub(crate) fn is_empty(&self) -> bool {
        self.registered.is_empty()
    }

    /// True if the endpoint speaks for this very device.
    pub(crate) fn contains(&self, address: Address) -> bool {
        let registered = self.registered.get(self.place(address));
        registered.is_some_and(|registered| registered.address == address && registered.is_granted())
    }

    /// True if the endpoint speaks for another one, or says so.
    pub(crate) fn has_other_than(&self, address: Address) -> bool {
        self.registered.iter().any(|other| other.address != address)
    }

    /// All that it speaks for.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Address> {
        self.registered
            .iter()
            .filter(|registered| registered.is_granted())
            .map(|registered| registered.address)
    }

    /// Notes that the endpoint is asked for more prekeys of an address. False if it was, already.
    pub(crate) fn ask(&mut self, address: Address) -> bool {
        self.find(address).is_some_and(|registered| !std::mem::replace(&mut registered.asked_for_more, true))
    }

    /// The endpoint is gone; it has to be asked again when it comes back.
    pub(crate) fn forget_questions(&mut self) {
        self.registered.iter_mut().for_each(|registered| registered.asked_for_more = false);
    }

    fn find(&mut self, address: Address) -> Option<&mut Registered> {
        let place = self.place(address);
        self.registered.get_mut(place).filter(|registered| registered.address == address)
    }

    #[expect(clippy::indexing_slicing, reason = "it is found, or added here")]
    fn find_or_add(&mut self, address: Address) -> &mut Registered {
        let mut place = self.place(address);
        if self.registered.get(place).is_none_or(|registered| registered.address != address) {
            place = self.registered.len();
            self.registered.push(Registered { address, asked_for_more: false, claim: None });
            self.index();
        }
        &mut self.registered[place]
    }

    /// Where the address is, if it is there.
    fn place(&self, address: Address) -> usize {
        self.places.get(&address).copied().unwrap_or(0)
    }

    /// Notes where the last ones are.
    fn index(&mut self) {
        if self.registered.len() > 1 {
            let places = self.registered.iter().enumerate().skip(self.places.len());
            self.places.extend(places.map(|(place, registered)| (registered.address, place)));
        }
    }
}

impl Registered {
    fn is_granted(&self) -> bool {
        self.claim.as_ref().is_none_or(|claim| claim.granted)
    }
}

impl Claim {
    fn write(&mut self, endpoint: LinkKey, address: Address, transaction: &mut Transaction) {
        let row = proto::ClaimRow { granted: self.granted, under_way: self.under_way };
        self.revision = transaction
            .swap_with(CLAIMS, self.revision, || (claim_key(endpoint, address), row.encode_to_vec()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u64) -> Address {
        Address::primary(wire::Number::from_integer(4_915_112_345_000 + last).unwrap())
    }

    #[test]
    fn they_are_found_and_keep_the_order_in_which_they_came() {
        let mut addresses = Addresses::default();
        assert!(addresses.is_empty() && !addresses.contains(address(7)));
        for (count, last) in [7, 3, 9, 1].into_iter().enumerate() {
            assert!(!addresses.contains(address(last)));
            addresses.add(address(last));
            addresses.add(address(last));
            assert_eq!(addresses.iter().count(), count + 1);
            assert!(addresses.iter().all(|known| addresses.contains(known)));
            assert_eq!(addresses.has_other_than(address(7)), count > 0);
        }
        assert!(addresses.iter().eq([7, 3, 9, 1].map(address)));
    }

    #[test]
    fn a_question_is_asked_once_until_it_is_answered_or_lost() {
        let mut addresses = Addresses::default();
        assert!(!addresses.ask(address(1)), "not of what isn't there");
        addresses.add(address(1));
        addresses.add(address(2));
        assert!(addresses.ask(address(2)) && !addresses.ask(address(2)) && addresses.ask(address(1)));
        addresses.add(address(2));
        assert!(addresses.ask(address(2)) && !addresses.ask(address(1)));
        addresses.forget_questions();
        assert!(addresses.ask(address(1)));
    }
}
