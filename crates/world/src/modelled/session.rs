//! Sessions with keys by reference: who has which, and all counters that messages show.
//!
//! `ratchet::SessionRecord` without its keys. A key pair is a number that counts those of its owner in the session;
//! a session is known by the number that its initiator gave it.

use super::account::Bundle;
use super::braid::{Part, Refused, Spqr};
use scenario::Suite;
use std::collections::VecDeque;

/// After this long without an answer a session is not used for sending any more.
const UNANSWERED_LIMIT_S: u64 = 30 * 24 * 60 * 60;

/// Archived sessions that are kept.
const MAX_ARCHIVED: usize = 40;

/// Of a responder that has heard nothing yet.
const NO_RATCHET: u32 = u32::MAX;

/// The suites that an endpoint speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Suites {
    pub(crate) newest: Suite,
    pub(crate) oldest: Suite,
}

/// What of a message can be seen, and what opens it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sealed {
    /// The session, by its base key.
    pub(crate) base: u64,
    /// The sender's ratchet key.
    pub(crate) ratchet: u32,
    pub(crate) counter: u32,
    pub(crate) previous: u32,
    pub(crate) part: Option<Part>,
    pub(crate) kind: Kind,
}

/// Which of the two formats it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Ratchet,
    Prekey(Prekey),
}

/// What a first message is wrapped in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Prekey {
    pub(crate) registration: u16,
    /// Made with a one-time prekey of the curve.
    pub(crate) one_time: bool,
    /// Made with a KEM prekey, and whether that was a one-time one; `None` in X3DH.
    pub(crate) kem: Option<bool>,
}

/// Which one-time prekeys a first message used up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Used {
    pub(crate) one_time: bool,
    pub(crate) kem: bool,
}

/// The sessions with one peer.
#[derive(Debug, Clone, Default)]
#[repr(align(64))]
pub(crate) struct Record {
    current: Option<Session>,
    /// Newest first. Boxed, because most have none and there are very many records.
    #[expect(clippy::box_collection, reason = "it is the record that must be small")]
    archived: Option<Box<VecDeque<Session>>>,
}

const _: () = assert!(size_of::<Record>() <= 64, "whoever encrypts or decrypts waits for one cache line");

/// One session.
#[derive(Debug, Clone, Copy)]
struct Session {
    base: u64,
    /// Our ratchet key, and the messages sent with it.
    ratchet: u32,
    counter: u32,
    previous: u32,
    /// The peer's ratchet key.
    peer: u32,
    pending: Option<Pending>,
    post_quantum: Option<Spqr>,
}

/// What messages carry until the peer has answered.
#[derive(Debug, Clone, Copy)]
struct Pending {
    one_time: bool,
    kem: Option<bool>,
    created_s: u32,
}

impl Record {
    /// Starts a session from a bundle: with a one-time prekey or without, and with a KEM prekey always.
    pub(crate) fn initiate(&mut self, base: u64, suites: Suites, bundle: Bundle, now_s: u64) {
        let suite = suites.newest;
        let is_x3dh = suite == Suite::X3dh;
        let created_s = u32::try_from(now_s).unwrap_or(u32::MAX);
        let required = suites.oldest == Suite::Triple;
        self.make_current(Session {
            base,
            ratchet: 1,
            counter: 0,
            previous: 0,
            // The signed prekey, with which nobody sends.
            peer: 0,
            pending: Some(Pending {
                one_time: bundle.one_time,
                kem: (!is_x3dh).then_some(bundle.kem),
                created_s,
            }),
            post_quantum: (suite == Suite::Triple).then(|| Spqr::new(true, required)),
        });
    }

    /// There is no session in which to send.
    pub(crate) const fn is_empty(&self) -> bool {
        self.current.is_none()
    }

    pub(crate) fn can_encrypt(&self, now_s: u64) -> bool {
        self.current.is_some_and(|session| !session.is_stale(now_s))
    }

