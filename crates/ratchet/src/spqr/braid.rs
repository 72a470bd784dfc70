//! The state machine that agrees on one secret per epoch (ML-KEM Braid, sections "States" and
//! "Initialization").
//!
//! In each epoch one side sends an encapsulation key, the other a ciphertext; then they change
//! roles. Both come in chunks, one to a message, and each side repeats what it is sending in ever
//! new chunks until the other's messages show that it has enough.
//!
//! Receiving borrows the state and returns a [`Transition`]; applying that cannot fail.

use std::fmt;

use super::authenticator::{Authenticator, TAG_LENGTH, epoch_secret};
use super::kem::{BraidKeyPair, Ct1, Ct2, EkVector, Encapsulation, Header, check};
use super::message::Payload;
use super::{EpochSecret, SpqrError};
use crate::erasure::{CHUNK_LENGTH, Chunk, Decoder, chunk_at};
use crate::fresh_keys::FreshKeys;

/// Header and tag.
pub(super) const HEADER_STREAM: usize = 64 + TAG_LENGTH;
/// Second part of the ciphertext and tag.
pub(super) const CT2_STREAM: usize = 128 + TAG_LENGTH;

#[derive(Clone)]
pub(crate) struct Braid {
    /// The epoch being negotiated, from 1.
    pub(super) epoch: u64,
    pub(super) authenticator: Authenticator,
    pub(super) state: State,
}

/// What one side has of its epoch. `next` is the index of the next chunk of a stream.
#[derive(Clone)]
pub(super) enum State {
    KeysUnsampled,
    KeysSampled { keys: BraidKeyPair, tag: [u8; TAG_LENGTH], next: u16 },
    HeaderSent { keys: BraidKeyPair, next: u16, ct1: Decoder },
    Ct1Received { keys: BraidKeyPair, next: u16, ct1: Box<Ct1> },
    EkSentCt1Received { keys: BraidKeyPair, ct1: Box<Ct1>, ct2: Decoder },
    NoHeaderReceived { header: Decoder },
    HeaderReceived { header: Box<Header> },
    Ct1Sampled { header: Box<Header>, encapsulation: Encapsulation, next: u16, ek: Decoder },
    EkReceivedCt1Sampled { encapsulation: Encapsulation, next: u16, ek: Box<EkVector> },
    Ct1Acknowledged { header: Box<Header>, encapsulation: Encapsulation, ek: Decoder },
    Ct2Sampled { stream: Box<[u8; CT2_STREAM]>, next: u16 },
}

/// Where one side of an epoch stands: the names of the specification.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[expect(
    missing_docs,
    reason = "the names are those of ML-KEM Braid, section \"States\", which says what they mean"
)]
pub enum BraidState {
    KeysUnsampled,
    KeysSampled,
    HeaderSent,
    Ct1Received,
    EkSentCt1Received,
    NoHeaderReceived,
    HeaderReceived,
    Ct1Sampled,
    EkReceivedCt1Sampled,
    Ct1Acknowledged,
    Ct2Sampled,
}

impl fmt::Display for BraidState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// What receiving changes.
pub(crate) enum Transition {
    /// Nothing.
    Stay,
    /// One more chunk for the decoder of the state.
    Collect(Chunk),
    /// The peer has the header: `KeysSampled` to `HeaderSent`.
    HeaderAcknowledged(Chunk),
    /// `HeaderSent` to `Ct1Received`.
    Ct1Complete(Box<Ct1>),
    /// The peer has the key: `Ct1Received` to `EkSentCt1Received`.
    EkAcknowledged(Chunk),
    /// `EkSentCt1Received` to the next epoch.
    Decapsulated(Box<(Authenticator, EpochSecret)>),
    /// `NoHeaderReceived` to `HeaderReceived`.
    HeaderComplete(Box<Header>),
    /// `Ct1Sampled` to `EkReceivedCt1Sampled`.
    EkComplete(Box<EkVector>),
    /// The peer has the first part: `Ct1Sampled` to `Ct1Acknowledged`.
    Ct1Acknowledged(Chunk),
    /// To `Ct2Sampled`.
    Ct2Ready(Box<[u8; CT2_STREAM]>),
    /// The peer has the whole ciphertext: `Ct2Sampled` to the next epoch.
    NextEpoch,
}

