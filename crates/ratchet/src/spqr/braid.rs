//! The state machine that agrees on one secret per epoch (ML-KEM Braid, sections "States" and
//! "Initialization").
//!
//! In each epoch one side sends an encapsulation key, the other a ciphertext; then they change
//! roles. Both come in chunks, one to a message, and each side repeats what it is sending in ever
//! new chunks until the other's messages show that it has enough.
//!
//! Receiving borrows the state and returns a [`Transition`]; applying that cannot fail.

use super::authenticator::{Authenticator, epoch_secret};
use super::kem::{BraidKeyPair, Ct1Of, Ct2Of, EncapsulationOf, HeaderOf, VectorOf};
use super::message::Payload;
use super::{EpochSecret, SpqrError};
use crate::erasure::Chunk;
use crate::fresh_keys::FreshKeys;
use crate::post_quantum::BraidState;
use crate::provider::{BraidKem, ErasureCode, FixedBytes, KeyOf, Native, Provider, TagOf};

/// Chunks of the header and its tag, 64 and 32 bytes.
pub(super) const HEADER_CHUNKS: u16 = 3;
/// Chunks of the vector of the encapsulation key, 1152 bytes.
pub(super) const VECTOR_CHUNKS: u16 = 36;
/// Chunks of the first part of the ciphertext, 960 bytes.
pub(super) const CT1_CHUNKS: u16 = 30;
/// Chunks of the second part of the ciphertext and its tag, 128 and 32 bytes.
pub(super) const CT2_CHUNKS: u16 = 5;

pub(super) type DecoderOf<P> = <<P as Provider>::ErasureCode as ErasureCode>::Decoder;

#[derive(Clone)]
pub(crate) struct Braid<P: Provider = Native> {
    /// The epoch being negotiated, from 1.
    pub(super) epoch: u64,
    pub(super) authenticator: Authenticator<P>,
    pub(super) state: State<P>,
}

/// What one side has of its epoch. `next` is the index of the next chunk of a stream.
#[derive(Clone)]
pub(super) enum State<P: Provider = Native> {
    KeysUnsampled,
    KeysSampled { keys: BraidKeyPair<P>, tag: TagOf<P>, next: u16 },
    HeaderSent { keys: BraidKeyPair<P>, next: u16, ct1: DecoderOf<P> },
    Ct1Received { keys: BraidKeyPair<P>, next: u16, ct1: Box<Ct1Of<P>> },
    EkSentCt1Received { keys: BraidKeyPair<P>, ct1: Box<Ct1Of<P>>, ct2: DecoderOf<P> },
    NoHeaderReceived { header: DecoderOf<P> },
    HeaderReceived { header: Box<HeaderOf<P>> },
    Ct1Sampled { header: Box<HeaderOf<P>>, encapsulation: Encapsulation<P>, next: u16, ek: DecoderOf<P> },
    EkReceivedCt1Sampled { encapsulation: Encapsulation<P>, next: u16, ek: Box<VectorOf<P>> },
    Ct1Acknowledged { header: Box<HeaderOf<P>>, encapsulation: Encapsulation<P>, ek: DecoderOf<P> },
    Ct2Sampled { stream: Box<[u8]>, next: u16 },
}

/// What the encapsulating side keeps between the two parts of the ciphertext.
#[derive(Clone)]
pub(super) struct Encapsulation<P: Provider = Native> {
    pub(super) state: EncapsulationOf<P>,
    pub(super) ct1: Box<Ct1Of<P>>,
}

/// What receiving changes.
pub(crate) enum Transition<P: Provider = Native> {
    /// Nothing.
    Stay,
    /// One more chunk for the decoder of the state.
    Collect(Chunk),
    /// The peer has the header: `KeysSampled` to `HeaderSent`.
    HeaderAcknowledged(Chunk),
    /// `HeaderSent` to `Ct1Received`.
    Ct1Complete(Box<Ct1Of<P>>),
    /// The peer has the key: `Ct1Received` to `EkSentCt1Received`.
    EkAcknowledged(Chunk),
    /// `EkSentCt1Received` to the next epoch.
    Decapsulated(Box<(Authenticator<P>, EpochSecret<P>)>),
    /// `NoHeaderReceived` to `HeaderReceived`.
    HeaderComplete(Box<HeaderOf<P>>),
    /// `Ct1Sampled` to `EkReceivedCt1Sampled`.
    EkComplete(Box<VectorOf<P>>),
    /// The peer has the first part: `Ct1Sampled` to `Ct1Acknowledged`.
    Ct1Acknowledged(Chunk),
    /// To `Ct2Sampled`.
    Ct2Ready(Box<[u8]>),
    /// The peer has the whole ciphertext: `Ct2Sampled` to the next epoch.
    NextEpoch,
}

impl<P: Provider> Braid<P> {
    /// The session's initiator is the first to send an encapsulation key.
    pub(super) fn new(auth_key: &KeyOf<P>, initiator: bool) -> Self {
        let state = if initiator { State::KeysUnsampled } else { State::awaiting_header() };
        Self { epoch: 1, authenticator: Authenticator::new(auth_key), state }
    }

