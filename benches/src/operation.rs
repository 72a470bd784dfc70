//! What is measured: opening a session on both sides, messages in it, storing it; and the target of each.

/// Something that a user of a ratchet waits for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Operation {
    /// The initiator makes a session from the responder's prekey bundle, its signatures included.
    Initiate,
    /// The responder reads a first message, 256 B of text, and has a session. Its long-lived keys are at hand; the
    /// one-time prekey is as it comes from storage.
    FirstDecrypt,
    /// Encrypt 256 B when the peer has not answered since.
    Encrypt256,
    /// Decrypt the next of such messages, from its bytes.
    Decrypt256,
    /// The same with 4 KiB.
    Encrypt4096,
    /// The same with 4 KiB.
    Decrypt4096,
    /// Encrypt and decrypt 256 B where the sender answers with every message, so that each turns the ratchet.
    PingPong,
    /// A session to bytes.
    Serialize,
    /// A session from bytes.
    Deserialize,
}

impl Operation {
    /// All, in the order of reports.
    pub const ALL: [Self; 9] = [
        Self::Initiate,
        Self::FirstDecrypt,
        Self::Encrypt256,
        Self::Decrypt256,
        Self::Encrypt4096,
        Self::Decrypt4096,
        Self::PingPong,
        Self::Serialize,
        Self::Deserialize,
    ];

    /// The name in JSON and in the protocol with the official code's process.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Initiate => "initiate",
            Self::FirstDecrypt => "first_decrypt",
            Self::Encrypt256 => "encrypt_256",
            Self::Decrypt256 => "decrypt_256",
            Self::Encrypt4096 => "encrypt_4096",
            Self::Decrypt4096 => "decrypt_4096",
            Self::PingPong => "ping_pong",
            Self::Serialize => "serialize",
            Self::Deserialize => "deserialize",
        }
    }

    /// What it is, for a person.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Initiate => "initiator: process a bundle",
            Self::FirstDecrypt => "responder: first decrypt",
            Self::Encrypt256 => "encrypt 256 B on a chain",
            Self::Decrypt256 => "decrypt 256 B on a chain",
            Self::Encrypt4096 => "encrypt 4 KiB on a chain",
            Self::Decrypt4096 => "decrypt 4 KiB on a chain",
            Self::PingPong => "ping-pong pair: encrypt and decrypt 256 B with a DH step",
            Self::Serialize => "serialize",
            Self::Deserialize => "deserialize",
        }
    }

    /// How often it is done in one round: a few milliseconds at most of them, and few enough messages that they stay
    /// in the cache, as a message does that has just arrived.
    #[must_use]
    pub const fn iterations(self) -> u32 {
        match self {
            Self::Initiate | Self::FirstDecrypt => 24,
            Self::Encrypt256 | Self::Decrypt256 => 500,
            Self::Encrypt4096 | Self::Decrypt4096 => 60,
            // About two epochs of the post-quantum ratchet, so that each round has the same part of its work.
            Self::PingPong => 174,
            Self::Serialize | Self::Deserialize => 1500,
        }
    }

    /// Issue 3: how many times as fast as the official code suite `triple` is to be.
    #[must_use]
    pub const fn times_as_fast(self) -> Option<f64> {
        match self {
            Self::Initiate => Some(1.3),
            Self::FirstDecrypt => Some(1.5),
            Self::Encrypt256 | Self::Decrypt256 => Some(2.0),
            Self::PingPong => Some(1.6),
            Self::Encrypt4096 | Self::Decrypt4096 | Self::Serialize | Self::Deserialize => None,
        }
    }

    /// Issue 3: the most that it may take as a multiple of its unavoidable primitives.
    #[must_use]
    pub const fn times_the_floor(self) -> Option<f64> {
        match self {
            Self::Initiate | Self::FirstDecrypt | Self::PingPong => Some(1.15),
            Self::Encrypt256 | Self::Decrypt256 | Self::Encrypt4096 | Self::Decrypt4096 => Some(1.5),
            Self::Serialize | Self::Deserialize => None,
        }
    }
}
