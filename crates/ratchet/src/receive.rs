//! Receiving in a session (Double Ratchet, section "Decrypting messages").
//!
//! Opening borrows the session immutably and returns what is to change; applying that cannot fail.
//! So a message that does not open leaves no trace, and nothing is copied to achieve it.
//!
//! What is done before the message is known to be authentic is bounded: an agreement, and walks along chains as far as
//! [`Work`] lets them. Decoding and decapsulating for the post-quantum ratchet come after.

use zeroize::Zeroizing;

use crate::address::Addresses;
use crate::chain::{ChainKey, MessageSeed, RootKey};
use crate::curve::{KeyPair, PublicKey};
use crate::error::DecryptError;
use crate::event::{Event, Observer};
use crate::fresh_keys::FreshKeys;
use crate::kept::Kept;
use crate::limits::{MAX_FORWARD_JUMP, MAX_RECEIVING_CHAINS, MAX_SKIPPED};
use crate::message::RatchetMessage;
use crate::provider::{Native, Provider, SecondRatchetOf};
use crate::second_ratchet::{Place, SecondRatchet};
use crate::session::{ReceivingChain, SendingChain, Session};
use crate::strictness::Strictness;
use crate::work::Work;

/// A plaintext, and what its session has to do to move on.
pub(crate) type Opened<P> = (Zeroizing<Vec<u8>>, Step<P>);

/// A plaintext, and what the second ratchet has to do.
type Unsealed<P> = (Zeroizing<Vec<u8>>, Option<SecondStep<P>>);

/// What a message changes in the second ratchet.
type SecondStep<P> = <SecondRatchetOf<P> as SecondRatchet<P>>::Step;

/// The skipped keys of a chain that moved over messages, and how many of them are new. `None` if it did not.
type Passed<P> = Option<(Kept<MessageSeed<P>>, usize)>;

/// What changes in the session once a message has been opened.
pub(crate) struct Step<P: Provider = Native> {
    classical: ClassicalStep<P>,
    post_quantum: Option<SecondStep<P>>,
}

