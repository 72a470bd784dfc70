//! Which key agreement and which ratchet a session runs: everything that differs between them.

/// The protocol suite of a session, fixed when the session is created.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Suite {
    /// PQXDH (curve and KEM prekeys) followed by the classical Double Ratchet; message version 4.
    Pqxdh,
}

impl Suite {
    /// The suite of a message version, or `None` for a version that this engine does not speak.
    pub(crate) const fn from_version(version: u8) -> Option<Self> {
        match version {
            4 => Some(Self::Pqxdh),
            _ => None,
        }
    }

    /// The message version: the high nibble of the first byte of every message of the session.
    pub(crate) const fn version(self) -> u8 {
        match self {
            Self::Pqxdh => 4,
        }
    }

    /// First byte of a message. The low nibble is the newest version that the sender knows;
    /// deployed clients put 4 there whatever the session speaks, and ignore it on receipt.
    pub(crate) const fn version_byte(self) -> u8 {
        (self.version() << 4) | 4
    }

    /// `info` of the key agreement's KDF (PQXDH, section "Cryptographic notation").
    pub(crate) const fn kdf_label(self) -> &'static [u8] {
        match self {
            Self::Pqxdh => b"WhisperText_X25519_SHA-256_CRYSTALS-KYBER-1024",
        }
    }

    /// Whether a first message must carry a KEM prekey id and ciphertext.
    pub(crate) const fn needs_kem(self) -> bool {
        match self {
            Self::Pqxdh => true,
        }
    }

    /// Salt of the message-key derivation: where a post-quantum ratchet mixes its key into each
    /// message (Double Ratchet, section "Triple Ratchet"). The classical ratchet has none.
    pub(crate) fn message_key_salt(self, _post_quantum_key: Option<&[u8; 32]>) -> &[u8] {
        match self {
            Self::Pqxdh => &[],
        }
    }
}
