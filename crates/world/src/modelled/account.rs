//! Prekeys by reference: how many an address has, and how many of them the relay's directory can hand out.

use super::session::Used;
use kernel::Rng;
use std::collections::BTreeSet;

/// The most one-time prekeys of a kind that one frame carries.
const PER_PUBLISH: u32 = 100;

/// Numbers of one-time prekeys are drawn of so many.
const PREKEY_IDS: u32 = (1 << 24) - (1 << 21);

/// An address of an endpoint.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) registration: u16,
    one_time: u32,
    kem: u32,
    pub(crate) published: bool,
}

/// What is published of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Published {
    pub(crate) registration: u16,
    /// Of each kind, so many one-time prekeys.
    pub(crate) one_time: u32,
    pub(crate) kem: u32,
    /// Everything that the address has, and not only what is new.
    pub(crate) all: bool,
}

/// What starts a session with an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bundle {
    pub(crate) registration: u16,
    /// Whether the prekey of each kind is a one-time one.
    pub(crate) one_time: bool,
    pub(crate) kem: bool,
}

/// What the relay's directory has of an address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    registration: u16,
    one_time: u32,
    kem: u32,
    asked_for_more: bool,
    /// Prekeys that were handed out before are among them again.
    is_doubtful: bool,
}

impl Account {
    /// A new account whose registration id was drawn before: [`draw_registration`].
    pub(crate) fn create(registration: u16, one_time: u32) -> Self {
        let one_time = one_time.min(PER_PUBLISH);
        Self { registration, one_time, kem: one_time, published: false }
    }

    pub(crate) const fn publish(&self) -> Published {
        Published { registration: self.registration, one_time: self.one_time, kem: self.kem, all: true }
    }

    /// More one-time prekeys, and what is published of them.
    pub(crate) fn replenish(&mut self, count: u32) -> Published {
        let count = count.min(PER_PUBLISH);
        self.one_time += count;
        self.kem += count;
        Published { registration: self.registration, one_time: count, kem: count, all: false }
    }

    pub(crate) fn consume(&mut self, used: Used) {
        self.one_time = self.one_time.saturating_sub(u32::from(used.one_time));
        self.kem = self.kem.saturating_sub(u32::from(used.kem));
    }
}

impl Entry {
    pub(crate) const fn new() -> Self {
        Self { registration: 0, one_time: 0, kem: 0, asked_for_more: false, is_doubtful: false }
    }

    pub(crate) fn publish(&mut self, published: Published) {
        let known = self.registration != 0;
        self.registration = published.registration;
        self.asked_for_more = false;
        if published.all {
            // What the directory still has is among them, and perhaps what it has handed out.
            self.is_doubtful |= known && published.one_time > self.one_time;
            self.one_time = published.one_time;
            self.kem = published.kem;
        } else {
            self.one_time += published.one_time;
            self.kem += published.kem;
        }
    }

    /// The bundle.
    pub(crate) fn hand_out(&mut self) -> Bundle {
        let (one_time, kem) = (self.one_time > 0, self.kem > 0);
        self.one_time -= u32::from(one_time);
        self.kem -= u32::from(kem);
        Bundle { registration: self.registration, one_time, kem }
    }

    /// Whether it may hand out a prekey a second time, as only real ones show.
    pub(crate) const fn is_doubtful(&self) -> bool {
        self.is_doubtful
    }

    /// How many are left, if that is fewer than `low` and the owner was not asked yet.
    pub(crate) fn ask_for_more(&mut self, low: usize) -> Option<u32> {
        let left = self.one_time.min(self.kem);
        let enough = usize::try_from(left).is_ok_and(|left| left >= low);
        (!enough && !std::mem::replace(&mut self.asked_for_more, true)).then_some(left)
    }

    pub(crate) const fn forget_question(&mut self) {
        self.asked_for_more = false;
    }
}

