//! One session: its state, how it begins on either side, and sending in it.

use std::collections::VecDeque;

use rand_core::CryptoRng;

use crate::agreement::{Initiator, Responder};
use crate::bundle::PrekeyBundle;
use crate::chain::{ChainKey, MessageSeed, RootKey};
use crate::curve::{KeyPair, PublicKey};
use crate::error::{DecryptError, EncryptError, InitiateError, PrekeyKind};
use crate::identity::{IdentityKey, LocalIdentity};
use crate::message::{Ciphertext, MessageKind, Outgoing};
use crate::prekey_message::{self, KemPart, PrekeyMessage};
use crate::prekeys::PrekeySource;
use crate::suite::Suite;

/// After this long without an answer a session is not used for sending any more.
const UNANSWERED_LIMIT_S: u64 = 30 * 24 * 60 * 60;

/// Receiving chains that are kept, oldest dropped first.
pub(crate) const MAX_RECEIVING_CHAINS: usize = 5;

/// The state of one Double Ratchet session (Double Ratchet, section "State variables").
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) suite: Suite,
    pub(crate) local_identity: IdentityKey,
    pub(crate) remote_identity: IdentityKey,
    pub(crate) local_registration_id: u32,
    pub(crate) remote_registration_id: u32,
    /// The initiator's base key: what tells sessions with the same peer apart.
    pub(crate) base_key: PublicKey,
    pub(crate) root_key: RootKey,
    pub(crate) previous_counter: u32,
    pub(crate) sending: SendingChain,
    /// Oldest first.
    pub(crate) receiving: Vec<ReceivingChain>,
    /// Present at the initiator until the peer has answered.
    pub(crate) pending: Option<PendingPrekey>,
}

/// Our current ratchet key pair and the chain that goes with it.
#[derive(Clone)]
pub(crate) struct SendingChain {
    pub(crate) ratchet: KeyPair,
    pub(crate) chain_key: ChainKey,
}

/// A ratchet key of the peer and the chain that goes with it.
#[derive(Clone)]
pub(crate) struct ReceivingChain {
    pub(crate) ratchet_key: PublicKey,
    pub(crate) chain_key: ChainKey,
    /// Skipped message keys, newest first.
    pub(crate) skipped: VecDeque<SkippedMessage>,
}

/// A message that was passed over and may still arrive.
#[derive(Clone)]
pub(crate) struct SkippedMessage {
    pub(crate) counter: u32,
    pub(crate) seed: MessageSeed,
}

/// What every message carries until the peer has answered.
#[derive(Clone)]
pub(crate) struct PendingPrekey {
    pub(crate) one_time_prekey: Option<u32>,
    pub(crate) signed_prekey: u32,
    pub(crate) kem: KemPart,
    pub(crate) created_s: u64,
}

