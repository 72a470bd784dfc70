//! PQXDH (sections "Sending the initial message" and "Receiving the initial message"): from both
//! sides' keys to the first root key and chain key.

use zeroize::Zeroizing;

use crate::chain::{ChainKey, RootKey};
use crate::curve::{InvalidAgreement, PrivateKey, PublicKey, SharedSecret};
use crate::kdf::{hkdf, take_key};
use crate::suite::Suite;

/// The initiator's side: private keys are ours, public keys are the bundle's.
pub(crate) struct Initiator<'a> {
    pub(crate) identity: &'a PrivateKey,
    pub(crate) base_key: &'a PrivateKey,
    pub(crate) their_identity: &'a PublicKey,
    pub(crate) their_signed_prekey: &'a PublicKey,
    pub(crate) their_one_time_prekey: Option<&'a PublicKey>,
    /// What was encapsulated to their KEM prekey.
    pub(crate) kem_secret: &'a SharedSecret,
}

impl Initiator<'_> {
    pub(crate) fn agree(&self, suite: Suite) -> Result<(RootKey, ChainKey), InvalidAgreement> {
        let mut input = AgreementInput::new();
        input.push(&self.identity.agree(self.their_signed_prekey)?);
        input.push(&self.base_key.agree(self.their_identity)?);
        input.push(&self.base_key.agree(self.their_signed_prekey)?);
        if let Some(one_time) = self.their_one_time_prekey {
            input.push(&self.base_key.agree(one_time)?);
        }
        input.push(self.kem_secret);
        Ok(input.derive(suite))
    }
}

/// The responder's side: the same four agreements from the other end.
pub(crate) struct Responder<'a> {
    pub(crate) identity: &'a PrivateKey,
    pub(crate) signed_prekey: &'a PrivateKey,
    pub(crate) one_time_prekey: Option<&'a PrivateKey>,
    pub(crate) their_identity: &'a PublicKey,
    pub(crate) their_base_key: &'a PublicKey,
    /// What was decapsulated with our KEM prekey.
    pub(crate) kem_secret: &'a SharedSecret,
}

impl Responder<'_> {
    pub(crate) fn agree(&self, suite: Suite) -> Result<(RootKey, ChainKey), InvalidAgreement> {
        let mut input = AgreementInput::new();
        input.push(&self.signed_prekey.agree(self.their_identity)?);
        input.push(&self.identity.agree(self.their_base_key)?);
        input.push(&self.signed_prekey.agree(self.their_base_key)?);
        if let Some(one_time) = self.one_time_prekey {
            input.push(&one_time.agree(self.their_base_key)?);
        }
        input.push(self.kem_secret);
        Ok(input.derive(suite))
    }
}

/// KM of the specification: 32 bytes FF, then DH1, DH2, DH3, DH4 if there is one, SS.
struct AgreementInput(Zeroizing<Vec<u8>>);

impl AgreementInput {
    fn new() -> Self {
        let mut input = Zeroizing::new(Vec::with_capacity(6 * 32));
        input.extend_from_slice(&[0xff; 32]);
        Self(input)
    }

    fn push(&mut self, secret: &SharedSecret) {
        self.0.extend_from_slice(secret.as_ref());
    }

