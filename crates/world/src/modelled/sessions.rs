//! Where the records of an endpoint are.

use super::session::Record;
use crate::real::notes::EpochCount;
use crate::record::Who;
use smallvec::SmallVec;
use std::hint::black_box;

/// A record for each pair of an address and a peer.
#[derive(Clone)]
pub(crate) struct Sessions {
    records: Vec<Record>,
    places: Places,
    /// Sessions that this endpoint has begun.
    begun: u32,
}

/// Which record is whose, in little memory that is near: to look it up must not cost more than to use it.
#[derive(Clone)]
enum Places {
    /// Of a person, who knows a few: the peers, in the order of the records.
    Few(SmallVec<[Who; 4]>),
    /// Of a node. `first` has, for each consumer, the place of its first record; `links` are as many as records.
    Many { first: Vec<u32>, links: Vec<Link> },
}

/// Whose record it is at a node, and where the consumer's next one is.
#[derive(Clone)]
struct Link {
    account: Who,
    next: u32,
    /// The messages of the post-quantum epoch.
    count: EpochCount,
}

const NONE: u32 = u32::MAX;

impl Sessions {
    /// Of an endpoint with one address.
    pub(crate) const fn few() -> Self {
        Self { records: Vec::new(), places: Places::Few(SmallVec::new_const()), begun: 0 }
    }

    /// Of an endpoint with any number of them, and peers that are any of so many consumers.
    pub(crate) fn many(consumers: u32) -> Self {
        let first = vec![NONE; to_usize(consumers)];
        Self { records: Vec::new(), places: Places::Many { first, links: Vec::new() }, begun: 0 }
    }

    /// Reads a bit of the record of `account` with `peer`.
    pub(crate) fn touch(&self, account: Who, peer: Who) {
        let place = self.place(account, peer);
        black_box(place.and_then(|place| self.records.get(place)).is_some_and(Record::is_empty));
    }

    /// A name for a new session that no other has.
    pub(crate) fn next_base(&mut self, account: Who) -> u64 {
        self.begun += 1;
        u64::from(account.as_u32()) << 32 | u64::from(self.begun)
    }

    /// The record of `account` with `peer`, made empty if they never spoke; none for a peer that there can't be.
    pub(crate) fn between(&mut self, account: Who, peer: Who) -> Option<&mut Record> {
        let place = match self.place(account, peer) {
            Some(place) => place,
            None => self.add(account, peer)?,
        };
        self.records.get_mut(place)
    }

    /// The record of `account` with `peer`, if they ever spoke.
    pub(crate) fn get_mut(&mut self, account: Who, peer: Who) -> Option<&mut Record> {
        let place = self.place(account, peer)?;
        self.records.get_mut(place)
    }

    /// A message passes between an address of a node and a consumer. If that is in a new post-quantum epoch: in which,
    /// and how many there were since the one before.
    pub(crate) fn pass(&mut self, account: Who, peer: Who) -> Option<(u64, u32)> {
        let place = self.place(account, peer)?;
        let epoch = self.records.get(place)?.chain_epoch()?;
        let Places::Many { links, .. } = &mut self.places else { return None };
        Some((epoch, links.get_mut(place)?.count.pass(epoch)?))
    }

    fn add(&mut self, account: Who, peer: Who) -> Option<usize> {
        let place = self.records.len();
        match &mut self.places {
            Places::Few(peers) => {
                peers.push(peer);
                self.records.reserve_exact(1);
            }
            Places::Many { first, links } => {
                let head = first.get_mut(to_usize(peer.index()))?;
                links.push(Link { account, next: *head, count: EpochCount::default() });
                *head = u32::try_from(place).unwrap_or(NONE);
            }
        }
        self.records.push(Record::default());
        Some(place)
    }

    fn place(&self, account: Who, peer: Who) -> Option<usize> {
        match &self.places {
            Places::Few(peers) => peers.iter().position(|other| *other == peer),
            Places::Many { first, links } => {
                let mut at = *first.get(to_usize(peer.index()))?;
                while let Some(link) = links.get(to_usize(at)) {
                    if link.account == account {
                        return Some(to_usize(at));
                    }
                    at = link.next;
                }
                None
            }
        }
    }
}

fn to_usize(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::account::Bundle;
    use super::super::session::Suites;
    use super::*;
    use scenario::Suite;

    #[test]
    fn each_pair_has_its_own_record() {
        let (shops, people) = ([Who::business(0), Who::business(7)], [Who::consumer(1), Who::consumer(2)]);
        let mut sessions = Sessions::many(3);
        let everybody = shops.into_iter().flat_map(|shop| people.map(|person| (shop, person)));
        let suites = Suites { newest: Suite::Pqxdh, oldest: Suite::Pqxdh };
        let bundle = Bundle { registration: 5, one_time: true, kem: true };
        for (base, (shop, person)) in (1..).zip(everybody.clone()) {
            assert!(sessions.get_mut(shop, person).is_none());
            sessions.between(shop, person).unwrap().initiate(base, suites, bundle, 0);
        }
        for (base, (shop, person)) in (1..).zip(everybody) {
            let record = sessions.get_mut(shop, person).unwrap();
            assert_eq!(record.encrypt(9).map(|sealed| sealed.base), Some(base));
        }
        assert!(sessions.between(shops[0], Who::consumer(3)).is_none(), "there are three consumers");
        let mut few = Sessions::few();
        assert!(few.between(people[0], people[1]).is_some());
        assert!(few.get_mut(people[0], people[1]).is_some() && few.get_mut(people[0], shops[0]).is_none());
    }

    #[test]
    fn messages_are_counted_for_each_pair() {
        let (shop, person, other) = (Who::business(0), Who::consumer(1), Who::consumer(2));
        let (mut node, mut app) = (Sessions::many(3), Sessions::few());
        let suites = Suites { newest: Suite::Triple, oldest: Suite::Triple };
        let bundle = Bundle { registration: 5, one_time: true, kem: true };
        for (base, peer) in [(1, person), (2, other)] {
            node.between(shop, peer).unwrap().initiate(base, suites, bundle, 0);
        }
        let mut passed = 0;
        // A header, a key and a ciphertext pass in chunks before there is another epoch.
        for _ in 0..200 {
            let asks = node.get_mut(shop, person).unwrap().encrypt(9).unwrap();
            app.between(person, shop).unwrap().decrypt(&asks, suites).unwrap();
            passed += 1;
            if let Some(epoch) = node.pass(shop, person) {
                assert_eq!(epoch, (1, passed));
                assert!(node.pass(shop, other).is_none(), "nothing has passed there");
                return;
            }
            let answers = app.get_mut(person, shop).unwrap().encrypt(9).unwrap();
            node.get_mut(shop, person).unwrap().decrypt(&answers, suites).unwrap();
            node.get_mut(shop, other).unwrap().encrypt(9).unwrap();
            assert_eq!(node.pass(shop, other), None);
        }
        panic!("the ratchet has not come to its next epoch");
    }
}
