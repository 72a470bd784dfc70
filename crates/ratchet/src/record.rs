//! All sessions with one remote device: the current one and archived ones (Sesame, on session lists
//! and their activation).

use std::collections::VecDeque;
use std::fmt;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::bundle::PrekeyBundle;
use crate::curve::PublicKey;
use crate::error::{DecryptError, EncryptError, InitiateError};
use crate::identity::{IdentityKey, LocalIdentity};
use crate::message::{Ciphertext, MessageKind, RatchetMessage};
use crate::prekey_message::PrekeyMessage;
use crate::prekeys::PrekeySource;
use crate::receive::{Opened, Step};
use crate::session::Session;

/// Archived sessions that are kept, oldest dropped first.
pub(crate) const MAX_ARCHIVED: usize = 40;

/// The sessions with one remote device.
///
/// There can be several because both sides may open one at the same time, and because a device may
/// lose its state and start again. Messages are sent in the current one and received in any.
#[derive(Clone, Default)]
pub struct SessionRecord {
    pub(crate) current: Option<Session>,
    /// Newest first.
    pub(crate) archived: VecDeque<Session>,
}

/// A decrypted message.
pub struct Decrypted {
    /// What the sender encrypted.
    pub plaintext: Zeroizing<Vec<u8>>,
    /// Set when this message created the session.
    pub established: Option<Established>,
}

/// What a first message used up. The caller now deletes the one-time prekeys, in the same
/// transaction that stores the record.
///
/// Without a one-time prekey the same first message would establish a session again once the record
/// is lost (PQXDH, section "Security considerations"): whoever cares remembers `base_key` per KEM
/// and signed prekey.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Established {
    /// The initiator's identity key, now authenticated.
    pub remote_identity: IdentityKey,
    /// The one-time prekey to delete.
    pub one_time_prekey: Option<u32>,
    /// The KEM prekey: to delete, unless it is a last-resort one.
    pub kem_prekey: u32,
    /// The signed prekey that was used.
    pub signed_prekey: u32,
    /// The initiator's base key, unique to the session.
    pub base_key: PublicKey,
}

