//! A device of our engine: identity, prekeys and one session record, or the twin of an official device's.

use std::collections::BTreeMap;
use std::fmt;

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng as _, SeedableRng as _};
use ratchet::{
    Addresses, Ciphertext, DeviceAddress, FreshKeys, IdentityKey, IdentityKeyPair, KemPrekey, KemPublicKey,
    LocalIdentity, OneTimePrekey, PrekeyBundle, PrekeySource, PublicKemPrekey, PublicKey,
    PublicOneTimePrekey, PublicSignedPrekey, SessionRecord, Signature, SignedPrekey, Suite, Suites,
};

use crate::oracle::{OracleError, broken};
use crate::party::{Bundle, CurveKey, NOW_S, Name, Party, PrivatePrekeys, SignedKey};
use crate::verdict::{Refusal, Verdict};

/// What a device of ours speaks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Speaks {
    /// X3DH with the Double Ratchet.
    X3dh,
    /// PQXDH with the Double Ratchet.
    Pqxdh,
    /// The Triple Ratchet, or PQXDH with the Double Ratchet if the peer does not have it.
    TripleOrPqxdh,
    /// The Triple Ratchet and nothing else.
    Triple,
}

impl Speaks {
    const fn suites(self) -> Suites {
        match self {
            Self::X3dh => Suites::only(Suite::X3dh),
            Self::Pqxdh => Suites::only(Suite::Pqxdh),
            Self::TripleOrPqxdh => Suites { newest: Suite::Triple, oldest: Suite::Pqxdh },
            Self::Triple => Suites::only(Suite::Triple),
        }
    }
}

impl fmt::Display for Speaks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::X3dh => "x3dh",
            Self::Pqxdh => "pqxdh",
            Self::TripleOrPqxdh => "triple-fallback",
            Self::Triple => "triple",
        })
    }
}

/// A device of our engine that talks with one other device.
pub struct Ours {
    local: LocalIdentity,
    device: u8,
    with_kem: bool,
    prekeys: Prekeys,
    record: SessionRecord,
    rng: ChaCha8Rng,
    last_prekey: u32,
}

#[derive(Default)]
struct Prekeys {
    signed: BTreeMap<u32, SignedPrekey>,
    one_time: BTreeMap<u32, OneTimePrekey>,
    kem: BTreeMap<u32, KemPrekey>,
}

impl Ours {
    /// A new device. The seed decides everything that is random about it.
    #[must_use]
    pub fn new(speaks: Speaks, local: &Name, remote: &Name, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let key_pair = IdentityKeyPair::generate(&mut rng);
        let registration_id = rng.next_u32() & 0x3fff;
        Self::with_identity(speaks, local, remote, key_pair, registration_id, rng)
    }

    /// A device with the identity key of an official one; see [`Ours::learn_prekeys`].
    ///
    /// # Errors
    /// When the key is none.
    pub fn twin(
        speaks: Speaks,
        local: &Name,
        remote: &Name,
        identity: &[u8],
        registration_id: u32,
    ) -> Result<Self, OracleError> {
        let key_pair = IdentityKeyPair::from_private_bytes(identity.try_into().map_err(broken)?);
        let rng = ChaCha8Rng::seed_from_u64(u64::from(registration_id));
        Ok(Self::with_identity(speaks, local, remote, key_pair, registration_id, rng))
    }

    fn with_identity(
        speaks: Speaks,
        local: &Name,
        remote: &Name,
        key_pair: IdentityKeyPair,
        registration_id: u32,
        rng: ChaCha8Rng,
    ) -> Self {
        Self {
            local: LocalIdentity { key_pair, registration_id, suites: speaks.suites() },
            device: local.device,
            with_kem: speaks != Speaks::X3dh,
            prekeys: Prekeys::default(),
            record: record_between(local, remote),
            rng,
            last_prekey: 0,
        }
    }

