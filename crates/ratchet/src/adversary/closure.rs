//! Everything that follows: from secrets and a recording to all keys and plaintexts that they give.
//!
//! Each round reads messages, completes post-quantum epochs and takes Diffie-Hellman steps; it ends
//! when a round brings nothing new.

use std::collections::{BTreeMap, BTreeSet};

use zeroize::Zeroizing;

use super::chain::KnownChain;
use super::knowledge::Knowledge;
use super::message::Overheard;
use super::reading::{Reading, Unread};
use super::recording::RecordedMessage;
use super::session::{KnownPostQuantum, KnownRoot, KnownSession};
use crate::agreement::Agreed;
use crate::chain::RootKey;
use crate::curve::PublicKey;
use crate::identity::IdentityKey;
use crate::spqr::{Eavesdropper, Heard};

/// What tells sessions apart: the initiator's base key.
type SessionId = PublicKey;

pub(super) struct Closure<'a> {
    knowledge: &'a Knowledge<'a>,
    sessions: BTreeMap<SessionId, KnownSession>,
    messages: Vec<Result<Message, Unread>>,
    /// In the order of their first messages.
    chains: Vec<SeenChain>,
    /// The session of each ratchet key under which a message was read.
    placed: BTreeMap<PublicKey, SessionId>,
}

struct Message {
    overheard: Overheard,
    /// Why the key agreement in it could not be repeated.
    not_agreed: Option<Unread>,
    plaintext: Option<(SessionId, Zeroizing<Vec<u8>>)>,
}

/// The messages under one ratchet key, by their places in the recording.
struct SeenChain {
    sender: IdentityKey,
    recipient: IdentityKey,
    ratchet_key: PublicKey,
    messages: Vec<usize>,
}

/// Whether a Diffie-Hellman step needs a message that authenticates in the chain that it gives.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Proof {
    Needed,
    /// The post-quantum ratchet may hide all messages of a chain, and the chain still leads on to
    /// others: then the order of the recording has to do.
    Waived,
}

impl<'a> Closure<'a> {
    pub(super) fn over(knowledge: &'a Knowledge<'a>, recorded: &[RecordedMessage]) -> Self {
        let mut sessions = BTreeMap::<_, KnownSession>::new();
        for session in knowledge.sessions() {
            sessions.entry(session.base_key).or_default().steal(session);
        }
        let message = |recorded| {
            let overheard = Overheard::parse(recorded)?;
            Ok(Message { overheard, not_agreed: None, plaintext: None })
        };
        let messages: Vec<_> = recorded.iter().map(message).collect();
        let chains = SeenChain::all(&messages);
        Self { knowledge, sessions, messages, chains, placed: BTreeMap::new() }
    }

    pub(super) fn complete(mut self) -> Vec<Reading> {
        self.repeat_agreements();
        loop {
            let mut news = self.read() | self.finish_epochs();
            while self.step(Proof::Needed) {
                news = true;
            }
            if !news {
                if !self.step(Proof::Waived) {
                    break;
                }
                // Steps without proof give nothing to read until one with proof follows.
                while !self.step(Proof::Needed) && self.step(Proof::Waived) {}
            }
        }
        let Self { mut sessions, messages, .. } = self;
        let reading = |message: Result<Message, Unread>| {
            let Message { overheard, not_agreed, plaintext } = message?;
            plaintext.map(|(_, plaintext)| plaintext).ok_or_else(|| {
                let reasons = sessions.values_mut().filter_map(|session| session.open(&overheard).err());
                reasons.chain(not_agreed).max().unwrap_or(Unread::NoRootKey)
            })
        };
        messages.into_iter().map(reading).collect()
    }

