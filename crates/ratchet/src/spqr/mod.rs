//! The sparse post-quantum ratchet, version 1 (Double Ratchet, section "Sparse Post-Quantum
//! Ratchet"; ML-KEM Braid): beside the classical ratchet, it gives each message a key that an
//! attacker who breaks X25519 does not get.
//!
//! Two parts: a [state machine](braid) that agrees on a secret per epoch, and a [chain of
//! keys](key_chain) that turns the secrets into a key per message. All state is live; it is encoded
//! only when the session is stored.

mod authenticator;
mod braid;
mod eavesdropper;
mod kem;
mod key_chain;
#[cfg(test)]
mod memory;
mod message;
mod storage;

use thiserror::Error;

pub use braid::BraidState;
pub(crate) use eavesdropper::{Eavesdropper, Heard};
pub use kem::BraidKeyPair;

use braid::{Braid, Transition};
use key_chain::{KeyChain, Received};
use message::{Message, Payload, Versioned};

use crate::codec::{Reader, Writer};
use crate::curve::PublicKey;
use crate::error::RecordError;
use crate::event::{Event, Observer};
use crate::fresh_keys::FreshKeys;
use crate::provider::{KeyOf, Native, Provider};
use crate::second_ratchet::{Direction, Place, SecondRatchet, Sent, Terms};
use crate::work::Work;

/// One side of the ratchet: the [`SecondRatchet`] of deployed clients.
#[derive(Clone)]
pub struct Spqr<P: Provider = Native> {
    /// Open until the first message was received: until then the peer may turn out not to have this
    /// ratchet.
    negotiating: bool,
    /// Whether a peer without this ratchet is refused.
    required: bool,
    /// The ratchet key of the chain whose messages have no key, while that chain is kept: the peer's first, if it did not
    /// know yet whether we have this ratchet.
    keyless: Option<PublicKey>,
    keys: Keys<P>,
    braid: Braid<P>,
}

/// The key chain, from the first message on. Where the ratchet is optional only from the first
/// message received, because those before must be readable without.
#[derive(Clone)]
enum Keys<P: Provider = Native> {
    Waiting {
        auth_key: KeyOf<P>,
        direction: Direction,
    },
    /// In a box: what moves leaves a copy of its keys.
    Chain(Box<KeyChain<P>>),
}

/// The secret that an epoch ended with.
pub(crate) struct EpochSecret<P: Provider = Native> {
    pub(crate) epoch: u64,
    secret: KeyOf<P>,
}

/// What a message carries, read before the message is known to be authentic.
pub struct Opened<P: Provider>(Carried<P>);

enum Carried<P: Provider> {
    /// No such ratchet, and that is accepted.
    Nothing,
    Message {
        chain: Option<Box<KeyChain<P>>>,
        received: ReceivedOrNot<P>,
        message: Message,
    },
}

/// What the key of a message changes, or else the chain of messages that have none.
type ReceivedOrNot<P> = Result<Received<P>, PublicKey>;

/// What an authentic message changes.
pub struct Step<P: Provider>(Change<P>);

enum Change<P: Provider> {
    /// The peer has no such ratchet, and that is accepted: this one ends.
    GiveUp,
    GoOn {
        chain: Option<Box<KeyChain<P>>>,
        received: ReceivedOrNot<P>,
        transition: Transition<P>,
    },
}

impl<P: Provider> SecondRatchet<P> for Spqr<P> {
    type Opened = Opened<P>;
    type Step = Step<P>;

    fn begin(auth_key: KeyOf<P>, terms: Terms) -> Self {
        let Terms { direction, required } = terms;
        let braid = Braid::new(&auth_key, direction == Direction::FromInitiator);
        let keys = Keys::Waiting { auth_key, direction };
        Self { negotiating: true, required, keyless: None, keys, braid }
    }

