//! What somebody who listens derives of one session's post-quantum ratchet, starting from stolen
//! secrets.
//!
//! Unlike the two sides it erases nothing, draws nothing, and takes chunks of messages that never
//! arrived.

use std::collections::BTreeMap;

use super::authenticator::{Authenticator, epoch_secret};
use super::braid::{CT1_CHUNKS, CT2_CHUNKS, HEADER_CHUNKS, State, split};
use super::kem::{BraidKeyPair, Ct1Of, HeaderOf};
use super::key_chain::{HashChain, KeyChain};
use super::message::{Message, Payload, Versioned};
use super::{EpochSecret, Keys, Spqr, SpqrError};
use crate::erasure::{CHUNK_LENGTH, Chunk, Decoder, chunk_at};
use crate::limits::MAX_FORWARD_JUMP;
use crate::provider::{BraidKem, Key, Native, Provider};
use crate::second_ratchet::Direction;

type Header = HeaderOf<Native>;
type Ct1 = Ct1Of<Native>;

/// What a recorded message carries for this ratchet.
pub(crate) struct Heard(Message);

impl Heard {
    /// `None` without this ratchet.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Option<Self>, SpqrError> {
        Ok(match Message::parse(bytes)? {
            Versioned::V0 => None,
            Versioned::V1(message) => Some(Self(message)),
        })
    }

    /// Whether the sender mixed in a key.
    pub(crate) const fn has_key(&self) -> bool {
        self.0.has_key()
    }
}

/// One state of knowledge: that of a side at some moment, and what follows from it.
pub(crate) struct Eavesdropper {
    chain: KeyChain,
    /// As of the newest epoch of the chain.
    authenticator: Authenticator,
    lines: BTreeMap<(u64, Direction), Line>,
    unfinished: Unfinished,
}

/// The keys of one epoch and direction.
struct Line {
    chain: HashChain,
    keys: BTreeMap<u32, Key>,
}

/// What a stolen state has of the epoch after the newest one of its chain.
#[derive(Default)]
struct Unfinished {
    keys: Option<BraidKeyPair>,
    header: Option<Box<Header>>,
    payloads: Vec<Payload>,
}

impl Eavesdropper {
    /// From what the key agreement gave for this ratchet.
    pub(crate) fn from_agreement(auth_key: &Key) -> Self {
        let chain = KeyChain::new(auth_key, Direction::FromInitiator);
        Self::new(chain, Authenticator::new(auth_key), Unfinished::default())
    }

    /// From the state of a side, and which side that is.
    pub(crate) fn from_state(state: &Spqr) -> (Self, Direction) {
        let chain = match &state.keys {
            Keys::Waiting { auth_key, direction } => KeyChain::new(auth_key, *direction),
            Keys::Chain(chain) => KeyChain::clone(chain),
        };
        let direction = chain.direction;
        let unfinished = if state.braid.epoch > chain.epoch {
            Unfinished::of(&state.braid.state)
        } else {
            Unfinished::default()
        };
        (Self::new(chain, state.braid.authenticator.clone(), unfinished), direction)
    }

    fn new(chain: KeyChain, authenticator: Authenticator, unfinished: Unfinished) -> Self {
        let mut new = Self { chain, authenticator, lines: BTreeMap::new(), unfinished };
        let epochs = new.chain.oldest_epoch()..=new.chain.epoch;
        for (epoch, link) in epochs.zip(new.chain.links.clone()) {
            let (ours, theirs) = (new.chain.direction, new.chain.direction.opposite());
            if let Some(chain) = link.sending {
                new.lines.insert((epoch, ours), Line { chain, keys: BTreeMap::new() });
            }
            let keys = link.kept.newest_first().map(|kept| (kept.at, kept.key.clone())).collect();
            new.lines.insert((epoch, theirs), Line { chain: link.receiving, keys });
        }
        new
    }

    /// The key of a message, if it is known or follows from what is.
    pub(crate) fn key(&mut self, sender: Direction, heard: &Heard) -> Option<Key> {
        let Heard(Message { epoch, index, .. }) = heard;
        self.lines.get_mut(&(epoch - 1, sender))?.key(*index)
    }

