//! The addresses that an endpoint speaks for: one for a consumer's device, thousands for a node.

use std::collections::BTreeMap;
use wire::Address;

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
}

impl Addresses {
    /// Adds an address, or finds it there; a question for its prekeys is answered by that.
    pub(crate) fn add(&mut self, address: Address) {
        if let Some(registered) = self.find(address) {
            registered.asked_for_more = false;
            return;
        }
        self.registered.push(Registered { address, asked_for_more: false });
        if self.registered.len() > 1 {
            let places = self.registered.iter().enumerate().skip(self.places.len());
            self.places.extend(places.map(|(place, registered)| (registered.address, place)));
        }
    }

    /// True if there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.registered.is_empty()
    }

    /// True if the endpoint speaks for this very device.
    pub(crate) fn contains(&self, address: Address) -> bool {
        self.get(self.place(address)).is_some_and(|known| known == address)
    }

    /// True if the endpoint speaks for another one, too.
    pub(crate) fn has_other_than(&self, address: Address) -> bool {
        self.iter().any(|other| other != address)
    }

    /// The one that was registered as number `place`, from 0.
    pub(crate) fn get(&self, place: usize) -> Option<Address> {
        self.registered.get(place).map(|registered| registered.address)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Address> {
        self.registered.iter().map(|registered| registered.address)
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

    /// Where the address is, if it is there.
    fn place(&self, address: Address) -> usize {
        self.places.get(&address).copied().unwrap_or(0)
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
        assert_eq!((addresses.get(1), addresses.get(4)), (Some(address(3)), None));
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