    fn send(
        &mut self,
        fresh: &mut impl FreshKeys<P>,
        observer: &mut impl Observer,
    ) -> Result<Sent<P>, SpqrError> {
        // The epoch in a message is the one being negotiated; its key belongs to the one before.
        let epoch = self.braid.epoch;
        if let (true, Keys::Waiting { auth_key, direction }) = (self.required, &self.keys) {
            self.keys = Keys::Chain(Box::new(KeyChain::new(auth_key, *direction)));
        }
        let Keys::Chain(chain) = &mut self.keys else {
            let (payload, _) = self.braid.send(fresh);
            return Ok(Sent { bytes: Message { epoch, index: 0, payload }.encode(), key: None });
        };
        let sending_epoch = chain.sending_epoch;
        // Asked beforehand, because nothing may change on failure.
        if !chain.can_send(epoch - 1) {
            return Err(SpqrError::ChainExhausted);
        }
        let (payload, secret) = self.braid.send(fresh);
        if let Some(secret) = &secret {
            chain.add_epoch(secret);
        }
        let (index, key) = chain.send(epoch - 1)?;
        let bytes = Message { epoch, index, payload }.encode();
        if let Some(secret) = secret {
            observer.notice(Event::EpochSecret { epoch: secret.epoch });
        }
        if chain.sending_epoch > sending_epoch {
            observer.notice(Event::SendingEpoch { epoch: epoch - 1 });
        }
        Ok(Sent { bytes, key: Some(key) })
    }

    /// A message without one is what a peer sends that does not know yet whether we have this ratchet: the initiator,
    /// until it has read an answer, so all of its first chain or nothing of it (deployed clients; the specification has
    /// no such messages). Anywhere else it is a forgery by somebody who has only the classical ratchet.
    fn open(
        &self,
        bytes: &[u8],
        place: Place,
        work: &mut Work,
    ) -> Result<(Option<KeyOf<P>>, Opened<P>), SpqrError> {
        let message = match Message::parse(bytes)? {
            Versioned::V1(message) => message,
            Versioned::V0 if !self.negotiating => return Err(SpqrError::Downgrade),
            Versioned::V0 if self.required => return Err(SpqrError::Required),
            Versioned::V0 => return Ok((None, Opened(Carried::Nothing))),
        };
        self.braid.admits(message.epoch)?;
        let new_chain = match &self.keys {
            Keys::Waiting { auth_key, direction } => Some(Box::new(KeyChain::new(auth_key, *direction))),
            Keys::Chain(_) => None,
        };
        let chain = match &self.keys {
            Keys::Waiting { .. } => new_chain.as_deref(),
            Keys::Chain(chain) => Some(chain.as_ref()),
        };
        let (key, received) = if message.has_key() {
            let chain = chain.ok_or(SpqrError::UnknownEpoch)?;
            let (key, received) = chain.receive(message.epoch - 1, message.index, place.jump, work)?;
            (Some(key), Ok(received))
        } else if place.is_first || self.keyless == Some(place.chain) {
            (None, Err(place.chain))
        } else {
            return Err(SpqrError::NoKey);
        };
        Ok((key, Opened(Carried::Message { chain: new_chain, received, message })))
    }

    fn accept(&self, Opened(carried): Opened<P>) -> Result<Step<P>, SpqrError> {
        match carried {
            Carried::Nothing => Ok(Step(Change::GiveUp)),
            Carried::Message { chain, received, message } => {
                let transition = self.braid.receive(message.epoch, &message.payload)?;
                Ok(Step(Change::GoOn { chain, received, transition }))
            }
        }
    }

    fn apply(mut self: Box<Self>, Step(change): Step<P>, observer: &mut impl Observer) -> Option<Box<Self>> {
        let Change::GoOn { chain, received, transition } = change else {
            observer.notice(Event::PostQuantumGivenUp);
            return None;
        };
        self.negotiating = false;
        if let Some(chain) = chain {
            self.keys = Keys::Chain(chain);
        }
        let secret = self.braid.apply(transition);
        if let Keys::Chain(chain) = &mut self.keys {
            if let Some(secret) = &secret {
                chain.add_epoch(secret);
                observer.notice(Event::EpochSecret { epoch: secret.epoch });
            }
            match received {
                Ok(received) => chain.apply(received),
                Err(keyless) => self.keyless = Some(keyless),
            }
        }
        Some(self)
    }