    /// Takes over the prekeys of an official device.
    ///
    /// # Errors
    /// When the private halves are none, or not those of the bundle.
    pub fn learn_prekeys(&mut self, bundle: &Bundle, private: &PrivatePrekeys) -> Result<(), OracleError> {
        let id = bundle.signed.id;
        let signature = Signature::parse(&bundle.signed.signature).map_err(broken)?;
        let key = private_key(&private.signed)?;
        self.prekeys.signed.insert(id, SignedPrekey::from_private_bytes(id, key, signature));
        if let (Some(CurveKey { id, .. }), Some(key)) = (&bundle.one_time, &private.one_time) {
            let key = private_key(&hex::decode(key).map_err(broken)?)?;
            self.prekeys.one_time.insert(*id, OneTimePrekey::from_private_bytes(*id, key));
        }
        if let (Some(SignedKey { id, signature, .. }), Some(key)) = (&bundle.kyber, &private.kyber) {
            let (key, signature) =
                (hex::decode(key).map_err(broken)?, Signature::parse(signature).map_err(broken)?);
            let prekey = KemPrekey::from_secret_bytes(*id, &key, signature).map_err(broken)?;
            self.prekeys.kem.insert(*id, prekey);
        }
        Ok(())
    }

    /// Its sessions, for a test that tries something in a copy.
    #[must_use]
    pub const fn record(&self) -> &SessionRecord {
        &self.record
    }

    /// Goes back to these sessions.
    pub fn set_record(&mut self, record: SessionRecord) {
        self.record = record;
    }

    /// Forgets prekeys: kind `oneTime`, `signed` or `kyber`.
    pub fn forget_prekey(&mut self, kind: &str, id: u32) {
        match kind {
            "oneTime" => drop(self.prekeys.one_time.remove(&id)),
            "signed" => drop(self.prekeys.signed.remove(&id)),
            _ => drop(self.prekeys.kem.remove(&id)),
        }
    }

    /// Encrypts with these fresh keys, if any are needed.
    ///
    /// # Errors
    /// When there is no session to send in.
    pub fn encrypt_with(&mut self, plaintext: &[u8], fresh: &mut impl FreshKeys) -> Verdict<Ciphertext> {
        self.record.encrypt(plaintext, NOW_S, fresh).map_err(refusal)
    }

    fn encrypt_one(&mut self, plaintext: &[u8]) -> Verdict<Ciphertext> {
        self.record.encrypt(plaintext, NOW_S, &mut self.rng).map_err(refusal)
    }

    /// Decrypts, and deletes what the protocol says to delete.
    fn decrypt_one(&mut self, message: &Ciphertext) -> Verdict<Vec<u8>> {
        let Ciphertext { kind, bytes } = message;
        let decrypted =
            self.record.decrypt(&self.local, *kind, bytes, &self.prekeys, &mut self.rng).map_err(refusal)?;
        if let Some(id) = decrypted.established.and_then(|established| established.one_time_prekey) {
            self.prekeys.one_time.remove(&id);
        }
        Ok(decrypted.plaintext.to_vec())
    }
}

impl Party for Ours {
    fn publish(&mut self, with_one_time: bool) -> Result<Bundle, OracleError> {
        self.last_prekey += 1;
        let id = self.last_prekey;
        let identity = &self.local.key_pair;
        let signed = SignedPrekey::generate(1000 + id, identity, &mut self.rng);
        let one_time = with_one_time.then(|| OneTimePrekey::generate(2000 + id, &mut self.rng));
        let kem = self.with_kem.then(|| KemPrekey::generate(3000 + id, identity, &mut self.rng));
        let bundle = Bundle {
            registration_id: self.local.registration_id,
            device: self.device,
            identity: identity.public().to_bytes().to_vec(),
            signed: SignedKey {
                id: signed.id(),
                key: signed.public().to_bytes().to_vec(),
                signature: signed.signature().to_bytes().to_vec(),
            },
            one_time: one_time
                .as_ref()
                .map(|prekey| CurveKey { id: prekey.id(), key: prekey.public().to_bytes().to_vec() }),
            kyber: kem.as_ref().map(|prekey| SignedKey {
                id: prekey.id(),
                key: prekey.public().to_bytes(),
                signature: prekey.signature().to_bytes().to_vec(),
            }),
        };
        self.prekeys.signed.insert(signed.id(), signed);
        self.prekeys.one_time.extend(one_time.map(|prekey| (prekey.id(), prekey)));
        self.prekeys.kem.extend(kem.map(|prekey| (prekey.id(), prekey)));
        Ok(bundle)
    }

