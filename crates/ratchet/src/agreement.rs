//! X3DH and PQXDH (sections "Sending the initial message" and "Receiving the initial message"): from
//! both sides' keys to the first keys of the ratchets.

use zeroize::Zeroizing;

use crate::chain::{ChainKey, RootKey};
use crate::curve::{InvalidAgreement, KeyPair, PublicKey};
use crate::provider::{KeyOf, Native, Provider, SharedSecret, Symmetric};

/// The initiator's side: private keys are ours, public keys are the bundle's.
pub(crate) struct Initiator<'a, P: Provider = Native> {
    pub(crate) identity: &'a KeyPair<P>,
    pub(crate) base_key: &'a KeyPair<P>,
    pub(crate) their_identity: &'a PublicKey,
    pub(crate) their_signed_prekey: &'a PublicKey,
    pub(crate) their_one_time_prekey: Option<&'a PublicKey>,
    /// What was encapsulated to their KEM prekey: PQXDH, else X3DH.
    pub(crate) kem_secret: Option<&'a SharedSecret>,
}

impl<P: Provider> Initiator<'_, P> {
    pub(crate) fn agree(&self) -> Result<Agreed<P>, InvalidAgreement> {
        let mut input = AgreementInput::new();
        input.push(&self.identity.agree(self.their_signed_prekey)?);
        input.push(&self.base_key.agree(self.their_identity)?);
        input.push(&self.base_key.agree(self.their_signed_prekey)?);
        if let Some(one_time) = self.their_one_time_prekey {
            input.push(&self.base_key.agree(one_time)?);
        }
        Ok(input.derive(self.kem_secret))
    }
}

/// The responder's side: the same four agreements from the other end.
pub(crate) struct Responder<'a, P: Provider = Native> {
    pub(crate) identity: &'a KeyPair<P>,
    pub(crate) signed_prekey: &'a KeyPair<P>,
    pub(crate) one_time_prekey: Option<&'a KeyPair<P>>,
    pub(crate) their_identity: &'a PublicKey,
    pub(crate) their_base_key: &'a PublicKey,
    /// What was decapsulated with our KEM prekey: PQXDH, else X3DH.
    pub(crate) kem_secret: Option<&'a SharedSecret>,
}

impl<P: Provider> Responder<'_, P> {
    pub(crate) fn agree(&self) -> Result<Agreed<P>, InvalidAgreement> {
        let mut input = AgreementInput::new();
        input.push(&self.signed_prekey.agree(self.their_identity)?);
        input.push(&self.identity.agree(self.their_base_key)?);
        input.push(&self.signed_prekey.agree(self.their_base_key)?);
        if let Some(one_time) = self.one_time_prekey {
            input.push(&one_time.agree(self.their_base_key)?);
        }
        Ok(input.derive(self.kem_secret))
    }
}

/// What the two sides have in common now.
pub(crate) struct Agreed<P: Provider = Native> {
    pub(crate) root_key: RootKey<P>,
    pub(crate) chain_key: ChainKey<P>,
    /// For the post-quantum ratchet; only PQXDH gives one.
    pub(crate) spqr_key: Option<KeyOf<P>>,
}

/// KM of the specifications: 32 bytes FF, then DH1, DH2, DH3, DH4 if there is one, SS if PQXDH.
pub(crate) struct AgreementInput(Zeroizing<Vec<u8>>);

impl AgreementInput {
    pub(crate) fn new() -> Self {
        let mut input = Zeroizing::new(Vec::with_capacity(6 * 32));
        input.extend_from_slice(&[0xff; 32]);
        Self(input)
    }

    pub(crate) fn push(&mut self, secret: &SharedSecret) {
        self.0.extend_from_slice(&secret[..]);
    }