    /// Encrypts, if there is a session. `registration` is the sender's.
    pub(crate) fn encrypt(&mut self, registration: u16) -> Option<Sealed> {
        let session = self.current.as_mut()?;
        let part = session.post_quantum.as_mut().map(Spqr::send);
        let sealed = Sealed {
            base: session.base,
            ratchet: session.ratchet,
            counter: session.counter,
            previous: session.previous,
            part,
            kind: match session.pending {
                None => Kind::Ratchet,
                Some(Pending { one_time, kem, .. }) => Kind::Prekey(Prekey { registration, one_time, kem }),
            },
        };
        session.counter += 1;
        Some(sealed)
    }

    /// Decrypts, in whichever session it belongs to.
    pub(crate) fn decrypt(&mut self, sealed: &Sealed, suites: Suites) -> Result<Used, Refused> {
        if let Some(session) = self.current.as_mut().filter(|session| session.base == sealed.base) {
            *session = session.open(sealed)?;
            return Ok(Used::default());
        }
        let at = self.sessions().position(|session| session.base == sealed.base);
        if let Some(at) = at {
            let opened = self.sessions().nth(at).ok_or(Refused)?.open(sealed)?;
            self.promote(at);
            self.current = Some(opened);
            return Ok(Used::default());
        }
        let Kind::Prekey(prekey) = sealed.kind else { return Err(Refused) };
        let suite = respond(suites, prekey.kem.is_none()).ok_or(Refused)?;
        let required = suites.oldest == Suite::Triple;
        let session = Session {
            base: sealed.base,
            ratchet: 0,
            counter: 0,
            previous: 0,
            peer: NO_RATCHET,
            pending: None,
            post_quantum: (suite == Suite::Triple).then(|| Spqr::new(false, required)),
        };
        let opened = session.open(sealed)?;
        self.make_current(opened);
        Ok(Used { one_time: prekey.one_time, kem: prekey.kem == Some(true) })
    }

    /// The newest post-quantum epoch of the current session.
    pub(crate) fn chain_epoch(&self) -> Option<u64> {
        self.current.as_ref()?.post_quantum.as_ref().map(|spqr| spqr.chain_epoch().into())
    }

    pub(crate) fn archive_current(&mut self) {
        if let Some(mut session) = self.current.take() {
            session.pending = None;
            let archived = self.archived.get_or_insert_default();
            archived.truncate(MAX_ARCHIVED - 1);
            archived.push_front(session);
        }
    }

    fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.current.iter().chain(self.archived.iter().flat_map(|archived| archived.iter()))
    }

    fn promote(&mut self, at: usize) {
        let archived_at = match (&self.current, at) {
            (Some(_), 0) => return,
            (Some(_), at) => at - 1,
            (None, at) => at,
        };
        if let Some(session) = self.archived.as_mut().and_then(|archived| archived.remove(archived_at)) {
            self.make_current(session);
        }
    }

    fn make_current(&mut self, session: Session) {
        self.archive_current();
        self.current = Some(session);
    }
}

impl Session {
    const fn is_stale(&self, now_s: u64) -> bool {
        match self.pending {
            Some(pending) => (pending.created_s as u64).saturating_add(UNANSWERED_LIMIT_S) < now_s,
            None => false,
        }
    }

    /// The session as it is once the message was opened in it.
    fn open(mut self, sealed: &Sealed) -> Result<Self, Refused> {
        self.post_quantum = match self.post_quantum {
            Some(spqr) => spqr.receive(sealed.part)?,
            // Who does not know the ratchet does not look, but a message that has a key of it does not open.
            None if sealed.part.is_some_and(|part| part.index > 0) => return Err(Refused),
            None => None,
        };
        self.pending = None;
        if sealed.ratchet != self.peer {
            // A Diffie-Hellman step: the peer has a new ratchet key, and so do we.
            self.peer = sealed.ratchet;
            self.previous = self.counter.saturating_sub(1);
            self.counter = 0;
            self.ratchet += 1;
        }
        Ok(self)
    }
}

/// The suite in which a first message is answered.
fn respond(suites: Suites, is_x3dh: bool) -> Option<Suite> {
    if is_x3dh {
        (suites.oldest == Suite::X3dh).then_some(Suite::X3dh)
    } else {
        (suites.newest > Suite::X3dh).then_some(suites.newest)
    }
}
