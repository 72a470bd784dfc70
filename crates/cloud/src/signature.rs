//! What a webhook's receiver checks: an HMAC with the app secret over exactly the posted bytes.

use crate::secret::Secret;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use sha2::Sha256;

/// The header `X-Hub-Signature-256`.
pub(crate) fn sha256(secret: &Secret, body: &[u8]) -> String {
    // HMAC takes keys of every length; an error can't be.
    let mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes());
    let tag = mac.map(|mac| mac.chain_update(body).finalize().into_bytes()).unwrap_or_default();
    format!("sha256={}", hex::encode(tag))
}

/// The header `X-Hub-Signature`, which old receivers check.
pub(crate) fn sha1(secret: &Secret, body: &[u8]) -> String {
    let mac = Hmac::<Sha1>::new_from_slice(secret.expose().as_bytes());
    let tag = mac.map(|mac| mac.chain_update(body).finalize().into_bytes()).unwrap_or_default();
    format!("sha1={}", hex::encode(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231 section 4.3 and RFC 2202 section 3, both test case 2.
    #[test]
    fn rfc_test_vectors() {
        let (secret, body) = (Secret::from("Jefe"), b"what do ya want for nothing?");
        assert_eq!(
            sha256(&secret, body),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(sha1(&secret, body), "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    }
}
