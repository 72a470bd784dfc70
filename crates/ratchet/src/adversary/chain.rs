//! A sending chain as an attacker knows it: from some place on, and nothing erased.

use std::collections::BTreeMap;

use super::reading::Unread;
use crate::chain::{ChainKey, MessageSeed};
use crate::curve::PublicKey;
use crate::identity::IdentityKey;
use crate::limits::MAX_FORWARD_JUMP;
use crate::session::{ReceivingChain, SendingChain};

pub(super) struct KnownChain {
    pub(super) sender: IdentityKey,
    pub(super) ratchet_key: PublicKey,
    /// The chain that it was stepped from, by its place in the session.
    pub(super) before: Option<usize>,
    /// Whether it is sure to be a chain of its session: stolen, or some message authenticates.
    pub(super) confirmed: bool,
    next: ChainKey,
    seeds: BTreeMap<u32, MessageSeed>,
}

impl KnownChain {
    /// From a Diffie-Hellman step, yet to be confirmed.
    pub(super) const fn stepped(
        sender: IdentityKey,
        ratchet_key: PublicKey,
        next: ChainKey,
        before: Option<usize>,
    ) -> Self {
        Self { sender, ratchet_key, before, confirmed: false, next, seeds: BTreeMap::new() }
    }

    pub(super) fn stolen_sending(sender: IdentityKey, chain: &SendingChain) -> Self {
        let stepped = Self::stepped(sender, chain.ratchet.public, chain.chain_key.clone(), None);
        Self { confirmed: true, ..stepped }
    }

    pub(super) fn stolen_receiving(sender: IdentityKey, chain: &ReceivingChain) -> Self {
        let stepped = Self::stepped(sender, chain.ratchet_key, chain.chain_key.clone(), None);
        let seeds = chain.skipped.newest_first().map(|skipped| (skipped.at, skipped.key.clone())).collect();
        Self { confirmed: true, seeds, ..stepped }
    }

    /// The seed of the message with this counter.
    pub(super) fn seed(&mut self, counter: u32) -> Result<&MessageSeed, Unread> {
        if counter.saturating_sub(self.next.index()) > MAX_FORWARD_JUMP {
            return Err(Unread::TooFarAhead);
        }
        while self.next.index() <= counter {
            let at = self.next.index();
            let (seed, next) = self.next.step().ok_or(Unread::TooFarAhead)?;
            self.seeds.insert(at, seed);
            self.next = next;
        }
        self.seeds.get(&counter).ok_or(Unread::ErasedKey)
    }
}
