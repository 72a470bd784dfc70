//! Who speaks: somebody who sends messages with what was stolen, as the device that it was stolen from.

use std::fmt;

use crate::fresh_keys::FreshKeys;
use crate::message::{Ciphertext, MessageKind, Outgoing};
use crate::record::SessionRecord;
use crate::second_ratchet::SecondRatchet;
use crate::session::Session;
use crate::spqr;

/// An active attacker: it makes messages that its victim's peer may take for the victim's.
///
/// It has the current session of a stolen record, and goes on from there alone: it reads nothing of what comes after, so
/// it has no newer ratchet keys. Whether a forgery passes is for the peer's
/// [`SessionRecord::decrypt`] to say. A clone of the peer's record asked after each round tells for how many rounds
/// authenticity takes to heal.
pub struct Forger {
    session: Session,
    /// Whether its messages say that the victim does not know yet whether the peer has the post-quantum ratchet.
    claims_no_key: bool,
}

impl Forger {
    /// Somebody who took this record. `None` if it has no current session.
    #[must_use]
    pub fn of(stolen: &SessionRecord) -> Option<Self> {
        let session = stolen.current.as_deref()?.clone();
        Some(Self { session, claims_no_key: false })
    }

    /// Gives it the classical ratchet as it is in `now`, the victim's record at a later time; what it has of the
    /// post-quantum ratchet stays what was stolen. That is somebody with a broken X25519, who follows the classical
    /// ratchet for ever ([`Attacker`](super::Attacker) derives it from a recording). `None` if `now` has no current
    /// session.
    #[must_use]
    pub fn following(self, now: &SessionRecord) -> Option<Self> {
        let session = Session { post_quantum: self.session.post_quantum, ..now.current.as_deref()?.clone() };
        Some(Self { session, ..self })
    }

    /// Takes everything of the post-quantum ratchet away: its messages say that there is no key yet (epoch 1, index 0).
    #[must_use]
    pub fn claiming_no_key(self) -> Self {
        Self { claims_no_key: true, ..self }
    }

    /// A message in the chain that the victim sent in, `ahead` messages after the last one that was sent when the record
    /// was taken; the first of them is 1. What the post-quantum ratchet begins is drawn from `fresh`.
    ///
    /// `None` where there are no keys: the chain ends, or the ratchet can't send.
    pub fn forge(&mut self, plaintext: &[u8], ahead: u32, fresh: &mut impl FreshKeys) -> Option<Ciphertext> {
        let mut session = self.session.clone();
        let (mut seed, mut next) = session.sending.chain_key.step()?;
        let mut sent = None;
        for at in 1..=ahead.max(1) {
            if at > 1 {
                session.sending.chain_key = next;
                (seed, next) = session.sending.chain_key.step()?;
            }
            if let Some(ratchet) = session.post_quantum.as_mut().filter(|_| !self.claims_no_key) {
                sent = Some(ratchet.send(fresh, &mut ()).ok()?);
            }
        }
        let (pq_ratchet, key) = match sent {
            Some(sent) => (Some(sent.bytes), sent.key),
            None if session.post_quantum.is_some() => (Some(spqr::without_key()), None),
            None => (None, None),
        };
        let message = Outgoing {
            version: session.version,
            ratchet_key: session.sending.ratchet.public,
            counter: session.sending.chain_key.index(),
            previous_counter: session.previous_counter,
            pq_ratchet,
            addresses: None,
            plaintext,
        };
        let keys = seed.message_keys(key.as_ref());
        let bytes = message.seal(&keys, &session.local_identity, &session.remote_identity);
        Some(Ciphertext { kind: MessageKind::Ratchet, bytes })
    }
}

impl fmt::Debug for Forger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Forger").field("claims_no_key", &self.claims_no_key).finish_non_exhaustive()
    }
}
