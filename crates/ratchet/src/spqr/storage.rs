//! How the ratchet is stored, as a part of its session.

use std::collections::VecDeque;

use zeroize::Zeroizing;

use super::authenticator::{Authenticator, TAG_LENGTH};
use super::braid::{Braid, CT2_STREAM, HEADER_STREAM, State, decoder_of};
use super::kem::{BraidKeyPair, Ct1, EkVector, Encapsulation};
use super::key_chain::{HashChain, KeptKey, KeyChain, Link, MAX_KEPT};
use super::{Direction, Keys, MAX_FORWARD_JUMP, Spqr};
use crate::codec::{Reader, Writer};
use crate::erasure::{CHUNK_LENGTH, Chunk, Decoder};
use crate::error::RecordError;

/// Epochs with keys: the sending one, the one before it, and those agreed on since.
const MAX_LINKS: usize = 8;

/// Room for everything but kept keys and the state.
const FIXED_SIZE: usize = 256 + MAX_LINKS * 80;

impl Spqr {
    /// At least the length of what [`Spqr::write`] writes.
    pub(crate) fn size_bound(&self) -> usize {
        let chunks = |decoder: &Decoder| 2 + decoder.chunks().len() * (2 + CHUNK_LENGTH);
        let encapsulation = 64 + Encapsulation::STATE_LENGTH + size_of::<Ct1>();
        let state = match &self.braid.state {
            State::KeysUnsampled => 0,
            State::KeysSampled { .. } => BraidKeyPair::LENGTH + TAG_LENGTH + 2,
            State::HeaderSent { ct1, .. } => BraidKeyPair::LENGTH + 2 + chunks(ct1),
            State::Ct1Received { .. } => BraidKeyPair::LENGTH + 2 + size_of::<Ct1>(),
            State::EkSentCt1Received { ct2, .. } => BraidKeyPair::LENGTH + size_of::<Ct1>() + chunks(ct2),
            State::NoHeaderReceived { header } => chunks(header),
            State::HeaderReceived { .. } => 64,
            State::Ct1Sampled { ek, .. } => encapsulation + 2 + chunks(ek),
            State::EkReceivedCt1Sampled { .. } => encapsulation + 2 + size_of::<EkVector>(),
            State::Ct1Acknowledged { ek, .. } => encapsulation + chunks(ek),
            State::Ct2Sampled { .. } => CT2_STREAM + 2,
        };
        let kept = match &self.keys {
            Keys::Waiting { .. } => 0,
            Keys::Chain(chain) => chain.kept_keys() * 36,
        };
        FIXED_SIZE + kept + state
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.flag(self.negotiating);
        writer.flag(self.required);
        writer.flag(self.max_jump != MAX_FORWARD_JUMP);
        match &self.keys {
            Keys::Waiting { auth_key, direction } => {
                writer.direction(*direction);
                writer.flag(false);
                writer.raw(auth_key.as_ref());
            }
            Keys::Chain(chain) => {
                writer.direction(chain.direction);
                writer.flag(true);
                writer.key_chain(chain);
            }
        }
        writer.braid(&self.braid);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, RecordError> {
        let (negotiating, required) = (reader.flag()?, reader.flag()?);
        let max_jump = if reader.flag()? { u32::MAX } else { MAX_FORWARD_JUMP };
        let direction = match reader.byte()? {
            0 => Direction::FromInitiator,
            1 => Direction::FromResponder,
            _ => return Err(RecordError::Corrupt),
        };
        let keys = if reader.flag()? {
            Keys::Chain(reader.key_chain(direction)?)
        } else {
            Keys::Waiting { auth_key: reader.secret()?, direction }
        };
        let braid = reader.braid()?;
        // The state machine is at most one epoch ahead of the keys it has agreed on, and never
        // behind: nothing else can go on.
        let epoch = match &keys {
            Keys::Waiting { .. } => 0,
            Keys::Chain(chain) => chain.epoch,
        };
        if braid.epoch == 0 || !(epoch..=epoch.saturating_add(1)).contains(&braid.epoch) {
            return Err(RecordError::Corrupt);
        }
        Ok(Self { negotiating, required, max_jump, keys, braid })
    }
}

impl Writer {
    fn direction(&mut self, direction: Direction) {
        self.byte(match direction {
            Direction::FromInitiator => 0,
            Direction::FromResponder => 1,
        });
    }

    fn key_chain(&mut self, chain: &KeyChain) {
        self.raw(chain.next_root.as_ref());
        self.long(chain.epoch);
        self.long(chain.sending_epoch);
        self.count(chain.links.len());
        for link in &chain.links {
            self.flag(link.sending.is_some());
            if let Some(sending) = &link.sending {
                self.hash_chain(sending);
            }
            self.hash_chain(&link.receiving);
            self.count(link.kept.len());
            for kept in &link.kept {
                self.number(kept.index);
                self.raw(kept.key.as_ref());
            }
        }
    }

    fn hash_chain(&mut self, chain: &HashChain) {
        self.number(chain.counter);
        self.raw(chain.value.as_ref());
    }

