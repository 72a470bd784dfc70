//! Prekeys by their ids: what an address has, and what the relay's directory knows of it.

use super::session::Used;
use kernel::Rng;

/// The most one-time prekeys of a kind that one frame carries.
const PER_PUBLISH: u32 = 100;

/// The KEM prekey for when the one-time ones have run out.
const LAST_RESORT: u32 = 2;

/// An address of an endpoint.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) registration: u16,
    /// Ascending.
    one_time: Vec<u32>,
    kem: Vec<u32>,
    next_prekey: u32,
    pub(crate) published: bool,
}

/// What is published of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Published {
    pub(crate) registration: u16,
    pub(crate) one_time: Box<[u32]>,
    pub(crate) kem: Box<[u32]>,
}

/// What starts a session with an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bundle {
    pub(crate) registration: u16,
    pub(crate) one_time: Option<u32>,
    pub(crate) kem: u32,
}

/// What the relay's directory has of an address.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    registration: u16,
    one_time: Vec<u32>,
    kem: Vec<u32>,
    asked_for_more: bool,
}

impl Account {
    /// A new account whose registration id was drawn before: [`draw_registration`].
    pub(crate) fn create(registration: u16, one_time: u32) -> Self {
        let (ids, kem, published) = (Vec::new(), Vec::new(), false);
        let mut account = Self { registration, one_time: ids, kem, next_prekey: 3, published };
        account.make_one_time(one_time.min(PER_PUBLISH));
        account
    }

    pub(crate) fn publish(&self) -> Published {
        self.publish_from(0)
    }

    /// More one-time prekeys, and what is published of them.
    pub(crate) fn replenish(&mut self, count: u32) -> Published {
        let first_new = self.next_prekey;
        self.make_one_time(count.min(PER_PUBLISH));
        self.publish_from(first_new)
    }

    /// Whether the prekeys that a first message names are there.
    pub(crate) fn has(&self, used: Used) -> bool {
        let one_time = used.one_time.is_none_or(|id| self.one_time.binary_search(&id).is_ok());
        let kem = |id| id == LAST_RESORT || self.kem.binary_search(&id).is_ok();
        one_time && used.kem.is_none_or(kem)
    }

    pub(crate) fn consume(&mut self, used: Used) {
        remove(&mut self.one_time, used.one_time);
        remove(&mut self.kem, used.kem);
    }

    fn publish_from(&self, first: u32) -> Published {
        let from = |ids: &[u32]| ids.iter().copied().filter(|id| *id >= first).collect();
        Published { registration: self.registration, one_time: from(&self.one_time), kem: from(&self.kem) }
    }

    fn make_one_time(&mut self, count: u32) {
        self.one_time.reserve_exact(usize::try_from(count).unwrap_or(0));
        self.kem.reserve_exact(usize::try_from(count).unwrap_or(0));
        for _ in 0..count {
            let one_time = self.take_prekey_id();
            insert(&mut self.one_time, one_time);
            let kem = self.take_prekey_id();
            insert(&mut self.kem, kem);
        }
    }

    fn take_prekey_id(&mut self) -> u32 {
        let id = self.next_prekey;
        self.next_prekey = if id >= 0x00ff_ffff { 3 } else { id + 1 };
        id
    }
}

impl Entry {
    pub(crate) const fn new() -> Self {
        Self { registration: 0, one_time: Vec::new(), kem: Vec::new(), asked_for_more: false }
    }

    pub(crate) fn publish(&mut self, published: &Published) {
        self.registration = published.registration;
        self.asked_for_more = false;
        published.one_time.iter().for_each(|id| insert(&mut self.one_time, *id));
        published.kem.iter().for_each(|id| insert(&mut self.kem, *id));
    }

    /// The bundle, and whether a one-time prekey is gone with it.
    pub(crate) fn hand_out(&mut self) -> (Bundle, bool) {
        let (one_time, kem) = (pop_first(&mut self.one_time), pop_first(&mut self.kem));
        let bundle = Bundle { registration: self.registration, one_time, kem: kem.unwrap_or(LAST_RESORT) };
        (bundle, one_time.is_some() || kem.is_some())
    }

    /// How many are left, if that is fewer than `low` and the owner was not asked yet.
    pub(crate) fn ask_for_more(&mut self, low: usize) -> Option<u32> {
        let left = self.one_time.len().min(self.kem.len());
        if left >= low || std::mem::replace(&mut self.asked_for_more, true) {
            return None;
        }
        u32::try_from(left).ok()
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
/// prekey, a KEM seed and a signature for the last resort, and all three kinds for the one-time ones.
pub(crate) fn skip_prekeys(one_time: u32, rng: &mut Rng) {
    let kem_prekey = |rng: &mut Rng| {
        let _: [u8; 64] = rng.bytes();
        let _: [u8; 64] = rng.bytes();
    };
    let _: [u8; 32] = rng.bytes();
    let _: [u8; 64] = rng.bytes();
    kem_prekey(rng);
    for _ in 0..one_time.min(PER_PUBLISH) {
        let _: [u8; 32] = rng.bytes();
        kem_prekey(rng);
    }
}

fn insert(ids: &mut Vec<u32>, id: u32) {
    if let Err(at) = ids.binary_search(&id) {
        ids.insert(at, id);
    }
}

fn remove(ids: &mut Vec<u32>, id: Option<u32>) {
    if let Some(at) = id.and_then(|id| ids.binary_search(&id).ok()) {
        ids.remove(at);
    }
}

fn pop_first(ids: &mut Vec<u32>) -> Option<u32> {
    (!ids.is_empty()).then(|| ids.remove(0))
}