    /// What the next message carries. The secret of the epoch comes out where the first part of the
    /// ciphertext is made.
    pub(super) fn send(&mut self, fresh: &mut impl FreshKeys<P>) -> (Payload, Option<EpochSecret<P>>) {
        let chunk_at = P::ErasureCode::chunk_at;
        match &mut self.state {
            State::KeysUnsampled => {
                let keys = fresh.braid_key_pair();
                let tag = self.authenticator.header_tag(self.epoch, keys.header());
                let chunk = chunk_at(&join(keys.header(), &tag), 0);
                self.state = State::KeysSampled { keys, tag, next: 1 };
                (Payload::Header(chunk), None)
            }
            State::KeysSampled { keys, tag, next } => {
                (Payload::Header(chunk_at(&join(keys.header(), tag), advance(next))), None)
            }
            State::HeaderSent { keys, next, .. } => {
                (Payload::Ek(chunk_at(keys.vector().as_bytes(), advance(next))), None)
            }
            State::Ct1Received { keys, next, .. } => {
                (Payload::EkCt1Ack(chunk_at(keys.vector().as_bytes(), advance(next))), None)
            }
            // The specification sends nothing here; deployed clients acknowledge.
            State::EkSentCt1Received { .. } => (Payload::Ct1Ack, None),
            State::NoHeaderReceived { .. } | State::Ct1Acknowledged { .. } => (Payload::None, None),
            State::HeaderReceived { header } => {
                let (state, ct1, secret) = P::BraidKem::begin(header, &fresh.braid_coins());
                let secret = epoch_secret(self.epoch, &secret);
                self.authenticator = self.authenticator.updated(self.epoch, &secret.secret);
                let chunk = chunk_at(ct1.as_bytes(), 0);
                self.state = State::Ct1Sampled {
                    header: header.clone(),
                    encapsulation: Encapsulation { state, ct1: Box::new(ct1) },
                    next: 1,
                    ek: P::ErasureCode::decoder(VECTOR_CHUNKS),
                };
                (Payload::Ct1(chunk), Some(secret))
            }
            State::Ct1Sampled { encapsulation, next, .. }
            | State::EkReceivedCt1Sampled { encapsulation, next, .. } => {
                (Payload::Ct1(chunk_at(encapsulation.ct1.as_bytes(), advance(next))), None)
            }
            State::Ct2Sampled { stream, next } => (Payload::Ct2(chunk_at(stream, advance(next))), None),
        }
    }

    /// Whether a message of this epoch can come now. The specification ignores epochs ahead; deployed clients refuse
    /// all but the next, where it can have begun.
    pub(super) fn admits(&self, epoch: u64) -> Result<(), SpqrError> {
        let next = matches!(self.state, State::Ct2Sampled { .. }).then(|| self.epoch.saturating_add(1));
        if epoch <= self.epoch || Some(epoch) == next { Ok(()) } else { Err(SpqrError::EpochAhead) }
    }