    fn initiate(&mut self, bundle: &Bundle) -> Result<Verdict<()>, OracleError> {
        let parsed = match parse(bundle) {
            Ok(parsed) => parsed,
            Err(refusal) => return Ok(Err(refusal)),
        };
        Ok(self.record.initiate(&self.local, &parsed, NOW_S, &mut self.rng).map_err(refusal))
    }

    fn encrypt(&mut self, plaintexts: &[Vec<u8>]) -> Result<Vec<Verdict<Ciphertext>>, OracleError> {
        Ok(plaintexts.iter().map(|plaintext| self.encrypt_one(plaintext)).collect())
    }

    fn decrypt(&mut self, messages: &[Ciphertext]) -> Result<Vec<Verdict<Vec<u8>>>, OracleError> {
        Ok(messages.iter().map(|message| self.decrypt_one(message)).collect())
    }

    fn archive(&mut self) -> Result<(), OracleError> {
        self.record.archive_current();
        Ok(())
    }

    fn restart(&mut self) -> Result<(), OracleError> {
        self.record = SessionRecord::from_bytes(&self.record.to_bytes()).map_err(broken)?;
        for prekey in self.prekeys.signed.values_mut() {
            *prekey = SignedPrekey::from_bytes(&prekey.to_bytes()).map_err(broken)?;
        }
        for prekey in self.prekeys.one_time.values_mut() {
            *prekey = OneTimePrekey::from_bytes(&prekey.to_bytes()).map_err(broken)?;
        }
        for prekey in self.prekeys.kem.values_mut() {
            *prekey = KemPrekey::from_bytes(&prekey.to_bytes()).map_err(broken)?;
        }
        Ok(())
    }
}

impl PrekeySource for Prekeys {
    fn signed_prekey(&self, id: u32) -> Option<&SignedPrekey> {
        self.signed.get(&id)
    }

    fn one_time_prekey(&self, id: u32) -> Option<&OneTimePrekey> {
        self.one_time.get(&id)
    }

    fn kem_prekey(&self, id: u32) -> Option<&KemPrekey> {
        self.kem.get(&id)
    }
}

/// Addresses are part of the protocol only where both ends have service ids.
fn record_between(local: &Name, remote: &Name) -> SessionRecord {
    let address = |name: &Name| DeviceAddress::new(name.service.parse().ok()?, name.device).ok();
    match (address(local), address(remote)) {
        (Some(local), Some(remote)) => SessionRecord::between(Addresses { local, remote }),
        _ => SessionRecord::default(),
    }
}

fn parse(bundle: &Bundle) -> Verdict<PrekeyBundle> {
    let one_time = |CurveKey { id, key }: &CurveKey| {
        Ok(PublicOneTimePrekey { id: *id, key: PublicKey::parse(key).map_err(refusal)? })
    };
    let kem = |SignedKey { id, key, signature }: &SignedKey| {
        Ok(PublicKemPrekey {
            id: *id,
            key: KemPublicKey::parse(key).map_err(refusal)?,
            signature: Signature::parse(signature).map_err(refusal)?,
        })
    };
    Ok(PrekeyBundle {
        registration_id: bundle.registration_id,
        device_id: bundle.device,
        identity: IdentityKey::parse(&bundle.identity).map_err(refusal)?,
        signed_prekey: PublicSignedPrekey {
            id: bundle.signed.id,
            key: PublicKey::parse(&bundle.signed.key).map_err(refusal)?,
            signature: Signature::parse(&bundle.signed.signature).map_err(refusal)?,
        },
        one_time_prekey: bundle.one_time.as_ref().map(one_time).transpose()?,
        kem_prekey: bundle.kyber.as_ref().map(kem).transpose()?,
    })
}

fn private_key(bytes: &[u8]) -> Result<[u8; 32], OracleError> {
    bytes.try_into().map_err(broken)
}

fn refusal(error: impl fmt::Display) -> Refusal {
    Refusal(error.to_string())
}