impl SessionRecord {
    /// Starts a session from a bundle and makes it current; an older one is archived. Whether the
    /// bundle's identity is trusted is for the caller to decide first. Takes 96 bytes of `rng`.
    ///
    /// # Errors
    /// When a signature of the bundle is wrong or one of its keys is degenerate; the record is then
    /// unchanged.
    pub fn initiate(
        &mut self,
        local: &LocalIdentity,
        bundle: &PrekeyBundle,
        now_s: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<(), InitiateError> {
        let session = Session::initiate(local, bundle, now_s, rng)?;
        self.make_current(session);
        Ok(())
    }

    /// Whether [`SessionRecord::encrypt`] would find a session at `now_s`.
    #[must_use]
    pub fn can_encrypt(&self, now_s: u64) -> bool {
        self.current.as_ref().is_some_and(|session| !session.is_stale(now_s))
    }

    /// Encrypts in the current session. `now_s` are seconds on the clock that
    /// [`SessionRecord::initiate`] was given.
    ///
    /// # Errors
    /// When there is no current session, or the peer has not answered it for 30 days.
    pub fn encrypt(&mut self, plaintext: &[u8], now_s: u64) -> Result<Ciphertext, EncryptError> {
        let session = self.current.as_mut().ok_or(EncryptError::NoSession)?;
        if session.is_stale(now_s) {
            return Err(EncryptError::Stale);
        }
        session.encrypt(plaintext)
    }

    /// Decrypts a message, in whichever session it belongs to; that session becomes current. A
    /// first message may create one. Takes 32 bytes of `rng` when the peer's ratchet key is new.
    ///
    /// For a first message the caller decides whether to trust the sender's identity beforehand,
    /// with [`PrekeyMessage::parse`] and [`PrekeyMessage::identity`].
    ///
    /// # Errors
    /// See [`DecryptError`]; whichever it is, the record is unchanged and no prekey was used up.
    pub fn decrypt(
        &mut self,
        local: &LocalIdentity,
        kind: MessageKind,
        bytes: &[u8],
        prekeys: &impl PrekeySource,
        rng: &mut impl CryptoRng,
    ) -> Result<Decrypted, DecryptError> {
        match kind {
            MessageKind::Ratchet => self.decrypt_ratchet(&RatchetMessage::parse(bytes)?, rng),
            MessageKind::Prekey => self.decrypt_prekey(local, &PrekeyMessage::parse(bytes)?, prekeys, rng),
        }
    }

    /// The peer's identity key in the current session, or else in the newest archived one.
    #[must_use]
    pub fn remote_identity(&self) -> Option<IdentityKey> {
        self.sessions().next().map(|session| session.remote_identity)
    }

    /// The peer's registration id, likewise.
    #[must_use]
    pub fn remote_registration_id(&self) -> Option<u32> {
        self.sessions().next().map(|session| session.remote_registration_id)
    }

    /// Stops sending in the current session, for instance because the peer seems to have lost it.
    /// Messages can still be received in it, and then it becomes current again.
    pub fn archive_current(&mut self) {
        if let Some(mut session) = self.current.take() {
            session.pending = None;
            self.archived.truncate(MAX_ARCHIVED - 1);
            self.archived.push_front(session);
        }
    }

    fn decrypt_ratchet(
        &mut self,
        message: &RatchetMessage,
        rng: &mut impl CryptoRng,
    ) -> Result<Decrypted, DecryptError> {
        let (at, (plaintext, step)) = self.open_in_any(message, rng)?;
        self.commit(at, step);
        Ok(Decrypted { plaintext, established: None })
    }

    /// Tries the sessions from newest to oldest. A duplicate ends the search: the message has its
    /// session.
    fn open_in_any(
        &self,
        message: &RatchetMessage,
        rng: &mut impl CryptoRng,
    ) -> Result<(usize, Opened), DecryptError> {
        let mut failure = DecryptError::NoSession;
        for (at, session) in self.sessions().enumerate() {
            match (session.open(message, rng), failure) {
                (Ok(opened), _) => return Ok((at, opened)),
                (Err(duplicate @ DecryptError::Duplicate { .. }), _) => return Err(duplicate),
                // That the MAC is wrong says least: any session of another agreement answers that.
                (Err(error), DecryptError::NoSession | DecryptError::AuthenticationFailed) => failure = error,
                (Err(_), _) => {}
            }
        }
        Err(failure)
    }

    /// A first message belongs to the session with its base key, if there is one: the initiator
    /// repeats it until answered. Otherwise it makes a new session.
    fn decrypt_prekey(
        &mut self,
        local: &LocalIdentity,
        message: &PrekeyMessage,
        prekeys: &impl PrekeySource,
        rng: &mut impl CryptoRng,
    ) -> Result<Decrypted, DecryptError> {
        let known = self
            .sessions()
            .enumerate()
            .find(|(_, session)| session.suite == message.suite && session.base_key == message.base_key);
        if let Some((at, session)) = known {
            // The wrapping is not authenticated. Whoever was shown another identity must not get
            // this plaintext.
            if session.remote_identity != message.identity {
                return Err(DecryptError::AuthenticationFailed);
            }
            let (plaintext, step) = session.open(&message.message, rng)?;
            self.commit(at, step);
            return Ok(Decrypted { plaintext, established: None });
        }

        // Every suite so far is post-quantum, and parsing made sure of this part.
        let kem = message.kem.as_ref().ok_or(DecryptError::Malformed)?;
        let mut session = Session::respond(local, message, kem, prekeys)?;
        let (plaintext, step) = session.open(&message.message, rng)?;
        session.apply(step);
        self.make_current(session);
        let established = Established {
            remote_identity: message.identity,
            one_time_prekey: message.one_time_prekey,
            kem_prekey: kem.prekey,
            signed_prekey: message.signed_prekey,
            base_key: message.base_key,
        };
        Ok(Decrypted { plaintext, established: Some(established) })
    }

    /// The current session, then the archived ones from newest to oldest.
    fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.current.iter().chain(&self.archived)
    }

    /// Makes the session that a message was opened in the current one, and lets it move on.
    fn commit(&mut self, at: usize, step: Step) {
        self.promote(at);
        if let Some(session) = &mut self.current {
            session.apply(step);
        }
    }

    /// Makes the session at this place of [`SessionRecord::sessions`] the current one.
    fn promote(&mut self, at: usize) {
        let archived_at = match (&self.current, at) {
            (Some(_), 0) => return,
            (Some(_), at) => at - 1,
            (None, at) => at,
        };
        if let Some(session) = self.archived.remove(archived_at) {
            self.make_current(session);
        }
    }

    fn make_current(&mut self, session: Session) {
        self.archive_current();
        self.current = Some(session);
    }
}

impl fmt::Debug for SessionRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionRecord")
            .field("current", &self.current.is_some())
            .field("archived", &self.archived.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Decrypted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decrypted").field("established", &self.established).finish_non_exhaustive()
    }
}
