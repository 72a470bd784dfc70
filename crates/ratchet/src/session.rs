//! One session: its state, how it begins on either side, and sending in it.

use crate::address::Addresses;
use crate::agreement::{Agreed, Initiator, Responder};
use crate::bundle::PrekeyBundle;
use crate::chain::{ChainKey, MessageSeed, RootKey};
use crate::curve::{KeyPair, PublicKey};
use crate::error::{DecryptError, EncryptError, InitiateError, PrekeyKind};
use crate::event::Observer;
use crate::fresh_keys::FreshKeys;
use crate::identity::{IdentityKey, LocalIdentity};
use crate::kept::Kept;
use crate::limits::{MAX_RECEIVING_CHAINS, UNANSWERED_LIMIT_S};
use crate::message::{Ciphertext, MessageKind, Outgoing};
use crate::prekey_message::{self, KemPart, PendingPrekey, PrekeyMessage};
use crate::prekeys::PrekeySource;
use crate::provider::{Curve, Kem, Native, Provider, SecondRatchetOf};
use crate::second_ratchet::{Direction, SecondRatchet, Terms};
use crate::spqr::SpqrStatus;
use crate::suite::{Suite, Version};

/// The state of one session (Double Ratchet, section "State variables").
#[derive(Clone)]
pub(crate) struct Session<P: Provider = Native> {
    pub(crate) version: Version,
    pub(crate) local_identity: IdentityKey,
    pub(crate) remote_identity: IdentityKey,
    pub(crate) local_registration_id: u32,
    pub(crate) remote_registration_id: u32,
    /// The initiator's base key: what tells sessions with the same peer apart.
    pub(crate) base_key: PublicKey,
    pub(crate) root_key: RootKey<P>,
    pub(crate) previous_counter: u32,
    pub(crate) sending: SendingChain<P>,
    /// Oldest first. Its memory is never moved, which would leave copies of keys behind.
    pub(crate) receiving: Vec<ReceivingChain<P>>,
    /// Present at the initiator until the peer has answered. In a box: room for what is not there would have what was on the
    /// stack where the session was made, a key for instance.
    pub(crate) pending: Option<Box<PendingPrekey<P>>>,
    /// The ratchet beside the classical one, in suite `triple` only.
    pub(crate) post_quantum: Option<Box<SecondRatchetOf<P>>>,
}

/// Our current ratchet key pair and the chain that goes with it.
#[derive(Clone)]
pub(crate) struct SendingChain<P: Provider = Native> {
    pub(crate) ratchet: KeyPair<P>,
    pub(crate) chain_key: ChainKey<P>,
}

/// A ratchet key of the peer and the chain that goes with it.
#[derive(Clone)]
pub(crate) struct ReceivingChain<P: Provider = Native> {
    pub(crate) ratchet_key: PublicKey,
    pub(crate) chain_key: ChainKey<P>,
    /// Of messages that were passed over and may still arrive.
    pub(crate) skipped: Kept<MessageSeed<P>>,
}

/// Room for all that there can be, where they must not be moved.
pub(crate) fn no_chains<P: Provider>() -> Vec<ReceivingChain<P>> {
    Vec::with_capacity(if P::KEEPS_SECRETS { MAX_RECEIVING_CHAINS } else { 1 })
}

