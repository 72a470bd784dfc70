//! How a session record is stored: a format of this crate's own, versioned by its first byte.
//!
//! Integers are big-endian, keys are raw. It is for the device's own disk and contains every secret
//! of the sessions: seal it.

use std::collections::VecDeque;

use zeroize::Zeroizing;

use crate::chain::{ChainKey, MessageSeed, RootKey};
use crate::curve::{KeyPair, PrivateKey, PublicKey};
use crate::error::RecordError;
use crate::identity::IdentityKey;
use crate::kem::KemCiphertext;
use crate::prekey_message::KemPart;
use crate::receive::MAX_SKIPPED;
use crate::record::{MAX_ARCHIVED, SessionRecord};
use crate::session::{
    MAX_RECEIVING_CHAINS, PendingPrekey, ReceivingChain, SendingChain, Session, SkippedMessage,
};
use crate::suite::Suite;

const FORMAT: u8 = 1;

impl SessionRecord {
    /// The record as bytes: about 0.5 KiB per session, and 36 bytes for each skipped message.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut writer = Writer::with_capacity(self.size_bound());
        writer.byte(FORMAT);
        writer.byte(u8::from(self.current.is_some()));
        writer.count(self.archived.len());
        for session in self.current.iter().chain(&self.archived) {
            writer.session(session);
        }
        writer.0
    }

    /// Reads what [`SessionRecord::to_bytes`] wrote.
    ///
    /// # Errors
    /// When the bytes are of another format, or damaged. Damage inside a key is not noticed.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RecordError> {
        let mut reader = Reader(bytes);
        match reader.byte()? {
            FORMAT => {}
            version => return Err(RecordError::UnknownFormat { version }),
        }
        let has_current = reader.flag()?;
        let archived = reader.count(MAX_ARCHIVED)?;
        let current = if has_current { Some(reader.session()?) } else { None };
        let archived = (0..archived).map(|_| reader.session()).collect::<Result<_, _>>()?;
        if reader.0.is_empty() { Ok(Self { current, archived }) } else { Err(RecordError::Corrupt) }
    }

    /// Enough room to never grow, since growing would leave a copy of the secrets behind.
    fn size_bound(&self) -> usize {
        let session = |session: &Session| {
            let skipped: usize = session.receiving.iter().map(|chain| chain.skipped.len()).sum();
            256 + 70 * session.receiving.len()
                + 36 * skipped
                + session.pending.as_ref().map_or(0, |_| 32 + KemCiphertext::RAW_LENGTH)
        };
        4 + self.current.iter().chain(&self.archived).map(session).sum::<usize>()
    }
}

struct Writer(Zeroizing<Vec<u8>>);