    fn derive(&self, suite: Suite) -> (RootKey, ChainKey) {
        // A post-quantum ratchet would take a third key, bytes 64 to 96, of the same output.
        let okm = hkdf::<64>(&[], &self.0, suite.kdf_label());
        (RootKey::new(take_key::<64, 0>(&okm)), ChainKey::new(take_key::<64, 32>(&okm), 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kem::KemSecretKey;
    use crate::prekey_message::PrekeyMessage;

    #[test]
    fn derivation_known_answer() {
        let mut input = AgreementInput::new();
        for _ in 0..3 {
            input.push(&Zeroizing::new([0x44; 32]));
        }
        input.push(&Zeroizing::new([0x55; 32]));
        let (root, chain) = input.derive(Suite::Pqxdh);
        assert_eq!(
            hex::encode(root.as_bytes()) + &hex::encode(chain.as_bytes()),
            "5e3b35802afb49289229d24ec163ea246210212f65bc765f664b07e8c38e13e7\
             e982d1e8e3961ce1f242ea807078dc464d6f5a703921bb1b21c145b53b861a67"
        );
    }

    #[test]
    fn both_sides_agree_and_every_key_matters() {
        let key = |n: u8| PrivateKey::from_bytes([n; 32]);
        let (ik_a, ek_a, ik_b, spk_b, opk_b) = (key(1), key(2), key(3), key(4), key(5));
        let secret = Zeroizing::new([9; 32]);
        let initiator = |one_time: bool, base: &PrivateKey| {
            let opk = opk_b.public();
            let (root, chain) = Initiator {
                identity: &ik_a,
                base_key: base,
                their_identity: &ik_b.public(),
                their_signed_prekey: &spk_b.public(),
                their_one_time_prekey: one_time.then_some(&opk),
                kem_secret: &secret,
            }
            .agree(Suite::Pqxdh)
            .unwrap();
            (*root.as_bytes(), *chain.as_bytes())
        };
        let responder = |one_time: bool| {
            let (root, chain) = Responder {
                identity: &ik_b,
                signed_prekey: &spk_b,
                one_time_prekey: one_time.then_some(&opk_b),
                their_identity: &ik_a.public(),
                their_base_key: &ek_a.public(),
                kem_secret: &secret,
            }
            .agree(Suite::Pqxdh)
            .unwrap();
            (*root.as_bytes(), *chain.as_bytes())
        };
        assert_eq!(initiator(true, &ek_a), responder(true));
        assert_eq!(initiator(false, &ek_a), responder(false));
        assert_ne!(initiator(true, &ek_a), initiator(false, &ek_a));
        assert_ne!(initiator(true, &ek_a), initiator(true, &key(6)));
    }

    /// The values that recorded conversations of deployed clients passed through, from the keys to
    /// the first message.
    #[test]
    fn reaches_the_recorded_values() {
        let derived: Vec<Derived> =
            serde_json::from_str(include_str!("../tests/vectors/derived.json")).unwrap();
        let conversations = [
            ("v4-072-noonetime.json", include_str!("../tests/vectors/v4-072-noonetime.json")),
            ("v4-072-oneway12.json", include_str!("../tests/vectors/v4-072-oneway12.json")),
            ("v4-072-outoforder.json", include_str!("../tests/vectors/v4-072-outoforder.json")),
            ("v4-072-pingpong12.json", include_str!("../tests/vectors/v4-072-pingpong12.json")),
            ("v4-072to090.json", include_str!("../tests/vectors/v4-072to090.json")),
            ("v4-090to072.json", include_str!("../tests/vectors/v4-090to072.json")),
        ];
        assert_eq!(derived.len(), conversations.len());
        for expected in &derived {
            let (_, json) = conversations.iter().find(|(name, _)| *name == expected.file).unwrap();
            let recorded: serde_json::Value = serde_json::from_str(json).unwrap();
            let bytes = |path: &str| hex::decode(recorded.pointer(path).unwrap().as_str().unwrap()).unwrap();
            let private = |path: &str| PrivateKey::from_bytes(bytes(path).try_into().unwrap());
            let message = PrekeyMessage::parse(&bytes("/messages/0/ciphertext")).unwrap();

            let kem_key = KemSecretKey::parse(&bytes("/B/bundlePrivate/kyberSecretKey")).unwrap();
            assert_eq!(kem_key.public().to_bytes(), bytes("/B/bundle/kyberPreKey"));
            let kem_secret = kem_key.decapsulate(&message.kem.as_ref().unwrap().ciphertext);
            assert_eq!(hex::encode(*kem_secret), expected.kyber_shared_secret);

            let one_time = message.one_time_prekey.map(|_| private("/B/bundlePrivate/preKey"));
            let (root, chain) = Responder {
                identity: &private("/B/identityPrivate"),
                signed_prekey: &private("/B/bundlePrivate/signedPreKey"),
                one_time_prekey: one_time.as_ref(),
                their_identity: message.identity.public_key(),
                their_base_key: &message.base_key,
                kem_secret: &kem_secret,
            }
            .agree(Suite::Pqxdh)
            .unwrap();
            assert_eq!(hex::encode(root.as_bytes()), expected.root_key);
            assert_eq!(hex::encode(chain.as_bytes()), expected.chain_key);

            let their_ratchet_key = &message.message.ratchet_key;
            let dh = private("/B/bundlePrivate/signedPreKey").agree(their_ratchet_key).unwrap();
            let (root, chain) = root.step(&dh);
            assert_eq!(hex::encode(root.as_bytes()), expected.root_after_a_first_step);
            assert_eq!(hex::encode(chain.as_bytes()), expected.a_first_sending_chain_key);
            let (seed, next) = chain.step().unwrap();
            assert_eq!(hex::encode(seed.as_bytes()), expected.message0_seed);
            assert_eq!(hex::encode(next.as_bytes()), expected.chain_key_after_message0);
            assert_eq!(hex::encode(*seed.message_keys(&[]).mac_key()), expected.message0_mac_key);
        }
    }

    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Derived {
        file: String,
        kyber_shared_secret: String,
        root_key: String,
        chain_key: String,
        root_after_a_first_step: String,
        a_first_sending_chain_key: String,
        message0_seed: String,
        chain_key_after_message0: String,
        message0_mac_key: String,
    }
}
