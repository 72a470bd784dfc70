//! Receiving in a session (Double Ratchet, section "Decrypting messages").
//!
//! Opening borrows the session immutably and returns what is to change; applying that cannot fail.
//! So a message that does not open leaves no trace, and nothing is copied to achieve it.
//!
//! What is done before the message is known to be authentic is bounded: an agreement, and walks along chains as far as
//! [`Work`] lets them. Decoding and decapsulating for the post-quantum ratchet come after.

use std::collections::VecDeque;

use zeroize::Zeroizing;

use crate::address::Addresses;
use crate::chain::{ChainKey, MessageSeed, RootKey};
use crate::curve::{KeyPair, PublicKey};
use crate::error::DecryptError;
use crate::event::{Event, Observer};
use crate::fresh_keys::FreshKeys;
use crate::limits::{MAX_RECEIVING_CHAINS, MAX_SKIPPED};
use crate::message::RatchetMessage;
use crate::provider::{Native, Provider};
use crate::session::{ReceivingChain, SendingChain, Session, SkippedMessage};
use crate::spqr;
use crate::work::Work;

/// A plaintext, and what its session has to do to move on.
pub(crate) type Opened<P> = (Zeroizing<Vec<u8>>, Step<P>);

/// A plaintext, and what the post-quantum ratchet has to do.
type Unsealed<P> = (Zeroizing<Vec<u8>>, Option<spqr::Step<P>>);

/// What changes in the session once a message has been opened.
pub(crate) struct Step<P: Provider = Native> {
    classical: ClassicalStep<P>,
    post_quantum: Option<spqr::Step<P>>,
}

enum ClassicalStep<P: Provider> {
    /// A skipped message key was used up.
    UseSkipped { chain: usize, at: usize, counter: u32 },
    /// A known receiving chain moved on.
    Advance { chain: usize, chain_key: ChainKey<P>, passed: VecDeque<SkippedMessage<P>> },
    /// The peer's ratchet key is new: a DH ratchet step, giving a receiving and a sending chain.
    Ratchet { root_key: RootKey<P>, receiving: ReceivingChain<P>, sending: SendingChain<P> },
}

impl<P: Provider> Session<P> {
    /// Decrypts without changing anything. A ratchet step takes a private key of `fresh`, after the
    /// message was authenticated.
    pub(crate) fn open(
        &self,
        addresses: Option<&Addresses>,
        message: &RatchetMessage,
        work: &mut Work,
        fresh: &mut impl FreshKeys<P>,
    ) -> Result<Opened<P>, DecryptError> {
        if message.version != self.version {
            return Err(DecryptError::AuthenticationFailed);
        }
        let known = self.receiving.iter().enumerate().find(|(_, c)| c.ratchet_key == message.ratchet_key);
        match known {
            Some((at, chain)) if message.counter < chain.chain_key.index() => {
                self.open_skipped(addresses, at, chain, message, work)
            }
            Some((chain, ReceivingChain { chain_key, .. })) => {
                let Walk { passed, seed, chain_key } =
                    self.walk(addresses, chain_key, message.counter, work)?;
                let (plaintext, post_quantum) = self.unseal(addresses, message, &seed, work)?;
                let classical = ClassicalStep::Advance { chain, chain_key, passed };
                Ok((plaintext, Step { classical, post_quantum }))
            }
            None => self.open_with_ratchet_step(addresses, message, work, fresh),
        }
    }

    /// Whether one of the receiving chains goes with this ratchet key.
    pub(crate) fn receives_with(&self, ratchet_key: &PublicKey) -> bool {
        self.receiving.iter().any(|chain| chain.ratchet_key == *ratchet_key)
    }

    /// Carries out what [`Session::open`] found. Decrypting anything shows that the peer has the
    /// session, so first messages are over.
    pub(crate) fn apply(&mut self, step: Step<P>, observer: &mut impl Observer) {
        if self.pending.take().is_some() {
            observer.notice(Event::SessionAcknowledged);
        }
        if let (Some(step), Some(spqr)) = (step.post_quantum, self.post_quantum.take()) {
            self.post_quantum = spqr.apply(step, observer);
        }
        match step.classical {
            ClassicalStep::UseSkipped { chain, at, counter } => {
                if let Some(chain) = self.receiving.get_mut(chain) {
                    chain.skipped.remove(at);
                }
                observer.notice(Event::SkippedMessageRead { counter });
            }
            ClassicalStep::Advance { chain, chain_key, mut passed } => {
                tell_skipped(&passed, observer);
                if let Some(chain) = self.receiving.get_mut(chain) {
                    chain.chain_key = chain_key;
                    passed.append(&mut chain.skipped);
                    passed.truncate(MAX_SKIPPED);
                    chain.skipped = passed;
                }
            }
            ClassicalStep::Ratchet { root_key, receiving, sending } => {
                observer.notice(Event::DiffieHellmanStep);
                tell_skipped(&receiving.skipped, observer);
                self.root_key = root_key;
                if self.receiving.len() >= MAX_RECEIVING_CHAINS {
                    let dropped = self.receiving.remove(0);
                    observer.notice(Event::ReceivingChainDropped { skipped: dropped.skipped.len() });
                }
                self.receiving.push(receiving);
                // The specification sends the number of messages of the previous chain (section
                // "Diffie-Hellman ratchet", PN); deployed clients send one less.
                self.previous_counter = self.sending.chain_key.index().saturating_sub(1);
                self.sending = sending;
            }
        }
    }

