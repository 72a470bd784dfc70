//! The attacker's key ring: private keys by their public ones, from snapshots and oracles.

use std::collections::BTreeMap;

use super::oracle::{BrokenCurve, BrokenKem};
use super::reading::Unread;
use super::snapshot::Snapshot;
use crate::agreement::{Agreed, AgreementInput};
use crate::bundle::PrekeyBundle;
use crate::curve::{KeyPair, PublicKey};

use crate::identity::IdentityKey;
use crate::prekey_message::PrekeyMessage;
use crate::provider::{Kem, Kyber1024, Native, SharedSecret};
use crate::session::Session;
use crate::spqr::BraidKeyPair;

pub(super) struct Knowledge<'a> {
    snapshots: &'a [&'a Snapshot],
    curves: &'a [&'a BrokenCurve],
    kems: &'a [&'a BrokenKem],
    bundles: &'a [PrekeyBundle],
    stolen: BTreeMap<PublicKey, &'a KeyPair>,
}

impl<'a> Knowledge<'a> {
    pub(super) fn new(
        snapshots: &'a [&'a Snapshot],
        curves: &'a [&'a BrokenCurve],
        kems: &'a [&'a BrokenKem],
        bundles: &'a [PrekeyBundle],
    ) -> Self {
        let stolen = snapshots.iter().flat_map(|snapshot| snapshot.key_pairs());
        let stolen = stolen.map(|key_pair| (key_pair.public, key_pair)).collect();
        Self { snapshots, curves, kems, bundles, stolen }
    }

    pub(super) fn sessions(&self) -> impl Iterator<Item = &'a Session> {
        self.snapshots.iter().flat_map(|snapshot| snapshot.sessions())
    }

    /// What two key pairs share, which takes the private key of one of them.
    pub(super) fn agree(&self, one: &PublicKey, other: &PublicKey) -> Option<SharedSecret> {
        let with = |ours: &PublicKey, theirs: &PublicKey| self.private(ours)?.agree(theirs).ok();
        with(one, other).or_else(|| with(other, one))
    }

    pub(super) fn braid_key_pair(&self, header: &[u8; 64]) -> Option<&'a BraidKeyPair> {
        self.kems.iter().find_map(|oracle| oracle.braid_key_pair(header))
    }

    /// The agreements that a first message can have come from, with the signed prekey of each. More
    /// than one, if several keys are known under the ids that it names.
    ///
    /// Fails with what is missing, in the case that misses least.
    pub(super) fn agreements(
        &self,
        recipient: &IdentityKey,
        message: &PrekeyMessage,
    ) -> Result<Vec<(PublicKey, Agreed)>, Unread> {
        let kem_secrets = self.kem_secrets(recipient, message);
        let kem = kem_secrets.is_empty();
        let one_time_prekeys: Vec<Option<PublicKey>> = match message.one_time_prekey {
            None => vec![None],
            Some(id) => self.one_time_prekeys(recipient, id).into_iter().map(Some).collect(),
        };
        let mut agreed = Vec::new();
        let mut curve = true;
        for signed_prekey in self.signed_prekeys(recipient, message.signed_prekey) {
            for one_time_prekey in &one_time_prekeys {
                let input =
                    || self.agreement_input(recipient, message, &signed_prekey, one_time_prekey.as_ref());
                curve &= input().is_none();
                agreed.extend(
                    kem_secrets
                        .iter()
                        .filter_map(|secret| Some((signed_prekey, input()?.derive(secret.as_ref())))),
                );
            }
        }
        if agreed.is_empty() { Err(Unread::NoAgreement { curve, kem }) } else { Ok(agreed) }
    }

    /// DH1 to DH4 of X3DH and PQXDH, each from whichever private key is known.
    fn agreement_input(
        &self,
        recipient: &IdentityKey,
        message: &PrekeyMessage,
        signed_prekey: &PublicKey,
        one_time_prekey: Option<&PublicKey>,
    ) -> Option<AgreementInput> {
        let (identity, base_key) = (message.identity.public_key(), &message.base_key);
        let mut input = AgreementInput::new();
        input.push(&self.agree(identity, signed_prekey)?);
        input.push(&self.agree(base_key, recipient.public_key())?);
        input.push(&self.agree(base_key, signed_prekey)?);
        if let Some(one_time_prekey) = one_time_prekey {
            input.push(&self.agree(base_key, one_time_prekey)?);
        }
        Some(input)
    }

    /// The secrets that can have been encapsulated; a single `None` where the version has none.
    fn kem_secrets(&self, recipient: &IdentityKey, message: &PrekeyMessage) -> Vec<Option<SharedSecret>> {
        let Some(kem) = message.used_kem() else {
            return vec![None];
        };
        let Ok(ciphertext) = kem.ciphertext::<Native>() else { return Vec::new() };
        let stolen = self.snapshots_of(recipient).flat_map(|snapshot| &snapshot.kem_prekeys);
        let stolen = stolen.filter(|(id, _)| *id == kem.prekey).map(|(_, key)| key);
        let published = self.bundles_of(recipient).filter_map(|bundle| bundle.kem_prekey.as_ref());
        let broken = published
            .filter(|prekey| prekey.id == kem.prekey)
            .filter_map(|prekey| self.kems.iter().find_map(|oracle| oracle.prekey(&prekey.key)));
        stolen.chain(broken).map(|key| Some(Kyber1024::decapsulate(key, &ciphertext))).collect()
    }

    fn signed_prekeys(&self, recipient: &IdentityKey, id: u32) -> Vec<PublicKey> {
        let published = self.bundles_of(recipient).map(|bundle| bundle.signed_prekey);
        let published = published.filter(|prekey| prekey.id == id).map(|prekey| prekey.key);
        let stolen = self.snapshots_of(recipient).flat_map(|snapshot| &snapshot.signed_prekeys);
        distinct(published.chain(of_id(stolen, id)))
    }

    fn one_time_prekeys(&self, recipient: &IdentityKey, id: u32) -> Vec<PublicKey> {
        let published = self.bundles_of(recipient).filter_map(|bundle| bundle.one_time_prekey);
        let published = published.filter(|prekey| prekey.id == id).map(|prekey| prekey.key);
        let stolen = self.snapshots_of(recipient).flat_map(|snapshot| &snapshot.one_time_prekeys);
        distinct(published.chain(of_id(stolen, id)))
    }

    /// Ids of prekeys mean something at their device only.
    fn snapshots_of(&self, recipient: &IdentityKey) -> impl Iterator<Item = &'a Snapshot> {
        let of_recipient =
            move |snapshot: &&Snapshot| snapshot.owner().is_none_or(|owner| owner == *recipient);
        self.snapshots.iter().copied().filter(of_recipient)
    }

    fn bundles_of(&self, recipient: &IdentityKey) -> impl Iterator<Item = &'a PrekeyBundle> {
        self.bundles.iter().filter(move |bundle| bundle.identity == *recipient)
    }

    fn private(&self, public: &PublicKey) -> Option<&'a KeyPair> {
        let stolen = self.stolen.get(public).copied();
        stolen.or_else(|| self.curves.iter().find_map(|oracle| oracle.private(public)))
    }
}

fn of_id<'a>(keys: impl Iterator<Item = &'a (u32, KeyPair)>, id: u32) -> impl Iterator<Item = PublicKey> {
    keys.filter(move |(found, _)| *found == id).map(|(_, key)| key.public)
}

fn distinct(keys: impl Iterator<Item = PublicKey>) -> Vec<PublicKey> {
    let mut distinct = Vec::new();
    for key in keys {
        if !distinct.contains(&key) {
            distinct.push(key);
        }
    }
    distinct
}
