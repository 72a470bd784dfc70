//! The ratcheted authenticator (ML-KEM Braid, section "Ratcheted authenticator"): tags on what the
//! two sides of an epoch send, under keys that every epoch secret goes into.

use subtle::ConstantTimeEq;

use super::kem::{Ct1Of, Ct2Of, HeaderOf};
use super::{EpochSecret, SpqrError};
use crate::provider::{FixedBytes, KeyOf, Native, Provider, SharedSecret, Symmetric, TagOf};

/// Deployed name of the protocol: the specification's with neither hash nor MAC in it.
const PROTOCOL: &[u8] = b"Signal_PQCKA_V1_MLKEM768";

#[derive(Clone)]
pub(crate) struct Authenticator<P: Provider = Native> {
    pub(super) root: KeyOf<P>,
    pub(super) mac_key: KeyOf<P>,
}

impl<P: Provider> Authenticator<P> {
    /// From what the key agreement gave for it; the same on both sides.
    pub(super) fn new(auth_key: &KeyOf<P>) -> Self {
        Self::after(&[0; 32], 1, auth_key)
    }

    /// With the secret of an epoch mixed in. The specification has the root as salt; deployed
    /// clients put it in front of the input.
    pub(super) fn updated(&self, epoch: u64, secret: &KeyOf<P>) -> Self {
        Self::after(self.root.as_bytes(), epoch, secret)
    }

    fn after(root: &[u8], epoch: u64, secret: &KeyOf<P>) -> Self {
        let info = label(b":Authenticator Update", epoch);
        let [root, mac_key] = P::Symmetric::derive(None, &[root, secret.as_bytes()], &info);
        Self { root, mac_key }
    }

    pub(super) fn header_tag(&self, epoch: u64, header: &HeaderOf<P>) -> TagOf<P> {
        P::Symmetric::mac(&self.mac_key, &[&label(b":ekheader", epoch), header.as_bytes()])
    }

    pub(super) fn ciphertext_tag(&self, epoch: u64, ct1: &Ct1Of<P>, ct2: &Ct2Of<P>) -> TagOf<P> {
        P::Symmetric::mac(&self.mac_key, &[&label(b":ciphertext", epoch), ct1.as_bytes(), ct2.as_bytes()])
    }

    pub(super) fn verify_header(
        &self,
        epoch: u64,
        header: &HeaderOf<P>,
        tag: &TagOf<P>,
    ) -> Result<(), SpqrError> {
        equal(&self.header_tag(epoch, header), tag)
    }

    pub(super) fn verify_ciphertext(
        &self,
        epoch: u64,
        ct1: &Ct1Of<P>,
        ct2: &Ct2Of<P>,
        tag: &TagOf<P>,
    ) -> Result<(), SpqrError> {
        equal(&self.ciphertext_tag(epoch, ct1, ct2), tag)
    }
}

/// The secret of an epoch (`KDF_OK`), from what was encapsulated in it.
pub(super) fn epoch_secret<P: Provider>(epoch: u64, kem_secret: &SharedSecret) -> EpochSecret<P> {
    let [secret] = P::Symmetric::derive(None, &[&kem_secret[..]], &label(b":SCKA Key", epoch));
    EpochSecret { epoch, secret }
}

fn label(purpose: &[u8], epoch: u64) -> Vec<u8> {
    [PROTOCOL, purpose, &epoch.to_be_bytes()].concat()
}

fn equal(ours: &impl FixedBytes, theirs: &impl FixedBytes) -> Result<(), SpqrError> {
    if bool::from(ours.as_bytes().ct_eq(theirs.as_bytes())) { Ok(()) } else { Err(SpqrError::WrongTag) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Key;

    fn hex_of(authenticator: &Authenticator) -> String {
        hex::encode(*authenticator.root) + &hex::encode(*authenticator.mac_key)
    }

    #[test]
    fn known_answers() {
        let auth_key: [u8; 32] = std::array::from_fn(|i| u8::try_from(i).unwrap());
        let first = Authenticator::<Native>::new(&Key::new(auth_key));
        assert_eq!(
            hex_of(&first),
            "eae875be1b0c8ce16b6c7b67a9d4b49f476d93eaf152676b82bd4a1993211a05\
             0d54710b71cef4864e8339471177d3699162c711907b0c5593ce569a0b43c30e"
        );
        assert_eq!(
            hex::encode(first.header_tag(1, &[0; 64])),
            "4ec9e6363528afc4f93805f30b85868e68daf4bf7d211a35f70fba21a7b3bd00"
        );
        let secret = epoch_secret::<Native>(1, &Key::new([0x11; 32]));
        assert_eq!(
            hex::encode(*secret.secret),
            "d32dfea923f78b37a9433e5c30c049ebc767ed19d050bdd3de360f8b31129d94"
        );
        let second = first.updated(1, &secret.secret);
        assert_eq!(
            hex_of(&second),
            "44597e41373e1395e1996b415ffbc6552dac689e9f10d4b1406beb7b7bcfb55a\
             6082c71ed5a149f4c44d7a699071f67e2296ca8760e2450532db1aef341d0faf"
        );
        assert_eq!(
            hex::encode(second.ciphertext_tag(1, &[0; 960], &[0; 128])),
            "856501689464018ee22d923e8679145a0ce417725bff9508327adf88d9590ece"
        );
    }

    #[test]
    fn a_tag_is_compared_in_all_its_bytes() {
        let authenticator = Authenticator::<Native>::new(&Key::new([7; 32]));
        let tag = authenticator.header_tag(3, &[1; 64]);
        assert_eq!(authenticator.verify_header(3, &[1; 64], &tag), Ok(()));
        assert_eq!(authenticator.verify_header(4, &[1; 64], &tag), Err(SpqrError::WrongTag));
        for at in 0..32 {
            let mut wrong = tag;
            wrong[at] ^= 1;
            assert_eq!(authenticator.verify_header(3, &[1; 64], &wrong), Err(SpqrError::WrongTag));
        }
    }
}