impl Session {
    /// The initiator's first state (PQXDH, section "Sending the initial message"; Double Ratchet,
    /// section "Initialization"). Takes from `rng` 32 bytes each for the base key, the
    /// encapsulation and the ratchet key.
    pub(crate) fn initiate(
        local: &LocalIdentity,
        bundle: &PrekeyBundle,
        now_s: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, InitiateError> {
        let suite = Suite::Pqxdh;
        bundle.verify()?;
        let base = KeyPair::generate(rng);
        let (ciphertext, kem_secret) = bundle.kem_prekey.key.encapsulate(rng);
        let (root_key, chain_key) = Initiator {
            identity: local.key_pair.private(),
            base_key: &base.private,
            their_identity: bundle.identity.public_key(),
            their_signed_prekey: &bundle.signed_prekey.key,
            their_one_time_prekey: bundle.one_time_prekey.as_ref().map(|prekey| &prekey.key),
            kem_secret: &kem_secret,
        }
        .agree(suite)?;

        let ratchet = KeyPair::generate(rng);
        let (root_key, sending_chain_key) = root_key.step(&ratchet.private.agree(&bundle.signed_prekey.key)?);
        // Deployed clients keep the agreed chain key as a receiving chain of the signed prekey.
        // Nobody sends on it, but it counts towards the limit, so it decides when the next chain is
        // dropped.
        let unused =
            ReceivingChain { ratchet_key: bundle.signed_prekey.key, chain_key, skipped: VecDeque::new() };
        Ok(Self {
            suite,
            local_identity: local.key_pair.public(),
            remote_identity: bundle.identity,
            local_registration_id: local.registration_id,
            remote_registration_id: bundle.registration_id,
            base_key: base.public,
            root_key,
            previous_counter: 0,
            sending: SendingChain { ratchet, chain_key: sending_chain_key },
            receiving: vec![unused],
            pending: Some(PendingPrekey {
                one_time_prekey: bundle.one_time_prekey.map(|prekey| prekey.id),
                signed_prekey: bundle.signed_prekey.id,
                kem: KemPart { prekey: bundle.kem_prekey.id, ciphertext },
                created_s: now_s,
            }),
        })
    }

    /// The responder's first state (PQXDH, section "Receiving the initial message"). The message
    /// inside is yet to be opened in it.
    pub(crate) fn respond(
        local: &LocalIdentity,
        message: &PrekeyMessage,
        kem: &KemPart,
        prekeys: &impl PrekeySource,
    ) -> Result<Self, DecryptError> {
        if !message.base_key.is_canonical_and_torsion_free() {
            return Err(DecryptError::InvalidBaseKey);
        }
        let unknown = |kind, id| DecryptError::UnknownPrekey { kind, id };
        let signed = prekeys
            .signed_prekey(message.signed_prekey)
            .ok_or_else(|| unknown(PrekeyKind::Signed, message.signed_prekey))?;
        let kem_prekey =
            prekeys.kem_prekey(kem.prekey).ok_or_else(|| unknown(PrekeyKind::Kem, kem.prekey))?;
        let one_time = match message.one_time_prekey {
            Some(id) => Some(prekeys.one_time_prekey(id).ok_or_else(|| unknown(PrekeyKind::OneTime, id))?),
            None => None,
        };
        let (root_key, chain_key) = Responder {
            identity: local.key_pair.private(),
            signed_prekey: &signed.key.private,
            one_time_prekey: one_time.map(|prekey| &prekey.key.private),
            their_identity: message.identity.public_key(),
            their_base_key: &message.base_key,
            kem_secret: &kem_prekey.key.decapsulate(&kem.ciphertext),
        }
        .agree(message.suite)?;
        Ok(Self {
            suite: message.suite,
            local_identity: local.key_pair.public(),
            remote_identity: message.identity,
            local_registration_id: local.registration_id,
            remote_registration_id: message.registration_id,
            base_key: message.base_key,
            root_key,
            previous_counter: 0,
            sending: SendingChain { ratchet: signed.key.clone(), chain_key },
            receiving: Vec::new(),
            pending: None,
        })
    }

    /// Encrypts (Double Ratchet, section "Encrypting messages"), wrapping while the peer has not
    /// answered.
    pub(crate) fn encrypt(&mut self, plaintext: &[u8]) -> Result<Ciphertext, EncryptError> {
        let (seed, next) = self.sending.chain_key.step().ok_or(EncryptError::ChainExhausted)?;
        let keys = seed.message_keys(self.suite.message_key_salt(None));
        let message = Outgoing {
            suite: self.suite,
            ratchet_key: self.sending.ratchet.public,
            counter: self.sending.chain_key.index(),
            previous_counter: self.previous_counter,
            plaintext,
        }
        .seal(&keys, &self.local_identity, &self.remote_identity);
        self.sending.chain_key = next;
        Ok(match &self.pending {
            None => Ciphertext { kind: MessageKind::Ratchet, bytes: message },
            Some(pending) => Ciphertext {
                kind: MessageKind::Prekey,
                bytes: prekey_message::wrap(
                    self.suite,
                    pending,
                    &self.base_key,
                    &self.local_identity,
                    self.local_registration_id,
                    message,
                ),
            },
        })
    }

    /// Initiated too long ago without an answer. Exactly 30 days is still fresh.
    pub(crate) fn is_stale(&self, now_s: u64) -> bool {
        self.pending
            .as_ref()
            .is_some_and(|pending| pending.created_s.saturating_add(UNANSWERED_LIMIT_S) < now_s)
    }

    /// A device talking to its own other devices under one identity key.
    pub(crate) fn is_with_self(&self) -> bool {
        self.local_identity == self.remote_identity
    }
}
