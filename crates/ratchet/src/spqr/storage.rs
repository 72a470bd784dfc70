//! How the post-quantum ratchet is stored, as a part of its session: each state of the braid with what it holds, and
//! nothing of what can be made again.

use std::collections::VecDeque;

use super::authenticator::Authenticator;
use super::braid::{
    Braid, CT1_CHUNKS, CT2_CHUNKS, DecoderOf, Encapsulation, HEADER_CHUNKS, State, VECTOR_CHUNKS,
};
use super::kem::{BraidKeyPair, BraidKeysOf, Ct1Of, Ct2Of, EncapsulationOf, HeaderOf, VectorOf};
use super::key_chain::{HashChain, KeyChain, Link};
use super::{Keys, Spqr};
use crate::codec::{Reader, Writer};
use crate::error::RecordError;
use crate::provider::{ErasureCode, FixedBytes, Provider, TagOf};
use crate::second_ratchet::Direction;

/// Epochs with keys: the sending one, the one before it, and those agreed on since.
const MAX_LINKS: usize = 8;

/// Room for everything but kept keys and the state.
const FIXED_SIZE: usize = 256 + MAX_LINKS * 80;

impl<P: Provider> Spqr<P> {
    /// At least the length of what [`Spqr::store`] writes.
    pub(super) fn stored_size_bound(&self) -> usize {
        let chunks = P::ErasureCode::stored_length;
        let (keys, ct1) = (BraidKeysOf::<P>::LENGTH, Ct1Of::<P>::LENGTH);
        let encapsulation = HeaderOf::<P>::LENGTH + EncapsulationOf::<P>::LENGTH + ct1;
        let state = match &self.braid.state {
            State::KeysUnsampled => 0,
            State::KeysSampled { .. } => keys + TagOf::<P>::LENGTH + 2,
            State::HeaderSent { ct1, .. } => keys + 2 + chunks(ct1),
            State::Ct1Received { .. } => keys + 2 + ct1,
            State::EkSentCt1Received { ct2, .. } => keys + ct1 + chunks(ct2),
            State::NoHeaderReceived { header } => chunks(header),
            State::HeaderReceived { .. } => HeaderOf::<P>::LENGTH,
            State::Ct1Sampled { ek, .. } => encapsulation + 2 + chunks(ek),
            State::EkReceivedCt1Sampled { .. } => encapsulation + 2 + VectorOf::<P>::LENGTH,
            State::Ct1Acknowledged { ek, .. } => encapsulation + chunks(ek),
            State::Ct2Sampled { stream, .. } => stream.len() + 2,
        };
        let kept = match &self.keys {
            Keys::Waiting { .. } => 0,
            Keys::Chain(chain) => chain.kept_keys() * 36,
        };
        FIXED_SIZE + kept + state
    }

    pub(super) fn store(&self, writer: &mut Writer<'_>) {
        writer.flag(self.negotiating);
        writer.flag(self.required);
        writer.flag(self.keyless.is_some());
        if let Some(chain) = &self.keyless {
            writer.raw(chain.as_raw());
        }
        match &self.keys {
            Keys::Waiting { auth_key, direction } => {
                writer.direction(*direction);
                writer.flag(false);
                writer.fixed(auth_key);
            }
            Keys::Chain(chain) => {
                writer.direction(chain.direction);
                writer.flag(true);
                writer.key_chain(chain);
            }
        }
        writer.braid(&self.braid);
    }

    pub(super) fn stored(reader: &mut Reader<'_>) -> Result<Self, RecordError> {
        let (negotiating, required) = (reader.flag()?, reader.flag()?);
        let keyless = if reader.flag()? { Some(reader.public_key()?) } else { None };
        let direction = match reader.byte()? {
            0 => Direction::FromInitiator,
            1 => Direction::FromResponder,
            _ => return Err(RecordError::Corrupt),
        };
        let keys = if reader.flag()? {
            Keys::Chain(Box::new(reader.key_chain(direction)?))
        } else {
            Keys::Waiting { auth_key: reader.fixed()?, direction }
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
        Ok(Self { negotiating, required, keyless, keys, braid })
    }
}

impl Writer<'_> {
    fn direction(&mut self, direction: Direction) {
        self.byte(match direction {
            Direction::FromInitiator => 0,
            Direction::FromResponder => 1,
        });
    }

