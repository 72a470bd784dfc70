//! How a session record is stored: a format of this crate's own, versioned by its first byte.
//!
//! Integers are big-endian, keys are raw. It is for the device's own disk and contains every secret
//! of the sessions: seal it.

use zeroize::Zeroizing;

use crate::address::Addresses;
use crate::chain::{ChainKey, MessageSeed, RootKey};
use crate::codec::{Reader, Writer};
use crate::curve::KeyPair;
use crate::error::RecordError;
use crate::identity::IdentityKey;
use crate::limits::{MAX_ARCHIVED, MAX_RECEIVING_CHAINS};
use crate::prekey_message::{KemPart, PendingPrekey};
use crate::provider::{FixedBytes, KemCiphertextOf, Provider};
use crate::record::SessionRecord;
use crate::second_ratchet::SecondRatchet;
use crate::session::{ReceivingChain, SendingChain, Session, no_chains};
use crate::strictness::Strictness;
use crate::suite::{Suite, Version};

/// Bits of the second byte.
const HAS_CURRENT: u8 = 1;
const HAS_ADDRESSES: u8 = 2;
const ENDS_CHAINS: u8 = 4;
const HAS_TRUSTED: u8 = 8;

impl<P: Provider> SessionRecord<P> {
    /// The record as bytes. A session of suite `x3dh` or `pqxdh` takes 244 bytes, 70 for each of up
    /// to 5 receiving chains, 36 for each skipped message, and while the peer has not answered, 13
    /// to 17 more, in suite `pqxdh` 1,572 more. Suite `triple` adds 300 to 500 bytes between epochs
    /// and at most 5 KiB within them; `cargo bench -p blindpost-benches --bench ratchet` prints
    /// sizes.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.size_bound()));
        let mut writer = Writer(&mut bytes);
        writer.byte(P::RECORD_FORMAT);
        let current = if self.current.is_some() { HAS_CURRENT } else { 0 };
        let addresses = if self.addresses.is_some() { HAS_ADDRESSES } else { 0 };
        let ends_chains = if self.strictness == Strictness::Specified { ENDS_CHAINS } else { 0 };
        let trusted = if self.trusted.is_some() { HAS_TRUSTED } else { 0 };
        writer.byte(current | addresses | ends_chains | trusted);
        writer.count(self.archived.len());
        if let Some(addresses) = &self.addresses {
            writer.raw(&addresses.outgoing());
        }
        if let Some(identity) = &self.trusted {
            writer.raw(identity.public_key().as_raw());
        }
        for session in self.sessions() {
            writer.session(session);
        }
        bytes
    }

    /// Reads what [`SessionRecord::to_bytes`] wrote.
    ///
    /// # Errors
    /// When the bytes are of another format, or damaged. Damage inside a key is not noticed.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RecordError> {
        let mut reader = Reader(bytes);
        let version = reader.byte()?;
        if version != P::RECORD_FORMAT {
            return Err(RecordError::UnknownFormat { version });
        }
        let flags = reader.byte()?;
        if flags & !(HAS_CURRENT | HAS_ADDRESSES | ENDS_CHAINS | HAS_TRUSTED) != 0 {
            return Err(RecordError::Corrupt);
        }
        let ends_chains = flags & ENDS_CHAINS != 0;
        let strictness = if ends_chains { Strictness::Specified } else { Strictness::Deployed };
        let archived = reader.count(MAX_ARCHIVED)?;
        let addresses = if flags & HAS_ADDRESSES == 0 {
            None
        } else {
            Some(Box::new(Addresses::from_outgoing(reader.take()?).ok_or(RecordError::Corrupt)?))
        };
        let trusted =
            if flags & HAS_TRUSTED == 0 { None } else { Some(IdentityKey::from(reader.public_key()?)) };
        let current = if flags & HAS_CURRENT == 0 { None } else { Some(Box::new(reader.session()?)) };
        let archived = (0..archived).map(|_| reader.session().map(Box::new)).collect::<Result<_, _>>()?;
        if reader.0.is_empty() {
            Ok(Self { strictness, trusted, addresses, current, archived })
        } else {
            Err(RecordError::Corrupt)
        }
    }

    /// Enough room to never grow, since growing would leave a copy of the secrets behind.
    fn size_bound(&self) -> usize {
        let session = |session: &Session<P>| {
            let skipped: usize = session.receiving.iter().map(|chain| chain.skipped.len()).sum();
            256 + 70 * session.receiving.len()
                + 36 * skipped
                + session.pending.as_ref().map_or(0, |_| 32 + KemCiphertextOf::<P>::LENGTH)
                + session.post_quantum.as_ref().map_or(0, |ratchet| ratchet.size_bound())
        };
        4 + 32 + Addresses::LENGTH + self.sessions().map(session).sum::<usize>()
    }
}

