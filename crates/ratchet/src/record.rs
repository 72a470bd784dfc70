//! All sessions with one remote device: the current one and archived ones (Sesame, on session lists
//! and their activation).

use std::collections::VecDeque;
use std::fmt;

use zeroize::Zeroizing;

use crate::address::Addresses;
use crate::bundle::PrekeyBundle;
use crate::curve::PublicKey;
use crate::error::{DecryptError, EncryptError, InitiateError};
use crate::event::{Event, Observer};
use crate::fresh_keys::FreshKeys;
use crate::identity::{IdentityKey, LocalIdentity};
use crate::limits::MAX_ARCHIVED;
use crate::message::{Ciphertext, MessageKind, RatchetMessage};
use crate::prekey_message::PrekeyMessage;
use crate::prekeys::PrekeySource;
use crate::provider::{Native, Provider};
use crate::receive::{Opened, Step};
use crate::session::{Session, SessionStatus};
use crate::strictness::Strictness;
use crate::suite::Suite;
use crate::work::Work;

/// The sessions with one remote device.
///
/// There can be several because both sides may open one at the same time, and because a device may
/// lose its state and start again. Messages are sent in the current one and received in any.
#[derive(Clone, Default)]
pub struct SessionRecord<P: Provider = Native> {
    pub(crate) strictness: Strictness,
    /// Whom to open the next session with, where that was decided and is not done yet.
    pub(crate) trusted: Option<IdentityKey>,
    pub(crate) addresses: Option<Box<Addresses>>,
    /// In a box, as the archived ones, so that only its address is moved: what moves leaves a copy of its keys.
    pub(crate) current: Option<Box<Session<P>>>,
    /// Newest first.
    pub(crate) archived: VecDeque<Box<Session<P>>>,
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
    /// The KEM prekey, if the suite has one: to delete, unless it is a last-resort one.
    pub kem_prekey: Option<u32>,
    /// The signed prekey that was used.
    pub signed_prekey: u32,
    /// The initiator's base key, unique to the session.
    pub base_key: PublicKey,
}

impl<P: Provider> SessionRecord<P> {
    /// A record without sessions whose messages name the two ends, as those of the newest deployed
    /// clients do. With [`SessionRecord::default`] they do not, and one that names any is refused
    /// in suite `triple`.
    #[must_use]
    pub fn between(addresses: Addresses) -> Self {
        Self { addresses: Some(Box::new(addresses)), ..Self::default() }
    }

    /// The same record, which reads so strictly from now on. It is stored with the record.
    #[must_use]
    pub fn reading(self, strictness: Strictness) -> Self {
        Self { strictness, ..self }
    }

    /// Starts a session from a bundle and makes it current; an older one is archived. The suite is
    /// the newest of the device's own, or X3DH for a bundle without KEM prekey, if that is
    /// accepted.
    ///
    /// # Errors
    /// When the bundle is of another identity than the peer's, until [`SessionRecord::trust`] says that it is the peer's.
    /// When a signature of the bundle is wrong, one of its keys is degenerate, or it allows no
    /// accepted suite; the record is then unchanged.
    pub fn initiate(
        &mut self,
        local: &LocalIdentity<P>,
        bundle: &PrekeyBundle,
        now_s: u64,
        fresh: &mut impl FreshKeys<P>,
    ) -> Result<(), InitiateError> {
        self.initiate_observed(local, bundle, now_s, fresh, &mut ())
    }

    /// [`SessionRecord::initiate`], telling what happens.
    ///
    /// # Errors
    /// The same.
    pub fn initiate_observed(
        &mut self,
        local: &LocalIdentity<P>,
        bundle: &PrekeyBundle,
        now_s: u64,
        fresh: &mut impl FreshKeys<P>,
        observer: &mut impl Observer,
    ) -> Result<(), InitiateError> {
        if self.remote_identity().is_some_and(|known| known != bundle.identity) {
            return Err(InitiateError::UntrustedIdentity);
        }
        let session = Session::initiate(local, bundle, now_s, fresh)?;
        observer.notice(Event::SessionInitiated);
        self.make_current(Box::new(session), observer);
        Ok(())
    }

    /// Whether [`SessionRecord::encrypt`] would find a session at `now_s`.
    #[must_use]
    pub fn can_encrypt(&self, now_s: u64) -> bool {
        self.current.as_ref().is_some_and(|session| !session.is_stale(now_s))
    }

    /// Encrypts in the current session. `now_s` are seconds on the clock that
    /// [`SessionRecord::initiate`] was given. Fresh keys are taken in suite `triple` only, where
    /// this side begins its part of an epoch.
    ///
    /// # Errors
    /// When there is no current session, or the peer has not answered it for 30 days.
    pub fn encrypt(
        &mut self,
        plaintext: &[u8],
        now_s: u64,
        fresh: &mut impl FreshKeys<P>,
    ) -> Result<Ciphertext, EncryptError> {
        self.encrypt_observed(plaintext, now_s, fresh, &mut ())
    }

