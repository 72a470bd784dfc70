//! What an attacker makes of a message: the plaintext, or the secret that it lacks.

use thiserror::Error;
use zeroize::Zeroizing;

/// What an attacker makes of one message: the plaintext, or why not.
pub type Reading = Result<Zeroizing<Vec<u8>>, Unread>;

/// Why an attacker does not read a message: the first secret that it lacks, in the order in which
/// they are needed. Where it cannot tell to which session a message belongs, the reason is that of
/// the session in which it got farthest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Error)]
#[non_exhaustive]
pub enum Unread {
    /// The bytes are not a message of a version that this engine speaks.
    #[error("not a message")]
    Malformed,
    /// No known root key leads to the message's chain: no private key of the Diffie-Hellman step
    /// into it, or into one before it, is known (Double Ratchet, section "Diffie-Hellman ratchet").
    #[error("no root key leads to the message's chain")]
    NoRootKey,
    /// Of a first message: the key agreement cannot be repeated (X3DH and PQXDH, section "Receiving
    /// the initial message").
    #[error("key agreement not known: missing {}", missing(*curve, *kem))]
    NoAgreement {
        /// A Diffie-Hellman result is missing: no private key of either side of it is known.
        curve: bool,
        /// The encapsulated secret is missing.
        kem: bool,
    },
    /// The message's chain is known, but from a later place on: the key was erased before the
    /// snapshot (Double Ratchet, section "Symmetric-key ratchet").
    #[error("the message's key was erased before the snapshot")]
    ErasedKey,
    /// More than 25,000 messages of its chain are missing before it. Its recipient would refuse it.
    #[error("message too far into the future")]
    TooFarAhead,
    /// What the Double Ratchet gives is known, but not the key of the post-quantum ratchet (Double
    /// Ratchet, section "Triple Ratchet"): the secret of its epoch is unknown, or the key was
    /// erased.
    #[error("no key of the post-quantum ratchet")]
    NoPostQuantumKey,
    /// All keys are known and the message does not authenticate under them, or is not padded:
    /// somebody changed it.
    #[error("message authentication failed")]
    NotAuthentic,
}

const fn missing(curve: bool, kem: bool) -> &'static str {
    match (curve, kem) {
        (true, true) => "a Diffie-Hellman result and the encapsulated secret",
        (true, false) => "a Diffie-Hellman result",
        (false, true) => "the encapsulated secret",
        (false, false) => "nothing",
    }
}