    /// What an authentic message changes. This decodes and decapsulates, so it is not for messages that anybody can
    /// send.
    pub(super) fn receive(&self, epoch: u64, payload: &Payload) -> Result<Transition<P>, SpqrError> {
        self.admits(epoch)?;
        if epoch < self.epoch {
            return Ok(Transition::Stay);
        }
        if epoch > self.epoch {
            return Ok(Transition::NextEpoch);
        }
        match (&self.state, payload) {
            (State::KeysSampled { .. }, Payload::Ct1(chunk)) => Ok(Transition::HeaderAcknowledged(*chunk)),
            (State::HeaderSent { ct1, .. }, Payload::Ct1(chunk)) => Ok(match complete::<P, _>(ct1, *chunk) {
                Some(ct1) => Transition::Ct1Complete(ct1),
                None => Transition::Collect(*chunk),
            }),
            (State::Ct1Received { .. }, Payload::Ct2(chunk)) => Ok(Transition::EkAcknowledged(*chunk)),
            (State::EkSentCt1Received { keys, ct1, ct2 }, Payload::Ct2(chunk)) => {
                match complete_with_tag::<P, _>(ct2, *chunk) {
                    Some((ct2, tag)) => self.decapsulate(keys, ct1, &ct2, &tag),
                    None => Ok(Transition::Collect(*chunk)),
                }
            }
            (State::NoHeaderReceived { header }, Payload::Header(chunk)) => {
                match complete_with_tag::<P, _>(header, *chunk) {
                    Some((header, tag)) => {
                        self.authenticator.verify_header(self.epoch, &header, &tag)?;
                        Ok(Transition::HeaderComplete(Box::new(header)))
                    }
                    None => Ok(Transition::Collect(*chunk)),
                }
            }
            (State::Ct1Sampled { header, ek, .. }, Payload::Ek(chunk)) => {
                match complete::<P, _>(ek, *chunk) {
                    Some(ek) => check::<P>(header, &ek).map(|()| Transition::EkComplete(ek)),
                    None => Ok(Transition::Collect(*chunk)),
                }
            }
            (State::Ct1Sampled { header, encapsulation, ek, .. }, Payload::EkCt1Ack(chunk)) => {
                match complete::<P, _>(ek, *chunk) {
                    Some(ek) => check::<P>(header, &ek).map(|()| self.encapsulate(encapsulation, &ek)),
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
            ) => match complete::<P, _>(ek, *chunk) {
                Some(ek) => check::<P>(header, &ek).map(|()| self.encapsulate(encapsulation, &ek)),
                None => Ok(Transition::Collect(*chunk)),
            },
            _ => Ok(Transition::Stay),
        }
    }

    /// Carries out what [`Braid::receive`] found. The secret of the epoch comes out where the
    /// ciphertext is complete.
    pub(super) fn apply(&mut self, transition: Transition<P>) -> Option<EpochSecret<P>> {
        let state = std::mem::replace(&mut self.state, State::KeysUnsampled);
        let (state, secret) = match (state, transition) {
            (mut state, Transition::Collect(chunk)) => {
                if let Some(decoder) = state.decoder_mut() {
                    P::ErasureCode::add(decoder, chunk);
                }
                (state, None)
            }
            (State::KeysSampled { keys, .. }, Transition::HeaderAcknowledged(chunk)) => {
                (State::HeaderSent { keys, next: 0, ct1: decoder_with::<P>(CT1_CHUNKS, chunk) }, None)
            }
            (State::HeaderSent { keys, next, .. }, Transition::Ct1Complete(ct1)) => {
                (State::Ct1Received { keys, next, ct1 }, None)
            }
            (State::Ct1Received { keys, ct1, .. }, Transition::EkAcknowledged(chunk)) => {
                (State::EkSentCt1Received { keys, ct1, ct2: decoder_with::<P>(CT2_CHUNKS, chunk) }, None)
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
                P::ErasureCode::add(&mut ek, chunk);
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
        keys: &BraidKeyPair<P>,
        ct1: &Ct1Of<P>,
        ct2: &Ct2Of<P>,
        tag: &TagOf<P>,
    ) -> Result<Transition<P>, SpqrError> {
        let secret = epoch_secret(self.epoch, &P::BraidKem::decapsulate(&keys.0, ct1, ct2));
        let authenticator = self.authenticator.updated(self.epoch, &secret.secret);
        authenticator.verify_ciphertext(self.epoch, ct1, ct2, tag)?;
        Ok(Transition::Decapsulated(Box::new((authenticator, secret))))
    }

    /// The second part of the ciphertext, from a checked key.
    fn encapsulate(&self, encapsulation: &Encapsulation<P>, ek: &VectorOf<P>) -> Transition<P> {
        let ct2 = P::BraidKem::finish(&encapsulation.state, ek);
        let tag = self.authenticator.ciphertext_tag(self.epoch, &encapsulation.ct1, &ct2);
        Transition::Ct2Ready(join(&ct2, &tag).into_boxed_slice())
    }
}

/// Whether the vector is the one that the header promised, and well-formed.
fn check<P: Provider>(header: &HeaderOf<P>, vector: &VectorOf<P>) -> Result<(), SpqrError> {
    if P::BraidKem::check(header, vector) { Ok(()) } else { Err(SpqrError::WrongEncapsulationKey) }
}

impl<P: Provider> State<P> {
    pub(super) fn awaiting_header() -> Self {
        Self::NoHeaderReceived { header: P::ErasureCode::decoder(HEADER_CHUNKS) }
    }

    fn decoder_mut(&mut self) -> Option<&mut DecoderOf<P>> {
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

/// The stream goes on from its start after the last index.
fn advance(next: &mut u16) -> u16 {
    let at = *next;
    *next = next.wrapping_add(1);
    at
}

fn decoder_with<P: Provider>(chunks: u16, chunk: Chunk) -> DecoderOf<P> {
    let mut decoder = P::ErasureCode::decoder(chunks);
    P::ErasureCode::add(&mut decoder, chunk);
    decoder
}

/// The stream's content, if this chunk completes it.
fn complete<P: Provider, T: FixedBytes>(decoder: &DecoderOf<P>, chunk: Chunk) -> Option<Box<T>> {
    let message = P::ErasureCode::message_with(decoder, chunk)?;
    T::from_bytes(message.get(..T::LENGTH)?).map(Box::new)
}

/// The same of a stream that ends with its tag.
fn complete_with_tag<P: Provider, T: FixedBytes>(
    decoder: &DecoderOf<P>,
    chunk: Chunk,
) -> Option<(T, TagOf<P>)> {
    split(&P::ErasureCode::message_with(decoder, chunk)?)
}

pub(super) fn split<T: FixedBytes, Tag: FixedBytes>(stream: &[u8]) -> Option<(T, Tag)> {
    let (content, rest) = stream.split_at_checked(T::LENGTH)?;
    Some((T::from_bytes(content)?, Tag::from_bytes(rest.get(..Tag::LENGTH)?)?))
}

fn join(content: &impl FixedBytes, tag: &impl FixedBytes) -> Vec<u8> {
    [content.as_bytes(), tag.as_bytes()].concat()
}