impl Writer {
    fn with_capacity(capacity: usize) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(capacity)))
    }

    fn session(&mut self, session: &Session) {
        self.byte(session.suite.version());
        self.raw(session.local_identity.public_key().as_raw());
        self.raw(session.remote_identity.public_key().as_raw());
        self.number(session.local_registration_id);
        self.number(session.remote_registration_id);
        self.raw(session.base_key.as_raw());
        self.raw(session.root_key.as_bytes());
        self.number(session.previous_counter);
        self.raw(session.sending.ratchet.private.as_bytes());
        self.raw(session.sending.ratchet.public.as_raw());
        self.chain_key(&session.sending.chain_key);
        self.count(session.receiving.len());
        for chain in &session.receiving {
            self.raw(chain.ratchet_key.as_raw());
            self.chain_key(&chain.chain_key);
            self.count(chain.skipped.len());
            for skipped in &chain.skipped {
                self.number(skipped.counter);
                self.raw(skipped.seed.as_bytes());
            }
        }
        self.byte(u8::from(session.pending.is_some()));
        if let Some(pending) = &session.pending {
            self.pending(pending);
        }
    }

    fn pending(&mut self, pending: &PendingPrekey) {
        self.byte(u8::from(pending.one_time_prekey.is_some()));
        if let Some(id) = pending.one_time_prekey {
            self.number(id);
        }
        self.number(pending.signed_prekey);
        self.number(pending.kem.prekey);
        self.raw(pending.kem.ciphertext.as_raw());
        self.raw(&pending.created_s.to_be_bytes());
    }

    fn chain_key(&mut self, chain_key: &ChainKey) {
        self.raw(chain_key.as_bytes());
        self.number(chain_key.index());
    }

    fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn number(&mut self, number: u32) {
        self.raw(&number.to_be_bytes());
    }

    /// Counts are bounded far below 2^16 by the limits that the reader enforces.
    fn count(&mut self, count: usize) {
        self.raw(&u16::try_from(count).unwrap_or(u16::MAX).to_be_bytes());
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn session(&mut self) -> Result<Session, RecordError> {
        Ok(Session {
            suite: Suite::from_version(self.byte()?).ok_or(RecordError::Corrupt)?,
            local_identity: IdentityKey::from(self.public_key()?),
            remote_identity: IdentityKey::from(self.public_key()?),
            local_registration_id: self.number()?,
            remote_registration_id: self.number()?,
            base_key: self.public_key()?,
            root_key: RootKey::new(self.secret()?),
            previous_counter: self.number()?,
            sending: SendingChain {
                ratchet: KeyPair {
                    private: PrivateKey::from_bytes(*self.secret()?),
                    public: self.public_key()?,
                },
                chain_key: self.chain_key()?,
            },
            receiving: self.list(MAX_RECEIVING_CHAINS, Self::receiving_chain)?,
            pending: if self.flag()? { Some(self.pending()?) } else { None },
        })
    }

    fn receiving_chain(&mut self) -> Result<ReceivingChain, RecordError> {
        Ok(ReceivingChain {
            ratchet_key: self.public_key()?,
            chain_key: self.chain_key()?,
            skipped: VecDeque::from(self.list(MAX_SKIPPED, |reader| {
                Ok(SkippedMessage { counter: reader.number()?, seed: MessageSeed::new(reader.secret()?) })
            })?),
        })
    }

    fn pending(&mut self) -> Result<PendingPrekey, RecordError> {
        Ok(PendingPrekey {
            one_time_prekey: if self.flag()? { Some(self.number()?) } else { None },
            signed_prekey: self.number()?,
            kem: KemPart { prekey: self.number()?, ciphertext: KemCiphertext::from_raw(self.take()?) },
            created_s: u64::from_be_bytes(*self.take()?),
        })
    }

    fn chain_key(&mut self) -> Result<ChainKey, RecordError> {
        let key = self.secret()?;
        Ok(ChainKey::new(key, self.number()?))
    }

    fn public_key(&mut self) -> Result<PublicKey, RecordError> {
        self.take().map(|raw| PublicKey::from_raw(*raw))
    }

    fn secret(&mut self) -> Result<Zeroizing<[u8; 32]>, RecordError> {
        self.take().map(|raw| Zeroizing::new(*raw))
    }

    fn number(&mut self) -> Result<u32, RecordError> {
        self.take().map(|raw| u32::from_be_bytes(*raw))
    }

    fn byte(&mut self) -> Result<u8, RecordError> {
        self.take().map(|[byte]| *byte)
    }

    fn flag(&mut self) -> Result<bool, RecordError> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(RecordError::Corrupt),
        }
    }

    fn list<T>(
        &mut self,
        limit: usize,
        mut item: impl FnMut(&mut Self) -> Result<T, RecordError>,
    ) -> Result<Vec<T>, RecordError> {
        let count = self.count(limit)?;
        (0..count).map(|_| item(self)).collect()
    }

    fn count(&mut self, limit: usize) -> Result<usize, RecordError> {
        let count = usize::from(u16::from_be_bytes(*self.take()?));
        if count <= limit { Ok(count) } else { Err(RecordError::Corrupt) }
    }

    fn take<const N: usize>(&mut self) -> Result<&[u8; N], RecordError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(RecordError::Corrupt)?;
        self.0 = rest;
        Ok(taken)
    }
}