    fn forget_chain(&mut self, chain: &PublicKey) {
        if self.keyless.as_ref() == Some(chain) {
            self.keyless = None;
        }
    }

    fn forget_kept(&mut self) {
        if let Keys::Chain(chain) = &mut self.keys {
            chain.forget_kept();
        }
    }

    fn is_required(&self) -> bool {
        self.required
    }

    fn status(&self) -> Option<SpqrStatus> {
        let (chain_epoch, sending_epoch, kept_keys) = match &self.keys {
            Keys::Waiting { .. } => (0, 0, 0),
            Keys::Chain(chain) => (chain.epoch, chain.sending_epoch, chain.kept_keys()),
        };
        Some(SpqrStatus {
            state: self.braid.position(),
            epoch: self.braid.epoch,
            chain_epoch,
            sending_epoch,
            kept_keys,
            negotiating: self.negotiating,
        })
    }

    fn size_bound(&self) -> usize {
        self.stored_size_bound()
    }

    fn write(&self, stored: &mut Vec<u8>) {
        self.store(&mut Writer(stored));
    }

    fn read(stored: &mut &[u8]) -> Result<Self, RecordError> {
        let mut reader = Reader(stored);
        let ratchet = Self::stored(&mut reader)?;
        *stored = reader.0;
        Ok(ratchet)
    }
}

/// What a message carries whose sender does not know yet whether the peer has this ratchet, and has nothing to say.
pub(crate) fn without_key() -> Vec<u8> {
    Message { epoch: 1, index: 0, payload: Payload::None }.encode()
}

/// Where the post-quantum ratchet of a session stands. Nothing secret.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SpqrStatus {
    /// The state of the epoch being negotiated.
    pub state: BraidState,
    /// The epoch being negotiated, from 1.
    pub epoch: u64,
    /// The newest epoch with a secret; 0 is that of the key agreement.
    pub chain_epoch: u64,
    /// The epoch whose chain the last message was sent in.
    pub sending_epoch: u64,
    /// Keys of messages that were passed over.
    pub kept_keys: usize,
    /// Whether the peer may still turn out not to have this ratchet.
    pub negotiating: bool,
}

/// Why the post-quantum ratchet refuses a message, or can't send one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum SpqrError {
    /// Its bytes in the message are not one of its messages.
    #[error("malformed post-quantum ratchet message")]
    Malformed,
    /// A version of it that does not exist yet.
    #[error("unknown version {version} of the post-quantum ratchet")]
    UnknownVersion {
        /// The first byte.
        version: u8,
    },
    /// The peer does not have it, and this device requires it.
    #[error("the peer has no post-quantum ratchet, which is required here")]
    Required,
    /// The message is without it, although the session has it.
    #[error("message without the post-quantum ratchet of its session")]
    Downgrade,
    /// The message has no key of the post-quantum ratchet, where its sender must have had one.
    #[error("message without a key of the post-quantum ratchet")]
    NoKey,
    /// The message is of an epoch that cannot have begun.
    #[error("post-quantum epoch ahead of its time")]
    EpochAhead,
    /// The keys of the message's epoch are gone, or don't exist yet.
    #[error("no keys for this post-quantum epoch")]
    UnknownEpoch,
    /// The message's key was used before, or dropped for being too far behind.
    #[error("post-quantum message key used or dropped")]
    KeyGone,
    /// More than 25,000 messages of the epoch are missing before this one.
    #[error("message too far into the future of its post-quantum epoch")]
    TooFarAhead,
    /// A chain has used up its 2^32 - 1 keys.
    #[error("post-quantum chain exhausted")]
    ChainExhausted,
    /// The tag on a header or ciphertext does not match.
    #[error("wrong tag in the post-quantum ratchet")]
    WrongTag,
    /// The encapsulation key is not the one of its header, or not well-formed.
    #[error("wrong encapsulation key in the post-quantum ratchet")]
    WrongEncapsulationKey,
}