    /// [`SessionRecord::encrypt`], telling what happens.
    ///
    /// # Errors
    /// The same.
    pub fn encrypt_observed(
        &mut self,
        plaintext: &[u8],
        now_s: u64,
        fresh: &mut impl FreshKeys<P>,
        observer: &mut impl Observer,
    ) -> Result<Ciphertext, EncryptError> {
        let session = self.current.as_mut().ok_or(EncryptError::NoSession)?;
        if session.is_stale(now_s) {
            return Err(EncryptError::Stale);
        }
        session.encrypt(self.addresses.as_deref(), plaintext, fresh, observer)
    }

    /// Decrypts a message, in whichever session it belongs to; that session becomes current. A
    /// first message may create one. Takes a private key of `fresh` when the peer's ratchet key is
    /// new.
    ///
    /// The first identity that a record has a session with is the peer's: trust on first use. Who wants to decide about
    /// that one too looks at [`PrekeyMessage::identity`] beforehand. Any other is refused until
    /// [`SessionRecord::trust`] says that it is the peer's now.
    ///
    /// # Errors
    /// See [`DecryptError`]; whichever it is, the record is unchanged and no prekey was used up.
    pub fn decrypt(
        &mut self,
        local: &LocalIdentity<P>,
        kind: MessageKind,
        bytes: &[u8],
        prekeys: &impl PrekeySource<P>,
        fresh: &mut impl FreshKeys<P>,
    ) -> Result<Decrypted, DecryptError> {
        self.decrypt_observed(local, kind, bytes, prekeys, fresh, &mut ())
    }

    /// [`SessionRecord::decrypt`], telling what happens.
    ///
    /// # Errors
    /// The same.
    pub fn decrypt_observed(
        &mut self,
        local: &LocalIdentity<P>,
        kind: MessageKind,
        bytes: &[u8],
        prekeys: &impl PrekeySource<P>,
        fresh: &mut impl FreshKeys<P>,
        observer: &mut impl Observer,
    ) -> Result<Decrypted, DecryptError> {
        match kind {
            MessageKind::Ratchet => self.decrypt_ratchet(&RatchetMessage::parse(bytes)?, fresh, observer),
            MessageKind::Prekey => {
                self.decrypt_prekey(local, &PrekeyMessage::parse(bytes)?, prekeys, fresh, observer)
            }
        }
    }

    /// Where the current session stands.
    #[must_use]
    pub fn status(&self) -> Option<SessionStatus> {
        self.current.as_deref().map(Session::status)
    }

    /// The suite that the current session runs.
    #[must_use]
    pub fn suite(&self) -> Option<Suite> {
        self.current.as_deref().map(Session::suite)
    }

    /// How many sessions are archived.
    #[must_use]
    pub fn archived_sessions(&self) -> usize {
        self.archived.len()
    }

    /// Forgets the keys of all messages that were passed over, in all sessions, and says how many: those messages can't
    /// be read any more. The protocol itself lets such keys live as long as their chain (Double Ratchet, section
    /// "Deletion of skipped message keys", leaves it to the application), so whoever stole a message under way and steals
    /// the device later reads it. For a caller who knows that nothing more can arrive: it has read its queue to the end,
    /// or the time is over for which messages are kept.
    pub fn forget_skipped(&mut self) -> usize {
        self.current.iter_mut().chain(&mut self.archived).map(|session| session.forget_skipped()).sum()
    }

    /// Stops sending in the current session, for instance because the peer seems to have lost it.
    /// Messages can still be received in it, and then it becomes current again.
    pub fn archive_current(&mut self) {
        self.archive_observed(&mut ());
    }

    fn archive_observed(&mut self, observer: &mut impl Observer) {
        if let Some(mut session) = self.current.take() {
            session.pending = None;
            if self.archived.len() >= MAX_ARCHIVED {
                self.archived.truncate(MAX_ARCHIVED - 1);
                observer.notice(Event::SessionDropped);
            }
            self.archived.push_front(session);
            observer.notice(Event::SessionArchived);
        }
    }

    fn decrypt_ratchet(
        &mut self,
        message: &RatchetMessage,
        fresh: &mut impl FreshKeys<P>,
        observer: &mut impl Observer,
    ) -> Result<Decrypted, DecryptError> {
        let (at, (plaintext, step)) = self.open_in_any(message, fresh)?;
        self.commit(at, step, observer);
        Ok(Decrypted { plaintext, established: None })
    }