    /// X3DH and PQXDH, wherever the keys for it are known: that they are from the beginning, or
    /// never.
    fn repeat_agreements(&mut self) {
        let mut agreed = BTreeSet::new();
        for Message { overheard, not_agreed, .. } in self.messages.iter_mut().flatten() {
            let Some(first) = overheard.first().filter(|first| !agreed.contains(&first.base_key)) else {
                continue;
            };
            match begin(self.knowledge, overheard) {
                Ok(Begun { chain, root_key, post_quantum }) => {
                    agreed.insert(first.base_key);
                    let session = self.sessions.entry(first.base_key).or_default();
                    session.add_step(chain, root_key, overheard.recipient);
                    session.post_quantum.extend(post_quantum);
                }
                Err(reason) => *not_agreed = Some(reason),
            }
        }
    }

    /// Decrypts whatever the known keys decrypt.
    fn read(&mut self) -> bool {
        let mut news = false;
        for Message { overheard, plaintext, .. } in self.messages.iter_mut().flatten() {
            if plaintext.is_some() {
                continue;
            }
            let mut sessions = self.sessions.iter_mut();
            *plaintext = sessions.find_map(|(id, session)| Some((*id, session.open(overheard).ok()?)));
            if let Some((id, _)) = plaintext {
                self.placed.insert(overheard.ratchet().ratchet_key, *id);
                news = true;
            }
        }
        news
    }

    /// Completes epochs of the post-quantum ratchet: from what authentic messages of the session
    /// carry, else from what all messages carry that may be of the session.
    fn finish_epochs(&mut self) -> bool {
        let Self { knowledge, sessions, messages, .. } = self;
        let oracle = |header: &[u8; 64]| knowledge.braid_key_pair(header);
        let mut news = false;
        for (id, session) in sessions {
            for KnownPostQuantum { initiator, responder, ratchet } in &mut session.post_quantum {
                let (initiator, responder) = (*initiator, *responder);
                let read = |message: &&Message| message.place() == Some(*id);
                let possible = |message: &&Message| {
                    message
                        .place()
                        .map_or(message.overheard.is_between(&initiator, &responder), |at| at == *id)
                };
                let messages = || messages.iter().flatten();
                while ratchet.next_epoch(messages().filter(read).filter_map(Message::heard), oracle)
                    || ratchet.next_epoch(messages().filter(possible).filter_map(Message::heard), oracle)
                {
                    news = true;
                }
            }
        }
        news
    }

    /// Takes the next Diffie-Hellman step of each session; without proof, of one session.
    fn step(&mut self, proof: Proof) -> bool {
        let Self { knowledge, sessions, messages, chains, placed } = self;
        let mut news = false;
        for (id, session) in sessions {
            let KnownSession { roots, post_quantum, stepped_to, .. } = session;
            let found = roots.iter_mut().filter(|(_, root)| !root.stepped).find_map(|(ratchet_key, root)| {
                let may_follow = |seen: &&SeenChain| {
                    (seen.sender, seen.recipient) == (root.peer, root.owner)
                        && !stepped_to.contains(&seen.ratchet_key)
                        && placed.get(&seen.ratchet_key).is_none_or(|place| place == id)
                };
                // A ratchet key is answered by a newer one. Its own messages may have been missed.
                let since = match chains.iter().position(|seen| seen.ratchet_key == *ratchet_key) {
                    Some(at) => at + 1,
                    None if proof == Proof::Needed => 0,
                    None => return None,
                };
                let newer = chains.iter().skip(since);
                let step = newer.filter(may_follow).find_map(|seen| {
                    // Agreeing is expensive, and pointless if nothing can prove it right.
                    if proof == Proof::Needed && !seen.can_prove(messages, post_quantum) {
                        return None;
                    }
                    let (mut chain, root_key) = root.step(knowledge, ratchet_key, seen.ratchet_key)?;
                    let proven = proof == Proof::Waived || seen.proves(&mut chain, messages, post_quantum);
                    proven.then_some((chain, root_key, root.owner))
                });
                root.stepped = step.is_some();
                step
            });
            if let Some((chain, root_key, peer)) = found {
                session.add_step(chain, root_key, peer);
                news = true;
                if proof == Proof::Waived {
                    break;
                }
            }
        }
        news
    }
}

