//! How often a peer may make us ask for a message again. Anybody can send what nobody can read, and each of it would cost
//! a request: a row in the outbox, a frame, an item in somebody's inbox.

use kernel::Time;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use wire::Address;

/// So many requests go to one peer at once.
pub(crate) const BURST: u32 = 16;

/// And then one in so long.
pub(crate) const INTERVAL: Duration = Duration::from_secs(60);

/// A peer of whom there is only the identity has lost its sessions because this endpoint started over: all that it had sent before
/// it hears of that must be asked for. That costs so much less.
pub(crate) const CHEAPER: u32 = 64;

/// So many peers have an allowance of their own at a time; all others share one. Whoever has used nothing of theirs for
/// some minutes needs no entry here.
pub(crate) const MAX_PEERS: usize = 4096;

/// Who has used how much of their allowance. In memory only: who restarts an endpoint gives the allowances anew.
#[derive(Default)]
pub(crate) struct Retries {
    /// When a peer has the whole of it again.
    whole_at: BTreeMap<Address, Time>,
    by_time: BTreeSet<(Time, Address)>,
    others_whole_at: Time,
}

impl Retries {
    /// True if `peer` may be asked for something again; that counts then.
    pub(crate) fn allow(&mut self, peer: Address, now: Time) -> bool {
        self.allow_at(INTERVAL, MAX_PEERS, peer, now)
    }

    /// The same of a peer whose sessions this endpoint has destroyed. There are no more of those than of sessions, so each has
    /// an allowance of its own.
    pub(crate) fn allow_known(&mut self, peer: Address, now: Time) -> bool {
        self.allow_at(INTERVAL / CHEAPER, usize::MAX, peer, now)
    }

    fn allow_at(&mut self, cost: Duration, max_peers: usize, peer: Address, now: Time) -> bool {
        while let Some((at, whole)) = self.by_time.first().copied().filter(|(at, _)| *at <= now) {
            self.by_time.remove(&(at, whole));
            self.whole_at.remove(&whole);
        }
        let known = self.whole_at.get(&peer).copied();
        if known.is_none() && self.whole_at.len() >= max_peers {
            let allowed = spent(cost, self.others_whole_at, now);
            self.others_whole_at = allowed.unwrap_or(self.others_whole_at);
            return allowed.is_some();
        }
        let Some(whole_at) = spent(cost, known.unwrap_or(now), now) else { return false };
        self.by_time.extend([(whole_at, peer)]);
        if let Some(before) = self.whole_at.insert(peer, whole_at) {
            self.by_time.remove(&(before, peer));
        }
        true
    }
}

/// When an allowance is whole again after one more request at this cost; `None` if there is not so much left.
fn spent(cost: Duration, whole_at: Time, now: Time) -> Option<Time> {
    let whole_at = whole_at.max(now) + cost;
    (whole_at.since(now) <= INTERVAL * BURST).then_some(whole_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(index: u64) -> Address {
        Address::primary(wire::Number::from_integer(4_915_110_000_000 + index).unwrap())
    }

    fn asked(retries: &mut Retries, peer: Address, now: Time) -> usize {
        (0..1000).take_while(|_| retries.allow(peer, now)).count()
    }

    #[test]
    fn a_peer_has_a_burst_and_then_one_a_minute() {
        let (mut retries, now) = (Retries::default(), Time::from_secs(1_790_000_000));
        assert_eq!(asked(&mut retries, peer(0), now), 16);
        assert_eq!(asked(&mut retries, peer(1), now), 16, "another's is another's");
        assert_eq!(asked(&mut retries, peer(0), now + Duration::from_secs(59)), 0);
        assert_eq!(asked(&mut retries, peer(0), now + Duration::from_secs(60)), 1);
        assert_eq!(asked(&mut retries, peer(0), now + Duration::from_secs(3600)), 16, "and never more");
    }

    #[test]
    fn whoever_started_over_asks_for_all_that_its_peers_had_sent() {
        let (mut retries, now) = (Retries::default(), Time::from_secs(1_790_000_000));
        for index in 0..6_000 {
            assert!((0..100).all(|_| retries.allow_known(peer(index), now)));
        }
        assert_eq!(
            asked(&mut retries, peer(0), now),
            14,
            "that leaves something for what is damaged after it"
        );
        let more = (0..10_000).take_while(|_| retries.allow_known(peer(1), now)).count();
        assert_eq!(more, 924, "and it has an end");
    }

    #[test]
    fn peers_that_a_stranger_invents_take_no_memory_and_no_allowance_of_others() {
        let (mut retries, now) = (Retries::default(), Time::from_secs(1_790_000_000));
        let mut all = 0;
        for index in 0..20_000 {
            all += usize::from(retries.allow(peer(index), now));
        }
        assert_eq!(all, MAX_PEERS + 16);
        assert_eq!((retries.whole_at.len(), retries.by_time.len()), (MAX_PEERS, MAX_PEERS));
        assert_eq!(asked(&mut retries, peer(7), now), 15, "who was there before keeps theirs");
        assert!(retries.allow(peer(30_000), now + Duration::from_secs(61)), "and a minute later all is well");
        assert_eq!(retries.whole_at.len(), 2);
    }
}
