//! Where the records of an endpoint are.

use super::session::Record;
use crate::record::Who;

/// A record for each pair of an address and a peer.
#[derive(Clone)]
pub(crate) struct Sessions {
    records: Records,
    /// Sessions that this endpoint has begun.
    begun: u32,
}

#[derive(Clone)]
enum Records {
    /// Of a person, who knows a few.
    Few(Vec<(Who, Record)>),
    /// Of a node. `first` has, for each consumer, the place of its first record; `links` are as many as records, and so
    /// small that to look through a consumer's touches no memory that is far away.
    Many { first: Vec<u32>, links: Vec<Link>, records: Vec<Record> },
}

/// Whose record it is at a node, and where the consumer's next one is.
#[derive(Clone)]
struct Link {
    account: Who,
    next: u32,
}

const NONE: u32 = u32::MAX;

impl Sessions {
    /// Of an endpoint with one address.
    pub(crate) const fn few() -> Self {
        Self { records: Records::Few(Vec::new()), begun: 0 }
    }

    /// Of an endpoint with any number of them, and peers that are any of so many consumers.
    pub(crate) fn many(consumers: u32) -> Self {
        let first = vec![NONE; to_usize(consumers)];
        Self { records: Records::Many { first, links: Vec::new(), records: Vec::new() }, begun: 0 }
    }

    /// A name for a new session that no other has.
    pub(crate) fn next_base(&mut self, account: Who) -> u64 {
        self.begun += 1;
        u64::from(account.as_u32()) << 32 | u64::from(self.begun)
    }

    /// The record of `account` with `peer`, made empty if they never spoke; none for a peer that there can't be.
    pub(crate) fn between(&mut self, account: Who, peer: Who) -> Option<&mut Record> {
        let place = self.place(account, peer);
        match &mut self.records {
            Records::Few(records) => {
                if place.is_none() {
                    records.reserve_exact(1);
                    records.push((peer, Record::default()));
                }
                let place = place.unwrap_or(records.len() - 1);
                records.get_mut(place).map(|(_, record)| record)
            }
            Records::Many { first, links, records } => {
                let place = match place {
                    Some(place) => place,
                    None => {
                        let head = first.get_mut(to_usize(peer.index()))?;
                        let place = records.len();
                        links.push(Link { account, next: *head });
                        records.push(Record::default());
                        *head = u32::try_from(place).unwrap_or(NONE);
                        place
                    }
                };
                records.get_mut(place)
            }
        }
    }

    /// The record of `account` with `peer`, if they ever spoke.
    pub(crate) fn get_mut(&mut self, account: Who, peer: Who) -> Option<&mut Record> {
        let place = self.place(account, peer)?;
        match &mut self.records {
            Records::Few(records) => records.get_mut(place).map(|(_, record)| record),
            Records::Many { records, .. } => records.get_mut(place),
        }
    }

    fn place(&self, account: Who, peer: Who) -> Option<usize> {
        match &self.records {
            Records::Few(records) => records.iter().position(|(other, _)| *other == peer),
            Records::Many { first, links, .. } => {
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
    use super::*;

    #[test]
    fn each_pair_has_its_own_record() {
        let (shops, people) = ([Who::business(0), Who::business(7)], [Who::consumer(1), Who::consumer(2)]);
        let mut sessions = Sessions::many(3);
        for shop in shops {
            for person in people {
                assert!(sessions.get_mut(shop, person).is_none());
                sessions.between(shop, person).unwrap().count.pass(u64::from(shop.index()));
            }
        }
        for shop in shops {
            for person in people {
                let record = sessions.between(shop, person).unwrap();
                assert_eq!(record.count.pass(u64::from(shop.index()) + 1), Some(2));
            }
        }
        assert!(sessions.between(shops[0], Who::consumer(3)).is_none(), "there are three consumers");
        let mut few = Sessions::few();
        assert!(few.between(people[0], people[1]).is_some());
        assert!(few.get_mut(people[0], people[1]).is_some() && few.get_mut(people[0], shops[0]).is_none());
    }
}
