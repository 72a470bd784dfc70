//! What the sparse post-quantum ratchet says of itself: where it stands, and why it refuses a message. Nothing secret.

use std::fmt;

use thiserror::Error;

/// Where one side of an epoch stands: the names of the specification.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[expect(
    missing_docs,
    reason = "the names are those of ML-KEM Braid, section \"States\", which says what they mean"
)]
pub enum BraidState {
    KeysUnsampled,
    KeysSampled,
    HeaderSent,
    Ct1Received,
    EkSentCt1Received,
    NoHeaderReceived,
    HeaderReceived,
    Ct1Sampled,
    EkReceivedCt1Sampled,
    Ct1Acknowledged,
    Ct2Sampled,
}

impl fmt::Display for BraidState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Where the post-quantum ratchet of a session stands. Nothing secret.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SpqrStatus {
    /// The state of the epoch being negotiated.
    pub state: BraidState,
    /// The epoch being negotiated, from 1.
    pub epoch: u64,
    /// The newest epoch with a secret; 0 is that of the key agreement.
    pub chain_epoch: u64,
    /// The epoch whose chain the last message was sent in.
    pub sending_epoch: u64,
    /// Keys of messages that were passed over.
    pub kept_keys: usize,
    /// Whether the peer may still turn out not to have this ratchet.
    pub negotiating: bool,
}

/// Why the post-quantum ratchet refuses a message, or can't send one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum SpqrError {
    /// Its bytes in the message are not one of its messages.
    #[error("malformed post-quantum ratchet message")]
    Malformed,
    /// A version of it that does not exist yet.
    #[error("unknown version {version} of the post-quantum ratchet")]
    UnknownVersion {
        /// The first byte.
        version: u8,
    },
    /// The peer does not have it, and this device requires it.
    #[error("the peer has no post-quantum ratchet, which is required here")]
    Required,
    /// The message is without it, although the session has it.
    #[error("message without the post-quantum ratchet of its session")]
    Downgrade,
    /// The message has no key of the post-quantum ratchet, where its sender must have had one.
    #[error("message without a key of the post-quantum ratchet")]
    NoKey,
    /// The message is of an epoch that cannot have begun.
    #[error("post-quantum epoch ahead of its time")]
    EpochAhead,
    /// The keys of the message's epoch are gone, or don't exist yet.
    #[error("no keys for this post-quantum epoch")]
    UnknownEpoch,
    /// The message's key was used before, or dropped for being too far behind.
    #[error("post-quantum message key used or dropped")]
    KeyGone,
    /// More than 25,000 messages of the epoch are missing before this one.
    #[error("message too far into the future of its post-quantum epoch")]
    TooFarAhead,
    /// A chain has used up its 2^32 - 1 keys.
    #[error("post-quantum chain exhausted")]
    ChainExhausted,
    /// The tag on a header or ciphertext does not match.
    #[error("wrong tag in the post-quantum ratchet")]
    WrongTag,
    /// The encapsulation key is not the one of its header, or not well-formed.
    #[error("wrong encapsulation key in the post-quantum ratchet")]
    WrongEncapsulationKey,
}