/// The registration id of the next account that a machine opens with these random numbers: drawn after the identity
/// key, and before its prekeys (`endpoint::Account`).
pub(crate) fn draw_registration(rng: &mut Rng) -> u16 {
    let _: [u8; 32] = rng.bytes();
    u16::try_from(1 + rng.below(16_380)).unwrap_or(1)
}

/// What a machine draws for the prekeys of an account that it opens: a private key and a signature for the signed
/// prekey, a KEM seed and a signature for the last resort, and all of it with numbers for the one-time ones.
pub(crate) fn skip_prekeys(one_time: u32, rng: &mut Rng) {
    let kem_prekey = |rng: &mut Rng| {
        let _: [u8; 64] = rng.bytes();
        let _: [u8; 64] = rng.bytes();
    };
    let mut ids = BTreeSet::new();
    // A number that is taken is drawn again.
    let mut id = |rng: &mut Rng| while !ids.insert(rng.below(PREKEY_IDS)) {};
    let _: [u8; 32] = rng.bytes();
    let _: [u8; 64] = rng.bytes();
    kem_prekey(rng);
    for _ in 0..one_time.min(PER_PUBLISH) {
        id(rng);
        let _: [u8; 32] = rng.bytes();
        id(rng);
        kem_prekey(rng);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{Effects, Seed};
    use wire::{Address, ConnectionId, LinkEvent, LinkKey, Outgoing, ToEndpoint, ToRelay};

    #[test]
    fn registration_ids_are_those_that_an_endpoint_draws() {
        let seed = Seed::from_number(11);
        let (mut real, mut modelled) = (Rng::for_entity(&seed, "node/0"), Rng::for_entity(&seed, "node/0"));
        let policy = endpoint::Policy { one_time_prekeys: 7, ..endpoint::Policy::default() };
        let (mut endpoint, _) = endpoint::Endpoint::restore(policy, Vec::new()).unwrap();
        let mut fx: Effects<Outgoing<ToRelay>> = Effects::none();
        for number in 0..5 {
            let address = Address::primary(wire::Number::from_integer(15_550_000_000 + number).unwrap());
            fx.step(kernel::Time::EPOCH, &mut real, |step| endpoint.open_account(address, step));
        }
        let connection = ConnectionId(1);
        let up = LinkEvent::Up { connection, peer: LinkKey([0; 32]) };
        let _ = fx.step(kernel::Time::EPOCH, &mut real, |step| endpoint.on_link(up, step));
        let frame = ToEndpoint::Welcome { accepted_through: 0 };
        let welcome = LinkEvent::Frame { connection, frame };
        let _ = fx.step(kernel::Time::EPOCH, &mut real, |step| endpoint.on_link(welcome, step));
        let published = fx.outputs.iter().filter_map(|outgoing| match &outgoing.frame {
            ToRelay::Publish(publish) => Some(publish.registration_id),
            _ => None,
        });
        let drawn = (0..5).map(|_| {
            let registration = draw_registration(&mut modelled);
            skip_prekeys(7, &mut modelled);
            u32::from(registration)
        });
        assert_eq!(published.collect::<Vec<_>>(), drawn.collect::<Vec<_>>());
    }

    #[test]
    fn what_was_handed_out_and_is_published_again_is_doubtful() {
        let mut account = Account::create(5, 3);
        let mut entry = Entry::new();
        entry.publish(account.publish());
        assert_eq!(entry.hand_out(), Bundle { registration: 5, one_time: true, kem: true });
        assert_eq!((entry.ask_for_more(5), entry.ask_for_more(5)), (Some(2), None));
        entry.publish(account.replenish(3));
        assert!(!entry.is_doubtful());
        account.consume(Used { one_time: true, kem: true });
        entry.publish(account.publish());
        assert!(!entry.is_doubtful(), "what was used up is not among them");
        entry.hand_out();
        entry.publish(account.publish());
        assert!(entry.is_doubtful());
    }
}