    /// Tries the sessions from newest to oldest. If one has the chain that the message names, the message is of that one
    /// or of none: ratchet keys are drawn for one session. Else each costs an agreement, and all together no more
    /// steps than one may.
    fn open_in_any(
        &self,
        message: &RatchetMessage,
        fresh: &mut impl FreshKeys<P>,
    ) -> Result<(usize, Opened<P>), DecryptError> {
        let mut work = Work::allowed(self.is_own());
        let known = self.sessions().any(|session| session.receives_with(&message.ratchet_key));
        let (peer, mut failure) = (self.remote_identity(), DecryptError::NoSession);
        for (at, session) in self.sessions().enumerate() {
            if known && !session.receives_with(&message.ratchet_key) {
                continue;
            }
            if Some(session.remote_identity) != peer {
                failure = DecryptError::UntrustedIdentity;
                continue;
            }
            match (session.open(self.addresses.as_deref(), message, &mut work, fresh), failure) {
                (Ok(opened), _) => return Ok((at, opened)),
                // The message has its session.
                (Err(duplicate @ DecryptError::Duplicate { .. }), _) => return Err(duplicate),
                // That the MAC is wrong says least: any session of another agreement answers that.
                (
                    Err(error),
                    DecryptError::NoSession
                    | DecryptError::AuthenticationFailed
                    | DecryptError::UntrustedIdentity,
                ) => failure = error,
                (Err(_), _) => {}
            }
        }
        Err(failure)
    }

    /// Whether the peer has shown in some session to be of the device's own account.
    fn is_own(&self) -> bool {
        self.sessions().any(|session| session.is_own(self.addresses.as_deref()))
    }

    /// A first message belongs to the session with its base key, if there is one: the initiator
    /// repeats it until answered. Otherwise it makes a new session.
    fn decrypt_prekey(
        &mut self,
        local: &LocalIdentity<P>,
        message: &PrekeyMessage,
        prekeys: &impl PrekeySource<P>,
        fresh: &mut impl FreshKeys<P>,
        observer: &mut impl Observer,
    ) -> Result<Decrypted, DecryptError> {
        let addresses = self.addresses.as_deref();
        if self.remote_identity().is_some_and(|peer| peer != message.identity) {
            return Err(DecryptError::UntrustedIdentity);
        }
        let known = self
            .sessions()
            .enumerate()
            .find(|(_, session)| session.version == message.version && session.base_key == message.base_key);
        if let Some((at, session)) = known {
            // The wrapping is not authenticated. Whoever was shown another identity must not get
            // this plaintext.
            if session.remote_identity != message.identity {
                return Err(DecryptError::AuthenticationFailed);
            }
            let mut work = Work::allowed(session.is_own(addresses));
            let (plaintext, step) = session.open(addresses, &message.message, &mut work, fresh)?;
            self.commit(at, step, observer);
            return Ok(Decrypted { plaintext, established: None });
        }

        let mut session = Box::new(Session::respond(local, message, prekeys)?);
        // Whoever it claims to be has not shown it yet.
        let mut work = Work::allowed(false);
        let (plaintext, step) = session.open(addresses, &message.message, &mut work, fresh)?;
        observer.notice(Event::SessionAccepted);
        session.apply(step, self.strictness, observer);
        self.make_current(session, observer);
        let established = Established {
            remote_identity: message.identity,
            one_time_prekey: message.one_time_prekey,
            kem_prekey: message.used_kem().map(|kem| kem.prekey),
            signed_prekey: message.signed_prekey,
            base_key: message.base_key,
        };
        Ok(Decrypted { plaintext, established: Some(established) })
    }

    /// The current session, then the archived ones from newest to oldest.
    pub(crate) fn sessions(&self) -> impl Iterator<Item = &Session<P>> {
        self.current.iter().chain(&self.archived).map(Box::as_ref)
    }

    /// Makes the session that a message was opened in the current one, and lets it move on.
    fn commit(&mut self, at: usize, step: Step<P>, observer: &mut impl Observer) {
        self.promote(at, observer);
        if let Some(session) = &mut self.current {
            session.apply(step, self.strictness, observer);
        }
    }

    /// Makes the session at this place of [`SessionRecord::sessions`] the current one.
    fn promote(&mut self, at: usize, observer: &mut impl Observer) {
        let archived_at = match (&self.current, at) {
            (Some(_), 0) => return,
            (Some(_), at) => at - 1,
            (None, at) => at,
        };
        if let Some(session) = self.archived.remove(archived_at) {
            observer.notice(Event::SessionPromoted);
            self.make_current(session, observer);
        }
    }

    fn make_current(&mut self, session: Box<Session<P>>, observer: &mut impl Observer) {
        self.archive_observed(observer);
        self.trusted = None;
        self.current = Some(session);
    }
}

impl<P: Provider> fmt::Debug for SessionRecord<P> {
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