impl<P: Provider> Session<P> {
    /// The initiator's first state (X3DH and PQXDH, section "Sending the initial message"; Double
    /// Ratchet, section "Initialization"). Takes a private key for the base key, the coins of the
    /// encapsulation in PQXDH, and a private key for the ratchet.
    pub(crate) fn initiate(
        local: &LocalIdentity<P>,
        bundle: &PrekeyBundle,
        now_s: u64,
        fresh: &mut impl FreshKeys<P>,
    ) -> Result<Self, InitiateError> {
        let suites = local.suites;
        let suite = suites.to_initiate(bundle.kem_prekey.is_some()).ok_or(InitiateError::NoKemPrekey)?;
        bundle.verify_with::<P>()?;
        let base = KeyPair::generate(fresh);
        let kem_prekey = bundle.kem_prekey.as_ref().filter(|_| suite.version().needs_kem());
        let (kem, kem_secret) = kem_prekey
            .map(|prekey| {
                let (ciphertext, secret) = P::Kem::encapsulate(&prekey.key.to_raw(), &fresh.kem_coins());
                (KemPart { prekey: prekey.id, ciphertext }, secret)
            })
            .unzip();
        let Agreed { root_key, chain_key, spqr_key } = Initiator {
            identity: local.key_pair.keys(),
            base_key: &base,
            their_identity: bundle.identity.public_key(),
            their_signed_prekey: &bundle.signed_prekey.key,
            their_one_time_prekey: bundle.one_time_prekey.as_ref().map(|prekey| &prekey.key),
            kem_secret: kem_secret.as_ref(),
        }
        .agree()?;

        let ratchet = KeyPair::generate(fresh);
        let (root_key, sending_chain_key) = root_key.step(&ratchet.agree(&bundle.signed_prekey.key)?);
        // Deployed clients keep the agreed chain key as a receiving chain of the signed prekey.
        // Nobody sends on it, but it counts towards the limit, so it decides when the next chain is
        // dropped.
        let mut receiving = no_chains();
        receiving.push(ReceivingChain {
            ratchet_key: bundle.signed_prekey.key,
            chain_key,
            skipped: Kept::new(),
        });
        let required = suites.oldest == Suite::Triple;
        let terms = Terms { direction: Direction::FromInitiator, required };
        Ok(Self {
            version: suite.version(),
            local_identity: local.key_pair.public(),
            remote_identity: bundle.identity,
            local_registration_id: local.registration_id,
            remote_registration_id: bundle.registration_id,
            base_key: base.public,
            root_key,
            previous_counter: 0,
            sending: SendingChain { ratchet, chain_key: sending_chain_key },
            receiving,
            pending: Some(Box::new(PendingPrekey {
                one_time_prekey: bundle.one_time_prekey.map(|prekey| prekey.id),
                signed_prekey: bundle.signed_prekey.id,
                kem,
                created_s: now_s,
            })),
            post_quantum: spqr_key
                .filter(|_| suite == Suite::Triple)
                .map(|key| Box::new(SecondRatchet::begin(key, terms))),
        })
    }

    /// The responder's first state (X3DH and PQXDH, section "Receiving the initial message"). The
    /// message inside is yet to be opened in it.
    pub(crate) fn respond(
        local: &LocalIdentity<P>,
        message: &PrekeyMessage,
        prekeys: &impl PrekeySource<P>,
    ) -> Result<Self, DecryptError> {
        let suites = local.suites;
        let suite = suites.to_respond(message.version).ok_or(DecryptError::SuiteRefused {
            suite: match message.version {
                Version::V3 => Suite::X3dh,
                Version::V4 => Suite::Pqxdh,
            },
        })?;
        // X3DH, as deployed, was without this check.
        if message.version == Version::V4 && !P::Curve::is_unique(message.base_key.as_raw()) {
            return Err(DecryptError::InvalidBaseKey);
        }
        let unknown = |kind, id| DecryptError::UnknownPrekey { kind, id };
        let signed = prekeys
            .signed_prekey(message.signed_prekey)
            .ok_or_else(|| unknown(PrekeyKind::Signed, message.signed_prekey))?;
        let kem_secret = match message.used_kem() {
            Some(kem) => {
                let prekey =
                    prekeys.kem_prekey(kem.prekey).ok_or_else(|| unknown(PrekeyKind::Kem, kem.prekey))?;
                Some(P::Kem::decapsulate(prekey.key(), &kem.ciphertext::<P>()?))
            }
            None => None,
        };
        let one_time = match message.one_time_prekey {
            Some(id) => Some(prekeys.one_time_prekey(id).ok_or_else(|| unknown(PrekeyKind::OneTime, id))?),
            None => None,
        };
        let Agreed { root_key, chain_key, spqr_key } = Responder {
            identity: local.key_pair.keys(),
            signed_prekey: &signed.key,
            one_time_prekey: one_time.map(|prekey| &prekey.key),
            their_identity: message.identity.public_key(),
            their_base_key: &message.base_key,
            kem_secret: kem_secret.as_ref(),
        }
        .agree()?;
        let required = suites.oldest == Suite::Triple;
        let terms = Terms { direction: Direction::FromResponder, required };
        Ok(Self {
            version: message.version,
            local_identity: local.key_pair.public(),
            remote_identity: message.identity,
            local_registration_id: local.registration_id,
            remote_registration_id: message.registration_id,
            base_key: message.base_key,
            root_key,
            previous_counter: 0,
            sending: SendingChain { ratchet: signed.key.clone(), chain_key },
            receiving: no_chains(),
            pending: None,
            post_quantum: spqr_key
                .filter(|_| suite == Suite::Triple)
                .map(|key| Box::new(SecondRatchet::begin(key, terms))),
        })
    }

