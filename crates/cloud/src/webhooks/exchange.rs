//! What is posted to businesses' servers, and what becomes of it, without a socket.
//!
//! `Debug` of everything here shows no body, URL or id.

use super::update_id::UpdateId;
use bytes::Bytes;
use std::fmt;

/// Names a post. The same updates have another name when they are posted again, perhaps among others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryId(pub(crate) u128);

/// A webhook to post, as `application/json`.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookPost {
    /// To be named in the answer.
    pub delivery: DeliveryId,
    /// The first of its updates.
    pub event: UpdateId,
    /// How often that one was posted, this time included.
    pub attempt: u32,
    /// Where.
    pub url: String,
    /// Exactly what is signed.
    pub body: Bytes,
    /// The header `X-Hub-Signature-256`.
    pub signature_256: String,
    /// The header `X-Hub-Signature`, for old receivers.
    pub signature: String,
}

/// What became of a [`WebhookPost`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookOutcome {
    /// An answer with this status; only 200 acknowledges.
    Answered(u16),
    /// No answer.
    Failed(HttpFailure),
}

/// Names a handshake that is going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChallengeId(pub(crate) u64);

/// A GET that asks whether a URL wants an app's webhooks.
#[derive(Clone, PartialEq, Eq)]
pub struct Challenge {
    /// To be named in the answer.
    pub challenge: ChallengeId,
    /// Where, with `hub.mode`, `hub.challenge` and `hub.verify_token` in the query.
    pub url: String,
}

/// What became of a [`Challenge`].
#[derive(Clone, PartialEq, Eq)]
pub enum ChallengeOutcome {
    /// An answer; the node decides if it is right.
    Answered {
        /// The HTTP status.
        status: u16,
        /// The body; a shell may leave a long one out.
        body: Bytes,
    },
    /// No answer.
    Failed(HttpFailure),
}

/// Why there was no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HttpFailure {
    /// Not within the time limit.
    #[error("no answer within the time limit")]
    TimedOut,
    /// No connection, or it broke.
    #[error("no connection")]
    Unreachable,
    /// A connection, but none with TLS whose other end is trusted.
    #[error("no TLS with a server whose certificate is trusted")]
    Untrusted,
    /// Not a URL that can be fetched.
    #[error("not a URL that this node can fetch")]
    BadUrl,
}

impl fmt::Debug for WebhookPost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookPost(…)")
    }
}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Challenge(…)")
    }
}

impl fmt::Debug for ChallengeOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered { status, .. } => write!(f, "Answered({status})"),
            Self::Failed(failure) => write!(f, "Failed({failure:?})"),
        }
    }
}