enum ClassicalStep<P: Provider> {
    /// A skipped message key was used up.
    UseSkipped { chain: usize, counter: u32 },
    /// A known receiving chain moved on.
    Advance { chain: usize, chain_key: ChainKey<P>, passed: Passed<P> },
    /// The peer's ratchet key is new: a DH ratchet step, giving a receiving and a sending chain.
    Ratchet {
        root_key: RootKey<P>,
        receiving: ReceivingChain<P>,
        sending: SendingChain<P>,
        skipped: usize,
        /// Where the chain before ended, as the sender says.
        previous_counter: u32,
    },
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
            Some((at, chain)) if message.counter < chain.chain_key.index() || chain.chain_key.has_ended() => {
                self.open_skipped(addresses, at, chain, message, work)
            }
            Some((chain, ReceivingChain { chain_key, skipped, .. })) => {
                let Walk { passed, seed, chain_key } =
                    self.walk(addresses, chain_key, skipped, message.counter, work)?;
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
    pub(crate) fn apply(&mut self, step: Step<P>, strictness: Strictness, observer: &mut impl Observer) {
        if self.pending.take().is_some() {
            observer.notice(Event::SessionAcknowledged);
        }
        if let (Some(step), Some(ratchet)) = (step.post_quantum, self.post_quantum.take()) {
            self.post_quantum = ratchet.apply(step, observer);
        }
        match step.classical {
            ClassicalStep::UseSkipped { chain, counter } => {
                if let Some(chain) = self.receiving.get_mut(chain) {
                    chain.skipped.remove(counter);
                }
                observer.notice(Event::SkippedMessageRead { counter });
            }
            ClassicalStep::Advance { chain, chain_key, passed } => {
                if let Some(chain) = self.receiving.get_mut(chain) {
                    chain.chain_key = chain_key;
                    if let Some((skipped, new)) = passed {
                        chain.skipped = skipped;
                        observer.notice(Event::MessagesSkipped { kept: new });
                    }
                    if strictness == Strictness::Specified {
                        // As in the post-quantum ratchet: so far behind the newest message.
                        let newest = chain.chain_key.index().saturating_sub(1);
                        let behind = u32::try_from(MAX_SKIPPED).unwrap_or(u32::MAX);
                        chain.skipped.forget_before(newest.saturating_sub(behind));
                    }
                }
            }
            ClassicalStep::Ratchet { root_key, receiving, sending, skipped, previous_counter } => {
                observer.notice(Event::DiffieHellmanStep);
                if strictness == Strictness::Specified {
                    self.end_newest_chain(previous_counter, observer);
                }
                if skipped > 0 {
                    observer.notice(Event::MessagesSkipped { kept: skipped });
                }
                self.root_key = root_key;
                self.keep_chain(receiving, observer);
                // The specification sends the number of messages of the previous chain (section
                // "Diffie-Hellman ratchet", PN); deployed clients send one less.
                self.previous_counter = self.sending.chain_key.index().saturating_sub(1);
                self.sending = sending;
            }
        }
    }

    /// Ends the chain that the peer sent in before its new ratchet key: that is the newest, since it draws a new one only
    /// when it has read our answer to that. Keeps the keys of what is missing up to the end.
    ///
    /// Deployed clients, and we, send the place of the last message, and 0 too if there was none. So of the chain that
    /// the initiator keeps for the signed prekey, in which nobody sends, nothing is kept.
    fn end_newest_chain(&mut self, last: u32, observer: &mut impl Observer) {
        let Some(chain) = self.receiving.last_mut() else { return };
        let from = chain.chain_key.index();
        let missing = last.saturating_add(1).saturating_sub(from);
        if from > 0 && (1..=MAX_FORWARD_JUMP).contains(&missing) {
            let new = usize::try_from(missing).unwrap_or(usize::MAX).min(MAX_SKIPPED);
            let skipped_from = last.saturating_sub(u32::try_from(new).unwrap_or(u32::MAX)).saturating_add(1);
            let mut skipped = chain.skipped.followed_by(new, 0, MAX_SKIPPED.saturating_sub(new));
            for at in from..=last {
                let Some((seed, next)) = chain.chain_key.step() else { break };
                if at >= skipped_from {
                    skipped.push(at, seed);
                }
                chain.chain_key = next;
            }
            chain.skipped = skipped;
            observer.notice(Event::MessagesSkipped { kept: new });
        }
        chain.chain_key.end();
    }

    /// Adds a receiving chain; where there are as many as are kept, it takes the place of the oldest.
    fn keep_chain(&mut self, receiving: ReceivingChain<P>, observer: &mut impl Observer) {
        if self.receiving.len() < MAX_RECEIVING_CHAINS {
            // There is room where it matters.
            self.receiving.reserve_exact(1);
            self.receiving.push(receiving);
            return;
        }
        self.receiving.rotate_left(1);
        if let Some(oldest) = self.receiving.last_mut() {
            observer.notice(Event::ReceivingChainDropped { skipped: oldest.skipped.len() });
            if let Some(ratchet) = &mut self.post_quantum {
                ratchet.forget_chain(&oldest.ratchet_key);
            }
            *oldest = receiving;
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
        let chain_index = chain.chain_key.index();
        let seed = chain.skipped.get(message.counter).ok_or(if chain.chain_key.has_ended() {
            DecryptError::ChainEnded
        } else {
            DecryptError::Duplicate { chain_index, counter: message.counter }
        })?;
        let (plaintext, post_quantum) = self.unseal(addresses, message, seed, work)?;
        let classical = ClassicalStep::UseSkipped { chain: chain_at, counter: message.counter };
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
        let Walk { passed, seed, chain_key } =
            self.walk(addresses, &chain_key, &Kept::new(), message.counter, work)?;
        let (plaintext, post_quantum) = self.unseal(addresses, message, &seed, work)?;

        let ratchet = KeyPair::generate(fresh);
        let (root_key, sending_chain_key) = root_key.step(&ratchet.agree(&ratchet_key)?);
        let (kept, skipped) = passed.unwrap_or((Kept::new(), 0));
        let receiving = ReceivingChain { ratchet_key, chain_key, skipped: kept };
        let sending = SendingChain { ratchet, chain_key: sending_chain_key };
        let classical = ClassicalStep::Ratchet {
            root_key,
            receiving,
            sending,
            skipped,
            previous_counter: message.previous_counter,
        };
        Ok((plaintext, Step { classical, post_quantum }))
    }

    /// Steps a chain to the message at `counter`, collecting the skipped message keys worth
    /// keeping beside those that are kept already.
    fn walk(
        &self,
        addresses: Option<&Addresses>,
        from: &ChainKey<P>,
        skipped: &Kept<MessageSeed<P>>,
        counter: u32,
        work: &mut Work,
    ) -> Result<Walk<P>, DecryptError> {
        let jump = counter.saturating_sub(from.index());
        if jump > Work::jump(false) && jump > Work::jump(self.is_own(addresses)) {
            return Err(DecryptError::TooFarAhead);
        }
        work.walk(jump).ok_or(DecryptError::TooFarAhead)?;
        let (mut seed, mut chain_key) = from.step().ok_or(DecryptError::TooFarAhead)?;
        if jump == 0 {
            return Ok(Walk { passed: None, seed, chain_key });
        }
        let new = usize::try_from(jump).unwrap_or(usize::MAX).min(MAX_SKIPPED);
        let kept_from = counter.saturating_sub(u32::try_from(new).unwrap_or(u32::MAX));
        let mut passed = skipped.followed_by(new, 0, MAX_SKIPPED.saturating_sub(new));
        for at in from.index()..counter {
            if at >= kept_from {
                passed.push(at, seed);
            }
            (seed, chain_key) = chain_key.step().ok_or(DecryptError::TooFarAhead)?;
        }
        Ok(Walk { passed: Some((passed, new)), seed, chain_key })
    }

    fn unseal(
        &self,
        addresses: Option<&Addresses>,
        message: &RatchetMessage,
        seed: &MessageSeed<P>,
        work: &mut Work,
    ) -> Result<Unsealed<P>, DecryptError> {
        let place = Place {
            chain: message.ratchet_key,
            is_first: self.receiving.is_empty(),
            jump: Work::jump(self.is_own(addresses)),
        };
        let opened = match &self.post_quantum {
            Some(ratchet) => Some((ratchet, ratchet.open(&message.pq_ratchet, place, work)?)),
            None => None,
        };
        let key = opened.as_ref().and_then(|(_, (key, _))| key.as_ref());
        let keys = seed.message_keys(key);
        if !message.is_authentic(&keys, &self.remote_identity, &self.local_identity) {
            return Err(DecryptError::AuthenticationFailed);
        }
        self.check_addresses(addresses, message)?;
        let step = opened.map(|(ratchet, (_, opened))| ratchet.accept(opened)).transpose()?;
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

/// Where a chain stands after stepping to a message.
struct Walk<P: Provider> {
    passed: Passed<P>,
    seed: MessageSeed<P>,
    chain_key: ChainKey<P>,
}