    /// Encrypts (Double Ratchet, sections "Encrypting messages" and "Triple Ratchet"), wrapping
    /// while the peer has not answered. Takes fresh keys where the post-quantum ratchet begins its
    /// part of an epoch.
    pub(crate) fn encrypt(
        &mut self,
        addresses: Option<&Addresses>,
        plaintext: &[u8],
        fresh: &mut impl FreshKeys<P>,
        observer: &mut impl Observer,
    ) -> Result<Ciphertext, EncryptError> {
        let (seed, next) = self.sending.chain_key.step().ok_or(EncryptError::ChainExhausted)?;
        let (pq_ratchet, key) = match &mut self.post_quantum {
            None => (None, None),
            Some(ratchet) => {
                let sent = ratchet.send(fresh, observer)?;
                (Some(sent.bytes), sent.key)
            }
        };
        let keys = seed.message_keys(key.as_ref());
        let message = Outgoing {
            version: self.version,
            ratchet_key: self.sending.ratchet.public,
            counter: self.sending.chain_key.index(),
            previous_counter: self.previous_counter,
            pq_ratchet,
            // Only clients that require the post-quantum ratchet know the field, and only first
            // messages have it.
            addresses: addresses.filter(|_| self.pending.is_some() && self.requires_post_quantum()),
            plaintext,
        }
        .seal(&keys, &self.local_identity, &self.remote_identity);
        self.sending.chain_key = next;
        Ok(match &self.pending {
            None => Ciphertext { kind: MessageKind::Ratchet, bytes: message },
            Some(pending) => Ciphertext {
                kind: MessageKind::Prekey,
                bytes: prekey_message::wrap(
                    self.version,
                    pending,
                    &self.base_key,
                    &self.local_identity,
                    self.local_registration_id,
                    message,
                ),
            },
        })
    }

    /// The suite that the session runs; a session that gave up its post-quantum ratchet runs an
    /// older one than it began with.
    pub(crate) fn suite(&self) -> Suite {
        match (self.version, &self.post_quantum) {
            (Version::V3, _) => Suite::X3dh,
            (Version::V4, None) => Suite::Pqxdh,
            (Version::V4, Some(_)) => Suite::Triple,
        }
    }

    pub(crate) fn requires_post_quantum(&self) -> bool {
        self.post_quantum.as_ref().is_some_and(|ratchet| ratchet.is_required())
    }

    pub(crate) fn status(&self) -> SessionStatus {
        SessionStatus {
            id: SessionId(self.base_key),
            suite: self.suite(),
            acknowledged: self.pending.is_none(),
            sending_counter: self.sending.chain_key.index(),
            receiving_chains: self.receiving.len(),
            skipped_keys: self.receiving.iter().map(|chain| chain.skipped.len()).sum(),
            post_quantum: self.post_quantum.as_ref().and_then(|ratchet| ratchet.status()),
        }
    }

    /// Forgets the keys of messages that were passed over, and says how many.
    pub(crate) fn forget_skipped(&mut self) -> usize {
        let skipped =
            self.receiving.iter_mut().map(|chain| std::mem::replace(&mut chain.skipped, Kept::new()).len());
        let forgotten = skipped.sum();
        if let Some(ratchet) = &mut self.post_quantum {
            ratchet.forget_kept();
        }
        forgotten
    }

    /// Initiated too long ago without an answer. Exactly 30 days is still fresh.
    pub(crate) fn is_stale(&self, now_s: u64) -> bool {
        self.pending
            .as_ref()
            .is_some_and(|pending| pending.created_s.saturating_add(UNANSWERED_LIMIT_S) < now_s)
    }

    /// Whether this is a session of a device with others of its own account, as a message in it has shown: whoever
    /// opens a session can claim to be anybody. Deployed clients that require the post-quantum ratchet want to see the
    /// same account in the addresses too, older ones go by the identity key.
    pub(crate) fn is_own(&self, addresses: Option<&Addresses>) -> bool {
        self.local_identity == self.remote_identity
            && (!self.requires_post_quantum() || addresses.is_some_and(Addresses::is_same_service))
            && self.receiving.iter().any(|chain| chain.chain_key.index() > 0)
    }
}

/// What tells sessions apart, the same on both sides: the initiator's base key, which is drawn for one session.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SessionId(PublicKey);

impl SessionId {
    /// The base key, as [`Established`](crate::Established) and [`PrekeyMessage`] have it.
    #[must_use]
    pub const fn base_key(&self) -> &PublicKey {
        &self.0
    }
}

/// Where a session stands. Nothing secret.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SessionStatus {
    /// Which session it is.
    pub id: SessionId,
    /// The suite that it runs now.
    pub suite: Suite,
    /// Whether the peer is known to have it.
    pub acknowledged: bool,
    /// The counter of the next message sent.
    pub sending_counter: u32,
    /// Receiving chains that are kept, at most 5.
    pub receiving_chains: usize,
    /// Keys of messages that were passed over, in all receiving chains.
    pub skipped_keys: usize,
    /// The sparse post-quantum ratchet, if the suite has it.
    pub post_quantum: Option<SpqrStatus>,
}