    fn braid(&mut self, braid: &Braid) {
        self.long(braid.epoch);
        self.raw(braid.authenticator.root.as_ref());
        self.raw(braid.authenticator.mac_key.as_ref());
        match &braid.state {
            State::KeysUnsampled => self.byte(1),
            State::KeysSampled { keys, tag, next } => {
                self.byte(2);
                self.raw(keys.as_bytes());
                self.raw(tag);
                self.short(*next);
            }
            State::HeaderSent { keys, next, ct1 } => {
                self.byte(3);
                self.raw(keys.as_bytes());
                self.short(*next);
                self.decoder(ct1);
            }
            State::Ct1Received { keys, next, ct1 } => {
                self.byte(4);
                self.raw(keys.as_bytes());
                self.short(*next);
                self.raw(ct1.as_ref());
            }
            State::EkSentCt1Received { keys, ct1, ct2 } => {
                self.byte(5);
                self.raw(keys.as_bytes());
                self.raw(ct1.as_ref());
                self.decoder(ct2);
            }
            State::NoHeaderReceived { header } => {
                self.byte(6);
                self.decoder(header);
            }
            State::HeaderReceived { header } => {
                self.byte(7);
                self.raw(header.as_ref());
            }
            State::Ct1Sampled { header, encapsulation, next, ek } => {
                self.byte(8);
                self.raw(header.as_ref());
                self.encapsulation(encapsulation);
                self.short(*next);
                self.decoder(ek);
            }
            State::EkReceivedCt1Sampled { encapsulation, next, ek } => {
                self.byte(9);
                self.encapsulation(encapsulation);
                self.short(*next);
                self.raw(ek.as_ref());
            }
            State::Ct1Acknowledged { header, encapsulation, ek } => {
                self.byte(10);
                self.raw(header.as_ref());
                self.encapsulation(encapsulation);
                self.decoder(ek);
            }
            State::Ct2Sampled { stream, next } => {
                self.byte(11);
                self.raw(stream.as_ref());
                self.short(*next);
            }
        }
    }

    fn encapsulation(&mut self, encapsulation: &Encapsulation) {
        self.raw(encapsulation.state.as_ref().as_ref());
        self.raw(encapsulation.ct1.as_ref());
    }

    fn decoder(&mut self, decoder: &Decoder) {
        self.count(decoder.chunks().len());
        for chunk in decoder.chunks() {
            self.short(chunk.index);
            self.raw(&chunk.bytes);
        }
    }
}

impl Reader<'_> {
    fn key_chain(&mut self, direction: Direction) -> Result<KeyChain, RecordError> {
        let next_root = self.secret()?;
        let (epoch, sending_epoch) = (self.long()?, self.long()?);
        let links = VecDeque::from(self.list(MAX_LINKS, Self::link)?);
        let oldest =
            u64::try_from(links.len()).ok().and_then(|count| (epoch.saturating_add(1)).checked_sub(count));
        match oldest {
            Some(oldest) if (oldest..=epoch).contains(&sending_epoch) && epoch >> 63 == 0 => {
                Ok(KeyChain { direction, next_root, epoch, sending_epoch, links })
            }
            _ => Err(RecordError::Corrupt),
        }
    }

    fn link(&mut self) -> Result<Link, RecordError> {
        Ok(Link {
            sending: if self.flag()? { Some(self.hash_chain()?) } else { None },
            receiving: self.hash_chain()?,
            kept: VecDeque::from(self.list(MAX_KEPT as usize, |reader| {
                Ok(KeptKey { index: reader.number()?, key: reader.secret()? })
            })?),
        })
    }

    fn hash_chain(&mut self) -> Result<HashChain, RecordError> {
        Ok(HashChain { counter: self.number()?, value: self.secret()? })
    }

    fn braid(&mut self) -> Result<Braid, RecordError> {
        let epoch = self.long()?;
        let authenticator = Authenticator { root: self.secret()?, mac_key: self.secret()? };
        let state = match self.byte()? {
            1 => State::KeysUnsampled,
            2 => State::KeysSampled { keys: self.keys()?, tag: *self.take()?, next: self.short()? },
            3 => State::HeaderSent { keys: self.keys()?, next: self.short()?, ct1: self.decoder::<Ct1>()? },
            4 => State::Ct1Received { keys: self.keys()?, next: self.short()?, ct1: self.boxed()? },
            5 => State::EkSentCt1Received {
                keys: self.keys()?,
                ct1: self.boxed()?,
                ct2: self.decoder::<[u8; CT2_STREAM]>()?,
            },
            6 => State::NoHeaderReceived { header: self.decoder::<[u8; HEADER_STREAM]>()? },
            7 => State::HeaderReceived { header: self.boxed()? },
            8 => State::Ct1Sampled {
                header: self.boxed()?,
                encapsulation: self.encapsulation()?,
                next: self.short()?,
                ek: self.decoder::<EkVector>()?,
            },
            9 => State::EkReceivedCt1Sampled {
                encapsulation: self.encapsulation()?,
                next: self.short()?,
                ek: self.boxed()?,
            },
            10 => State::Ct1Acknowledged {
                header: self.boxed()?,
                encapsulation: self.encapsulation()?,
                ek: self.decoder::<EkVector>()?,
            },
            11 => State::Ct2Sampled { stream: self.boxed()?, next: self.short()? },
            _ => return Err(RecordError::Corrupt),
        };
        Ok(Braid { epoch, authenticator, state })
    }

    fn keys(&mut self) -> Result<BraidKeyPair, RecordError> {
        self.take().map(BraidKeyPair::from_decapsulation_key)
    }

    fn encapsulation(&mut self) -> Result<Encapsulation, RecordError> {
        Ok(Encapsulation { state: Box::new(Zeroizing::new(*self.take()?)), ct1: self.boxed()? })
    }

    fn decoder<Stream>(&mut self) -> Result<Decoder, RecordError> {
        let mut decoder = decoder_of::<Stream>();
        for _ in 0..self.count(decoder.needed().into())? {
            decoder.add(Chunk { index: self.short()?, bytes: *self.take()? });
        }
        Ok(decoder)
    }

    fn boxed<const N: usize>(&mut self) -> Result<Box<[u8; N]>, RecordError> {
        self.take().map(|bytes| Box::new(*bytes))
    }
}