impl Braid {
    /// The session's initiator is the first to send an encapsulation key.
    pub(super) fn new(auth_key: &[u8; 32], initiator: bool) -> Self {
        let state = if initiator { State::KeysUnsampled } else { State::awaiting_header() };
        Self { epoch: 1, authenticator: Authenticator::new(auth_key), state }
    }

    /// What the next message carries. The secret of the epoch comes out where the first part of the
    /// ciphertext is made.
    pub(super) fn send(&mut self, fresh: &mut impl FreshKeys) -> (Payload, Option<EpochSecret>) {
        match &mut self.state {
            State::KeysUnsampled => {
                let keys = fresh.braid_key_pair();
                let tag = self.authenticator.header_tag(self.epoch, keys.header());
                let chunk = chunk_at(&header_stream(&keys, &tag), 0);
                self.state = State::KeysSampled { keys, tag, next: 1 };
                (Payload::Header(chunk), None)
            }
            State::KeysSampled { keys, tag, next } => {
                (Payload::Header(chunk_at(&header_stream(keys, tag), advance(next))), None)
            }
            State::HeaderSent { keys, next, .. } => {
                (Payload::Ek(chunk_at(keys.vector(), advance(next))), None)
            }
            State::Ct1Received { keys, next, .. } => {
                (Payload::EkCt1Ack(chunk_at(keys.vector(), advance(next))), None)
            }
            // The specification sends nothing here; deployed clients acknowledge.
            State::EkSentCt1Received { .. } => (Payload::Ct1Ack, None),
            State::NoHeaderReceived { .. } | State::Ct1Acknowledged { .. } => (Payload::None, None),
            State::HeaderReceived { header } => {
                let (encapsulation, secret) = Encapsulation::begin(header, &fresh.braid_coins());
                let secret = epoch_secret(self.epoch, &secret);
                self.authenticator = self.authenticator.updated(self.epoch, &secret.secret);
                let chunk = chunk_at(encapsulation.ct1.as_ref(), 0);
                let header = header.clone();
                self.state =
                    State::Ct1Sampled { header, encapsulation, next: 1, ek: decoder_of::<EkVector>() };
                (Payload::Ct1(chunk), Some(secret))
            }
            State::Ct1Sampled { encapsulation, next, .. }
            | State::EkReceivedCt1Sampled { encapsulation, next, .. } => {
                (Payload::Ct1(chunk_at(encapsulation.ct1.as_ref(), advance(next))), None)
            }
            State::Ct2Sampled { stream, next } => {
                (Payload::Ct2(chunk_at(stream.as_ref(), advance(next))), None)
            }
        }
    }

    pub(super) fn receive(&self, epoch: u64, payload: &Payload) -> Result<Transition, SpqrError> {
        if epoch < self.epoch {
            return Ok(Transition::Stay);
        }
        if epoch > self.epoch {
            // The specification ignores epochs ahead; deployed clients refuse all but this one.
            let next = matches!(self.state, State::Ct2Sampled { .. }) && epoch == self.epoch + 1;
            return if next { Ok(Transition::NextEpoch) } else { Err(SpqrError::EpochAhead) };
        }
        match (&self.state, payload) {
            (State::KeysSampled { .. }, Payload::Ct1(chunk)) => Ok(Transition::HeaderAcknowledged(*chunk)),
            (State::HeaderSent { ct1, .. }, Payload::Ct1(chunk)) => Ok(match complete(ct1, *chunk) {
                Some(ct1) => Transition::Ct1Complete(ct1),
                None => Transition::Collect(*chunk),
            }),
            (State::Ct1Received { .. }, Payload::Ct2(chunk)) => Ok(Transition::EkAcknowledged(*chunk)),
            (State::EkSentCt1Received { keys, ct1, ct2 }, Payload::Ct2(chunk)) => {
                match complete::<CT2_STREAM>(ct2, *chunk) {
                    Some(stream) => self.decapsulate(keys, ct1, &stream),
                    None => Ok(Transition::Collect(*chunk)),
                }
            }
            (State::NoHeaderReceived { header }, Payload::Header(chunk)) => {
                match complete::<HEADER_STREAM>(header, *chunk) {
                    Some(stream) => {
                        let (header, tag) = split::<HEADER_STREAM, 64>(&stream);
                        self.authenticator.verify_header(self.epoch, &header, &tag)?;
                        Ok(Transition::HeaderComplete(Box::new(header)))
                    }
                    None => Ok(Transition::Collect(*chunk)),
                }
            }
            (State::Ct1Sampled { header, ek, .. }, Payload::Ek(chunk)) => match complete(ek, *chunk) {
                Some(ek) => check(header, &ek).map(|()| Transition::EkComplete(ek)),
                None => Ok(Transition::Collect(*chunk)),
            },
            (State::Ct1Sampled { header, encapsulation, ek, .. }, Payload::EkCt1Ack(chunk)) => {
                match complete(ek, *chunk) {
                    Some(ek) => check(header, &ek).map(|()| self.encapsulate(encapsulation, &ek)),
                    None => Ok(Transition::Ct1Acknowledged(*chunk)),
                }
            }
            (
                State::EkReceivedCt1Sampled { encapsulation, ek, .. },
                Payload::EkCt1Ack(_) | Payload::Ct1Ack,
            ) => Ok(self.encapsulate(encapsulation, ek)),
            (
                State::Ct1Acknowledged { header, encapsulation, ek },
                Payload::Ek(chunk) | Payload::EkCt1Ack(chunk),
            ) => match complete(ek, *chunk) {
                Some(ek) => check(header, &ek).map(|()| self.encapsulate(encapsulation, &ek)),
                None => Ok(Transition::Collect(*chunk)),
            },
            _ => Ok(Transition::Stay),
        }
    }