impl Message {
    /// The session that it was read in.
    fn place(&self) -> Option<SessionId> {
        self.plaintext.as_ref().map(|(id, _)| *id)
    }

    fn heard(&self) -> Option<&Heard> {
        self.overheard.post_quantum.as_ref()
    }
}

impl SeenChain {
    fn all(messages: &[Result<Message, Unread>]) -> Vec<Self> {
        let mut chains: Vec<Self> = Vec::new();
        let mut places = BTreeMap::new();
        for (at, message) in messages.iter().enumerate() {
            let Ok(Message { overheard, .. }) = message else { continue };
            let Overheard { sender, recipient, .. } = *overheard;
            let ratchet_key = overheard.ratchet().ratchet_key;
            let place = *places.entry((sender, recipient, ratchet_key)).or_insert(chains.len());
            match chains.get_mut(place) {
                Some(chain) => chain.messages.push(at),
                None => chains.push(Self { sender, recipient, ratchet_key, messages: vec![at] }),
            }
        }
        chains
    }

    /// Whether the keys of the post-quantum ratchet are known that some message of it needs.
    fn can_prove(&self, messages: &[Result<Message, Unread>], known: &mut [KnownPostQuantum]) -> bool {
        self.overheard(messages).any(|message| !message.salts(known).is_empty())
    }

    /// Whether some message of it is of this chain.
    fn proves(
        &self,
        chain: &mut KnownChain,
        messages: &[Result<Message, Unread>],
        known: &mut [KnownPostQuantum],
    ) -> bool {
        self.overheard(messages).any(|message| chain.open(known, message).is_ok())
    }

    fn overheard<'m>(&self, messages: &'m [Result<Message, Unread>]) -> impl Iterator<Item = &'m Overheard> {
        self.messages
            .iter()
            .filter_map(|at| messages.get(*at)?.as_ref().ok().map(|message| &message.overheard))
    }
}

impl KnownRoot {
    /// The step with the peer's next ratchet key, for which the private key of either side does.
    fn step(
        &self,
        knowledge: &Knowledge<'_>,
        ratchet_key: &PublicKey,
        next: PublicKey,
    ) -> Option<(KnownChain, RootKey)> {
        let (root_key, chain_key) = self.key.step(&knowledge.agree(ratchet_key, &next)?);
        Some((KnownChain::stepped(self.peer, next, chain_key, Some(self.chain)), root_key))
    }
}

/// The beginning of a session.
struct Begun {
    chain: KnownChain,
    root_key: RootKey,
    post_quantum: Option<KnownPostQuantum>,
}

/// Repeats the key agreement of a first message. The message inside tells whether the keys were the
/// right ones.
fn begin(knowledge: &Knowledge<'_>, overheard: &Overheard) -> Result<Begun, Unread> {
    let Some(first) = overheard.first() else { return Err(Unread::NoRootKey) };
    let (initiator, responder) = (overheard.sender, overheard.recipient);
    let ratchet_key = overheard.ratchet().ratchet_key;
    let begun = knowledge.agreements(&responder, first)?.into_iter().find_map(|(signed_prekey, agreed)| {
        let Agreed { root_key, spqr_key, .. } = agreed;
        let (root_key, chain_key) = root_key.step(&knowledge.agree(&signed_prekey, &ratchet_key)?);
        let mut chain = KnownChain::stepped(initiator, ratchet_key, chain_key, None);
        let mut post_quantum = spqr_key.map(|key| KnownPostQuantum {
            initiator,
            responder,
            ratchet: Eavesdropper::from_agreement(&key),
        });
        chain.open(post_quantum.as_mut_slice(), overheard).ok()?;
        chain.confirmed = true;
        Some(Begun { chain, root_key, post_quantum })
    });
    begun.ok_or(Unread::NotAuthentic)
}