    pub(crate) fn derive<P: Provider>(mut self, kem_secret: Option<&SharedSecret>) -> Agreed<P> {
        let (root_key, chain_key, spqr_key) = match kem_secret {
            None => {
                let [root_key, chain_key] = P::Symmetric::derive(None, &[&self.0], X3DH_LABEL);
                (root_key, chain_key, None)
            }
            Some(secret) => {
                self.push(secret);
                let [root_key, chain_key, spqr_key] = P::Symmetric::derive(None, &[&self.0], PQXDH_LABEL);
                (root_key, chain_key, Some(spqr_key))
            }
        };
        Agreed { root_key: RootKey::new(root_key), chain_key: ChainKey::new(chain_key, 0), spqr_key }
    }
}

/// `info` of the KDF (X3DH and PQXDH, section "Cryptographic notation": the application's choice).
const X3DH_LABEL: &[u8] = b"WhisperText";
const PQXDH_LABEL: &[u8] = b"WhisperText_X25519_SHA-256_CRYSTALS-KYBER-1024";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kem;
    use crate::prekey_message::PrekeyMessage;
    use crate::provider::{FixedBytes, Kem, KemSecretKeyOf, Key, Kyber1024};

    fn known_input() -> AgreementInput {
        let mut input = AgreementInput::new();
        for _ in 0..3 {
            input.push(&Key::new([0x44; 32]));
        }
        input
    }

    fn classical(agreed: &Agreed) -> String {
        hex::encode(agreed.root_key.as_bytes()) + &hex::encode(agreed.chain_key.as_bytes())
    }

    #[test]
    fn pqxdh_derivation_known_answer() {
        let agreed = known_input().derive::<Native>(Some(&Key::new([0x55; 32])));
        assert_eq!(
            classical(&agreed) + &hex::encode(*agreed.spqr_key.unwrap()),
            "5e3b35802afb49289229d24ec163ea246210212f65bc765f664b07e8c38e13e7\
             e982d1e8e3961ce1f242ea807078dc464d6f5a703921bb1b21c145b53b861a67\
             1ae5deb6db13b6964008cd615dd4bb8a438226caca026634bfafd2628964475c"
        );
    }

    #[test]
    fn x3dh_derivation_known_answer() {
        let agreed = known_input().derive::<Native>(None);
        assert_eq!(
            classical(&agreed),
            "63e604dcb1d57b1903e941ce97c3720f7d541fcae53cb9bfb0a6022ae7b519cb\
             937a198098300af5ac5c9b7cf5a081a5f695ad45538d077e933426572f75281e"
        );
        assert!(agreed.spqr_key.is_none());
    }

    #[test]
    fn both_sides_agree_and_every_key_matters() {
        let key = |n: u8| KeyPair::<Native>::from_private_bytes(&[n; 32]);
        let (ik_a, ek_a, ik_b, spk_b, opk_b) = (key(1), key(2), key(3), key(4), key(5));
        let secret = Key::new([9; 32]);
        let initiator = |one_time: bool, kem: bool, base: &KeyPair| {
            let opk = opk_b.public;
            let agreed = Initiator {
                identity: &ik_a,
                base_key: base,
                their_identity: &ik_b.public,
                their_signed_prekey: &spk_b.public,
                their_one_time_prekey: one_time.then_some(&opk),
                kem_secret: kem.then_some(&secret),
            }
            .agree()
            .unwrap();
            (classical(&agreed), agreed.spqr_key.map(|key| *key))
        };
        let responder = |one_time: bool, kem: bool| {
            let agreed = Responder {
                identity: &ik_b,
                signed_prekey: &spk_b,
                one_time_prekey: one_time.then_some(&opk_b),
                their_identity: &ik_a.public,
                their_base_key: &ek_a.public,
                kem_secret: kem.then_some(&secret),
            }
            .agree()
            .unwrap();
            (classical(&agreed), agreed.spqr_key.map(|key| *key))
        };
        for (one_time, kem) in [(true, true), (true, false), (false, true), (false, false)] {
            assert_eq!(initiator(one_time, kem, &ek_a), responder(one_time, kem));
        }
        assert_ne!(initiator(true, true, &ek_a), initiator(false, true, &ek_a));
        assert_ne!(initiator(true, true, &ek_a), initiator(true, false, &ek_a));
        assert_ne!(initiator(true, true, &ek_a), initiator(true, true, &key(6)));
    }

    /// The values that recorded conversations of deployed clients passed through, from the keys to
    /// the first message.
    #[test]
    fn reaches_the_recorded_values() {
        let derived: Vec<Derived> =
            serde_json::from_str(include_str!("../tests/vectors/derived.json")).unwrap();
        assert_eq!(derived.len(), 25);
        for expected in &derived {
            let path = format!("{}/tests/vectors/{}", env!("CARGO_MANIFEST_DIR"), expected.file);
            let recorded: serde_json::Value =
                serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
            let bytes = |path: &str| hex::decode(recorded.pointer(path).unwrap().as_str().unwrap()).unwrap();
            let private =
                |path: &str| KeyPair::<Native>::from_private_bytes(&bytes(path).try_into().unwrap());
            let message = PrekeyMessage::parse(&bytes("/messages/0/ciphertext")).unwrap();

            let kem_secret = message.kem.as_ref().map(|kem| {
                let key = bytes("/B/bundlePrivate/kyberSecretKey");
                let key = KemSecretKeyOf::<Native>::from_bytes(kem::untyped(&key).unwrap()).unwrap();
                assert_eq!(kem::typed(&Kyber1024::public_key(&key)), bytes("/B/bundle/kyberPreKey"));
                Kyber1024::decapsulate(&key, &kem.ciphertext::<Native>().unwrap())
            });
            let found = kem_secret.as_ref().map_or_else(String::new, |secret| hex::encode(**secret));
            assert_eq!(found, expected.kyber_shared_secret);

            let one_time = message.one_time_prekey.map(|_| private("/B/bundlePrivate/preKey"));
            let Agreed { root_key, chain_key, spqr_key } = Responder {
                identity: &private("/B/identityPrivate"),
                signed_prekey: &private("/B/bundlePrivate/signedPreKey"),
                one_time_prekey: one_time.as_ref(),
                their_identity: message.identity.public_key(),
                their_base_key: &message.base_key,
                kem_secret: kem_secret.as_ref(),
            }
            .agree()
            .unwrap();
            assert_eq!(hex::encode(root_key.as_bytes()), expected.root_key);
            assert_eq!(hex::encode(chain_key.as_bytes()), expected.chain_key);
            if let Some(key) = spqr_key {
                assert_eq!(hex::encode(*key), expected.pqr_key);
            }

            let their_ratchet_key = &message.message.ratchet_key;
            let dh = private("/B/bundlePrivate/signedPreKey").agree(their_ratchet_key).unwrap();
            let (root, chain) = root_key.step(&dh);
            assert_eq!(hex::encode(root.as_bytes()), expected.root_after_a_first_step);
            assert_eq!(hex::encode(chain.as_bytes()), expected.a_first_sending_chain_key);
            let (seed, next) = chain.step().unwrap();
            assert_eq!(hex::encode(seed.as_bytes()), expected.message0_seed);
            assert_eq!(hex::encode(next.as_bytes()), expected.chain_key_after_message0);
            let salt = hex::decode(&expected.message0_pq_key).unwrap();
            let salt = (!salt.is_empty()).then(|| <[u8; 32]>::try_from(salt).unwrap());
            let keys = seed.message_keys(salt.map(Key::new).as_ref());
            assert_eq!(hex::encode(keys.mac_key().as_bytes()), expected.message0_mac_key);
        }
    }

    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Derived {
        file: String,
        kyber_shared_secret: String,
        pqr_key: String,
        message0_pq_key: String,
        root_key: String,
        chain_key: String,
        root_after_a_first_step: String,
        a_first_sending_chain_key: String,
        message0_seed: String,
        chain_key_after_message0: String,
        message0_mac_key: String,
    }
}