    /// Goes on to the next epoch, if its secret follows from the messages heard. For that it takes
    /// the epoch's decapsulation key, stolen or from an oracle, and all of its ciphertext.
    pub(crate) fn next_epoch<'a, 'b>(
        &mut self,
        heard: impl Iterator<Item = &'a Heard>,
        oracle: impl Fn(&Header) -> Option<&'b BraidKeyPair>,
    ) -> bool {
        let epoch = self.chain.epoch + 1;
        let mut header = Decoder::new(HEADER_CHUNKS);
        let mut ct1 = Decoder::new(CT1_CHUNKS);
        let mut ct2 = Decoder::new(CT2_CHUNKS);
        let heard =
            heard.filter(|Heard(message)| message.epoch == epoch).map(|Heard(message)| &message.payload);
        // Only one side sends any of these in an epoch, so it does not matter who sent what.
        for payload in self.unfinished.payloads.iter().chain(heard) {
            match payload {
                Payload::Header(chunk) => header.add(*chunk),
                Payload::Ct1(chunk) => ct1.add(*chunk),
                Payload::Ct2(chunk) => ct2.add(*chunk),
                Payload::None | Payload::Ek(_) | Payload::EkCt1Ack(_) | Payload::Ct1Ack => {}
            }
        }
        let keys = match &self.unfinished.keys {
            Some(keys) => Some(keys),
            None => self
                .unfinished
                .header
                .as_deref()
                .copied()
                .or_else(|| self.authentic_header(epoch, &header.message()?))
                .and_then(|header| oracle(&header)),
        };
        let secret = keys.and_then(|keys| self.decapsulate(epoch, keys, &ct1.message()?, &ct2.message()?));
        match secret {
            Some((authenticator, secret)) => {
                self.go_on(authenticator, &secret);
                true
            }
            None => false,
        }
    }

    fn authentic_header(&self, epoch: u64, stream: &[u8]) -> Option<Header> {
        let (header, tag) = split(stream)?;
        self.authenticator.verify_header(epoch, &header, &tag).ok()?;
        Some(header)
    }

    fn decapsulate(
        &self,
        epoch: u64,
        keys: &BraidKeyPair,
        ct1: &[u8],
        ct2: &[u8],
    ) -> Option<(Authenticator, EpochSecret)> {
        let (ct2, tag) = split(ct2)?;
        let ct1: &Ct1 = ct1.try_into().ok()?;
        let secret = epoch_secret(epoch, &<Native as Provider>::BraidKem::decapsulate(&keys.0, ct1, &ct2));
        let authenticator = self.authenticator.updated(epoch, &secret.secret);
        authenticator.verify_ciphertext(epoch, ct1, &ct2, &tag).ok()?;
        Some((authenticator, secret))
    }

    fn go_on(&mut self, authenticator: Authenticator, secret: &EpochSecret) {
        self.chain.add_epoch(secret);
        self.authenticator = authenticator;
        self.unfinished = Unfinished::default();
        let (epoch, ours) = (self.chain.epoch, self.chain.direction);
        // Of the newest link only: this side's chain never sends, so it keeps the others too.
        let Some(link) = self.chain.links.back() else { return };
        for (direction, chain) in [(ours, link.sending.as_ref()), (ours.opposite(), Some(&link.receiving))] {
            if let Some(chain) = chain {
                let line = Line { chain: chain.clone(), keys: BTreeMap::new() };
                self.lines.insert((epoch, direction), line);
            }
        }
    }
}

impl Line {
    fn key(&mut self, index: u32) -> Option<Key> {
        if index.saturating_sub(self.chain.counter) > MAX_FORWARD_JUMP {
            return None;
        }
        while self.chain.counter < index {
            let (key, next) = self.chain.step()?;
            self.keys.insert(next.counter, key);
            self.chain = next;
        }
        self.keys.get(&index).cloned()
    }
}

impl Unfinished {
    fn of(state: &State) -> Self {
        let mut unfinished = Self::default();
        match state {
            State::KeysSampled { keys, .. } => unfinished.keys = Some(keys.clone()),
            State::HeaderSent { keys, ct1, .. } => {
                unfinished.keys = Some(keys.clone());
                unfinished.payloads.extend(ct1.chunks().map(Payload::Ct1));
            }
            State::Ct1Received { keys, ct1, .. } => {
                unfinished.keys = Some(keys.clone());
                unfinished.payloads.extend(chunks_of(ct1.as_ref()).map(Payload::Ct1));
            }
            State::EkSentCt1Received { keys, ct1, ct2 } => {
                unfinished.keys = Some(keys.clone());
                unfinished.payloads.extend(chunks_of(ct1.as_ref()).map(Payload::Ct1));
                unfinished.payloads.extend(ct2.chunks().map(Payload::Ct2));
            }
            State::NoHeaderReceived { header } => {
                unfinished.payloads.extend(header.chunks().map(Payload::Header));
            }
            State::HeaderReceived { header } => unfinished.header = Some(header.clone()),
            // Nothing of the epoch yet, or its secret is in the chain already.
            State::KeysUnsampled
            | State::Ct1Sampled { .. }
            | State::EkReceivedCt1Sampled { .. }
            | State::Ct1Acknowledged { .. }
            | State::Ct2Sampled { .. } => {}
        }
        unfinished
    }
}

fn chunks_of(stream: &[u8]) -> impl Iterator<Item = Chunk> {
    (0..).take(stream.len() / CHUNK_LENGTH).map(|index| chunk_at(stream, index))
}