    /// Carries out what [`Braid::receive`] found. The secret of the epoch comes out where the
    /// ciphertext is complete.
    pub(super) fn apply(&mut self, transition: Transition) -> Option<EpochSecret> {
        let state = std::mem::replace(&mut self.state, State::KeysUnsampled);
        let (state, secret) = match (state, transition) {
            (mut state, Transition::Collect(chunk)) => {
                if let Some(decoder) = state.decoder_mut() {
                    decoder.add(chunk);
                }
                (state, None)
            }
            (State::KeysSampled { keys, .. }, Transition::HeaderAcknowledged(chunk)) => {
                (State::HeaderSent { keys, next: 0, ct1: decoder_with::<Ct1>(chunk) }, None)
            }
            (State::HeaderSent { keys, next, .. }, Transition::Ct1Complete(ct1)) => {
                (State::Ct1Received { keys, next, ct1 }, None)
            }
            (State::Ct1Received { keys, ct1, .. }, Transition::EkAcknowledged(chunk)) => {
                (State::EkSentCt1Received { keys, ct1, ct2: decoder_with::<[u8; CT2_STREAM]>(chunk) }, None)
            }
            (State::EkSentCt1Received { .. }, Transition::Decapsulated(outcome)) => {
                let (authenticator, secret) = *outcome;
                self.authenticator = authenticator;
                self.epoch += 1;
                (State::awaiting_header(), Some(secret))
            }
            (State::NoHeaderReceived { .. }, Transition::HeaderComplete(header)) => {
                (State::HeaderReceived { header }, None)
            }
            (State::Ct1Sampled { encapsulation, next, .. }, Transition::EkComplete(ek)) => {
                (State::EkReceivedCt1Sampled { encapsulation, next, ek }, None)
            }
            (State::Ct1Sampled { header, encapsulation, mut ek, .. }, Transition::Ct1Acknowledged(chunk)) => {
                ek.add(chunk);
                (State::Ct1Acknowledged { header, encapsulation, ek }, None)
            }
            (_, Transition::Ct2Ready(stream)) => (State::Ct2Sampled { stream, next: 0 }, None),
            (State::Ct2Sampled { .. }, Transition::NextEpoch) => {
                self.epoch += 1;
                (State::KeysUnsampled, None)
            }
            (state, _) => (state, None),
        };
        self.state = state;
        secret
    }

