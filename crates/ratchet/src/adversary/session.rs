//! One session as an attacker knows it.

use std::collections::{BTreeMap, BTreeSet};

use zeroize::Zeroizing;

use super::chain::KnownChain;
use super::message::Overheard;
use super::reading::Unread;
use crate::chain::RootKey;
use crate::curve::PublicKey;
use crate::identity::IdentityKey;
use crate::provider::Key;
use crate::second_ratchet::Direction;
use crate::session::Session;
use crate::spqr::Eavesdropper;

/// What two sides have in common, as far as known.
#[derive(Default)]
pub(super) struct KnownSession {
    chains: Vec<KnownChain>,
    /// Places in `chains`: several if the same chain was stolen at several places of it.
    by_ratchet_key: BTreeMap<PublicKey, Vec<usize>>,
    /// By the ratchet key of the step that gave them: there is one for each in a session.
    pub(super) roots: BTreeMap<PublicKey, KnownRoot>,
    /// The ratchet keys of the steps taken here; stolen chains are not among them, because they may
    /// lack their beginning.
    pub(super) stepped_to: BTreeSet<PublicKey>,
    pub(super) post_quantum: Vec<KnownPostQuantum>,
}

/// A root key, after the Diffie-Hellman step with some ratchet key.
pub(super) struct KnownRoot {
    pub(super) key: RootKey,
    /// Whose ratchet key that is.
    pub(super) owner: IdentityKey,
    /// The other side, whose ratchet key comes next.
    pub(super) peer: IdentityKey,
    /// The chain that the step gave, by its place in the session.
    pub(super) chain: usize,
    /// Whether the next step was found.
    pub(super) stepped: bool,
}

/// A state of knowledge of the post-quantum ratchet, and who sends in which of its directions.
pub(super) struct KnownPostQuantum {
    pub(super) initiator: IdentityKey,
    pub(super) responder: IdentityKey,
    pub(super) ratchet: Eavesdropper,
}

impl KnownSession {
    /// Adds what a side had stored.
    pub(super) fn steal(&mut self, session: &Session) {
        let (local, remote) = (session.local_identity, session.remote_identity);
        let sending = KnownChain::stolen_sending(local, &session.sending);
        self.add(sending, session.root_key.clone(), remote);
        for chain in &session.receiving {
            self.add_chain(KnownChain::stolen_receiving(remote, chain));
        }
        if let Some(spqr) = &session.post_quantum {
            let (ratchet, direction) = Eavesdropper::from_state(spqr);
            let (initiator, responder) = match direction {
                Direction::FromInitiator => (local, remote),
                Direction::FromResponder => (remote, local),
            };
            self.post_quantum.push(KnownPostQuantum { initiator, responder, ratchet });
        }
    }

    /// Adds what a Diffie-Hellman step gave.
    pub(super) fn add_step(&mut self, chain: KnownChain, root_key: RootKey, peer: IdentityKey) {
        self.stepped_to.insert(chain.ratchet_key);
        self.add(chain, root_key, peer);
    }

    fn add(&mut self, chain: KnownChain, root_key: RootKey, peer: IdentityKey) {
        self.roots.entry(chain.ratchet_key).or_insert(KnownRoot {
            key: root_key,
            owner: chain.sender,
            peer,
            chain: self.chains.len(),
            stepped: false,
        });
        self.add_chain(chain);
    }

    fn add_chain(&mut self, chain: KnownChain) {
        self.by_ratchet_key.entry(chain.ratchet_key).or_default().push(self.chains.len());
        self.chains.push(chain);
    }

    /// Decrypts a message if it is one of this session's known chains, else says what is missing,
    /// in the chain where that is least.
    pub(super) fn open(&mut self, message: &Overheard) -> Result<Zeroizing<Vec<u8>>, Unread> {
        let mut reason = Unread::NoRootKey;
        let places = self.by_ratchet_key.get(&message.ratchet().ratchet_key);
        let mut found = None;
        for at in places.into_iter().flatten() {
            let Some(chain) = self.chains.get_mut(*at).filter(|chain| chain.sender == message.sender) else {
                continue;
            };
            match chain.open(&mut self.post_quantum, message) {
                Ok(plaintext) => {
                    found = Some((*at, plaintext));
                    break;
                }
                // In a chain that is only supposed to follow this says nothing about the message.
                Err(Unread::NotAuthentic) if !chain.confirmed => {}
                Err(missing) => reason = reason.max(missing),
            }
        }
        let (at, plaintext) = found.ok_or(reason)?;
        self.confirm(Some(at));
        Ok(plaintext)
    }

    /// A chain that is sure makes those before it sure.
    fn confirm(&mut self, mut at: Option<usize>) {
        while let Some(chain) = at.and_then(|at| self.chains.get_mut(at)).filter(|chain| !chain.confirmed) {
            chain.confirmed = true;
            at = chain.before;
        }
    }
}

impl KnownChain {
    /// Decrypts a message of this chain.
    pub(super) fn open(
        &mut self,
        post_quantum: &mut [KnownPostQuantum],
        message: &Overheard,
    ) -> Result<Zeroizing<Vec<u8>>, Unread> {
        let ratchet = message.ratchet();
        let seed = self.seed(ratchet.counter)?;
        let salts = message.salts(post_quantum);
        if salts.is_empty() {
            return Err(Unread::NoPostQuantumKey);
        }
        salts
            .iter()
            .map(|salt| seed.message_keys(salt.as_ref()))
            .find(|keys| ratchet.is_authentic(keys, &message.sender, &message.recipient))
            .and_then(|keys| keys.decrypt(&ratchet.ciphertext))
            .ok_or(Unread::NotAuthentic)
    }
}

impl Overheard {
    /// What the post-quantum ratchet may have mixed into the message, as far as known; a single
    /// `None` if it mixes in nothing.
    pub(super) fn salts(&self, known: &mut [KnownPostQuantum]) -> Vec<Option<Key>> {
        let Some(heard) = self.post_quantum.as_ref().filter(|heard| heard.has_key()) else {
            return vec![None];
        };
        let mut salts = Vec::new();
        for KnownPostQuantum { initiator, responder, ratchet } in known {
            // Both, if the two devices have the same identity key.
            let directions = [(initiator, Direction::FromInitiator), (responder, Direction::FromResponder)];
            for (sender, direction) in directions {
                if *sender == self.sender {
                    salts.extend(ratchet.key(direction, heard).map(Some));
                }
            }
        }
        salts
    }
}