impl Writer<'_> {
    fn session<P: Provider>(&mut self, session: &Session<P>) {
        self.byte(match session.suite() {
            Suite::X3dh => 3,
            Suite::Pqxdh => 4,
            Suite::Triple => 5,
        });
        self.raw(session.local_identity.public_key().as_raw());
        self.raw(session.remote_identity.public_key().as_raw());
        self.number(session.local_registration_id);
        self.number(session.remote_registration_id);
        self.raw(session.base_key.as_raw());
        self.raw(session.root_key.as_bytes());
        self.number(session.previous_counter);
        self.fixed(&session.sending.ratchet.private);
        self.raw(session.sending.ratchet.public.as_raw());
        self.chain_key(&session.sending.chain_key);
        self.count(session.receiving.len());
        for chain in &session.receiving {
            self.raw(chain.ratchet_key.as_raw());
            self.chain_key(&chain.chain_key);
            self.count(chain.skipped.len());
            for skipped in chain.skipped.newest_first() {
                self.number(skipped.at);
                self.raw(skipped.key.as_bytes());
            }
        }
        self.flag(session.pending.is_some());
        if let Some(pending) = &session.pending {
            self.pending(pending);
        }
        if let Some(ratchet) = &session.post_quantum {
            ratchet.write(self.0);
        }
    }

    fn pending<P: Provider>(&mut self, pending: &PendingPrekey<P>) {
        self.flag(pending.one_time_prekey.is_some());
        if let Some(id) = pending.one_time_prekey {
            self.number(id);
        }
        self.number(pending.signed_prekey);
        // Whether there is one follows from the suite.
        if let Some(kem) = &pending.kem {
            self.number(kem.prekey);
            self.fixed(&kem.ciphertext);
        }
        self.long(pending.created_s);
    }

    fn chain_key<P: Provider>(&mut self, chain_key: &ChainKey<P>) {
        self.raw(chain_key.as_bytes());
        self.number(chain_key.index());
    }
}

impl Reader<'_> {
    fn session<P: Provider>(&mut self) -> Result<Session<P>, RecordError> {
        let suite = match self.byte()? {
            3 => Suite::X3dh,
            4 => Suite::Pqxdh,
            5 => Suite::Triple,
            _ => return Err(RecordError::Corrupt),
        };
        Ok(Session {
            version: suite.version(),
            local_identity: IdentityKey::from(self.public_key()?),
            remote_identity: IdentityKey::from(self.public_key()?),
            local_registration_id: self.number()?,
            remote_registration_id: self.number()?,
            base_key: self.public_key()?,
            root_key: RootKey::new(self.fixed()?),
            previous_counter: self.number()?,
            sending: SendingChain {
                ratchet: KeyPair::stored(self.fixed()?, self.public_key()?),
                chain_key: self.chain_key()?,
            },
            receiving: self.receiving_chains()?,
            pending: if self.flag()? { Some(Box::new(self.pending(suite.version())?)) } else { None },
            post_quantum: match suite {
                Suite::X3dh | Suite::Pqxdh => None,
                Suite::Triple => Some(Box::new(P::SecondRatchet::read(&mut self.0)?)),
            },
        })
    }

    fn receiving_chains<P: Provider>(&mut self) -> Result<Vec<ReceivingChain<P>>, RecordError> {
        let mut chains = no_chains();
        for _ in 0..self.count(MAX_RECEIVING_CHAINS)? {
            chains.push(self.receiving_chain()?);
        }
        Ok(chains)
    }

    fn receiving_chain<P: Provider>(&mut self) -> Result<ReceivingChain<P>, RecordError> {
        Ok(ReceivingChain {
            ratchet_key: self.public_key()?,
            chain_key: self.chain_key()?,
            skipped: self.kept(|reader| reader.fixed().map(MessageSeed::new))?,
        })
    }

    fn pending<P: Provider>(&mut self, version: Version) -> Result<PendingPrekey<P>, RecordError> {
        Ok(PendingPrekey {
            one_time_prekey: if self.flag()? { Some(self.number()?) } else { None },
            signed_prekey: self.number()?,
            kem: if version.needs_kem() { Some(self.kem_part()?) } else { None },
            created_s: self.long()?,
        })
    }

    fn kem_part<P: Provider>(&mut self) -> Result<KemPart<P>, RecordError> {
        Ok(KemPart { prekey: self.number()?, ciphertext: self.fixed()? })
    }

    fn chain_key<P: Provider>(&mut self) -> Result<ChainKey<P>, RecordError> {
        let key = self.fixed()?;
        Ok(ChainKey::new(key, self.number()?))
    }
}