    pub(super) const fn position(&self) -> BraidState {
        match self.state {
            State::KeysUnsampled => BraidState::KeysUnsampled,
            State::KeysSampled { .. } => BraidState::KeysSampled,
            State::HeaderSent { .. } => BraidState::HeaderSent,
            State::Ct1Received { .. } => BraidState::Ct1Received,
            State::EkSentCt1Received { .. } => BraidState::EkSentCt1Received,
            State::NoHeaderReceived { .. } => BraidState::NoHeaderReceived,
            State::HeaderReceived { .. } => BraidState::HeaderReceived,
            State::Ct1Sampled { .. } => BraidState::Ct1Sampled,
            State::EkReceivedCt1Sampled { .. } => BraidState::EkReceivedCt1Sampled,
            State::Ct1Acknowledged { .. } => BraidState::Ct1Acknowledged,
            State::Ct2Sampled { .. } => BraidState::Ct2Sampled,
        }
    }

    /// The secret goes into the authenticator first, so that the tag proves its knowledge.
    fn decapsulate(
        &self,
        keys: &BraidKeyPair,
        ct1: &Ct1,
        stream: &[u8; CT2_STREAM],
    ) -> Result<Transition, SpqrError> {
        let (ct2, tag) = split::<CT2_STREAM, 128>(stream);
        let secret = epoch_secret(self.epoch, &keys.decapsulate(ct1, &ct2));
        let authenticator = self.authenticator.updated(self.epoch, &secret.secret);
        authenticator.verify_ciphertext(self.epoch, ct1, &ct2, &tag)?;
        Ok(Transition::Decapsulated(Box::new((authenticator, secret))))
    }

    /// The second part of the ciphertext, from a checked key.
    fn encapsulate(&self, encapsulation: &Encapsulation, ek: &EkVector) -> Transition {
        let ct2: Ct2 = encapsulation.finish(ek);
        let tag = self.authenticator.ciphertext_tag(self.epoch, &encapsulation.ct1, &ct2);
        Transition::Ct2Ready(Box::new(join(&ct2, &tag)))
    }
}

impl State {
    pub(super) fn awaiting_header() -> Self {
        Self::NoHeaderReceived { header: decoder_of::<[u8; HEADER_STREAM]>() }
    }

    fn decoder_mut(&mut self) -> Option<&mut Decoder> {
        match self {
            Self::HeaderSent { ct1: decoder, .. }
            | Self::EkSentCt1Received { ct2: decoder, .. }
            | Self::NoHeaderReceived { header: decoder }
            | Self::Ct1Sampled { ek: decoder, .. }
            | Self::Ct1Acknowledged { ek: decoder, .. } => Some(decoder),
            _ => None,
        }
    }
}

fn header_stream(keys: &BraidKeyPair, tag: &[u8; TAG_LENGTH]) -> [u8; HEADER_STREAM] {
    join(keys.header(), tag)
}

/// The stream goes on from its start after the last index.
fn advance(next: &mut u16) -> u16 {
    let at = *next;
    *next = next.wrapping_add(1);
    at
}

pub(super) fn decoder_of<Stream>() -> Decoder {
    const { assert!(size_of::<Stream>().is_multiple_of(CHUNK_LENGTH), "streams are whole chunks") };
    Decoder::new(u16::try_from(size_of::<Stream>() / CHUNK_LENGTH).unwrap_or(u16::MAX))
}

fn decoder_with<Stream>(chunk: Chunk) -> Decoder {
    let mut decoder = decoder_of::<Stream>();
    decoder.add(chunk);
    decoder
}

/// The stream's content, if this chunk completes it.
fn complete<const N: usize>(decoder: &Decoder, chunk: Chunk) -> Option<Box<[u8; N]>> {
    decoder.message_with(chunk)?.into_boxed_slice().try_into().ok()
}

pub(super) fn split<const N: usize, const AT: usize>(stream: &[u8; N]) -> ([u8; AT], [u8; TAG_LENGTH]) {
    const { assert!(AT + TAG_LENGTH == N, "a stream ends with its tag") };
    let (mut content, mut tag) = ([0; AT], [0; TAG_LENGTH]);
    for (to, from) in content.iter_mut().chain(&mut tag).zip(stream) {
        *to = *from;
    }
    (content, tag)
}

fn join<const N: usize, const AT: usize>(content: &[u8; AT], tag: &[u8; TAG_LENGTH]) -> [u8; N] {
    const { assert!(AT + TAG_LENGTH == N, "a stream ends with its tag") };
    let mut stream = [0; N];
    for (to, from) in stream.iter_mut().zip(content.iter().chain(tag)) {
        *to = *from;
    }
    stream
}
