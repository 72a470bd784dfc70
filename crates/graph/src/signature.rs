//! What a webhook's receiver checks: an HMAC with the app secret over exactly the posted bytes.

use crate::secret::Secret;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use sha2::Sha256;
use std::fmt;

/// An app secret, ready to sign: the key's own blocks are hashed once, not for each webhook.
#[derive(Clone)]
pub struct SigningKey {
    sha256: Option<Hmac<Sha256>>,
    sha1: Option<Hmac<Sha1>>,
}

/// The two headers of a signed webhook.
#[derive(Clone, PartialEq, Eq)]
pub struct Signatures {
    /// `X-Hub-Signature-256`.
    pub sha256: String,
    /// `X-Hub-Signature`, which old receivers check.
    pub sha1: String,
}

impl Signatures {
    /// As long as any, and right for no body and no key.
    #[must_use]
    pub fn of_nothing() -> Self {
        Self { sha256: header("sha256=", &[0; 32]), sha1: header("sha1=", &[0; 20]) }
    }
}

impl SigningKey {
    /// The key that is made of an app's secret.
    pub fn new(secret: &Secret) -> Self {
        let secret = secret.expose().as_bytes();
        // HMAC takes keys of every length; an error can't be.
        Self { sha256: Hmac::new_from_slice(secret).ok(), sha1: Hmac::new_from_slice(secret).ok() }
    }

    /// What whoever has an app's secret and a token proves it with: `appsecret_proof`.
    pub fn proof(&self, token: &str) -> Secret {
        let tag = self.sha256.clone().map(|mac| mac.chain_update(token).finalize().into_bytes());
        header("", &tag.unwrap_or_default()).into()
    }

    /// Signs exactly these bytes.
    pub fn sign(&self, body: &[u8]) -> Signatures {
        let sha256 = self.sha256.clone().map(|mac| mac.chain_update(body).finalize().into_bytes());
        let sha1 = self.sha1.clone().map(|mac| mac.chain_update(body).finalize().into_bytes());
        Signatures {
            sha256: header("sha256=", &sha256.unwrap_or_default()),
            sha1: header("sha1=", &sha1.unwrap_or_default()),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

fn header(scheme: &str, tag: &[u8]) -> String {
    let mut header = String::with_capacity(scheme.len() + 2 * tag.len());
    header.push_str(scheme);
    let mut digits = [0; 64];
    if let Some(digits) = digits.get_mut(..2 * tag.len())
        && hex::encode_to_slice(tag, digits).is_ok()
    {
        header.push_str(std::str::from_utf8(digits).unwrap_or_default());
    }
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231 section 4.3 and RFC 2202 section 3, both test case 2.
    #[test]
    fn rfc_test_vectors() {
        let signed = SigningKey::new(&Secret::from("Jefe")).sign(b"what do ya want for nothing?");
        assert_eq!(signed.sha256, "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        assert_eq!(signed.sha1, "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    }
}