    fn key_chain<P: Provider>(&mut self, chain: &KeyChain<P>) {
        self.fixed(&chain.next_root);
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
            for kept in link.kept.newest_first() {
                self.number(kept.at);
                self.fixed(&kept.key);
            }
        }
    }

    fn hash_chain<P: Provider>(&mut self, chain: &HashChain<P>) {
        self.number(chain.counter);
        self.fixed(&chain.value);
    }

    fn braid<P: Provider>(&mut self, braid: &Braid<P>) {
        self.long(braid.epoch);
        self.fixed(&braid.authenticator.root);
        self.fixed(&braid.authenticator.mac_key);
        match &braid.state {
            State::KeysUnsampled => self.byte(1),
            State::KeysSampled { keys, tag, next } => {
                self.byte(2);
                self.fixed(&keys.0);
                self.fixed(tag);
                self.short(*next);
            }
            State::HeaderSent { keys, next, ct1 } => {
                self.byte(3);
                self.fixed(&keys.0);
                self.short(*next);
                self.decoder::<P>(ct1);
            }
            State::Ct1Received { keys, next, ct1 } => {
                self.byte(4);
                self.fixed(&keys.0);
                self.short(*next);
                self.fixed(ct1);
            }
            State::EkSentCt1Received { keys, ct1, ct2 } => {
                self.byte(5);
                self.fixed(&keys.0);
                self.fixed(ct1);
                self.decoder::<P>(ct2);
            }
            State::NoHeaderReceived { header } => {
                self.byte(6);
                self.decoder::<P>(header);
            }
            State::HeaderReceived { header } => {
                self.byte(7);
                self.fixed(header);
            }
            State::Ct1Sampled { header, encapsulation, next, ek } => {
                self.byte(8);
                self.fixed(header);
                self.encapsulation(encapsulation);
                self.short(*next);
                self.decoder::<P>(ek);
            }
            State::EkReceivedCt1Sampled { encapsulation, next, ek } => {
                self.byte(9);
                self.encapsulation(encapsulation);
                self.short(*next);
                self.fixed(ek);
            }
            State::Ct1Acknowledged { header, encapsulation, ek } => {
                self.byte(10);
                self.fixed(header);
                self.encapsulation(encapsulation);
                self.decoder::<P>(ek);
            }
            State::Ct2Sampled { stream, next } => {
                self.byte(11);
                self.raw(stream);
                self.short(*next);
            }
        }
    }

    fn encapsulation<P: Provider>(&mut self, encapsulation: &Encapsulation<P>) {
        self.fixed(&encapsulation.state);
        self.fixed(&encapsulation.ct1);
    }

    fn decoder<P: Provider>(&mut self, decoder: &DecoderOf<P>) {
        P::ErasureCode::write(decoder, self.0);
    }
}

impl Reader<'_> {
    fn key_chain<P: Provider>(&mut self, direction: Direction) -> Result<KeyChain<P>, RecordError> {
        let next_root = self.fixed()?;
        let (epoch, sending_epoch) = (self.long()?, self.long()?);
        let links = VecDeque::from(self.list(MAX_LINKS, |reader| reader.link().map(Box::new))?);
        let oldest =
            u64::try_from(links.len()).ok().and_then(|count| (epoch.saturating_add(1)).checked_sub(count));
        match oldest {
            Some(oldest) if (oldest..=epoch).contains(&sending_epoch) && epoch >> 63 == 0 => {
                Ok(KeyChain { direction, next_root, epoch, sending_epoch, links })
            }
            _ => Err(RecordError::Corrupt),
        }
    }

    fn link<P: Provider>(&mut self) -> Result<Link<P>, RecordError> {
        Ok(Link {
            sending: if self.flag()? { Some(self.hash_chain()?) } else { None },
            receiving: self.hash_chain()?,
            kept: self.kept(Self::fixed)?,
        })
    }

    fn hash_chain<P: Provider>(&mut self) -> Result<HashChain<P>, RecordError> {
        Ok(HashChain { counter: self.number()?, value: self.fixed()? })
    }

    fn braid<P: Provider>(&mut self) -> Result<Braid<P>, RecordError> {
        let epoch = self.long()?;
        let authenticator = Authenticator { root: self.fixed()?, mac_key: self.fixed()? };
        let state = match self.byte()? {
            1 => State::KeysUnsampled,
            2 => State::KeysSampled { keys: self.keys()?, tag: self.fixed()?, next: self.short()? },
            3 => State::HeaderSent {
                keys: self.keys()?,
                next: self.short()?,
                ct1: self.decoder::<P>(CT1_CHUNKS)?,
            },
            4 => State::Ct1Received { keys: self.keys()?, next: self.short()?, ct1: self.fixed()? },
            5 => State::EkSentCt1Received {
                keys: self.keys()?,
                ct1: self.fixed()?,
                ct2: self.decoder::<P>(CT2_CHUNKS)?,
            },
            6 => State::NoHeaderReceived { header: self.decoder::<P>(HEADER_CHUNKS)? },
            7 => State::HeaderReceived { header: self.fixed()? },
            8 => State::Ct1Sampled {
                header: self.fixed()?,
                encapsulation: self.encapsulation()?,
                next: self.short()?,
                ek: self.decoder::<P>(VECTOR_CHUNKS)?,
            },
            9 => State::EkReceivedCt1Sampled {
                encapsulation: self.encapsulation()?,
                next: self.short()?,
                ek: self.fixed()?,
            },
            10 => State::Ct1Acknowledged {
                header: self.fixed()?,
                encapsulation: self.encapsulation()?,
                ek: self.decoder::<P>(VECTOR_CHUNKS)?,
            },
            11 => State::Ct2Sampled {
                stream: self.slice(Ct2Of::<P>::LENGTH + TagOf::<P>::LENGTH)?.into(),
                next: self.short()?,
            },
            _ => return Err(RecordError::Corrupt),
        };
        Ok(Braid { epoch, authenticator, state })
    }

    fn keys<P: Provider>(&mut self) -> Result<BraidKeyPair<P>, RecordError> {
        self.fixed().map(BraidKeyPair)
    }

    fn encapsulation<P: Provider>(&mut self) -> Result<Encapsulation<P>, RecordError> {
        Ok(Encapsulation { state: self.fixed()?, ct1: self.fixed()? })
    }

    fn decoder<P: Provider>(&mut self, chunks: u16) -> Result<DecoderOf<P>, RecordError> {
        P::ErasureCode::read(chunks, &mut self.0).ok_or(RecordError::Corrupt)
    }
}