    fn open_skipped(
        &self,
        addresses: Option<&Addresses>,
        chain_at: usize,
        chain: &ReceivingChain<P>,
        message: &RatchetMessage,
        work: &mut Work,
    ) -> Result<Opened<P>, DecryptError> {
        let skipped =
            chain.skipped.iter().enumerate().find(|(_, skipped)| skipped.counter == message.counter);
        let (at, skipped) = skipped.ok_or(DecryptError::Duplicate {
            chain_index: chain.chain_key.index(),
            counter: message.counter,
        })?;
        let (plaintext, post_quantum) = self.unseal(addresses, message, &skipped.seed, work)?;
        let classical = ClassicalStep::UseSkipped { chain: chain_at, at, counter: message.counter };
        Ok((plaintext, Step { classical, post_quantum }))
    }

    fn open_with_ratchet_step(
        &self,
        addresses: Option<&Addresses>,
        message: &RatchetMessage,
        work: &mut Work,
        fresh: &mut impl FreshKeys<P>,
    ) -> Result<Opened<P>, DecryptError> {
        let ratchet_key = message.ratchet_key;
        let (root_key, chain_key) = self.root_key.step(&self.sending.ratchet.agree(&ratchet_key)?);
        let Walk { passed, seed, chain_key } = self.walk(addresses, &chain_key, message.counter, work)?;
        let (plaintext, post_quantum) = self.unseal(addresses, message, &seed, work)?;

        let ratchet = KeyPair::generate(fresh);
        let (root_key, sending_chain_key) = root_key.step(&ratchet.agree(&ratchet_key)?);
        let receiving = ReceivingChain { ratchet_key, chain_key, skipped: passed };
        let sending = SendingChain { ratchet, chain_key: sending_chain_key };
        let classical = ClassicalStep::Ratchet { root_key, receiving, sending };
        Ok((plaintext, Step { classical, post_quantum }))
    }

    /// Steps a chain to the message at `counter`, collecting the skipped message keys worth
    /// keeping.
    fn walk(
        &self,
        addresses: Option<&Addresses>,
        from: &ChainKey<P>,
        counter: u32,
        work: &mut Work,
    ) -> Result<Walk<P>, DecryptError> {
        let jump = counter.saturating_sub(from.index());
        if jump > Work::jump(false) && jump > Work::jump(self.is_own(addresses)) {
            return Err(DecryptError::TooFarAhead);
        }
        work.walk(jump).ok_or(DecryptError::TooFarAhead)?;
        let kept = usize::try_from(jump).unwrap_or(usize::MAX).min(MAX_SKIPPED);
        let kept_from = counter.saturating_sub(u32::try_from(kept).unwrap_or(u32::MAX));
        let mut passed = VecDeque::with_capacity(kept);
        let mut chain_key = from.clone();
        loop {
            let at = chain_key.index();
            let (seed, next) = chain_key.step().ok_or(DecryptError::TooFarAhead)?;
            chain_key = next;
            if at >= counter {
                return Ok(Walk { passed, seed, chain_key });
            }
            if at >= kept_from {
                passed.push_front(SkippedMessage { counter: at, seed });
            }
        }
    }

    fn unseal(
        &self,
        addresses: Option<&Addresses>,
        message: &RatchetMessage,
        seed: &MessageSeed<P>,
        work: &mut Work,
    ) -> Result<Unsealed<P>, DecryptError> {
        let jump = Work::jump(self.is_own(addresses));
        let opened = match &self.post_quantum {
            Some(spqr) => Some((spqr, spqr.open(&message.pq_ratchet, jump, work)?)),
            None => None,
        };
        let key = opened.as_ref().and_then(|(_, opened)| opened.key.as_ref());
        let keys = seed.message_keys(key);
        if !message.is_authentic(&keys, &self.remote_identity, &self.local_identity) {
            return Err(DecryptError::AuthenticationFailed);
        }
        self.check_addresses(addresses, message)?;
        let step = opened.map(|(spqr, opened)| spqr.accept(opened)).transpose()?;
        let plaintext = keys.decrypt(&message.ciphertext).ok_or(DecryptError::InvalidPadding)?;
        Ok((plaintext, step))
    }

    /// Clients before the post-quantum ratchet became a requirement ignore the addresses.
    fn check_addresses(
        &self,
        addresses: Option<&Addresses>,
        message: &RatchetMessage,
    ) -> Result<(), DecryptError> {
        let Some(found) = message.addresses.as_deref().filter(|_| self.requires_post_quantum()) else {
            return Ok(());
        };
        let expected = addresses.map(Addresses::incoming);
        if expected.is_some_and(|expected| expected == found) {
            Ok(())
        } else {
            Err(DecryptError::WrongAddresses)
        }
    }
}

fn tell_skipped<P: Provider>(passed: &VecDeque<SkippedMessage<P>>, observer: &mut impl Observer) {
    if !passed.is_empty() {
        observer.notice(Event::MessagesSkipped { kept: passed.len() });
    }
}

/// Where a chain stands after stepping to a message.
struct Walk<P: Provider> {
    passed: VecDeque<SkippedMessage<P>>,
    seed: MessageSeed<P>,
    chain_key: ChainKey<P>,
}
